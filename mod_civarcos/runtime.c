/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "runtime_private.h"

#include "mount.h"
#include "nodes.h"
#include "sparing.h"
#include "worker_supervisor.h"

#include "base/status.h"

#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <util_mutex.h>

#include <apr_allocator.h>
#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

civ_runtime_t civ_runtime;

/* --- in the parent --- */

int civ_runtime_pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    return ap_mutex_register(pconf, CIV_MUTEX, NULL, APR_LOCK_DEFAULT, 0) == APR_SUCCESS
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

int civ_runtime_is_restart(void)
{
    int generation = 0;

    return ap_mpm_query(AP_MPMQ_GENERATION, &generation) == APR_SUCCESS && generation > 0;
}

static void bind_server(server_rec *server, server_rec *main_server, const civ_mounts_t *mounts,
                        apr_pool_t *pool)
{
    civ_server_config_t *config = apr_pmemdup(pool, civ_server_config(server), sizeof(*config));

    config->slot = civ_nodes_find(civ_runtime.nodes, server, main_server);
    config->mounts = civ_mounts_of(mounts, server, pool);
    ap_set_module_config(server->module_config, &civarcos_module, config);
}

/* Give every server a record of its own and note what requests need to know. httpd shares the main server's
 * record with those that say nothing, and that is how they are recognised: so the main server's is replaced
 * last. */
static void bind_servers(server_rec *main_server, const civ_mounts_t *mounts, apr_pool_t *pool)
{
    server_rec *server;

    for (server = main_server->next; server; server = server->next) {
        bind_server(server, main_server, mounts, pool);
    }
    bind_server(main_server, main_server, mounts, pool);
}

/* The segment that all processes of this configuration share: anonymous, so there is no file to attach to. */
static apr_status_t make_memory(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main_server)
{
    apr_size_t count = (apr_size_t)civ_runtime.nodes->nelts;
    civ_state_plan_t *plans = apr_pcalloc(ptemp, sizeof(*plans) * count);
    apr_size_t size = 0;
    apr_size_t i;
    apr_status_t status;

    for (i = 0; i < count; i++) {
        plans[i].hot_blocks = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *)->config.hot_blocks;
    }
    status = civ_state_size(&size, plans, count);
    if (status == APR_SUCCESS) {
        status = apr_shm_create(&civ_runtime.memory, size, NULL, pconf);
    }
    if (status == APR_SUCCESS) {
        status = civ_state_format(apr_shm_baseaddr_get(civ_runtime.memory), size, plans, count);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, civ_runtime_severity(), CIV_STATUS_FOR_LOG(status), main_server,
                     "CIV0311: cannot make %" APR_SIZE_T_FMT " bytes of shared memory", size);
    }
    return status;
}

/* Nobody gives back a POSIX semaphore for a process that was killed: all others would wait for ever. */
static apr_status_t check_mutex(const civ_slot_t *slot)
{
    if (strcmp(apr_global_mutex_name(slot->mutex), "posixsem") != 0) {
        return APR_SUCCESS;
    }
    ap_log_error(APLOG_MARK, civ_runtime_severity(), 0, slot->server,
                 "CIV0348: a mutex of the kind \"posixsem\" stays held for ever when a process dies that "
                 "holds it; say "
                 "\"Mutex pthread " CIV_MUTEX "\", or choose fcntl or sysvsem");
    return APR_EINVAL;
}

static apr_status_t make_mutexes(apr_pool_t *pconf)
{
    int i;

    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *);
        /* httpd logs the reason when this fails. */
        apr_status_t status =
            ap_global_mutex_create(&slot->mutex, NULL, CIV_MUTEX, apr_itoa(pconf, i), slot->server, pconf, 0);

        if (status == APR_SUCCESS) {
            status = check_mutex(slot);
        }
        if (status != APR_SUCCESS) {
            return status;
        }
    }
    return APR_SUCCESS;
}

/* httpd runs post_config twice at start. The first time is still in front of the administrator's eyes: only what is
 * likely to fail, and does no harm twice, is done then. */
