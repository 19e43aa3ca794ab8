/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file overview.c
 * Connectors, jobs, schedules and workers seen together.
 */
#include "sync/overview.h"

#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/catalogue.h"
#include "sync/runner.h"

enum { SQL_JOBS, SQL_STUCK, SQL_SCHEDULES, SQL_FAULTS, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_JOBS] = {"sync_overview_jobs",
                  "SELECT platform, state, COUNT(*), MIN(not_before), MIN(lease_until), MIN(started), "
                  "MIN(wait_until), MAX(moved), MAX(CASE WHEN started > 0 THEN not_before ELSE 0 END) FROM "
                  "civ_sync_jobs WHERE state < 2 GROUP BY platform, state"},
    [SQL_STUCK] =
        {"sync_overview_stuck",
         "SELECT platform, MIN(moved) FROM civ_sync_jobs WHERE state = 1 AND lease_until >= %lld AND "
         "wait_until < %lld AND moved < %lld GROUP BY platform"},
    [SQL_SCHEDULES] = {"sync_overview_schedules",
                       "SELECT platform, MIN(next) FROM civ_sync_schedules GROUP BY platform"},
    [SQL_FAULTS] = {"sync_overview_faults",
                    "SELECT j.platform, j.fault FROM civ_sync_jobs j JOIN (SELECT platform, MAX(faulted) AS "
                    "last FROM civ_sync_jobs WHERE state < 2 AND fault <> '' GROUP BY platform) n ON "
                    "n.platform = j.platform AND n.last = j.faulted WHERE j.state < 2 AND j.fault <> ''"},
};
const civ_statement_set_t civ_overview_statements = {sql, SQL_COUNT};

const char *const civ_connector_states[] = {
    CIV_CONNECTOR_UNCONFIGURED, CIV_CONNECTOR_READY,    CIV_CONNECTOR_RUNNING,
    CIV_CONNECTOR_THROTTLED,    CIV_CONNECTOR_DEGRADED, CIV_CONNECTOR_AUTH_FAILED,
    CIV_CONNECTOR_FAILED,       CIV_CONNECTOR_STALLED,  NULL,
};

/** What is known of a platform besides its row. */
typedef struct doings_t {
    apr_int64_t due, lease_until, started, scheduled; /**< the earliest of each; 0: none */
    apr_int64_t stuck;      /**< since when a job at work has come no further; 0: there is none */
    apr_int64_t wait_until; /**< when the first job at work has waited long enough; 0: one does not wait */
    apr_int64_t moved;      /**< when the last job at work came further */
    apr_int64_t put_off;    /**< until when the platform's limits have put off what was begun; 0: nothing */
    const char *fault;      /**< the last one of a job that is not over; NULL: none */
} doings_t;

static int place_of(const char *platform)
{
    const civ_platform_t *found = civ_platform_find(platform);

    return found != NULL ? (int)(found - civ_platforms) : -1;
}

static apr_status_t read_connectors(const civ_engine_t *engine, civ_overview_t *overview, apr_pool_t *pool)
{
    civ_connector_row_t *rows = apr_pcalloc(pool, (apr_size_t)civ_platform_count * sizeof(*rows));
    int count, i;
    apr_status_t status = civ_connectors_list(engine, civ_platform_count, rows, &count, pool);

    for (i = 0; i < civ_platform_count; i++)
        overview[i].platform = civ_platforms[i].name;
    for (i = 0; i < count && status == APR_SUCCESS; i++) {
        int place = place_of(rows[i].platform);

        if (place >= 0) {
            overview[place].row = rows[i];
            overview[place].is_configured = 1;
            overview[place].is_untried = strcmp(rows[i].state, CIV_CONNECTOR_UNTRIED) == 0;
        }
    }
    return status;
}

