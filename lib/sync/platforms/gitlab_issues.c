/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_issues.c
 * Issues, by the time of their last change.
 */
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/gitlab_private.h"

static const civ_data_field_t issue_fields[] = {
    {"author", "author/username"},
    {"closed_at", "closed_at"},
    {"closed_by", "closed_by/username"},
    {"confidential", "confidential"},
    {"created_at", "created_at"},
    {"due_date", "due_date"},
    {"id", "id"},
    {"issue_type", "issue_type"},
    {"labels", "labels"},
    {"milestone", "milestone/title"},
    {"moved_to", "moved_to_id"},
    {"number", "iid"},
    {"severity", "severity"},
    {"state", "state"},
    {"title", "title"},
    {"updated_at", "updated_at"},
    {"weight", "weight"},
    {NULL, NULL},
};

static const civ_word_t issue_states[] = {
    {"opened", CIV_STATUS_OPEN},
    {"closed", CIV_STATUS_CLOSED},
    {NULL, NULL},
};

apr_status_t gitlab_issues_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page)
{
    if (!gitlab_is_off(context, GITLAB_FEATURE_ISSUES))
        gitlab_walk(context, "/issues", "&scope=all", range, page);
    return APR_SUCCESS;
}

static void read_issue(const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = gitlab_id(json, "issue", page);
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    if (id == NULL)
        return;
    item = civ_sync_page_item(page, CIV_ITEM_ISSUE, id);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = civ_word(issue_states, civ_field_text(json, "state"));
    item->title = civ_field_text(json, "title");
    item->author = civ_field_text(json, "author/username");
    item->url = civ_field_text(json, "web_url");
    item->is_final = strcmp(item->status, CIV_STATUS_CLOSED) == 0;
    civ_buffer_init(&more, 256, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    gitlab_write_each(&writer, "assignees", civ_field(json, "assignees"), "username");
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, issue_fields, &more, pool);
}

apr_status_t gitlab_issues_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_issue(&elements->as.array.items[i], page);
    return gitlab_walk_on(request, answer, elements, page);
}
