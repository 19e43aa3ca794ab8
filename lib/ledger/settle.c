/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Commits of unknown outcome: whether they went through.
 */

#include "base/timestamp.h"
#include "ledger/ledger_private.h"

/* How long to ask whether a commit of unknown outcome went through; the node's mutex is held meanwhile. */
#define SETTLE_TIME  apr_time_from_sec(10)
#define SETTLE_PAUSE apr_time_from_msec(250)

/** Behind the lock of all writers: a server that has lost us may still be at that commit, and shows nothing of it until it
 *  is done. (A SQLite file that cannot be written any more has no such server.) */
static apr_status_t ask(const civ_ledger_t *ledger, civ_trace_fn find, const void *baton, int *there)
{
    civ_store_t *store = ledger->config->store;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_begin(db);
    if (status == APR_SUCCESS || status == CIV_EREADONLY)
        status = find(baton, db, there);
    civ_db_rollback(db);
    civ_store_release(store, db);
    return status;
}

apr_status_t civ_ledger_settle(const civ_ledger_t *ledger, apr_status_t status, civ_trace_fn find,
                               const void *baton)
{
    apr_time_t deadline = civ_timestamp_steady() + SETTLE_TIME;
    apr_status_t asked;
    int there = 0;

    do {
        asked = ask(ledger, find, baton, &there);
        if (asked == APR_SUCCESS)
            return there ? APR_SUCCESS : status;
        if (asked != CIV_EUNSETTLED)
            apr_sleep(SETTLE_PAUSE);
    } while (asked != CIV_EUNSETTLED && civ_timestamp_steady() < deadline);
    civ_log_write(
        ledger->config->log, CIV_LOG_ERROR, status,
        "CIV0210: ledger \"%s\": the outcome of a commit could not be read back; clients were told 503",
        ledger->config->name);
    return CIV_EUNSETTLED;
}
