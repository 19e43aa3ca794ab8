/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_search.c
 * Searching: every condition against what the export says, and paging while others append.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "integration/search_model.h"
#include "support/runner.h"

#include "base/timestamp.h"

#include <apr_strings.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define ADD    "/api/blockchain/add"
#define SEARCH "/api/blockchain/search"

#define BLOCKS 40

static harness_t *server;

static int setup(void)
{
    static const char *const types[] = {"test_result", "coverage", "scan", "tests"};
    http_client_t *client;
    int failed = 0;
    int i;

    server = harness_start(NULL);
    if (!server) {
        return 1;
    }
    client = checks_client(server);
    for (i = 0; i < BLOCKS; i++) {
        const char *json = apr_psprintf(test_pool(),
                                        "{\"evidence\":[{\"type\":\"%s\",\"n\":%d},{\"type\":\"%s\",\"Tool\":"
                                        "\"GCC 100%%_%d\"},{\"n\":%d}]}",
                                        types[i % 4], i, types[(i + 1) % 4], i % 3, i % 7);

        failed |= http_post(client, ADD, json)->status != 201;
    }
    failed |=
        http_post(
            client, ADD,
            "{\"evidence\":[{\"type\":\"a&b=c +%\\u00e9\",\"note\":\"Gr\\u00fc\\u00dfe \\\"x\\\\y\\\"\"},"
            "{\"type\":\"a\\\"b\"}]}")
            ->status != 201;
    return failed;
}

static int teardown(void)
{
    return harness_stop(server);
}

/* -- Conditions -------------------------------------------------------------------------------------------- */

