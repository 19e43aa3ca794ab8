/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file dialect.h
 * What differs between databases, as one table of values and functions for each. The rest of lib/store, and
 * every statement of the areas, is written once.
 */
#ifndef CIV_STORE_DIALECT_H
#define CIV_STORE_DIALECT_H

#include "store/store.h"

/** A word of ours that stands for an SQL expression: NAME(argument) becomes the template with each $ replaced by the
 *  argument. Arguments may hold parentheses, but no words of ours. */
typedef struct civ_dialect_word_t {
    const char *name;
    const char *template;
} civ_dialect_word_t;

typedef struct civ_dialect_t {
    const char *driver;              /**< apr_dbd's name */
    const char *begin;               /**< starts a transaction that may write */
    const char *count_foreign;       /**< counts what acts behind the tables: triggers and views */
    const civ_dialect_word_t *words; /**< ended by a NULL name */

    /** Settings of a fresh connection, each read back and compared. */
    apr_status_t (*setup)(civ_db_t *db);

    /** Turn a driver's return code (not 0) into one of our statuses. Called right after the failure, which the
     * connection may forget by it. */
    apr_status_t (*classify)(civ_db_t *db, int code);

    /** Free bytes where the database writes; APR_ENOTIMPL where it cannot be told. */
    apr_status_t (*free_space)(civ_db_t *db, apr_int64_t *bytes);

    /** Where opening would make a database that is not there: whether it is there. NULL: opening makes none.
     *  @param error set to a sentence when it is not
     *  @return APR_SUCCESS or CIV_EUNREACHABLE */
    apr_status_t (*find)(const char *parameters, const char **error, apr_pool_t *pool);

    /** Whether an open database has lost its name: what is written to it then is found by nobody. NULL: cannot be. */
    int (*is_lost)(civ_db_t *db);

    /** See civ_db_copy; NULL where there is no such thing. */
    apr_status_t (*copy)(civ_db_t *db, const char *path, int (*interrupted)(void *baton), void *baton);

    /** See civ_db_seclude; NULL where there is no such thing. */
    apr_status_t (*seclude)(civ_db_t *db);
} civ_dialect_t;

/** The dialect for a driver's name, or NULL. */
const civ_dialect_t *civ_dialect_find(const char *driver);

/** @a text with the dialect's words filled in, on @a pool. */
const char *civ_dialect_rewrite(const civ_dialect_t *dialect, const char *text, apr_pool_t *pool);

extern const civ_dialect_t civ_dialect_sqlite;

#endif
