/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runner.c
 * Doing a job.
 */
#include "sync/runner.h"

#include <apr_strings.h>
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "sync/connectors.h"
#include "sync/fields.h"
#include "sync/probe.h"
#include "sync/push.h"

/** How often a lease is renewed that no commit renews, and a sign of life given; microseconds. */
#define RENEWAL apr_time_from_sec(20)

/** How long progress may go untold where the next page, with whose commit it is told, takes its time; microseconds. */
#define TELLING apr_time_from_sec(2)

/** How often it is looked whether a job was cancelled. */
#define LOOK apr_time_from_sec(2)

/** Jobs that are over are remembered for 90 days. */
#define KEEP APR_INT64_C(7776000000)

enum { SQL_BEAT, SQL_SEEN, SQL_SILENT, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_BEAT] = {"sync_worker_beat", "INSERT INTO civ_sync_workers (worker, seen) VALUES (%s, %lld) "
                                      "ON CONFLICT (worker) DO UPDATE SET seen = excluded.seen"},
    [SQL_SEEN] = {"sync_workers_seen", "SELECT COALESCE(MAX(seen), 0) FROM civ_sync_workers"},
    [SQL_SILENT] = {"sync_workers_silent", "DELETE FROM civ_sync_workers WHERE seen < %lld"},
};
const civ_statement_set_t civ_runner_statements = {sql, SQL_COUNT};

/** A job at work. */
typedef struct work_t {
    const civ_runner_t *runner;
    civ_job_t job;
    civ_http_t *http;
    apr_pool_t *pool; /**< of renewals */
    apr_time_t renewed, looked, beaten;
    int is_cancelled;
    int is_lost;
    int is_untold;               /**< there is progress that the job's row does not have */
    char fault[CIV_REASON_SIZE]; /**< why a request is being repeated: see civ_job_t */
} work_t;

static const civ_connector_t *find_connector(const civ_runner_t *runner, const char *platform)
{
    const civ_connector_t *const *connector;

    for (connector = runner->connectors; connector != NULL && *connector != NULL; connector++)
        if (strcmp((*connector)->platform, platform) == 0)
            return *connector;
    return NULL;
}

/* --- a sign of life --- */

static apr_status_t apply_beat(void *baton, civ_change_t *change)
{
    const civ_runner_t *runner = baton;
    const civ_argument_t beat[] = {civ_text(runner->worker), civ_int(change->now)};
    const civ_argument_t silent = civ_int(change->now - 10 * CIV_WORKER_SILENCE);
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_BEAT], beat, 2, NULL);

    return status == APR_SUCCESS ? civ_db_execute(change->db, &sql[SQL_SILENT], &silent, 1, NULL) : status;
}

static apr_status_t beat(const civ_runner_t *runner, apr_pool_t *pool)
{
    civ_problem_t problem;

    return civ_change_run(&runner->engine->transactor, apply_beat, (void *)runner, &problem, pool);
}

/* --- what the engine and the client ask --- */

static void renew(work_t *work)
{
    civ_problem_t problem;
    apr_status_t status;

    apr_pool_clear(work->pool);
    status = civ_job_renew(work->runner->engine, &work->job, &work->is_cancelled, &problem, work->pool);
    if (status == CIV_ECONFLICT)
        work->is_lost = 1;
    work->is_untold = 0;
    work->renewed = civ_timestamp_steady();
}

/* A read: cheaper than renewing. */
static void look(work_t *work)
{
    civ_job_t now;

    apr_pool_clear(work->pool);
    if (civ_job_get(work->runner->engine, work->job.number, &now, work->pool) == APR_SUCCESS) {
        work->is_cancelled = now.is_cancelled;
        work->is_lost = work->is_lost || now.lease != work->job.lease;
    }
    work->looked = civ_timestamp_steady();
}

static int interrupted(void *baton)
{
    work_t *work = baton;
    const civ_runner_t *runner = work->runner;

    if (runner->stopping != NULL && runner->stopping(runner->baton))
        return 1;
    if (civ_timestamp_steady() - work->renewed >= (work->is_untold ? TELLING : RENEWAL))
        renew(work);
    if (!runner->is_guest && civ_timestamp_steady() - work->beaten >= RENEWAL) {
        apr_pool_clear(work->pool);
        beat(runner, work->pool);
        work->beaten = civ_timestamp_steady();
    }
    if (civ_timestamp_steady() - work->looked >= LOOK)
        look(work);
    return work->is_cancelled || work->is_lost;
}

