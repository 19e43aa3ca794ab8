/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_reviews.c
 * Merge requests by the time of their last change, with their approvals and notes. Both change their merge request, so they are asked
 * for when it has changed.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/url.h"

static const civ_data_field_t merge_request_fields[] = {
    {"author", "author/username"},
    {"closed_at", "closed_at"},
    {"created_at", "created_at"},
    {"draft", "draft"},
    {"head_sha", "sha"},
    {"id", "id"},
    {"labels", "labels"},
    {"merge_commit_sha", "merge_commit_sha"},
    {"merged_at", "merged_at"},
    {"milestone", "milestone/title"},
    {"number", "iid"},
    {"source_branch", "source_branch"},
    {"source_project", "source_project_id"},
    {"squash_commit_sha", "squash_commit_sha"},
    {"state", "state"},
    {"target_branch", "target_branch"},
    {"title", "title"},
    {"updated_at", "updated_at"},
    {NULL, NULL},
};

/* "locked" is what it is while it is being merged. */
static const civ_word_t merge_request_states[] = {
    {"opened", CIV_STATUS_OPEN},
    {"locked", CIV_STATUS_OPEN},
    {"merged", CIV_STATUS_MERGED},
    {"closed", CIV_STATUS_CLOSED},
    {NULL, NULL},
};

static const civ_data_field_t approval_fields[] = {
    {"approvals_left", "approvals_left"},
    {"approvals_required", "approvals_required"},
    {"approved", "approved"},
    {NULL, NULL},
};

static const civ_data_field_t note_fields[] = {
    {"author", "author/username"},
    {"body", "body"},
    {"commit_id", "commit_id"},
    {"created_at", "created_at"},
    {"id", "id"},
    {"path", "position/new_path"},
    {"resolved", "resolved"},
    {"resolved_by", "resolved_by/username"},
    {"system", "system"},
    {"updated_at", "updated_at"},
    {NULL, NULL},
};

/* What GitLab writes down when somebody judges a merge request. What else it writes down is in the merge request itself. */
static const civ_word_t judgements[] = {
    {"approved this merge request", CIV_STATUS_PASSED},
    {"unapproved this merge request", CIV_STATUS_CANCELED},
    {"requested changes", CIV_STATUS_FAILED},
    {NULL, NULL},
};

/* --- merge requests --- */

apr_status_t gitlab_merge_requests_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                         civ_sync_page_t *page)
{
    if (!gitlab_is_off(context, GITLAB_FEATURE_MERGE_REQUESTS))
        gitlab_walk(context, "/merge_requests", "&state=all&scope=all", range, page);
    return APR_SUCCESS;
}

static void follow(const civ_sync_context_t *context, const char *kind, const char *path,
                   const civ_json_t *json, const civ_sync_item_t *item, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *number = gitlab_number(json, "iid");
    gitlab_parent_t parent = {0};
    civ_sync_request_t request;

    if (number == NULL)
        return;
    parent.id = item->native_id;
    parent.number = number;
    parent.sha = item->sha;
    parent.url = item->url;
    parent.state = civ_field_text(json, "state");
    parent.happened = item->timestamp;
    parent.updated = item->updated;
    request = gitlab_request(
        context, NULL, apr_pstrcat(pool, "/merge_requests/", civ_url_encode(number, pool), path, NULL), pool);
    request.note = gitlab_note(&parent, pool);
    request.may_be_absent =
        strcmp(kind, GITLAB_APPROVAL) == 0; /* old servers have it only when it is paid for */
    civ_sync_page_follow(page, kind, &request, item, CIV_SYNC_WHEN_CHANGED);
}

static void write_people(const civ_json_t *json, civ_buffer_t *more)
{
    const char *merged_by = civ_field_text(json, "merge_user/username");
    civ_json_writer_t writer;

    if (merged_by == NULL)
        merged_by = civ_field_text(json, "merged_by/username"); /* of older servers */
    civ_json_writer_init(&writer, more);
    civ_json_begin_object(&writer);
    gitlab_write_each(&writer, "assignees", civ_field(json, "assignees"), "username");
    if (merged_by != NULL)
        civ_json_member_text(&writer, "merged_by", civ_field_scrub(merged_by, more->pool));
    gitlab_write_each(&writer, "reviewers", civ_field(json, "reviewers"), "username");
    civ_json_end_object(&writer);
}

static void read_merge_request(const civ_sync_context_t *context, const civ_json_t *json,
                               civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = gitlab_id(json, "merge request", page);
    civ_sync_item_t *item;
    civ_buffer_t people;

    if (id == NULL)
        return;
    item = civ_sync_page_item(page, CIV_ITEM_PULL_REQUEST, id);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = civ_word(merge_request_states, civ_field_text(json, "state"));
    item->title = civ_field_text(json, "title");
    item->author = civ_field_text(json, "author/username");
    item->sha = civ_field_text(json, "sha");
    item->url = civ_field_text(json, "web_url");
    item->is_final = strcmp(item->status, CIV_STATUS_OPEN) != 0;
    civ_buffer_init(&people, 256, pool);
    write_people(json, &people);
    item->data = civ_item_data(json, merge_request_fields, &people, pool);
    follow(context, GITLAB_APPROVAL, "/approvals", json, item, page);
    follow(context, GITLAB_NOTE, "/notes?sort=asc&order_by=updated_at&" GITLAB_PAGE, json, item, page);
}

