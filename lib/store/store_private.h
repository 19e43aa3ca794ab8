/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_private.h
 * Inside of a connection, shared by the files of lib/store only.
 */
#ifndef CIV_STORE_PRIVATE_H
#define CIV_STORE_PRIVATE_H

#include <apr_dbd.h>

#include "base/repetition.h"
#include "store/dialect.h"
#include "store/store.h"

/** A statement as this connection has it. */
typedef struct civ_prepared_t {
    apr_dbd_prepared_t *prepared; /**< NULL: not yet, or not any more */
    const char *label;            /**< the server's name for it */
} civ_prepared_t;

struct civ_db_t {
    const civ_store_config_t *config;
    const civ_dialect_t *dialect;
    const apr_dbd_driver_t *driver;
    apr_dbd_t *handle;         /**< NULL once closed */
    civ_prepared_t **prepared; /**< one array for each set */
    apr_pool_t *pool;          /**< a root pool of its own: lives as long as the connection */
    apr_pool_t *owner;         /**< closes the connection when it goes; NULL for pooled ones */
    apr_pool_t *scratch;       /**< cleared at every execute */
    apr_status_t failure;      /**< the first failure of the transaction at hand */
    apr_uint32_t epoch;        /**< the pool's epoch when it was opened */
    unsigned again;            /**< how often a statement was prepared again */
    int sent;                  /**< statements whose results were not read yet */
    const char *reason;        /**< why they failed, where the driver does not know it; else NULL */
    void *own;                 /**< the dialect's, on pool; NULL before its setup */
    int in_transaction;
    int broken; /**< not to be used again */
};

/** Longest text of the driver that goes into a log line. */
#define CIV_DRIVER_WORDS CIV_REPETITION_WORDS

/** civ_db_open, for those who try again and again.
 *  @param refusal why they were refused, kept by the caller, one thread at a time; NULL: each failure is logged */
apr_status_t civ_db_open_again(civ_db_t **db, const civ_store_config_t *config, civ_repetition_t *refusal,
                               apr_pool_t *pool);

/** Run one text outside prepared statements and return the driver's code, 0 on success. */
int civ_db_raw_query(civ_db_t *db, const char *sql);

/** Select with one text outside prepared statements; the first column of its first row, on @a pool. */
apr_status_t civ_db_raw_value(civ_db_t *db, const char *sql, const char **value, apr_pool_t *pool);

/** Read the results of what was sent ahead (civ_db_send). The transaction remembers a failure. */
apr_status_t civ_db_receive(civ_db_t *db);

/** Log a failure with the driver's words and return its status; a broken connection is marked. */
apr_status_t civ_db_failed(civ_db_t *db, int code, const char *what);

#endif
