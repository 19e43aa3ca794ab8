/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_work.c
 * Work items: a query tells the ids of those that have changed in a window of time, and they are asked for by their ids. A query that
 * has more than 20,000 is refused, so the engine halves its window.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/azure_private.h"
#include "sync/url.h"

/** Ids of one request. */
#define BATCH 200

#define SECOND 1000

/** 2008-01-01: where the engine's windows begin; what is older belongs to the first one. */
#define FIRST_OF_WINDOW APR_INT64_C(1199145600000)

#define TAG_BATCH "batch"

/* Those that each collection has; descriptions are left out. */
static const char *const wanted[] = {
    "System.Id",
    "System.WorkItemType",
    "System.State",
    "System.Reason",
    "System.Title",
    "System.CreatedDate",
    "System.CreatedBy",
    "System.ChangedDate",
    "System.ChangedBy",
    "System.AssignedTo",
    "System.AreaPath",
    "System.IterationPath",
    "System.Tags",
    "Microsoft.VSTS.Common.Priority",
    "Microsoft.VSTS.Common.Severity",
    "Microsoft.VSTS.Common.StateChangeDate",
    "Microsoft.VSTS.Common.ClosedDate",
    NULL,
};

static const civ_data_field_t work_fields[] = {
    {"area", "fields/System.AreaPath"},
    {"assigned_to_id", "fields/System.AssignedTo/id"},
    {"changed", "fields/System.ChangedDate"},
    {"closed", "fields/Microsoft.VSTS.Common.ClosedDate"},
    {"created", "fields/System.CreatedDate"},
    {"id", "id"},
    {"iteration", "fields/System.IterationPath"},
    {"priority", "fields/Microsoft.VSTS.Common.Priority"},
    {"reason", "fields/System.Reason"},
    {"revision", "rev"},
    {"severity", "fields/Microsoft.VSTS.Common.Severity"},
    {"state", "fields/System.State"},
    {"state_changed", "fields/Microsoft.VSTS.Common.StateChangeDate"},
    {"tags", "fields/System.Tags"},
    {"title", "fields/System.Title"},
    {"type", "fields/System.WorkItemType"},
    {NULL, NULL},
};

/* Of the processes that come with Azure DevOps; those of one's own may have others. */
static const civ_word_t work_states[] = {
    {"New", CIV_STATUS_OPEN},         {"To Do", CIV_STATUS_OPEN},
    {"Proposed", CIV_STATUS_OPEN},    {"Approved", CIV_STATUS_OPEN},
    {"Committed", CIV_STATUS_OPEN},   {"Active", CIV_STATUS_OPEN},
    {"Doing", CIV_STATUS_OPEN},       {"Open", CIV_STATUS_OPEN},
    {"In Progress", CIV_STATUS_OPEN}, {"Design", CIV_STATUS_OPEN},
    {"Ready", CIV_STATUS_OPEN},       {"Requested", CIV_STATUS_OPEN},
    {"Accepted", CIV_STATUS_OPEN},    {"Resolved", CIV_STATUS_OPEN},
    {"Done", CIV_STATUS_CLOSED},      {"Closed", CIV_STATUS_CLOSED},
    {"Completed", CIV_STATUS_CLOSED}, {"Inactive", CIV_STATUS_CLOSED},
    {"Removed", CIV_STATUS_CANCELED}, {NULL, NULL},
};

/* --- the query --- */

/* Up to the end of the second that the window ends with: its halves are seconds apart. */
static const char *query_of(const civ_sync_range_t *range, apr_pool_t *pool)
{
    const char *from = "";

    if (range->from > FIRST_OF_WINDOW)
        from =
            apr_pstrcat(pool, " AND [System.ChangedDate] >= '", civ_query_time(range->from, pool), "'", NULL);
    return apr_pstrcat(pool, "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project", from,
                       " AND [System.ChangedDate] < '", civ_query_time(range->to + SECOND, pool),
                       "' ORDER BY [System.ChangedDate] ASC", NULL);
}

apr_status_t azure_work_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                              civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request =
        azure_request(context, "/_apis/wit/wiql?timePrecision=true&$top=20000", pool);
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_buffer_init(&body, 256, pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "query", query_of(range, pool));
    civ_json_end_object(&writer);
    request.body = body.data;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* What has been deleted meanwhile is left out of the answer, and refuses nothing. */
