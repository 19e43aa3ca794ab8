/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_azure_more.c
 * The connector for Azure DevOps: its configuration, where its token goes, what is refused, the statuses that it sets, and answers
 * that were recorded.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "unit/azure_fixture.h"

#define SHA "1515151515151515151515151515151515151515"

#define NONE    "{\"count\":0,\"value\":[]}"
#define PROJECT "/octo/_apis/projects/Tool%20Works?" AZURE_V
#define HTML    "Content-Type: text/html; charset=utf-8\r\n"

static const civ_json_t *parse(const char *text)
{
    const civ_json_t *json;

    CU_ASSERT_EQUAL_FATAL(
        civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &platform_problem, test_pool()),
        APR_SUCCESS);
    return json;
}

/* @param more members behind the token and the organisation */
static const char *configuration(const char *organization, const char *more)
{
    return apr_psprintf(test_pool(), "{\"personal_access_token\":\"hunter2\",\"organization\":\"%s\"%s}",
                        organization, more);
}

static apr_status_t prepare(civ_connector_access_t *access, const char *organization, const char *more)
{
    return platform_prepare(&civ_connector_azure_devops, access, configuration(organization, more));
}

static void refuses(const char *organization, const char *more, const char *pointer)
{
    platform_refuses(&civ_connector_azure_devops, configuration(organization, more), pointer);
}

