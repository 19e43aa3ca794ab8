/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schedules.c
 * What is due becomes a job; several workers ask at once, and one of them is the first.
 */
#include "sync/schedules.h"

#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/clock.h"

#define DUE_AT_ONCE 50

enum {
    SQL_OF_PROJECT,
    SQL_COUNT_ON,
    SQL_GIVEN,
    SQL_INSERT,
    SQL_UPDATE,
    SQL_LIST,
    SQL_DUE,
    SQL_RAN,
    SQL_COUNT
};

#define SCHEDULE_FROM                                                                                        \
    "SELECT schedule, platform, project_id, every, origin, next, last, job FROM civ_sync_schedules "

static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_OF_PROJECT] = {"sync_schedule_of", SCHEDULE_FROM "WHERE platform = %s AND project_id = %s"},
    /* A server of an older version, beside this one, does not count. */
    [SQL_COUNT_ON] = {"sync_schedule_count_on",
                      "UPDATE civ_sync_schedule_numbers SET given = 1 + CASE WHEN given > (SELECT "
                      "COALESCE(MAX(schedule), 0) FROM civ_sync_schedules) THEN given ELSE (SELECT "
                      "COALESCE(MAX(schedule), 0) FROM civ_sync_schedules) END"},
    [SQL_GIVEN] = {"sync_schedule_given", "SELECT given FROM civ_sync_schedule_numbers"},
    [SQL_INSERT] = {"sync_schedule_insert",
                    "INSERT INTO civ_sync_schedules (schedule, platform, project_id, every, origin, next, "
                    "last, job) VALUES (%lld, %s, %s, %lld, %s, %lld, 0, 0)"},
    [SQL_UPDATE] = {"sync_schedule_update", "UPDATE civ_sync_schedules SET every = %lld, origin = %s, "
                                            "next = %lld WHERE schedule = %lld"},
    [SQL_LIST] = {"sync_schedules_list", SCHEDULE_FROM "WHERE schedule > %lld ORDER BY schedule LIMIT %lld"},
    [SQL_DUE] = {"sync_schedules_due",
                 SCHEDULE_FROM "WHERE next <= %lld AND EXISTS (SELECT 1 FROM civ_sync_connectors c WHERE "
                               "c.platform = civ_sync_schedules.platform AND c.state <> 'auth_failed') "
                               "ORDER BY next, schedule LIMIT %lld"},
    [SQL_RAN] = {"sync_schedule_ran", "UPDATE civ_sync_schedules SET next = %lld, last = %lld, job = %lld "
                                      "WHERE schedule = %lld AND next = %lld"},
};
const civ_statement_set_t civ_schedules_statements = {sql, SQL_COUNT};

static apr_status_t read_schedule(civ_schedule_t *schedule, civ_rows_t *rows, apr_pool_t *pool)
{
    memset(schedule, 0, sizeof(*schedule));
    if (civ_rows_int(rows, 0, &schedule->number) != APR_SUCCESS ||
        civ_rows_int(rows, 3, &schedule->every) != APR_SUCCESS ||
        civ_rows_int(rows, 5, &schedule->next) != APR_SUCCESS ||
        civ_rows_int(rows, 6, &schedule->last) != APR_SUCCESS ||
        civ_rows_int(rows, 7, &schedule->job) != APR_SUCCESS)
        return CIV_EDATABASE;
    schedule->platform = apr_pstrdup(pool, civ_rows_text(rows, 1));
    schedule->project_id = apr_pstrdup(pool, civ_rows_text(rows, 2));
    schedule->origin = apr_pstrdup(pool, civ_rows_text(rows, 4));
    return APR_SUCCESS;
}

static apr_status_t read_schedules(civ_db_t *db, int statement, const civ_argument_t *arguments,
                                   civ_schedule_t *schedules, int most, int *count, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &sql[statement], arguments, 2, &rows, pool);

    for (*count = 0; status == APR_SUCCESS && *count < most && civ_rows_next(rows) == APR_SUCCESS; (*count)++)
        status = read_schedule(&schedules[*count], rows, pool);
    return status;
}