static void write_batch(civ_buffer_t *body, const civ_json_t *ids, apr_size_t from)
{
    const char *const *field;
    civ_json_writer_t writer;
    apr_size_t i;

    civ_json_writer_init(&writer, body);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "ids");
    civ_json_begin_array(&writer);
    for (i = from; i < ids->as.array.count && i < from + BATCH; i++) {
        apr_int64_t id = civ_field_int(&ids->as.array.items[i], "id", 0);

        if (id > 0)
            civ_json_int(&writer, id);
    }
    civ_json_end_array(&writer);
    civ_json_name(&writer, "fields");
    civ_json_begin_array(&writer);
    for (field = wanted; *field != NULL; field++)
        civ_json_text(&writer, *field);
    civ_json_end_array(&writer);
    civ_json_member_text(&writer, "errorPolicy", "omit");
    civ_json_end_object(&writer);
}

static apr_status_t read_query(const civ_sync_context_t *context, const civ_sync_answer_t *answer,
                               civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const civ_json_t *ids;
    apr_status_t status = civ_list_elements(answer, "workItems", &ids, page);
    apr_size_t from;

    if (status != APR_SUCCESS)
        return status;
    civ_sync_page_total(page, (apr_int64_t)ids->as.array.count);
    for (from = 0; from < ids->as.array.count; from += BATCH) {
        civ_sync_request_t request = azure_request(context, "/_apis/wit/workitemsbatch", pool);
        civ_buffer_t body;

        civ_buffer_init(&body, 4096, pool);
        write_batch(&body, ids, from);
        request.body = body.data;
        request.tag = TAG_BATCH;
        civ_sync_page_follow(page, AZURE_WORK_ITEM, &request, NULL, CIV_SYNC_ALWAYS);
    }
    return APR_SUCCESS;
}

/* --- the items --- */

static const char *work_data(const civ_json_t *json, apr_pool_t *pool)
{
    static const civ_data_field_t persons[] = {
        {"assigned_to", "fields/System.AssignedTo"},
        {"changed_by", "fields/System.ChangedBy"},
        {"created_by", "fields/System.CreatedBy"},
        {NULL, NULL},
    };
    const civ_data_field_t *person;
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 256, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    for (person = persons; person->name != NULL; person++) {
        const char *name = civ_field_scrub(azure_person(json, person->path), pool);

        if (name != NULL)
            civ_json_member_text(&writer, person->name, name);
    }
    civ_json_end_object(&writer);
    return civ_item_data(json, work_fields, more.length > 2 ? &more : NULL, pool);
}

static void read_item(const civ_sync_context_t *context, const civ_json_t *json, civ_sync_page_t *page)
{
    static const char *const times[] = {"fields/System.CreatedDate", "fields/System.ChangedDate", NULL};
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *id = civ_field_id(json, "id");
    civ_sync_item_t *item;

    if (json->type == CIV_JSON_NULL)
        return; /* it is not there any more, or not for us */
    item = civ_sync_page_item(page, CIV_ITEM_WORK_ITEM, id);
    item->timestamp = azure_first_time(json, times);
    item->updated = civ_field_time(json, "fields/System.ChangedDate");
    item->revision = civ_field_int(json, "rev", 0);
    item->status = civ_word(work_states, civ_field_text(json, "fields/System.State"));
    item->title = civ_field_text(json, "fields/System.Title");
    item->author = azure_person(json, "fields/System.CreatedBy");
    item->data = work_data(json, pool);
    item->is_final =
        strcmp(item->status, CIV_STATUS_CLOSED) == 0 || strcmp(item->status, CIV_STATUS_CANCELED) == 0;
    if (id != NULL)
        item->url =
            azure_web(context, apr_pstrcat(pool, "/_workitems/edit/", civ_url_encode(id, pool), NULL), pool);
}

apr_status_t azure_work_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                             const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    apr_status_t status;
    apr_size_t i;

    if (request->tag == NULL)
        return read_query(context, answer, page);
    status = civ_list_elements(answer, "value", &elements, page);
    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < elements->as.array.count; i++)
        read_item(context, &elements->as.array.items[i], page);
    return APR_SUCCESS;
}
