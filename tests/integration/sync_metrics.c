/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_metrics.c
 * What there is to be alerted on of the synchronisation, as Prometheus reads it.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_time.h>

#include <string.h>

#define GITHUB                 "{platform=\"github\"}"
#define JOBS(platform, state)  "civarcos_sync_jobs{platform=\"" platform "\",state=\"" state "\"}"
#define STATE(platform, state) "civarcos_sync_connector_state{platform=\"" platform "\",state=\"" state "\"}"

/* -1: it is not told. */
static double metric(const sync_scene_t *scene, const char *name)
{
    return scenario_metric(scene->web, name);
}

/* Of a platform's states just one is 1. */
static int is_only_state(const sync_scene_t *scene, const char *platform, const char *state)
{
    static const char *const states[] = {"unconfigured", "ready",       "running", "throttled",
                                         "degraded",     "auth_failed", "failed",  "stalled"};
    unsigned i;
    int result = 1;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        const char *name = apr_psprintf(
            test_pool(), "civarcos_sync_connector_state{platform=\"%s\",state=\"%s\"}", platform, states[i]);

        result = result && (int)metric(scene, name) == (strcmp(states[i], state) == 0);
    }
    return result;
}

static int sql_count(const sync_scene_t *scene, const char *table)
{
    const char *sql = apr_pstrcat(test_pool(), "SELECT COUNT(*) FROM ", table, NULL);

    return (int)apr_atoi64(database_ask(scene->database, sql, test_pool()));
}

static void what_is_there_is_told(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 2, NULL));
    double now = (double)(apr_time_now() / APR_USEC_PER_SEC);
    int asked;

    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_readable"), 1);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_worker_up"), 1);
    CU_ASSERT(metric(scene, "civarcos_worker_last_seen_timestamp_seconds") > now - 90);
    CU_ASSERT(is_only_state(scene, "github", "ready"));
    CU_ASSERT(is_only_state(scene, "jenkins", "unconfigured"));
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_items" GITHUB), 0);
    /* It never has succeeded: there is no time that would be true. */
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_last_success_timestamp_seconds" GITHUB), -1);
    CU_ASSERT_EQUAL(http_json_bool(sync_scene_ask(scene, "octo/demo-0", "wait=60"), "/success"), 1);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_items" GITHUB), SYNC_SCENE_ITEMS);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_items" GITHUB), sql_count(scene, "civ_timeline_items"));
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_versions" GITHUB),
                    sql_count(scene, "civ_timeline_versions"));
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_items{platform=\"jenkins\"}"), 0);
    CU_ASSERT(metric(scene, "civarcos_sync_last_success_timestamp_seconds" GITHUB) >= now - 1);
    CU_ASSERT_EQUAL((int)metric(scene, JOBS("github", "running")), 0);
    CU_ASSERT_EQUAL((int)metric(scene, JOBS("github", "waiting")), 0);
    /* One at work. */
    asked = mock_platform_count(scene->platform);
    mock_platform_hold(scene->platform, asked);
    CU_ASSERT_EQUAL(sync_scene_ask(scene, "octo/demo-1", "respond-async")->status, 202);
    CU_ASSERT_EQUAL(sync_scene_wait_asked(scene, asked + 1), 0);
    CU_ASSERT_EQUAL((int)metric(scene, JOBS("github", "running")), 1);
    CU_ASSERT(is_only_state(scene, "github", "running"));
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT_EQUAL(http_json_bool(sync_scene_ask(scene, "octo/demo-1", "wait=60"), "/success"), 1);
    /* The status says the same of the timeline. */
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/status"), "/sync_status/unique_evidence"),
                    sql_count(scene, "civ_timeline_items"));
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/status"), "/sync_status/total_evidence"),
                    sql_count(scene, "civ_timeline_versions"));
    sync_scene_stop(scene);
}

static void what_nobody_does_is_told(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, NULL));

    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_worker_up"), 0);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_worker_last_seen_timestamp_seconds"), -1);
    CU_ASSERT_EQUAL(sync_scene_ask(scene, "octo/demo", "respond-async")->status, 202);
    CU_ASSERT_EQUAL((int)metric(scene, JOBS("github", "waiting")), 1);
    CU_ASSERT_EQUAL(scenario_sql(scene->database, "UPDATE civ_sync_jobs SET not_before = 1700000000000"), 0);
    CU_ASSERT(is_only_state(scene, "github", "stalled"));
    /* One that was alive, long ago. */
    CU_ASSERT_EQUAL(scenario_sql(scene->database,
                                 "INSERT INTO civ_sync_workers (worker, seen) VALUES ('old', 1700000000500)"),
                    0);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_worker_up"), 0);
    CU_ASSERT_EQUAL(metric(scene, "civarcos_worker_last_seen_timestamp_seconds"), 1700000000.5);
    sync_scene_stop(scene);
}

/* What shared memory knows does not depend on the database. */
static void without_its_tables_the_rest_is_told(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, NULL));

    CU_ASSERT_EQUAL(scenario_sql(scene->database, "ALTER TABLE civ_sync_jobs RENAME TO civ_sync_elsewhere"),
                    0);
    CU_ASSERT_EQUAL(http_get(scene->web, "/api/metrics")->status, 200);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_readable"), 0);
    CU_ASSERT_EQUAL((int)metric(scene, JOBS("github", "waiting")), -1);
    CU_ASSERT_EQUAL((int)metric(scene, STATE("github", "ready")), -1);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_worker_up"), -1);
    CU_ASSERT(metric(scene, "civarcos_head_height") >= 0);
    CU_ASSERT(metric(scene, "civarcos_batches_total") >= 1);
    CU_ASSERT_EQUAL(scenario_sql(scene->database, "ALTER TABLE civ_sync_elsewhere RENAME TO civ_sync_jobs"),
                    0);
    CU_ASSERT_EQUAL((int)metric(scene, "civarcos_sync_readable"), 1);
    CU_ASSERT_EQUAL((int)metric(scene, JOBS("github", "waiting")), 0);
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0102", NULL));
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"what_is_there_is_told", what_is_there_is_told},
    {"what_nobody_does_is_told", what_nobody_does_is_told},
    {"without_its_tables_the_rest_is_told", without_its_tables_the_rest_is_told},
    {NULL, NULL},
};
const test_suite_t sync_metrics_suite = {"sync_metrics", NULL, NULL, cases};
