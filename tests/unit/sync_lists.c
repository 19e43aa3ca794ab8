/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_lists.c
 * Pages that are too much for the platform, what is kept of those that do not change, and what is still to come.
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
#define ITEM(id) "{\"id\":" id ",\"at\":\"2026-03-29T10:00:00Z\",\"state\":\"done\"}"

/* --- pages in halves --- */

/* A page that cannot be made in time is asked for in halves, and these in halves; each begins with the same element. */
static void test_heavy_page_is_halved(void)
{
    static const sync_answer_t heavy[] = {
        PROJECT,
        {"/issues", DATA, "[" ITEM("1") "]", "/issues?size=100&page=2", NULL, 0},
        {"/issues?size=100&page=2", CIV_HTTP_BROKEN, NULL, NULL, NULL, 0},
        {"/issues?size=50&page=3", DATA, "[" ITEM("2") "]", "/issues?size=50&page=4", NULL, 0},
        {"/issues?size=50&page=4", CIV_HTTP_BROKEN, NULL, NULL, NULL, 0},
        {"/issues?size=25&page=7", DATA, "[" ITEM("3") "]", "/issues?size=25&page=8", NULL, 0},
        {"/issues?size=25&page=8", DATA, "[" ITEM("4") "]", "/issues?size=25&after=x", NULL, 0},
        {"/issues?size=25&after=x", DATA, "[" ITEM("5") "]", NULL, NULL, 0},
        NOTHING,
    };
    sync_platform_t *platform = sync_platform(heavy);
    civ_sync_report_t *report = sync_go(sync_engine("heavy.db"), sync_run(platform));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 5);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues"), 7);
}

/* There is an end: then the list has failed, and is read anew by the next run. */
static void test_smallest_page_fails(void)
{
    static const sync_answer_t heavy[] = {
        PROJECT,
        {"/issues", DATA, "[" ITEM("1") "]", "/issues?size=60&after=x", NULL, 0},
        {"/issues?size=*", CIV_HTTP_BROKEN, NULL, NULL, NULL, 0},
        NOTHING,
    };
    sync_platform_t *platform = sync_platform(heavy);
    civ_sync_report_t *report = sync_go(sync_engine("smallest.db"), sync_run(platform));

    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues?size=60&after=x"), 1);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues?size=30&after=x"), 1);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues?size="), 2);
    CU_ASSERT_EQUAL(sync_int("smallest.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'issue'"),
                    0);
}

/* The same for what belongs to an item, also in the run after the one it broke in; then nothing of it is left to be done. */
static void test_heavy_part_is_halved(void)
{
    static const sync_answer_t heavy[] = {
        PROJECT,
        {"/runs?*", DATA, "{\"total\":1,\"runs\":[" ITEM("7") "]}", NULL, NULL, 0},
        {"/runs/7/jobs", DATA, "[" ITEM("71") "]", "/runs/7/jobs?size=100&page=2", NULL, 0},
        {"/runs/7/jobs?size=100&page=2", CIV_HTTP_BROKEN, NULL, NULL, NULL, 0},
        {"/runs/7/jobs?size=50&page=3", CIV_HTTP_BROKEN, NULL, NULL, NULL, 1},
        {"/runs/7/jobs?size=25&page=5", CIV_HTTP_BROKEN, NULL, NULL, NULL, 1},
        {"/runs/7/jobs?size=50&page=3", DATA, "[" ITEM("72") "]", NULL, NULL, 0},
        {"/runs/7/jobs?size=25&page=5", DATA, "[" ITEM("72") "]", NULL, NULL, 0},
        NOTHING,
    };
    sync_platform_t *platform = sync_platform(heavy);
    civ_engine_t *engine = sync_engine("heavy-part.db");
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));

    CU_ASSERT_EQUAL(sync_kind(report, "job")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_int("heavy-part.db", "SELECT COUNT(*) FROM civ_sync_deferred"), 1);
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_int("heavy-part.db", "SELECT COUNT(*) FROM civ_sync_deferred"), 0);
}

/* --- what is kept of pages --- */

static const sync_answer_t tagged[] = {
    PROJECT,
    {"/metrics", DATA, "[" ITEM("9") "]", NULL, "\"m1\"", 0},
    NOTHING,
};
static const sync_answer_t unchanged[] = {
    PROJECT,
    {"/metrics", CIV_HTTP_UNCHANGED, NULL, NULL, NULL, 0},
    NOTHING,
};

