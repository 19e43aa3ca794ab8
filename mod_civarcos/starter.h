/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file starter.h
 * A process that does the work of starting with the rights of the server's account. httpd's parent is root; it must
 * neither read nor write files in a folder that the account could change under its hands.
 */
#ifndef CIV_STARTER_H
#define CIV_STARTER_H

#include <httpd.h>

/** How starting went; the worst of several counts. Also the exit status of the process. */
typedef enum civ_start_e {
    CIV_START_DONE = 0,
    CIV_START_DEGRADED = 20, /**< a node is there, but its ledger cannot be written or reached */
    CIV_START_FAILED = 21    /**< a node cannot be had */
} civ_start_e;

typedef civ_start_e (*civ_start_fn)(void *baton);

/** Call @a work in a process of its own, which has the account's rights, and wait for it. It cannot change this
 * process's memory, but for what is shared. What goes wrong with the process is logged, and is CIV_START_FAILED. */
civ_start_e civ_starter_run(civ_start_fn work, void *baton, server_rec *main_server, apr_pool_t *ptemp);

/** In that process: has its parent gone? In others 0. */
int civ_starter_is_orphan(void);

#endif
