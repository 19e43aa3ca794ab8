/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_circle.c
 * The connector for CircleCI through the real client and engine, against a server that answers as CircleCI does.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/circle_fixture.h"

#define PROJECT     "/api/v2/project/gh/octo/tool"
#define PIPELINE(n) "50000000-0000-4000-8000-00000000000" #n
#define WORKFLOW(n) "60000000-0000-4000-8000-0000000000" #n
#define JOB(n)      "70000000-0000-4000-8000-0000000000" #n

#define NONE "{\"items\":[],\"next_page_token\":null}"

static void expect_pipelines(const platform_t *circle)
{
    const civ_sync_item_t *item = platform_item(circle, CIV_ITEM_PIPELINE, PIPELINE(3));

    CU_ASSERT_STRING_EQUAL(item->title, "Mend it");
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_STRING_EQUAL(item->sha, "3333333333333333333333333333333333333333");
    CU_ASSERT_STRING_EQUAL(item->scope, "80000000-0000-4000-8000-000000000001");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774864798446)); /* 2026-03-30T09:59:58.446Z */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "branch"), "main");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "origin_repository_url"), "https://github.com/octo/tool");
    platform_is_status(circle, CIV_ITEM_PIPELINE, PIPELINE(3), NULL);
    platform_is_status(circle, CIV_ITEM_PIPELINE, PIPELINE(5), CIV_STATUS_RUNNING);
    platform_is_status(circle, CIV_ITEM_PIPELINE, PIPELINE(1), CIV_STATUS_FAILED);
    item = platform_item(circle, CIV_ITEM_PIPELINE, PIPELINE(1));
    CU_ASSERT_STRING_EQUAL(item->title, "Pipeline 1");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "errors/0/message"), "Unable to parse, ask [e-mail]");
    /* Of a GitHub App, which has no "vcs". */
    item = platform_item(circle, CIV_ITEM_PIPELINE, PIPELINE(4));
    CU_ASSERT_STRING_EQUAL(item->sha, "4444444444444444444444444444444444444444");
    CU_ASSERT_STRING_EQUAL(item->title, "Try it");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "branch"), "topic");
}

static void expect_workflows(const platform_t *circle)
{
    const civ_sync_item_t *item = platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(32));

    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_PIPELINE), 9);
    CU_ASSERT_STRING_EQUAL(item->title, "build");
    CU_ASSERT_STRING_EQUAL(item->sha, "3333333333333333333333333333333333333333");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "attempt"), "2");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "rerun"), "rerun-workflow-from-failed");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pipeline_id"), PIPELINE(3));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "revision"), item->sha);
    item = platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(31));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "attempt"), "1");
    platform_is_status(circle, CIV_ITEM_PIPELINE, WORKFLOW(32), CIV_STATUS_PASSED);
    platform_is_status(circle, CIV_ITEM_PIPELINE, WORKFLOW(31), CIV_STATUS_FAILED);
    platform_is_status(circle, CIV_ITEM_PIPELINE, WORKFLOW(41), CIV_STATUS_RUNNING);
    platform_is_status(circle, CIV_ITEM_PIPELINE, WORKFLOW(21), CIV_STATUS_CANCELED);
}

static void expect_jobs(const platform_t *circle)
{
    const civ_sync_item_t *item = platform_item(circle, CIV_ITEM_JOB, WORKFLOW(31) "/" JOB(08));

    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_JOB), 12);
    CU_ASSERT_STRING_EQUAL(item->title, "test");
    CU_ASSERT_STRING_EQUAL(item->sha, "3333333333333333333333333333333333333333");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "job_number"), "8");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "workflow_id"), WORKFLOW(31));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "dependencies/0"), JOB(07));
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774864980000)); /* 2026-03-30T10:03:00Z */
    platform_is_status(circle, CIV_ITEM_JOB, item->native_id, CIV_STATUS_FAILED);
    /* The job that had passed belongs to the second attempt too. */
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(31) "/" JOB(07), CIV_STATUS_PASSED);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(32) "/" JOB(07), CIV_STATUS_PASSED);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(31) "/" JOB(06), CIV_STATUS_SKIPPED);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(41) "/" JOB(12), CIV_STATUS_RUNNING);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(41) "/" JOB(13), CIV_STATUS_RUNNING);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(21) "/" JOB(03), CIV_STATUS_FAILED);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(21) "/" JOB(04), CIV_STATUS_CANCELED);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(21) "/" JOB(05), CIV_STATUS_SKIPPED);
    item = platform_item(circle, CIV_ITEM_JOB, WORKFLOW(41) "/" JOB(12));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "type"), "approval");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774951202000)); /* when its workflow began */
}

