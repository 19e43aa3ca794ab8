/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_code.c
 * The project, its repositories and the commits of their default branches.
 *
 * Commits are listed newest first, by their own time. What comes into the branch later than that time (a branch merged after weeks)
 * is far down that list, so a run that finds another head asks for the difference to the head it knew as well.
 */
#include <apr_strings.h>
#include <string.h>

#include "sync/platforms/azure_private.h"
#include "sync/url.h"

#define TAG_DIFFERENCE "difference"

/** Commits of a page. */
#define TOP      100
#define TOP_TEXT "100"
#define SKIP     "searchCriteria.$skip"

/* --- the project --- */

apr_status_t azure_project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const char *id = civ_field_text(answer->json, "id");
    const char *name = civ_field_text(answer->json, "name");
    const char *repository = azure_repository(context);

    (void)request;
    if (id == NULL || name == NULL)
        return civ_sync_page_fault(page, "The answer is no project of Azure DevOps");
    civ_sync_page_fact(page, CIV_FACT_SCOPE, id);
    civ_sync_page_fact(page, CIV_FACT_NAME,
                       repository != NULL ? apr_pstrcat(civ_sync_page_pool(page), name, "/", repository, NULL)
                                          : name);
    if (civ_field_time(answer->json, "lastUpdateTime") > 0)
        civ_sync_page_fact(page, AZURE_FACT_UPDATED, civ_field_text(answer->json, "lastUpdateTime"));
    return APR_SUCCESS;
}

/* --- repositories --- */

/* Its size is another after each push, and is left out. */
static const civ_data_field_t repository_fields[] = {
    {"default_branch", "defaultBranch"},
    {"disabled", "isDisabled"},
    {"fork", "isFork"},
    {"id", "id"},
    {"in_maintenance", "isInMaintenance"},
    {"name", "name"},
    {"parent", "parentRepository/name"},
    {"project", "project/name"},
    {"project_id", "project/id"},
    {"visibility", "project/visibility"},
    {NULL, NULL},
};

apr_status_t azure_repositories_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                      civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *name = azure_repository(context);
    const char *id = civ_sync_fact(context, AZURE_FACT_REPOSITORY);
    const char *path = "/_apis/git/repositories";
    civ_sync_request_t request;

    (void)range;
    if (name != NULL)
        path = apr_pstrcat(pool, path, "/", civ_url_encode(id != NULL ? id : name, pool), NULL);
    request = azure_request(context, path, pool);
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static void read_repository(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_text(json, "id");
    const char *updated = civ_sync_fact(context, AZURE_FACT_UPDATED);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_REPOSITORY, id);

    item->timestamp = civ_time_of_text(updated);
    if (item->timestamp == 0)
        item->timestamp = context->now;
    item->title = civ_field_text(json, "name");
    item->url = civ_field_text(json, "webUrl");
    item->data = civ_item_data(json, repository_fields, NULL, pool);
    item->is_final = 1;
    /* One that is switched off answers nothing, and one without a branch has no commits. */
    if (id == NULL || civ_field_is_true(json, "isDisabled"))
        return;
    civ_sync_page_stream(page, AZURE_PULL_REQUEST, id);
    if (civ_field_text(json, "defaultBranch") != NULL)
        civ_sync_page_stream(page, AZURE_COMMIT, id);
}

apr_status_t azure_repositories_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                     const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (azure_repository(context) != NULL && civ_field_text(answer->json, "id") != NULL) {
        read_repository(context, answer->json, page);
        civ_sync_page_fact(page, AZURE_FACT_REPOSITORY, civ_field_text(answer->json, "id"));
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "value", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_repository(context, &elements->as.array.items[i], page);
    azure_next_token(page, request, answer);
    return APR_SUCCESS;
}

/* --- commits --- */

/* Nothing of the repository: one commit may be in several of a project. */
static const civ_data_field_t commit_fields[] = {
    {"author_name", "author/name"},
    {"authored", "author/date"},
    {"changes", "changeCounts"},
    {"committed", "committer/date"},
    {"committer_name", "committer/name"},
    {"message", "comment"},
    {"message_is_cut", "commentTruncated"},
    {"sha", "commitId"},
    {NULL, NULL},
};

/* @param versions what to start from, and what to leave out, as further parameters; "" for the default branch */
static civ_sync_request_t ask_for_commits(const civ_sync_context_t *context, const char *repository,
                                          const char *versions, apr_pool_t *pool)
{
    civ_sync_request_t request =
        azure_request(context,
                      apr_pstrcat(pool, "/_apis/git/repositories/", civ_url_encode(repository, pool),
                                  "/commits?searchCriteria.$top=" TOP_TEXT "&" SKIP "=0", versions, NULL),
                      pool);

    return request;
}

/* The note is the repository; the tag, what the last run found as the head. */
apr_status_t azure_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page)
{
    civ_sync_request_t request = ask_for_commits(context, range->stream, "", civ_sync_page_pool(page));

    request.note = range->stream;
    request.tag = range->bookmark;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static const char *first_line(const char *text, apr_pool_t *pool)
{
    return text != NULL ? apr_pstrmemdup(pool, text, strcspn(text, "\r\n")) : NULL;
}

static void read_commit(const civ_json_t *json, civ_sync_page_t *page)
{
    static const char *const times[] = {"committer/date", "author/date", NULL};
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_COMMIT, civ_field_text(json, "commitId"));

    item->timestamp = azure_first_time(json, times);
    civ_sync_page_saw(page, item->timestamp);
    if (item->timestamp == 0)
        item->timestamp = 1; /* of the years before 1971, by a wrong clock: it is a commit all the same */
    item->title = first_line(civ_field_text(json, "comment"), pool);
    item->author = civ_field_text(json, "author/name");
    item->sha = item->native_id;
    item->url = civ_field_text(json, "remoteUrl");
    item->data = civ_item_data(json, commit_fields, NULL, pool);
    item->is_final = 1;
}

/* What has come into the branch since the head that was known; a head that is gone (forced away) has no difference. */
static void follow_difference(const civ_sync_context_t *context, const char *repository, const char *from,
                              const char *to, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = ask_for_commits(
        context, repository,
        apr_pstrcat(pool, "&searchCriteria.itemVersion.version=", civ_url_encode(from, pool),
                    "&searchCriteria.itemVersion.versionType=commit&searchCriteria.compareVersion.version=",
                    civ_url_encode(to, pool), "&searchCriteria.compareVersion.versionType=commit", NULL),
        pool);

    request.tag = TAG_DIFFERENCE;
    request.may_be_absent = 1;
    civ_sync_page_follow(page, AZURE_COMMIT, &request, NULL, CIV_SYNC_ALWAYS);
}

apr_status_t azure_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const char *head = civ_field_text(answer->json, "value/0/commitId");
    const char *known = request->tag;
    int is_difference = known != NULL && strcmp(known, TAG_DIFFERENCE) == 0;
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "value", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_commit(&elements->as.array.items[i], page);
    if (!is_difference && request->position == 0 && head != NULL) {
        civ_sync_page_bookmark(page, head);
        if (known != NULL && strcmp(known, head) == 0)
            return APR_SUCCESS; /* all of it was read by the run that found this head */
        if (known != NULL && request->note != NULL)
            follow_difference(context, request->note, known, head, page);
    }
    azure_next_skip(page, request, answer, SKIP, TOP);
    return APR_SUCCESS;
}