static void tell(const work_t *work)
{
    if (work->runner->progress != NULL)
        work->runner->progress(work->runner->baton, &work->job);
}

/* A request was in vain and is repeated, which may take a quarter of an hour. It is told with the next renewal, or at once where that is
 * far off. */
static void note_fault(work_t *work, const char *fault, apr_int64_t milliseconds)
{
    civ_sync_reason(work->fault, fault);
    work->job.fault = work->fault;
    work->job.faulted = civ_timestamp_now();
    work->is_untold = 1;
    if (milliseconds >= apr_time_as_msec(TELLING))
        renew(work);
    tell(work);
}

static void forget_fault(work_t *work)
{
    work->job.fault = "";
    work->job.faulted = 0;
}

static void waiting(void *baton, civ_http_wait_e why, apr_int64_t milliseconds, const char *fault)
{
    work_t *work = baton;

    if (fault != NULL)
        note_fault(work, fault, milliseconds);
    /* Short ones are nobody's business. */
    if (why != CIV_HTTP_WAIT_LIMIT || (milliseconds > 0 && milliseconds < 2000))
        return;
    if (milliseconds > 0)
        work->job.wait_until = civ_timestamp_now() + milliseconds;
    else if (work->job.wait_until != 0)
        work->job.wait_until = 0;
    else
        return;
    work->job.moved = civ_timestamp_now();
    renew(work);
    tell(work);
}

static void progress(void *baton, const civ_sync_report_t *report)
{
    work_t *work = baton;

    /* An answer was as it should be: whatever was repeated has succeeded. */
    if (report->pages > work->job.pages)
        forget_fault(work);
    /* Written with the next transaction of the run, if that is soon. */
    work->job.pages = report->pages;
    work->job.items = report->seen;
    work->job.run = report->number;
    work->job.remaining = report->remaining_items;
    work->job.moved = civ_timestamp_now();
    work->is_untold = 1;
    work->renewed = civ_timestamp_steady();
    tell(work);
}

static apr_status_t fence(void *baton, civ_change_t *change)
{
    const work_t *work = baton;

    return civ_job_hold(change, &work->job);
}

static apr_status_t send_request(void *baton, const civ_http_request_t *request, civ_http_answer_t *answer,
                                 apr_pool_t *pool)
{
    return civ_http_send(((work_t *)baton)->http, request, answer, pool);
}

static civ_http_counts_t counts(void *baton)
{
    return civ_http_counts(((work_t *)baton)->http);
}

static apr_status_t pause_for(void *baton, apr_int64_t milliseconds)
{
    apr_time_t until = civ_timestamp_steady() + milliseconds * 1000;

    while (civ_timestamp_steady() < until) {
        if (interrupted(baton))
            return CIV_EINTERRUPTED;
        apr_sleep(CIV_CLOCK_SLICE * 1000);
    }
    return APR_SUCCESS;
}

/* --- the client --- */

static const char *const *lines_of(const apr_array_header_t *headers, int are_secret, apr_pool_t *pool)
{
    const civ_connector_header_t *header = (const civ_connector_header_t *)headers->elts;
    const char **lines = apr_pcalloc(pool, ((apr_size_t)headers->nelts + 1) * sizeof(*lines));
    int i;

    for (i = 0; i < headers->nelts; i++) {
        apr_size_t length = strlen(header[i].name) + strlen(header[i].value) + 3;
        char *line = are_secret ? civ_secret_alloc(length, pool) : apr_palloc(pool, length);

        apr_snprintf(line, length, "%s: %s", header[i].name, header[i].value);
        lines[i] = line;
    }
    return lines;
}

/* A name for the credential by which the limiter tells it from the one before it: the platform, and a digest of what is sent. */
static const char *credential_name(const char *platform, const char *const *secrets, apr_pool_t *pool)
{
    civ_digest_t digest, before;

    memset(&digest, 0, sizeof(digest));
    for (; *secrets != NULL; secrets++) {
        before = digest;
        civ_digest_sha256_two(&digest, &before, sizeof(before), *secrets, strlen(*secrets));
    }
    return apr_pstrcat(pool, platform, ":", civ_digest_hex_dup(&digest, pool), NULL);
}

