/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_problem.c
 * Problems, log lines, and the buffer.
 */
#include "support/runner.h"

#include "base/buffer.h"
#include "base/log.h"
#include "base/problem.h"

#include <apr_strings.h>

#include <string.h>

typedef struct captured_t {
    int calls;
    civ_log_level_e level;
    apr_status_t status;
    char message[3000];
} captured_t;

static void capture(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    captured_t *captured = baton;

    captured->calls++;
    captured->level = level;
    captured->status = status;
    apr_cpystrn(captured->message, message, sizeof(captured->message));
}

static void kinds_have_status_id_and_title(void)
{
    static const struct {
        civ_problem_kind_e kind;
        int status;
        const char *id;
    } expected[] = {
        {CIV_PROBLEM_MALFORMED_JSON, 400, "malformed-json"},
        {CIV_PROBLEM_NOT_I_JSON, 400, "not-i-json"},
        {CIV_PROBLEM_LIMIT_EXCEEDED, 400, "limit-exceeded"},
        {CIV_PROBLEM_TRUNCATED_BODY, 400, "truncated-body"},
        {CIV_PROBLEM_INVALID_MEMBER, 400, "invalid-member"},
        {CIV_PROBLEM_INVALID_PARAMETER, 400, "invalid-parameter"},
        {CIV_PROBLEM_INVALID_HEADER, 400, "invalid-header"},
        {CIV_PROBLEM_UNAUTHORIZED, 401, "unauthorized"},
        {CIV_PROBLEM_FORBIDDEN, 403, "forbidden"},
        {CIV_PROBLEM_NOT_FOUND, 404, "not-found"},
        {CIV_PROBLEM_METHOD_NOT_ALLOWED, 405, "method-not-allowed"},
        {CIV_PROBLEM_NOT_ACCEPTABLE, 406, "not-acceptable"},
        {CIV_PROBLEM_CONFLICT, 409, "conflict"},
        {CIV_PROBLEM_TOO_LARGE, 413, "too-large"},
        {CIV_PROBLEM_UNSUPPORTED_TYPE, 415, "unsupported-type"},
        {CIV_PROBLEM_KEY_REUSED, 422, "key-reused"},
        {CIV_PROBLEM_TOO_MANY_REQUESTS, 429, "too-many-requests"},
        {CIV_PROBLEM_INTERNAL, 500, "internal"},
        {CIV_PROBLEM_UNAVAILABLE, 503, "unavailable"},
        {CIV_PROBLEM_READ_ONLY, 503, "read-only"},
        {CIV_PROBLEM_PLATFORM, 502, "platform"},
    };
    unsigned i;

    CU_ASSERT_EQUAL(sizeof(expected) / sizeof(expected[0]), CIV_PROBLEM_COUNT - 1);
    for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        CU_ASSERT_EQUAL(civ_problem_status(expected[i].kind), expected[i].status);
        CU_ASSERT_STRING_EQUAL(civ_problem_id(expected[i].kind), expected[i].id);
        CU_ASSERT(strlen(civ_problem_title(expected[i].kind)) > 5);
    }
}

static void ids_and_titles_are_unique(void)
{
    int i, j;

    for (i = 0; i < CIV_PROBLEM_COUNT; i++) {
        for (j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(civ_problem_id((civ_problem_kind_e)i),
                                       civ_problem_id((civ_problem_kind_e)j));
            CU_ASSERT_STRING_NOT_EQUAL(civ_problem_title((civ_problem_kind_e)i),
                                       civ_problem_title((civ_problem_kind_e)j));
        }
    }
    CU_ASSERT_EQUAL(civ_problem_status((civ_problem_kind_e)CIV_PROBLEM_COUNT), 500);
    CU_ASSERT_STRING_EQUAL(civ_problem_id((civ_problem_kind_e)-1), "internal");
}

