/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bad_transfer.c
 * Requests that break on their way: too large, cut short, too slow, packed badly, or framed so that two readers could
 * disagree. None has an effect, and none harms a process of the server.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <string.h>

#define ADD       "/api/blockchain/add"
#define POST_HEAD "POST " ADD " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

/** What a good request for one block holds. */
#define GOOD "{\"evidence\":{\"a\":1}}"

static const harness_options_t options = {NULL, "RequestReadTimeout header=20 body=2\n", NULL};

static harness_t *server;
static pid_t children[64];
static int child_count;

static int setup(void)
{
    server = harness_start(&options);
    if (!server) {
        return 1;
    }
    child_count = harness_children(server, children, 64);
    return 0;
}

static int teardown(void)
{
    return harness_stop(server);
}

static void check_unharmed(http_client_t *client, apr_int64_t blocks)
{
    CU_ASSERT(blocks > 0 && checks_blocks(client) == blocks);
    CU_ASSERT(checks_children_live(server, children, child_count));
    CU_ASSERT(http_post(client, ADD, GOOD)->status == 201);
    CU_ASSERT(checks_blocks(client) == blocks + 1);
}

static http_raw_t *begin(const char *text)
{
    http_raw_t *raw = http_raw_connect(server->port, test_pool());

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    CU_ASSERT(http_raw_text(raw, text) == 0);
    return raw;
}

/* That the server closes the connection, instead of waiting for another request. */
static int is_closed(http_raw_t *raw)
{
    apr_time_t start = apr_time_now();

    return http_raw_answer(raw, 60)->status == 0 && apr_time_now() - start < apr_time_from_sec(30);
}

/* -- Too large --------------------------------------------------------------------------------------------- */

