/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file limits.c
 * Clients that keep the server busy without wanting anything: bodies that do not end, exports that nobody reads, thousands of
 * connections without a request. Others are served meanwhile, or as soon as httpd's own limits have ended it.
 */
#include "config.h"

#include "integration/scenario.h"

#include "base/buffer.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ADD "/api/blockchain/add"

/* One process with few threads, so that a few clients could keep all of them. */
#define THREADS 8
#define SMALL                                                                                                \
    "<IfModule !mpm_prefork_module>\nStartServers 1\nServerLimit 1\nThreadsPerChild 8\n"                     \
    "ThreadLimit 8\nMinSpareThreads 1\nMaxSpareThreads 8\n</IfModule>\nMaxRequestWorkers 8\n"

#define ANSWER_SECONDS 60.0

static int is_prefork(void)
{
    const char *mpm = getenv("CIVARCOS_MPM");

    return mpm && strcmp(mpm, "prefork") == 0;
}

static harness_t *start(const char *config)
{
    harness_options_t options = {NULL, config, NULL};
    harness_t *server = harness_start(&options);

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    return server;
}

/* -- Bodies that do not end -------------------------------------------------------------------------------------------- */

/* Twice as many as there are threads: all of them wait for a body, until mod_reqtimeout ends that. */
static void test_slow_bodies(void)
{
    harness_t *server = start(SMALL "RequestReadTimeout header=20 body=1,MinRate=1000\n");
    http_client_t *web = http_client(server->url, test_pool());
    http_raw_t *slow[2 * THREADS];
    int i;

    for (i = 0; i < 2 * THREADS; i++) {
        slow[i] = http_raw_connect(server->port, test_pool());
        CU_ASSERT_PTR_NOT_NULL_FATAL(slow[i]);
        http_raw_text(slow[i],
                      "POST " ADD " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Content-Length: 100\r\n\r\n{\"evid");
    }
    CU_ASSERT_EQUAL(scenario_add(web, 1)->status, 201);
    for (i = 0; i < 2 * THREADS; i++) {
        CU_ASSERT_EQUAL(http_raw_answer(slow[i], ANSWER_SECONDS)->status, 408);
        http_raw_close(slow[i], 0);
    }
    /* All threads are there again. */
    for (i = 0; i < 2 * THREADS; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, 2 + i)->status, 201);
    }
    CU_ASSERT_EQUAL(scenario_blocks(web), 2 + 2 * THREADS);
    CU_ASSERT(harness_log_is_clean(server, "?AH00286", "?AH00484", "?AH10159", "?AH00161", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Exports that nobody reads ----------------------------------------------------------------------------------------- */

/* A connection with a small window, so that the server has to wait for us soon. */
static int connect_narrow(int port)
{
    struct sockaddr_in address;
    int size = 4096;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    CU_ASSERT_EQUAL(connect(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    return descriptor;
}

static const char export_request[] = "GET /api/blockchain/export HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* The status, without reading further. */
static int begin_export(int descriptor)
{
    char head[13] = "";
    struct timeval limit = {60, 0};

    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    CU_ASSERT_EQUAL(send(descriptor, export_request, sizeof(export_request) - 1, MSG_NOSIGNAL),
                    (ssize_t)sizeof(export_request) - 1);
    CU_ASSERT_EQUAL(recv(descriptor, head, sizeof(head) - 1, MSG_WAITALL), (ssize_t)sizeof(head) - 1);
    return (int)strtol(head + 9, NULL, 10);
}

/* Everything that still comes, until the server closes. @return whether it ends like a complete answer */
static int ends_well(int descriptor)
{
    char piece[8192];
    char end[6] = "";
    ssize_t count;

    while ((count = recv(descriptor, piece, sizeof(piece), 0)) > 0) {
        if (count >= 5) {
            memcpy(end, piece + count - 5, 5);
        }
        if (strcmp(end, "0\r\n\r\n") == 0) {
            return 1;
        }
    }
    return 0;
}

/* More than fits into the buffers between us. */
static void add_much(http_client_t *web)
{
    char *text = apr_palloc(test_pool(), 60001);
    int i;

    memset(text, 'x', 60000);
    text[60000] = '\0';
    for (i = 0; i < 40; i++) {
        CU_ASSERT_EQUAL(
            http_post(web, ADD,
                      apr_psprintf(test_pool(), "{\"evidence\":{\"n\":%d,\"text\":\"%s\"}}", i, text))
                ->status,
            201);
    }
}

static void close_all(const int *descriptors, int count)
{
    while (count > 0) {
        close(descriptors[--count]);
    }
}

/* Half of the threads at most send exports, so that others are served, however long nobody reads. */
static void test_exports_at_once(void)
{
    harness_t *server;
    http_client_t *web;
    int readers[THREADS];
    int sent = 0;
    int refused = 0;
    int i;

    if (is_prefork()) {
        test_note("skipped: a process of prefork serves one request at a time");
        return;
    }
    server = start(SMALL "SendBufferSize 16384\nTimeout 60\n");
    web = http_client(server->url, test_pool());
    add_much(web);
    for (i = 0; i < THREADS; i++) {
        int status;

        readers[i] = connect_narrow(server->port);
        status = begin_export(readers[i]);
        sent += status == 200;
        refused += status == 429;
    }
    CU_ASSERT_EQUAL(sent, THREADS / 2);
    CU_ASSERT_EQUAL(refused, THREADS / 2);
    CU_ASSERT_EQUAL(scenario_add(web, 1)->status, 201);
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/export"), 429));
    CU_ASSERT(ends_well(readers[0]));
    close_all(readers, THREADS);
    harness_settle(server);
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/export")->status, 200);
    CU_ASSERT(harness_log_is_clean(server, "?AH00286", "?AH00484", "?AH10159", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Who reads nothing for as long as Timeout loses the export. */
static void test_exports_that_nobody_reads(void)
{
    harness_t *server = start(SMALL "SendBufferSize 16384\nTimeout 1\nLogLevel civarcos:info\n");
    http_client_t *web = http_client(server->url, test_pool());
    int reader;

    add_much(web);
    reader = connect_narrow(server->port);
    CU_ASSERT_EQUAL(begin_export(reader), 200);
    CU_ASSERT(harness_log_has(server, "CIV0332", ANSWER_SECONDS));
    CU_ASSERT(!ends_well(reader));
    close(reader);
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/export")->status, 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* -- Connections without a request ------------------------------------------------------------------------------------- */

#define USUAL_IDLE 1000
#define MOST_IDLE  10000
#define IDLE_CONFIG                                                                                          \
    "StartServers 1\nServerLimit 1\nThreadsPerChild 25\nThreadLimit 25\nMinSpareThreads 1\n"                 \
    "MaxSpareThreads 25\nMaxRequestWorkers 25\nAsyncRequestWorkerFactor 500\nKeepAliveTimeout 300\n"         \
    "ListenBacklog 4096\n"

/* Also for httpd, which inherits it. @return 0 when there may be so many files */
static int allow_files(rlim_t count)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return -1;
    }
    if (limit.rlim_max < count) {
        return -1;
    }
    limit.rlim_cur = limit.rlim_cur < count ? count : limit.rlim_cur;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

/* A request, and its answer to the end of its head; the connection stays. */
static int ask(int descriptor)
{
    static const char request[] = "HEAD /api HTTP/1.1\r\nHost: localhost\r\n\r\n";
    char answer[2048];
    ssize_t length = 0;
    ssize_t count = 1;

    if (send(descriptor, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1) {
        return 0;
    }
    while (length < (ssize_t)sizeof(answer) - 1 && count > 0) {
        count = recv(descriptor, answer + length, sizeof(answer) - 1 - (size_t)length, 0);
        length += count > 0 ? count : 0;
        answer[length] = '\0';
        if (strstr(answer, "\r\n\r\n")) {
            return strncmp(answer, "HTTP/1.1 200", 12) == 0;
        }
    }
    return 0;
}

static int connect_many(int port, int *descriptors, int count)
{
    struct sockaddr_in address;
    int good = 0;
    int i;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (i = 0; i < count; i++) {
        descriptors[i] = socket(AF_INET, SOCK_STREAM, 0);
        good += descriptors[i] >= 0 &&
                connect(descriptors[i], (struct sockaddr *)&address, sizeof(address)) == 0 &&
                ask(descriptors[i]);
    }
    return good;
}

static void test_idle_connections(void)
{
    int count = scenario_rounds(0) > 0 ? MOST_IDLE : USUAL_IDLE;
    const char *mpm = getenv("CIVARCOS_MPM");
    int *descriptors;
    harness_t *server;
    http_client_t *web;
    int still = 0;
    int i;

    if (mpm && *mpm && strcmp(mpm, "event") != 0) {
        test_note("skipped: each connection keeps a thread of the %s MPM", mpm);
        return;
    }
    if (allow_files((rlim_t)count + 200)) {
        test_note("skipped: %d files cannot be open here (ulimit -Hn)", count + 200);
        return;
    }
    descriptors = apr_pcalloc(test_pool(), (apr_size_t)count * sizeof(*descriptors));
    server = start(IDLE_CONFIG);
    CU_ASSERT_EQUAL(connect_many(server->port, descriptors, count), count);
    web = http_client(server->url, test_pool());
    for (i = 0; i < 20; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, i)->status, 201);
    }
    for (i = 0; i < count; i += 50) {
        still += ask(descriptors[i]);
    }
    CU_ASSERT_EQUAL(still, count / 50);
    test_note("%d connections stay open", count);
    CU_ASSERT(scenario_is_valid(web));
    close_all(descriptors, count);
    CU_ASSERT(harness_log_is_clean(server, "?AH00286", "?AH00484", "?AH10159", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {{"slow_bodies", test_slow_bodies},
                                    {"exports_at_once", test_exports_at_once},
                                    {"exports_that_nobody_reads", test_exports_that_nobody_reads},
                                    {"idle_connections", test_idle_connections},
                                    {NULL, NULL}};

const test_suite_t limits_suite = {"limits", NULL, NULL, cases};