/* The one item of a type whose title and data are so; an empty one when there is none. */
static const civ_sync_item_t *find_item(const platform_t *circle, const char *type, const char *path,
                                        const char *value, const char *status)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(test_pool(), circle->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        if (strcmp(item->type, type) == 0 && strcmp(platform_data(item, path), value) == 0 &&
            (status == NULL ? item->status == NULL
                            : item->status != NULL && strcmp(item->status, status) == 0))
            return item;
    }
    test_note("there is no %s of %s %s", status != NULL ? status : "", type, value);
    CU_FAIL("no such item");
    return platform_item(circle, type, "");
}

static void expect_results(const platform_t *circle)
{
    const civ_sync_item_t *item;

    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_TEST_RESULT), 5);
    find_item(circle, CIV_ITEM_TEST_RESULT, "name", "adds", CIV_STATUS_PASSED);
    find_item(circle, CIV_ITEM_TEST_RESULT, "name", "divides", CIV_STATUS_SKIPPED);
    find_item(circle, CIV_ITEM_TEST_RESULT, "name", "reads", CIV_STATUS_FAILED);
    find_item(circle, CIV_ITEM_TEST_RESULT, "name", "writes", CIV_STATUS_UNKNOWN);
    item = find_item(circle, CIV_ITEM_TEST_RESULT, "name", "adds", CIV_STATUS_FAILED);
    CU_ASSERT_STRING_EQUAL(item->sha, "3333333333333333333333333333333333333333");
    CU_ASSERT_STRING_EQUAL(item->title, "adds");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774865400000)); /* when its job ended */
    CU_ASSERT_EQUAL(strncmp(item->native_id, "8/test/", 7), 0);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "job"), "test");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "job_number"), "8");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "message"), "expected 2, told [e-mail]");
    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_ARTIFACT), 2);
    item = find_item(circle, CIV_ITEM_ARTIFACT, "node_index", "0", NULL);
    CU_ASSERT_STRING_EQUAL(item->title, "dist/tool.tar.gz");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "url"), "https://output.artifacts.example/0/dist/tool.tar.gz");
    CU_ASSERT_STRING_EQUAL(item->url, platform_data(item, "url"));
    item = find_item(circle, CIV_ITEM_ARTIFACT, "node_index", "1", NULL);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "url"), "https://output.artifacts.example/1/dist/tool.tar.gz");
    CU_ASSERT_STRING_EQUAL(item->url, platform_data(item, "url"));
}

static void test_collects_everything(void)
{
    platform_t *circle =
        platform_connect(&circle_setup, "everything.db", platform_answers(&circle_setup, NULL));
    civ_sync_report_t *report = platform_go(circle);
    apr_hash_index_t *at;
    civ_digest_t digest;
    const char *body;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(report->reason, "");
    expect_pipelines(circle);
    expect_workflows(circle);
    expect_jobs(circle);
    expect_results(circle);
    CU_ASSERT_EQUAL(mock_platform_count(circle->mock), 32);
    CU_ASSERT_TRUE(mock_platform_has_seen(circle->mock, "Circle-Token: " CIRCLE_TOKEN "\r\n"));
    CU_ASSERT_TRUE(mock_platform_has_seen(circle->mock, "Accept: application/json\r\n"));
    CU_ASSERT_EQUAL(platform_asked(circle, CIRCLE_TOKEN), 0);
    CU_ASSERT_EQUAL(platform_asked(circle, "/artifacts.example"), 0);
    CU_ASSERT_FALSE(unit_log_has(CIRCLE_TOKEN));
    /* Each has the hash of the answer it was in, and nothing that is to be left out. */
    body = platform_body(&circle_setup, "workflows-3.json");
    civ_digest_sha256(&digest, body, strlen(body));
    CU_ASSERT_TRUE(
        civ_digest_equal(&platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(31))->raw_hash, &digest));
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(31))->source_url,
                                  "/api/v2/pipeline/" PIPELINE(3) "/workflow"));
    for (at = apr_hash_first(test_pool(), circle->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
        CU_ASSERT_PTR_NULL(strstr(item->data, "secret"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "avatar"));
        CU_ASSERT_TRUE(item->url == NULL || strstr(item->url, "secret") == NULL);
    }
    platform_end(circle);
}

