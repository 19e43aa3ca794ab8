/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * One synchronisation, whoever does it, from its being asked for to its end.
 */
#include "sync_job.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/timestamp.h"

/** Between two looks at a job that others have. */
#define LOOK apr_time_from_msec(250)

/* --- what is shown --- */

static void write_log(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    ctl_sync_t *sync = baton;

    ctl_progress_hide(&sync->progress);
    sync->ctl->log.write(sync->ctl->log.baton, level, status, message);
}

static void show(ctl_sync_t *sync, const civ_job_t *job)
{
    apr_uint64_t done = job->items > 0 ? (apr_uint64_t)job->items : 0;
    apr_int64_t wait = (job->wait_until - civ_timestamp_now()) / 1000;
    int length = apr_snprintf(sync->note, sizeof(sync->note), ", %" APR_INT64_T_FMT " pages", job->pages);

    if (wait > 0)
        apr_snprintf(sync->note + length, sizeof(sync->note) - (apr_size_t)length,
                     ", told to wait %" APR_INT64_T_FMT ":%02d", wait / 60, (int)(wait % 60));
    ctl_progress_tell(&sync->progress, done, job->remaining > 0 ? done + (apr_uint64_t)job->remaining : 0);
}

/* Once, when it appears: what is repeated may fail the same way many times. */
static void tell_fault(ctl_sync_t *sync, const civ_job_t *job)
{
    const char *fault = job->fault != NULL ? job->fault : "";

    if (strncmp(sync->fault, fault, sizeof(sync->fault) - 1) == 0)
        return;
    apr_cpystrn(sync->fault, fault, sizeof(sync->fault));
    if (fault[0] == '\0')
        return;
    ctl_progress_hide(&sync->progress);
    ctl_note(sync->ctl, "job %" APR_INT64_T_FMT ": tried again after a fault: %s", job->number, sync->fault);
}

static void hear(void *baton, const civ_job_t *job)
{
    ctl_sync_t *sync = baton;

    /* Numbers only: the texts of the other one are not ours to keep. */
    sync->job.pages = job->pages;
    sync->job.items = job->items;
    sync->job.remaining = job->remaining;
    sync->job.wait_until = job->wait_until;
    tell_fault(sync, job);
    show(sync, &sync->job);
}

static int is_stopping(void *baton)
{
    ctl_sync_t *sync = baton;

    show(sync, &sync->job);
    return ctl_interrupt_signal() != 0;
}

/* --- the end --- */

/* How the run of a job that has failed ended: its report knows more than its row. */
static int is_signed_out(ctl_sync_t *sync)
{
    static const civ_json_limits_t limits = {1048576, 16, 20000, 256};
    const char *report = NULL, *outcome = NULL;
    const civ_json_t *json;
    civ_problem_t problem;

    if (civ_job_report(sync->runner.engine, &sync->job, &report, sync->pool) == APR_SUCCESS &&
        report != NULL &&
        civ_json_parse(&json, report, strlen(report), &limits, &problem, sync->pool) == APR_SUCCESS)
        outcome = civ_json_get_text(json, "outcome");
    return outcome != NULL && strcmp(outcome, "auth_failed") == 0;
}

static ctl_exit_e judge(ctl_sync_t *sync)
{
    const civ_job_t *job = &sync->job;
    const char *reason = ctl_printable(job->reason, sync->pool);
    char until[CIV_TIMESTAMP_SIZE];

    switch (job->state) {
    case CIV_JOB_SUCCEEDED:
        return CTL_DONE;
    case CIV_JOB_PARTIAL:
        ctl_complain("something is missing: %s", reason);
        return CTL_DEGRADED;
    case CIV_JOB_CANCELLED:
        ctl_complain("the job was cancelled");
        return CTL_FAILED;
    case CIV_JOB_FAILED:
        ctl_complain("%s", reason[0] != '\0' ? reason : "the synchronisation has failed");
        return is_signed_out(sync) ? CTL_SIGNED_OUT : CTL_FAILED;
    case CIV_JOB_QUEUED:
    case CIV_JOB_RUNNING:
    default:
        ctl_complain("put off until %s%s%s", civ_timestamp_format(until, job->not_before),
                     reason[0] != '\0' ? ": " : "", reason);
        return CTL_PUT_OFF;
    }
}

