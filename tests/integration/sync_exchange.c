/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_exchange.c
 * What goes to platforms and comes from them of its own accord: statuses of commits, and deliveries of webhooks. A real httpd, its
 * worker, and a small server in the place of a platform.
 */
#include "config.h"

#include "integration/scenario.h"
#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_file_io.h>
#include <apr_strings.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

#define PROGRAM CIVARCOS_BUILD_DIR "/worker/civarcos-worker"
#define MANAGED                                                                                              \
    "CivarcosWorker managed \"" PROGRAM "\"\nCivarcosDifficulty 4\nCivarcosEgressAllow 127.0.0.1\n"          \
    "CivarcosEgressPlainHttp On\n"

#define TOKEN  "ghp_TheSecretOfThisTest0123456789"
#define SECRET "the secret of the webhook"
#define SHA    "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
#define PUSH                                                                                                 \
    "{\"platform\":\"github\",\"project_id\":\"octo/demo\",\"sha\":\"" SHA "\",\"state\":\"success\","       \
    "\"context\":\"civarcos/assurance\",\"description\":\"all of it\",\"target_url\":"                       \
    "\"https://ledger.example/x\"}"
#define DELIVERY "{\"ref\":\"refs/heads/main\",\"repository\":{\"id\":7,\"full_name\":\"Octo/Demo\"}}"

#define REPOSITORY                                                                                           \
    "{\"id\":7,\"full_name\":\"octo/demo\",\"created_at\":\"2026-01-02T03:04:05Z\","                         \
    "\"updated_at\":\"2026-01-03T03:04:05Z\",\"owner\":{\"login\":\"octo\"},\"default_branch\":\"main\"}"

static const mock_answer_t healthy[] = {
    {"/repos/octo/demo/statuses/" SHA, 201, NULL, "{\"id\":1}", 0, MOCK_PLAIN, 100000},
    {"/repos/octo/demo", 200, NULL, REPOSITORY, 0, MOCK_PLAIN, 100000},
    {"/repos/octo/demo/stats*", 200, NULL, "{}", 0, MOCK_PLAIN, 100000},
    {"/repos/octo/demo/languages", 200, NULL, "{}", 0, MOCK_PLAIN, 100000},
    {"/repos/octo/demo/actions*", 200, NULL, "{\"total_count\":0,\"workflow_runs\":[],\"artifacts\":[]}", 0,
     MOCK_PLAIN, 100000},
    {NULL, 200, NULL, "[]", 0, MOCK_PLAIN, 100000},
    MOCK_END};
static const mock_answer_t unwilling[] = {
    {NULL, 422, NULL, "{\"message\":\"No commit found for SHA, by " TOKEN "\"}", 0, MOCK_PLAIN, 100000},
    MOCK_END};

static sync_scene_t *scene;

static http_response_t *configure(const char *secret)
{
    return http_post(
        scene->web, "/api/sync/configure",
        apr_psprintf(test_pool(),
                     "{\"platform\":\"github\",\"config\":{\"api_token\":\"" TOKEN "\"%s%s%s%s}}",
                     secret ? ",\"webhook_secret\":\"" : "", secret ? secret : "", secret ? "\"" : "",
                     scene->platform ? apr_pstrcat(test_pool(), ",\"base_url\":\"",
                                                   mock_platform_url(scene->platform), "\"", NULL)
                                     : ""));
}

/* --- statuses --- */

static http_response_t *push(const char *prefer, const char *key)
{
    const char *headers[] = {"Content-Type: application/json",
                             apr_pstrcat(test_pool(), "Prefer: ", prefer, NULL), NULL, NULL};

    if (key) {
        headers[2] = apr_pstrcat(test_pool(), "Idempotency-Key: ", key, NULL);
    }
    return http_send(scene->web, "POST", "/api/sync/push", headers, PUSH, strlen(PUSH));
}

