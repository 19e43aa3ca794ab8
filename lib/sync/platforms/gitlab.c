/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab.c
 * GitLab, gitlab.com and self-managed: the connector's table, its configuration, and the statuses that it sets.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/platforms/platforms.h"

#define DEFAULT_ROOT "https://gitlab.com"
#define API          "/api/v4"

/** Bytes of a name in a path, and names in it, at most. */
#define NAME_MOST   255
#define LEVELS_MOST 32

/** Digits of a project's number at most. */
#define DIGITS_MOST 18

/** Characters of a status' texts that GitLab takes. */
#define STATUS_TEXT_MOST 255

/* --- the configuration --- */

static const civ_connector_setting_t settings[] = {
    {"api_token", 1, "personal, group or project access token; needs only to read (read_api)"},
    {"base_url", 0, "https://gitlab.com (default), or where a self-managed GitLab starts"},
    {NULL, 0, NULL},
};

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    const char *token;
    const char *root;
    apr_size_t length;

    if (civ_configuration_secret(&token, config, "api_token", problem, pool) != APR_SUCCESS ||
        civ_configuration_base(&root, config, DEFAULT_ROOT, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    length = strlen(root);
    if (length > strlen(API) && strcmp(root + length - strlen(API), API) == 0)
        access->base = root; /* what was meant is clear */
    else
        access->base = apr_pstrcat(pool, root, API, NULL);
    civ_access_secret(access, "PRIVATE-TOKEN", "", token, pool);
    civ_access_header(access, "Accept", "application/json");
    return APR_SUCCESS;
}

/* A name of a group or a project. */
static int is_name(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++)
        if (!apr_isalnum(text[i]) && strchr("-_.", text[i]) == NULL)
            return 0;
    return length > 0 && length <= NAME_MOST && !(text[0] == '.' && length <= 2 && text[length - 1] == '.');
}

static int is_path(const char *text)
{
    int levels = 0;

    for (;;) {
        apr_size_t length = strcspn(text, "/");

        if (!is_name(text, length) || ++levels > LEVELS_MOST)
            return 0;
        if (text[length] == '\0')
            return levels > 1;
        text += length + 1;
    }
}

static apr_status_t check_project(const char *project_id, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_size_t digits = strspn(project_id, "0123456789");

    if ((project_id[digits] == '\0' && digits > 0 && digits <= DIGITS_MOST && project_id[0] != '0') ||
        is_path(project_id))
        return APR_SUCCESS;
    return civ_request_refuse(problem, "/project_id", pool,
                              "A project of GitLab is written as its number, or as \"group/project\"");
}

static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->url = apr_pstrcat(context->pool, context->base, "/version", NULL);
    return APR_SUCCESS;
}

/* --- telling GitLab --- */

/* GitLab has one word for what failed. */
static const civ_word_t push_states[] = {
    {"pending", "pending"}, {"success", "success"},   {"failure", "failed"},
    {"error", "failed"},    {"canceled", "canceled"}, {NULL, NULL},
};

static const char *state_to_push(const char *state)
{
    const civ_word_t *word = push_states;

    while (word->native != NULL && strcmp(word->native, state) != 0)
        word++;
    return word->word;
}

static int is_too_long(const char *text, apr_pool_t *pool)
{
    return text != NULL && civ_first_characters(text, STATUS_TEXT_MOST, pool) != text;
}

static apr_status_t check_push(const civ_sync_push_t *push, civ_problem_t *problem, apr_pool_t *pool)
{
    if (state_to_push(push->state) == NULL)
        return civ_request_refuse(problem, "/state", pool,
                                  "state must be pending, success, failure, error or canceled");
    if (!civ_is_commit(push->sha))
        return civ_request_refuse(problem, "/sha", pool, "sha must be a commit's whole SHA, in lower case");
    if (is_too_long(push->context, pool))
        return civ_request_refuse(problem, "/context", pool, "GitLab takes a context of 255 characters");
    if (is_too_long(push->target_url, pool))
        return civ_request_refuse(problem, "/target_url", pool, "GitLab takes a URL of 255 characters");
    return APR_SUCCESS;
}

