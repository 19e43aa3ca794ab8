/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jobs.c
 * What becomes of a job but for its being claimed: job_claims.c.
 */
#include "sync/jobs_private.h"

#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"

const char *const civ_jobs_tables[] = {
    "CREATE TABLE civ_sync_jobs (CIV_KEY(job), platform VARCHAR(32) NOT NULL, "
    "project_id VARCHAR(512) NOT NULL, since BIGINT NOT NULL, state BIGINT NOT NULL, asked BIGINT NOT NULL, "
    "not_before BIGINT NOT NULL, started BIGINT NOT NULL, ended BIGINT NOT NULL, "
    "worker VARCHAR(128) NOT NULL, lease BIGINT NOT NULL, lease_until BIGINT NOT NULL, "
    "cancelled BIGINT NOT NULL, tries BIGINT NOT NULL, pages BIGINT NOT NULL, items BIGINT NOT NULL, "
    "wait_until BIGINT NOT NULL, run BIGINT NOT NULL, reason VARCHAR(1024) NOT NULL)",
    "CREATE INDEX civ_sync_jobs_by_state ON civ_sync_jobs (state, not_before, job)",
    "CREATE INDEX civ_sync_jobs_by_project ON civ_sync_jobs (platform, project_id, state)",
    "CREATE INDEX civ_sync_jobs_by_end ON civ_sync_jobs (ended)",
    "CREATE TABLE civ_sync_schedules (CIV_KEY(schedule), platform VARCHAR(32) NOT NULL, "
    "project_id VARCHAR(512) NOT NULL, every BIGINT NOT NULL, origin VARCHAR(16) NOT NULL, "
    "next BIGINT NOT NULL, last BIGINT NOT NULL, job BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX civ_sync_schedules_by_project ON civ_sync_schedules (platform, project_id)",
    "CREATE INDEX civ_sync_schedules_by_next ON civ_sync_schedules (next)",
    "CREATE TABLE civ_sync_connectors (platform VARCHAR(32) PRIMARY KEY, settings TEXT NOT NULL, "
    "sealed TEXT NOT NULL, state VARCHAR(16) NOT NULL, reason VARCHAR(1024) NOT NULL, since BIGINT NOT NULL, "
    "configured BIGINT NOT NULL, synced BIGINT NOT NULL)",
    "CREATE TABLE civ_sync_workers (worker VARCHAR(128) PRIMARY KEY, seen BIGINT NOT NULL)",
    NULL,
};

const char *const civ_job_action_tables[] = {
    "ALTER TABLE civ_sync_jobs ADD COLUMN action BIGINT NOT NULL DEFAULT 0",
    "CREATE TABLE civ_sync_pushes (job BIGINT PRIMARY KEY, content TEXT NOT NULL)",
    "CREATE TABLE civ_sync_deliveries (CIV_KEY(delivery), platform VARCHAR(32) NOT NULL, digest CHAR(64) NOT "
    "NULL, seen BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX civ_sync_deliveries_by_digest ON civ_sync_deliveries (platform, digest)",
    "CREATE INDEX civ_sync_deliveries_by_seen ON civ_sync_deliveries (seen)",
    "CREATE INDEX civ_sync_jobs_by_project_end ON civ_sync_jobs (platform, project_id, ended)",
    NULL,
};

const char *const civ_job_fault_tables[] = {
    "ALTER TABLE civ_sync_jobs ADD COLUMN fault VARCHAR(1024) NOT NULL DEFAULT ''",
    "ALTER TABLE civ_sync_jobs ADD COLUMN faulted BIGINT NOT NULL DEFAULT 0",
    NULL,
};

enum {
    SQL_GET,
    SQL_LAST,
    SQL_SAME,
    SQL_WAITING,
    SQL_INSERT,
    SQL_HURRY,
    SQL_HOLD,
    SQL_END,
    SQL_CANCEL,
    SQL_LIST,
    SQL_FORGET_PUSHES,
    SQL_FORGET,
    SQL_COUNT
};

