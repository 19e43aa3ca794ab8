/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync.h
 * What the handlers of synchronisation share. Functions that return an int return OK or CIV_FAULTED, if nothing else is said.
 */
#ifndef CIV_SYNC_H
#define CIV_SYNC_H

#include "base/json_writer.h"
#include "request.h"
#include "sync/overview.h"
#include "sync/catalogue.h"

/** Jobs of one request at most. */
#define CIV_SYNC_JOBS_MOST 1000

/** Where a job is, below the prefix; its number follows. */
#define CIV_SYNC_JOB_PLACE "/sync/jobs/"

/** Write an instant, or null for 0. */
void civ_sync_write_time(civ_json_writer_t *writer, const char *name, apr_int64_t milliseconds);

/** Write a job as an object. @param report of its run: a JSON object, or NULL */
void civ_sync_write_job(civ_json_writer_t *writer, const civ_job_t *job, const char *report);

/** Write the members of "sync_status" of a job that is over. @return OK, or CIV_FAULTED when the database cannot be read */
int civ_sync_write_status(civ_call_t *call, civ_json_writer_t *writer, const civ_job_t *job);

/** Write how a connector is, as an object. */
void civ_sync_write_connector(civ_json_writer_t *writer, const civ_overview_t *overview);

/** Whether it is configured, was tried, and its last words were no refusal. */
int civ_sync_is_connected(const civ_overview_t *overview);

/** Whether a job is over. */
int civ_sync_is_over(const civ_job_t *job);

/** Whether a job that is over has done what it was asked for, maybe not all of it. */
int civ_sync_has_succeeded(const civ_job_t *job);

/** Fill call->problem where the database has failed and nothing says so yet. @return CIV_FAULTED */
int civ_sync_fault(civ_call_t *call, apr_status_t status);

/** A platform by its name: known, else a 400 at @a pointer. @param name NULL: what the request has is no text */
int civ_sync_platform(civ_call_t *call, const char *name, const char *pointer,
                      const civ_platform_t **platform);

/** That a platform is configured, else a 409 at @a pointer. */
int civ_sync_need_connector(civ_call_t *call, const civ_platform_t *platform, const char *pointer);

/** The platform that the path names: known, else a 404. */
int civ_sync_path_platform(civ_call_t *call, const civ_platform_t **platform);

/** How one platform is. */
int civ_sync_overview_of(civ_call_t *call, const civ_platform_t *platform, civ_overview_t *overview);

/** Begin an answer: an object that is open, with "success". */
void civ_sync_begin(civ_call_t *call, civ_json_writer_t *writer, civ_buffer_t *body, int success);

/** Answer with a job. @param report see civ_sync_write_job @param status 0: the route's @param message may be NULL
 *  @return what a handler returns */
int civ_sync_reply_job(civ_call_t *call, const civ_job_t *job, const char *report, int status,
                       const char *message);

/** Answer 202 with a job that is not over, and where it is. @return what a handler returns */
int civ_sync_reply_accepted(civ_call_t *call, const civ_job_t *job);

/** The member project_id, where it can be a project of the platform; else a 400. */
int civ_sync_read_project(civ_call_t *call, const civ_platform_t *platform, const char **project);

/** Ask for a job; that of an earlier request, where the Idempotency-Key says so. */
int civ_sync_ask(civ_call_t *call, const civ_job_wish_t *wish, civ_job_t *job);

/** Ask for several, all or none. @param total of @a jobs: as many as an earlier request had, where it is that one's answer */
int civ_sync_ask_all(civ_call_t *call, const civ_job_wish_t *wishes, int count, civ_job_t **jobs, int *total);

/**
 * Wait for jobs as long as the client (Prefer) and the configuration want, unless no worker runs here, none gives a sign of life, or too many are
 * waiting already. Says by headers which preference was applied.
 * @param jobs as they are; brought up to date
 * @return how many are not over yet
 */
int civ_sync_wait(civ_call_t *call, civ_job_t *jobs, int count);

/** Why a job is not over yet: a sentence for the client. */
const char *civ_sync_explain(const civ_call_t *call, const civ_job_t *job);

#endif
