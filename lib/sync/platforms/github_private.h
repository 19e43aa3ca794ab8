/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_private.h
 * What the files of the GitHub connector share. The API is that of https://docs.github.com/rest, version 2022-11-28.
 */
#ifndef CIV_SYNC_GITHUB_PRIVATE_H
#define CIV_SYNC_GITHUB_PRIVATE_H

#include "base/json_writer.h"
#include "sync/connector.h"
#include "sync/fields.h"
#include "sync/platforms/lists.h"

/* The kinds, in the order of a run. Most are named after their items. */
#define GITHUB_REPOSITORY   "repository"
#define GITHUB_PULL_REQUEST "pull_request"
#define GITHUB_REVIEW       "review"
#define GITHUB_COMMIT       "commit"
#define GITHUB_RUN          "workflow_run"
#define GITHUB_ATTEMPT      "workflow_attempt" /**< of a run that was repeated: the earlier ones */
#define GITHUB_JOB          "job"
#define GITHUB_CHECK        "check"
#define GITHUB_ARTIFACT     "artifact"
#define GITHUB_RELEASE      "release"
#define GITHUB_METRICS      "code_metrics"

/** Elements of a page: the most there are. */
#define GITHUB_PAGE "per_page=100"

/** A conclusion or a state of GitHub, and our word. */
extern const civ_word_t github_conclusions[];

/** A request for "/repos/OWNER/NAME" and @a path, which must be encoded ("": the repository itself); all else is unset. */
civ_sync_request_t github_request(const civ_sync_context_t *context, const char *path, apr_pool_t *pool);

/** "completed" runs, jobs and checks have a conclusion, others a status: our word. */
const char *github_status(const civ_json_t *json);

/** Ask for the checks and the statuses of a commit. */
void github_follow_checks(const civ_sync_context_t *context, civ_sync_page_t *page, const char *sha,
                          const civ_sync_item_t *item);

/* github_code.c */
apr_status_t github_repository_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                     civ_sync_page_t *page);
apr_status_t github_repository_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                    const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t github_commits_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t github_commits_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* github_pulls.c */
apr_status_t github_pulls_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                civ_sync_page_t *page);
apr_status_t github_pulls_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                               const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t github_reviews_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* github_runs.c */
apr_status_t github_runs_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                               civ_sync_page_t *page);
apr_status_t github_runs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t github_attempts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t github_jobs_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                              const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* github_checks.c */
apr_status_t github_checks_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* github_products.c */
apr_status_t github_artifacts_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                    civ_sync_page_t *page);
apr_status_t github_artifacts_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                   const civ_sync_answer_t *answer, civ_sync_page_t *page);
apr_status_t github_releases_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                   civ_sync_page_t *page);
apr_status_t github_releases_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                  const civ_sync_answer_t *answer, civ_sync_page_t *page);

/* github_metrics.c */
apr_status_t github_metrics_first(const civ_sync_context_t *context, const civ_sync_range_t *range,
                                  civ_sync_page_t *page);
apr_status_t github_metrics_read(const civ_sync_context_t *context, const civ_sync_request_t *request,
                                 const civ_sync_answer_t *answer, civ_sync_page_t *page);

#endif
