/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_github.c
 * The connector for GitHub through the real client and engine, against a server that answers as GitHub does.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/github_fixture.h"

#define HEAD    "1515151515151515151515151515151515151515"
#define NEWHEAD "1616161616161616161616161616161616161616"
#define LATE    "1111111111111111111111111111111111111111"
#define RUN1    "30433642001"
#define RUN2    "30433642002"

#define COMMITS GITHUB_REPO "/commits?per_page=100"
#define PULLS   GITHUB_REPO "/pulls?state=all&sort=updated&direction=desc&per_page=100"

static void expect_code(const platform_t *github)
{
    const civ_sync_item_t *item = platform_item(github, CIV_ITEM_REPOSITORY, "7001");

    CU_ASSERT_STRING_EQUAL(item->title, "octo/tool");
    CU_ASSERT_STRING_EQUAL(item->scope, "7001");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "default_branch"), "main");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "stargazers_count"), "");
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 4);
    item = platform_item(github, CIV_ITEM_COMMIT, HEAD);
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_STRING_EQUAL(item->title, "Merge pull request #12");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774947600000)); /* 2026-03-31T09:00:00Z */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "parents/1"), "1212121212121212121212121212121212121212");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "verification"), "valid");
    item = platform_item(github, CIV_ITEM_COMMIT, "1212121212121212121212121212121212121212");
    CU_ASSERT_STRING_EQUAL(item->author, "Unknown <[e-mail]>");
}

static void expect_pulls(const platform_t *github)
{
    const civ_sync_item_t *item = platform_item(github, CIV_ITEM_PULL_REQUEST, "12");

    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_PULL_REQUEST), 3);
    platform_is_status(github, CIV_ITEM_PULL_REQUEST, "11", CIV_STATUS_CLOSED);
    platform_is_status(github, CIV_ITEM_PULL_REQUEST, "12", CIV_STATUS_MERGED);
    platform_is_status(github, CIV_ITEM_PULL_REQUEST, "13", CIV_STATUS_OPEN);
    CU_ASSERT_STRING_NOT_EQUAL(platform_data(item, "merge_commit_sha"), "");
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(github, CIV_ITEM_PULL_REQUEST, "13"), "merge_commit_sha"), "");
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_REVIEW), 3);
    platform_is_status(github, CIV_ITEM_REVIEW, "501", CIV_STATUS_FAILED);
    platform_is_status(github, CIV_ITEM_REVIEW, "502", CIV_STATUS_PASSED);
    platform_is_status(github, CIV_ITEM_REVIEW, "503", CIV_STATUS_UNKNOWN);
    item = platform_item(github, CIV_ITEM_REVIEW, "503");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pull_request"), "12");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "state"), "COMMENTED");
    CU_ASSERT_PTR_NULL(item->author);
}

static void expect_runs(const platform_t *github)
{
    const civ_sync_item_t *item = platform_item(github, CIV_ITEM_PIPELINE, RUN1 "#2");

    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_PIPELINE), 3);
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774951200000)); /* when the second attempt began */
    platform_is_status(github, CIV_ITEM_PIPELINE, RUN1 "#2", CIV_STATUS_PASSED);
    platform_is_status(github, CIV_ITEM_PIPELINE, RUN1, CIV_STATUS_FAILED);
    platform_is_status(github, CIV_ITEM_PIPELINE, RUN2, CIV_STATUS_RUNNING);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_JOB), 3);
    item = platform_item(github, CIV_ITEM_JOB, "40000000001");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "run_id"), RUN1);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "steps/1/name"), "make");
    platform_is_status(github, CIV_ITEM_JOB, "40000000001", CIV_STATUS_FAILED);
    platform_is_status(github, CIV_ITEM_JOB, "40000000003", CIV_STATUS_RUNNING);
    platform_is_status(github, CIV_ITEM_CHECK, "50000000001", CIV_STATUS_UNSTABLE);
    platform_is_status(github, CIV_ITEM_CHECK, "50000000002", CIV_STATUS_RUNNING);
    item = platform_item(github, CIV_ITEM_CHECK, "status/" HEAD "/legal/cla");
    platform_is_status(github, CIV_ITEM_CHECK, item->native_id, CIV_STATUS_FAILED);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "target_url"), "https://legal.example/1");
}

