/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_states.c
 * Each word that the status of a platform can be, as it comes to be: with its reason, since when, and when it goes on.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>

#define JSON   "Content-Type: application/json\r\n"
#define ALWAYS 1000000
#define ROW(target, status, headers, body)                                                                   \
    {                                                                                                        \
        target, status, JSON headers, body, 0, MOCK_PLAIN, ALWAYS                                            \
    }

/* A time, or nothing, of the connector. */
static int is_time(const sync_scene_t *scene, const char *name)
{
    return strlen(sync_scene_member(scene, name)) == 24;
}

static int is_told(const sync_scene_t *scene, const char *state, const char *reason)
{
    const char *said = sync_scene_member(scene, "reason");
    int is_state = strcmp(sync_scene_state(scene), state) == 0;
    int is_reason = reason ? strstr(said, reason) != NULL : strcmp(said, "(absent)") == 0;

    if (!is_state || !is_reason) {
        test_note("state %s, reason %s", sync_scene_state(scene), said);
    }
    return is_state && is_reason && is_time(scene, "since");
}

static http_response_t *run(const sync_scene_t *scene, const char *project_id)
{
    return sync_scene_ask(scene, project_id, "wait=60");
}

static void ready_degraded_and_failed(void)
{
    static const mock_answer_t troubles[] = {
        ROW("/repos/octo/missing", 404, "", "{\"message\":\"Not Found\"}"),
        ROW("/repos/octo/demo-1/releases?per_page=100", 403, "", "{\"message\":\"No right to it\"}"),
        MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 2, troubles));

    CU_ASSERT_STRING_EQUAL(sync_scene_member(scene, "last_sync"), "(absent)");
    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/demo-0"), "/success"), 1);
    CU_ASSERT(is_told(scene, "ready", NULL));
    CU_ASSERT(is_time(scene, "last_sync"));
    CU_ASSERT(!is_time(scene, "next_attempt"));
    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/demo-1"), "/sync_status/partial"), 1);
    CU_ASSERT(is_told(scene, "degraded", "release"));
    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/missing"), "/success"), 0);
    CU_ASSERT(is_told(scene, "failed", ""));
    /* A schedule says when it is tried again. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/sync/schedules",
                              "{\"platform\":\"github\",\"project_id\":\"octo/missing\",\"interval\":\"1d\"}")
                        ->status,
                    201);
    CU_ASSERT(is_time(scene, "next_attempt"));
    CU_ASSERT(
        harness_log_is_clean(scene->server, "CIV0720: synchronisation of github octo/missing: failed", NULL));
    sync_scene_stop(scene);
}

static int is_throttled(void *baton)
{
    return strcmp(sync_scene_state(baton), "throttled") == 0;
}

static void running_and_throttled(void)
{
    static const mock_answer_t busy[] = {ROW("/repos/octo/demo-1", 429, "Retry-After: 600\r\n", "{}"),
                                         ROW("/repos/octo/demo-2", 429, "Retry-After: 7200\r\n", "{}"),
                                         MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 3, busy));
    http_response_t *answer;
    const char *place;

    mock_platform_hold(scene->platform, 2);
    place = apr_pstrdup(test_pool(),
                        http_header(sync_scene_ask(scene, "octo/demo-0", "respond-async"), "Location"));
    CU_ASSERT_EQUAL(sync_scene_wait_asked(scene, 3), 0);
    CU_ASSERT(is_told(scene, "running", NULL));
    answer = http_get(scene->web, place);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "running");
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/demo-0"), "/success"), 1);
    /* Ten minutes are waited for by the worker, */
    place = apr_pstrdup(test_pool(),
                        http_header(sync_scene_ask(scene, "octo/demo-1", "respond-async"), "Location"));
    CU_ASSERT_EQUAL(harness_wait(is_throttled, scene, 30), 0);
    CU_ASSERT(is_told(scene, "throttled", "Waiting for the platform's limits"));
    CU_ASSERT(is_time(scene, "next_attempt"));
    answer = http_get(scene->web, place);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "running");
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/job/progress/waiting_until")), 24);
    CU_ASSERT_EQUAL(http_send(scene->web, "DELETE", place, NULL, NULL, 0)->status, 200);
    sync_scene_stop(scene);
}