static apr_status_t take_jobs(civ_rows_t *rows, civ_overview_t *overview, doings_t *doings)
{
    while (civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t state, count, due, lease_until, started, wait_until, moved, put_off;
        int place = place_of(civ_rows_text(rows, 0));

        if (civ_rows_int(rows, 1, &state) != APR_SUCCESS || civ_rows_int(rows, 2, &count) != APR_SUCCESS ||
            civ_rows_int(rows, 3, &due) != APR_SUCCESS ||
            civ_rows_int(rows, 4, &lease_until) != APR_SUCCESS ||
            civ_rows_int(rows, 5, &started) != APR_SUCCESS ||
            civ_rows_int(rows, 6, &wait_until) != APR_SUCCESS ||
            civ_rows_int(rows, 7, &moved) != APR_SUCCESS || civ_rows_int(rows, 8, &put_off) != APR_SUCCESS)
            return CIV_EDATABASE;
        if (place < 0)
            continue;
        if (state == CIV_JOB_RUNNING) {
            overview[place].running = count;
            doings[place].lease_until = lease_until;
            doings[place].started = started;
            doings[place].wait_until = wait_until;
            doings[place].moved = moved;
        } else {
            overview[place].waiting = count;
            doings[place].due = due;
            doings[place].put_off = put_off;
        }
    }
    return APR_SUCCESS;
}

/* An instant of each platform. @param offset of the member that it is put into */
static apr_status_t take_instants(civ_rows_t *rows, doings_t *doings, apr_size_t offset)
{
    while (civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t instant;
        int place = place_of(civ_rows_text(rows, 0));

        if (civ_rows_int(rows, 1, &instant) != APR_SUCCESS)
            return CIV_EDATABASE;
        if (place >= 0)
            *(apr_int64_t *)((char *)&doings[place] + offset) = instant;
    }
    return APR_SUCCESS;
}

static void take_faults(civ_rows_t *rows, doings_t *doings, apr_pool_t *pool)
{
    while (civ_rows_next(rows) == APR_SUCCESS) {
        int place = place_of(civ_rows_text(rows, 0));

        if (place >= 0)
            doings[place].fault = apr_pstrdup(pool, civ_rows_text(rows, 1));
    }
}

static void take_totals(const apr_array_header_t *totals, civ_overview_t *overview)
{
    int i;

    for (i = 0; i < totals->nelts; i++) {
        const civ_timeline_total_t *total = &APR_ARRAY_IDX(totals, i, civ_timeline_total_t);
        int place = place_of(total->source);

        if (place >= 0) {
            overview[place].items = total->items;
            overview[place].versions = total->versions;
        }
    }
}

static apr_status_t read_doings(const civ_engine_t *engine, civ_overview_t *overview, doings_t *doings,
                                apr_pool_t *pool)
{
    const apr_int64_t now = civ_timestamp_now();
    const civ_argument_t stall[] = {civ_int(now), civ_int(now), civ_int(now - CIV_JOB_STALL)};
    civ_rows_t *jobs = NULL, *schedules = NULL, *stuck = NULL, *faults = NULL;
    apr_array_header_t *totals = NULL;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[SQL_JOBS], NULL, 0, &jobs, pool);
    if (status == APR_SUCCESS)
        status = civ_db_select(db, &sql[SQL_SCHEDULES], NULL, 0, &schedules, pool);
    if (status == APR_SUCCESS)
        status = civ_db_select(db, &sql[SQL_STUCK], stall, 3, &stuck, pool);
    if (status == APR_SUCCESS)
        status = civ_db_select(db, &sql[SQL_FAULTS], NULL, 0, &faults, pool);
    if (status == APR_SUCCESS)
        status = civ_timeline_totals(db, &totals, pool);
    civ_store_release(engine->store, db);
    if (status == APR_SUCCESS)
        status = take_jobs(jobs, overview, doings);
    if (status == APR_SUCCESS) {
        take_faults(faults, doings, pool);
        take_totals(totals, overview);
    }
    if (status == APR_SUCCESS)
        status = take_instants(schedules, doings, offsetof(doings_t, scheduled));
    return status == APR_SUCCESS ? take_instants(stuck, doings, offsetof(doings_t, stuck)) : status;
}

/* Since when there has been something to do that nobody does. 0: nothing is overdue. */
static apr_int64_t overdue_since(const doings_t *doings, apr_int64_t now)
{
    const apr_int64_t instants[] = {doings->due, doings->lease_until, doings->scheduled};
    apr_int64_t since = 0;
    unsigned i;

    for (i = 0; i < sizeof(instants) / sizeof(instants[0]); i++)
        if (instants[i] > 0 && instants[i] < now - CIV_WORKER_SILENCE && (since == 0 || instants[i] < since))
            since = instants[i];
    return since;
}

