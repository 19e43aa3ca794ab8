/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_ci_pipelines.c
 * The project, and its pipelines: newest first, with no filter. That a workflow was run again changes nothing of its pipeline, so the
 * workflows of all those are asked for that are not older than the run looks back; of older ones only when they are new.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/circle_ci_private.h"

static const civ_data_field_t pipeline_fields[] = {
    {"actor", "trigger/actor/login"},
    {"created_at", "created_at"},
    {"errors", "errors"},
    {"id", "id"},
    {"number", "number"},
    {"project_slug", "project_slug"},
    {"state", "state"},
    {"trigger", "trigger/type"},
    {"updated_at", "updated_at"},
    {NULL, NULL},
};

/* What was built: of repositories that CircleCI knows by OAuth, and of those it knows as an App. */
static const civ_data_field_t vcs_fields[] = {
    {"branch", "vcs/branch"},
    {"origin_repository_url", "vcs/origin_repository_url"},
    {"revision", "vcs/revision"},
    {"subject", "vcs/commit/subject"},
    {"tag", "vcs/tag"},
    {"target_repository_url", "vcs/target_repository_url"},
    {NULL, NULL},
};

static const civ_data_field_t git_fields[] = {
    {"branch", "trigger_parameters/git/branch"},
    {"origin_repository_url", "trigger_parameters/git/repo_url"},
    {"revision", "trigger_parameters/git/checkout_sha"},
    {"subject", "trigger_parameters/git/commit_title"},
    {"tag", "trigger_parameters/git/tag"},
    {NULL, NULL},
};

apr_status_t circle_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    civ_sync_request_t request = circle_project_request(context, "", civ_sync_page_pool(page));

    (void)range;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* It has no time, so it is no item. */
apr_status_t circle_project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const char *id = circle_id(answer->json, "id");

    (void)request;
    if (civ_field_text(answer->json, "slug") == NULL)
        return civ_sync_page_fault(page, "The project has no slug");
    civ_sync_page_fact(page, CIV_FACT_SCOPE, id != NULL ? id : context->project_id);
    civ_sync_page_fact(page, CIV_FACT_NAME, civ_field_text(answer->json, "slug"));
    return APR_SUCCESS;
}

apr_status_t circle_pipelines_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                    civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = circle_project_request(context, "/pipeline", pool);

    request.tag = apr_psprintf(pool, "%" APR_INT64_T_FMT, range->from);
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* "created" says that there are workflows, which say how it went. */
static const char *state_of(const civ_json_t *json)
{
    const char *state = civ_field_text(json, "state");

    return state != NULL && strcmp(state, "created") == 0 ? NULL : civ_word(circle_states, state);
}

static int is_over(const civ_json_t *json)
{
    const char *state = civ_field_text(json, "state");

    return state != NULL && (strcmp(state, "created") == 0 || strcmp(state, "errored") == 0);
}

static civ_sync_item_t *read_pipeline(const civ_sync_context_t *context, const civ_json_t *json,
                                      circle_note_t *note, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PIPELINE, circle_id(json, "id"));
    const civ_data_field_t *fields = civ_field_text(json, "vcs/revision") != NULL ? vcs_fields : git_fields;
    const char *number = circle_id(json, "number");
    civ_buffer_t more;

    civ_buffer_init(&more, 256, pool);
    civ_buffer_append_text(&more, civ_field_data(json, fields, pool));
    note->pipeline = number;
    note->branch = civ_field_text(json, fields[0].path);
    note->sha = civ_field_text(json, fields[2].path);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = state_of(json);
    item->title = civ_field_text(json, fields[3].path);
    if (item->title == NULL && number != NULL)
        item->title = apr_pstrcat(pool, "Pipeline ", number, NULL);
    item->author = civ_field_text(json, "trigger/actor/login");
    item->sha = note->sha;
    if (number != NULL)
        item->url = circle_web_url(context, apr_pstrcat(pool, "/", number, NULL), pool);
    item->data = civ_item_data(json, pipeline_fields, &more, pool);
    item->is_final = is_over(json);
    return item;
}

/* A pipeline of the list, or one that was asked for by itself, and its workflows. @param from 0: whatever its age */
static void read_whole_pipeline(const civ_sync_context_t *context, const civ_json_t *json, apr_int64_t from,
                                civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = circle_id(json, "id");
    circle_note_t note = {.sha = NULL};
    civ_sync_item_t *item = read_pipeline(context, json, &note, page);
    civ_sync_request_t request;

    if (id == NULL)
        return;
    request = circle_request(context, apr_pstrcat(pool, "/pipeline/", id, NULL), pool);
    civ_sync_page_recheck(page, item, &request);
    request = circle_request(context, apr_pstrcat(pool, "/pipeline/", id, "/workflow", NULL), pool);
    request.note = circle_note_write(&note, pool);
    civ_sync_page_follow(page, CIRCLE_WORKFLOW, &request, item,
                         item->timestamp >= from ? CIV_SYNC_ALWAYS : CIV_SYNC_WHEN_CHANGED);
}

apr_status_t circle_pipelines_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_int64_t from = request->tag != NULL ? apr_atoi64(request->tag) : 0;
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (circle_id(answer->json, "id") != NULL) {
        read_whole_pipeline(context, answer->json, 0, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "items", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++) {
        civ_sync_page_saw(page, civ_field_time(&elements->as.array.items[i], "created_at"));
        read_whole_pipeline(context, &elements->as.array.items[i], from, page);
    }
    return circle_next(page, request, answer);
}
