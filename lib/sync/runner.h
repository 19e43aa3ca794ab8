/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runner.h
 * From a job to its end: the connector's configuration is opened, a client made of it, the engine run, and the job given back with what
 * came of it. Also what a worker does between jobs.
 */
#ifndef CIV_SYNC_RUNNER_H
#define CIV_SYNC_RUNNER_H

#include "sync/jobs.h"

/** What a worker works with. Lives longer than any run. */
typedef struct civ_runner_t {
    const civ_engine_t *engine;
    const civ_connector_t *const *connectors; /**< ended by NULL */
    const civ_egress_t *egress;
    civ_limiter_t *limiter;              /**< shared by all threads of the process */
    const char *worker;                  /**< a name for this one: host, process, thread; up to 128 bytes */
    const char *process;                 /**< see civ_job_claimer_t */
    int platform_most, takes_only_short; /**< the same */
    int backfill_days, lookback_days;    /**< see civ_engine_run_t */
    int (*stopping)(void *baton);        /**< asked a few times a second: is the process to end? */
    /** Told of a job at work: after each of its commits, of each fault, and when a wait for limits begins and ends. NULL: nobody listens */
    void (*progress)(void *baton, const civ_job_t *job);
    void *baton;
    int is_guest; /**< does a job that it was told to do, and goes: it gives no sign of life that others would count on,
                       and what cannot be done is told by whoever told it to, not in the log */
    const civ_log_t *log;
} civ_runner_t;

/** Take the next job. @return as civ_job_claim_by */
apr_status_t civ_runner_claim(const civ_runner_t *runner, civ_job_t *job, apr_pool_t *pool);

/** Do a job that was claimed. @return APR_SUCCESS: it was done, or given back; a failure of the database */
apr_status_t civ_runner_do(const civ_runner_t *runner, const civ_job_t *job, apr_pool_t *pool);

/** What is done every now and then (20 s): a sign of life, and forgetting what is long over. */
apr_status_t civ_runner_tend(const civ_runner_t *runner, apr_pool_t *pool);

/** When any worker has given its last sign of life, in milliseconds; 0: never. */
apr_status_t civ_workers_seen(const civ_engine_t *engine, apr_int64_t *seen, apr_pool_t *pool);

/** A worker without a sign of life for so long is taken for gone. */
#define CIV_WORKER_SILENCE APR_INT64_C(90000)

extern const civ_statement_set_t civ_runner_statements;

#endif
