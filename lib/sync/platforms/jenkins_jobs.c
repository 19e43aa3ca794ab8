/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins_jobs.c
 * Folders, organisations and multibranch projects, down to the jobs that have builds: each is a stream of its own. The project
 * itself is one of either sort.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "sync/platforms/jenkins_private.h"
#include "sync/url.h"

/** Jobs of a page. */
#define PAGE 100

/** Folders within one another. */
#define LEVELS_MOST 32

/** Bytes of the list of when jobs were last built; those it does not hold are just asked. */
#define NEWEST_MOST 16384

/** What is asked of a folder or a job. That a part of a folder is one itself is seen by its list, one element of which will do. */
#define TREE "color,lastBuild[timestamp],jobs[name,color,lastBuild[timestamp],jobs[name]{0,1}]"

static civ_sync_request_t page_request(const civ_sync_context_t *context, const char *job,
                                       apr_int64_t position, apr_pool_t *pool)
{
    const char *tree =
        apr_psprintf(pool, TREE "{%" APR_INT64_T_FMT ",%" APR_INT64_T_FMT "}", position, position + PAGE);
    civ_sync_request_t request = jenkins_request(context, job, "", tree, pool);

    request.note = job;
    request.position = position;
    return request;
}

apr_status_t jenkins_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page)
{
    civ_sync_request_t request = page_request(context, context->project_id, 0, civ_sync_page_pool(page));

    (void)range;
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

apr_status_t jenkins_folder_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page)
{
    civ_sync_request_t request = page_request(context, range->stream, 0, civ_sync_page_pool(page));

    request.may_be_absent = 1; /* removed since its parent was listed */
    civ_sync_page_next(page, &request);
    return APR_SUCCESS;
}

/* --- when jobs were last built: "FOLDER\nNAME\tMILLISECONDS\n..." --- */

static void split(const char *job, const char **folder, const char **name, apr_pool_t *pool)
{
    const char *slash = strrchr(job, '/');

    *folder = slash != NULL ? apr_pstrmemdup(pool, job, (apr_size_t)(slash - job)) : "";
    *name = slash != NULL ? slash + 1 : job;
}

static void note_newest(civ_buffer_t *newest, const char *name, const civ_json_t *json)
{
    const civ_json_t *last = civ_json_get(json, "lastBuild");
    char number[32];

    /* null: it has none. */
    if (newest->length + strlen(name) > NEWEST_MOST || last == NULL ||
        (last->type != CIV_JSON_NULL && civ_field_int(last, "timestamp", 0) == 0))
        return;
    apr_snprintf(number, sizeof(number), "\t%" APR_INT64_T_FMT "\n",
                 civ_field_int(json, "lastBuild/timestamp", 0));
    civ_buffer_append_text(newest, name);
    civ_buffer_append_text(newest, number);
}

apr_int64_t jenkins_newest(const civ_sync_context_t *context, const char *job, apr_pool_t *pool)
{
    const char *fact = civ_sync_fact(context, JENKINS_FACT_NEWEST);
    const char *folder;
    const char *name;
    const char *found;

    split(job, &folder, &name, pool);
    folder = apr_pstrcat(pool, folder, "\n", NULL);
    if (fact == NULL || strncmp(fact, folder, strlen(folder)) != 0)
        return -1;
    name = apr_pstrcat(pool, "\n", name, "\t", NULL);
    found = strstr(fact, name);
    return found != NULL ? apr_strtoi64(found + strlen(name), NULL, 10) : -1;
}

/* --- an answer --- */

/* The items of all projects of a server go by the whole names of their jobs, so that a folder and a job in it tell of the same
 * builds. Where there are several servers on a host, it is by their paths that they differ. */
static void tell_scope(const civ_sync_context_t *context, civ_sync_page_t *page)
{
    const char *path = strchr(strstr(context->base, "://") + 3, '/');

    civ_sync_page_fact(page, CIV_FACT_SCOPE, path != NULL ? path : "/");
    civ_sync_page_fact(page, CIV_FACT_NAME, context->project_id);
}

