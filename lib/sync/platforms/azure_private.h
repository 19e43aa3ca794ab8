/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_private.h
 * What the files of the Azure DevOps connector share. The API is that of
 * https://learn.microsoft.com/rest/api/azure/devops, version 7.1.
 */
#ifndef CIV_SYNC_AZURE_PRIVATE_H
#define CIV_SYNC_AZURE_PRIVATE_H

#include "base/json_writer.h"
#include "sync/connector.h"
#include "sync/fields.h"
#include "sync/platforms/lists.h"

/* The kinds, in the order of a run. Most are named after their items. */
#define AZURE_PROJECT      "project"
#define AZURE_REPOSITORY   "repository"
#define AZURE_PULL_REQUEST "pull_request"
#define AZURE_COMMIT       "commit"
#define AZURE_BUILD        "build"
#define AZURE_JOB          "job" /**< stages and jobs of a build's timeline */
#define AZURE_ARTIFACT     "artifact"
#define AZURE_TEST_RUN     "test_run"
#define AZURE_TEST_RESULT  "test_result"
#define AZURE_WORK_ITEM    "work_item"
#define AZURE_RELEASE      "release"
#define AZURE_DEPLOYMENT   "deployment"

/** The one repository that a project id of the form "project/repository" names: its lasting id. */
#define AZURE_FACT_REPOSITORY "repository"

/** When the project was last changed: repositories have no time of their own. */
#define AZURE_FACT_UPDATED "updated"

/** A word for how something ended, of builds and of what they are made of, and ours. */
extern const civ_word_t azure_results[];

/** A request for @a path of the project, which must be encoded, starts with "/_apis/" and may have a query; all else is unset. */
civ_sync_request_t azure_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool);

/** The same on the host that has the releases. */
civ_sync_request_t azure_release_request(const civ_sync_context_t *context, const char *path,
                                         apr_pool_t *pool);

/** A page for people below the project. @param path starts with '/' */
const char *azure_web(const civ_sync_context_t *context, const char *path, apr_pool_t *pool);

/** The repository's part of a project id; NULL: all of the project. */
const char *azure_repository(const civ_sync_context_t *context);

/** An instant for a query, encoded. */
const char *azure_time(apr_int64_t milliseconds, apr_pool_t *pool);

/** The name of a person, who is an object, or a text of older servers. NULL: there is none. */
const char *azure_person(const civ_json_t *json, const char *path);

/** Of several instants of @a json the first that is known; 0: none. @param paths ended by NULL */
apr_int64_t azure_first_time(const civ_json_t *json, const char *const *paths);

/** The list goes on at the token of the answer's header, if it has one. @return non-zero when it has */
int azure_next_token(civ_sync_page_t *page, const civ_sync_request_t *request,
                     const civ_sync_answer_t *answer);

/** The list goes on behind this page, by the token or else by number, unless the page is a short one.
 *  @param skip name of the parameter, "$skip"; @param top elements of a full page */
void azure_next_skip(civ_sync_page_t *page, const civ_sync_request_t *request,
                     const civ_sync_answer_t *answer, const char *skip, apr_size_t top);

/** What the parts of a build need of it. */
typedef struct azure_build_t {
    const char *id;
    const char *sha;  /**< NULL: not of git */
    apr_int64_t time; /**< of what has none of its own */
} azure_build_t;

/** As a note of a request, and back. */
const char *azure_build_note(const azure_build_t *build, apr_pool_t *pool);
azure_build_t azure_build_of(const civ_sync_request_t *request, apr_pool_t *pool);

/* azure_code.c */
apr_status_t azure_project_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page);
apr_status_t azure_project_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t azure_repositories_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                      civ_sync_page_t *page);
apr_status_t azure_repositories_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                     const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t azure_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                 civ_sync_page_t *page);
apr_status_t azure_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* azure_pulls.c */
apr_status_t azure_pulls_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                               civ_sync_page_t *page);
apr_status_t azure_pulls_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* azure_builds.c */
apr_status_t azure_builds_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                civ_sync_page_t *page);
apr_status_t azure_builds_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t azure_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* azure_timeline.c */
apr_status_t azure_timeline_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* azure_tests.c */
apr_status_t azure_test_runs_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page);
apr_status_t azure_test_runs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t azure_test_results_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                     const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* azure_work.c */
apr_status_t azure_work_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                              civ_sync_page_t *page);
apr_status_t azure_work_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                             const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* azure_releases.c */
apr_status_t azure_releases_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t azure_releases_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t azure_deployments_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                     civ_sync_page_t *page);
apr_status_t azure_deployments_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page);

#endif
