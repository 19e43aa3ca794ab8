/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_connector.c
 * A connector for the platform of the tests, with one kind of each sort.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/fields.h"
#include "unit/sync_fixture.h"

static void ask(const civ_sync_context_t *context, civ_sync_page_t *page, const char *path,
                int is_conditional)
{
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(civ_sync_page_pool(page), context->base, path, NULL);
    request.is_conditional = is_conditional;
    civ_sync_page_next(page, &request);
}

static const civ_data_field_t fields[] = {{"state", "state"}, {"name", "name"}, {NULL, NULL}};

/* An element of any list: {"id", "at", "updated", "state", "attempt", "name"}; "open" is not final. */
static civ_sync_item_t *read_item(civ_sync_page_t *page, const char *type, const civ_json_t *json)
{
    civ_sync_item_t *item = civ_sync_page_item(page, type, civ_field_id(json, "id"));
    const char *state = civ_field_text(json, "state");

    item->timestamp = civ_field_time(json, "at");
    item->updated = civ_field_time(json, "updated");
    item->attempt = civ_field_int(json, "attempt", 1);
    item->title = civ_field_text(json, "name");
    item->data = civ_field_data(json, fields, civ_sync_page_pool(page));
    item->is_final = state == NULL || strcmp(state, "open") != 0;
    return item;
}

static apr_status_t read_list(civ_sync_page_t *page, const char *type, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer)
{
    apr_size_t i;

    if (answer->json->type != CIV_JSON_ARRAY)
        return civ_sync_page_fault(page, "The list is no array");
    for (i = 0; i < answer->json->as.array.count; i++) {
        const civ_json_t *element = &answer->json->as.array.items[i];

        read_item(page, type, element);
        civ_sync_page_saw(page, civ_field_time(element, "at"));
    }
    civ_sync_page_next_link(page, request, answer);
    return APR_SUCCESS;
}

static apr_status_t project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    (void)range;
    ask(context, page, "/project", 0);
    return APR_SUCCESS;
}

static apr_status_t project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    (void)request;
    civ_sync_page_fact(page, CIV_FACT_SCOPE, civ_field_id(answer->json, "id"));
    civ_sync_page_fact(page, CIV_FACT_CREATED, civ_field_text(answer->json, "created"));
    return APR_SUCCESS;
}

static apr_status_t issue_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);

    ask(context, page,
        range->from > 0 ? apr_pstrcat(pool, "/issues?since=", civ_query_time(range->from, pool), NULL)
                        : "/issues",
        0);
    return APR_SUCCESS;
}

static apr_status_t issue_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    return read_list(page, CIV_ITEM_ISSUE, request, answer);
}

static apr_status_t run_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                              civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);

    ask(context, page,
        apr_pstrcat(pool, "/runs?created=", civ_query_time(range->from, pool), "..",
                    civ_query_time(range->to, pool), NULL),
        0);
    return APR_SUCCESS;
}

static void read_run(const civ_sync_context_t *context, civ_sync_page_t *page, const civ_json_t *json)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = read_item(page, CIV_ITEM_PIPELINE, json);
    civ_sync_request_t request;

    memset(&request, 0, sizeof(request));
    request.url = apr_pstrcat(pool, context->base, "/runs/", civ_field_id(json, "id"), NULL);
    civ_sync_page_recheck(page, item, &request);
    request.url = apr_pstrcat(pool, request.url, "/jobs", NULL);
    if (!civ_field_is_true(json, "bare"))
        civ_sync_page_follow(page, "job", &request, item, CIV_SYNC_WHEN_CHANGED);
}

/* {"total", "runs"}, or one run. */
static apr_status_t run_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                             const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *runs = civ_field(answer->json, "runs");
    apr_size_t i;

    if (runs == NULL) {
        read_run(context, page, answer->json);
        return APR_SUCCESS;
    }
    civ_sync_page_total(page, civ_field_int(answer->json, "total", -1));
    for (i = 0; i < civ_field_count(answer->json, "runs"); i++)
        read_run(context, page, &runs->as.array.items[i]);
    civ_sync_page_next_link(page, request, answer);
    return APR_SUCCESS;
}

