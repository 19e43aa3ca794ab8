/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_gitlab_refusals.c
 * The connector for GitLab against a server that refuses, limits, moves, or shows a page to sign in.
 */
#include <string.h>

#include "support/runner.h"
#include "unit/gitlab_fixture.h"

static void expect_sign_in(const char *database, const mock_answer_t *instead, int most)
{
    platform_t *gitlab = platform_connect(&gitlab_setup, database, platform_answers(&gitlab_setup, instead));
    civ_sync_report_t *report = platform_go(gitlab);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_TRUE(mock_platform_count(gitlab->mock) <= most);
    CU_ASSERT_PTR_NULL(strstr(report->reason, GITLAB_TOKEN));
    platform_end(gitlab);
}

/* A page to sign in is no data, whichever way it comes, and wherever in a run. */
static void test_sign_in_pages(void)
{
    static const char page[] = "<!DOCTYPE html><html><body>Sign in</body></html>";
    static const mock_answer_t refused[] = {
        GITLAB_ANSWER(GITLAB_NAMED, 401, PLATFORM_HEADERS, "{\"message\":\"401 Unauthorized\"}"), GITLAB_END};
    static const mock_answer_t shown[] = {
        GITLAB_ANSWER(GITLAB_NAMED, 200, "Content-Type: text/html; charset=utf-8\r\n" PLATFORM_DATE, page),
        GITLAB_END};
    static const mock_answer_t led[] = {
        GITLAB_ANSWER(GITLAB_NAMED, 302, PLATFORM_DATE "Location: http://{self}/users/sign_in\r\n", ""),
        GITLAB_ANSWER("/users/sign_in", 200, "Content-Type: text/html\r\n" PLATFORM_DATE, page), GITLAB_END};
    static const mock_answer_t midway[] = {
        GITLAB_ANSWER(GITLAB_ISSUES, 302, PLATFORM_DATE "Location: /users/sign_in\r\n", ""),
        GITLAB_ANSWER("/users/sign_in", 200, "Content-Type: text/html\r\n" PLATFORM_DATE, page), GITLAB_END};
    static const mock_answer_t part[] = {GITLAB_ANSWER(GITLAB_TOOL "/merge_requests/12/approvals", 200,
                                                       "Content-Type: text/html\r\n" PLATFORM_DATE, page),
                                         GITLAB_END};

    expect_sign_in("refused.db", refused, 1);
    expect_sign_in("shown.db", shown, 1);
    expect_sign_in("led.db", led, 2);
    expect_sign_in("midway.db", midway, 20);
    expect_sign_in("part.db", part, 10);
}

static void test_limit(void)
{
    static const mock_answer_t limited[] = {
        GITLAB_ANSWER(GITLAB_ISSUES, 429, "Content-Type: text/plain\r\n" PLATFORM_DATE "Retry-After: 1\r\n",
                      "Retry later\n"),
        GITLAB_END};
    platform_t *gitlab =
        platform_connect(&gitlab_setup, "limit.db", platform_answers(&gitlab_setup, limited));
    civ_sync_report_t *report = platform_go(gitlab);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_PARTIAL);
    CU_ASSERT_TRUE(report->retry_at > 0);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PULL_REQUEST), 3);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_ISSUE), 0);
    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, NULL));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_ISSUE), 2);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/merge_requests/12/approvals"), 1);
    platform_end(gitlab);
}

