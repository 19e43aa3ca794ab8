/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_code.c
 * The project and its commits.
 *
 * Commits are listed newest first, by the time of the committer. What comes into the default branch later than that time (a branch
 * merged after weeks) is far down that list, so a run that finds another head asks for what has come between as well.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/url.h"

#define TAG_BETWEEN "between"

/* --- the project --- */

static const civ_data_field_t project_fields[] = {
    {"archived", "archived"},
    {"created_at", "created_at"},
    {"default_branch", "default_branch"},
    {"description", "description"},
    {"empty", "empty_repo"},
    {"forked_from", "forked_from_project/path_with_namespace"},
    {"full_name", "path_with_namespace"},
    {"merge_method", "merge_method"},
    {"merges_need_pipeline", "only_allow_merge_if_pipeline_succeeds"},
    {"merges_need_resolution", "only_allow_merge_if_all_discussions_are_resolved"},
    {"topics", "topics"},
    {"visibility", "visibility"},
    {NULL, NULL},
};

/** How a project says that a feature is switched off: the newer field, and the older one. */
typedef struct feature_t {
    const char *fact, *level, *enabled;
} feature_t;

static const feature_t features[] = {
    {GITLAB_FEATURE_CODE, "repository_access_level", "repository_enabled"},
    {GITLAB_FEATURE_MERGE_REQUESTS, "merge_requests_access_level", "merge_requests_enabled"},
    {GITLAB_FEATURE_ISSUES, "issues_access_level", "issues_enabled"},
    {GITLAB_FEATURE_PIPELINES, "builds_access_level", "jobs_enabled"},
    {GITLAB_FEATURE_RELEASES, "releases_access_level", "releases_enabled"},
};

apr_status_t gitlab_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    civ_sync_request_t request = gitlab_request(context, NULL, "", civ_sync_page_pool(page));

    (void)range;
    request.is_conditional = 1;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* Fields that are absent or null are those that a token is not shown. */
static int is_switched_off(const civ_json_t *json, const feature_t *feature)
{
    const char *level = civ_field_text(json, feature->level);
    const civ_json_t *enabled = civ_field(json, feature->enabled);

    if (level != NULL)
        return strcmp(level, "disabled") == 0;
    return enabled != NULL && enabled->type == CIV_JSON_BOOLEAN && !civ_field_is_true(enabled, "");
}

static void tell_features(const civ_json_t *json, civ_sync_page_t *page)
{
    apr_size_t i;

    for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        int is_off = is_switched_off(json, &features[i]);

        if (strcmp(features[i].fact, GITLAB_FEATURE_CODE) == 0 && civ_field_is_true(json, "empty_repo"))
            is_off = 1;
        civ_sync_page_fact(page, features[i].fact, is_off ? GITLAB_OFF : GITLAB_ON);
    }
}

apr_status_t gitlab_project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *json = answer->json;
    const char *id = gitlab_number(json, "id");
    civ_sync_item_t *item;

    (void)context;
    (void)request;
    if (id == NULL || civ_field_text(json, "path_with_namespace") == NULL)
        return civ_sync_page_fault(page, "The answer is no project of GitLab");
    item = civ_sync_page_item(page, CIV_ITEM_REPOSITORY, id);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "updated_at");
    item->title = civ_field_text(json, "path_with_namespace");
    item->author = civ_field_text(json, "namespace/full_path");
    item->url = civ_field_text(json, "web_url");
    item->data = civ_item_data(json, project_fields, NULL, civ_sync_page_pool(page));
    item->is_final = 1;
    civ_sync_page_fact(page, CIV_FACT_SCOPE, id);
    civ_sync_page_fact(page, CIV_FACT_NAME, civ_field_text(json, "path_with_namespace"));
    civ_sync_page_fact(page, CIV_FACT_CREATED, civ_field_text(json, "created_at"));
    tell_features(json, page);
    return APR_SUCCESS;
}

/* --- commits --- */

static const civ_data_field_t commit_fields[] = {
    {"additions", "stats/additions"},
    {"author_name", "author_name"},
    {"authored", "authored_date"},
    {"committed", "committed_date"},
    {"committer_name", "committer_name"},
    {"deletions", "stats/deletions"},
    {"message", "message"},
    {"parents", "parent_ids"},
    {"sha", "id"},
    {NULL, NULL},
};

apr_status_t gitlab_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    civ_sync_request_t request = gitlab_request(
        context, NULL, "/repository/commits?with_stats=true&" GITLAB_PAGE, civ_sync_page_pool(page));

    if (gitlab_is_off(context, GITLAB_FEATURE_CODE))
        return APR_SUCCESS;
    request.is_conditional = 1;
    request.note = range->bookmark; /* the head of the last run */
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static void read_commit(const civ_json_t *json, civ_sync_page_t *page)
{
    const char *sha = civ_field_text(json, "id");
    civ_sync_item_t *item;

    civ_sync_page_saw(page, civ_field_time(json, "committed_date"));
    if (sha == NULL || !civ_is_commit(sha)) {
        civ_sync_page_warn(page, "A commit was left out: it has no SHA");
        return;
    }
    item = civ_sync_page_item(page, CIV_ITEM_COMMIT, sha);
    item->timestamp = civ_field_time(json, "committed_date");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "authored_date");
    if (item->timestamp == 0)
        item->timestamp = 1; /* of the years before 1971, by a wrong clock: it is a commit all the same */
    item->title = civ_field_text(json, "title");
    item->author = civ_field_text(json, "author_name");
    item->sha = sha;
    item->url = civ_field_text(json, "web_url");
    item->data = civ_item_data(json, commit_fields, NULL, civ_sync_page_pool(page));
    item->is_final = 1;
}

/* What has come into the branch since the head that was known; a head that is gone (forced away) has nothing. */
static void follow_between(const civ_sync_context_t *context, const char *from, const char *to,
                           civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        gitlab_request(context, NULL,
                       apr_pstrcat(pool, "/repository/commits?ref_name=", civ_url_encode(from, pool), "..",
                                   civ_url_encode(to, pool), "&with_stats=true&" GITLAB_PAGE, NULL),
                       pool);

    request.tag = TAG_BETWEEN;
    request.may_be_absent = 1;
    civ_sync_page_follow(page, GITLAB_COMMIT, &request, NULL, CIV_SYNC_ALWAYS);
}

static void read_head(const civ_sync_context_t *context, const civ_sync_request_t *request,
                      const civ_json_t *elements, civ_sync_page_t *page)
{
    const char *head = civ_field_text(elements, "0/id");

    if (request->position > 0 || head == NULL || !civ_is_commit(head))
        return;
    civ_sync_page_bookmark(page, head);
    if (request->note != NULL && strcmp(request->note, head) != 0)
        follow_between(context, request->note, head, page);
}

apr_status_t gitlab_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    if (request->tag == NULL)
        read_head(context, request, elements, page);
    for (i = 0; i < elements->as.array.count; i++)
        read_commit(&elements->as.array.items[i], page);
    return gitlab_next(request, answer, 0, page);
}