static apr_status_t make_client(work_t *work, const civ_connector_access_t *access, const civ_json_t *config,
                                const char **error, apr_pool_t *pool)
{
    civ_http_config_t client;

    memset(&client, 0, sizeof(client));
    client.base = access->base;
    client.also = access->further_bases;
    client.headers = lines_of(access->headers, 0, pool);
    client.secrets = lines_of(access->secret_headers, 1, pool);
    client.proxy = civ_field_text(config, "proxy");
    client.ca_file = civ_field_text(config, "ca_file");
    client.credential = credential_name(work->job.platform, client.secrets, pool);
    client.egress = work->runner->egress;
    client.limiter = work->runner->limiter;
    client.interrupted = interrupted;
    client.waiting = waiting;
    client.baton = work;
    client.log = work->runner->log;
    return civ_http_create(&work->http, &client, error, pool);
}

/* --- the job --- */

static const char *host_of(const char *url, apr_pool_t *pool)
{
    const char *host = strstr(url, "://");

    host = host != NULL ? host + 3 : url;
    return apr_pstrndup(pool, host, strcspn(host, "/?"));
}

static int is_test(const work_t *work)
{
    return work->job.action == CIV_JOB_SYNC && work->job.project_id[0] == '\0';
}

/* Whether the rules that a guest was given let it go there. Those of the server may, so it says nothing of the connector. */
static int may_go(const work_t *work, const char *base, const char *proxy, const char **reason,
                  apr_pool_t *pool)
{
    civ_address_t addresses[CIV_EGRESS_ADDRESSES];
    apr_status_t status;
    civ_url_t url;
    int count;

    if (!work->runner->is_guest || base == NULL || civ_url_parse(&url, base, reason, pool) != APR_SUCCESS)
        return 1;
    status = proxy != NULL ? civ_egress_check(work->runner->egress, &url, reason, pool)
                           : civ_egress_resolve(work->runner->egress, &url, addresses, &count, interrupted,
                                                (void *)work, reason, pool);
    if (status != CIV_EINVALID)
        return 1; /* whatever else is wrong comes up when it is used */
    *reason = apr_psprintf(pool, "the base URL %s; here: --egress-allow HOST", *reason);
    return 0;
}

/* Everything that can be wrong before anything is asked of the platform. */
static apr_status_t prepare(work_t *work, civ_engine_run_t *run, const char **reason, apr_pool_t *pool)
{
    const civ_runner_t *runner = work->runner;
    const civ_connector_t *connector = find_connector(runner, work->job.platform);
    civ_connector_access_t access;
    const civ_json_t *config;
    civ_problem_t problem;
    apr_status_t status;

    memset(&problem, 0, sizeof(problem));
    memset(&access, 0, sizeof(access));
    *reason = "There is no such platform";
    if (connector == NULL)
        return CIV_EINVALID;
    status = civ_connector_open(runner->engine, work->job.platform, &config, &run->settings, &problem, pool);
    *reason = status == APR_NOTFOUND ? "This platform is not configured" : problem.detail;
    if (status != APR_SUCCESS)
        return status;
    access.headers = apr_array_make(pool, 4, sizeof(civ_connector_header_t));
    access.secret_headers = apr_array_make(pool, 2, sizeof(civ_connector_header_t));
    status = connector->prepare(&access, config, &problem, pool);
    if (status == APR_SUCCESS && connector->check_project != NULL && !is_test(work))
        status = connector->check_project(work->job.project_id, &problem, pool);
    *reason = problem.detail;
    if (status == APR_SUCCESS && !may_go(work, access.base, civ_field_text(config, "proxy"), reason, pool))
        return APR_EACCES;
    if (status == APR_SUCCESS)
        status = make_client(work, &access, config, reason, pool);
    run->connector = connector;
    run->base = access.base;
    run->further_bases = access.further_bases;
    run->instance = access.base != NULL ? host_of(access.base, pool) : "";
    return status;
}

/* What a run's outcome makes of the connector, and of the job. */
static const struct {
    const char *connector;
    civ_job_state_e job;
} consequences[] = {
    [CIV_SYNC_RUNNING] = {NULL, CIV_JOB_QUEUED},
    [CIV_SYNC_OK] = {CIV_CONNECTOR_READY, CIV_JOB_SUCCEEDED},
    [CIV_SYNC_DEGRADED] = {CIV_CONNECTOR_DEGRADED, CIV_JOB_PARTIAL},
    [CIV_SYNC_PARTIAL] = {CIV_CONNECTOR_THROTTLED, CIV_JOB_QUEUED},
    [CIV_SYNC_INTERRUPTED] = {NULL, CIV_JOB_QUEUED},
    [CIV_SYNC_AUTH_FAILED] = {CIV_CONNECTOR_AUTH_FAILED, CIV_JOB_FAILED},
    [CIV_SYNC_FAILED] = {CIV_CONNECTOR_FAILED, CIV_JOB_FAILED},
};