static void expect_products(const platform_t *github)
{
    const civ_sync_item_t *item = platform_item(github, CIV_ITEM_ARTIFACT, "811");

    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "run_id"), RUN1);
    CU_ASSERT_EQUAL(strncmp(platform_data(item, "digest"), "sha256:abab", 11), 0);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_RELEASE), 2);
    platform_is_status(github, CIV_ITEM_RELEASE, "701", NULL);
    platform_is_status(github, CIV_ITEM_RELEASE, "702", CIV_STATUS_OPEN);
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(github, CIV_ITEM_RELEASE, "701"), "assets/0/size"),
                           "12345");
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(github, CIV_ITEM_CODE_METRICS, "languages"), "languages/C"), "250000");
    item = platform_item(github, CIV_ITEM_CODE_METRICS, "code_frequency");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "additions"), "1000");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "deletions"), "-100");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "recent/3/1"), "400");
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(github, CIV_ITEM_CODE_METRICS, "participation"), "all/51"), "4");
}

static void test_collects_everything(void)
{
    platform_t *github =
        platform_connect(&github_setup, "everything.db", platform_answers(&github_setup, NULL));
    civ_sync_report_t *report = platform_go(github);
    apr_hash_index_t *at;
    civ_digest_t digest;
    const char *body;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(report->reason, "");
    expect_code(github);
    expect_pulls(github);
    expect_runs(github);
    expect_products(github);
    CU_ASSERT_EQUAL(platform_asked(github, "/repositories/7001/commits?per_page=100&after=1a2b+99 "), 1);
    CU_ASSERT_TRUE(mock_platform_has_seen(github->mock, "Authorization: Bearer " GITHUB_TOKEN "\r\n"));
    CU_ASSERT_TRUE(mock_platform_has_seen(github->mock, "Accept: application/vnd.github+json\r\n"));
    CU_ASSERT_TRUE(mock_platform_has_seen(github->mock, "X-GitHub-Api-Version: 2022-11-28\r\n"));
    CU_ASSERT_FALSE(unit_log_has(GITHUB_TOKEN));
    /* Each has the hash of the answer it was in, and nothing that is to be left out. */
    body = platform_body(&github_setup, "releases-2.json");
    civ_digest_sha256(&digest, body, strlen(body));
    CU_ASSERT_TRUE(civ_digest_equal(&platform_item(github, CIV_ITEM_RELEASE, "701")->raw_hash, &digest));
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_item(github, CIV_ITEM_RELEASE, "701")->source_url,
                                  "/repositories/7001/releases?per_page=100&page=2"));
    for (at = apr_hash_first(test_pool(), github->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
        CU_ASSERT_PTR_NULL(strstr(item->data, "secret"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "ghs_"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "token"));
        CU_ASSERT_TRUE(item->author == NULL || strchr(item->author, '@') == NULL);
    }
    platform_end(github);
}

