/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file push.h
 * Setting a status on a commit: from what somebody has asked for to what the platform has said to it. Between the two there is a job
 * (CIV_JOB_PUSH), so that limits, lost workers and retries are what they are for every other work.
 */
#ifndef CIV_SYNC_PUSH_H
#define CIV_SYNC_PUSH_H

#include "sync/jobs.h"

/** Bytes at most. */
#define CIV_PUSH_CONTEXT_MOST     255
#define CIV_PUSH_DESCRIPTION_MOST 1024
#define CIV_PUSH_URL_MOST         2048

/**
 * Whether a status can be set: the platform has statuses, and the connector would make a request of it. Nothing is connected to.
 * @param title what the platform is called in sentences
 * @return APR_SUCCESS; CIV_EINVALID with @a problem and a pointer to the member at fault; a failure of the database
 */
apr_status_t civ_push_check(const civ_engine_t *engine, const civ_connector_t *connector, const char *title,
                            const char *project_id, const civ_sync_push_t *push, civ_problem_t *problem,
                            apr_pool_t *pool);

/** Within a change: a job for a wish with a push that civ_push_check has taken. @return as civ_job_insert_within */
apr_status_t civ_push_add_within(civ_change_t *change, const civ_job_wish_t *wish, civ_job_t *job);

/**
 * Set the status of a job of ours. It may arrive twice (the worker died before it could write down that it was set), which changes
 * nothing for who looks at the commit.
 * @param run its connector, bases and settings @param http of the connector
 * @param report outcome, reason and retry_at are set, as in a run
 * @param reason the same at length, with what the platform says to a request that it does not accept; on @a pool
 */
void civ_push(const civ_engine_t *engine, const civ_engine_run_t *run, const civ_job_t *job, civ_http_t *http,
              civ_sync_report_t *report, const char **reason, apr_pool_t *pool);

/** Give such a job back. What was set is on record in the ledger, by a digest, with the same commit. @return as civ_job_end */
apr_status_t civ_push_end(const civ_engine_t *engine, const civ_job_t *job, civ_job_state_e state,
                          apr_int64_t not_before, const char *reason, civ_problem_t *problem,
                          apr_pool_t *pool);

extern const civ_statement_set_t civ_push_statements;

#endif
