/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure.c
 * Azure DevOps Services and Server: the connector's table, its configuration and the statuses that it sets.
 *
 * A project's address is ROOT/ORGANISATION/PROJECT; on a server of one's own the organisation is a collection. Services keeps the
 * releases on a host of their own, which takes the same token.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sync/platforms/azure_private.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/platforms.h"
#include "sync/url.h"

#define DEFAULT_BASE    "https://dev.azure.com"
#define DEFAULT_VERSION "7.1"

/** Bytes of a name at most: 64 characters of UTF-8. */
#define NAME_MOST 256

/** Characters of a status' description. */
#define DESCRIPTION_MOST 255

/** What a context without a slash is put into. */
#define GENRE "civarcos"

#define LEGACY_DOMAIN ".visualstudio.com"

/* --- the configuration --- */

static const civ_connector_setting_t settings[] = {
    {"personal_access_token", 1, "personal access token; needs only to read"},
    {"organization", 0, "the organisation, or the collection of a server of one's own"},
    {"base_url", 0, "https://dev.azure.com (default), or https://HOST/tfs of a server of one's own"},
    {"release_url", 0, "where the releases are, if not on https://vsrm.dev.azure.com or the server itself"},
    {"api_version", 0, "version of the API to ask for; 7.1 (default); 6.0 for Server 2020, 5.0 for 2019"},
    {"test_results", 0, "which results of test runs: all (default), failed or none"},
    {NULL, 0, NULL},
};

/* Of an organisation, a project or a repository: what Azure DevOps does not take cannot be part of a path either. */
static int is_name(const char *text, apr_size_t length)
{
    apr_size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f ||
            strchr("\\/:*?\"<>|;#$%{},+=[]&@", text[i]) != NULL)
            return 0;
    return length > 0 && length <= NAME_MOST && text[0] != ' ' && text[length - 1] != '.' &&
           text[length - 1] != ' ';
}

static int ends_with(const char *text, const char *end)
{
    apr_size_t length = strlen(text);
    apr_size_t tail = strlen(end);

    return length > tail && strcmp(text + length - tail, end) == 0;
}

/* "https://NAME.visualstudio.com" has the organisation in its host, and another host with the releases. */
static apr_status_t place_legacy(civ_connector_access_t *access, const char **release, const civ_url_t *url,
                                 const char *organization, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_size_t length = strlen(url->host) - strlen(LEGACY_DOMAIN);

    if (strlen(organization) != length || strncasecmp(organization, url->host, length) != 0)
        return civ_configuration_refuse(problem, "organization", pool,
                                        "organization is not the one that base_url has in its host");
    if (*release == NULL)
        *release = apr_pstrcat(pool, "https://", apr_pstrmemdup(pool, url->host, length),
                               ".vsrm" LEGACY_DOMAIN, NULL);
    access->base = apr_pstrcat(pool, "https://", url->host, NULL);
    return APR_SUCCESS;
}

/* From the roots to where the organisation is. Without a root for them, the releases are where all else is. */
static apr_status_t place(civ_connector_access_t *access, const char *root, const char *release,
                          const char *organization, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *behind = apr_pstrcat(pool, "/", civ_url_encode(organization, pool), NULL);
    const char *reason;
    apr_status_t status;
    civ_url_t url;

    status = civ_url_parse(&url, root, &reason, pool);
    if (status == APR_SUCCESS && url.is_https && ends_with(url.host, LEGACY_DOMAIN)) {
        status = place_legacy(access, &release, &url, organization, problem, pool);
        behind = "";
    } else if (status == APR_SUCCESS) {
        access->base = apr_pstrcat(pool, root, behind, NULL);
        if (release == NULL && url.is_https && strcmp(url.host, "dev.azure.com") == 0)
            release = "https://vsrm.dev.azure.com";
    }
    if (status == APR_SUCCESS && release != NULL) {
        const char **further = apr_pcalloc(pool, 2 * sizeof(*further));

        further[0] = apr_pstrcat(pool, release, behind, NULL);
        access->further_bases = further;
    }
    return status;
}

/* The token must not go there in clear when it does not go to the base so. */
static apr_status_t take_release_url(const char **release, const civ_json_t *config, const char *root,
                                     civ_problem_t *problem, apr_pool_t *pool)
{
    const char *text = civ_json_get_text(config, "release_url");
    const char *reason;
    civ_url_t url;

    *release = NULL;
    if (civ_json_get(config, "release_url") == NULL)
        return APR_SUCCESS;
    if (text == NULL || civ_url_parse(&url, text, &reason, pool) != APR_SUCCESS ||
        strchr(url.text, '?') != NULL)
        return civ_configuration_refuse(problem, "release_url", pool,
                                        "release_url must be a URL without a query");
    if (!url.is_https && strncmp(root, "https://", 8) == 0)
        return civ_configuration_refuse(problem, "release_url", pool,
                                        "release_url must be of https, as base_url is");
    *release = apr_pstrdup(pool, url.text);
    while (ends_with(*release, "/"))
        *release = apr_pstrmemdup(pool, *release, strlen(*release) - 1);
    return APR_SUCCESS;
}

