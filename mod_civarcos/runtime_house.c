/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runtime_house.c
 * Housekeeping: the thread of mod_watchdog that looks after the nodes, in one child at a time.
 */
#include "runtime_private.h"

#include <http_log.h>
#include <mod_watchdog.h>

#include <apr_atomic.h>
#include <apr_optional.h>

APLOG_USE_MODULE(civarcos);

/* What the watchdog's thread of this process is doing: one of HOUSE_... */
static apr_uint32_t house;

#define HOUSE_FREE   0
#define HOUSE_KEPT   1 /* it is at work */
#define HOUSE_CLOSED 2 /* it is not to begin again */

/* How long a child that ends waits for that thread. httpd sends a second signal after three seconds. */
#define CLOSE_TRIES 500
#define CLOSE_PAUSE apr_time_from_msec(5)

static void keep_nodes(apr_pool_t *pool)
{
    int i;

    for (i = 0; i < civ_runtime.nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(civ_runtime.nodes, i, civ_slot_t *);
        civ_node_t *node = civ_runtime_node(slot);
        apr_pool_t *round;

        if (!node || apr_atomic_read32(&civ_runtime.stopping)) {
            continue;
        }
        /* What fails is logged below, and tried again in a second. */
        apr_pool_create(&round, pool);
        civ_node_maintain(node, round);
        apr_pool_destroy(round);
    }
}

static apr_status_t keep_house(int state, void *baton, apr_pool_t *pool)
{
    (void)baton;
    if (state == AP_WATCHDOG_STATE_RUNNING &&
        apr_atomic_cas32(&house, HOUSE_KEPT, HOUSE_FREE) == HOUSE_FREE) {
        keep_nodes(pool);
        apr_atomic_set32(&house, HOUSE_FREE);
    }
    return APR_SUCCESS;
}

int civ_runtime_close_house(void)
{
    int tries;

    apr_atomic_set32(&civ_runtime.stopping, 1);
    for (tries = 0; tries < CLOSE_TRIES; tries++) {
        if (apr_atomic_cas32(&house, HOUSE_CLOSED, HOUSE_FREE) == HOUSE_FREE) {
            return 1;
        }
        apr_sleep(CLOSE_PAUSE);
    }
    return 0;
}

apr_status_t civ_runtime_employ_housekeeper(apr_pool_t *pconf, server_rec *main_server)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t status = APR_ENOTIMPL;

    if (get && add) {
        status = get(&watchdog, "_civarcos_", 0, 1, pconf);
    }
    if (status == APR_SUCCESS) {
        status = add(watchdog, AP_WD_TM_INTERVAL, NULL, keep_house);
    }
    if (status != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, civ_runtime_severity(), status, main_server,
                     "CIV0315: mod_watchdog takes no task from us");
    }
    return status;
}
