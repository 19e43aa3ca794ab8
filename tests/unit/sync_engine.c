/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_engine.c
 * What a run stores, where it goes on after it was cut off, and what it asks for the next time.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/sync_fixture.h"

#define DATA CIV_HTTP_DATA
#define PROJECT                                                                                              \
    {                                                                                                        \
        "/project", DATA, "{\"id\":42,\"created\":\"2026-01-01T00:00:00Z\"}", NULL, NULL, 0                  \
    }
#define NOTHING                                                                                              \
    {"/issues*", DATA, "[]", NULL, NULL, 0}, {"/runs?*", DATA, "{\"total\":0,\"runs\":[]}", NULL, NULL, 0},  \
        {"/metrics", DATA, "[]", NULL, NULL, 0}, {"/folder", DATA, "[]", NULL, NULL, 0},                     \
        {"/commits*", DATA, "[]", NULL, NULL, 0},                                                            \
    {                                                                                                        \
        NULL, DATA, NULL, NULL, NULL, 0                                                                      \
    }
#define ITEM(id, at, state)                                                                                  \
    "{\"id\":" id ",\"at\":\"" at "\",\"updated\":\"" at "\",\"state\":\"" state "\",\"name\":\"n" id "\"}"
#define DAY1 "2026-03-29T10:00:00Z"
#define DAY2 "2026-03-30T10:00:00Z"
#define DAY3 "2026-03-31T10:00:00Z"

/* Two pages of issues, a page of runs with jobs, metrics, two streams of builds, commits: one of each. */
static const sync_answer_t everything[] = {
    PROJECT,
    {"/issues?page=2", DATA, "[" ITEM("3", DAY3, "closed") "," ITEM("2", DAY2, "closed") "]", NULL, NULL, 0},
    {"/issues", DATA, "[" ITEM("1", DAY1, "closed") "," ITEM("2", DAY2, "closed") "]", "/issues?page=2", NULL,
     0},
    {"/runs?*", DATA, "{\"total\":2,\"runs\":[" ITEM("10", DAY1, "done") "," ITEM("11", DAY2, "done") "]}",
     NULL, NULL, 0},
    {"/runs/10/jobs", DATA, "[" ITEM("100", DAY1, "done") "]", "/runs/10/jobs?page=2", NULL, 0},
    {"/runs/10/jobs?page=2", DATA, "[" ITEM("101", DAY1, "done") "]", NULL, NULL, 0},
    {"/runs/11/jobs", DATA, "[" ITEM("110", DAY2, "done") "]", NULL, NULL, 0},
    {"/metrics", DATA, "[" ITEM("900", DAY1, "done") "]", NULL, "\"m1\"", 0},
    {"/folder", DATA, "[\"a\",\"b\",\"a\"]", NULL, NULL, 0},
    {"/builds/a", DATA, "[" ITEM("20", DAY2, "done") "]", "/builds/a?page=2", NULL, 0},
    {"/builds/a?page=2", DATA, "[" ITEM("21", DAY1, "done") "]", NULL, NULL, 0},
    {"/builds/b", DATA, "[" ITEM("22", DAY1, "done") "]", NULL, NULL, 0},
    {"/commits", DATA, "[" ITEM("31", DAY3, "done") "," ITEM("30", DAY1, "done") "]", NULL, NULL, 0},
    {NULL, DATA, NULL, NULL, NULL, 0},
};
#define EVERYTHING_REQUESTS 13
#define EVERYTHING_ITEMS    14

static void test_stores_everything(void)
{
    civ_engine_t *engine = sync_engine("all.db");
    sync_platform_t *platform = sync_platform(everything);
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));
    civ_digest_t key;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, EVERYTHING_ITEMS);
    CU_ASSERT_EQUAL(report->duplicate, 1);
    CU_ASSERT_EQUAL(platform->requests, EVERYTHING_REQUESTS);
    CU_ASSERT_EQUAL(report->requests, EVERYTHING_REQUESTS);
    CU_ASSERT_EQUAL(sync_asked(platform, "/builds/a"), 2);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->fresh, 3);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->watermark_after, SYNC_NOW);
    CU_ASSERT_EQUAL(sync_int("all.db", "SELECT COUNT(*) FROM civ_sync_steps"), 0);
    CU_ASSERT_EQUAL(
        sync_int("all.db", "SELECT COUNT(*) FROM civ_sync_cursors WHERE watermark = 1775001600000"), 8);
    CU_ASSERT_STRING_EQUAL(sync_text("all.db", "SELECT bookmark FROM civ_sync_cursors WHERE kind = 'commit'"),
                           "31");
    CU_ASSERT_STRING_EQUAL(sync_text("all.db", "SELECT outcome FROM civ_sync_runs"), "ok");
    /* The key has the project's lasting id, not its name. */
    civ_digest_sha256(&key,
                      "example\x1fplatform.test\x1fissue\x1f"
                      "42\x1f"
                      "1",
                      32);
    CU_ASSERT_EQUAL(
        sync_int("all.db",
                 apr_psprintf(test_pool(), "SELECT COUNT(*) FROM civ_timeline_items WHERE item_key = '%s'",
                              civ_digest_hex_dup(&key, test_pool()))),
        1);
}