/* Workflows of a week are asked for again, since a repetition changes nothing of its pipeline; what has ended costs no more. */
static void test_second_run_is_cheap(void)
{
    platform_t *circle = platform_connect(&circle_setup, "cheap.db", platform_answers(&circle_setup, NULL));
    civ_sync_report_t *report = platform_go(circle);
    int before = mock_platform_count(circle->mock);
    apr_int64_t stored = sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items");

    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 0);
    CU_ASSERT_EQUAL(report->changed, 0);
    CU_ASSERT_EQUAL(sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items"), stored);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT " "), 2);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT "/pipeline "), 2);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT "/pipeline?"), 4);
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(3) "/workflow"), 2);
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(4) "/workflow"), 2);
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(5) "/workflow"), 2);
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(2) "/workflow"), 1); /* older than the run looks back */
    CU_ASSERT_EQUAL(platform_asked(circle, WORKFLOW(41) "/job"), 2);     /* at work */
    CU_ASSERT_EQUAL(platform_asked(circle, WORKFLOW(31) "/job"), 1);
    CU_ASSERT_EQUAL(platform_asked(circle, "/tests "), 8);
    CU_ASSERT_EQUAL(platform_asked(circle, "/artifacts "), 8);
    CU_ASSERT_EQUAL(mock_platform_count(circle->mock) - before, 8);
    platform_end(circle);
}

/* A project in which nothing has happened for a week: one request a list. */
static void test_quiet_project_costs_two_requests(void)
{
    static const mock_answer_t quiet[] = {
        PLATFORM_ANSWER(PROJECT "/pipeline", 200, PLATFORM_HEADERS,
                        "{\"items\":[{\"id\":\"" PIPELINE(
                            2) "\",\"number\":2,\"state\":\"created\","
                               "\"created_at\":\"2026-02-01T08:00:00.000Z\",\"vcs\":{\"revision\":"
                               "\"2222222222222222222222222222222222222222\"}}],\"next_page_token\":\"p9\"}"),
        PLATFORM_ANSWER(PROJECT "/pipeline?page-token=p9", 200, PLATFORM_HEADERS, NONE), PLATFORM_END};
    platform_t *circle = platform_connect(&circle_setup, "quiet.db", platform_answers(&circle_setup, quiet));
    civ_sync_report_t *report = platform_go(circle);
    int before = mock_platform_count(circle->mock);

    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_JOB), 3);
    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(mock_platform_count(circle->mock) - before, 2);
    platform_end(circle);
}

