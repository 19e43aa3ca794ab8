/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_bitbucket.c
 * The connector for Bitbucket Cloud through the real client and engine, against a server that answers as Bitbucket does.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/bitbucket_fixture.h"

#define HEAD    "1515151515151515151515151515151515151515"
#define NEWHEAD "1616161616161616161616161616161616161616"
#define LATE    "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"
#define MERGED  "1212121212121212121212121212121212121212"
#define FIRST   "1010101010101010101010101010101010101010"
#define TOPIC4  "a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"
#define TOPIC3  "a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3"

#define UUID(kind, number)  "{0000000" kind "-0000-4000-8000-0000000000" number "}"
#define CODED(kind, number) "%7B0000000" kind "-0000-4000-8000-0000000000" number "%7D"
#define REPOSITORY          UUID("1", "01")
#define STEP(number)        "{00000004-0000-4000-8000-000000000" number "}"

#define ANSWER(target, status, body) PLATFORM_ANSWER(target, status, PLATFORM_HEADERS, body)

#define PULLS                                                                                                \
    BITBUCKET_REPO "/pullrequests?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED&sort=-updated_on"  \
                   "&pagelen=50&fields=%2Bvalues.participants"
#define SINCE     "&q=updated_on%3E%3D2026-03-31T23%3A50%3A00Z"
#define COMMITS   BITBUCKET_REPO "/commits?pagelen=100&include=main"
#define PIPELINES BITBUCKET_REPO "/pipelines/?sort=-created_on&pagelen=100"

static platform_t *connect_with(const char *database, const mock_answer_t *instead)
{
    return platform_connect(&bitbucket_setup, database, platform_answers(&bitbucket_setup, instead));
}

static void expect_code(const platform_t *server)
{
    const civ_sync_item_t *item = platform_item(server, CIV_ITEM_REPOSITORY, REPOSITORY);

    CU_ASSERT_STRING_EQUAL(item->title, "acme/tool");
    CU_ASSERT_STRING_EQUAL(item->scope, REPOSITORY);
    CU_ASSERT_STRING_EQUAL(item->url, "https://bitbucket.org/acme/tool");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "mainbranch"), "main");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "description"), "Asks [e-mail]");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "size"), "");
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_COMMIT), 4);
    item = platform_item(server, CIV_ITEM_COMMIT, HEAD);
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_STRING_EQUAL(item->title, "Merged in topic-3 (pull request #3)");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774872000000)); /* 2026-03-30T12:00:00Z */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "parents/1"), "1111111111111111111111111111111111111111");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "author_name"), "Ada Lovelace");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "author_id"), UUID("9", "01"));
    item = platform_item(server, CIV_ITEM_COMMIT, MERGED);
    CU_ASSERT_STRING_EQUAL(item->author, "Unknown Person");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1773127800000)); /* 2026-03-10T07:30:00Z */
    CU_ASSERT_STRING_EQUAL(platform_item(server, CIV_ITEM_COMMIT, FIRST)->author, "[e-mail]");
}

static void expect_pulls(const platform_t *server)
{
    const civ_sync_item_t *item = platform_item(server, CIV_ITEM_PULL_REQUEST, "3");

    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PULL_REQUEST), 4);
    platform_is_status(server, CIV_ITEM_PULL_REQUEST, "4", CIV_STATUS_OPEN);
    platform_is_status(server, CIV_ITEM_PULL_REQUEST, "3", CIV_STATUS_MERGED);
    platform_is_status(server, CIV_ITEM_PULL_REQUEST, "2", CIV_STATUS_CLOSED);
    platform_is_status(server, CIV_ITEM_PULL_REQUEST, "1", CIV_STATUS_CLOSED);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "merge_commit"), "151515151515");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "closed_by"), "ada");
    CU_ASSERT_EQUAL(item->updated, APR_INT64_C(1774872000123));
    CU_ASSERT_PTR_NULL(item->sha); /* the answer has twelve digits of it only */
    CU_ASSERT_TRUE(item->is_final);
    CU_ASSERT_FALSE(platform_item(server, CIV_ITEM_PULL_REQUEST, "4")->is_final);
    /* One that is asked for its opinion and has given none is no review. */
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_REVIEW), 3);
    platform_is_status(server, CIV_ITEM_REVIEW, "3/" UUID("9", "02"), CIV_STATUS_PASSED);
    platform_is_status(server, CIV_ITEM_REVIEW, "3/" UUID("9", "03"), CIV_STATUS_FAILED);
    platform_is_status(server, CIV_ITEM_REVIEW, "3/" UUID("9", "01"), CIV_STATUS_UNKNOWN);
    item = platform_item(server, CIV_ITEM_REVIEW, "3/" UUID("9", "02"));
    CU_ASSERT_STRING_EQUAL(item->author, "bob");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pull_request"), "3");
}

