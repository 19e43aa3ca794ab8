/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sync.h"

#include "reply.h"

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/schedules.h"

#include <apr_strings.h>

#include <string.h>

/* --- writing --- */

void civ_sync_write_time(civ_json_writer_t *writer, const char *name, apr_int64_t milliseconds)
{
    char text[CIV_TIMESTAMP_SIZE];

    civ_json_member_text(writer, name, milliseconds > 0 ? civ_timestamp_format(text, milliseconds) : NULL);
}

static void write_number(civ_json_writer_t *writer, const char *name, apr_int64_t number)
{
    char text[24];

    apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT, number);
    civ_json_member_text(writer, name, text);
}

/* What is incomplete has succeeded as far as it went: "partial" tells the difference. */
static const char *state_word(const civ_job_t *job)
{
    return civ_job_state_name(job->state == CIV_JOB_PARTIAL ? CIV_JOB_SUCCEEDED : job->state);
}

static void write_known(civ_json_writer_t *writer, const char *name, apr_int64_t number)
{
    civ_json_name(writer, name);
    if (number >= 0) {
        civ_json_int(writer, number);
    } else {
        civ_json_null(writer);
    }
}

/* Of the list that is being read; what comes after it nobody knows. At the pace so far, waits included. */
static void write_estimate(civ_json_writer_t *writer, const civ_job_t *job)
{
    apr_int64_t remaining = job->state == CIV_JOB_RUNNING ? job->remaining : -1;
    apr_int64_t spent = civ_timestamp_now() - job->started;
    apr_int64_t seconds = -1;

    if (remaining >= 0 && remaining <= APR_INT32_MAX && job->items > 0 && spent >= 0 &&
        spent < CIV_SCHEDULE_LONGEST) {
        seconds = (remaining * spent / job->items + 999) / 1000;
    }
    write_known(writer, "items_remaining", remaining);
    write_known(writer, "seconds_remaining", seconds);
}

/* Why something is being repeated, and since when: null once it has succeeded. */
static void write_fault(civ_json_writer_t *writer, const civ_job_t *job)
{
    civ_json_name(writer, "last_fault");
    if (!job->fault[0]) {
        civ_json_null(writer);
        return;
    }
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "detail", job->fault);
    civ_sync_write_time(writer, "at", job->faulted);
    civ_json_end_object(writer);
}

void civ_sync_write_job(civ_json_writer_t *writer, const civ_job_t *job, const char *report)
{
    int is_test = job->action == CIV_JOB_SYNC && !job->project_id[0];

    civ_json_begin_object(writer);
    write_number(writer, "job_id", job->number);
    civ_json_member_text(writer, "action", job->action == CIV_JOB_PUSH ? "push" : is_test ? "test" : "sync");
    civ_json_member_text(writer, "platform", job->platform);
    civ_json_member_text(writer, "project_id", is_test ? NULL : job->project_id);
    civ_sync_write_time(writer, "since", job->since);
    civ_json_member_text(writer, "state", state_word(job));
    civ_json_member_bool(writer, "partial", job->state == CIV_JOB_PARTIAL);
    civ_json_member_text(writer, "reason", job->reason[0] ? job->reason : NULL);
    write_fault(writer, job);
    civ_json_member_bool(writer, "cancel_requested", job->is_cancelled);
    civ_sync_write_time(writer, "asked_at", job->asked);
    civ_sync_write_time(writer, "not_before", job->state == CIV_JOB_QUEUED ? job->not_before : 0);
    civ_sync_write_time(writer, "started_at", job->started);
    civ_sync_write_time(writer, "ended_at", job->ended);
    civ_json_name(writer, "progress");
    civ_json_begin_object(writer);
    civ_json_member_int(writer, "pages", job->pages);
    civ_json_member_int(writer, "items", job->items);
    civ_sync_write_time(writer, "waiting_until", job->wait_until);
    write_estimate(writer, job);
    civ_json_end_object(writer);
    if (report) {
        civ_json_name(writer, "report");
        civ_json_raw(writer, report, strlen(report));
    }
    civ_json_end_object(writer);
}

