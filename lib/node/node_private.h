/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_private.h
 * Inside of a node, shared by the files of lib/node only.
 */
#ifndef CIV_NODE_PRIVATE_H
#define CIV_NODE_PRIVATE_H

#include <apr_thread_mutex.h>

#include "node/node.h"

struct civ_node_t {
    const civ_node_config_t *config;
    civ_node_context_t context;
    civ_key_t *key;
    civ_pseudonym_key_t *pseudonym_key;
    civ_store_config_t store_config;
    civ_ledger_config_t ledger_config;
    civ_ledger_observer_t observer;
    civ_store_t *store;
    civ_ledger_t *ledger;
    civ_federation_config_t federation_config;
    civ_federation_t *federation;
    civ_timeline_t timeline;
    civ_engine_t engine;
    const civ_redactor_t *redactor; /**< guarded by the lock; NULL: not made yet */
    apr_pool_t *pool;

    apr_thread_mutex_t *lock;           /**< guards what follows */
    apr_time_t next_start;              /**< when to try civ_node_start again */
    int starting;                       /**< a thread is in civ_node_start because of a request */
    int schema_done;                    /**< the tables were brought up to date by this process */
    int alarm_kept;                     /**< as CIV_NODE_ALARM, where there is no hot state */
    char reason[CIV_STATE_REASON_SIZE]; /**< for being read-only, where there is no hot state */
};

/** Read the network's key, and see that it is the one that this state folder knows. @param error as for civ_node_open */
apr_status_t civ_node_load_pseudonym_key(civ_node_t *node, const char **error);

/** Turn writing off (the first reason stays) or, with NULL, on again. */
void civ_node_read_only_set(civ_node_t *node, const char *reason);

/** Stored data contradicts itself: writing is off until an administrator removes <state>/read-only. */
void civ_node_alarm_raise(civ_node_t *node, const char *reason);

/** Take up an alarm that is kept; lift one whose file was removed. */
void civ_node_alarm_check(civ_node_t *node, apr_pool_t *pool);

/** Fill in what the node wants to hear from its ledger. */
void civ_node_observe(civ_node_t *node);

/** Make the federation's object, on top of the ledger's. */
apr_status_t civ_node_open_federation(civ_node_t *node);

/** Fill in what the engine needs. */
void civ_node_open_engine(civ_node_t *node);

/** Make the schedules of the configuration known to the database. What fails is logged. */
void civ_node_declare_schedules(civ_node_t *node, apr_pool_t *pool);

/** Put the federation's totals into the hot state. The node's mutex is held. */
apr_status_t civ_node_fill_totals(civ_node_t *node, apr_pool_t *pool);

/** Put a head and the newest blocks into the hot state. Takes the node's mutex. */
apr_status_t civ_node_fill(civ_node_t *node, apr_pool_t *pool);

/** Look whether another writer has moved on, and take over what it did. */
apr_status_t civ_node_take_over(civ_node_t *node, apr_pool_t *pool);

/** The answer of "info" for a head. */
const char *civ_node_render_info(civ_node_t *node, const civ_state_head_t *head, apr_size_t *length,
                                 const char **tag, apr_pool_t *pool);

/** A head as the hot state has it. */
void civ_node_convert_head(civ_node_t *node, const civ_ledger_head_t *from, civ_state_head_t *to);

#endif