/* What has not changed costs one request a list, and most of these none of the quota. */
static void test_second_run_is_cheap(void)
{
    platform_t *github = platform_connect(&github_setup, "cheap.db", platform_answers(&github_setup, NULL));
    civ_sync_report_t *report = platform_go(github);
    int before = mock_platform_count(github->mock);
    apr_int64_t stored = sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items");

    report = platform_go(github);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 0);
    CU_ASSERT_EQUAL(report->unchanged, 9);
    CU_ASSERT_EQUAL(sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items"), stored);
    CU_ASSERT_EQUAL(platform_asked(github, GITHUB_REPO " "), 2);
    CU_ASSERT_EQUAL(platform_asked(github, "/pulls?state=all"), 3);
    CU_ASSERT_EQUAL(platform_asked(github, "/commits?"), 3);
    CU_ASSERT_EQUAL(platform_asked(github, "/compare/"), 0);
    CU_ASSERT_EQUAL(platform_asked(github, "/artifacts?"), 2);
    /* Releases have no order that tells of changes: both pages. */
    CU_ASSERT_EQUAL(platform_asked(github, "/releases?"), 4);
    CU_ASSERT_EQUAL(
        platform_asked(github, "/actions/runs?created=2026-03-25T00%3A00%3A00Z..2026-04-01T00%3A00%3A00Z"),
        1);
    CU_ASSERT_EQUAL(platform_asked(github, "/check-runs/50000000002"), 1);
    CU_ASSERT_EQUAL(mock_platform_count(github->mock) - before, 11);
    platform_is_status(github, CIV_ITEM_CHECK, "50000000002", CIV_STATUS_UNKNOWN); /* stale */
    before = mock_platform_count(github->mock);
    report = platform_go(github);
    CU_ASSERT_EQUAL(mock_platform_count(github->mock) - before, 10);
    platform_end(github);
}

/* --- what has changed --- */

/* A new head brings what was committed long before: by the difference to the head that was known. */
static void test_late_commits_are_found(void)
{
    static const mock_answer_t *later;
    mock_answer_t instead[] = {
        PLATFORM_ANSWER(COMMITS, 200,
                        PLATFORM_HEADERS
                        "ETag: W/\"commits-2\"\r\n"
                        "Link: <http://{self}/repositories/7001/commits?per_page=100&after=1a2b+99>; "
                        "rel=\"next\"\r\n",
                        platform_body(&github_setup, "commits-new.json")),
        PLATFORM_END};
    platform_t *github = platform_connect(&github_setup, "late.db", platform_answers(&github_setup, NULL));
    civ_sync_report_t *report = platform_go(github);

    later = platform_answers(&github_setup, instead);
    mock_platform_set_answers(github->mock, later);
    report = platform_go(github);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(github, "/compare/" HEAD "..." NEWHEAD "?per_page=100"), 1);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 6);
    CU_ASSERT_STRING_EQUAL(platform_item(github, CIV_ITEM_COMMIT, LATE)->author, "bob");
    CU_ASSERT_EQUAL(platform_asked(github, "/commits/" NEWHEAD "/check-runs"), 1);
    /* The next one knows the new head. */
    report = platform_go(github);
    CU_ASSERT_EQUAL(platform_asked(github, "/compare/"), 1);
    CU_ASSERT_EQUAL(report->fresh, 0);
    platform_end(github);
}

/* A run from a given time on, later than where the last one ended, hides nothing from the next. */
static void test_since_leaves_no_gap(void)
{
    mock_answer_t instead[] = {PLATFORM_ANSWER(COMMITS, 200, PLATFORM_HEADERS "ETag: W/\"commits-2\"\r\n",
                                               platform_body(&github_setup, "commits-new.json")),
                               PLATFORM_END};
    platform_t *github = platform_connect(&github_setup, "gap.db", platform_answers(&github_setup, NULL));

    platform_go(github);
    mock_platform_set_answers(github->mock, platform_answers(&github_setup, instead));
    github->run->since = SYNC_NOW + SYNC_HOUR;
    platform_go(github);
    CU_ASSERT_EQUAL(platform_asked(github, "/compare/"), 0);
    github->run->since = 0;
    platform_go(github);
    CU_ASSERT_EQUAL(platform_asked(github, "/compare/"), 1);
    platform_item(github, CIV_ITEM_COMMIT, LATE);
    CU_ASSERT_STRING_EQUAL(sync_text("gap.db", "SELECT bookmark FROM civ_sync_cursors WHERE kind = 'commit'"),
                           NEWHEAD);
    platform_end(github);
}

