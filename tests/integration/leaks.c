/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file leaks.c
 * The memory of a child, route by route: many good requests and many bad ones of each route leave it as large as it was.
 *
 * The routes are those that the server itself lists. For each, memory is measured at the ends of several stretches of
 * requests of the same kind: what is kept once (a cache, a pool's free list) grows in one stretch or two, what leaks
 * grows in all of them. A counter in the child says what it has of malloc, to the byte; with very many requests, what it
 * takes of the system is judged as well. CIVARCOS_LEAK_REQUESTS is the number of requests in all.
 */
#include "config.h"

#include "support/runner.h"

#ifndef CIVARCOS_SANITIZED /* sanitizers keep for a while what is given back */

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "integration/signer.h"
#include "support/live_bytes.h"
#include "support/load.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/** Stretches that are measured; one more comes before them. */
#define STRETCHES 4

/** From here on, what a process takes of the system says more than how malloc cuts it up. */
#define OWN_STRETCH 4000

/** Bytes a request. */
#define LEAST_LEAK 16

/** Requests in all when nobody says how many. */
#define REQUESTS 15000

/** The sealed evidence that is asked for, and more of it than the database's cache has room for. */
#define EVIDENCE     "{\"kind\":\"leak\"}"
#define FILL_BYTES   60000
#define FILL_BLOCKS  20
#define FILL_ENTRIES 16

/** What members share. The owner is "org-a", who votes is "org-b"; "org-key" signs. */
#define SHARED                                                                                               \
    "{\"organization_id\":\"org-a\",\"evidence\":{\"type\":\"vulnerability_scan\",\"language\":\"C\","       \
    "\"metrics\":{\"security_score\":87.3,\"high\":3},\"description\":\"password = Winter-2026! of "         \
    "jane.doe@example.com\"}"
#define THREAT                                                                                               \
    "{\"organization_id\":\"org-a\",\"threat_info\":{\"type\":\"malware\",\"severity\":\"high\","            \
    "\"indicators\":[\"10.0.0.1\"]}}"
#define METRICS "{\"organization_id\":\"org-a\",\"metrics\":{\"code_coverage\":87.5}}"

/* One child with few threads, one connection to the database and one arena of malloc. With worker, because the event MPM
 * drops connections that wait for their next request when its few threads are busy. What is read goes through the cache of
 * the database, which is filled first. */
static const char config[] = "CustomLog /dev/null short\n"
                             "LogLevel warn\n"
                             "CivarcosDatabasePool 1 1\nCivarcosDatabaseMap 0\n"
                             "ServerLimit 1\nStartServers 1\nThreadLimit 6\nThreadsPerChild 6\n"
                             "MaxRequestWorkers 6\nMinSpareThreads 1\nMaxSpareThreads 6\n" SIGNER_CONFIG;

static const harness_options_t options = {"worker", config, NULL};

static harness_t *server;
static pid_t child;
static const long *counts; /* live_bytes.h; NULL under valgrind, which counts for itself */

/** What a route is sent; one that is not listed gets a guess that cannot harm. */
typedef struct sample_t {
    const char *route; /**< as the server lists it, below the prefix */
    const char *good;  /**< after the method: path and query below the prefix, or the body of a POST */
    const char *bad;
} sample_t;

static const sample_t samples[] = {
    {"GET /blockchain/block/{index}", "/blockchain/block/1", "/blockchain/block/x"},
    {"GET /blockchain/export", "/blockchain/export?from=0&to=1", "/blockchain/export?from=2&to=1"},
    {"GET /blockchain/search", "/blockchain/search?limit=1&type=civarcos.genesis&block_to=1",
     "/blockchain/search?cursor=x"},
    {"GET /blockchain/tampering", "/blockchain/tampering?from=0&to=1", "/blockchain/tampering?from=-1"},
    {"GET /blockchain/validate", "/blockchain/validate?from=0&to=1", "/blockchain/validate?to=x"},
    {"POST /blockchain/add", "{\"evidence\":" EVIDENCE "}", "{\"evidence\":[{},1]}"},
    {"GET /federated/benchmark/{metric}", "/federated/benchmark/code_coverage", "/federated/benchmark/.."},
    {"GET /federated/evidence", "/federated/evidence?limit=5", "/federated/evidence?limit=x"},
    {"GET /federated/nodes/{organization_id}", "/federated/nodes/org-a", "/federated/nodes/nobody"},
    {"GET /federated/threat", "/federated/threat?limit=5", "/federated/threat?limit=x"},
    {"POST /federated/benchmark", METRICS, "{\"organization_id\":\"nobody\",\"metrics\":{\"a\":1}}"},
    {"POST /federated/join",
     "{\"organization_id\":\"org-a\",\"evidence_endpoint\":\"https://org-a.example/evidence\"}",
     "{\"organization_id\":\"org-c\",\"evidence_endpoint\":\"http://org-c.example/evidence\"}"},
    {"POST /federated/leave", "{\"organization_id\":\"nobody\"}", "{\"organization_id\":\"\"}"},
    {"POST /federated/share", SHARED "}", "{\"organization_id\":\"nobody\",\"evidence\":{\"a\":1}}"},
    {"POST /federated/threat", THREAT, "{\"organization_id\":\"org-a\",\"threat_info\":{}}"},
    {"POST /federated/withdraw", "{\"organization_id\":\"org-a\",\"evidence_id\":\"none\"}",
     "{\"organization_id\":\"org-a\",\"evidence_id\":1}"},
    {"POST /blockchain/pending", "{\"evidence\":" EVIDENCE "}", "{\"evidence\":{\"a\":1,\"a\":2}}"},
};

static const char *shared_id; /* of SHARED */
static const char *threat_id; /* of THREAT */

/* -- Requests ---------------------------------------------------------------------------------------------- */

static apr_size_t write_request(char *out, apr_size_t size, unsigned long number, void *baton)
{
    (void)number;
    return apr_cpystrn(out, baton, size) - out;
}

static const char *get_text(const char *method, const char *path)
{
    return apr_psprintf(test_pool(), "%s /api%s HTTP/1.1\r\nHost: localhost\r\n\r\n", method, path);
}

static const char *body_text(const char *method, const char *path, const char *body)
{
    return apr_psprintf(test_pool(),
                        "%s /api%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        "Content-Length: %" APR_SIZE_T_FMT "\r\n\r\n%s",
                        method, path, strlen(body), body);
}

/* What finds something. */
static const char *value_for(const char *variable)
{
    if (strncmp(variable, "{evidence_id}", 13) == 0) {
        return shared_id;
    }
    return strncmp(variable, "{threat_id}", 11) == 0 ? threat_id : checks_hash_text(EVIDENCE);
}

static const char *fill_template(const char *template)
{
    const char *open = strchr(template, '{');

    if (!open) {
        return template;
    }
    return apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), template, (apr_size_t)(open - template)),
                       value_for(open), fill_template(strchr(open, '}') + 1), NULL);
}

