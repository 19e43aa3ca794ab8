/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_trouble.c
 * What a run does when the platform does not answer as it should: what fails costs its own kind, nothing is lost, nothing is hidden.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
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
#define ITEM(id, at) "{\"id\":" id ",\"at\":\"" at "\",\"state\":\"done\"}"
#define DAY1         "2026-03-29T10:00:00Z"

static const sync_answer_t quiet[] = {PROJECT, NOTHING};

/* A list that breaks on its second page keeps what the first one had, and its watermark. */
static void test_failed_list_keeps_watermark(void)
{
    static const sync_answer_t broken[] = {
        PROJECT,
        {"/issues?since=2026-03-31T23:50:00Z", DATA, "[" ITEM("1", DAY1) "]", "/issues?page=2", NULL, 0},
        {"/issues?page=2", CIV_HTTP_BROKEN, NULL, NULL, NULL, 0},
        {"/metrics", DATA, "[" ITEM("9", DAY1) "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("broken.db");
    sync_platform_t *platform = sync_platform(broken);
    civ_sync_report_t *report;

    sync_go(engine, sync_run(sync_platform(quiet)));
    platform->date = SYNC_NOW + SYNC_DAY;
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(sync_kind(report, "issue")->reason, "broken"));
    CU_ASSERT_EQUAL(sync_kind(report, "metric")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(report->fresh, 2);
    CU_ASSERT_EQUAL(sync_int("broken.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'issue'"),
                    SYNC_NOW);
    CU_ASSERT_EQUAL(sync_int("broken.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'metric'"),
                    SYNC_NOW + SYNC_DAY);
}

static void test_forbidden_kind_is_degraded(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/issues*", CIV_HTTP_FORBIDDEN, NULL, NULL, NULL, 0},
        {"/metrics", DATA, "[" ITEM("9", DAY1) "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("forbidden.db");
    civ_sync_report_t *report = sync_go(engine, sync_run(sync_platform(answers)));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_TRUE(sync_kind(report, "issue")->reason[0] != '\0');
    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_int("forbidden.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'issue'"),
                    0);
}

/* Parts that are refused again and again are not asked for any more. */
static void test_forbidden_parts_are_left(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/runs?*", DATA,
         "{\"total\":5,\"runs\":[" ITEM("1", DAY1) "," ITEM("2", DAY1) "," ITEM("3", DAY1) "," ITEM(
             "4", DAY1) "," ITEM("5", DAY1) "]}",
         NULL, NULL, 0},
        {"/runs/*", CIV_HTTP_FORBIDDEN, NULL, NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("parts.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));

    CU_ASSERT_EQUAL(sync_asked(platform, "/jobs"), 3);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->left_out, 5);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->fresh, 5);
}

static void test_refused_credentials_end_it(void)
{
    static const sync_answer_t answers[] = {{"*", CIV_HTTP_AUTH_FAILED, NULL, NULL, NULL, 0},
                                            {NULL, DATA, NULL, NULL, NULL, 0}};
    civ_engine_t *engine = sync_engine("auth.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_EQUAL(platform->requests, 1);
    /* With good ones it goes on. */
    report = sync_go(engine, sync_run(sync_platform(quiet)));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->resumed, 1);
}

static void test_missing_project_fails(void)
{
    static const sync_answer_t answers[] = {NOTHING};
    civ_engine_t *engine = sync_engine("missing.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_FAILED);
    CU_ASSERT_EQUAL(platform->requests, 1);
    CU_ASSERT_EQUAL(sync_int("missing.db", "SELECT COUNT(*) FROM civ_sync_steps"), 0);
    report = sync_go(engine, sync_run(sync_platform(quiet)));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->resumed, 0);
}

static void test_throttled_run_goes_on(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/metrics", CIV_HTTP_THROTTLED, NULL, NULL, NULL, 1},
        {"/metrics", DATA, "[" ITEM("9", DAY1) "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("throttled.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));
    int before = platform->requests;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_PARTIAL);
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues"), 1);
    CU_ASSERT_EQUAL(platform->requests, before + 3);
    CU_ASSERT_EQUAL(report->fresh, 1);
}

/* A part that broke by the server's fault is asked for again in the next run, though its run is old and unchanged by then. */
static void test_broken_part_is_tried_again(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/runs?*", DATA, "{\"total\":1,\"runs\":[" ITEM("10", DAY1) "]}", NULL, NULL, 1},
        {"/runs/10/jobs", CIV_HTTP_BROKEN, NULL, NULL, NULL, 2},
        {"/runs/10/jobs", DATA, "[" ITEM("100", DAY1) "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("again.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report = sync_go(engine, sync_run(platform));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->watermark_after, SYNC_NOW);
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/runs/10/jobs"), 2);
    CU_ASSERT_EQUAL(report->fresh, 0);
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_int("again.db", "SELECT COUNT(*) FROM civ_sync_deferred"), 0);
    sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/runs/10/jobs"), 3);
}

