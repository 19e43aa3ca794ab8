/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_azure.c
 * The connector for Azure DevOps through the real client and engine, against a server that answers as Azure DevOps does.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/azure_fixture.h"

#define HEAD    "1515151515151515151515151515151515151515"
#define NEWHEAD "1616161616161616161616161616161616161616"
#define LATE    "1111111111111111111111111111111111111111"

#define END                                                                                                  \
    {                                                                                                        \
        NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0                                                                \
    }
#define ANSWER(target, status, headers, body)                                                                \
    {                                                                                                        \
        target, status, headers, body, 0, MOCK_PLAIN, 0                                                      \
    }
#define ONCE(target, status, headers, body)                                                                  \
    {                                                                                                        \
        target, status, headers, body, 0, MOCK_PLAIN, 1                                                      \
    }
#define NONE "{\"count\":0,\"value\":[]}"

#define UNFINISHED                                                                                           \
    AZURE_APIS "/build/builds?statusFilter=inProgress,notStarted,postponed,cancelling&queryOrder="           \
               "queueTimeAscending&$top=200&" AZURE_V
#define FINISHED AZURE_APIS "/build/builds?statusFilter=completed&queryOrder=finishTimeAscending"
#define COMMITS  AZURE_GIT "/commits?searchCriteria.$top=100&searchCriteria.$skip="
#define WIQL     AZURE_APIS "/wit/wiql?timePrecision=true&$top=20000&" AZURE_V

static void expect_code(const platform_t *azure)
{
    const civ_sync_item_t *item = platform_item(azure, CIV_ITEM_REPOSITORY, AZURE_REPO);

    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_REPOSITORY), 3);
    CU_ASSERT_STRING_EQUAL(item->title, "tool");
    CU_ASSERT_STRING_EQUAL(item->scope, AZURE_GUID);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "default_branch"), "refs/heads/main");
    CU_ASSERT_EQUAL(platform_asked(azure, "0000000000a2/"), 0); /* disabled */
    CU_ASSERT_EQUAL(platform_asked(azure, AZURE_EMPTY "/commits"), 0);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_COMMIT), 3);
    item = platform_item(azure, CIV_ITEM_COMMIT, HEAD);
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(item->author, "Ada Grace");
    CU_ASSERT_STRING_EQUAL(item->title, "Merged PR 21: Add the gauge");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774947600000)); /* 2026-03-31T09:00:00Z */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "changes/Edit"), "2");
    CU_ASSERT_EQUAL(
        platform_item(azure, CIV_ITEM_COMMIT, "1313131313131313131313131313131313131313")->timestamp, 1);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_PULL_REQUEST), 3);
    platform_is_status(azure, CIV_ITEM_PULL_REQUEST, "21", CIV_STATUS_MERGED);
    platform_is_status(azure, CIV_ITEM_PULL_REQUEST, "22", CIV_STATUS_CLOSED);
    platform_is_status(azure, CIV_ITEM_PULL_REQUEST, "23", CIV_STATUS_OPEN);
    item = platform_item(azure, CIV_ITEM_PULL_REQUEST, "21");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "merge_sha"), "9191919191919191919191919191919191919191");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "reviewers/1/name"), "Bob Byte");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "reviewers/1/vote"), "10");
    item = platform_item(azure, CIV_ITEM_PULL_REQUEST, "23");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "merge_sha"), "");
    CU_ASSERT_STRING_EQUAL(item->title, "Write to [e-mail]");
}

static void expect_builds(const platform_t *azure)
{
    const civ_sync_item_t *item = platform_item(azure, CIV_ITEM_BUILD, "101");

    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_BUILD), 3);
    platform_is_status(azure, CIV_ITEM_BUILD, "101", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_BUILD, "102", CIV_STATUS_UNSTABLE);
    platform_is_status(azure, CIV_ITEM_BUILD, "103", CIV_STATUS_RUNNING);
    CU_ASSERT_STRING_EQUAL(item->title, "CI");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(item->author, "Ada Grace");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774851752809)); /* seven digits of a second, cut */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pr_number"), "21");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "number"), "20260330.101");
    item = platform_item(azure, CIV_ITEM_BUILD, "102");
    CU_ASSERT_PTR_NULL(item->sha); /* a changeset of TFVC */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "source"), "C123");
    CU_ASSERT_STRING_EQUAL(item->author, "Bob Byte <[e-mail]>");
    item = platform_item(azure, CIV_ITEM_ARTIFACT, "101/1");
    CU_ASSERT_STRING_EQUAL(item->title, "drop");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "size"), "47");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "root_id"), "ABCD02");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "build"), "101");
}

/* Stages and jobs, all attempts under the id of the first; tasks in their jobs. */
static void expect_timeline(const platform_t *azure)
{
    const civ_sync_item_t *item = platform_item(azure, CIV_ITEM_JOB, "101/job-2#2");

    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_JOB), 9);
    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-1", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/job-1", CIV_STATUS_UNSTABLE);
    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-2", CIV_STATUS_FAILED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-2#2", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/job-2", CIV_STATUS_FAILED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/job-2#2", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-3", CIV_STATUS_SKIPPED);
    platform_is_status(azure, CIV_ITEM_JOB, "103/job-9", CIV_STATUS_RUNNING);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "stage"), "Deploy");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "tasks/0/name"), "Initialize job");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "tasks/1/task"), "AzureWebApp");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_EQUAL(platform_item(azure, CIV_ITEM_JOB, "101/stage-3")->timestamp,
                    APR_INT64_C(1774851752809)); /* it never began: the build's */
    CU_ASSERT_EQUAL(platform_asked(azure, "/builds/101/timeline/"), 1);
}

