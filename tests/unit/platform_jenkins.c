/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_jenkins.c
 * The connector for Jenkins through the real client and engine, against a server that answers as Jenkins does.
 */
#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"
#include "unit/jenkins_fixture.h"

#define TOOL5    "team/tool/5/1774951200000"
#define TOOL7    "team/tool/7/1775001000000"
#define MAIN2    "team/app/main/2/1774872000000"
#define MAIN3    "team/app/main/3/1774958400000"
#define SHA(x)   x x x x x x x x
#define THREES   SHA("33333")
#define FIVES    SHA("55555")
#define NO_BUILD "{\"allBuilds\":[]}"

static int leads_to(const civ_sync_item_t *item, const char *path)
{
    return item->url != NULL && strstr(item->url, path) != NULL;
}

static void expect_builds(const platform_t *jenkins)
{
    const civ_sync_item_t *item = platform_item(jenkins, CIV_ITEM_BUILD, TOOL5);

    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_BUILD), 8);
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774951200000)); /* 2026-03-31T10:00:00Z */
    CU_ASSERT_STRING_EQUAL(item->title, "team/tool #5");
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_STRING_EQUAL(item->sha, FIVES);
    CU_ASSERT_STRING_EQUAL(item->scope, "/jenkins");
    CU_ASSERT_TRUE(leads_to(item, "/jenkins/job/team/job/tool/5/"));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "job"), "team/tool");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "duration"), "65000");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "node"), "agent-1");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "tests/total"), "5");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "changes/1"), SHA("44444"));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "revisions/0/repository"),
                           "https://git.example/team/tool.git");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "causes/0/description"),
                           "Started by user Ada Lovelace ([e-mail])");
    platform_is_status(jenkins, CIV_ITEM_BUILD, TOOL5, CIV_STATUS_FAILED);
    platform_is_status(jenkins, CIV_ITEM_BUILD, TOOL7, CIV_STATUS_RUNNING);
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(jenkins, CIV_ITEM_BUILD, TOOL7), "duration"), "");
    platform_is_status(jenkins, CIV_ITEM_BUILD, "team/tool/4/1774864800000", CIV_STATUS_PASSED);
    platform_is_status(jenkins, CIV_ITEM_BUILD, MAIN2, CIV_STATUS_UNSTABLE);
    platform_is_status(jenkins, CIV_ITEM_BUILD, "team/app/main/1/1774785600000", CIV_STATUS_CANCELED);
    platform_is_status(jenkins, CIV_ITEM_BUILD, "team/app/feature%2Fx/1/1774771200000", CIV_STATUS_SKIPPED);
    platform_is_status(jenkins, CIV_ITEM_BUILD, "team/old/1/1768032000000", CIV_STATUS_PASSED);
}

/* Which of several commits a build is of is only said where it is certain; a repetition names what it repeats. */
static void expect_revisions(const platform_t *jenkins)
{
    const civ_sync_item_t *item = platform_item(jenkins, CIV_ITEM_BUILD, MAIN3);

    CU_ASSERT_STRING_EQUAL(item->sha, THREES);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "revisions/0/commit"), SHA("99999"));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "revisions/0/repository"), "git.example:libs/shared.git");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "repeats"), "2");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "repeats_by"), "replay");
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_PTR_NULL(platform_item(jenkins, CIV_ITEM_BUILD, "team/app/main/1/1774785600000")->sha);
    CU_ASSERT_STRING_EQUAL(platform_data(platform_item(jenkins, CIV_ITEM_BUILD, MAIN2), "repeats"), "");
}

