/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_conflicts.c
 * The list of conflicts, decisions about them, and tidying.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"
#include "unit/timeline_fixture.h"

#define T1 (SYNC_NOW + 1000)
#define T2 (SYNC_NOW + 2000)

/* The longest one, the one with the most values, and the last one. */
#define LONG "{\"a\":\"a long text that says nothing\",\"b\":null,\"c\":\"\"}"
#define MOST "{\"a\":1,\"b\":{\"c\":[2,false]}}"
#define LAST "{\"a\":3}"

static civ_problem_t problem;

static void put_conflict(const civ_engine_t *engine, const char *native_id)
{
    civ_sync_item_t item = timeline_item(native_id, T1, LONG);

    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_NEW);
    item.origin = CIV_ORIGIN_MIRROR;
    item.data = MOST;
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_CONFLICT);
    item.data = LAST;
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_CONFLICT);
}

static civ_conflicts_page_t list(const civ_engine_t *engine, apr_int64_t after, int limit)
{
    civ_conflicts_page_t page;

    CU_ASSERT_EQUAL_FATAL(
        civ_conflicts_list(engine->store, CIV_CONFLICT_OF_VERSIONS, after, limit, &page, test_pool()),
        APR_SUCCESS);
    return page;
}

static const char *key_of(const char *native_id)
{
    civ_sync_item_t item = timeline_item(native_id, T1, LONG);

    return civ_digest_hex_dup(&timeline_finish(&item)->key, test_pool());
}

static const char *hash_of(const char *data)
{
    civ_sync_item_t item = timeline_item("1", T1, data);

    return civ_digest_hex_dup(&timeline_finish(&item)->content_hash, test_pool());
}

static const char *current(const civ_engine_t *engine, const char *native_id)
{
    civ_timeline_entry_t entry;

    CU_ASSERT_EQUAL_FATAL(civ_timeline_get(engine->store, key_of(native_id), &entry, test_pool()),
                          APR_SUCCESS);
    return entry.data;
}

static apr_status_t resolve(const civ_engine_t *engine, const civ_resolution_t *resolution,
                            civ_conflicts_page_t *page, apr_int64_t *count)
{
    memset(&problem, 0, sizeof(problem));
    return civ_conflicts_resolve(engine->store, &engine->transactor, resolution, page, count, &problem,
                                 test_pool());
}

static void test_list(void)
{
    civ_engine_t *engine = sync_engine("list.db");
    civ_conflicts_page_t page;

    CU_ASSERT_EQUAL(list(engine, 0, 10).count, 0);
    put_conflict(engine, "1");
    put_conflict(engine, "2");
    put_conflict(engine, "3");
    page = list(engine, 0, 2);
    CU_ASSERT_EQUAL_FATAL(page.count, 2);
    CU_ASSERT_STRING_EQUAL(page.conflicts[0].key, key_of("1"));
    CU_ASSERT_EQUAL_FATAL(page.conflicts[0].candidate_count, 3);
    CU_ASSERT_STRING_EQUAL(page.conflicts[0].candidates[0].data, LONG);
    CU_ASSERT_TRUE(page.conflicts[0].candidates[0].is_current);
    CU_ASSERT_FALSE(page.conflicts[0].candidates[1].is_current);
    CU_ASSERT_PTR_NULL(page.conflicts[0].event);
    page = list(engine, page.next, 2);
    CU_ASSERT_EQUAL(page.count, 1);
    CU_ASSERT_EQUAL(page.next, 0);
    CU_ASSERT_STRING_EQUAL(page.conflicts[0].key, key_of("3"));
}

