/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jobs.h
 * Work to be done: synchronise one project, test a connection, or set a status on a commit. Jobs are rows; workers of any number of processes and hosts share them. A worker has a
 * job under a lease, which it renews while it works; a worker that died has its job taken over when the lease is over. Each claim has
 * a number of its own, and whoever has lost its claim can write nothing more.
 *
 * The clocks of hosts that share a database must agree to within half a lease. All times are milliseconds.
 */
#ifndef CIV_SYNC_JOBS_H
#define CIV_SYNC_JOBS_H

#include "sync/engine.h"

/** The numbers are in the database: they never change. */
typedef enum civ_job_state_e {
    CIV_JOB_QUEUED, /**< also when it waits for the platform's limits */
    CIV_JOB_RUNNING,
    CIV_JOB_SUCCEEDED,
    CIV_JOB_PARTIAL, /**< done, but something is missing: see the reason and the report of the run */
    CIV_JOB_FAILED,
    CIV_JOB_CANCELLED
} civ_job_state_e;

/** What is to be done. The numbers are in the database: they never change. */
typedef enum civ_job_action_e {
    CIV_JOB_SYNC, /**< read a project; with a project_id of "", test the connection */
    CIV_JOB_PUSH /**< set a status: push.h. Those of one project are done one after the other, in the order in which they were
                   * asked for, so that the last one wins */
} civ_job_action_e;

/** How long a claim holds without being renewed. */
#define CIV_JOB_LEASE APR_INT64_C(60000)

/** A claimed job that waits for no limit and has come no step further for so long is stalled: longer than any one request may
 *  take with all its repetitions. */
#define CIV_JOB_STALL APR_INT64_C(1500000)

/** Jobs that may wait at once. */
#define CIV_JOBS_WAITING_MOST 10000

typedef struct civ_job_t {
    apr_int64_t number;
    const char *platform, *project_id; /**< project_id is "" where the connection is tested */
    apr_int64_t since;                 /**< see civ_engine_run_t */
    civ_job_state_e state;
    apr_int64_t asked, not_before, started, ended; /**< 0: not yet */
    const char *worker;                            /**< who has or had it; "" for nobody */
    apr_int64_t lease, lease_until;
    int is_cancelled;  /**< to be given up by its worker */
    apr_int64_t tries; /**< claims since it was last given back: ten workers that died with it are enough */
    apr_int64_t pages, items,
        wait_until;        /**< progress; the last one: until when it waits for the platform, or 0 */
    apr_int64_t moved;     /**< when it came a step further; 0: never claimed */
    apr_int64_t remaining; /**< items that the list that is being read still has; -1: not known */
    apr_int64_t run;       /**< of the engine; 0: none yet */
    const char *reason;    /**< "" for none */
    const char *
        fault; /**< why a request was in vain, or a worker lost, and is repeated, until something succeeds; "" for none */
    apr_int64_t faulted; /**< when; 0: never */
    civ_job_action_e action;
} civ_job_t;

/** The word for a state. */
const char *civ_job_state_name(civ_job_state_e state);

/**
 * Ask for a project to be synchronised, now. Where the same is waiting already (the same project and since), that job is it; where it
 * merely rests before its first try (CIV_WEBHOOK_REST), its rest is over. What waits for the platform's limits, or after a fault, keeps
 * its time.
 * @param job what was asked for, as it is now; on @a pool
 * @return APR_SUCCESS; CIV_ECONFLICT when too many are waiting (CIV_JOBS_WAITING_MOST); as civ_transactor_t's run
 */
apr_status_t civ_job_add(const civ_engine_t *engine, const char *platform, const char *project_id,
                         apr_int64_t since, civ_job_t *job, civ_problem_t *problem, apr_pool_t *pool);

/** The same within a change. */
apr_status_t civ_job_demand_within(civ_change_t *change, const char *platform, const char *project_id,
                                   apr_int64_t since, civ_job_t *job);

/** The same for a hint or a schedule, which can wait: a rest goes on. */
apr_status_t civ_job_add_within(civ_change_t *change, const char *platform, const char *project_id,
                                apr_int64_t since, civ_job_t *job);

/**
 * Within a change: a new job, whatever is waiting already. civ_job_add_within is what makes most jobs.
 * @return as civ_job_add
 */
apr_status_t civ_job_insert_within(civ_change_t *change, civ_job_action_e action, const char *platform,
                                   const char *project_id, apr_int64_t since, civ_job_t *job);

/** What is wanted. A project_id of "" stands for no project: the connection is tested. */
typedef struct civ_job_wish_t {
    const char *platform, *project_id;
    apr_int64_t since; /**< see civ_engine_run_t */
    const civ_sync_push_t
        *push; /**< a status to be set: civ_push_check has taken it; NULL: the project is to be read */
} civ_job_wish_t;

/**
 * Ask for several at once: all of them, or none. civ_job_add's rule about those that are waiting already holds for each.
 * @param retry NULL: none. @param repeated the jobs are those of an earlier request, whatever this one wishes
 * @param jobs as they are now, on @a pool @param total how many: @a count, or as many as the earlier request had
 */
