/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_ci_workflows.c
 * The workflows of a pipeline. One that is run again, from its start or from where it failed, is a new workflow of the same name and
 * pipeline: each is an item, which says the how-manieth attempt it is.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/circle_ci_private.h"

/** Workflows of a page whose attempts are counted: there never are so many. */
#define COUNTED_MOST 200

static const civ_data_field_t workflow_fields[] = {
    {"canceled_by", "canceled_by"},
    {"created_at", "created_at"},
    {"errored_by", "errored_by"},
    {"id", "id"},
    {"name", "name"},
    {"pipeline_id", "pipeline_id"},
    {"pipeline_number", "pipeline_number"},
    {"project_slug", "project_slug"},
    {"rerun", "tag"}, /* "rerun-workflow-from-failed" */
    {"started_by", "started_by"},
    {"status", "status"},
    {"stopped_at", "stopped_at"},
    {NULL, NULL},
};

/* It has ended. A word that is new is taken for an end when it has stopped. */
static int is_over(const civ_json_t *json)
{
    static const char *const at_work[] = {"running", "failing", "on_hold", NULL};
    static const char *const ended[] = {"success",  "failed",  "error",        "errored",
                                        "canceled", "not_run", "unauthorized", NULL};
    const char *status = civ_field_text(json, "status");
    int i;

    for (i = 0; status != NULL && at_work[i] != NULL; i++)
        if (strcmp(status, at_work[i]) == 0)
            return 0;
    for (i = 0; status != NULL && ended[i] != NULL; i++)
        if (strcmp(status, ended[i]) == 0)
            return 1;
    return civ_field_time(json, "stopped_at") > 0;
}

/* The how-manieth of its name it is; a list comes newest first, which counts where the times are the same. */
static apr_int64_t attempt_of(const civ_json_t *list, apr_size_t index)
{
    const civ_json_t *items = list->as.array.items;
    const char *name = civ_field_text(&items[index], "name");
    apr_int64_t created = civ_field_time(&items[index], "created_at");
    apr_int64_t attempt = 1;
    apr_size_t i;

    if (name == NULL || created == 0 || list->as.array.count > COUNTED_MOST)
        return 0;
    for (i = 0; i < list->as.array.count; i++) {
        const char *other = civ_field_text(&items[i], "name");
        apr_int64_t before = civ_field_time(&items[i], "created_at");

        if (i != index && other != NULL && strcmp(name, other) == 0 &&
            (before < created || (before == created && i > index)))
            attempt++;
    }
    return attempt;
}

static civ_sync_item_t *read_workflow(const civ_sync_context_t *context, const civ_json_t *json,
                                      const circle_note_t *note, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = circle_id(json, "id");
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_PIPELINE, id);
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 256, pool);
    circle_more_begin(&writer, &more, note);
    if (note->attempt > 0)
        civ_json_member_int(&writer, "attempt", note->attempt);
    civ_json_end_object(&writer);
    item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "stopped_at");
    item->status = civ_word(circle_states, civ_field_text(json, "status"));
    item->title = civ_field_text(json, "name");
    item->sha = note->sha;
    if (id != NULL && note->pipeline != NULL)
        item->url =
            circle_web_url(context, apr_pstrcat(pool, "/", note->pipeline, "/workflows/", id, NULL), pool);
    item->data = civ_item_data(json, workflow_fields, &more, pool);
    item->is_final = is_over(json);
    return item;
}

/* A workflow and its jobs: while it is at work they change without it. */
static void read_whole_workflow(const civ_sync_context_t *context, const civ_json_t *json,
                                circle_note_t *note, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = circle_id(json, "id");
    civ_sync_item_t *item = read_workflow(context, json, note, page);
    civ_sync_request_t request;

    if (id == NULL)
        return;
    request = circle_request(context, apr_pstrcat(pool, "/workflow/", id, NULL), pool);
    request.note = circle_note_write(note, pool);
    civ_sync_page_recheck(page, item, &request);
    note->workflow = id;
    note->workflow_name = item->title;
    note->time = item->timestamp;
    note->is_over = item->is_final;
    request = circle_request(context, apr_pstrcat(pool, "/workflow/", id, "/job", NULL), pool);
    request.note = circle_note_write(note, pool);
    civ_sync_page_follow(page, CIRCLE_JOB, &request, item,
                         item->is_final ? CIV_SYNC_WHEN_CHANGED : CIV_SYNC_ALWAYS);
}

apr_status_t circle_workflows_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    circle_note_t note;
    apr_status_t status;
    apr_size_t i;
    int is_whole;

    circle_note_read(&note, request, civ_sync_page_pool(page));
    if (circle_id(answer->json, "id") != NULL) {
        read_whole_workflow(context, answer->json, &note, page);
        return APR_SUCCESS;
    }
    status = civ_list_elements(answer, "items", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    /* A list of several pages tells no attempts: the earlier ones come last. */
    is_whole = request->position == 0 && civ_field_text(answer->json, "next_page_token") == NULL;
    for (i = 0; i < elements->as.array.count; i++) {
        circle_note_t each = note;

        each.attempt = is_whole ? attempt_of(elements, i) : 0;
        read_whole_workflow(context, &elements->as.array.items[i], &each, page);
    }
    return circle_next(page, request, answer);
}
