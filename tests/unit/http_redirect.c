/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_redirect.c
 * Where answers lead: redirects and next links. What belongs to the base gets its credentials; nothing else ever sees them.
 */
#include "unit/http_fixture.h"

#include "base/status.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TO(where) "Location: " where "\r\n"

static const mock_answer_t empty[] = {
    {NULL, 200, "Content-Type: application/zip\r\n", "zip", 0, MOCK_PLAIN, 0}, MOCK_END};

static civ_http_answer_t *download(civ_http_t *http, const char *url)
{
    civ_http_answer_t *answer = apr_palloc(test_pool(), sizeof(*answer));
    civ_http_request_t request = {.url = url, .is_download = 1};

    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, answer, test_pool()), APR_SUCCESS);
    return answer;
}

static void within_the_base(void)
{
    static const mock_answer_t answers[] = {
        {"/old", 301, TO("/middle?a=%2F"), "", 0, MOCK_PLAIN, 0},
        {"/middle?a=%2F", 308, TO("http://{self}/new"), "", 0, MOCK_PLAIN, 0},
        {"/new", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/found", 302, TO("new"), "", 0, MOCK_PLAIN, 0},
        MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_answer_t *answer = fixture_get(http, "/old");
    int i;

    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_STRING_EQUAL(answer->url, apr_pstrcat(test_pool(), config.base, "/new", NULL));
    CU_ASSERT_STRING_EQUAL_FATAL(answer->moved_to, answer->url);
    answer = fixture_get(http, "/found");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_PTR_NULL(answer->moved_to);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(mock), 5);
    for (i = 0; i < 5; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(mock, i), FIXTURE_TOKEN));
}

static void five_hops_and_no_more(void)
{
    static const mock_answer_t answers[] = {{"/0", 302, TO("/1"), "", 0, MOCK_PLAIN, 0},
                                            {"/1", 302, TO("/2"), "", 0, MOCK_PLAIN, 0},
                                            {"/2", 302, TO("/3"), "", 0, MOCK_PLAIN, 0},
                                            {"/3", 302, TO("/4"), "", 0, MOCK_PLAIN, 0},
                                            {"/4", 302, TO("/5"), "", 0, MOCK_PLAIN, 0},
                                            {"/5", 302, TO("/6"), "", 0, MOCK_PLAIN, 0},
                                            {"/6", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            {"/loop", 302, TO("/loop"), "", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);

    CU_ASSERT_EQUAL(fixture_get(http, "/1")->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 6);
    CU_ASSERT_EQUAL(fixture_get(http, "/0")->class, CIV_HTTP_REFUSED);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 12);
    CU_ASSERT_EQUAL(fixture_get(http, "/loop")->class, CIV_HTTP_REFUSED);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 18);
}

