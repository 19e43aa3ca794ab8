/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Waiting for the worker: a look at a job's row now and then, by a bounded number of threads.
 */
#include "sync.h"

#include "prefer.h"

#include "base/timestamp.h"

#include <ap_mpm.h>
#include <scoreboard.h>

#include <apr_atomic.h>
#include <apr_strings.h>

/** Between two looks: the first ones come faster. */
#define LOOK_FIRST apr_time_from_msec(50)
#define LOOK_LAST  apr_time_from_msec(500)

/* Threads of this process that wait. */
static apr_uint32_t waiting;

static int is_threaded(int *threads)
{
    return ap_mpm_query(AP_MPMQ_MAX_THREADS, threads) == APR_SUCCESS && *threads > 1;
}

/* Processes of one thread know of each other by the scoreboard: those that are at something, this one among them. */
static int is_quiet(void)
{
    int most = 0;
    int busy = 0;
    int i;

    if (!ap_scoreboard_image || ap_mpm_query(AP_MPMQ_MAX_DAEMON_USED, &most) != APR_SUCCESS) {
        return 0;
    }
    for (i = 0; i < most; i++) {
        const worker_score *score = ap_get_scoreboard_worker_from_indexes(i, 0);

        busy += score && score->status > SERVER_READY;
    }
    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &most);
    return busy <= (most >= 8 ? most / 4 : 1);
}

/* A quarter of the threads may wait, so that the others always have some left. */
static int enter(void)
{
    int threads = 0;
    apr_uint32_t most;

    if (!is_threaded(&threads)) {
        return is_quiet();
    }
    most = threads >= 8 ? (apr_uint32_t)threads / 4 : 1;
    if (apr_atomic_inc32(&waiting) < most) {
        return 1;
    }
    apr_atomic_dec32(&waiting);
    return 0;
}

static void leave(void)
{
    int threads = 0;

    if (is_threaded(&threads)) {
        apr_atomic_dec32(&waiting);
    }
}

static int is_ending(const civ_call_t *call)
{
    const civ_node_context_t *context = &call->slot->context;
    int state = 0;

    return (context->interrupted && context->interrupted(context->interrupted_baton)) ||
           (ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING);
}

static int has_worker(const civ_call_t *call)
{
    apr_int64_t seen;

    return civ_workers_seen(civ_node_engine(call->node), &seen, call->r->pool) == APR_SUCCESS &&
           seen > civ_timestamp_now() - CIV_WORKER_SILENCE;
}

static int is_off(const civ_call_t *call)
{
    return civ_server_config(call->r->server)->values.worker == CIV_WORKER_OFF;
}

const char *civ_sync_explain(const civ_call_t *call, const civ_job_t *job)
{
    const char *why = is_off(call)        ? "No worker runs here (CivarcosWorker off)"
                      : !has_worker(call) ? "No worker gives a sign of life (GET /health tells of it)"
                                          : NULL;
    int is_project = job->action == CIV_JOB_SYNC && job->project_id[0];

    if (!why) {
        return job->state == CIV_JOB_QUEUED && job->not_before <= civ_timestamp_now()
                   ? "No worker has taken the job up yet; Location tells how it is"
                   : "The job is not over yet; Location tells how it is";
    }
    return apr_pstrcat(call->r->pool, why, ": the job waits for one that uses the same database",
                       is_project ? ", or for civarcosctl sync-once" : "", "; Location tells how it is",
                       NULL);
}

/* How long, in microseconds; and which preference that honours. */
static apr_interval_time_t patience(civ_call_t *call)
{
    request_rec *r = call->r;
    apr_interval_time_t usual = call->server->values.sync_wait;
    civ_prefer_t prefer;

    civ_prefer_read(&prefer, apr_table_get(r->headers_in, "Prefer"));
    apr_table_mergen(r->headers_out, "Vary", "Prefer");
    if (usual == 0 || (prefer.wait < 0 && !prefer.respond_async)) {
        return usual;
    }
    /* Both together: "answer within so many seconds, else at once that it will take longer" (RFC 7240, 4.3). */
    if (prefer.wait >= 0) {
        apr_table_setn(
            r->headers_out, "Preference-Applied",
            apr_psprintf(r->pool, "%swait=%d", prefer.respond_async ? "respond-async, " : "", prefer.wait));
        return apr_time_from_sec(prefer.wait);
    }
    apr_table_setn(r->headers_out, "Preference-Applied", "respond-async");
    return 0;
}

/* The first job that is not over; the count where all are. */
static int find_unfinished(const civ_job_t *jobs, int count, int from)
{
    while (from < count && civ_sync_is_over(&jobs[from])) {
        from++;
    }
    return from;
}

/* Whether there is no point in waiting: it is known when the job goes on, and that is later. */
static int is_put_off(const civ_job_t *job, apr_interval_time_t left)
{
    return job->state == CIV_JOB_QUEUED && job->not_before > civ_timestamp_now() + left / 1000;
}

static void look_until(civ_call_t *call, civ_job_t *jobs, int count, apr_time_t until)
{
    const civ_engine_t *engine = civ_node_engine(call->node);
    apr_interval_time_t pause = LOOK_FIRST;
    int at = find_unfinished(jobs, count, 0);
    apr_pool_t *look;

    apr_pool_create(&look, call->r->pool);
    while (at < count) {
        apr_time_t now = civ_timestamp_steady();
        civ_job_t seen;

        if (now >= until || is_put_off(&jobs[at], until - now) || is_ending(call) ||
            civ_request_is_abandoned(call)) {
            break;
        }
        apr_sleep(pause < until - now ? pause : until - now);
        pause = pause * 2 < LOOK_LAST ? pause * 2 : LOOK_LAST;
        apr_pool_clear(look);
        if (civ_job_get(engine, jobs[at].number, &seen, look) != APR_SUCCESS) {
            break;
        }
        jobs[at].state = seen.state;
        jobs[at].not_before = seen.not_before;
        at = find_unfinished(jobs, count, at);
    }
    apr_pool_destroy(look);
}

int civ_sync_wait(civ_call_t *call, civ_job_t *jobs, int count)
{
    apr_interval_time_t wait = patience(call);
    int unfinished = 0;
    int i;

    if (find_unfinished(jobs, count, 0) < count && wait > 0 && !is_off(call) && has_worker(call) && enter()) {
        look_until(call, jobs, count, civ_timestamp_steady() + wait);
        leave();
    }
    for (i = 0; i < count; i++) {
        /* As they are now, whole. One that cannot be read stays as it was. */
        civ_job_t now;

        if (civ_job_get(civ_node_engine(call->node), jobs[i].number, &now, call->r->pool) == APR_SUCCESS) {
            jobs[i] = now;
        }
        unfinished += !civ_sync_is_over(&jobs[i]);
    }
    return unfinished;
}
