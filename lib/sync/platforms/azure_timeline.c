/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_timeline.c
 * The timeline of a build: a tree of records, of which stages and jobs become items, and tasks a part of their job. What was
 * repeated has a record for each attempt; those of the earlier ones are in timelines of their own.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/azure_private.h"
#include "sync/url.h"

/** Of a job: tasks, and their bytes. */
#define TASKS_MOST 200
#define TASKS_SIZE 40000

/** Earlier timelines that are asked for, and steps up the tree. */
#define EARLIER_MOST 50
#define LEVELS_MOST  8

#define TAG_EARLIER "earlier"

static const civ_data_field_t record_fields[] = {
    {"attempt", "attempt"}, {"errors", "errorCount"},     {"finished", "finishTime"},
    {"id", "id"},           {"identifier", "identifier"}, {"name", "name"},
    {"result", "result"},   {"started", "startTime"},     {"state", "state"},
    {"type", "type"},       {"warnings", "warningCount"}, {"worker", "workerName"},
    {NULL, NULL},
};

/** The records of one answer. */
typedef struct tree_t {
    apr_hash_t *records; /**< id to civ_json_t */
    apr_hash_t *tasks;   /**< id of the parent to apr_array_header_t of const civ_json_t *, in their order */
    azure_build_t build;
    apr_pool_t *pool;
} tree_t;

static int is_type(const civ_json_t *record, const char *type)
{
    const char *found = civ_field_text(record, "type");

    return found != NULL && strcmp(found, type) == 0;
}

/* Their places in the answer tell nothing. */
static void add_task(tree_t *tree, const char *parent, const civ_json_t *record)
{
    apr_array_header_t *tasks = apr_hash_get(tree->tasks, parent, APR_HASH_KEY_STRING);
    const civ_json_t **all;
    int i;

    if (tasks == NULL) {
        tasks = apr_array_make(tree->pool, 16, sizeof(const civ_json_t *));
        apr_hash_set(tree->tasks, parent, APR_HASH_KEY_STRING, tasks);
    }
    if (tasks->nelts >= TASKS_MOST)
        return;
    *(const civ_json_t **)apr_array_push(tasks) = record;
    all = (const civ_json_t **)tasks->elts;
    for (i = tasks->nelts - 1;
         i > 0 && civ_field_int(record, "order", 0) < civ_field_int(all[i - 1], "order", 0); i--)
        all[i] = all[i - 1];
    all[i] = record;
}

static void plant(tree_t *tree, const civ_json_t *records)
{
    apr_size_t i;

    for (i = 0; i < records->as.array.count; i++) {
        const civ_json_t *record = &records->as.array.items[i];
        const char *id = civ_field_text(record, "id");
        const char *parent = civ_field_text(record, "parentId");

        if (id != NULL)
            apr_hash_set(tree->records, id, APR_HASH_KEY_STRING, record);
        if (parent != NULL && is_type(record, "Task"))
            add_task(tree, parent, record);
    }
}

/* The name of the stage that a record is in; NULL: none. */
static const char *stage_of(const tree_t *tree, const civ_json_t *record)
{
    int level;

    for (level = 0; level < LEVELS_MOST && record != NULL; level++) {
        const char *parent = civ_field_text(record, "parentId");

        record = parent != NULL ? apr_hash_get(tree->records, parent, APR_HASH_KEY_STRING) : NULL;
        if (record != NULL && is_type(record, "Stage"))
            return civ_field_text(record, "name");
    }
    return NULL;
}

