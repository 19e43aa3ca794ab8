/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_jobs.c
 * The jobs of a pipeline with those that were repeated, what GitLab says of their artifacts, and the bridges, which are jobs that start other
 * pipelines.
 *
 * A repetition is a job with a number of its own and the name of the one before. GitLab does not count them, so the attempt is the
 * job's place among those of its name in the pipeline. Where the list is longer than a page it is read twice: for the names and
 * numbers, then for the jobs.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "sync/platforms/gitlab_private.h"
#include "sync/url.h"

#define TAG_COUNT   "count"
#define TAG_COUNTED "counted"

/** Characters of a name's hash, and bytes of the names and numbers of a pipeline's jobs. */
#define HASH_LENGTH 12
#define NAMES_MOST  60000

/** Files of a job that are told, and bytes of what is said of them. */
#define FILES_MOST 100
#define FILES_SIZE 20000

/* The first two change while it is at work. */
static const civ_data_field_t job_fields[] = {
    {"duration", "duration"},
    {"queued", "queued_duration"},
    {"allow_failure", "allow_failure"},
    {"artifacts_expire_at", "artifacts_expire_at"},
    {"coverage", "coverage"},
    {"created_at", "created_at"},
    {"downstream_id", "downstream_pipeline/id"},
    {"downstream_project", "downstream_pipeline/project_id"},
    {"downstream_status", "downstream_pipeline/status"},
    {"erased_at", "erased_at"},
    {"failure_reason", "failure_reason"},
    {"finished_at", "finished_at"},
    {"id", "id"},
    {"labels", "tag_list"},
    {"name", "name"},
    {"ref", "ref"},
    {"runner", "runner/description"},
    {"runner_id", "runner/id"},
    {"stage", "stage"},
    {"started_at", "started_at"},
    {"status", "status"},
    {"tag", "tag"},
    {"user", "user/username"},
    {NULL, NULL},
};

static const civ_data_field_t file_fields[] = {
    {"format", "file_format"}, {"name", "filename"}, {"size", "size"}, {"type", "file_type"}, {NULL, NULL},
};

/* --- asking --- */

static civ_sync_request_t ask_for_jobs(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                                       apr_pool_t *pool)
{
    civ_sync_request_t request =
        gitlab_request(context, pipeline->project,
                       apr_pstrcat(pool, "/pipelines/", civ_url_encode(pipeline->id, pool),
                                   "/jobs?include_retried=true&" GITLAB_PAGE, NULL),
                       pool);

    request.note = gitlab_note(pipeline, pool);
    return request;
}

void gitlab_follow_jobs(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                        const civ_sync_item_t *item, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    civ_sync_request_t request = ask_for_jobs(context, pipeline, pool);

    civ_sync_page_follow(page, GITLAB_JOB, &request, item, CIV_SYNC_WHEN_CHANGED);
    if (pipeline->project != NULL)
        return; /* where another project's pipelines lead to is its own affair */
    request = gitlab_request(
        context, NULL,
        apr_pstrcat(pool, "/pipelines/", civ_url_encode(pipeline->id, pool), "/bridges?" GITLAB_PAGE, NULL),
        pool);
    request.note = gitlab_note(pipeline, pool);
    civ_sync_page_follow(page, GITLAB_BRIDGE, &request, item, CIV_SYNC_WHEN_CHANGED);
}

/* --- attempts: "HASH:ID," of each job --- */

static const char *hash_of(const civ_json_t *json, apr_pool_t *pool)
{
    const char *name = civ_field_text(json, "name");
    civ_digest_t digest;

    if (name == NULL)
        name = "";
    civ_digest_sha256(&digest, name, strlen(name));
    return apr_pstrmemdup(pool, civ_digest_hex_dup(&digest, pool), HASH_LENGTH);
}

static void add_names(civ_buffer_t *names, const civ_json_t *elements)
{
    apr_size_t i;

    for (i = 0; i < elements->as.array.count; i++) {
        const civ_json_t *json = &elements->as.array.items[i];
        apr_int64_t id = civ_field_int(json, "id", 0);

        if (id > 0)
            civ_buffer_append_format(names, "%s:%" APR_INT64_T_FMT ",", hash_of(json, names->pool), id);
    }
}

