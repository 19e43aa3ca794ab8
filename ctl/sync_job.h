/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_job.h
 * One synchronisation: it is a job like any other. Where a worker has the project in hand its progress is shown instead, and what is not
 * finished here a worker goes on with.
 */
#ifndef CTL_SYNC_JOB_H
#define CTL_SYNC_JOB_H

#include "ctl.h"

#include "progress.h"
#include "sync/runner.h"

typedef struct ctl_sync_t {
    ctl_t *ctl;
    civ_runner_t runner; /**< as ctl_sync_target_open fills it */
    civ_log_t log;       /**< for the runner: what it has to say does not stand in the middle of a bar */
    ctl_progress_t progress;
    apr_pool_t *pool;            /**< of the job */
    civ_job_t job;               /**< as it was seen last */
    apr_pool_t *job_pool;        /**< of its texts; NULL: they are elsewhere */
    char note[120];              /**< for the progress */
    char fault[CIV_REASON_SIZE]; /**< of the job, as it was told last; "" for none */
    int is_other_told;           /**< that somebody else is at work */
} ctl_sync_t;

/** Make @a sync ready for ctl_sync_target_open. */
void ctl_sync_init(ctl_sync_t *sync, ctl_t *ctl);

/**
 * Ask for a project to be synchronised, and see to it until it is over, put off for later, or a signal comes, which gives it back.
 * Its end is a line on standard output.
 * @param since read again from here on, in milliseconds; 0: what is new
 * @return CTL_DONE; CTL_DEGRADED, CTL_SIGNED_OUT, CTL_PUT_OFF or CTL_FAILED, after complaining
 */
ctl_exit_e ctl_sync_project(ctl_sync_t *sync, const char *platform, const char *project_id, apr_int64_t since,
                            apr_pool_t *pool);

#endif
