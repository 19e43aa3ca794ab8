/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Walking the chain block by block in constant memory: what an export is made of.
 */
#include "ledger/ledger_private.h"

static apr_status_t read_one(civ_ledger_t *ledger, apr_uint64_t height, civ_block_t **block, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_db_t *db;
    /* Borrowed for each block: a slow reader at the other end must not keep a connection from others. */
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_read_block(db, height, block, &fault, pool);
    civ_store_release(ledger->config->store, db);
    if (status == CIV_EINTEGRITY)
        return civ_ledger_integrity_lost(ledger, fault);
    return status;
}

apr_status_t civ_ledger_walk(civ_ledger_t *ledger, apr_uint64_t first, apr_uint64_t last, civ_block_fn each,
                             void *baton, apr_pool_t *pool)
{
    apr_uint64_t height;
    apr_pool_t *scratch;
    apr_status_t status = APR_SUCCESS;

    apr_pool_create(&scratch, pool);
    for (height = first; height <= last && status == APR_SUCCESS; height++) {
        civ_block_t *block;

        apr_pool_clear(scratch);
        status = read_one(ledger, height, &block, scratch);
        if (status == APR_SUCCESS)
            status = each(baton, block, scratch);
    }
    apr_pool_destroy(scratch);
    return status;
}
