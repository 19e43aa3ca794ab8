/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The federation on top of the ledger: its changes are the ledger's transactions, and its totals are hot.
 */
#include <string.h>

#include "node/node_private.h"

static apr_status_t transact(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                             civ_problem_t *problem, apr_pool_t *pool)
{
    civ_node_t *node = baton;

    return civ_ledger_transact(node->ledger, steps, result, problem, pool);
}

_Static_assert(CIV_NODE_MEMBERS_VERSION < CIV_NODE_TOTALS, "each counter has a place of its own");

static void totals_moved(void *baton, const civ_totals_t *by)
{
    civ_node_t *node = baton;
    unsigned i;

    for (i = 0; i < CIV_TOTAL_COUNT; i++)
        if (by->values[i] != 0)
            civ_state_counter_add(node->context.hot, CIV_NODE_TOTALS + i, by->values[i]);
}

static apr_int64_t members_version(void *baton)
{
    civ_node_t *node = baton;

    return civ_state_counter(node->context.hot, CIV_NODE_MEMBERS_VERSION);
}

static void members_changed(void *baton)
{
    civ_node_t *node = baton;

    civ_state_counter_add(node->context.hot, CIV_NODE_MEMBERS_VERSION, 1);
}

apr_status_t civ_node_open_federation(civ_node_t *node)
{
    civ_federation_config_t *config = &node->federation_config;

    config->store = node->store;
    config->transactor.baton = node;
    config->transactor.run = transact;
    config->pseudonym_key = node->pseudonym_key;
    config->key = node->key;
    config->join = node->config->federation_join;
    config->min_contributors = node->config->benchmark_min_contributors;
    config->metric_bounds = node->config->benchmark_bounds;
    config->min_votes = node->config->federation_min_votes;
    config->threshold = node->config->federation_threshold;
    config->plain_http = node->config->egress_plain_http;
    if (node->context.hot != NULL) {
        config->totals_moved = totals_moved;
        config->members_version = members_version;
        config->members_changed = members_changed;
    }
    config->baton = node;
    config->log = node->context.log;
    return civ_federation_open(&node->federation, config, node->pool);
}

civ_federation_t *civ_node_federation(civ_node_t *node)
{
    return node->federation;
}

/** The lock is held. What was made of one that failed is given back: the next request tries again. */
static void make_redactor(civ_node_t *node)
{
    apr_pool_t *pool;
    apr_status_t status;

    apr_pool_create(&pool, node->pool);
    status = civ_redactor_create(&node->redactor, 1, pool);
    if (status == APR_SUCCESS)
        return;
    node->redactor = NULL;
    apr_pool_destroy(pool);
    civ_log_write(
        node->context.log, CIV_LOG_ERROR, status,
        "CIV0256: the rules that take secrets out of texts cannot be compiled; no evidence and no threats "
        "can be shared");
}

const civ_redactor_t *civ_node_redactor(civ_node_t *node, civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_redactor_t *redactor;

    apr_thread_mutex_lock(node->lock);
    if (node->redactor == NULL)
        make_redactor(node);
    redactor = node->redactor;
    apr_thread_mutex_unlock(node->lock);
    if (redactor == NULL)
        civ_problem_set(problem, CIV_PROBLEM_INTERNAL, pool, "The server is out of resources");
    return redactor;
}

apr_status_t civ_node_fill_totals(civ_node_t *node, apr_pool_t *pool)
{
    civ_totals_t totals;
    apr_status_t status = civ_federation_totals(node->federation, &totals, pool);
    unsigned i;

    /* What others committed may have been of members. */
    members_changed(node);
    for (i = 0; i < CIV_TOTAL_COUNT && status == APR_SUCCESS; i++)
        civ_state_counter_set(node->context.hot, CIV_NODE_TOTALS + i, totals.values[i]);
    return status;
}

apr_status_t civ_node_federation_totals(civ_node_t *node, civ_totals_t *totals, civ_problem_t *problem,
                                        apr_pool_t *pool)
{
    apr_status_t status;
    unsigned i;

    if (node->context.hot == NULL) {
        status = civ_federation_totals(node->federation, totals, pool);
        if (status != APR_SUCCESS)
            civ_store_problem_reading(problem, status, pool);
        return status;
    }
    for (i = 0; i < CIV_TOTAL_COUNT; i++)
        totals->values[i] = civ_state_counter(node->context.hot, CIV_NODE_TOTALS + i);
    return APR_SUCCESS;
}
