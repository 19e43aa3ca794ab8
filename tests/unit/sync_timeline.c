/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_timeline.c
 * What becomes of items that are told once more, later, earlier, differently, and in any order.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/canonical.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "support/database.h"
#include "support/runner.h"
#include "unit/timeline_fixture.h"

#define T1 (SYNC_NOW + 1000)
#define T2 (SYNC_NOW + 2000)
#define T3 (SYNC_NOW + 3000)

/* --- the rules --- */

static void test_versions(void)
{
    civ_engine_t *engine = sync_engine("versions.db");
    civ_sync_item_t first = timeline_item("1", T1, "{\"state\":\"running\"}");
    civ_sync_item_t same = timeline_item("1", T1, "{ \"state\" : \"running\" }");
    civ_sync_item_t newer = timeline_item("1", T3, "{\"state\":\"passed\"}");
    civ_sync_item_t late = timeline_item("1", T2, "{\"state\":\"queued\"}");
    civ_timeline_entry_t entry;
    civ_timeline_page_t page;
    apr_int64_t seen;

    newer.status = CIV_STATUS_PASSED;
    newer.title = "build";
    CU_ASSERT_EQUAL(timeline_put(engine, first), CIV_TIMELINE_NEW);
    CU_ASSERT_EQUAL(database_do(unit_path("versions.db"), "UPDATE civ_timeline_items SET last_seen = 5"), 0);
    CU_ASSERT_EQUAL(timeline_put(engine, same), CIV_TIMELINE_DUPLICATE);
    entry = timeline_get(engine, &first);
    seen = entry.last_seen;
    CU_ASSERT_TRUE(seen > 5);
    CU_ASSERT_EQUAL(entry.version, 1);
    CU_ASSERT_EQUAL(entry.versions, 1);
    CU_ASSERT_STRING_EQUAL(entry.data, "{\"state\":\"running\"}");
    CU_ASSERT_EQUAL(timeline_put(engine, newer), CIV_TIMELINE_CHANGED);
    CU_ASSERT_EQUAL(timeline_put(engine, late), CIV_TIMELINE_STALE);
    CU_ASSERT_EQUAL(timeline_put(engine, first), CIV_TIMELINE_DUPLICATE);
    CU_ASSERT_EQUAL(timeline_put(engine, late), CIV_TIMELINE_DUPLICATE);
    entry = timeline_get(engine, &first);
    CU_ASSERT_STRING_EQUAL(entry.data, "{\"state\":\"passed\"}");
    CU_ASSERT_STRING_EQUAL(entry.status, "passed");
    CU_ASSERT_STRING_EQUAL(entry.title, "build");
    CU_ASSERT_STRING_EQUAL(entry.project_id, "octo/hello");
    CU_ASSERT_STRING_EQUAL(entry.source_url, "https://api.github.com/runs");
    CU_ASSERT_EQUAL(entry.updated, T3);
    CU_ASSERT_EQUAL(entry.version, 2);
    CU_ASSERT_EQUAL(entry.versions, 3);
    /* All are kept. */
    CU_ASSERT_EQUAL(civ_timeline_history(engine->store, entry.key, 0, &page, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(page.count, 3);
    CU_ASSERT_STRING_EQUAL(page.entries[0].data, "{\"state\":\"queued\"}");
    CU_ASSERT_FALSE(page.entries[0].is_current);
    CU_ASSERT_TRUE(page.entries[1].is_current);
    CU_ASSERT_STRING_EQUAL(page.entries[2].data, "{\"state\":\"running\"}");
    CU_ASSERT_EQUAL(civ_timeline_history(engine->store, entry.key, 2, &page, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(page.count, 1);
    CU_ASSERT_EQUAL(sync_int("versions.db", "SELECT COUNT(*) FROM civ_timeline_conflicts"), 0);
}

static void test_page_tells_of_itself(void)
{
    civ_engine_t *engine = sync_engine("page.db");
    civ_sync_item_t items[60];
    civ_timeline_entry_t entry;
    int i;

    /* Thirty items, each twice on the page: once as it was, once as it is. */
    for (i = 0; i < 60; i++) {
        items[i] = timeline_item(apr_psprintf(test_pool(), "%d", i % 30), T1 + i,
                                 apr_psprintf(test_pool(), "{\"n\":%d}", i));
        timeline_finish(&items[i]);
    }
    CU_ASSERT_EQUAL(timeline_store(engine, items, 60), CIV_TIMELINE_CHANGED);
    CU_ASSERT_EQUAL(sync_int("page.db", "SELECT COUNT(*) FROM civ_timeline_items WHERE versions = 2"), 30);
    CU_ASSERT_EQUAL(sync_int("page.db", "SELECT COUNT(*) FROM civ_timeline_versions"), 60);
    CU_ASSERT_EQUAL(timeline_store(engine, items, 60), CIV_TIMELINE_DUPLICATE);
    CU_ASSERT_EQUAL(sync_int("page.db", "SELECT COUNT(*) FROM civ_timeline_versions"), 60);
    entry = timeline_get(engine, &items[7]);
    CU_ASSERT_STRING_EQUAL(entry.data, "{\"n\":37}");
}

/* A time of change that is not known is the time of arrival. */
static void test_unknown_time(void)
{
    civ_engine_t *engine = sync_engine("unknown.db");

    CU_ASSERT_EQUAL(timeline_put(engine, timeline_item("1", 0, "{\"a\":1}")), CIV_TIMELINE_NEW);
    CU_ASSERT_EQUAL(timeline_put(engine, timeline_item("1", 0, "{\"a\":1}")), CIV_TIMELINE_DUPLICATE);
    CU_ASSERT_EQUAL(timeline_put(engine, timeline_item("1", 0, "{\"a\":2}")), CIV_TIMELINE_CHANGED);
    CU_ASSERT_EQUAL(timeline_put(engine, timeline_item("1", 0, "{\"a\":1}")), CIV_TIMELINE_CHANGED);
    CU_ASSERT_EQUAL(sync_int("unknown.db", "SELECT COUNT(*) FROM civ_timeline_conflicts"), 0);
    CU_ASSERT_EQUAL(sync_int("unknown.db", "SELECT COUNT(*) FROM civ_timeline_versions"), 3);
}

static void test_conflict_is_decided_alike(void)
{
    static const char *const by_hash[] = {"{\"a\":1}", "{\"a\":2}"};
    civ_engine_t *engine = sync_engine("tie.db");
    civ_sync_item_t item, other;
    civ_timeline_entry_t entry;

    /* The trusted source, whichever comes first. */
    item = timeline_item("origin", T1, by_hash[0]);
    other = timeline_item("origin", T1, by_hash[1]);
    other.origin = CIV_ORIGIN_WEBHOOK;
    CU_ASSERT_EQUAL(timeline_put(engine, other), CIV_TIMELINE_NEW);
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_CONFLICT);
    entry = timeline_get(engine, &item);
    CU_ASSERT_STRING_EQUAL(entry.data, by_hash[0]);
    other.origin = CIV_ORIGIN_MIRROR;
    other.data = "{\"a\":3}";
    CU_ASSERT_EQUAL(timeline_put(engine, other), CIV_TIMELINE_CONFLICT);
    entry = timeline_get(engine, &item);
    CU_ASSERT_STRING_EQUAL(entry.data, by_hash[0]);
    CU_ASSERT_EQUAL(sync_int("tie.db", "SELECT COUNT(*) FROM civ_timeline_conflicts"), 1);
    /* The larger counter of changes. */
    item.native_id = other.native_id = "revision";
    item.revision = 2;
    other.revision = 1;
    other.origin = CIV_ORIGIN_PLATFORM;
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_NEW);
    CU_ASSERT_EQUAL(timeline_put(engine, other), CIV_TIMELINE_CONFLICT);
    entry = timeline_get(engine, &item);
    CU_ASSERT_STRING_EQUAL(entry.data, by_hash[0]);
    /* The larger hash. */
    item.native_id = other.native_id = "hash";
    item.revision = other.revision = 0;
    timeline_put(engine, item);
    timeline_put(engine, other);
    timeline_finish(&item);
    timeline_finish(&other);
    entry = timeline_get(engine, &item);
    CU_ASSERT_STRING_EQUAL(entry.content_hash,
                           memcmp(&item.content_hash, &other.content_hash, sizeof(civ_digest_t)) > 0
                               ? civ_digest_hex_dup(&item.content_hash, test_pool())
                               : civ_digest_hex_dup(&other.content_hash, test_pool()));
    /* Something newer ends it. */
    CU_ASSERT_EQUAL(timeline_put(engine, timeline_item("hash", T2, "{\"a\":9}")), CIV_TIMELINE_CHANGED);
    CU_ASSERT_EQUAL(sync_int("tie.db", "SELECT COUNT(*) FROM civ_timeline_conflicts WHERE state = 0"), 2);
}

static void test_gone_and_back(void)
{
    civ_engine_t *engine = sync_engine("away.db");
    civ_sync_item_t item = timeline_item("1", T1, "{}");
    civ_sync_item_t stranger = timeline_item("2", T1, "{}");
    civ_timeline_entry_t entry;

    timeline_put(engine, item);
    timeline_gone(engine, &item);
    timeline_gone(engine, &stranger);
    entry = timeline_get(engine, &item);
    CU_ASSERT_TRUE(entry.gone > 0);
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_DUPLICATE);
    entry = timeline_get(engine, &item);
    CU_ASSERT_EQUAL(entry.gone, 0);
    CU_ASSERT_EQUAL(civ_timeline_get(engine->store, "00", &entry, test_pool()), APR_NOTFOUND);
}

/* --- any order --- */

typedef struct told_t {
    const char *data;
    apr_int64_t updated;
    civ_item_origin_e origin;
    apr_int64_t revision;
} told_t;

/* The same content at two times, the same content from two sources, a conflict of three, and something older. */
static const told_t conflict[] = {
    {"{\"c\":\"a\"}", T1, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"b\"}", T2, CIV_ORIGIN_WEBHOOK, 0},
    {"{\"c\":\"c\"}", T2, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"a\"}", T2, CIV_ORIGIN_MIRROR, 0},
    {"{\"c\":\"b\"}", T2, CIV_ORIGIN_PLATFORM, 3}, {"{\"c\":\"d\"}", T1, CIV_ORIGIN_PLATFORM, 9},
};
/* A conflict that is over in the end, and what it was about once more. */
static const told_t settled[] = {
    {"{\"c\":\"a\"}", T1, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"b\"}", T1, CIV_ORIGIN_PLATFORM, 0},
    {"{\"c\":\"a\"}", T3, CIV_ORIGIN_WEBHOOK, 0},  {"{\"c\":\"b\"}", T2, CIV_ORIGIN_PLATFORM, 0},
    {"{\"c\":\"c\"}", T2, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"a\"}", T1, CIV_ORIGIN_WEBHOOK, 0},
};
/* Nothing but the hash decides. */
static const told_t equal[] = {
    {"{\"c\":\"a\"}", T2, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"b\"}", T2, CIV_ORIGIN_PLATFORM, 0},
    {"{\"c\":\"c\"}", T2, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"d\"}", T2, CIV_ORIGIN_PLATFORM, 0},
    {"{\"c\":\"a\"}", T1, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"b\"}", T1, CIV_ORIGIN_PLATFORM, 0},
};
/* A conflict that ends with its winner being told again, later. */
static const told_t confirmed[] = {
    {"{\"c\":\"a\"}", T1, CIV_ORIGIN_PLATFORM, 5}, {"{\"c\":\"b\"}", T1, CIV_ORIGIN_PLATFORM, 0},
    {"{\"c\":\"c\"}", T1, CIV_ORIGIN_PLATFORM, 0}, {"{\"c\":\"a\"}", T3, CIV_ORIGIN_PLATFORM, 0},
    {"{\"c\":\"d\"}", T1, CIV_ORIGIN_MIRROR, 0},   {"{\"c\":\"b\"}", T1, CIV_ORIGIN_PLATFORM, 2},
};
#define TOLD   6
#define ORDERS 720

/* The order with this number. */
static void permute(int number, int order[TOLD])
{
    int left[TOLD];
    int i, j;

    for (i = 0; i < TOLD; i++)
        left[i] = i;
    for (i = 0; i < TOLD; i++) {
        int pick = number % (TOLD - i);

        number /= TOLD - i;
        order[i] = left[pick];
        for (j = pick; j < TOLD - i - 1; j++)
            left[j] = left[j + 1];
    }
}

static civ_sync_item_t make_told(const told_t *told, int number)
{
    civ_sync_item_t item = timeline_item(apr_psprintf(test_pool(), "%d", number), told->updated, told->data);

    item.origin = told->origin;
    item.revision = told->revision;
    /* All of a version goes with its content. */
    item.title = told->data;
    item.timestamp = SYNC_NOW + told->data[6];
    return *timeline_finish(&item);
}

/* How many different ends there are: contents, ranks, titles, open conflicts and their candidates. */
static const char ENDS[] =
    "SELECT COUNT(*) FROM (SELECT DISTINCT i.content_hash, i.attempt, i.updated, i.origin, i.revision, "
    "i.timestamp, v.title, (SELECT COUNT(*) FROM civ_timeline_conflicts c WHERE c.item = i.item AND "
    "c.state = 0) AS open, (SELECT group_concat(hash) FROM (SELECT w.content_hash AS hash FROM "
    "civ_timeline_versions w WHERE w.item = i.item AND w.updated = i.updated AND w.attempt = i.attempt "
    "ORDER BY w.content_hash) AS x) AS candidates FROM civ_timeline_items i JOIN civ_timeline_versions v "
    "ON v.number = i.version) AS y";

static void check_orders(const char *name, const told_t *told, apr_int64_t open)
{
    civ_engine_t *engine = sync_engine(name);
    civ_sync_item_t *items = apr_palloc(test_pool(), ORDERS * sizeof(*items));
    int count = test_is_slow() ? 60 : ORDERS;
    int order[TOLD];
    int i, j;

    for (j = 0; j < TOLD; j++) {
        for (i = 0; i < count; i++) {
            permute(i, order);
            items[i] = make_told(&told[order[j]], i);
        }
        timeline_store(engine, items, count);
    }
    CU_ASSERT_EQUAL(sync_int(name, "SELECT COUNT(*) FROM civ_timeline_items"), count);
    CU_ASSERT_EQUAL(sync_int(name, ENDS), 1);
    CU_ASSERT_EQUAL(sync_int(name, "SELECT COUNT(*) FROM civ_timeline_conflicts WHERE state = 0"),
                    open * count);
    CU_ASSERT_EQUAL(sync_int(name, "SELECT COUNT(*) FROM civ_timeline_versions v JOIN civ_timeline_items i "
                                   "ON i.item = v.item AND i.version = v.number WHERE i.updated <> v.updated "
                                   "OR i.content_hash <> v.content_hash OR i.origin <> v.origin OR "
                                   "i.timestamp <> v.timestamp OR i.revision <> v.revision"),
                    0);
}

static void test_any_order(void)
{
    civ_timeline_entry_t entry;
    civ_sync_item_t item;

    check_orders("orders.db", conflict, 1);
    item = make_told(&conflict[4], 3);
    entry = timeline_get(sync_engine("orders.db"), &item);
    CU_ASSERT_STRING_EQUAL(entry.data, "{\"c\":\"b\"}");
    CU_ASSERT_EQUAL(entry.revision, 3);
    check_orders("settled.db", settled, 0);
    entry = timeline_get(sync_engine("settled.db"), &item);
    CU_ASSERT_STRING_EQUAL(entry.data, "{\"c\":\"a\"}");
    CU_ASSERT_EQUAL(entry.updated, T3);
    check_orders("equal.db", equal, 1);
    check_orders("confirmed.db", confirmed, 0);
}

/* --- shared vectors --- */

static civ_sync_item_t vector_item(const civ_json_t *record)
{
    civ_sync_item_t item;
    civ_buffer_t data;

    memset(&item, 0, sizeof(item));
    civ_buffer_init(&data, 256, test_pool());
    civ_canonical_write(&data, civ_json_get(record, "data"));
    item.source = civ_json_get_text(record, "platform");
    item.instance = civ_json_get_text(record, "instance");
    item.type = CIV_ITEM_PIPELINE;
    item.scope = item.project_id = civ_json_get_text(record, "scope");
    item.native_id = civ_json_get_text(record, "native_id");
    item.timestamp = SYNC_NOW;
    item.data = data.data;
    civ_timestamp_parse(&item.updated, civ_json_get_text(record, "updated_at"));
    return item;
}

static civ_timeline_outcome_e expected_outcome(const char *word)
{
    return strcmp(word, "duplicate") == 0       ? CIV_TIMELINE_DUPLICATE
           : strcmp(word, "new-version") == 0   ? CIV_TIMELINE_CHANGED
           : strcmp(word, "stale-ignored") == 0 ? CIV_TIMELINE_STALE
                                                : CIV_TIMELINE_NEW;
}

static void test_shared_vectors(void)
{
    const char *shared = test_shared_dir();
    const civ_json_t *json, *records, *outcomes;
    unsigned long length;
    civ_problem_t problem;
    apr_size_t i;
    char *text;

    text =
        shared != NULL
            ? test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/federation/sync-identity.json", NULL),
                             &length)
            : NULL;
    if (text == NULL) {
        test_note("skipped: no shared data");
        return;
    }
    {
        civ_json_limits_t limits = civ_json_request_limits;

        limits.size = length;
        CU_ASSERT_EQUAL_FATAL(civ_json_parse(&json, text, length, &limits, &problem, test_pool()),
                              APR_SUCCESS);
    }
    records = civ_json_get(json, "records");
    outcomes = civ_json_get(json, "outcomes");
    for (i = 0; i < outcomes->as.array.count; i++) {
        const civ_json_t *outcome = &outcomes->as.array.items[i];
        civ_engine_t *engine = sync_engine(apr_psprintf(test_pool(), "vector-%d.db", (int)i));
        apr_int64_t a = 0, b = 0;

        civ_json_to_int64(civ_json_get(outcome, "a"), &a);
        civ_json_to_int64(civ_json_get(outcome, "b"), &b);
        timeline_put(engine, vector_item(civ_json_get(&records->as.array.items[a], "record")));
        CU_ASSERT_EQUAL(
            timeline_put(engine, vector_item(civ_json_get(&records->as.array.items[b], "record"))),
            expected_outcome(civ_json_get_text(outcome, "result")));
    }
    CU_ASSERT_TRUE(i > 0);
}

