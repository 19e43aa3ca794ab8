/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_private.h
 * What the files of the GitLab connector share. The API is version 4 of https://docs.gitlab.com/api/rest/.
 */
#ifndef CIV_SYNC_GITLAB_PRIVATE_H
#define CIV_SYNC_GITLAB_PRIVATE_H

#include "base/json_writer.h"
#include "sync/connector.h"
#include "sync/fields.h"
#include "sync/platforms/lists.h"

/* The kinds, in the order of a run. */
#define GITLAB_PROJECT       "project"
#define GITLAB_MERGE_REQUEST "merge_request"
#define GITLAB_APPROVAL      "approval"
#define GITLAB_NOTE          "note"
#define GITLAB_ISSUE         "issue"
#define GITLAB_COMMIT        "commit"
#define GITLAB_PIPELINE      "pipeline"
#define GITLAB_CHILD         "child_pipeline"      /**< started by a pipeline of the same project */
#define GITLAB_DOWNSTREAM    "downstream_pipeline" /**< of other projects, started by pipelines of this one */
#define GITLAB_JOB           "job"
#define GITLAB_BRIDGE        "bridge" /**< jobs that start pipelines */
#define GITLAB_TEST_REPORT   "test_report"
#define GITLAB_RELEASE       "release"

/* Features that a project can switch off: facts of that name, with this value where they are. Where a feature is off its list is
 * refused, which is nothing to report, so it is not asked for. */
#define GITLAB_FEATURE_CODE           "has_code" /**< off, too, while there is no commit */
#define GITLAB_FEATURE_MERGE_REQUESTS "has_merge_requests"
#define GITLAB_FEATURE_ISSUES         "has_issues"
#define GITLAB_FEATURE_PIPELINES      "has_pipelines"
#define GITLAB_FEATURE_RELEASES       "has_releases"
#define GITLAB_OFF                    "off"
#define GITLAB_ON                     "on"

/** Elements of a page: the most there are. */
#define GITLAB_PAGE "per_page=100"

/** A state of a pipeline or a job, and our word. */
extern const civ_word_t gitlab_states[];

/** Whether nothing happens to a pipeline or a job in this state unless somebody does something. */
int gitlab_is_over(const char *state);

/** A request for "/projects/ID" and @a path, which must be encoded ("": the project itself); all else is unset.
 *  @param project another project's id; NULL: the project of the run */
civ_sync_request_t gitlab_request(const civ_sync_context_t *context, const char *project, const char *path,
                                  apr_pool_t *pool);

/** Whether the project has a feature switched off. */
int gitlab_is_off(const civ_sync_context_t *context, const char *feature);

/** Whether an answer says by Link or by X-Next-Page that its list goes on. */
int gitlab_has_next(const civ_sync_answer_t *answer);

/** The list goes on by Link or, where that leads to another server (a proxy that does not rewrite it), by X-Next-Page.
 *  @return APR_SUCCESS; CIV_EINVALID, with the page's fault set, when there is more that cannot be reached */
apr_status_t gitlab_next(const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                         int is_conditional, civ_sync_page_t *page);

/**
 * Start a walk: a list by the time of change, oldest first, where each page is asked for by the time at which the one before ended.
 * Pages by number would lose what moves to an earlier page when something before it is changed, moving to the end, or is
 * deleted; and GitLab refuses or is slow to count off tens of thousands.
 * @param path encoded, without a query
 * @param more further parameters, each with a '&' before it; "": none
 */
void gitlab_walk(const civ_sync_context_t *context, const char *path, const char *more,
                 const civ_sync_range_t *range, civ_sync_page_t *page);

/** Whether a request is part of a walk. */
int gitlab_is_walk(const civ_sync_request_t *request);

/** A walk goes on behind @a elements. @return as gitlab_next */
apr_status_t gitlab_walk_on(const civ_sync_request_t *request, const civ_sync_answer_t *answer,
                            const civ_json_t *elements, civ_sync_page_t *page);

/** What the reader of a part must know of what it is a part of; goes along as the request's note. */
typedef struct gitlab_parent_t {
    const char *project; /**< id of another project; NULL: the project of the run */
    const char *id;      /**< of the pipeline or the merge request */
    const char *number;  /**< of the merge request */
    const char *sha;
    const char *url;
    const char *state;
    const char *names;             /**< of the pipeline's jobs, while they are counted; see gitlab_jobs.c */
    apr_int64_t happened, updated; /**< milliseconds; 0: not known */
} gitlab_parent_t;

const char *gitlab_note(const gitlab_parent_t *parent, apr_pool_t *pool);

/** The other way round; texts are on @a pool. What cannot be read is unset. */
void gitlab_read_note(gitlab_parent_t *parent, const char *note, apr_pool_t *pool);

/** A member @a name with a list of the texts at @a path of each element of @a list: [{"username": "ada"}] as ["ada"]. */
void gitlab_write_each(civ_json_writer_t *writer, const char *name, const civ_json_t *list, const char *path);

/** What GitLab numbers, as text; NULL for all else: it goes into URLs. */
const char *gitlab_number(const civ_json_t *json, const char *path);

/** The number of an element of a list by "id". One that has none is reported. @return NULL: it has none */
const char *gitlab_id(const civ_json_t *json, const char *what, civ_sync_page_t *page);

/* gitlab_code.c */
apr_status_t gitlab_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t gitlab_project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t gitlab_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t gitlab_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* gitlab_releases.c */
apr_status_t gitlab_releases_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page);
apr_status_t gitlab_releases_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* gitlab_reviews.c */
apr_status_t gitlab_merge_requests_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                         civ_sync_page_t *page);
apr_status_t gitlab_merge_requests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                        const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t gitlab_approvals_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t gitlab_notes_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* gitlab_issues.c */
apr_status_t gitlab_issues_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page);
apr_status_t gitlab_issues_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* gitlab_pipelines.c */
apr_status_t gitlab_pipelines_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                    civ_sync_page_t *page);
apr_status_t gitlab_children_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page);
apr_status_t gitlab_pipelines_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t gitlab_children_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t gitlab_downstream_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page);

/** Ask for a pipeline by itself, for @a kind. @param project another project's id; NULL: the project of the run */
void gitlab_follow_pipeline(const civ_sync_context_t *context, const char *kind, const char *project,
                            const char *id, const civ_sync_item_t *item, civ_sync_page_t *page);

/* gitlab_jobs.c */
void gitlab_follow_jobs(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                        const civ_sync_item_t *item, civ_sync_page_t *page);
apr_status_t gitlab_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t gitlab_bridges_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* gitlab_tests.c */
void gitlab_follow_tests(const civ_sync_context_t *context, const gitlab_parent_t *pipeline,
                         const civ_sync_item_t *item, civ_sync_page_t *page);
apr_status_t gitlab_tests_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page);

#endif