static void expect_changes(const platform_t *jenkins)
{
    const civ_sync_item_t *item = platform_item(jenkins, CIV_ITEM_COMMIT, FIVES);

    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_COMMIT), 4);
    CU_ASSERT_STRING_EQUAL(item->sha, FIVES);
    CU_ASSERT_STRING_EQUAL(item->title, "Fix the parser, says [e-mail]");
    CU_ASSERT_STRING_EQUAL(item->author, "Ada Lovelace");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774949400000));
    CU_ASSERT_STRING_EQUAL(platform_data(item, "kind"), "git");
    item = platform_item(jenkins, CIV_ITEM_COMMIT, SHA("44444"));
    CU_ASSERT_STRING_EQUAL(item->author, "[e-mail]");
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774949400000)); /* by its date */
    item = platform_item(jenkins, CIV_ITEM_COMMIT, "team/tool/4/1774864800000/change/1234");
    CU_ASSERT_PTR_NULL(item->sha);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "kind"), "svn");
}

static void expect_products(const platform_t *jenkins)
{
    const civ_sync_item_t *item = platform_item(jenkins, CIV_ITEM_TEST_RESULT, TOOL5 "/tests");

    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_TEST_RESULT), 1);
    platform_is_status(jenkins, CIV_ITEM_TEST_RESULT, TOOL5 "/tests", CIV_STATUS_FAILED);
    CU_ASSERT_STRING_EQUAL(item->title, "team/tool #5: 3 passed, 1 failed, 1 skipped");
    CU_ASSERT_STRING_EQUAL(item->sha, FIVES);
    CU_ASSERT_STRING_EQUAL(platform_data(item, "failures/0/name"), "mail [e-mail]");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "failures/1/name"), "");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "suites/1/passed"), "2");
    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_ARTIFACT), 3);
    item = platform_item(jenkins, CIV_ITEM_ARTIFACT, TOOL5 "/artifact/target/tool.jar");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "md5"), "0123456789abcdef0123456789abcdef");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "path"), "target/tool.jar");
    item = platform_item(jenkins, CIV_ITEM_ARTIFACT, TOOL5 "/artifact/logs/a b.log");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "md5"), "");
    CU_ASSERT_TRUE(leads_to(item, "/jenkins/job/team/job/tool/5/artifact/logs/a%20b.log"));
    item = platform_item(jenkins, CIV_ITEM_ARTIFACT, TOOL5 "/fingerprint/fedcba9876543210fedcba9876543210");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "made_by"), "team/app/main");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "made_by_build"), "2");
}

static void expect_clean(const platform_t *jenkins)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(test_pool(), jenkins->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
        CU_ASSERT_PTR_NULL(strstr(item->data, "ci:pw"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "internal.example"));
        CU_ASSERT_TRUE(item->author == NULL || strchr(item->author, '@') == NULL);
        CU_ASSERT_TRUE(item->url == NULL || strstr(item->url, "internal.example") == NULL);
    }
}

static void test_collects_everything(void)
{
    platform_t *jenkins =
        platform_connect(&jenkins_setup, "everything.db", platform_answers(&jenkins_setup, NULL));
    civ_sync_report_t *report = platform_go(jenkins);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_STRING_EQUAL(report->reason, "");
    CU_ASSERT_EQUAL(sync_kind(report, "test_result")->gone,
                    0); /* a build without a report is nothing to tell of */
    expect_builds(jenkins);
    expect_revisions(jenkins);
    expect_changes(jenkins);
    expect_products(jenkins);
    expect_clean(jenkins);
    /* Names of branches are encoded once more, blanks once; what has never been built is not asked for. */
    CU_ASSERT_EQUAL(platform_asked(jenkins, JENKINS_BUILDS("/job/team/job/app/job/feature%252Fx")), 1);
    CU_ASSERT_EQUAL(platform_asked(jenkins, "/job/a%20b/"), 0);
    CU_ASSERT_EQUAL(platform_asked(jenkins, JENKINS_JOBS("/job/team/job/empty")), 1);
    CU_ASSERT_EQUAL(platform_asked(jenkins, "depth="), 0);
    CU_ASSERT_EQUAL(mock_platform_count(jenkins->mock), 10);
    CU_ASSERT_TRUE(
        mock_platform_has_seen(jenkins->mock, "Authorization: Basic cmVhZGVyOjExZml4dHVyZTBiNWU1NWVk\r\n"));
    CU_ASSERT_FALSE(unit_log_has(JENKINS_TOKEN));
    platform_end(jenkins);
}