static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_GET] = {"sync_job", CIV_JOB_FROM "WHERE job = %lld"},
    [SQL_LAST] = {"sync_job_last", "SELECT COALESCE(MAX(job), 0) FROM civ_sync_jobs"},
    [SQL_SAME] = {"sync_job_same",
                  CIV_JOB_FROM "WHERE platform = %s AND project_id = %s AND since = %lld AND state = 0 AND "
                               "action = 0 LIMIT 1"},
    [SQL_WAITING] = {"sync_jobs_waiting", "SELECT COUNT(*) FROM civ_sync_jobs WHERE state = 0"},
    [SQL_INSERT] =
        {"sync_job_insert",
         "INSERT INTO civ_sync_jobs (job, platform, project_id, since, state, asked, not_before, "
         "started, ended, worker, lease, lease_until, cancelled, tries, pages, items, wait_until, "
         "moved, remaining, run, reason, action) VALUES (%lld, %s, %s, %lld, 0, %lld, %lld, 0, 0, '', 0, "
         "0, 0, 0, 0, 0, 0, 0, -1, 0, '', %lld)"},
    /* It was never begun, so that it waits for no more than its first try. */
    [SQL_HURRY] = {"sync_job_hurry", "UPDATE civ_sync_jobs SET not_before = %lld WHERE job = %lld AND state "
                                     "= 0 AND started = 0 AND fault = '' AND not_before > %lld"},
    [SQL_HOLD] =
        {"sync_job_hold",
         "UPDATE civ_sync_jobs SET lease_until = %lld, pages = %lld, items = %lld, wait_until = %lld, "
         "moved = %lld, remaining = %lld, run = %lld, fault = %s, faulted = %lld WHERE job = %lld AND "
         "lease = %lld AND state = 1"},
    [SQL_END] = {"sync_job_end",
                 "UPDATE civ_sync_jobs SET state = %lld, not_before = %lld, ended = %lld, lease_until = 0, "
                 "wait_until = 0, remaining = -1, tries = %lld, pages = %lld, items = %lld, run = %lld, "
                 "reason = %s, fault = %s, faulted = %lld WHERE "
                 "job = %lld AND lease = %lld AND state = 1"},
    [SQL_CANCEL] =
        {"sync_job_cancel",
         "UPDATE civ_sync_jobs SET cancelled = 1, ended = CASE WHEN state = 0 THEN %lld ELSE ended "
         "END, state = CASE WHEN state = 0 THEN 5 ELSE state END WHERE job = %lld AND state < 2"},
    [SQL_LIST] = {"sync_jobs_list", CIV_JOB_FROM "WHERE job < %lld ORDER BY job DESC LIMIT %lld"},
    [SQL_FORGET_PUSHES] = {"sync_jobs_forget_pushes",
                           "DELETE FROM civ_sync_pushes WHERE job IN (SELECT job FROM civ_sync_jobs WHERE "
                           "ended > 0 AND ended < %lld)"},
    [SQL_FORGET] = {"sync_jobs_forget", "DELETE FROM civ_sync_jobs WHERE ended > 0 AND ended < %lld"},
};
const civ_statement_set_t civ_jobs_statements = {sql, SQL_COUNT};

static const char *const states[] = {"queued", "running", "succeeded", "partial", "failed", "cancelled"};

const char *civ_job_state_name(civ_job_state_e state)
{
    return states[state];
}

