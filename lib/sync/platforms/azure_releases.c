/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_releases.c
 * Releases, by the time of their creation, and deployments, by that of their last change: an old release that is deployed again is
 * seen by its deployment. Of Services both are on another host.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/azure_private.h"
#include "sync/platforms/configuration.h"
#include "sync/url.h"

#define TOP_TEXT "100"

/** Artifacts and environments of a release that are kept. */
#define PARTS_MOST 100

/* How far its environments are is what deployments tell. */
static const civ_data_field_t release_fields[] = {
    {"created", "createdOn"},
    {"created_by_id", "createdBy/id"},
    {"definition", "releaseDefinition/name"},
    {"definition_id", "releaseDefinition/id"},
    {"description", "description"},
    {"id", "id"},
    {"name", "name"},
    {"reason", "reason"},
    {"status", "status"},
    {"tags", "tags"},
    {NULL, NULL},
};

static const civ_data_field_t deployment_fields[] = {
    {"attempt", "attempt"},
    {"completed", "completedOn"},
    {"definition", "releaseDefinition/name"},
    {"definition_id", "releaseDefinition/id"},
    {"environment", "releaseEnvironment/name"},
    {"environment_definition_id", "definitionEnvironmentId"},
    {"environment_id", "releaseEnvironment/id"},
    {"id", "id"},
    {"operation", "operationStatus"},
    {"queued", "queuedOn"},
    {"reason", "reason"},
    {"release", "release/name"},
    {"release_id", "release/id"},
    {"started", "startedOn"},
    {"status", "deploymentStatus"},
    {NULL, NULL},
};

static const civ_word_t release_states[] = {
    {"draft", CIV_STATUS_OPEN},
    {"abandoned", CIV_STATUS_CANCELED},
    {NULL, NULL},
};

