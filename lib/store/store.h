/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store.h
 * The database, through apr_dbd: connections, a pool of them, statements by address, transactions that know
 * when they failed, and numbered schema steps. What differs between databases is in the dialect files and
 * nowhere else.
 *
 * Rules that keep apr_dbd's traps shut: binary binds only; explicit column lists; a LIMIT on every select of
 * many rows (results are buffered whole); one statement a call; BEGIN, COMMIT and ROLLBACK are issued here,
 * never by apr_dbd's own transactions; columns are integers and text, digests are hex.
 */
#ifndef CIV_STORE_H
#define CIV_STORE_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "base/log.h"
#include "base/problem.h"
#include "base/status.h"

/**
 * One SQL statement of an area's table. Parameters are %lld (apr_int64_t) and %s (text); a literal per cent
 * sign is doubled. Words of ours are put into the dialect's:
 * CIV_OCTETS(column): bytes of a text column, -1 when what is there is no text; CIV_INTEGER(column): its value, NULL when
 * what is there is no integer; CIV_KEY(column): declares a 64-bit primary key;
 * CIV_BY(index): the table before it is to be read by this index.
 */
typedef struct civ_statement_t {
    const char *label; /**< an SQL identifier, unique over all areas */
    const char *text;
} civ_statement_t;

/** All statements of one area: a static array. A statement is named by its address in it. */
typedef struct civ_statement_set_t {
    const civ_statement_t *statements;
    apr_size_t count;
} civ_statement_set_t;

/** One parameter. Made by civ_int() and civ_text(). */
typedef struct civ_argument_t {
    const char *text; /**< NULL for an integer */
    apr_int64_t integer;
} civ_argument_t;

#define civ_int(value)  ((civ_argument_t){NULL, (apr_int64_t)(value)})
#define civ_text(value) ((civ_argument_t){(value), 0})

/** Most parameters a statement may have. */
#define CIV_STORE_MAX_ARGUMENTS 24

typedef struct civ_store_config_t {
    const char *driver;     /**< apr_dbd's name of the driver: "sqlite3" or "pgsql" */
    const char *parameters; /**< for sqlite3 the path of the file, for pgsql libpq's connection string */
    const civ_statement_set_t *sets; /**< the areas' statements */
    apr_size_t set_count;
    int pool_min;                     /**< connections kept open */
    int pool_max;                     /**< connections at most */
    apr_interval_time_t acquire_wait; /**< how long to wait for a free connection; 0: 5 s */
    int read_only; /**< connections only read, and change no setting that the database keeps (for tools) */
    const civ_log_t *log;
    int must_exist; /**< a database that is not there is not made by opening it */
    apr_int64_t
        map_size; /**< bytes of the database's file that are read through a mapping at most (SQLite) */
} civ_store_config_t;

/** A connection. Used by one thread at a time. */
typedef struct civ_db_t civ_db_t;

/** The pool of connections of one process. Thread-safe. Made after fork, never carried over it. */
typedef struct civ_store_t civ_store_t;

/** The rows of a select; all are in memory when the select returns. */
typedef struct civ_rows_t civ_rows_t;

/** Call once a process before anything else here (wraps apr_dbd_init). Safe to repeat with a living parent
 * pool. */
apr_status_t civ_store_initialize(apr_pool_t *pool);

/** Test that @a driver can be loaded and that we have a dialect for it. For configuration checks.
 *  @param error set to a sentence on failure
 *  @return APR_SUCCESS, APR_ENOTIMPL (no dialect), or apr_dbd's reason (APR_EDSOOPEN: package missing) */
apr_status_t civ_store_check_driver(const char *driver, const char **error, apr_pool_t *pool);

/** What is wrong with the connection parameters, for configuration checks: a sentence that repeats nothing of them, since a
 *  password may be in them; NULL when they can be understood, or for a driver without a dialect. */
const char *civ_store_fault_of_parameters(const char *driver, const char *parameters, apr_pool_t *pool);

/** Whether civ_db_free_space can answer for this driver. */
int civ_store_tells_free_space(const char *driver);

/**
 * Make the pool. No connection is opened yet: a database that is down now may be up later.
 * @return APR_SUCCESS, or why the driver cannot be loaded
 */
apr_status_t civ_store_create(civ_store_t **store, const civ_store_config_t *config, apr_pool_t *pool);

/**
 * Borrow a connection: opened, its settings made and verified (SQLite: WAL, synchronous=FULL; PostgreSQL:
 * fsync, synchronous_commit, a server that can be written), not in a transaction.
 * @return APR_SUCCESS; CIV_EUNREACHABLE, CIV_EREADONLY, CIV_ECORRUPT as opening found; APR_TIMEUP when all
 * are in use
 */
apr_status_t civ_store_acquire(civ_store_t *store, civ_db_t **db);

/** Give a connection back. An open transaction is rolled back; a connection that failed is closed for good.
 */
void civ_store_release(civ_store_t *store, civ_db_t *db);

/** Open a connection outside any pool (schema steps at start, tools); closed with @a pool. */
apr_status_t civ_db_open(civ_db_t **db, const civ_store_config_t *config, apr_pool_t *pool);

/** Close now. The connection must not be used again. */
void civ_db_close(civ_db_t *db);

