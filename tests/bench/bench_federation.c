/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The federation against baselines of the same run: its status against a static file, signed requests against what OpenSSL
 * verifies on the same processors, and lists with few and with many records.
 *
 * CIVARCOS_BENCH_SECONDS (default 5) is the length of one measurement, CIVARCOS_MPM (default event) the MPM,
 * CIVARCOS_BENCH_RECORDS (default 100000) the records of a long list.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/request_signature.h"
#include "bench/bench_support.h"
#include "integration/http.h"
#include "support/load.h"
#include "support/runner.h"

/* One child, so that all changes meet in one queue; access is not logged. */
static const char CONFIG[] = "CustomLog /dev/null short\n"
                             "LogLevel warn\n"
                             "<IfModule !mpm_prefork_module>\n"
                             "  ServerLimit 1\n  StartServers 1\n  ThreadLimit 128\n  ThreadsPerChild 96\n"
                             "  MaxRequestWorkers 96\n  MinSpareThreads 1\n  MaxSpareThreads 96\n"
                             "</IfModule>\n";

/* Signed beforehand: what signing costs is the clients' business. */
#define SIGNED_REQUESTS 60000

static harness_t *server;
static civ_key_t *key;

static int setup(void)
{
    static const harness_options_t options = {.config = CONFIG};

    server = harness_start(&options);
    return server == NULL || civ_key_generate(&key, test_pool()) != APR_SUCCESS;
}

static int teardown(void)
{
    return harness_stop(server);
}

/* --- status --- */

static void status_beside_static_file(void)
{
    bench_compare_get(server, "/api/federated/status", "status", 32);
}

/* --- signed requests --- */

static const char *authority(void)
{
    return apr_psprintf(test_pool(), "localhost:%d", server->port);
}

static const char *sign_request(const char *path, const char *body, apr_pool_t *pool)
{
    civ_digest_t digest;
    const char *content_digest;
    civ_signature_fields_t fields;
    civ_header_line_t lines[3];
    civ_message_t message = {
        .method = "POST", .scheme = "http", .target = path, .lines = lines, .line_count = 3};
    const civ_signature_choice_t choice = {0};

    civ_digest_sha256(&digest, body, strlen(body));
    content_digest =
        apr_psprintf(pool, "sha-256=:%s:", civ_base64_encode(digest.bytes, CIV_DIGEST_SIZE, pool));
    message.authority = authority();
    lines[0] = (civ_header_line_t){"Host", message.authority};
    lines[1] = (civ_header_line_t){"Content-Type", "application/json"};
    lines[2] = (civ_header_line_t){"Content-Digest", content_digest};
    if (civ_request_signature_make(&fields, &message, 1, key, &choice, pool) != APR_SUCCESS)
        return NULL;
    return apr_psprintf(pool,
                        "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Digest: "
                        "%s\r\nSignature-Input: %s\r\nSignature: %s\r\nContent-Length: %lu\r\n\r\n%s",
                        path, message.authority, content_digest, fields.input, fields.signature,
                        (unsigned long)strlen(body), body);
}

typedef struct prepared_t {
    const char **requests;
    unsigned long count, next;
} prepared_t;

/* The body of request @a number. */
typedef const char *(*body_fn)(unsigned long number, apr_pool_t *pool);

static const char *rehearsal(unsigned long number, apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "{\"organization_id\":\"bench\",\"evidence\":{\"run\":%lu},"
                        "\"privacy_level\":\"private\",\"dry_run\":true}",
                        number);
}

static const char *contribution(unsigned long number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "{\"organization_id\":\"bench\",\"metrics\":{\"coverage\":%lu}}", number);
}

static prepared_t *prepare(const char *path, body_fn body, unsigned long count)
{
    prepared_t *prepared = apr_pcalloc(test_pool(), sizeof(*prepared));
    unsigned long i;

    prepared->requests = apr_palloc(test_pool(), count * sizeof(*prepared->requests));
    for (i = 0; i < count; i++)
        prepared->requests[i] = sign_request(path, body(i, test_pool()), test_pool());
    prepared->count = count;
    return prepared;
}

static apr_size_t next_request(char *out, apr_size_t size, unsigned long number, void *baton)
{
    prepared_t *prepared = baton;
    const char *request = prepared->requests[prepared->next++];
    apr_size_t length = strlen(request);

    (void)number;
    if (length > size)
        return 0;
    memcpy(out, request, length);
    return length;
}

/* Verifications a second by "openssl speed" on all processors. */
static double openssl_verifies(void)
{
    FILE *pipe = popen("openssl speed -seconds 2 -multi $(nproc) ed25519 2>/dev/null | "
                       "awk '/Ed25519)/ { print $NF }'",
                       "r");
    char line[64] = "";

    if (pipe == NULL)
        return 0;
    if (fgets(line, sizeof(line), pipe) == NULL)
        line[0] = '\0';
    pclose(pipe);
    return strtod(line, NULL);
}

