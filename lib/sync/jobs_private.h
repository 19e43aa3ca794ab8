/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jobs_private.h
 * What jobs.c and job_claims.c share. Nobody else includes it.
 */
#ifndef CIV_SYNC_JOBS_PRIVATE_H
#define CIV_SYNC_JOBS_PRIVATE_H

#include "sync/jobs.h"

/** All columns of a job, as civ_jobs_find reads them. */
#define CIV_JOB_FROM                                                                                         \
    "SELECT job, platform, project_id, since, state, asked, not_before, started, ended, worker, lease, "     \
    "lease_until, cancelled, tries, pages, items, wait_until, run, reason, action, moved, remaining, "       \
    "fault, faulted FROM "                                                                                   \
    "civ_sync_jobs "

/** Up to @a most jobs that a statement of CIV_JOB_FROM finds, on @a pool. @param db NULL: one of the engine's is borrowed
 *  @return APR_SUCCESS or a failure of the database */
apr_status_t civ_jobs_find(const civ_engine_t *engine, civ_db_t *db, const civ_statement_t *statement,
                           const civ_argument_t *arguments, int argument_count, civ_job_t *jobs, int most,
                           int *count, apr_pool_t *pool);

/** One by its number. @return as civ_job_get */
apr_status_t civ_job_get_within(civ_db_t *db, apr_int64_t number, civ_job_t *job, apr_pool_t *pool);

#endif
