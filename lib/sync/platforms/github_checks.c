/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_checks.c
 * What others say of a commit: check runs of apps, and statuses, which are two systems. A request or two a commit is too dear for all
 * of them, so they are asked for of the default branch's head and of the heads of pull requests that are open or have just changed.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/github_private.h"
#include "sync/url.h"

#define TAG_STATUS "status"

static const civ_data_field_t check_fields[] = {
    {"annotations", "output/annotations_count"},
    {"app", "app/slug"},
    {"completed_at", "completed_at"},
    {"conclusion", "conclusion"},
    {"head_sha", "head_sha"},
    {"id", "id"},
    {"name", "name"},
    {"started_at", "started_at"},
    {"status", "status"},
    {"title", "output/title"},
    {NULL, NULL},
};

static const civ_data_field_t status_fields[] = {
    {"context", "context"}, {"created_at", "created_at"}, {"description", "description"}, {"id", "id"},
    {"state", "state"},     {"target_url", "target_url"}, {"updated_at", "updated_at"},   {NULL, NULL},
};

static civ_sync_request_t ask_for_statuses(const civ_sync_context_t *context, const char *sha,
                                           apr_pool_t *pool)
{
    civ_sync_request_t request = github_request(
        context, apr_pstrcat(pool, "/commits/", civ_url_encode(sha, pool), "/status?" GITHUB_PAGE, NULL),
        pool);

    request.tag = TAG_STATUS;
    request.note = sha;
    return request;
}

void github_follow_checks(const civ_sync_context_t *context, civ_sync_page_t *page, const char *sha,
                          const civ_sync_item_t *item)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = github_request(context,
                                                apr_pstrcat(pool, "/commits/", civ_url_encode(sha, pool),
                                                            "/check-runs?filter=latest&" GITHUB_PAGE, NULL),
                                                pool);

    civ_sync_page_follow(page, GITHUB_CHECK, &request, item, CIV_SYNC_WHEN_CHANGED);
    request = ask_for_statuses(context, sha, pool);
    civ_sync_page_follow(page, GITHUB_CHECK, &request, item, CIV_SYNC_WHEN_CHANGED);
}

static void read_check(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    const char *state = civ_field_text(json, "status");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_CHECK, id);
    civ_sync_request_t request;

    item->timestamp = civ_field_time(json, "started_at");
    if (item->timestamp == 0)
        item->timestamp = context->now; /* queued: it has not started */
    item->updated = civ_field_time(json, "completed_at");
    item->status = github_status(json);
    item->title = civ_field_text(json, "name");
    item->author = civ_field_text(json, "app/slug");
    item->sha = civ_field_text(json, "head_sha");
    item->url = civ_field_text(json, "html_url");
    item->data = civ_item_data(json, check_fields, NULL, pool);
    item->is_final = state != NULL && strcmp(state, "completed") == 0;
    if (id == NULL)
        return;
    request =
        github_request(context, apr_pstrcat(pool, "/check-runs/", civ_url_encode(id, pool), NULL), pool);
    civ_sync_page_recheck(page, item, &request);
}

/* A context has one state at a time, told under a new id each time: it is known by the commit and its name. */
static void read_status(const civ_sync_context_t *context, const char *sha, const civ_json_t *json,
                        civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *name = civ_field_text(json, "context");
    civ_sync_item_t *item = civ_sync_page_item(
        page, CIV_ITEM_CHECK, name != NULL ? apr_pstrcat(pool, "status/", sha, "/", name, NULL) : NULL);
    civ_sync_request_t request = ask_for_statuses(context, sha, pool);

    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->status = civ_word(github_conclusions, civ_field_text(json, "state"));
    item->title = name;
    item->author = civ_field_text(json, "creator/login");
    item->sha = sha;
    item->url = civ_field_text(json, "target_url");
    item->data = civ_item_data(json, status_fields, NULL, pool);
    item->is_final = strcmp(item->status, CIV_STATUS_RUNNING) != 0;
    civ_sync_page_recheck(page, item, &request);
}

apr_status_t github_checks_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    int is_status = request->tag != NULL && strcmp(request->tag, TAG_STATUS) == 0;
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (!is_status && civ_field_id(answer->json, "id") != NULL) {
        read_check(context, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, is_status ? "statuses" : "check_runs", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++) {
        if (is_status)
            read_status(context, request->note != NULL ? request->note : "", &elements->as.array.items[i],
                        page);
        else
            read_check(context, &elements->as.array.items[i], page);
    }
    return civ_list_next(page, request, answer, 0);
}
