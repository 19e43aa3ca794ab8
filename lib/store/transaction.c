/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Transactions of a connection: one at a time, and the first failure in it decides.
 */
#include "store/store_private.h"

/** Whoever opens the database must find what this connection writes. */
static apr_status_t check_name(civ_db_t *db)
{
    if (db->dialect->is_lost == NULL || !db->dialect->is_lost(db))
        return APR_SUCCESS;
    civ_log_write(db->config->log, CIV_LOG_ERROR, APR_SUCCESS,
                  "CIV0255: database: it was moved away or replaced while it was open");
    db->broken = 1;
    return CIV_EUNREACHABLE;
}

apr_status_t civ_db_begin(civ_db_t *db)
{
    int tries, code = 0;
    apr_status_t status = CIV_ESCHEMA;

    if (db->in_transaction)
        return APR_EINVAL;
    /* An ad-hoc text fails once on a connection after another one changed the schema, then works. */
    for (tries = 0; tries < 2 && status == CIV_ESCHEMA; tries++) {
        code = db->dialect->begin(db);
        status = code == 0 ? APR_SUCCESS : civ_db_failed(db, code, "BEGIN");
    }
    if (status == APR_SUCCESS) {
        db->in_transaction = 1;
        db->failure = check_name(db);
        status = db->failure;
    } else if (!db->broken && db->dialect->is_inside(db)) {
        db->in_transaction = 1;
    }
    if (status != APR_SUCCESS)
        civ_db_rollback(db);
    return status;
}

void civ_db_rollback(civ_db_t *db)
{
    if (!db->in_transaction)
        return;
    civ_db_receive(db);
    db->in_transaction = 0;
    db->failure = APR_SUCCESS;
    /* SQLite rolls back by itself after some failures; then this one finds nothing to do and says so. The
     * connection is only trusted again when it is certainly out of the transaction: the pool opens a new one.
     */
    if (civ_db_raw_query(db, "ROLLBACK") != 0)
        db->broken = 1;
}

apr_status_t civ_db_commit(civ_db_t *db, int *unknown)
{
    apr_status_t status;
    int code;

    *unknown = 0;
    if (!db->in_transaction)
        return APR_EINVAL;
    civ_db_receive(db);
    status = db->failure;
    if (status != APR_SUCCESS) {
        civ_db_rollback(db);
        return status;
    }
    code = db->dialect->commit(db);
    if (code == 0) {
        db->in_transaction = 0;
        /* Only now is it certain that others find what was committed: the name may have gone at any moment. */
        status = check_name(db);
        *unknown = status != APR_SUCCESS;
        return status;
    }
    status = civ_db_failed(db, code, "COMMIT");
    *unknown = db->dialect->is_uncertain(db);
    if (*unknown)
        db->broken = 1;
    civ_db_rollback(db);
    return status;
}

int civ_db_in_transaction(const civ_db_t *db)
{
    return db->in_transaction;
}
