/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file job_wishes.c
 * Asking for jobs on behalf of somebody who may ask again, and telling what came of them.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sync/jobs.h"
#include "sync/push.h"
#include "sync/report.h"

enum { SQL_WAITING, SQL_CANCEL_WAITING, SQL_CANCEL_RUNNING, SQL_RELEASE, SQL_REPORT, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_WAITING] = {"sync_job_wishes_waiting", "SELECT COUNT(*) FROM civ_sync_jobs WHERE state = 0"},
    [SQL_CANCEL_WAITING] = {"sync_jobs_cancel_waiting",
                            "UPDATE civ_sync_jobs SET state = 5, cancelled = 1, ended = %lld WHERE platform "
                            "= %s AND state = 0"},
    [SQL_CANCEL_RUNNING] = {"sync_jobs_cancel_running", "UPDATE civ_sync_jobs SET cancelled = 1 WHERE "
                                                        "platform = %s AND state = 1"},
    [SQL_RELEASE] = {"sync_jobs_release",
                     "UPDATE civ_sync_jobs SET not_before = %lld WHERE platform = %s AND "
                     "state = 0 AND not_before > %lld"},
    [SQL_REPORT] = {"sync_job_report", "SELECT report FROM civ_sync_runs WHERE run = %lld"},
};
const civ_statement_set_t civ_job_wishes_statements = {sql, SQL_COUNT};

typedef struct asking_t {
    const civ_job_wish_t *wishes;
    int count;
    civ_job_t *jobs;
} asking_t;

/* A refusal has to come before the first job is written. */
apr_status_t civ_jobs_check_room_within(civ_change_t *change, int count)
{
    apr_int64_t waiting;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &sql[SQL_WAITING], NULL, 0, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &waiting) != APR_SUCCESS)
        return CIV_EDATABASE;
    if (waiting + count <= CIV_JOBS_WAITING_MOST)
        return APR_SUCCESS;
    civ_problem_set(change->problem, CIV_PROBLEM_UNAVAILABLE, change->pool,
                    "Too many synchronisations are waiting");
    return CIV_ECONFLICT;
}

static apr_status_t apply_ask(void *baton, civ_change_t *change)
{
    const asking_t *asking = baton;
    civ_buffer_t numbers;
    apr_status_t status = civ_jobs_check_room_within(change, asking->count);
    int i;

    civ_buffer_init(&numbers, 256, change->pool);
    for (i = 0; i < asking->count && status == APR_SUCCESS; i++) {
        const civ_job_wish_t *wish = &asking->wishes[i];

        status = wish->push != NULL ? civ_push_add_within(change, wish, &asking->jobs[i])
                                    : civ_job_demand_within(change, wish->platform, wish->project_id,
                                                            wish->since, &asking->jobs[i]);
        if (status == APR_SUCCESS)
            civ_buffer_append_format(&numbers, "%" APR_INT64_T_FMT " ", asking->jobs[i].number);
    }
    change->answer = numbers.data;
    return status;
}

/* The jobs of an earlier request, as they are now. There are as many as it has asked for: what "all" is may have changed since. */
static apr_status_t read_again(const civ_engine_t *engine, const char *numbers, civ_job_t **jobs, int *total,
                               apr_pool_t *pool)
{
    apr_array_header_t *read = apr_array_make(pool, 4, sizeof(civ_job_t));
    apr_status_t status = APR_SUCCESS;

    while (numbers[0] != '\0' && status == APR_SUCCESS) {
        char *end;
        apr_int64_t number = apr_strtoi64(numbers, &end, 10);

        status = end != numbers && *end == ' ' ? civ_job_get(engine, number, apr_array_push(read), pool)
                                               : CIV_EDATABASE;
        numbers = end + 1;
    }
    *jobs = (civ_job_t *)read->elts;
    *total = read->nelts;
    return status;
}

apr_status_t civ_jobs_ask(const civ_engine_t *engine, const civ_job_wish_t *wishes, int count,
                          const civ_idempotency_t *retry, civ_job_t **jobs, int *total, int *repeated,
                          civ_problem_t *problem, apr_pool_t *pool)
{
    asking_t asking = {wishes, count, apr_pcalloc(pool, ((apr_size_t)count + 1) * sizeof(civ_job_t))};
    civ_change_steps_t steps;
    civ_change_result_t result;
    apr_status_t status;

    *jobs = asking.jobs;
    *total = count;
    *repeated = 0;
    if (count == 0 && retry == NULL)
        return APR_SUCCESS;
    memset(&steps, 0, sizeof(steps));
    memset(&result, 0, sizeof(result));
    steps.apply = apply_ask;
    steps.baton = &asking;
    steps.idempotency = retry;
    status = engine->transactor.run(engine->transactor.baton, &steps, &result, problem, pool);
    *repeated = result.repeated;
    if (status == APR_SUCCESS && result.repeated) {
        status = read_again(engine, result.answer, jobs, total, pool);
        if (status != APR_SUCCESS)
            civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                            "The jobs of the earlier request cannot be read");
    }
    return status;
}

apr_status_t civ_jobs_cancel_within(civ_change_t *change, const char *platform)
{
    const civ_argument_t waiting[] = {civ_int(change->now), civ_text(platform)};
    const civ_argument_t running = civ_text(platform);
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_CANCEL_WAITING], waiting, 2, NULL);

    return status == APR_SUCCESS ? civ_db_execute(change->db, &sql[SQL_CANCEL_RUNNING], &running, 1, NULL)
                                 : status;
}

apr_status_t civ_jobs_release_within(civ_change_t *change, const char *platform)
{
    const civ_argument_t arguments[] = {civ_int(change->now), civ_text(platform), civ_int(change->now)};

    return civ_db_execute(change->db, &sql[SQL_RELEASE], arguments, 3, NULL);
}

apr_status_t civ_job_report(const civ_engine_t *engine, const civ_job_t *job, const char **report,
                            apr_pool_t *pool)
{
    const civ_argument_t run = civ_int(job->run);
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status;

    *report = NULL;
    if (job->run == 0)
        return APR_SUCCESS;
    status = civ_store_acquire(engine->store, &db);
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[SQL_REPORT], &run, 1, &rows, pool);
    civ_store_release(engine->store, db);
    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        *report = apr_pstrdup(pool, civ_rows_text(rows, 0));
    if (*report != NULL && (*report)[0] != '{')
        *report = NULL;
    return status;
}

apr_status_t civ_job_stored(const civ_engine_t *engine, const civ_job_t *job, apr_int64_t *stored,
                            apr_pool_t *pool)
{
    civ_sync_report_t report;
    const char *text;
    apr_status_t status = civ_job_report(engine, job, &text, pool);

    memset(&report, 0, sizeof(report));
    *stored = 0;
    if (status == APR_SUCCESS && text != NULL && civ_sync_report_read(&report, text, pool) == APR_SUCCESS)
        *stored = report.fresh + report.changed + report.stale + report.conflicts;
    return status;
}
