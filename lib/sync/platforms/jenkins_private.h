/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins_private.h
 * What the files of the Jenkins connector share. The API is "/api/json" below each thing's own URL, with "tree" saying which fields
 * are wanted (https://www.jenkins.io/doc/book/using/remote-access-api/). URLs that Jenkins writes into its answers start with the
 * root URL that its administrator has set, which may be another host: none is ever used. All are built from the base and from names.
 */
#ifndef CIV_SYNC_JENKINS_PRIVATE_H
#define CIV_SYNC_JENKINS_PRIVATE_H

#include "base/json_writer.h"
#include "sync/connector.h"
#include "sync/fields.h"
#include "sync/platforms/lists.h"

/* The kinds, in the order of a run. */
#define JENKINS_PROJECT  "project"
#define JENKINS_FOLDER   "folder" /**< a stream for each folder, and multibranch project, below the project */
#define JENKINS_BUILD    "build"  /**< a stream for each job */
#define JENKINS_TEST     "test_result"
#define JENKINS_ARTIFACT "artifact"

/** Fact: when the last builds of a folder's jobs began, for jobs_newest. */
#define JENKINS_FACT_NEWEST "newest"

/** A build, as far as what belongs to it must know. It travels in the note of a request. */
typedef struct jenkins_build_t {
    const char *job;       /**< its full name: "folder/job" */
    const char *number;    /**< of the build within the job; starts again when the job is made anew */
    const char *timestamp; /**< of its start: in milliseconds; with the two others it is an id */
    const char *sha;       /**< "" when not known */
} jenkins_build_t;

/** As text, and back. @return APR_SUCCESS or CIV_EINVALID */
const char *jenkins_note(const jenkins_build_t *build, apr_pool_t *pool);
apr_status_t jenkins_note_read(jenkins_build_t *build, const char *note, apr_pool_t *pool);

/** Whether this can be the name of a folder or a job: one segment of a path, and not "." or ".." in any disguise. */
int jenkins_is_name(const char *name, apr_size_t length);

/** The id of a build, and of something below it ("tests"; NULL: the build itself). */
const char *jenkins_id(const jenkins_build_t *build, const char *what, apr_pool_t *pool);

/** Where people look at something of a build: @a rest is encoded already, "" or "artifact/x". */
const char *jenkins_web_url(const civ_sync_context_t *context, const jenkins_build_t *build, const char *rest,
                            apr_pool_t *pool);

/** A request for the fields @a tree of a job or folder, or of something below it ("12", "12/testReport"; "": itself). */
civ_sync_request_t jenkins_request(const civ_sync_context_t *context, const char *job, const char *rest,
                                   const char *tree, apr_pool_t *pool);

/* jenkins_jobs.c */
apr_status_t jenkins_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page);
apr_status_t jenkins_folder_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t jenkins_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page);

/** When the last build of a job began, if the list of its folder has just told so: 0 when there is none, -1 when it is not known. */
apr_int64_t jenkins_newest(const civ_sync_context_t *context, const char *job, apr_pool_t *pool);

/* jenkins_builds.c */
apr_status_t jenkins_builds_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t jenkins_builds_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* jenkins_sources.c */

/** The commit that a build was made of, where that is beyond doubt; else NULL. */
const char *jenkins_revision(const civ_json_t *json, const char *job, apr_pool_t *pool);

/** Write the members "revisions" and "changes" of a build's data. */
void jenkins_write_sources(civ_json_writer_t *writer, const civ_json_t *json, apr_pool_t *pool);

/** Make items of the commits of a build's change sets. */
void jenkins_read_changes(const jenkins_build_t *build, const civ_json_t *json, civ_sync_page_t *page);

/* jenkins_products.c */
apr_status_t jenkins_tests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t jenkins_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page);

/** Ask for a finished build's test report and artifacts, if it has such. */
void jenkins_follow_products(const civ_sync_context_t *context, const jenkins_build_t *build,
                             const civ_json_t *json, const civ_sync_item_t *item, civ_sync_page_t *page);

#endif
