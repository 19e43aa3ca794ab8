/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_gitlab_more.c
 * The connector for GitLab: its configuration, the statuses that it sets, and answers that were recorded from GitLab itself.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "unit/gitlab_fixture.h"

#define SHA "1515151515151515151515151515151515151515"

static const civ_connector_t *const gitlab = &civ_connector_gitlab;

static apr_status_t prepare(civ_connector_access_t *access, const char *text)
{
    return platform_prepare(&civ_connector_gitlab, access, text);
}

static void refuses(const char *text, const char *pointer)
{
    platform_refuses(&civ_connector_gitlab, text, pointer);
}

static void has_base(const char *base_url, const char *base)
{
    civ_connector_access_t access;

    CU_ASSERT_EQUAL_FATAL(prepare(&access, apr_pstrcat(test_pool(), "{\"api_token\":\"t\",\"base_url\":\"",
                                                       base_url, "\"}", NULL)),
                          APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, base);
}

static void test_configuration(void)
{
    civ_connector_access_t access;
    const civ_connector_header_t *header;

    CU_ASSERT_EQUAL(prepare(&access, "{\"api_token\":\"hunter2\"}"), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, "https://gitlab.com/api/v4");
    CU_ASSERT_EQUAL_FATAL(access.secret_headers->nelts, 1);
    header = (const civ_connector_header_t *)access.secret_headers->elts;
    CU_ASSERT_STRING_EQUAL(header->name, "PRIVATE-TOKEN");
    CU_ASSERT_STRING_EQUAL(header->value, "hunter2");
    has_base("https://git.example", "https://git.example/api/v4");
    has_base("https://git.example/tools/gitlab//", "https://git.example/tools/gitlab/api/v4");
    has_base("https://git.example/api/v4/", "https://git.example/api/v4");
    refuses("{}", "/config/api_token");
    refuses("{\"api_token\":\"\"}", "/config/api_token");
    refuses("{\"api_token\":\"hunter2\\r\\nX: y\"}", "/config/api_token");
    refuses("{\"api_token\":\"hunter2 \"}", "/config/api_token");
    refuses("{\"api_token\":\"t\",\"base_url\":7}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"ftp://git.example\"}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"https://u:hunter2@git.example\"}", "/config/base_url");
    refuses("{\"api_token\":\"t\",\"base_url\":\"https://git.example/?a=b\"}", "/config/base_url");
}

static void test_projects(void)
{
    static const char *const good[] = {"1",   "278964",       "octo/tool", "group/sub/project",
                                       "a/b", "g_1/s-2/.pro", "G/P.x",     NULL};
    static const char *const bad[] = {"",        "0",     "01",         "1234567890123456789",
                                      "octo",    "octo/", "/tool",      "octo//tool",
                                      "a/../b",  "..",    "o/t?x=1",    "o/t%2f..",
                                      "o/to ol", "o/t#",  "o/\xc3\xa4", NULL};
    int i;

    for (i = 0; good[i] != NULL; i++)
        CU_ASSERT_EQUAL(gitlab->check_project(good[i], &platform_problem, test_pool()), APR_SUCCESS);
    for (i = 0; bad[i] != NULL; i++) {
        if (gitlab->check_project(bad[i], &platform_problem, test_pool()) != CIV_EINVALID)
            test_note("%s", bad[i]);
        CU_ASSERT_EQUAL(gitlab->check_project(bad[i], &platform_problem, test_pool()), CIV_EINVALID);
    }
}

static void pushes(const char *state, const char *expected)
{
    civ_sync_context_t context = {.base = "https://gitlab.com/api/v4", .project_id = "group/sub/project"};
    civ_sync_push_t push = {SHA, state, "civarcos/assurance", NULL, NULL};
    civ_sync_request_t request;

    context.pool = test_pool();
    CU_ASSERT_EQUAL_FATAL(gitlab->push(&context, &push, &request, &platform_problem), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url,
                           "https://gitlab.com/api/v4/projects/group%2Fsub%2Fproject/statuses/" SHA);
    CU_ASSERT_STRING_EQUAL(
        request.body,
        apr_psprintf(test_pool(), "{\"state\":\"%s\",\"name\":\"civarcos/assurance\"}", expected));
}

static const char *repeat(const char *text, int times)
{
    const char *all = "";

    while (times-- > 0)
        all = apr_pstrcat(test_pool(), all, text, NULL);
    return all;
}

static void test_probe_and_push(void)
{
    civ_sync_context_t context = {.base = "https://gitlab.com/api/v4", .project_id = "7301"};
    civ_sync_push_t push = {SHA, "success", "civarcos/assurance", NULL, NULL};
    civ_sync_request_t request;

    context.pool = test_pool();
    CU_ASSERT_EQUAL(gitlab->probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://gitlab.com/api/v4/version");
    pushes("success", "success");
    pushes("pending", "pending");
    pushes("failure", "failed");
    pushes("error", "failed");
    /* 255 characters, not bytes. */
    push.description = repeat("\xc3\xa4", 300);
    push.target_url = "https://ledger.example/x";
    CU_ASSERT_EQUAL(gitlab->push(&context, &push, &request, &platform_problem), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(request.body, apr_pstrcat(test_pool(), "\"", repeat("\xc3\xa4", 255), "\"", NULL)));
    CU_ASSERT_PTR_NOT_NULL(strstr(request.body, "\"target_url\":\"https://ledger.example/x\""));
    push.sha = "main";
    CU_ASSERT_EQUAL(gitlab->push(&context, &push, &request, &platform_problem), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/sha");
    push.sha = SHA;
    push.state = "passed";
    CU_ASSERT_EQUAL(gitlab->push(&context, &push, &request, &platform_problem), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/state");
    push.state = "success";
    push.context = repeat("c", 256);
    CU_ASSERT_EQUAL(gitlab->push(&context, &push, &request, &platform_problem), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, "/context");
}

static int is_pushed(const char *state, const char *refusal)
{
    civ_sync_push_t push = {SHA, state, "civarcos/assurance", NULL, NULL};
    const civ_json_t *json;

    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&json, refusal, strlen(refusal), &civ_json_request_limits,
                                         &platform_problem, test_pool()),
                          APR_SUCCESS);
    return gitlab->is_pushed(&push, json);
}

/* GitLab refuses a status that is there already, in the same words as one that cannot follow. */
static void test_status_that_is_there(void)
{
    static const char there[] = "{\"message\":\"Cannot transition status via :succeed from :success "
                                "(Reason(s): Status cannot transition via \\\"succeed\\\")\"}";

    CU_ASSERT_TRUE(is_pushed("success", there));
    CU_ASSERT_FALSE(is_pushed("failure", there));
    CU_ASSERT_TRUE(is_pushed("error", "{\"message\":\"Cannot transition status via :drop from :failed\"}"));
    CU_ASSERT_FALSE(
        is_pushed("pending", "{\"message\":\"Cannot transition status via :enqueue from :running\"}"));
    CU_ASSERT_FALSE(is_pushed("success", "{\"message\":\"Cannot transition status via :succeed\"}"));
    CU_ASSERT_FALSE(is_pushed("success", "{\"message\":\"Invalid from :success\"}"));
    CU_ASSERT_FALSE(is_pushed("success", "{\"message\":{\"state\":[\"is invalid\"]}}"));
    CU_ASSERT_FALSE(is_pushed("success", "[]"));
}

/* --- recorded from GitLab --- */

#define RECORDED "/api/v4/projects/12345678"

/* Data of this project. The connector asks for its lists by the time of change, so a list is recorded for it as its first page. */
static int is_of_project(const civ_json_t *entry, void *baton)
{
    const char *url = civ_field_text(entry, "url");
    const char *file = civ_field_text(entry, "file");

    (void)baton;
    return strstr(file, "/_") == NULL && civ_field_int(entry, "status", 0) == 200 &&
           strncmp(url, RECORDED "/", strlen(RECORDED) + 1) == 0;
}

/* What was not recorded, or with other queries. */
static const mock_answer_t unrecorded[] = {
    GITLAB_ANSWER(RECORDED, 200, PLATFORM_HEADERS,
                  "{\"id\":12345678,\"path_with_namespace\":\"a/b\",\"empty_repo\":true,"
                  "\"releases_access_level\":\"disabled\",\"created_at\":\"2018-05-19T01:13:38Z\"}"),
    GITLAB_ANSWER(RECORDED "/pipelines?order_by=updated_at&sort=desc&per_page=100", 200, PLATFORM_HEADERS,
                  "[]"),
    GITLAB_ANSWER(RECORDED "/pipelines" GITLAB_WALK, 200, PLATFORM_HEADERS,
                  "[{\"id\":1078343570},{\"id\":1079491591},{\"id\":1079502706},{\"id\":1079509085},"
                  "{\"id\":1079536077},{\"id\":1079536741}]"),
    GITLAB_ANSWER(RECORDED "/pipelines" GITLAB_WALK "&source=parent_pipeline", 200, PLATFORM_HEADERS, "[]"),
    GITLAB_ANSWER(RECORDED "/pipelines/1078343570/test_report_summary", 200, PLATFORM_HEADERS,
                  "{\"total\":{\"count\":9,\"success\":5,\"failed\":0,\"error\":4},\"test_suites\":[]}"),
    GITLAB_ANSWER(RECORDED "/pipelines/*", 404, PLATFORM_HEADERS, "{}"),
    GITLAB_ANSWER(RECORDED "/merge_requests/*", 404, PLATFORM_HEADERS, "{}"),
    GITLAB_END};

static const char *const pipelines[] = {"1078343570", "1079491591", "1079502706",
                                        "1079509085", "1079536077", "1079536741"};

#define UNRECORDED (sizeof(unrecorded) / sizeof(unrecorded[0]))
#define EACH       (sizeof(pipelines) / sizeof(pipelines[0]))

static const mock_answer_t *with_pipelines(void)
{
    mock_answer_t *rows = apr_pcalloc(test_pool(), (UNRECORDED + EACH) * sizeof(*rows));
    unsigned long length;
    apr_size_t i;

    for (i = 0; i < EACH; i++) {
        const char *path = apr_pstrcat(test_pool(), RECORDED "/pipelines/", pipelines[i], NULL);

        rows[i].target = path;
        rows[i].status = 200;
        rows[i].headers = PLATFORM_HEADERS;
        rows[i].body = test_read_file(
            apr_pstrcat(test_pool(), platform_recordings(), "/gitlab", path, ".json", NULL), &length);
        CU_ASSERT_PTR_NOT_NULL_FATAL(rows[i].body);
    }
    memcpy(&rows[EACH], unrecorded, sizeof(unrecorded));
    return rows;
}

static void test_recorded(void)
{
    const civ_sync_item_t *item;
    apr_hash_index_t *at;
    platform_t *server;

    if (platform_recordings() == NULL)
        return;
    server = platform_connect(&gitlab_setup, "recorded.db",
                              platform_recorded(&gitlab_setup, with_pipelines(), is_of_project, NULL));
    server->run->project_id = "12345678";
    sync_go(server->engine, server->run);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PULL_REQUEST), 18); /* of three pages */
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_ISSUE), 16);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PIPELINE), 6);
    item = platform_item(server, CIV_ITEM_TEST_RESULT, "1078343570/failures");
    CU_ASSERT_STRING_EQUAL(platform_data(item, "failures/2/name"), "Error testcase 3");
    for (at = apr_hash_first(test_pool(), server->items); at != NULL; at = apr_hash_next(at))
        CU_ASSERT_PTR_NULL(strchr(((const civ_sync_item_t *)apr_hash_this_val(at))->data, '@'));
    platform_end(server);
}

static const test_case_t cases[] = {
    {"configuration", test_configuration},
    {"projects", test_projects},
    {"probe_and_push", test_probe_and_push},
    {"status_that_is_there", test_status_that_is_there},
    {"recorded", test_recorded},
    {NULL, NULL},
};

const test_suite_t platform_gitlab_more_suite = {"platform_gitlab_more", unit_folder_make, unit_folder_remove,
                                                 cases};
