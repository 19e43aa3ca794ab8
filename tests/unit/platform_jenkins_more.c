/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_jenkins_more.c
 * The connector for Jenkins: its configuration, what Jenkins refuses, and answers that were recorded from it.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "unit/jenkins_fixture.h"

#define HTML "Content-Type: text/html;charset=utf-8\r\nX-Jenkins: 2.504.1\r\n" PLATFORM_DATE

static const civ_connector_t *jenkins(void)
{
    return &civ_connector_jenkins;
}

static apr_status_t prepare(civ_connector_access_t *access, const char *text)
{
    return platform_prepare(&civ_connector_jenkins, access, text);
}

static void refuses(const char *text, const char *pointer)
{
    platform_refuses(&civ_connector_jenkins, text, pointer);
}

static void test_configuration(void)
{
    civ_connector_access_t access;
    const civ_connector_header_t *header;

    CU_ASSERT_EQUAL(prepare(&access, "{\"base_url\":\"https://ci.example:8443/jenkins//\",\"username\":"
                                     "\"Ada L\xc3\xb6\",\"api_token\":\"hunter2\"}"),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://ci.example:8443/jenkins");
    header = (const civ_connector_header_t *)access.secret_headers->elts;
    CU_ASSERT_EQUAL(access.secret_headers->nelts, 1);
    CU_ASSERT_STRING_EQUAL(header->name, "Authorization");
    CU_ASSERT_STRING_EQUAL(header->value, "Basic QWRhIEzDtjpodW50ZXIy");
    refuses("{\"username\":\"u\",\"api_token\":\"hunter2\"}", "/config/base_url");
    refuses("{\"base_url\":\"ftp://ci.example\",\"username\":\"u\",\"api_token\":\"hunter2\"}",
            "/config/base_url");
    refuses("{\"base_url\":\"https://u:hunter2@ci.example\",\"username\":\"u\",\"api_token\":\"t\"}",
            "/config/base_url");
    refuses("{\"base_url\":\"https://ci.example\",\"api_token\":\"hunter2\"}", "/config/username");
    refuses("{\"base_url\":\"https://ci.example\",\"username\":\"\",\"api_token\":\"hunter2\"}",
            "/config/username");
    refuses("{\"base_url\":\"https://ci.example\",\"username\":\"u:hunter2\",\"api_token\":\"t\"}",
            "/config/username");
    refuses("{\"base_url\":\"https://ci.example\",\"username\":\"u\\r\\nX\",\"api_token\":\"t\"}",
            "/config/username");
    refuses("{\"base_url\":\"https://ci.example\",\"username\":\"u\"}", "/config/api_token");
    refuses("{\"base_url\":\"https://ci.example\",\"username\":\"u\",\"api_token\":\"hunter2 \"}",
            "/config/api_token");
}

static void test_projects(void)
{
    static const char *const good[] = {
        "tool", "team/tool", "org/repo/feature%2Fx", "a b/\xc3\xa4", "..x", "x..", "job/job", NULL};
    static const char *const bad[] = {"",     "/",     "/tool",  "tool/",    "a//b",    "..",   "a/../b",
                                      "a/..", "./a",   "a/.",    "a/%2e%2E", "a/.%2e",  "..;x", "a/...",
                                      "a\\b", "a\nb/", "a/\x7f", "a/..;x/b", "%2e/job", NULL};
    int i;

    for (i = 0; good[i] != NULL; i++)
        CU_ASSERT_EQUAL(jenkins()->check_project(good[i], &platform_problem, test_pool()), APR_SUCCESS);
    for (i = 0; bad[i] != NULL; i++) {
        if (jenkins()->check_project(bad[i], &platform_problem, test_pool()) != CIV_EINVALID)
            test_note("taken: %s", bad[i]);
        CU_ASSERT_EQUAL(jenkins()->check_project(bad[i], &platform_problem, test_pool()), CIV_EINVALID);
        CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/project_id");
    }
}

static void test_probe_and_push(void)
{
    civ_sync_context_t context = {.base = "https://ci.example/jenkins"};
    civ_sync_request_t request;

    context.pool = test_pool();
    CU_ASSERT_EQUAL(jenkins()->probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://ci.example/jenkins/me/api/json?tree=id");
    CU_ASSERT_PTR_NULL(jenkins()->push);
}

/* --- what Jenkins refuses --- */

static const char *own_target(const char *beginning)
{
    const mock_answer_t *row = platform_answers(&jenkins_setup, NULL);

    while (row->status != 0 && strncmp(row->target, beginning, strlen(beginning)) != 0)
        row++;
    CU_ASSERT_NOT_EQUAL_FATAL(row->status, 0);
    return row->target;
}

static civ_sync_report_t *run(const char *database, const mock_answer_t *instead, platform_t **server)
{
    *server = platform_connect(&jenkins_setup, database, platform_answers(&jenkins_setup, instead));
    return platform_go(*server);
}

/* All the ways in which it does not know who asks; each ends the run at once. */
static void test_credential_does_not_work(void)
{
    const char *project = own_target(JENKINS_JOBS("/job/team"));
    const mock_answer_t answers[] = {
        PLATFORM_ANSWER(project, 401, HTML "WWW-Authenticate: Basic realm=\"Jenkins\"\r\n",
                        "<html>Invalid token</html>"),
        PLATFORM_ANSWER(project, 403, HTML "X-You-Are-Authenticated-As: anonymous\r\n",
                        "<html>Access denied</html>"),
        PLATFORM_ANSWER(
            project, 403, HTML,
            "<html><head><meta http-equiv='refresh' content='1;url=/jenkins/login?from=%2F'/></head></html>"),
        PLATFORM_ANSWER(project, 200, HTML, "<!DOCTYPE html><html>Sign in</html>"),
        PLATFORM_ANSWER(project, 302, PLATFORM_DATE "Location: http://{self}/jenkins/login?from=%2F\r\n", ""),
        PLATFORM_ANSWER(project, 302,
                        PLATFORM_DATE "Location: /jenkins/securityRealm/commenceLogin?from=%2F\r\n", ""),
    };
    int i;

    for (i = 0; i < (int)(sizeof(answers) / sizeof(answers[0])); i++) {
        const mock_answer_t instead[] = {
            answers[i],
            PLATFORM_ANSWER("/jenkins/login?from=%2F", 200, HTML, "<!DOCTYPE html><html>Sign in</html>"),
            PLATFORM_ANSWER("/jenkins/securityRealm/commenceLogin?from=%2F", 302,
                            PLATFORM_DATE "Location: https://sso.example/saml\r\n", ""),
            PLATFORM_END};
        platform_t *server;
        civ_sync_report_t *report = run(apr_psprintf(test_pool(), "who-%d.db", i), instead, &server);

        if (report->outcome != CIV_SYNC_AUTH_FAILED)
            test_note("answer %d: %s", i, report->reason);
        CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
        CU_ASSERT_EQUAL(mock_platform_count(server->mock) - platform_asked(server, "ogin?from"), 1);
        platform_end(server);
    }
}

/* What is not there, forbidden to the account, or no job, fails the run; but not the credential. */
static void test_project_cannot_be_read(void)
{
    const char *project = own_target(JENKINS_JOBS("/job/team"));
    const mock_answer_t answers[] = {
        PLATFORM_ANSWER(project, 404, HTML, "<html>Not found</html>"),
        PLATFORM_ANSWER(project, 403, HTML "X-You-Are-Authenticated-As: reader\r\n", "<html>Denied</html>"),
        PLATFORM_ANSWER(project, 200, PLATFORM_HEADERS, "{\"_class\":\"hudson.model.ListView\"}"),
    };
    int i;

    for (i = 0; i < (int)(sizeof(answers) / sizeof(answers[0])); i++) {
        const mock_answer_t instead[] = {answers[i], PLATFORM_END};
        platform_t *server;
        civ_sync_report_t *report = run(apr_psprintf(test_pool(), "project-%d.db", i), instead, &server);

        CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_FAILED);
        platform_end(server);
    }
}

/* A job, a folder, a report, that cannot be read costs nothing else, and is told; what has been removed meanwhile is no trouble. */
static void test_refusals_degrade_their_kind(void)
{
    const mock_answer_t instead[] = {
        PLATFORM_ANSWER(own_target(JENKINS_JOBS("/job/team/job/empty")), 403,
                        HTML "X-You-Are-Authenticated-As: reader\r\n", "<html>Denied</html>"),
        PLATFORM_ANSWER(own_target(JENKINS_BUILDS("/job/team/job/app/job/main")), 500, HTML,
                        "<html>Oops</html>"),
        PLATFORM_ANSWER(own_target(JENKINS_BUILDS("/job/team/job/app/job/feature%252Fx")), 404, HTML,
                        "<html></html>"),
        PLATFORM_ANSWER(own_target("/jenkins/job/team/job/tool/5/testReport"), 500, HTML,
                        "<html>Oops</html>"),
        PLATFORM_ANSWER(own_target("/jenkins/job/team/job/tool/5/api/"), 403,
                        HTML "X-You-Are-Authenticated-As: reader\r\n", "<html>Denied</html>"),
        PLATFORM_END};
    platform_t *server;
    civ_sync_report_t *report = run("degraded.db", instead, &server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "project")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "folder")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "build")->status, CIV_KIND_FAILED);
    CU_ASSERT_STRING_EQUAL(sync_kind(report, "build")->reason, "the server failed (status 500)");
    CU_ASSERT_EQUAL(sync_kind(report, "test_result")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "artifact")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_BUILD), 4);
    CU_ASSERT_EQUAL(report->warning_count, 2); /* the folder, the branch; not the branch that is gone */
    /* What broke is there in the next run, of the main branch from its beginning; what was forbidden is not asked for again. */
    mock_platform_set_answers(server->mock, platform_answers(&jenkins_setup, NULL));
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_BUILD), 8);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_TEST_RESULT), 1);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_ARTIFACT), 0);
    platform_end(server);
}