int civ_sync_write_status(civ_call_t *call, civ_json_writer_t *writer, const civ_job_t *job)
{
    int has_succeeded = civ_sync_has_succeeded(job);
    apr_int64_t stored;
    apr_status_t status = civ_job_stored(civ_node_engine(call->node), job, &stored, call->r->pool);

    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }

    civ_json_member_text(writer, "connector_name", job->platform);
    civ_json_member_text(writer, "project_id", job->project_id);
    write_number(writer, "job_id", job->number);
    civ_sync_write_time(writer, "last_sync", job->ended);
    civ_json_member_bool(writer, "success", has_succeeded);
    civ_json_member_bool(writer, "partial", job->state == CIV_JOB_PARTIAL);
    civ_json_member_text(writer, "state", state_word(job));
    civ_json_member_int(writer, "evidence_count", stored);
    civ_json_member_text(writer, "error_message",
                         job->reason[0]                    ? job->reason
                         : job->state == CIV_JOB_CANCELLED ? "The job was cancelled"
                                                           : NULL);
    return OK;
}

int civ_sync_is_connected(const civ_overview_t *overview)
{
    return overview->is_configured && !overview->is_untried &&
           strcmp(overview->row.state, CIV_CONNECTOR_AUTH_FAILED) != 0 &&
           strcmp(overview->row.state, CIV_CONNECTOR_FAILED) != 0;
}

/* That they are set, and no more. */
static void write_secrets(civ_json_writer_t *writer, const civ_overview_t *overview)
{
    const apr_array_header_t *secrets = overview->is_configured ? overview->row.secrets : NULL;
    int i;

    civ_json_name(writer, "secrets");
    civ_json_begin_array(writer);
    for (i = 0; secrets && i < secrets->nelts; i++) {
        civ_json_text(writer, APR_ARRAY_IDX(secrets, i, const char *));
    }
    civ_json_end_array(writer);
}

void civ_sync_write_connector(civ_json_writer_t *writer, const civ_overview_t *overview)
{
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "connector_name", overview->platform);
    if (overview->is_untried) {
        civ_json_name(writer, "connected");
        civ_json_null(writer);
    } else {
        civ_json_member_bool(writer, "connected", civ_sync_is_connected(overview));
    }
    civ_json_member_text(writer, "state", overview->state);
    civ_json_member_text(writer, "reason", overview->reason[0] ? overview->reason : NULL);
    civ_sync_write_time(writer, "since", overview->since);
    civ_sync_write_time(writer, "last_sync", overview->row.synced);
    civ_sync_write_time(writer, "next_attempt", overview->next);
    civ_sync_write_time(writer, "configured_at", overview->row.configured);
    civ_json_name(writer, "config");
    if (overview->is_configured) {
        civ_json_raw(writer, overview->row.settings, strlen(overview->row.settings));
    } else {
        civ_json_null(writer);
    }
    write_secrets(writer, overview);
    civ_json_name(writer, "jobs");
    civ_json_begin_object(writer);
    civ_json_member_int(writer, "running", overview->running);
    civ_json_member_int(writer, "waiting", overview->waiting);
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

/* --- asking --- */

int civ_sync_is_over(const civ_job_t *job)
{
    return job->state >= CIV_JOB_SUCCEEDED;
}

int civ_sync_has_succeeded(const civ_job_t *job)
{
    return job->state == CIV_JOB_SUCCEEDED || job->state == CIV_JOB_PARTIAL;
}

int civ_sync_fault(civ_call_t *call, apr_status_t status)
{
    if (call->problem.kind == CIV_PROBLEM_NONE) {
        civ_problem_set(&call->problem,
                        status == CIV_EDATABASE ? CIV_PROBLEM_INTERNAL : CIV_PROBLEM_UNAVAILABLE,
                        call->r->pool, "The database cannot be read at the moment.");
    }
    return CIV_FAULTED;
}

