/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_jobs.c
 * Jobs among several workers, schedules, and connectors' configurations.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/seal.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "support/database.h"
#include "support/runner.h"
#include "sync/connectors.h"
#include "sync/fields.h"
#include "sync/schedules.h"
#include "unit/runner_fixture.h"
#include "unit/sync_fixture.h"

static civ_problem_t problem;

static void test_job_goes_its_way(void)
{
    civ_engine_t *engine = sync_engine("jobs.db");
    civ_job_t first = job_add(engine, "a");
    civ_job_t again = job_add(engine, "a");
    civ_job_t second = job_add(engine, "b");
    civ_job_t job, other, listed[5];
    int cancelled, count;

    CU_ASSERT_EQUAL(first.number, again.number);
    CU_ASSERT_NOT_EQUAL(first.number, second.number);
    CU_ASSERT_EQUAL(job_claim(engine, "w1", &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.number, first.number);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_RUNNING);
    CU_ASSERT_STRING_EQUAL(job.worker, "w1");
    /* Asked for once more while it runs, it waits for its turn. */
    again = job_add(engine, "a");
    CU_ASSERT_NOT_EQUAL(again.number, first.number);
    CU_ASSERT_EQUAL(job_claim(engine, "w2", &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(other.number, second.number);
    CU_ASSERT_EQUAL(job_claim(engine, "w3", &other), APR_NOTFOUND);
    job.pages = 7;
    job.items = 70;
    CU_ASSERT_EQUAL(civ_job_renew(engine, &job, &cancelled, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(cancelled, 0);
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_get(engine, first.number, &job, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(job.items, 70);
    CU_ASSERT_TRUE(job.ended >= job.started && job.started >= job.asked);
    CU_ASSERT_EQUAL(job_claim(engine, "w3", &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(other.number, again.number);
    CU_ASSERT_EQUAL(civ_jobs_list(engine, 0, 2, listed, &count, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(listed[0].number, again.number);
    CU_ASSERT_EQUAL(civ_jobs_list(engine, listed[1].number, 5, listed, &count, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(civ_jobs_forget(engine, -1000, &count, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(civ_job_get(engine, first.number, &job, test_pool()), APR_NOTFOUND);
}

/* A worker that is gone has its job taken over; when it was only slow, it can write nothing more. */
static void test_dead_worker_is_succeeded(void)
{
    civ_engine_t *engine = sync_engine("dead.db");
    civ_job_t dead, job;
    int cancelled;

    job_add(engine, "a");
    CU_ASSERT_EQUAL(job_claim(engine, "dead", &dead), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_claim(engine, "next", &job), APR_NOTFOUND);
    CU_ASSERT_EQUAL(database_do(unit_path("dead.db"), "UPDATE civ_sync_jobs SET lease_until = 1"), 0);
    CU_ASSERT_EQUAL(job_claim(engine, "next", &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.number, dead.number);
    CU_ASSERT_EQUAL(job.tries, 2);
    CU_ASSERT_STRING_EQUAL(dead.fault, "");
    CU_ASSERT_STRING_EQUAL(job.fault, "The worker before ended in the middle of it");
    CU_ASSERT_TRUE(job.faulted >= job.asked);
    CU_ASSERT_EQUAL(civ_job_renew(engine, &dead, &cancelled, &problem, test_pool()), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(civ_job_end(engine, &dead, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    CIV_ECONFLICT);
    CU_ASSERT_EQUAL(civ_job_renew(engine, &job, &cancelled, &problem, test_pool()), APR_SUCCESS);
    /* Handed back, to be gone on with later. */
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_QUEUED, civ_timestamp_now() + SYNC_HOUR, "limits",
                                &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(job_claim(engine, "next", &job), APR_NOTFOUND);
    CU_ASSERT_EQUAL(database_do(unit_path("dead.db"), "UPDATE civ_sync_jobs SET not_before = 1"), 0);
    CU_ASSERT_EQUAL(job_claim(engine, "next", &job), APR_SUCCESS);
    /* The fault is not over until it has succeeded. */
    CU_ASSERT_TRUE(job.fault[0] != '\0');
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_get(engine, job.number, &job, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(job.fault, "");
}

static void test_deadly_job_is_given_up(void)
{
    civ_engine_t *engine = sync_engine("deadly.db");
    civ_job_t job, added = job_add(engine, "a");
    int deaths = 0;

    while (job_claim(engine, "w", &job) == APR_SUCCESS && deaths < 100) {
        CU_ASSERT_EQUAL(
            database_do(unit_path("deadly.db"), "UPDATE civ_sync_jobs SET lease_until = 1 WHERE state = 1"),
            0);
        deaths++;
    }
    CU_ASSERT_EQUAL(deaths, 10);
    CU_ASSERT_EQUAL(civ_job_get(engine, added.number, &job, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(job.reason, "Given up"));
}

static apr_status_t claim_one(const civ_engine_t *engine, apr_int64_t number, civ_job_t *job)
{
    return civ_job_claim_one(engine, "one", number, job, &problem, test_pool());
}

/* Just this one, and never what somebody else has, or has the project of, or what is to wait. */
static void test_one_job_is_claimed(void)
{
    civ_engine_t *engine = sync_engine("one.db");
    civ_job_t first = job_add(engine, "a"), second = job_add(engine, "b"), job, other, waiting;

    CU_ASSERT_EQUAL(claim_one(engine, 4711, &job), APR_NOTFOUND);
    CU_ASSERT_EQUAL(claim_one(engine, second.number, &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.number, second.number);
    CU_ASSERT_STRING_EQUAL(job.worker, "one");
    CU_ASSERT_EQUAL(claim_one(engine, second.number, &other), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_job_get(engine, first.number, &other, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(other.state, CIV_JOB_QUEUED);
    waiting = job_add(engine, "b");
    CU_ASSERT_EQUAL(claim_one(engine, waiting.number, &other), APR_NOTFOUND);
    /* Its worker is gone. */
    CU_ASSERT_EQUAL(
        database_do(unit_path("one.db"), "UPDATE civ_sync_jobs SET lease_until = 1 WHERE state = 1"), 0);
    CU_ASSERT_EQUAL(claim_one(engine, second.number, &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(other.tries, 2);
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    CIV_ECONFLICT);
    CU_ASSERT_EQUAL(civ_job_end(engine, &other, CIV_JOB_QUEUED, civ_timestamp_now() + SYNC_HOUR, "limits",
                                &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(claim_one(engine, second.number, &other), APR_NOTFOUND);
    CU_ASSERT_EQUAL(claim_one(engine, waiting.number, &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_end(engine, &other, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(claim_one(engine, waiting.number, &other), APR_NOTFOUND);
}

/* --- which one goes first --- */

static civ_job_t insert(const civ_engine_t *engine, const char *file, const char *platform,
                        const char *project, int action, apr_int64_t since)
{
    civ_job_t job;

    memset(&job, 0, sizeof(job));
    CU_ASSERT_EQUAL(civ_job_add(engine, platform, project, since, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(
        database_do(unit_path(file),
                    apr_psprintf(test_pool(), "UPDATE civ_sync_jobs SET action = %d WHERE job = %d", action,
                                 (int)job.number)),
        0);
    return job;
}

static apr_int64_t claim_by(const civ_engine_t *engine, const char *worker, int platform_most, int only_short)
{
    const civ_job_claimer_t claimer = {worker, apr_pstrmemdup(test_pool(), worker, strlen("host:1:")),
                                       platform_most, only_short};
    apr_status_t status;
    civ_job_t job;

    status = civ_job_claim_by(engine, &claimer, &job, &problem, test_pool());
    CU_ASSERT_TRUE(status == APR_SUCCESS || status == APR_NOTFOUND);
    return status == APR_SUCCESS ? job.number : 0;
}

/* Somebody waits for tests and statuses; who only takes those, leaves all others alone, also those whose worker is gone. */
static void test_short_ones_go_first(void)
{
    civ_engine_t *engine = sync_engine("first.db");
    civ_job_t read = insert(engine, "first.db", "example", "a", CIV_JOB_SYNC, 0);
    civ_job_t other = insert(engine, "first.db", "example", "b", CIV_JOB_SYNC, 0);
    civ_job_t status = insert(engine, "first.db", "example", "a", CIV_JOB_PUSH, 1);
    civ_job_t test = insert(engine, "first.db", "example", "", CIV_JOB_SYNC, 0);

    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 0, 0), status.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:4", 0, 1), test.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:4", 0, 1), 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:2", 0, 0), read.number);
    CU_ASSERT_EQUAL(
        database_do(unit_path("first.db"), "UPDATE civ_sync_jobs SET lease_until = 1 WHERE state = 1"), 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:4", 0, 1), status.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 0, 0), test.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:4", 0, 1), 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 0, 0), read.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 0, 0), other.number);
}

/* However many wait for a project that is being read, those behind them are seen; and so where its worker is gone. */
static void test_busy_project_hides_nobody(void)
{
    civ_engine_t *engine = sync_engine("busy.db");
    civ_job_t busy = insert(engine, "busy.db", "example", "busy", CIV_JOB_SYNC, 0), other;
    int i;

    for (i = 1; i <= 50; i++)
        insert(engine, "busy.db", "example", "busy", CIV_JOB_SYNC, i);
    other = insert(engine, "busy.db", "example", "other", CIV_JOB_SYNC, 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 0, 0), busy.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:2", 0, 0), other.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:3", 0, 0), 0);
    /* All but the first were somebody's who is gone. */
    CU_ASSERT_EQUAL(
        database_do(unit_path("busy.db"),
                    apr_psprintf(test_pool(),
                                 "UPDATE civ_sync_jobs SET state = 1, lease_until = 1 WHERE job > "
                                 "%d",
                                 (int)busy.number)),
        0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:2", 0, 0), other.number);
}

/* A platform that holds up whoever talks to it has its share of a process, and not all of it. What other processes have does not count. */
static void test_platforms_share(void)
{
    civ_engine_t *engine = sync_engine("share.db");
    civ_job_t slow[6], other, test;
    int i;

    for (i = 0; i < 6; i++)
        slow[i] = insert(engine, "share.db", "example", apr_psprintf(test_pool(), "p%d", i), CIV_JOB_SYNC, 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:2:1", 2, 0), slow[0].number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 2, 0), slow[1].number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:2", 2, 0), slow[2].number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:3", 2, 0), 0);
    test = insert(engine, "share.db", "example", "", CIV_JOB_SYNC, 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:3", 2, 0), 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:4", 3, 1), test.number);
    other = insert(engine, "share.db", "other", "p", CIV_JOB_SYNC, 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:3", 2, 0), other.number);
    CU_ASSERT_EQUAL(claim_by(engine, "host:2:2", 2, 0), slow[3].number);
    /* Whose lease is over holds nobody up. */
    CU_ASSERT_EQUAL(database_do(unit_path("share.db"),
                                "UPDATE civ_sync_jobs SET lease_until = 1 WHERE worker = 'host:1:1'"),
                    0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:4", 2, 1), 0);
    CU_ASSERT_EQUAL(claim_by(engine, "host:1:1", 3, 0), slow[1].number);
}

/* A run whose job was taken over is refused by its next commit, and has written nothing. */
static apr_status_t fence(void *baton, civ_change_t *change)
{
    sync_platform_t *platform = baton;

    return civ_job_hold(change, platform->answer_baton);
}

static void test_lost_job_stops_its_run(void)
{
    static const sync_answer_t answers[] = {
        {"/project", CIV_HTTP_DATA, "{\"id\":42}", NULL, NULL, 0},
        {"/issues", CIV_HTTP_DATA, "[{\"id\":1,\"at\":\"2026-03-29T10:00:00Z\"}]", NULL, NULL, 0},
        {NULL, CIV_HTTP_DATA, NULL, NULL, NULL, 0},
    };
    civ_engine_t *engine = sync_engine("fence.db");
    sync_platform_t *platform = sync_platform(answers);
    civ_engine_run_t *run = sync_run(platform);
    civ_sync_report_t report;
    civ_job_t slow, job;
    apr_pool_t *pool;

    job_add(engine, "a");
    CU_ASSERT_EQUAL(job_claim(engine, "slow", &slow), APR_SUCCESS);
    CU_ASSERT_EQUAL(database_do(unit_path("fence.db"), "UPDATE civ_sync_jobs SET lease_until = 1"), 0);
    CU_ASSERT_EQUAL(job_claim(engine, "next", &job), APR_SUCCESS);
    platform->answer_baton = &slow;
    run->fence = fence;
    run->interrupted = NULL;
    apr_pool_create(&pool, test_pool());
    CU_ASSERT_EQUAL(civ_engine_run(engine, run, &report, &problem, pool), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(sync_int("fence.db", "SELECT COUNT(*) FROM civ_sync_runs"), 0);
    platform->answer_baton = &job;
    CU_ASSERT_EQUAL(civ_engine_run(engine, run, &report, &problem, pool), APR_SUCCESS);
    CU_ASSERT_EQUAL(report.fresh, 1);
}

static void test_cancelling(void)
{
    civ_engine_t *engine = sync_engine("cancel.db");
    civ_job_t waiting = job_add(engine, "a");
    civ_job_t running, job;
    int cancelled;

    CU_ASSERT_EQUAL(civ_job_cancel(engine, waiting.number, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_CANCELLED);
    CU_ASSERT_TRUE(job.ended > 0);
    CU_ASSERT_EQUAL(job_claim(engine, "w", &running), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_job_cancel(engine, waiting.number, &job, &problem, test_pool()), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(civ_job_cancel(engine, 99, &job, &problem, test_pool()), APR_NOTFOUND);
    job_add(engine, "b");
    CU_ASSERT_EQUAL(job_claim(engine, "w", &running), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_cancel(engine, running.number, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_RUNNING);
    CU_ASSERT_EQUAL(civ_job_renew(engine, &running, &cancelled, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(cancelled, 1);
    CU_ASSERT_EQUAL(civ_job_end(engine, &running, CIV_JOB_CANCELLED, 0, NULL, &problem, test_pool()),
                    APR_SUCCESS);
}

/* --- several processes --- */

#define JOBS    30
#define WORKERS 4

static int work_all(void *baton)
{
    civ_engine_t *engine = sync_engine("shared.db");
    const char *worker = apr_psprintf(test_pool(), "w%d", *(int *)baton);
    int failures = 0;
    int done = 0;

    while (done < JOBS && failures < 200) {
        civ_job_t job;
        apr_status_t status = job_claim(engine, worker, &job);

        if (status == APR_NOTFOUND)
            break;
        if (status == APR_SUCCESS)
            status = civ_job_end(engine, &job, CIV_JOB_SUCCEEDED, 0, worker, &problem, test_pool());
        if (status == APR_SUCCESS)
            done++;
        else if (status == CIV_EBUSY)
            failures++;
        else
            return 1;
    }
    return 0;
}

static void test_processes_share_the_work(void)
{
    civ_engine_t *engine = sync_engine("shared.db");
    int numbers[WORKERS];
    int pids[WORKERS];
    int i;

    for (i = 0; i < JOBS; i++)
        job_add(engine, apr_psprintf(test_pool(), "project-%d", i));
    for (i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        pids[i] = unit_child_start(work_all, &numbers[i]);
    }
    for (i = 0; i < WORKERS; i++)
        CU_ASSERT_EQUAL(unit_child_wait(pids[i]), 0);
    CU_ASSERT_EQUAL(sync_int("shared.db",
                             "SELECT COUNT(*) FROM civ_sync_jobs WHERE state = 2 AND tries = 1 AND "
                             "worker = reason"),
                    JOBS);
}

/* --- schedules --- */

static void configure(const civ_engine_t *engine, const char *state)
{
    connector_configure(engine, &sync_connector, "{}");
    CU_ASSERT_EQUAL(civ_connector_note(engine, "example", state, "why", 0, &problem, test_pool()),
                    APR_SUCCESS);
}

static civ_schedule_t order(const civ_engine_t *engine, const char *project_id, apr_int64_t every)
{
    const civ_schedule_order_t wanted = {"example", project_id, every};
    civ_schedule_t schedule;
    int repeated;

    memset(&schedule, 0, sizeof(schedule));
    CU_ASSERT_EQUAL(civ_schedule_order(engine, &wanted, NULL, &schedule, &repeated, &problem, test_pool()),
                    APR_SUCCESS);
    return schedule;
}

static void test_schedules_make_jobs(void)
{
    civ_engine_t *engine = sync_engine("schedules.db");
    civ_schedule_t schedule, listed[3];
    apr_int64_t before = civ_timestamp_now();
    civ_job_t job;
    int count;

    schedule = order(engine, "a", 10 * 60000);
    /* Nothing without a connector, or with one whose credentials are refused. */
    CU_ASSERT_EQUAL(civ_schedules_run(engine, &count, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 0);
    configure(engine, CIV_CONNECTOR_AUTH_FAILED);
    CU_ASSERT_EQUAL(civ_schedules_run(engine, &count, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 0);
    configure(engine, CIV_CONNECTOR_READY);
    CU_ASSERT_EQUAL(civ_schedules_run(engine, &count, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(job.project_id, "a");
    CU_ASSERT_EQUAL(civ_schedules_list(engine, 0, 3, listed, &count, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_TRUE(listed[0].next >= before + 600000);
    CU_ASSERT_TRUE(listed[0].next < civ_timestamp_now() + 660000);
    CU_ASSERT_EQUAL(listed[0].job, job.number);
    CU_ASSERT_EQUAL(civ_schedules_run(engine, &count, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 0);
    /* The same again changes nothing; another interval starts anew. */
    schedule = order(engine, "a", 10 * 60000);
    CU_ASSERT_EQUAL(schedule.next, listed[0].next);
    schedule = order(engine, "a", 20 * 60000);
    CU_ASSERT_EQUAL(schedule.number, listed[0].number);
    CU_ASSERT_TRUE(schedule.next < listed[0].next);
    CU_ASSERT_EQUAL(civ_schedule_withdraw(engine, schedule.number, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_schedule_withdraw(engine, schedule.number, &problem, test_pool()), APR_NOTFOUND);
    /* Whoever still has its number must not find another one there. */
    CU_ASSERT_EQUAL(order(engine, "b", 10 * 60000).number, schedule.number + 1);
    CU_ASSERT_EQUAL(civ_schedule_withdraw(engine, schedule.number + 1, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(order(engine, "a", 10 * 60000).number, schedule.number + 2);
    /* A server of an older version gives numbers without counting them. */
    CU_ASSERT_EQUAL(database_do(unit_path("schedules.db"), "UPDATE civ_sync_schedules SET schedule = 90"), 0);
    CU_ASSERT_EQUAL(order(engine, "b", 10 * 60000).number, 91);
}

/* --- connectors --- */

static void test_secrets_are_sealed(void)
{
    static const char text[] = "{\"api_token\":\"tOkEn-123\",\"base_url\":\"https://h\",\"retries\":3,"
                               "\"webhook_secret\":\"hOoK-456\"}";
    civ_engine_t *engine = sync_engine("secrets.db");
    civ_seal_key_t *key, *other;
    const civ_json_t *opened, *shown;
    civ_connector_row_t row;

    CU_ASSERT_EQUAL(civ_seal_key_load(&key, engine->key_file, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_seal_key_make(&other, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_connector_open(engine, "example", &opened, &shown, &problem, test_pool()),
                    APR_NOTFOUND);
    connector_configure(engine, &sync_connector, text);
    CU_ASSERT_EQUAL(civ_connector_get(engine, "example", &row, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(row.settings, "{\"base_url\":\"https://h\",\"retries\":3}");
    CU_ASSERT_STRING_EQUAL(row.state, CIV_CONNECTOR_UNTRIED);
    CU_ASSERT_EQUAL(sync_int("secrets.db",
                             "SELECT COUNT(*) FROM civ_sync_connectors WHERE sealed LIKE '%tOkEn-123%' OR "
                             "sealed LIKE '%hOoK-456%' OR settings LIKE '%tOkEn-123%'"),
                    0);
    CU_ASSERT_EQUAL(civ_connector_open(engine, "example", &opened, &shown, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_field_text(opened, "api_token"), "tOkEn-123");
    CU_ASSERT_STRING_EQUAL(civ_field_text(opened, "webhook_secret"), "hOoK-456");
    CU_ASSERT_STRING_EQUAL(civ_field_text(opened, "base_url"), "https://h");
    CU_ASSERT_PTR_NULL(civ_field_text(shown, "api_token"));
    CU_ASSERT_EQUAL(civ_seal_key_replace(other, engine->key_file, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_connector_open(engine, "example", &opened, &shown, &problem, test_pool()),
                    CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "another key file"));
    CU_ASSERT_EQUAL(civ_seal_key_replace(key, engine->key_file, test_pool()), APR_SUCCESS);
    /* Who can write to the database, but has no key, cannot send secrets elsewhere. */
    sync_int("secrets.db", "UPDATE civ_sync_connectors SET settings = replace(settings, 'https://h', "
                           "'https://x') RETURNING 1");
    CU_ASSERT_EQUAL(civ_connector_open(engine, "example", &opened, &shown, &problem, test_pool()),
                    CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, "configure the platform anew"));
    CU_ASSERT_EQUAL(civ_connector_secret(engine, "example", "webhook_secret", &opened, &problem, test_pool()),
                    CIV_EINTEGRITY);
    /* One that is no text is no setting that can be shown, either. */
    connector_configure(engine, &sync_connector, "{\"api_token\":[1]}");
    CU_ASSERT_EQUAL(civ_connector_get(engine, "example", &row, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(row.settings, "{}");
    CU_ASSERT_EQUAL(civ_connector_remove(engine, "example", &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_connector_remove(engine, "example", &problem, test_pool()), APR_NOTFOUND);
}

static const test_case_t cases[] = {
    {"job_goes_its_way", test_job_goes_its_way},
    {"dead_worker_is_succeeded", test_dead_worker_is_succeeded},
    {"deadly_job_is_given_up", test_deadly_job_is_given_up},
    {"one_job_is_claimed", test_one_job_is_claimed},
    {"short_ones_go_first", test_short_ones_go_first},
    {"busy_project_hides_nobody", test_busy_project_hides_nobody},
    {"platforms_share", test_platforms_share},
    {"lost_job_stops_its_run", test_lost_job_stops_its_run},
    {"cancelling", test_cancelling},
    {"processes_share_the_work", test_processes_share_the_work},
    {"schedules_make_jobs", test_schedules_make_jobs},
    {"secrets_are_sealed", test_secrets_are_sealed},
    {NULL, NULL},
};
const test_suite_t sync_jobs_suite = {"jobs", unit_folder_make, unit_folder_remove, cases};