static apr_status_t check_others(const civ_json_t *config, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *version = civ_json_get_text(config, "api_version");
    const char *results = civ_json_get_text(config, "test_results");

    if (civ_json_get(config, "api_version") != NULL &&
        (version == NULL || version[0] == '\0' || strlen(version) > 32 ||
         version[strspn(version, "0123456789.-abcdefghijklmnopqrstuvwxyz")] != '\0'))
        return civ_configuration_refuse(problem, "api_version", pool,
                                        "api_version must be a version as 7.1 or 6.0");
    if (civ_json_get(config, "test_results") != NULL &&
        (results == NULL ||
         (strcmp(results, "all") != 0 && strcmp(results, "failed") != 0 && strcmp(results, "none") != 0)))
        return civ_configuration_refuse(problem, "test_results", pool,
                                        "test_results must be all, failed or none");
    return APR_SUCCESS;
}

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    const char *organization = civ_json_get_text(config, "organization");
    const char *token, *root, *release;

    if (civ_configuration_secret(&token, config, "personal_access_token", problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    if (organization == NULL || !is_name(organization, strlen(organization)))
        return civ_configuration_refuse(problem, "organization", pool,
                                        "organization must be the name of an organisation or a collection");
    if (civ_configuration_base(&root, config, DEFAULT_BASE, problem, pool) != APR_SUCCESS ||
        take_release_url(&release, config, root, problem, pool) != APR_SUCCESS ||
        check_others(config, problem, pool) != APR_SUCCESS ||
        place(access, root, release, organization, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_access_basic(access, "", token, pool);
    civ_access_header(access, "Accept", "application/json");
    /* A refusal instead of the way to a page for people. */
    civ_access_header(access, "X-TFS-FedAuthRedirect", "Suppress");
    return APR_SUCCESS;
}

static apr_status_t check_project(const char *project_id, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_size_t length = strcspn(project_id, "/");
    const char *repository = project_id[length] == '/' ? project_id + length + 1 : NULL;

    if (is_name(project_id, length) && project_id[0] != '_' && project_id[0] != '.' &&
        (repository == NULL || is_name(repository, strlen(repository))))
        return APR_SUCCESS;
    return civ_request_refuse(
        problem, "/project_id", pool,
        "A project of Azure DevOps is written as \"project\" or as \"project/repository\"");
}

/* --- what all kinds ask with --- */

static const char *with_version(const civ_sync_context_t *context, const char *url, apr_pool_t *pool)
{
    const char *version = civ_sync_setting(context, "api_version");

    return apr_pstrcat(pool, url, strchr(url, '?') != NULL ? "&" : "?",
                       "api-version=", version != NULL ? version : DEFAULT_VERSION, NULL);
}

/* By its lasting id, where that is known: so it stays the same when it is renamed. */
static const char *project_of(const civ_sync_context_t *context, apr_pool_t *pool)
{
    const char *id = civ_sync_fact(context, CIV_FACT_SCOPE);

    if (id == NULL)
        id = apr_pstrmemdup(pool, context->project_id, strcspn(context->project_id, "/"));
    return civ_url_encode(id, pool);
}

static civ_sync_request_t ask(const civ_sync_context_t *context, const char *base, const char *path,
                              apr_pool_t *pool)
{
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url =
        with_version(context, apr_pstrcat(pool, base, "/", project_of(context, pool), path, NULL), pool);
    return request;
}

civ_sync_request_t azure_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool)
{
    return ask(context, context->base, path, pool);
}

civ_sync_request_t azure_release_request(const civ_sync_context_t *context, const char *path,
                                         apr_pool_t *pool)
{
    const char *base = context->further_bases != NULL ? context->further_bases[0] : NULL;

    return ask(context, base != NULL ? base : context->base, path, pool);
}

const char *azure_web(const civ_sync_context_t *context, const char *path, apr_pool_t *pool)
{
    return apr_pstrcat(pool, context->base, "/", project_of(context, pool), path, NULL);
}

const char *azure_repository(const civ_sync_context_t *context)
{
    const char *slash = strchr(context->project_id, '/');

    return slash != NULL ? slash + 1 : NULL;
}

apr_status_t azure_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request;

    (void)range;
    memset(&request, 0, sizeof(request));
    request.url = with_version(
        context, apr_pstrcat(pool, context->base, "/_apis/projects/", project_of(context, pool), NULL), pool);
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* The cheapest of what needs the permission that everything begins with. */
static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->url = with_version(
        context, apr_pstrcat(context->pool, context->base, "/_apis/projects?$top=1", NULL), context->pool);
    return APR_SUCCESS;
}

/* --- telling Azure DevOps --- */

static const civ_word_t pushed_states[] = {
    {"pending", "pending"}, {"success", "succeeded"}, {"failure", "failed"}, {"error", "error"}, {NULL, NULL},
};

static void write_status(civ_buffer_t *body, const civ_sync_push_t *push, const char *state, apr_pool_t *pool)
{
    const char *slash = strrchr(push->context, '/');
    int has_genre = slash != NULL && slash > push->context && slash[1] != '\0';
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, body);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "state", state);
    if (push->description != NULL)
        civ_json_member_text(&writer, "description",
                             civ_first_characters(push->description, DESCRIPTION_MOST, pool));
    if (push->target_url != NULL)
        civ_json_member_text(&writer, "targetUrl", push->target_url);
    civ_json_name(&writer, "context");
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "name", has_genre ? slash + 1 : push->context);
    civ_json_member_text(&writer, "genre",
                         has_genre ? apr_pstrmemdup(pool, push->context, (apr_size_t)(slash - push->context))
                                   : GENRE);
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
}

