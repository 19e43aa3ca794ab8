/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_tests.c
 * Test reports of pipelines that are over: the counts, and the names of the tests that failed. What tests have written is not kept.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/url.h"

#define TAG_FAILURES "failures"

/** A report with more tests than that is not asked for whole: each comes with all that it has written. */
#define WHOLE_MOST 5000

/** Suites and tests that are kept, and bytes of what is said of them. */
#define LIST_MOST 500
#define LIST_SIZE 40000

static const civ_data_field_t summary_fields[] = {
    {"count", "total/count"},     {"error", "total/error"},
    {"failed", "total/failed"},   {"skipped", "total/skipped"},
    {"success", "total/success"}, {"suite_error", "total/suite_error"},
    {"time", "total/time"},       {NULL, NULL},
};

static const civ_data_field_t suite_fields[] = {
    {"count", "total_count"},
    {"error", "error_count"},
    {"failed", "failed_count"},
    {"name", "name"},
    {"skipped", "skipped_count"},
    {"success", "success_count"},
    {"suite_error", "suite_error"},
    {"time", "total_time"},
    {NULL, NULL},
};

static const civ_data_field_t case_fields[] = {
    {"class", "classname"}, {"file", "file"}, {"name", "name"}, {"status", "status"}, {NULL, NULL},
};

static const civ_data_field_t report_fields[] = {
    {"error", "error_count"},
    {"failed", "failed_count"},
    {NULL, NULL},
};

static civ_sync_request_t ask_for(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                                  const char *path, apr_pool_t *pool)
{
    civ_sync_request_t request = gitlab_request(
        context, pipeline->project,
        apr_pstrcat(pool, "/pipelines/", civ_url_encode(pipeline->id, pool), path, NULL), pool);

    request.note = gitlab_note(pipeline, pool);
    request.may_be_absent = 1;
    return request;
}

void gitlab_follow_tests(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                         const civ_sync_item_t *item, civ_sync_page_t *page)
{
    civ_sync_request_t request;

    if (!item->is_final || strcmp(item->status, CIV_STATUS_SKIPPED) == 0)
        return;
    request = ask_for(context, pipeline, "/test_report_summary", civ_sync_page_pool(page));
    civ_sync_page_follow(page, GITLAB_TEST_REPORT, &request, item, CIV_SYNC_WHEN_CHANGED);
}

static civ_sync_item_t *make_item(const gitlab_parent_t *pipeline, const char *suffix, const char *title,
                                  civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_item_t *item =
        civ_sync_page_item(page, CIV_ITEM_TEST_RESULT, apr_pstrcat(pool, pipeline->id, suffix, NULL));

    item->scope = pipeline->project;
    item->timestamp = pipeline->happened;
    item->updated = pipeline->updated;
    item->title = apr_pstrcat(pool, title, pipeline->id, NULL);
    item->sha = pipeline->sha;
    item->url = pipeline->url != NULL ? apr_pstrcat(pool, pipeline->url, "/test_report", NULL) : NULL;
    item->is_final = 1;
    return item;
}

/* --- the counts --- */

static apr_int64_t bad_ones(const civ_json_t *json)
{
    return civ_field_int(json, "total/failed", 0) + civ_field_int(json, "total/error", 0);
}

static const char *summary_status(const civ_json_t *json)
{
    if (bad_ones(json) > 0)
        return CIV_STATUS_FAILED;
    if (civ_field_text(json, "total/suite_error") != NULL)
        return CIV_STATUS_UNSTABLE; /* there is a report that GitLab could not read */
    return civ_field_int(json, "total/success", 0) > 0 ? CIV_STATUS_PASSED : CIV_STATUS_SKIPPED;
}

static void write_suites(civ_json_writer_t *writer, const civ_json_t *json)
{
    const civ_json_t *suites = civ_field(json, "test_suites");
    apr_size_t count = civ_field_count(suites, "");
    apr_size_t i;

    civ_json_name(writer, "suites");
    civ_json_begin_array(writer);
    for (i = 0; i < count && i < LIST_MOST && writer->out->length < LIST_SIZE; i++) {
        const char *suite = civ_field_data(&suites->as.array.items[i], suite_fields, writer->out->pool);

        civ_json_raw(writer, suite, strlen(suite));
    }
    civ_json_end_array(writer);
}

static apr_status_t read_summary(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                                 const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    apr_int64_t count = civ_field_int(json, "total/count", -1);
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    if (count < 0)
        return civ_sync_page_fault(page, "The answer is no summary of test reports");
    if (count == 0 && civ_field_text(json, "total/suite_error") == NULL)
        return APR_SUCCESS; /* it has no tests */
    item = make_item(pipeline, "/tests", "Tests of pipeline ", page);
    item->status = summary_status(json);
    civ_buffer_init(&more, 512, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "pipeline", pipeline->id);
    write_suites(&writer, json);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, summary_fields, &more, pool);
    if (bad_ones(json) > 0 && count <= WHOLE_MOST) {
        civ_sync_request_t request = ask_for(context, pipeline, "/test_report", pool);

        request.tag = TAG_FAILURES;
        civ_sync_page_follow(page, GITLAB_TEST_REPORT, &request, item, CIV_SYNC_WHEN_CHANGED);
    }
    return APR_SUCCESS;
}

/* --- the tests that failed --- */

static void write_failed(civ_json_writer_t *writer, const civ_json_t *suite, apr_size_t *left)
{
    const civ_json_t *cases = civ_field(suite, "test_cases");
    apr_size_t count = civ_field_count(cases, "");
    apr_size_t i;

    for (i = 0; i<count && * left> 0 && writer->out->length < LIST_SIZE; i++) {
        const civ_json_t *one = &cases->as.array.items[i];
        const char *state = civ_field_text(one, "status");
        const char *data;

        if (state == NULL || (strcmp(state, "failed") != 0 && strcmp(state, "error") != 0))
            continue;
        data = civ_field_data(one, case_fields, writer->out->pool);
        civ_json_raw(writer, data, strlen(data));
        (*left)--;
    }
}

/* It says what failed when it was asked for; the verdict is that of the counts. */
static apr_status_t read_failures(const gitlab_parent_t *pipeline, const civ_json_t *json,
                                  civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const civ_json_t *suites = civ_field(json, "test_suites");
    apr_size_t count = civ_field_count(suites, "");
    apr_size_t left = LIST_MOST;
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;
    apr_size_t i;

    if (suites == NULL || suites->type != CIV_JSON_ARRAY)
        return civ_sync_page_fault(page, "The answer is no test report");
    item = make_item(pipeline, "/failures", "Failed tests of pipeline ", page);
    civ_buffer_init(&more, 2048, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "failures");
    civ_json_begin_array(&writer);
    for (i = 0; i < count; i++)
        write_failed(&writer, &suites->as.array.items[i], &left);
    civ_json_end_array(&writer);
    civ_json_member_text(&writer, "pipeline", pipeline->id);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, report_fields, &more, pool);
    return APR_SUCCESS;
}

apr_status_t gitlab_tests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    gitlab_parent_t pipeline;

    gitlab_read_note(&pipeline, request->note, civ_sync_page_pool(page));
    if (pipeline.id == NULL)
        return civ_sync_page_fault(page, "It is not known whose tests these are");
    if (request->tag != NULL && strcmp(request->tag, TAG_FAILURES) == 0)
        return read_failures(&pipeline, answer->json, page);
    return read_summary(context, &pipeline, answer->json, page);
}
