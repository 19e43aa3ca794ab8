/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_client.c
 * The client against a real server on a real socket: what is sent, what is taken in, and how a transfer is interrupted.
 */
#include "unit/http_fixture.h"

#include "base/status.h"

#include <apr_strings.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define JSON "Content-Type: application/json; charset=utf-8\r\n"

static void request_as_built(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[]", 0, MOCK_PLAIN, 0}, MOCK_END};
    static const char path[] = "/job/a%2Fb/x%252Fy/../%7B0,100%7D?q=%2B&tree=a%5Bb%5D";
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_answer_t *answer = fixture_get(http, path);
    const char *request;

    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_STRING_EQUAL(answer->url, apr_pstrcat(test_pool(), config.base, path, NULL));
    mock_platform_stop(mock);
    request = mock_platform_request(mock, 0);
    CU_ASSERT_EQUAL(
        strncmp(request, apr_psprintf(test_pool(), "GET %s HTTP/1.1\r\n", path), strlen(path) + 15), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(request, "\r\nAuthorization: Bearer " FIXTURE_TOKEN "\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request, "\r\nPrivate-Token: " FIXTURE_TOKEN "\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request, "\r\nAccept: application/vnd.mock+json\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request, "\r\nUser-Agent: mod_civarcos/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request, "\r\nAccept-Encoding: gzip, deflate\r\n"));
    CU_ASSERT_PTR_NULL(strstr(request, "Expect"));
    CU_ASSERT_PTR_NULL(strstr(request, "If-"));
}

static void below_a_prefix(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "{}", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http;
    const char *const refused[] = {"/../x",     "/a/%2e%2E/../b", "/..;a=b/c",    "/..%2fx",
                                   "/a%2F../x", "/a/%2e.%5Cx",    "/a%5c..%3Bb/x"};
    size_t i;

    config.base = apr_pstrcat(test_pool(), config.base, "/jenkins/", NULL);
    http = fixture_client(&config);
    CU_ASSERT_EQUAL(fixture_get(http, "/job/x")->class, CIV_HTTP_DATA);
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        CU_ASSERT_EQUAL(fixture_get(http, refused[i])->class, CIV_HTTP_REFUSED);
    CU_ASSERT_EQUAL(
        fixture_get(http, apr_pstrcat(test_pool(), mock_platform_url(mock), "/other", NULL))->class,
        CIV_HTTP_REFUSED);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
    CU_ASSERT_EQUAL(strncmp(mock_platform_request(mock, 0), "GET /jenkins/job/x HTTP", 23), 0);
}

