/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_pages.c
 * The timeline read page by page: in order, filtered, and while it is written.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"
#include "unit/timeline_fixture.h"

#define ITEMS 200

static const char *const types[] = {CIV_ITEM_PIPELINE, CIV_ITEM_COMMIT, CIV_ITEM_ISSUE};
static const char *const sources[] = {"github", "jenkins"};
static const char *const projects[] = {"a", "b", "c"};

/* Many of one instant; projects of one name on two platforms. */
static civ_sync_item_t make(int number)
{
    civ_sync_item_t item = timeline_item(apr_psprintf(test_pool(), "%d", number), SYNC_NOW,
                                         apr_psprintf(test_pool(), "{\"n\":%d}", number));

    item.type = types[number % 3];
    item.source = sources[number / 3 % 2];
    item.project_id = projects[number / 7 % 3];
    item.timestamp = SYNC_NOW + (apr_int64_t)(number * 37 % 20) * 1000;
    return item;
}

static civ_engine_t *fill(const char *name, int count)
{
    civ_sync_item_t *items = apr_palloc(test_pool(), (apr_size_t)count * sizeof(*items));
    civ_engine_t *engine = sync_engine(name);
    int i;

    for (i = 0; i < count; i++) {
        items[i] = make(i);
        timeline_finish(&items[i]);
    }
    timeline_store(engine, items, count);
    return engine;
}