static void test_policies(void)
{
    static const struct {
        civ_conflict_policy_e policy;
        const char *prefer;
        const char *winner;
    } rows[] = {
        {CIV_POLICY_MOST_COMPLETE, NULL, MOST},
        {CIV_POLICY_LATEST, NULL, LAST},
        {CIV_POLICY_PREFER, LAST, LAST},
    };
    civ_engine_t *engine = sync_engine("policies.db");
    civ_conflict_policy_e policy;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *id = apr_psprintf(test_pool(), "%u", i);
        civ_resolution_t resolution = {.policy = rows[i].policy, .key = key_of(id), .author = "jo"};
        civ_conflicts_page_t page;
        apr_int64_t count;

        if (rows[i].prefer != NULL)
            resolution.prefer = hash_of(rows[i].prefer);
        put_conflict(engine, id);
        CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), APR_SUCCESS);
        CU_ASSERT_EQUAL(count, 1);
        CU_ASSERT_STRING_EQUAL(current(engine, id), rows[i].winner);
        CU_ASSERT_EQUAL(list(engine, 0, 10).count, 0);
        CU_ASSERT_EQUAL(civ_conflict_policy_parse(&policy, civ_conflict_policy_name(rows[i].policy)),
                        APR_SUCCESS);
        CU_ASSERT_EQUAL(policy, rows[i].policy);
    }
    CU_ASSERT_EQUAL(civ_conflict_policy_parse(&policy, "longest"), CIV_EINVALID);
}

/* A decision is an event; it holds against what was decided, and not against what is newer. */
static void test_decision_holds(void)
{
    civ_engine_t *engine = sync_engine("decision.db");
    civ_resolution_t resolution = {.policy = CIV_POLICY_PREFER,
                                   .prefer = hash_of(LAST),
                                   .key = key_of("1"),
                                   .author = "jo",
                                   .reason = "seen \"it\" myself"};
    civ_conflicts_page_t page;
    apr_int64_t count;
    civ_sync_item_t item = timeline_item("1", T1, LONG);
    const char *event;

    put_conflict(engine, "1");
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(page.count, 1);
    event = page.conflicts[0].event;
    CU_ASSERT_PTR_NOT_NULL_FATAL(event);
    CU_ASSERT_PTR_NOT_NULL(strstr(event, "\"author\":\"jo\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(event, "\"reason\":\"seen \\\"it\\\" myself\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(event, "\"data\":" MOST));
    CU_ASSERT_PTR_NOT_NULL(strstr(event, hash_of(LAST)));
    CU_ASSERT_TRUE(page.conflicts[0].candidates[2].is_current);
    /* The platform says the same again. */
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_DUPLICATE);
    item.data = MOST;
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_DUPLICATE);
    CU_ASSERT_STRING_EQUAL(current(engine, "1"), LAST);
    CU_ASSERT_EQUAL(list(engine, 0, 10).count, 0);
    /* It says yet another thing: there is something to decide, and until then the decision holds. */
    item.data = "{\"a\":4}";
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_CONFLICT);
    CU_ASSERT_STRING_EQUAL(current(engine, "1"), LAST);
    CU_ASSERT_EQUAL(list(engine, 0, 10).count, 1);
    /* It says something newer. */
    item.updated = T2;
    CU_ASSERT_EQUAL(timeline_put(engine, item), CIV_TIMELINE_CHANGED);
    CU_ASSERT_STRING_EQUAL(current(engine, "1"), "{\"a\":4}");
    CU_ASSERT_EQUAL(list(engine, 0, 10).count, 0);
    CU_ASSERT_EQUAL(sync_int("decision.db", "SELECT COUNT(*) FROM civ_timeline_versions"), 5);
}

static void test_all_at_once(void)
{
    civ_engine_t *engine = sync_engine("all.db");
    civ_resolution_t resolution = {.policy = CIV_POLICY_MOST_COMPLETE, .author = "jo"};
    civ_conflicts_page_t page;
    apr_int64_t count;
    int i;

    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 0);
    for (i = 0; i < 20; i++)
        put_conflict(engine, apr_psprintf(test_pool(), "%d", i));
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 20);
    CU_ASSERT_EQUAL(page.count, 20);
    CU_ASSERT_EQUAL(list(engine, 0, 10).count, 0);
    for (i = 0; i < 20; i++)
        CU_ASSERT_STRING_EQUAL(current(engine, apr_psprintf(test_pool(), "%d", i)), MOST);
}