/* Answers that are not as expected are told of, and break nothing. */
static void test_odd_answers(void)
{
    const mock_answer_t instead[] = {
        PLATFORM_ANSWER(own_target(JENKINS_BUILDS("/job/team/job/old")), 200, PLATFORM_HEADERS,
                        "{\"builds\":[]}"),
        PLATFORM_ANSWER(
            own_target(JENKINS_BUILDS("/job/team/job/app/job/main")), 200, PLATFORM_HEADERS,
            "{\"allBuilds\":[null,{},{\"number\":\"x\\ny\",\"timestamp\":1774958400000},{\"number\":9,"
            "\"timestamp\":1774958400000,\"result\":"
            "\"EXPLODED\",\"actions\":{},\"changeSet\":[],\"changeSets\":{\"items\":7},\"artifacts\":null},"
            "{\"number\":8,\"timestamp\":1774958300000,\"building\":false,\"result\":null},"
            "{\"number\":7,\"timestamp\":1774958200000,\"building\":true,\"result\":\"FAILURE\"}]}"),
        PLATFORM_ANSWER(own_target("/jenkins/job/team/job/tool/5/testReport"), 200, PLATFORM_HEADERS, "[]"),
        PLATFORM_ANSWER(own_target("/jenkins/job/team/job/tool/5/api/"), 200, PLATFORM_HEADERS,
                        "{\"artifacts\":[{},{}]}"),
        PLATFORM_END};
    platform_t *server;
    civ_sync_report_t *report = run("odd.db", instead, &server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "build")->status, CIV_KIND_FAILED);
    platform_is_status(server, CIV_ITEM_BUILD, "team/app/main/9/1774958400000", CIV_STATUS_UNKNOWN);
    CU_ASSERT_STRING_EQUAL(
        platform_data(platform_item(server, CIV_ITEM_BUILD, "team/app/main/9/1774958400000"), "result"),
        "EXPLODED");
    platform_is_status(server, CIV_ITEM_BUILD, "team/app/main/8/1774958300000", CIV_STATUS_RUNNING);
    platform_is_status(server, CIV_ITEM_BUILD, "team/app/main/7/1774958200000", CIV_STATUS_RUNNING);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_TEST_RESULT), 0);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_ARTIFACT), 0);
    platform_end(server);
}

