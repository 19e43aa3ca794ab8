/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins.c
 * Jenkins: the connector's table, its configuration, and what its kinds share.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/status.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/jenkins_private.h"
#include "sync/platforms/platforms.h"
#include "sync/url.h"

/** Bytes of an account's name at most. */
#define USER_MOST 256

/** Bytes of an id: what the timeline takes, less what may be put behind it. */
#define ID_MOST (CIV_ITEM_NATIVE_ID_MAX - 24)

/* --- names --- */

/* How long a dot is that starts here, also an encoded one; 0: there is none. */
static apr_size_t dot_length(const char *at, const char *end)
{
    if (at < end && *at == '.')
        return 1;
    return end - at >= 3 && strncasecmp(at, "%2e", 3) == 0 ? 3 : 0;
}

int jenkins_is_name(const char *name, apr_size_t length)
{
    const char *end = name + length;
    const char *at = name;
    apr_size_t i;

    for (i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == '/' || name[i] == '\\')
            return 0;
    /* Whoever decodes once more than he should finds no way up. */
    while (dot_length(at, end) > 0)
        at += dot_length(at, end);
    return length > 0 && (at == name || (at < end && *at != ';'));
}

static apr_status_t check_project(const char *project_id, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *at = project_id;

    for (;;) {
        apr_size_t length = strcspn(at, "/");

        if (!jenkins_is_name(at, length))
            return civ_request_refuse(
                problem, "/project_id", pool,
                "A project of Jenkins is the full name of a job, a folder or a multibranch project, as "
                "\"folder/job\"; a branch's name is written as in its URL, \"feature%2Fx\"");
        if (at[length] == '\0')
            return APR_SUCCESS;
        at += length + 1;
    }
}

/* --- what the kinds share --- */

/* "/job/folder/job/name" */
static const char *job_path(const char *job, apr_pool_t *pool)
{
    const char *path = "";

    while (job != NULL && *job != '\0') {
        apr_size_t length = strcspn(job, "/");

        path =
            apr_pstrcat(pool, path, "/job/", civ_url_encode(apr_pstrmemdup(pool, job, length), pool), NULL);
        job += length + (job[length] == '/');
    }
    return path;
}

civ_sync_request_t jenkins_request(const civ_sync_context_t *context, const char *job, const char *rest,
                                   const char *tree, apr_pool_t *pool)
{
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(pool, context->base, job_path(job, pool), rest[0] != '\0' ? "/" : "", rest,
                              "/api/json?tree=", civ_url_encode(tree, pool), NULL);
    return request;
}

const char *jenkins_web_url(const civ_sync_context_t *context, const jenkins_build_t *build, const char *rest,
                            apr_pool_t *pool)
{
    return apr_pstrcat(pool, context->base, job_path(build->job, pool), "/",
                       civ_url_encode(build->number, pool), "/", rest, NULL);
}

const char *jenkins_id(const jenkins_build_t *build, const char *what, apr_pool_t *pool)
{
    const char *id = apr_pstrcat(pool, build->job, "/", build->number, "/", build->timestamp,
                                 what != NULL ? "/" : "", what, NULL);
    civ_digest_t digest;

    if (strlen(id) <= ID_MOST)
        return id;
    civ_digest_sha256(&digest, id, strlen(id));
    return apr_pstrcat(pool, "sha256:", civ_digest_hex_dup(&digest, pool), NULL);
}

const char *jenkins_note(const jenkins_build_t *build, apr_pool_t *pool)
{
    return apr_pstrcat(pool, build->number, "\n", build->timestamp, "\n", build->sha, "\n", build->job, NULL);
}

apr_status_t jenkins_note_read(jenkins_build_t *build, const char *note, apr_pool_t *pool)
{
    const char **const members[] = {&build->number, &build->timestamp, &build->sha, &build->job};
    int i;

    for (i = 0; i < 4; i++) {
        apr_size_t length = note != NULL ? strcspn(note, "\n") : 0;

        if (note == NULL)
            return CIV_EINVALID;
        *members[i] = apr_pstrmemdup(pool, note, length);
        note = note[length] == '\n' ? note + length + 1 : NULL;
    }
    return APR_SUCCESS;
}

/* --- the configuration --- */

static const civ_connector_setting_t settings[] = {
    {"base_url", 0, "where Jenkins is, with the path it has there: https://HOST/jenkins"},
    {"username", 0, "the account"},
    {"api_token", 1, "its API token; the account needs only to read"},
    {NULL, 0, NULL},
};

static int is_user(const char *text)
{
    const char *at;

    for (at = text; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f || *at == ':')
            return 0;
    return at > text && at - text <= USER_MOST;
}

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    const char *user = civ_json_get_text(config, "username");
    const char *token;

    if (civ_configuration_base(&access->base, config, NULL, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    if (user == NULL || !is_user(user))
        return civ_configuration_refuse(problem, "username", pool,
                                        "username must be an account's name, without ':'");
    if (civ_configuration_secret(&token, config, "api_token", problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    civ_access_basic(access, user, token, pool);
    civ_access_header(access, "Accept", "application/json");
    return APR_SUCCESS;
}

/* Nobody gets this without having signed in, also where strangers may read. */
static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->url = apr_pstrcat(context->pool, context->base, "/me/api/json?tree=id", NULL);
    return APR_SUCCESS;
}

/* --- the table --- */

static const civ_sync_kind_t kinds[] = {
    {.name = JENKINS_PROJECT,
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = jenkins_project_first,
     .read = jenkins_jobs_read},
    {.name = JENKINS_FOLDER,
     .rule = CIV_SYNC_ALL,
     .is_streamed = 1,
     .first = jenkins_folder_first,
     .read = jenkins_jobs_read},
    {.name = JENKINS_BUILD,
     .rule = CIV_SYNC_CREATED,
     .is_streamed = 1,
     .stops_when_older = 1,
     .is_newest_first = 1,
     .first = jenkins_builds_first,
     .read = jenkins_builds_read},
    {.name = JENKINS_TEST, .rule = CIV_SYNC_PART, .read = jenkins_tests_read},
    {.name = JENKINS_ARTIFACT, .rule = CIV_SYNC_PART, .read = jenkins_artifacts_read},
};

/* There is nothing in Jenkins that a commit's status could be set on. */
const civ_connector_t civ_connector_jenkins = {
    .platform = "jenkins",
    .title = "Jenkins",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .prepare = prepare,
    .check_project = check_project,
    .probe = probe,
    .push = NULL,
};
