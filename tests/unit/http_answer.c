/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_answer.c
 * What each answer means.
 */
#include "support/runner.h"

#include "sync/answer_message.h"
#include "sync/http_answer.h"

#include <apr_strings.h>

#include <string.h>

#define JSON "application/json"
#define HTML "text/html"

typedef struct row_t {
    int status;
    const char *type;
    const char *body;
    const char *location;
    civ_http_class_e class;
    int is_transient;
} row_t;

static void check(const row_t *row, const civ_http_expectation_t *expectation, int is_limited)
{
    civ_http_field_t field = {"location", row->location};
    civ_http_answer_t answer;

    memset(&answer, 0, sizeof(answer));
    answer.status = row->status;
    answer.content_type = row->type;
    answer.body = row->body;
    answer.length = strlen(row->body);
    answer.fields = &field;
    answer.field_count = row->location != NULL;
    civ_http_classify(&answer, expectation, is_limited, test_pool());
    CU_ASSERT_PTR_NOT_NULL(answer.reason);
    if (answer.class != row->class || civ_http_is_transient(&answer) != row->is_transient) {
        test_note("status %d, %s, %s: %s (%s)", row->status, row->type != NULL ? row->type : "no type",
                  row->body, civ_http_class_name(answer.class), answer.reason);
        CU_FAIL("another class");
    }
}

