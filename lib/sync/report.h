/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file report.h
 * What a run has done, and what became of each kind of evidence.
 */
#ifndef CIV_SYNC_REPORT_H
#define CIV_SYNC_REPORT_H

#include "base/json_writer.h"

/** How a run ended. */
typedef enum civ_sync_outcome_e {
    CIV_SYNC_RUNNING,     /**< not yet */
    CIV_SYNC_OK,          /**< all that there is has been stored */
    CIV_SYNC_DEGRADED,    /**< all but what the kinds' reasons and the warnings tell of */
    CIV_SYNC_PARTIAL,     /**< the platform's limits: to be gone on with at retry_at */
    CIV_SYNC_INTERRUPTED, /**< told to stop: to be gone on with */
    CIV_SYNC_AUTH_FAILED, /**< the credentials are not taken: an administrator is needed */
    CIV_SYNC_FAILED       /**< the project itself cannot be read */
} civ_sync_outcome_e;

typedef enum civ_kind_status_e {
    CIV_KIND_PENDING, /**< not asked for yet in this run */
    CIV_KIND_OK,
    CIV_KIND_DEGRADED, /**< something is missing */
    CIV_KIND_FAILED    /**< its list could not be read to the end */
} civ_kind_status_e;

#define CIV_REASON_SIZE  256
#define CIV_WARNINGS_MAX 20

typedef struct civ_kind_report_t {
    const char *name;
    civ_kind_status_e status;
    char reason[CIV_REASON_SIZE]; /**< of the first trouble; "" for none */
    apr_int64_t pages, seen, fresh, changed, duplicate;
    apr_int64_t gone;                              /**< answers that something is not there any more */
    apr_int64_t left_out;                          /**< items and parts that are missing */
    apr_int64_t watermark_before, watermark_after; /**< milliseconds; of the newest of its lists */
    int forbidden;                                 /**< refusals one after the other */
} civ_kind_report_t;

typedef struct civ_sync_report_t {
    apr_int64_t number; /**< of the run */
    civ_sync_outcome_e outcome;
    char reason[CIV_REASON_SIZE];
    apr_int64_t started, ended; /**< milliseconds */
    int resumed;                /**< how often it was gone on with */
    apr_int64_t pages, seen, fresh, changed, duplicate, stale, conflicts;
    apr_int64_t requests, retries, unchanged, bytes, throttled; /**< the last in milliseconds */
    apr_int64_t remaining;                                      /**< of the platform's quota; -1: not known */
    apr_int64_t
        remaining_items;  /**< of the list that is being read, as far as the platform tells; -1: not known */
    apr_int64_t retry_at; /**< CIV_SYNC_PARTIAL: milliseconds since 1970 */
    char record[65];      /**< evidence hash of the newest entry of the run's record, in hex; "" for none */
    apr_int64_t record_parts; /**< how many entries it has */
    int warning_count;        /**< of all; the first ones are kept */
    char warnings[CIV_WARNINGS_MAX][CIV_REASON_SIZE];
    int kind_count;
    civ_kind_report_t *kinds; /**< in the connector's order */
} civ_sync_report_t;

/** The word for an outcome: "ok", "degraded" ... */
const char *civ_sync_outcome_name(civ_sync_outcome_e outcome);

/** The word for a kind's status. */
const char *civ_kind_status_name(civ_kind_status_e status);

/** Write it as one JSON object, a text on @a pool. */
const char *civ_sync_report_text(const civ_sync_report_t *report, apr_pool_t *pool);

/** Read back what civ_sync_report_text has written; kinds that @a report does not name are passed over. @return APR_SUCCESS or
 *  CIV_EINVALID */
apr_status_t civ_sync_report_read(civ_sync_report_t *report, const char *text, apr_pool_t *pool);

/** Copy a reason: what does not fit is cut off behind a whole character, and what is not UTF-8 becomes '?'. @param text NULL: "" */
void civ_sync_reason(char out[CIV_REASON_SIZE], const char *text);

/** Note a warning. */
void civ_sync_report_warn(civ_sync_report_t *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Note trouble of a kind: its status becomes @a status unless it is worse already, and the first reason stays. */
void civ_kind_report_trouble(civ_kind_report_t *kind, civ_kind_status_e status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
