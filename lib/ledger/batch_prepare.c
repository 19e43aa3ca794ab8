/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Preparing a batch: everything that can be done in memory before the first row is written.
 */
#include <apr_strings.h>

#include "ledger/batch_private.h"

/* Waiting evidence is sealed at this many bytes even when CivarcosSealCount is not reached: keeps blocks readable. */
#define PENDING_BYTES (1024 * 1024)

/* So many at once are sealed at once: a block costs less than writing them now, and reading, deleting and writing them again later. */
#define MANY 32

static apr_status_t seal(civ_batch_t *batch, const civ_entry_t *entries, apr_size_t count,
                         civ_block_t **block)
{
    apr_status_t status = civ_seal_block(batch->ledger, &batch->head, entries, count, block, batch->pool);

    if (status == APR_SUCCESS)
        APR_ARRAY_PUSH(batch->blocks, civ_block_t *) = *block;
    return status;
}

apr_status_t civ_batch_know_pending(civ_batch_t *batch)
{
    if (batch->pending_known)
        return APR_SUCCESS;
    batch->pending_known = 1;
    return civ_pending_state(batch->db, &batch->pending, batch->pool);
}

apr_uint64_t civ_batch_waiting(const civ_batch_t *batch)
{
    return (batch->drained ? 0 : (apr_uint64_t)batch->pending.count) + (apr_uint64_t)batch->waiting->nelts;
}

/** Seal all that waits, in order, as one block (or, beyond a block's cap, several); the last one is returned.
 */
static apr_status_t seal_waiting(civ_batch_t *batch, civ_block_t **block)
{
    apr_array_header_t *entries = apr_array_make(batch->pool, 64, sizeof(civ_entry_t));
    apr_status_t status = APR_SUCCESS;
    int done = 0;

    if (!batch->drained)
        status = civ_pending_load(batch->ledger, batch->db, entries, batch->pool);
    apr_array_cat(entries, batch->waiting);
    while (status == APR_SUCCESS && done < entries->nelts) {
        int count = entries->nelts - done;

        if (count > CIV_BLOCK_MAX_ENTRIES)
            count = CIV_BLOCK_MAX_ENTRIES;
        status = seal(batch, (const civ_entry_t *)entries->elts + done, (apr_size_t)count, block);
        done += count;
    }
    batch->drained = 1;
    apr_array_clear(batch->waiting);
    batch->waiting_bytes = 0;
    return status;
}

void civ_batch_wait(civ_batch_t *batch, const civ_entry_t *entry)
{
    APR_ARRAY_PUSH(batch->waiting, civ_entry_t) = *entry;
    batch->waiting_bytes += entry->length;
}

/** Seal what waits if that is as much as CivarcosSealCount. */
static apr_status_t seal_full(civ_batch_t *batch)
{
    apr_uint64_t bytes = (batch->drained ? 0 : (apr_uint64_t)batch->pending.bytes) + batch->waiting_bytes;
    civ_block_t *unused;

    if (civ_batch_waiting(batch) < batch->ledger->config->seal_count && bytes < PENDING_BYTES)
        return APR_SUCCESS;
    return seal_waiting(batch, &unused);
}

apr_status_t civ_batch_seal_many(civ_batch_t *batch)
{
    civ_block_t *unused;

    return batch->waiting->nelts < MANY ? seal_full(batch) : seal_waiting(batch, &unused);
}

static apr_status_t prepare_pend(civ_batch_t *batch, civ_request_t *request)
{
    apr_size_t i;
    apr_status_t status = civ_batch_know_pending(batch);

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < request->count; i++)
        civ_batch_wait(batch, &request->entries[i]);
    status = seal_full(batch);
    request->result->pending = civ_batch_waiting(batch);
    request->answer = apr_psprintf(batch->pool, "%" APR_UINT64_T_FMT, request->result->pending);
    return status;
}

