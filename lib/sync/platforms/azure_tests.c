/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_tests.c
 * Test runs and their results. Runs are listed by the time of their last change in windows of up to seven days, or, from further back,
 * all of them.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/azure_private.h"
#include "sync/url.h"

#define DAY APR_INT64_C(86400000)

/** Azure DevOps takes seven days. */
#define WINDOW (6 * DAY)

/** Further back than so many windows, the whole list costs less. */
#define WINDOWS_MOST 60

#define RUNS_TOP         100
#define RUNS_TOP_TEXT    "100"
#define RESULTS_TOP      1000
#define RESULTS_TOP_TEXT "1000"
#define SKIP             "$skip"

static const civ_data_field_t run_fields[] = {
    {"automated", "isAutomated"},
    {"build", "build/id"},
    {"completed", "completedDate"},
    {"id", "id"},
    {"incomplete", "incompleteTests"},
    {"name", "name"},
    {"not_applicable", "notApplicableTests"},
    {"passed", "passedTests"},
    {"plan", "plan/id"},
    {"release", "release/id"},
    {"started", "startedDate"},
    {"state", "state"},
    {"total", "totalTests"},
    {"unanalyzed", "unanalyzedTests"},
    {NULL, NULL},
};

static const civ_data_field_t result_fields[] = {
    {"build", "build/id"},
    {"completed", "completedDate"},
    {"duration_ms", "durationInMs"},
    {"error", "errorMessage"},
    {"failing_since", "failingSince/build/id"},
    {"failure_type", "failureType"},
    {"id", "id"},
    {"name", "automatedTestName"},
    {"outcome", "outcome"},
    {"priority", "priority"},
    {"run", "testRun/id"},
    {"started", "startedDate"},
    {"state", "state"},
    {"storage", "automatedTestStorage"},
    {"test_case", "testCase/id"},
    {"title", "testCaseTitle"},
    {NULL, NULL},
};

static const civ_word_t outcomes[] = {
    {"Passed", CIV_STATUS_PASSED},         {"Failed", CIV_STATUS_FAILED},
    {"Error", CIV_STATUS_FAILED},          {"Timeout", CIV_STATUS_FAILED},
    {"Aborted", CIV_STATUS_CANCELED},      {"Inconclusive", CIV_STATUS_UNSTABLE},
    {"Warning", CIV_STATUS_UNSTABLE},      {"NotExecuted", CIV_STATUS_SKIPPED},
    {"NotApplicable", CIV_STATUS_SKIPPED}, {"NotImpacted", CIV_STATUS_SKIPPED},
    {"Blocked", CIV_STATUS_SKIPPED},       {"InProgress", CIV_STATUS_RUNNING},
    {"Paused", CIV_STATUS_RUNNING},        {NULL, NULL},
};

static const civ_word_t run_states[] = {
    {"Aborted", CIV_STATUS_CANCELED},
    {"InProgress", CIV_STATUS_RUNNING},
    {"NotStarted", CIV_STATUS_RUNNING},
    {"Waiting", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

/* --- runs --- */

static void ask_for_all(const civ_sync_context_t *context, civ_sync_page_t *page)
{
    civ_sync_request_t request =
        azure_request(context, "/_apis/test/runs?includeRunDetails=true&$top=" RUNS_TOP_TEXT "&" SKIP "=0",
                      civ_sync_page_pool(page));

    civ_sync_page_next(page, &request);
}

apr_status_t azure_test_runs_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_int64_t from;

    if (range->from == 0 || range->to - range->from > WINDOWS_MOST * WINDOW) {
        ask_for_all(context, page);
        return APR_SUCCESS;
    }
    from = range->from;
    do {
        apr_int64_t to = from + WINDOW;
        civ_sync_request_t request = azure_request(
            context,
            apr_pstrcat(pool, "/_apis/test/runs?minLastUpdatedDate=", azure_time(from, pool),
                        "&maxLastUpdatedDate=", azure_time(to, pool), "&$top=" RUNS_TOP_TEXT, NULL),
            pool);

        civ_sync_page_next(page, &request);
        from = to;
    } while (from <= range->to);
    return APR_SUCCESS;
}

/* How many results had an outcome of ours: not what is missing to the total, which may not have been run at all. */
static apr_int64_t count_outcomes(const civ_json_t *json, const char *status)
{
    const civ_json_t *statistics = civ_json_get(json, "runStatistics");
    apr_size_t count = civ_field_count(json, "runStatistics");
    apr_int64_t sum = 0;
    apr_size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(civ_word(outcomes, civ_field_text(&statistics->as.array.items[i], "outcome")), status) ==
            0)
            sum += civ_field_int(&statistics->as.array.items[i], "count", 0);
    return sum;
}