static void write_tasks(civ_json_writer_t *writer, const tree_t *tree, const char *id)
{
    const apr_array_header_t *tasks = apr_hash_get(tree->tasks, id, APR_HASH_KEY_STRING);
    int i;

    if (tasks == NULL)
        return;
    civ_json_name(writer, "tasks");
    civ_json_begin_array(writer);
    for (i = 0; i < tasks->nelts && writer->out->length < TASKS_SIZE; i++) {
        const civ_json_t *task = ((const civ_json_t *const *)tasks->elts)[i];

        civ_json_begin_object(writer);
        civ_json_member_text(writer, "name", civ_field_scrub(civ_field_text(task, "name"), tree->pool));
        civ_json_member_text(writer, "result", civ_field_text(task, "result"));
        civ_json_member_text(writer, "state", civ_field_text(task, "state"));
        civ_json_member_text(writer, "task", civ_field_text(task, "task/name"));
        civ_json_member_text(writer, "version", civ_field_text(task, "task/version"));
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

static const char *record_data(const tree_t *tree, const civ_json_t *record)
{
    const char *stage = stage_of(tree, record);
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 512, tree->pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "build", tree->build.id);
    if (stage != NULL)
        civ_json_member_text(&writer, "stage", civ_field_scrub(stage, tree->pool));
    write_tasks(&writer, tree, civ_field_text(record, "id"));
    civ_json_end_object(&writer);
    return civ_item_data(record, record_fields, &more, tree->pool);
}

/* All attempts go by the id of the first one's record. */
static const char *id_of_first(const civ_json_t *record)
{
    const civ_json_t *attempts = civ_json_get(record, "previousAttempts");
    apr_size_t count = civ_field_count(record, "previousAttempts");
    const char *id = civ_field_text(record, "id");
    apr_int64_t first = civ_field_int(record, "attempt", 1);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        const civ_json_t *one = &attempts->as.array.items[i];

        if (civ_field_text(one, "recordId") != NULL && civ_field_int(one, "attempt", first) < first) {
            first = civ_field_int(one, "attempt", first);
            id = civ_field_text(one, "recordId");
        }
    }
    return id;
}

/* Records are the same in all builds of a pipeline, so their ids hold the build's. */
static void read_record(const tree_t *tree, const civ_json_t *record, civ_sync_page_t *page)
{
    static const char *const times[] = {"startTime", "finishTime", NULL};
    const char *id = id_of_first(record);
    const char *state = civ_field_text(record, "state");
    civ_sync_item_t *item = civ_sync_page_item(
        page, CIV_ITEM_JOB, id != NULL ? apr_pstrcat(tree->pool, tree->build.id, "/", id, NULL) : NULL);

    item->attempt = civ_field_int(record, "attempt", 1);
    item->timestamp = azure_first_time(record, times);
    if (item->timestamp == 0)
        item->timestamp = tree->build.time;
    item->is_final = state != NULL && strcmp(state, "completed") == 0;
    item->status = civ_word(azure_results, item->is_final ? civ_field_text(record, "result") : state);
    item->title = civ_field_text(record, "name");
    item->sha = tree->build.sha;
    item->data = id != NULL ? record_data(tree, record) : "{}";
}

/* Each earlier timeline once, however many records name it. */
static void find_earlier(apr_hash_t *found, const civ_json_t *record)
{
    const civ_json_t *attempts = civ_json_get(record, "previousAttempts");
    apr_size_t count = civ_field_count(record, "previousAttempts");
    apr_size_t i;

    for (i = 0; i < count; i++) {
        const char *id = civ_field_text(&attempts->as.array.items[i], "timelineId");

        if (id != NULL)
            apr_hash_set(found, id, APR_HASH_KEY_STRING, id);
    }
}

static void follow_earlier(const civ_sync_context_t *context, const civ_sync_request_t *request,
                           const tree_t *tree, apr_hash_t *found, civ_sync_page_t *page)
{
    apr_hash_index_t *at;
    int count = 0;

    for (at = apr_hash_first(tree->pool, found); at != NULL && count < EARLIER_MOST; at = apr_hash_next(at)) {
        civ_sync_request_t earlier = azure_request(
            context,
            apr_pstrcat(tree->pool, "/_apis/build/builds/", civ_url_encode(tree->build.id, tree->pool),
                        "/timeline/", civ_url_encode(apr_hash_this_key(at), tree->pool), NULL),
            tree->pool);

        earlier.tag = TAG_EARLIER;
        earlier.note = request->note;
        earlier.may_be_absent = 1;
        civ_sync_page_follow(page, AZURE_JOB, &earlier, NULL, CIV_SYNC_ALWAYS);
        count++;
    }
}

apr_status_t azure_timeline_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_hash_t *found = apr_hash_make(pool);
    const civ_json_t *records;
    apr_status_t status = civ_list_elements(answer, "records", &records, page);
    tree_t tree;
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    tree.records = apr_hash_make(pool);
    tree.tasks = apr_hash_make(pool);
    tree.build = azure_build_of(request, pool);
    tree.pool = pool;
    plant(&tree, records);
    for (i = 0; i < records->as.array.count; i++) {
        const civ_json_t *record = &records->as.array.items[i];

        if (is_type(record, "Stage") || is_type(record, "Job"))
            read_record(&tree, record, page);
        find_earlier(found, record);
    }
    /* The last timeline names all before it. */
    if (request->tag == NULL)
        follow_earlier(context, request, &tree, found, page);
    return APR_SUCCESS;
}