static apr_status_t insert(civ_change_t *change, const char *platform, const char *project_id,
                           apr_int64_t every, const char *origin)
{
    civ_rows_t *rows;
    apr_int64_t number = 0;
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_COUNT_ON], NULL, 0, NULL);

    if (status == APR_SUCCESS)
        status = civ_db_select(change->db, &sql[SQL_GIVEN], NULL, 0, &rows, change->pool);
    if (status == APR_SUCCESS &&
        (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &number) != APR_SUCCESS))
        status = CIV_EDATABASE;
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(number), civ_text(platform), civ_text(project_id),
                                      civ_int(every),  civ_text(origin),   civ_int(change->now)};

        status = civ_db_execute(change->db, &sql[SQL_INSERT], row, 6, NULL);
    }
    return status;
}

apr_status_t civ_schedule_put_within(civ_change_t *change, const char *platform, const char *project_id,
                                     apr_int64_t every, const char *origin, civ_schedule_t *schedule)
{
    const civ_argument_t project[] = {civ_text(platform), civ_text(project_id)};
    int count, is_new;
    apr_status_t status =
        read_schedules(change->db, SQL_OF_PROJECT, project, schedule, 1, &count, change->pool);

    is_new = count == 0;
    if (status == APR_SUCCESS && is_new)
        status = insert(change, platform, project_id, every, origin);
    if (status == APR_SUCCESS && !is_new) {
        const civ_argument_t row[] = {civ_int(every), civ_text(origin),
                                      civ_int(every == schedule->every ? schedule->next : change->now),
                                      civ_int(schedule->number)};

        status = civ_db_execute(change->db, &sql[SQL_UPDATE], row, 4, NULL);
    }
    if (status == APR_SUCCESS)
        status = read_schedules(change->db, SQL_OF_PROJECT, project, schedule, 1, &count, change->pool);
    schedule->is_new = is_new;
    return status;
}

apr_status_t civ_schedules_list(const civ_engine_t *engine, apr_int64_t after, int limit,
                                civ_schedule_t *schedules, int *count, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(after), civ_int(limit)};
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    *count = 0;
    if (status != APR_SUCCESS)
        return status;
    status = read_schedules(db, SQL_LIST, arguments, schedules, limit, count, pool);
    civ_store_release(engine->store, db);
    return status;
}

static apr_status_t apply_due(void *baton, civ_change_t *change)
{
    const civ_argument_t arguments[] = {civ_int(change->now), civ_int(DUE_AT_ONCE)};
    civ_schedule_t due[DUE_AT_ONCE];
    int *count = baton;
    int i;
    apr_status_t status =
        read_schedules(change->db, SQL_DUE, arguments, due, DUE_AT_ONCE, count, change->pool);

    for (i = 0; i < *count && status == APR_SUCCESS; i++) {
        apr_uint32_t tenth = (apr_uint32_t)(due[i].every / 10);
        apr_int64_t jitter = civ_clock_random(&civ_clock_system, tenth > 0 ? tenth : 1);
        civ_job_t job;

        status = civ_job_add_within(change, due[i].platform, due[i].project_id, 0, &job);
        if (status == APR_SUCCESS) {
            const civ_argument_t ran[] = {civ_int(change->now + due[i].every + jitter), civ_int(change->now),
                                          civ_int(job.number), civ_int(due[i].number), civ_int(due[i].next)};

            status = civ_db_execute(change->db, &sql[SQL_RAN], ran, 5, NULL);
        }
    }
    return status;
}

apr_status_t civ_schedules_run(const civ_engine_t *engine, int *count, civ_problem_t *problem,
                               apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(civ_timestamp_now()), civ_int(1)};
    civ_schedule_t one;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    *count = 0;
    if (status != APR_SUCCESS)
        return status;
    /* Mostly nothing is: that costs no transaction that writes. */
    status = read_schedules(db, SQL_DUE, arguments, &one, 1, count, pool);
    civ_store_release(engine->store, db);
    if (status != APR_SUCCESS || *count == 0)
        return status;
    return civ_change_run(&engine->transactor, apply_due, count, problem, pool);
}