/** Start a transaction that may write, and shut out other writers of all processes and hosts until it ends (SQLite: BEGIN
 *  IMMEDIATE; PostgreSQL: an advisory lock of the transaction).
 *  @return APR_SUCCESS; CIV_EBUSY when another writer stays; CIV_EUNREACHABLE when the database was moved away or replaced
 *  since it was opened; others as below */
apr_status_t civ_db_begin(civ_db_t *db);

/**
 * Commit. When any statement since civ_db_begin failed, roll back instead and return that first failure.
 * @param unknown set to 1 when the commit was sent and its outcome is not known: read back on another
 * connection, between civ_db_begin and civ_db_rollback, since the commit may still be under way
 */
apr_status_t civ_db_commit(civ_db_t *db, int *unknown);

/** Give the transaction up. Without one, nothing happens. */
void civ_db_rollback(civ_db_t *db);

/** Non-zero between civ_db_begin and its commit or rollback. */
int civ_db_in_transaction(const civ_db_t *db);

/**
 * Run a statement that returns no rows.
 * @param affected rows inserted, changed or deleted; may be NULL
 * @return APR_SUCCESS; CIV_EBUSY, CIV_EFULL, CIV_EREADONLY, CIV_EUNREACHABLE, CIV_ECORRUPT, CIV_ECONSTRAINT,
 *         CIV_ESCHEMA, CIV_ECONFLICT (an engine asks to try the transaction again), CIV_EDATABASE. Inside a transaction a failure is remembered and every later call
 * returns it.
 */
apr_status_t civ_db_execute(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                            int count, int *affected);

/**
 * As civ_db_execute, for a statement of a transaction whose outcome is not needed before the next one: where the way to the
 * database is long, it is not waited for. A failure may be told only by a later call, at the latest by civ_db_commit.
 * @return APR_SUCCESS (which says nothing yet), or a failure as civ_db_execute has them
 */
apr_status_t civ_db_send(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                         int count);

/** Run a select. @param rows on @a pool, with all values. @return as civ_db_execute */
apr_status_t civ_db_select(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                           int count, civ_rows_t **rows, apr_pool_t *pool);

/** Step to the next (at first: the first) row. @return APR_SUCCESS, or APR_EOF after the last */
apr_status_t civ_rows_next(civ_rows_t *rows);

/** A column of the row as text: "" for NULL. Valid until the next civ_rows_next. */
const char *civ_rows_text(civ_rows_t *rows, int column);

/** A column of the row as an integer. @return APR_SUCCESS, or CIV_EINVALID when it is NULL or no integer */
apr_status_t civ_rows_int(civ_rows_t *rows, int column, apr_int64_t *value);

/** Run one SQL text that returns nothing (schema steps); CIV_... words are filled in. Not for anything with a
 * value. */
apr_status_t civ_db_run(civ_db_t *db, const char *sql);

/** Free bytes where the database writes, for the free-space floor; APR_ENOTIMPL where it cannot be told. */
apr_status_t civ_db_free_space(civ_db_t *db, apr_int64_t *bytes);

/** Count what acts behind our tables and is none of ours: triggers, views, rules and the like. */
apr_status_t civ_db_count_foreign(civ_db_t *db, apr_int64_t *count, apr_pool_t *pool);

/**
 * Copy the database, as it is in one moment, to a new file, while others read and write. The copy is a database that is
 * opened like any other, and needs no other file beside it. It is not synced.
 * @param interrupted asked now and then; non-zero gives the copy up. May be NULL
 * @return APR_SUCCESS; APR_ENOTIMPL where the database has tools of its own for that; CIV_EINTERRUPTED; as
 * civ_db_execute. On failure @a path may be there in part
 */
apr_status_t civ_db_copy(civ_db_t *db, const char *path, int (*interrupted)(void *baton), void *baton);

/**
 * Make sure that nobody else has the database open, and that all of it is in its file and nothing beside it. The
 * connection must be closed afterwards.
 * @return APR_SUCCESS; CIV_EBUSY when somebody has; APR_ENOTIMPL where that is no question; as civ_db_execute
 */
apr_status_t civ_db_seclude(civ_db_t *db);

/** Fill @a problem for a database failure @a status of a request that was to store something: 503 with Retry-After, or 500. */
void civ_store_problem(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool);

/** The same for a request that only reads: it says nothing of storing. */
void civ_store_problem_reading(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool);

/* --- schema steps --- */

/** One numbered step: its statements run in one transaction. Steps are never changed once released, only
 * added. */
typedef struct civ_schema_step_t {
    int version;                   /**< 1, 2, 3 ... without gaps */
    const char *what;              /**< one line for the log */
    const char *const *statements; /**< ended by NULL */
} civ_schema_step_t;

typedef struct civ_schema_t {
    const char *area; /**< "ledger", "store" ... */
    const civ_schema_step_t *steps;
    apr_size_t count;
} civ_schema_t;

/** Steps of the store itself (answers kept for Idempotency-Key, nonces of signed requests). */
extern const civ_schema_t civ_store_schema;

/** Statements of the store itself; every pool that uses idempotency.h or replay.h must list it. */
extern const civ_statement_set_t civ_store_statements;

/**
 * Bring an area's tables to its newest version.
 * @return APR_SUCCESS; CIV_EINVALID when the database is newer than this program (the log says so); others as
 * above
 */
apr_status_t civ_schema_upgrade(civ_db_t *db, const civ_schema_t *schema, const civ_log_t *log,
                                apr_pool_t *pool);

#endif
