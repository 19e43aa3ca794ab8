/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_answer.c
 * Saying what an answer means, in one place, before anything is parsed for its contents.
 */
#include "sync/http_answer.h"

#include "base/json_syntax.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

static const char *const class_names[CIV_HTTP_CLASSES] = {
    [CIV_HTTP_DATA] = "data",
    [CIV_HTTP_EMPTY] = "empty",
    [CIV_HTTP_UNCHANGED] = "unchanged",
    [CIV_HTTP_NOT_READY] = "not-ready",
    [CIV_HTTP_MOVED] = "moved",
    [CIV_HTTP_BAD_REQUEST] = "bad-request",
    [CIV_HTTP_AUTH_FAILED] = "auth-failed",
    [CIV_HTTP_FORBIDDEN] = "forbidden",
    [CIV_HTTP_GONE] = "gone",
    [CIV_HTTP_THROTTLED] = "throttled",
    [CIV_HTTP_BROKEN] = "broken",
    [CIV_HTTP_TOO_LARGE] = "too-large",
    [CIV_HTTP_REFUSED] = "refused",
};

const char *civ_http_class_name(civ_http_class_e class)
{
    return class < CIV_HTTP_CLASSES ? class_names[class] : "unknown";
}

const char *civ_http_field(const civ_http_answer_t *answer, const char *name)
{
    int i;

    for (i = 0; i < answer->field_count; i++) {
        if (strcmp(answer->fields[i].name, name) == 0)
            return answer->fields[i].value;
    }
    return NULL;
}

static int is_json_type(const char *type)
{
    apr_size_t length = strlen(type);

    return strcmp(type, "application/json") == 0 || strcmp(type, "text/json") == 0 ||
           (length > 5 && strcmp(type + length - 5, "+json") == 0);
}

static int is_html_type(const char *type)
{
    return strcmp(type, "text/html") == 0 || strcmp(type, "application/xhtml+xml") == 0;
}

/* Whether a body that says nothing of its type, or says something else, is a page for people. */
static int looks_like_html(const civ_http_answer_t *answer)
{
    const char *at = answer->body;

    while (apr_isspace(*at))
        at++;
    return strncasecmp(at, "<!doctype html", 14) == 0 || strncasecmp(at, "<html", 5) == 0;
}

static void set(civ_http_answer_t *answer, civ_http_class_e class, const char *reason)
{
    answer->class = class;
    answer->reason = reason;
}

static void classify_body(civ_http_answer_t *answer, const civ_http_expectation_t *expectation,
                          apr_pool_t *pool)
{
    const char *type = answer->content_type != NULL ? answer->content_type : "";

    if (expectation->wants_anything) {
        set(answer, CIV_HTTP_DATA, "data");
    } else if (answer->length == 0) {
        set(answer, CIV_HTTP_EMPTY, "an answer without a body");
    } else if (is_html_type(type) || looks_like_html(answer)) {
        set(answer, CIV_HTTP_AUTH_FAILED,
            "a page for people instead of data, most likely one to sign in: the credential does not work, or "
            "a proxy "
            "asks for one of its own");
    } else if (!is_json_type(type)) {
        set(answer, CIV_HTTP_BROKEN,
            apr_psprintf(pool, "an answer of type \"%.100s\" instead of JSON", type));
    } else if (!civ_json_is_complete(answer->body, answer->length)) {
        set(answer, CIV_HTTP_BROKEN, "JSON that is cut short or damaged");
    } else {
        set(answer, CIV_HTTP_DATA, "data");
    }
}

int civ_http_is_sign_in(const char *location)
{
    static const char *const words[] = {"signin", "sign_in", "sign-in", "login", "/oauth", "/saml", "/sso"};
    const char *at;
    apr_size_t i;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        for (at = location; *at != '\0' && *at != '?'; at++) {
            if (strncasecmp(at, words[i], strlen(words[i])) == 0)
                return 1;
        }
    }
    return 0;
}