static apr_status_t push(const civ_sync_context_t *context, const civ_sync_push_t *push,
                         civ_sync_request_t *request, civ_problem_t *problem)
{
    apr_pool_t *pool = context->pool;
    civ_json_writer_t writer;
    civ_buffer_t body;
    apr_status_t status = check_push(push, problem, pool);

    if (status != APR_SUCCESS)
        return status;
    civ_buffer_init(&body, 256, pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "state", state_to_push(push->state));
    civ_json_member_text(&writer, "name", push->context);
    if (push->description != NULL)
        civ_json_member_text(&writer, "description",
                             civ_first_characters(push->description, STATUS_TEXT_MOST, pool));
    if (push->target_url != NULL)
        civ_json_member_text(&writer, "target_url", push->target_url);
    civ_json_end_object(&writer);
    *request = gitlab_request(context, NULL, apr_pstrcat(pool, "/statuses/", push->sha, NULL), pool);
    request->body = apr_pstrmemdup(pool, body.data, body.length);
    return APR_SUCCESS;
}

/* A status that is what it is to become is refused: "Cannot transition status via :succeed from :success (...)". */
static int is_pushed(const civ_sync_push_t *push, const civ_json_t *refusal)
{
    static const char from[] = " from :";
    const char *message = civ_field_text(refusal, "message");
    const char *wanted = state_to_push(push->state);
    const char *state;

    if (message == NULL || wanted == NULL || strncmp(message, "Cannot transition status", 24) != 0)
        return 0;
    state = strstr(message, from);
    if (state == NULL)
        return 0;
    state += strlen(from);
    return strncmp(state, wanted, strlen(wanted)) == 0 && !apr_isalpha(state[strlen(wanted)]);
}

/* --- the table --- */

static const civ_sync_kind_t kinds[] = {
    {.name = GITLAB_PROJECT,
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = gitlab_project_first,
     .read = gitlab_project_read},
    {.name = GITLAB_MERGE_REQUEST,
     .rule = CIV_SYNC_UPDATED,
     .first = gitlab_merge_requests_first,
     .read = gitlab_merge_requests_read},
    {.name = GITLAB_APPROVAL, .rule = CIV_SYNC_PART, .read = gitlab_approvals_read},
    {.name = GITLAB_NOTE, .rule = CIV_SYNC_PART, .read = gitlab_notes_read},
    {.name = GITLAB_ISSUE,
     .rule = CIV_SYNC_UPDATED,
     .first = gitlab_issues_first,
     .read = gitlab_issues_read},
    {.name = GITLAB_COMMIT,
     .rule = CIV_SYNC_BOOKMARK,
     .stops_when_older = 1,
     .is_newest_first = 1,
     .first = gitlab_commits_first,
     .read = gitlab_commits_read},
    {.name = GITLAB_PIPELINE,
     .rule = CIV_SYNC_UPDATED,
     .first = gitlab_pipelines_first,
     .read = gitlab_pipelines_read},
    {.name = GITLAB_CHILD,
     .rule = CIV_SYNC_UPDATED,
     .first = gitlab_children_first,
     .read = gitlab_children_read},
    {.name = GITLAB_DOWNSTREAM, .rule = CIV_SYNC_PART, .read = gitlab_downstream_read},
    {.name = GITLAB_JOB, .rule = CIV_SYNC_PART, .read = gitlab_jobs_read},
    {.name = GITLAB_BRIDGE, .rule = CIV_SYNC_PART, .read = gitlab_bridges_read},
    {.name = GITLAB_TEST_REPORT, .rule = CIV_SYNC_PART, .read = gitlab_tests_read},
    {.name = GITLAB_RELEASE,
     .rule = CIV_SYNC_ALL,
     .first = gitlab_releases_first,
     .read = gitlab_releases_read},
};

const civ_connector_t civ_connector_gitlab = {
    .platform = "gitlab",
    .title = "GitLab",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .page_size = "per_page",
    .prepare = prepare,
    .check_project = check_project,
    .probe = probe,
    .push = push,
    .is_pushed = is_pushed,
};
