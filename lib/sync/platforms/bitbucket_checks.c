/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket_checks.c
 * Build statuses of commits. A request a commit is too dear for all of them, so they are asked for of the main branch's head and of
 * pull requests that are open or have just changed.
 */
#include <apr_strings.h>
#include <string.h>

#include "sync/platforms/bitbucket_private.h"
#include "sync/platforms/configuration.h"
#include "sync/url.h"

static const civ_data_field_t status_fields[] = {
    {"created_on", "created_on"},
    {"description", "description"},
    {"key", "key"},
    {"name", "name"},
    {"ref_name", "refname"},
    {"state", "state"},
    {"target_url", "url"},
    {"updated_on", "updated_on"},
    {NULL, NULL},
};

static const civ_word_t states[] = {
    {"SUCCESSFUL", CIV_STATUS_PASSED},
    {"FAILED", CIV_STATUS_FAILED},
    {"STOPPED", CIV_STATUS_CANCELED},
    {"INPROGRESS", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

void bitbucket_follow_statuses(const civ_sync_context_t *context, civ_sync_page_t *page, const char *sha)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        bitbucket_request(context,
                          apr_pstrcat(pool, "/commit/", civ_url_encode(sha, pool),
                                      "/statuses?sort=-updated_on&" BITBUCKET_PAGE, NULL),
                          pool);

    request.note = sha;
    civ_sync_page_follow(page, BITBUCKET_STATUS, &request, NULL, CIV_SYNC_ALWAYS);
}

void bitbucket_follow_pull_statuses(const civ_sync_context_t *context, civ_sync_page_t *page,
                                    const civ_sync_item_t *item)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        bitbucket_request(context,
                          apr_pstrcat(pool, "/pullrequests/", civ_url_encode(item->native_id, pool),
                                      "/statuses?sort=-updated_on&" BITBUCKET_PAGE, NULL),
                          pool);

    civ_sync_page_follow(page, BITBUCKET_STATUS, &request, item, CIV_SYNC_WHEN_CHANGED);
}

/* The commit that it is about: as the answer says, in one of two ways; else the one that was asked for. */
static const char *commit_of(const civ_json_t *json, const char *asked_for)
{
    const char *sha = civ_field_text(json, "commit/hash");
    const char *link = civ_field_text(json, "links/commit/href");

    if (sha != NULL && civ_is_commit(sha))
        return sha;
    if (link != NULL && strrchr(link, '/') != NULL && civ_is_commit(strrchr(link, '/') + 1))
        return strrchr(link, '/') + 1;
    return asked_for;
}

/* A key has one state at a time: it is known by the commit and the key. */
static void read_status(const civ_sync_context_t *context, const char *asked_for, const civ_json_t *json,
                        civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *sha = commit_of(json, asked_for);
    const char *key = civ_field_text(json, "key");
    int is_known = sha != NULL && key != NULL;
    civ_sync_item_t *item =
        civ_sync_page_item(page, CIV_ITEM_CHECK, is_known ? apr_pstrcat(pool, sha, "/", key, NULL) : NULL);
    civ_sync_request_t request;

    item->timestamp = civ_field_time(json, "created_on");
    item->updated = civ_field_time(json, "updated_on");
    item->status = civ_word(states, civ_field_text(json, "state"));
    item->title = civ_field_text(json, "name");
    if (item->title == NULL)
        item->title = key;
    item->sha = sha;
    item->url = civ_field_text(json, "url");
    item->data = civ_item_data(json, status_fields, NULL, pool);
    item->is_final =
        strcmp(item->status, CIV_STATUS_RUNNING) != 0 && strcmp(item->status, CIV_STATUS_UNKNOWN) != 0;
    if (!is_known)
        return;
    request = bitbucket_request(
        context, apr_pstrcat(pool, "/commit/", sha, "/statuses/build/", civ_url_encode(key, pool), NULL),
        pool);
    request.note = sha;
    civ_sync_page_recheck(page, item, &request);
}

apr_status_t bitbucket_statuses_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                     const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (civ_field_text(answer->json, "key") != NULL) {
        read_status(context, request->note, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "values", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_status(context, request->note, &elements->as.array.items[i], page);
    return bitbucket_next(context, request, answer, page);
}
