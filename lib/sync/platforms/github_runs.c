/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_runs.c
 * Workflow runs with all their attempts, and their jobs. Runs are listed by the time of creation, in windows that have less than the
 * thousand that GitHub shows; a repetition keeps a run's id and creation, so runs are asked for again for some days.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/github_private.h"
#include "sync/url.h"

/** Earlier attempts that are asked for, and steps of a job that are kept. */
#define ATTEMPTS_MOST 50
#define STEPS_MOST    200

/** Bytes of a job's steps. */
#define STEPS_SIZE 40000

static const civ_data_field_t run_fields[] = {
    {"actor", "actor/login"},
    {"attempt", "run_attempt"},
    {"conclusion", "conclusion"},
    {"created_at", "created_at"},
    {"event", "event"},
    {"head_branch", "head_branch"},
    {"head_sha", "head_sha"},
    {"id", "id"},
    {"name", "name"},
    {"path", "path"},
    {"run_number", "run_number"},
    {"started_at", "run_started_at"},
    {"status", "status"},
    {"title", "display_title"},
    {"triggering_actor", "triggering_actor/login"},
    {"updated_at", "updated_at"},
    {"workflow_id", "workflow_id"},
    {NULL, NULL},
};

static const civ_data_field_t job_fields[] = {
    {"attempt", "run_attempt"},
    {"completed_at", "completed_at"},
    {"conclusion", "conclusion"},
    {"created_at", "created_at"},
    {"head_branch", "head_branch"},
    {"head_sha", "head_sha"},
    {"id", "id"},
    {"labels", "labels"},
    {"name", "name"},
    {"run_id", "run_id"},
    {"runner", "runner_name"},
    {"runner_group", "runner_group_name"},
    {"started_at", "started_at"},
    {"status", "status"},
    {"workflow", "workflow_name"},
    {NULL, NULL},
};

static int is_completed(const civ_json_t *json)
{
    const char *status = civ_field_text(json, "status");

    return status != NULL && strcmp(status, "completed") == 0;
}

/* --- runs --- */

apr_status_t github_runs_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                               civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *window =
        apr_pstrcat(pool, civ_query_time(range->from, pool), "..", civ_query_time(range->to, pool), NULL);
    civ_sync_request_t request =
        github_request(context,
                       apr_pstrcat(pool, "/actions/runs?created=", civ_url_encode(window, pool),
                                   "&exclude_pull_requests=true&" GITHUB_PAGE, NULL),
                       pool);

    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static civ_sync_item_t *read_run(const civ_json_t *json, civ_sync_page_t *page)
{
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PIPELINE, civ_field_id(json, "id"));

    item->attempt = civ_field_int(json, "run_attempt", 1);
    item->timestamp = civ_field_time(json, item->attempt > 1 ? "run_started_at" : "created_at");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = github_status(json);
    item->title = civ_field_text(json, "display_title");
    if (item->title == NULL)
        item->title = civ_field_text(json, "name");
    item->author = civ_field_text(json, "actor/login");
    item->sha = civ_field_text(json, "head_sha");
    item->url = civ_field_text(json, "html_url");
    item->data = civ_item_data(json, run_fields, NULL, civ_sync_page_pool(page));
    item->is_final = is_completed(json);
    return item;
}

static void follow_attempts(const civ_sync_context_t *context, const char *path, const civ_sync_item_t *item,
                            civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_int64_t attempt;

    for (attempt = item->attempt - 1; attempt > 0 && attempt >= item->attempt - ATTEMPTS_MOST; attempt--) {
        civ_sync_request_t request = github_request(
            context,
            apr_psprintf(pool, "%s/attempts/%" APR_INT64_T_FMT "?exclude_pull_requests=true", path, attempt),
            pool);

        request.may_be_absent = 1;
        civ_sync_page_follow(page, GITHUB_ATTEMPT, &request, item, CIV_SYNC_WHEN_CHANGED);
    }
}

/* A run of a list, or one that was asked for by itself, and what belongs to it. */
static void read_whole_run(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item = read_run(json, page);
    civ_sync_request_t request;
    const char *path;

    if (id == NULL)
        return;
    path = apr_pstrcat(pool, "/actions/runs/", civ_url_encode(id, pool), NULL);
    request = github_request(context, apr_pstrcat(pool, path, "?exclude_pull_requests=true", NULL), pool);
    civ_sync_page_recheck(page, item, &request);
    follow_attempts(context, path, item, page);
    request = github_request(context, apr_pstrcat(pool, path, "/jobs?filter=all&" GITHUB_PAGE, NULL), pool);
    civ_sync_page_follow(page, GITHUB_JOB, &request, item, CIV_SYNC_WHEN_CHANGED);
}

apr_status_t github_runs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (civ_field_id(answer->json, "id") != NULL) {
        read_whole_run(context, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "workflow_runs", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    civ_sync_page_total(page, civ_field_int(answer->json, "total_count", -1));
    for (i = 0; i < elements->as.array.count; i++)
        read_whole_run(context, &elements->as.array.items[i], page);
    return civ_list_next(page, request, answer, 0);
}

apr_status_t github_attempts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    (void)request;
    read_run(answer->json, page);
    return APR_SUCCESS;
}

/* --- jobs --- */

static void write_steps(civ_buffer_t *out, const civ_json_t *json)
{
    const civ_json_t *steps = civ_json_get(json, "steps");
    apr_size_t count = civ_field_count(json, "steps");
    civ_json_writer_t writer;
    apr_size_t i;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "steps");
    civ_json_begin_array(&writer);
    for (i = 0; i < count && i < STEPS_MOST && out->length < STEPS_SIZE; i++) {
        const civ_json_t *step = &steps->as.array.items[i];

        civ_json_begin_object(&writer);
        civ_json_member_text(&writer, "conclusion", civ_field_text(step, "conclusion"));
        civ_json_member_text(&writer, "name", civ_field_scrub(civ_field_text(step, "name"), out->pool));
        civ_json_member_text(&writer, "status", civ_field_text(step, "status"));
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
}

static void read_job(const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_JOB, civ_field_id(json, "id"));
    civ_buffer_t steps;

    item->timestamp = civ_field_time(json, "started_at");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "completed_at");
    item->status = github_status(json);
    item->title = civ_field_text(json, "name");
    item->sha = civ_field_text(json, "head_sha");
    item->url = civ_field_text(json, "html_url");
    item->is_final = is_completed(json);
    civ_buffer_init(&steps, 1024, pool);
    write_steps(&steps, json);
    item->data = civ_item_data(json, job_fields, &steps, pool);
}

apr_status_t github_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "jobs", &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_job(&elements->as.array.items[i], page);
    return civ_list_next(page, request, answer, 0);
}