static void run_often(civ_engine_t *engine, const sync_answer_t *answers, const char *project_id, int times)
{
    for (; times > 0; times--) {
        civ_engine_run_t *run = sync_run(sync_platform(answers));

        run->project_id = project_id;
        CU_ASSERT_EQUAL(sync_go(engine, run)->outcome, CIV_SYNC_OK);
    }
}

/* As long as they are of use, whatever else is synchronised meanwhile; not for ever. */
static void test_validators_are_kept(void)
{
    static const sync_answer_t other[] = {PROJECT, NOTHING};
    civ_engine_t *engine = sync_engine("validators.db");
    sync_platform_t *platform;

    run_often(engine, tagged, "team/project", 1);
    run_often(engine, other, "team/other", 60);
    run_often(engine, unchanged, "team/project", 30);
    platform = sync_platform(unchanged);
    sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics+"), 1);
    CU_ASSERT_EQUAL(sync_int("validators.db", "SELECT COUNT(*) FROM civ_sync_validators"), 1);
    run_often(engine, other, "team/project", 30);
    CU_ASSERT_EQUAL(sync_int("validators.db", "SELECT COUNT(*) FROM civ_sync_validators"), 0);
}

/* --- what is still to come --- */

typedef struct told_t {
    apr_int64_t issues, runs; /**< what was said to be left while the list was at work; -2: nothing */
    apr_int64_t last;
} told_t;

static sync_platform_t *asked_now;
static told_t told;

static void hear(void *baton, const civ_sync_report_t *report)
{
    (void)baton;
    told.last = report->remaining_items;
    if (report->remaining_items < 0)
        return;
    if (sync_asked(asked_now, "/runs") > 0 && told.runs == -2)
        told.runs = report->remaining_items;
    else if (sync_asked(asked_now, "/issues") > 0 && told.issues == -2)
        told.issues = report->remaining_items;
}

static void answer_with_total(sync_platform_t *platform, const char *path, civ_http_answer_t *answer,
                              apr_pool_t *pool)
{
    static const civ_http_field_t total[] = {{"x-total", "5"}};
    static const civ_http_field_t last[] = {
        {"link", "<" SYNC_BASE "/issues?page=4>; rel=\"last\", <" SYNC_BASE "/issues?page=2>; rel=\"next\""}};
    int has_total = *(int *)platform->answer_baton;

    answer->class = DATA;
    answer->status = 200;
    answer->body = "[]";
    if (strcmp(path, "/project") == 0)
        answer->body = "{\"id\":42,\"created\":\"2026-01-01T00:00:00Z\"}";
    else if (strcmp(path, "/issues") == 0) {
        answer->body = "[" ITEM("1") "," ITEM("2") "]";
        answer->next = SYNC_BASE "/issues?page=2";
        answer->fields = has_total ? total : last;
        answer->field_count = 1;
    } else if (strncmp(path, "/runs?page", 10) == 0)
        answer->body = "{\"total\":4,\"runs\":[" ITEM("14") "]}";
    else if (strncmp(path, "/runs?", 6) == 0) {
        answer->body = "{\"total\":4,\"runs\":[" ITEM("11") "," ITEM("12") "," ITEM("13") "]}";
        answer->next = apr_pstrdup(pool, SYNC_BASE "/runs?page=2");
    }
}

static void test_what_remains_is_told(void)
{
    int has_total;

    for (has_total = 0; has_total < 2; has_total++) {
        civ_engine_t *engine = sync_engine(has_total ? "total.db" : "last.db");
        civ_engine_run_t *run;

        asked_now = sync_platform(NULL);
        asked_now->answer = answer_with_total;
        asked_now->answer_baton = &has_total;
        run = sync_run(asked_now);
        run->progress = hear;
        told.issues = told.runs = -2;
        CU_ASSERT_EQUAL(sync_go(engine, run)->outcome, CIV_SYNC_OK);
        /* Five in all, or three more pages of two. */
        CU_ASSERT_EQUAL(told.issues, has_total ? 3 : 6);
        CU_ASSERT_EQUAL(told.runs, 1);
        CU_ASSERT_EQUAL(told.last, -1);
    }
}

static const test_case_t cases[] = {
    {"heavy_page_is_halved", test_heavy_page_is_halved}, {"smallest_page_fails", test_smallest_page_fails},
    {"heavy_part_is_halved", test_heavy_part_is_halved}, {"validators_are_kept", test_validators_are_kept},
    {"what_remains_is_told", test_what_remains_is_told}, {NULL, NULL},
};
const test_suite_t sync_lists_suite = {"lists", unit_folder_make, unit_folder_remove, cases};
