/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_github_more.c
 * The connector for GitHub: its configuration, the statuses that it sets, and answers that were recorded from GitHub itself.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "unit/github_fixture.h"

#define SHA "1515151515151515151515151515151515151515"

static const civ_connector_t *github(void)
{
    return &civ_connector_github;
}

static apr_status_t prepare(civ_connector_access_t *access, const char *text)
{
    return platform_prepare(&civ_connector_github, access, text);
}

static void refuses(const char *text, const char *pointer)
{
    platform_refuses(&civ_connector_github, text, pointer);
}

static void test_configuration(void)
{
    civ_connector_access_t access;
    const civ_connector_header_t *header;

    CU_ASSERT_EQUAL(prepare(&access, "{\"api_token\":\"hunter2\"}"), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://api.github.com");
    header = (const civ_connector_header_t *)access.secret_headers->elts;
    CU_ASSERT_EQUAL(access.secret_headers->nelts, 1);
    CU_ASSERT_STRING_EQUAL(header->value, "Bearer hunter2");
    CU_ASSERT_EQUAL(access.headers->nelts, 2);
    CU_ASSERT_EQUAL(prepare(&access, "{\"api_token\":\"t\",\"base_url\":\"https://git.example/api/v3//\","
                                     "\"api_version\":\"\"}"),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://git.example/api/v3");
    CU_ASSERT_EQUAL(access.headers->nelts, 1);
    refuses("{}", "/config/api_token");
    refuses("{\"api_token\":\"\"}", "/config/api_token");
    refuses("{\"api_token\":\"hunter2\\r\\nX: y\"}", "/config/api_token");
    refuses("{\"api_token\":\"hunter2 \"}", "/config/api_token");
    refuses("{\"api_token\":\"t\",\"base_url\":7}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"ftp://git.example\"}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"https://u:hunter2@git.example\"}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"https://git.example/?a=b\"}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"api_version\":\"a\\nb\"}", "/config/api_version");
}

static void test_projects(void)
{
    static const char *const good[] = {"octo/tool", "a/b", "o-c/.github", "o/t.o_o-l", NULL};
    static const char *const bad[] = {"",     "octo",    "octo/",    "/tool",      "octo/tool/x", "octo/..",
                                      "../x", "o/t?x=1", "o/t%2f..", "octo/to ol", "o/\xc3\xa4",  NULL};
    int i;

    for (i = 0; good[i] != NULL; i++)
        CU_ASSERT_EQUAL(github()->check_project(good[i], &platform_problem, test_pool()), APR_SUCCESS);
    for (i = 0; bad[i] != NULL; i++)
        CU_ASSERT_EQUAL(github()->check_project(bad[i], &platform_problem, test_pool()), CIV_EINVALID);
}

static void test_probe_and_push(void)
{
    civ_sync_context_t context = {.base = "https://api.github.com", .project_id = "octo/tool"};
    civ_sync_push_t push = {SHA, "success", "civarcos/assurance", NULL, NULL};
    civ_sync_request_t request;
    char *description = apr_pcalloc(test_pool(), 301);
    int i;

    context.pool = test_pool();
    CU_ASSERT_EQUAL(github()->probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://api.github.com/rate_limit");
    CU_ASSERT_EQUAL(github()->push(&context, &push, &request, &platform_problem), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://api.github.com/repos/octo/tool/statuses/" SHA);
    CU_ASSERT_STRING_EQUAL(request.body, "{\"state\":\"success\",\"context\":\"civarcos/assurance\"}");
    /* 140 characters, not bytes. */
    for (i = 0; i < 150; i++)
        memcpy(description + 2 * i, "\xc3\xa4", 2);
    push.description = description;
    push.target_url = "https://ledger.example/x";
    CU_ASSERT_EQUAL(github()->push(&context, &push, &request, &platform_problem), APR_SUCCESS);
    description[280] = '\0';
    CU_ASSERT_PTR_NOT_NULL(strstr(request.body, apr_pstrcat(test_pool(), "\"", description, "\"", NULL)));
    CU_ASSERT_PTR_NOT_NULL(strstr(request.body, "\"target_url\":\"https://ledger.example/x\""));
    push.sha = "main";
    CU_ASSERT_EQUAL(github()->push(&context, &push, &request, &platform_problem), CIV_EINVALID);
    push.sha = SHA;
    push.state = "passed";
    CU_ASSERT_EQUAL(github()->push(&context, &push, &request, &platform_problem), CIV_EINVALID);
    context.base = "https://api.octo.ghe.com";
    CU_ASSERT_EQUAL(github()->probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://api.octo.ghe.com/rate_limit");
    /* A server of one's own mostly answers 404 there: its limits are switched off. */
    context.base = "https://git.example:8443";
    CU_ASSERT_EQUAL(github()->probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://git.example:8443/meta");
    context.base = "https://git.example/api/v3";
    CU_ASSERT_EQUAL(github()->probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://git.example/api/v3/meta");
}

/* --- recorded from GitHub --- */

typedef struct recorded_t {
    const char *project, *type;
    int count;
} recorded_t;

/* Data of this project; lists that were asked for with more than a page are not what the connector asks. */
static int is_of_project(const civ_json_t *entry, void *baton)
{
    const char *prefix = baton;
    const char *url = civ_field_text(entry, "url");
    const char *file = civ_field_text(entry, "file");

    if (strstr(file, "/_") != NULL || civ_field_int(entry, "status", 0) != 200 ||
        strstr(file, "since-until") != NULL || strstr(file, ".empty") != NULL)
        return 0;
    return strncmp(url, "/repositories/", 14) == 0 ||
           (strncmp(url, prefix, strlen(prefix)) == 0 && url[strlen(prefix)] == '/');
}

static void expect_recorded(const recorded_t *expected, int number)
{
    char *prefix = apr_pstrcat(test_pool(), "/repos/", expected->project, NULL);
    mock_answer_t repository[2] = {{prefix, 200, NULL, NULL, 0, MOCK_PLAIN, 0},
                                   {NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0}};
    civ_sync_report_t *report;
    apr_hash_index_t *at;
    platform_t *server;

    repository[0].body =
        apr_psprintf(test_pool(), "{\"id\":1,\"full_name\":\"%s\",\"created_at\":\"2018-05-19T01:13:38Z\"}",
                     expected->project);
    server = platform_connect(&github_setup, apr_psprintf(test_pool(), "recorded-%d.db", number),
                              platform_recorded(&github_setup, repository, is_of_project, prefix));
    server->run->project_id = expected->project;
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
        {"jenkinsci/jenkins", CIV_ITEM_COMMIT, 266},
        {"panjf2000/ants", CIV_ITEM_PULL_REQUEST, 18},
        {"panjf2000/ants", CIV_ITEM_PIPELINE, 20},
        {"hub4j-test-org/GHWorkflowRunTest", CIV_ITEM_ARTIFACT, 2},
        {"hub4j-test-org/github-api", CIV_ITEM_CODE_METRICS, 2},
        {"hub4j/github-api", CIV_ITEM_CODE_METRICS, 1},
    };
    int i;

    for (i = 0; platform_recordings() != NULL && i < (int)(sizeof(expected) / sizeof(expected[0])); i++)
        expect_recorded(&expected[i], i);
}

static const test_case_t cases[] = {
    {"configuration", test_configuration},
    {"projects", test_projects},
    {"probe_and_push", test_probe_and_push},
    {"recorded", test_recorded},
    {NULL, NULL},
};

const test_suite_t platform_github_more_suite = {"platform_github_more", unit_folder_make, unit_folder_remove,
                                                 cases};
