/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schedules.h
 * Projects that are synchronised again and again. All times are milliseconds.
 */
#ifndef CIV_SYNC_SCHEDULES_H
#define CIV_SYNC_SCHEDULES_H

#include "sync/jobs.h"

#define CIV_SCHEDULE_SHORTEST APR_INT64_C(60000)      /**< a minute */
#define CIV_SCHEDULE_LONGEST  APR_INT64_C(2678400000) /**< 31 days */

typedef struct civ_schedule_t {
    apr_int64_t number;
    const char *platform, *project_id;
    apr_int64_t every;
    const char *origin;     /**< "api", or "directive": what the configuration says */
    apr_int64_t next, last; /**< last is 0 before the first time */
    apr_int64_t job;        /**< of the last time; 0: none */
    int is_new;             /**< where one was set: there was none of the project before */
} civ_schedule_t;

/** What somebody wants to be synchronised regularly. */
typedef struct civ_schedule_order_t {
    const char *platform, *project_id;
    apr_int64_t every;
} civ_schedule_order_t;

/**
 * Set the schedule of a project on behalf of somebody who may ask again. On record in the ledger where it changes anything.
 * @param retry NULL: none. @param repeated the same was done before: @a schedule is as it was asked for, without its runs
 * @return APR_SUCCESS; CIV_ECONFLICT with @a problem: the project's schedule is the server's configuration's; as civ_transactor_t's run
 */
apr_status_t civ_schedule_order(const civ_engine_t *engine, const civ_schedule_order_t *order,
                                const civ_idempotency_t *retry, civ_schedule_t *schedule, int *repeated,
                                civ_problem_t *problem, apr_pool_t *pool);

/** Take one away that was set so, on record in the ledger. @return APR_SUCCESS; APR_NOTFOUND or CIV_ECONFLICT (it is the server's
 *  configuration's) with @a problem */
apr_status_t civ_schedule_withdraw(const civ_engine_t *engine, apr_int64_t number, civ_problem_t *problem,
                                   apr_pool_t *pool);

/**
 * Make the schedules of origin "directive" those of the server's configuration: what is new or changed is set, what is gone is taken
 * away. A project that had a schedule already keeps its next run. Mostly there is nothing to do, which costs one read.
 */
apr_status_t civ_schedules_declare(const civ_engine_t *engine, const civ_schedule_order_t *orders, int count,
                                   civ_problem_t *problem, apr_pool_t *pool);

/** Read an interval: a whole number of s, m, h or d, within CIV_SCHEDULE_SHORTEST and _LONGEST. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_schedule_interval_parse(apr_int64_t *every, const char *text);

/** Write one so that it is read back the same. On @a pool. */
const char *civ_schedule_interval_text(apr_int64_t every, apr_pool_t *pool);

/** Those with a number above @a after, up to @a limit. @param schedules room for @a limit */
apr_status_t civ_schedules_list(const civ_engine_t *engine, apr_int64_t after, int limit,
                                civ_schedule_t *schedules, int *count, apr_pool_t *pool);

/**
 * Ask for jobs for all that is due, of platforms whose connector is configured and whose credentials are taken; the next time is an
 * interval later, and up to a tenth of it more, so that not all come at once. Any number of workers may call it.
 * @param count how many were due
 */
apr_status_t civ_schedules_run(const civ_engine_t *engine, int *count, civ_problem_t *problem,
                               apr_pool_t *pool);

/** Within a change: set the schedule of a project, first due at once. One that is there keeps its next run unless its interval changes. */
apr_status_t civ_schedule_put_within(civ_change_t *change, const char *platform, const char *project_id,
                                     apr_int64_t every, const char *origin, civ_schedule_t *schedule);

extern const civ_statement_set_t civ_schedules_statements;
extern const civ_statement_set_t civ_schedule_orders_statements;

#endif
