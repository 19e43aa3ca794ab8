/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_ci.c
 * CircleCI and CircleCI Server: the connector's table, its configuration, and what its kinds share.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/status.h"
#include "sync/platforms/circle_ci_private.h"
#include "sync/platforms/configuration.h"
#include "sync/platforms/platforms.h"

/** Bytes of a segment of a project's slug, of an id and of a page's token at most. */
#define NAME_MOST  100
#define ID_MOST    64
#define TOKEN_MOST 4096

/** Pages of one list at most: a list that is longer has no end. */
#define PAGES_MOST 10000

/** Characters of a name that goes with requests. */
#define NOTE_MOST 200

static const char id_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* "unauthorized" (a context that its starter may not use), "retried" and "terminated-unknown" are none of our words. */
const civ_word_t circle_states[] = {
    {"success", CIV_STATUS_PASSED},        {"failed", CIV_STATUS_FAILED},
    {"failure", CIV_STATUS_FAILED},        {"error", CIV_STATUS_FAILED},
    {"errored", CIV_STATUS_FAILED},        {"failing", CIV_STATUS_FAILED},
    {"timedout", CIV_STATUS_FAILED},       {"infrastructure_fail", CIV_STATUS_FAILED},
    {"canceled", CIV_STATUS_CANCELED},     {"not_run", CIV_STATUS_SKIPPED},
    {"skipped", CIV_STATUS_SKIPPED},       {"running", CIV_STATUS_RUNNING},
    {"queued", CIV_STATUS_RUNNING},        {"not_running", CIV_STATUS_RUNNING},
    {"on_hold", CIV_STATUS_RUNNING},       {"blocked", CIV_STATUS_RUNNING},
    {"pending", CIV_STATUS_RUNNING},       {"setup", CIV_STATUS_RUNNING},
    {"setup-pending", CIV_STATUS_RUNNING}, {NULL, NULL},
};

/* --- requests --- */

civ_sync_request_t circle_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool)
{
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(pool, context->base, path, NULL);
    return request;
}

civ_sync_request_t circle_project_request(const civ_sync_context_t *context, const char *path,
                                          apr_pool_t *pool)
{
    return circle_request(
        context, apr_pstrcat(pool, "/project/", civ_path_encode(context->project_id, pool), path, NULL),
        pool);
}

const char *circle_id(const civ_json_t *json, const char *name)
{
    const char *id = civ_field_id(json, name);
    apr_size_t length = id != NULL ? strlen(id) : 0;

    return length > 0 && length <= ID_MOST && strspn(id, id_letters) == length ? id : NULL;
}

/* "gh/octo/tool" is "github/octo/tool" there. */
const char *circle_web_url(const civ_sync_context_t *context, const char *path, apr_pool_t *pool)
{
    const char *slash = strchr(context->project_id, '/');
    const char *provider = apr_pstrmemdup(pool, context->project_id,
                                          slash != NULL ? (apr_size_t)(slash - context->project_id) : 0);

    if (slash == NULL || strcmp(context->base, CIRCLE_DEFAULT_BASE CIRCLE_API) != 0)
        return NULL;
    if (strcmp(provider, "gh") == 0)
        provider = "github";
    if (strcmp(provider, "bb") == 0)
        provider = "bitbucket";
    return apr_pstrcat(pool, "https://app.circleci.com/pipelines/", provider, civ_path_encode(slash, pool),
                       path, NULL);
}

apr_status_t circle_next(civ_sync_page_t *page, const civ_sync_request_t *request,
                         const civ_sync_answer_t *answer)
{
    const char *token = civ_field_text(answer->json, "next_page_token");
    civ_sync_request_t next = *request;

    if (token == NULL)
        return APR_SUCCESS;
    if (strlen(token) > TOKEN_MOST)
        return civ_sync_page_fault(page, "The token of the next page is too long");
    next.url = civ_query_set(request->url, "page-token", token, civ_sync_page_pool(page));
    next.position++;
    if (strcmp(next.url, request->url) == 0 || next.position >= PAGES_MOST)
        return civ_sync_page_fault(page, "The list has no end");
    civ_sync_page_next(page, &next);
    return APR_SUCCESS;
}

/* --- notes --- */

static void write_text(civ_json_writer_t *writer, const char *name, const char *value, apr_pool_t *pool)
{
    if (value != NULL)
        civ_json_member_text(writer, name,
                             civ_first_characters(civ_field_scrub(value, pool), NOTE_MOST, pool));
}

const char *circle_note_write(const circle_note_t *note, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_int(&writer, "attempt", note->attempt);
    write_text(&writer, "branch", note->branch, pool);
    write_text(&writer, "job", note->job, pool);
    write_text(&writer, "job_number", note->job_number, pool);
    civ_json_member_int(&writer, "over", note->is_over);
    write_text(&writer, "pipeline", note->pipeline, pool);
    write_text(&writer, "sha", note->sha, pool);
    civ_json_member_int(&writer, "time", note->time);
    write_text(&writer, "workflow", note->workflow, pool);
    write_text(&writer, "workflow_name", note->workflow_name, pool);
    civ_json_end_object(&writer);
    return out.data;
}