static void expect_pipelines(const platform_t *server)
{
    const civ_sync_item_t *item = platform_item(server, CIV_ITEM_PIPELINE, UUID("3", "12") "#2");

    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PIPELINE), 4);
    CU_ASSERT_STRING_EQUAL(item->title, "#12 main");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(item->url, "https://bitbucket.org/acme/tool/pipelines/results/12");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774953000000)); /* when the second run began: 10:30 */
    CU_ASSERT_STRING_EQUAL(platform_data(item, "duration_in_seconds"), "112");
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "12") "#2", CIV_STATUS_FAILED);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "13"), CIV_STATUS_RUNNING);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "11"), CIV_STATUS_PASSED);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "10"), CIV_STATUS_CANCELED);
    item = platform_item(server, CIV_ITEM_PIPELINE, UUID("3", "13"));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "stage"), "RUNNING");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "duration_in_seconds"), ""); /* it counts still */
}

static void expect_steps(const platform_t *server)
{
    const civ_sync_item_t *item = platform_item(server, CIV_ITEM_JOB, STEP("122") "#2");

    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_JOB), 6);
    CU_ASSERT_STRING_EQUAL(item->title, "Test");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "pipeline"), UUID("3", "12"));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "image"), "acme/builder:1");
    CU_ASSERT_STRING_EQUAL(item->url, "https://bitbucket.org/acme/tool/pipelines/results/12/steps/"
                                      "%7B00000004-0000-4000-8000-000000000122%7D");
    platform_is_status(server, CIV_ITEM_JOB, STEP("121"), CIV_STATUS_PASSED);
    platform_is_status(server, CIV_ITEM_JOB, STEP("122") "#2", CIV_STATUS_FAILED);
    platform_is_status(server, CIV_ITEM_JOB, STEP("123"), CIV_STATUS_SKIPPED);
    platform_is_status(server, CIV_ITEM_JOB, STEP("131"), CIV_STATUS_RUNNING);
    /* What has not started has the time of its pipeline. */
    CU_ASSERT_EQUAL(platform_item(server, CIV_ITEM_JOB, STEP("132"))->timestamp, APR_INT64_C(1774954800265));
}

static void expect_checks(const platform_t *server)
{
    const civ_sync_item_t *item = platform_item(server, CIV_ITEM_CHECK, HEAD "/lint");

    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_CHECK), 4);
    CU_ASSERT_STRING_EQUAL(item->title, "Lint");
    CU_ASSERT_STRING_EQUAL(item->sha, HEAD);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "ref_name"), "main");
    platform_is_status(server, CIV_ITEM_CHECK, HEAD "/lint", CIV_STATUS_PASSED);
    platform_is_status(server, CIV_ITEM_CHECK, HEAD "/deploy", CIV_STATUS_CANCELED);
    platform_is_status(server, CIV_ITEM_CHECK, TOPIC4 "/ci/linux", CIV_STATUS_RUNNING);
    platform_is_status(server, CIV_ITEM_CHECK, TOPIC3 "/ci/linux", CIV_STATUS_FAILED);
    CU_ASSERT_STRING_EQUAL(platform_item(server, CIV_ITEM_CHECK, HEAD "/deploy")->title, "deploy");
}