static apr_status_t read_job(civ_job_t *job, civ_rows_t *rows, apr_pool_t *pool)
{
    apr_int64_t *const numbers[] = {&job->number,
                                    NULL,
                                    NULL,
                                    &job->since,
                                    NULL,
                                    &job->asked,
                                    &job->not_before,
                                    &job->started,
                                    &job->ended,
                                    NULL,
                                    &job->lease,
                                    &job->lease_until,
                                    NULL,
                                    &job->tries,
                                    &job->pages,
                                    &job->items,
                                    &job->wait_until,
                                    &job->run,
                                    NULL,
                                    NULL,
                                    &job->moved,
                                    &job->remaining,
                                    NULL,
                                    &job->faulted};
    apr_int64_t state, cancelled, action;
    unsigned i;

    memset(job, 0, sizeof(*job));
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (numbers[i] != NULL && civ_rows_int(rows, (int)i, numbers[i]) != APR_SUCCESS)
            return CIV_EDATABASE;
    if (civ_rows_int(rows, 4, &state) != APR_SUCCESS || state < CIV_JOB_QUEUED || state > CIV_JOB_CANCELLED ||
        civ_rows_int(rows, 12, &cancelled) != APR_SUCCESS || civ_rows_int(rows, 19, &action) != APR_SUCCESS ||
        action < CIV_JOB_SYNC || action > CIV_JOB_PUSH)
        return CIV_EDATABASE;
    job->state = (civ_job_state_e)state;
    job->is_cancelled = cancelled != 0;
    job->action = (civ_job_action_e)action;
    job->platform = apr_pstrdup(pool, civ_rows_text(rows, 1));
    job->project_id = apr_pstrdup(pool, civ_rows_text(rows, 2));
    job->worker = apr_pstrdup(pool, civ_rows_text(rows, 9));
    job->reason = apr_pstrdup(pool, civ_rows_text(rows, 18));
    job->fault = apr_pstrdup(pool, civ_rows_text(rows, 22));
    return APR_SUCCESS;
}

apr_status_t civ_jobs_find(const civ_engine_t *engine, civ_db_t *db, const civ_statement_t *statement,
                           const civ_argument_t *arguments, int argument_count, civ_job_t *jobs, int most,
                           int *count, apr_pool_t *pool)
{
    civ_db_t *borrowed = NULL;
    civ_rows_t *rows = NULL;
    apr_status_t status = APR_SUCCESS;

    *count = 0;
    if (db == NULL)
        status = civ_store_acquire(engine->store, &borrowed);
    if (status == APR_SUCCESS)
        status = civ_db_select(db != NULL ? db : borrowed, statement, arguments, argument_count, &rows, pool);
    if (borrowed != NULL)
        civ_store_release(engine->store, borrowed);
    while (status == APR_SUCCESS && *count < most && civ_rows_next(rows) == APR_SUCCESS) {
        status = read_job(&jobs[*count], rows, pool);
        (*count)++;
    }
    return status;
}

apr_status_t civ_job_get_within(civ_db_t *db, apr_int64_t number, civ_job_t *job, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_int(number);
    int count;
    apr_status_t status = civ_jobs_find(NULL, db, &sql[SQL_GET], &argument, 1, job, 1, &count, pool);

    return status == APR_SUCCESS && count == 0 ? APR_NOTFOUND : status;
}

static apr_status_t ask_int(civ_db_t *db, int statement, apr_int64_t *value, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &sql[statement], NULL, 0, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_rows_int(rows, 0, value) : CIV_EDATABASE;
}

/* --- adding --- */

apr_status_t civ_job_insert_within(civ_change_t *change, civ_job_action_e action, const char *platform,
                                   const char *project_id, apr_int64_t since, civ_job_t *job)
{
    apr_int64_t last, waiting;
    apr_status_t status = ask_int(change->db, SQL_WAITING, &waiting, change->pool);

    if (status == APR_SUCCESS && waiting >= CIV_JOBS_WAITING_MOST) {
        civ_problem_set(change->problem, CIV_PROBLEM_UNAVAILABLE, change->pool,
                        "Too many synchronisations are waiting");
        return CIV_ECONFLICT;
    }
    if (status == APR_SUCCESS)
        status = ask_int(change->db, SQL_LAST, &last, change->pool);
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(last + 1), civ_text(platform),   civ_text(project_id),
                                      civ_int(since),    civ_int(change->now), civ_int(change->now),
                                      civ_int(action)};

        status = civ_db_execute(change->db, &sql[SQL_INSERT], row, 7, NULL);
        if (status == APR_SUCCESS)
            status = civ_job_get_within(change->db, last + 1, job, change->pool);
    }
    return status;
}

