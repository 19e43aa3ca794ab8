/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file dialect.h
 * What differs between databases, as one table of values and functions for each. The rest of lib/store, and
 * every statement of the areas, is written once.
 */
#ifndef CIV_STORE_DIALECT_H
#define CIV_STORE_DIALECT_H

#include "store/store.h"

/** A word that stands for an SQL expression: NAME(argument) becomes the template with each $ replaced by the
 *  argument. Arguments may hold parentheses, but no such words. Mostly these are words of ours; a type of SQL that means
 *  something else in one database is one for it, too. */
typedef struct civ_dialect_word_t {
    const char *name;
    const char *template;
} civ_dialect_word_t;

typedef struct civ_dialect_t {
    const char *driver;              /**< apr_dbd's name */
    const char *count_foreign;       /**< counts what acts behind the tables: triggers, views and the like */
    const char *before_step;         /**< run first in the transaction of a schema step; NULL: nothing */
    const civ_dialect_word_t *words; /**< ended by a NULL name */

    /** How long to let a database alone that could not be opened: others who wait for a connection are told the same. */
    apr_interval_time_t reopen_pause;

    /** What is wrong with an administrator's connection parameters, without repeating anything of them; NULL when they can
     *  be understood. A NULL function takes anything. */
    const char *(*fault_of_parameters)(const char *parameters, apr_pool_t *pool);

    /** Connection parameters as the driver is to have them, with our defaults. NULL: as they are. */
    const char *(*complete_parameters)(const char *parameters, apr_pool_t *pool);

    /** The driver's words about a failed connection without what is secret in the parameters. NULL: as they are. */
    const char *(*conceal)(const char *words, const char *parameters, apr_pool_t *pool);

    /** Settings of a fresh connection, each read back and compared. */
    apr_status_t (*setup)(civ_db_t *db);

    /** Start a transaction that may write, and shut out all other writers of the ledger.
     *  @return the driver's code, 0 on success. What it has left open, the caller rolls back */
    int (*begin)(civ_db_t *db);

    /** Commit, in bounded time. @return the driver's code, 0 on success */
    int (*commit)(civ_db_t *db);

    /** After a commit that failed: non-zero where it may nevertheless have gone, or still go, through. */
    int (*is_uncertain)(civ_db_t *db);

    /** Send a prepared statement without waiting for its result, and read the results of all that were sent. Nothing else
     *  may be asked of the connection in between. A failure's words go to db->reason. NULL: nothing is gained by it here.
     *  @return the driver's code, 0 on success */
    int (*send)(civ_db_t *db, const char *label, const civ_argument_t *arguments, int count);
    int (*receive)(civ_db_t *db);

    /** Whether the connection says of itself that it is inside a transaction. */
    int (*is_inside)(civ_db_t *db);

    /** Whether an idle connection is still there, without asking the server. NULL: always. */
    int (*is_alive)(civ_db_t *db);

    /** Turn a driver's return code (not 0) into one of our statuses. Called right after the failure, which the
     * connection may forget by it. */
    apr_status_t (*classify)(civ_db_t *db, int code);

    /** Free bytes where the database writes. NULL: that cannot be told. */
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

extern const civ_dialect_t civ_dialect_pgsql;
extern const civ_dialect_t civ_dialect_sqlite;

#endif