/* What changes while a list is being read is there the next time: its watermark is of its first page. */
static void test_watermark_is_of_the_start(void)
{
    sync_platform_t *platform = sync_platform(everything);
    civ_sync_report_t *report;

    platform->tick = 60000;
    report = sync_go(sync_engine("tick.db"), sync_run(platform));
    CU_ASSERT_STRING_EQUAL(((const char *const *)platform->asked->elts)[1], "/issues");
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->watermark_after, SYNC_NOW + 60000);
}

typedef struct killed_t {
    const char *name;
    int at;
} killed_t;

static int run_and_die(void *baton)
{
    const killed_t *killed = baton;
    sync_platform_t *platform = sync_platform(everything);

    platform->die_at = killed->at;
    sync_go(sync_engine(killed->name), sync_run(platform));
    return 0;
}

/* Whichever request it dies at: what is there in the end is the same, and what was committed is not asked for again. */
static void test_goes_on_after_kill(void)
{
    const char *expected;
    int at;

    sync_go(sync_engine("unkilled.db"), sync_run(sync_platform(everything)));
    expected = sync_contents("unkilled.db");
    CU_ASSERT_NOT_EQUAL(expected[0], '\0');
    for (at = 1; at <= EVERYTHING_REQUESTS; at += test_is_slow() ? 4 : 1) {
        killed_t killed = {apr_psprintf(test_pool(), "killed-%d.db", at), at};
        sync_platform_t *platform = sync_platform(everything);
        civ_sync_report_t *report;

        CU_ASSERT_EQUAL(unit_in_child(run_and_die, &killed), -1);
        CU_ASSERT_EQUAL(sync_int(killed.name,
                                 "SELECT COUNT(*) FROM civ_sync_cursors WHERE kind = 'commit' AND "
                                 "watermark > 0"),
                        0);
        report = sync_go(sync_engine(killed.name), sync_run(platform));
        CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
        CU_ASSERT_EQUAL(report->resumed, 1);
        CU_ASSERT_STRING_EQUAL(sync_contents(killed.name), expected);
        /* Parts are committed together; lists page by page. */
        CU_ASSERT_TRUE(platform->requests <= EVERYTHING_REQUESTS + 4 - at + 1);
        CU_ASSERT_EQUAL(sync_int(killed.name, "SELECT COUNT(*) FROM civ_sync_runs"), 1);
    }
}

static void test_goes_on_after_stop(void)
{
    civ_engine_t *engine = sync_engine("stopped.db");
    sync_platform_t *first = sync_platform(everything);
    sync_platform_t *second = sync_platform(everything);
    civ_sync_report_t *report;

    first->stop_at = 5;
    report = sync_go(engine, sync_run(first));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_INTERRUPTED);
    CU_ASSERT_EQUAL(first->requests, 5);
    report = sync_go(engine, sync_run(second));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(second->requests, EVERYTHING_REQUESTS - 5);
    CU_ASSERT_EQUAL(report->requests, EVERYTHING_REQUESTS);
}