static void a_status_is_set(void)
{
    http_response_t *answer;
    const char *job;

    scene = sync_scene_open(MANAGED, healthy);
    CU_ASSERT(http_is_problem(push("wait=1", NULL), 409)); /* not configured */
    CU_ASSERT_EQUAL(configure(NULL)->status, 200);
    answer = push("wait=60", "push-1");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/action"), "push");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "succeeded");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/project_id"), "octo/demo");
    job = apr_pstrdup(test_pool(), http_json_text(answer, "/job/job_id"));
    CU_ASSERT_EQUAL(mock_platform_count(scene->platform), 1);
    CU_ASSERT(mock_platform_has_seen(scene->platform, "POST /repos/octo/demo/statuses/" SHA " HTTP/1.1"));
    CU_ASSERT(mock_platform_has_seen(scene->platform, "\"context\":\"civarcos/assurance\""));
    CU_ASSERT(mock_platform_has_seen(scene->platform, "\"target_url\":\"https://ledger.example/x\""));
    CU_ASSERT(mock_platform_has_seen(scene->platform, "Bearer " TOKEN));
    /* The same request once more is the same job, and nothing is sent. */
    answer = push("wait=60", "push-1");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/job_id"), job);
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Idempotent-Replayed"), "true");
    CU_ASSERT_EQUAL(mock_platform_count(scene->platform), 1);
    /* On record by a digest. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/blockchain/add", "{}")->status, 201);
    answer = http_get(scene->web, "/api/blockchain/search?type=civarcos.sync.status");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/results/0/evidence/action"), "set");
    CU_ASSERT(strstr(answer->body, "octo") == NULL && strstr(answer->body, SHA) == NULL);
    /* Who does not wait is told where to look. */
    answer = push("respond-async", NULL);
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT(strstr(http_header(answer, "Location"), "/api/sync/jobs/") != NULL);
    /* One that fails is no success. */
    mock_platform_set_answers(scene->platform, unwilling);
    answer = push("wait=60", NULL);
    CU_ASSERT(http_is_problem(answer, 502));
    CU_ASSERT(strstr(http_header(answer, "Location"), "/api/sync/jobs/") != NULL);
    CU_ASSERT(strstr(answer->body, "No status was set") != NULL && strstr(answer->body, TOKEN) == NULL);
    CU_ASSERT(strstr(http_json_text(answer, "/detail"),
                     "(status 422); the platform says: No commit found for SHA, by [redacted]") != NULL);
    CU_ASSERT(scenario_is_valid(scene->web));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0723", NULL));
    sync_scene_close(scene);
}

static void bad_statuses_are_told(void)
{
    static const struct {
        const char *members, *pointer;
    } bad[] = {
        {"\"platform\":\"sourceforge\",\"project_id\":\"a/b\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"c\"",
         "/platform"},
        /* It has no statuses of commits. */
        {"\"platform\":\"jenkins\",\"project_id\":\"a\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"c\"",
         "/platform"},
        {"\"platform\":\"github\",\"project_id\":\"a\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"c\"",
         "/project_id"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":\"main\",\"state\":\"success\",\"context\":"
         "\"c\"",
         "/sha"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":7,\"state\":\"success\",\"context\":\"c\"",
         "/sha"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":\"" SHA
         "\",\"state\":\"passed\",\"context\":\"c\"",
         "/state"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"\"",
         "/context"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"c\",\"description\":\"a\\u0007\"",
         "/description"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"c\",\"target_url\":\"javascript:x\"",
         "/target_url"},
        {"\"platform\":\"github\",\"project_id\":\"a/b\",\"sha\":\"" SHA
         "\",\"state\":\"success\",\"context\":\"c\",\"url\":\"https://x.example\"",
         "/url"},
    };
    unsigned i;

    scene = sync_scene_open(SYNC_SCENE_OFF, NULL);
    configure(NULL);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        http_response_t *answer =
            http_post(scene->web, "/api/sync/push", apr_pstrcat(test_pool(), "{", bad[i].members, "}", NULL));

        CU_ASSERT(http_is_problem(answer, 400));
        CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/pointer"), bad[i].pointer);
    }
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/jobs"), "/count"), 0);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

