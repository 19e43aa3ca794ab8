/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_search.c
 * Searching: every condition against what the export says, and paging while others append.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/http.h"
#include "integration/ledger_checks.h"
#include "support/runner.h"

#include "base/timestamp.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define ADD    "/api/blockchain/add"
#define SEARCH "/api/blockchain/search"

#define BLOCKS 40

/** One sealed entry, as the export has it. */
typedef struct entry_t {
    apr_int64_t leaf;
    apr_int64_t block;
    apr_int64_t time;
    const char *block_hash;
    const char *time_text;
    const char *hash;
    const char *type; /**< NULL: none */
    const civ_json_t *evidence;
} entry_t;

/** The conditions of a search, as the model applies them. */
typedef struct conditions_t {
    const char *type;
    const char *hash;
    const char *text; /**< in lower case */
    apr_int64_t since;
    apr_int64_t until;
    apr_int64_t from;
    apr_int64_t to;
} conditions_t;

static const conditions_t all = {NULL, NULL, NULL, APR_INT64_MIN, APR_INT64_MAX, 0, APR_INT64_MAX};

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

/* -- The model --------------------------------------------------------------------------------------------- */

static void take_block(apr_array_header_t *entries, const civ_json_t *block)
{
    const civ_json_t *evidence = civ_json_get(block, "evidence");
    apr_size_t i;

    for (i = 0; i < evidence->as.array.count; i++) {
        entry_t *entry = &APR_ARRAY_PUSH(entries, entry_t);

        entry->leaf = checks_int(block, "/first_leaf") + (apr_int64_t)i;
        entry->block = checks_int(block, "/index");
        entry->block_hash = checks_text(block, "/hash");
        entry->time_text = checks_text(block, "/timestamp");
        CU_ASSERT(civ_timestamp_parse(&entry->time, entry->time_text) == APR_SUCCESS);
        entry->evidence = &evidence->as.array.items[i];
        entry->hash = checks_hash(entry->evidence);
        entry->type = civ_json_get_text(entry->evidence, "type");
    }
}

/* All entries, oldest first. */
static apr_array_header_t *all_entries(http_client_t *client)
{
    apr_array_header_t *entries = apr_array_make(test_pool(), 256, sizeof(entry_t));
    const char *line = http_get(client, "/api/blockchain/export")->body;

    for (; *line; line = strchr(line, '\n') + 1) {
        take_block(entries, checks_parse(line, strcspn(line, "\n")));
    }
    return entries;
}

/* Only the members that the fixture writes are looked into: the texts searched for are in no other place. */
static int holds_text(const entry_t *entry, const char *text)
{
    static const char *const members[] = {"Tool", "note", "type", NULL};
    const char *const *member;

    for (member = members; *member; member++) {
        const char *value = civ_json_get_text(entry->evidence, *member);
        char *lower = apr_pstrdup(test_pool(), value ? value : "");
        char *at;

        for (at = lower; *at; at++) {
            *at = (char)apr_tolower(*at);
        }
        if (strstr(lower, text)) {
            return 1;
        }
    }
    return 0;
}

static int matches(const entry_t *entry, const conditions_t *wanted)
{
    return (!wanted->type || (entry->type && strcmp(entry->type, wanted->type) == 0)) &&
           (!wanted->hash || strcmp(entry->hash, wanted->hash) == 0) &&
           (!wanted->text || holds_text(entry, wanted->text)) && entry->time >= wanted->since &&
           entry->time <= wanted->until && entry->block >= wanted->from && entry->block <= wanted->to;
}

static int is_entry(const civ_json_t *result, const entry_t *entry)
{
    return checks_int(result, "/leaf_index") == entry->leaf &&
           checks_int(result, "/block_index") == entry->block &&
           strcmp(checks_text(result, "/block_hash"), entry->block_hash) == 0 &&
           strcmp(checks_text(result, "/timestamp"), entry->time_text) == 0 &&
           strcmp(checks_text(result, "/evidence_hash"), entry->hash) == 0 &&
           strcmp(checks_hash(civ_json_get(result, "evidence")), entry->hash) == 0;
}