static void test_collects_everything(void)
{
    platform_t *server = connect_with("everything.db", NULL);
    civ_sync_report_t *report = platform_go(server);
    apr_hash_index_t *at;
    civ_digest_t digest;
    const char *body;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(report->reason, "");
    expect_code(server);
    expect_pulls(server);
    expect_pipelines(server);
    expect_steps(server);
    expect_checks(server);
    /* The page after this one, byte for byte; and one that no answer names. */
    CU_ASSERT_EQUAL(platform_asked(server, COMMITS "&ctx=Gtqq%2BF1Ah%3D&page=2 "), 1);
    CU_ASSERT_EQUAL(platform_asked(server, PIPELINES "&page=2 "), 1);
    CU_ASSERT_EQUAL(platform_asked(server, "/pullrequests/2/statuses"), 0); /* long closed */
    CU_ASSERT_TRUE(mock_platform_has_seen(server->mock, "Authorization: " BITBUCKET_CREDENTIALS "\r\n"));
    CU_ASSERT_FALSE(unit_log_has(BITBUCKET_TOKEN));
    CU_ASSERT_FALSE(unit_log_has(BITBUCKET_CREDENTIALS));
    /* Each has the hash of the answer it was in, and nothing that is to be left out. */
    body = platform_body(&bitbucket_setup, "steps-12.json");
    civ_digest_sha256(&digest, body, strlen(body));
    CU_ASSERT_TRUE(civ_digest_equal(&platform_item(server, CIV_ITEM_JOB, STEP("121"))->raw_hash, &digest));
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_item(server, CIV_ITEM_JOB, STEP("121"))->source_url,
                                  "/pipelines/" CODED("3", "12") "/steps/?pagelen=100"));
    for (at = apr_hash_first(test_pool(), server->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
        CU_ASSERT_PTR_NULL(strstr(item->data, "secret"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "robot"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "atl-paas"));
        CU_ASSERT_TRUE(item->author == NULL || strchr(item->author, '@') == NULL);
        CU_ASSERT_TRUE(item->url == NULL || strchr(item->url, '@') == NULL);
    }
    platform_end(server);
}

/* What has not changed costs one request a list; what is at work, one each. */
static void test_second_run_is_cheap(void)
{
    platform_t *server = connect_with("cheap.db", NULL);
    civ_sync_report_t *report = platform_go(server);
    int before = mock_platform_count(server->mock);
    apr_int64_t stored = sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items");

    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 0);
    CU_ASSERT_EQUAL(sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items"), stored);
    CU_ASSERT_EQUAL(platform_asked(server, BITBUCKET_REPO " "), 2);
    CU_ASSERT_EQUAL(platform_asked(server, PULLS SINCE " "), 1);
    CU_ASSERT_EQUAL(platform_asked(server, COMMITS "&exclude=" HEAD " "), 1);
    CU_ASSERT_EQUAL(platform_asked(server, "/commit/" HEAD "/statuses?"), 2);
    CU_ASSERT_EQUAL(platform_asked(server, PIPELINES " "), 2);
    CU_ASSERT_EQUAL(platform_asked(server, PIPELINES "&page=2 "), 1);
    CU_ASSERT_EQUAL(platform_asked(server, "/pipelines/" CODED("3", "13") "/steps/"), 1);
    /* The status that was at work has ended. */
    CU_ASSERT_EQUAL(platform_asked(server, "/commit/" TOPIC4 "/statuses/build/ci%2Flinux "), 1);
    platform_is_status(server, CIV_ITEM_CHECK, TOPIC4 "/ci/linux", CIV_STATUS_PASSED);
    CU_ASSERT_EQUAL(mock_platform_count(server->mock) - before, 6);
    before = mock_platform_count(server->mock);
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->fresh + report->changed, 0);
    CU_ASSERT_EQUAL(mock_platform_count(server->mock) - before, 5);
    platform_end(server);
}

/* --- what has changed --- */

/* A new head brings what was committed long before, since the list is of what the former head did not have. */
static void test_late_commits_are_found(void)
{
    mock_answer_t instead[] = {
        ANSWER(COMMITS "&exclude=" HEAD, 200, platform_body(&bitbucket_setup, "commits-new.json")),
        ANSWER(COMMITS "&exclude=" NEWHEAD, 200, "{\"values\":[]}"), PLATFORM_END};
    platform_t *server = connect_with("late.db", instead);
    civ_sync_report_t *report = platform_go(server);

    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_COMMIT), 6);
    CU_ASSERT_STRING_EQUAL(platform_item(server, CIV_ITEM_COMMIT, LATE)->author, "eve");
    CU_ASSERT_EQUAL(platform_asked(server, "/commit/" NEWHEAD "/statuses?"), 1);
    /* The next one knows the new head. */
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->fresh, 0);
    CU_ASSERT_EQUAL(platform_asked(server, "&exclude=" NEWHEAD " "), 1);
    platform_end(server);
}