/* A project may be a job itself, and its builds are the same items as those of the folder. */
static void test_job_as_project(void)
{
    mock_answer_t rows[] = {
        PLATFORM_ANSWER("/jenkins/job/team/job/tool/api/json?tree=color*", 200, PLATFORM_HEADERS,
                        "{\"color\":\"red\",\"lastBuild\":{\"timestamp\":1775001000000}}"),
        PLATFORM_END};
    platform_t *server;
    apr_int64_t items;

    run("leaf.db", rows, &server);
    items = sync_int("leaf.db", "SELECT COUNT(*) FROM civ_timeline_items");
    server->run->project_id = "team/tool";
    CU_ASSERT_EQUAL(platform_go(server)->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(server, JENKINS_BUILDS("/job/team/job/tool")), 2);
    CU_ASSERT_EQUAL(sync_int("leaf.db", "SELECT COUNT(*) FROM civ_timeline_items"), items);
    platform_end(server);
}

/* --- recorded --- */

static int is_data(const civ_json_t *entry, void *baton)
{
    (void)baton;
    return strstr(civ_field_text(entry, "file"), "/_") == NULL && civ_field_int(entry, "status", 0) == 200;
}

static civ_sync_report_t *run_recorded(const char *project, const char *database,
                                       const mock_answer_t *instead, platform_t **server)
{
    static platform_setup_t setup;

    setup = jenkins_setup;
    setup.base_path = "";
    setup.project_id = project;
    *server = platform_connect(&setup, database, platform_recorded(&setup, instead, is_data, NULL));
    return platform_go(*server);
}

