/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_api.c
 * Synchronisation over HTTP: a real httpd, its worker, and a small server in the place of a platform. Connectors are
 * configured and tested, and projects synchronised.
 */
#include "config.h"

#include "integration/scenario.h"
#include "integration/sync_scene.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include <string.h>

#define TOKEN "ghp_TheSecretOfThisTest0123456789"
#define HOOK  "the-secret-of-the-webhook"

/* A repository with one release, and empty lists of everything else. */
#define REPOSITORY                                                                                           \
    "{\"id\":7,\"full_name\":\"octo/demo\",\"created_at\":\"2026-01-02T03:04:05Z\","                         \
    "\"updated_at\":\"2026-01-03T03:04:05Z\",\"owner\":{\"login\":\"octo\"},\"default_branch\":\"main\"}"
#define RELEASE                                                                                              \
    "[{\"id\":9,\"tag_name\":\"v1\",\"name\":\"v1\",\"created_at\":\"2026-02-02T03:04:05Z\","                \
    "\"published_at\":\"2026-02-02T03:04:05Z\",\"author\":{\"login\":\"octo\"},\"assets\":[]}]"
#define LISTS                                                                                                \
    {"/repos/octo/none", 404, NULL, "{\"message\":\"Not Found\"}", 0, MOCK_PLAIN, 100000},                   \
        {"/repos/octo/demo", 200, NULL, REPOSITORY, 0, MOCK_PLAIN, 100000},                                  \
        {"/repos/octo/demo/pulls?state=all&sort=updated&direction=desc&per_page=100",                        \
         200,                                                                                                \
         NULL,                                                                                               \
         "[]",                                                                                               \
         0,                                                                                                  \
         MOCK_PLAIN,                                                                                         \
         100000},                                                                                            \
        {"/repos/octo/demo/commits?per_page=100", 200, NULL, "[]", 0, MOCK_PLAIN, 100000},                   \
        {"/repos/octo/demo/releases?per_page=100", 200, NULL, RELEASE, 0, MOCK_PLAIN, 100000},               \
        {"/repos/octo/demo/stats/participation",                                                             \
         200,                                                                                                \
         NULL,                                                                                               \
         "{\"all\":[1],\"owner\":[1]}",                                                                      \
         0,                                                                                                  \
         MOCK_PLAIN,                                                                                         \
         100000},                                                                                            \
        {"/repos/octo/demo/stats/code_frequency", 200, NULL, "[[1,2,-3]]", 0, MOCK_PLAIN, 100000},           \
        {"/repos/octo/demo/languages", 200, NULL, "{\"C\":1}", 0, MOCK_PLAIN, 100000},                       \
    {                                                                                                        \
        NULL, 200, NULL, "{\"total_count\":0,\"workflow_runs\":[],\"artifacts\":[]}", 0, MOCK_PLAIN, 100000  \
    }

static const mock_answer_t healthy[] = {LISTS, MOCK_END};
static const mock_answer_t signed_out_once[] = {
    {"/meta", 401, NULL, "{\"message\":\"Bad credentials\"}", 0, MOCK_PLAIN, 1},
    {"/meta", 200, NULL, "{\"hooks\":[]}", 0, MOCK_PLAIN, 100000},
    LISTS,
    MOCK_END};

static const mock_answer_t broken[] = {{NULL, 503, NULL, "{}", 0, MOCK_PLAIN, 100000}, MOCK_END};

static sync_scene_t *scene;

/* Whether a text is in what the server has left behind: its log, and all files of the database. */
static int is_left_behind(const char *text)
{
    static const char *const names[] = {"/ledger/civarcos.db", "/ledger/civarcos.db-wal", NULL};
    int i, found = harness_log_has(scene->server, text, 0);

    for (i = 0; names[i] != NULL && !database_is_pgsql(); i++) {
        apr_file_t *file;
        apr_size_t length = 64 * 1024 * 1024;
        char *data = apr_palloc(test_pool(), length);

        if (apr_file_open(&file, apr_pstrcat(test_pool(), scene->server->state_dir, names[i], NULL),
                          APR_FOPEN_READ, APR_FPROT_OS_DEFAULT, test_pool()) != APR_SUCCESS) {
            continue;
        }
        apr_file_read_full(file, data, length, &length);
        apr_file_close(file);
        found = found || memmem(data, length, text, strlen(text)) != NULL;
    }
    return found;
}

static http_response_t *configure(void)
{
    return http_post(
        scene->web, "/api/sync/configure",
        apr_psprintf(test_pool(),
                     "{\"platform\":\"github\",\"config\":{\"api_token\":\"" TOKEN
                     "\",\"webhook_secret\":\"" HOOK "\",\"base_url\":\"%s\"}}",
                     scene->platform ? mock_platform_url(scene->platform) : "https://api.github.com"));
}