/* @param release NULL: the releases are where all else is */
static void is_at(const char *organization, const char *more, const char *base, const char *release)
{
    civ_connector_access_t access;

    CU_ASSERT_EQUAL_FATAL(prepare(&access, organization, more), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, base);
    if (release == NULL) {
        CU_ASSERT_PTR_NULL(access.further_bases);
        return;
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(access.further_bases);
    CU_ASSERT_STRING_EQUAL(access.further_bases[0], release);
    CU_ASSERT_PTR_NULL(access.further_bases[1]);
}

static void test_configuration(void)
{
    civ_connector_access_t access;
    const civ_connector_header_t *header;

    CU_ASSERT_EQUAL(prepare(&access, "octo", ""), APR_SUCCESS);
    CU_ASSERT_EQUAL(access.secret_headers->nelts, 1);
    header = (const civ_connector_header_t *)access.secret_headers->elts;
    CU_ASSERT_STRING_EQUAL(header->value, "Basic Omh1bnRlcjI="); /* no user */
    is_at("octo", "", "https://dev.azure.com/octo", "https://vsrm.dev.azure.com/octo");
    is_at("octo", ",\"base_url\":\"https://dev.azure.com/\"", "https://dev.azure.com/octo",
          "https://vsrm.dev.azure.com/octo");
    is_at("octo", ",\"base_url\":\"https://octo.visualstudio.com\"", "https://octo.visualstudio.com",
          "https://octo.vsrm.visualstudio.com");
    is_at("Default Collection", ",\"base_url\":\"https://tfs.example:8443/tfs\"",
          "https://tfs.example:8443/tfs/Default%20Collection", NULL);
    is_at("octo", ",\"base_url\":\"https://azure.example\",\"release_url\":\"https://rm.example/x//\"",
          "https://azure.example/octo", "https://rm.example/x/octo");
    /* What only looks like it gets nothing of its own. */
    is_at("octo", ",\"base_url\":\"http://dev.azure.com\"", "http://dev.azure.com/octo", NULL);
    is_at("octo", ",\"base_url\":\"https://dev.azure.com.example\"", "https://dev.azure.com.example/octo",
          NULL);
    CU_ASSERT_EQUAL(civ_connector_azure_devops.prepare(&access, parse("{\"organization\":\"octo\"}"),
                                                       &platform_problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/config/personal_access_token");
    refuses("", "", "/config/organization");
    refuses("a/b", "", "/config/organization");
    refuses("..", "", "/config/organization");
    refuses("other", ",\"base_url\":\"https://octo.visualstudio.com\"", "/config/organization");
    refuses("octo", ",\"base_url\":\"https://u:hunter2@azure.example\"", "/config/base_url");
    refuses("octo", ",\"base_url\":\"https://azure.example/?a=b\"", "/config/base_url");
    refuses("octo", ",\"release_url\":7", "/config/release_url");
    refuses("octo", ",\"release_url\":\"ftp://rm.example\"", "/config/release_url");
    refuses("octo", ",\"release_url\":\"http://rm.example\"", "/config/release_url");
    refuses("octo", ",\"api_version\":\"7.1&x=y\"", "/config/api_version");
    refuses("octo", ",\"test_results\":\"some\"", "/config/test_results");
}

static void test_projects(void)
{
    static const char *const good[] = {
        "Tool Works",      "Tool Works/tool",          "a/.github", AZURE_GUID, "W\xc3\xa4hler",
        "a.b-c_d/e (new)", "\xe5\xb7\xa5\xe5\x85\xb7", NULL};
    static const char *const bad[] = {"",      "/tool", "Tool/", "a/b/c", "..", "../x", "a/..",
                                      "_apis", "a?b=c", "a#b",   "a%2fb", " a", "a\nb", "a\\b",
                                      "a:b",   "a&b",   ".a",    "a.",    NULL};
    int i;

    for (i = 0; good[i] != NULL; i++)
        CU_ASSERT_EQUAL(civ_connector_azure_devops.check_project(good[i], &platform_problem, test_pool()),
                        APR_SUCCESS);
    for (i = 0; bad[i] != NULL; i++)
        CU_ASSERT_EQUAL(civ_connector_azure_devops.check_project(bad[i], &platform_problem, test_pool()),
                        CIV_EINVALID);
}

static void test_probe_and_push(void)
{
    static const char *const states[] = {"pending", "pending", "success", "succeeded", "failure",
                                         "failed",  "error",   "error",   NULL};
    civ_sync_context_t context = {.base = "https://dev.azure.com/octo", .project_id = "Tool Works/tool"};
    civ_sync_push_t push = {SHA, "success", "civarcos/assurance", NULL, NULL};
    civ_sync_request_t request;
    int i;

    context.pool = test_pool();
    CU_ASSERT_EQUAL(civ_connector_azure_devops.probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://dev.azure.com/octo/_apis/projects?$top=1&api-version=7.1");
    CU_ASSERT_EQUAL(civ_connector_azure_devops.push(&context, &push, &request, &platform_problem),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://dev.azure.com/octo/Tool%20Works/_apis/git/repositories/tool/"
                                        "commits/" SHA "/statuses?api-version=7.1");
    CU_ASSERT_STRING_EQUAL(request.body, "{\"state\":\"succeeded\",\"context\":{\"name\":\"assurance\","
                                         "\"genre\":\"civarcos\"}}");
    for (i = 0; states[i] != NULL; i += 2) {
        push.state = states[i];
        CU_ASSERT_EQUAL(civ_connector_azure_devops.push(&context, &push, &request, &platform_problem),
                        APR_SUCCESS);
        CU_ASSERT_PTR_NOT_NULL(
            strstr(request.body, apr_pstrcat(test_pool(), "\"state\":\"", states[i + 1], "\"", NULL)));
    }
    /* The repository that is named after the project; a context without a slash; another version. */
    context.project_id = "Tool Works";
    context.settings = parse("{\"api_version\":\"6.0\"}");
    push.context = "assurance/";
    push.description = "D";
    push.target_url = "https://ledger.example/x";
    CU_ASSERT_EQUAL(civ_connector_azure_devops.push(&context, &push, &request, &platform_problem),
                    APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(strstr(request.url, "/repositories/Tool%20Works/commits/"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request.url, "/statuses?api-version=6.0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(request.body,
                                  "\"description\":\"D\",\"targetUrl\":\"https://ledger.example/x\","
                                  "\"context\":{\"name\":\"assurance/\",\"genre\":\"civarcos\"}"));
    push.sha = "main";
    CU_ASSERT_EQUAL(civ_connector_azure_devops.push(&context, &push, &request, &platform_problem),
                    CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/sha");
    push.sha = SHA;
    push.state = "passed";
    CU_ASSERT_EQUAL(civ_connector_azure_devops.push(&context, &push, &request, &platform_problem),
                    CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/state");
}

/* --- where the token goes --- */

static platform_setup_t with_releases_at(const mock_platform_t *releases)
{
    platform_setup_t setup = azure_setup;

    setup.settings = apr_pstrcat(test_pool(), azure_setup.settings, "\"release_url\":\"",
                                 mock_platform_url(releases), "\",", NULL);
    return setup;
}

/* The releases' host gets it, and is asked for nothing else; a third one, which they lead to, gets nothing. */
static void test_releases_on_another_host(void)
{
    static const mock_answer_t nothing[] = {PLATFORM_END};
    static const mock_answer_t leads_away[] = {
        PLATFORM_ANSWER(AZURE_APIS "/release/deployments?*", 302,
                        PLATFORM_DATE "Location: http://{other}/octo/_apis/release/deployments\r\n", ""),
        PLATFORM_ANSWER(AZURE_APIS "/release/deployments?queryOrder=ascending&$top=100&" AZURE_V, 302,
                        PLATFORM_DATE "Location: http://{other}/octo/_apis/release/deployments\r\n", ""),
        PLATFORM_END};
    mock_platform_t *third = mock_platform_start(nothing);
    mock_platform_t *releases = mock_platform_start(platform_answers(&azure_setup, leads_away));
    platform_setup_t setup = with_releases_at(releases);
    platform_t *azure = platform_connect(&setup, "releases.db", platform_answers(&azure_setup, NULL));
    civ_sync_report_t *report;
    int i;

    mock_platform_set_other(releases, third);
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "release")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "deployment")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_RELEASE), 2);
    CU_ASSERT_STRING_EQUAL(platform_item(azure, CIV_ITEM_RELEASE, "71")->instance, "dev.azure.com");
    CU_ASSERT_EQUAL(platform_asked(azure, "/_apis/release/"), 0);
    CU_ASSERT_EQUAL(mock_platform_count(releases), 3);
    for (i = 0; i < mock_platform_count(releases); i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(mock_platform_request(releases, i), "/_apis/release/"));
        CU_ASSERT_PTR_NOT_NULL(
            strstr(mock_platform_request(releases, i), "Authorization: Basic " AZURE_BASIC "\r\n"));
    }
    CU_ASSERT_EQUAL(mock_platform_count(third), 0);
    platform_end(azure);
    mock_platform_stop(releases);
    mock_platform_stop(third);
}

/* --- what is refused --- */

static void expect_sign_in(const char *database, const char *target, int status, const char *headers)
{
    mock_answer_t refused[] = {
        PLATFORM_ANSWER(target, status, headers, "<!DOCTYPE html><title>Sign In</title>"), PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, database, platform_answers(&azure_setup, refused));
    civ_sync_report_t *report = platform_go(azure);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(azure->mock) > 1, strcmp(target, PROJECT) != 0);
    CU_ASSERT_PTR_NULL(strstr(report->reason, AZURE_TOKEN));
    platform_end(azure);
}

/* A page to sign in, whatever status it comes with, is no data and no refusal of one kind. */
static void test_refused_token(void)
{
    expect_sign_in("page.db", PROJECT, 203, HTML PLATFORM_DATE);
    expect_sign_in("found.db", PROJECT, 302,
                   HTML PLATFORM_DATE "Location: http://{self}/_signin?realm=x\r\n");
    expect_sign_in("refused.db", PROJECT, 401, HTML PLATFORM_DATE);
    expect_sign_in("later.db", AZURE_APIS "/wit/workitemsbatch?" AZURE_V, 203, HTML PLATFORM_DATE);
}

/* What is forbidden, missing or broken costs its own kind only, and is told: 401 is what a token gets that lacks a permission. */
static void test_refusals_degrade_their_kind(void)
{
    static const mock_answer_t refused[] = {
        PLATFORM_ANSWER(AZURE_APIS "/test/runs?includeRunDetails=true&$top=100&$skip=0&" AZURE_V, 401,
                        PLATFORM_HEADERS,
                        "{\"message\":\"TF400813: The user is not authorized to access this resource.\"}"),
        PLATFORM_ANSWER(AZURE_APIS "/wit/wiql?timePrecision=true&$top=20000&" AZURE_V, 403, PLATFORM_HEADERS,
                        "{\"message\":\"TF50309\"}"),
        PLATFORM_ANSWER(AZURE_APIS "/build/builds/101/timeline?" AZURE_V, 500, PLATFORM_HEADERS, "{}"),
        PLATFORM_ANSWER(AZURE_APIS "/build/builds/102/timeline?" AZURE_V, 404, PLATFORM_HEADERS, "{}"),
        PLATFORM_ANSWER(AZURE_APIS "/build/builds/101/artifacts?" AZURE_V, 403, PLATFORM_HEADERS, "{}"),
        PLATFORM_ANSWER(
            AZURE_APIS
            "/release/releases?$expand=environments,artifacts&queryOrder=ascending&$top=100&" AZURE_V,
            404, PLATFORM_HEADERS, "{}"),
        PLATFORM_ANSWER(AZURE_GIT "/commits?searchCriteria.$top=100&searchCriteria.$skip=0&" AZURE_V, 404,
                        PLATFORM_HEADERS, "{}"),
        PLATFORM_END};
    platform_t *azure =
        platform_connect(&azure_setup, "degraded.db", platform_answers(&azure_setup, refused));
    civ_sync_report_t *report = platform_go(azure);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "test_run")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_PTR_NOT_NULL(strstr(sync_kind(report, "test_run")->reason, "lacks a permission"));
    CU_ASSERT_EQUAL(sync_kind(report, "work_item")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->gone, 0); /* a build without a timeline is nothing to tell */
    CU_ASSERT_EQUAL(sync_kind(report, "artifact")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "build")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "release")->status, CIV_KIND_OK); /* switched off */
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_BUILD), 3);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_DEPLOYMENT), 2);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_JOB), 2);
    /* What broke is asked for again; what is forbidden as a list, from where it was. */
    mock_platform_set_answers(azure->mock, platform_answers(&azure_setup, NULL));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_JOB), 9);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_TEST_RESULT), 5);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_WORK_ITEM), 2);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_COMMIT), 3);
    platform_end(azure);
}

