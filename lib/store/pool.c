/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The pool of connections of one process: an apr_reslist whose traps are shut (nothing is built ahead,
 * waiting is bounded, every connection has a root pool of its own so that no clean-up order can hurt it).
 */
#include <apr_atomic.h>
#include <apr_reslist.h>

#include "store/store_private.h"

/* A connection beyond pool_min is closed when it was idle this long. */
#define IDLE_SECONDS 60
#define ACQUIRE_WAIT apr_time_from_sec(5)

struct civ_store_t {
    const civ_store_config_t *config;
    apr_reslist_t *connections;
    apr_pool_t *pool;
    /** Grows when a connection found the database not as it should be: all older connections are then
     * replaced, since one that was opened read-only stays so when the file can be written again. */
    apr_uint32_t epoch;
    /** When a connection was last refused, and how; used only by construct, which the list lets in one at a time. */
    apr_time_t refused;
    apr_status_t refusal;
    civ_repetition_t reported;
};

/** A clock that was set back is not waited for. */
static int is_refused_still(const civ_store_t *store)
{
    apr_interval_time_t pause = civ_dialect_find(store->config->driver)->reopen_pause;
    apr_time_t now = apr_time_now();

    return pause > 0 && now >= store->refused && now - store->refused < pause;
}

static apr_status_t construct(void **resource, void *baton, apr_pool_t *unused)
{
    civ_store_t *store = baton;
    civ_db_t *db;
    apr_status_t status;

    (void)unused;
    /* A server that is gone is waited for in vain once, not by each of those who came meanwhile, one after the other. */
    if (is_refused_still(store))
        return store->refusal;
    status = civ_db_open_again(&db, store->config, &store->reported, NULL);
    if (status != APR_SUCCESS) {
        store->refused = apr_time_now();
        store->refusal = status;
        return status;
    }
    /* The next failure is news. */
    store->reported.words[0] = '\0';
    db->epoch = apr_atomic_read32(&store->epoch);
    *resource = db;
    return APR_SUCCESS;
}

static apr_status_t destruct(void *resource, void *baton, apr_pool_t *unused)
{
    (void)baton;
    (void)unused;
    civ_db_close(resource);
    return APR_SUCCESS;
}

apr_status_t civ_store_create(civ_store_t **out, const civ_store_config_t *config, apr_pool_t *pool)
{
    civ_store_t *store = apr_pcalloc(pool, sizeof(*store));
    const char *error;
    apr_status_t status;
    int minimum = config->pool_min;
    int maximum = config->pool_max > 0 ? config->pool_max : 1;

    status = civ_store_check_driver(config->driver, &error, pool);
    if (status != APR_SUCCESS) {
        civ_log_write(config->log, CIV_LOG_ERROR, APR_SUCCESS, "CIV0104: %s", error);
        return status;
    }
    store->config = config;
    apr_pool_create(&store->pool, pool);
    status = apr_reslist_create(&store->connections, 0, minimum < maximum ? minimum : maximum, maximum,
                                apr_time_from_sec(IDLE_SECONDS), construct, destruct, store, store->pool);
    if (status != APR_SUCCESS)
        return status;
    apr_reslist_timeout_set(store->connections,
                            config->acquire_wait > 0 ? config->acquire_wait : ACQUIRE_WAIT);
    apr_reslist_cleanup_order_set(store->connections, APR_RESLIST_CLEANUP_FIRST);
    *out = store;
    return APR_SUCCESS;
}

apr_status_t civ_store_acquire(civ_store_t *store, civ_db_t **db)
{
    for (;;) {
        void *resource;
        apr_status_t status = apr_reslist_acquire(store->connections, &resource);

        if (status != APR_SUCCESS)
            return status;
        *db = resource;
        if ((*db)->epoch == apr_atomic_read32(&store->epoch) &&
            ((*db)->dialect->is_alive == NULL || (*db)->dialect->is_alive(*db)))
            return APR_SUCCESS;
        apr_reslist_invalidate(store->connections, resource);
    }
}

void civ_store_release(civ_store_t *store, civ_db_t *db)
{
    civ_db_rollback(db);
    if (!db->broken) {
        apr_reslist_release(store->connections, db);
        return;
    }
    if (db->epoch == apr_atomic_read32(&store->epoch))
        apr_atomic_inc32(&store->epoch);
    apr_reslist_invalidate(store->connections, db);
}