/* Data is not fetched from elsewhere at all; downloads are, without a word of ours. */
static void to_another_host(void)
{
    static const mock_answer_t answers[] = {{NULL, 302, TO("http://{other}/file"), "", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    mock_platform_t *other = mock_platform_start(empty);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_answer_t *answer;

    mock_platform_set_other(mock, other);
    CU_ASSERT_EQUAL(fixture_get(http, "/data")->class, CIV_HTTP_REFUSED);
    CU_ASSERT_EQUAL(mock_platform_count(other), 0);
    answer = download(http, "/artifact.zip");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_STRING_EQUAL(answer->body, "zip");
    CU_ASSERT_PTR_NULL(answer->moved_to);
    mock_platform_stop(mock);
    mock_platform_stop(other);
    CU_ASSERT_EQUAL(mock_platform_count(other), 1);
    CU_ASSERT_FALSE(mock_platform_has_seen(other, FIXTURE_TOKEN));
    CU_ASSERT_TRUE(mock_platform_has_seen(mock, FIXTURE_TOKEN));
}

/* Whoever has sent us away cannot send us back with our credentials to where he likes. */
static void back_from_another_host(void)
{
    static const mock_answer_t answers[] = {{"/file", 302, TO("http://{other}/x"), "", 0, MOCK_PLAIN, 0},
                                            {"/secret", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    static const mock_answer_t back[] = {{NULL, 302, TO("http://{other}/secret"), "", 0, MOCK_PLAIN, 0},
                                         MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    mock_platform_t *other = mock_platform_start(back);
    civ_http_config_t config = fixture_config(mock);

    mock_platform_set_other(mock, other);
    mock_platform_set_other(other, mock);
    download(fixture_client(&config), "/file");
    mock_platform_stop(mock);
    mock_platform_stop(other);
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(mock), 2);
    CU_ASSERT_PTR_NULL(strstr(mock_platform_request(mock, 1), FIXTURE_TOKEN));
}

/* The same host is somebody else's outside of the prefix. */
static void outside_of_the_prefix(void)
{
    static const mock_answer_t answers[] = {{"/ci/a", 302, TO("/wiki/a"), "", 0, MOCK_PLAIN, 0},
                                            {"/ci/b", 302, TO("/cinema/a"), "", 0, MOCK_PLAIN, 0},
                                            {"/ci/c", 302, TO("/ci/../wiki"), "", 0, MOCK_PLAIN, 0},
                                            {"/ci/d", 302, TO("/ci/e"), "", 0, MOCK_PLAIN, 0},
                                            {NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http;

    config.base = apr_pstrcat(test_pool(), config.base, "/ci", NULL);
    http = fixture_client(&config);
    CU_ASSERT_EQUAL(fixture_get(http, "/a")->class, CIV_HTTP_REFUSED);
    CU_ASSERT_EQUAL(fixture_get(http, "/b")->class, CIV_HTTP_REFUSED);
    CU_ASSERT_EQUAL(fixture_get(http, "/c")->class, CIV_HTTP_REFUSED);
    CU_ASSERT_EQUAL(fixture_get(http, "/d")->class, CIV_HTTP_DATA);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 5);
}

static void to_sign_in(void)
{
    static const mock_answer_t answers[] = {
        {"/azure", 302, TO("http://{other}/_signin?realm=x"), "", 0, MOCK_PLAIN, 0},
        {"/proxy", 302, "Content-Type: text/html\r\n" TO("http://{other}/somewhere"), "<html>", 0, MOCK_PLAIN,
         0},
        {"/jenkins", 302, TO("/securityRealm/commenceLogin?from=x"), "", 0, MOCK_PLAIN, 0},
        {NULL, 200, "Content-Type: text/html\r\n", "<html>Sign in", 0, MOCK_PLAIN, 0},
        MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    mock_platform_t *other = mock_platform_start(empty);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);

    mock_platform_set_other(mock, other);
    CU_ASSERT_EQUAL(fixture_get(http, "/azure")->class, CIV_HTTP_AUTH_FAILED);
    CU_ASSERT_EQUAL(fixture_get(http, "/proxy")->class, CIV_HTTP_AUTH_FAILED);
    CU_ASSERT_EQUAL(fixture_get(http, "/jenkins")->class, CIV_HTTP_AUTH_FAILED);
    CU_ASSERT_EQUAL(download(http, "/azure")->class, CIV_HTTP_AUTH_FAILED);
    mock_platform_stop(mock);
    mock_platform_stop(other);
    CU_ASSERT_EQUAL(mock_platform_count(other), 0);
}

/* A redirect leads through the same guard as everything else. */
static void to_a_forbidden_address(void)
{
    static const mock_answer_t answers[] = {
        {"/a", 302, TO("http://169.254.169.254/latest/meta-data"), "", 0, MOCK_PLAIN, 0},
        {"/b", 302, TO("http://10.0.0.5/"), "", 0, MOCK_PLAIN, 0},
        {"/c", 302, TO("file:///etc/passwd"), "", 0, MOCK_PLAIN, 0},
        {"/d", 302, TO("http://2130706433/"), "", 0, MOCK_PLAIN, 0},
        MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    int i;

    for (i = 0; answers[i].status != 0; i++) {
        CU_ASSERT_EQUAL(download(http, answers[i].target)->class, CIV_HTTP_REFUSED);
        CU_ASSERT_EQUAL(mock_platform_count(mock), i + 1);
    }
    mock_platform_stop(mock);
}

static void from_https_to_http(void)
{
    static const mock_answer_t answers[] = {{NULL, 302, TO("http://{other}/x"), "", 0, MOCK_PLAIN, 0},
                                            MOCK_END};
    char *ca_file = apr_pstrdup(test_pool(), "/tmp/civarcos-ca-XXXXXX");
    mock_platform_t *other = mock_platform_start(empty);
    int file = mkstemp(ca_file);
    mock_platform_t *mock;
    civ_http_config_t config;

    CU_ASSERT_FATAL(file >= 0);
    mock = mock_platform_start_tls(answers, ca_file);
    mock_platform_set_other(mock, other);
    config = fixture_config(mock);
    config.ca_file = ca_file;
    CU_ASSERT_EQUAL(download(fixture_client(&config), "/file")->class, CIV_HTTP_REFUSED);
    mock_platform_stop(mock);
    mock_platform_stop(other);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
    CU_ASSERT_EQUAL(mock_platform_count(other), 0);
    remove(ca_file);
}

/* --- next links --- */

static void next_links(void)
{
    static const mock_answer_t answers[] = {
        {"/1", 200,
         "Content-Type: application/json\r\nLink: <http://{self}/2?c=%2F,;&d=a%2Bb>; rel=\"next\"\r\n", "[1]",
         0, MOCK_PLAIN, 0},
        {"/2?c=%2F,;&d=a%2Bb", 200,
         "Content-Type: application/json\r\nLink: </1>; rel=\"prev\"\r\nLINK: </3>; rel=next\r\n", "[2]", 0,
         MOCK_PLAIN, 0},
        {"/3", 200, "Content-Type: application/json\r\nLink: </1>; rel=\"first\"\r\n", "[3]", 0, MOCK_PLAIN,
         0},
        MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    const char *url = "/1";
    int pages = 0;

    while (url != NULL && pages < 10) {
        civ_http_answer_t *answer = fixture_get(http, url);

        CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
        url = answer->next;
        pages++;
    }
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(pages, 3);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 3);
}

/* The list is not complete then, which must not look as if it were. */
static void next_links_to_elsewhere(void)
{
    static const mock_answer_t answers[] = {
        {"/1", 200, "Content-Type: application/json\r\nLink: <http://{other}/2>; rel=next\r\n", "[1]", 0,
         MOCK_PLAIN, 0},
        {"/2", 200, "Content-Type: application/json\r\nLink: <https://{self}/2>; rel=next\r\n", "[1]", 0,
         MOCK_PLAIN, 0},
        {"/3", 200, "Content-Type: application/json\r\nLink: <ftp://{self}/2>; rel=next\r\n", "[1]", 0,
         MOCK_PLAIN, 0},
        {"/4", 200, "Content-Type: application/json\r\nLink: <http://{self}@{other}/>; rel=next\r\n", "[1]",
         0, MOCK_PLAIN, 0},
        MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    mock_platform_t *other = mock_platform_start(empty);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    int i;

    mock_platform_set_other(mock, other);
    for (i = 0; answers[i].status != 0; i++) {
        civ_http_answer_t *answer = fixture_get(http, answers[i].target);

        CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
        CU_ASSERT_PTR_NULL(answer->next);
        CU_ASSERT_PTR_NOT_NULL(answer->next_refused);
    }
    mock_platform_stop(mock);
    mock_platform_stop(other);
}

static void urls_of_bodies(void)
{
    static const char *const also[] = {"https://vsrm.dev.example/org", NULL};
    static const char *const allow[] = {"dev.example", "vsrm.dev.example", NULL};
    static const struct {
        const char *from;
        const char *url;
        const char *absolute; /* NULL: refused */
    } rows[] = {
        {NULL, "https://dev.example/org/a?x=%2F", "https://dev.example/org/a?x=%2F"},
        {NULL, "https://DEV.example:443/org/a", "https://DEV.example:443/org/a"},
        {NULL, "https://vsrm.dev.example/org/b", "https://vsrm.dev.example/org/b"},
        {NULL, "https://vsrm.dev.example/other/b", NULL},
        {NULL, "https://dev.example/orgx", NULL},
        {NULL, "https://dev.example:8443/org/a", NULL},
        {NULL, "http://dev.example/org/a", NULL},
        {NULL, "https://dev.example/org/../x", NULL},
        {NULL, "https://dev.example/org/%2e%2e/x", NULL},
        {NULL, "//evil.example/org/x", NULL},
        {NULL, "https://dev.example@evil.example/org/x", NULL},
        {"https://dev.example/org/a/b?c=d", "e", "https://dev.example/org/a/e"},
        {"https://dev.example/org/a/b?c=d", "?page=2", "https://dev.example/org/a/b?page=2"},
        {"https://dev.example/org/a/b?c=d", "../e", "https://dev.example/org/e"},
        {"https://dev.example/org/a/b?c=d", "../../../e", NULL},
    };
    static const mock_answer_t answers[] = {MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http;
    size_t i;

    config.base = "https://dev.example/org/";
    config.also = also;
    config.egress = fixture_egress(allow);
    http = fixture_client(&config);
    mock_platform_stop(mock);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *absolute = NULL;
        const char *reason = NULL;
        apr_status_t status =
            civ_http_admit(http, rows[i].from, rows[i].url, &absolute, &reason, test_pool());

        CU_ASSERT_EQUAL(status, rows[i].absolute != NULL ? APR_SUCCESS : CIV_EINVALID);
        if ((status == APR_SUCCESS) != (rows[i].absolute != NULL))
            test_note("%s: %s", rows[i].url, status == APR_SUCCESS ? absolute : reason);
        else if (status == APR_SUCCESS)
            CU_ASSERT_STRING_EQUAL(absolute, rows[i].absolute);
    }
}

/* --- names that lead elsewhere the second time --- */

typedef struct rebinding_t {
    const char *addresses[2];
    int calls;
} rebinding_t;

static apr_status_t rebind(void *baton, const char *name, civ_address_t *addresses, int most, int *count)
{
    rebinding_t *rebinding = baton;

    (void)name;
    (void)most;
    *count = 1;
    return civ_address_parse(&addresses[0], rebinding->addresses[rebinding->calls++ > 0]);
}

/* Between the check and the connection the name is looked up no more: what was checked is what is connected to. */
static void rebinding(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    const char *const allow[] = {apr_psprintf(test_pool(), "127.0.0.1:%d", mock_platform_port(mock)),
                                 apr_psprintf(test_pool(), "rebind.example:%d", mock_platform_port(mock)),
                                 NULL};
    rebinding_t good_first = {{"127.0.0.1", "10.0.0.1"}, 0};
    rebinding_t bad_first = {{"169.254.169.254", "127.0.0.1"}, 0};
    civ_egress_config_t rules = {0};
    civ_http_config_t config = fixture_config(mock);
    civ_egress_t *egress;
    const char *error;

    rules.allow = allow;
    rules.resolver = rebind;
    rules.resolver_baton = &good_first;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    config.egress = egress;
    config.base = apr_psprintf(test_pool(), "http://rebind.example:%d", mock_platform_port(mock));
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(good_first.calls, 1);
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(mock), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(mock, 0), "\r\nHost: rebind.example:"));
    rules.resolver_baton = &bad_first;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    config.egress = egress;
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_REFUSED);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(bad_first.calls, 1);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
}

/* A server that has moved is found again: after a connection that failed, its name is looked up again, and checked again. */
static void moved_server(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    rebinding_t moving = {{"127.0.0.2", "127.0.0.1"}, 0};
    civ_egress_config_t rules = {.resolver = rebind, .resolver_baton = &moving};
    civ_http_config_t config = fixture_config(mock);
    const char *const named[] = {
        "127.0.0.0/8", apr_psprintf(test_pool(), "moves.example:%d", mock_platform_port(mock)), NULL};
    civ_http_answer_t *answer;
    civ_egress_t *egress;
    const char *error;

    rules.allow = named;
    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    config.egress = egress;
    config.base = apr_psprintf(test_pool(), "http://moves.example:%d", mock_platform_port(mock));
    answer = fixture_get(fixture_client(&config), "/");
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL(answer->tries, 2);
    CU_ASSERT_EQUAL(moving.calls, 2);
}

static const test_case_t cases[] = {
    {"within_the_base", within_the_base},
    {"five_hops_and_no_more", five_hops_and_no_more},
    {"to_another_host", to_another_host},
    {"back_from_another_host", back_from_another_host},
    {"outside_of_the_prefix", outside_of_the_prefix},
    {"to_sign_in", to_sign_in},
    {"to_a_forbidden_address", to_a_forbidden_address},
    {"from_https_to_http", from_https_to_http},
    {"next_links", next_links},
    {"next_links_to_elsewhere", next_links_to_elsewhere},
    {"urls_of_bodies", urls_of_bodies},
    {"rebinding", rebinding},
    {"moved_server", moved_server},
    {NULL, NULL},
};
const test_suite_t http_redirect_suite = {"http_redirect", NULL, NULL, cases};