static void join(void)
{
    const char *pem = civ_public_key_pem(civ_key_public(key));
    char *flat = apr_pstrdup(test_pool(), "");
    const char *byte;
    const char *request;
    load_t load = {server->port, 1, 10, next_request, NULL, 201, 1};
    load_result_t result;
    prepared_t prepared = {&request, 1, 0};

    for (byte = pem; *byte != '\0'; byte++)
        flat = *byte == '\n' ? apr_pstrcat(test_pool(), flat, "\\n", NULL)
                             : apr_psprintf(test_pool(), "%s%c", flat, *byte);
    request = sign_request("/api/federated/join",
                           apr_psprintf(test_pool(),
                                        "{\"organization_id\":\"bench\",\"evidence_endpoint\":"
                                        "\"https://bench.example.org/\",\"public_key\":\"%s\"}",
                                        flat),
                           test_pool());
    load.baton = &prepared;
    CU_ASSERT_FATAL(request != NULL && load_run(&load, &result, test_pool()) == 0 && result.answers == 1);
}

static void measure_signed(const char *name, const char *path, body_fn body, int expected, double baseline)
{
    prepared_t *prepared = prepare(path, body, SIGNED_REQUESTS);
    load_t load = {server->port, 64, bench_seconds() * 2, next_request, prepared, expected, SIGNED_REQUESTS};
    load_result_t result;

    CU_ASSERT_FATAL(load_run(&load, &result, test_pool()) == 0);
    CU_ASSERT(result.failures == 0);
    test_note("%s: %.0f signed requests/s (P50 %.2f ms, P99 %.2f ms); openssl verifies %.0f/s; ratio %.2f",
              name, result.rate, result.p50, result.p99, baseline, result.rate / baseline);
}

static void signed_requests(void)
{
    double baseline = openssl_verifies();

    join();
    measure_signed("dry runs", "/api/federated/share", rehearsal, 200, baseline);
    measure_signed("contributions", "/api/federated/benchmark", contribution, 200, baseline);
}

/* --- lists --- */

static long records_wanted(void)
{
    const char *text = getenv("CIVARCOS_BENCH_RECORDS");

    return text != NULL ? strtol(text, NULL, 10) : 100000;
}

/* Of ten types, by one member without a key. */
static apr_size_t share_request(char *out, apr_size_t size, unsigned long number, void *baton)
{
    static const char *const types[] = {"coverage", "test_result",  "security_scan", "sbom",
                                        "build",    "code_quality", "code_review",   "deployment",
                                        "approval", "performance"};
    unsigned long *shared = baton;
    char body[512];
    int length = apr_snprintf(body, sizeof(body),
                              "{\"organization_id\":\"lists\",\"evidence\":{\"id\":\"r%lu\",\"type\":\"%s\","
                              "\"language\":\"c\",\"coverage\":%lu.5,\"lines_of_code\":%lu}}",
                              *shared, types[*shared % 10], *shared % 100, *shared);

    (void)number;
    ++*shared;
    return (apr_size_t)apr_snprintf(out, size,
                                    "POST /api/federated/share HTTP/1.1\r\nHost: localhost\r\n"
                                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                                    length, body);
}

static apr_size_t list_request(char *out, apr_size_t size, unsigned long number, void *baton)
{
    (void)number;
    return (apr_size_t)apr_snprintf(out, size, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                    (const char *)baton);
}

static void share_up_to(unsigned long *shared, unsigned long count)
{
    load_t load = {server->port, 32, 600, share_request, shared, 201, count - *shared};
    load_result_t result;

    CU_ASSERT_FATAL(load_run(&load, &result, test_pool()) == 0);
    CU_ASSERT(result.failures == 0);
    test_note("%lu records shared, %.0f/s", count, result.rate);
}

/* The processors are left to the server: what one connection gets tells the cost of a request. */
static double microseconds_of(const char *path)
{
    load_t load = {server->port, 1, bench_seconds() / BENCH_ROUNDS, list_request, (void *)path, 200, 0};
    load_result_t result;

    CU_ASSERT_FATAL(load_run(&load, &result, test_pool()) == 0);
    CU_ASSERT(result.failures == 0);
    return 1e6 / result.rate;
}

static void lists_grow(void)
{
    static const char *const paths[] = {"/api/federated/evidence?limit=20",
                                        "/api/federated/evidence?type=sbom&limit=20",
                                        "/api/federated/evidence?type=sbom&limit=20&since=2026-01-01"};
    enum { PATHS = sizeof(paths) / sizeof(paths[0]) };
    http_client_t *client = http_client(server->url, test_pool());
    double few[PATHS], many[PATHS];
    unsigned long shared = 0;
    int i;

    CU_ASSERT_FATAL(
        http_post(client, "/api/federated/join",
                  "{\"organization_id\":\"lists\",\"evidence_endpoint\":\"https://lists.example.org/\"}")
            ->status == 201);
    share_up_to(&shared, 1000);
    for (i = 0; i < PATHS; i++)
        few[i] = microseconds_of(paths[i]);
    share_up_to(&shared, (unsigned long)records_wanted());
    for (i = 0; i < PATHS; i++)
        many[i] = microseconds_of(paths[i]);
    for (i = 0; i < PATHS; i++)
        test_note("GET %s: %.0f us with 1000 records, %.0f us with %lu; ratio %.2f", paths[i], few[i],
                  many[i], shared, many[i] / few[i]);
}

static const test_case_t cases[] = {
    {"status beside a static file", status_beside_static_file},
    {"signed requests", signed_requests},
    {"lists grow", lists_grow},
    {NULL, NULL},
};

static const test_suite_t bench_suite = {"bench", setup, teardown, cases};

int main(int argc, char **argv)
{
    static const test_suite_t *const suites[] = {&bench_suite, NULL};

    return test_main(argc, (const char *const *)argv, suites);
}
