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

static void expect_builds(const platform_t *jenkins)
{
    const civ_sync_item_t *item = platform_item(jenkins, CIV_ITEM_BUILD, TOOL5);

    CU_ASSERT_EQUAL(platform_count(jenkins, CIV_ITEM_BUILD), 8);
    CU_ASSERT_EQUAL(item->timestamp, APR_INT64_C(1774951200000)); /* 2026-03-31T10:00:00Z */
    CU_ASSERT_STRING_EQUAL(item->title, "team/tool #5");
    CU_ASSERT_STRING_EQUAL(item->author, "ada");
    CU_ASSERT_STRING_EQUAL(item->sha, FIVES);
    CU_ASSERT_STRING_EQUAL(item->scope, "/jenkins");
    CU_ASSERT_PTR_NOT_NULL(strstr(item->url, "/jenkins/job/team/job/tool/5/"));
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
    CU_ASSERT_PTR_NOT_NULL(strstr(item->url, "/jenkins/job/team/job/tool/5/artifact/logs/a%20b.log"));
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

static const test_case_t cases[] = {
    {"collects_everything", test_collects_everything},
    {"second_run_is_cheap", test_second_run_is_cheap},
    {NULL, NULL},
};

const test_suite_t platform_jenkins_suite = {"platform_jenkins", unit_folder_make, unit_folder_remove, cases};