/* A request for each list; none for what was not built since it was read. */
static void test_second_run_is_cheap(void)
{
    platform_t *jenkins =
        platform_connect(&jenkins_setup, "cheap.db", platform_answers(&jenkins_setup, NULL));
    civ_sync_report_t *report = platform_go(jenkins);
    int before = mock_platform_count(jenkins->mock);
    apr_int64_t stored = sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items");

    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh + report->changed, 0);
    CU_ASSERT_EQUAL(sync_int("cheap.db", "SELECT COUNT(*) FROM civ_timeline_items"), stored);
    CU_ASSERT_EQUAL(platform_asked(jenkins, JENKINS_BUILDS("/job/team/job/old")), 1);
    CU_ASSERT_EQUAL(platform_asked(jenkins, JENKINS_BUILDS("/job/team/job/tool")), 2);
    CU_ASSERT_EQUAL(platform_asked(jenkins, "/testReport/"), 2);
    /* Three lists of jobs, three of builds; the build that runs was seen in its list. */
    CU_ASSERT_EQUAL(mock_platform_count(jenkins->mock) - before, 6);
    platform_end(jenkins);
}

/* The target of our own answers that begins so. */
static const mock_answer_t *own_row(const char *beginning)
{
    const mock_answer_t *row = platform_answers(&jenkins_setup, NULL);

    while (row->status != 0 && strncmp(row->target, beginning, strlen(beginning)) != 0)
        row++;
    CU_ASSERT_NOT_EQUAL_FATAL(row->status, 0);
    return row;
}

/* --- pages --- */

#define LEAF "/job/team/job/long"
#define LEAF_ROW                                                                                             \
    PLATFORM_ANSWER(JENKINS_JOBS(LEAF) "*", 200, PLATFORM_HEADERS,                                           \
                    "{\"color\":\"blue\",\"lastBuild\":{\"timestamp\":1775000000000}}")

/* The target of a range of that job's builds. */
static const char *range(int from, int to)
{
    const char *model = JENKINS_BUILDS("/job/team/job/tool");
    const char *target = own_row(model)->target;
    const char *fields = apr_pstrmemdup(test_pool(), target + strlen(model),
                                        strlen(target) - strlen(model) - strlen("%7B0%2C100%7D"));

    return apr_psprintf(test_pool(), "%s%s%%7B%d%%2C%d%%7D", JENKINS_BUILDS(LEAF), fields, from, to);
}

/* Builds from number @a first down to @a last. */
static const char *builds(int first, int last)
{
    const char *text = "";
    int i;

    for (i = first; i >= last; i--)
        text = apr_psprintf(
            test_pool(), "%s%s{\"number\":%d,\"timestamp\":%d000,\"building\":false,\"result\":\"SUCCESS\"}",
            text, i < first ? "," : "", i, 1774000000 + i);
    return apr_psprintf(test_pool(), "{\"allBuilds\":[%s]}", text);
}

static platform_t *connect_long(const char *database, const mock_answer_t *rows)
{
    platform_t *jenkins = platform_connect(&jenkins_setup, database, rows);

    jenkins->run->project_id = "team/long";
    return jenkins;
}

/* Each range has some of the one before; the last one has less than it might. */
static void test_pages_to_the_end(void)
{
    const mock_answer_t rows[] = {
        LEAF_ROW, PLATFORM_ANSWER(range(0, 100), 200, PLATFORM_HEADERS, builds(250, 151)),
        /* Five more have begun since. */
        PLATFORM_ANSWER(range(90, 190), 200, PLATFORM_HEADERS, builds(165, 66)),
        PLATFORM_ANSWER(range(180, 280), 200, PLATFORM_HEADERS, builds(75, 1)), PLATFORM_END};
    platform_t *jenkins = connect_long("pages.db", rows);
    civ_sync_report_t *report = platform_go(jenkins);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_BUILD), 250);
    CU_ASSERT_EQUAL(mock_platform_count(jenkins->mock), 4);
    /* The next run stops where all is older than a week. */
    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(mock_platform_count(jenkins->mock), 6);
    platform_end(jenkins);
}

