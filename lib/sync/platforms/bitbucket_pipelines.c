/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket_pipelines.c
 * Pipelines and their steps. The list can be filtered by nothing: it is read newest first until it gets older than the last run less a
 * look-back, in which those that were repeated are found; they keep their id and creation, and get the next number of runs.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/bitbucket_private.h"
#include "sync/url.h"

static const civ_data_field_t pipeline_fields[] = {
    {"attempt", "run_number"},
    {"build_number", "build_number"},
    {"completed_on", "completed_on"},
    {"created_on", "created_on"},
    {"creator", "creator/nickname"},
    {"creator_id", "creator/uuid"},
    {"pull_request", "target/pullrequest/id"},
    {"ref_name", "target/ref_name"},
    {"ref_type", "target/ref_type"},
    {"result", "state/result/name"},
    {"selector", "target/selector/type"},
    {"selector_pattern", "target/selector/pattern"},
    {"sha", "target/commit/hash"},
    {"stage", "state/stage/name"},
    {"started_on", "run_creation_date"},
    {"state", "state/name"},
    {"target", "target/type"},
    {"trigger", "trigger/type"},
    {"uuid", "uuid"},
    {NULL, NULL},
};

/* The image of a step may come with a user and a password: only its name is kept, and no command. */
static const civ_data_field_t step_fields[] = {
    {"attempt", "run_number"},
    {"completed_on", "completed_on"},
    {"image", "image/name"},
    {"max_time", "maxTime"},
    {"name", "name"},
    {"pipeline", "pipeline/uuid"},
    {"result", "state/result/name"},
    {"stage", "state/stage/name"},
    {"started_on", "started_on"},
    {"state", "state/name"},
    {"trigger", "trigger/type"},
    {"uuid", "uuid"},
    {NULL, NULL},
};

static const civ_word_t states[] = {
    {"SUCCESSFUL", CIV_STATUS_PASSED},
    {"FAILED", CIV_STATUS_FAILED},
    {"ERROR", CIV_STATUS_FAILED},
    {"STOPPED", CIV_STATUS_CANCELED},
    {"EXPIRED", CIV_STATUS_CANCELED},
    {"NOT_RUN", CIV_STATUS_SKIPPED},
    {"SKIPPED", CIV_STATUS_SKIPPED},
    {"PENDING", CIV_STATUS_RUNNING},
    {"READY", CIV_STATUS_RUNNING},
    {"IN_PROGRESS", CIV_STATUS_RUNNING},
    {"PAUSED", CIV_STATUS_RUNNING},
    {"HALTED", CIV_STATUS_RUNNING},
    {NULL, NULL},
};

static int is_completed(const civ_json_t *json)
{
    const char *state = civ_field_text(json, "state/name");

    return state != NULL && strcmp(state, "COMPLETED") == 0;
}

/* What is completed has a result; all else a state, and maybe a stage of it. */
static const char *status_of(const civ_json_t *json)
{
    return civ_word(states, civ_field_text(json, is_completed(json) ? "state/result/name" : "state/name"));
}

/* These count while it runs. */
static void write_durations(civ_buffer_t *out, const civ_json_t *json)
{
    static const char *const names[] = {"build_seconds_used", "duration_in_seconds"};
    civ_json_writer_t writer;
    int i;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    for (i = 0; i < 2; i++) {
        apr_int64_t seconds = civ_field_int(json, names[i], -1);

        if (seconds >= 0)
            civ_json_member_int(&writer, names[i], seconds);
    }
    civ_json_end_object(&writer);
}

static const char *data_of(const civ_json_t *json, const civ_data_field_t *fields, apr_pool_t *pool)
{
    civ_buffer_t more;

    civ_buffer_init(&more, 64, pool);
    if (is_completed(json))
        write_durations(&more, json);
    return civ_item_data(json, fields, &more, pool);
}

/* Where an answer of numbered pages names no next one, but says that there is more. */
static apr_status_t next_of(const civ_sync_context_t *context, const civ_sync_request_t *request,
                            const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_int64_t number = civ_field_int(answer->json, "page", 0);
    apr_int64_t length = civ_field_int(answer->json, "pagelen", 0);
    apr_int64_t size = civ_field_int(answer->json, "size", 0);
    civ_sync_request_t next = *request;
    apr_pool_t *pool = civ_sync_page_pool(page);

    if (civ_field_text(answer->json, "next") != NULL || number <= 0 || length <= 0 ||
        number >= size / length + (size % length != 0))
        return bitbucket_next(context, request, answer, page);
    next.url = civ_query_set(request->url, "page", apr_psprintf(pool, "%" APR_INT64_T_FMT, number + 1), pool);
    next.position++;
    civ_sync_page_next(page, &next);
    return APR_SUCCESS;
}

/* --- pipelines --- */

