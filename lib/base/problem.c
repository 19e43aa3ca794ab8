/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file problem.c
 * The one table of problem kinds.
 */
#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RETRY_AFTER_SECONDS 5

typedef struct problem_row_t {
    int status;
    int retry_after; /**< seconds suggested unless the caller knows better */
    const char *id;
    const char *title;
} problem_row_t;

static const problem_row_t rows[CIV_PROBLEM_COUNT] = {
    [CIV_PROBLEM_NONE] = {200, 0, "none", "No problem"},
    [CIV_PROBLEM_MALFORMED_JSON] = {400, 0, "malformed-json", "The request body is not JSON"},
    [CIV_PROBLEM_NOT_I_JSON] = {400, 0, "not-i-json", "The request body is not I-JSON"},
    [CIV_PROBLEM_LIMIT_EXCEEDED] = {400, 0, "limit-exceeded", "The request body exceeds a limit"},
    [CIV_PROBLEM_TRUNCATED_BODY] = {400, 0, "truncated-body", "The request body ended too early"},
    [CIV_PROBLEM_INVALID_MEMBER] = {400, 0, "invalid-member", "A member of the request body is invalid"},
    [CIV_PROBLEM_INVALID_PARAMETER] = {400, 0, "invalid-parameter", "A parameter of the request is invalid"},
    [CIV_PROBLEM_INVALID_HEADER] = {400, 0, "invalid-header", "A header of the request is invalid"},
    [CIV_PROBLEM_UNAUTHORIZED] = {401, 0, "unauthorized", "The request is not signed as it must be"},
    [CIV_PROBLEM_FORBIDDEN] = {403, 0, "forbidden", "The request is not allowed"},
    [CIV_PROBLEM_NOT_FOUND] = {404, 0, "not-found", "There is no such thing"},
    [CIV_PROBLEM_METHOD_NOT_ALLOWED] = {405, 0, "method-not-allowed", "The method is not allowed here"},
    [CIV_PROBLEM_NOT_ACCEPTABLE] = {406, 0, "not-acceptable", "No acceptable representation"},
    [CIV_PROBLEM_CONFLICT] = {409, 0, "conflict", "The request conflicts with the current state"},
    [CIV_PROBLEM_TOO_LARGE] = {413, 0, "too-large", "The request body is too large"},
    [CIV_PROBLEM_UNSUPPORTED_TYPE] = {415, 0, "unsupported-type", "The media type is not supported"},
    [CIV_PROBLEM_KEY_REUSED] = {422, 0, "key-reused", "The idempotency key was used with another body"},
    [CIV_PROBLEM_TOO_MANY_REQUESTS] = {429, RETRY_AFTER_SECONDS, "too-many-requests", "Too many requests"},
    [CIV_PROBLEM_INTERNAL] = {500, 0, "internal", "The server failed"},
    [CIV_PROBLEM_UNAVAILABLE] = {503, RETRY_AFTER_SECONDS, "unavailable", "The service is unavailable"},
    [CIV_PROBLEM_READ_ONLY] = {503, RETRY_AFTER_SECONDS, "read-only", "The service does not accept writes"},
    [CIV_PROBLEM_PLATFORM] = {502, 0, "platform", "The platform has not done it"},
};

static const problem_row_t *row_of(civ_problem_kind_e kind)
{
    return (unsigned)kind < CIV_PROBLEM_COUNT ? &rows[kind] : &rows[CIV_PROBLEM_INTERNAL];
}

int civ_problem_status(civ_problem_kind_e kind)
{
    return row_of(kind)->status;
}

const char *civ_problem_id(civ_problem_kind_e kind)
{
    return row_of(kind)->id;
}

const char *civ_problem_title(civ_problem_kind_e kind)
{
    return row_of(kind)->title;
}

/* libc's formatter, not APR's: the compiler checks the format by libc's rules, and APR's does not know all of
 * them. */
__attribute__((format(printf, 2, 0))) static const char *format_detail(apr_pool_t *pool, const char *format,
                                                                       va_list arguments)
{
    va_list again;
    char *text;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) {
        return "";
    }
    text = apr_palloc(pool, (apr_size_t)length + 1);
    vsnprintf(text, (apr_size_t)length + 1, format, arguments);
    return text;
}

static void fill(civ_problem_t *problem, civ_problem_kind_e kind, const char *pointer, const char *detail)
{
    memset(problem, 0, sizeof(*problem));
    problem->kind = kind;
    problem->pointer = pointer;
    problem->detail = detail;
    problem->retry_after = row_of(kind)->retry_after;
}

void civ_problem_set(civ_problem_t *problem, civ_problem_kind_e kind, apr_pool_t *pool, const char *format,
                     ...)
{
    va_list arguments;

    if (!problem) {
        return;
    }
    va_start(arguments, format);
    fill(problem, kind, NULL, format_detail(pool, format, arguments));
    va_end(arguments);
}

void civ_problem_set_at(civ_problem_t *problem, civ_problem_kind_e kind, const char *pointer,
                        apr_pool_t *pool, const char *format, ...)
{
    va_list arguments;

    if (!problem) {
        return;
    }
    va_start(arguments, format);
    fill(problem, kind, pointer, format_detail(pool, format, arguments));
    va_end(arguments);
}
