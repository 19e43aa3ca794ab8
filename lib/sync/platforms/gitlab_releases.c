/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_releases.c
 * Releases. An old one can be edited, and the list tells of no changes, so all are asked for, with their ETags.
 */
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/gitlab_private.h"

/** Links and evidences of a release that are kept, and bytes of what is said of them. */
#define LINKS_MOST 200
#define LINKS_SIZE 40000

static const civ_data_field_t release_fields[] = {
    {"author", "author/username"},
    {"commit", "commit/id"},
    {"created_at", "created_at"},
    {"name", "name"},
    {"notes", "description"},
    {"released_at", "released_at"},
    {"tag", "tag_name"},
    {"upcoming", "upcoming_release"},
    {NULL, NULL},
};

apr_status_t gitlab_releases_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page)
{
    civ_sync_request_t request =
        gitlab_request(context, NULL, "/releases?" GITLAB_PAGE, civ_sync_page_pool(page));

    (void)range;
    if (gitlab_is_off(context, GITLAB_FEATURE_RELEASES))
        return APR_SUCCESS;
    request.is_conditional = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* A list of objects with three texts each. */
static void write_list(civ_json_writer_t *writer, const char *name, const civ_json_t *list,
                       const char *const members[3])
{
    apr_size_t count = civ_field_count(list, "");
    apr_size_t i;
    int j;

    civ_json_name(writer, name);
    civ_json_begin_array(writer);
    for (i = 0; i < count && i < LINKS_MOST && writer->out->length < LINKS_SIZE; i++) {
        civ_json_begin_object(writer);
        for (j = 0; j < 3; j++)
            civ_json_member_text(
                writer, members[j],
                civ_field_scrub(civ_field_text(&list->as.array.items[i], members[j]), writer->out->pool));
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

static void write_parts(civ_buffer_t *out, const civ_json_t *json)
{
    static const char *const link[3] = {"link_type", "name", "url"};
    static const char *const evidence[3] = {"collected_at", "filepath", "sha"};
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    write_list(&writer, "assets", civ_field(json, "assets/links"), link);
    write_list(&writer, "evidences", civ_field(json, "evidences"), evidence);
    civ_json_end_object(&writer);
}

/* A release has no number: it belongs to its tag, which cannot be renamed. */
static void read_release(const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *tag = civ_field_text(json, "tag_name");
    civ_sync_item_t *item;
    civ_buffer_t parts;

    if (tag == NULL) {
        civ_sync_page_warn(page, "A release was left out: it has no tag");
        return;
    }
    item = civ_sync_page_item(page, CIV_ITEM_RELEASE, tag);
    item->timestamp = civ_field_time(json, "released_at");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_at");
    item->status = civ_field_is_true(json, "upcoming_release") ? CIV_STATUS_OPEN : NULL;
    item->title = civ_field_text(json, "name");
    if (item->title == NULL)
        item->title = tag;
    item->author = civ_field_text(json, "author/username");
    item->sha = civ_field_text(json, "commit/id");
    item->url = civ_field_text(json, "_links/self");
    item->is_final = 1;
    civ_buffer_init(&parts, 512, pool);
    write_parts(&parts, json);
    item->data = civ_item_data(json, release_fields, &parts, pool);
}

apr_status_t gitlab_releases_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
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
    return gitlab_next(request, answer, 1, page);
}