static void test_not_ready_is_asked_later(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/metrics", CIV_HTTP_NOT_READY, NULL, NULL, NULL, 2},
        {"/metrics", DATA, "[" ITEM("9", DAY1) "]", NULL, NULL, 0},
        NOTHING,
    };
    static const sync_answer_t never[] = {
        PROJECT, {"/metrics", CIV_HTTP_NOT_READY, NULL, NULL, NULL, 0}, NOTHING};
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report = sync_go(sync_engine("later.db"), sync_run(platform));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics"), 3);
    platform = sync_platform(never);
    report = sync_go(sync_engine("never.db"), sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics"), 3);
}

static void test_endless_list_is_seen(void)
{
    static const sync_answer_t same[] = {
        PROJECT, {"/issues*", DATA, "[" ITEM("1", DAY1) "]", "/issues?page=next", NULL, 0}, NOTHING};
    static const sync_answer_t two[] = {
        PROJECT,
        {"/issues?page=2", DATA, "[" ITEM("2", DAY1) "]", "/issues", NULL, 0},
        {"/issues", DATA, "[" ITEM("1", DAY1) "]", "/issues?page=2", NULL, 0},
        NOTHING,
    };
    sync_platform_t *platform = sync_platform(same);
    civ_sync_report_t *report = sync_go(sync_engine("same.db"), sync_run(platform));

    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues"), 2);
    platform = sync_platform(two);
    report = sync_go(sync_engine("two.db"), sync_run(platform));
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_asked(platform, "/issues"), 3);
}

/* Lists have empty pages where something was taken out of them. */
static void test_empty_pages_are_passed(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/issues?page=4", DATA, "[" ITEM("1", DAY1) "]", NULL, NULL, 0},
        {"/issues?page=3", DATA, "[   ]", "/issues?page=4", NULL, 0},
        {"/issues?page=2", DATA, "[   ]", "/issues?page=3", NULL, 0},
        {"/issues", DATA, "[   ]", "/issues?page=2", NULL, 0},
        NOTHING,
    };
    civ_sync_report_t *report = sync_go(sync_engine("empty.db"), sync_run(sync_platform(answers)));

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
}

static void test_refused_bookmark_is_given_up(void)
{
    static const sync_answer_t first[] = {
        PROJECT, {"/commits", DATA, "[" ITEM("31", DAY1) "]", NULL, NULL, 0}, NOTHING};
    static const sync_answer_t second[] = {
        PROJECT,
        {"/commits?exclude=31", CIV_HTTP_GONE, NULL, NULL, NULL, 0},
        {"/commits", DATA, "[" ITEM("40", DAY1) "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("bookmark.db");
    civ_sync_report_t *report;

    sync_go(engine, sync_run(sync_platform(first)));
    report = sync_go(engine, sync_run(sync_platform(second)));
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(report->warning_count, 1);
    CU_ASSERT_STRING_EQUAL(
        sync_text("bookmark.db", "SELECT bookmark FROM civ_sync_cursors WHERE kind = 'commit'"), "40");
}

static void test_unfit_item_is_left_out(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/issues*", DATA, "[" ITEM("1", DAY1) ",{\"id\":null},{},7," ITEM("2", "0001-01-01T00:00:00") "]",
         NULL, NULL, 0},
        {"/metrics", DATA, "{}", NULL, NULL, 0},
        {"/commits", DATA, "<html>", NULL, NULL, 0},
        NOTHING,
    };
    civ_sync_report_t *report = sync_go(sync_engine("unfit.db"), sync_run(sync_platform(answers)));

    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->left_out, 4);
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "metric")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_FAILED);
}

/* Whether it is UTF-8 throughout. */
static int is_text(const char *text)
{
    const char *json = apr_pstrcat(test_pool(), "[\"", text, "\"]", NULL);
    civ_problem_t problem;
    const civ_json_t *read;

    return civ_json_parse(&read, json, strlen(json), &civ_json_request_limits, &problem, test_pool()) ==
           APR_SUCCESS;
}

/* Not all that an answer has in its headers is text, and what is gets cut to size: neither may end up in a reason, which no database
 * would store and nobody could read. */