/* One that was not followed. Whoever asks to sign in says so by where it leads, or has a page for people with it. */
static void classify_redirect(civ_http_answer_t *answer)
{
    const char *location = civ_http_field(answer, "location");
    int is_page = answer->content_type != NULL && is_html_type(answer->content_type);

    if (location != NULL && (civ_http_is_sign_in(location) || (answer->status == 302 && is_page)))
        set(answer, CIV_HTTP_AUTH_FAILED, "a redirect to a page to sign in: the credential does not work");
    else
        set(answer, CIV_HTTP_MOVED, "a redirect");
}

/* What a status means by itself. */
static const struct {
    int status;
    civ_http_class_e class;
    const char *reason;
} statuses[] = {
    {202, CIV_HTTP_NOT_READY, "the data is still being computed"},
    {204, CIV_HTTP_EMPTY, "there is nothing here"},
    {205, CIV_HTTP_EMPTY, "there is nothing here"},
    {304, CIV_HTTP_UNCHANGED, "nothing has changed"},
    {401, CIV_HTTP_AUTH_FAILED, "the credential is wrong, expired or revoked"},
    {403, CIV_HTTP_FORBIDDEN, "the credential does not permit this"},
    {404, CIV_HTTP_GONE, "not there, or hidden from this credential"},
    {407, CIV_HTTP_AUTH_FAILED, "the proxy wants a credential"},
    {408, CIV_HTTP_BROKEN, "the server gave up waiting for the request"},
    {410, CIV_HTTP_GONE, "removed"},
    {425, CIV_HTTP_BROKEN, "the server is not ready for the request"},
    {429, CIV_HTTP_THROTTLED, "the server's rate limit"},
};

/* Whether a 403 is of somebody who is not known, rather than not permitted: some servers say so in a header, or with a page
 * that leads to one to sign in. */
static int is_stranger(const civ_http_answer_t *answer, apr_pool_t *pool)
{
    const char *who = civ_http_field(answer, "x-you-are-authenticated-as");
    const char *to;

    if (answer->status != 403)
        return 0;
    if (who != NULL)
        return strcmp(who, "anonymous") == 0;
    if (answer->content_type == NULL || !is_html_type(answer->content_type) ||
        strstr(answer->body, "http-equiv") == NULL)
        return 0;
    to = strstr(answer->body, "url=");
    return to != NULL && civ_http_is_sign_in(apr_pstrndup(pool, to, strcspn(to, "\"'> ")));
}

static void classify_status(civ_http_answer_t *answer, const civ_http_expectation_t *expectation,
                            apr_pool_t *pool)
{
    apr_size_t i;

    if (is_stranger(answer, pool)) {
        set(answer, CIV_HTTP_AUTH_FAILED, "the server does not know who asks: the credential does not work");
        return;
    }
    for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].status == answer->status) {
            set(answer, statuses[i].class, statuses[i].reason);
            return;
        }
    }
    if (answer->status == 409 && expectation->is_get)
        set(answer, CIV_HTTP_EMPTY, "the repository is empty");
    else if (answer->status >= 300 && answer->status < 400)
        classify_redirect(answer);
    else if (answer->status >= 400 && answer->status < 500)
        set(answer, CIV_HTTP_BAD_REQUEST,
            apr_psprintf(pool, "the server does not accept the request (status %d)", answer->status));
    else
        set(answer, CIV_HTTP_BROKEN, apr_psprintf(pool, "the server failed (status %d)", answer->status));
}

void civ_http_classify(civ_http_answer_t *answer, const civ_http_expectation_t *expectation, int is_limited,
                       apr_pool_t *pool)
{
    if (is_limited)
        set(answer, CIV_HTTP_THROTTLED, "the server's rate limit");
    else if (answer->status >= 200 && answer->status < 300 && answer->status != 202 &&
             answer->status != 204 && answer->status != 205)
        classify_body(answer, expectation, pool);
    else
        classify_status(answer, expectation, pool);
}

int civ_http_is_transient(const civ_http_answer_t *answer)
{
    if (answer->class != CIV_HTTP_BROKEN)
        return 0;
    return answer->status != 501 && answer->status != 505;
}