static int rehearse(const civ_mounts_t *mounts, apr_pool_t *ptemp, server_rec *main_server)
{
    civ_runtime.nodes = civ_nodes_collect(main_server, mounts, 0, ptemp);
    civ_runtime_open_logs();
    return !civ_runtime.nodes->nelts || civ_runtime_start(main_server, 1, ptemp) != CIV_START_FAILED
               ? OK
               : HTTP_INTERNAL_SERVER_ERROR;
}

/* What all nodes have in common. */
static int make_common(apr_pool_t *pconf, apr_pool_t *ptemp, server_rec *main_server)
{
    return civ_store_initialize(pconf) == APR_SUCCESS &&
           make_memory(pconf, ptemp, main_server) == APR_SUCCESS && make_mutexes(pconf) == APR_SUCCESS &&
           civ_runtime_employ_housekeeper(pconf, main_server) == APR_SUCCESS;
}

int civ_runtime_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *main_server)
{
    const civ_mounts_t *mounts = civ_mounts_read(pconf);
    int has_common;

    (void)plog;
    if (!civ_mounts_any(mounts, NULL)) {
        return OK;
    }
    civ_runtime.is_restart = civ_runtime_is_restart();
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return rehearse(mounts, ptemp, main_server);
    }
    civ_runtime.nodes = civ_nodes_collect(main_server, mounts, 0, pconf);
    bind_servers(main_server, mounts, pconf);
    civ_runtime_open_logs();
    has_common = make_common(pconf, ptemp, main_server);
    if ((!has_common || civ_runtime_start(main_server, 0, ptemp) == CIV_START_FAILED) &&
        !civ_runtime.is_restart) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    if (!has_common) {
        civ_runtime.nodes = NULL;
        return OK;
    }
    civ_supervisor_start(civ_runtime.nodes, main_server, pconf);
    return OK;
}

/* --- in a child --- */

/* prefork destroys pchild from within its signal handler, in the middle of whatever request is being served; and the
 * watchdog's thread goes on in any case. Nothing is closed under either: the system clears it away, and the database is
 * safe whenever a process ends. */
static apr_status_t close_pool(void *baton)
{
    int i;

    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        if (apr_atomic_read32(&APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *)->busy)) {
            return APR_SUCCESS;
        }
    }
    if (civ_runtime_close_house()) {
        apr_pool_destroy(baton);
    }
    return APR_SUCCESS;
}

/* Where this process's nodes live: a pool without a parent, which only close_pool destroys. */
static apr_pool_t *make_pool(apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_pool_t *pool;

    if (apr_allocator_create(&allocator) != APR_SUCCESS) {
        return pchild;
    }
    if (apr_pool_create_unmanaged_ex(&pool, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return pchild;
    }
    apr_allocator_owner_set(allocator, pool);
    apr_pool_tag(pool, "civarcos nodes");
    if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return pchild;
    }
    apr_allocator_mutex_set(allocator, mutex);
    apr_pool_cleanup_register(pchild, pool, close_pool, apr_pool_cleanup_null);
    return pool;
}

void civ_runtime_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    int is_threaded = 0;
    int i;

    if (!civ_runtime.nodes || !civ_runtime.nodes->nelts) {
        return;
    }
    ap_mpm_query(AP_MPMQ_IS_THREADED, &is_threaded);
    civ_runtime.pool = make_pool(pchild);
    civ_runtime.state = civ_runtime_attach(main_server, civ_runtime.pool);
    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *);
        apr_status_t status = apr_global_mutex_child_init(
            &slot->mutex, apr_global_mutex_lockfile(slot->mutex), civ_runtime.pool);

        if (status != APR_SUCCESS) {
            ap_log_error(
                APLOG_MARK, APLOG_CRIT, status, slot->server,
                "CIV0316: this process cannot use the mutex of the node of %s and serves nothing of it",
                civ_server_label(slot->server, civ_runtime.pool));
            continue;
        }
        slot->is_serial = !is_threaded;
        slot->is_usable = !slot->is_skipped;
        if (slot->is_usable) {
            slot->unproven = civ_sparing_create(civ_runtime.pool);
            civ_runtime_try_open(slot, APLOG_ERR);
        }
    }
}

void civ_runtime_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    if (!graceful) {
        apr_atomic_set32(&civ_runtime.stopping, 1);
    }
}