/* A run that was at work ends, and is repeated, when no list shows it any more. */
static void test_open_run_is_asked_for_until_it_ends(void)
{
    mock_answer_t ended[] = {PLATFORM_ANSWER(GITHUB_REPO "/actions/runs?created=*", 200, PLATFORM_HEADERS,
                                             "{\"total_count\":0,\"workflow_runs\":[]}"),
                             PLATFORM_END};
    mock_answer_t repeated[] = {
        PLATFORM_ANSWER(GITHUB_REPO "/actions/runs?created=*", 200, PLATFORM_HEADERS,
                        apr_psprintf(test_pool(), "{\"total_count\":1,\"workflow_runs\":[%s]}",
                                     platform_body(&github_setup, "run-2-repeated.json"))),
        PLATFORM_ANSWER(GITHUB_REPO "/actions/runs/" RUN2 "/attempts/1?exclude_pull_requests=true", 200,
                        PLATFORM_HEADERS, platform_body(&github_setup, "run-2-completed.json")),
        PLATFORM_END};
    platform_t *github = platform_connect(&github_setup, "open.db", platform_answers(&github_setup, NULL));
    civ_sync_report_t *report = platform_go(github);

    platform_is_status(github, CIV_ITEM_PIPELINE, RUN2, CIV_STATUS_RUNNING);
    mock_platform_set_answers(github->mock, platform_answers(&github_setup, ended));
    report = platform_go(github);
    platform_is_status(github, CIV_ITEM_PIPELINE, RUN2, CIV_STATUS_FAILED);
    CU_ASSERT_EQUAL(platform_asked(github, "/actions/runs/" RUN2 "?exclude_pull_requests=true"), 1);
    CU_ASSERT_EQUAL(platform_asked(github, "/actions/runs/" RUN2 "/jobs"), 2);
    report = platform_go(github);
    CU_ASSERT_EQUAL(platform_asked(github, "/actions/runs/" RUN2 "?exclude_pull_requests=true"), 1);
    CU_ASSERT_EQUAL(report->fresh + report->changed, 0);
    mock_platform_set_answers(github->mock, platform_answers(&github_setup, repeated));
    report = platform_go(github);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    platform_is_status(github, CIV_ITEM_PIPELINE, RUN2 "#2", CIV_STATUS_PASSED);
    platform_is_status(github, CIV_ITEM_PIPELINE, RUN2, CIV_STATUS_FAILED);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_PIPELINE), 4);
    platform_end(github);
}

#define PULL(number, state, updated)                                                                         \
    "{\"id\":90" number ",\"number\":" number ",\"state\":\"" state                                          \
    "\",\"title\":\"T\",\"user\":{\"login\":\"ada\"},\"created_at\":\"2026-03-01T10:00:00Z\",\"updated_"     \
    "at\":\"" updated                                                                                        \
    "\",\"closed_at\":null,\"merged_at\":null,\"head\":{\"ref\":\"x\"},\"base\":{\"ref\":\"main\"}}"
#define PULLS2     "/repositories/7001/pulls?state=all&sort=updated&direction=desc&per_page=100&page=2"
#define PULLS_LINK PLATFORM_HEADERS "Link: <http://{self}" PULLS2 ">; rel=\"next\"\r\n"