static const civ_word_t deployment_states[] = {
    {"succeeded", CIV_STATUS_PASSED},
    {"partiallySucceeded", CIV_STATUS_UNSTABLE},
    {"failed", CIV_STATUS_FAILED},
    {"inProgress", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

/* Of one that was not deployed: why not, or not yet. */
static const civ_word_t operations[] = {
    {"rejected", CIV_STATUS_FAILED},
    {"phaseFailed", CIV_STATUS_FAILED},
    {"evaluatingGatesFailed", CIV_STATUS_FAILED},
    {"gateFailed", CIV_STATUS_FAILED},
    {"canceled", CIV_STATUS_CANCELED},
    {"phaseCanceled", CIV_STATUS_CANCELED},
    {"queued", CIV_STATUS_RUNNING},
    {"scheduled", CIV_STATUS_RUNNING},
    {"pending", CIV_STATUS_RUNNING},
    {"approved", CIV_STATUS_RUNNING},
    {"deferred", CIV_STATUS_RUNNING},
    {"queuedForAgent", CIV_STATUS_RUNNING},
    {"queuedForPipeline", CIV_STATUS_RUNNING},
    {"phaseInProgress", CIV_STATUS_RUNNING},
    {"evaluatingGates", CIV_STATUS_RUNNING},
    {"cancelling", CIV_STATUS_RUNNING},
    {"manualInterventionPending", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

/* What a release is made of: an element of artifacts has it as named pairs of id and name. */
static void write_artifacts(civ_json_writer_t *writer, const civ_json_t *artifacts, apr_pool_t *pool)
{
    apr_size_t count = civ_field_count(artifacts, "");
    apr_size_t i;

    civ_json_name(writer, "artifacts");
    civ_json_begin_array(writer);
    for (i = 0; i < count && i < PARTS_MOST; i++) {
        const civ_json_t *one = &artifacts->as.array.items[i];

        civ_json_begin_object(writer);
        civ_json_member_text(writer, "alias", civ_field_scrub(civ_field_text(one, "alias"), pool));
        civ_json_member_text(writer, "branch",
                             civ_field_scrub(civ_field_text(one, "definitionReference/branch/id"), pool));
        civ_json_member_text(writer, "source_version",
                             civ_field_text(one, "definitionReference/sourceVersion/id"));
        civ_json_member_text(writer, "type", civ_field_text(one, "type"));
        civ_json_member_text(writer, "version", civ_field_text(one, "definitionReference/version/id"));
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

/* The commit of the primary artifact, or of the only one that has any; NULL: not known. */
static const char *commit_of(const civ_json_t *artifacts)
{
    apr_size_t count = civ_field_count(artifacts, "");
    const char *found = NULL;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        const civ_json_t *one = &artifacts->as.array.items[i];
        const char *sha = civ_field_text(one, "definitionReference/sourceVersion/id");

        if (sha == NULL && civ_field_text(one, "type") != NULL &&
            strcmp(civ_field_text(one, "type"), "Git") == 0)
            sha = civ_field_text(one, "definitionReference/version/id");
        if (sha != NULL && civ_is_commit(sha) && (found == NULL || civ_field_is_true(one, "isPrimary")))
            found = sha;
    }
    return found;
}

static apr_status_t read_list(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page,
                              void (*read)(const civ_sync_context_t *context, const civ_json_t *json,
                                           civ_sync_page_t *page))
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "value", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read(context, &elements->as.array.items[i], page);
    azure_next_token(page, request, answer);
    return APR_SUCCESS;
}

/* --- releases --- */

apr_status_t azure_releases_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = azure_release_request(
        context,
        apr_pstrcat(pool, "/_apis/release/releases?$expand=environments,artifacts&queryOrder=ascending",
                    range->from > 0 ? "&minCreatedTime=" : "",
                    range->from > 0 ? azure_time(range->from, pool) : "", "&$top=" TOP_TEXT, NULL),
        pool);

    request.may_be_absent = 1; /* an organisation may have them switched off */
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static const char *release_data(const civ_json_t *json, apr_pool_t *pool)
{
    const civ_json_t *environments = civ_json_get(json, "environments");
    apr_size_t count = civ_field_count(json, "environments");
    civ_json_writer_t writer;
    civ_buffer_t more;
    apr_size_t i;

    civ_buffer_init(&more, 512, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    write_artifacts(&writer, civ_json_get(json, "artifacts"), pool);
    civ_json_member_text(&writer, "created_by", civ_field_scrub(azure_person(json, "createdBy"), pool));
    civ_json_name(&writer, "environments");
    civ_json_begin_array(&writer);
    for (i = 0; i < count && i < PARTS_MOST; i++)
        civ_json_text(&writer,
                      civ_field_scrub(civ_field_text(&environments->as.array.items[i], "name"), pool));
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
    return civ_item_data(json, release_fields, &more, pool);
}

static void read_release(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    const char *state = civ_field_text(json, "status");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_RELEASE, id);
    civ_sync_request_t request;

    item->timestamp = civ_field_time(json, "createdOn");
    item->updated = civ_field_time(json, "modifiedOn");
    item->status = state != NULL && strcmp(state, "active") == 0 ? NULL : civ_word(release_states, state);
    item->title = civ_field_text(json, "name");
    item->author = azure_person(json, "createdBy");
    item->sha = commit_of(civ_json_get(json, "artifacts"));
    item->url = civ_field_text(json, "_links/web/href");
    item->data = release_data(json, pool);
    item->is_final = item->status == NULL || strcmp(item->status, CIV_STATUS_OPEN) != 0;
    if (id == NULL)
        return;
    request = azure_release_request(
        context, apr_pstrcat(pool, "/_apis/release/releases/", civ_url_encode(id, pool), NULL), pool);
    civ_sync_page_recheck(page, item, &request);
}

apr_status_t azure_releases_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    if (civ_field_id(answer->json, "id") != NULL) {
        read_release(context, answer->json, page);
        return APR_SUCCESS;
    }
    return read_list(context, request, answer, page, read_release);
}

/* --- deployments --- */

apr_status_t azure_deployments_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                     civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = azure_release_request(
        context,
        apr_pstrcat(pool, "/_apis/release/deployments?queryOrder=ascending",
                    range->from > 0 ? "&minModifiedTime=" : "",
                    range->from > 0 ? azure_time(range->from, pool) : "", "&$top=" TOP_TEXT, NULL),
        pool);

    request.may_be_absent = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* Some versions write the words with a capital. */
static const char *uncapitalised(const char *word, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, word);

    if (copy != NULL)
        copy[0] = (char)apr_tolower(copy[0]);
    return copy;
}

static const char *deployment_status(const civ_json_t *json, apr_pool_t *pool)
{
    const char *state = uncapitalised(civ_field_text(json, "deploymentStatus"), pool);

    if (state != NULL && strcmp(state, "notDeployed") == 0)
        return civ_word(operations, uncapitalised(civ_field_text(json, "operationStatus"), pool));
    return civ_word(deployment_states, state);
}

static const char *deployment_data(const civ_json_t *json, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 512, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    write_artifacts(&writer, civ_field(json, "release/artifacts"), pool);
    civ_json_member_text(&writer, "requested_for", civ_field_scrub(azure_person(json, "requestedFor"), pool));
    civ_json_end_object(&writer);
    return civ_item_data(json, deployment_fields, &more, pool);
}

/* Known by the environment of the release: what is deployed there again is another attempt. */
static void read_deployment(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    static const char *const times[] = {"startedOn", "queuedOn", "completedOn", "lastModifiedOn", NULL};
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *release = civ_field_id(json, "release/id");
    const char *environment = civ_field_id(json, "releaseEnvironment/id");
    civ_sync_item_t *item = civ_sync_page_item(
        page, CIV_ITEM_DEPLOYMENT,
        release != NULL && environment != NULL ? apr_pstrcat(pool, release, "/", environment, NULL) : NULL);

    (void)context;
    item->attempt = civ_field_int(json, "attempt", 1);
    item->timestamp = azure_first_time(json, times);
    item->updated = civ_field_time(json, "lastModifiedOn");
    item->status = deployment_status(json, pool);
    item->title = apr_pstrcat(
        pool, civ_field_text(json, "release/name") != NULL ? civ_field_text(json, "release/name") : "Release",
        " to ",
        civ_field_text(json, "releaseEnvironment/name") != NULL
            ? civ_field_text(json, "releaseEnvironment/name")
            : "an environment",
        NULL);
    item->author = azure_person(json, "requestedFor");
    item->sha = commit_of(civ_field(json, "release/artifacts"));
    item->url = civ_field_text(json, "release/webAccessUri");
    item->data = deployment_data(json, pool);
    item->is_final = strcmp(item->status, CIV_STATUS_RUNNING) != 0;
}

apr_status_t azure_deployments_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    return read_list(context, request, answer, page, read_deployment);
}