/* A list of what is new goes on, however old its first page is. */
static void test_old_page_of_new_commits_is_no_end(void)
{
    static const mock_answer_t instead[] = {
        ANSWER(COMMITS "&exclude=" HEAD, 200,
               "{\"next\":\"http://{self}" COMMITS "&exclude=" HEAD
               "&ctx=1\",\"values\":[{\"hash\":\"" NEWHEAD
               "\",\"date\":\"2026-01-03T00:00:00Z\",\"parents\":[]}]}"),
        ANSWER(COMMITS "&exclude=" HEAD "&ctx=1", 200,
               "{\"values\":[{\"hash\":\"" LATE "\",\"date\":\"2026-01-02T00:00:00Z\",\"parents\":[]}]}"),
        ANSWER(BITBUCKET_REPO "/commit/*", 200, "{\"values\":[]}"), PLATFORM_END};
    platform_t *server = connect_with("old.db", instead);

    platform_go(server);
    platform_go(server);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_COMMIT), 6);
    platform_item(server, CIV_ITEM_COMMIT, LATE);
    platform_end(server);
}

/* The head of the last run was forced away: the list is read until it is older than that run. */
static void test_forced_away_head(void)
{
    mock_answer_t instead[] = {ANSWER(COMMITS "&exclude=" HEAD, 404,
                                      "{\"type\":\"error\",\"error\":{\"message\":\"Commit not found\"}}"),
                               PLATFORM_END};
    platform_t *server = connect_with("forced.db", instead);
    civ_sync_report_t *report = platform_go(server);

    report = platform_go(server);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_asked(server, COMMITS " "), 2);
    CU_ASSERT_EQUAL(platform_asked(server, COMMITS "&ctx="), 1); /* its first page is older throughout */
    platform_end(server);
}

#define PIPELINE(number, state, run)                                                                         \
    "{\"uuid\":\"" UUID("3", number) "\",\"build_number\":" number ",\"state\":" state                       \
                                     ",\"created_on\":\"2026-03-31T11:00:00Z\",\"run_number\":" run          \
                                     ",\"run_creation_date\":\"2026-04-01T00:00:00Z\",\"completed_on\":"     \
                                     "\"2026-04-01T00:00:00Z\"}"
#define DONE(result) "{\"name\":\"COMPLETED\",\"result\":{\"name\":\"" result "\"}}"

/* A pipeline that was at work ends when no list shows it any more: it is asked for by itself, and for its steps again. */
static void test_open_pipeline_is_asked_for_until_it_ends(void)
{
    static const mock_answer_t none[] = {ANSWER(PIPELINES, 200, "{\"values\":[]}"), PLATFORM_END};
    platform_t *server = connect_with("open.db", NULL);
    civ_sync_report_t *report = platform_go(server);

    mock_platform_set_answers(server->mock, platform_answers(&bitbucket_setup, none));
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(server, "/pipelines/" CODED("3", "13") " "), 1);
    CU_ASSERT_EQUAL(platform_asked(server, "/pipelines/" CODED("3", "13") "/steps/"), 2);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "13"), CIV_STATUS_PASSED);
    platform_go(server);
    CU_ASSERT_EQUAL(platform_asked(server, "/pipelines/" CODED("3", "13") " "), 1);
    platform_end(server);
}

/* A pipeline that was over is run again: another attempt, and the first stays. */
static void test_repeated_pipeline_is_an_attempt(void)
{
    static const mock_answer_t once[] = {
        ANSWER(PIPELINES, 200, "{\"values\":[" PIPELINE("13", DONE("SUCCESSFUL"), "1") "]}"), PLATFORM_END};
    static const mock_answer_t repeated[] = {
        ANSWER(PIPELINES, 200, "{\"values\":[" PIPELINE("13", DONE("FAILED"), "2") "]}"),
        ANSWER(
            BITBUCKET_REPO "/pipelines/" CODED("3", "13") "/steps/?pagelen=100", 200,
            "{\"values\":[{\"uuid\":\"" STEP("131") "\",\"run_number\":2,\"name\":\"Build\",\"state\":" DONE(
                "ERROR") ",\"started_on\":\"2026-04-01T00:00:00Z\"}]}"),
        PLATFORM_END};
    platform_t *server = connect_with("repeated.db", once);
    civ_sync_report_t *report;

    platform_go(server);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "13"), CIV_STATUS_PASSED);
    mock_platform_set_answers(server->mock, platform_answers(&bitbucket_setup, repeated));
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "13") "#2", CIV_STATUS_FAILED);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "13"), CIV_STATUS_PASSED);
    platform_is_status(server, CIV_ITEM_JOB, STEP("131") "#2", CIV_STATUS_FAILED);
    platform_is_status(server, CIV_ITEM_JOB, STEP("131"), CIV_STATUS_RUNNING); /* as it was seen last */
    platform_end(server);
}

