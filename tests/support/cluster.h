/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file cluster.h
 * Private PostgreSQL servers for tests: each with a folder, a port and a socket of its own, run by an account that is not
 * root, synced as in real use. None outlives the test program.
 */
#ifndef CIV_TESTS_CLUSTER_H
#define CIV_TESTS_CLUSTER_H

#include <apr_pools.h>

/** The role that ledgers work as; it owns nothing but what it makes. */
#define CLUSTER_ROLE "ledger"

/** A role that has to say its password when it comes over TCP. */
#define CLUSTER_LOCKED_ROLE     "locked"
#define CLUSTER_LOCKED_PASSWORD "Ge'heim 42"

/** The role that may do anything. */
#define CLUSTER_OWNER "owner"

typedef struct cluster_t {
    const char *folder; /**< the data is in "data", the log is "log", the socket is here too */
    int port;           /**< on 127.0.0.1 */
    int pid;            /**< 0 while it does not run */
} cluster_t;

/**
 * Make a server and start it. Its database "tests" has an order of text that is not that of the bytes, where this PostgreSQL
 * can have one.
 * @param settings further lines of postgresql.conf
 * @return NULL when it does not come up; notes why
 */
cluster_t *cluster_make(const char *settings);

/** A standby of @a primary, streaming from it under this application_name, made from a backup of it, and started. */
cluster_t *cluster_make_standby(const cluster_t *primary, const char *name);

/** Start one that was stopped. @return 0 when it takes connections */
int cluster_start(cluster_t *cluster);

/** Stop it: SIGINT closes connections, SIGQUIT and SIGKILL are crashes. Waits until it has ended. */
void cluster_stop(cluster_t *cluster, int signal_number);

/** Run an SQL text as the owner, and give the first column of its first row ("" where there is none) on test_pool().
 *  @return NULL on failure; notes why */
const char *cluster_sql(const cluster_t *cluster, const char *sql);

/** Connection parameters through the socket. @param more further parameters, or "" */
const char *cluster_parameters(const cluster_t *cluster, const char *role, const char *more,
                               apr_pool_t *pool);

/** Stop and remove all that were made. Called by itself when the program ends. */
void cluster_end_all(void);

#endif
