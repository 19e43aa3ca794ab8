/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file database.h
 * Which database the tests of this run use, and a second way into it that knows nothing of lib/store.
 *
 * CIVARCOS_DATABASE=pgsql makes all of them work on PostgreSQL, in a private server of this program (cluster.h). A test goes
 * on naming its databases by the path of a file; there, each path stands for a schema of its own.
 *
 * SQL goes through as it is. For what the tests ask of SQLite in its own words there are functions and views of the same name
 * in PostgreSQL: hex, zeroblob, quote, typeof, group_concat, printf, pragma_table_info, sqlite_schema.
 */
#ifndef CIV_TESTS_DATABASE_H
#define CIV_TESTS_DATABASE_H

#include <apr_pools.h>

struct cluster_t;

/** Whether this run is on PostgreSQL. */
int database_is_pgsql(void);

/** Why nothing can run on this run's database, or NULL. */
const char *database_absence(void);

/** apr_dbd's name of the driver. */
const char *database_driver(void);

/** The connection parameters of the database that @a path stands for, on @a pool. On PostgreSQL it is made, empty, where
 *  there is none yet. */
const char *database_parameters(const char *path, apr_pool_t *pool);

/** The same as a role other than the ledger's, through @a host (NULL: the socket) and @a port (0: the server's). */
const char *database_parameters_as(const char *path, const char *role, const char *host, int port,
                                   apr_pool_t *pool);

/** The private server of this program; NULL where it does not come up. */
struct cluster_t *database_cluster(void);

/** A connection of one's own. */
typedef struct database_t database_t;

/** Open it. @return NULL on failure; notes why */
database_t *database_open(const char *path);

/** Run SQL texts. A text with "UPDATE OR IGNORE" in it is not done, and yet a success, where a row cannot be so.
 *  @return 0 on success; else notes why not */
int database_run(database_t *database, const char *sql);

/** The first column of the first row, on @a pool; NULL where there is none, it is NULL, or on failure, which is noted.
 *  @param failed set to whether it failed; may be NULL */
const char *database_text(database_t *database, const char *sql, int *failed, apr_pool_t *pool);

void database_close(database_t *database);

/** Start a transaction that keeps all other writers of a ledger out, until database_run of COMMIT or ROLLBACK.
 *  @return 0 on success */
int database_shut_out(database_t *database);

/** Open, run, close. @return 0 on success */
int database_do(const char *path, const char *sql);

/** Open, ask, close. */
const char *database_ask(const char *path, const char *sql, apr_pool_t *pool);

/** Why a case is not for the database of this run, or NULL. The reasons are in database_limits.c. */
const char *database_limit(const char *suite, const char *name);

#endif
