/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github.c
 * GitHub, GitHub Enterprise Server and Enterprise Cloud: the connector's table, its configuration, and what its kinds share.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/github_private.h"
#include "sync/platforms/platforms.h"
#include "sync/url.h"

#define DEFAULT_BASE    "https://api.github.com"
#define DEFAULT_VERSION "2022-11-28"

/** Bytes of a name at most. */
#define NAME_MOST 100

/** Characters of a status' description that GitHub takes. */
#define DESCRIPTION_MOST 140

const civ_word_t github_conclusions[] = {
    {"success", CIV_STATUS_PASSED},         {"failure", CIV_STATUS_FAILED},
    {"error", CIV_STATUS_FAILED},           {"timed_out", CIV_STATUS_FAILED},
    {"startup_failure", CIV_STATUS_FAILED}, {"neutral", CIV_STATUS_UNSTABLE},
    {"cancelled", CIV_STATUS_CANCELED},     {"skipped", CIV_STATUS_SKIPPED},
    {"queued", CIV_STATUS_RUNNING},         {"in_progress", CIV_STATUS_RUNNING},
    {"waiting", CIV_STATUS_RUNNING},        {"requested", CIV_STATUS_RUNNING},
    {"pending", CIV_STATUS_RUNNING},        {NULL, NULL},
};

const char *github_status(const civ_json_t *json)
{
    const char *conclusion = civ_field_text(json, "conclusion");

    return civ_word(github_conclusions, conclusion != NULL ? conclusion : civ_field_text(json, "status"));
}

civ_sync_request_t github_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool)
{
    /* Renamed, it is asked for by its present name: the former one costs a redirect each time. */
    const char *name = path[0] != '\0' ? civ_sync_fact(context, CIV_FACT_NAME) : NULL;
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(pool, context->base, "/repos/",
                              civ_path_encode(name != NULL ? name : context->project_id, pool), path, NULL);
    return request;
}

/* --- the configuration --- */

