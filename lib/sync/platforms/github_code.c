/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_code.c
 * The repository and its commits.
 *
 * Commits are listed newest first, by the time of the committer. What comes into the default branch later than that time (a branch
 * merged after weeks) is far down that list, so a run that finds another head asks for the difference to the head it knew as well.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/github_private.h"
#include "sync/url.h"

#define TAG_COMPARE "compare"

/* --- the repository --- */

static const civ_data_field_t repository_fields[] = {
    {"archived", "archived"},
    {"created_at", "created_at"},
    {"default_branch", "default_branch"},
    {"fork", "fork"},
    {"full_name", "full_name"},
    {"description", "description"},
    {"disabled", "disabled"},
    {"language", "language"},
    {"license", "license/spdx_id"},
    {"parent", "parent/full_name"},
    {"private", "private"},
    {"topics", "topics"},
    {"visibility", "visibility"},
    {NULL, NULL},
};

apr_status_t github_repository_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                     civ_sync_page_t *page)
{
    civ_sync_request_t request = github_request(context, "", civ_sync_page_pool(page));

    (void)range;
    request.is_conditional = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

apr_status_t github_repository_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *json = answer->json;
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item;

    (void)context;
    (void)request;
    if (id == NULL || civ_field_text(json, "full_name") == NULL)
        return civ_sync_page_fault(page, "The answer is no repository of GitHub");
    item = civ_sync_page_item(page, CIV_ITEM_REPOSITORY, id);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->title = civ_field_text(json, "full_name");
    item->author = civ_field_text(json, "owner/login");
    item->url = civ_field_text(json, "html_url");
    item->data = civ_item_data(json, repository_fields, NULL, civ_sync_page_pool(page));
    item->is_final = 1;
    civ_sync_page_fact(page, CIV_FACT_SCOPE, id);
    civ_sync_page_fact(page, CIV_FACT_NAME, civ_field_text(json, "full_name"));
    if (civ_field_text(json, "created_at") != NULL)
        civ_sync_page_fact(page, CIV_FACT_CREATED, civ_field_text(json, "created_at"));
    return APR_SUCCESS;
}

/* --- commits --- */

static const civ_data_field_t commit_fields[] = {
    {"author", "author/login"},
    {"author_name", "commit/author/name"},
    {"authored", "commit/author/date"},
    {"committed", "commit/committer/date"},
    {"committer", "committer/login"},
    {"committer_name", "commit/committer/name"},
    {"message", "commit/message"},
    {"sha", "sha"},
    {"tree", "commit/tree/sha"},
    {"verification", "commit/verification/reason"},
    {"verified", "commit/verification/verified"},
    {NULL, NULL},
};

apr_status_t github_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    civ_sync_request_t request = github_request(context, "/commits?" GITHUB_PAGE, civ_sync_page_pool(page));

    request.is_conditional = 1;
    request.note = range->bookmark; /* the head of the last run */
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static void write_parents(civ_buffer_t *out, const civ_json_t *json)
{
    const civ_json_t *parents = civ_json_get(json, "parents");
    apr_size_t count = civ_field_count(json, "parents");
    civ_json_writer_t writer;
    apr_size_t i;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "parents");
    civ_json_begin_array(&writer);
    for (i = 0; i < count; i++)
        civ_json_text(&writer, civ_field_text(&parents->as.array.items[i], "sha"));
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
}

static const char *first_line(const char *text, apr_pool_t *pool)
{
    return text != NULL ? apr_pstrmemdup(pool, text, strcspn(text, "\r\n")) : NULL;
}

static void read_commit(civ_sync_page_t *page, const civ_json_t *json)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *sha = civ_field_text(json, "sha");
    civ_sync_item_t *item;
    civ_buffer_t parents;

    civ_sync_page_saw(page, civ_field_time(json, "commit/committer/date"));
    item = civ_sync_page_item(page, CIV_ITEM_COMMIT, sha);
    item->timestamp = civ_field_time(json, "commit/committer/date");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "commit/author/date");
    if (item->timestamp == 0)
        item->timestamp = 1; /* of the years before 1971, by a wrong clock: it is a commit all the same */
    item->title = first_line(civ_field_text(json, "commit/message"), pool);
    item->author = civ_field_text(json, "author/login");
    if (item->author == NULL)
        item->author = civ_field_text(json, "commit/author/name");
    item->sha = sha;
    item->url = civ_field_text(json, "html_url");
    civ_buffer_init(&parents, 128, pool);
    write_parents(&parents, json);
    item->data = civ_item_data(json, commit_fields, &parents, pool);
    item->is_final = 1;
}

/* What has come into the branch since the head that was known; a head that is gone (forced away) has no difference. */
static void follow_difference(const civ_sync_context_t *context, const char *from, const char *to,
                              civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        github_request(context,
                       apr_pstrcat(pool, "/compare/", civ_url_encode(from, pool), "...",
                                   civ_url_encode(to, pool), "?" GITHUB_PAGE, NULL),
                       pool);

    request.tag = TAG_COMPARE;
    request.may_be_absent = 1;
    civ_sync_page_follow(page, GITHUB_COMMIT, &request, NULL, CIV_SYNC_ALWAYS);
}

static void read_head(const civ_sync_context_t *context, const civ_sync_request_t *request,
                      const civ_json_t *elements, civ_sync_page_t *page)
{
    const char *head = civ_field_text(elements, "0/sha");

    if (request->position > 0 || head == NULL)
        return;
    civ_sync_page_bookmark(page, head);
    github_follow_checks(context, page, head, NULL);
    if (request->note != NULL && strcmp(request->note, head) != 0)
        follow_difference(context, request->note, head, page);
}

apr_status_t github_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    int is_list = request->tag == NULL;
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, is_list ? NULL : "commits", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    if (is_list)
        read_head(context, request, elements, page);
    for (i = 0; i < elements->as.array.count; i++)
        read_commit(page, &elements->as.array.items[i]);
    return civ_list_next(page, request, answer, 0);
}
