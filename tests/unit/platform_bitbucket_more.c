/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platform_bitbucket_more.c
 * The connector for Bitbucket Cloud: what it is refused, its configuration, the statuses that it sets, and answers that were recorded
 * from Bitbucket itself.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "support/runner.h"
#include "unit/bitbucket_fixture.h"

#define SHA "1515151515151515151515151515151515151515"

#define ANSWER(target, status, body) PLATFORM_ANSWER(target, status, PLATFORM_HEADERS, body)

#define PULLS                                                                                                \
    BITBUCKET_REPO "/pullrequests?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED&sort=-updated_on"  \
                   "&pagelen=50&fields=%2Bvalues.participants"
#define COMMITS   BITBUCKET_REPO "/commits?pagelen=100&include=main"
#define PIPELINES BITBUCKET_REPO "/pipelines/?sort=-created_on&pagelen=100"
#define REFUSAL                                                                                              \
    "{\"type\":\"error\",\"error\":{\"message\":\"Your credentials lack one or more privilege scopes.\"}}"
#define EMPTY "{\"pagelen\":100,\"values\":[]}"

static platform_t *connect_with(const char *database, const mock_answer_t *instead)
{
    return platform_connect(&bitbucket_setup, database, platform_answers(&bitbucket_setup, instead));
}

/* --- what Bitbucket refuses --- */

static void test_refused_token(void)
{
    static const mock_answer_t refused[] = {ANSWER(BITBUCKET_REPO, 401, "{\"type\":\"error\"}"),
                                            PLATFORM_END};
    platform_t *server = connect_with("refused.db", refused);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(server->mock), 1);
    CU_ASSERT_PTR_NULL(strstr(report->reason, BITBUCKET_TOKEN));
    platform_end(server);
}

/* Its limit has no headers: the run goes on later where it was. */
static void test_limit_without_headers(void)
{
    static const mock_answer_t limited[] = {ANSWER(COMMITS "&ctx=Gtqq%2BF1Ah%3D&page=2", 429,
                                                   "{\"type\":\"error\",\"error\":{\"message\":\"Rate limit "
                                                   "for this resource has been exceeded\"}}"),
                                            PLATFORM_END};
    platform_t *server = connect_with("limit.db", limited);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_PARTIAL);
    CU_ASSERT_TRUE(report->retry_at > 0);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_COMMIT), 2);
    platform_end(server);
}

/* What is forbidden, missing or broken costs its own kind only, and is told. */
static void test_refusals_degrade_their_kind(void)
{
    static const mock_answer_t refused[] = {
        ANSWER(PIPELINES, 403, REFUSAL),
        ANSWER(BITBUCKET_REPO "/pullrequests/3/statuses?sort=-updated_on&pagelen=100", 404, REFUSAL),
        ANSWER(BITBUCKET_REPO "/pullrequests/4/statuses?sort=-updated_on&pagelen=100", 500, "{}"),
        PLATFORM_END};
    platform_t *server = connect_with("degraded.db", refused);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "pipeline")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "check")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "check")->gone, 1);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_CHECK), 2);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_COMMIT), 4);
    /* What broke is asked for again, though its pull request is the same; what was forbidden too. */
    mock_platform_set_answers(server->mock, platform_answers(&bitbucket_setup, NULL));
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_CHECK), 3);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PIPELINE), 4);
    platform_end(server);
}

/* Steps that are gone or forbidden leave their pipeline. */
static void test_forbidden_steps(void)
{
    static const mock_answer_t refused[] = {
        ANSWER(BITBUCKET_REPO "/pipelines/%7B00000003-0000-4000-8000-000000000012%7D/steps/?pagelen=100", 403,
               REFUSAL),
        PLATFORM_END};
    platform_t *server = connect_with("steps.db", refused);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(sync_kind(report, "job")->status, CIV_KIND_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "pipeline")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_PIPELINE), 4);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_JOB), 3);
    platform_end(server);
}

/* A page for people to sign in on is no data, in whatever list it comes. */
static void test_sign_in_page(void)
{
    static const mock_answer_t pages[] = {
        {COMMITS, 200, "Content-Type: text/html\r\n" PLATFORM_DATE, "<html>Log in</html>", 0, MOCK_PLAIN, 0},
        PLATFORM_END};
    platform_t *server = connect_with("sign-in.db", pages);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_AUTH_FAILED);
    CU_ASSERT_EQUAL(platform_count(server, CIV_ITEM_COMMIT), 0);
    platform_end(server);
}