static void say(civ_overview_t *one, const char *state, const char *reason, apr_int64_t since)
{
    one->state = state;
    one->reason = reason;
    one->since = since;
}

/* What is going on right now goes before what the last run had to say. */
static void judge_work(civ_overview_t *one, const doings_t *doings, apr_int64_t now, apr_int64_t overdue)
{
    if (overdue > 0)
        say(one, CIV_CONNECTOR_STALLED, "There is work to be done, and no worker gives a sign of life",
            overdue);
    else if (doings->stuck > 0)
        say(one, CIV_CONNECTOR_STALLED, "A job is in a worker's hands and comes no further", doings->stuck);
    else if (one->running > 0 && doings->lease_until >= now && doings->wait_until > now) {
        say(one, CIV_CONNECTOR_THROTTLED, "Waiting for the platform's limits", doings->moved);
        one->next = doings->wait_until;
    } else if (one->running > 0 && doings->lease_until >= now)
        say(one, CIV_CONNECTOR_RUNNING, "", doings->started);
}

/* What is being repeated, until it succeeds: whoever sees a job that does not get on should not have to guess why. */
static void tell_fault(civ_overview_t *one, const doings_t *doings, apr_pool_t *pool)
{
    if (doings->fault == NULL)
        return;
    if (doings->stuck > 0 && strcmp(one->state, CIV_CONNECTOR_STALLED) == 0)
        one->reason = apr_pstrcat(pool, one->reason, "; its last fault: ", doings->fault, NULL);
    else if (one->reason[0] == '\0')
        one->reason = apr_pstrcat(pool, "Trying again after a fault: ", doings->fault, NULL);
}

static void judge(civ_overview_t *one, const doings_t *doings, apr_int64_t now, int has_worker,
                  apr_pool_t *pool)
{
    apr_int64_t overdue;
    int rests;

    say(one, CIV_CONNECTOR_UNCONFIGURED, "", 0);
    if (!one->is_configured)
        return;
    say(one, one->is_untried ? CIV_CONNECTOR_READY : one->row.state, one->row.reason, one->row.since);
    rests = strcmp(one->state, CIV_CONNECTOR_AUTH_FAILED) == 0;
    one->next = doings->due;
    if (doings->scheduled > 0 && !rests && (one->next == 0 || doings->scheduled < one->next))
        one->next = doings->scheduled;
    /* What is due before that would be told the same. */
    if (strcmp(one->state, CIV_CONNECTOR_THROTTLED) == 0 && one->next < doings->put_off)
        one->next = doings->put_off;
    overdue = has_worker ? 0 : overdue_since(doings, now);
    if (rests && one->running + one->waiting == 0)
        overdue = 0; /* its schedules are not run */
    judge_work(one, doings, now, overdue);
    tell_fault(one, doings, pool);
}

apr_status_t civ_overview(const civ_engine_t *engine, civ_overview_t *overview, apr_pool_t *pool)
{
    doings_t *doings = apr_pcalloc(pool, (apr_size_t)civ_platform_count * sizeof(*doings));
    apr_int64_t now = civ_timestamp_now(), seen = 0;
    int i;
    apr_status_t status;

    memset(overview, 0, (apr_size_t)civ_platform_count * sizeof(*overview));
    status = read_connectors(engine, overview, pool);
    if (status == APR_SUCCESS)
        status = read_doings(engine, overview, doings, pool);
    if (status == APR_SUCCESS)
        status = civ_workers_seen(engine, &seen, pool);
    for (i = 0; i < civ_platform_count && status == APR_SUCCESS; i++)
        judge(&overview[i], &doings[i], now, seen > now - CIV_WORKER_SILENCE, pool);
    return status;
}

apr_status_t civ_overview_count(const civ_engine_t *engine, apr_int64_t *versions, apr_int64_t *items,
                                apr_pool_t *pool)
{
    apr_array_header_t *totals;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);
    int i;

    *versions = *items = 0;
    if (status != APR_SUCCESS)
        return status;
    status = civ_timeline_totals(db, &totals, pool);
    civ_store_release(engine->store, db);
    for (i = 0; status == APR_SUCCESS && i < totals->nelts; i++) {
        *versions += APR_ARRAY_IDX(totals, i, civ_timeline_total_t).versions;
        *items += APR_ARRAY_IDX(totals, i, civ_timeline_total_t).items;
    }
    return status;
}