apr_status_t civ_job_add_within(civ_change_t *change, const char *platform, const char *project_id,
                                apr_int64_t since, civ_job_t *job)
{
    const civ_argument_t same[] = {civ_text(platform), civ_text(project_id), civ_int(since)};
    int count;
    apr_status_t status =
        civ_jobs_find(NULL, change->db, &sql[SQL_SAME], same, 3, job, 1, &count, change->pool);

    return status == APR_SUCCESS && count == 0
               ? civ_job_insert_within(change, CIV_JOB_SYNC, platform, project_id, since, job)
               : status;
}

apr_status_t civ_job_demand_within(civ_change_t *change, const char *platform, const char *project_id,
                                   apr_int64_t since, civ_job_t *job)
{
    apr_status_t status = civ_job_add_within(change, platform, project_id, since, job);

    if (status == APR_SUCCESS && job->not_before > change->now) {
        const civ_argument_t hurry[] = {civ_int(change->now), civ_int(job->number), civ_int(change->now)};

        status = civ_db_execute(change->db, &sql[SQL_HURRY], hurry, 3, NULL);
        if (status == APR_SUCCESS)
            status = civ_job_get_within(change->db, job->number, job, change->pool);
    }
    return status;
}

typedef struct addition_t {
    const char *platform, *project_id;
    apr_int64_t since;
    civ_job_t *job;
} addition_t;

static apr_status_t apply_add(void *baton, civ_change_t *change)
{
    const addition_t *addition = baton;

    return civ_job_demand_within(change, addition->platform, addition->project_id, addition->since,
                                 addition->job);
}

apr_status_t civ_job_add(const civ_engine_t *engine, const char *platform, const char *project_id,
                         apr_int64_t since, civ_job_t *job, civ_problem_t *problem, apr_pool_t *pool)
{
    addition_t addition = {platform, project_id, since, job};

    return civ_change_run(&engine->transactor, apply_add, &addition, problem, pool);
}

/* --- holding and ending --- */

static apr_status_t lost(civ_change_t *change)
{
    civ_problem_set(change->problem, CIV_PROBLEM_CONFLICT, change->pool,
                    "The job is not this worker's any more");
    return CIV_ECONFLICT;
}

apr_status_t civ_job_hold(civ_change_t *change, const civ_job_t *job)
{
    const civ_argument_t arguments[] = {civ_int(change->now + CIV_JOB_LEASE),
                                        civ_int(job->pages),
                                        civ_int(job->items),
                                        civ_int(job->wait_until),
                                        civ_int(job->moved),
                                        civ_int(job->remaining),
                                        civ_int(job->run),
                                        civ_text(job->fault != NULL ? job->fault : ""),
                                        civ_int(job->faulted),
                                        civ_int(job->number),
                                        civ_int(job->lease)};
    int affected = 0;
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_HOLD], arguments, 11, &affected);

    return status == APR_SUCCESS && affected != 1 ? lost(change) : status;
}

typedef struct holding_t {
    const civ_job_t *job;
    civ_job_t now;
} holding_t;

static apr_status_t apply_hold(void *baton, civ_change_t *change)
{
    holding_t *holding = baton;
    apr_status_t status = civ_job_hold(change, holding->job);

    return status == APR_SUCCESS
               ? civ_job_get_within(change->db, holding->job->number, &holding->now, change->pool)
               : status;
}

apr_status_t civ_job_renew(const civ_engine_t *engine, const civ_job_t *job, int *cancelled,
                           civ_problem_t *problem, apr_pool_t *pool)
{
    holding_t holding = {job, {0}};
    apr_status_t status = civ_change_run(&engine->transactor, apply_hold, &holding, problem, pool);

    *cancelled = status == APR_SUCCESS && holding.now.is_cancelled;
    return status;
}

typedef struct ending_t {
    const civ_job_t *job;
    civ_job_state_e state;
    apr_int64_t not_before;
    const char *reason;
} ending_t;

