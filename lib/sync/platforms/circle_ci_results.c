/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_ci_results.c
 * The tests and the artifacts of a job. Neither has an id or a time: they go by the job's number and by what they are called in it, and
 * were there when the job ended.
 */
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "sync/platforms/circle_ci_private.h"

/** Hex digits of a digest in an id. */
#define DIGITS 32

static const civ_data_field_t test_fields[] = {
    {"classname", "classname"}, {"file", "file"},         {"message", "message"}, {"name", "name"},
    {"result", "result"},       {"run_time", "run_time"}, {"source", "source"},   {NULL, NULL},
};

static const civ_data_field_t artifact_fields[] = {
    {"node_index", "node_index"},
    {"path", "path"},
    {NULL, NULL},
};

/* "12/test/0a1b...": what a text is called within a job. */
static const char *make_id(const circle_note_t *note, const char *kind, const char *text, apr_pool_t *pool)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, text, strlen(text));
    return apr_psprintf(pool, "%s/%s/%.*s", note->job_number, kind, DIGITS,
                        civ_digest_hex_dup(&digest, pool));
}

static const char *text_or_empty(const civ_json_t *json, const char *name)
{
    const char *text = civ_field_text(json, name);

    return text != NULL ? text : "";
}

static void write_text(civ_json_writer_t *writer, const char *name, const char *value)
{
    if (value != NULL)
        civ_json_member_text(writer, name, value);
}

static void begin_more(civ_json_writer_t *writer, civ_buffer_t *more, const circle_note_t *note)
{
    circle_more_begin(writer, more, note);
    write_text(writer, "job", note->job);
    write_text(writer, "job_number", note->job_number);
    write_text(writer, "pipeline_number", note->pipeline);
    write_text(writer, "workflow", note->workflow_name);
}

/* --- tests --- */

/* Tests of one name are told apart by their order. */
static const char *test_id(const circle_note_t *note, const civ_json_t *json, apr_hash_t *seen,
                           apr_pool_t *pool)
{
    const char *text =
        apr_pstrcat(pool, text_or_empty(json, "classname"), "\x1f", text_or_empty(json, "file"), "\x1f",
                    text_or_empty(json, "source"), "\x1f", text_or_empty(json, "name"), NULL);
    const char *id = make_id(note, "test", text, pool);
    int *count = apr_hash_get(seen, id, APR_HASH_KEY_STRING);

    if (count == NULL) {
        count = apr_pcalloc(pool, sizeof(*count));
        apr_hash_set(seen, id, APR_HASH_KEY_STRING, count);
    }
    return ++*count == 1 ? id : apr_psprintf(pool, "%s/%d", id, *count);
}

static void read_test(const civ_json_t *json, const circle_note_t *note, apr_hash_t *seen,
                      civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_TEST_RESULT, test_id(note, json, seen, pool));
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 256, pool);
    begin_more(&writer, &more, note);
    civ_json_end_object(&writer);
    item->timestamp = note->time;
    item->status = civ_word(circle_states, civ_field_text(json, "result"));
    item->title = civ_field_text(json, "name");
    item->sha = note->sha;
    item->data = civ_item_data(json, test_fields, &more, pool);
    item->is_final = 1;
}

apr_status_t circle_tests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const civ_json_t *elements;
    circle_note_t note;
    apr_status_t status = civ_list_elements(answer, "items", &elements, page);
    apr_hash_t *seen = apr_hash_make(pool);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    circle_note_read(&note, request, pool);
    if (note.job_number == NULL)
        return civ_sync_page_fault(page, "It is not known which job's tests these are");
    for (i = 0; i < elements->as.array.count; i++)
        read_test(&elements->as.array.items[i], &note, seen, page);
    return circle_next(page, request, answer);
}

/* --- artifacts --- */

/* Where it lies: on other servers, mostly, and never fetched. What signs a link is left out. */
static const char *plain_url(const civ_json_t *json, apr_pool_t *pool)
{
    const char *url = civ_field_text(json, "url");

    if (url == NULL || (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0))
        return NULL;
    return civ_field_scrub(apr_pstrmemdup(pool, url, strcspn(url, "?#")), pool);
}

static void read_artifact(const civ_json_t *json, const circle_note_t *note, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *path = civ_field_text(json, "path");
    const char *where = apr_psprintf(pool, "%" APR_INT64_T_FMT "/%s", civ_field_int(json, "node_index", 0),
                                     path != NULL ? path : "");
    const char *id = path != NULL ? make_id(note, "artifact", where, pool) : NULL;
    civ_sync_item_t *item = civ_sync_page_item(page, CIV_ITEM_ARTIFACT, id);
    civ_json_writer_t writer;
    civ_buffer_t more;

    item->url = plain_url(json, pool);
    civ_buffer_init(&more, 256, pool);
    begin_more(&writer, &more, note);
    write_text(&writer, "url", item->url);
    civ_json_end_object(&writer);
    item->timestamp = note->time;
    item->title = path;
    item->sha = note->sha;
    item->data = civ_item_data(json, artifact_fields, &more, pool);
    item->is_final = 1;
}

apr_status_t circle_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    circle_note_t note;
    apr_status_t status = civ_list_elements(answer, "items", &elements, page);
    apr_size_t i;

    (void)context;
    if (status != APR_SUCCESS)
        return status;
    circle_note_read(&note, request, civ_sync_page_pool(page));
    if (note.job_number == NULL)
        return civ_sync_page_fault(page, "It is not known which job's artifacts these are");
    for (i = 0; i < elements->as.array.count; i++)
        read_artifact(&elements->as.array.items[i], &note, page);
    return circle_next(page, request, answer);
}