/* What was not over when it was seen is asked for by itself, when the list does not reach it any more. */
static void test_open_ones_are_asked_for_until_they_end(void)
{
    static const mock_answer_t empty[] = {
        PLATFORM_ANSWER(PROJECT "/pipeline", 200, PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(
            "/api/v2/workflow/" WORKFLOW(41) "/job", 200, PLATFORM_HEADERS,
            "{\"items\":[{\"id\":\"" JOB(
                12) "\",\"name\":\"hold\",\"type\":\"approval\",\"status\":"
                    "\"success\",\"approved_by\":\"90000000-0000-4000-8000-000000000001\"},{\"id\":\"" JOB(
                        13) "\",\"name\":\"deploy\",\"type\":\"build\",\"status\":\"success\",\"job_"
                            "number\":13,"
                            "\"started_at\":\"2026-03-31T23:00:00Z\",\"stopped_at\":\"2026-03-31T23:59:"
                            "00Z\"}]}"),
        PLATFORM_END};
    platform_t *circle = platform_connect(&circle_setup, "open.db", platform_answers(&circle_setup, NULL));
    civ_sync_report_t *report = platform_go(circle);
    int before = mock_platform_count(circle->mock);

    CU_ASSERT_EQUAL(sync_int("open.db", "SELECT COUNT(*) FROM civ_sync_open"), 2);
    mock_platform_set_answers(circle->mock, platform_answers(&circle_setup, empty));
    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(circle, CIV_ITEM_PIPELINE, PIPELINE(5), NULL);
    platform_is_status(circle, CIV_ITEM_PIPELINE, WORKFLOW(41), CIV_STATUS_PASSED);
    CU_ASSERT_STRING_EQUAL(platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(41))->sha,
                           "4444444444444444444444444444444444444444");
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(41)), "attempt"),
                           "1");
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(41) "/" JOB(12), CIV_STATUS_PASSED);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(41) "/" JOB(13), CIV_STATUS_PASSED);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT "/13/tests"), 1);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT "/13/artifacts"), 1);
    CU_ASSERT_EQUAL(sync_int("open.db", "SELECT COUNT(*) FROM civ_sync_open"), 0);
    CU_ASSERT_EQUAL(mock_platform_count(circle->mock) - before, 8);
    before = mock_platform_count(circle->mock);
    platform_go(circle);
    CU_ASSERT_EQUAL(mock_platform_count(circle->mock) - before, 2);
    platform_end(circle);
}

/* A repetition is found though its pipeline says nothing of it. */
static void test_repetition_is_found(void)
{
    static const mock_answer_t repeated[] = {
        PLATFORM_ANSWER(
            "/api/v2/pipeline/" PIPELINE(3) "/workflow", 200, PLATFORM_HEADERS,
            "{\"items\":[{\"id\":\"" WORKFLOW(
                33) "\",\"name\":\"build\",\"status\":\"failing\","
                    "\"created_at\":\"2026-03-31T12:00:00Z\"},{\"id\":\"" WORKFLOW(
                        32) "\",\"name\":\"build\","
                            "\"status\":\"success\",\"created_at\":\"2026-03-30T12:00:00Z\"},{\"id\":"
                            "\"" WORKFLOW(31) "\",\"name\":\"build\",\"status\":\"failed\",\"created_at\":"
                                              "\"2026-03-30T10:00:00Z\"}]}"),
        PLATFORM_ANSWER("/api/v2/workflow/" WORKFLOW(33) "/job", 200, PLATFORM_HEADERS, NONE), PLATFORM_END};
    platform_t *circle = platform_connect(&circle_setup, "again.db", platform_answers(&circle_setup, NULL));

    platform_go(circle);
    mock_platform_set_answers(circle->mock, platform_answers(&circle_setup, repeated));
    platform_go(circle);
    platform_is_status(circle, CIV_ITEM_PIPELINE, WORKFLOW(33), CIV_STATUS_FAILED);
    CU_ASSERT_FALSE(platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(33))->is_final);
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(33)), "attempt"),
                           "3");
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(circle, CIV_ITEM_PIPELINE, WORKFLOW(31)), "attempt"),
                           "1");
    /* Of something older by "since". */
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(2) "/workflow"), 1);
    circle->run->since = SYNC_NOW - 90 * SYNC_DAY;
    platform_go(circle);
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(2) "/workflow"), 2);
    platform_end(circle);
}

#define JOB_TEXT(id, status, more)                                                                           \
    "{\"id\":\"" id "\",\"name\":\"a\",\"type\":\"build\",\"status\":\"" status "\"" more "}"
#define STARTED ",\"job_number\":81,\"started_at\":\"2026-03-30T10:03:00Z\""