static void test_announced_too_large(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    http_raw_t *raw = begin(POST_HEAD "Content-Length: 1048577\r\n\r\n");
    http_response_t *answer = http_raw_answer(raw, 30);
    http_raw_t *enormous = begin(POST_HEAD "Content-Length: 9223372036854775807\r\n\r\n{");

    /* Not a byte of it has been sent. */
    CU_ASSERT(http_is_problem(answer, 413));
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Connection"), "close");
    CU_ASSERT(is_closed(raw));
    CU_ASSERT(http_is_problem(http_raw_answer(enormous, 30), 413));
    CU_ASSERT(is_closed(enormous));
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* A body without an end: the server must not read for ever to find the next request. */
static void test_chunked_too_large(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    const char *spaces = checks_repeat("", " ", 65536, "");
    http_raw_t *raw = begin(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n");
    http_response_t *answer;
    int i;

    for (i = 0; i < 17; i++) {
        CU_ASSERT(http_raw_chunk(raw, spaces, 65536) == 0);
    }
    answer = http_raw_answer(raw, 30);
    CU_ASSERT(http_is_problem(answer, 413));
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Connection"), "close");
    CU_ASSERT(is_closed(raw));
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void check_spared(http_raw_t *raw, int status)
{
    http_response_t *answer = http_raw_answer(raw, 30);

    CU_ASSERT(http_is_problem(answer, status));
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Connection"), "close");
    CU_ASSERT(is_closed(raw));
}

/* What is refused for another reason is not read to its end either. */
static void test_large_bodies_elsewhere(void)
{
    static const struct {
        const char *head;
        int status;
    } heads[] = {{"POST /api/blockchain/info HTTP/1.1\r\n", 405},
                 {"PUT " ADD " HTTP/1.1\r\n", 405},
                 {"POST /api/nothing HTTP/1.1\r\n", 404},
                 {"POST " ADD "?x=1 HTTP/1.1\r\n", 400},
                 {"POST " ADD " HTTP/1.1\r\nContent-Type: text/plain\r\n", 415},
                 {"POST " ADD " HTTP/1.1\r\nAccept: image/png\r\n", 406}};
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    apr_size_t i;

    for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        http_raw_t *announced = begin(apr_pstrcat(
            test_pool(), heads[i].head, "Host: localhost\r\nContent-Length: 99999999\r\n\r\n", NULL));
        http_raw_t *chunked = begin(apr_pstrcat(
            test_pool(), heads[i].head, "Host: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", NULL));

        check_spared(announced, heads[i].status);
        check_spared(chunked, heads[i].status);
    }
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Packed ------------------------------------------------------------------------------------------------ */

static http_response_t *send_packed(http_client_t *client, const char *body, apr_size_t length)
{
    static const char *const headers[] = {"Content-Type: application/json", "Content-Encoding: gzip", NULL};

    return http_send(client, "POST", ADD, headers, body, length);
}

/* Several megabytes of JSON that compress well, but not suspiciously so. */
static const char *varied(void)
{
    char *text = apr_palloc(test_pool(), 4 * 1024 * 1024);
    char *at = text + apr_snprintf(text, 64, "{\"evidence\":[{}");
    int i;

    for (i = 0; i < 200000; i++) {
        at += apr_snprintf(at, 32, ",{\"n\":%d}", i);
    }
    apr_snprintf(at, 8, "]}");
    return text;
}

static void test_inflated(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    const char *spaces = checks_repeat("{", " ", 16 * 1024 * 1024, "}");
    const char *text = varied();
    apr_size_t length;
    const char *packed = checks_gzip(server, text, strlen(text), &length);
    http_response_t *answer;

    CU_ASSERT_FATAL(packed != NULL && length < 1048576);
    answer = send_packed(client, packed, length);
    CU_ASSERT(http_is_problem(answer, 413));
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Connection"), "close");
    /* mod_deflate has a limit of its own, for what can only be a bomb. */
    packed = checks_gzip(server, spaces, strlen(spaces), &length);
    CU_ASSERT_FATAL(packed != NULL && length < 65536);
    answer = send_packed(client, packed, length);
    CU_ASSERT(http_is_problem(answer, answer->status == 413 ? 413 : 400));
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, "?AH02649", NULL));
}

static void test_packed_badly(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    const char *text = checks_repeat("{\"evidence\":[{\"n\":1}", ",{\"n\":2}", 500, "]}");
    apr_size_t length;
    const char *packed = checks_gzip(server, text, strlen(text), &length);
    char *broken;

    CU_ASSERT_PTR_NOT_NULL_FATAL(packed);
    broken = apr_pmemdup(test_pool(), packed, length);
    broken[length - 6] ^= 1; /* its checksum */
    CU_ASSERT(http_is_problem(send_packed(client, broken, length), 400));
    CU_ASSERT(http_is_problem(send_packed(client, packed, length - 20), 400));
    CU_ASSERT(http_is_problem(send_packed(client, packed, 5), 400));
    CU_ASSERT(http_is_problem(send_packed(client, GOOD, strlen(GOOD)), 400));
    CU_ASSERT(http_is_problem(send_packed(client, "", 0), 400));
    CU_ASSERT(send_packed(client, packed, length)->status == 201);
    check_unharmed(client, blocks + 1);
    CU_ASSERT(harness_log_is_clean(server, "?AH01", "?AH02", NULL));
}

/* -- Cut short --------------------------------------------------------------------------------------------- */

static void test_half_closed(void)
{
    static const char *const requests[] = {POST_HEAD "Content-Length: 100\r\n\r\n" GOOD,
                                           POST_HEAD "Content-Length: 21\r\n\r\n" GOOD,
                                           POST_HEAD "Content-Length: 20\r\n\r\n",
                                           POST_HEAD "Transfer-Encoding: chunked\r\n\r\n14\r\n" GOOD "\r\n",
                                           POST_HEAD "Transfer-Encoding: chunked\r\n\r\n14\r\n" GOOD,
                                           POST_HEAD "Transfer-Encoding: chunked\r\n\r\n15\r\n" GOOD,
                                           POST_HEAD "Transfer-Encoding: chunked\r\n\r\n14",
                                           POST_HEAD "Transfer-Encoding: chunked\r\n\r\n",
                                           NULL};
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    const char *const *request;

    for (request = requests; *request; request++) {
        http_raw_t *raw = begin(*request);
        http_response_t *answer;

        http_raw_half_close(raw);
        answer = http_raw_answer(raw, 30);
        if (!http_is_problem(answer, 400)) {
            test_note("%s", *request);
            CU_FAIL("a body that was cut short was not refused");
        }
        CU_ASSERT(is_closed(raw));
    }
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_gone(void)
{
    static const char *const requests[] = {POST_HEAD "Content-Length: 100\r\n\r\n" GOOD,
                                           POST_HEAD "Transfer-Encoding: chunked\r\n\r\n14\r\n" GOOD,
                                           POST_HEAD "Expect: 100-continue\r\nContent-Length: 20\r\n\r\n",
                                           "POST " ADD " HTT", NULL};
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    const char *const *request;
    int reset;

    for (request = requests; *request; request++) {
        for (reset = 0; reset < 2; reset++) {
            http_raw_close(begin(*request), reset);
        }
    }
    CU_ASSERT(harness_log_has(server, "CIV0320", 30));
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* A client that has sent everything and does not wait for the answer: it may have been added, but once. */
static void test_gone_without_the_answer(void)
{
    static const char request[] = POST_HEAD "Content-Length: 20\r\n\r\n" GOOD;
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    apr_int64_t after;
    int i;

    for (i = 0; i < 10; i++) {
        http_raw_close(begin(request), i % 2);
    }
    CU_ASSERT(http_post(client, ADD, GOOD)->status == 201);
    after = checks_blocks(client);
    CU_ASSERT(after > blocks && after <= blocks + 11);
    CU_ASSERT(http_json_bool(http_get(client, "/api/blockchain/validate"), "/validation/is_valid") == 1);
    CU_ASSERT(checks_children_live(server, children, child_count));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* mod_reqtimeout ends it; our server does not wait longer than that. */
static void test_slow(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    http_raw_t *silent = begin(POST_HEAD "Content-Length: 20\r\n\r\n{\"evid");
    http_raw_t *chunked = begin(POST_HEAD "Transfer-Encoding: chunked\r\n\r\n14\r\n{\"evid");
    http_response_t *answer = http_raw_answer(silent, 60);

    CU_ASSERT(answer->status == 408);
    CU_ASSERT(is_closed(silent));
    CU_ASSERT(http_raw_answer(chunked, 60)->status == 408);
    CU_ASSERT(is_closed(chunked));
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Framing ----------------------------------------------------------------------------------------------- */

/* What a second reader might take for another request after the body. */
#define HIDDEN "POST " ADD " HTTP/1.1\r\nHost: localhost\r\n\r\n"

static void test_smuggling(void)
{
    static const struct {
        const char *request;
        int status;
    } requests[] = {
        {POST_HEAD "Content-Length: 20\r\nContent-Length: 21\r\n\r\n" GOOD " ", 400},
        {POST_HEAD "Content-Length: 20, 21\r\n\r\n" GOOD " ", 400},
        {POST_HEAD "Content-Length: +20\r\n\r\n" GOOD, 400},
        {POST_HEAD "Content-Length: -1\r\n\r\n" GOOD, 400},
        {POST_HEAD "Content-Length: 0x14\r\n\r\n" GOOD, 400},
        {POST_HEAD "Content-Length: 99999999999999999999\r\n\r\n" GOOD, 400},
        {POST_HEAD "Content-Length : 20\r\n\r\n" GOOD, 400},
        {POST_HEAD "Transfer-Encoding: gzip\r\n\r\n" GOOD, 400},
        {POST_HEAD "Transfer-Encoding: xchunked\r\n\r\n" GOOD, 400},
        {POST_HEAD "Transfer-Encoding: chunked, identity\r\n\r\n14\r\n" GOOD "\r\n0\r\n\r\n", 400},
        {POST_HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" GOOD, 413},
        {POST_HEAD "Transfer-Encoding: chunked\r\n\r\nxx\r\n" GOOD, 400},
        {POST_HEAD "Transfer-Encoding: chunked\r\n\r\n-14\r\n" GOOD, 400},
        {"POST " ADD " HTTP/1.1\r\nContent-Length: 20\r\n\r\n" GOOD, 400},
        {"POST " ADD " HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 20\r\n\r\n" GOOD, 400},
    };
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    apr_size_t i;

    for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        http_raw_t *raw = begin(requests[i].request);
        http_response_t *answer;

        http_raw_text(raw, HIDDEN);
        answer = http_raw_answer(raw, 30);
        if (answer->status != requests[i].status && !(requests[i].status == 400 && answer->status == 501)) {
            test_note("%d instead of %d: %s", answer->status, requests[i].status, requests[i].request);
            CU_FAIL("a request with bad framing is answered in another way");
        }
        CU_ASSERT(is_closed(raw));
    }
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, "?AH0", "?AH1", NULL));
}

/* Both lengths at once: chunks count, and the connection is not used again. */
static void test_both_lengths(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    http_raw_t *raw =
        begin(POST_HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" GOOD "\r\n0\r\n\r\n");
    http_response_t *answer = http_raw_answer(raw, 30);

    CU_ASSERT(answer->status == 201 || answer->status == 400);
    CU_ASSERT(is_closed(raw));
    check_unharmed(client, blocks + (answer->status == 201));
    CU_ASSERT(harness_log_is_clean(server, "?AH0", "?AH1", NULL));
}

/* A body where none belongs is skipped, so that the connection can be used on. */
static void test_body_of_a_get(void)
{
    static const char request[] =
        "GET /api/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n" GOOD;
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    http_raw_t *raw = begin(request);

    CU_ASSERT(http_raw_answer(raw, 30)->status == 200);
    CU_ASSERT(http_raw_text(raw, request) == 0);
    CU_ASSERT(http_raw_answer(raw, 30)->status == 200);
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_strange_paths(void)
{
    static const struct {
        const char *path;
        int status;
    } paths[] = {
        {"/api/blockchain%2Finfo", 404},
        {"/api/blockchain/block/%00", 404},
        {"/api/../etc/passwd", 404},
        {"/api/../../../../etc/passwd", 400},
        {"/api/%2e%2e/%2e%2e/%2e%2e", 400},
        {"/api/%c0%af", 404},
        {"/api/blockchain/block/%zz", 400},
        {"/api/blockchain//info", 200},
        {"/api;x/health", 404},
        {"/api/health;x=1", 404},
        {"/api/./health", 200},
        {"/api/blockchain/../health", 200},
    };
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    const char *long_path = checks_repeat("/api/", "x", 9000, "");
    apr_size_t i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        http_response_t *answer = http_get(client, paths[i].path);

        if (answer->status != paths[i].status) {
            test_note("%s: %d", paths[i].path, answer->status);
            CU_FAIL("a strange path is answered in another way");
        }
        CU_ASSERT(strstr(answer->body, server->state_dir) == NULL);
    }
    CU_ASSERT(http_get(client, long_path)->status == 414);
    check_unharmed(client, blocks);
    CU_ASSERT(harness_log_is_clean(server, "?AH0", "?AH1", NULL));
}

static const test_case_t cases[] = {
    {"announced too large", test_announced_too_large},
    {"chunked too large", test_chunked_too_large},
    {"large bodies elsewhere", test_large_bodies_elsewhere},
    {"too large when it is unpacked", test_inflated},
    {"packed badly", test_packed_badly},
    {"half closed", test_half_closed},
    {"gone on the way", test_gone},
    {"gone without the answer", test_gone_without_the_answer},
    {"slow", test_slow},
    {"bad framing", test_smuggling},
    {"both lengths", test_both_lengths},
    {"the body of a GET", test_body_of_a_get},
    {"strange paths", test_strange_paths},
    {NULL, NULL},
};

const test_suite_t bad_transfer_suite = {"bad_transfer", setup, teardown, cases};