static void conditional_request(void)
{
    static const mock_answer_t answers[] = {
        {"/a", 200, JSON "ETag: W/\"one\"\r\nLast-Modified: Wed, 21 Oct 2026 07:00:00 GMT\r\n", "[1]", 0,
         MOCK_PLAIN, 0},
        {"/a", 304, "ETag: W/\"one\"\r\nLink: <http://{self}/a?page=2>; rel=next\r\n", "", 0, MOCK_PLAIN, 0},
        MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_answer_t *first = fixture_get(http, "/a");
    const civ_http_request_t again = {
        .url = "/a", .etag = first->etag, .last_modified = first->last_modified};
    civ_http_answer_t second;

    CU_ASSERT_STRING_EQUAL_FATAL(first->etag, "W/\"one\"");
    CU_ASSERT_STRING_EQUAL_FATAL(first->last_modified, "Wed, 21 Oct 2026 07:00:00 GMT");
    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &again, &second, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(second.class, CIV_HTTP_UNCHANGED);
    CU_ASSERT_STRING_EQUAL(second.next, apr_pstrcat(test_pool(), config.base, "/a?page=2", NULL));
    CU_ASSERT_EQUAL(civ_http_counts(http).unchanged, 1);
    mock_platform_stop(mock);
    CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(mock, 1), "\r\nIf-None-Match: W/\"one\"\r\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(mock_platform_request(mock, 1), "\r\nIf-Modified-Since: Wed, 21 Oct 2026 07:00:00 GMT\r\n"));
}

static void content_is_sent(void)
{
    static const mock_answer_t answers[] = {{NULL, 201, NULL, "{\"id\":1}", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_request_t request = {
        .url = "/statuses/1", .method = "POST", .content = "{\"a\":1}", .content_length = 7};
    civ_http_answer_t answer;

    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_DATA);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(strncmp(mock_platform_request(mock, 0), "POST /statuses/1 HTTP/1.1\r\n", 27), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(mock, 0), "\r\nContent-Type: application/json\r\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(mock, 0), "\r\n\r\n{\"a\":1}"));
}

/* --- bodies --- */

/* What a command writes. */
static char *output_of(const char *command, size_t most, size_t *size)
{
    char *out = apr_palloc(test_pool(), most);
    FILE *pipe = popen(command, "r");

    CU_ASSERT_PTR_NOT_NULL_FATAL(pipe);
    *size = fread(out, 1, most, pipe);
    CU_ASSERT_EQUAL_FATAL(pclose(pipe), 0);
    CU_ASSERT_FATAL(*size > 0 && *size < most);
    return out;
}

static void compressed_body(void)
{
    mock_answer_t answers[] = {
        {NULL, 200, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", NULL, 0, MOCK_PLAIN, 0},
        MOCK_END};
    civ_http_config_t config;
    civ_http_answer_t *answer;
    mock_platform_t *mock;
    civ_digest_t digest;

    answers[0].body = output_of("printf '{\"a\":[1,2,3]}' | gzip", 1024, &answers[0].length);
    mock = mock_platform_start(answers);
    config = fixture_config(mock);
    answer = fixture_get(fixture_client(&config), "/");
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL_FATAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_STRING_EQUAL(answer->body, "{\"a\":[1,2,3]}");
    civ_digest_sha256(&digest, "{\"a\":[1,2,3]}", 13);
    CU_ASSERT(civ_digest_equal(&answer->digest, &digest));
    CU_ASSERT_EQUAL(answer->received, answers[0].length);
}

/* 64 MiB of zeros in 64 KiB: given up at the cap, and once. */
static void bomb_ends_at_the_cap(void)
{
    mock_answer_t answers[] = {
        {NULL, 200, "Content-Type: application/json\r\nContent-Encoding: gzip\r\n", NULL, 0, MOCK_PLAIN, 0},
        MOCK_END};
    civ_http_config_t config;
    civ_http_policy_t policy;
    civ_http_answer_t *answer;
    mock_platform_t *mock;

    answers[0].body = output_of("head -c 67108864 /dev/zero | gzip -9", 1 << 20, &answers[0].length);
    mock = mock_platform_start(answers);
    config = fixture_config(mock);
    policy = *config.policy;
    policy.body_most = 1 << 20;
    config.policy = &policy;
    answer = fixture_get(fixture_client(&config), "/");
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_TOO_LARGE);
    CU_ASSERT_EQUAL(answer->length, 0);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
}

/* Lines of one name are joined, which costs the more the longer what is there already. */
static void header_lines_without_end(void)
{
    mock_answer_t answers[] = {{NULL, 200, NULL, "[]", 0, MOCK_PLAIN, 0}, MOCK_END};
    char *lines = apr_pcalloc(test_pool(), 5 * 10000 + 1);
    civ_http_answer_t *answer;
    civ_http_config_t config;
    mock_platform_t *mock;
    int i;

    for (i = 0; i < 10000; i++)
        memcpy(lines + (apr_size_t)i * 5, "A:b\r\n", 5);
    answers[0].headers = lines;
    mock = mock_platform_start(answers);
    config = fixture_config(mock);
    answer = fixture_get(fixture_client(&config), "/");
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_TOO_LARGE);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
}

static void cap_is_exact(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1,2,3,4]", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_request_t request = {.url = "/", .body_most = 9};
    civ_http_answer_t answer;

    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_DATA);
    request.body_most = 8;
    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_TOO_LARGE);
    mock_platform_stop(mock);
}

static void byte_order_mark_is_taken_off(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "\xef\xbb\xbf[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_answer_t *answer = fixture_get(fixture_client(&config), "/");
    civ_digest_t digest;

    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
    CU_ASSERT_STRING_EQUAL(answer->body, "[1]");
    civ_digest_sha256(&digest, "\xef\xbb\xbf[1]", 6);
    CU_ASSERT(civ_digest_equal(&answer->digest, &digest));
}

/* --- interruptions --- */

static int always(void *baton)
{
    (void)baton;
    return 1;
}

static void interrupted_in_a_transfer(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "", 0, MOCK_SILENT, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    const civ_http_request_t request = {.url = "/"};
    civ_http_answer_t answer;

    config.interrupted = always;
    CU_ASSERT_EQUAL(civ_http_send(fixture_client(&config), &request, &answer, test_pool()), CIV_EINTERRUPTED);
    mock_platform_stop(mock);
}

static int break_pipe(void *baton)
{
    (void)baton;
    return raise(SIGPIPE) != 0;
}

/* A connection that breaks while TLS writes to it must not be the end of the process, nor leave a signal behind. */
static void broken_pipe(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, MOCK_END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    sigset_t pending;

    config.interrupted = break_pipe;
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(sigpending(&pending), 0);
    CU_ASSERT_EQUAL(sigismember(&pending, SIGPIPE), 0);
}

static const test_case_t cases[] = {
    {"request_as_built", request_as_built},
    {"below_a_prefix", below_a_prefix},
    {"conditional_request", conditional_request},
    {"content_is_sent", content_is_sent},
    {"compressed_body", compressed_body},
    {"bomb_ends_at_the_cap", bomb_ends_at_the_cap},
    {"header_lines_without_end", header_lines_without_end},
    {"cap_is_exact", cap_is_exact},
    {"byte_order_mark_is_taken_off", byte_order_mark_is_taken_off},
    {"interrupted_in_a_transfer", interrupted_in_a_transfer},
    {"broken_pipe", broken_pipe},
    {NULL, NULL},
};
const test_suite_t http_client_suite = {"http_client", NULL, NULL, cases};
