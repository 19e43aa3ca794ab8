/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_ci_private.h
 * What the files of the CircleCI connector share. The API is version 2 of https://circleci.com/docs/api/v2.
 */
#ifndef CIV_SYNC_CIRCLE_CI_PRIVATE_H
#define CIV_SYNC_CIRCLE_CI_PRIVATE_H

#include "base/json_writer.h"
#include "sync/connector.h"
#include "sync/fields.h"
#include "sync/platforms/lists.h"

/* The kinds, in the order of a run. */
#define CIRCLE_PROJECT  "project"
#define CIRCLE_PIPELINE "pipeline"
#define CIRCLE_WORKFLOW "workflow"
#define CIRCLE_JOB      "job"
#define CIRCLE_TEST     "test_result"
#define CIRCLE_ARTIFACT "artifact"

/** CircleCI under its own name; all else is somebody's own server. */
#define CIRCLE_DEFAULT_BASE "https://circleci.com"

/** The API below it. */
#define CIRCLE_API "/api/v2"

/** CircleCI's word for the state of a workflow, a job or a test, and ours. */
extern const civ_word_t circle_states[];

/**
 * What an answer does not say itself of what it belongs to: the commit, most of all. It goes with the requests for workflows, jobs,
 * tests and artifacts. Unset members are NULL and 0.
 */
typedef struct circle_note_t {
    const char *sha, *branch;
    const char *pipeline; /**< its number in the project */
    const char *workflow; /**< id */
    const char *workflow_name;
    const char *job; /**< name */
    const char *job_number;
    apr_int64_t time;    /**< when that began, in milliseconds */
    apr_int64_t attempt; /**< of a workflow that was asked for by itself; 0: not known */
    int is_over;         /**< jobs: their workflow will not change any more */
} circle_note_t;

/** As a request's note, and back. */
const char *circle_note_write(const circle_note_t *note, apr_pool_t *pool);
void circle_note_read(circle_note_t *note, const civ_sync_request_t *request, apr_pool_t *pool);

/** A request for a path below the API's root, which must be encoded; all else is unset. */
civ_sync_request_t circle_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool);

/** The same for a path below the project's. */
civ_sync_request_t circle_project_request(const civ_sync_context_t *context, const char *path,
                                          apr_pool_t *pool);

/** An id, or a number, that can stand in a path: letters, digits, '-' and '_'; NULL when it is none. */
const char *circle_id(const civ_json_t *json, const char *name);

/** The page of the web site below the project's pipelines: "/12/workflows/ID"; NULL where its address is not known. */
const char *circle_web_url(const civ_sync_context_t *context, const char *path, apr_pool_t *pool);

/** Go on at the next page, if there is one.
 *  @return APR_SUCCESS; CIV_EINVALID, with the page's fault set, when the list has no end */
apr_status_t circle_next(civ_sync_page_t *page, const civ_sync_request_t *request,
                         const civ_sync_answer_t *answer);

/** Open an object of further data, with what @a note knows of an item of a pipeline; what of it is scrubbed. */
void circle_more_begin(civ_json_writer_t *writer, civ_buffer_t *out, const circle_note_t *note);

/* circle_ci_pipelines.c */
apr_status_t circle_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t circle_project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t circle_pipelines_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                    civ_sync_page_t *page);
apr_status_t circle_pipelines_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* circle_ci_workflows.c */
apr_status_t circle_workflows_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* circle_ci_jobs.c */
apr_status_t circle_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* circle_ci_results.c */
apr_status_t circle_tests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t circle_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page);

#endif
