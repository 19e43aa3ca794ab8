/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_products.c
 * What comes out: artifacts of workflow runs (their names, sizes and digests; never their contents), and releases.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/github_private.h"

/** Files of a release that are kept, and bytes of what is said of them. */
#define ASSETS_MOST 200
#define ASSETS_SIZE 40000

static const civ_data_field_t artifact_fields[] = {
    {"created_at", "created_at"},
    {"digest", "digest"},
    {"expires_at", "expires_at"},
    {"head_branch", "workflow_run/head_branch"},
    {"head_sha", "workflow_run/head_sha"},
    {"id", "id"},
    {"name", "name"},
    {"run_id", "workflow_run/id"},
    {"size", "size_in_bytes"},
    {NULL, NULL},
};

static const civ_data_field_t release_fields[] = {
    {"author", "author/login"},
    {"created_at", "created_at"},
    {"draft", "draft"},
    {"id", "id"},
    {"immutable", "immutable"},
    {"name", "name"},
    {"notes", "body"},
    {"prerelease", "prerelease"},
    {"published_at", "published_at"},
    {"tag", "tag_name"},
    {"target", "target_commitish"},
    {NULL, NULL},
};

apr_status_t github_artifacts_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                    civ_sync_page_t *page)
{
    civ_sync_request_t request =
        github_request(context, "/actions/artifacts?" GITHUB_PAGE, civ_sync_page_pool(page));

    (void)range;
    request.is_conditional = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static void read_artifact(const civ_json_t *json, civ_sync_page_t *page)
{
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_ARTIFACT, civ_field_id(json, "id"));

    civ_sync_page_saw(page, civ_field_time(json, "created_at"));
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->title = civ_field_text(json, "name");
    item->sha = civ_field_text(json, "workflow_run/head_sha");
    item->data = civ_item_data(json, artifact_fields, NULL, civ_sync_page_pool(page));
    item->is_final = 1;
}

apr_status_t github_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "artifacts", &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_artifact(&elements->as.array.items[i], page);
    return civ_list_next(page, request, answer, 0);
}

/* --- releases: an old one can be edited, so all are asked for, with their ETags --- */

apr_status_t github_releases_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page)
{
    civ_sync_request_t request = github_request(context, "/releases?" GITHUB_PAGE, civ_sync_page_pool(page));

    (void)range;
    request.is_conditional = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* Without their counts of downloads, which change all the time. */
static void write_assets(civ_buffer_t *out, const civ_json_t *json)
{
    const civ_json_t *assets = civ_json_get(json, "assets");
    apr_size_t count = civ_field_count(json, "assets");
    civ_json_writer_t writer;
    apr_size_t i;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "assets");
    civ_json_begin_array(&writer);
    for (i = 0; i < count && i < ASSETS_MOST && out->length < ASSETS_SIZE; i++) {
        const civ_json_t *asset = &assets->as.array.items[i];

        civ_json_begin_object(&writer);
        civ_json_member_text(&writer, "content_type", civ_field_text(asset, "content_type"));
        civ_json_member_text(&writer, "digest", civ_field_text(asset, "digest"));
        civ_json_member_text(&writer, "id", civ_field_id(asset, "id"));
        civ_json_member_text(&writer, "name", civ_field_scrub(civ_field_text(asset, "name"), out->pool));
        civ_json_member_int(&writer, "size", civ_field_int(asset, "size", 0));
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
}

static const char *sha_or_null(const char *text)
{
    return text != NULL && strlen(text) == 40 && text[strspn(text, "0123456789abcdef")] == '\0' ? text : NULL;
}

static void read_release(const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_RELEASE, civ_field_id(json, "id"));
    civ_buffer_t assets;

    item->timestamp = civ_field_time(json, "published_at");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = civ_field_is_true(json, "draft") ? CIV_STATUS_OPEN : NULL;
    item->title = civ_field_text(json, "name");
    if (item->title == NULL)
        item->title = civ_field_text(json, "tag_name");
    item->author = civ_field_text(json, "author/login");
    item->sha = sha_or_null(civ_field_text(json, "target_commitish")); /* else the name of a branch */
    item->url = civ_field_text(json, "html_url");
    item->is_final = 1;
    civ_buffer_init(&assets, 512, pool);
    write_assets(&assets, json);
    item->data = civ_item_data(json, release_fields, &assets, pool);
}

apr_status_t github_releases_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_release(&elements->as.array.items[i], page);
    return civ_list_next(page, request, answer, 1);
}