/* The next run asks from the watermark less the overlap or the look-back on; nothing is stored twice. */
static void test_second_run_is_incremental(void)
{
    static const sync_answer_t later[] = {
        PROJECT,
        {"/issues?since=2026-03-31T23:50:00Z", DATA,
         "[{\"id\":3,\"at\":\"" DAY3
         "\",\"updated\":\"2026-03-31T23:55:00Z\",\"state\":\"reopened\",\"name\":\"n3\"}]",
         NULL, NULL, 0},
        {"/runs?created=2026-03-25T00:00:00Z..2026-04-02T00:00:00Z", DATA,
         "{\"total\":1,\"runs\":[" ITEM("11", DAY2, "done") "]}", NULL, NULL, 0},
        {"/metrics", CIV_HTTP_UNCHANGED, NULL, NULL, NULL, 0},
        {"/folder", DATA, "[\"a\",\"b\"]", NULL, NULL, 0},
        {"/builds/a", DATA, "[" ITEM("20", DAY2, "done") "]", "/builds/a?page=2", NULL, 0},
        {"/builds/a?page=2", DATA, "[" ITEM("21", "2026-03-01T10:00:00Z", "done") "]", "/builds/a?page=3",
         NULL, 0},
        {"/builds/b", DATA, "[]", NULL, NULL, 0},
        {"/commits?exclude=31", DATA, "[]", NULL, NULL, 0},
        {NULL, DATA, NULL, NULL, NULL, 0},
    };
    civ_engine_t *engine = sync_engine("next.db");
    sync_platform_t *platform = sync_platform(later);
    civ_sync_report_t *report;
    civ_engine_run_t *run;

    sync_go(engine, sync_run(sync_platform(everything)));
    platform->date = SYNC_NOW + SYNC_DAY;
    run = sync_run(platform);
    report = sync_go(engine, run);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 0);
    CU_ASSERT_EQUAL(report->changed, 1);
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics+"), 1);
    CU_ASSERT_EQUAL(sync_asked(platform, "/jobs"), 0);
    CU_ASSERT_EQUAL(sync_asked(platform, "/builds/a?page=3"), 0);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->watermark_before, SYNC_NOW);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->watermark_after, SYNC_NOW + SYNC_DAY);
    /* An empty list leaves the bookmark as it was. */
    CU_ASSERT_STRING_EQUAL(
        sync_text("next.db", "SELECT bookmark FROM civ_sync_cursors WHERE kind = 'commit'"), "31");
}