static void test_everything(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *page = http_get(client, SEARCH);

    search_check(client, "", &search_all, 3 * BLOCKS + 3);
    CU_ASSERT(http_json_int(page, "/count") == 100);
    CU_ASSERT_PTR_NOT_NULL(search_next_page(page));
    CU_ASSERT_STRING_EQUAL(checks_header(page, "Cache-Control"), "no-cache");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_type(void)
{
    http_client_t *client = checks_client(server);
    search_conditions_t wanted = search_all;

    wanted.type = "tests";
    search_check(client, "type=tests", &wanted, 20);
    wanted.type = "test";
    search_check(client, "type=test", &wanted, 0);
    wanted.type = "Tests";
    search_check(client, "type=Tests", &wanted, 0);
    wanted.type = "civarcos.genesis";
    search_check(client, "type=civarcos.genesis", &wanted, 1);
    wanted.type = "a&b=c +%\xc3\xa9";
    search_check(client, "type=a%26b%3Dc+%2B%25%C3%A9", &wanted, 1);
    wanted.type = "a\"b";
    search_check(client, "type=a%22b", &wanted, 1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_blocks(void)
{
    http_client_t *client = checks_client(server);
    search_conditions_t wanted = search_all;

    wanted.from = 5;
    wanted.to = 8;
    search_check(client, "block_from=5&block_to=8", &wanted, 12);
    wanted.type = "coverage";
    search_check(client, "type=coverage&block_to=8&block_from=5", &wanted, 1);
    wanted = search_all;
    wanted.to = 0;
    search_check(client, "block_to=0", &wanted, 1);
    wanted.to = APR_INT64_MAX;
    wanted.from = 30;
    search_check(client, "block_from=30", &wanted, 33);
    wanted.from = 999999999999;
    search_check(client, "block_from=999999999999", &wanted, 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* The same moment in other words. */
static const char *in_zone(apr_int64_t time, int hours, const char *zone)
{
    char text[CIV_TIMESTAMP_SIZE];

    civ_timestamp_format(text, time + (apr_int64_t)hours * 3600000);
    text[strlen(text) - 1] = '\0';
    return apr_pstrcat(test_pool(), text, zone, NULL);
}

static void test_times(void)
{
    http_client_t *client = checks_client(server);
    const apr_array_header_t *entries = search_entries(client);
    const search_entry_t *early = &APR_ARRAY_IDX(entries, 31, search_entry_t);
    const search_entry_t *late = &APR_ARRAY_IDX(entries, 76, search_entry_t);
    const char *day = apr_pstrmemdup(test_pool(), early->time_text, 10);
    search_conditions_t wanted = search_all;

    wanted.since = early->time;
    search_check(client, apr_pstrcat(test_pool(), "since=", early->time_text, NULL), &wanted, 60);
    search_check(client, apr_pstrcat(test_pool(), "since=", in_zone(early->time, 2, "%2B02:00"), NULL),
                 &wanted, 60);
    search_check(client, apr_pstrcat(test_pool(), "since=", in_zone(early->time, -5, "-05:00"), NULL),
                 &wanted, 60);
    wanted.until = late->time;
    search_check(client,
                 apr_pstrcat(test_pool(), "since=", early->time_text, "&until=", late->time_text, NULL),
                 &wanted, 40);
    wanted.since = APR_INT64_MIN;
    search_check(client, apr_pstrcat(test_pool(), "until=", late->time_text, NULL), &wanted, 70);
    wanted = search_all;
    CU_ASSERT(civ_timestamp_parse(&wanted.since, day) == APR_SUCCESS);
    search_check(client, apr_pstrcat(test_pool(), "since=", day, NULL), &wanted, 1);
    wanted.until = wanted.since;
    wanted.since = APR_INT64_MIN;
    search_check(client, apr_pstrcat(test_pool(), "until=", day, NULL), &wanted, 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_hash(void)
{
    http_client_t *client = checks_client(server);
    search_conditions_t wanted = search_all;

    wanted.hash = checks_hash_text("{\"n\":3}");
    search_check(client, apr_pstrcat(test_pool(), "hash=", wanted.hash, NULL), &wanted, 5);
    wanted.from = 10;
    search_check(client, apr_pstrcat(test_pool(), "block_from=10&hash=", wanted.hash, NULL), &wanted, 3);
    wanted.hash = checks_hash_text("{\"unknown\":3}");
    search_check(client, apr_pstrcat(test_pool(), "hash=", wanted.hash, NULL), &wanted, 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Wildcards of databases mean themselves. */
static void test_text(void)
{
    static const struct {
        const char *query;
        const char *text;
        int least;
    } texts[] = {{"q=100%25_1", "100%_1", 10},
                 {"q=gcc+100%25_2", "gcc 100%_2", 10},
                 {"q=%25%25", "%%", 0},
                 {"q=1__", "1__", 0},
                 {"q=Gr%C3%BC%C3%9F", "gr\xc3\xbc\xc3\x9f", 1},
                 {"q=COVERAGE", "coverage", 20},
                 {"q=no+such+text", "no such text", 0},
                 {"q=%27%3B--", "';--", 0}};
    http_client_t *client = checks_client(server);
    search_conditions_t wanted = search_all;
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wanted.text = texts[i].text;
        search_check(client, texts[i].query, &wanted, texts[i].least);
    }
    wanted.text = "gcc";
    wanted.type = "scan";
    wanted.from = 3;
    search_check(client, "q=gcc&type=scan&block_from=3", &wanted, 5);
    /* It is the canonical form that is searched, with its escapes. */
    CU_ASSERT(http_json_int(http_get(client, SEARCH "?q=x%5Cy"), "/count") == 0);
    CU_ASSERT(http_json_int(http_get(client, SEARCH "?q=%5C%22x%5C%5Cy%5C%22"), "/count") == 1);
    CU_ASSERT(http_json_int(http_get(client, SEARCH "?q=%22n%22%3A6%7D"), "/count") > 3);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Bad parameters ---------------------------------------------------------------------------------------- */

static void test_bad_parameters(void)
{
    static const struct {
        const char *query;
        const char *parameter;
    } bad[] = {
        {"limit=0", "limit"},
        {"limit=1001", "limit"},
        {"limit=-1", "limit"},
        {"limit=ten", "limit"},
        {"limit=10x", "limit"},
        {"limit=010", "limit"},
        {"limit=", "limit"},
        {"limit", "limit"},
        {"limit=5&limit=5", "limit"},
        {"limit=99999999999999999999", "limit"},
        {"type=a&type=b", "type"},
        {"type=%ff", "type"},
        {"type=%C3", "type"},
        {"type=a%00b", "type"},
        {"type=%ED%A0%80", "type"},
        {"q=%zz", "q"},
        {"q=%4", "q"},
        {"q=", "q"},
        {"since=yesterday", "since"},
        {"since=2026-13-01", "since"},
        {"since=2026-02-30", "since"},
        {"since=2026-11-22T07:05:21", "since"},
        {"since=1763793921", "since"},
        {"until=2026-11-22T25:00:00Z", "until"},
        {"since=2026-01-02&until=2026-01-01", "since"},
        {"block_from=-1", "block_from"},
        {"block_to=1.5", "block_to"},
        {"block_from=2&block_to=1", "block_from"},
        {"block_to=9999999999999999999", "block_to"},
        {"hash=abc", "hash"},
        {"hash=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF", "hash"},
        {"cursor=x", "cursor"},
        {"cursor=AQAAAAAAAAAA%3D", "cursor"},
        {"cursor=AgAAAAAAAAAA", "cursor"},
        {"cursor=AQAAAAAAAAAAAA", "cursor"},
        {"colour=red", "colour"},
        {"Type=a", "Type"},
        {"type=a&x=1", "x"},
    };
    http_client_t *client = checks_client(server);
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CU_ASSERT(checks_bad_parameter(
            http_get(client, apr_pstrcat(test_pool(), SEARCH "?", bad[i].query, NULL)), bad[i].parameter));
    }
    CU_ASSERT(checks_bad_parameter(http_get(client, checks_repeat(SEARCH "?type=", "t", 129, "")), "type"));
    CU_ASSERT(checks_bad_parameter(http_get(client, checks_repeat(SEARCH "?q=", "q", 1025, "")), "q"));
    CU_ASSERT(http_is_problem(http_get(client, SEARCH "?%ff=1"), 400));
    CU_ASSERT(http_get(client, checks_repeat(SEARCH "?type=", "t", 128, ""))->status == 200);
    CU_ASSERT(http_get(client, checks_repeat(SEARCH "?q=", "q", 1024, ""))->status == 200);
    CU_ASSERT(http_get(client, SEARCH "?")->status == 200);
    CU_ASSERT(http_get(client, SEARCH "?limit=1&&type=a&")->status == 200);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- Paging while others append ---------------------------------------------------------------------------- */

typedef struct appender_t {
    const char *url;
    atomic_int stop;
    atomic_int added;
    atomic_int failed;
} appender_t;

static void *append(void *baton)
{
    appender_t *appender = baton;
    apr_pool_t *pool;
    http_client_t *client;

    apr_pool_create(&pool, NULL);
    client = http_client(appender->url, pool);
    while (!appender->stop) {
        if (http_post(client, ADD,
                      "{\"evidence\":[{\"type\":\"scan\",\"late\":1},{\"type\":\"scan\",\"late\":2}]}")
                ->status == 201) {
            appender->added++;
        } else {
            appender->failed++;
        }
        http_forget(client);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static int has_added(void *baton)
{
    return ((appender_t *)baton)->added >= 3;
}

/* What was there at the start comes just once; what comes later does not push it around. */
static void page_through(http_client_t *client, const char *path, const char *type, int limit)
{
    const apr_array_header_t *before = search_entries(client);
    const apr_array_header_t *results = search_collect(client, path, limit);
    apr_int64_t last = APR_INT64_MAX;
    int found = 0;
    int wanted = 0;
    int i;

    for (i = 0; i < before->nelts; i++) {
        const search_entry_t *entry = &APR_ARRAY_IDX(before, i, search_entry_t);

        wanted += !type || (entry->type && strcmp(entry->type, type) == 0);
    }
    for (i = 0; i < results->nelts; i++) {
        apr_int64_t leaf = checks_int(APR_ARRAY_IDX(results, i, const civ_json_t *), "/leaf_index");

        CU_ASSERT(leaf < last);
        found += leaf < before->nelts;
        last = leaf;
    }
    CU_ASSERT(found == wanted && wanted >= 20);
}

static void test_paging_while_others_append(void)
{
    http_client_t *client = checks_client(server);
    appender_t appender = {server->url, 0, 0, 0};
    pthread_t threads[3];
    int i;

    for (i = 0; i < 3; i++) {
        CU_ASSERT_FATAL(pthread_create(&threads[i], NULL, append, &appender) == 0);
    }
    CU_ASSERT(harness_wait(has_added, &appender, 30) == 0);
    page_through(client, SEARCH "?limit=3", NULL, 3);
    page_through(client, SEARCH "?limit=2&type=scan", "scan", 2);
    page_through(client, SEARCH "?limit=1&type=coverage", "coverage", 1);
    appender.stop = 1;
    for (i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    CU_ASSERT(appender.failed == 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* A cursor goes on where its page ended, also when the server has been restarted meanwhile. */
static void test_cursor_survives(void)
{
    http_client_t *client = checks_client(server);
    const char *next = search_next_page(http_get(client, SEARCH "?type=coverage&limit=4"));
    http_response_t *second = next ? http_get(client, next) : NULL;

    CU_ASSERT_FATAL(second != NULL && second->status == 200);
    CU_ASSERT(harness_restart(server) == 0);
    client = checks_client(server);
    CU_ASSERT_STRING_EQUAL(http_get(client, next)->body, second->body);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {
    {"everything", test_everything},
    {"by type", test_type},
    {"by block", test_blocks},
    {"by time", test_times},
    {"by hash", test_hash},
    {"by text", test_text},
    {"bad parameters", test_bad_parameters},
    {"paging while others append", test_paging_while_others_append},
    {"a cursor survives a restart", test_cursor_survives},
    {NULL, NULL},
};

const test_suite_t ledger_search_suite = {"ledger_search", setup, teardown, cases};