apr_status_t civ_jobs_ask(const civ_engine_t *engine, const civ_job_wish_t *wishes, int count,
                          const civ_idempotency_t *retry, civ_job_t **jobs, int *total, int *repeated,
                          civ_problem_t *problem, apr_pool_t *pool);

/** Within a change, before its first write: is there room for so many more? @return APR_SUCCESS; CIV_ECONFLICT with the problem filled */
apr_status_t civ_jobs_check_room_within(civ_change_t *change, int count);

/** Within a change: cancel all of a platform, as civ_job_cancel does. */
apr_status_t civ_jobs_cancel_within(civ_change_t *change, const char *platform);

/** Within a change: what was put off of a platform may begin now; its credential is another one. */
apr_status_t civ_jobs_release_within(civ_change_t *change, const char *platform);

/** Who takes jobs, and which. Several threads of one process are several workers. */
typedef struct civ_job_claimer_t {
    const char *worker; /**< a name for whoever takes it: host, process and thread */
    const char *
        process; /**< what the names of all workers of this process begin with; NULL: platform_most does not count */
    int platform_most; /**< of a platform of which the process has so many jobs in hand, none is taken; 0: any number */
    int takes_only_short; /**< tests of connections and statuses to be set, and nothing else */
} civ_job_claimer_t;

/**
 * Take the next job: one that is due, or one whose worker is gone. Tests of connections and statuses go first. No project is in two
 * hands at once: it can be read by one and have a status set by another.
 * @return APR_SUCCESS; APR_NOTFOUND when there is nothing to do, which costs up to four reads
 */
apr_status_t civ_job_claim_by(const civ_engine_t *engine, const civ_job_claimer_t *claimer, civ_job_t *job,
                              civ_problem_t *problem, apr_pool_t *pool);

/** Take just this one, on the same terms. @return as civ_job_claim_by; APR_NOTFOUND too when it is over, waits for a later time, or
 *  its project is in other hands */
apr_status_t civ_job_claim_one(const civ_engine_t *engine, const char *worker, apr_int64_t number,
                               civ_job_t *job, civ_problem_t *problem, apr_pool_t *pool);

/** Within a change: is the job still ours? Renews the lease and notes the progress of @a job.
 *  @return APR_SUCCESS; CIV_ECONFLICT when it is not, with the problem filled */
apr_status_t civ_job_hold(civ_change_t *change, const civ_job_t *job);

/** The same on its own. @param cancelled set to whether it is to be given up */
apr_status_t civ_job_renew(const civ_engine_t *engine, const civ_job_t *job, int *cancelled,
                           civ_problem_t *problem, apr_pool_t *pool);

/** Give a job back: with CIV_JOB_QUEUED to be gone on with from @a not_before on, else it is done. @return as civ_job_hold */
apr_status_t civ_job_end(const civ_engine_t *engine, const civ_job_t *job, civ_job_state_e state,
                         apr_int64_t not_before, const char *reason, civ_problem_t *problem,
                         apr_pool_t *pool);

/** Within a change: the same. */
apr_status_t civ_job_end_within(civ_change_t *change, const civ_job_t *job, civ_job_state_e state,
                                apr_int64_t not_before, const char *reason);

/** Cancel: at once where it waits; where it runs, its worker is told. @return APR_SUCCESS; APR_NOTFOUND; CIV_ECONFLICT: it is over */
apr_status_t civ_job_cancel(const civ_engine_t *engine, apr_int64_t number, civ_job_t *job,
                            civ_problem_t *problem, apr_pool_t *pool);

/** Read one. @return APR_SUCCESS, APR_NOTFOUND, or a failure of the database */
apr_status_t civ_job_get(const civ_engine_t *engine, apr_int64_t number, civ_job_t *job, apr_pool_t *pool);

/** The newest ones before @a before (0: from the newest on), up to @a limit. @param jobs room for @a limit */
apr_status_t civ_jobs_list(const civ_engine_t *engine, apr_int64_t before, int limit, civ_job_t *jobs,
                           int *count, apr_pool_t *pool);

/** What the run of a job has to report: a JSON object (report.h), or NULL where there is none yet, or none any more.
 *  @return APR_SUCCESS or a failure of the database */
apr_status_t civ_job_report(const civ_engine_t *engine, const civ_job_t *job, const char **report,
                            apr_pool_t *pool);

/** How many versions of items the run of a job has stored: new ones, changed ones, and what else was not there before. What was seen
 *  again is not among them. @param stored 0 where there is no run, or no report of it any more @return as civ_job_report */
apr_status_t civ_job_stored(const civ_engine_t *engine, const civ_job_t *job, apr_int64_t *stored,
                            apr_pool_t *pool);

/** Forget what was over @a keep milliseconds ago. @param count how many */
apr_status_t civ_jobs_forget(const civ_engine_t *engine, apr_int64_t keep, int *count, civ_problem_t *problem,
                             apr_pool_t *pool);

extern const civ_statement_set_t civ_jobs_statements;
extern const civ_statement_set_t civ_job_claims_statements;
extern const civ_statement_set_t civ_job_wishes_statements;
extern const char *const civ_jobs_tables[];
extern const char *const civ_job_action_tables[];
extern const char *const civ_job_fault_tables[];

#endif