/* --- deliveries --- */

static const char *sign(const char *secret, const char *body)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char *text = apr_pcalloc(test_pool(), 2 * EVP_MAX_MD_SIZE + 1);
    unsigned i;

    HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)body, strlen(body), digest,
         &length);
    for (i = 0; i < length; i++) {
        apr_snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    return apr_pstrcat(test_pool(), "X-Hub-Signature-256: sha256=", text, NULL);
}

static http_response_t *deliver(const char *signature, const char *id, const char *type, const char *body)
{
    const char *const headers[] = {type, "X-GitHub-Event: push",
                                   apr_pstrcat(test_pool(), "X-GitHub-Delivery: ", id, NULL),
                                   signature ? signature : "X-None: none", NULL};

    return http_send(scene->web, "POST", "/api/sync/webhook/github", headers, body, strlen(body));
}

static http_response_t *deliver_json(const char *signature, const char *id, const char *body)
{
    return deliver(signature, id, "Content-Type: application/json", body);
}

static int jobs_made(void)
{
    return (int)http_json_int(http_get(scene->web, "/api/sync/jobs"), "/count");
}

static void forgeries_are_refused(void)
{
    static const char changed[] =
        "{\"ref\":\"refs/heads/main\",\"repository\":{\"id\":7,\"full_name\":\"Octo/Dema\"}}";
    const char *good = sign(SECRET, DELIVERY);
    http_response_t *answer;

    scene = sync_scene_open(SYNC_SCENE_OFF "CivarcosSyncSchedule github octo/demo 1h\n", NULL);
    CU_ASSERT(http_is_problem(deliver_json(good, "a", DELIVERY), 403)); /* not configured */
    configure(NULL);
    CU_ASSERT(http_is_problem(deliver_json(sign("", DELIVERY), "a", DELIVERY), 403)); /* no secret */
    configure(SECRET);
    CU_ASSERT(http_is_problem(deliver_json(NULL, "a", DELIVERY), 403));
    CU_ASSERT(http_is_problem(deliver_json(sign("other", DELIVERY), "a", DELIVERY), 403));
    CU_ASSERT(http_is_problem(deliver_json(good, "a", changed), 403));
    /* What is not proven is not parsed either. */
    answer = deliver_json(good, "a", "{]");
    CU_ASSERT(http_is_problem(answer, 403));
    CU_ASSERT(strstr(answer->body, SECRET) == NULL);
    CU_ASSERT(http_is_problem(deliver_json(sign(SECRET, "{]"), "a", "{]"), 400));
    CU_ASSERT(http_is_problem(deliver_json(sign(SECRET, "[]"), "a", "[]"), 400));
    CU_ASSERT(http_is_problem(deliver(good, "a", "Content-Type: text/plain", DELIVERY), 415));
    CU_ASSERT(http_is_problem(http_post(scene->web, "/api/sync/webhook/sourceforge", "{}"), 404));
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/webhook/github"), 405));
    CU_ASSERT_EQUAL(jobs_made(), 0);
    CU_ASSERT_EQUAL((int)scenario_metric(scene->web, "civarcos_webhooks_refused_total"), 6);
    CU_ASSERT(!harness_log_has(scene->server, SECRET, 0));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0800", NULL));
    sync_scene_close(scene);
}

