/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket.c
 * Bitbucket Cloud: the connector's table, its configuration, and what its kinds share.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/status.h"
#include "sync/platforms/bitbucket_private.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/platforms.h"
#include "sync/url.h"

#define DEFAULT_BASE "https://api.bitbucket.org/2.0"

/** What its base ends with; Bitbucket Data Center, which speaks another API, has "/rest/api/1.0". */
#define VERSION_PATH "/2.0"

/** Bytes of a name at most. */
#define NAME_MOST 200

/** Characters of a status' key, name and description that Bitbucket takes. */
#define KEY_MOST         40
#define NAME_CHARACTERS  255
#define DESCRIPTION_MOST 255

/** What the key of a longer context starts with; 31 digits of its SHA-256 follow. */
#define KEY_PREFIX "civarcos-"

civ_sync_request_t bitbucket_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool)
{
    /* Renamed, it is asked for by its present name: the former one costs a redirect each time. */
    const char *name = path[0] != '\0' ? civ_sync_fact(context, CIV_FACT_NAME) : NULL;
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(pool, context->base, "/repositories/",
                              civ_path_encode(name != NULL ? name : context->project_id, pool), path, NULL);
    return request;
}

apr_status_t bitbucket_next(const civ_sync_context_t *context, const civ_sync_request_t *request,
                            const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    return civ_list_next_url(context, page, request, civ_field_text(answer->json, "next"));
}

const char *bitbucket_account(const civ_json_t *json, const char *path, apr_pool_t *pool)
{
    const char *name = civ_field_text(json, apr_pstrcat(pool, path, "/nickname", NULL));

    return name != NULL ? name : civ_field_text(json, apr_pstrcat(pool, path, "/display_name", NULL));
}

/* --- the configuration --- */

static const civ_connector_setting_t settings[] = {
    {"email", 0, "e-mail address of the Atlassian account of api_token"},
    {"api_token", 1, "API token of the account; needs only to read"},
    {"access_token", 1, "access token of a repository, project or workspace, instead of an account's"},
    {"username", 0, "user name of the account of app_password; may stand for email"},
    {"app_password", 1, "app password; Bitbucket Cloud has taken none since June 2026"},
    {"base_url", 0, "https://api.bitbucket.org/2.0 (default)"},
    {NULL, 0, NULL},
};

static int has(const civ_json_t *config, const char *name)
{
    const char *text = civ_json_get_text(config, name);

    return text != NULL && text[0] != '\0';
}

static apr_status_t prepare_account(civ_connector_access_t *access, const civ_json_t *config,
                                    civ_problem_t *problem, apr_pool_t *pool)
{
    int is_token = has(config, "api_token");
    const char *name = has(config, "email") && (is_token || !has(config, "username")) ? "email" : "username";
    const char *user = civ_json_get_text(config, name);
    const char *secret;

    if (!is_token && !has(config, "app_password"))
        return civ_configuration_refuse(problem, "api_token", pool,
                                        "Bitbucket Cloud needs email and api_token, or access_token");
    if (user == NULL || user[0] == '\0')
        return civ_configuration_refuse(problem, is_token ? "email" : "username", pool,
                                        is_token ? "api_token needs email beside it, the account's address; "
                                                   "or give access_token, of a repository, instead"
                                                 : "app_password needs username beside it");
    if (!civ_is_visible(user) || strchr(user, ':') != NULL)
        return civ_configuration_refuse(problem, name, pool,
                                        "An account's name has visible characters of ASCII and no colon");
    if (civ_configuration_secret(&secret, config, is_token ? "api_token" : "app_password", problem, pool) !=
        APR_SUCCESS)
        return CIV_EINVALID;
    civ_access_basic(access, user, secret, pool);
    return APR_SUCCESS;
}

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    apr_size_t length;
    const char *token;

    if (civ_configuration_base(&access->base, config, DEFAULT_BASE, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    length = strlen(access->base);
    if (length < strlen(VERSION_PATH) ||
        strcmp(access->base + length - strlen(VERSION_PATH), VERSION_PATH) != 0)
        return civ_configuration_refuse(problem, "base_url", pool,
                                        "base_url must end with /2.0, as https://api.bitbucket.org/2.0 does; "
                                        "Bitbucket Data Center has another API, which is not supported");
    if (has(config, "access_token")) {
        if (civ_configuration_secret(&token, config, "access_token", problem, pool) != APR_SUCCESS)
            return CIV_EINVALID;
        civ_access_secret(access, "Authorization", "Bearer ", token, pool);
    } else if (prepare_account(access, config, problem, pool) != APR_SUCCESS) {
        return CIV_EINVALID;
    }
    civ_access_header(access, "Accept", "application/json");
    return APR_SUCCESS;
}

/* A name, or a UUID in braces; of a workspace also "{}", which stands for any. */
static int is_name(const char *text, apr_size_t length)
{
    int has_braces = length >= 2 && text[0] == '{' && text[length - 1] == '}';
    apr_size_t i;

    if (length == 0 || length > NAME_MOST || (text[0] == '.' && length <= 2 && text[length - 1] == '.'))
        return 0;
    for (i = has_braces ? 1 : 0; i < length - (has_braces ? 1 : 0); i++)
        if (!apr_isalnum(text[i]) && strchr(has_braces ? "-" : "-_.", text[i]) == NULL)
            return 0;
    return 1;
}

static apr_status_t check_project(const char *project_id, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *slash = strchr(project_id, '/');

    if (slash != NULL && is_name(project_id, (apr_size_t)(slash - project_id)) &&
        is_name(slash + 1, strlen(slash + 1)) && strcmp(slash + 1, "{}") != 0)
        return APR_SUCCESS;
    return civ_request_refuse(
        problem, "/project_id", pool,
        "A project of Bitbucket is written as \"workspace/repository\", either of which "
        "may be a UUID in braces");
}

/* An access token belongs to no account: it is tried on what everybody may see, which refuses tokens that are none. */
static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    int has_account =
        civ_sync_setting(context, "email") != NULL || civ_sync_setting(context, "username") != NULL;

    memset(request, 0, sizeof(*request));
    request->url = apr_pstrcat(context->pool, context->base, has_account ? "/user" : "/hook_events", NULL);
    return APR_SUCCESS;
}

