/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_gitlab.c
 * The connector for GitLab through the real client and engine, against a server that answers as GitLab does.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/gitlab_fixture.h"

#define HEAD    "1515151515151515151515151515151515151515"
#define NEWHEAD "1616161616161616161616161616161616161616"
#define LATE    "1111111111111111111111111111111111111111"

static void expect_code(const platform_t *gitlab)
{
    const civ_sync_item_t *item = platform_item(gitlab, CIV_ITEM_REPOSITORY, "7301");

    CU_ASSERT_STRING_EQUAL(item->title, "octo/tool");
    CU_ASSERT_STRING_EQUAL(item->scope, "7301");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "default_branch"), "main");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "star_count"), "");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "description"), "A tool; write to [e-mail]");
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_COMMIT), 4);
    item = platform_item(gitlab, CIV_ITEM_COMMIT, HEAD);
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(item->author, "Ada");
    CU_ASSERT_STRING_EQUAL(item->title, "Merge branch 'change-12'");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774947600000)); /* 2026-03-31T09:00:00Z */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "parents/1"), "1212121212121212121212121212121212121212");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "additions"), "10");
    item = platform_item(gitlab, CIV_ITEM_COMMIT, "1212121212121212121212121212121212121212");
    CU_ASSERT_STRING_EQUAL(item->author, "Unknown <[e-mail]>");
}

static void expect_reviews(const platform_t *gitlab)
{
    const civ_sync_item_t *item = platform_item(gitlab, CIV_ITEM_PULL_REQUEST, "9012");

    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PULL_REQUEST), 3);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "merge_commit_sha"), HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "merged_by"), "bob");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "reviewers/0"), "bob");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "number"), "12");
    platform_is_status(gitlab, CIV_ITEM_PULL_REQUEST, "9011", CIV_STATUS_CLOSED);
    platform_is_status(gitlab, CIV_ITEM_PULL_REQUEST, "9012", CIV_STATUS_MERGED);
    platform_is_status(gitlab, CIV_ITEM_PULL_REQUEST, "9013", CIV_STATUS_OPEN);
    CU_ASSERT_PTR_NULL(platform_item(gitlab, CIV_ITEM_PULL_REQUEST, "9011")->author);
    /* Three of approvals; of six notes one is GitLab's own, and one for members only. */
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_REVIEW), 7);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "approvals/9011", CIV_STATUS_SKIPPED);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "approvals/9012", CIV_STATUS_PASSED);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "approvals/9013", CIV_STATUS_OPEN);
    item = platform_item(gitlab, CIV_ITEM_REVIEW, "approvals/9012");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "approved_by/0"), "bob");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pull_request"), "12");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774861200000)); /* 2026-03-30T09:00:00Z */
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "6001", CIV_STATUS_FAILED);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "6002", CIV_STATUS_CLOSED);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "6004", CIV_STATUS_PASSED);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "6005", CIV_STATUS_UNKNOWN);
    item = platform_item(gitlab, CIV_ITEM_REVIEW, "6002");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "body"), "Why? Ask [e-mail]");
    CU_ASSERT_STRING_EQUAL(item->author, "bob");
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_ISSUE), 2);
    platform_is_status(gitlab, CIV_ITEM_ISSUE, "5001", CIV_STATUS_CLOSED);
    platform_is_status(gitlab, CIV_ITEM_ISSUE, "5002", CIV_STATUS_OPEN);
    CU_ASSERT_STRING_EQUAL(platform_item(gitlab, CIV_ITEM_ISSUE, "5002")->title, "Mail to [e-mail] bounces");
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(gitlab, CIV_ITEM_ISSUE, "5002"), "assignees/0"),
                           "bob");
}

static void expect_pipelines(const platform_t *gitlab)
{
    const civ_sync_item_t *item = platform_item(gitlab, CIV_ITEM_PIPELINE, "8001");

    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_PIPELINE), 7);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8001", CIV_STATUS_PASSED);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8002", CIV_STATUS_FAILED);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8003", CIV_STATUS_SKIPPED);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8004", CIV_STATUS_RUNNING);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8005", CIV_STATUS_PASSED); /* has no time of change */
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8101", CIV_STATUS_PASSED); /* a child */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "coverage"), "68.49");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "duration"), "3595");
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_EQUAL(item->updated, APR_INT64_C(1774947600250));
    item = platform_item(gitlab, CIV_ITEM_PIPELINE, "8900"); /* in another project */
    CU_ASSERT_STRING_EQUAL(item->scope, "7999");
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/pipelines/8900/bridges"), 0);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/pipelines/8005/"), 0);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_TEST_RESULT), 3);
    platform_is_status(gitlab, CIV_ITEM_TEST_RESULT, "8001/tests", CIV_STATUS_PASSED);
    platform_is_status(gitlab, CIV_ITEM_TEST_RESULT, "8002/tests", CIV_STATUS_FAILED);
    item = platform_item(gitlab, CIV_ITEM_TEST_RESULT, "8002/tests");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "suites/0/failed"), "1");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "error"), "1");
    item = platform_item(gitlab, CIV_ITEM_TEST_RESULT, "8002/failures");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "failures/0/name"), "adds");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "failures/1/name"), "divides");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "failures/2/name"), "");
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/test_report "), 1);
}