static apr_status_t give_back(work_t *work, const civ_sync_report_t *report, apr_pool_t *pool)
{
    const civ_runner_t *runner = work->runner;
    civ_job_state_e state = consequences[report->outcome].job;
    const char *connector = consequences[report->outcome].connector;
    apr_int64_t not_before = 0;
    civ_problem_t problem;
    apr_status_t status = APR_SUCCESS;

    if (work->is_lost)
        return APR_SUCCESS; /* somebody else has it */
    if (report->outcome == CIV_SYNC_INTERRUPTED && work->is_cancelled)
        state = CIV_JOB_CANCELLED;
    if (report->outcome == CIV_SYNC_PARTIAL)
        not_before = report->retry_at > 0 ? report->retry_at : civ_timestamp_now() + 60000;
    if (connector != NULL)
        status = civ_connector_note(runner->engine, work->job.platform, connector, report->reason,
                                    report->outcome <= CIV_SYNC_DEGRADED, &problem, pool);
    if (status == APR_SUCCESS)
        status = civ_job_end(runner->engine, &work->job, state, not_before, report->reason, &problem, pool);
    return status;
}

/* The reason is the connector's as well: where its status is looked at, it has to be seen. Unless it is our own: what we were
 * not allowed. */
static apr_status_t refuse(work_t *work, const char *reason, int is_own_fault, apr_pool_t *pool)
{
    civ_problem_t problem;
    apr_status_t status = APR_SUCCESS;

    /* Who has a guest do a job sees the reason there. */
    if (!work->runner->is_guest)
        civ_log_write(work->runner->log, CIV_LOG_WARNING, APR_SUCCESS,
                      "CIV0721: job %" APR_INT64_T_FMT " (%s%s%s) cannot be done: %s", work->job.number,
                      work->job.platform, is_test(work) ? ", " : " ",
                      is_test(work) ? "test of the connection" : work->job.project_id, reason);
    if (!is_own_fault)
        status = civ_connector_note(work->runner->engine, work->job.platform, CIV_CONNECTOR_FAILED, reason, 0,
                                    &problem, pool);
    return status == APR_SUCCESS
               ? civ_job_end(work->runner->engine, &work->job, CIV_JOB_FAILED, 0, reason, &problem, pool)
               : status;
}

/* In the log, for nobody may look at the job. What the platform has said besides is there alone. */
static void warn_of_failure(const work_t *work, civ_job_state_e state, const civ_sync_report_t *report)
{
    if (state != CIV_JOB_FAILED)
        return;
    if (is_test(work))
        civ_log_write(work->runner->log, CIV_LOG_WARNING, APR_SUCCESS,
                      "CIV0724: the test of the connection to %s has failed (job %" APR_INT64_T_FMT "): %s",
                      work->job.platform, work->job.number, report->reason);
    else
        civ_log_write(work->runner->log, CIV_LOG_WARNING, APR_SUCCESS,
                      "CIV0723: a status of %s %s could not be set (job %" APR_INT64_T_FMT "): %s",
                      work->job.platform, work->job.project_id, work->job.number, report->reason);
}

/* What a test shows of the credentials ends the rest that they had been put to; of a project's state it says nothing. */
static apr_status_t end_test(work_t *work, const civ_sync_report_t *report, apr_pool_t *pool)
{
    const civ_engine_t *engine = work->runner->engine;
    const char *state = consequences[report->outcome].connector;
    civ_job_state_e job = consequences[report->outcome].job;
    civ_connector_row_t row;
    civ_problem_t problem;
    apr_status_t status = civ_connector_get(engine, work->job.platform, &row, pool);

    if (work->is_lost)
        return APR_SUCCESS;
    if (report->outcome == CIV_SYNC_INTERRUPTED && work->is_cancelled)
        job = CIV_JOB_CANCELLED;
    if (report->outcome == CIV_SYNC_PARTIAL)
        job = CIV_JOB_FAILED;
    warn_of_failure(work, job, report);
    if (status == APR_SUCCESS && state != NULL &&
        !(report->outcome == CIV_SYNC_OK && strcmp(row.state, CIV_CONNECTOR_DEGRADED) == 0))
        status = civ_connector_note(engine, work->job.platform, state, report->reason, 0, &problem, pool);
    if (status != APR_SUCCESS && status != APR_NOTFOUND)
        return status;
    return civ_job_end(engine, &work->job, job, 0, report->reason, &problem, pool);
}

