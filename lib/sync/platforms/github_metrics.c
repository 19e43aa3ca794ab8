/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_metrics.c
 * Metrics of the code: languages, commits of each week of the last year, lines added and deleted. GitHub computes the last two in the
 * background, and says 202 until it has them.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/github_private.h"

/** Weeks that are kept one by one; older ones are in the sums. */
#define WEEKS_MOST 52

#define TAG_LANGUAGES      "languages"
#define TAG_PARTICIPATION  "participation"
#define TAG_CODE_FREQUENCY "code_frequency"

static const civ_data_field_t languages_fields[] = {{"languages", ""}, {NULL, NULL}};
static const civ_data_field_t participation_fields[] = {{"all", "all"}, {"owner", "owner"}, {NULL, NULL}};
static const civ_data_field_t no_fields[] = {{NULL, NULL}};

static const struct {
    const char *tag, *path, *title;
} metrics[] = {
    {TAG_LANGUAGES, "/languages", "Bytes of each language"},
    {TAG_PARTICIPATION, "/stats/participation", "Commits of each week"},
    {TAG_CODE_FREQUENCY, "/stats/code_frequency", "Lines added and deleted in each week"},
};

#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

apr_status_t github_metrics_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    apr_size_t i;

    (void)range;
    for (i = 0; i < METRICS; i++) {
        civ_sync_request_t request = github_request(context, metrics[i].path, civ_sync_page_pool(page));

        request.is_conditional = 1;
        request.tag = metrics[i].tag;
        civ_sync_page_next(page, &request);
    }
    return APR_SUCCESS;
}

/* [[seconds since 1970 of a week's start, lines added, lines deleted (below 0)], ...] */
static void write_weeks(civ_json_writer_t *writer, const civ_json_t *weeks)
{
    apr_size_t count = weeks->as.array.count;
    apr_size_t i;
    apr_int64_t added = 0;
    apr_int64_t deleted = 0;

    civ_json_name(writer, "recent");
    civ_json_begin_array(writer);
    for (i = 0; i < count; i++) {
        const civ_json_t *week = &weeks->as.array.items[i];

        added += civ_field_int(week, "1", 0);
        deleted += civ_field_int(week, "2", 0);
        if (i + WEEKS_MOST < count)
            continue;
        civ_json_begin_array(writer);
        civ_json_int(writer, civ_field_int(week, "0", 0));
        civ_json_int(writer, civ_field_int(week, "1", 0));
        civ_json_int(writer, civ_field_int(week, "2", 0));
        civ_json_end_array(writer);
    }
    civ_json_end_array(writer);
    civ_json_member_int(writer, "additions", added);
    civ_json_member_int(writer, "deletions", deleted);
    civ_json_member_int(writer, "weeks", (apr_int64_t)count);
}

static void read_metric(const civ_sync_context_t *context, apr_size_t metric, const civ_json_t *json,
                        civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *tag = metrics[metric].tag;
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_CODE_METRICS, tag);
    const civ_data_field_t *fields = no_fields;
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 512, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "metric", tag);
    if (strcmp(tag, TAG_LANGUAGES) == 0)
        fields = languages_fields;
    else if (strcmp(tag, TAG_PARTICIPATION) == 0)
        fields = participation_fields;
    else
        write_weeks(&writer, json);
    civ_json_end_object(&writer);
    item->timestamp = item->updated = context->now;
    item->title = metrics[metric].title;
    item->data = civ_item_data(json, fields, &more, pool);
    item->is_final = 1;
}

apr_status_t github_metrics_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const char *tag = request->tag != NULL ? request->tag : "";
    int is_array = strcmp(tag, TAG_CODE_FREQUENCY) == 0;
    apr_size_t i = 0;

    while (i < METRICS && strcmp(metrics[i].tag, tag) != 0)
        i++;
    if (i == METRICS || answer->json->type != (is_array ? CIV_JSON_ARRAY : CIV_JSON_OBJECT))
        return civ_sync_page_fault(page, "The answer is no such statistics");
    if ((is_array ? answer->json->as.array.count : answer->json->as.object.count) > 0)
        read_metric(context, i, answer->json, page);
    return APR_SUCCESS;
}