/* Builds that are removed while the list is read pull others past the place where it goes on. */
static void test_removed_builds_hide_none(void)
{
    const mock_answer_t rows[] = {
        LEAF_ROW, PLATFORM_ANSWER(range(0, 100), 200, PLATFORM_HEADERS, builds(150, 51)),
        /* 150 to 131 have been removed: what was the 91st is the 71st, and 50 to 41 are above this. */
        PLATFORM_ANSWER(range(90, 190), 200, PLATFORM_HEADERS, builds(40, 1)),
        PLATFORM_ANSWER(range(40, 190), 200, PLATFORM_HEADERS, builds(90, 1)), PLATFORM_END};
    platform_t *jenkins = connect_long("removed.db", rows);
    civ_sync_report_t *report = platform_go(jenkins);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_BUILD), 150);
    CU_ASSERT_EQUAL(mock_platform_count(jenkins->mock), 4);
    platform_end(jenkins);
}

/* Jobs have pages too. */
static void test_folder_of_many_jobs(void)
{
    const char *jobs = "{\"name\":\"job0\",\"color\":\"red\",\"lastBuild\":null}";
    mock_answer_t rows[] = {
        PLATFORM_ANSWER(NULL, 200, PLATFORM_HEADERS, NULL),
        PLATFORM_ANSWER(
            NULL, 200, PLATFORM_HEADERS,
            "{\"jobs\":[{\"name\":\"last\",\"color\":\"blue\",\"lastBuild\":{\"timestamp\":1774951200000}},"
            "{\"name\":\"..\",\"color\":\"blue\"},{\"name\":\"a/b\",\"color\":\"blue\"},"
            "{\"name\":\"%2e%2E\",\"jobs\":[]},{\"color\":\"blue\"}]}"),
        PLATFORM_ANSWER(JENKINS_BUILDS("/job/team/job/last") "*", 200, PLATFORM_HEADERS, builds(2, 1)),
        PLATFORM_END};
    const mock_answer_t *own = platform_answers(&jenkins_setup, NULL);
    platform_t *jenkins;
    civ_sync_report_t *report;
    int i;

    for (i = 1; i < 100; i++)
        jobs = apr_psprintf(test_pool(), "%s,{\"name\":\"job%d\",\"color\":\"red\",\"lastBuild\":null}", jobs,
                            i);
    rows[0].target = own[0].target;
    rows[0].body = apr_psprintf(test_pool(), "{\"jobs\":[%s]}", jobs);
    rows[1].target = apr_pstrcat(
        test_pool(),
        apr_pstrmemdup(test_pool(), own[0].target, strlen(own[0].target) - strlen("%7B0%2C100%7D")),
        "%7B100%2C200%7D", NULL);
    jenkins = platform_connect(&jenkins_setup, "many.db", rows);
    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_BUILD), 2);
    /* Names that are none lead nowhere, and are told of. */
    CU_ASSERT_EQUAL(report->warning_count, 4);
    CU_ASSERT_EQUAL(mock_platform_count(jenkins->mock), 3);
    platform_end(jenkins);
}

/* --- what changes --- */