static const civ_connector_setting_t settings[] = {
    {"api_token", 1, "personal access token, or token of an installation; needs only to read"},
    {"base_url", 0, "https://api.github.com (default), or https://HOST/api/v3"},
    {"api_version", 0, "version of the API to ask for; 2022-11-28 (default), or \"\" for a server's own"},
    {NULL, 0, NULL},
};

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    const char *version = civ_json_get_text(config, "api_version");
    const char *token;

    if (civ_configuration_secret(&token, config, "api_token", problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    if (civ_json_get(config, "api_version") != NULL &&
        (version == NULL || strlen(version) > NAME_MOST || !civ_is_visible(version)))
        return civ_configuration_refuse(problem, "api_version", pool, "api_version must be a date, or empty");
    if (civ_configuration_base(&access->base, config, DEFAULT_BASE, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_access_secret(access, "Authorization", "Bearer ", token, pool);
    civ_access_header(access, "Accept", "application/vnd.github+json");
    if (version == NULL || version[0] != '\0')
        civ_access_header(access, "X-GitHub-Api-Version",
                          version != NULL ? apr_pstrdup(pool, version) : DEFAULT_VERSION);
    return APR_SUCCESS;
}

/* A name of an owner or a repository. */
static int is_name(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++)
        if (!apr_isalnum(text[i]) && strchr("-_.", text[i]) == NULL)
            return 0;
    return length > 0 && length <= NAME_MOST && !(text[0] == '.' && length <= 2 && text[length - 1] == '.');
}

static apr_status_t check_project(const char *project_id, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *slash = strchr(project_id, '/');

    if (slash != NULL && is_name(project_id, (apr_size_t)(slash - project_id)) &&
        is_name(slash + 1, strlen(slash + 1)))
        return APR_SUCCESS;
    return civ_request_refuse(problem, "/project_id", pool,
                              "A project of GitHub is written as \"owner/repository\"");
}

/* What costs no quota; a server of one's own has it only where its limits are switched on, which they are not to begin with. */
static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    static const char cloud[] = ".ghe.com";
    apr_size_t length = strlen(context->base);
    int is_public = strcmp(context->base, DEFAULT_BASE) == 0 ||
                    (length > strlen(cloud) && strcmp(context->base + length - strlen(cloud), cloud) == 0);

    memset(request, 0, sizeof(*request));
    request->url = apr_pstrcat(context->pool, context->base, is_public ? "/rate_limit" : "/meta", NULL);
    return APR_SUCCESS;
}

/* --- telling GitHub --- */

static apr_status_t push(const civ_sync_context_t *context, const civ_sync_push_t *push,
                         civ_sync_request_t *request, civ_problem_t *problem)
{
    static const char *const states[] = {"pending", "success", "failure", "error", NULL};
    apr_pool_t *pool = context->pool;
    civ_json_writer_t writer;
    civ_buffer_t body;
    int i;

    for (i = 0; states[i] != NULL && strcmp(states[i], push->state) != 0; i++)
        continue;
    if (states[i] == NULL)
        return civ_request_refuse(problem, "/state", pool,
                                  "state must be pending, success, failure or error");
    if (!civ_is_commit(push->sha))
        return civ_request_refuse(problem, "/sha", pool, "sha must be a commit's whole SHA, in lower case");
    civ_buffer_init(&body, 256, pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "state", push->state);
    civ_json_member_text(&writer, "context", push->context);
    if (push->description != NULL)
        civ_json_member_text(&writer, "description",
                             civ_first_characters(push->description, DESCRIPTION_MOST, pool));
    if (push->target_url != NULL)
        civ_json_member_text(&writer, "target_url", push->target_url);
    civ_json_end_object(&writer);
    *request = github_request(context, apr_pstrcat(pool, "/statuses/", push->sha, NULL), pool);
    request->body = apr_pstrmemdup(pool, body.data, body.length);
    return APR_SUCCESS;
}

/* --- the table --- */

/* Pull requests come before commits, so that what a merged one has brought is there when a run ends. */
static const civ_sync_kind_t kinds[] = {
    {.name = GITHUB_REPOSITORY,
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = github_repository_first,
     .read = github_repository_read},
    {.name = GITHUB_PULL_REQUEST,
     .rule = CIV_SYNC_UPDATED,
     .stops_when_older = 1,
     .is_newest_first = 1,
     .first = github_pulls_first,
     .read = github_pulls_read},
    {.name = GITHUB_REVIEW, .rule = CIV_SYNC_PART, .read = github_reviews_read},
    {.name = GITHUB_COMMIT,
     .rule = CIV_SYNC_BOOKMARK,
     .stops_when_older = 1,
     .is_newest_first = 1,
     .first = github_commits_first,
     .read = github_commits_read},
    {.name = GITHUB_RUN,
     .rule = CIV_SYNC_CREATED,
     .cap = 1000,
     .first = github_runs_first,
     .read = github_runs_read},
    {.name = GITHUB_ATTEMPT, .rule = CIV_SYNC_PART, .read = github_attempts_read},
    {.name = GITHUB_JOB, .rule = CIV_SYNC_PART, .read = github_jobs_read},
    {.name = GITHUB_CHECK, .rule = CIV_SYNC_PART, .read = github_checks_read},
    {.name = GITHUB_ARTIFACT,
     .rule = CIV_SYNC_CREATED,
     .stops_when_older = 1,
     .is_newest_first = 1,
     .first = github_artifacts_first,
     .read = github_artifacts_read},
    {.name = GITHUB_RELEASE,
     .rule = CIV_SYNC_ALL,
     .first = github_releases_first,
     .read = github_releases_read},
    {.name = GITHUB_METRICS,
     .rule = CIV_SYNC_ALL,
     .first = github_metrics_first,
     .read = github_metrics_read},
};

const civ_connector_t civ_connector_github = {
    .platform = "github",
    .title = "GitHub",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .page_size = "per_page",
    .prepare = prepare,
    .check_project = check_project,
    .probe = probe,
    .push = push,
};