/* An answer that is none of its kind's, and elements that are not what they should be. */
static void test_strange_answers(void)
{
    static const mock_answer_t strange[] = {
        PLATFORM_ANSWER(AZURE_APIS "/git/repositories?" AZURE_V, 200, PLATFORM_HEADERS, "{\"value\":7}"),
        PLATFORM_ANSWER(
            AZURE_APIS "/build/builds/101/timeline?" AZURE_V, 200, PLATFORM_HEADERS,
            "{\"records\":[7,null,{\"type\":\"Job\"},{\"type\":\"Stage\",\"id\":\"s\",\"name\":7,"
            "\"parentId\":\"s\","
            "\"state\":\"completed\",\"result\":\"marvellous\",\"attempt\":\"x\",\"previousAttempts\":[7]},"
            "{\"type\":\"Task\",\"parentId\":\"s\"}]}"),
        PLATFORM_ANSWER(
            AZURE_APIS "/wit/workitemsbatch?" AZURE_V, 200, PLATFORM_HEADERS,
            "{\"value\":[7,{\"id\":11,\"fields\":null},{\"id\":12,\"fields\":{\"System.CreatedDate\":"
            "\"2026-02-01T08:00:00Z\",\"System.State\":\"Our own\"}}]}"),
        PLATFORM_ANSWER(AZURE_APIS "/release/deployments?queryOrder=ascending&$top=100&" AZURE_V, 200,
                        PLATFORM_HEADERS,
                        "{\"value\":[{\"id\":1},{\"release\":{\"id\":1},\"releaseEnvironment\":{\"id\":2},"
                        "\"deploymentStatus\":\"\",\"startedOn\":\"2026-02-01T08:00:00Z\"}]}"),
        PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "strange.db", platform_answers(&azure_setup, strange));
    civ_sync_report_t *report = platform_go(azure);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "repository")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "job")->left_out, 1);
    platform_is_status(azure, CIV_ITEM_JOB, "101/s", CIV_STATUS_UNKNOWN);
    CU_ASSERT_EQUAL(sync_kind(report, "work_item")->left_out, 2);
    platform_is_status(azure, CIV_ITEM_WORK_ITEM, "12", CIV_STATUS_UNKNOWN);
    CU_ASSERT_EQUAL(sync_kind(report, "deployment")->left_out, 1);
    platform_is_status(azure, CIV_ITEM_DEPLOYMENT, "1/2", CIV_STATUS_UNKNOWN);
    CU_ASSERT_EQUAL(sync_kind(report, "test_run")->status, CIV_KIND_OK);
    platform_end(azure);
}