static void get_for_json(void)
{
    static const row_t rows[] = {
        /* data */
        {200, JSON, "{}", NULL, CIV_HTTP_DATA, 0},
        {200, JSON, "[]", NULL, CIV_HTTP_DATA, 0},
        {201, JSON, "{\"id\":1}", NULL, CIV_HTTP_DATA, 0},
        {200, "application/vnd.github+json", "{}", NULL, CIV_HTTP_DATA, 0},
        {200, "application/problem+json", "{}", NULL, CIV_HTTP_DATA, 0},
        {203, JSON, "{}", NULL, CIV_HTTP_DATA, 0},
        /* not data: pages for people */
        {200, HTML, "<html>Sign in", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {203, HTML, "<html>Azure DevOps", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {200, NULL, " \n<!DOCTYPE html><html>", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {200, "text/plain", "<HTML>", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {200, "application/xhtml+xml", "<?xml?>", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {302, HTML, "<html>moved", "https://else/where", CIV_HTTP_AUTH_FAILED, 0},
        {302, NULL, "", "https://app.example/_signin?x", CIV_HTTP_AUTH_FAILED, 0},
        {302, NULL, "", "/securityRealm/commenceLogin", CIV_HTTP_AUTH_FAILED, 0},
        /* not data: something else */
        {200, "text/plain", "hello", NULL, CIV_HTTP_BROKEN, 1},
        {200, NULL, "{}", NULL, CIV_HTTP_BROKEN, 1},
        {200, JSON, "{\"a\":", NULL, CIV_HTTP_BROKEN, 1},
        {200, JSON, "[1][2]", NULL, CIV_HTTP_BROKEN, 1},
        {200, "application/jsonp", "{}", NULL, CIV_HTTP_BROKEN, 1},
        /* not yet, nothing, nothing new */
        {202, JSON, "{}", NULL, CIV_HTTP_NOT_READY, 0},
        {202, NULL, "", NULL, CIV_HTTP_NOT_READY, 0},
        {204, NULL, "", NULL, CIV_HTTP_EMPTY, 0},
        {200, JSON, "", NULL, CIV_HTTP_EMPTY, 0},
        {200, HTML, "", NULL, CIV_HTTP_EMPTY, 0},
        {304, NULL, "", NULL, CIV_HTTP_UNCHANGED, 0},
        {409, JSON, "{\"message\":\"Git Repository is empty.\"}", NULL, CIV_HTTP_EMPTY, 0},
        /* redirects that were not followed */
        {301, NULL, "", "https://else/where", CIV_HTTP_MOVED, 0},
        {302, NULL, "", "https://else/where", CIV_HTTP_MOVED, 0},
        {307, HTML, "", "https://else/where?return=login", CIV_HTTP_MOVED, 0},
        {308, NULL, "", NULL, CIV_HTTP_MOVED, 0},
        /* our fault */
        {400, JSON, "{}", NULL, CIV_HTTP_BAD_REQUEST, 0},
        {405, JSON, "{}", NULL, CIV_HTTP_BAD_REQUEST, 0},
        {414, HTML, "", NULL, CIV_HTTP_BAD_REQUEST, 0},
        {422, JSON, "{}", NULL, CIV_HTTP_BAD_REQUEST, 0},
        {431, JSON, "{}", NULL, CIV_HTTP_BAD_REQUEST, 0},
        {401, JSON, "{}", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {401, HTML, "<html>", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {403, JSON, "{}", NULL, CIV_HTTP_FORBIDDEN, 0},
        {403, HTML, "<html>", NULL, CIV_HTTP_FORBIDDEN, 0},
        {403, HTML, "<html>Denied <a href='/login'>log in</a>", NULL, CIV_HTTP_FORBIDDEN, 0},
        {403, HTML, "<meta http-equiv=refresh content='1;url=/denied?from=login'/>", NULL, CIV_HTTP_FORBIDDEN,
         0},
        {403, HTML, "<meta http-equiv=refresh content=\"1;url=/login?from=%2F\"/>", NULL,
         CIV_HTTP_AUTH_FAILED, 0},
        {403, JSON, "{\"http-equiv\":\"url=/login\"}", NULL, CIV_HTTP_FORBIDDEN, 0},
        {404, HTML, "<html>", NULL, CIV_HTTP_GONE, 0},
        {407, HTML, "<html>", NULL, CIV_HTTP_AUTH_FAILED, 0},
        {410, JSON, "{}", NULL, CIV_HTTP_GONE, 0},
        {429, JSON, "{}", NULL, CIV_HTTP_THROTTLED, 0},
        /* theirs */
        {408, HTML, "", NULL, CIV_HTTP_BROKEN, 1},
        {425, HTML, "", NULL, CIV_HTTP_BROKEN, 1},
        {500, JSON, "{}", NULL, CIV_HTTP_BROKEN, 1},
        {502, HTML, "<html>Bad gateway", NULL, CIV_HTTP_BROKEN, 1},
        {503, HTML, "<html>Please wait while Jenkins is getting ready", NULL, CIV_HTTP_BROKEN, 1},
        {504, HTML, "", NULL, CIV_HTTP_BROKEN, 1},
        {501, JSON, "{}", NULL, CIV_HTTP_BROKEN, 0},
        {505, JSON, "{}", NULL, CIV_HTTP_BROKEN, 0},
        {599, JSON, "{}", NULL, CIV_HTTP_BROKEN, 1},
        {0, NULL, "", NULL, CIV_HTTP_BROKEN, 1},
    };
    static const civ_http_expectation_t expectation = {1, 0};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i], &expectation, 0);
}

static void get_for_anything(void)
{
    static const row_t rows[] = {
        {200, "application/zip", "PK", NULL, CIV_HTTP_DATA, 0},
        {200, HTML, "<html>a report", NULL, CIV_HTTP_DATA, 0},
        {200, JSON, "{\"a\":", NULL, CIV_HTTP_DATA, 0},
        {200, NULL, "", NULL, CIV_HTTP_DATA, 0},
        {204, NULL, "", NULL, CIV_HTTP_EMPTY, 0},
        {410, JSON, "{}", NULL, CIV_HTTP_GONE, 0},
    };
    static const civ_http_expectation_t expectation = {1, 1};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i], &expectation, 0);
}

static void post(void)
{
    static const row_t row = {409, JSON, "{}", NULL, CIV_HTTP_BAD_REQUEST, 0};
    static const civ_http_expectation_t expectation = {0, 0};

    check(&row, &expectation, 0);
}

static void limited(void)
{
    static const row_t row = {403, JSON, "{}", NULL, CIV_HTTP_THROTTLED, 0};
    static const civ_http_expectation_t expectation = {1, 0};

    check(&row, &expectation, 1);
}

/* Jenkins names the account for which a 403 is meant: "anonymous" is nobody's. */
static void account_in_header(void)
{
    static const struct {
        int status;
        const char *account;
        civ_http_class_e class;
    } rows[] = {{403, "anonymous", CIV_HTTP_AUTH_FAILED},
                {403, "reader", CIV_HTTP_FORBIDDEN},
                {404, "anonymous", CIV_HTTP_GONE}};
    static const civ_http_expectation_t expectation = {1, 0};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_http_field_t field = {"x-you-are-authenticated-as", rows[i].account};
        civ_http_answer_t answer;

        memset(&answer, 0, sizeof(answer));
        answer.status = rows[i].status;
        answer.content_type = HTML;
        answer.body = "";
        answer.fields = &field;
        answer.field_count = 1;
        civ_http_classify(&answer, &expectation, 0, test_pool());
        CU_ASSERT_EQUAL(answer.class, rows[i].class);
    }
}

static void names_of_classes(void)
{
    int class;

    for (class = 0; class < CIV_HTTP_CLASSES; class ++)
        CU_ASSERT_PTR_NOT_NULL(civ_http_class_name((civ_http_class_e) class));
    CU_ASSERT_STRING_EQUAL(civ_http_class_name(CIV_HTTP_AUTH_FAILED), "auth-failed");
    CU_ASSERT_STRING_EQUAL(civ_http_class_name(CIV_HTTP_CLASSES), "unknown");
}

/* In whatever form a credential is sent, no answer shows it. */
static void messages_show_no_credentials(void)
{
    static const char *const secrets[] = {"Authorization: Basic am9Ab2N0by5leGFtcGxlOmFwcC1wYXNzLTc3MzE=",
                                          "PRIVATE-TOKEN: glpat-81c0ffee",
                                          "Circle-Token: p\xc3\xa4sswo\xc3\xb6rd",
                                          "Authorization: Bearer ghp_81c0ffee",
                                          "X-Short: x7",
                                          NULL};
    static const struct {
        const char *said, *shown;
    } rows[] = {
        {"app-pass-7731", "[redacted]"},
        {"jo:app-pass-7731.", "jo:[redacted]."},
        {"Basic am9Ab2N0by5leGFtcGxlOmFwcC1wYXNzLTc3MzE=", "Basic [redacted]"},
        {"am9Ab2N0by5leGFt", "[redacted]"},
        {"glpat-81c0ffee, ghp_81c0ffee", "[redacted], ghp_[redacted]"},
        {"ghp_81c0...", "[redacted]..."},
        {"that ends in 81c0ffee", "that ends in [redacted]"}, /* of two */
        {"glpat-81%63c0ffee: app%2Dpass-7731", "[redacted]%63c0ffee: app%2D[redacted]"},
        {"p\xc3\xa5sswo\xc3\xb6rd", "p\xc3\xa5[redacted]"},
        {"ghp_81c", "ghp_81c"},
        {"p\xc3\xa4sswo\xc3\xb5", "p\xc3\xa4sswo\xc3\xb5"}, /* half of a character is not the same */
        {"p\xc3\xa4sswo\xc3\xb6rd", "[redacted]"},
        {"ax7b", "a[redacted]b"},
    };
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *body = apr_pstrcat(test_pool(), "{\"message\":\"", rows[i].said, "\"}", NULL);
        const char *shown = civ_answer_message(body, strlen(body), secrets, test_pool());

        CU_ASSERT_PTR_NOT_NULL_FATAL(shown);
        if (shown != NULL && strcmp(shown, rows[i].shown) != 0)
            test_note("%u: %s", i, shown);
        CU_ASSERT_STRING_EQUAL(shown, rows[i].shown);
        CU_ASSERT_STRING_EQUAL(civ_answer_message(body, strlen(body), NULL, test_pool()), rows[i].said);
    }
}

/* What is not to be seen, or turns the direction, is not shown; and does not hide a credential from us. */
static void messages_show_what_can_be_seen(void)
{
    static const char *const secrets[] = {"PRIVATE-TOKEN: glpat-81c0ffee", NULL};
    static const char *const unseen[] = {"\\u0000",          "\\u001b",      "\x7f",         "\xc2\x9f",
                                         "\xc2\xad",         "\xcd\x8f",     "\xd8\x9c",     "\xe1\xa0\x8e",
                                         "\xe2\x80\x8b",     "\xe2\x81\xa0", "\xef\xbb\xbf", "\xef\xbf\xb9",
                                         "\xf3\xa0\x81\x81", "\xe2\x80\xa8"};
    unsigned i;

    for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++) {
        const char *body = apr_pstrcat(test_pool(), "{\"message\":\"a", unseen[i], "b glpat", unseen[i],
                                       "-81", unseen[i], "c0ffee \xe2\x82\xac\"}", NULL);
        const char *shown = civ_answer_message(body, strlen(body), secrets, test_pool());

        CU_ASSERT_PTR_NOT_NULL_FATAL(shown);
        if (shown != NULL && strcmp(shown, "ab [redacted] \xe2\x82\xac") != 0)
            test_note("%u: %s", i, shown);
        CU_ASSERT_STRING_EQUAL(shown, "ab [redacted] \xe2\x82\xac");
    }
}

static const test_case_t cases[] = {
    {"get_for_json", get_for_json},
    {"get_for_anything", get_for_anything},
    {"post", post},
    {"limited", limited},
    {"account_in_header", account_in_header},
    {"names_of_classes", names_of_classes},
    {"messages_show_no_credentials", messages_show_no_credentials},
    {"messages_show_what_can_be_seen", messages_show_what_can_be_seen},
    {NULL, NULL},
};
const test_suite_t http_answer_suite = {"http_answer", NULL, NULL, cases};