apr_status_t bitbucket_pipelines_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                       civ_sync_page_t *page)
{
    /* Without that slash it is a redirect. */
    civ_sync_request_t request =
        bitbucket_request(context, "/pipelines/?sort=-created_on&" BITBUCKET_PAGE, civ_sync_page_pool(page));

    request.may_be_absent = 1; /* they have never been switched on */
    request.note = apr_psprintf(civ_sync_page_pool(page), "%" APR_INT64_T_FMT, range->from);
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

static const char *title_of(const civ_json_t *json, apr_pool_t *pool)
{
    const char *number = civ_field_id(json, "build_number");
    const char *name = civ_field_text(json, "target/ref_name");

    if (number == NULL)
        return name;
    return name != NULL ? apr_pstrcat(pool, "#", number, " ", name, NULL)
                        : apr_pstrcat(pool, "#", number, NULL);
}

/* The links of an answer are not for people, and may lead to hosts within the platform. */
static const char *url_of(const civ_sync_context_t *context, const civ_json_t *json, apr_pool_t *pool)
{
    const char *repository = civ_sync_fact(context, BITBUCKET_HTML);
    const char *number = civ_field_id(json, "build_number");

    if (repository == NULL || number == NULL)
        return NULL;
    return apr_pstrcat(pool, repository, "/pipelines/results/", civ_url_encode(number, pool), NULL);
}

static void follow_steps(const civ_sync_context_t *context, const char *path, const civ_json_t *json,
                         const civ_sync_item_t *item, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *created = civ_field_text(json, "created_on");
    civ_sync_request_t request =
        bitbucket_request(context, apr_pstrcat(pool, path, "/steps/?" BITBUCKET_PAGE, NULL), pool);

    request.tag = item->sha;
    request.note = apr_pstrcat(pool, created != NULL ? created : "", " ", item->url, NULL);
    civ_sync_page_follow(page, BITBUCKET_STEP, &request, item, CIV_SYNC_WHEN_CHANGED);
}

static void read_pipeline(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *uuid = civ_field_text(json, "uuid");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PIPELINE, uuid);
    civ_sync_request_t request;
    const char *path;

    item->attempt = civ_field_int(json, "run_number", 1);
    if (item->attempt > 1)
        item->timestamp = civ_field_time(json, "run_creation_date");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_on");
    item->updated = civ_field_time(json, "completed_on");
    item->status = status_of(json);
    item->title = title_of(json, pool);
    item->author = bitbucket_account(json, "creator", pool);
    item->sha = civ_field_text(json, "target/commit/hash");
    item->url = url_of(context, json, pool);
    item->data = data_of(json, pipeline_fields, pool);
    item->is_final = is_completed(json);
    if (uuid == NULL)
        return;
    path = apr_pstrcat(pool, "/pipelines/", civ_url_encode(uuid, pool), NULL);
    request = bitbucket_request(context, path, pool);
    civ_sync_page_recheck(page, item, &request);
    follow_steps(context, path, json, item, page);
}

apr_status_t bitbucket_pipelines_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                      const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_int64_t from = request->note != NULL ? apr_atoi64(request->note) : 0;
    int is_over = 0; /* created is what never changes: behind one that is too old are others */
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (civ_field_text(answer->json, "uuid") != NULL) {
        read_pipeline(context, answer->json, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "values", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++) {
        apr_int64_t created = civ_field_time(&elements->as.array.items[i], "created_on");

        is_over |= created > 0 && created < from;
        read_pipeline(context, &elements->as.array.items[i], page);
    }
    return is_over ? APR_SUCCESS : next_of(context, request, answer, page);
}

/* --- steps --- */

/* @param note when the pipeline was created, a space, and its URL, or nothing */
static void read_step(const char *sha, const char *note, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *uuid = civ_field_text(json, "uuid");
    const char *url = strchr(note, ' ');
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_JOB, uuid);

    item->attempt = civ_field_int(json, "run_number", 1);
    item->timestamp = civ_field_time(json, "started_on");
    if (item->timestamp == 0) /* it has not started */
        item->timestamp = civ_time_of_text(apr_pstrmemdup(pool, note, strcspn(note, " ")));
    item->updated = civ_field_time(json, "completed_on");
    item->status = status_of(json);
    item->title = civ_field_text(json, "name");
    item->sha = sha;
    if (uuid != NULL && url != NULL && url[1] != '\0')
        item->url = apr_pstrcat(pool, url + 1, "/steps/", civ_url_encode(uuid, pool), NULL);
    item->data = data_of(json, step_fields, pool);
    item->is_final = is_completed(json);
}

apr_status_t bitbucket_steps_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status = civ_list_elements(answer, "values", &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_step(request->tag, request->note != NULL ? request->note : "", &elements->as.array.items[i],
                  page);
    return next_of(context, request, answer, page);
}
