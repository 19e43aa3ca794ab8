/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Nonces of signed requests.
 */
#include "store/replay.h"
#include "store/tables.h"

/* Looked up before it is inserted: a failed insert would fail the transaction, and others' requests are in it. */
apr_status_t civ_replay_insert(civ_db_t *db, const char *key_id, const char *nonce, apr_int64_t expires,
                               apr_int64_t now, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(key_id), civ_text(nonce), civ_int(expires)};
    civ_rows_t *rows;
    apr_int64_t kept = 0;
    apr_status_t status = civ_db_select(db, &civ_store_sql[STORE_NONCE_FIND], arguments, 2, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) == APR_SUCCESS) {
        /* One that housekeeping has not come to yet is as good as gone. */
        if (civ_rows_int(rows, 0, &kept) != APR_SUCCESS || kept > now - CIV_REPLAY_KEPT_BEYOND)
            return CIV_ECONFLICT;
        status = civ_db_send(db, &civ_store_sql[STORE_NONCE_FORGET], arguments, 2);
    }
    return status == APR_SUCCESS ? civ_db_send(db, &civ_store_sql[STORE_NONCE_RECORD], arguments, 3) : status;
}

apr_status_t civ_replay_any_expired(civ_db_t *db, apr_int64_t now, int *any, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(now - CIV_REPLAY_KEPT_BEYOND)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_store_sql[STORE_NONCE_OLDEST], arguments, 1, &rows, pool);

    if (status == APR_SUCCESS)
        *any = civ_rows_next(rows) == APR_SUCCESS;
    return status;
}

apr_status_t civ_replay_expire(civ_db_t *db, apr_int64_t now, int *removed)
{
    const civ_argument_t arguments[] = {civ_int(now - CIV_REPLAY_KEPT_BEYOND)};

    return civ_db_execute(db, &civ_store_sql[STORE_NONCE_EXPIRE], arguments, 1, removed);
}