static civ_timeline_page_t read_page(const civ_engine_t *engine, civ_timeline_query_t *query)
{
    civ_timeline_page_t page;
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(civ_timeline_list(engine->store, query, &page, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(page.count <= query->limit);
    return page;
}

static int matches(const civ_sync_item_t *item, const civ_timeline_query_t *query)
{
    return (query->type == NULL || strcmp(query->type, item->type) == 0) &&
           (query->source == NULL || strcmp(query->source, item->source) == 0) &&
           (query->project_id == NULL || strcmp(query->project_id, item->project_id) == 0) &&
           item->timestamp >= query->start && (query->end == 0 || item->timestamp <= query->end);
}

static int is_behind(const civ_timeline_entry_t *entry, apr_int64_t timestamp, apr_int64_t number,
                     int is_descending)
{
    if (entry->timestamp != timestamp)
        return is_descending ? entry->timestamp < timestamp : entry->timestamp > timestamp;
    return is_descending ? entry->number < number : entry->number > number;
}

/* Page after page: exactly what matches, once, in order. */
static void check_query(const civ_engine_t *engine, civ_timeline_query_t query)
{
    apr_int64_t timestamp = query.is_descending ? APR_INT64_MAX : 0;
    apr_int64_t number = timestamp;
    int expected = 0, found = 0, i;
    civ_timeline_page_t page;

    for (i = 0; i < ITEMS; i++) {
        civ_sync_item_t item = make(i);

        expected += matches(&item, &query);
    }
    do {
        page = read_page(engine, &query);
        for (i = 0; i < page.count; i++) {
            const civ_timeline_entry_t *entry = &page.entries[i];
            civ_sync_item_t item = make((int)strtol(entry->native_id, NULL, 10));

            CU_ASSERT_TRUE(matches(&item, &query));
            CU_ASSERT_EQUAL(entry->timestamp, item.timestamp);
            CU_ASSERT_TRUE(is_behind(entry, timestamp, number, query.is_descending));
            timestamp = entry->timestamp;
            number = entry->number;
        }
        found += page.count;
        query.cursor = page.next;
    } while (page.next != NULL && found <= ITEMS);
    CU_ASSERT_EQUAL(found, expected);
}

static void test_orders_and_filters(void)
{
    civ_engine_t *engine = fill("filters.db", ITEMS);
    int i;

    for (i = 0; i < 64; i++) {
        civ_timeline_query_t query = {.limit = 17, .is_descending = i & 1};

        query.type = i & 2 ? types[1] : NULL;
        query.source = i & 4 ? sources[1] : NULL;
        query.project_id = i & 8 ? projects[2] : NULL;
        query.start = i & 16 ? SYNC_NOW + 4000 : 0;
        query.end = i & 32 ? SYNC_NOW + 15000 : 0;
        check_query(engine, query);
    }
    {
        civ_timeline_query_t nothing = {.limit = 10, .project_id = "stranger"};
        civ_timeline_query_t exact = {.limit = 1000};

        CU_ASSERT_EQUAL(read_page(engine, &nothing).count, 0);
        CU_ASSERT_EQUAL(read_page(engine, &exact).count, ITEMS);
        CU_ASSERT_PTR_NULL(read_page(engine, &exact).next);
        exact.limit = ITEMS;
        CU_ASSERT_PTR_NULL(read_page(engine, &exact).next);
    }
}

static void test_bad_cursors(void)
{
    static const char *const cursors[] = {"", "a", "a1.2", "a1.2.", "a1.2.3x", "d1.2.3", "a-1.2.3", "x1.2.3"};
    civ_engine_t *engine = fill("cursors.db", 3);
    civ_timeline_query_t query = {.limit = 1};
    civ_timeline_page_t page;
    civ_problem_t problem;
    unsigned i;

    for (i = 0; i < sizeof(cursors) / sizeof(cursors[0]); i++) {
        query.cursor = cursors[i];
        memset(&problem, 0, sizeof(problem));
        CU_ASSERT_EQUAL(civ_timeline_list(engine->store, &query, &page, &problem, test_pool()), CIV_EINVALID);
        CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INVALID_PARAMETER);
        CU_ASSERT_STRING_EQUAL(problem.parameter, "cursor");
    }
}

/* One thing after each page: something new anywhere, another version, another instant, another project. */
static void disturb(const civ_engine_t *engine, int step)
{
    civ_sync_item_t item = make(step * 53 % ITEMS);

    item.updated = SYNC_NOW + 1 + step;
    item.data = apr_psprintf(test_pool(), "{\"changed\":%d}", step);
    switch (step % 4) {
    case 0:
        item = make(ITEMS + step);
        break;
    case 1:
        break;
    case 2:
        item.timestamp = SYNC_NOW + (apr_int64_t)(step * 31 % 25) * 1000;
        break;
    default:
        item.project_id = "elsewhere";
        item.timestamp = SYNC_NOW + (apr_int64_t)(step * 29 % 25) * 1000;
        break;
    }
    timeline_put(engine, item);
}

#define NUMBERS 1500

static void check_while_written(const char *name, civ_timeline_query_t query)
{
    civ_engine_t *engine = fill(name, ITEMS);
    apr_int64_t expected[NUMBERS] = {0};
    int seen[NUMBERS] = {0};
    apr_int64_t before = query.is_descending ? APR_INT64_MAX : 0;
    civ_timeline_query_t whole = query;
    civ_timeline_page_t page;
    int step, i;

    for (step = 0; step < 60; step++)
        disturb(engine, step);
    whole.limit = 1000;
    page = read_page(engine, &whole);
    for (i = 0; i < page.count; i++)
        expected[strtol(page.entries[i].native_id, NULL, 10)] = page.entries[i].timestamp;
    do {
        page = read_page(engine, &query);
        for (i = 0; i < page.count; i++) {
            long number = strtol(page.entries[i].native_id, NULL, 10);

            seen[number]++;
            CU_ASSERT_TRUE(expected[number] == 0 || expected[number] == page.entries[i].timestamp);
            CU_ASSERT_TRUE(query.is_descending ? page.entries[i].timestamp <= before
                                               : page.entries[i].timestamp >= before);
            before = page.entries[i].timestamp;
        }
        query.cursor = page.next;
        for (i = 0; i < 12; i++)
            disturb(engine, step++);
    } while (page.next != NULL && step < NUMBERS - ITEMS - 12);
    CU_ASSERT_PTR_NULL(page.next);
    CU_ASSERT_TRUE(step > 150);
    for (i = 0; i < NUMBERS; i++)
        CU_ASSERT_TRUE(expected[i] != 0 ? seen[i] == 1 : seen[i] <= 1);
}

static void test_neither_skips_nor_repeats(void)
{
    civ_timeline_query_t query = {.limit = 7};

    check_while_written("written-up.db", query);
    query.is_descending = 1;
    check_while_written("written-down.db", query);
    if (test_is_slow())
        return;
    query.limit = 3;
    query.project_id = projects[1];
    check_while_written("written-project.db", query);
    query.project_id = NULL;
    query.source = sources[0];
    query.is_descending = 0;
    check_while_written("written-source.db", query);
}

/* A page ends where its data would be too much at once. */
static void test_page_is_bounded(void)
{
    civ_engine_t *engine = sync_engine("large.db");
    civ_sync_item_t items[200];
    civ_timeline_query_t query = {.limit = 1000};
    civ_timeline_page_t page;
    int i, found = 0;

    for (i = 0; i < 200; i++) {
        items[i] = make(i);
        items[i].data = apr_psprintf(test_pool(), "{\"a\":\"%059000d\"}", i);
        timeline_finish(&items[i]);
    }
    timeline_store(engine, items, 200);
    do {
        page = read_page(engine, &query);
        CU_ASSERT_TRUE(page.count > 0 && page.count <= CIV_TIMELINE_PAGE_BYTES / 59000);
        found += page.count;
        query.cursor = page.next;
    } while (page.next != NULL && page.count > 0);
    CU_ASSERT_EQUAL(found, 200);
}

/* --- several platforms about one commit --- */

#define SHA "acb5820ced9479c074f688cc328bf03f341a511d"

static civ_sync_item_t verdict(const char *source, const char *type, const char *title, const char *status,
                               int number)
{
    civ_sync_item_t item = timeline_item(apr_psprintf(test_pool(), "%d", number), SYNC_NOW + number,
                                         apr_psprintf(test_pool(), "{\"status\":\"%s\"}", status));

    item.source = source;
    item.instance = apr_pstrcat(test_pool(), source, ".test", NULL);
    item.type = type;
    item.title = title;
    item.status = status;
    item.timestamp = SYNC_NOW + number;
    item.sha = SHA;
    return item;
}

static civ_conflicts_page_t contradictions(const civ_engine_t *engine)
{
    civ_conflicts_page_t page;

    CU_ASSERT_EQUAL_FATAL(
        civ_conflicts_list(engine->store, CIV_CONFLICT_OF_PLATFORMS, 0, 10, &page, test_pool()), APR_SUCCESS);
    return page;
}

static void test_contradictions(void)
{
    civ_engine_t *engine = sync_engine("contradictions.db");
    civ_conflicts_page_t page;
    civ_timeline_page_t linked;

    timeline_put(engine, verdict("github", CIV_ITEM_CHECK, "Build ", CIV_STATUS_PASSED, 1));
    timeline_put(engine, verdict("jenkins", CIV_ITEM_BUILD, "build", CIV_STATUS_RUNNING, 2));
    timeline_put(engine, verdict("circle_ci", CIV_ITEM_JOB, "lint", CIV_STATUS_FAILED, 3));
    CU_ASSERT_EQUAL(contradictions(engine).count, 0);
    timeline_put(engine, verdict("jenkins", CIV_ITEM_BUILD, "build", CIV_STATUS_FAILED, 4));
    page = contradictions(engine);
    CU_ASSERT_EQUAL_FATAL(page.count, 1);
    CU_ASSERT_STRING_EQUAL(page.conflicts[0].sha, SHA);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(page.conflicts[0].positions, "\"source\":\"github\",\"status\":\"passed\""));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(page.conflicts[0].positions, "\"source\":\"jenkins\",\"status\":\"failed\""));
    CU_ASSERT_EQUAL(page.conflicts[0].position_count, 2);
    /* They are linked, and stay apart. */
    CU_ASSERT_EQUAL(civ_timeline_linked(engine->store, SHA, 0, 100, &linked, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(linked.count, 4);
    CU_ASSERT_EQUAL(
        civ_timeline_linked(engine->store, SHA, linked.entries[1].number, 1, &linked, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_EQUAL(linked.count, 1);
    CU_ASSERT_STRING_EQUAL(linked.entries[0].source, "circle_ci");
    /* The build is repeated: now they agree. */
    timeline_put(engine, verdict("jenkins", CIV_ITEM_BUILD, "build", CIV_STATUS_PASSED, 5));
    CU_ASSERT_EQUAL(contradictions(engine).count, 0);
    /* The check itself changes its mind. */
    {
        civ_sync_item_t item = verdict("github", CIV_ITEM_CHECK, "Build ", CIV_STATUS_FAILED, 1);

        item.updated += 10;
        timeline_put(engine, item);
    }
    CU_ASSERT_EQUAL(contradictions(engine).count, 1);
    CU_ASSERT_EQUAL(sync_int("contradictions.db", "SELECT COUNT(*) FROM civ_timeline_contradictions"), 1);
}

static const test_case_t cases[] = {
    {"orders_and_filters", test_orders_and_filters},
    {"bad_cursors", test_bad_cursors},
    {"neither_skips_nor_repeats", test_neither_skips_nor_repeats},
    {"page_is_bounded", test_page_is_bounded},
    {"contradictions", test_contradictions},
    {NULL, NULL},
};
const test_suite_t sync_pages_suite = {"pages", unit_folder_make, unit_folder_remove, cases};