apr_status_t gitlab_merge_requests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                        const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_merge_request(context, &elements->as.array.items[i], page);
    return gitlab_walk_on(request, answer, elements, page);
}

/* --- approvals: one item, so that one that is taken back is seen to be gone --- */

/* The time of the last one; older servers do not tell it. */
static apr_int64_t last_approval(const civ_json_t *json, apr_int64_t otherwise)
{
    const civ_json_t *list = civ_field(json, "approved_by");
    apr_size_t count = civ_field_count(list, "");
    apr_int64_t last = 0;
    apr_size_t i;

    for (i = 0; i < count; i++) {
        apr_int64_t at = civ_field_time(&list->as.array.items[i], "approved_at");

        last = at > last ? at : last;
    }
    return last > 0 ? last : otherwise;
}

/* Where no approval is asked for GitLab calls everything approved. */
static const char *approval_status(const civ_json_t *json, const char *state)
{
    if (civ_field_count(json, "approved_by") > 0 && civ_field_is_true(json, "approved"))
        return CIV_STATUS_PASSED;
    return strcmp(civ_word(merge_request_states, state), CIV_STATUS_OPEN) == 0 ? CIV_STATUS_OPEN
                                                                               : CIV_STATUS_SKIPPED;
}

apr_status_t gitlab_approvals_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const civ_json_t *json = answer->json;
    gitlab_parent_t parent;
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    (void)context;
    gitlab_read_note(&parent, request->note, pool);
    if (parent.id == NULL || json->type != CIV_JSON_OBJECT)
        return civ_sync_page_fault(page, "The answer is no approvals of GitLab");
    item = civ_sync_page_item(page, CIV_ITEM_REVIEW, apr_pstrcat(pool, "approvals/", parent.id, NULL));
    item->timestamp = last_approval(json, parent.updated > 0 ? parent.updated : parent.happened);
    item->updated = parent.updated;
    item->status = approval_status(json, parent.state);
    item->title = apr_pstrcat(pool, "Approvals of !", parent.number, NULL);
    item->sha = parent.sha;
    item->url = parent.url;
    item->is_final = strcmp(item->status, CIV_STATUS_OPEN) != 0;
    civ_buffer_init(&more, 256, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    gitlab_write_each(&writer, "approved_by", civ_field(json, "approved_by"), "user/username");
    civ_json_member_text(&writer, "head_sha", parent.sha);
    civ_json_member_text(&writer, "pull_request", parent.number);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, approval_fields, &more, pool);
    return APR_SUCCESS;
}

/* --- notes --- */

/* NULL: it is none that is kept. */
static const char *note_status(const civ_json_t *json)
{
    const char *body = civ_field_text(json, "body");
    const civ_word_t *judgement;

    if (civ_field_is_true(json, "internal") || civ_field_is_true(json, "confidential"))
        return NULL; /* meant for members only */
    if (civ_field_is_true(json, "system")) {
        for (judgement = judgements; body != NULL && judgement->native != NULL; judgement++)
            if (strncmp(body, judgement->native, strlen(judgement->native)) == 0)
                return judgement->word;
        return NULL;
    }
    if (civ_field_is_true(json, "resolvable"))
        return civ_field_is_true(json, "resolved") ? CIV_STATUS_CLOSED : CIV_STATUS_OPEN;
    return CIV_STATUS_UNKNOWN;
}

static void read_note(const gitlab_parent_t *parent, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = gitlab_id(json, "note", page);
    const char *status = note_status(json);
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    if (id == NULL || status == NULL)
        return;
    item = civ_sync_page_item(page, CIV_ITEM_REVIEW, id);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = status;
    item->title = apr_pstrcat(pool, "Note on !", parent->number, NULL);
    item->author = civ_field_text(json, "author/username");
    item->sha = civ_field_text(json, "position/head_sha");
    item->url = parent->url != NULL ? apr_pstrcat(pool, parent->url, "#note_", id, NULL) : NULL;
    item->is_final = strcmp(status, CIV_STATUS_OPEN) != 0;
    civ_buffer_init(&more, 128, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "pull_request", parent->number);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, note_fields, &more, pool);
}

apr_status_t gitlab_notes_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    gitlab_parent_t parent;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    gitlab_read_note(&parent, request->note, civ_sync_page_pool(page));
    for (i = 0; i < elements->as.array.count; i++)
        read_note(&parent, &elements->as.array.items[i], page);
    return gitlab_next(request, answer, 0, page);
}