static const char *recorded_body(const char *file)
{
    unsigned long length;
    const char *path = apr_pstrcat(test_pool(), platform_recordings(), "/jenkins/job/", file, NULL);
    const char *body = test_read_file(path, &length);

    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    return body;
}

/* A multibranch project, whose URLs lead through a view. */
static void expect_recorded_branches(void)
{
    platform_t *server;
    civ_sync_report_t *report = run_recorded("github_org/devlake-jenkins", "branches.db", NULL, &server);
    const civ_sync_item_t *item;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_BUILD), 9);
    item = platform_item(server, CIV_ITEM_BUILD, "github_org/devlake-jenkins/PR-2/1/1711277511931");
    CU_ASSERT_STRING_EQUAL(item->status, CIV_STATUS_CANCELED);
    CU_ASSERT_STRING_EQUAL(item->sha, "aba54481a73573c0587f26fbd4c9788eb2bf2398");
    CU_ASSERT_EQUAL(platform_asked(server, "/view/"), 0);
    platform_end(server);
}

/* Builds of a freestyle job and of a pipeline, with a change set of either form, artifacts and tests. */
static void expect_recorded_builds(void)
{
    const char *first = recorded_body("fish/10/api/json.json");
    const char *list = apr_psprintf(test_pool(),
                                    "{\"allBuilds\":[%s,%s,{\"number\":2,\"timestamp\":1613986420000,"
                                    "\"result\":\"UNSTABLE\",\"actions\":[{"
                                    "\"urlName\":\"testReport\",\"totalCount\":39}]}]}",
                                    recorded_body("fish/11/api/json.json"), first);
    const mock_answer_t rows[] = {
        PLATFORM_ANSWER("/job/fish/api/json?tree=color*", 200, PLATFORM_HEADERS,
                        "{\"color\":\"blue\",\"lastBuild\":{\"timestamp\":1461091892486}}"),
        PLATFORM_ANSWER("/job/fish/api/json?tree=allBuilds*", 200, PLATFORM_HEADERS, list),
        PLATFORM_ANSWER("/job/fish/10/api/json?*", 200, PLATFORM_HEADERS, first),
        PLATFORM_ANSWER("/job/fish/2/testReport/api/json?*", 200, PLATFORM_HEADERS,
                        recorded_body("pipeline-test2/2/testReport/api/json.json")),
        PLATFORM_END};
    platform_t *server;
    civ_sync_report_t *report = run_recorded("fish", "builds.db", rows, &server);
    const civ_sync_item_t *item;

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    item = platform_item(server, CIV_ITEM_COMMIT, "d27afa0805201322d846d7defc29b82c88d9b5ce");
    CU_ASSERT_STRING_EQUAL(item->author, "username");
    CU_ASSERT_STRING_EQUAL(item->title, "Commit comment");
    CU_ASSERT_PTR_NULL(strchr(item->data, '@'));
    item = platform_item(server, CIV_ITEM_ARTIFACT, "fish/10/1461091892486/artifact/fish.txt");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "path"), "fish.txt");
    item = platform_item(server, CIV_ITEM_TEST_RESULT, "fish/2/1613986420000/tests");
    CU_ASSERT_STRING_EQUAL(item->status, CIV_STATUS_FAILED);
    CU_ASSERT_STRING_EQUAL(item->title, "fish #2: 37 passed, 2 failed, 0 skipped");
    CU_ASSERT_EQUAL(platform_asked(server, "localhost"), 0);
    platform_end(server);
}

static void test_recorded(void)
{
    if (platform_recordings() == NULL)
        return;
    expect_recorded_branches();
    expect_recorded_builds();
}

static const test_case_t cases[] = {
    {"configuration", test_configuration},
    {"projects", test_projects},
    {"probe_and_push", test_probe_and_push},
    {"credential_does_not_work", test_credential_does_not_work},
    {"project_cannot_be_read", test_project_cannot_be_read},
    {"refusals_degrade_their_kind", test_refusals_degrade_their_kind},
    {"odd_answers", test_odd_answers},
    {"job_as_project", test_job_as_project},
    {"recorded", test_recorded},
    {NULL, NULL},
};

const test_suite_t platform_jenkins_more_suite = {"platform_jenkins_more", unit_folder_make,
                                                  unit_folder_remove, cases};