static void throttled_for_long(void)
{
    static const mock_answer_t busy[] = {ROW("/repos/octo/demo", 429, "Retry-After: 7200\r\n", "{}"),
                                         MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 1, busy));
    const char *place;

    /* Two hours are not: the job is given back with a time. */
    place = apr_pstrdup(test_pool(),
                        http_header(sync_scene_ask(scene, "octo/demo", "respond-async"), "Location"));
    CU_ASSERT_EQUAL(harness_wait(is_throttled, scene, 30), 0);
    CU_ASSERT(is_told(scene, "throttled", ""));
    CU_ASSERT(is_time(scene, "next_attempt"));
    CU_ASSERT_STRING_EQUAL(sync_scene_member(scene, "next_attempt"),
                           http_json_text(http_get(scene->web, place), "/job/not_before"));
    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(scene->web, place), "/job/state"), "queued");
    /* What is due before has to wait as well. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/sync/schedules",
                              "{\"platform\":\"github\",\"project_id\":\"octo/demo\",\"interval\":\"1m\"}")
                        ->status,
                    201);
    CU_ASSERT(is_told(scene, "throttled", ""));
    CU_ASSERT_STRING_EQUAL(sync_scene_member(scene, "next_attempt"),
                           http_json_text(http_get(scene->web, place), "/job/not_before"));
    sync_scene_stop(scene);
}

static void auth_failed(void)
{
    static const mock_answer_t closed[] = {
        ROW("/repos/octo/demo", 401, "", "{\"message\":\"Bad credentials\"}"), MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 1, closed));

    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/demo"), "/success"), 0);
    CU_ASSERT(is_told(scene, "auth_failed", ""));
    CU_ASSERT_EQUAL(
        http_json_bool(http_get(scene->web, "/api/sync/status"), "/sync_status/connectors/github/connected"),
        0);
    /* A schedule rests, so that the account is not locked. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/sync/schedules",
                              "{\"platform\":\"github\",\"project_id\":\"octo/demo\",\"interval\":\"1m\"}")
                        ->status,
                    201);
    CU_ASSERT(!is_time(scene, "next_attempt"));
    /* Other credentials are a new beginning. */
    mock_platform_set_answers(scene->platform, sync_scene_repositories("octo/demo", 71, 1, NULL));
    CU_ASSERT_EQUAL(sync_scene_configure(scene)->status, 200);
    CU_ASSERT(is_told(scene, "ready", NULL) || is_told(scene, "running", NULL));
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0720: synchronisation of github octo/demo: auth_failed",
                                   NULL));
    sync_scene_stop(scene);
}

/* Nobody works: what should have been done long ago is not. */
static void stalled_without_a_worker(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, NULL));

    CU_ASSERT_EQUAL(sync_scene_ask(scene, "octo/demo", "respond-async")->status, 202);
    CU_ASSERT(is_told(scene, "ready", NULL));
    CU_ASSERT_EQUAL(scenario_sql(scene->database, "UPDATE civ_sync_jobs SET not_before = 1700000000000"), 0);
    CU_ASSERT(is_told(scene, "stalled", "no worker gives a sign of life"));
    CU_ASSERT_STRING_EQUAL(sync_scene_member(scene, "since"), "2023-11-14T22:13:20.000Z");
    /* The tool does it as well. */
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo"));
    CU_ASSERT(is_told(scene, "ready", NULL));
    sync_scene_stop(scene);
}

/* Somebody has it in hand, and it does not move. */
static void stalled_in_a_workers_hands(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 1, NULL));

    mock_platform_hold(scene->platform, 2);
    CU_ASSERT_EQUAL(sync_scene_ask(scene, "octo/demo", "respond-async")->status, 202);
    CU_ASSERT_EQUAL(sync_scene_wait_asked(scene, 3), 0);
    CU_ASSERT(is_told(scene, "running", NULL));
    CU_ASSERT_EQUAL(scenario_sql(scene->database, "UPDATE civ_sync_jobs SET moved = 1700000000000"), 0);
    CU_ASSERT(is_told(scene, "stalled", "comes no further"));
    CU_ASSERT_STRING_EQUAL(sync_scene_member(scene, "since"), "2023-11-14T22:13:20.000Z");
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/demo"), "/success"), 1);
    CU_ASSERT(is_told(scene, "ready", NULL));
    sync_scene_stop(scene);
}

/* A platform that fails is asked again, and meanwhile it can be seen why nothing gets on. */
static void fault_is_told(void)
{
    static const mock_answer_t broken[] = {
        {"/repos/octo/demo", 503, JSON "Retry-After: 2\r\n", "{}", 0, MOCK_PLAIN, 1}, MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 1, broken));
    http_response_t *answer;
    const char *place;

    /* The repetition itself is held, so that it can be looked at. */
    mock_platform_hold(scene->platform, 1);
    place = apr_pstrdup(test_pool(),
                        http_header(sync_scene_ask(scene, "octo/demo", "respond-async"), "Location"));
    CU_ASSERT_EQUAL(sync_scene_wait_asked(scene, 2), 0);
    CU_ASSERT(is_told(scene, "running", "after a fault: the server failed (status 503)"));
    answer = http_get(scene->web, place);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "running");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/last_fault/detail"),
                           "the server failed (status 503)");
    CU_ASSERT_EQUAL(strlen(http_json_text(answer, "/job/last_fault/at")), 24);
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT_EQUAL(http_json_bool(run(scene, "octo/demo"), "/success"), 1);
    CU_ASSERT(is_told(scene, "ready", NULL));
    answer = http_get(scene->web, place);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "succeeded");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/last_fault"), "(absent)");
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"ready_degraded_and_failed", ready_degraded_and_failed},
    {"running_and_throttled", running_and_throttled},
    {"throttled_for_long", throttled_for_long},
    {"auth_failed", auth_failed},
    {"stalled_without_a_worker", stalled_without_a_worker},
    {"stalled_in_a_workers_hands", stalled_in_a_workers_hands},
    {"fault_is_told", fault_is_told},
    {NULL, NULL},
};
const test_suite_t sync_states_suite = {"sync_states", NULL, NULL, cases};
