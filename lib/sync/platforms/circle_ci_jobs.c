/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_ci_jobs.c
 * The jobs of a workflow, approvals among them. A workflow that was run again from where it failed has the jobs that had passed
 * before once more, under their ids, so a job's id is its workflow's and its own.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/circle_ci_private.h"

static const civ_data_field_t job_fields[] = {
    {"approval_request_id", "approval_request_id"},
    {"approved_by", "approved_by"},
    {"canceled_by", "canceled_by"},
    {"created_at", "created_at"},
    {"dependencies", "dependencies"},
    {"id", "id"},
    {"job_number", "job_number"},
    {"name", "name"},
    {"project_slug", "project_slug"},
    {"started_at", "started_at"},
    {"status", "status"},
    {"stopped_at", "stopped_at"},
    {"type", "type"},
    {NULL, NULL},
};

typedef enum job_state_e {
    JOB_WAITS, /* it has not begun; in a workflow that is over, it never will */
    JOB_RUNS,
    JOB_ENDED
} job_state_e;

static job_state_e state_of(const civ_json_t *json)
{
    static const char *const waiting[] = {"blocked", "on_hold", "not_running", NULL};
    static const char *const running[] = {"running", "queued", "pending", NULL};
    const char *status = civ_field_text(json, "status");
    int i;

    for (i = 0; status != NULL && waiting[i] != NULL; i++)
        if (strcmp(status, waiting[i]) == 0)
            return JOB_WAITS;
    for (i = 0; status != NULL && running[i] != NULL; i++)
        if (strcmp(status, running[i]) == 0)
            return JOB_RUNS;
    return JOB_ENDED;
}

static const char *word_of(const civ_json_t *json, const circle_note_t *note)
{
    if (note->is_over && state_of(json) == JOB_WAITS)
        return CIV_STATUS_SKIPPED;
    return civ_word(circle_states, civ_field_text(json, "status"));
}

/* Our word is part of the data, since it depends on the workflow too. */
static const char *data_of(const civ_json_t *json, const circle_note_t *note, const char *word,
                           apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 256, pool);
    circle_more_begin(&writer, &more, note);
    civ_json_member_text(&writer, "outcome", word);
    if (note->pipeline != NULL)
        civ_json_member_text(&writer, "pipeline_number", note->pipeline);
    if (note->workflow_name != NULL)
        civ_json_member_text(&writer, "workflow", note->workflow_name);
    if (note->workflow != NULL)
        civ_json_member_text(&writer, "workflow_id", note->workflow);
    civ_json_end_object(&writer);
    return civ_item_data(json, job_fields, &more, pool);
}

static const char *id_of(const civ_json_t *json, const circle_note_t *note, apr_pool_t *pool)
{
    const char *id = circle_id(json, "id");

    return id != NULL && note->workflow != NULL ? apr_pstrcat(pool, note->workflow, "/", id, NULL) : id;
}

static civ_sync_item_t *read_job(const civ_sync_context_t *context, const civ_json_t *json,
                                 const circle_note_t *note, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_JOB, id_of(json, note, pool));
    const char *number = circle_id(json, "job_number");

    item->timestamp = civ_field_time(json, "started_at");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_at");
    if (item->timestamp == 0)
        item->timestamp = note->time;
    item->updated = civ_field_time(json, "stopped_at");
    item->status = word_of(json, note);
    item->title = civ_field_text(json, "name");
    item->sha = note->sha;
    if (number != NULL && note->pipeline != NULL && note->workflow != NULL)
        item->url = circle_web_url(
            context,
            apr_pstrcat(pool, "/", note->pipeline, "/workflows/", note->workflow, "/jobs/", number, NULL),
            pool);
    item->data = data_of(json, note, item->status, pool);
    item->is_final = state_of(json) == JOB_ENDED || (note->is_over && state_of(json) == JOB_WAITS);
    return item;
}

/* What a job that has ended left behind; what never began left nothing. */
static void follow_results(const civ_sync_context_t *context, const civ_json_t *json,
                           const circle_note_t *note, const civ_sync_item_t *item, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    circle_note_t own = *note;
    civ_sync_request_t request;

    own.job_number = circle_id(json, "job_number");
    if (state_of(json) != JOB_ENDED || own.job_number == NULL || civ_field_time(json, "started_at") == 0)
        return;
    own.job = item->title;
    own.time = item->updated > 0 ? item->updated : item->timestamp;
    request = circle_project_request(context, apr_pstrcat(pool, "/", own.job_number, "/tests", NULL), pool);
    request.note = circle_note_write(&own, pool);
    civ_sync_page_follow(page, CIRCLE_TEST, &request, item, CIV_SYNC_WHEN_CHANGED);
    request =
        circle_project_request(context, apr_pstrcat(pool, "/", own.job_number, "/artifacts", NULL), pool);
    request.note = circle_note_write(&own, pool);
    civ_sync_page_follow(page, CIRCLE_ARTIFACT, &request, item, CIV_SYNC_WHEN_CHANGED);
}

apr_status_t circle_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const civ_json_t *elements;
    civ_sync_request_t whole = *request;
    circle_note_t note;
    apr_status_t status = civ_list_elements(answer, "items", &elements, page);
    apr_size_t i;
    int is_asked_again = 0;

    if (status != APR_SUCCESS)
        return status;
    circle_note_read(&note, request, pool);
    whole.url = civ_query_set(request->url, "page-token", NULL, pool);
    whole.position = 0;
    for (i = 0; i < elements->as.array.count; i++) {
        const civ_json_t *job = &elements->as.array.items[i];
        civ_sync_item_t *item = read_job(context, job, &note, page);

        follow_results(context, job, &note, item, page);
        /* While the workflow is at work, its jobs come with it; afterwards one request asks for all that run on. */
        if (!item->is_final && note.is_over && !is_asked_again && item->native_id != NULL) {
            civ_sync_page_recheck(page, item, &whole);
            is_asked_again = 1;
        }
    }
    return circle_next(page, request, answer);
}