static void deliveries_are_hints(void)
{
    static const char unknown[] = "{\"repository\":{\"id\":8,\"full_name\":\"octo/other\"}}";
    static const char ping[] =
        "payload=%7B%22zen%22%3A%22a+b%22%2C%22repository%22%3A%7B%22id%22%3A7%2C%22full_"
        "name%22%3A%22octo%2Fdemo%22%7D%7D";
    http_response_t *answer;
    const char *job;

    scene = sync_scene_open(SYNC_SCENE_OFF "CivarcosSyncSchedule github octo/demo 1h\n", NULL);
    configure(SECRET);
    answer = deliver_json(sign(SECRET, DELIVERY), "one", DELIVERY);
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result"), "queued");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/jobs/0/project_id"), "octo/demo");
    job = apr_pstrdup(test_pool(), http_json_text(answer, "/jobs/0/job_id"));
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"),
                           apr_pstrcat(test_pool(), "/api/sync/jobs/", job, NULL));
    /* Again; and under another id, which nobody has signed. */
    answer = deliver_json(sign(SECRET, DELIVERY), "one", DELIVERY);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result"), "repeated");
    CU_ASSERT_STRING_EQUAL(http_json_text(deliver_json(sign(SECRET, DELIVERY), "two", DELIVERY), "/result"),
                           "repeated");
    /* Another one, as a form, is the same synchronisation, for it has not begun yet. */
    answer = deliver(sign(SECRET, ping), "three", "Content-Type: application/x-www-form-urlencoded", ping);
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/jobs/0/job_id"), job);
    answer = deliver_json(sign(SECRET, unknown), "four", unknown);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result"), "ignored");
    CU_ASSERT_EQUAL(http_json_count(answer, "/jobs"), 0);
    CU_ASSERT_EQUAL(jobs_made(), 1);
    CU_ASSERT_EQUAL((int)scenario_metric(scene->web, "civarcos_webhooks_queued_total"), 2);
    CU_ASSERT_EQUAL((int)scenario_metric(scene->web, "civarcos_webhooks_repeated_total"), 2);
    CU_ASSERT_EQUAL((int)scenario_metric(scene->web, "civarcos_webhooks_ignored_total"), 1);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

/* The same delivery at the same moment, as one that is sent again too early. */
static void one_of_many_counts(void)
{
    enum { CLIENTS = 12 };
    http_raw_t *clients[CLIENTS];
    int i, queued = 0, repeated = 0;

    scene = sync_scene_open(SYNC_SCENE_OFF "CivarcosSyncSchedule github octo/demo 1h\n", NULL);
    configure(SECRET);
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = http_raw_connect(scene->server->port, test_pool());
        http_raw_text(clients[i], apr_psprintf(test_pool(),
                                               "POST /api/sync/webhook/github HTTP/1.1\r\nHost: localhost\r\n"
                                               "Content-Type: application/json\r\nX-GitHub-Event: push\r\n"
                                               "X-GitHub-Delivery: one\r\n%s\r\nContent-Length: %d\r\n\r\n",
                                               sign(SECRET, DELIVERY), (int)strlen(DELIVERY)));
    }
    for (i = 0; i < CLIENTS; i++) {
        http_raw_text(clients[i], DELIVERY);
    }
    for (i = 0; i < CLIENTS; i++) {
        const char *result = http_json_text(http_raw_answer(clients[i], 60), "/result");

        queued += strcmp(result, "queued") == 0;
        repeated += strcmp(result, "repeated") == 0;
        http_raw_close(clients[i], 0);
    }
    CU_ASSERT_EQUAL(queued, 1);
    CU_ASSERT_EQUAL(repeated, CLIENTS - 1);
    CU_ASSERT_EQUAL(jobs_made(), 1);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static http_response_t *deliver_packed(void)
{
    const char *const headers[] = {"Content-Type: application/json", "Content-Encoding: gzip",
                                   sign(SECRET, DELIVERY), NULL};

    return http_send(scene->web, "POST", "/api/sync/webhook/github", headers, DELIVERY, strlen(DELIVERY));
}