/* A workflow was canceled, its job has not stopped yet: one request asks again, until it has. */
static void test_job_outlives_its_workflow(void)
{
    static const mock_answer_t stopping[] = {
        {"/api/v2/workflow/" WORKFLOW(31) "/job", 200, PLATFORM_HEADERS,
         "{\"items\":[" JOB_TEXT(JOB(81), "running", STARTED) "," JOB_TEXT(JOB(82), "queued", "") "]}", 0,
         MOCK_PLAIN, 1},
        PLATFORM_ANSWER(
            "/api/v2/workflow/" WORKFLOW(31) "/job", 200, PLATFORM_HEADERS,
            "{\"items\":[" JOB_TEXT(JOB(81), "canceled", STARTED) "," JOB_TEXT(JOB(82), "not_run", "") "]}"),
        PLATFORM_END};
    platform_t *circle =
        platform_connect(&circle_setup, "stopping.db", platform_answers(&circle_setup, stopping));

    platform_go(circle);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(31) "/" JOB(81), CIV_STATUS_RUNNING);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT "/81/tests"), 0); /* not before it has ended */
    platform_go(circle);
    CU_ASSERT_EQUAL(platform_asked(circle, WORKFLOW(31) "/job"), 2);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(31) "/" JOB(81), CIV_STATUS_CANCELED);
    CU_ASSERT_EQUAL(platform_asked(circle, PROJECT "/81/tests"), 1);
    platform_is_status(circle, CIV_ITEM_JOB, WORKFLOW(31) "/" JOB(82), CIV_STATUS_SKIPPED);
    platform_go(circle);
    CU_ASSERT_EQUAL(platform_asked(circle, WORKFLOW(31) "/job"), 2);
    platform_end(circle);
}

/* One that a schedule or the API started may tell nothing of a repository. */
static void test_pipeline_without_repository(void)
{
    static const mock_answer_t bare[] = {
        PLATFORM_ANSWER(
            PROJECT "/pipeline", 200, PLATFORM_HEADERS,
            "{\"items\":[{\"id\":\"" PIPELINE(1) "\",\"number\":1,\"state\":\"errored\",\"created_at\":"
                                                 "\"2026-03-31T12:00:00Z\"}]}"),
        PLATFORM_END};
    platform_t *circle = platform_connect(&circle_setup, "bare.db", platform_answers(&circle_setup, bare));
    civ_sync_report_t *report = platform_go(circle);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(circle, CIV_ITEM_PIPELINE, PIPELINE(1), CIV_STATUS_FAILED);
    platform_end(circle);
}

/* --- what goes wrong --- */

static void test_broken_parts_degrade_their_kind(void)
{
    static const mock_answer_t broken[] = {
        PLATFORM_ANSWER("/api/v2/pipeline/" PIPELINE(3) "/workflow", 500, PLATFORM_HEADERS,
                        "{\"message\":\"Internal server error\"}"),
        PLATFORM_ANSWER("/api/v2/workflow/" WORKFLOW(21) "/job", 404, PLATFORM_HEADERS,
                        "{\"message\":\"Workflow not found\"}"),
        PLATFORM_ANSWER(PROJECT "/11/artifacts", 403, PLATFORM_HEADERS,
                        "{\"message\":\"Permission denied\"}"),
        PLATFORM_END};
    platform_t *circle =
        platform_connect(&circle_setup, "broken.db", platform_answers(&circle_setup, broken));
    civ_sync_report_t *report = platform_go(circle);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "pipeline")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "workflow")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->gone, 1);
    CU_ASSERT_EQUAL(sync_kind(report, "artifact")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "test_result")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_JOB), 3);
    /* What broke is there when it is mended. */
    mock_platform_set_answers(circle->mock, platform_answers(&circle_setup, NULL));
    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_JOB), 9);
    platform_end(circle);
}