/* --- the ledger's entries --- */

static void test_notes(void)
{
    static const civ_timeline_t noted = {.is_noted = 1};
    civ_engine_t *engine = sync_engine("noted.db");
    civ_sync_item_t item = timeline_item("1", T1, "{\"a\":\"x\"}");
    civ_timeline_entry_t entry;
    const civ_json_t *json;
    civ_json_limits_t limits = civ_json_request_limits;
    civ_problem_t problem;
    civ_digest_t digest;
    civ_buffer_t out;
    const char *note, *words;

    limits.size = 65535;
    engine->timeline = civ_timeline_writer(&noted);
    item.title = "a \"b\"\x01";
    item.author = "jo";
    item.sha = "acb5820ced9479c074f688cc328bf03f341a511d";
    timeline_put(engine, item);
    CU_ASSERT_EQUAL_FATAL(timeline_notes->nelts, 1);
    note = APR_ARRAY_IDX(timeline_notes, 0, const char *);
    entry = timeline_get(engine, &item);
    civ_digest_sha256(&digest, note, strlen(note));
    CU_ASSERT_STRING_EQUAL(entry.entry_hash, civ_digest_hex_dup(&digest, test_pool()));
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&json, note, strlen(note), &limits, &problem, test_pool()),
                          APR_SUCCESS);
    civ_buffer_init(&out, 1024, test_pool());
    civ_canonical_write(&out, json);
    CU_ASSERT_STRING_EQUAL(note, out.data);
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "key"), entry.key);
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "raw_hash"), entry.raw_hash);
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "content_hash"), entry.content_hash);
    /* Words and names are there by their hash. */
    CU_ASSERT_PTR_NULL(civ_json_get(json, "data"));
    CU_ASSERT_PTR_NULL(civ_json_get(json, "title"));
    CU_ASSERT_PTR_NULL(civ_json_get(json, "author"));
    words = apr_pstrcat(test_pool(), "{\"author\":\"jo\",\"content_hash\":\"", entry.content_hash,
                        "\",\"title\":\"a \\\"b\\\"\\u0001\"}", NULL);
    civ_digest_sha256(&digest, words, strlen(words));
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "detail_hash"), civ_digest_hex_dup(&digest, test_pool()));
    /* Seen again, there is nothing to say. */
    timeline_put(engine, item);
    CU_ASSERT_EQUAL(timeline_notes->nelts, 0);
    /* However large an item is, its entry is not. */
    item.native_id = "2";
    item.data = apr_psprintf(test_pool(), "{\"a\":\"%059000d\"}", 1);
    item.source_url = apr_psprintf(test_pool(), "https://x/%04000d", 1);
    item.url = apr_psprintf(test_pool(), "https://x/%02000d", 1);
    item.title = apr_psprintf(test_pool(), "%01000d", 1);
    timeline_put(engine, item);
    note = APR_ARRAY_IDX(timeline_notes, 0, const char *);
    CU_ASSERT_TRUE(strlen(note) < 8192);
    CU_ASSERT_EQUAL(civ_json_parse(&json, note, strlen(note), &limits, &problem, test_pool()), APR_SUCCESS);
}

static const test_case_t cases[] = {
    {"versions", test_versions},
    {"page_tells_of_itself", test_page_tells_of_itself},
    {"unknown_time", test_unknown_time},
    {"conflict_is_decided_alike", test_conflict_is_decided_alike},
    {"gone_and_back", test_gone_and_back},
    {"any_order", test_any_order},
    {"shared_vectors", test_shared_vectors},
    {"notes", test_notes},
    {NULL, NULL},
};
const test_suite_t sync_timeline_suite = {"timeline", unit_folder_make, unit_folder_remove, cases};