/* The path that Link leads to, or NULL at the end. */
static const char *next_page(const http_response_t *page)
{
    const char *link = http_header(page, "Link");
    const char *end = link ? strchr(link, '>') : NULL;

    if (!link) {
        CU_ASSERT_PTR_NULL(http_json(page, "/next_cursor"));
        return NULL;
    }
    CU_ASSERT_FATAL(*link == '<' && end != NULL);
    CU_ASSERT_STRING_EQUAL(end, ">; rel=\"next\"");
    CU_ASSERT(strstr(link, apr_pstrcat(test_pool(), "cursor=", http_json_text(page, "/next_cursor"), ">",
                                       NULL)) != NULL);
    return apr_pstrmemdup(test_pool(), link + 1, (apr_size_t)(end - link - 1));
}

/* Follow a search to its end. @return results (const civ_json_t *), as they came */
static apr_array_header_t *collect(http_client_t *client, const char *path, int limit)
{
    apr_array_header_t *results = apr_array_make(test_pool(), 64, sizeof(const civ_json_t *));
    int pages = 0;

    while (path) {
        http_response_t *page = http_get(client, path);
        int count = http_json_count(page, "/results");
        int i;

        CU_ASSERT_FATAL(page->status == 200 && ++pages < 1000);
        CU_ASSERT(http_json_bool(page, "/success") == 1);
        CU_ASSERT(http_json_int(page, "/count") == count && count <= limit);
        for (i = 0; i < count; i++) {
            APR_ARRAY_PUSH(results, const civ_json_t *) =
                http_json(page, apr_psprintf(test_pool(), "/results/%d", i));
        }
        path = next_page(page);
    }
    return results;
}

/* That a search finds just what the model does, newest first, whatever the size of the pages. */
static void check(http_client_t *client, const char *query, const conditions_t *wanted, int least)
{
    static const int limits[] = {1000, 7};
    apr_array_header_t *entries = all_entries(client);
    int found = 0;
    int k;

    for (k = 0; k < 2; k++) {
        const char *path =
            apr_psprintf(test_pool(), SEARCH "?%s%slimit=%d", query, *query ? "&" : "", limits[k]);
        apr_array_header_t *results = collect(client, path, limits[k]);
        int i;

        found = 0;
        for (i = entries->nelts - 1; i >= 0; i--) {
            const entry_t *entry = &APR_ARRAY_IDX(entries, i, entry_t);

            if (matches(entry, wanted)) {
                CU_ASSERT(found < results->nelts &&
                          is_entry(APR_ARRAY_IDX(results, found, const civ_json_t *), entry));
                found++;
            }
        }
        CU_ASSERT(found == results->nelts && found >= least);
        if (found != results->nelts) {
            test_note("%s: %d expected, %d found", path, found, results->nelts);
        }
    }
}

/* -- Conditions -------------------------------------------------------------------------------------------- */

