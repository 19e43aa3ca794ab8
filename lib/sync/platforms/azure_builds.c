/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_builds.c
 * Builds, which runs of pipelines are too, and their artifacts. Those that have ended are listed by the time they did, which is a new
 * one when a stage is repeated; those that have not are a list of their own.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/azure_private.h"
#include "sync/platforms/configuration.h"
#include "sync/url.h"

#define TOP_TEXT "200"

static const civ_data_field_t build_fields[] = {
    {"branch", "sourceBranch"},
    {"definition", "definition/name"},
    {"definition_id", "definition/id"},
    {"definition_path", "definition/path"},
    {"finished", "finishTime"},
    {"id", "id"},
    {"number", "buildNumber"},
    {"pool", "queue/pool/name"},
    {"pr_number", "triggerInfo/pr.number"},
    {"pr_sha", "triggerInfo/pr.sourceSha"},
    {"queued", "queueTime"},
    {"reason", "reason"},
    {"repository", "repository/id"},
    {"repository_type", "repository/type"},
    {"requested_for_id", "requestedFor/id"},
    {"result", "result"},
    {"source", "sourceVersion"},
    {"started", "startTime"},
    {"status", "status"},
    {"tags", "tags"},
    {"triggered_by_build", "triggeredByBuild/id"},
    {NULL, NULL},
};

static const civ_data_field_t artifact_fields[] = {
    {"content", "resource/data"},
    {"hash_type", "resource/properties/HashType"},
    {"id", "id"},
    {"name", "name"},
    {"root_id", "resource/properties/RootId"},
    {"size", "resource/properties/artifactsize"},
    {"source", "source"},
    {"type", "resource/type"},
    {NULL, NULL},
};

static void ask_for(const civ_sync_context_t *context, const char *filter, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *repository = civ_sync_fact(context, AZURE_FACT_REPOSITORY);
    civ_sync_request_t request;

    if (repository != NULL)
        filter = apr_pstrcat(pool, filter, "&repositoryId=", civ_url_encode(repository, pool),
                             "&repositoryType=TfsGit", NULL);
    request = azure_request(context,
                            apr_pstrcat(pool, "/_apis/build/builds?", filter, "&$top=" TOP_TEXT, NULL), pool);
    civ_sync_page_next(page, &request);
}

apr_status_t azure_builds_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);

    /* In this order: what ends in between is in both. */
    ask_for(context, "statusFilter=inProgress,notStarted,postponed,cancelling&queryOrder=queueTimeAscending",
            page);
    ask_for(context,
            apr_pstrcat(pool, "statusFilter=completed&queryOrder=finishTimeAscending",
                        range->from > 0 ? "&minTime=" : "",
                        range->from > 0 ? azure_time(range->from, pool) : "", NULL),
            page);
    return APR_SUCCESS;
}

static void follow_parts(const civ_sync_context_t *context, const char *path, const civ_sync_item_t *item,
                         civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const azure_build_t build = {item->native_id, item->sha, item->timestamp};
    civ_sync_request_t request = azure_request(context, apr_pstrcat(pool, path, "/timeline", NULL), pool);

    request.note = azure_build_note(&build, pool);
    request.may_be_absent = 1; /* retention takes it before the build */
    civ_sync_page_follow(page, AZURE_JOB, &request, item, CIV_SYNC_WHEN_CHANGED);
    if (!item->is_final)
        return;
    request = azure_request(context, apr_pstrcat(pool, path, "/artifacts", NULL), pool);
    request.note = azure_build_note(&build, pool);
    request.may_be_absent = 1;
    civ_sync_page_follow(page, AZURE_ARTIFACT, &request, item, CIV_SYNC_WHEN_CHANGED);
}

static const char *build_data(const civ_json_t *json, apr_pool_t *pool)
{
    const char *person = civ_field_scrub(azure_person(json, "requestedFor"), pool);
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 128, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "requested_for", person);
    civ_json_end_object(&writer);
    return civ_item_data(json, build_fields, &more, pool);
}

static void read_build(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    static const char *const times[] = {"startTime", "queueTime", "finishTime", NULL};
    static const char *const changes[] = {"lastChangedDate", "finishTime", NULL};
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    const char *state = civ_field_text(json, "status");
    const char *source = civ_field_text(json, "sourceVersion");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_BUILD, id);
    civ_sync_request_t request;
    const char *path;

    item->timestamp = azure_first_time(json, times);
    if (item->timestamp == 0)
        item->timestamp = context->now; /* postponed: it has no time yet */
    item->updated = azure_first_time(json, changes);
    item->is_final = state != NULL && strcmp(state, "completed") == 0;
    item->status = civ_word(azure_results, item->is_final ? civ_field_text(json, "result") : state);
    item->title = civ_field_text(json, "definition/name");
    item->author = azure_person(json, "requestedFor");
    if (source != NULL && civ_is_commit(source))
        item->sha = source;
    item->data = build_data(json, pool);
    if (id == NULL)
        return;
    item->url = civ_field_text(json, "_links/web/href");
    if (item->url == NULL)
        item->url = azure_web(
            context, apr_pstrcat(pool, "/_build/results?buildId=", civ_url_encode(id, pool), NULL), pool);
    path = apr_pstrcat(pool, "/_apis/build/builds/", civ_url_encode(id, pool), NULL);
    request = azure_request(context, path, pool);
    civ_sync_page_recheck(page, item, &request);
    follow_parts(context, path, item, page);
}

apr_status_t azure_builds_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (civ_field_id(answer->json, "id") != NULL) {
        read_build(context, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "value", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_build(context, &elements->as.array.items[i], page);
    azure_next_token(page, request, answer);
    return APR_SUCCESS;
}

/* --- artifacts --- */

static void read_artifact(const azure_build_t *build, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item = civ_sync_page_item(
        page, CIV_ITEM_ARTIFACT, id != NULL ? apr_pstrcat(pool, build->id, "/", id, NULL) : NULL);
    civ_json_writer_t writer;
    civ_buffer_t more;

    item->timestamp = build->time;
    item->title = civ_field_text(json, "name");
    item->sha = build->sha;
    item->is_final = 1;
    civ_buffer_init(&more, 64, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "build", build->id);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, artifact_fields, &more, pool);
}

apr_status_t azure_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const azure_build_t build = azure_build_of(request, civ_sync_page_pool(page));
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "value", &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_artifact(&build, &elements->as.array.items[i], page);
    azure_next_token(page, request, answer);
    return APR_SUCCESS;
}