/* How many jobs of that name, this one included, have no higher number. */
static int find_attempt(const char *names, const civ_json_t *json, apr_pool_t *pool)
{
    const char *hash = hash_of(json, pool);
    apr_int64_t id = civ_field_int(json, "id", 0);
    int attempt = 0;
    const char *at = names;

    while (strnlen(at, HASH_LENGTH + 2) > HASH_LENGTH) {
        attempt += strncmp(at, hash, HASH_LENGTH) == 0 && apr_atoi64(at + HASH_LENGTH + 1) <= id;
        at += strcspn(at, ",");
        at += at[0] == ',';
    }
    return attempt > 0 ? attempt : 1;
}

/* --- jobs --- */

static int is_over(const civ_json_t *json)
{
    return gitlab_is_over(civ_field_text(json, "status"));
}

static void write_files(civ_json_writer_t *writer, const civ_json_t *json)
{
    const civ_json_t *files = civ_field(json, "artifacts");
    apr_size_t count = civ_field_count(files, "");
    apr_size_t i;

    civ_json_name(writer, "artifacts");
    civ_json_begin_array(writer);
    for (i = 0; i < count && i < FILES_MOST && writer->out->length < FILES_SIZE; i++) {
        const char *file = civ_field_data(&files->as.array.items[i], file_fields, writer->out->pool);

        civ_json_raw(writer, file, strlen(file));
    }
    civ_json_end_array(writer);
}

/* @param names NULL: which attempt it is is not known */
static const char *job_data(const gitlab_parent_t *pipeline, const civ_json_t *json, const char *names,
                            apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t more;

    civ_buffer_init(&more, 512, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    write_files(&writer, json);
    if (names != NULL)
        civ_json_member_int(&writer, "attempt", find_attempt(names, json, pool));
    civ_json_member_text(&writer, "pipeline", pipeline->id);
    civ_json_end_object(&writer);
    return civ_item_data(json, is_over(json) ? job_fields : job_fields + 2, &more, pool);
}

static civ_sync_item_t *read_job(const gitlab_parent_t *pipeline, const civ_json_t *json, const char *names,
                                 civ_sync_page_t *page)
{
    const char *id = gitlab_id(json, "job", page);
    civ_sync_item_t *item;

    if (id == NULL)
        return NULL;
    item = civ_sync_page_item(page, CIV_ITEM_JOB, id);
    item->scope = pipeline->project;
    item->timestamp = civ_field_time(json, "started_at");
    if (item->timestamp == 0)
        item->timestamp = civ_field_time(json, "created_at");
    item->updated = civ_field_time(json, "finished_at");
    item->status = civ_word(gitlab_states, civ_field_text(json, "status"));
    item->title = civ_field_text(json, "name");
    item->author = civ_field_text(json, "user/username");
    item->sha = civ_field_text(json, "commit/id");
    if (item->sha == NULL)
        item->sha = pipeline->sha;
    item->url = civ_field_text(json, "web_url");
    item->data = job_data(pipeline, json, names, civ_sync_page_pool(page));
    item->is_final = is_over(json);
    return item;
}

/* A file that a job made. Its log, and GitLab's index of an archive, are none that anybody asked for. */
static void read_file(const civ_sync_item_t *job, const civ_json_t *json, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    const char *type = civ_field_text(json, "file_type");
    civ_json_writer_t writer;
    civ_sync_item_t *item;
    civ_buffer_t more;

    if (type == NULL || strcmp(type, "trace") == 0 || strcmp(type, "metadata") == 0)
        return;
    item = civ_sync_page_item(page, CIV_ITEM_ARTIFACT, apr_pstrcat(pool, job->native_id, "/", type, NULL));
    item->scope = job->scope;
    item->timestamp = job->updated > 0 ? job->updated : job->timestamp;
    item->title = civ_field_text(json, "filename");
    item->sha = job->sha;
    item->url = job->url;
    item->is_final = 1;
    civ_buffer_init(&more, 64, pool);
    civ_json_writer_init(&writer, &more);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "job", job->native_id);
    civ_json_end_object(&writer);
    item->data = civ_item_data(json, file_fields, &more, pool);
}