static apr_status_t job_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                             const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    return read_list(page, CIV_ITEM_JOB, request, answer);
}

static apr_status_t metric_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page)
{
    (void)range;
    ask(context, page, "/metrics", 1);
    return APR_SUCCESS;
}

static apr_status_t metric_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    return read_list(page, CIV_ITEM_CODE_METRICS, request, answer);
}

static apr_status_t folder_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page)
{
    (void)range;
    ask(context, page, "/folder", 0);
    return APR_SUCCESS;
}

/* ["name", ...] */
static apr_status_t folder_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_size_t i;

    (void)context;
    for (i = 0; i < civ_field_count(answer->json, ""); i++)
        civ_sync_page_stream(page, "build", civ_field_text(&answer->json->as.array.items[i], ""));
    civ_sync_page_next_link(page, request, answer);
    return APR_SUCCESS;
}

static apr_status_t build_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                civ_sync_page_t *page)
{
    ask(context, page, apr_pstrcat(civ_sync_page_pool(page), "/builds/", range->stream, NULL), 0);
    return APR_SUCCESS;
}

static apr_status_t build_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    return read_list(page, CIV_ITEM_BUILD, request, answer);
}

static apr_status_t commit_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page)
{
    ask(context, page,
        range->bookmark != NULL
            ? apr_pstrcat(civ_sync_page_pool(page), "/commits?exclude=", range->bookmark, NULL)
            : "/commits",
        0);
    return APR_SUCCESS;
}

static apr_status_t commit_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    (void)context;
    if (request->position == 0)
        civ_sync_page_bookmark(page, civ_field_id(answer->json, "0/id"));
    return read_list(page, CIV_ITEM_COMMIT, request, answer);
}

static const civ_sync_kind_t kinds[] = {
    {.name = "project",
     .rule = CIV_SYNC_ALL,
     .is_essential = 1,
     .first = project_first,
     .read = project_read},
    {.name = "issue", .rule = CIV_SYNC_UPDATED, .first = issue_first, .read = issue_read},
    {.name = "run", .rule = CIV_SYNC_CREATED, .cap = 1000, .first = run_first, .read = run_read},
    {.name = "job", .rule = CIV_SYNC_PART, .read = job_read},
    {.name = "metric", .rule = CIV_SYNC_ALL, .first = metric_first, .read = metric_read},
    {.name = "folder", .rule = CIV_SYNC_ALL, .first = folder_first, .read = folder_read},
    {.name = "build",
     .rule = CIV_SYNC_CREATED,
     .is_streamed = 1,
     .stops_when_older = 1,
     .retention_days = 180,
     .first = build_first,
     .read = build_read},
    {.name = "commit", .rule = CIV_SYNC_BOOKMARK, .first = commit_first, .read = commit_read},
};

static const civ_connector_setting_t settings[] = {
    {"api_token", 1, "A token"}, {"base_url", 0, "Where the platform is"}, {NULL, 0, NULL}};

static apr_status_t prepare(civ_connector_access_t *access, const civ_json_t *config, civ_problem_t *problem,
                            apr_pool_t *pool)
{
    civ_connector_header_t *header = apr_array_push(access->secret_headers);

    access->base = civ_field_text(config, "base_url");
    header->name = "Authorization";
    header->value = civ_field_text(config, "api_token");
    if (access->base != NULL && header->value != NULL)
        return APR_SUCCESS;
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, "/config", pool, "Something is missing");
    return CIV_EINVALID;
}

static apr_status_t probe(const civ_sync_context_t *context, civ_sync_request_t *request)
{
    memset(request, 0, sizeof(*request));
    request->url = apr_pstrcat(context->pool, context->base, "/project", NULL);
    return APR_SUCCESS;
}

const civ_connector_t sync_connector = {
    .platform = "example",
    .title = "Example",
    .settings = settings,
    .kinds = kinds,
    .kind_count = sizeof(kinds) / sizeof(kinds[0]),
    .page_size = "size",
    .prepare = prepare,
    .probe = probe,
};