static void test_everything(void)
{
    http_client_t *client = checks_client(server);
    http_response_t *page = http_get(client, SEARCH);

    check(client, "", &all, 3 * BLOCKS + 3);
    CU_ASSERT(http_json_int(page, "/count") == 100);
    CU_ASSERT_PTR_NOT_NULL(next_page(page));
    CU_ASSERT_STRING_EQUAL(checks_header(page, "Cache-Control"), "no-cache");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_type(void)
{
    http_client_t *client = checks_client(server);
    conditions_t wanted = all;

    wanted.type = "tests";
    check(client, "type=tests", &wanted, 20);
    wanted.type = "test";
    check(client, "type=test", &wanted, 0);
    wanted.type = "Tests";
    check(client, "type=Tests", &wanted, 0);
    wanted.type = "civarcos.genesis";
    check(client, "type=civarcos.genesis", &wanted, 1);
    wanted.type = "a&b=c +%\xc3\xa9";
    check(client, "type=a%26b%3Dc+%2B%25%C3%A9", &wanted, 1);
    wanted.type = "a\"b";
    check(client, "type=a%22b", &wanted, 1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_blocks(void)
{
    http_client_t *client = checks_client(server);
    conditions_t wanted = all;

    wanted.from = 5;
    wanted.to = 8;
    check(client, "block_from=5&block_to=8", &wanted, 12);
    wanted.type = "coverage";
    check(client, "type=coverage&block_to=8&block_from=5", &wanted, 1);
    wanted = all;
    wanted.to = 0;
    check(client, "block_to=0", &wanted, 1);
    wanted.to = APR_INT64_MAX;
    wanted.from = 30;
    check(client, "block_from=30", &wanted, 33);
    wanted.from = 999999999999;
    check(client, "block_from=999999999999", &wanted, 0);
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
    const apr_array_header_t *entries = all_entries(client);
    const entry_t *early = &APR_ARRAY_IDX(entries, 31, entry_t);
    const entry_t *late = &APR_ARRAY_IDX(entries, 76, entry_t);
    const char *day = apr_pstrmemdup(test_pool(), early->time_text, 10);
    conditions_t wanted = all;

    wanted.since = early->time;
    check(client, apr_pstrcat(test_pool(), "since=", early->time_text, NULL), &wanted, 60);
    check(client, apr_pstrcat(test_pool(), "since=", in_zone(early->time, 2, "%2B02:00"), NULL), &wanted, 60);
    check(client, apr_pstrcat(test_pool(), "since=", in_zone(early->time, -5, "-05:00"), NULL), &wanted, 60);
    wanted.until = late->time;
    check(client, apr_pstrcat(test_pool(), "since=", early->time_text, "&until=", late->time_text, NULL),
          &wanted, 40);
    wanted.since = APR_INT64_MIN;
    check(client, apr_pstrcat(test_pool(), "until=", late->time_text, NULL), &wanted, 70);
    wanted = all;
    CU_ASSERT(civ_timestamp_parse(&wanted.since, day) == APR_SUCCESS);
    check(client, apr_pstrcat(test_pool(), "since=", day, NULL), &wanted, 1);
    wanted.until = wanted.since;
    wanted.since = APR_INT64_MIN;
    check(client, apr_pstrcat(test_pool(), "until=", day, NULL), &wanted, 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_hash(void)
{
    http_client_t *client = checks_client(server);
    conditions_t wanted = all;

    wanted.hash = checks_hash_text("{\"n\":3}");
    check(client, apr_pstrcat(test_pool(), "hash=", wanted.hash, NULL), &wanted, 5);
    wanted.from = 10;
    check(client, apr_pstrcat(test_pool(), "block_from=10&hash=", wanted.hash, NULL), &wanted, 3);
    wanted.hash = checks_hash_text("{\"unknown\":3}");
    check(client, apr_pstrcat(test_pool(), "hash=", wanted.hash, NULL), &wanted, 0);
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
    conditions_t wanted = all;
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        wanted.text = texts[i].text;
        check(client, texts[i].query, &wanted, texts[i].least);
    }
    wanted.text = "gcc";
    wanted.type = "scan";
    wanted.from = 3;
    check(client, "q=gcc&type=scan&block_from=3", &wanted, 5);
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
    const apr_array_header_t *before = all_entries(client);
    const apr_array_header_t *results = collect(client, path, limit);
    apr_int64_t last = APR_INT64_MAX;
    int found = 0;
    int wanted = 0;
    int i;

    for (i = 0; i < before->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(before, i, entry_t);

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
    const char *next = next_page(http_get(client, SEARCH "?type=coverage&limit=4"));
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