/* Of the connector it says something only where the credentials are refused: to set a status takes more than to read. */
static apr_status_t end_push(work_t *work, const civ_sync_report_t *report, const char *reason,
                             apr_pool_t *pool)
{
    const civ_engine_t *engine = work->runner->engine;
    civ_job_state_e state = consequences[report->outcome].job;
    apr_int64_t not_before = 0;
    civ_problem_t problem;
    apr_status_t status = APR_SUCCESS;

    if (work->is_lost)
        return APR_SUCCESS;
    if (work->is_cancelled && state == CIV_JOB_QUEUED)
        state = CIV_JOB_CANCELLED;
    else if (report->outcome == CIV_SYNC_PARTIAL)
        not_before = report->retry_at > 0 ? report->retry_at : civ_timestamp_now() + 60000;
    warn_of_failure(work, state, report);
    if (report->outcome == CIV_SYNC_AUTH_FAILED)
        status = civ_connector_note(engine, work->job.platform, CIV_CONNECTOR_AUTH_FAILED, report->reason, 0,
                                    &problem, pool);
    return status == APR_SUCCESS ? civ_push_end(engine, &work->job, state, not_before, reason, &problem, pool)
                                 : status;
}

static apr_status_t do_job(work_t *work, apr_pool_t *pool)
{
    const civ_runner_t *runner = work->runner;
    civ_engine_run_t run;
    civ_sync_report_t *report = apr_pcalloc(pool, sizeof(*report));
    civ_problem_t problem;
    const char *reason = NULL;
    apr_status_t status;

    memset(&run, 0, sizeof(run));
    status = prepare(work, &run, &reason, pool);
    if (status != APR_SUCCESS)
        return refuse(work, reason != NULL ? reason : "It cannot be prepared", status == APR_EACCES, pool);
    if (is_test(work)) {
        civ_probe(&run, work->http, report, pool);
        return end_test(work, report, pool);
    }
    if (work->job.action == CIV_JOB_PUSH) {
        run.project_id = work->job.project_id;
        civ_push(runner->engine, &run, &work->job, work->http, report, &reason, pool);
        return end_push(work, report, reason, pool);
    }
    if (runner->engine->timeline.store == NULL)
        return refuse(work, "There is nowhere to store what is found", 0, pool);
    run.project_id = work->job.project_id;
    run.since = work->job.since;
    run.backfill_days = runner->backfill_days;
    run.lookback_days = runner->lookback_days;
    run.fetch.baton = work;
    run.fetch.send = send_request;
    run.fetch.counts = counts;
    run.fetch.pause = pause_for;
    run.interrupted = interrupted;
    run.progress = progress;
    run.fence = fence;
    run.baton = work;
    status = civ_engine_run(runner->engine, &run, report, &problem, pool);
    if (status == CIV_ECONFLICT) {
        civ_log_write(runner->log, CIV_LOG_WARNING, APR_SUCCESS,
                      "CIV0722: job %" APR_INT64_T_FMT " was taken over by another worker", work->job.number);
        return APR_SUCCESS;
    }
    return status == APR_SUCCESS ? give_back(work, report, pool) : status;
}

apr_status_t civ_runner_do(const civ_runner_t *runner, const civ_job_t *job, apr_pool_t *pool)
{
    work_t work;

    memset(&work, 0, sizeof(work));
    work.runner = runner;
    work.job = *job;
    apr_pool_create(&work.pool, pool);
    work.renewed = work.looked = work.beaten = civ_timestamp_steady();
    return do_job(&work, pool);
}

apr_status_t civ_runner_claim(const civ_runner_t *runner, civ_job_t *job, apr_pool_t *pool)
{
    const civ_job_claimer_t claimer = {runner->worker, runner->process, runner->platform_most,
                                       runner->takes_only_short};
    civ_problem_t problem;

    return civ_job_claim_by(runner->engine, &claimer, job, &problem, pool);
}

/* --- between jobs --- */

apr_status_t civ_runner_tend(const civ_runner_t *runner, apr_pool_t *pool)
{
    civ_problem_t problem;
    int count;
    apr_status_t status = beat(runner, pool);

    if (status == APR_SUCCESS)
        status = civ_jobs_forget(runner->engine, KEEP, &count, &problem, pool);
    return status;
}

apr_status_t civ_workers_seen(const civ_engine_t *engine, apr_int64_t *seen, apr_pool_t *pool)
{
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    *seen = 0;
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[SQL_SEEN], NULL, 0, &rows, pool);
    civ_store_release(engine->store, db);
    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        status = civ_rows_int(rows, 0, seen);
    return status;
}