/* While the pages are read, 11 moves from the second to the first: 12 is seen twice, and 11 in the next run. */
static void test_pull_request_moves_between_pages(void)
{
    static const mock_answer_t first[] = {
        PLATFORM_ANSWER(PULLS, 200, PULLS_LINK,
                        "[" PULL("13", "open", "2026-03-31T12:00:00Z") "," PULL("12", "open",
                                                                                "2026-03-31T11:00:00Z") "]"),
        PLATFORM_ANSWER(PULLS2, 200, PLATFORM_HEADERS,
                        "[" PULL("12", "open", "2026-03-31T11:00:00Z") "," PULL("10", "closed",
                                                                                "2026-03-02T11:00:00Z") "]"),
        PLATFORM_END};
    static const mock_answer_t second[] = {
        PLATFORM_ANSWER(PULLS, 200, PULLS_LINK,
                        "[" PULL("11", "closed",
                                 "2026-04-01T00:00:05Z") "," PULL("13", "open", "2026-03-31T12:00:00Z") "]"),
        PLATFORM_ANSWER(PULLS2, 200, PLATFORM_HEADERS,
                        "[" PULL("12", "open", "2026-03-31T11:00:00Z") "," PULL("10", "closed",
                                                                                "2026-03-02T11:00:00Z") "]"),
        PLATFORM_END};
    platform_t *github = platform_connect(&github_setup, "moves.db", platform_answers(&github_setup, first));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_PULL_REQUEST), 3);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->duplicate, 1);
    mock_platform_set_answers(github->mock, platform_answers(&github_setup, second));
    report = platform_go(github);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(github, CIV_ITEM_PULL_REQUEST, "11", CIV_STATUS_CLOSED);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->fresh, 1);
    CU_ASSERT_EQUAL(platform_asked(github, "/pulls/11/reviews"), 1);
    CU_ASSERT_EQUAL(platform_asked(github, "/pulls/12/reviews"), 1);
    platform_end(github);
}

/* A list that broke behind its first page is read from there on the next time, though the first page is the same. */
static void test_broken_list_is_not_taken_for_read(void)
{
    static const mock_answer_t broken[] = {{"/repositories/7001/commits?per_page=100&after=1a2b+99", 404,
                                            PLATFORM_HEADERS, "{}", 0, MOCK_PLAIN, 0},
                                           PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "broken.db", platform_answers(&github_setup, broken));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 2);
    mock_platform_set_answers(github->mock, platform_answers(&github_setup, NULL));
    report = platform_go(github);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 4);
    report = platform_go(github);
    CU_ASSERT_EQUAL(platform_asked(github, "after=1a2b+99"), 2);
    platform_end(github);
}

/* --- windows --- */

#define RUNS(window) GITHUB_REPO "/actions/runs?created=" window "&exclude_pull_requests=true&per_page=100"
#define T(day)       "2026-" day "T00%3A00%3A00Z"
#define RUN(id, at)                                                                                          \
    "{\"id\":" id ",\"run_attempt\":1,\"name\":\"CI\",\"status\":\"completed\",\"conclusion\":\"success\","  \
    "\"created_at\":\"" at "\",\"updated_at\":\"" at "\",\"head_sha\":\"" HEAD "\"}"

/* GitHub shows a thousand: both halves are asked for, and each run is there once. */
static void test_windows_are_halved(void)
{
    static const mock_answer_t halves[] = {
        PLATFORM_ANSWER(RUNS(T("01-01") ".." T("04-01")), 200, PLATFORM_HEADERS,
                        "{\"total_count\":1300,\"workflow_runs\":[" RUN("9", "2026-03-31T00:00:00Z") "]}"),
        PLATFORM_ANSWER(RUNS(T("01-01") ".." T("02-15")), 200, PLATFORM_HEADERS,
                        "{\"total_count\":2,\"workflow_runs\":[" RUN("2", "2026-02-15T00:00:00Z") "," RUN(
                            "1", "2026-01-02T00:00:00Z") "]}"),
        PLATFORM_ANSWER(RUNS("2026-02-15T00%3A00%3A01Z.." T("04-01")), 200, PLATFORM_HEADERS,
                        "{\"total_count\":1,\"workflow_runs\":[" RUN("9", "2026-03-31T00:00:00Z") "]}"),
        PLATFORM_ANSWER(GITHUB_REPO "/actions/runs/*", 200, PLATFORM_HEADERS,
                        "{\"total_count\":0,\"jobs\":[]}"),
        PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "halves.db", platform_answers(&github_setup, halves));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(github, "/actions/runs?created="), 3);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_PIPELINE), 3);
    CU_ASSERT_EQUAL(sync_kind(report, "workflow_run")->duplicate, 0);
    platform_end(github);
}