/* Where no repository is named, it is the one that is named after the project: each project begins with it. */
static apr_status_t push(const civ_sync_context_t *context, const civ_sync_push_t *push,
                         civ_sync_request_t *request, civ_problem_t *problem)
{
    apr_pool_t *pool = context->pool;
    const char *repository = azure_repository(context);
    const char *state = NULL;
    civ_buffer_t body;
    int i;

    for (i = 0; pushed_states[i].native != NULL && state == NULL; i++)
        if (strcmp(pushed_states[i].native, push->state) == 0)
            state = pushed_states[i].word;
    if (state == NULL)
        return civ_request_refuse(problem, "/state", pool,
                                  "state must be pending, success, failure or error");
    if (!civ_is_commit(push->sha))
        return civ_request_refuse(problem, "/sha", pool, "sha must be a commit's whole SHA, in lower case");
    civ_buffer_init(&body, 256, pool);
    write_status(&body, push, state, pool);
    *request =
        azure_request(context,
                      apr_pstrcat(pool, "/_apis/git/repositories/",
                                  civ_url_encode(repository != NULL ? repository : context->project_id, pool),
                                  "/commits/", push->sha, "/statuses", NULL),
                      pool);
    request->body = apr_pstrmemdup(pool, body.data, body.length);
    return APR_SUCCESS;
}

/* --- the table --- */

static int names_repository(const char *project_id)
{
    return strchr(project_id, '/') != NULL;
}

/* Deployments come after releases, results after builds, so that what they belong to is there when a run ends. */
static const civ_sync_kind_t kinds[] = {
    {.name = AZURE_PROJECT,
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = azure_project_first,
     .read = azure_project_read},
    {.name = AZURE_REPOSITORY,
     .rule = CIV_SYNC_ALL,
     .is_essential_to = names_repository,
     .first = azure_repositories_first,
     .read = azure_repositories_read},
    {.name = AZURE_PULL_REQUEST,
     .rule = CIV_SYNC_UPDATED,
     .is_streamed = 1,
     .gives_up_days = 365,
     .first = azure_pulls_first,
     .read = azure_pulls_read},
    {.name = AZURE_COMMIT,
     .rule = CIV_SYNC_BOOKMARK,
     .is_streamed = 1,
     .stops_when_older = 1,
     .first = azure_commits_first,
     .read = azure_commits_read},
    {.name = AZURE_BUILD, .rule = CIV_SYNC_UPDATED, .first = azure_builds_first, .read = azure_builds_read},
    {.name = AZURE_JOB, .rule = CIV_SYNC_PART, .read = azure_timeline_read},
    {.name = AZURE_ARTIFACT, .rule = CIV_SYNC_PART, .read = azure_artifacts_read},
    {.name = AZURE_TEST_RUN,
     .rule = CIV_SYNC_UPDATED,
     .first = azure_test_runs_first,
     .read = azure_test_runs_read},
    {.name = AZURE_TEST_RESULT, .rule = CIV_SYNC_PART, .read = azure_test_results_read},
    {.name = AZURE_WORK_ITEM,
     .rule = CIV_SYNC_UPDATED,
     .cap = 20000,
     .first = azure_work_first,
     .read = azure_work_read},
    {.name = AZURE_RELEASE,
     .rule = CIV_SYNC_CREATED,
     .first = azure_releases_first,
     .read = azure_releases_read},
    {.name = AZURE_DEPLOYMENT,
     .rule = CIV_SYNC_UPDATED,
     .first = azure_deployments_first,
     .read = azure_deployments_read},
};

const civ_connector_t civ_connector_azure_devops = {
    .platform = "azure_devops",
    .title = "Azure DevOps",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .prepare = prepare,
    .check_project = check_project,
    .probe = probe,
    .push = push,
    .scopes_are_unauthorised = 1,
};