int civ_sync_platform(civ_call_t *call, const char *name, const char *pointer,
                      const civ_platform_t **platform)
{
    *platform = name ? civ_platform_find(name) : NULL;
    if (*platform) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, pointer, call->r->pool,
                       "A platform is one of %s.", civ_platform_names(call->r->pool));
    return CIV_FAULTED;
}

int civ_sync_need_connector(civ_call_t *call, const civ_platform_t *platform, const char *pointer)
{
    civ_connector_row_t row;
    apr_status_t status = civ_connector_get(civ_node_engine(call->node), platform->name, &row, call->r->pool);

    if (APR_STATUS_IS_NOTFOUND(status)) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_CONFLICT, pointer, call->r->pool,
                           "%s is not configured; POST sync/configure does that.", platform->title);
        return CIV_FAULTED;
    }
    return status == APR_SUCCESS ? OK : civ_sync_fault(call, status);
}

int civ_sync_path_platform(civ_call_t *call, const civ_platform_t **platform)
{
    *platform = civ_platform_find(civ_request_segment(call, 0));
    return *platform ? OK
                     : civ_request_fault(call, CIV_PROBLEM_NOT_FOUND,
                                         apr_pstrcat(call->r->pool, "A platform is one of ",
                                                     civ_platform_names(call->r->pool), ".", NULL));
}

int civ_sync_overview_of(civ_call_t *call, const civ_platform_t *platform, civ_overview_t *overview)
{
    civ_overview_t *all = apr_palloc(call->r->pool, (apr_size_t)civ_platform_count * sizeof(*all));
    apr_status_t status = civ_overview(civ_node_engine(call->node), all, call->r->pool);

    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    *overview = all[platform - civ_platforms];
    return OK;
}

/* --- jobs --- */

void civ_sync_begin(civ_call_t *call, civ_json_writer_t *writer, civ_buffer_t *body, int success)
{
    civ_buffer_init(body, 1024, call->r->pool);
    civ_json_writer_init(writer, body);
    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "success", success);
}

int civ_sync_reply_job(civ_call_t *call, const civ_job_t *job, const char *report, int status,
                       const char *message)
{
    civ_reply_t reply = {.status = status, .momentary = !civ_sync_is_over(job)};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_sync_begin(call, &writer, &body, 1);
    civ_json_name(&writer, "job");
    civ_sync_write_job(&writer, job, report);
    if (message) {
        civ_json_member_text(&writer, "message", message);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_sync_reply_accepted(civ_call_t *call, const civ_job_t *job)
{
    civ_reply_location(call,
                       apr_psprintf(call->r->pool, CIV_SYNC_JOB_PLACE "%" APR_INT64_T_FMT, job->number));
    return civ_sync_reply_job(call, job, NULL, HTTP_ACCEPTED, civ_sync_explain(call, job));
}

int civ_sync_read_project(civ_call_t *call, const civ_platform_t *platform, const char **project)
{
    *project = civ_json_get_text(call->body, "project_id");
    if (!*project) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/project_id", call->r->pool,
                           "A project is a text.");
        return CIV_FAULTED;
    }
    return civ_platform_check_project(platform, *project, &call->problem, call->r->pool) == APR_SUCCESS
               ? OK
               : CIV_FAULTED;
}

int civ_sync_ask_all(civ_call_t *call, const civ_job_wish_t *wishes, int count, civ_job_t **jobs, int *total)
{
    int repeated = 0;

    if (civ_jobs_ask(civ_node_engine(call->node), wishes, count, civ_request_retry(call), jobs, total,
                     &repeated, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_repeated(call, repeated);
    return OK;
}

int civ_sync_ask(civ_call_t *call, const civ_job_wish_t *wish, civ_job_t *job)
{
    civ_job_t *jobs;
    int total;

    if (civ_sync_ask_all(call, wish, 1, &jobs, &total) != OK) {
        return CIV_FAULTED;
    }
    if (total != 1) {
        return civ_sync_fault(call, CIV_EDATABASE);
    }
    *job = jobs[0];
    return OK;
}