static void set_fills_everything(void)
{
    civ_problem_t problem;
    char name[] = "limit";

    memset(&problem, 0xa5, sizeof(problem));
    civ_problem_set(&problem, CIV_PROBLEM_NOT_FOUND, test_pool(), "No %s of %d", name, 7);
    name[0] = 'X'; /* detail is a copy */
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT_STRING_EQUAL(problem.detail, "No limit of 7");
    CU_ASSERT_PTR_NULL(problem.pointer);
    CU_ASSERT_PTR_NULL(problem.parameter);
    CU_ASSERT_EQUAL(problem.retry_after, 0);

    civ_problem_set_at(&problem, CIV_PROBLEM_INVALID_MEMBER, "/a/0", test_pool(), "%s", "");
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/a/0");
    CU_ASSERT_STRING_EQUAL(problem.detail, "");
    CU_ASSERT_PTR_NULL(problem.parameter);
}

static void busy_kinds_say_when_to_retry(void)
{
    civ_problem_t problem;

    civ_problem_set(&problem, CIV_PROBLEM_UNAVAILABLE, test_pool(), "x");
    CU_ASSERT_EQUAL(problem.retry_after, 5);
    civ_problem_set(&problem, CIV_PROBLEM_READ_ONLY, test_pool(), "x");
    CU_ASSERT_EQUAL(problem.retry_after, 5);
    civ_problem_set_at(&problem, CIV_PROBLEM_TOO_MANY_REQUESTS, "", test_pool(), "x");
    CU_ASSERT_EQUAL(problem.retry_after, 5);
    civ_problem_set(&problem, CIV_PROBLEM_INTERNAL, test_pool(), "x");
    CU_ASSERT_EQUAL(problem.retry_after, 0);
}

static void no_problem_object_is_fine(void)
{
    civ_problem_set(NULL, CIV_PROBLEM_INTERNAL, test_pool(), "%d", 1);
    civ_problem_set_at(NULL, CIV_PROBLEM_INTERNAL, "", test_pool(), "%d", 1);
    CU_PASS("neither crashed");
}

static void log_passes_level_status_and_text(void)
{
    captured_t captured = {0};
    civ_log_t log = {capture, &captured, CIV_LOG_NOTICE};

    civ_log_write(&log, CIV_LOG_WARNING, APR_ENOENT, "number %d: %s", 5, "text");
    CU_ASSERT_EQUAL(captured.calls, 1);
    CU_ASSERT_EQUAL(captured.level, CIV_LOG_WARNING);
    CU_ASSERT_EQUAL(captured.status, APR_ENOENT);
    CU_ASSERT_STRING_EQUAL(captured.message, "number 5: text");
    civ_log_write(&log, CIV_LOG_NOTICE, APR_SUCCESS, "as verbose as wanted");
    CU_ASSERT_EQUAL(captured.calls, 2);
}

static void log_is_silent_when_told(void)
{
    captured_t captured = {0};
    civ_log_t log = {capture, &captured, CIV_LOG_NOTICE};
    civ_log_t silent = {NULL, &captured, CIV_LOG_DEBUG};

    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "not wanted");
    civ_log_write(NULL, CIV_LOG_ERROR, APR_SUCCESS, "nobody listens");
    civ_log_write(&silent, CIV_LOG_ERROR, APR_SUCCESS, "nobody listens");
    CU_ASSERT_EQUAL(captured.calls, 0);
}

static void log_escapes_controls(void)
{
    captured_t captured = {0};
    civ_log_t log = {capture, &captured, CIV_LOG_DEBUG};

    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "a%sb", "\r\n\t\x1b\x7f");
    CU_ASSERT_STRING_EQUAL(captured.message, "a\\x0d\\x0a\\x09\\x1b\\x7f"
                                             "b");
    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "%s", "\xc2\x9b|\xc3\xa9|\xe2\x82\xac|\xc2\xa0");
    CU_ASSERT_STRING_EQUAL(captured.message, "\\xc2\\x9b|\xc3\xa9|\xe2\x82\xac|\xc2\xa0");
}