static void test_refusals(void)
{
    civ_engine_t *engine = sync_engine("refusals.db");
    civ_resolution_t resolution = {.policy = CIV_POLICY_LATEST, .key = key_of("2"), .author = "jo"};
    civ_conflicts_page_t page;
    apr_int64_t count;

    put_conflict(engine, "1");
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    resolution.key = key_of("1");
    resolution.policy = CIV_POLICY_PREFER;
    resolution.prefer = hash_of("{}");
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/prefer");
    resolution.key = NULL;
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), CIV_EINVALID);
    /* Nobody has said which one counts: nothing is decided. */
    resolution.prefer = NULL;
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/key");
    resolution.key = key_of("1");
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/prefer");
    resolution.key = NULL;
    resolution.policy = CIV_POLICY_LATEST;
    resolution.author = NULL;
    CU_ASSERT_EQUAL(resolve(engine, &resolution, &page, &count), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/author");
    CU_ASSERT_EQUAL(list(engine, 0, 10).count, 1);
}

/* --- tidying --- */

static apr_int64_t deduplicate(const civ_engine_t *engine)
{
    apr_int64_t removed;

    CU_ASSERT_EQUAL(civ_timeline_deduplicate(engine->store, &engine->transactor, NULL, NULL, &removed,
                                             &problem, test_pool()),
                    APR_SUCCESS);
    return removed;
}

static void test_deduplicate(void)
{
    static const char COPY[] =
        "INSERT INTO civ_timeline_versions (number, item, version, timestamp, project, attempt, updated, "
        "chosen, origin, revision, content_hash, raw_hash, entry_hash, stored, status, title, author, sha, "
        "url, source_url, data) SELECT number + %d, item, version + %d, timestamp, project, attempt, "
        "updated, chosen, origin, revision, content_hash, raw_hash, entry_hash, stored, status, title, "
        "author, sha, url, source_url, data FROM civ_timeline_versions WHERE number <= 200";
    civ_engine_t *engine = sync_engine("copies.db");
    civ_sync_item_t items[200];
    int i;

    for (i = 0; i < 200; i++) {
        items[i] = timeline_item(apr_psprintf(test_pool(), "%d", i / 2), T1 + i,
                                 apr_psprintf(test_pool(), "{\"n\":%d}", i % 5));
        timeline_finish(&items[i]);
    }
    timeline_store(engine, items, 200);
    CU_ASSERT_EQUAL(deduplicate(engine), 0);
    for (i = 1; i <= 3; i++)
        CU_ASSERT_EQUAL(
            database_do(unit_path("copies.db"), apr_psprintf(test_pool(), COPY, i * 1000, i * 10)), 0);
    /* For some items a copy is the current one. */
    CU_ASSERT_EQUAL(database_do(unit_path("copies.db"), "UPDATE civ_timeline_items SET version = version + "
                                                        "2000 WHERE item <= 10"),
                    0);
    CU_ASSERT_EQUAL(deduplicate(engine), 600);
    CU_ASSERT_EQUAL(sync_int("copies.db", "SELECT COUNT(*) FROM civ_timeline_versions"), 200);
    CU_ASSERT_EQUAL(sync_int("copies.db",
                             "SELECT COUNT(*) FROM civ_timeline_items i JOIN "
                             "civ_timeline_versions v ON v.number = i.version WHERE v.item = i.item "
                             "AND v.content_hash = i.content_hash"),
                    100);
    CU_ASSERT_EQUAL(deduplicate(engine), 0);
}

static const test_case_t cases[] = {
    {"list", test_list},
    {"policies", test_policies},
    {"decision_holds", test_decision_holds},
    {"all_at_once", test_all_at_once},
    {"refusals", test_refusals},
    {"deduplicate", test_deduplicate},
    {NULL, NULL},
};
const test_suite_t sync_conflicts_suite = {"conflicts", unit_folder_make, unit_folder_remove, cases};