static int is_known(const civ_json_t *json, const char *name)
{
    return civ_json_get(json, name) != NULL;
}

/* A job shows what colour its ball has; what has others in it shows these. */
static int is_folder(const civ_json_t *json)
{
    const civ_json_t *jobs = civ_json_get(json, "jobs");

    return (jobs != NULL && jobs->type == CIV_JSON_ARRAY) ||
           (!is_known(json, "color") && !is_known(json, "lastBuild"));
}

static int levels(const char *job)
{
    int count = 1;

    for (; *job != '\0'; job++)
        count += *job == '/';
    return count;
}

/* Jobs come first: what is known of their last builds is of this page. */
static void name_streams(const char *folder, const civ_json_t *jobs, int want_folders, civ_buffer_t *newest,
                         civ_sync_page_t *page)
{
    apr_size_t i;

    for (i = 0; i < jobs->as.array.count; i++) {
        const civ_json_t *job = &jobs->as.array.items[i];
        const char *name = civ_field_text(job, "name");

        if (is_folder(job) != want_folders)
            continue;
        if (name == NULL || !jenkins_is_name(name, strlen(name)) || levels(folder) >= LEVELS_MOST) {
            civ_sync_page_warn(
                page, "A job in %s was left out: it has no name that can be asked for, or is too deep",
                folder);
            continue;
        }
        if (!want_folders)
            note_newest(newest, name, job);
        civ_sync_page_stream(page, want_folders ? JENKINS_FOLDER : JENKINS_BUILD,
                             apr_pstrcat(civ_sync_page_pool(page), folder, "/", name, NULL));
    }
}

static void read_jobs(const char *folder, const civ_json_t *jobs, civ_sync_page_t *page)
{
    civ_buffer_t newest;

    civ_buffer_init(&newest, 1024, civ_sync_page_pool(page));
    civ_buffer_append_text(&newest, folder);
    civ_buffer_append_text(&newest, "\n");
    name_streams(folder, jobs, 0, &newest, page);
    name_streams(folder, jobs, 1, &newest, page);
    civ_sync_page_fact(page, JENKINS_FACT_NEWEST,
                       apr_pstrmemdup(civ_sync_page_pool(page), newest.data, newest.length));
}

/* The project is no folder: its builds are all there is. */
static void read_job(const char *job, const civ_json_t *json, civ_sync_page_t *page)
{
    const char *folder;
    const char *name;
    civ_buffer_t newest;

    split(job, &folder, &name, civ_sync_page_pool(page));
    civ_buffer_init(&newest, 256, civ_sync_page_pool(page));
    civ_buffer_append_text(&newest, folder);
    civ_buffer_append_text(&newest, "\n");
    note_newest(&newest, name, json);
    civ_sync_page_fact(page, JENKINS_FACT_NEWEST,
                       apr_pstrmemdup(civ_sync_page_pool(page), newest.data, newest.length));
    civ_sync_page_stream(page, JENKINS_BUILD, job);
}

apr_status_t jenkins_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page)
{
    const civ_json_t *jobs = civ_json_get(answer->json, "jobs");
    const char *job = request->note;

    tell_scope(context, page);
    if (jobs != NULL && jobs->type == CIV_JSON_ARRAY) {
        read_jobs(job, jobs, page);
        if (jobs->as.array.count >= PAGE) {
            civ_sync_request_t next =
                page_request(context, job, request->position + PAGE, civ_sync_page_pool(page));

            civ_sync_page_next(page, &next);
        }
        return APR_SUCCESS;
    }
    if (!is_known(answer->json, "color") && !is_known(answer->json, "lastBuild"))
        return civ_sync_page_fault(page, "%s is neither a job nor a folder", job);
    read_job(job, answer->json, page);
    return APR_SUCCESS;
}
