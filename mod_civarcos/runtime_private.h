/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runtime_private.h
 * What the parts of the runtime share: the hooks (runtime.c), the nodes of a process (runtime_nodes.c), the process
 * that brings them up (runtime_start.c) and housekeeping (runtime_house.c).
 */
#ifndef CIV_RUNTIME_PRIVATE_H
#define CIV_RUNTIME_PRIVATE_H

#include "runtime.h"
#include "starter.h"

#include <apr_shm.h>
#include <apr_tables.h>

/** What a process knows. */
typedef struct civ_runtime_t {
    apr_array_header_t *nodes; /**< civ_slot_t *, those in use */
    apr_shm_t *memory;
    apr_uint32_t stopping; /**< 1: the process is to end at once */
    apr_pool_t *pool;      /**< of the nodes of a child */
    civ_state_t *state;
    int is_restart; /**< of this process: what fails must not end it */
} civ_runtime_t;

/** One per process, made anew by every load of the configuration: httpd resets a module's statics with it. */
extern civ_runtime_t civ_runtime;

/* --- nodes --- */

/** Give each node a log that writes to its server's. */
void civ_runtime_open_logs(void);

/** A node that is lost ends a start, but a restart only logs it. @return a level of httpd's log */
int civ_runtime_severity(void);

/** For civ_node_context_t: whether long work is to be given up. */
int civ_runtime_is_stopping(void *baton);

/** This process's view of the shared memory; NULL (all is read from the database) where it is unusable. */
civ_state_t *civ_runtime_attach(server_rec *server, apr_pool_t *pool);

/** Open a node on @a pool; what fails is logged at @a level. */
apr_status_t civ_runtime_open(civ_slot_t *slot, civ_state_t *state, int level, apr_pool_t *pool);

/** For the nodes of a child: what an attempt that fails has left goes with its pool. */
apr_status_t civ_runtime_try_open(civ_slot_t *slot, int level);

/* --- start --- */

/** Make the folders, then bring all nodes up in a process of its own; in a rehearsal only as far as it does no harm
 *  twice. */
civ_start_e civ_runtime_start(server_rec *main_server, int is_rehearsal, apr_pool_t *ptemp);

/* --- housekeeping --- */

/** A watchdog of our own, so that nobody waits for us; in one process at a time, whichever gets it. */
apr_status_t civ_runtime_employ_housekeeper(apr_pool_t *pconf, server_rec *main_server);

/**
 * mod_watchdog's thread is not joined when a child ends: it may be at work until the very end, but not on nodes that are
 * being closed.
 * @return 0 when it cannot be stopped in time
 */
int civ_runtime_close_house(void);

#endif
