/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Asking for synchronisation, and what becomes of it.
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "sync.h"

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/schedules.h"

#include <apr_strings.h>

#include <string.h>

/* --- one project --- */

/* An instant, in milliseconds; @a since stays 0 where it is absent. */
static int read_since(civ_call_t *call, apr_int64_t *since)
{
    const civ_json_t *member = civ_json_get(call->body, "since");
    const char *text = civ_json_get_text(call->body, "since");

    *since = 0;
    if (!member || member->type == CIV_JSON_NULL) {
        return OK;
    }
    if (!text || civ_timestamp_parse(since, text) != APR_SUCCESS || *since > civ_timestamp_now()) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/since", call->r->pool,
                           "since is an RFC 3339 time or a date that is not in the future.");
        return CIV_FAULTED;
    }
    *since = *since > 0 ? *since : 1;
    return OK;
}

static int read_wish(civ_call_t *call, civ_job_wish_t *wish)
{
    const civ_platform_t *platform;

    if (civ_sync_platform(call, civ_json_get_text(call->body, "platform"), "/platform", &platform) != OK ||
        civ_sync_read_project(call, platform, &wish->project_id) != OK ||
        read_since(call, &wish->since) != OK || civ_sync_need_connector(call, platform, "/platform") != OK) {
        return CIV_FAULTED;
    }
    wish->platform = platform->name;
    return OK;
}

int civ_api_sync_source(civ_call_t *call)
{
    civ_job_wish_t wish = {NULL, NULL, 0, NULL};
    civ_job_t job;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (read_wish(call, &wish) != OK || civ_sync_ask(call, &wish, &job) != OK) {
        return CIV_FAULTED;
    }
    if (civ_sync_wait(call, &job, 1) > 0) {
        return civ_sync_reply_accepted(call, &job);
    }
    civ_sync_begin(call, &writer, &body, civ_sync_has_succeeded(&job));
    civ_json_name(&writer, "sync_status");
    civ_json_begin_object(&writer);
    if (civ_sync_write_status(call, &writer, &job) != OK) {
        return CIV_FAULTED;
    }
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_test(civ_call_t *call)
{
    civ_job_wish_t wish = {NULL, "", 0, NULL};
    const civ_platform_t *platform;
    civ_overview_t overview;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    civ_job_t job;

    if (civ_sync_path_platform(call, &platform) != OK || civ_sync_need_connector(call, platform, "") != OK) {
        return CIV_FAULTED;
    }
    wish.platform = platform->name;
    if (civ_sync_ask(call, &wish, &job) != OK) {
        return CIV_FAULTED;
    }
    if (civ_sync_wait(call, &job, 1) > 0) {
        return civ_sync_reply_accepted(call, &job);
    }
    if (civ_sync_overview_of(call, platform, &overview) != OK) {
        return CIV_FAULTED;
    }
    civ_sync_begin(call, &writer, &body, civ_sync_has_succeeded(&job));
    civ_json_name(&writer, "connector");
    civ_sync_write_connector(&writer, &overview);
    civ_json_name(&writer, "job");
    civ_sync_write_job(&writer, &job, NULL);
    civ_json_member_text(&writer, "message",
                         civ_sync_has_succeeded(&job) ? "The platform takes the credentials"
                         : job.reason[0]              ? job.reason
                                                      : "The connection was not tested");
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* --- many projects --- */

/** What is wanted of a request for many projects. */
typedef struct wishes_t {
    civ_job_wish_t *wishes;
    int count;
} wishes_t;

static int add_wish(civ_call_t *call, wishes_t *wishes, const civ_platform_t *platform,
                    const civ_json_t *project, const char *pointer)
{
    const char *text = project->as.text.text;

    if (wishes->count == CIV_SYNC_JOBS_MOST) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_LIMIT_EXCEEDED, "/project_config", call->r->pool,
                           "A request has at most %d projects.", CIV_SYNC_JOBS_MOST);
        return CIV_FAULTED;
    }
    if (project->type != CIV_JSON_STRING || strlen(text) != project->as.text.length ||
        civ_platform_check_project(platform, text, &call->problem, call->r->pool) != APR_SUCCESS) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, pointer, call->r->pool,
                           "This cannot be a project of %s.", platform->title);
        return CIV_FAULTED;
    }
    wishes->wishes[wishes->count].platform = platform->name;
    wishes->wishes[wishes->count].project_id = text;
    wishes->wishes[wishes->count++].since = 0;
    return OK;
}

