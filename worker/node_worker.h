/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_worker.h
 * The threads of a node: one brings it up, then all of them do its jobs, and whichever has nothing to do looks after its schedules.
 */
#ifndef CIV_WORKER_NODE_WORKER_H
#define CIV_WORKER_NODE_WORKER_H

#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "node/node.h"

typedef struct civ_node_worker_t {
    const civ_node_config_t *config;
    const char *name; /**< of the process: host, process, and a colon; its threads have a number behind it */
    civ_limiter_t *limiter;
    int (*stopping)(void *baton);
    apr_thread_t *thread;
    apr_uint32_t at_work; /**< threads that have not come to their end yet */

    /* Filled in by the first thread, before there are others. */
    civ_runner_t runner;        /**< what they have in common */
    apr_thread_mutex_t *taking; /**< guards what follows, and is held while a job is looked for */
    apr_time_t tended, scheduled;
    int is_failing; /**< the database could not be used the last time */
} civ_node_worker_t;

/** Start it. What it works with lives on pools of its own. */
apr_status_t civ_node_worker_start(civ_node_worker_t *worker, apr_pool_t *pool);

/** Whether all of its threads have come to their end. Any thread may ask. */
int civ_node_worker_is_done(civ_node_worker_t *worker);

#endif