/* A next page on another server is not asked for, and a list that ends there is not taken for read. */
static void test_next_page_elsewhere(void)
{
    static const mock_answer_t elsewhere[] = {
        ANSWER(COMMITS, 200,
               "{\"next\":\"http://{other}/2.0/repositories/acme/tool/"
               "commits?ctx=1\",\"values\":[{\"hash\":\"" SHA "\",\"date\":\"2026-03-30T12:00:00Z\"}]}"),
        ANSWER(PIPELINES, 200,
               "{\"next\":\"http://{self}/3.0/repositories/acme/tool/pipelines/?page=2\",\"values\":[]}"),
        PLATFORM_END};
    static const mock_answer_t trap[] = {ANSWER("/2.0*", 200, EMPTY), PLATFORM_END};
    mock_platform_t *other = mock_platform_start(trap);
    platform_t *server = connect_with("elsewhere.db", elsewhere);
    civ_sync_report_t *report;

    mock_platform_set_other(server->mock, other);
    report = platform_go(server);
    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_DEGRADED);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(sync_kind(report, "commit")->reason, "not on this server"));
    CU_ASSERT_EQUAL(sync_kind(report, "pipeline")->status, CIV_KIND_FAILED);
    CU_ASSERT_EQUAL(sync_kind(report, "pull_request")->status, CIV_KIND_OK);
    CU_ASSERT_EQUAL(mock_platform_count(other), 0);
    CU_ASSERT_EQUAL(platform_asked(server, "/3.0/"), 0);
    CU_ASSERT_EQUAL(sync_int("elsewhere.db", "SELECT watermark FROM civ_sync_cursors WHERE kind = 'commit'"),
                    0);
    platform_end(server);
    mock_platform_stop(other);
}

/* A list that says of each page that it is the first goes round. */
static void test_pages_without_an_end(void)
{
#define FIRST_AGAIN                                                                                          \
    "{\"page\":1,\"pagelen\":1,\"size\":9,\"values\":[{\"uuid\":\"{1}\",\"created_on\":\"2026-03-31T11:00:"  \
    "00Z\","                                                                                                 \
    "\"state\":{\"name\":\"COMPLETED\"}}]}"
    static const mock_answer_t endless[] = {
        ANSWER(PIPELINES, 200, FIRST_AGAIN), ANSWER(PIPELINES "&page=2", 200, FIRST_AGAIN),
        ANSWER(BITBUCKET_REPO "/pipelines/%7B1%7D/steps/?pagelen=100", 200, EMPTY), PLATFORM_END};
    platform_t *server = connect_with("endless.db", endless);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(sync_kind(report, "pipeline")->status, CIV_KIND_FAILED);
    CU_ASSERT_TRUE(platform_asked(server, BITBUCKET_REPO "/pipelines/?") <= 3);
    CU_ASSERT_EQUAL(sync_kind(report, "commit")->status, CIV_KIND_OK);
    platform_end(server);
}

