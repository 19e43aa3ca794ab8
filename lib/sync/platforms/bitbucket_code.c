/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket_code.c
 * The repository and the commits of its main branch.
 *
 * Commits cannot be filtered by time, but by what another commit leads to: a run asks for what the head of the last run did not have,
 * which also finds what was committed long before it came into the branch. When that head is gone, the list is read by its dates.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/bitbucket_private.h"
#include "sync/url.h"

/* --- the repository --- */

static const civ_data_field_t repository_fields[] = {
    {"created_on", "created_on"},
    {"description", "description"},
    {"fork_policy", "fork_policy"},
    {"full_name", "full_name"},
    {"is_private", "is_private"},
    {"language", "language"},
    {"mainbranch", "mainbranch/name"},
    {"name", "name"},
    {"parent", "parent/full_name"},
    {"project", "project/key"},
    {"scm", "scm"},
    {"uuid", "uuid"},
    {"workspace", "workspace/slug"},
    {NULL, NULL},
};

apr_status_t bitbucket_repository_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                        civ_sync_page_t *page)
{
    civ_sync_request_t request = bitbucket_request(context, "", civ_sync_page_pool(page));

    (void)range;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

apr_status_t bitbucket_repository_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                       const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *json = answer->json;
    const char *branch = civ_field_text(json, "mainbranch/name");
    const char *name = civ_field_text(json, "full_name");
    const char *uuid = civ_field_text(json, "uuid");
    civ_sync_item_t *item;

    (void)context;
    (void)request;
    if (uuid == NULL || name == NULL)
        return civ_sync_page_fault(page, "The answer is no repository of Bitbucket Cloud");
    item = civ_sync_page_item(page, CIV_ITEM_REPOSITORY, uuid);
    item->timestamp = civ_field_time(json, "created_on");
    item->updated = civ_field_time(json, "updated_on");
    item->title = name;
    item->author = bitbucket_account(json, "owner", civ_sync_page_pool(page));
    item->url = civ_field_text(json, "links/html/href");
    item->data = civ_item_data(json, repository_fields, NULL, civ_sync_page_pool(page));
    item->is_final = 1;
    civ_sync_page_fact(page, CIV_FACT_SCOPE, uuid);
    civ_sync_page_fact(page, CIV_FACT_NAME, name);
    civ_sync_page_fact(page, CIV_FACT_CREATED, civ_field_text(json, "created_on"));
    civ_sync_page_fact(page, BITBUCKET_BRANCH, branch != NULL ? branch : "");
    civ_sync_page_fact(page, BITBUCKET_HTML, item->url);
    return APR_SUCCESS;
}

/* --- commits --- */

static const civ_data_field_t commit_fields[] = {
    {"author", "author/user/nickname"},
    {"author_id", "author/user/uuid"},
    {"date", "date"},
    {"message", "message"},
    {"sha", "hash"},
    {NULL, NULL},
};

apr_status_t bitbucket_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                     civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *branch = civ_sync_fact(context, BITBUCKET_BRANCH);
    civ_sync_request_t request = bitbucket_request(context, "/commits?" BITBUCKET_PAGE, pool);

    request.url = civ_query_set(request.url, "include", branch, pool);
    request.url = civ_query_set(request.url, "exclude", range->bookmark, pool);
    request.note = range->bookmark; /* the head of the last run */
    request.may_be_absent = branch == NULL;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* "Ada Lovelace <ada@example.org>": the part before the address. */
static const char *name_of(const char *raw, apr_pool_t *pool)
{
    apr_size_t length = raw != NULL ? strcspn(raw, "<") : 0;

    while (length > 0 && raw[length - 1] == ' ')
        length--;
    return length > 0 ? apr_pstrmemdup(pool, raw, length) : NULL;
}

static void write_more(civ_buffer_t *out, const civ_json_t *json)
{
    const civ_json_t *parents = civ_json_get(json, "parents");
    const char *name = civ_field_scrub(name_of(civ_field_text(json, "author/raw"), out->pool), out->pool);
    apr_size_t count = civ_field_count(json, "parents");
    civ_json_writer_t writer;
    apr_size_t i;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    if (name != NULL)
        civ_json_member_text(&writer, "author_name", name);
    civ_json_name(&writer, "parents");
    civ_json_begin_array(&writer);
    for (i = 0; i < count; i++)
        civ_json_text(&writer, civ_field_text(&parents->as.array.items[i], "hash"));
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
}

static void read_commit(civ_sync_page_t *page, const civ_json_t *json)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *message = civ_field_text(json, "message");
    const char *sha = civ_field_text(json, "hash");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_COMMIT, sha);
    civ_buffer_t more;

    item->timestamp = civ_field_time(json, "date");
    if (item->timestamp == 0)
        item->timestamp = 1; /* of the years before 1971, by a wrong clock: it is a commit all the same */
    if (message != NULL)
        item->title = apr_pstrmemdup(pool, message, strcspn(message, "\r\n"));
    item->author = bitbucket_account(json, "author/user", pool);
    if (item->author == NULL)
        item->author = name_of(civ_field_text(json, "author/raw"), pool);
    item->sha = sha;
    item->url = civ_field_text(json, "links/html/href");
    civ_buffer_init(&more, 128, pool);
    write_more(&more, json);
    item->data = civ_item_data(json, commit_fields, &more, pool);
    item->is_final = 1;
}

/* Statuses come after their commit, so the head is asked for them in each run, a new one or that of the last run. */
static void read_head(const civ_sync_context_t *context, const civ_sync_request_t *request,
                      const civ_json_t *elements, civ_sync_page_t *page)
{
    const char *head = civ_field_text(elements, "0/hash");

    if (request->position > 0)
        return;
    if (head != NULL)
        civ_sync_page_bookmark(page, head);
    else
        head = request->note;
    if (head != NULL)
        bitbucket_follow_statuses(context, page, head);
}

apr_status_t bitbucket_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "values", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    read_head(context, request, elements, page);
    for (i = 0; i < elements->as.array.count; i++) {
        const civ_json_t *json = &elements->as.array.items[i];

        /* The list of what is new ends by itself, and may well begin with what is old. */
        if (request->note == NULL)
            civ_sync_page_saw(page, civ_field_time(json, "date"));
        read_commit(page, json);
    }
    return bitbucket_next(context, request, answer, page);
}