static http_response_t *ask(const char *prefer)
{
    const char *const headers[] = {"Content-Type: application/json",
                                   apr_pstrcat(test_pool(), "Prefer: ", prefer, NULL), NULL};
    static const char body[] = "{\"platform\":\"github\",\"project_id\":\"octo/demo\"}";

    return http_send(scene->web, "POST", "/api/sync/source", headers, body, strlen(body));
}

static const char *state(void)
{
    return http_json_text(http_get(scene->web, "/api/sync/status"), "/sync_status/connectors/github/state");
}

static void secrets_are_never_shown(void)
{
    http_response_t *answer;

    scene = sync_scene_open(SYNC_SCENE_OFF, NULL);
    CU_ASSERT_STRING_EQUAL(state(), "unconfigured");
    answer = configure();
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/connector_name"), "github");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/state"), "ready");
    CU_ASSERT(strstr(answer->body, "\"connected\":null") != NULL);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/config/base_url"), "https://api.github.com");
    CU_ASSERT_EQUAL(http_json_count(answer, "/connector/config"), 1);
    CU_ASSERT_EQUAL(http_json_count(answer, "/connector/secrets"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/secrets/0"), "api_token");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/secrets/1"), "webhook_secret");
    CU_ASSERT(strstr(http_json_text(answer, "/message"), "took away") == NULL);
    CU_ASSERT(strstr(answer->body, TOKEN) == NULL && strstr(answer->body, HOOK) == NULL);
    answer = http_get(scene->web, "/api/sync/connectors/github");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT(strstr(answer->body, TOKEN) == NULL && strstr(answer->body, HOOK) == NULL);
    answer = http_get(scene->web, "/api/sync/connectors");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 6);
    CU_ASSERT(strstr(answer->body, TOKEN) == NULL && strstr(answer->body, HOOK) == NULL);
    answer = http_get(scene->web, "/api/sync/status");
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/total_connectors"), 6);
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/connected_connectors"), 0); /* nobody has tried it */
    CU_ASSERT(strstr(answer->body, TOKEN) == NULL && strstr(answer->body, HOOK) == NULL);
    /* On record by a digest. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/blockchain/add", "{}")->status, 201);
    answer = http_get(scene->web, "/api/blockchain/search?type=civarcos.sync.connector");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/results/0/evidence/action"), "configured");
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/results/0/evidence/record")), 64);
    CU_ASSERT(!is_left_behind(TOKEN));
    CU_ASSERT(!is_left_behind(HOOK));
    /* A configuration replaces the one before: what it takes away is named. */
    answer = http_post(scene->web, "/api/sync/configure",
                       "{\"platform\":\"github\",\"config\":{\"api_token\":\"" TOKEN "\"}}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT(strstr(http_json_text(answer, "/message"), ": webhook_secret, base_url") != NULL);
    CU_ASSERT_EQUAL(http_json_count(answer, "/connector/secrets"), 1);
    CU_ASSERT_EQUAL(http_send(scene->web, "DELETE", "/api/sync/connectors/github", NULL, NULL, 0)->status,
                    200);
    CU_ASSERT_STRING_EQUAL(state(), "unconfigured");
    CU_ASSERT(
        http_is_problem(http_send(scene->web, "DELETE", "/api/sync/connectors/github", NULL, NULL, 0), 404));
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/connectors/sourceforge"), 404));
    CU_ASSERT(scenario_is_valid(scene->web));
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static void bad_configurations_are_told(void)
{
    static const struct {
        const char *body, *pointer;
    } bad[] = {
        {"{\"platform\":\"sourceforge\",\"config\":{}}", "/platform"},
        {"{\"platform\":7,\"config\":{}}", "/platform"},
        {"{\"platform\":\"github\",\"config\":[]}", "/config"},
        {"{\"platform\":\"github\",\"config\":{}}", "/config/api_token"},
        {"{\"platform\":\"github\"}", "/config"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"\"}}", "/config/api_token"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"a\\nX: y\"}}", "/config/api_token"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":1}}", "/config/api_token"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"a\",\"token\":\"b\"}}", "/config/token"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"a\",\"base_url\":\"ftp://x\"}}",
         "/config/base_url"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"a\",\"base_url\":\"http://h.example\"}}",
         "/config/base_url"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"a\",\"base_url\":\"https://127.0.0.1\"}}",
         "/config/base_url"},
        {"{\"platform\":\"github\",\"config\":{\"api_token\":\"a\",\"ca_file\":\"x.pem\"}}",
         "/config/ca_file"},
        {"{\"platform\":\"bitbucket\",\"config\":{\"api_token\":\"a\"}}", "/config/email"},
        {"{\"platform\":\"bitbucket\",\"config\":{}}", "/config/api_token"},
        {"{\"platform\":\"bitbucket\",\"config\":{\"email\":\"a\"}}", "/config/api_token"},
        {"{\"platform\":\"azure_devops\",\"config\":{\"personal_access_token\":\"a\"}}",
         "/config/organization"},
        {"{\"platform\":\"azure_devops\",\"config\":{\"personal_access_token\":\"a\",\"organization\":\"o\","
         "\"release_url\":\"https://127.0.0.1\"}}",
         "/config/release_url"},
        {"{\"platform\":\"jenkins\",\"config\":{\"username\":\"a\",\"api_token\":\"b\"}}",
         "/config/base_url"},
        {"{\"platform\":\"circle_ci\",\"config\":{\"username\":\"a\"}}", "/config/username"},
    };
    static const char *const good[] = {
        "{\"platform\":\"bitbucket\",\"config\":{\"email\":\"a@b.example\",\"api_token\":\"x\"}}",
        "{\"platform\":\"bitbucket\",\"config\":{\"username\":\"a\",\"app_password\":\"x\"}}",
        "{\"platform\":\"gitlab\",\"config\":{\"api_token\":\"x\",\"base_url\":\"https://git.example\"}}",
        "{\"platform\":\"azure_devops\",\"config\":{\"personal_access_token\":\"x\",\"organization\":\"o\"}}",
        "{\"platform\":\"jenkins\",\"config\":{\"base_url\":\"https://ci.example/"
        "jenkins\",\"username\":\"u\","
        "\"api_token\":\"x\"}}",
        "{\"platform\":\"circle_ci\",\"config\":{\"api_token\":\"x\"}}",
    };
    unsigned i;

    scene = sync_scene_open(SYNC_SCENE_OFF, NULL);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        http_response_t *answer = http_post(scene->web, "/api/sync/configure", bad[i].body);

        CU_ASSERT(http_is_problem(answer, 400));
        CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/pointer"), bad[i].pointer);
    }
    CU_ASSERT_EQUAL(
        http_json_int(http_get(scene->web, "/api/sync/status"), "/sync_status/connected_connectors"), 0);
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        CU_ASSERT_EQUAL(http_post(scene->web, "/api/sync/configure", good[i])->status, 200);
    }
    CU_ASSERT_EQUAL(
        http_json_int(http_get(scene->web, "/api/sync/status"), "/sync_status/connected_connectors"), 0);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static void a_project_is_synchronised(void)
{
    http_response_t *answer;
    apr_int64_t stored;

    scene = sync_scene_open(SYNC_SCENE_MANAGED, healthy);
    CU_ASSERT(http_is_problem(ask("wait=1"), 409)); /* not configured */
    CU_ASSERT_EQUAL(configure()->status, 200);
    answer = ask("wait=60");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Preference-Applied"), "wait=60");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/sync_status/success"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/sync_status/connector_name"), "github");
    stored = http_json_int(answer, "/sync_status/evidence_count");
    CU_ASSERT(stored >= 2);
    CU_ASSERT(mock_platform_has_seen(scene->platform, "Bearer " TOKEN));
    answer = http_get(scene->web, apr_pstrcat(test_pool(), "/api/sync/jobs/",
                                              http_json_text(answer, "/sync_status/job_id"), NULL));
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "succeeded");
    CU_ASSERT(http_json_count(answer, "/job/report/kinds") > 5);
    answer = http_get(scene->web, "/api/sync/status");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/sync_status/connectors/github/connected"), 1);
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/sync_status/connectors/github/last_sync")), 24);
    CU_ASSERT(http_json_int(answer, "/sync_status/unique_evidence") >= 2);
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/total_evidence"), stored);
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/connected_connectors"), 1);
    answer = http_get(scene->web, "/api/sync/timeline?source=github&order=asc&limit=1");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/timeline/0/type"), "repository");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/timeline/0/native_id"), "7");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/timeline/0/timestamp"), "2026-01-02T03:04:05.000Z");
    CU_ASSERT_EQUAL(http_json_int(answer, "/timeline/0/version"), 1);
    answer = http_get(scene->web,
                      apr_pstrcat(test_pool(), "/api/sync/timeline?source=github&order=asc&limit=1&cursor=",
                                  http_json_text(answer, "/next_cursor"), NULL));
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/timeline/0/type"), "release");
    answer = http_get(scene->web, "/api/sync/timeline?type=release&project_id=octo/demo"
                                  "&start_time=2026-02-01&end_time=2026-03-01");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/timeline?project_id=octo/none"), "/count"),
                    0);
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/timeline?order=up"), 400));
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/timeline?source=sourceforge"), 400));
    answer = http_get(scene->web, "/api/sync/timeline?type=pull_requests");
    CU_ASSERT(http_is_problem(answer, 400));
    CU_ASSERT(strstr(http_json_text(answer, "/detail"), "commit, pull_request, review") != NULL);
    CU_ASSERT_EQUAL(http_get(scene->web, "/api/sync/timeline?type=pull_request")->status, 200);
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/timeline?cursor=x"), 400));
    answer = http_post(scene->web, "/api/sync/deduplicate", "{}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/duplicates_removed"), 0);
    answer = http_get(scene->web, "/api/sync/conflicts");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_count(answer, "/conflicts"), 0);
    CU_ASSERT_EQUAL(http_get(scene->web, "/api/sync/conflicts?kind=platforms")->status, 200);
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/conflicts?kind=none"), 400));
    answer = http_post(scene->web, "/api/sync/conflicts/resolve", "{\"policy\":\"latest\"}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 0);
    CU_ASSERT(http_is_problem(http_post(scene->web, "/api/sync/conflicts/resolve", "{\"policy\":\"newest\"}"),
                              400));
    /* Seen again, and nothing new. */
    answer = ask("wait=60");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/evidence_count"), 0);
    CU_ASSERT(http_is_problem(http_post(scene->web, "/api/sync/conflicts/resolve", "{\"policy\":\"prefer\"}"),
                              400));
    /* Later, where the client wants no waiting: 202, and a job that comes to its end. */
    answer = ask("respond-async");
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Preference-Applied"), "respond-async");
    CU_ASSERT_FATAL(http_header(answer, "Location") != NULL);
    answer = http_get(scene->web, http_header(answer, "Location"));
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT(!is_left_behind(TOKEN));
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static void a_connection_is_tested(void)
{
    http_response_t *answer;

    scene = sync_scene_open(SYNC_SCENE_MANAGED, signed_out_once);
    CU_ASSERT(http_is_problem(
        http_send(scene->web, "POST", "/api/sync/connectors/github/test", NULL, NULL, 0), 409));
    CU_ASSERT_EQUAL(configure()->status, 200);
    answer = http_send(scene->web, "POST", "/api/sync/connectors/github/test", NULL, NULL, 0);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/state"), "auth_failed");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/connector/connected"), 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/action"), "test");
    answer = http_send(scene->web, "POST", "/api/sync/connectors/github/test", NULL, NULL, 0);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/state"), "ready");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/connector/connected"), 1);
    /* Configured anew, it has to prove itself again. */
    CU_ASSERT(strstr(configure()->body, "\"connected\":null") != NULL);
    CU_ASSERT_EQUAL(mock_platform_count(scene->platform), 2);
    /* Somebody waits: a platform that is down is asked once more, and no oftener. */
    mock_platform_set_answers(scene->platform, broken);
    answer = http_send(scene->web, "POST", "/api/sync/connectors/github/test", NULL, NULL, 0);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/connector/state"), "failed");
    CU_ASSERT_EQUAL(mock_platform_count(scene->platform), 4);
    CU_ASSERT(!is_left_behind(TOKEN));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0724", NULL));
    sync_scene_close(scene);
}