static void log_cuts_long_lines(void)
{
    captured_t captured = {0};
    civ_log_t log = {capture, &captured, CIV_LOG_DEBUG};
    char text[5001];

    memset(text, 'x', 5000);
    text[5000] = '\0';
    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "%s", text);
    CU_ASSERT_EQUAL(strlen(captured.message), 2000);
    memset(text, '\n', 5000);
    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "%s", text);
    CU_ASSERT_EQUAL(strlen(captured.message), 2000);
    CU_ASSERT_PTR_NULL(strchr(captured.message, '\n'));
    memset(text, 'x', 5000);
    memcpy(text + 1998, "\xe2\x82\xac", 3); /* a character that the cut would split */
    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "%s", text);
    CU_ASSERT_EQUAL(strlen(captured.message), 1998);
    memcpy(text + 1997, "\xe2\x82\xac", 3); /* and one that just fits */
    civ_log_write(&log, CIV_LOG_INFO, APR_SUCCESS, "%s", text);
    CU_ASSERT_EQUAL(strlen(captured.message), 2000);
}

static void buffer_grows(void)
{
    civ_buffer_t buffer;
    apr_size_t taken = 0; /* from the pool, in all */
    apr_size_t last = 0;
    int i;

    civ_buffer_init(&buffer, 0, test_pool());
    CU_ASSERT_EQUAL(buffer.length, 0);
    CU_ASSERT_STRING_EQUAL(buffer.data, "");
    for (i = 0; i < 100000; i++) {
        civ_buffer_append_byte(&buffer, (char)('a' + i % 26));
        taken += buffer.capacity != last ? buffer.capacity : 0;
        last = buffer.capacity;
        if (buffer.data[buffer.length] != '\0') {
            CU_FAIL("not terminated");
            break;
        }
    }
    CU_ASSERT_EQUAL(buffer.length, 100000);
    CU_ASSERT(taken <= 4 * 100000);
    for (i = 0; i < 100000 && buffer.data[i] == 'a' + i % 26; i++) {
    }
    CU_ASSERT_EQUAL(i, 100000);
}

static void buffer_appends_all_kinds(void)
{
    civ_buffer_t buffer;
    char *place;

    civ_buffer_init(&buffer, 3, test_pool());
    civ_buffer_append(&buffer, "a\0b", 3);
    civ_buffer_append(&buffer, NULL, 0);
    civ_buffer_append_text(&buffer, "cd");
    civ_buffer_append_format(&buffer, "[%d|%s]", -12, "xyz");
    CU_ASSERT_EQUAL(buffer.length, 14);
    CU_ASSERT(memcmp(buffer.data, "a\0bcd[-12|xyz]", 15) == 0);
    place = civ_buffer_reserve(&buffer, 1000);
    memset(place, 'r', 1000);
    buffer.length += 1000;
    civ_buffer_append_text(&buffer, "!");
    CU_ASSERT_EQUAL(buffer.length, 1015);
    CU_ASSERT_EQUAL(buffer.data[1013], 'r');
    CU_ASSERT_STRING_EQUAL(buffer.data + 1014, "!");
}

static void buffer_formats_beyond_its_room(void)
{
    civ_buffer_t buffer;
    int width;

    for (width = 50; width < 200; width++) {
        civ_buffer_init(&buffer, 0, test_pool());
        civ_buffer_append_text(&buffer, "x");
        civ_buffer_append_format(&buffer, "%*d", width, 7);
        if (buffer.length != (apr_size_t)width + 1 || strlen(buffer.data) != buffer.length ||
            buffer.data[width] != '7') {
            CU_FAIL("wrong length or text");
        }
    }
    CU_ASSERT_EQUAL(width, 200);
}

static const test_case_t cases[] = {
    {"kinds_have_status_id_and_title", kinds_have_status_id_and_title},
    {"ids_and_titles_are_unique", ids_and_titles_are_unique},
    {"set_fills_everything", set_fills_everything},
    {"busy_kinds_say_when_to_retry", busy_kinds_say_when_to_retry},
    {"no_problem_object_is_fine", no_problem_object_is_fine},
    {"log_passes_level_status_and_text", log_passes_level_status_and_text},
    {"log_is_silent_when_told", log_is_silent_when_told},
    {"log_escapes_controls", log_escapes_controls},
    {"log_cuts_long_lines", log_cuts_long_lines},
    {"buffer_grows", buffer_grows},
    {"buffer_appends_all_kinds", buffer_appends_all_kinds},
    {"buffer_formats_beyond_its_room", buffer_formats_beyond_its_room},
    {NULL, NULL},
};

const test_suite_t base_problem_suite = {"base_problem", NULL, NULL, cases};
