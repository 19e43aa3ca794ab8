/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_lists.c
 * What the kinds of Azure DevOps share in reading lists: two ways to go on, persons, instants, and what a build's parts know of it.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "sync/platforms/azure_private.h"
#include "sync/url.h"

const civ_word_t azure_results[] = {
    {"succeeded", CIV_STATUS_PASSED},
    {"succeededWithIssues", CIV_STATUS_UNSTABLE},
    {"partiallySucceeded", CIV_STATUS_UNSTABLE},
    {"failed", CIV_STATUS_FAILED},
    {"canceled", CIV_STATUS_CANCELED},
    {"abandoned", CIV_STATUS_CANCELED},
    {"skipped", CIV_STATUS_SKIPPED},
    {"inProgress", CIV_STATUS_RUNNING},
    {"notStarted", CIV_STATUS_RUNNING},
    {"postponed", CIV_STATUS_RUNNING},
    {"cancelling", CIV_STATUS_RUNNING},
    {"pending", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

const char *azure_time(apr_int64_t milliseconds, apr_pool_t *pool)
{
    return civ_url_encode(civ_query_time(milliseconds, pool), pool);
}

const char *azure_person(const civ_json_t *json, const char *path)
{
    const civ_json_t *person = civ_field(json, path);
    const char *name = civ_field_text(person, "displayName");

    return name != NULL ? name : civ_field_text(person, "");
}

apr_int64_t azure_first_time(const civ_json_t *json, const char *const *paths)
{
    apr_int64_t time = 0;

    for (; *paths != NULL && time == 0; paths++)
        time = civ_field_time(json, *paths);
    return time;
}

int azure_next_token(civ_sync_page_t *page, const civ_sync_request_t *request,
                     const civ_sync_answer_t *answer)
{
    const char *token = civ_sync_answer_header(answer, "x-ms-continuationtoken");
    civ_sync_request_t next = *request;

    if (token == NULL || token[0] == '\0')
        return 0;
    next.url = civ_query_set(request->url, "continuationToken", token, civ_sync_page_pool(page));
    next.position++;
    civ_sync_page_next(page, &next);
    return 1;
}

void azure_next_skip(civ_sync_page_t *page, const civ_sync_request_t *request,
                     const civ_sync_answer_t *answer, const char *skip, apr_size_t top)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t next = *request;

    if (azure_next_token(page, request, answer) || civ_field_count(answer->json, "value") < top)
        return;
    next.position = request->position + (apr_int64_t)top;
    next.url =
        civ_query_set(request->url, skip, apr_psprintf(pool, "%" APR_INT64_T_FMT, next.position), pool);
    civ_sync_page_next(page, &next);
}

const char *azure_build_note(const azure_build_t *build, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s %" APR_INT64_T_FMT " %s", build->id, build->time,
                        build->sha != NULL ? build->sha : "");
}

azure_build_t azure_build_of(const civ_sync_request_t *request, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, request->note != NULL ? request->note : "");
    char *last;
    const char *id = apr_strtok(rest, " ", &last);
    const char *time = id != NULL ? apr_strtok(NULL, " ", &last) : NULL;
    azure_build_t build;

    build.id = id != NULL ? id : "";
    build.time = time != NULL ? (apr_int64_t)strtoll(time, NULL, 10) : 0;
    build.sha = time != NULL ? apr_strtok(NULL, " ", &last) : NULL;
    return build;
}