/* What was stored with its ETag goes on at the page that was next then. */
static void test_unchanged_page_has_its_next(void)
{
    static const sync_answer_t first[] = {
        PROJECT,
        {"/metrics", DATA, "[" ITEM("900", DAY1, "done") "]", "/metrics?page=2", "\"m1\"", 0},
        {"/metrics?page=2", DATA, "[" ITEM("901", DAY1, "done") "]", NULL, NULL, 0},
        NOTHING,
    };
    static const sync_answer_t second[] = {
        PROJECT,
        {"/metrics", CIV_HTTP_UNCHANGED, NULL, NULL, NULL, 0},
        {"/metrics?page=2", DATA, "[" ITEM("902", DAY1, "done") "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("unchanged.db");
    sync_platform_t *platform = sync_platform(second);
    civ_sync_report_t *report;

    sync_go(engine, sync_run(sync_platform(first)));
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics?page=2"), 1);
    CU_ASSERT_EQUAL(report->fresh, 1);
}

static void test_since_asks_again(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/issues?since=2026-02-01T00:00:00Z", DATA, "[" ITEM("5", DAY1, "done") "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("since.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_engine_run_t *run = sync_run(platform);
    civ_sync_report_t *report;

    sync_go(engine, sync_run(sync_platform(everything)));
    run->since = SYNC_NOW - 59 * SYNC_DAY;
    report = sync_go(engine, run);
    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics+"), 0);
    CU_ASSERT_EQUAL(sync_asked(platform, "/commits?exclude"), 0);
    /* Beginning after the watermark leaves something out: it does not move. */
    platform = sync_platform(answers);
    platform->date = SYNC_NOW + 9 * SYNC_DAY;
    run = sync_run(platform);
    run->since = SYNC_NOW + 5 * SYNC_DAY;
    report = sync_go(engine, run);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->watermark_after, SYNC_NOW);
}

/* A run that was open is asked for by itself until it is final, even when its list does not show it any more. */
static void test_open_items_until_final(void)
{
    static const sync_answer_t first[] = {
        PROJECT,
        {"/runs?*", DATA, "{\"total\":1,\"runs\":[" ITEM("10", DAY1, "open") "]}", NULL, NULL, 0},
        {"/runs/10/jobs", DATA, "[]", NULL, NULL, 0},
        NOTHING,
    };
    static const sync_answer_t still[] = {
        PROJECT, {"/runs/10", DATA, ITEM("10", DAY1, "open"), NULL, NULL, 0}, NOTHING};
    static const sync_answer_t done[] = {
        PROJECT,
        {"/runs/10", DATA, "{\"id\":10,\"at\":\"" DAY1 "\",\"updated\":\"" DAY3 "\",\"attempt\":2}", NULL,
         NULL, 0},
        {"/runs/10/jobs", DATA, "[" ITEM("100", DAY3, "done") "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("open.db");
    sync_platform_t *platform;
    civ_sync_report_t *report;

    platform = sync_platform(first);
    sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/runs/10"), 1); /* its jobs: it had just been seen itself */
    CU_ASSERT_EQUAL(sync_int("open.db", "SELECT COUNT(*) FROM civ_sync_open"), 1);
    platform = sync_platform(still);
    sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/runs/10"), 1);
    CU_ASSERT_EQUAL(sync_int("open.db", "SELECT COUNT(*) FROM civ_sync_open"), 1);
    platform = sync_platform(done);
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(sync_asked(platform, "/runs/10/jobs"), 1);
    CU_ASSERT_EQUAL(sync_int("open.db", "SELECT COUNT(*) FROM civ_sync_open"), 0);
    CU_ASSERT_EQUAL(
        sync_int("open.db", "SELECT COUNT(*) FROM civ_timeline_items WHERE native_id IN ('10', '10#2')"), 2);
    platform = sync_platform(done);
    sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/runs/10"), 0);
}

static void test_gone_item_is_marked(void)
{
    static const sync_answer_t first[] = {
        PROJECT,
        {"/runs?*", DATA, "{\"total\":1,\"runs\":[" ITEM("10", DAY1, "open") "]}", NULL, NULL, 0},
        {"/runs/10/jobs", DATA, "[]", NULL, NULL, 0},
        NOTHING,
    };
    static const sync_answer_t gone[] = {PROJECT, NOTHING};
    civ_engine_t *engine = sync_engine("gone.db");
    civ_sync_report_t *report;

    sync_go(engine, sync_run(sync_platform(first)));
    report = sync_go(engine, sync_run(sync_platform(gone)));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->gone, 1);
    CU_ASSERT_EQUAL(
        sync_int("gone.db", "SELECT COUNT(*) FROM civ_timeline_items WHERE native_id = '10' AND gone > 0"),
        1);
    CU_ASSERT_EQUAL(sync_int("gone.db", "SELECT COUNT(*) FROM civ_sync_open"), 0);
}

/* What is not known is null, and is read back as not known; nothing is zero, and stays so. */
static void test_unknown_numbers_are_null(void)
{
    civ_sync_report_t written, read;
    const char *text;

    memset(&written, 0, sizeof(written));
    memset(&read, 0, sizeof(read));
    written.remaining = written.remaining_items = -1;
    text = civ_sync_report_text(&written, test_pool());
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"quota_remaining\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"items_remaining\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"requests\":0"));
    CU_ASSERT_PTR_NULL(strstr(text, "-1"));
    CU_ASSERT_EQUAL(civ_sync_report_read(&read, text, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(read.remaining, -1);
    CU_ASSERT_EQUAL(read.remaining_items, -1);
    written.remaining = written.remaining_items = 0;
    text = civ_sync_report_text(&written, test_pool());
    CU_ASSERT_EQUAL(civ_sync_report_read(&read, text, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(read.remaining, 0);
    CU_ASSERT_EQUAL(read.remaining_items, 0);
}

static const test_case_t cases[] = {
    {"stores_everything", test_stores_everything},
    {"watermark_is_of_the_start", test_watermark_is_of_the_start},
    {"goes_on_after_kill", test_goes_on_after_kill},
    {"goes_on_after_stop", test_goes_on_after_stop},
    {"second_run_is_incremental", test_second_run_is_incremental},
    {"unchanged_page_has_its_next", test_unchanged_page_has_its_next},
    {"since_asks_again", test_since_asks_again},
    {"open_items_until_final", test_open_items_until_final},
    {"gone_item_is_marked", test_gone_item_is_marked},
    {"unknown_numbers_are_null", test_unknown_numbers_are_null},
    {NULL, NULL},
};
const test_suite_t sync_engine_suite = {"engine", unit_folder_make, unit_folder_remove, cases};