/* "jenkins": "a", or "jenkins": ["a", "b"] */
static int add_wishes(civ_call_t *call, wishes_t *wishes, const civ_json_member_t *member)
{
    const char *pointer = civ_json_pointer_join("/project_config", member->name, call->r->pool);
    const civ_platform_t *platform;
    int result = civ_sync_platform(call, member->name, pointer, &platform);
    apr_size_t i;

    if (result == OK) {
        result = civ_sync_need_connector(call, platform, pointer);
    }
    if (result == OK && member->value.type != CIV_JSON_ARRAY) {
        return add_wish(call, wishes, platform, &member->value, pointer);
    }
    for (i = 0; result == OK && i < member->value.as.array.count; i++) {
        result = add_wish(call, wishes, platform, &member->value.as.array.items[i],
                          civ_json_pointer_index(pointer, i, call->r->pool));
    }
    return result;
}

/* Every scheduled project whose platform is configured. */
static int add_scheduled(civ_call_t *call, wishes_t *wishes)
{
    const civ_engine_t *engine = civ_node_engine(call->node);
    civ_schedule_t *schedules = apr_palloc(call->r->pool, (CIV_SYNC_JOBS_MOST + 1) * sizeof(*schedules));
    int count;
    int i;
    apr_status_t status =
        civ_schedules_list(engine, 0, CIV_SYNC_JOBS_MOST + 1, schedules, &count, call->r->pool);

    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    if (count > CIV_SYNC_JOBS_MOST) {
        return civ_request_fault(call, CIV_PROBLEM_LIMIT_EXCEEDED,
                                 "There are more schedules than one request may ask for.");
    }
    for (i = 0; i < count; i++) {
        civ_connector_row_t row;

        if (civ_connector_get(engine, schedules[i].platform, &row, call->r->pool) == APR_SUCCESS) {
            wishes->wishes[wishes->count].platform = schedules[i].platform;
            wishes->wishes[wishes->count].project_id = schedules[i].project_id;
            wishes->wishes[wishes->count++].since = 0;
        }
    }
    return OK;
}

static int read_wishes(civ_call_t *call, wishes_t *wishes)
{
    const civ_json_t *config = civ_json_get(call->body, "project_config");
    apr_size_t i;
    int result = OK;

    wishes->wishes = apr_pcalloc(call->r->pool, CIV_SYNC_JOBS_MOST * sizeof(*wishes->wishes));
    wishes->count = 0;
    if (config && config->type != CIV_JSON_OBJECT) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/project_config", call->r->pool,
                           "project_config is an object of platforms.");
        return CIV_FAULTED;
    }
    if (!config || config->as.object.count == 0) {
        return add_scheduled(call, wishes);
    }
    for (i = 0; result == OK && i < config->as.object.count; i++) {
        result = add_wishes(call, wishes, &config->as.object.members[i]);
    }
    return result;
}