static const char *run_status(const civ_json_t *json)
{
    const char *state = civ_word(run_states, civ_field_text(json, "state"));
    int has_ended = strcmp(state, CIV_STATUS_UNKNOWN) == 0; /* Completed, NeedsInvestigation */

    if (!has_ended)
        return state;
    if (count_outcomes(json, CIV_STATUS_FAILED) > 0 || civ_field_int(json, "unanalyzedTests", 0) > 0)
        return CIV_STATUS_FAILED;
    if (count_outcomes(json, CIV_STATUS_UNSTABLE) > 0)
        return CIV_STATUS_UNSTABLE;
    if (civ_field_int(json, "passedTests", 0) > 0)
        return CIV_STATUS_PASSED;
    return civ_field_int(json, "notApplicableTests", 0) > 0 ? CIV_STATUS_SKIPPED : CIV_STATUS_UNKNOWN;
}

/* Outcomes and their numbers; a run is written as often as it is read, so their order is that of our table. */
static const char *run_data(const civ_json_t *json, apr_pool_t *pool)
{
    const civ_json_t *statistics = civ_json_get(json, "runStatistics");
    apr_size_t count = civ_field_count(json, "runStatistics");
    const civ_word_t *word;
    civ_json_writer_t writer;
    civ_buffer_t more;
    apr_size_t i;

    civ_buffer_init(&more, 256, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "outcomes");
    civ_json_begin_object(&writer);
    for (word = outcomes; word->native != NULL; word++) {
        apr_int64_t sum = 0;

        for (i = 0; i < count; i++) {
            const char *outcome = civ_field_text(&statistics->as.array.items[i], "outcome");

            if (outcome != NULL && strcmp(outcome, word->native) == 0)
                sum += civ_field_int(&statistics->as.array.items[i], "count", 0);
        }
        if (sum > 0)
            civ_json_member_int(&writer, word->native, sum);
    }
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_item_data(json, run_fields, &more, pool);
}

static void follow_results(const civ_sync_context_t *context, const civ_sync_item_t *item,
                           civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *which = civ_sync_setting(context, "test_results");
    const azure_build_t run = {item->native_id, NULL, item->timestamp};
    civ_sync_request_t request;

    if (which != NULL && strcmp(which, "none") == 0)
        return;
    request = azure_request(
        context,
        apr_pstrcat(pool, "/_apis/test/Runs/", civ_url_encode(item->native_id, pool), "/results?",
                    which != NULL && strcmp(which, "failed") == 0 ? "outcomes=Failed&" : "",
                    "$top=" RESULTS_TOP_TEXT "&" SKIP "=0", NULL),
        pool);
    request.note = azure_build_note(&run, pool);
    request.may_be_absent = 1;
    civ_sync_page_follow(page, AZURE_TEST_RESULT, &request, item, CIV_SYNC_WHEN_CHANGED);
}

static void read_run(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    static const char *const times[] = {"startedDate", "createdDate", "completedDate", "lastUpdatedDate",
                                        NULL};
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_TEST_RESULT, id);

    item->timestamp = azure_first_time(json, times);
    item->updated = civ_field_time(json, "lastUpdatedDate");
    item->revision = civ_field_int(json, "revision", 0);
    item->status = run_status(json);
    item->title = civ_field_text(json, "name");
    item->author = azure_person(json, "owner");
    item->url = civ_field_text(json, "webAccessUrl");
    item->data = run_data(json, pool);
    item->is_final = strcmp(item->status, CIV_STATUS_RUNNING) != 0;
    if (id != NULL && item->is_final && civ_field_int(json, "totalTests", 1) > 0)
        follow_results(context, item, page);
}

apr_status_t azure_test_runs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "value", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_run(context, &elements->as.array.items[i], page);
    if (strstr(request->url, "&minLastUpdatedDate=") != NULL ||
        strstr(request->url, "?minLastUpdatedDate=") != NULL)
        azure_next_token(page, request, answer);
    else
        azure_next_skip(page, request, answer, SKIP, RUNS_TOP);
    return APR_SUCCESS;
}

/* --- results --- */

static void read_result(const azure_build_t *run, const civ_json_t *json, civ_sync_page_t *page)
{
    static const char *const times[] = {"startedDate", "completedDate", "createdDate", NULL};
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_TEST_RESULT,
                                               id != NULL ? apr_pstrcat(pool, run->id, "/", id, NULL) : NULL);

    item->timestamp = azure_first_time(json, times);
    if (item->timestamp == 0)
        item->timestamp = run->time;
    item->updated = civ_field_time(json, "lastUpdatedDate");
    item->revision = civ_field_int(json, "revision", 0);
    item->status = civ_word(outcomes, civ_field_text(json, "outcome"));
    item->title = civ_field_text(json, "testCaseTitle");
    if (item->title == NULL)
        item->title = civ_field_text(json, "automatedTestName");
    item->author = azure_person(json, "runBy");
    item->data = civ_item_data(json, result_fields, NULL, pool);
    item->is_final = strcmp(item->status, CIV_STATUS_RUNNING) != 0;
}

apr_status_t azure_test_results_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                     const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const azure_build_t run = azure_build_of(request, civ_sync_page_pool(page));
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "value", &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_result(&run, &elements->as.array.items[i], page);
    azure_next_skip(page, request, answer, SKIP, RESULTS_TOP);
    return APR_SUCCESS;
}
