/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_circle_more.c
 * The connector for CircleCI: its configuration, names of projects, and answers that were recorded from CircleCI itself.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "unit/circle_fixture.h"

static apr_status_t prepare(civ_connector_access_t *access, const char *text)
{
    return platform_prepare(&civ_connector_circle_ci, access, text);
}

static void refuses(const char *text, const char *pointer)
{
    platform_refuses(&civ_connector_circle_ci, text, pointer);
}

static void test_configuration(void)
{
    civ_connector_access_t access;
    const civ_connector_header_t *header;

    CU_ASSERT_EQUAL(prepare(&access, "{\"api_token\":\"hunter2\"}"), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://circleci.com/api/v2");
    header = (const civ_connector_header_t *)access.secret_headers->elts;
    CU_ASSERT_EQUAL_FATAL(access.secret_headers->nelts, 1);
    CU_ASSERT_STRING_EQUAL(header->name, "Circle-Token");
    CU_ASSERT_STRING_EQUAL(header->value, "hunter2");
    CU_ASSERT_EQUAL(prepare(&access, "{\"api_token\":\"t\",\"base_url\":\"https://ci.example/\"}"),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://ci.example/api/v2");
    CU_ASSERT_EQUAL(prepare(&access, "{\"api_token\":\"t\",\"base_url\":\"https://ci.example/x/api/v2/\"}"),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://ci.example/x/api/v2");
    refuses("{}", "/config/api_token");
    refuses("{\"api_token\":\"\"}", "/config/api_token");
    refuses("{\"api_token\":\"hunter2\\r\\nX: y\"}", "/config/api_token");
    refuses("{\"api_token\":\"t\",\"base_url\":7}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"https://u:hunter2@ci.example\"}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"https://ci.example/?a=b\"}", "/config/base_url");
}

static void test_projects(void)
{
    static const char *const good[] = {"gh/octo/tool",
                                       "github/o-c/.github",
                                       "bb/work_space/t.o_o-l",
                                       "bitbucket/a/b",
                                       "circleci/69dad4c8-00c3-4d4a-a368-4a9cc1599781/9YytKzouJxzu4TjCRFqAoD",
                                       NULL};
    static const char *const bad[] = {"",          "gh",          "octo/tool",  "gh/octo",       "gh/octo/",
                                      "gh//tool",  "gh/octo/..",  "gh/../tool", "gh/octo/t/x",   "gh/o/t?x=1",
                                      "xx/octo/t", "gh/o/t%2f..", "gh/o/to ol", "gh/o/\xc3\xa4", NULL};
    int i;

    for (i = 0; good[i] != NULL; i++)
        CU_ASSERT_EQUAL(civ_connector_circle_ci.check_project(good[i], &platform_problem, test_pool()),
                        APR_SUCCESS);
    for (i = 0; bad[i] != NULL; i++)
        CU_ASSERT_EQUAL(civ_connector_circle_ci.check_project(bad[i], &platform_problem, test_pool()),
                        CIV_EINVALID);
}

static void test_probe_and_push(void)
{
    civ_sync_context_t context = {.base = "https://circleci.com/api/v2", .pool = test_pool()};
    civ_sync_request_t request;

    CU_ASSERT_EQUAL(civ_connector_circle_ci.probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://circleci.com/api/v2/me");
    CU_ASSERT_PTR_NULL(request.body);
    CU_ASSERT_TRUE(civ_connector_circle_ci.push == NULL);
}

/* --- recorded from CircleCI --- */

static int is_wanted(const civ_json_t *entry, void *baton)
{
    (void)baton;
    return strstr(civ_field_text(entry, "file"), "/_") == NULL && civ_field_int(entry, "status", 0) == 200;
}

static void test_recorded(void)
{
    static const mock_answer_t others[] = {
        {"/api/v2/pipeline/*", 200, NULL, "{\"items\":[],\"next_page_token\":null}", 0, MOCK_PLAIN, 0},
        {"/api/v2/workflow/*", 404, NULL, "{\"message\":\"Workflow not found\"}", 0, MOCK_PLAIN, 0},
        {NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0}};
    civ_sync_report_t *report;
    apr_hash_index_t *at;
    platform_t *server;

    if (platform_recordings() == NULL)
        return;
    server = platform_connect(&circle_setup, "recorded.db",
                              platform_recorded(&circle_setup, others, is_wanted, NULL));
    server->run->project_id = "gh/coldgust/coldgust.github.io";
    report = sync_go(server->engine, server->run);
    CU_ASSERT_TRUE(report->outcome == CIV_SYNC_DEGRADED || report->outcome == CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PIPELINE), 17); /* ten, and seven workflows */
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_JOB), 5);       /* of the sixth no list tells */
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_TEST_RESULT), 3);
    platform_is_status(server, CIV_ITEM_PIPELINE, "d323f088-02fa-4ed5-9696-fc2f89a27150", CIV_STATUS_FAILED);
    CU_ASSERT_STRING_EQUAL(
        platform_item(server, CIV_ITEM_PIPELINE, "d323f088-02fa-4ed5-9696-fc2f89a27150")->sha,
        "6ba0cdaf7e7791c5bc5aa89a13b9cd184f8ad296");
    for (at = apr_hash_first(test_pool(), server->items); at != NULL; at = apr_hash_next(at))
        CU_ASSERT_STRING_EQUAL(((const civ_sync_item_t *)apr_hash_this_val(at))->scope,
                               "918df292-936a-41b2-8174-696c6cdd6cf5");
    platform_end(server);
}

static const test_case_t cases[] = {
    {"configuration", test_configuration},
    {"projects", test_projects},
    {"probe_and_push", test_probe_and_push},
    {"recorded", test_recorded},
    {NULL, NULL},
};

const test_suite_t platform_circle_more_suite = {"platform_circle_more", unit_folder_make, unit_folder_remove,
                                                 cases};
