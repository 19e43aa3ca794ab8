/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket_private.h
 * What the files of the Bitbucket connector share. The API is that of https://developer.atlassian.com/cloud/bitbucket/rest, 2.0.
 */
#ifndef CIV_SYNC_BITBUCKET_PRIVATE_H
#define CIV_SYNC_BITBUCKET_PRIVATE_H

#include "base/json_writer.h"
#include "sync/connector.h"
#include "sync/fields.h"
#include "sync/platforms/lists.h"

/* The kinds, in the order of a run. Most are named after their items. */
#define BITBUCKET_REPOSITORY   "repository"
#define BITBUCKET_PULL_REQUEST "pull_request" /**< and what its reviewers say of it */
#define BITBUCKET_COMMIT       "commit"
#define BITBUCKET_PIPELINE     "pipeline"
#define BITBUCKET_STEP         "job"
#define BITBUCKET_STATUS       "check"

/** Elements of a page: the most there are, and the most there are of pull requests. */
#define BITBUCKET_PAGE       "pagelen=100"
#define BITBUCKET_PULLS_PAGE "pagelen=50"

/* Facts about the project. */
#define BITBUCKET_BRANCH "mainbranch" /**< the main branch's name; "": the repository is empty */
#define BITBUCKET_HTML   "html"       /**< the repository for people: "https://bitbucket.org/acme/tool" */

/** A request for "/repositories/WORKSPACE/REPOSITORY" and @a path, which must be encoded ("": the repository itself). */
civ_sync_request_t bitbucket_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool);

/** The list goes on where its "next" says. */
apr_status_t bitbucket_next(const civ_sync_context_t *context, const civ_sync_request_t *request,
                            const civ_sync_answer_t *answer, civ_sync_page_t *page);

/** The name of an account at @a path: its nickname, or else the name it shows; NULL when there is none. */
const char *bitbucket_account(const civ_json_t *json, const char *path, apr_pool_t *pool);

/** Ask for the build statuses of a commit. @param sha in full */
void bitbucket_follow_statuses(const civ_sync_context_t *context, civ_sync_page_t *page, const char *sha);

/** Ask for those of a pull request's commits, once it has changed. */
void bitbucket_follow_pull_statuses(const civ_sync_context_t *context, civ_sync_page_t *page,
                                    const civ_sync_item_t *item);

/* bitbucket_code.c */
apr_status_t bitbucket_repository_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                        civ_sync_page_t *page);
apr_status_t bitbucket_repository_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                       const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t bitbucket_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                     civ_sync_page_t *page);
apr_status_t bitbucket_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* bitbucket_pulls.c */
apr_status_t bitbucket_pulls_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page);
apr_status_t bitbucket_pulls_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* bitbucket_pipelines.c */
apr_status_t bitbucket_pipelines_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                       civ_sync_page_t *page);
apr_status_t bitbucket_pipelines_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                      const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t bitbucket_steps_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* bitbucket_checks.c */
apr_status_t bitbucket_statuses_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                     const civ_sync_answer_t *answer, civ_sync_page_t *page);

#endif
