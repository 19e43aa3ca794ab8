/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_pulls.c
 * Pull requests. There is no list by the time of the last change, so all active ones are read each time, and then those that were
 * closed since; servers that do not know the time of closing take it for that of creation, and what was active and is not any more is
 * asked for one by one.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/azure_private.h"
#include "sync/url.h"

#define TOP      100
#define TOP_TEXT "100"
#define SKIP     "$skip"

/** Reviewers that are kept. */
#define REVIEWERS_MOST 100

/* Descriptions are cut in lists only, and are left out. */
static const civ_data_field_t pull_fields[] = {
    {"author_id", "createdBy/id"},
    {"closed", "closedDate"},
    {"created", "creationDate"},
    {"draft", "isDraft"},
    {"head_sha", "lastMergeSourceCommit/commitId"},
    {"id", "pullRequestId"},
    {"repository", "repository/name"},
    {"repository_id", "repository/id"},
    {"source", "sourceRefName"},
    {"status", "status"},
    {"target", "targetRefName"},
    {"title", "title"},
    {NULL, NULL},
};

static const civ_word_t pull_states[] = {
    {"active", CIV_STATUS_OPEN},
    {"completed", CIV_STATUS_MERGED},
    {"abandoned", CIV_STATUS_CLOSED},
    {NULL, NULL},
};

static void ask_for(const civ_sync_context_t *context, const char *repository, const char *criteria,
                    civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        azure_request(context,
                      apr_pstrcat(pool, "/_apis/git/repositories/", civ_url_encode(repository, pool),
                                  "/pullrequests?", criteria, "&$top=" TOP_TEXT "&" SKIP "=0", NULL),
                      pool);

    civ_sync_page_next(page, &request);
}

apr_status_t azure_pulls_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                               civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);

    if (range->from == 0) {
        ask_for(context, range->stream, "searchCriteria.status=all", page);
        return APR_SUCCESS;
    }
    /* In this order: what is closed in between is in both. */
    ask_for(context, range->stream, "searchCriteria.status=active", page);
    ask_for(context, range->stream,
            apr_pstrcat(pool,
                        "searchCriteria.status=all&searchCriteria.queryTimeRangeType=closed"
                        "&searchCriteria.minTime=",
                        azure_time(range->from, pool), NULL),
            page);
    return APR_SUCCESS;
}

static int compare_ids(const char *left, const char *right)
{
    return strcmp(left != NULL ? left : "", right != NULL ? right : "");
}

/* In the order of their ids: that of the answers tells nothing. */
static void write_reviewers(civ_json_writer_t *writer, const civ_json_t *json, apr_pool_t *pool)
{
    const civ_json_t *reviewers = civ_json_get(json, "reviewers");
    apr_size_t count = civ_field_count(json, "reviewers");
    const civ_json_t *sorted[REVIEWERS_MOST];
    apr_size_t used = 0;
    apr_size_t i, j;

    for (i = 0; i < count && used < REVIEWERS_MOST; i++) {
        const civ_json_t *one = &reviewers->as.array.items[i];

        for (j = used;
             j > 0 && compare_ids(civ_field_text(one, "id"), civ_field_text(sorted[j - 1], "id")) < 0; j--)
            sorted[j] = sorted[j - 1];
        sorted[j] = one;
        used++;
    }
    civ_json_name(writer, "reviewers");
    civ_json_begin_array(writer);
    for (i = 0; i < used; i++) {
        civ_json_begin_object(writer);
        civ_json_member_text(writer, "id", civ_field_text(sorted[i], "id"));
        civ_json_member_text(writer, "name", civ_field_scrub(civ_field_text(sorted[i], "displayName"), pool));
        civ_json_member_bool(writer, "required", civ_field_is_true(sorted[i], "isRequired"));
        civ_json_member_int(writer, "vote", civ_field_int(sorted[i], "vote", 0));
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

/* While it is active a merge is tried out again and again, and the tip of the target moves. */
static void write_more(civ_buffer_t *out, const civ_json_t *json, int is_open)
{
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "author", civ_field_scrub(azure_person(json, "createdBy"), out->pool));
    if (!is_open) {
        civ_json_member_text(&writer, "merge_sha", civ_field_text(json, "lastMergeCommit/commitId"));
        civ_json_member_text(&writer, "merge_status", civ_field_text(json, "mergeStatus"));
        civ_json_member_text(&writer, "target_sha", civ_field_text(json, "lastMergeTargetCommit/commitId"));
    }
    write_reviewers(&writer, json, out->pool);
    civ_json_end_object(&writer);
}

static void read_pull(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "pullRequestId");
    const char *repository = civ_field_text(json, "repository/id");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PULL_REQUEST, id);
    civ_sync_request_t request;
    civ_buffer_t more;

    item->timestamp = civ_field_time(json, "creationDate");
    item->status = civ_word(pull_states, civ_field_text(json, "status"));
    item->is_final = strcmp(item->status, CIV_STATUS_OPEN) != 0;
    item->title = civ_field_text(json, "title");
    item->author = azure_person(json, "createdBy");
    item->sha = civ_field_text(json, "lastMergeSourceCommit/commitId");
    civ_buffer_init(&more, 256, pool);
    write_more(&more, json, !item->is_final);
    item->data = civ_item_data(json, pull_fields, &more, pool);
    if (id == NULL || repository == NULL)
        return;
    repository = civ_url_encode(repository, pool);
    item->url = azure_web(
        context, apr_pstrcat(pool, "/_git/", repository, "/pullrequest/", civ_url_encode(id, pool), NULL),
        pool);
    request = azure_request(context,
                            apr_pstrcat(pool, "/_apis/git/repositories/", repository, "/pullrequests/",
                                        civ_url_encode(id, pool), NULL),
                            pool);
    civ_sync_page_recheck(page, item, &request);
}

apr_status_t azure_pulls_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (civ_field_id(answer->json, "pullRequestId") != NULL) {
        read_pull(context, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "value", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_pull(context, &elements->as.array.items[i], page);
    azure_next_skip(page, request, answer, SKIP, TOP);
    return APR_SUCCESS;
}
