/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runtime_nodes.c
 * The nodes of a process: their logs, opening them, and trying again.
 */
#include "runtime_private.h"

#include "base/status.h"

#include <http_log.h>

#include <apr_atomic.h>

APLOG_USE_MODULE(civarcos);

/* How often a child tries to open a node whose folder was out of reach. */
#define REOPEN_INTERVAL APR_USEC_PER_SEC

static void write_log(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    ap_log_error(APLOG_MARK, (int)level, CIV_STATUS_FOR_LOG(status), (const server_rec *)baton, "%s",
                 message);
}

static void open_log(civ_slot_t *slot)
{
    int level = ap_get_server_module_loglevel(slot->server, APLOG_MODULE_INDEX);

    slot->log.write = write_log;
    slot->log.baton = slot->server;
    slot->log.level = level > APLOG_DEBUG ? CIV_LOG_DEBUG : (civ_log_level_e)level;
}

void civ_runtime_open_logs(void)
{
    int i;

    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        open_log(APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *));
    }
}

int civ_runtime_severity(void)
{
    return civ_runtime.is_restart ? APLOG_CRIT : APLOG_EMERG;
}

int civ_runtime_is_stopping(void *baton)
{
    (void)baton;
    return apr_atomic_read32(&civ_runtime.stopping) != 0 || civ_starter_is_orphan();
}

civ_state_t *civ_runtime_attach(server_rec *server, apr_pool_t *pool)
{
    civ_state_t *state = NULL;
    apr_status_t status = civ_state_attach(&state, apr_shm_baseaddr_get(civ_runtime.memory),
                                           apr_shm_size_get(civ_runtime.memory), pool);

    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                     "CIV0312: the shared memory is damaged; this process works without it");
        return NULL;
    }
    return state;
}

apr_status_t civ_runtime_open(civ_slot_t *slot, civ_state_t *state, int level, apr_pool_t *pool)
{
    const char *error = NULL;
    civ_node_t *node = NULL;
    apr_status_t status;

    slot->hot = state ? civ_state_node(state, slot->index) : NULL;
    slot->context.hot = slot->hot;
    slot->context.mutex = slot->mutex;
    slot->context.interrupted = civ_runtime_is_stopping;
    slot->context.log = &slot->log;
    status = civ_node_open(&node, &slot->config, &slot->context, &error, pool);
    if (status == APR_SUCCESS) {
        /* Other threads may look at any time. */
        __atomic_store_n(&slot->node, node, __ATOMIC_RELEASE);
    } else {
        ap_log_error(APLOG_MARK, level, 0, slot->server, "CIV0313: the node of %s cannot be opened: %s",
                     civ_server_label(slot->server, pool), error ? error : "no reason was given");
    }
    return status;
}

apr_status_t civ_runtime_try_open(civ_slot_t *slot, int level)
{
    apr_pool_t *pool;
    apr_status_t status;

    apr_pool_create(&pool, civ_runtime.pool);
    slot->next_open = apr_time_now() + REOPEN_INTERVAL;
    status = civ_runtime_open(slot, civ_runtime.state, level, pool);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
    }
    return status;
}

/* Why it fails was logged when the child began. */
static void reopen_node(civ_slot_t *slot)
{
    if (civ_runtime_try_open(slot, APLOG_DEBUG) == APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, slot->server, "CIV0318: the node %s is open now",
                     slot->config.ledger_name);
    }
}

/* Further ahead than one interval: the clock was set back. */
static int is_time(const civ_slot_t *slot)
{
    apr_time_t now = apr_time_now();

    return now >= slot->next_open || slot->next_open - now > REOPEN_INTERVAL;
}

civ_node_t *civ_runtime_node(civ_slot_t *slot)
{
    civ_node_t *node = __atomic_load_n(&slot->node, __ATOMIC_ACQUIRE);

    if (node || !slot->is_usable || apr_atomic_cas32(&slot->opening, 1, 0) != 0) {
        return node;
    }
    if (!slot->node && is_time(slot) && !civ_runtime_is_stopping(NULL)) {
        reopen_node(slot);
    }
    node = slot->node;
    apr_atomic_set32(&slot->opening, 0);
    return node;
}
