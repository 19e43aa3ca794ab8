/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_threads.c
 * Several threads of one worker: a platform that does not answer holds up none but its own jobs, and not all of the threads.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define JSON   "Content-Type: application/json\r\n"
#define ALWAYS 1000000
#define ROW(target, body)                                                                                    \
    {                                                                                                        \
        target, 200, JSON, body, 0, MOCK_PLAIN, ALWAYS                                                       \
    }

/** Repositories of the platform that holds its answers: more than any worker here has threads. */
#define REPOSITORIES 8

/* The other platform: a project of GitLab in which there is nothing. */
static const mock_answer_t other_answers[] = {
    ROW("/api/v4/projects/octo%2Ftool",
        "{\"id\":7301,\"path_with_namespace\":\"octo/tool\",\"created_at\":\"2026-01-02T03:04:05Z\","
        "\"default_branch\":\"main\"}"),
    ROW("/api/v4/projects/7301", "{\"id\":7301,\"path_with_namespace\":\"octo/tool\"}"),
    ROW("/api/v4/projects/7301/languages", "{}"),
    ROW("/api/v4/user", "{\"id\":1,\"username\":\"ada\"}"),
    ROW("/api/v4/*", "[]"),
    MOCK_END,
};

typedef struct count_t {
    const sync_scene_t *scene;
    int state; /**< of jobs */
    int wanted;
} count_t;

/* Of GitHub's projects. */
static int count_jobs(const sync_scene_t *scene, int state)
{
    return (int)apr_atoi64(scenario_sql_text(
        scene->database, apr_psprintf(test_pool(),
                                      "SELECT COUNT(*) FROM civ_sync_jobs WHERE platform = 'github' AND "
                                      "project_id <> '' AND state = %d",
                                      state)));
}

static int are_so_many(void *baton)
{
    const count_t *count = baton;

    return count_jobs(count->scene, count->state) == count->wanted;
}

static int wait_jobs(const sync_scene_t *scene, int state, int wanted)
{
    count_t count = {scene, state, wanted};

    return harness_wait(are_so_many, &count, 60);
}

/* All that the platform has is wanted, and it answers nothing. */
static sync_scene_t *start_held(const char *config)
{
    sync_scene_t *scene =
        sync_scene_start(config, sync_scene_repositories("octo/demo", 900, REPOSITORIES, NULL));
    int i;

    mock_platform_hold(scene->platform, mock_platform_count(scene->platform));
    for (i = 0; i < REPOSITORIES; i++) {
        CU_ASSERT_EQUAL(
            sync_scene_ask(scene, apr_psprintf(test_pool(), "octo/demo-%d", i), "respond-async")->status,
            202);
    }
    return scene;
}

static void configure_other(const sync_scene_t *scene, mock_platform_t *other)
{
    const char *body = apr_psprintf(test_pool(),
                                    "{\"platform\":\"gitlab\",\"config\":{\"api_token\":\"glpat-other\","
                                    "\"base_url\":\"%s\"}}",
                                    mock_platform_url(other));

    CU_ASSERT_EQUAL_FATAL(http_post(scene->web, "/api/sync/configure", body)->status, 200);
}

static http_response_t *ask_other(const sync_scene_t *scene, const char *path, const char *body)
{
    const char *const headers[] = {"Content-Type: application/json", "Prefer: wait=60", NULL};

    http_forget(scene->web);
    return http_send(scene->web, "POST", path, headers, body, strlen(body));
}

static void slow_platform_holds_up_no_other(void)
{
    mock_platform_t *other = mock_platform_start(other_answers);
    sync_scene_t *scene = start_held(SYNC_SCENE_MANAGED);
    http_response_t *answer;

    configure_other(scene, other);
    CU_ASSERT_EQUAL(wait_jobs(scene, 1, 2), 0);
    answer = ask_other(scene, "/api/sync/connectors/gitlab/test", "");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    answer = ask_other(scene, "/api/sync/source", "{\"platform\":\"gitlab\",\"project_id\":\"octo/tool\"}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    /* There was a thread for it all the time. */
    CU_ASSERT_EQUAL(count_jobs(scene, 1), 2);
    CU_ASSERT_EQUAL(count_jobs(scene, 0), REPOSITORIES - 2);
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT_EQUAL(wait_jobs(scene, 2, REPOSITORIES), 0);
    CU_ASSERT_STRING_EQUAL(sync_scene_timeline(scene, "octo/demo-7", 907),
                           sync_scene_timeline(scene, "octo/demo-0", 900));
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
    mock_platform_stop(other);
}

/* So many as are configured; the last of them tests a connection while all others read. */
static void as_many_as_configured(void)
{
    mock_platform_t *other = mock_platform_start(other_answers);
    sync_scene_t *scene = start_held(SYNC_SCENE_MANAGED "CivarcosWorkerThreads 2\n");
    http_response_t *answer;

    configure_other(scene, other);
    CU_ASSERT_EQUAL(wait_jobs(scene, 1, 1), 0);
    answer = ask_other(scene, "/api/sync/connectors/gitlab/test", "");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    CU_ASSERT_EQUAL(count_jobs(scene, 1), 1);
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT_EQUAL(wait_jobs(scene, 2, REPOSITORIES), 0);
    sync_scene_stop(scene);
    mock_platform_stop(other);
}

/* In the middle of several: all of them are given back before it ends. */
static void all_are_given_back(void)
{
    sync_scene_t *scene = start_held(SYNC_SCENE_ALONE);
    int status = -1;
    pid_t worker;

    sync_scene_set_threads(scene, 16);
    worker = sync_scene_worker(scene);
    CU_ASSERT_EQUAL(wait_jobs(scene, 1, REPOSITORIES), 0);
    CU_ASSERT_STRING_EQUAL(
        scenario_sql_text(scene->database,
                          "SELECT COUNT(DISTINCT worker) FROM civ_sync_jobs WHERE state = 1"),
        apr_itoa(test_pool(), REPOSITORIES));
    CU_ASSERT_EQUAL(kill(worker, SIGTERM), 0);
    CU_ASSERT_EQUAL(waitpid(worker, &status, 0), worker);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(count_jobs(scene, 0), REPOSITORIES);
    mock_platform_hold(scene->platform, -1);
    worker = sync_scene_worker(scene);
    CU_ASSERT_EQUAL(wait_jobs(scene, 2, REPOSITORIES), 0);
    CU_ASSERT_EQUAL(kill(worker, SIGTERM), 0);
    CU_ASSERT_EQUAL(waitpid(worker, &status, 0), worker);
    CU_ASSERT_STRING_EQUAL(
        scenario_sql_text(scene->database, "SELECT COUNT(*) FROM civ_sync_runs WHERE outcome = 'ok'"),
        apr_itoa(test_pool(), REPOSITORIES));
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"slow_platform_holds_up_no_other", slow_platform_holds_up_no_other},
    {"as_many_as_configured", as_many_as_configured},
    {"all_are_given_back", all_are_given_back},
    {NULL, NULL},
};
const test_suite_t sync_threads_suite = {"sync_threads", NULL, NULL, cases};