static void test_empty_repository(void)
{
    static const mock_answer_t empty[] = {
        ANSWER(BITBUCKET_REPO, 200,
               "{\"uuid\":\"{1}\",\"full_name\":\"acme/tool\",\"mainbranch\":null,\"created_on\":"
               "\"2026-03-31T11:00:00Z\"}"),
        ANSWER(PULLS, 200, EMPTY), ANSWER(BITBUCKET_REPO "/commits?pagelen=100", 404, "{\"type\":\"error\"}"),
        ANSWER(PIPELINES, 404, "{\"type\":\"error\"}"), /* never switched on */
        PLATFORM_END};
    platform_t *server = connect_with("empty.db", empty);
    civ_sync_report_t *report = platform_go(server);

    CU_ASSERT_EQUAL(report->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(report->fresh, 1);
    platform_end(server);
}

static void test_missing_or_renamed_repository(void)
{
    static const mock_answer_t missing[] = {ANSWER("/2.0/repositories/*", 404, "{\"type\":\"error\"}"),
                                            PLATFORM_END};
    mock_answer_t renamed[] = {ANSWER("/2.0/repositories/%7B%7D/%7B00000001-0000-4000-8000-000000000001%7D",
                                      200, platform_body(&bitbucket_setup, "repository.json")),
                               PLATFORM_END};
    platform_t *server =
        connect_with("missing.db", (mock_answer_t[]){ANSWER(BITBUCKET_REPO, 404, "{}"), PLATFORM_END});

    CU_ASSERT_EQUAL(platform_go(server)->outcome, CIV_SYNC_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(server->mock), 1);
    mock_platform_set_answers(server->mock, missing);
    CU_ASSERT_EQUAL(platform_go(server)->outcome, CIV_SYNC_FAILED);
    /* By its UUID it is found under whatever name, and asked for by the present one. */
    mock_platform_set_answers(server->mock, platform_answers(&bitbucket_setup, renamed));
    server->run->project_id = "{}/{00000001-0000-4000-8000-000000000001}";
    CU_ASSERT_EQUAL(platform_go(server)->outcome, CIV_SYNC_OK);
    CU_ASSERT_EQUAL(platform_asked(server, COMMITS " "), 1);
    CU_ASSERT_STRING_EQUAL(
        platform_item(server, CIV_ITEM_REPOSITORY, "{00000001-0000-4000-8000-000000000001}")->scope,
        "{00000001-0000-4000-8000-000000000001}");
    platform_end(server);
}

/* --- configuration and push --- */

static apr_status_t prepare(civ_connector_access_t *access, const char *text)
{
    return platform_prepare(&civ_connector_bitbucket, access, text);
}

static void refuses(const char *text, const char *pointer)
{
    platform_refuses(&civ_connector_bitbucket, text, pointer);
}

/* @param secret what the one secret header is */
static void takes(const char *text, const char *secret, const char *base)
{
    civ_connector_access_t access;

    CU_ASSERT_EQUAL_FATAL(prepare(&access, text), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(access.base, base);
    CU_ASSERT_EQUAL_FATAL(access.secret_headers->nelts, 1);
    CU_ASSERT_STRING_EQUAL(((const civ_connector_header_t *)access.secret_headers->elts)->name,
                           "Authorization");
    CU_ASSERT_STRING_EQUAL(((const civ_connector_header_t *)access.secret_headers->elts)->value, secret);
}

static void test_configuration(void)
{
    takes("{\"email\":\"a@b.example\",\"api_token\":\"hunter2\"}",
          "Basic YUBiLmV4YW1wbGU6aHVudGVyMg==", "https://api.bitbucket.org/2.0");
    takes("{\"username\":\"a\",\"api_token\":\"hunter2\"}", "Basic YTpodW50ZXIy",
          "https://api.bitbucket.org/2.0");
    takes("{\"username\":\"a\",\"app_password\":\"hunter2\",\"email\":\"a@b.example\"}", "Basic YTpodW50ZXIy",
          "https://api.bitbucket.org/2.0");
    takes("{\"username\":\"a\",\"email\":\"a@b.example\",\"api_token\":\"hunter2\",\"app_password\":\"x\"}",
          "Basic YUBiLmV4YW1wbGU6aHVudGVyMg==", "https://api.bitbucket.org/2.0");
    takes("{\"access_token\":\"hunter2\",\"base_url\":\"https://proxy.example/bitbucket/2.0/\"}",
          "Bearer hunter2", "https://proxy.example/bitbucket/2.0");
    refuses("{\"api_token\":\"hunter2\"}", "/config/email");
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_problem.detail, "api_token needs email"));
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_problem.detail, "access_token"));
    refuses("{\"app_password\":\"hunter2\"}", "/config/username");
    refuses("{\"email\":\"a@b.example\"}", "/config/api_token");
    refuses("{}", "/config/api_token");
    refuses("{\"email\":\"a@b.example\",\"api_token\":\"hunter2\\r\\nX: y\"}", "/config/api_token");
    refuses("{\"email\":\"a:b\",\"api_token\":\"hunter2\"}", "/config/email");
    refuses("{\"email\":\"a b\",\"api_token\":\"hunter2\"}", "/config/email");
    refuses("{\"access_token\":\"hunter2 \"}", "/config/access_token");
    refuses("{\"access_token\":\"t\",\"base_url\":7}", "/config/base_url");
    refuses("{\"access_token\":\"t\",\"base_url\":\"https://api.bitbucket.org\"}", "/config/base_url");
    refuses("{\"access_token\":\"t\",\"base_url\":\"https://git.example/rest/api/1.0\"}", "/config/base_url");
    CU_ASSERT_PTR_NOT_NULL(strstr(platform_problem.detail, "Data Center"));
    refuses("{\"access_token\":\"t\",\"base_url\":\"https://u:hunter2@git.example/2.0\"}",
            "/config/base_url");
}

