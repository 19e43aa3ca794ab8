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
        PLATFORM_ANSWER(UNFINISHED, 200, PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(FINISHED "&minTime=2026-03-31T23%3A50%3A00Z&$top=200&" AZURE_V, 200, PLATFORM_HEADERS,
                        NONE),
        PLATFORM_ANSWER(WIQL, 200, PLATFORM_HEADERS, "{\"workItems\":[]}"), PLATFORM_END};
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

/* --- what has changed --- */

/* A new head brings what was committed long before: by the difference to the head that was known. */
static void test_late_commits_are_found(void)
{
    mock_answer_t instead[] = {
        PLATFORM_ANSWER(COMMITS "0&" AZURE_V, 200, PLATFORM_HEADERS,
                        platform_body(&azure_setup, "commits-new.json")),
        PLATFORM_ANSWER(COMMITS "0&searchCriteria.itemVersion.version=" HEAD
                                "&searchCriteria.itemVersion.versionType=commit"
                                "&searchCriteria.compareVersion.version=" NEWHEAD
                                "&searchCriteria.compareVersion.versionType=commit&" AZURE_V,
                        200, PLATFORM_HEADERS, platform_body(&azure_setup, "commits-difference.json")),
        PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "late.db", platform_answers(&azure_setup, NULL));
    civ_sync_report_t *report = platform_go(azure);

    mock_platform_set_answers(azure->mock, platform_answers(&azure_setup, instead));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(azure, "compareVersion.version=" NEWHEAD), 1);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_COMMIT), 5);
    CU_ASSERT_STRING_EQUAL(platform_item(azure, CIV_ITEM_COMMIT, LATE)->author, "Bob Byte");
    /* The next one knows the new head. */
    report = platform_go(azure);
    CU_ASSERT_EQUAL(platform_asked(azure, "compareVersion"), 1);
    CU_ASSERT_EQUAL(report->fresh, 0);
    platform_end(azure);
}