/* --- telling Bitbucket --- */

/* A status replaces the one of the same key, so a context has the same key always. */
static const char *key_of(const char *context, apr_pool_t *pool)
{
    civ_digest_t digest;

    if (strlen(context) <= KEY_MOST)
        return context;
    civ_digest_sha256(&digest, context, strlen(context));
    return apr_pstrndup(pool, apr_pstrcat(pool, KEY_PREFIX, civ_digest_hex_dup(&digest, pool), NULL),
                        KEY_MOST);
}

static apr_status_t check_push(const civ_sync_push_t *push, const char **state, civ_problem_t *problem,
                               apr_pool_t *pool)
{
    static const civ_word_t states[] = {
        {"pending", "INPROGRESS"},
        {"success", "SUCCESSFUL"},
        {"failure", "FAILED"},
        {"error", "FAILED"},
        {NULL, NULL},
    };
    const civ_word_t *word = states;
    const char *reason;
    civ_url_t url;

    while (word->native != NULL && strcmp(word->native, push->state) != 0)
        word++;
    if (word->native == NULL)
        return civ_request_refuse(problem, "/state", pool,
                                  "state must be pending, success, failure or error");
    *state = word->word;
    if (!civ_is_commit(push->sha) || strlen(push->sha) != 40)
        return civ_request_refuse(problem, "/sha", pool,
                                  "sha must be a commit's whole SHA-1, 40 digits in lower case");
    if (push->target_url == NULL)
        return civ_request_refuse(problem, "/target_url", pool,
                                  "Bitbucket takes no status without a target_url");
    if (civ_url_parse(&url, push->target_url, &reason, pool) != APR_SUCCESS)
        return civ_request_refuse(problem, "/target_url", pool, apr_psprintf(pool, "target_url %s", reason));
    return APR_SUCCESS;
}

static apr_status_t push(const civ_sync_context_t *context, const civ_sync_push_t *push,
                         civ_sync_request_t *request, civ_problem_t *problem)
{
    apr_pool_t *pool = context->pool;
    civ_json_writer_t writer;
    civ_buffer_t body;
    const char *state = NULL;

    if (check_push(push, &state, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_buffer_init(&body, 256, pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "key", key_of(push->context, pool));
    civ_json_member_text(&writer, "state", state);
    civ_json_member_text(&writer, "name", civ_first_characters(push->context, NAME_CHARACTERS, pool));
    civ_json_member_text(&writer, "url", push->target_url);
    if (push->description != NULL)
        civ_json_member_text(&writer, "description",
                             civ_first_characters(push->description, DESCRIPTION_MOST, pool));
    civ_json_end_object(&writer);
    *request =
        bitbucket_request(context, apr_pstrcat(pool, "/commit/", push->sha, "/statuses/build", NULL), pool);
    request->body = apr_pstrmemdup(pool, body.data, body.length);
    return APR_SUCCESS;
}

/* --- the table --- */

static const civ_sync_kind_t kinds[] = {
    {.name = BITBUCKET_REPOSITORY,
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = bitbucket_repository_first,
     .read = bitbucket_repository_read},
    {.name = BITBUCKET_PULL_REQUEST,
     .rule = CIV_SYNC_UPDATED,
     .first = bitbucket_pulls_first,
     .read = bitbucket_pulls_read},
    {.name = BITBUCKET_COMMIT,
     .rule = CIV_SYNC_BOOKMARK,
     .stops_when_older = 1,
     .first = bitbucket_commits_first,
     .read = bitbucket_commits_read},
    {.name = BITBUCKET_PIPELINE,
     .rule = CIV_SYNC_CREATED,
     .first = bitbucket_pipelines_first,
     .read = bitbucket_pipelines_read},
    {.name = BITBUCKET_STEP, .rule = CIV_SYNC_PART, .read = bitbucket_steps_read},
    {.name = BITBUCKET_STATUS, .rule = CIV_SYNC_PART, .read = bitbucket_statuses_read},
};

const civ_connector_t civ_connector_bitbucket = {
    .platform = "bitbucket",
    .title = "Bitbucket Cloud",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .page_size = "pagelen",
    .prepare = prepare,
    .check_project = check_project,
    .probe = probe,
    .push = push,
};
