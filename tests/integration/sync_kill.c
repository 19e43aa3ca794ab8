/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_kill.c
 * A worker that is killed with SIGKILL, between any two of its requests: the next one goes on, and the end is as if nothing had been.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/** More than a run asks for. */
#define REPOSITORIES 40

#define FIRST_ID 500

/** Requests for what belongs to a page: reviews of two pull requests. */
#define PARTS 2

/** Requests that one of many workers may see answered. */
#define AT_ONCE 5

static const char *project(int index)
{
    return apr_psprintf(test_pool(), "octo/demo-%d", index);
}

static const char *timeline(const sync_scene_t *scene, int index)
{
    return sync_scene_timeline(scene, project(index), FIRST_ID + index);
}

static void kill_worker(pid_t worker)
{
    CU_ASSERT_EQUAL(kill(worker, SIGKILL), 0);
    CU_ASSERT_EQUAL(waitpid(worker, NULL, 0), worker);
}

typedef struct end_t {
    const sync_scene_t *scene;
    const char *place;
    int wanted; /**< requests */
} end_t;

static int is_over(void *baton)
{
    const end_t *end = baton;

    http_forget(end->scene->web);
    return strcmp(http_json_text(http_get(end->scene->web, end->place), "/job/state"), "succeeded") == 0;
}

static int has_asked_or_is_over(void *baton)
{
    const end_t *end = baton;

    return mock_platform_count(end->scene->platform) >= end->wanted || is_over(baton);
}

static void runs_are(const sync_scene_t *scene, int index, const char *outcome, const char *expected)
{
    CU_ASSERT_STRING_EQUAL(
        scenario_sql_text(scene->database,
                          apr_psprintf(test_pool(),
                                       "SELECT COUNT(*) FROM civ_sync_runs r JOIN civ_sync_projects p ON "
                                       "r.project = p.project WHERE p.project_id = '%s' AND r.outcome %s",
                                       project(index), outcome)),
        expected);
}

/* The repository with that number: killed when its run has asked @a after times, then done by another worker. */
static void kill_after(sync_scene_t *scene, int index, int after)
{
    int before = mock_platform_count(scene->platform);
    end_t end = {scene, NULL, 0};
    pid_t worker;

    end.place = apr_pstrdup(test_pool(),
                            http_header(sync_scene_ask(scene, project(index), "respond-async"), "Location"));
    mock_platform_hold(scene->platform, before + after);
    worker = sync_scene_worker(scene);
    CU_ASSERT_EQUAL_FATAL(sync_scene_wait_asked(scene, before + after + 1), 0);
    kill_worker(worker);
    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(scene->web, end.place), "/job/state"), "running");
    mock_platform_hold(scene->platform, -1);
    sync_scene_end_leases(scene);
    worker = sync_scene_worker(scene);
    CU_ASSERT_EQUAL(harness_wait(is_over, &end, 60), 0);
    CU_ASSERT_EQUAL(kill(worker, SIGTERM), 0);
    CU_ASSERT_EQUAL(waitpid(worker, NULL, 0), worker);
}

static void killed_between_any_two_pages(void)
{
    sync_scene_t *scene = sync_scene_start(
        SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", FIRST_ID, REPOSITORIES, NULL));
    const char *expected;
    int requests, after;

    CU_ASSERT(sync_scene_once(scene, 0, NULL, project(0)));
    requests = mock_platform_count(scene->platform);
    expected = timeline(scene, 0);
    CU_ASSERT_FATAL(requests > 12 && requests < REPOSITORIES);
    for (after = 0; after < requests; after++) {
        int before = mock_platform_count(scene->platform);

        kill_after(scene, after + 1, after);
        CU_ASSERT_STRING_EQUAL(timeline(scene, after + 1), expected);
        runs_are(scene, after + 1, "= 'ok'", "1");
        runs_are(scene, after + 1, "<> 'ok'", "0");
        /* What was committed is not asked for again; what was not is what it was killed over, and the parts of one page at most. */
        CU_ASSERT(mock_platform_count(scene->platform) - before <= requests + 1 + PARTS);
    }
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
}

/* One after the other, until it is done: each may come a few requests further. What belongs to one page (the reviews of its pull requests)
 * is committed together, so that one request for each would not be enough. */
static void killed_again_and_again(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", FIRST_ID, 2, NULL));
    end_t end = {scene, NULL, 0};
    int deaths = 0;

    CU_ASSERT(sync_scene_once(scene, 0, NULL, project(0)));
    end.place =
        apr_pstrdup(test_pool(), http_header(sync_scene_ask(scene, project(1), "respond-async"), "Location"));
    while (deaths < 20 && !is_over(&end)) {
        int before = mock_platform_count(scene->platform);
        pid_t worker;

        end.wanted = before + AT_ONCE + 1;
        mock_platform_hold(scene->platform, before + AT_ONCE);
        worker = sync_scene_worker(scene);
        CU_ASSERT_EQUAL(harness_wait(has_asked_or_is_over, &end, 60), 0);
        kill_worker(worker);
        sync_scene_end_leases(scene);
        deaths++;
    }
    CU_ASSERT(deaths > 2);
    CU_ASSERT(is_over(&end));
    CU_ASSERT_STRING_EQUAL(timeline(scene, 1), timeline(scene, 0));
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"killed_between_any_two_pages", killed_between_any_two_pages},
    {"killed_again_and_again", killed_again_and_again},
    {NULL, NULL},
};
const test_suite_t sync_kill_suite = {"sync_kill", NULL, NULL, cases};