static apr_status_t prepare_seal(civ_batch_t *batch, civ_request_t *request)
{
    apr_status_t status = civ_batch_know_pending(batch);

    if (status != APR_SUCCESS)
        return status;
    if (civ_batch_waiting(batch) == 0) {
        civ_problem_set(request->problem, CIV_PROBLEM_CONFLICT, request->pool,
                        "No evidence is pending, so there is nothing to seal");
        request->status = CIV_ECONFLICT;
        return APR_SUCCESS;
    }
    return seal_waiting(batch, &request->block);
}

static apr_status_t prepare_change(civ_batch_t *batch, civ_request_t *request)
{
    apr_status_t status = civ_batch_change_apply(batch, request);

    if (status != APR_SUCCESS || request->status != APR_SUCCESS)
        return status;
    status = seal(batch, request->entries, request->count, &request->block);
    if (status == APR_SUCCESS)
        civ_batch_change_sealed(batch, request);
    return status;
}

apr_status_t civ_batch_find_answer(civ_batch_t *batch, civ_request_t *request)
{
    civ_request_t *other;
    apr_status_t status;

    for (other = batch->requests; other != request; other = other->next) {
        /* A request that was refused has not taken the key: an earlier batch may have, and for this request. */
        if (other->idempotency == NULL || other->status != APR_SUCCESS ||
            !civ_digest_equal(&other->idempotency->key, &request->idempotency->key))
            continue;
        if (other->kind == request->kind &&
            civ_digest_equal(&other->idempotency->request, &request->idempotency->request)) {
            request->same_as = other;
            return APR_SUCCESS;
        }
        civ_problem_set(request->problem, CIV_PROBLEM_KEY_REUSED, request->pool,
                        "This Idempotency-Key was used with another request body");
        request->status = CIV_ECONFLICT;
        return APR_SUCCESS;
    }
    status = civ_idempotency_find(batch->db, request->idempotency, batch->now, &request->answer,
                                  request->problem, batch->pool);
    request->repeated = status == APR_SUCCESS;
    if (status == CIV_ECONFLICT)
        request->status = status;
    return status == APR_NOTFOUND || status == CIV_ECONFLICT ? APR_SUCCESS : status;
}

static apr_status_t prepare_request(civ_batch_t *batch, civ_request_t *request)
{
    apr_status_t status = APR_SUCCESS;

    /* Within the transaction, once the blocks are mined. */
    if (request->kind == CIV_REQUEST_TRANSACT)
        return APR_SUCCESS;
    if (request->idempotency != NULL)
        status = civ_batch_find_answer(batch, request);
    if (status != APR_SUCCESS || request->status != APR_SUCCESS || request->repeated ||
        request->same_as != NULL)
        return status;
    switch (request->kind) {
    case CIV_REQUEST_APPEND:
        status = seal(batch, request->entries, request->count, &request->block);
        break;
    case CIV_REQUEST_PEND:
        return prepare_pend(batch, request);
    case CIV_REQUEST_SEAL:
        status = prepare_seal(batch, request);
        break;
    case CIV_REQUEST_CHANGE:
        status = prepare_change(batch, request);
        break;
    case CIV_REQUEST_TRANSACT:
        break;
    }
    if (status == APR_SUCCESS && request->block != NULL)
        request->answer = apr_psprintf(batch->pool, "%" APR_UINT64_T_FMT, request->block->header.height);
    return status;
}

apr_status_t civ_batch_prepare(civ_batch_t *batch)
{
    civ_request_t *request;
    apr_status_t status = APR_SUCCESS;

    for (request = batch->requests; request != NULL; request = request->next) {
        request->status = APR_SUCCESS;
        request->answer = NULL;
        request->repeated = 0;
        request->block = NULL;
        request->same_as = NULL;
    }
    for (request = batch->requests; request != NULL && status == APR_SUCCESS; request = request->next)
        status = prepare_request(batch, request);
    return status;
}