/* --- what is asked for --- */

/* One repository: its own commits, pull requests and builds, and failed results only. */
static void test_one_repository(void)
{
    static const mock_answer_t narrow[] = {
        PLATFORM_ANSWER(AZURE_APIS "/build/builds?*", 200, PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(AZURE_APIS "/test/Runs/501/results?outcomes=Failed&$top=1000&$skip=0&" AZURE_V, 200,
                        PLATFORM_HEADERS, NONE),
        PLATFORM_END};
    platform_setup_t setup = azure_setup;
    platform_t *azure;
    civ_sync_report_t *report;

    setup.settings = "\"organization\":\"octo\",\"test_results\":\"failed\",";
    setup.project_id = "Tool Works/tool";
    azure = platform_connect(&setup, "one.db", platform_answers(&azure_setup, narrow));
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_REPOSITORY), 1);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_COMMIT), 3);
    CU_ASSERT_EQUAL(platform_asked(azure, "&repositoryId=" AZURE_REPO "&repositoryType=TfsGit"), 2);
    CU_ASSERT_EQUAL(platform_asked(azure, "/repositories/tool?"), 1);
    CU_ASSERT_EQUAL(platform_count(azure, CIV_ITEM_TEST_RESULT), 2); /* the runs */
    report = platform_go(azure);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(azure, "/repositories/" AZURE_REPO "?"), 1); /* by its lasting id */
    platform_end(azure);
}