#define TOOL_LIST own_row(JENKINS_BUILDS("/job/team/job/tool"))->target
#define TOOL7_ONE own_row("/jenkins/job/team/job/tool/7/api/")->target
#define TOOL7_ENDED                                                                                          \
    "{\"number\":7,\"timestamp\":1775001000000,\"duration\":900000,\"building\":false,\"result\":"           \
    "\"SUCCESS\","                                                                                           \
    "\"displayName\":\"#7\",\"artifacts\":[{\"fileName\":\"x\"}],\"actions\":[{\"urlName\":\"testReport\","  \
    "\"failCount\":0,\"skipCount\":0,\"totalCount\":2}]}"

/* A build that runs is asked for until it ends, also when no list shows it any more; then its tests and artifacts. */
static void test_running_build_ends(void)
{
    const mock_answer_t ended[] = {
        PLATFORM_ANSWER(TOOL_LIST, 200, PLATFORM_HEADERS, NO_BUILD),
        PLATFORM_ANSWER(TOOL7_ONE, 200, PLATFORM_HEADERS, TOOL7_ENDED),
        PLATFORM_ANSWER("/jenkins/job/team/job/tool/7/api/json?tree=artifacts*", 200, PLATFORM_HEADERS,
                        "{\"artifacts\":[{\"fileName\":\"x\",\"relativePath\":\"x\"}]}"),
        PLATFORM_ANSWER(
            "/jenkins/job/team/job/tool/7/testReport/*", 200, PLATFORM_HEADERS,
            "{\"failCount\":0,\"skipCount\":0,\"totalCount\":2,\"childReports\":[{\"result\":{"
            "\"failCount\":0,"
            "\"suites\":[{\"name\":\"s\",\"cases\":[{\"name\":\"c\",\"status\":\"PASSED\"}]}]}}]}"),
        PLATFORM_END};
    platform_t *jenkins = platform_connect(&jenkins_setup, "ends.db", platform_answers(&jenkins_setup, NULL));
    civ_sync_report_t *report = platform_go(jenkins);

    platform_is_status(jenkins, CIV_ITEM_BUILD, TOOL7, CIV_STATUS_RUNNING);
    mock_platform_set_answers(jenkins->mock, platform_answers(&jenkins_setup, ended));
    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(jenkins, CIV_ITEM_BUILD, TOOL7, CIV_STATUS_PASSED);
    platform_is_status(jenkins, CIV_ITEM_TEST_RESULT, TOOL7 "/tests", CIV_STATUS_PASSED);
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(jenkins, CIV_ITEM_TEST_RESULT, TOOL7 "/tests"), "passed"), "2");
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(jenkins, CIV_ITEM_TEST_RESULT, TOOL7 "/tests"), "suites/0/passed"), "1");
    platform_item(jenkins, CIV_ITEM_ARTIFACT, TOOL7 "/artifact/x");
    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(platform_asked(jenkins, "/job/tool/7/api/json?tree=number"), 1);
    CU_ASSERT_EQUAL(report->fresh + report->changed, 0);
    CU_ASSERT_EQUAL(sync_int("ends.db", "SELECT COUNT(*) FROM civ_sync_open"), 0);
    platform_end(jenkins);
}

/* A job that is made anew counts from 1 again: other builds, with numbers that were there before. */
static void test_numbers_start_again(void)
{
    mock_answer_t rows[] = {
        PLATFORM_ANSWER(TOOL_LIST, 200, PLATFORM_HEADERS,
                        "{\"allBuilds\":[{\"number\":5,\"timestamp\":1775001500000,\"building\":"
                        "false,\"result\":\"SUCCESS\"}]}"),
        PLATFORM_ANSWER(TOOL7_ONE, 200, PLATFORM_HEADERS,
                        "{\"number\":7,\"timestamp\":1775001555000,\"building\":true}"),
        PLATFORM_END};
    platform_t *jenkins = platform_connect(&jenkins_setup, "anew.db", platform_answers(&jenkins_setup, NULL));
    civ_sync_report_t *report = platform_go(jenkins);

    mock_platform_set_answers(jenkins->mock, platform_answers(&jenkins_setup, rows));
    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    platform_is_status(jenkins, CIV_ITEM_BUILD, TOOL5, CIV_STATUS_FAILED);
    platform_is_status(jenkins, CIV_ITEM_BUILD, "team/tool/5/1775001500000", CIV_STATUS_PASSED);
    /* The seventh one of the former job runs no more: it is gone. */
    CU_ASSERT_EQUAL(sync_int("anew.db", "SELECT COUNT(*) FROM civ_sync_open"), 0);
    CU_ASSERT_EQUAL(sync_int("anew.db", "SELECT COUNT(*) FROM civ_timeline_items WHERE gone > 0"), 1);
    platform_end(jenkins);
}