static const char *attempt_of(const platform_t *gitlab, const char *id)
{
    return platform_data(platform_item(gitlab, CIV_ITEM_JOB, id), "attempt");
}

static void expect_jobs(const platform_t *gitlab)
{
    const civ_sync_item_t *item = platform_item(gitlab, CIV_ITEM_JOB, "403");

    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_JOB), 12);
    platform_is_status(gitlab, CIV_ITEM_JOB, "402", CIV_STATUS_FAILED);
    platform_is_status(gitlab, CIV_ITEM_JOB, "403", CIV_STATUS_PASSED);
    platform_is_status(gitlab, CIV_ITEM_JOB, "421", CIV_STATUS_RUNNING);
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "401"), "1");
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "402"), "1");
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "403"), "2");
    /* Of a list of two pages. */
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "412"), "1");
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "415"), "2");
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "414"), "1");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pipeline"), "8001");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "artifacts/0/size"), "12345");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "runner"), "runner-4");
    /* What changes while it is at work is told when it is over. */
    CU_ASSERT_PTR_NOT_NULL(strstr(item->data, "\"duration\":600.25"));
    CU_ASSERT_PTR_NULL(strstr(platform_item(gitlab, CIV_ITEM_JOB, "421")->data, "duration"));
    item = platform_item(gitlab, CIV_ITEM_JOB, "405");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "downstream_project"), "7999");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "downstream_id"), "8900");
    item = platform_item(gitlab, CIV_ITEM_JOB, "451");
    CU_ASSERT_STRING_EQUAL(item->scope, "7999");
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_ARTIFACT), 2);
    item = platform_item(gitlab, CIV_ITEM_ARTIFACT, "403/archive");
    CU_ASSERT_STRING_EQUAL(item->title, "artifacts.zip");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "job"), "403");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774945200000)); /* when the job was over */
    platform_item(gitlab, CIV_ITEM_ARTIFACT, "403/junit");
}

static void expect_releases(const platform_t *gitlab)
{
    const civ_sync_item_t *item = platform_item(gitlab, CIV_ITEM_RELEASE, "v1.0");

    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_RELEASE), 2);
    platform_is_status(gitlab, CIV_ITEM_RELEASE, "v1.0", NULL);
    platform_is_status(gitlab, CIV_ITEM_RELEASE, "v1.1", CIV_STATUS_OPEN);
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "assets/0/url"), "https://files.example/tool.tar");
    CU_ASSERT_EQUAL(strncmp(platform_data(item, "evidences/0/sha"), "abab", 4), 0);
}

static void test_collects_everything(void)
{
    platform_t *gitlab =
        platform_connect(&gitlab_setup, "everything.db", platform_answers(&gitlab_setup, NULL));
    civ_sync_report_t *report = platform_go(gitlab);
    apr_hash_index_t *at;
    civ_digest_t digest;
    const char *body;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(report->reason, "");
    CU_ASSERT_EQUAL(report->warning_count, 0);
    expect_code(gitlab);
    expect_reviews(gitlab);
    expect_pipelines(gitlab);
    expect_jobs(gitlab);
    expect_releases(gitlab);
    CU_ASSERT_TRUE(mock_platform_has_seen(gitlab->mock, "PRIVATE-TOKEN: " GITLAB_TOKEN "\r\n"));
    CU_ASSERT_FALSE(unit_log_has(GITLAB_TOKEN));
    /* Each has the hash of the answer it was in, and nothing that is to be left out. */
    body = platform_body(&gitlab_setup, "releases-2.json");
    civ_digest_sha256(&digest, body, strlen(body));
    CU_ASSERT_TRUE(civ_digest_equal(&platform_item(gitlab, CIV_ITEM_RELEASE, "v1.0")->raw_hash, &digest));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(platform_item(gitlab, CIV_ITEM_RELEASE, "v1.0")->source_url, "/releases?per_page=100&page=2"));
    for (at = apr_hash_first(test_pool(), gitlab->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
        CU_ASSERT_PTR_NULL(strstr(item->data, "secret"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "token"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "hunter2"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "Not for everybody"));
        CU_ASSERT_TRUE(item->author == NULL || strchr(item->author, '@') == NULL);
    }
    platform_end(gitlab);
}

