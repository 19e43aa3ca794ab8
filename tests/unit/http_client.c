/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_client.c
 * The client against a real server on a real socket: what is sent, what is taken in, and where it ends.
 */
#include "unit/http_fixture.h"

#include "base/status.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0                                                                \
    }

#define JSON "Content-Type: application/json; charset=utf-8\r\n"

static void request_as_built(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[]", 0, MOCK_PLAIN, 0}, END};
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
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "{}", 0, MOCK_PLAIN, 0}, END};
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
        END};
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
    static const mock_answer_t answers[] = {{NULL, 201, NULL, "{\"id\":1}", 0, MOCK_PLAIN, 0}, END};
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

/* Nothing but GET is repeated, unless the caller says that it does no harm. */
static void content_is_not_repeated(void)
{
    static const mock_answer_t answers[] = {{NULL, 500, NULL, "{}", 0, MOCK_PLAIN, 0}, END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_request_t request = {.url = "/x", .method = "POST", .content = "{}", .content_length = 2};
    civ_http_answer_t answer;

    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
    request.may_repeat = 1;
    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 7);
}

/* Also not by libcurl, when the connection that was kept is closed. */
static void content_is_sent_once(void)
{
    static const mock_answer_t answers[] = {
        {"/get", 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, {"/post", 200, NULL, "", 0, MOCK_CLOSE, 0}, END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_request_t request = {.url = "/post", .method = "POST", .content = "{}", .content_length = 2};
    civ_http_answer_t answer;

    CU_ASSERT_EQUAL(fixture_get(http, "/get")->class, CIV_HTTP_DATA);
    CU_ASSERT_EQUAL_FATAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_BROKEN);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 2);
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
        END};
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
        END};
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
    mock_answer_t answers[] = {{NULL, 200, NULL, "[]", 0, MOCK_PLAIN, 0}, END};
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
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1,2,3,4]", 0, MOCK_PLAIN, 0}, END};
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
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "\xef\xbb\xbf[1]", 0, MOCK_PLAIN, 0}, END};
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