static void answer_in_latin_1(sync_platform_t *platform, const char *path, civ_http_answer_t *answer,
                              apr_pool_t *pool)
{
    const char *umlauts = "";
    int i;

    (void)platform;
    answer->status = 200;
    answer->class = CIV_HTTP_DATA;
    if (strcmp(path, "/project") == 0) {
        answer->body = "{\"id\":42,\"created\":\"2026-01-01T00:00:00Z\"}";
    } else if (strncmp(path, "/issues", 7) == 0) {
        for (i = 0; i < 200; i++)
            umlauts = apr_pstrcat(pool, umlauts, "\xc3\xa4", NULL);
        answer->class = CIV_HTTP_BROKEN;
        answer->reason = apr_pstrcat(pool, "t\xe4xt instead of JSON", umlauts, NULL);
    } else if (strncmp(path, "/runs", 5) == 0) {
        answer->body = "{\"total\":0,\"runs\":[]}";
    } else {
        answer->etag = strcmp(path, "/metrics") == 0 ? "\"\xe4\"" : NULL;
        answer->body = "[]";
    }
}

static void test_reasons_are_text(void)
{
    sync_platform_t *platform = sync_platform(quiet);
    civ_engine_t *engine = sync_engine("latin.db");
    civ_sync_report_t *report;

    platform->answer = answer_in_latin_1;
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_PTR_NOT_NULL(strstr(sync_kind(report, "issue")->reason, "t?xt instead of JSON"));
    CU_ASSERT(is_text(sync_kind(report, "issue")->reason));
    CU_ASSERT(is_text(report->reason));
    CU_ASSERT_EQUAL(sync_kind(report, "metric")->status, CIV_KIND_OK);
    sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(sync_asked(platform, "/metrics+"), 0);
}

/* A page is stored in one transaction, which keeps all other writers waiting: there is none of half a million items. */
static void test_monstrous_page_is_refused(void)
{
    static sync_answer_t answers[] = {
        PROJECT,
        {"/issues*", DATA, NULL, NULL, NULL, 0},
        NOTHING,
    };
    civ_buffer_t body;
    civ_sync_report_t *report;
    int i;

    civ_buffer_init(&body, 1 << 20, test_pool());
    for (i = 1; i <= 50001; i++)
        civ_buffer_append_format(&body, "%c{\"id\":%d,\"at\":\"" DAY1 "\",\"state\":\"done\"}",
                                 i == 1 ? '[' : ',', i);
    civ_buffer_append_text(&body, "]");
    answers[1].body = body.data;
    report = sync_go(sync_engine("monster.db"), sync_run(sync_platform(answers)));
    CU_ASSERT_EQUAL(sync_kind(report, "issue")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "metric")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(report->seen, 0);
}

/* --- windows --- */

static struct {
    int leaves, largest;
    apr_int64_t shown, length, first, last;
} windows;

/* So many runs, spread evenly over January 2026, a thousand of which are shown at most; of the last second, two thousand. */
static apr_int64_t count_between(apr_int64_t from, apr_int64_t to)
{
    const apr_int64_t start = APR_INT64_C(1767225600000);
    const apr_int64_t step = APR_INT64_C(1030153); /* 2,600 in 31 days */
    apr_int64_t first = from <= start ? 0 : (from - start + step - 1) / step;
    apr_int64_t last = to < start ? -1 : (to + 999 - start) / step;

    if (last > 2599)
        last = 2599;
    return last >= first ? last - first + 1 : 0;
}

static void answer_windows(sync_platform_t *platform, const char *path, civ_http_answer_t *answer,
                           apr_pool_t *pool)
{
    apr_int64_t from, to, total;

    (void)platform;
    answer->class = CIV_HTTP_DATA;
    answer->status = 200;
    answer->body = "[]";
    if (strcmp(path, "/project") == 0)
        answer->body = "{\"id\":42,\"created\":\"2026-01-01T00:00:00Z\"}";
    if (strncmp(path, "/runs?created=", 14) != 0)
        return;
    CU_ASSERT_EQUAL(civ_timestamp_parse(&from, apr_pstrndup(pool, path + 14, 20)), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_timestamp_parse(&to, path + 36), APR_SUCCESS);
    total = count_between(from, to);
    if (total < 1000) {
        windows.leaves++;
        windows.length += to - from + 1000;
        if (windows.first == 0 || from < windows.first)
            windows.first = from;
        if (to > windows.last)
            windows.last = to;
        windows.shown += total;
    }
    if (total > windows.largest)
        windows.largest = (int)total;
    answer->body = apr_psprintf(pool,
                                "{\"total\":%" APR_INT64_T_FMT ",\"runs\":[{\"id\":%" APR_INT64_T_FMT
                                ",\"at\":\"%s\",\"bare\":true}]}",
                                total, from / 1000, civ_query_time(from, pool));
}