/* What has not changed costs one request a list; a pipeline that is at work one more. */
static void test_second_run_is_cheap(void)
{
    platform_t *gitlab = platform_connect(&gitlab_setup, "cheap.db", platform_answers(&gitlab_setup, NULL));
    civ_sync_report_t *report = platform_go(gitlab);
    int before = mock_platform_count(gitlab->mock);
    apr_int64_t stored = sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items");

    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 0);
    CU_ASSERT_EQUAL(report->unchanged, 4);
    CU_ASSERT_EQUAL(sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items"), stored);
    CU_ASSERT_EQUAL(platform_asked(gitlab, GITLAB_NAMED " "), 2);
    CU_ASSERT_EQUAL(platform_asked(gitlab, GITLAB_MERGE_REQUESTS "&updated_after=2026-03-31T23%3A50%3A00Z "),
                    1);
    CU_ASSERT_EQUAL(platform_asked(gitlab, GITLAB_ISSUES "&updated_after=2026-03-31T23%3A50%3A00Z "), 1);
    CU_ASSERT_EQUAL(platform_asked(gitlab, GITLAB_PIPELINES "&updated_after=2026-03-31T23%3A50%3A00Z "), 1);
    CU_ASSERT_EQUAL(platform_asked(gitlab, GITLAB_PIPELINES
                                   "&source=parent_pipeline&updated_after=2026-03-31T23%3A50%3A00Z "),
                    1);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/repository/commits?"), 3);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "sort=desc"), 1);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/pipelines/8004 "), 2);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/pipelines/8004/jobs"), 1);
    /* The project, six lists, the second page of the releases, and the pipeline that is at work. */
    CU_ASSERT_EQUAL(mock_platform_count(gitlab->mock) - before, 9);
    platform_end(gitlab);
}

/* --- what has changed --- */

#define LATER "&updated_after=2026-03-31T23%3A50%3A00Z"

/* A new head brings what was committed long before: by what lies between it and the head that was known. */
static void test_late_commits_are_found(void)
{
    mock_answer_t instead[] = {GITLAB_ANSWER(GITLAB_COMMITS, 200,
                                             PLATFORM_HEADERS
                                             "ETag: W/\"commits-2\"\r\nLink: <http://{self}" GITLAB_COMMITS
                                             "&page=2>; rel=\"next\"\r\n",
                                             platform_body(&gitlab_setup, "commits-new.json")),
                               GITLAB_END};
    platform_t *gitlab = platform_connect(&gitlab_setup, "late.db", platform_answers(&gitlab_setup, NULL));
    civ_sync_report_t *report = platform_go(gitlab);

    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, instead));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "ref_name=" HEAD ".." NEWHEAD "&with_stats=true&per_page=100"), 1);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_COMMIT), 6);
    CU_ASSERT_STRING_EQUAL(platform_item(gitlab, CIV_ITEM_COMMIT, LATE)->author, "Bob");
    /* The next one knows the new head. */
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "ref_name="), 1);
    CU_ASSERT_EQUAL(report->fresh, 0);
    platform_end(gitlab);
}

/* A head that was forced away is no reason to complain. */
static void test_head_that_is_gone(void)
{
    mock_answer_t instead[] = {GITLAB_ANSWER(GITLAB_COMMITS, 200, PLATFORM_HEADERS,
                                             platform_body(&gitlab_setup, "commits-new.json")),
                               GITLAB_ANSWER(GITLAB_TOOL "/repository/commits?ref_name=" HEAD ".." NEWHEAD
                                                         "&with_stats=true&per_page=100",
                                             404, PLATFORM_HEADERS, "{\"message\":\"404 Not Found\"}"),
                               GITLAB_END};
    platform_t *gitlab = platform_connect(&gitlab_setup, "forced.db", platform_answers(&gitlab_setup, NULL));
    civ_sync_report_t *report = platform_go(gitlab);

    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, instead));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "ref_name="), 1);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->gone, 0);
    CU_ASSERT_EQUAL(platform_count(gitlab, CIV_ITEM_COMMIT), 5);
    platform_end(gitlab);
}

