/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runtime.h
 * From configuration to running nodes: folders, shared memory and mutexes in the parent, a process that brings
 * the nodes up, an open node in each child, housekeeping in one of them.
 */
#ifndef CIV_RUNTIME_H
#define CIV_RUNTIME_H

#include <httpd.h>

#include "module.h"

/** For ap_hook_pre_config. */
int civ_runtime_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp);

/** For ap_hook_post_config; before mod_watchdog's. */
int civ_runtime_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server);

/** For ap_hook_child_init; before mod_watchdog's, which starts the thread of housekeeping. */
void civ_runtime_child_init(apr_pool_t *pchild, server_rec *main_server);

/** The node of a slot in a child, or NULL. One that could not be opened when the child began (its folder was out of reach)
 * is tried again now and then. */
civ_node_t *civ_runtime_node(civ_slot_t *slot);

/** Is this a restart, which the rest of the server must survive? Else it is a start, or a test of the configuration. */
int civ_runtime_is_restart(void);

/** For ap_hook_child_stopping: work that may be given up sees it through civ_interrupted_fn. */
void civ_runtime_child_stopping(apr_pool_t *pchild, int graceful);

#endif
