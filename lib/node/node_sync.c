/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The synchronisation of platforms on top of the ledger: its changes are the ledger's transactions.
 */
#include <string.h>

#include "base/seal.h"
#include "node/node_private.h"

static apr_status_t transact(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                             civ_problem_t *problem, apr_pool_t *pool)
{
    civ_node_t *node = baton;

    return civ_ledger_transact(node->ledger, steps, result, problem, pool);
}

void civ_node_open_engine(civ_node_t *node)
{
    node->timeline.is_noted = node->config->sync_ledger;
    node->engine.store = node->store;
    node->engine.transactor.baton = node;
    node->engine.transactor.run = transact;
    node->engine.timeline = civ_timeline_writer(&node->timeline);
    node->engine.is_noted = node->config->sync_ledger;
    node->engine.key_file = civ_node_seal_key_path(node->config, node->pool);
    node->engine.log = node->context.log;
}

const civ_engine_t *civ_node_engine(civ_node_t *node)
{
    return &node->engine;
}

void civ_node_declare_schedules(civ_node_t *node, apr_pool_t *pool)
{
    const apr_array_header_t *schedules = node->config->sync_schedules;
    civ_problem_t problem;
    apr_status_t status;

    if (!node->config->has_schedules)
        return;
    memset(&problem, 0, sizeof(problem));
    status = civ_schedules_declare(&node->engine,
                                   schedules != NULL ? (const civ_schedule_order_t *)schedules->elts : NULL,
                                   schedules != NULL ? schedules->nelts : 0, &problem, pool);
    if (status != APR_SUCCESS)
        civ_log_write(
            node->context.log, CIV_LOG_WARNING, status,
            "CIV0787: ledger \"%s\": the schedules of the configuration could not be stored; those of "
            "the last start hold until the next one%s%s",
            node->config->ledger_name, problem.detail != NULL ? ": " : "",
            problem.detail != NULL ? problem.detail : "");
}

apr_status_t civ_node_ready_seal_key(civ_node_t *node, apr_pool_t *pool)
{
    const char *path = node->engine.key_file;
    civ_seal_key_t *key;
    apr_status_t status = civ_seal_key_load(&key, path, pool);

    if (!APR_STATUS_IS_ENOENT(status))
        return status;
    status = civ_seal_key_make(&key, pool);
    if (status == APR_SUCCESS)
        status = civ_seal_key_save(key, path, pool);
    /* Another process may have been the first. */
    return APR_STATUS_IS_EEXIST(status) ? civ_seal_key_load(&key, path, pool) : status;
}