/* --- what GitHub refuses --- */

static void test_refused_token(void)
{
    static const mock_answer_t refused[] = {
        PLATFORM_ANSWER(GITHUB_REPO, 401, PLATFORM_HEADERS, "{\"message\":\"Bad credentials\"}"),
        PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "refused.db", platform_answers(&github_setup, refused));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(github->mock), 1);
    CU_ASSERT_PTR_NULL(strstr(report->reason, GITHUB_TOKEN));
    platform_end(github);
}

/* A limit that only the text tells of is none of permissions: the run goes on later where it was. */
static void test_limit_by_text(void)
{
    static const mock_answer_t limited[] = {
        PLATFORM_ANSWER(
            "/repositories/7001/commits?per_page=100&after=1a2b+99", 403, PLATFORM_HEADERS,
            "{\"message\":\"You have exceeded a secondary rate limit. Please wait a few minutes.\"}"),
        PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "limit.db", platform_answers(&github_setup, limited));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_PARTIAL);
    CU_ASSERT_TRUE(report->retry_at > 0);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 2);
    platform_end(github);
}

static void test_moved_or_missing_repository(void)
{
    static const mock_answer_t missing[] = {
        PLATFORM_ANSWER(GITHUB_REPO, 404, PLATFORM_HEADERS, "{\"message\":\"Not Found\"}"), PLATFORM_END};
    mock_answer_t moved[] = {PLATFORM_ANSWER("/repos/former/name", 301,
                                             PLATFORM_DATE "Location: http://{self}/repositories/7001\r\n",
                                             ""),
                             PLATFORM_ANSWER("/repositories/7001", 200, PLATFORM_HEADERS,
                                             platform_body(&github_setup, "repository.json")),
                             PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "missing.db", platform_answers(&github_setup, missing));

    CU_ASSERT_EQUAL(platform_go(github)->outcome, CIV_SYNC_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(github->mock), 1);
    mock_platform_set_answers(github->mock, platform_answers(&github_setup, moved));
    github->run->project_id = "former/name";
    CU_ASSERT_EQUAL(platform_go(github)->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(platform_item(github, CIV_ITEM_REPOSITORY, "7001")->scope, "7001");
    CU_ASSERT_EQUAL(platform_asked(github, "/repos/former/name"), 1);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 4);
    platform_end(github);
}

/* What is forbidden, missing or not ready costs its own kind only, and is told. */
static void test_refusals_degrade_their_kind(void)
{
    static const mock_answer_t refused[] = {
        PLATFORM_ANSWER(GITHUB_REPO "/actions/runs?created=*", 403, PLATFORM_HEADERS,
                        "{\"message\":\"Resource not accessible by personal access token\"}"),
        PLATFORM_ANSWER(GITHUB_REPO "/actions/artifacts?per_page=100", 404, PLATFORM_HEADERS,
                        "{\"message\":\"Not Found\"}"),
        PLATFORM_ANSWER(GITHUB_REPO "/pulls/12/reviews?per_page=100", 404, PLATFORM_HEADERS,
                        "{\"message\":\"Not Found\"}"),
        {GITHUB_REPO "/stats/participation", 202, PLATFORM_HEADERS, "{}", 0, MOCK_PLAIN, 1},
        PLATFORM_ANSWER(GITHUB_REPO "/stats/participation", 200, PLATFORM_HEADERS,
                        "{\"all\":[1],\"owner\":[1]}"),
        PLATFORM_ANSWER(GITHUB_REPO "/stats/code_frequency", 204, PLATFORM_DATE, NULL),
        PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "degraded.db", platform_answers(&github_setup, refused));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "workflow_run")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "artifact")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "review")->gone, 1);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "release")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "code_metrics")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_CODE_METRICS), 2);
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(github, CIV_ITEM_CODE_METRICS, "participation"), "all/0"), "1");
    platform_end(github);
}

