/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_repetition.c
 * The client against a real server that fails: what is asked again and what is not, how often, and when it ends.
 */
#include "unit/http_fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nothing but GET is repeated, unless the caller says that it does no harm. */
static void content_is_not_repeated(void)
{
    static const mock_answer_t answers[] = {{NULL, 500, NULL, "{}", 0, MOCK_PLAIN, 0}, MOCK_END};
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
        {"/get", 200, NULL, "[1]", 0, MOCK_PLAIN, 0}, {"/post", 200, NULL, "", 0, MOCK_CLOSE, 0}, MOCK_END};
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
        MOCK_END};
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
    static const mock_answer_t answers[] = {{NULL, 503, NULL, "{}", 0, MOCK_PLAIN, 0}, MOCK_END};
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
    static const mock_answer_t answers[] = {{NULL, 503, NULL, "{}", 0, MOCK_PLAIN, 0}, MOCK_END};
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
    static const mock_answer_t none[] = {MOCK_END};
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
                                            MOCK_END};
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
        {"/silent", 200, NULL, "", 0, MOCK_SILENT, 0}, {"/drip", 200, NULL, " ", 0, MOCK_DRIP, 0}, MOCK_END};
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
        {"/silent", 200, NULL, "", 0, MOCK_SILENT, 0}, {"/drip", 200, NULL, " ", 0, MOCK_DRIP, 0}, MOCK_END};
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

static const test_case_t cases[] = {
    {"content_is_not_repeated", content_is_not_repeated},
    {"content_is_sent_once", content_is_sent_once},
    {"broken_answers_are_repeated", broken_answers_are_repeated},
    {"tries_are_counted", tries_are_counted},
    {"tries_may_be_fewer", tries_may_be_fewer},
    {"no_tls_is_not_repeated_for_people", no_tls_is_not_repeated_for_people},
    {"hopeless_answers_are_not_repeated", hopeless_answers_are_not_repeated},
    {"slow_answers_end", slow_answers_end},
    {"patience_is_for_all_tries", patience_is_for_all_tries},
    {NULL, NULL},
};

const test_suite_t http_repetition_suite = {"http_repetition", NULL, NULL, cases};