static void test_moved_or_missing_project(void)
{
    static const mock_answer_t missing[] = {
        GITLAB_ANSWER(GITLAB_NAMED, 404, PLATFORM_HEADERS, "{\"message\":\"404 Project Not Found\"}"),
        GITLAB_END};
    static const mock_answer_t moved[] = {
        GITLAB_ANSWER("/api/v4/projects/former%2Fgroup%2Fname", 301,
                      PLATFORM_HEADERS "Location: http://{self}" GITLAB_NAMED "\r\n", "{}"),
        GITLAB_END};
    platform_t *gitlab =
        platform_connect(&gitlab_setup, "missing.db", platform_answers(&gitlab_setup, missing));

    CU_ASSERT_EQUAL(platform_go(gitlab)->outcome, CIV_SYNC_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(gitlab->mock), 1);
    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, moved));
    gitlab->run->project_id = "former/group/name";
    CU_ASSERT_EQUAL(platform_go(gitlab)->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(platform_item(gitlab, CIV_ITEM_REPOSITORY, "7301")->scope, "7301");
    CU_ASSERT_EQUAL(platform_asked(gitlab, "former%2Fgroup%2Fname"), 1);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_COMMIT), 4);
    platform_end(gitlab);
}

static void is_kind(const civ_sync_report_t *report, const char *kind, civ_kind_status_e status)
{
    if (sync_kind(report, kind)->status != status)
        test_note("%s: %d", kind, (int)sync_kind(report, kind)->status);
    CU_ASSERT_EQUAL(sync_kind(report, kind)->status, status);
}

/* What is forbidden, missing or broken costs its own kind only, and is told. */
static void test_refusals_degrade_their_kind(void)
{
    static const mock_answer_t refused[] = {
        GITLAB_ANSWER(GITLAB_MERGE_REQUESTS, 403, PLATFORM_HEADERS, "{\"message\":\"403 Forbidden\"}"),
        GITLAB_ANSWER(GITLAB_TOOL "/pipelines/8001/bridges?per_page=100", 403, PLATFORM_HEADERS, "{}"),
        GITLAB_ANSWER(GITLAB_TOOL "/pipelines/8001/test_report_summary", 500, PLATFORM_HEADERS, "{}"),
        GITLAB_ANSWER(GITLAB_TOOL "/pipelines/8001/jobs?include_retried=true&per_page=100", 404,
                      PLATFORM_HEADERS, "{\"message\":\"404 Not found\"}"),
        GITLAB_ANSWER(GITLAB_RELEASES, 200, PLATFORM_HEADERS, "{\"message\":\"what is this\"}"),
        GITLAB_END};
    platform_t *gitlab =
        platform_connect(&gitlab_setup, "degraded.db", platform_answers(&gitlab_setup, refused));
    civ_sync_report_t *report = platform_go(gitlab);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    is_kind(report, "merge_request", CIV_KIND_DEGRADED);
    is_kind(report, "bridge", CIV_KIND_DEGRADED);
    is_kind(report, "test_report", CIV_KIND_DEGRADED);
    is_kind(report, "release", CIV_KIND_FAILED);
    is_kind(report, "pipeline", CIV_KIND_OK);
    is_kind(report, "job", CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->gone, 1);
    is_kind(report, "issue", CIV_KIND_OK);
    is_kind(report, "commit", CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PIPELINE), 6);
    platform_is_status(gitlab, CIV_ITEM_TEST_RESULT, "8002/tests", CIV_STATUS_FAILED);
    /* Once they are there again, what was missed is found; what broke by the server's fault is asked for again. */
    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, NULL));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PULL_REQUEST), 3);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_RELEASE), 2);
    platform_is_status(gitlab, CIV_ITEM_TEST_RESULT, "8001/tests", CIV_STATUS_PASSED);
    platform_end(gitlab);
}

/* Another project that the token does not reach. */
static void test_forbidden_downstream(void)
{
    static const mock_answer_t refused[] = {
        GITLAB_ANSWER("/api/v4/projects/7999/pipelines/8900", 403, PLATFORM_HEADERS, "{}"), GITLAB_END};
    platform_t *gitlab =
        platform_connect(&gitlab_setup, "downstream.db", platform_answers(&gitlab_setup, refused));
    civ_sync_report_t *report = platform_go(gitlab);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    is_kind(report, "downstream_pipeline", CIV_KIND_DEGRADED);
    is_kind(report, "bridge", CIV_KIND_OK);
    is_kind(report, "pipeline", CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PIPELINE), 6);
    platform_end(gitlab);
}