static void expect_rest(const platform_t *azure)
{
    const civ_sync_item_t *item = platform_item(azure, CIV_ITEM_TEST_RESULT, "501");

    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_TEST_RESULT), 5);
    platform_is_status(azure, CIV_ITEM_TEST_RESULT, "501", CIV_STATUS_FAILED);
    platform_is_status(azure, CIV_ITEM_TEST_RESULT, "502", CIV_STATUS_RUNNING);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "outcomes/NotExecuted"), "1");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "build"), "101");
    platform_is_status(azure, CIV_ITEM_TEST_RESULT, "501/100000", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_TEST_RESULT, "501/100001", CIV_STATUS_FAILED);
    platform_is_status(azure, CIV_ITEM_TEST_RESULT, "501/100002", CIV_STATUS_SKIPPED);
    item = platform_item(azure, CIV_ITEM_TEST_RESULT, "501/100001");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "error"), "expected 1, mail [e-mail]");
    CU_ASSERT_PTR_NOT_NULL(strstr(item->data, "\"duration_ms\":74.25"));
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_WORK_ITEM), 2);
    platform_is_status(azure, CIV_ITEM_WORK_ITEM, "11", CIV_STATUS_CLOSED);
    platform_is_status(azure, CIV_ITEM_WORK_ITEM, "12", CIV_STATUS_OPEN);
    item = platform_item(azure, CIV_ITEM_WORK_ITEM, "11");
    CU_ASSERT_EQUAL(item->revision, 4);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "assigned_to"), "Bob Byte");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "severity"), "2 - High");
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "{\"ids\":[11,12,13],\"fields\":[\"System.Id\","));
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_RELEASE), 2);
    platform_is_status(azure, CIV_ITEM_RELEASE, "71", NULL);
    platform_is_status(azure, CIV_ITEM_RELEASE, "72", CIV_STATUS_CANCELED);
    item = platform_item(azure, CIV_ITEM_RELEASE, "71");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "environments/1"), "PROD");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "artifacts/0/version"), "101");
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_DEPLOYMENT), 2);
    platform_is_status(azure, CIV_ITEM_DEPLOYMENT, "71/118", CIV_STATUS_FAILED);
    platform_is_status(azure, CIV_ITEM_DEPLOYMENT, "71/118#2", CIV_STATUS_PASSED);
    CU_ASSERT_STRING_EQUAL(platform_item(azure, CIV_ITEM_DEPLOYMENT, "71/118#2")->title,
                           "Release-71 to PROD");
}

static void test_collects_everything(void)
{
    platform_t *azure = platform_connect(&azure_setup, "everything.db", platform_answers(&azure_setup, NULL));
    civ_sync_report_t *report = platform_go(azure);
    apr_hash_index_t *at;
    civ_digest_t digest;
    const char *body;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(report->reason, "");
    expect_code(azure);
    expect_builds(azure);
    expect_timeline(azure);
    expect_rest(azure);
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "Authorization: Basic " AZURE_BASIC "\r\n"));
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "X-TFS-FedAuthRedirect: Suppress\r\n"));
    CU_ASSERT_FALSE(unit_log_has(AZURE_TOKEN));
    CU_ASSERT_FALSE(unit_log_has(AZURE_BASIC));
    body = platform_body(&azure_setup, "test-results.json");
    civ_digest_sha256(&digest, body, strlen(body));
    CU_ASSERT_TRUE(
        civ_digest_equal(&platform_item(azure, CIV_ITEM_TEST_RESULT, "501/100000")->raw_hash, &digest));
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_item(azure, CIV_ITEM_BUILD, "102")->source_url,
                                  "&continuationToken=2026-03-30T06%3A23%3A04.0061884Z"));
    for (at = apr_hash_first(test_pool(), azure->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
        CU_ASSERT_PTR_NULL(strstr(item->data, "hunter2"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "secret"));
        CU_ASSERT_TRUE(item->author == NULL || strchr(item->author, '@') == NULL);
    }
    platform_end(azure);
}

/* What has not changed costs one request a list: two of builds and of each repository's pull requests. */
static void test_second_run_is_cheap(void)
{
    static const mock_answer_t quiet[] = {
        ANSWER(UNFINISHED, 200, PLATFORM_HEADERS, NONE),
        ANSWER(FINISHED "&minTime=2026-03-31T23%3A50%3A00Z&$top=200&" AZURE_V, 200, PLATFORM_HEADERS, NONE),
        ANSWER(WIQL, 200, PLATFORM_HEADERS, "{\"workItems\":[]}"), END};
    platform_t *azure = platform_connect(&azure_setup, "cheap.db", platform_answers(&azure_setup, NULL));
    civ_sync_report_t *report = platform_go(azure);
    apr_int64_t stored = sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items");
    int before;

    mock_platform_set_answers(azure->mock, platform_answers(&azure_setup, quiet));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->changed, 1); /* the build that was at work has ended */
    before = mock_platform_count(azure->mock);
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh + report->changed, 0);
    CU_ASSERT_EQUAL(sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items"), stored);
    /* project, repositories, 2 x 2 pull requests, commits, 2 builds, test runs, work items, releases, deployments */
    CU_ASSERT_EQUAL(mock_platform_count(azure->mock) - before, 13);
    CU_ASSERT_TRUE(mock_platform_has_seen(
        azure->mock, "[System.ChangedDate] >= '2026-03-31T23:50:00Z' AND [System.ChangedDate] < "
                     "'2026-04-01T00:00:01Z'"));
    platform_end(azure);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {NULL, NULL},
};

const test_suite_t platform_azure_suite = {"platform_azure", unit_folder_make, unit_folder_remove, cases};