void circle_note_read(circle_note_t *note, const civ_sync_request_t *request, apr_pool_t *pool)
{
    const char *text = request->note != NULL ? request->note : "{}";
    const civ_json_t *json;
    civ_problem_t problem;

    memset(note, 0, sizeof(*note));
    if (civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &problem, pool) != APR_SUCCESS)
        return;
    note->attempt = civ_field_int(json, "attempt", 0);
    note->branch = civ_field_text(json, "branch");
    note->job = civ_field_text(json, "job");
    note->job_number = circle_id(json, "job_number");
    note->is_over = civ_field_int(json, "over", 0) != 0;
    note->pipeline = civ_field_text(json, "pipeline");
    note->sha = civ_field_text(json, "sha");
    note->time = civ_field_int(json, "time", 0);
    note->workflow = circle_id(json, "workflow");
    note->workflow_name = civ_field_text(json, "workflow_name");
}

void circle_more_begin(civ_json_writer_t *writer, civ_buffer_t *out, const circle_note_t *note)
{
    civ_json_writer_init(writer, out);
    civ_json_begin_object(writer);
    write_text(writer, "branch", note->branch, out->pool);
    write_text(writer, "revision", note->sha, out->pool);
}

/* --- the configuration --- */

static const civ_connector_setting_t settings[] = {
    {"api_token", 1, "personal API token; those of projects are not taken"},
    {"base_url", 0, CIRCLE_DEFAULT_BASE " (default), or https://HOST of a CircleCI Server"},
    {NULL, 0, NULL},
};

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    const char *base;
    const char *token;
    apr_size_t length;

    if (civ_configuration_secret(&token, config, "api_token", problem, pool) != APR_SUCCESS ||
        civ_configuration_base(&base, config, CIRCLE_DEFAULT_BASE, problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    length = strlen(base);
    if (length > strlen(CIRCLE_API) && strcmp(base + length - strlen(CIRCLE_API), CIRCLE_API) == 0)
        length -= strlen(CIRCLE_API);
    access->base = apr_pstrcat(pool, apr_pstrmemdup(pool, base, length), CIRCLE_API, NULL);
    civ_access_secret(access, "Circle-Token", "", token, pool);
    civ_access_header(access, "Accept", "application/json");
    return APR_SUCCESS;
}

/* Cut a segment off a slug. @return whether it is one */
static int take_segment(const char **rest, int is_last)
{
    apr_size_t length = strcspn(*rest, "/");
    apr_size_t i;

    for (i = 0; i < length; i++)
        if (!apr_isalnum((*rest)[i]) && strchr("-_.~", (*rest)[i]) == NULL)
            return 0;
    if (length == 0 || length > NAME_MOST || strspn(*rest, ".") == length ||
        ((*rest)[length] == '/') == is_last)
        return 0;
    *rest += length + !is_last;
    return 1;
}

static apr_status_t check_project(const char *project_id, civ_problem_t *problem, apr_pool_t *pool)
{
    static const char *const providers[] = {"gh/", "github/", "bb/", "bitbucket/", "circleci/", NULL};
    const char *rest;
    int i;

    for (i = 0; providers[i] != NULL; i++) {
        rest = project_id + strlen(providers[i]);
        if (strncmp(project_id, providers[i], strlen(providers[i])) == 0 && take_segment(&rest, 0) &&
            take_segment(&rest, 1))
            return APR_SUCCESS;
    }
    return civ_request_refuse(
        problem, "/project_id", pool,
        "A project of CircleCI is written as \"gh/ORGANIZATION/REPOSITORY\", \"bb/WORKSPACE/REPOSITORY\" or "
        "\"circleci/ORGANIZATION_ID/PROJECT_ID\"");
}

/* Whose token it is. */
static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    *request = circle_request(context, "/me", context->pool);
    return APR_SUCCESS;
}

/* --- the table --- */

/* A job that is still said to run when its workflow is over stops within minutes, or is never told of again. */
#define JOB_DAYS 2

static const civ_sync_kind_t kinds[] = {
    {.name = CIRCLE_PROJECT,
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = circle_project_first,
     .read = circle_project_read},
    {.name = CIRCLE_PIPELINE,
     .rule = CIV_SYNC_CREATED,
     .stops_when_older = 1,
     .is_newest_first = 1,
     .first = circle_pipelines_first,
     .read = circle_pipelines_read},
    {.name = CIRCLE_WORKFLOW, .rule = CIV_SYNC_PART, .read = circle_workflows_read},
    {.name = CIRCLE_JOB, .rule = CIV_SYNC_PART, .gives_up_days = JOB_DAYS, .read = circle_jobs_read},
    {.name = CIRCLE_TEST, .rule = CIV_SYNC_PART, .read = circle_tests_read},
    {.name = CIRCLE_ARTIFACT, .rule = CIV_SYNC_PART, .read = circle_artifacts_read},
};

/* No statuses are set: CircleCI reports to the platform of the repository itself. */
const civ_connector_t civ_connector_circle_ci = {
    .platform = "circle_ci",
    .title = "CircleCI",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .prepare = prepare,
    .check_project = check_project,
    .probe = probe,
};