/* A repository that is named is what is asked for: without it there is nothing to read. */
static void test_misspelt_repository(void)
{
    static const int refusals[] = {404, 403, 401};
    unsigned i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const mock_answer_t absent[] = {PLATFORM_ANSWER(AZURE_APIS "/git/repositories/nosuch?*", refusals[i],
                                                        PLATFORM_HEADERS, "{\"message\":\"no\"}"),
                                        PLATFORM_END};
        platform_setup_t setup = azure_setup;
        platform_t *azure;
        civ_sync_report_t *report;

        setup.project_id = "Tool Works/nosuch";
        azure = platform_connect(&setup, apr_psprintf(test_pool(), "nosuch-%u.db", i),
                                 platform_answers(&azure_setup, absent));
        report = platform_go(azure);
        CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_FAILED);
        CU_ASSERT_TRUE(report->reason[0] != '\0');
        CU_ASSERT_EQUAL(platform_asked(azure, "/build/builds"), 0);
        platform_end(azure);
    }
}

/* Without results, and of an older server. */
static void test_runs_only(void)
{
    static const mock_answer_t older[] = {
        PLATFORM_ANSWER("/octo/_apis/projects/Tool%20Works?api-version=6.0", 200, PLATFORM_HEADERS,
                        "{\"id\":\"" AZURE_GUID "\",\"name\":\"Tool Works\"}"),
        PLATFORM_ANSWER(AZURE_APIS "/test/runs?includeRunDetails=true&$top=100&$skip=0&api-version=6.0", 200,
                        PLATFORM_HEADERS,
                        "{\"value\":[{\"id\":7,\"state\":\"Completed\",\"totalTests\":1,\"passedTests\":1,"
                        "\"startedDate\":\"2026-03-01T00:00:00Z\"}]}"),
        PLATFORM_ANSWER(AZURE_APIS "/wit/wiql?*", 200, PLATFORM_HEADERS, "{\"workItems\":[]}"),
        PLATFORM_ANSWER(AZURE_APIS "/*", 200, PLATFORM_HEADERS, NONE), PLATFORM_END};
    platform_setup_t setup = azure_setup;
    platform_t *azure;

    setup.settings = "\"organization\":\"octo\",\"test_results\":\"none\",\"api_version\":\"6.0\",";
    azure = platform_connect(&setup, "runs.db", older);
    CU_ASSERT_EQUAL(platform_go(azure)->outcome, CIV_SYNC_OK);
    platform_is_status(azure, CIV_ITEM_TEST_RESULT, "7", CIV_STATUS_PASSED);
    CU_ASSERT_EQUAL(platform_asked(azure, "/test/Runs/"), 0);
    CU_ASSERT_EQUAL(platform_asked(azure, "api-version=6.0"), mock_platform_count(azure->mock));
    platform_end(azure);
}