static void test_projects(void)
{
    static const char *const good[] = {"acme/tool", "a_b/c.d-e", "{}/{7a51c3d0-1111-4000-8000-000000000001}",
                                       "acme/{7a51c3d0-1111-4000-8000-000000000001}", NULL};
    static const char *const bad[] = {
        "",         "acme",    "acme/",      "/tool",   "acme/tool/x", "acme/..",    "../x",       "o/t?x=1",
        "o/t%2f..", "o/to ol", "o/\xc3\xa4", "acme/{}", "acme/{x",     "acme/{a/b}", "acme/{a?b}", NULL};
    int i;

    for (i = 0; good[i] != NULL; i++)
        CU_ASSERT_EQUAL(civ_connector_bitbucket.check_project(good[i], &platform_problem, test_pool()),
                        APR_SUCCESS);
    for (i = 0; bad[i] != NULL; i++) {
        if (civ_connector_bitbucket.check_project(bad[i], &platform_problem, test_pool()) != CIV_EINVALID)
            test_note("\"%s\" is taken", bad[i]);
        CU_ASSERT_EQUAL(civ_connector_bitbucket.check_project(bad[i], &platform_problem, test_pool()),
                        CIV_EINVALID);
    }
}

static void test_probe(void)
{
    civ_sync_context_t context = {.base = "https://api.bitbucket.org/2.0"};
    civ_sync_request_t request;

    context.pool = test_pool();
    CU_ASSERT_EQUAL(civ_connector_bitbucket.probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://api.bitbucket.org/2.0/hook_events");
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&context.settings, "{\"email\":\"a@b.example\"}", 23,
                                         &civ_json_request_limits, &platform_problem, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_connector_bitbucket.probe(&context, &request), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url, "https://api.bitbucket.org/2.0/user");
}

static void refuses_push(const civ_sync_push_t *push, const char *pointer)
{
    civ_sync_context_t context = {.base = "https://api.bitbucket.org/2.0", .project_id = "acme/tool"};
    civ_sync_request_t request;

    context.pool = test_pool();
    CU_ASSERT_EQUAL(civ_connector_bitbucket.push(&context, push, &request, &platform_problem), CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(platform_problem.pointer, pointer);
}

static const civ_json_t *pushed(const civ_sync_push_t *push)
{
    civ_sync_context_t context = {.base = "https://api.bitbucket.org/2.0",
                                  .project_id = "{}/{7a51c3d0-1111-4000-8000-000000000001}"};
    civ_sync_request_t request;
    const civ_json_t *json;

    context.pool = test_pool();
    CU_ASSERT_EQUAL_FATAL(civ_connector_bitbucket.push(&context, push, &request, &platform_problem),
                          APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(request.url,
                           "https://api.bitbucket.org/2.0/repositories/%7B%7D/"
                           "%7B7a51c3d0-1111-4000-8000-000000000001%7D/commit/" SHA "/statuses/build");
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&json, request.body, strlen(request.body), &civ_json_request_limits,
                                         &platform_problem, test_pool()),
                          APR_SUCCESS);
    return json;
}

static void test_push(void)
{
    static const char *const words[][2] = {
        {"pending", "INPROGRESS"}, {"success", "SUCCESSFUL"}, {"failure", "FAILED"}, {"error", "FAILED"}};
    static const char exact[] = "0123456789012345678901234567890123456789";
    civ_sync_push_t push = {SHA, "success", "civarcos/assurance", NULL, "https://ledger.example/x"};
    const char *key;
    const civ_json_t *json;
    int i;

    for (i = 0; i < 4; i++) {
        push.state = words[i][0];
        CU_ASSERT_STRING_EQUAL(civ_json_get_text(pushed(&push), "state"), words[i][1]);
    }
    json = pushed(&push);
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "key"), "civarcos/assurance");
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "name"), "civarcos/assurance");
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "url"), "https://ledger.example/x");
    CU_ASSERT_PTR_NULL(civ_json_get(json, "description"));
    push.context = exact;
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(pushed(&push), "key"), exact);
    /* A longer one has the same key whenever, and two that begin alike have two. */
    push.context = apr_pstrcat(test_pool(), exact, "a", NULL);
    push.description = "All \xe2\x9c\x93";
    json = pushed(&push);
    key = civ_json_get_text(json, "key");
    CU_ASSERT_EQUAL(strlen(key), 40);
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "name"), push.context);
    CU_ASSERT_STRING_EQUAL(civ_json_get_text(json, "description"), push.description);
    CU_ASSERT_STRING_EQUAL(key, "civarcos-d14312d171c0a7ae6fa997f47966e82");
    push.context = apr_pstrcat(test_pool(), exact, "b", NULL);
    CU_ASSERT_STRING_NOT_EQUAL(civ_json_get_text(pushed(&push), "key"), key);
    push.target_url = NULL;
    refuses_push(&push, "/target_url");
    push.target_url = "/x";
    refuses_push(&push, "/target_url");
    push.target_url = "https://ledger.example/x";
    push.sha = "151515151515";
    refuses_push(&push, "/sha");
    push.sha = SHA;
    push.state = "passed";
    refuses_push(&push, "/state");
}

