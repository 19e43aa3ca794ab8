/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file api_root.c
 * The list of endpoints, the prefix it is mounted at, health, and metrics.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include <stdlib.h>
#include <string.h>

static const harness_options_t options = {NULL,
                                          "<Location \"/evidence/api\">\n"
                                          "    SetHandler civarcos\n"
                                          "    Require local\n"
                                          "</Location>\n"
                                          "<Location \"/evidence/api/blockchain/add\">\n"
                                          "    Require all denied\n"
                                          "</Location>\n"
                                          "<Location \"/ledger of ours/\">\n"
                                          "    SetHandler civarcos\n"
                                          "    Require local\n"
                                          "</Location>\n",
                                          NULL};

static harness_t *server;

static int setup(void)
{
    return (server = harness_start(&options)) == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static void check_root(const char *path, const char *prefix)
{
    static const char *const routes[] = {"GET /openapi.json",
                                         "GET /health",
                                         "GET /metrics",
                                         "POST /blockchain/add",
                                         "POST /blockchain/pending",
                                         "GET /blockchain/block/{index}",
                                         "GET /blockchain/info",
                                         "GET /blockchain/search",
                                         "GET /blockchain/validate",
                                         "GET /blockchain/evidence/{hash}",
                                         "GET /blockchain/tampering",
                                         "GET /blockchain/export",
                                         NULL};
    http_response_t *answer = http_get(checks_client(server), path);
    const civ_json_t *endpoints = http_json(answer, "/endpoints");
    const char *const *route;

    CU_ASSERT(answer->status == 200);
    CU_ASSERT_STRING_EQUAL(checks_header(answer, "Content-Type"), "application/json");
    CU_ASSERT(http_json_bool(answer, "/success") == 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/service"), "civarcos");
    CU_ASSERT_STRING_NOT_EQUAL(http_json_text(answer, "/version"), "(absent)");
    CU_ASSERT_PTR_NOT_NULL_FATAL(endpoints);
    CU_ASSERT_PTR_NOT_NULL(civ_json_get_text(endpoints, apr_pstrcat(test_pool(), "GET ", prefix, NULL)));
    for (route = routes; *route; route++) {
        const char *place = strchr(*route, ' ') + 1;
        const char *name =
            apr_pstrcat(test_pool(), apr_pstrndup(test_pool(), *route, (apr_size_t)(place - *route)), prefix,
                        place, NULL);

        CU_ASSERT_PTR_NOT_NULL(civ_json_get_text(endpoints, name));
    }
}

static void test_root(void)
{
    check_root("/api", "/api");
    check_root("/api/", "/api");
    check_root("/evidence/api", "/evidence/api");
    check_root("/evidence/api/", "/evidence/api");
    check_root("/ledger%20of%20ours/", "/ledger of ours");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const char *next_of(const http_response_t *answer)
{
    const char *link = http_header(answer, "Link");

    return link ? link : "";
}

/* Whatever refers to another path has the prefix of the request. */
static void test_prefix_in_references(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *added =
        http_post(client, "/ledger%20of%20ours/blockchain/add", "{\"evidence\":[{\"n\":1},{\"n\":2}]}");
    const char *location = http_header(added, "Location");
    http_response_t *page = http_get(client, "/evidence/api/blockchain/search?limit=1");

    CU_ASSERT(added->status == 201);
    CU_ASSERT_PTR_NOT_NULL_FATAL(location);
    CU_ASSERT(strncmp(location, "/ledger%20of%20ours/blockchain/block/", 37) == 0);
    CU_ASSERT(http_get(client, location)->status == 200);
    CU_ASSERT(strncmp(next_of(page), "</evidence/api/blockchain/search?limit=1&cursor=", 48) == 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(client, "/evidence/api/openapi.json"), "/servers/0/url"),
                           "/evidence/api");
    CU_ASSERT_STRING_EQUAL(
        http_json_text(http_get(client, "/ledger%20of%20ours/openapi.json"), "/servers/0/url"),
        "/ledger%20of%20ours");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Rules of a more specific <Location> are added to those of the mount, and do not become a mount. */
static void test_specific_location(void)
{
    http_client_t *client = checks_client(server);
    apr_int64_t blocks = checks_blocks(client);
    http_response_t *denied = http_post(client, "/evidence/api/blockchain/add", "{\"evidence\":{}}");

    CU_ASSERT(denied->status == 403);
    CU_ASSERT(checks_blocks(client) == blocks);
    CU_ASSERT(http_post(client, "/api/blockchain/add", "{\"evidence\":{}}")->status == 201);
    CU_ASSERT(http_get(client, "/evidence/api/blockchain/info")->status == 200);
    CU_ASSERT(http_get(client, "/evidence/api/blockchain/addition")->status == 404);
    check_root("/evidence/api", "/evidence/api");
    CU_ASSERT(harness_log_is_clean(server, "AH01630", NULL));
}

/* What only begins like a mount is none of ours. */
static void test_beside_the_mount(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *page = http_get(client, "/index.html");

    CU_ASSERT(page->status == 200);
    CU_ASSERT_PTR_NULL(http_header(page, "X-Content-Type-Options"));
    CU_ASSERT(http_get(client, "/apix/health")->status == 404);
    CU_ASSERT_PTR_NULL(http_get(client, "/apix/health")->json);
    CU_ASSERT(http_get(client, "/evidence/health")->status == 404);
    CU_ASSERT(http_get(client, "/API/health")->status == 404);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_health(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *answer = http_get(client, "/api/health");
    const civ_json_t *read_only = http_json(answer, "/read_only");

    CU_ASSERT(answer->status == 200);
    CU_ASSERT(http_json_bool(answer, "/success") == 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/status"), "ok");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/database"), "ok");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/head"), "ok");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/worker"), "off");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/version"),
                           http_json_text(http_get(client, "/api"), "/version"));
    CU_ASSERT(read_only && read_only->type == CIV_JSON_NULL);
    CU_ASSERT(http_json_int(answer, "/height") == checks_blocks(client) - 1);
    CU_ASSERT_PTR_NULL(http_json(answer, "/error"));
    CU_ASSERT_PTR_NULL(http_header(answer, "Retry-After"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Metrics ----------------------------------------------------------------------------------------------- */

static const char *skip_name(const char *at)
{
    if (!apr_isalpha(*at) && *at != '_' && *at != ':') {
        return NULL;
    }
    while (apr_isalnum(*at) || *at == '_' || *at == ':') {
        at++;
    }
    return at;
}

/* name="value",... in braces; values with their escapes. */
static const char *skip_labels(const char *at)
{
    if (*at != '{') {
        return at;
    }
    do {
        at = skip_name(at + 1);
        if (!at || at[0] != '=' || at[1] != '"') {
            return NULL;
        }
        for (at += 2; *at && *at != '"'; at++) {
            if (*at == '\\' && !strchr("\\\"n", *++at)) {
                return NULL;
            }
        }
        at += *at == '"';
    } while (*at == ',');
    return *at == '}' ? at + 1 : NULL;
}

/* The family of a sample: histograms have three kinds of them. */
static const char *family_of(const char *name, const apr_table_t *types)
{
    static const char *const suffixes[] = {"_bucket", "_sum", "_count", NULL};
    const char *const *suffix;

    for (suffix = suffixes; *suffix; suffix++) {
        apr_size_t length = strlen(name);
        apr_size_t tail = strlen(*suffix);

        if (length > tail && strcmp(name + length - tail, *suffix) == 0) {
            const char *family = apr_pstrndup(test_pool(), name, length - tail);
            const char *type = apr_table_get(types, family);

            if (type && strcmp(type, "histogram") == 0) {
                return family;
            }
        }
    }
    return name;
}

/* "# TYPE name type" comes once, before the samples of the name. */
static int read_comment(const char *line, apr_table_t *types)
{
    const char *end =
        strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0 ? skip_name(line + 7) : NULL;
    const char *name;

    if (!end || *end != ' ' || !end[1]) {
        return 0;
    }
    name = apr_pstrmemdup(test_pool(), line + 7, (apr_size_t)(end - line - 7));
    if (line[2] == 'T') {
        if (apr_table_get(types, name) ||
            (strcmp(end, " counter") != 0 && strcmp(end, " gauge") != 0 && strcmp(end, " histogram") != 0)) {
            return 0;
        }
        apr_table_set(types, name, end + 1);
    }
    return 1;
}

/* "name{labels} value", each name and labels once. */
static int read_sample(const char *line, const apr_table_t *types, apr_table_t *samples)
{
    const char *name_end = skip_name(line);
    const char *key_end = name_end ? skip_labels(name_end) : NULL;
    const char *name;
    const char *key;
    char *number_end;

    if (!key_end || *key_end != ' ') {
        return 0;
    }
    name = apr_pstrmemdup(test_pool(), line, (apr_size_t)(name_end - line));
    key = apr_pstrmemdup(test_pool(), line, (apr_size_t)(key_end - line));
    strtod(key_end + 1, &number_end);
    if (number_end == key_end + 1 || *number_end || !apr_table_get(types, family_of(name, types)) ||
        apr_table_get(samples, key)) {
        return 0;
    }
    apr_table_set(samples, key, key_end + 1);
    return 1;
}

/* Samples by name and labels, as text. */
static apr_table_t *scrape(http_client_t *client)
{
    http_response_t *answer = http_get(client, "/api/metrics");
    apr_table_t *types = apr_table_make(test_pool(), 32);
    apr_table_t *samples = apr_table_make(test_pool(), 128);
    char *state;
    char *line;

    CU_ASSERT(answer->status == 200);
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    CU_ASSERT(answer->length > 0 && answer->body[answer->length - 1] == '\n');
    for (line = apr_strtok(apr_pstrdup(test_pool(), answer->body), "\n", &state); line;
         line = apr_strtok(NULL, "\n", &state)) {
        if (*line == '#' ? !read_comment(line, types) : !read_sample(line, types, samples)) {
            test_note("bad line: %s", line);
            CU_FAIL("a line of the metrics is not of their format");
        }
    }
    return samples;
}

static long long sample(const apr_table_t *samples, const char *key)
{
    const char *text = apr_table_get(samples, key);

    return text ? strtoll(text, NULL, 10) : -1;
}

#define REQUESTS(method, route, status)                                                                      \
    "civarcos_requests_total{method=\"" method "\",route=\"" route "\",status=\"" status "\"}"

static void test_metrics(void)
{
    static const char duration[] = "civarcos_request_duration_seconds";
    http_client_t *client = checks_client(server);
    apr_table_t *before = scrape(client);
    apr_table_t *after;
    const char *count = apr_pstrcat(test_pool(), duration, "_count", NULL);
    const char *most = apr_pstrcat(test_pool(), duration, "_bucket{le=\"+Inf\"}", NULL);

    http_get(client, "/api/blockchain/block/0");
    http_get(client, "/evidence/api/blockchain/block/latest");
    http_get(client, "/api/blockchain/block/x");
    http_get(client, "/api/nothing/of/ours");
    http_post(client, "/api/blockchain/add", "{\"evidence\":[{},{}]}");
    after = scrape(client);
#define GREW(key, by) CU_ASSERT(sample(after, key) == sample(before, key) + (by))
    GREW(REQUESTS("GET", "/blockchain/block/{index}", "2xx"), 2);
    GREW(REQUESTS("GET", "/blockchain/block/{index}", "4xx"), 1);
    GREW(REQUESTS("GET", "/blockchain/block/{index}", "5xx"), 0);
    GREW(REQUESTS("POST", "/blockchain/add", "2xx"), 1);
    GREW(REQUESTS("other", "other", "4xx"), 1);
    GREW(REQUESTS("GET", "/metrics", "2xx"), 1);
    GREW("civarcos_head_height", 1);
    GREW("civarcos_entries", 2);
    GREW("civarcos_blocks_sealed_total", 1);
    GREW(count, 6);
#undef GREW
    CU_ASSERT(sample(after, count) == sample(after, most));
    CU_ASSERT(sample(after, "civarcos_difficulty_bits") == 8);
    CU_ASSERT(sample(after, "civarcos_read_only") == 0);
    CU_ASSERT(sample(after, "civarcos_pending") == 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* The buckets of the histogram count up. */
static void test_metrics_histogram(void)
{
    const apr_array_header_t *all = apr_table_elts(scrape(checks_client(server)));
    const apr_table_entry_t *entry = (const apr_table_entry_t *)all->elts;
    long long last = 0;
    int buckets = 0;
    int i;

    for (i = 0; i < all->nelts; i++) {
        if (strncmp(entry[i].key, "civarcos_request_duration_seconds_bucket", 40) == 0) {
            CU_ASSERT(strtoll(entry[i].val, NULL, 10) >= last);
            last = strtoll(entry[i].val, NULL, 10);
            buckets++;
        }
    }
    CU_ASSERT(buckets > 5 && last > 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"the list of endpoints", test_root},
    {"references have the prefix in use", test_prefix_in_references},
    {"a more specific Location", test_specific_location},
    {"beside the mount", test_beside_the_mount},
    {"health", test_health},
    {"metrics", test_metrics},
    {"the histogram of the metrics", test_metrics_histogram},
    {NULL, NULL},
};

const test_suite_t api_root_suite = {"api_root", setup, teardown, cases};
