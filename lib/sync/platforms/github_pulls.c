/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_pulls.c
 * Pull requests and their reviews. The list is sorted by the last change, newest first, and read until it gets older than the last
 * run; a review changes its pull request, so reviews are asked for when their pull request has changed.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/github_private.h"
#include "sync/url.h"

/** The checks of what was last changed longer ago are not asked for, unless it is open still; milliseconds. */
#define CHECKS_AGE APR_INT64_C(604800000)

static const civ_data_field_t pull_fields[] = {
    {"author", "user/login"},
    {"base_ref", "base/ref"},
    {"closed_at", "closed_at"},
    {"created_at", "created_at"},
    {"draft", "draft"},
    {"head_ref", "head/ref"},
    {"head_repository", "head/repo/full_name"},
    {"head_sha", "head/sha"},
    {"id", "id"},
    {"merged_at", "merged_at"},
    {"milestone", "milestone/title"},
    {"number", "number"},
    {"state", "state"},
    {"title", "title"},
    {"updated_at", "updated_at"},
    {NULL, NULL},
};

static const civ_word_t pull_states[] = {
    {"open", CIV_STATUS_OPEN},
    {"closed", CIV_STATUS_CLOSED},
    {NULL, NULL},
};

/* An opinion is passed or failed; a remark is neither, and its own word stays in the data. */
static const civ_word_t review_states[] = {
    {"APPROVED", CIV_STATUS_PASSED},
    {"CHANGES_REQUESTED", CIV_STATUS_FAILED},
    {"DISMISSED", CIV_STATUS_CANCELED},
    {NULL, NULL},
};

static const civ_data_field_t review_fields[] = {
    {"author", "user/login"},         {"body", "body"}, {"commit_id", "commit_id"}, {"state", "state"},
    {"submitted_at", "submitted_at"}, {NULL, NULL},
};

apr_status_t github_pulls_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                civ_sync_page_t *page)
{
    civ_sync_request_t request = github_request(
        context, "/pulls?state=all&sort=updated&direction=desc&" GITHUB_PAGE, civ_sync_page_pool(page));

    (void)range;
    request.is_conditional = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static void follow_reviews(const civ_sync_context_t *context, const civ_sync_item_t *item,
                           civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = github_request(
        context,
        apr_pstrcat(pool, "/pulls/", civ_url_encode(item->native_id, pool), "/reviews?" GITHUB_PAGE, NULL),
        pool);

    request.note = item->native_id;
    civ_sync_page_follow(page, GITHUB_REVIEW, &request, item, CIV_SYNC_WHEN_CHANGED);
}

/* While it is open GitHub moves these two by itself: a merge that it tries out, and the tip of the base. */
static void write_ends(civ_buffer_t *out, const civ_json_t *json)
{
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "base_sha", civ_field_text(json, "base/sha"));
    civ_json_member_text(&writer, "merge_commit_sha", civ_field_text(json, "merge_commit_sha"));
    civ_json_end_object(&writer);
}

static void read_pull(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    const char *number = civ_field_id(json, "number");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PULL_REQUEST, number);
    civ_buffer_t ends;
    int is_open;

    civ_sync_page_saw(page, civ_field_time(json, "updated_at"));
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = civ_field_text(json, "merged_at") != NULL
                       ? CIV_STATUS_MERGED
                       : civ_word(pull_states, civ_field_text(json, "state"));
    is_open = strcmp(item->status, CIV_STATUS_OPEN) == 0;
    item->title = civ_field_text(json, "title");
    item->author = civ_field_text(json, "user/login");
    item->sha = civ_field_text(json, "head/sha");
    item->url = civ_field_text(json, "html_url");
    civ_buffer_init(&ends, 256, civ_sync_page_pool(page));
    if (!is_open)
        write_ends(&ends, json);
    item->data = civ_item_data(json, pull_fields, &ends, civ_sync_page_pool(page));
    item->is_final = !is_open;
    if (number == NULL)
        return;
    follow_reviews(context, item, page);
    if (item->sha != NULL && (is_open || item->updated > context->now - CHECKS_AGE))
        github_follow_checks(context, page, item->sha, item);
}

apr_status_t github_pulls_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_pull(context, &elements->as.array.items[i], page);
    return civ_list_next(page, request, answer, 0);
}

static void read_review(const char *number, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *state = civ_field_text(json, "state");
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    /* Only its author sees it so far: it has not happened yet. */
    if (state != NULL && strcmp(state, "PENDING") == 0)
        return;
    item = civ_sync_page_item(page, CIV_ITEM_REVIEW, civ_field_id(json, "id"));
    item->timestamp = civ_field_time(json, "submitted_at");
    item->status = civ_word(review_states, state);
    item->title = apr_pstrcat(pool, "Review of #", number, NULL);
    item->author = civ_field_text(json, "user/login");
    item->sha = civ_field_text(json, "commit_id");
    item->url = civ_field_text(json, "html_url");
    item->is_final = 1;
    civ_buffer_init(&more, 64, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "pull_request", number);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, review_fields, &more, pool);
}

apr_status_t github_reviews_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_review(request->note != NULL ? request->note : "", &elements->as.array.items[i], page);
    return civ_list_next(page, request, answer, 0);
}