static void test_window_is_halved(void)
{
    sync_platform_t *platform = sync_platform(NULL);
    civ_engine_run_t *run = sync_run(platform);
    civ_sync_report_t *report;

    memset(&windows, 0, sizeof(windows));
    platform->answer = answer_windows;
    report = sync_go(sync_engine("window.db"), run);
    CU_ASSERT_EQUAL(windows.largest, 2600);
    CU_ASSERT_TRUE(windows.leaves >= 3);
    CU_ASSERT_EQUAL(windows.shown, 2600);
    /* Every second in one leaf, none in two. */
    CU_ASSERT_EQUAL(windows.first, APR_INT64_C(1767225600000));
    CU_ASSERT_EQUAL(windows.length, windows.last - windows.first + 1000);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->fresh, windows.leaves);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->status, CIV_KIND_OK);
}

static void test_crowded_second_is_told(void)
{
    static const sync_answer_t answers[] = {
        {"/project", DATA, "{\"id\":42,\"created\":\"2026-04-01T00:00:00Z\"}", NULL, NULL, 0},
        {"/runs?*", DATA, "{\"total\":1500,\"runs\":[" ITEM("1", DAY1) "]}", NULL, NULL, 0},
        {"/runs/1/jobs", DATA, "[]", NULL, NULL, 0},
        NOTHING,
    };
    civ_sync_report_t *report = sync_go(sync_engine("crowded.db"), sync_run(sync_platform(answers)));

    CU_ASSERT_EQUAL(report->fresh, 1);
    CU_ASSERT_EQUAL(sync_kind(report, "run")->status, CIV_KIND_DEGRADED);
}

static void test_forgotten_gap_is_told(void)
{
    static const sync_answer_t answers[] = {
        PROJECT,
        {"/folder", DATA, "[\"a\"]", NULL, NULL, 0},
        {"/builds/a", DATA, "[" ITEM("1", "2026-04-10T10:00:00Z") "]", "/builds/a?page=2", NULL, 0},
        {"/builds/a?page=2", DATA, "[" ITEM("2", "2026-03-10T10:00:00Z") "]", NULL, NULL, 0},
        NOTHING,
    };
    civ_engine_t *engine = sync_engine("gap.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_sync_report_t *report;

    sync_go(engine, sync_run(platform));
    platform = sync_platform(answers);
    platform->date = SYNC_NOW + 200 * SYNC_DAY;
    report = sync_go(engine, sync_run(platform));
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_PTR_NOT_NULL(strstr(sync_kind(report, "build")->reason, "between 2026-04-01T00:00:00.000Z and "
                                                                      "2026-04-21T00:00:00.000Z"));
    CU_ASSERT_EQUAL(sync_kind(report, "build")->watermark_after, SYNC_NOW + 200 * SYNC_DAY);
    CU_ASSERT_EQUAL(sync_asked(platform, "/builds/a?page=2"), 0);
}

static const test_case_t cases[] = {
    {"failed_list_keeps_watermark", test_failed_list_keeps_watermark},
    {"forbidden_kind_is_degraded", test_forbidden_kind_is_degraded},
    {"forbidden_parts_are_left", test_forbidden_parts_are_left},
    {"refused_credentials_end_it", test_refused_credentials_end_it},
    {"missing_project_fails", test_missing_project_fails},
    {"throttled_run_goes_on", test_throttled_run_goes_on},
    {"broken_part_is_tried_again", test_broken_part_is_tried_again},
    {"not_ready_is_asked_later", test_not_ready_is_asked_later},
    {"endless_list_is_seen", test_endless_list_is_seen},
    {"empty_pages_are_passed", test_empty_pages_are_passed},
    {"refused_bookmark_is_given_up", test_refused_bookmark_is_given_up},
    {"unfit_item_is_left_out", test_unfit_item_is_left_out},
    {"reasons_are_text", test_reasons_are_text},
    {"monstrous_page_is_refused", test_monstrous_page_is_refused},
    {"window_is_halved", test_window_is_halved},
    {"crowded_second_is_told", test_crowded_second_is_told},
    {"forgotten_gap_is_told", test_forgotten_gap_is_told},
    {NULL, NULL},
};
const test_suite_t sync_trouble_suite = {"trouble", unit_folder_make, unit_folder_remove, cases};