/* What GitHub does not count (it says 422 to the lines of large repositories) is told, and the rest is there. */
static void test_refused_metric_costs_no_other(void)
{
    static const mock_answer_t refused[] = {
        PLATFORM_ANSWER(GITHUB_REPO "/languages", 422, PLATFORM_HEADERS, "{\"message\":\"Too large\"}"),
        PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "metric.db", platform_answers(&github_setup, refused));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "code_metrics")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_CODE_METRICS), 2);
    platform_end(github);
}

static void test_empty_repository(void)
{
    static const mock_answer_t empty[] = {
        PLATFORM_ANSWER(COMMITS, 409, PLATFORM_HEADERS, "{\"message\":\"Git Repository is empty.\"}"),
        PLATFORM_ANSWER(PULLS, 200, PLATFORM_HEADERS, "[]"),
        PLATFORM_ANSWER(GITHUB_REPO "/actions/runs?created=*", 200, PLATFORM_HEADERS,
                        "{\"total_count\":0,\"workflow_runs\":[]}"),
        PLATFORM_ANSWER(GITHUB_REPO "/actions/artifacts?per_page=100", 200, PLATFORM_HEADERS,
                        "{\"total_count\":0,\"artifacts\":[]}"),
        PLATFORM_ANSWER(GITHUB_REPO "/releases?per_page=100", 200, PLATFORM_HEADERS, "[]"),
        PLATFORM_ANSWER(GITHUB_REPO "/languages", 200, PLATFORM_HEADERS, "{}"),
        PLATFORM_ANSWER(GITHUB_REPO "/stats/participation", 204, PLATFORM_DATE, NULL),
        PLATFORM_ANSWER(GITHUB_REPO "/stats/code_frequency", 204, PLATFORM_DATE, NULL),
        PLATFORM_END};
    platform_t *github = platform_connect(&github_setup, "empty.db", platform_answers(&github_setup, empty));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    platform_end(github);
}

/* A link to another server is not followed, and a list that ends there is not taken for read. */
static void test_link_to_another_server(void)
{
    static const mock_answer_t elsewhere[] = {
        PLATFORM_ANSWER(PULLS, 200,
                        PLATFORM_HEADERS "Link: <https://elsewhere.example/pulls?page=2>; rel=\"next\"\r\n",
                        "[" PULL("13", "open", "2026-03-31T12:00:00Z") "]"),
        PLATFORM_END};
    platform_t *github =
        platform_connect(&github_setup, "elsewhere.db", platform_answers(&github_setup, elsewhere));
    civ_sync_report_t *report = platform_go(github);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->status, CIV_KIND_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(sync_kind(report, "pull_request")->reason, "not on this server"));
    CU_ASSERT_EQUAL(
        sync_int("elsewhere.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'pull_request'"), 0);
    CU_ASSERT_EQUAL(platform_count(github, CIV_ITEM_COMMIT), 4);
    platform_end(github);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {"late_commits_are_found", test_late_commits_are_found},
    {"since_leaves_no_gap", test_since_leaves_no_gap},
    {"open_run_is_asked_for_until_it_ends", test_open_run_is_asked_for_until_it_ends},
    {"pull_request_moves_between_pages", test_pull_request_moves_between_pages},
    {"broken_list_is_not_taken_for_read", test_broken_list_is_not_taken_for_read},
    {"windows_are_halved", test_windows_are_halved},
    {"refused_token", test_refused_token},
    {"limit_by_text", test_limit_by_text},
    {"moved_or_missing_repository", test_moved_or_missing_repository},
    {"refusals_degrade_their_kind", test_refusals_degrade_their_kind},
    {"refused_metric_costs_no_other", test_refused_metric_costs_no_other},
    {"empty_repository", test_empty_repository},
    {"link_to_another_server", test_link_to_another_server},
    {NULL, NULL},
};

const test_suite_t platform_github_suite = {"platform_github", unit_folder_make, unit_folder_remove, cases};
