/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runtime_start.c
 * Before there are children: the folders that only root can make, and the process that brings the nodes up.
 */
#include "runtime_private.h"

#include "node/folder.h"

#include <http_log.h>
#include <http_main.h>
#include <unixd.h>

#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_strings.h>

APLOG_USE_MODULE(civarcos);

/* The folders that this server has used: they outlive restarts, and so do their names. */
static apr_hash_t *known_folders(void)
{
    static const char key[] = "mod_civarcos folders";
    apr_hash_t **folders = ap_retained_data_get(key);

    if (!folders) {
        folders = ap_retained_data_create(key, sizeof(*folders));
        *folders = apr_hash_make(ap_pglobal);
    }
    return *folders;
}

static int is_there(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return !APR_STATUS_IS_ENOENT(apr_stat(&info, path, APR_FINFO_TYPE, pool));
}

static int is_known(const char *folder)
{
    return apr_hash_get(known_folders(), folder, APR_HASH_KEY_STRING) != NULL;
}

static void remember_folders(apr_pool_t *ptemp)
{
    int i;

    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        const char *folder = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *)->config.state_dir;

        if (!is_known(folder) && is_there(folder, ptemp)) {
            apr_hash_set(known_folders(), apr_pstrdup(ap_pglobal, folder), APR_HASH_KEY_STRING, "");
        }
    }
}

static void report_lost(const civ_slot_t *slot, const char *error, apr_pool_t *pool)
{
    ap_log_error(APLOG_MARK, civ_runtime_severity(), 0, slot->server,
                 "CIV0310: the node of %s cannot start: %s", civ_server_label(slot->server, pool),
                 error ? error : "no reason was given");
}

/* All that is left to root. A folder that was there at an earlier start and is gone is not replaced under a running server:
 * that would quietly begin another ledger. */
static civ_start_e make_folders(apr_pool_t *ptemp)
{
    civ_start_e result = CIV_START_DONE;
    int i;

    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *);
        const char *folder = slot->config.state_dir;
        const char *error = NULL;

        if (is_known(folder) && !is_there(folder, ptemp)) {
            error = apr_psprintf(
                ptemp, "its folder \"%s\" is gone; put it back, or stop and start to begin anew", folder);
        } else {
            civ_folder_make(folder, ap_unixd_config.user_id, ap_unixd_config.group_id, &error, ptemp);
        }
        if (error) {
            report_lost(slot, error, ptemp);
            slot->is_skipped = 1;
            result = CIV_START_FAILED;
        }
    }
    return result;
}

static void report_start(const civ_slot_t *slot, apr_status_t status, apr_pool_t *pool)
{
    const char *label = civ_server_label(slot->server, pool);

    if (status == CIV_EINVALID || status == CIV_EINTEGRITY) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, slot->server,
                     "CIV0317: the ledger of %s can be read but not written, for the reason given above",
                     label);
    } else if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, slot->server,
                     "CIV0314: the ledger of %s is not ready; it is tried again with every request", label);
    }
}

/* What the starting process is told. */
typedef struct start_t {
    server_rec *main_server;
    int is_rehearsal;
    apr_pool_t *pool;
} start_t;

/* Of a real start: the mutex, schema, genesis and hot state. */
static civ_start_e bring_up(civ_slot_t *slot, apr_pool_t *pool)
{
    apr_status_t status = civ_node_start(slot->node, pool);

    report_start(slot, status, pool);
    return status == APR_SUCCESS ? CIV_START_DONE : CIV_START_DEGRADED;
}

static civ_start_e start_node(civ_slot_t *slot, civ_state_t *state, const start_t *start)
{
    const char *error = NULL;

    if (civ_node_prepare(&slot->config, ap_unixd_config.user_id, ap_unixd_config.group_id, &error,
                         start->pool) != APR_SUCCESS) {
        report_lost(slot, error, start->pool);
        return CIV_START_FAILED;
    }
    if (!start->is_rehearsal &&
        apr_global_mutex_child_init(&slot->mutex, apr_global_mutex_lockfile(slot->mutex), start->pool) !=
            APR_SUCCESS) {
        report_lost(slot, "its mutex cannot be used", start->pool);
        return CIV_START_FAILED;
    }
    if (civ_runtime_open(slot, state, civ_runtime_severity(), start->pool) != APR_SUCCESS) {
        return CIV_START_FAILED;
    }
    return start->is_rehearsal ? CIV_START_DONE : bring_up(slot, start->pool);
}

/* Runs in a process of its own (starter.h), which ends with it: nothing is closed. A database that is down is no reason not to
 * serve the rest of this server. */
static civ_start_e start_nodes(void *baton)
{
    start_t *start = baton;
    civ_start_e worst = CIV_START_DONE;
    civ_state_t *state = NULL;
    int i;

    apr_pool_create(&start->pool, NULL);
    apr_pool_tag(start->pool, "civarcos start");
    if (!start->is_rehearsal) {
        state = civ_runtime_attach(start->main_server, start->pool);
    }
    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *);
        civ_start_e result = slot->is_skipped ? CIV_START_FAILED : start_node(slot, state, start);

        worst = result > worst ? result : worst;
    }
    return worst;
}

civ_start_e civ_runtime_start(server_rec *main_server, int is_rehearsal, apr_pool_t *ptemp)
{
    start_t start = {main_server, is_rehearsal, NULL};
    civ_start_e folders = make_folders(ptemp);
    civ_start_e result = folders == CIV_START_DONE || civ_runtime.is_restart
                             ? civ_starter_run(start_nodes, &start, main_server, ptemp)
                             : folders;

    remember_folders(ptemp);
    return result;
}
