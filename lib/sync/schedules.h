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
} civ_schedule_t;

/** Set the schedule of a project, first due at once. One that is there keeps its next run unless its interval changes.
 *  @return APR_SUCCESS; as civ_transactor_t's run */
apr_status_t civ_schedule_put(const civ_engine_t *engine, const char *platform, const char *project_id,
                              apr_int64_t every, const char *origin, civ_schedule_t *schedule,
                              civ_problem_t *problem, apr_pool_t *pool);

/** Take one away. @return APR_SUCCESS; APR_NOTFOUND with @a problem */
apr_status_t civ_schedule_remove(const civ_engine_t *engine, apr_int64_t number, civ_problem_t *problem,
                                 apr_pool_t *pool);

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

extern const civ_statement_set_t civ_schedules_statements;

#endif
