/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file worker_supervisor.h
 * httpd's parent process starts civarcos-worker, starts it again when it ends, and ends it before anything is loaded anew: there are
 * never two of one server.
 */
#ifndef CIV_WORKER_SUPERVISOR_H
#define CIV_WORKER_SUPERVISOR_H

#include "module.h"

#include <apr_tables.h>

/**
 * Start the worker for the nodes of this server, with the rights of its account, and tell it by a pipe what it needs to know. In the
 * parent, once a configuration. What fails is logged, and costs the worker only.
 * @param nodes civ_slot_t *
 */
void civ_supervisor_start(const apr_array_header_t *nodes, server_rec *main_server, apr_pool_t *pconf);

#endif