/* What was active and is in no list any more, as servers have it that do not know the time of closing, is asked for by itself. */
static void test_closed_pull_request_is_asked_for(void)
{
    mock_answer_t instead[] = {
        PLATFORM_ANSWER(AZURE_GIT "/pullrequests?searchCriteria.status=active&$top=100&$skip=0&" AZURE_V, 200,
                        PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(
            AZURE_GIT "/pullrequests/23?" AZURE_V, 200, PLATFORM_HEADERS,
            "{\"pullRequestId\":23,\"status\":\"completed\",\"title\":\"T\",\"creationDate\":"
            "\"2026-03-30T10:00:00Z\",\"closedDate\":\"2026-03-31T10:00:00Z\",\"repository\":{\"id\":"
            "\"" AZURE_REPO "\",\"name\":\"tool\"},\"createdBy\":{\"displayName\":\"Ada Grace\"}}"),
        PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "closed.db", platform_answers(&azure_setup, NULL));
    civ_sync_report_t *report = platform_go(azure);

    /* Active still: its list says so, and nobody asks for it. */
    report = platform_go(azure);
    CU_ASSERT_EQUAL(platform_asked(azure, "/pullrequests/23?"), 0);
    mock_platform_set_answers(azure->mock, platform_answers(&azure_setup, instead));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(azure, CIV_ITEM_PULL_REQUEST, "23", CIV_STATUS_MERGED);
    report = platform_go(azure);
    CU_ASSERT_EQUAL(platform_asked(azure, "/pullrequests/23?"), 1);
    platform_end(azure);
}

#define BUILD(id, result, finished)                                                                          \
    "{\"id\":" id ",\"status\":\"completed\",\"result\":\"" result                                           \
    "\",\"queueTime\":\"2026-03-30T06:00:00Z\",\"startTime\":\"2026-03-30T06:00:00Z\",\"finishTime\":"       \
    "\"" finished "\",\"lastChangedDate\":\"" finished                                                       \
    "\",\"definition\":{\"id\":5,\"name\":\"CI\"},\"sourceVersion\":\"" HEAD "\"}"
#define STAGE(attempt, previous, result)                                                                     \
    "{\"records\":[{\"id\":\"stage-2\",\"type\":\"Stage\",\"name\":\"Deploy\",\"startTime\":"                \
    "\"2026-03-30T06:01:00Z\",\"state\":\"completed\",\"result\":\"" result "\",\"attempt\":" attempt        \
    ",\"previousAttempts\":[" previous "]}]}"

/* A stage of a build that has ended is run again: the build ends once more, and both attempts are there. */
static void test_repeated_stage(void)
{
    static const mock_answer_t before[] = {
        PLATFORM_ANSWER(FINISHED "&$top=200&" AZURE_V, 200, PLATFORM_HEADERS,
                        "{\"value\":[" BUILD("101", "failed", "2026-03-30T06:10:00Z") "]}"),
        PLATFORM_ANSWER(AZURE_APIS "/build/builds/101/timeline?" AZURE_V, 200, PLATFORM_HEADERS,
                        STAGE("1", "", "failed")),
        PLATFORM_END};
    static const mock_answer_t after[] = {
        PLATFORM_ANSWER(FINISHED "&minTime=2026-03-31T23%3A50%3A00Z&$top=200&" AZURE_V, 200, PLATFORM_HEADERS,
                        "{\"value\":[" BUILD("101", "succeeded", "2026-03-31T23:58:00Z") "]}"),
        PLATFORM_ANSWER(
            AZURE_APIS "/build/builds/101/timeline?" AZURE_V, 200, PLATFORM_HEADERS,
            STAGE("2", "{\"attempt\":1,\"timelineId\":\"t-1\",\"recordId\":\"stage-2\"}", "succeeded")),
        PLATFORM_ANSWER(AZURE_APIS "/build/builds/101/timeline/t-1?" AZURE_V, 200, PLATFORM_HEADERS,
                        STAGE("1", "", "failed")),
        PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "stage.db", platform_answers(&azure_setup, before));
    civ_sync_report_t *report = platform_go(azure);

    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-2", CIV_STATUS_FAILED);
    mock_platform_set_answers(azure->mock, platform_answers(&azure_setup, after));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(azure, CIV_ITEM_BUILD, "101", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-2#2", CIV_STATUS_PASSED);
    platform_is_status(azure, CIV_ITEM_JOB, "101/stage-2", CIV_STATUS_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->fresh, 1);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->changed, 0);
    platform_end(azure);
}

/* --- pages and windows --- */

static const char *many_commits(int from, int count)
{
    const char *list = "";
    int i;

    for (i = from; i < from + count; i++)
        list = apr_psprintf(test_pool(),
                            "%s%s{\"commitId\":\"%040d\",\"comment\":\"C\",\"author\":{\"name\":\"Ada\","
                            "\"date\":\"2026-03-01T00:00:00Z\"},\"committer\":{\"name\":\"Ada\",\"date\":"
                            "\"2026-03-01T00:00:00Z\"}}",
                            list, i > from ? "," : "", i);
    return apr_psprintf(test_pool(), "{\"count\":%d,\"value\":[%s]}", count, list);
}

/* Without a token a list goes on until a page is not full. */
static void test_pages_by_number(void)
{
    mock_answer_t instead[] = {
        PLATFORM_ANSWER(COMMITS "0&" AZURE_V, 200, PLATFORM_HEADERS, many_commits(1000, 100)),
        PLATFORM_ANSWER(COMMITS "100&" AZURE_V, 200, PLATFORM_HEADERS, many_commits(1100, 100)),
        PLATFORM_ANSWER(COMMITS "200&" AZURE_V, 200, PLATFORM_HEADERS, many_commits(1200, 7)), PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "number.db", platform_answers(&azure_setup, instead));
    civ_sync_report_t *report = platform_go(azure);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_COMMIT), 207);
    CU_ASSERT_EQUAL(platform_asked(azure, "/commits?"), 3);
    /* The head is the same: so is all behind it. */
    report = platform_go(azure);
    CU_ASSERT_EQUAL(platform_asked(azure, "/commits?"), 4);
    platform_end(azure);
}