/* Each of these goes wrong twice, and right the third time. */
static void broken_answers_are_repeated(void)
{
    static const mock_answer_t answers[] = {
        {"/truncated", 200, NULL, "[1,2", 0, MOCK_TRUNCATED, 2},
        {"/truncated", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/half", 200, NULL, "[1,2", 0, MOCK_HALF_CHUNK, 2},
        {"/half", 200, NULL, "[1]", 0, MOCK_CHUNKED, 0},
        {"/cut", 200, NULL, "[1,2", 0, MOCK_PLAIN, 2},
        {"/cut", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/reset", 200, NULL, "", 0, MOCK_RESET, 2},
        {"/reset", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/closed", 200, NULL, "", 0, MOCK_CLOSE, 2},
        {"/closed", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/500", 500, NULL, "{}", 0, MOCK_PLAIN, 2},
        {"/500", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/502", 502, "Content-Type: text/html\r\n", "<html>Bad gateway", 0, MOCK_PLAIN, 2},
        {"/502", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        {"/408", 408, NULL, "", 0, MOCK_PLAIN, 2},
        {"/408", 200, NULL, "[1]", 0, MOCK_PLAIN, 0},
        END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    int i;

    for (i = 0; answers[i].status != 0; i += 2) {
        int before = mock_platform_count(mock);
        civ_http_answer_t *answer = fixture_get(http, answers[i].target);

        /* libcurl by itself repeats a request when a kept connection turns out to be closed. */
        CU_ASSERT_EQUAL(answer->class, CIV_HTTP_DATA);
        CU_ASSERT(answer->tries >= 2 && answer->tries <= 3);
        CU_ASSERT_EQUAL(mock_platform_count(mock) - before, 3);
        if (answer->class != CIV_HTTP_DATA)
            test_note("%s: %s, %u tries", answers[i].target, answer->reason, answer->tries);
    }
    mock_platform_stop(mock);
}

static void tries_are_counted(void)
{
    static const mock_answer_t answers[] = {{NULL, 503, NULL, "{}", 0, MOCK_PLAIN, 0}, END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    civ_http_answer_t *answer = fixture_get(http, "/");

    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer->status, 503);
    CU_ASSERT_EQUAL(answer->tries, 6);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 6);
    CU_ASSERT_EQUAL(civ_http_counts(http).retries, 5);
}

/* Who waits for an answer wants one soon. */
static void tries_may_be_fewer(void)
{
    static const mock_answer_t answers[] = {{NULL, 503, NULL, "{}", 0, MOCK_PLAIN, 0}, END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_request_t request = {.url = "/", .tries = 2, .is_for_human = 1};
    civ_http_answer_t answer;

    CU_ASSERT_EQUAL(civ_http_send(fixture_client(&config), &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.tries, 2);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 2);
    mock_platform_stop(mock);
}

/* A server that speaks first, and no TLS: until its socket is shut down. @param data the socket that listens */
static void *APR_THREAD_FUNC speak_first(apr_thread_t *thread, void *data)
{
    static const char greeting[] = "220 ready when you are\r\n";
    int connection;

    while ((connection = accept(*(int *)data, NULL, NULL)) >= 0) {
        char question[512];

        CU_ASSERT_EQUAL(send(connection, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL), sizeof(greeting) - 1);
        while (recv(connection, question, sizeof(question), 0) > 0)
            continue;
        close(connection);
    }
    (void)thread;
    return NULL;
}

/* What speaks no TLS will not in a second either, but a server that is just starting may. */
static void no_tls_is_not_repeated_for_people(void)
{
    static const mock_answer_t none[] = {END};
    mock_platform_t *mock = mock_platform_start(none);
    civ_http_config_t config = fixture_config(mock);
    civ_http_request_t request = {.url = "/", .tries = 2, .is_for_human = 1};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    civ_http_answer_t answer;
    apr_thread_t *thread;
    apr_status_t status;

    mock_platform_stop(mock);
    CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL_FATAL(listen(listener, 4), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    CU_ASSERT_EQUAL_FATAL(apr_thread_create(&thread, NULL, speak_first, &listener, test_pool()), APR_SUCCESS);
    config.base = apr_psprintf(test_pool(), "https://127.0.0.1:%d", ntohs(address.sin_port));
    CU_ASSERT_EQUAL(civ_http_send(fixture_client(&config), &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer.tries, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer.reason, "TLS"));
    request.is_for_human = 0;
    CU_ASSERT_EQUAL(civ_http_send(fixture_client(&config), &request, &answer, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(answer.tries, 2);
    shutdown(listener, SHUT_RDWR);
    apr_thread_join(&status, thread);
    close(listener);
}

static void hopeless_answers_are_not_repeated(void)
{
    static const mock_answer_t answers[] = {{"/400", 400, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/401", 401, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/403", 403, NULL, "{\"message\":\"no\"}", 0, MOCK_PLAIN, 0},
                                            {"/404", 404, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/409", 409, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/410", 410, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/422", 422, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/501", 501, NULL, "{}", 0, MOCK_PLAIN, 0},
                                            {"/html", 200, "Content-Type: text/html\r\n",
                                             "<!DOCTYPE html><title>Sign in</title>", 0, MOCK_PLAIN, 0},
                                            END};
    static const civ_http_class_e classes[] = {
        CIV_HTTP_BAD_REQUEST, CIV_HTTP_AUTH_FAILED, CIV_HTTP_FORBIDDEN, CIV_HTTP_GONE,       CIV_HTTP_EMPTY,
        CIV_HTTP_GONE,        CIV_HTTP_BAD_REQUEST, CIV_HTTP_BROKEN,    CIV_HTTP_AUTH_FAILED};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_t *http = fixture_client(&config);
    int i;

    for (i = 0; answers[i].status != 0; i++) {
        CU_ASSERT_EQUAL(fixture_get(http, answers[i].target)->class, classes[i]);
        CU_ASSERT_EQUAL(mock_platform_count(mock), i + 1);
    }
    mock_platform_stop(mock);
}

static void slow_answers_end(void)
{
    static const mock_answer_t answers[] = {
        {"/silent", 200, NULL, "", 0, MOCK_SILENT, 0}, {"/drip", 200, NULL, " ", 0, MOCK_DRIP, 0}, END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_policy_t policy = *config.policy;
    civ_http_t *http;

    policy.stall_time = 100;
    policy.stall_bytes = 100000; /* more than a drip gives */
    policy.tries = 2;
    config.policy = &policy;
    http = fixture_client(&config);
    CU_ASSERT_EQUAL(fixture_get(http, "/silent")->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(fixture_get(http, "/drip")->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 4);
    policy.stall_time = 3600000;
    policy.total_timeout = 100;
    http = fixture_client(&config);
    CU_ASSERT_EQUAL(fixture_get(http, "/drip")->class, CIV_HTTP_BROKEN);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 6);
}

/* One bound for all tries: the first one that takes so long is the last one. */
static void patience_is_for_all_tries(void)
{
    static const mock_answer_t answers[] = {
        {"/silent", 200, NULL, "", 0, MOCK_SILENT, 0}, {"/drip", 200, NULL, " ", 0, MOCK_DRIP, 0}, END};
    static const char *const urls[] = {"/silent", "/drip"};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    civ_http_policy_t policy = *config.policy;
    civ_http_request_t request;
    civ_http_t *http;
    int i;

    policy.stall_time = 1000; /* ends those that nothing else has ended, with other words */
    policy.stall_bytes = 100000;
    policy.tries = 3;
    config.policy = &policy;
    http = fixture_client(&config);
    memset(&request, 0, sizeof(request));
    request.patience = 200;
    for (i = 0; i < 2; i++) {
        civ_http_answer_t answer;

        request.url = urls[i];
        CU_ASSERT_EQUAL(civ_http_send(http, &request, &answer, test_pool()), APR_SUCCESS);
        CU_ASSERT_EQUAL(answer.class, CIV_HTTP_BROKEN);
        CU_ASSERT_PTR_NOT_NULL(strstr(answer.reason, "did not answer in time"));
        CU_ASSERT_EQUAL(answer.tries, 1);
    }
    mock_platform_stop(mock);
}

static int always(void *baton)
{
    (void)baton;
    return 1;
}

static void interrupted_in_a_transfer(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "", 0, MOCK_SILENT, 0}, END};
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
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, END};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    sigset_t pending;

    config.interrupted = break_pipe;
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    mock_platform_stop(mock);
    CU_ASSERT_EQUAL(sigpending(&pending), 0);
    CU_ASSERT_EQUAL(sigismember(&pending, SIGPIPE), 0);
}

/* --- configuration --- */

static void bad_configurations(void)
{
    static const mock_answer_t answers[] = {END};
    static const char *const bad_bases[] = {"",
                                            "ftp://127.0.0.1/",
                                            "http://127.0.0.1/?a=b",
                                            "http://user@127.0.0.1/",
                                            "http://10.0.0.1/",
                                            "https://localhost/"};
    static const char *const bad_secrets[] = {"Authorization", "Authorization: a\r\nX: y", "A b: c",
                                              "X:", ": x"};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    const char *secrets[] = {NULL, NULL};
    const char *error = "";
    civ_http_t *http;
    size_t i;

    for (i = 0; i < sizeof(bad_bases) / sizeof(bad_bases[0]); i++) {
        civ_http_config_t bad = config;

        bad.base = bad_bases[i];
        CU_ASSERT_EQUAL(civ_http_create(&http, &bad, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT(strncmp(error, "the base URL ", 13) == 0);
    }
    for (i = 0; i < sizeof(bad_secrets) / sizeof(bad_secrets[0]); i++) {
        civ_http_config_t bad = config;

        secrets[0] = bad_secrets[i];
        bad.secrets = secrets;
        CU_ASSERT_EQUAL(civ_http_create(&http, &bad, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NULL(strstr(error, bad_secrets[i]));
    }
    config.ca_file = "/nonexistent/ca.pem";
    CU_ASSERT_EQUAL(civ_http_create(&http, &config, &error, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "ca_file (/nonexistent/ca.pem)"));
    config.ca_file = NULL;
    config.proxy = "http://10.0.0.1:3128";
    CU_ASSERT_EQUAL(civ_http_create(&http, &config, &error, test_pool()), CIV_EINVALID);
    mock_platform_stop(mock);
}

/* What nobody can read to its end would hold up its worker for ever, and who configures a connector is not its administrator. */
static void authorities_that_are_no_file(void)
{
    static const mock_answer_t answers[] = {END};
    char *folder = apr_pstrdup(test_pool(), "/tmp/civarcos-ca-XXXXXX");
    const char *files[] = {"/dev/zero", NULL, NULL, NULL};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(mock);
    const char *error;
    civ_http_t *http;
    size_t i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    files[1] = folder;
    files[2] = apr_pstrcat(test_pool(), folder, "/fifo", NULL);
    files[3] = apr_pstrcat(test_pool(), folder, "/large", NULL);
    CU_ASSERT_EQUAL_FATAL(mkfifo(files[2], 0600), 0);
    CU_ASSERT_FATAL(fclose(fopen(files[3], "w")) == 0);
    CU_ASSERT_EQUAL_FATAL(truncate(files[3], 1 << 30), 0);
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        config.ca_file = files[i];
        error = "";
        CU_ASSERT_EQUAL(civ_http_create(&http, &config, &error, test_pool()), CIV_EINVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, "ca_file"));
    }
    mock_platform_stop(mock);
    remove(files[2]);
    remove(files[3]);
    remove(folder);
}

/* A certificate is checked against the connector's own authorities; without them it is not trusted, and that is not tried
 * again. */
static void own_authority(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, END};
    char *ca_file = apr_pstrdup(test_pool(), "/tmp/civarcos-ca-XXXXXX");
    mock_platform_t *mock;
    civ_http_config_t config;
    civ_http_answer_t *answer;
    int file = mkstemp(ca_file);

    CU_ASSERT_FATAL(file >= 0);
    mock = mock_platform_start_tls(answers, ca_file);
    config = fixture_config(mock);
    answer = fixture_get(fixture_client(&config), "/");
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_BROKEN);
    CU_ASSERT_EQUAL(answer->tries, 1);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 0);
    config.ca_file = ca_file;
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    mock_platform_stop(mock);
    remove(ca_file);
}

/* A proxy gets the whole URL, a password of its own, and nothing from the environment. */
static void proxies(void)
{
    static const mock_answer_t answers[] = {{NULL, 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, END};
    static const char *const allow[] = {"127.0.0.0/8", "ci.example", NULL};
    mock_platform_t *proxy = mock_platform_start(answers);
    mock_platform_t *direct = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(direct);

    setenv("http_proxy", mock_platform_url(proxy), 1);
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/")->class, CIV_HTTP_DATA);
    unsetenv("http_proxy");
    CU_ASSERT_EQUAL(mock_platform_count(direct), 1);
    CU_ASSERT_EQUAL(mock_platform_count(proxy), 0);
    config.egress = fixture_egress(allow);
    config.base = "http://ci.example/";
    config.proxy = mock_platform_url(proxy);
    config.proxy_secret = "somebody:else";
    CU_ASSERT_EQUAL(fixture_get(fixture_client(&config), "/job")->class, CIV_HTTP_DATA);
    mock_platform_stop(proxy);
    mock_platform_stop(direct);
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(proxy), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(proxy, 0), "GET http://ci.example/job HTTP/1.1\r\n"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(mock_platform_request(proxy, 0), "\r\nProxy-Authorization: Basic c29tZWJvZHk6ZWxzZQ==\r\n"));
}

/* For https a proxy is asked for a tunnel, and sees nothing of what goes through it. One that does not let us is not asked again. */
static void tunnels(void)
{
    static const mock_answer_t answers[] = {{NULL, 407, NULL, "{}", 0, MOCK_PLAIN, 0}, END};
    static const char *const allow[] = {"127.0.0.0/8", NULL};
    mock_platform_t *proxy = mock_platform_start(answers);
    civ_http_config_t config = fixture_config(proxy);
    civ_http_answer_t *answer;

    config.egress = fixture_egress(allow);
    config.base = "https://ci.example/";
    config.proxy = mock_platform_url(proxy);
    answer = fixture_get(fixture_client(&config), "/job");
    mock_platform_stop(proxy);
    CU_ASSERT_EQUAL(answer->class, CIV_HTTP_BROKEN);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->reason, "proxy"));
    CU_ASSERT_EQUAL_FATAL(mock_platform_count(proxy), 1);
    CU_ASSERT_EQUAL(strncmp(mock_platform_request(proxy, 0), "CONNECT ci.example:443 HTTP/1.1\r\n", 33), 0);
    CU_ASSERT_FALSE(mock_platform_has_seen(proxy, FIXTURE_TOKEN));
    CU_ASSERT_FALSE(mock_platform_has_seen(proxy, "/job"));
}

static const test_case_t cases[] = {
    {"request_as_built", request_as_built},
    {"below_a_prefix", below_a_prefix},
    {"conditional_request", conditional_request},
    {"content_is_sent", content_is_sent},
    {"content_is_not_repeated", content_is_not_repeated},
    {"content_is_sent_once", content_is_sent_once},
    {"compressed_body", compressed_body},
    {"bomb_ends_at_the_cap", bomb_ends_at_the_cap},
    {"header_lines_without_end", header_lines_without_end},
    {"cap_is_exact", cap_is_exact},
    {"byte_order_mark_is_taken_off", byte_order_mark_is_taken_off},
    {"broken_answers_are_repeated", broken_answers_are_repeated},
    {"tries_are_counted", tries_are_counted},
    {"tries_may_be_fewer", tries_may_be_fewer},
    {"no_tls_is_not_repeated_for_people", no_tls_is_not_repeated_for_people},
    {"hopeless_answers_are_not_repeated", hopeless_answers_are_not_repeated},
    {"slow_answers_end", slow_answers_end},
    {"patience_is_for_all_tries", patience_is_for_all_tries},
    {"interrupted_in_a_transfer", interrupted_in_a_transfer},
    {"broken_pipe", broken_pipe},
    {"bad_configurations", bad_configurations},
    {"authorities_that_are_no_file", authorities_that_are_no_file},
    {"own_authority", own_authority},
    {"proxies", proxies},
    {"tunnels", tunnels},
    {NULL, NULL},
};
const test_suite_t http_client_suite = {"http_client", NULL, NULL, cases};