static void what_cannot_be_verified_is_refused(void)
{
    const apr_size_t length = 1048577;
    const char *key, *away;
    apr_finfo_t info;
    char *large = apr_palloc(test_pool(), length + 1);

    scene = sync_scene_open(SYNC_SCENE_OFF "CivarcosSyncSchedule github octo/demo 1h\n", NULL);
    configure(SECRET);
    memset(large, ' ', length);
    large[length] = '\0';
    CU_ASSERT(http_is_problem(deliver_json(sign(SECRET, large), "a", large), 413));
    CU_ASSERT(http_is_problem(deliver_packed(), 415));
    /* Without the key of the secrets nobody knows; and a new one is not made in its place. */
    key = scenario_file(scene->server, "ledger/keys/secrets.key");
    away = apr_pstrcat(test_pool(), key, ".away", NULL);
    CU_ASSERT_EQUAL(apr_file_rename(key, away, test_pool()), APR_SUCCESS);
    CU_ASSERT(http_is_problem(deliver_json(sign(SECRET, DELIVERY), "a", DELIVERY), 503));
    CU_ASSERT(APR_STATUS_IS_ENOENT(apr_stat(&info, key, APR_FINFO_TYPE, test_pool())));
    CU_ASSERT_EQUAL(apr_file_rename(away, key, test_pool()), APR_SUCCESS);
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0801", "AH01387", NULL));
    CU_ASSERT_EQUAL(deliver_json(sign(SECRET, DELIVERY), "a", DELIVERY)->status, 202);
    sync_scene_close(scene);
}

static int is_synchronised(void *baton)
{
    (void)baton;
    http_forget(scene->web);
    return strcmp(http_json_text(http_get(scene->web, "/api/sync/jobs"), "/jobs/0/state"), "succeeded") == 0;
}

/* The project has rested since its last run: the next one need not be waited for. */
static void end_rest(void)
{
    CU_ASSERT_EQUAL(scenario_sql(scenario_file(scene->server, "ledger/civarcos.db"),
                                 "UPDATE civ_sync_jobs SET ended = ended - 60000 WHERE ended > 0"),
                    0);
}

/* From the platform's delivery to the platform being asked, where nobody else may talk to the API. */
static void a_delivery_wakes_the_worker(void)
{
    static const char open[] = MANAGED "<Location /api>\nRequire all denied\n</Location>\n"
                                       "<Location /api/sync/webhook>\nRequire all granted\n</Location>\n";
    int before;

    scene = sync_scene_open(MANAGED, healthy);
    configure(SECRET);
    CU_ASSERT_EQUAL(
        http_post(scene->web, "/api/sync/source", "{\"platform\":\"github\",\"project_id\":\"octo/demo\"}")
            ->status,
        200);
    CU_ASSERT_EQUAL(harness_wait(is_synchronised, NULL, 60), 0);
    end_rest();
    before = mock_platform_count(scene->platform);
    harness_configure(scene->server, open);
    CU_ASSERT_EQUAL(harness_graceful(scene->server), 0);
    CU_ASSERT_EQUAL(http_get(scene->web, "/api/sync/jobs")->status, 403);
    CU_ASSERT_EQUAL(deliver_json(sign(SECRET, DELIVERY), "one", DELIVERY)->status, 202);
    harness_configure(scene->server, MANAGED);
    CU_ASSERT_EQUAL(harness_graceful(scene->server), 0);
    CU_ASSERT_EQUAL(harness_wait(is_synchronised, NULL, 60), 0);
    CU_ASSERT_EQUAL(jobs_made(), 2);
    CU_ASSERT(mock_platform_count(scene->platform) > before);
    CU_ASSERT(harness_log_is_clean(scene->server, "AH01630", NULL));
    sync_scene_close(scene);
}

static const test_case_t cases[] = {
    {"a_status_is_set", a_status_is_set},
    {"bad_statuses_are_told", bad_statuses_are_told},
    {"forgeries_are_refused", forgeries_are_refused},
    {"deliveries_are_hints", deliveries_are_hints},
    {"one_of_many_counts", one_of_many_counts},
    {"what_cannot_be_verified_is_refused", what_cannot_be_verified_is_refused},
    {"a_delivery_wakes_the_worker", a_delivery_wakes_the_worker},
    {NULL, NULL},
};
const test_suite_t sync_exchange_suite = {"sync_exchange", NULL, NULL, cases};