/* A server that does not heed the token, or the number, would be asked for ever. */
static void test_same_page_again(void)
{
    mock_answer_t instead[] = {
        PLATFORM_ANSWER(FINISHED "*", 200, PLATFORM_HEADERS "x-ms-continuationtoken: t\r\n",
                        "{\"value\":[" BUILD("101", "failed", "2026-03-30T06:10:00Z") "]}"),
        PLATFORM_ANSWER(FINISHED "&$top=200&" AZURE_V, 200, PLATFORM_HEADERS "x-ms-continuationtoken: t\r\n",
                        "{\"value\":[" BUILD("101", "failed", "2026-03-30T06:10:00Z") "]}"),
        PLATFORM_ANSWER(COMMITS "0&" AZURE_V, 200, PLATFORM_HEADERS, many_commits(1000, 100)),
        PLATFORM_ANSWER(COMMITS "100&" AZURE_V, 200, PLATFORM_HEADERS, many_commits(1000, 100)),
        PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "again.db", platform_answers(&azure_setup, instead));
    civ_sync_report_t *report = platform_go(azure);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "build")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "work_item")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_asked(azure, "statusFilter=completed"), 2);
    CU_ASSERT_EQUAL(sync_int("again.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'build'"), 0);
    platform_end(azure);
}

/* A query that finds more than 20,000 is refused: both halves are asked for, and nothing is between them. */
static void test_queries_are_halved(void)
{
    static const mock_answer_t halves[] = {
        ONCE(
            WIQL, 400, PLATFORM_HEADERS,
            "{\"message\":\"VS402337: The number of work items returned exceeds the size limit of 20000.\"}"),
        ONCE(WIQL, 200, PLATFORM_HEADERS, "{\"workItems\":[{\"id\":11}]}"),
        PLATFORM_ANSWER(WIQL, 200, PLATFORM_HEADERS, "{\"workItems\":[{\"id\":12}]}"), PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "halves.db", platform_answers(&azure_setup, halves));
    civ_sync_report_t *report = platform_go(azure);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(azure, "/wit/wiql?"), 3);
    CU_ASSERT_TRUE(mock_platform_has_seen(
        azure->mock, "@project AND [System.ChangedDate] < '2017-02-14T12:00:01Z' ORDER"));
    CU_ASSERT_TRUE(mock_platform_has_seen(
        azure->mock, "[System.ChangedDate] >= '2017-02-14T12:00:01Z' AND [System.ChangedDate] < "
                     "'2026-04-01T00:00:01Z'"));
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "{\"ids\":[11],"));
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "{\"ids\":[12],"));
    platform_end(azure);
}

/* 200 ids at most are asked for at once, and a batch that breaks is asked for again in the next run. */
static void test_work_items_in_batches(void)
{
    const char *ids = "";
    mock_answer_t instead[4];
    platform_t *azure;
    civ_sync_report_t *report;
    int i;

    for (i = 1; i <= 401; i++)
        ids = apr_psprintf(test_pool(), "%s%s{\"id\":%d}", ids, i > 1 ? "," : "", i);
    memset(instead, 0, sizeof(instead));
    instead[0].target = WIQL;
    instead[0].status = 200;
    instead[0].body = apr_psprintf(test_pool(), "{\"workItems\":[%s]}", ids);
    instead[0].headers = PLATFORM_HEADERS;
    instead[1].target = AZURE_APIS "/wit/workitemsbatch?" AZURE_V;
    instead[1].status = 500;
    instead[1].headers = PLATFORM_HEADERS;
    azure = platform_connect(&azure_setup, "batches.db", platform_answers(&azure_setup, instead));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "work_item")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, ",199,200],\"fields\""));
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "{\"ids\":[201,202,"));
    CU_ASSERT_TRUE(mock_platform_has_seen(azure->mock, "{\"ids\":[401],"));
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_WORK_ITEM), 0);
    instead[0].body = "{\"workItems\":[]}";
    instead[1].status = 0;
    mock_platform_set_answers(azure->mock, platform_answers(&azure_setup, instead));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_WORK_ITEM), 2);
    platform_end(azure);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {"late_commits_are_found", test_late_commits_are_found},
    {"closed_pull_request_is_asked_for", test_closed_pull_request_is_asked_for},
    {"repeated_stage", test_repeated_stage},
    {"pages_by_number", test_pages_by_number},
    {"same_page_again", test_same_page_again},
    {"queries_are_halved", test_queries_are_halved},
    {"work_items_in_batches", test_work_items_in_batches},
    {NULL, NULL},
};

const test_suite_t platform_azure_suite = {"platform_azure", unit_folder_make, unit_folder_remove, cases};