static int reply_all(civ_call_t *call, const civ_job_t *jobs, int count, int is_over)
{
    civ_reply_t reply = {.status = is_over ? HTTP_OK : HTTP_ACCEPTED};
    civ_json_writer_t writer;
    civ_buffer_t body;
    int success = 1;
    int i;

    for (i = 0; i < count && is_over; i++) {
        success = success && civ_sync_has_succeeded(&jobs[i]);
    }
    civ_sync_begin(call, &writer, &body, success);
    civ_json_name(&writer, is_over ? "sync_statuses" : "jobs");
    civ_json_begin_array(&writer);
    for (i = 0; i < count; i++) {
        if (is_over) {
            civ_json_begin_object(&writer);
            if (civ_sync_write_status(call, &writer, &jobs[i]) != OK) {
                return CIV_FAULTED;
            }
            civ_json_end_object(&writer);
        } else {
            civ_sync_write_job(&writer, &jobs[i], NULL);
        }
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "total", count);
    if (!is_over) {
        int at = 0;

        while (at < count - 1 && civ_sync_is_over(&jobs[at])) {
            at++;
        }
        civ_json_member_text(&writer, "message", civ_sync_explain(call, &jobs[at]));
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_all(civ_call_t *call)
{
    wishes_t wishes;
    civ_job_t *jobs;
    int total, unfinished;

    if (read_wishes(call, &wishes) != OK ||
        civ_sync_ask_all(call, wishes.wishes, wishes.count, &jobs, &total) != OK) {
        return CIV_FAULTED;
    }
    unfinished = civ_sync_wait(call, jobs, total);
    if (unfinished > 0) {
        civ_reply_location(call, "/sync/jobs");
    }
    return reply_all(call, jobs, total, unfinished == 0);
}

/* --- jobs --- */

int civ_api_sync_jobs(civ_call_t *call)
{
    apr_uint64_t before = 0;
    civ_job_t *jobs;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    apr_status_t status;
    int limit, count, i;

    if (civ_paging_limit(call, &limit) != OK || civ_paging_cursor(call, &before) != OK) {
        return CIV_FAULTED;
    }
    if (before > APR_INT64_MAX) {
        return civ_request_bad_parameter(call, "cursor", "This is no cursor that an answer has given.");
    }
    jobs = apr_palloc(call->r->pool, ((apr_size_t)limit + 1) * sizeof(*jobs));
    status = civ_jobs_list(civ_node_engine(call->node), (apr_int64_t)before, limit + 1, jobs, &count,
                           call->r->pool);
    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    civ_sync_begin(call, &writer, &body, 1);
    civ_json_name(&writer, "jobs");
    civ_json_begin_array(&writer);
    for (i = 0; i < count && i < limit; i++) {
        civ_sync_write_job(&writer, &jobs[i], NULL);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", i);
    if (count > limit) {
        civ_paging_next(call, &writer, (apr_uint64_t)jobs[limit - 1].number);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* The number in the path. */
static int read_number(civ_call_t *call, apr_int64_t *number)
{
    const char *text = civ_request_segment(call, 0);
    apr_size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits] || text[0] == '0') {
        return civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no such job.");
    }
    *number = apr_atoi64(text);
    return OK;
}

int civ_api_sync_job(civ_call_t *call)
{
    const civ_engine_t *engine = civ_node_engine(call->node);
    const char *report = NULL;
    apr_int64_t number;
    civ_job_t job;
    apr_status_t status;

    if (read_number(call, &number) != OK) {
        return CIV_FAULTED;
    }
    status = civ_job_get(engine, number, &job, call->r->pool);
    if (APR_STATUS_IS_NOTFOUND(status)) {
        return civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no such job.");
    }
    if (status == APR_SUCCESS) {
        status = civ_job_report(engine, &job, &report, call->r->pool);
    }
    return status == APR_SUCCESS ? civ_sync_reply_job(call, &job, report, 0, NULL)
                                 : civ_sync_fault(call, status);
}

int civ_api_sync_cancel(civ_call_t *call)
{
    apr_int64_t number;
    civ_job_t job;

    if (read_number(call, &number) != OK || civ_job_cancel(civ_node_engine(call->node), number, &job,
                                                           &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return civ_sync_reply_job(call, &job, NULL, 0,
                              job.state == CIV_JOB_RUNNING
                                  ? "The worker will give the job up at its next page"
                                  : "The job was cancelled");
}
