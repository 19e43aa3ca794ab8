/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine.h
 * Running the synchronisation of one project of one platform.
 *
 * What is still to be asked is a stack of steps in the database. A page's items and the steps that it leads to are committed in one
 * transaction, so that a run that ends anywhere, by kill -9 too, goes on where it was committed last. A watermark is moved only when
 * a list has been read to its end; it is the server's clock at the start of that list. What fails costs its own kind only.
 */
#ifndef CIV_SYNC_ENGINE_H
#define CIV_SYNC_ENGINE_H

#include "base/log.h"
#include "store/change.h"
#include "store/store.h"
#include "sync/clock.h"
#include "sync/connector.h"
#include "sync/http.h"
#include "sync/report.h"
#include "sync/timeline.h"

/** Who sends requests: civ_http_send in the program. */
typedef struct civ_fetch_t {
    void *baton;
    apr_status_t (*send)(void *baton, const civ_http_request_t *request, civ_http_answer_t *answer,
                         apr_pool_t *pool);
    civ_http_counts_t (*counts)(void *baton);
    /** Let so many milliseconds pass. @return APR_SUCCESS or CIV_EINTERRUPTED. NULL: nothing is waited for */
    apr_status_t (*pause)(void *baton, apr_int64_t milliseconds);
} civ_fetch_t;

/** What all runs have in common. Lives longer than any run. */
typedef struct civ_engine_t {
    civ_store_t *store;
    civ_transactor_t transactor;
    civ_timeline_writer_t timeline;
    int is_noted; /**< what a run asked, was told and stored is put on record: lib/sync/engine_record.c */
    const char *key_file;     /**< of the keys that connectors' secrets are sealed with: base/seal.h */
    const civ_clock_t *clock; /**< NULL: the machine's */
    const civ_log_t *log;
} civ_engine_t;

/** One run. */
typedef struct civ_engine_run_t {
    const civ_connector_t *connector;
    const char *base; /**< as civ_connector_t's prepare has set them */
    const char *const *further_bases;
    const char *instance;       /**< host of the platform: part of the items' key */
    const civ_json_t *settings; /**< configuration without its secrets; NULL: none */
    const char *project_id;
    apr_int64_t since; /**< ask for everything from here on, whatever was there already; 0: for what is new */
    int backfill_days; /**< how far back the first run goes; 0: to the beginning */
    int lookback_days; /**< of lists that can be filtered by creation only; 0: 7 */
    civ_fetch_t fetch;
    int (*interrupted)(
        void *baton); /**< asked between pages: non-zero ends the run, to go on later. May be NULL */
    /** After each commit. May be NULL. */
    void (*progress)(void *baton, const civ_sync_report_t *report);
    /** The first thing in each transaction: whether this run may still write. A refusal ends it. May be NULL. */
    civ_change_fn fence;
    void *baton; /**< of the three */
} civ_engine_run_t;

/** Tables and statements. */
extern const civ_schema_t civ_engine_schema;
extern const civ_statement_set_t civ_engine_statements;

/**
 * Run it, or go on with one that was cut off.
 * @param report filled whenever APR_SUCCESS is returned; on @a pool
 * @return APR_SUCCESS, whatever the platform did (report->outcome); a failure of the database; the fence's refusal
 */
apr_status_t civ_engine_run(const civ_engine_t *engine, const civ_engine_run_t *run,
                            civ_sync_report_t *report, civ_problem_t *problem, apr_pool_t *pool);

/** Forget where the lists of a project have got to and what is still to be asked: the next run reads everything again. Items stay.
 *  A change: to be run by a transactor. @param project_id NULL: of all projects of the platform */
apr_status_t civ_engine_forget(civ_change_t *change, const char *platform, const char *project_id);

#endif