/* Runs of tests that have changed are asked for in windows of less than a week. */
static void test_windows_of_test_runs(void)
{
    static const mock_answer_t windows[] = {
        PLATFORM_ANSWER(AZURE_APIS "/test/runs?minLastUpdatedDate=*", 200, PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(AZURE_APIS "/build/builds?*", 200, PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(AZURE_APIS "/release/*", 200, PLATFORM_HEADERS, NONE),
        PLATFORM_ANSWER(AZURE_GIT "/pullrequests?*", 200, PLATFORM_HEADERS, NONE), PLATFORM_END};
    platform_t *azure = platform_connect(&azure_setup, "windows.db", platform_answers(&azure_setup, windows));

    azure->run->since = SYNC_NOW - 20 * SYNC_DAY;
    CU_ASSERT_EQUAL(platform_go(azure)->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(azure, "/test/runs?"), 4);
    CU_ASSERT_EQUAL(platform_asked(azure, "minLastUpdatedDate=2026-03-12T00%3A00%3A00Z&maxLastUpdatedDate="
                                          "2026-03-18T00%3A00%3A00Z&$top=100&"),
                    1);
    CU_ASSERT_EQUAL(platform_asked(azure, "minLastUpdatedDate=2026-03-30T00%3A00%3A00Z&"), 1);
    azure->run->since = SYNC_NOW - 400 * SYNC_DAY;
    platform_go(azure);
    CU_ASSERT_EQUAL(platform_asked(azure, "/test/runs?includeRunDetails=true&"), 1);
    platform_end(azure);
}

/* --- recorded --- */

typedef struct recorded_t {
    const char *organization, *project, *type;
    int count;
} recorded_t;

static int is_of_project(const civ_json_t *entry, void *baton)
{
    const char *prefix = baton;
    const char *url = civ_field_text(entry, "url");
    const char *file = civ_field_text(entry, "file");

    return strstr(file, "/_errors/") == NULL && strstr(file, "/_webhooks/") == NULL &&
           strncmp(url, prefix, strlen(prefix)) == 0;
}

static const char *recorded_body(const char *file)
{
    unsigned long length;
    const char *body =
        test_read_file(apr_pstrcat(test_pool(), platform_recordings(), "/azure/", file, NULL), &length);

    CU_ASSERT_PTR_NOT_NULL_FATAL(body);
    return body;
}

static void expect_recorded(const recorded_t *expected, int number)
{
    const char *root = apr_pstrcat(test_pool(), "/", expected->organization, NULL);
    char *prefix = apr_pstrcat(test_pool(), root, "/", expected->project, "/_apis/", NULL);
    mock_answer_t rows[6];
    platform_setup_t setup = azure_setup;
    civ_sync_report_t *report;
    apr_hash_index_t *at;
    platform_t *server;

    memset(rows, 0, sizeof(rows));
    rows[0].target = apr_pstrcat(test_pool(), root, "/_apis/projects/*", NULL);
    rows[0].body =
        apr_psprintf(test_pool(), "{\"id\":\"%s\",\"name\":\"%s\"}", expected->project, expected->project);
    rows[1].target = apr_pstrcat(test_pool(), prefix, "git/repositories?*", NULL);
    rows[1].body = "{\"value\":[{\"id\":\"0d50ba13-f9ad-49b0-9b21-d29eda50ca33\",\"name\":\"a\"},"
                   "{\"id\":\"1701bc47-1145-4739-a805-64b02e40dbe7\",\"name\":\"b\","
                   "\"defaultBranch\":\"refs/heads/main\"}]}";
    rows[2].target = apr_pstrcat(test_pool(), prefix, "release/deployments?*", NULL);
    rows[2].body = recorded_body("fabrikam/MyFirstProject/_apis/Release/deployments.json");
    rows[3].target = apr_pstrcat(test_pool(), prefix, "wit/wiql?*", NULL);
    rows[3].body = recorded_body("fabrikam/Fabrikam-Fiber-Git/_apis/wit/wiql.POST.json");
    rows[4].target = apr_pstrcat(test_pool(), prefix, "test/Runs/*", NULL);
    rows[4].body = recorded_body("fabrikam/Fabrikam-Fiber-TFVC/_apis/test/Runs/16/results.json");
    rows[0].status = rows[1].status = rows[2].status = rows[3].status = rows[4].status = 200;
    setup.settings = apr_psprintf(test_pool(), "\"organization\":\"%s\",", expected->organization);
    setup.project_id = expected->project;
    server = platform_connect(&setup, apr_psprintf(test_pool(), "recorded-%d.db", number),
                              platform_recorded(&setup, rows, is_of_project, prefix));
    report = sync_go(server->engine, server->run);
    CU_ASSERT_TRUE(report->outcome == CIV_SYNC_DEGRADED || report->outcome == CIV_SYNC_OK);
    if (platform_count(server, expected->type) != expected->count)
        test_note("%s: %d of %s", expected->project, platform_count(server, expected->type), expected->type);
    CU_ASSERT_EQUAL(platform_count(server, expected->type), expected->count);
    for (at = apr_hash_first(test_pool(), server->items); at != NULL; at = apr_hash_next(at))
        CU_ASSERT_PTR_NULL(strstr(((const civ_sync_item_t *)apr_hash_this_val(at))->data, "@example.com"));
    platform_end(server);
}

static void test_recorded(void)
{
    static const recorded_t expected[] = {
        {"johndoe", "test-project", CIV_ITEM_BUILD, 7},
        {"johndoe", "test-project", CIV_ITEM_JOB, 1},
        {"johndoe", "test-project", CIV_ITEM_ARTIFACT, 1},
        {"johndoe", "test-project", CIV_ITEM_PULL_REQUEST, 1},
        {"fabrikam", "SomeGitProject", CIV_ITEM_COMMIT, 4},
        {"fabrikam", "MyFirstProject", CIV_ITEM_RELEASE, 17},
        {"fabrikam", "MyFirstProject", CIV_ITEM_DEPLOYMENT, 3},
        {"fabrikam", "fabrikam-fiber-tfvc", CIV_ITEM_TEST_RESULT, 28},
    };
    int i;

    for (i = 0; platform_recordings() != NULL && i < (int)(sizeof(expected) / sizeof(expected[0])); i++)
        expect_recorded(&expected[i], i);
}

static const test_case_t cases[] = {
    {"configuration", test_configuration},
    {"projects", test_projects},
    {"probe_and_push", test_probe_and_push},
    {"misspelt_repository", test_misspelt_repository},
    {"releases_on_another_host", test_releases_on_another_host},
    {"refused_token", test_refused_token},
    {"refusals_degrade_their_kind", test_refusals_degrade_their_kind},
    {"strange_answers", test_strange_answers},
    {"one_repository", test_one_repository},
    {"runs_only", test_runs_only},
    {"windows_of_test_runs", test_windows_of_test_runs},
    {"recorded", test_recorded},
    {NULL, NULL},
};

const test_suite_t platform_azure_more_suite = {"platform_azure_more", unit_folder_make, unit_folder_remove,
                                                cases};
