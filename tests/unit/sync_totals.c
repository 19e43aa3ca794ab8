/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_totals.c
 * What the timeline says that it holds is what is there, whatever was done to it and however old the database is.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"
#include "sync/overview.h"
#include "unit/timeline_fixture.h"

#define T1 (SYNC_NOW + 1000)
#define T2 (SYNC_NOW + 2000)

static civ_problem_t problem;

/* What is kept and what is counted, for each platform. */
static const char *kept(const char *name)
{
    return sync_text(name, "SELECT group_concat(line) FROM (SELECT source || ' ' || items || ' ' || versions "
                           "AS line FROM civ_timeline_totals WHERE versions > 0 ORDER BY 1) AS x");
}

static const char *counted(const char *name)
{
    return sync_text(
        name, "SELECT group_concat(line) FROM (SELECT i.source || ' ' || COUNT(DISTINCT i.item) || ' ' "
              "|| COUNT(*) AS line FROM civ_timeline_items i JOIN civ_timeline_versions v ON v.item = "
              "i.item GROUP BY i.source ORDER BY 1) AS x");
}

static void check(const civ_engine_t *engine, const char *name)
{
    apr_int64_t versions, items;

    CU_ASSERT_STRING_EQUAL(kept(name), counted(name));
    CU_ASSERT_EQUAL(civ_overview_count(engine, &versions, &items, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(versions, sync_int(name, "SELECT COUNT(*) FROM civ_timeline_versions"));
    CU_ASSERT_EQUAL(items, sync_int(name, "SELECT COUNT(*) FROM civ_timeline_items"));
}

/* A page of two platforms: each item twice, with @a variants different contents of one time. */
static void store_page(const civ_engine_t *engine, int first, apr_int64_t updated, int variants)
{
    civ_sync_item_t items[80];
    int i;

    for (i = 0; i < 80; i++) {
        items[i] = timeline_item(apr_psprintf(test_pool(), "%d", first + i / 2), updated,
                                 apr_psprintf(test_pool(), "{\"n\":%d}", i % variants));
        if (i % 8 < 2)
            items[i].source = "jenkins";
        timeline_finish(&items[i]);
    }
    timeline_store(engine, items, 80);
}

static void resolve_all(const civ_engine_t *engine)
{
    civ_resolution_t resolution = {.policy = CIV_POLICY_LATEST, .author = "jo"};
    civ_conflicts_page_t page;
    apr_int64_t count;

    CU_ASSERT_EQUAL(civ_conflicts_resolve(engine->store, &engine->transactor, &resolution, &page, &count,
                                          &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_TRUE(count > 0);
}

static apr_int64_t deduplicate(const civ_engine_t *engine)
{
    apr_int64_t removed;

    CU_ASSERT_EQUAL(civ_timeline_deduplicate(engine->store, &engine->transactor, NULL, NULL, &removed,
                                             &problem, test_pool()),
                    APR_SUCCESS);
    return removed;
}

/* Versions that say nothing new, as an earlier release may have stored them: those with even numbers once more. */
static void copy_versions(const char *name)
{
    static const char COPY[] =
        "INSERT INTO civ_timeline_versions (number, item, version, timestamp, project, attempt, updated, "
        "chosen, origin, revision, content_hash, raw_hash, entry_hash, stored, status, title, author, sha, "
        "url, source_url, data) SELECT number + 100000, item, version + 100, timestamp, project, attempt, "
        "updated, 0, origin, revision, content_hash, raw_hash, entry_hash, stored, status, title, author, "
        "sha, url, source_url, data FROM civ_timeline_versions WHERE number %% 2 = 0";
    static const char RECOUNT[] =
        "UPDATE civ_timeline_totals SET versions = (SELECT COUNT(*) FROM civ_timeline_items i JOIN "
        "civ_timeline_versions v ON v.item = i.item WHERE i.source = civ_timeline_totals.source)";

    CU_ASSERT_EQUAL(database_do(unit_path(name), apr_psprintf(test_pool(), COPY)), 0);
    CU_ASSERT_EQUAL(database_do(unit_path(name), RECOUNT), 0);
}

static void test_kept(void)
{
    civ_engine_t *engine = sync_engine("kept.db");
    civ_sync_item_t item = timeline_item("1", T1, "{}");
    int i;

    check(engine, "kept.db"); /* nothing */
    for (i = 0; i < 3; i++) {
        store_page(engine, i * 30, T1,
                   1 + i); /* some of the page before again, and then in conflict with it */
        check(engine, "kept.db");
    }
    CU_ASSERT_TRUE(sync_int("kept.db", "SELECT COUNT(*) FROM civ_timeline_conflicts WHERE state = 0") > 0);
    store_page(engine, 0, T1, 3);
    store_page(engine, 0, T1, 3);
    store_page(engine, 10, T2, 2);
    store_page(engine, 10, T1 - 5, 5);
    check(engine, "kept.db");
    resolve_all(engine);
    timeline_gone(engine, &item);
    check(engine, "kept.db");
    CU_ASSERT_EQUAL(deduplicate(engine), 0);
    copy_versions("kept.db");
    check(engine, "kept.db");
    CU_ASSERT_TRUE(deduplicate(engine) > 0);
    check(engine, "kept.db");
    CU_ASSERT_EQUAL(deduplicate(engine), 0);
    store_page(engine, 1000, 0, 2);
    check(engine, "kept.db");
}

/* A database as the release before left it: it is counted once. */
static void test_filled(void)
{
    civ_engine_t *engine = sync_engine("older.db");

    store_page(engine, 0, T1, 3);
    store_page(engine, 20, T2, 2);
    CU_ASSERT_EQUAL(database_do(unit_path("older.db"), "DROP TABLE civ_timeline_totals"), 0);
    CU_ASSERT_EQUAL(
        database_do(unit_path("older.db"), "UPDATE civ_schema SET version = 1 WHERE area = 'timeline'"), 0);
    engine = sync_engine("older.db");
    CU_ASSERT_TRUE(sync_int("older.db", "SELECT SUM(versions) FROM civ_timeline_totals") > 100);
    check(engine, "older.db");
    store_page(engine, 40, T2, 4);
    check(engine, "older.db");
    /* And an empty one. */
    engine = sync_engine("older-empty.db");
    check(engine, "older-empty.db");
}

typedef struct writer_t {
    const char *name;
    int first;
} writer_t;

static int write_much(void *baton)
{
    const writer_t *writer = baton;
    civ_engine_t *engine = sync_engine(writer->name);
    int i;

    for (i = 0; i < 8; i++)
        store_page(engine, writer->first + i * 10, T1 + i, 3);
    return 0;
}

/* Several processes at once, of the same platforms: nobody's rows are forgotten, and nobody waits for ever. */
static void test_several_writers(void)
{
    writer_t writers[] = {{"several.db", 0}, {"several.db", 20}, {"several.db", 1000}};
    civ_engine_t *engine = sync_engine("several.db");
    int pids[3];
    int i;

    for (i = 0; i < 3; i++)
        pids[i] = unit_child_start(write_much, &writers[i]);
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(unit_child_wait(pids[i]), 0);
    CU_ASSERT_TRUE(sync_int("several.db", "SELECT COUNT(*) FROM civ_timeline_items") > 200);
    check(engine, "several.db");
}

static const test_case_t cases[] = {
    {"kept", test_kept},
    {"filled", test_filled},
    {"several_writers", test_several_writers},
    {NULL, NULL},
};
const test_suite_t sync_totals_suite = {"totals", unit_folder_make, unit_folder_remove, cases};