apr_status_t civ_job_end_within(civ_change_t *change, const civ_job_t *job, civ_job_state_e state,
                                apr_int64_t not_before, const char *reason)
{
    const int has_fault =
        job->fault != NULL && state != CIV_JOB_SUCCEEDED && state != CIV_JOB_PARTIAL; /* else it is over */
    const civ_argument_t arguments[] = {civ_int(state),
                                        civ_int(not_before),
                                        civ_int(state == CIV_JOB_QUEUED ? 0 : change->now),
                                        civ_int(state == CIV_JOB_QUEUED ? 0 : job->tries),
                                        civ_int(job->pages),
                                        civ_int(job->items),
                                        civ_int(job->run),
                                        civ_text(reason != NULL ? reason : ""),
                                        civ_text(has_fault ? job->fault : ""),
                                        civ_int(has_fault ? job->faulted : 0),
                                        civ_int(job->number),
                                        civ_int(job->lease)};
    int affected = 0;
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_END], arguments, 12, &affected);

    return status == APR_SUCCESS && affected != 1 ? lost(change) : status;
}

static apr_status_t apply_end(void *baton, civ_change_t *change)
{
    const ending_t *ending = baton;

    return civ_job_end_within(change, ending->job, ending->state, ending->not_before, ending->reason);
}

apr_status_t civ_job_end(const civ_engine_t *engine, const civ_job_t *job, civ_job_state_e state,
                         apr_int64_t not_before, const char *reason, civ_problem_t *problem, apr_pool_t *pool)
{
    ending_t ending = {job, state, not_before, reason};

    return civ_change_run(&engine->transactor, apply_end, &ending, problem, pool);
}

static apr_status_t apply_cancel(void *baton, civ_change_t *change)
{
    civ_job_t *job = baton;
    const civ_argument_t arguments[] = {civ_int(change->now), civ_int(job->number)};
    apr_int64_t number = job->number;
    int affected = 0;
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_CANCEL], arguments, 2, &affected);

    if (status == APR_SUCCESS)
        status = civ_job_get_within(change->db, number, job, change->pool);
    job->number = number;
    if (status == APR_NOTFOUND)
        civ_problem_set(change->problem, CIV_PROBLEM_NOT_FOUND, change->pool, "There is no such job");
    if (status == APR_SUCCESS && affected != 1) {
        civ_problem_set(change->problem, CIV_PROBLEM_CONFLICT, change->pool, "The job is over: it has %s",
                        states[job->state]);
        return CIV_ECONFLICT;
    }
    return status;
}

apr_status_t civ_job_cancel(const civ_engine_t *engine, apr_int64_t number, civ_job_t *job,
                            civ_problem_t *problem, apr_pool_t *pool)
{
    memset(job, 0, sizeof(*job));
    job->number = number;
    return civ_change_run(&engine->transactor, apply_cancel, job, problem, pool);
}

/* --- reading and forgetting --- */

apr_status_t civ_job_get(const civ_engine_t *engine, apr_int64_t number, civ_job_t *job, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_int(number);
    int count;
    apr_status_t status = civ_jobs_find(engine, NULL, &sql[SQL_GET], &argument, 1, job, 1, &count, pool);

    return status == APR_SUCCESS && count == 0 ? APR_NOTFOUND : status;
}

apr_status_t civ_jobs_list(const civ_engine_t *engine, apr_int64_t before, int limit, civ_job_t *jobs,
                           int *count, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(before > 0 ? before : APR_INT64_MAX), civ_int(limit)};

    return civ_jobs_find(engine, NULL, &sql[SQL_LIST], arguments, 2, jobs, limit, count, pool);
}

typedef struct forgetting_t {
    apr_int64_t keep;
    int *count;
} forgetting_t;

static apr_status_t apply_forget(void *baton, civ_change_t *change)
{
    const forgetting_t *forgetting = baton;
    const civ_argument_t argument = civ_int(change->now - forgetting->keep);
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_FORGET_PUSHES], &argument, 1, NULL);

    return status == APR_SUCCESS
               ? civ_db_execute(change->db, &sql[SQL_FORGET], &argument, 1, forgetting->count)
               : status;
}

apr_status_t civ_jobs_forget(const civ_engine_t *engine, apr_int64_t keep, int *count, civ_problem_t *problem,
                             apr_pool_t *pool)
{
    forgetting_t forgetting = {keep, count};

    *count = 0;
    return civ_change_run(&engine->transactor, apply_forget, &forgetting, problem, pool);
}
