/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_worker.h
 * A thread for each node: it brings the node up, does its jobs, and looks after its schedules.
 */
#ifndef CIV_WORKER_NODE_WORKER_H
#define CIV_WORKER_NODE_WORKER_H

#include <apr_thread_proc.h>

#include "node/node.h"

typedef struct civ_node_worker_t {
    const civ_node_config_t *config;
    const char *name; /**< of the worker: host and process */
    civ_limiter_t *limiter;
    int (*stopping)(void *baton);
    apr_thread_t *thread;
    apr_uint32_t is_done;
} civ_node_worker_t;

/** Start it. What it works with lives on pools of its own. */
apr_status_t civ_node_worker_start(civ_node_worker_t *worker, apr_pool_t *pool);

#endif