static const char *request_of(const char *route, int is_good)
{
    const char *path = strchr(route, ' ') + 1;
    const char *method = apr_pstrmemdup(test_pool(), route, (apr_size_t)(path - 1 - route));
    const char *given = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        if (strcmp(samples[i].route, route) == 0) {
            given = is_good ? samples[i].good : samples[i].bad;
        }
    }
    path = fill_template(path);
    if (strcmp(method, "GET") == 0) {
        return get_text(method, given     ? given
                                : is_good ? path
                                          : apr_pstrcat(test_pool(), path, "?no=1", NULL));
    }
    return body_text(method, path, given ? given : is_good ? "{}" : "{");
}

/* -- Memory ------------------------------------------------------------------------------------------------ */

/* A file that httpd's account may write to. @return its path, or NULL */
static const char *make_counts(void)
{
    const char *path = apr_pstrcat(test_pool(), server->state_dir, "/live-bytes", NULL);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    if (file < 0 || fchmod(file, 0666) != 0 || ftruncate(file, LIVE_BYTES_SIZE) != 0) {
        return NULL;
    }
    counts = mmap(NULL, LIVE_BYTES_SIZE, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    return counts == MAP_FAILED ? NULL : path;
}

/* What the process has of malloc. */
static long live_bytes(void)
{
    return !counts ? 0 : __atomic_load_n(&counts[live_bytes_slot(child)], __ATOMIC_RELAXED);
}

/* What the process has of the system for itself, in bytes; shared memory and mapped files are not in it. */
static long own_memory(void)
{
    FILE *file = fopen(apr_psprintf(test_pool(), "/proc/%ld/smaps_rollup", (long)child), "r");
    char line[256];
    long size = 0;

    while (file && size == 0 && fgets(line, sizeof(line), file)) {
        if (strncmp(line, "Anonymous:", 10) == 0) {
            size = strtol(line + 10, NULL, 10) * 1024;
        }
    }
    if (file) {
        fclose(file);
    }
    return size;
}

static int run(const char *request, int status, unsigned long count)
{
    load_t load = {.port = server->port,
                   .connections = 1,
                   .seconds = 500,
                   .request = write_request,
                   .baton = (void *)request,
                   .expected = status,
                   .requests = count};
    load_result_t result = {0};

    if (load_run(&load, &result, test_pool()) != 0 || result.answers != count) {
        test_note("%lu of %lu requests were answered with %d, %lu were not", result.answers, count, status,
                  result.failures);
        return 0;
    }
    return 1;
}

static int status_of(const char *request)
{
    http_raw_t *raw = http_raw_connect(server->port, test_pool());
    int status = 0;

    if (raw && http_raw_text(raw, request) == 0) {
        status = http_raw_answer(raw, 30)->status;
    }
    http_raw_close(raw, 0);
    return status;
}

/* How one of the two measures grew over the stretches. */
typedef struct growth_t {
    const char *name;
    long (*read)(void);
    long before;
    long least;
    long most;
} growth_t;

static void take_growth(growth_t *growth, int is_first)
{
    long now = growth->read();
    long grown = now - growth->before;

    growth->least = is_first || grown < growth->least ? grown : growth->least;
    growth->most = is_first || grown > growth->most ? grown : growth->most;
    growth->before = now;
}

/* What leaks grows in every stretch. */
static void judge(const char *name, const growth_t *growth, unsigned long stretch)
{
    test_note("%s: %s grew by %ld to %ld bytes in %lu requests", name, growth->name, growth->least,
              growth->most, stretch);
    if (growth->before <= 0 || growth->least >= (long)stretch * LEAST_LEAK) {
        test_note("%s LEAKS %ld bytes a request", name, growth->least / (long)stretch);
        CU_FAIL("memory grows");
    }
}

static void measure(const char *name, const char *request, unsigned long stretch)
{
    growth_t live = {"malloc", live_bytes, 0, 0, 0};
    growth_t own = {"the process", own_memory, 0, 0, 0};
    int status = status_of(request);
    int i;

    if (!run(request, status, stretch)) {
        CU_FAIL("requests failed");
        return;
    }
    live.before = live_bytes();
    own.before = own_memory();
    for (i = 0; i < STRETCHES; i++) {
        CU_ASSERT(run(request, status, stretch));
        take_growth(&live, i == 0);
        take_growth(&own, i == 0);
    }
    name = apr_psprintf(test_pool(), "%s (%d)", name, status);
    if (counts) {
        judge(name, &live, stretch);
    }
    if (counts && stretch >= OWN_STRETCH) {
        judge(name, &own, stretch);
    }
}

/* -- Cases ------------------------------------------------------------------------------------------------- */

/* The counter of live bytes goes into httpd alone. One arena and no holes from large requests, so that what the process has
 * of the system says something too. */
static int restart_with_counter(void)
{
    const char *settings[][2] = {{"LD_PRELOAD", CIVARCOS_BUILD_DIR "/tests/support/.libs/live_bytes.so"},
                                 {LIVE_BYTES_VARIABLE, NULL},
                                 {"MALLOC_ARENA_MAX", "1"},
                                 {"MALLOC_MMAP_THRESHOLD_", "65536"},
                                 {"MALLOC_TRIM_THRESHOLD_", "65536"}};
    int count = sizeof(settings) / sizeof(settings[0]);
    int failed;
    int i;

    settings[1][1] = make_counts();
    for (i = 0; i < count; i++) {
        failed = !settings[i][1] || setenv(settings[i][0], settings[i][1], 1) != 0;
    }
    failed = failed || harness_restart(server) != 0;
    for (i = 0; i < count; i++) {
        unsetenv(settings[i][0]);
    }
    return failed;
}

/* More than the database's cache has room for, so that the cache does not grow with what the case adds. */
static int fill(void)
{
    http_client_t *client = checks_client(server);
    const char *text;
    int failed = 0;
    int i;

    text = checks_repeat("{\"x\":\"", "x", FILL_BYTES, "\"}");
    text = apr_pstrcat(test_pool(), "{\"evidence\":[",
                       checks_repeat("", apr_pstrcat(test_pool(), text, ",", NULL), FILL_ENTRIES - 1, text),
                       "]}", NULL);
    for (i = 0; i < FILL_BLOCKS; i++) {
        failed |= http_post(client, "/api/blockchain/add", text)->status != 201;
        http_forget(client);
    }
    return failed;
}

/* What the answer has there, kept beyond the next request. */
static const char *text_at(const http_response_t *answer, const char *pointer)
{
    const civ_json_t *value = http_json(answer, pointer);

    return value && value->type == CIV_JSON_STRING ? apr_pstrdup(test_pool(), value->as.text.text) : NULL;
}

/* Members, and what they share; once. @return 0 on success */
static int begin_federation(void)
{
    http_client_t *web = checks_client(server);

    if (shared_id) {
        return 0;
    }
    if (http_post(web, "/api/federated/join", signer_joining("org-a", NULL))->status != 201 ||
        http_post(web, "/api/federated/join", signer_joining("org-b", NULL))->status != 201 ||
        signer_join(web, server, "org-key") != 201) {
        return 1;
    }
    shared_id = text_at(http_post(web, "/api/federated/share", SHARED "}"), "/evidence/evidence_id");
    threat_id = text_at(http_post(web, "/api/federated/threat", THREAT), "/threat/threat_id");
    return !shared_id || !threat_id;
}

static int setup(void)
{
    server = harness_start(&options);
    if (!server ||
        http_post(checks_client(server), "/api/blockchain/add", "{\"evidence\":" EVIDENCE "}")->status !=
            201) {
        return 1;
    }
    if (getenv("CIVARCOS_HTTPD_VALGRIND")) {
        return harness_children(server, &child, 1) != 1;
    }
    return fill() || restart_with_counter() != 0 || harness_children(server, &child, 1) != 1 ||
           http_get(checks_client(server), "/api/blockchain/validate")->status != 200;
}

static int teardown(void)
{
    return harness_stop(server);
}

static unsigned long stretch_for(int kinds)
{
    const char *text = getenv("CIVARCOS_LEAK_REQUESTS");
    unsigned long requests = text && *text ? strtoul(text, NULL, 10) : REQUESTS;
    unsigned long stretch = requests / (unsigned long)kinds / (STRETCHES + 1);

    return stretch > 0 ? stretch : 1;
}

static void test_every_route(void)
{
    const civ_json_t *endpoints;
    apr_size_t i;
    unsigned long stretch;

    CU_ASSERT_FATAL(begin_federation() == 0);
    endpoints = http_json(http_get(checks_client(server), "/api"), "/endpoints");
    CU_ASSERT_FATAL(endpoints && endpoints->type == CIV_JSON_OBJECT && endpoints->as.object.count > 10);
    stretch = stretch_for((int)endpoints->as.object.count * 2);
    for (i = 0; i < endpoints->as.object.count; i++) {
        const char *name = endpoints->as.object.members[i].name;
        const char *path = strstr(name, " /api");
        const char *route;
        int is_good;

        CU_ASSERT_FATAL(path != NULL);
        route = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), name, (apr_size_t)(path + 1 - name)),
                            path + 5, NULL);
        for (is_good = 0; is_good < 2; is_good++) {
            measure(apr_psprintf(test_pool(), "%s, %s", name, is_good ? "good" : "bad"),
                    request_of(route, is_good), stretch);
        }
    }
    CU_ASSERT(checks_children_live(server, &child, 1));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_what_is_no_route(void)
{
    static const char *const requests[][2] = {
        {"GET", "/no/such/path"}, {"POST", "/blockchain/info"}, {"OPTIONS", "/blockchain/add"}};
    int count = sizeof(requests) / sizeof(requests[0]);
    int i;

    for (i = 0; i < count; i++) {
        measure(apr_pstrcat(test_pool(), requests[i][0], " ", requests[i][1], NULL),
                strcmp(requests[i][0], "POST") == 0 ? body_text("POST", requests[i][1], "{}")
                                                    : get_text(requests[i][0], requests[i][1]),
                stretch_for(count * 8));
    }
    CU_ASSERT(checks_children_live(server, &child, 1));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const char *signed_text(const char *path, const char *body)
{
    const signer_request_t request = {.server = server, .key = "org-key", .path = path, .body = body};
    const char *const *header = signer_headers(&request);
    const char *text = apr_psprintf(test_pool(),
                                    "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
                                    "Content-Length: %" APR_SIZE_T_FMT "\r\n",
                                    path, server->port, strlen(body));

    for (; *header; header++) {
        text = apr_pstrcat(test_pool(), text, *header, "\r\n", NULL);
    }
    return apr_pstrcat(test_pool(), text, "\r\n", body, NULL);
}

/* What one route is sent in several ways. Of signed requests the first counts, the others are replays. */
static void measure_members(void)
{
    const char *requests[][2] = {
        {"vote",
         body_text("POST", "/federated/validate",
                   apr_psprintf(test_pool(),
                                "{\"organization_id\":\"org-b\",\"evidence_id\":\"%s\",\"is_valid\":true}",
                                shared_id))},
        {"aggregated", body_text("POST", "/federated/share", SHARED ",\"privacy_level\":\"aggregated\"}")},
        {"private", body_text("POST", "/federated/share", SHARED ",\"privacy_level\":\"private\"}")},
        {"rehearsal", body_text("POST", "/federated/share", SHARED ",\"dry_run\":true}")},
        {"unsigned", body_text("POST", "/federated/leave", "{\"organization_id\":\"org-key\"}")},
        {"signed", signed_text("/api/federated/benchmark",
                               "{\"organization_id\":\"org-key\",\"metrics\":{\"code_coverage\":1}}")},
        {"signed by another", signed_text("/api/federated/benchmark", METRICS)},
    };
    int count = sizeof(requests) / sizeof(requests[0]);
    int i;

    for (i = 0; i < count; i++) {
        status_of(requests[i][1]);
        measure(requests[i][0], requests[i][1], stretch_for(count * 8));
    }
}

static void test_members(void)
{
    CU_ASSERT_FATAL(begin_federation() == 0);
    measure_members();
    CU_ASSERT(checks_children_live(server, &child, 1));
    CU_ASSERT(harness_log_is_clean(server, "?CIV0600", "?CIV0601", NULL));
}

static const test_case_t cases[] = {
    {"every route", test_every_route},
    {"members", test_members},
    {"what is no route", test_what_is_no_route},
    {NULL, NULL},
};

#else

static const test_case_t cases[] = {{NULL, NULL}};
#define setup    NULL
#define teardown NULL

#endif

const test_suite_t leaks_suite = {"leaks", setup, teardown, cases};