/* --- recorded from Bitbucket --- */

typedef struct recorded_t {
    const char *project, *type;
    int count;
} recorded_t;

static int is_of_project(const civ_json_t *entry, void *baton)
{
    return strncmp(civ_field_text(entry, "url"), baton, strlen(baton)) == 0 &&
           civ_field_int(entry, "status", 0) == 200;
}

static void expect_recorded(const recorded_t *expected, int number)
{
    char *prefix = apr_pstrcat(test_pool(), "/2.0/repositories/", expected->project, NULL);
    mock_answer_t repository[] = {{prefix, 200, PLATFORM_HEADERS, NULL, 0, MOCK_PLAIN, 0}, PLATFORM_END};
    civ_sync_report_t *report;
    apr_hash_index_t *at;
    platform_t *server;

    repository[0].body = apr_psprintf(
        test_pool(), "{\"uuid\":\"{1}\",\"full_name\":\"%s\",\"created_on\":\"2018-05-19T01:13:38Z\"}",
        expected->project);
    server = platform_connect(&bitbucket_setup, apr_psprintf(test_pool(), "recorded-%d.db", number),
                              platform_recorded(&bitbucket_setup, repository, is_of_project, prefix));
    server->run->project_id = expected->project;
    report = sync_go(server->engine, server->run);
    CU_ASSERT_TRUE(report->outcome == CIV_SYNC_DEGRADED || report->outcome == CIV_SYNC_OK);
    if (platform_count(server, expected->type) != expected->count)
        test_note("%s: %d of %s", expected->project, platform_count(server, expected->type), expected->type);
    CU_ASSERT_EQUAL(platform_count(server, expected->type), expected->count);
    for (at = apr_hash_first(test_pool(), server->items); at != NULL; at = apr_hash_next(at)) {
        const civ_sync_item_t *item = apr_hash_this_val(at);

        CU_ASSERT_PTR_NULL(strstr(item->data, "@example.com"));
        CU_ASSERT_PTR_NULL(strstr(item->data, "atl-paas.net"));
    }
    platform_end(server);
}

static void test_recorded(void)
{
    static const recorded_t expected[] = {
        {"amuniz/test-repos", CIV_ITEM_COMMIT, 6},
        {"likyh/likyhphp", CIV_ITEM_PULL_REQUEST, 30},
        {"likyh/likyhphp", CIV_ITEM_PIPELINE, 11},
        {"likyh/likyhphp", CIV_ITEM_JOB, 13},
    };
    int i;

    for (i = 0; platform_recordings() != NULL && i < (int)(sizeof(expected) / sizeof(expected[0])); i++)
        expect_recorded(&expected[i], i);
}

static const test_case_t cases[] = {
    {"refused_token", test_refused_token},
    {"limit_without_headers", test_limit_without_headers},
    {"refusals_degrade_their_kind", test_refusals_degrade_their_kind},
    {"forbidden_steps", test_forbidden_steps},
    {"sign_in_page", test_sign_in_page},
    {"next_page_elsewhere", test_next_page_elsewhere},
    {"pages_without_an_end", test_pages_without_an_end},
    {"empty_repository", test_empty_repository},
    {"missing_or_renamed_repository", test_missing_or_renamed_repository},
    {"configuration", test_configuration},
    {"projects", test_projects},
    {"probe", test_probe},
    {"push", test_push},
    {"recorded", test_recorded},
    {NULL, NULL},
};

const test_suite_t platform_bitbucket_more_suite = {"platform_bitbucket_more", unit_folder_make,
                                                    unit_folder_remove, cases};