static void test_refused_token_and_missing_project(void)
{
    static const mock_answer_t refused[] = {
        PLATFORM_ANSWER(PROJECT, 401, PLATFORM_HEADERS, "{\"message\":\"You must log in first.\"}"),
        PLATFORM_END};
    static const mock_answer_t missing[] = {
        PLATFORM_ANSWER(PROJECT, 404, PLATFORM_HEADERS, "{\"message\":\"Project not found\"}"), PLATFORM_END};
    static const mock_answer_t sign_in[] = {
        PLATFORM_ANSWER(PROJECT, 200, "Content-Type: text/html\r\n" PLATFORM_DATE, "<html>Sign in</html>"),
        PLATFORM_END};
    platform_t *circle =
        platform_connect(&circle_setup, "refused.db", platform_answers(&circle_setup, refused));
    civ_sync_report_t *report = platform_go(circle);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    mock_platform_set_answers(circle->mock, platform_answers(&circle_setup, missing));
    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_FAILED);
    mock_platform_set_answers(circle->mock, platform_answers(&circle_setup, sign_in));
    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_EQUAL(platform_count(circle, CIV_ITEM_PIPELINE), 0);
    CU_ASSERT_EQUAL(platform_asked(circle, "/pipeline"), 0);
    platform_end(circle);
}

/* A list that is broken is not taken for read: its watermark stays. */
static void test_broken_list(void)
{
    static const mock_answer_t broken[] = {PLATFORM_ANSWER(PROJECT "/pipeline?page-token=p3", 400,
                                                           PLATFORM_HEADERS,
                                                           "{\"message\":\"Bad page token\"}"),
                                           PLATFORM_END};
    platform_t *circle = platform_connect(&circle_setup, "list.db", platform_answers(&circle_setup, broken));
    civ_sync_report_t *report = platform_go(circle);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "pipeline")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_int("list.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'pipeline'"), 0);
    mock_platform_set_answers(circle->mock, platform_answers(&circle_setup, NULL));
    report = platform_go(circle);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(circle, CIV_ITEM_PIPELINE, PIPELINE(1), CIV_STATUS_FAILED);
    platform_end(circle);
}

/* Neither a token that comes again nor ids that lead elsewhere are followed. */
static void test_strange_answers(void)
{
    static const mock_answer_t strange[] = {
        PLATFORM_ANSWER(
            "/api/v2/pipeline/" PIPELINE(3) "/workflow", 200, PLATFORM_HEADERS,
            "{\"items\":[{\"id\":\"../../me\",\"name\":\"x\",\"status\":\"success\",\"created_at\":"
            "\"2026-03-30T12:00:00Z\"},{\"id\":\"\"},7,null],\"next_page_token\":\"t\"}"),
        PLATFORM_ANSWER("/api/v2/pipeline/" PIPELINE(3) "/workflow?page-token=t", 200, PLATFORM_HEADERS,
                        "{\"items\":[],\"next_page_token\":\"t\"}"),
        PLATFORM_END};
    platform_t *circle =
        platform_connect(&circle_setup, "strange.db", platform_answers(&circle_setup, strange));
    civ_sync_report_t *report = platform_go(circle);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "workflow")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "workflow")->left_out, 4);
    CU_ASSERT_EQUAL(platform_asked(circle, "/me"), 0);
    CU_ASSERT_EQUAL(platform_asked(circle, "//job"), 0);
    CU_ASSERT_EQUAL(platform_asked(circle, PIPELINE(3) "/workflow?page-token=t"), 1);
    platform_end(circle);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {"quiet_project_costs_two_requests", test_quiet_project_costs_two_requests},
    {"open_ones_are_asked_for_until_they_end", test_open_ones_are_asked_for_until_they_end},
    {"repetition_is_found", test_repetition_is_found},
    {"job_outlives_its_workflow", test_job_outlives_its_workflow},
    {"pipeline_without_repository", test_pipeline_without_repository},
    {"broken_parts_degrade_their_kind", test_broken_parts_degrade_their_kind},
    {"refused_token_and_missing_project", test_refused_token_and_missing_project},
    {"broken_list", test_broken_list},
    {"strange_answers", test_strange_answers},
    {NULL, NULL},
};

const test_suite_t platform_circle_suite = {"platform_circle", unit_folder_make, unit_folder_remove, cases};