/* What is switched off is not asked for, and nothing to report; nor is a repository without a commit. */
static void test_features_that_are_off(void)
{
    static const mock_answer_t off[] = {
        GITLAB_ANSWER(
            GITLAB_NAMED, 200, PLATFORM_HEADERS,
            "{\"id\":7301,\"path_with_namespace\":\"octo/tool\",\"created_at\":\"2026-01-01T00:00:00Z\","
            "\"empty_repo\":true,\"issues_access_level\":\"disabled\",\"merge_requests_enabled\":false,"
            "\"merge_requests_access_level\":null,\"builds_access_level\":\"disabled\",\"jobs_enabled\":true,"
            "\"releases_access_level\":\"disabled\"}"),
        GITLAB_END};
    platform_t *gitlab = platform_connect(&gitlab_setup, "off.db", platform_answers(&gitlab_setup, off));
    civ_sync_report_t *report = platform_go(gitlab);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(mock_platform_count(gitlab->mock), 1);
    /* Switched on, all of it is found. */
    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, NULL));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_COMMIT), 4);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PULL_REQUEST), 3);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PIPELINE), 7);
    platform_end(gitlab);
}

/* What goes into a URL is a number, or a commit's SHA; what is neither is left out, and told. */
static void test_odd_ids(void)
{
    static const mock_answer_t odd[] = {
        GITLAB_ANSWER(GITLAB_PIPELINES, 200, PLATFORM_HEADERS, "[{\"id\":\"../../user\"},{\"id\":8001}]"),
        GITLAB_ANSWER(GITLAB_COMMITS, 200, PLATFORM_HEADERS, "[{\"id\":\"main\"}]"), GITLAB_END};
    platform_t *gitlab = platform_connect(&gitlab_setup, "odd.db", platform_answers(&gitlab_setup, odd));
    civ_sync_report_t *report = platform_go(gitlab);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    is_kind(report, "pipeline", CIV_KIND_DEGRADED);
    is_kind(report, "commit", CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "user"), 0);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8001", CIV_STATUS_PASSED);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_COMMIT), 0);
    platform_end(gitlab);
}

/* A link to another server is not followed, and the token does not get there; without a number the page cannot be had. */
static void test_link_to_another_server(void)
{
    mock_answer_t led[] = {GITLAB_ANSWER(GITLAB_RELEASES, 200,
                                         PLATFORM_HEADERS "Link: <http://{other}" GITLAB_RELEASES
                                                          "&page=2>; rel=\"next\"\r\n",
                                         platform_body(&gitlab_setup, "releases-1.json")),
                           GITLAB_END};
    mock_platform_t *other = mock_platform_start(platform_answers(&gitlab_setup, NULL));
    platform_t *gitlab = platform_connect(&gitlab_setup, "led-away.db", platform_answers(&gitlab_setup, led));
    civ_sync_report_t *report;

    mock_platform_set_other(gitlab->mock, other);
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    is_kind(report, "release", CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(other), 0);
    mock_platform_stop(other);
    platform_end(gitlab);
}

static const test_case_t cases[] = {
    {"sign_in_pages", test_sign_in_pages},
    {"limit", test_limit},
    {"moved_or_missing_project", test_moved_or_missing_project},
    {"refusals_degrade_their_kind", test_refusals_degrade_their_kind},
    {"forbidden_downstream", test_forbidden_downstream},
    {"features_that_are_off", test_features_that_are_off},
    {"odd_ids", test_odd_ids},
    {"link_to_another_server", test_link_to_another_server},
    {NULL, NULL},
};

const test_suite_t platform_gitlab_refusals_suite = {"platform_gitlab_refusals", unit_folder_make,
                                                     unit_folder_remove, cases};