static void many_projects_at_once(void)
{
    http_response_t *answer;

    scene = sync_scene_open(SYNC_SCENE_MANAGED, healthy);
    answer = http_post(scene->web, "/api/sync/all", "{}"); /* nothing is scheduled */
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 0);
    CU_ASSERT(http_is_problem(
        http_post(scene->web, "/api/sync/all", "{\"project_config\":{\"github\":\"octo/demo\"}}"), 409));
    configure();
    CU_ASSERT(http_is_problem(
        http_post(scene->web, "/api/sync/all", "{\"project_config\":{\"github\":[\"octo/demo\",7]}}"), 400));
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/jobs"), "/count"), 0); /* all or none */
    answer = http_post(scene->web, "/api/sync/all", "{\"project_config\":{\"github\":[\"octo/demo\"]}}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 1);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/sync_statuses/0/success"), 1);
    /* A project that the platform does not have is told of, and costs the others nothing. */
    answer = http_post(scene->web, "/api/sync/all",
                       "{\"project_config\":{\"github\":[\"octo/demo\",\"octo/none\"]}}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 0);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/sync_statuses/0/success"), 1);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/sync_statuses/1/success"), 0);
    CU_ASSERT(strlen(http_json_text(answer, "/sync_statuses/1/error_message")) > 10);
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0720", NULL));
    sync_scene_close(scene);
}

static const test_case_t cases[] = {
    {"secrets_are_never_shown", secrets_are_never_shown},
    {"bad_configurations_are_told", bad_configurations_are_told},
    {"a_project_is_synchronised", a_project_is_synchronised},
    {"a_connection_is_tested", a_connection_is_tested},
    {"many_projects_at_once", many_projects_at_once},
    {NULL, NULL},
};
const test_suite_t sync_api_suite = {"sync_api", NULL, NULL, cases};