/* A result that is set later changes the item, and what belongs to it is asked for again. */
static void test_result_changes(void)
{
    mock_answer_t rows[] = {PLATFORM_ANSWER(NULL, 200, PLATFORM_HEADERS, NULL), PLATFORM_END};
    const mock_answer_t *own = platform_answers(&jenkins_setup, NULL);
    platform_t *jenkins = platform_connect(&jenkins_setup, "changes.db", own);
    civ_sync_report_t *report = platform_go(jenkins);
    char *body;

    own = own_row(JENKINS_BUILDS("/job/team/job/tool"));
    body = apr_pstrdup(test_pool(), own->body);
    memcpy(strstr(body, "FAILURE"), "ABORTED", 7);
    rows[0].target = own->target;
    rows[0].body = body;
    mock_platform_set_answers(jenkins->mock, platform_answers(&jenkins_setup, rows));
    report = platform_go(jenkins);
    CU_ASSERT_EQUAL(report->changed, 1);
    platform_is_status(jenkins, CIV_ITEM_BUILD, TOOL5, CIV_STATUS_CANCELED);
    CU_ASSERT_EQUAL(platform_asked(jenkins, "/job/tool/5/testReport/"), 2);
    CU_ASSERT_EQUAL(sync_int("changes.db", "SELECT COUNT(*) FROM civ_timeline_conflicts"), 0);
    platform_end(jenkins);
}

/* A new build of a job that had rested is found. */
static void test_resting_job_wakes(void)
{
    mock_answer_t rows[] = {
        PLATFORM_ANSWER(NULL, 200, PLATFORM_HEADERS, NULL),
        PLATFORM_ANSWER(JENKINS_BUILDS("/job/team/job/old") "*", 200, PLATFORM_HEADERS, NULL), PLATFORM_END};
    const mock_answer_t *own = platform_answers(&jenkins_setup, NULL);
    platform_t *jenkins = platform_connect(&jenkins_setup, "wakes.db", own);
    char *body = apr_pstrdup(test_pool(), own->body);

    platform_go(jenkins);
    memcpy(strstr(body, "1768032000000"), "1775001500000", 13);
    rows[0].target = own->target;
    rows[0].body = body;
    own = own_row(JENKINS_BUILDS("/job/team/job/old"));
    rows[1].target = own->target;
    rows[1].body = "{\"allBuilds\":[{\"number\":2,\"timestamp\":1775001500000,\"result\":\"SUCCESS\"}]}";
    mock_platform_set_answers(jenkins->mock, platform_answers(&jenkins_setup, rows));
    platform_go(jenkins);
    platform_is_status(jenkins, CIV_ITEM_BUILD, "team/old/2/1775001500000", CIV_STATUS_PASSED);
    platform_end(jenkins);
}

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {"pages_to_the_end", test_pages_to_the_end},
    {"removed_builds_hide_none", test_removed_builds_hide_none},
    {"folder_of_many_jobs", test_folder_of_many_jobs},
    {"running_build_ends", test_running_build_ends},
    {"numbers_start_again", test_numbers_start_again},
    {"result_changes", test_result_changes},
    {"resting_job_wakes", test_resting_job_wakes},
    {NULL, NULL},
};

const test_suite_t platform_jenkins_suite = {"platform_jenkins", unit_folder_make, unit_folder_remove, cases};
