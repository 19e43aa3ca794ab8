/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket_pulls.c
 * Pull requests and what their reviewers say. Those that have changed since the last run are asked for, the latest change first: one that
 * changes while the pages are read moves to where the next run finds it, and pushes others to pages that are still to come.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/bitbucket_private.h"
#include "sync/platforms/configuration.h"
#include "sync/url.h"

/** The statuses of what was last changed longer ago are not asked for, unless it is open still; milliseconds. */
#define STATUSES_AGE APR_INT64_C(604800000)

static const civ_data_field_t pull_fields[] = {
    {"author", "author/nickname"},
    {"author_id", "author/uuid"},
    {"base_ref", "destination/branch/name"},
    {"close_source_branch", "close_source_branch"},
    {"closed_by", "closed_by/nickname"},
    {"comment_count", "comment_count"},
    {"created_on", "created_on"},
    {"description", "description"},
    {"draft", "draft"},
    {"head_ref", "source/branch/name"},
    {"head_repository", "source/repository/full_name"},
    {"head_sha", "source/commit/hash"},
    {"id", "id"},
    {"merge_commit", "merge_commit/hash"},
    {"reason", "reason"},
    {"state", "state"},
    {"task_count", "task_count"},
    {"title", "title"},
    {"updated_on", "updated_on"},
    {NULL, NULL},
};

static const civ_word_t pull_states[] = {
    {"OPEN", CIV_STATUS_OPEN},
    {"MERGED", CIV_STATUS_MERGED},
    {"DECLINED", CIV_STATUS_CLOSED},
    {"SUPERSEDED", CIV_STATUS_CLOSED},
    {NULL, NULL},
};

/* An opinion is passed or failed; a remark, or an opinion that was taken back, is neither. */
static const civ_word_t review_states[] = {
    {"approved", CIV_STATUS_PASSED},
    {"changes_requested", CIV_STATUS_FAILED},
    {NULL, NULL},
};

static const civ_data_field_t review_fields[] = {
    {"approved", "approved"},
    {"author", "user/nickname"},
    {"author_id", "user/uuid"},
    {"participated_on", "participated_on"},
    {"role", "role"},
    {"state", "state"},
    {NULL, NULL},
};

apr_status_t bitbucket_pulls_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        bitbucket_request(context,
                          "/pullrequests?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"
                          "&sort=-updated_on&" BITBUCKET_PULLS_PAGE "&fields=%2Bvalues.participants",
                          pool);

    if (range->from > 0)
        request.url =
            civ_query_set(request.url, "q",
                          apr_pstrcat(pool, "updated_on>=", civ_query_time(range->from, pool), NULL), pool);
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* What somebody thinks of it, who has done something about it: one opinion at a time. */
static void read_review(const civ_sync_item_t *pull, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *user = civ_field_text(json, "user/uuid");
    const char *state = civ_field_text(json, "state");
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    if (user == NULL || civ_field_time(json, "participated_on") == 0)
        return;
    if (state == NULL && civ_field_is_true(json, "approved"))
        state = "approved";
    item = civ_sync_page_item(page, CIV_ITEM_REVIEW, apr_pstrcat(pool, pull->native_id, "/", user, NULL));
    item->timestamp = civ_field_time(json, "participated_on");
    item->status = civ_word(review_states, state);
    item->title = apr_pstrcat(pool, "Review of #", pull->native_id, NULL);
    item->author = bitbucket_account(json, "user", pool);
    item->url = pull->url;
    item->is_final = pull->is_final;
    civ_buffer_init(&more, 64, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "pull_request", pull->native_id);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, review_fields, &more, pool);
}

static void read_pull(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    const civ_json_t *participants = civ_json_get(json, "participants");
    const char *sha = civ_field_text(json, "source/commit/hash");
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PULL_REQUEST, id);
    int is_open;
    apr_size_t i;

    item->timestamp = civ_field_time(json, "created_on");
    item->updated = civ_field_time(json, "updated_on");
    item->status = civ_word(pull_states, civ_field_text(json, "state"));
    is_open = strcmp(item->status, CIV_STATUS_OPEN) == 0;
    item->title = civ_field_text(json, "title");
    item->author = bitbucket_account(json, "author", civ_sync_page_pool(page));
    if (sha != NULL && civ_is_commit(sha)) /* mostly its first twelve digits only */
        item->sha = sha;
    item->url = civ_field_text(json, "links/html/href");
    item->data = civ_item_data(json, pull_fields, NULL, civ_sync_page_pool(page));
    item->is_final =
        strcmp(item->status, CIV_STATUS_MERGED) == 0 || strcmp(item->status, CIV_STATUS_CLOSED) == 0;
    if (id == NULL)
        return;
    for (i = 0; i < civ_field_count(json, "participants"); i++)
        read_review(item, &participants->as.array.items[i], page);
    if (is_open || item->updated > context->now - STATUSES_AGE)
        bitbucket_follow_pull_statuses(context, page, item);
}

apr_status_t bitbucket_pulls_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "values", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_pull(context, &elements->as.array.items[i], page);
    return bitbucket_next(context, request, answer, page);
}
