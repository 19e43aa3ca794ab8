/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_pipelines.c
 * Pipelines, child pipelines and those that were started in other projects. The lists, by the time of the last change, only tell
 * which ones have changed; each of those is asked for by itself, since only then GitLab tells its times, coverage and user.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/url.h"

#define TAG_UNDATED "undated"
#define TAG_ONE     "one"

static const civ_data_field_t pipeline_fields[] = {
    {"before_sha", "before_sha"},
    {"coverage", "coverage"},
    {"created_at", "created_at"},
    {"duration", "duration"},
    {"finished_at", "finished_at"},
    {"head_sha", "sha"},
    {"id", "id"},
    {"name", "name"},
    {"number", "iid"},
    {"project", "project_id"},
    {"queued", "queued_duration"},
    {"ref", "ref"},
    {"source", "source"},
    {"started_at", "started_at"},
    {"status", "status"},
    {"tag", "tag"},
    {"updated_at", "updated_at"},
    {"user", "user/username"},
    {"yaml_errors", "yaml_errors"},
    {NULL, NULL},
};

/* --- lists --- */

/* No filter by time finds those that GitLab gives no time of change; newest first they come before all others. */
static void first_undated(const civ_sync_context_t *context, civ_sync_page_t *page)
{
    civ_sync_request_t request = gitlab_request(
        context, NULL, "/pipelines?order_by=updated_at&sort=desc&" GITLAB_PAGE, civ_sync_page_pool(page));

    request.tag = TAG_UNDATED;
    civ_sync_page_next(page, &request);
}

apr_status_t gitlab_pipelines_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                    civ_sync_page_t *page)
{
    if (gitlab_is_off(context, GITLAB_FEATURE_PIPELINES))
        return APR_SUCCESS;
    if (range->from == 0)
        first_undated(context, page);
    gitlab_walk(context, "/pipelines", "", range, page);
    return APR_SUCCESS;
}

apr_status_t gitlab_children_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page)
{
    if (!gitlab_is_off(context, GITLAB_FEATURE_PIPELINES))
        gitlab_walk(context, "/pipelines", "&source=parent_pipeline", range, page);
    return APR_SUCCESS;
}

static civ_sync_request_t ask_for(const civ_sync_context_t *context, const char *project, const char *id,
                                  apr_pool_t *pool)
{
    gitlab_parent_t parent = {0};
    civ_sync_request_t request = gitlab_request(
        context, project, apr_pstrcat(pool, "/pipelines/", civ_url_encode(id, pool), NULL), pool);

    parent.project = project;
    request.tag = TAG_ONE;
    request.note = gitlab_note(&parent, pool);
    return request;
}

void gitlab_follow_pipeline(const civ_sync_context_t *context, const char *kind, const char *project,
                            const char *id, const civ_sync_item_t *item, civ_sync_page_t *page)
{
    civ_sync_request_t request = ask_for(context, project, id, civ_sync_page_pool(page));

    civ_sync_page_follow(page, kind, &request, item, item != NULL ? CIV_SYNC_WHEN_CHANGED : CIV_SYNC_ALWAYS);
}

/* Those without a time of change, until one has one. */
static apr_status_t read_undated(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, const civ_json_t *elements,
                                 civ_sync_page_t *page)
{
    apr_size_t i;

    for (i = 0; i < elements->as.array.count; i++) {
        const civ_json_t *json = &elements->as.array.items[i];
        const char *id = gitlab_number(json, "id");

        if (civ_field_time(json, "updated_at") > 0)
            return APR_SUCCESS;
        if (id != NULL)
            gitlab_follow_pipeline(context, GITLAB_PIPELINE, NULL, id, NULL, page);
    }
    return gitlab_next(request, answer, 0, page);
}

static apr_status_t read_list(const civ_sync_context_t *context, const char *kind,
                              const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                              civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    if (!gitlab_is_walk(request))
        return read_undated(context, request, answer, elements, page);
    for (i = 0; i < elements->as.array.count; i++) {
        const char *id = gitlab_id(&elements->as.array.items[i], "pipeline", page);

        if (id != NULL)
            gitlab_follow_pipeline(context, kind, NULL, id, NULL, page);
    }
    return gitlab_walk_on(request, answer, elements, page);
}

/* --- one pipeline --- */

static civ_sync_item_t *make_item(const civ_json_t *json, const char *id, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PIPELINE, id);

    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = civ_word(gitlab_states, civ_field_text(json, "status"));
    item->title = civ_field_text(json, "name");
    if (item->title == NULL && civ_field_text(json, "ref") != NULL)
        item->title = apr_pstrcat(pool, "Pipeline for ", civ_field_text(json, "ref"), NULL);
    item->author = civ_field_text(json, "user/username");
    item->sha = civ_field_text(json, "sha");
    item->url = civ_field_text(json, "web_url");
    item->data = civ_item_data(json, pipeline_fields, NULL, pool);
    item->is_final = gitlab_is_over(civ_field_text(json, "status"));
    return item;
}

/* Statuses that were set from outside make a pipeline without jobs. */
static int has_jobs(const civ_json_t *json)
{
    const char *source = civ_field_text(json, "source");

    return source == NULL || strcmp(source, "external") != 0;
}

static apr_status_t read_one(const civ_sync_context_t *context, const civ_sync_request_t *request,
                             const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = gitlab_number(json, "id");
    gitlab_parent_t pipeline;
    civ_sync_request_t again;
    civ_sync_item_t *item;

    if (id == NULL)
        return civ_sync_page_fault(page, "The answer is no pipeline of GitLab");
    gitlab_read_note(&pipeline, request->note, pool);
    item = make_item(json, id, page);
    item->scope = pipeline.project;
    again = ask_for(context, pipeline.project, id, pool);
    civ_sync_page_recheck(page, item, &again);
    pipeline.id = id;
    pipeline.sha = item->sha;
    pipeline.url = item->url;
    pipeline.state = civ_field_text(json, "status");
    pipeline.happened = item->timestamp;
    pipeline.updated = item->updated;
    if (has_jobs(json)) {
        gitlab_follow_jobs(context, &pipeline, item, page);
        gitlab_follow_tests(context, &pipeline, item, page);
    }
    return APR_SUCCESS;
}

static apr_status_t read_either(const civ_sync_context_t *context, const char *kind,
                                const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                                civ_sync_page_t *page)
{
    if (request->tag != NULL && strcmp(request->tag, TAG_ONE) == 0)
        return read_one(context, request, answer->json, page);
    return read_list(context, kind, request, answer, page);
}

apr_status_t gitlab_pipelines_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    return read_either(context, GITLAB_PIPELINE, request, answer, page);
}

apr_status_t gitlab_children_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    return read_either(context, GITLAB_CHILD, request, answer, page);
}

apr_status_t gitlab_downstream_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    return read_one(context, request, answer->json, page);
}