/* Words that are new are no end; what has ended with one is over. */
static void test_words_that_are_new(void)
{
    static const mock_answer_t strange[] = {
        ANSWER(PIPELINES, 200,
               "{\"values\":[" PIPELINE("13", "{\"name\":\"DREAMING\"}", "1") "," PIPELINE(
                   "12", DONE("MAYBE"),
                   "1") "," PIPELINE("11", "{\"name\":\"IN_PROGRESS\",\"stage\":{\"name\":\"PAUSED\"}}",
                                     "1") "]}"),
        ANSWER(BITBUCKET_REPO "/pipelines/*", 200, "{\"values\":[]}"), PLATFORM_END};
    platform_t *server = connect_with("strange.db", strange);

    platform_go(server);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "13"), CIV_STATUS_UNKNOWN);
    CU_ASSERT_FALSE(platform_item(server, CIV_ITEM_PIPELINE, UUID("3", "13"))->is_final);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "12"), CIV_STATUS_UNKNOWN);
    CU_ASSERT_TRUE(platform_item(server, CIV_ITEM_PIPELINE, UUID("3", "12"))->is_final);
    platform_is_status(server, CIV_ITEM_PIPELINE, UUID("3", "11"), CIV_STATUS_RUNNING);
    platform_end(server);
}

#define PULL(id, state, updated)                                                                             \
    "{\"id\":" id ",\"state\":\"" state "\",\"title\":\"T\",\"author\":{\"nickname\":\"ada\"},"              \
    "\"created_on\":\"2026-03-01T10:00:00Z\",\"updated_on\":\"" updated "\"}"

/* A pull request changes while the pages are read: others move back and are seen twice, and it is seen in the next run. */
static void test_pull_request_moves_between_pages(void)
{
    static const mock_answer_t first[] = {
        ANSWER(PULLS, 200,
               "{\"next\":\"http://{self}" PULLS "&page=2\",\"values\":[" PULL(
                   "14", "OPEN", "2026-03-31T12:00:00Z") "," PULL("13", "OPEN", "2026-03-31T11:00:00Z") "]}"),
        ANSWER(PULLS "&page=2", 200,
               "{\"values\":[" PULL("13", "OPEN", "2026-03-31T11:00:00Z") "," PULL(
                   "10", "MERGED", "2026-03-02T11:00:00Z") "]}"),
        ANSWER(PULLS SINCE, 200, "{\"values\":[" PULL("12", "MERGED", "2026-04-01T00:00:05Z") "]}"),
        ANSWER(BITBUCKET_REPO "/pullrequests/*", 200, "{\"values\":[]}"), PLATFORM_END};
    platform_t *server = connect_with("moves.db", first);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PULL_REQUEST), 3);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->duplicate, 1);
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(server, CIV_ITEM_PULL_REQUEST, "12", CIV_STATUS_MERGED);
    CU_ASSERT_EQUAL(platform_asked(server, "/pullrequests/12/statuses"), 1);
    CU_ASSERT_EQUAL(platform_asked(server, "/pullrequests/13/statuses"), 1);
    platform_end(server);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {"late_commits_are_found", test_late_commits_are_found},
    {"old_page_of_new_commits_is_no_end", test_old_page_of_new_commits_is_no_end},
    {"forced_away_head", test_forced_away_head},
    {"open_pipeline_is_asked_for_until_it_ends", test_open_pipeline_is_asked_for_until_it_ends},
    {"repeated_pipeline_is_an_attempt", test_repeated_pipeline_is_an_attempt},
    {"words_that_are_new", test_words_that_are_new},
    {"pull_request_moves_between_pages", test_pull_request_moves_between_pages},
    {NULL, NULL},
};

const test_suite_t platform_bitbucket_suite = {"platform_bitbucket", unit_folder_make, unit_folder_remove,
                                               cases};