#define ENDED                                                                                                \
    "{\"id\":8004,\"iid\":4,\"project_id\":7301,\"sha\":\"" HEAD                                             \
    "\",\"ref\":\"main\",\"status\":\"success\","                                                            \
    "\"created_at\":\"2026-03-31T08:00:00.000Z\",\"updated_at\":\"2026-03-31T23:40:00.000Z\"}"
#define JOB(id, status)                                                                                      \
    "{\"id\":" id ",\"name\":\"test\",\"status\":\"" status "\",\"created_at\":\"2026-03-31T08:00:00Z\"}"

/* A pipeline that was at work ends, when no list shows it any more; what is repeated in it is another attempt. */
static void test_open_pipeline_is_asked_for_until_it_ends(void)
{
    static const mock_answer_t ended[] = {
        GITLAB_ANSWER(GITLAB_TOOL "/pipelines/8004", 200, PLATFORM_HEADERS, ENDED),
        GITLAB_ANSWER(GITLAB_TOOL "/pipelines/8004/jobs?include_retried=true&per_page=100", 200,
                      PLATFORM_HEADERS, "[" JOB("422", "success") "," JOB("421", "failed") "]"),
        GITLAB_ANSWER(GITLAB_TOOL "/pipelines/8004/test_report_summary", 404, PLATFORM_HEADERS, "{}"),
        GITLAB_END};
    platform_t *gitlab = platform_connect(&gitlab_setup, "open.db", platform_answers(&gitlab_setup, NULL));
    civ_sync_report_t *report = platform_go(gitlab);

    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8004", CIV_STATUS_RUNNING);
    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, ended));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "test_report")->gone, 0);
    platform_is_status(gitlab, CIV_ITEM_PIPELINE, "8004", CIV_STATUS_PASSED);
    platform_is_status(gitlab, CIV_ITEM_JOB, "421", CIV_STATUS_FAILED);
    platform_is_status(gitlab, CIV_ITEM_JOB, "422", CIV_STATUS_PASSED);
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "421"), "1");
    CU_ASSERT_STRING_EQUAL(attempt_of(gitlab, "422"), "2");
    /* Then it is left alone. */
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/pipelines/8004 "), 2);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/pipelines/8004/jobs"), 2);
    platform_end(gitlab);
}

#define MERGED                                                                                               \
    "[{\"id\":9013,\"iid\":13,\"title\":\"Change 13\",\"state\":\"merged\",\"sha\":\"" HEAD "\","            \
    "\"created_at\":\"2026-03-03T09:00:00.000Z\",\"updated_at\":\"2026-04-01T00:00:05.000Z\"}]"

/* What has changed is asked for by the time of the last run, with what belongs to it; an approval that was taken back is gone. */
static void test_merge_request_changes(void)
{
    static const mock_answer_t merged[] = {
        GITLAB_ANSWER(GITLAB_MERGE_REQUESTS LATER, 200, PLATFORM_HEADERS, MERGED),
        GITLAB_ANSWER(GITLAB_TOOL "/merge_requests/13/approvals", 200, PLATFORM_HEADERS,
                      "{\"approved\":false,\"approvals_required\":2,\"approvals_left\":1,"
                      "\"approved_by\":[{\"user\":{\"username\":\"eve\"}}]}"),
        GITLAB_END};
    platform_t *gitlab = platform_connect(&gitlab_setup, "changes.db", platform_answers(&gitlab_setup, NULL));
    civ_sync_report_t *report = platform_go(gitlab);

    mock_platform_set_answers(gitlab->mock, platform_answers(&gitlab_setup, merged));
    report = platform_go(gitlab);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(gitlab, CIV_ITEM_PULL_REQUEST, "9013", CIV_STATUS_MERGED);
    platform_is_status(gitlab, CIV_ITEM_REVIEW, "approvals/9013", CIV_STATUS_SKIPPED);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/merge_requests/13/approvals"), 2);
    CU_ASSERT_EQUAL(platform_asked(gitlab, "/merge_requests/13/notes"), 2);
    CU_ASSERT_EQUAL(
        platform_asked(gitlab, "/merge_requests/12/notes?sort=asc&order_by=updated_at&per_page=100 "), 1);
    CU_ASSERT_EQUAL(sync_kind(report, "merge_request")->changed, 1);
    platform_end(gitlab);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {"late_commits_are_found", test_late_commits_are_found},
    {"head_that_is_gone", test_head_that_is_gone},
    {"open_pipeline_is_asked_for_until_it_ends", test_open_pipeline_is_asked_for_until_it_ends},
    {"merge_request_changes", test_merge_request_changes},
    {NULL, NULL},
};

const test_suite_t platform_gitlab_suite = {"platform_gitlab", unit_folder_make, unit_folder_remove, cases};