static void read_files(const civ_sync_item_t *job, const civ_json_t *json, civ_sync_page_t *page)
{
    const civ_json_t *files = civ_field(json, "artifacts");
    apr_size_t count = civ_field_count(files, "");
    apr_size_t i;

    for (i = 0; job->is_final && i < count && i < FILES_MOST; i++)
        read_file(job, &files->as.array.items[i], page);
}

static apr_status_t read_all(const gitlab_parent_t *pipeline, const civ_sync_request_t *request,
                             const civ_sync_answer_t *answer, const civ_json_t *elements, const char *names,
                             civ_sync_page_t *page)
{
    apr_size_t i;

    for (i = 0; i < elements->as.array.count; i++) {
        const civ_json_t *json = &elements->as.array.items[i];
        const civ_sync_item_t *job = read_job(pipeline, json, names, page);

        if (job != NULL)
            read_files(job, json, page);
    }
    return gitlab_next(request, answer, 0, page);
}

/* The list is longer than a page: the names first. */
static apr_status_t count_on(const civ_sync_context_t *context, gitlab_parent_t *pipeline,
                             const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                             const civ_buffer_t *names, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    int is_too_long = names->length > NAMES_MOST;
    civ_sync_request_t next = *request;

    pipeline->names = is_too_long ? NULL : names->data;
    next.tag = TAG_COUNT;
    next.note = gitlab_note(pipeline, pool);
    if (gitlab_has_next(answer) && !is_too_long)
        return gitlab_next(&next, answer, 0, page);
    if (is_too_long)
        civ_sync_page_warn(page, "Pipeline %s has too many jobs to tell which are repetitions", pipeline->id);
    next = ask_for_jobs(context, pipeline, pool);
    next.tag = TAG_COUNTED;
    civ_sync_page_next(page, &next);
    return APR_SUCCESS;
}

apr_status_t gitlab_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    apr_pool_t *pool = civ_sync_page_pool(page);
    int is_counted = request->tag != NULL && strcmp(request->tag, TAG_COUNTED) == 0;
    const civ_json_t *elements;
    gitlab_parent_t pipeline;
    civ_buffer_t names;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);

    if (status != APR_SUCCESS)
        return status;
    gitlab_read_note(&pipeline, request->note, pool);
    if (pipeline.id == NULL)
        return civ_sync_page_fault(page, "It is not known whose jobs these are");
    if (is_counted)
        return read_all(&pipeline, request, answer, elements, pipeline.names, page);
    civ_buffer_init(&names, 4096, pool);
    if (pipeline.names != NULL)
        civ_buffer_append_text(&names, pipeline.names);
    add_names(&names, elements);
    civ_buffer_append_byte(&names, '\0');
    if (request->tag != NULL || gitlab_has_next(answer))
        return count_on(context, &pipeline, request, answer, &names, page);
    return read_all(&pipeline, request, answer, elements, names.data, page);
}

/* --- bridges --- */

/* A child, a pipeline of the same project, is in a list of its own. */
static void follow_downstream(const civ_sync_context_t *context, const civ_json_t *json,
                              const civ_sync_item_t *item, civ_sync_page_t *page)
{
    const char *id = gitlab_number(json, "downstream_pipeline/id");
    const char *project = gitlab_number(json, "downstream_pipeline/project_id");
    const char *own = civ_sync_fact(context, CIV_FACT_SCOPE);

    if (id != NULL && project != NULL && own != NULL && strcmp(project, own) != 0)
        gitlab_follow_pipeline(context, GITLAB_DOWNSTREAM, project, id, item, page);
}

apr_status_t gitlab_bridges_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *elements;
    gitlab_parent_t pipeline;
    apr_status_t status = civ_list_elements(answer, NULL, &elements, page);
    apr_size_t i;

    if (status != APR_SUCCESS)
        return status;
    gitlab_read_note(&pipeline, request->note, civ_sync_page_pool(page));
    for (i = 0; i < elements->as.array.count; i++) {
        const civ_json_t *json = &elements->as.array.items[i];
        const civ_sync_item_t *item = read_job(&pipeline, json, NULL, page);

        if (item != NULL)
            follow_downstream(context, json, item, page);
    }
    return gitlab_next(request, answer, 0, page);
}