static ctl_exit_e end(ctl_sync_t *sync, apr_status_t status)
{
    const civ_job_t *job = &sync->job;
    apr_int64_t stored;

    if (sync->progress.drawn && status == APR_SUCCESS)
        ctl_progress_end(&sync->progress);
    ctl_progress_hide(&sync->progress);
    if (ctl_interrupt_signal() != 0 && (status != APR_SUCCESS || job->state <= CIV_JOB_RUNNING)) {
        ctl_note(sync->ctl,
                 "job %" APR_INT64_T_FMT " is given back: a worker, or this command again, goes on with it",
                 job->number);
        return CTL_FAILED;
    }
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the database cannot be used");
    status = civ_job_stored(sync->runner.engine, job, &stored, sync->pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "the database cannot be used");
    printf("job %" APR_INT64_T_FMT ": %s %s: %s, %" APR_INT64_T_FMT " items in %" APR_INT64_T_FMT
           " pages, %" APR_INT64_T_FMT " of them new or changed\n",
           job->number, job->platform, ctl_printable(job->project_id, sync->pool),
           job->state == CIV_JOB_QUEUED ? "put off" : civ_job_state_name(job->state), job->items, job->pages,
           stored);
    fflush(stdout);
    return judge(sync);
}

/* --- the work --- */

/* Somebody else has it, or has the project. */
static apr_status_t look_on(ctl_sync_t *sync)
{
    if (!sync->is_other_told) {
        ctl_progress_hide(&sync->progress);
        ctl_note(sync->ctl, "job %" APR_INT64_T_FMT ": the project is in the hands of a worker already",
                 sync->job.number);
    }
    sync->is_other_told = 1;
    tell_fault(sync, &sync->job);
    show(sync, &sync->job);
    apr_sleep(LOOK);
    return ctl_interrupt_signal() != 0 ? CIV_EINTERRUPTED : APR_SUCCESS;
}

/* The job as it is now. */
static apr_status_t look_again(ctl_sync_t *sync)
{
    apr_pool_t *before = sync->job_pool;
    apr_status_t status;

    apr_pool_create(&sync->job_pool, sync->pool);
    status = civ_job_get(sync->runner.engine, sync->job.number, &sync->job, sync->job_pool);
    if (before != NULL)
        apr_pool_destroy(before);
    return status;
}

static int is_put_off(const civ_job_t *job)
{
    return job->state == CIV_JOB_QUEUED && job->not_before > civ_timestamp_now();
}

/* Whoever does it: until it is over, or put off for later. */
static apr_status_t see_to_the_end(ctl_sync_t *sync)
{
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *pool;

    apr_pool_create(&pool, sync->pool);
    while (status == APR_SUCCESS && sync->job.state <= CIV_JOB_RUNNING && !is_put_off(&sync->job)) {
        civ_problem_t problem;
        civ_job_t mine;

        apr_pool_clear(pool);
        status = civ_job_claim_one(sync->runner.engine, sync->runner.worker, sync->job.number, &mine,
                                   &problem, pool);
        if (status == APR_SUCCESS)
            status = civ_runner_do(&sync->runner, &mine, pool);
        else if (APR_STATUS_IS_NOTFOUND(status))
            status = look_on(sync);
        if (status == APR_SUCCESS && ctl_interrupt_signal() != 0)
            status = CIV_EINTERRUPTED;
        if (status == APR_SUCCESS || status == CIV_EINTERRUPTED) {
            apr_status_t seen = look_again(sync);

            status = status == APR_SUCCESS ? seen : status;
        }
    }
    apr_pool_destroy(pool);
    return status;
}

void ctl_sync_init(ctl_sync_t *sync, ctl_t *ctl)
{
    memset(sync, 0, sizeof(*sync));
    sync->ctl = ctl;
    sync->log.write = write_log;
    sync->log.baton = sync;
    sync->log.level = CIV_LOG_WARNING;
}

ctl_exit_e ctl_sync_project(ctl_sync_t *sync, const char *platform, const char *project_id, apr_int64_t since,
                            apr_pool_t *pool)
{
    civ_problem_t problem;
    apr_status_t status;

    memset(&problem, 0, sizeof(problem));
    sync->pool = pool;
    sync->job_pool = NULL;
    sync->is_other_told = 0;
    sync->fault[0] = '\0';
    sync->runner.stopping = is_stopping;
    sync->runner.progress = hear;
    sync->runner.baton = sync;
    status = civ_job_add(sync->runner.engine, platform, project_id, since, &sync->job, &problem, pool);
    if (status != APR_SUCCESS)
        return ctl_failed(status, "%s %s cannot be synchronised%s%s", platform, project_id,
                          problem.detail != NULL ? ": " : "", problem.detail != NULL ? problem.detail : "");
    ctl_progress_start(&sync->progress, sync->ctl, project_id, "items");
    sync->progress.note = sync->note;
    return end(sync, see_to_the_end(sync));
}
