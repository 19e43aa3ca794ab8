/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Changes of other areas within the ledger's transaction. What they put on record waits to be sealed like posted evidence.
 */
#include <apr_strings.h>
#include <string.h>

#include "ledger/batch_private.h"

/** A note becomes an entry that waits. What cannot be one is a fault of the area; the rows are written by now, so all of the
 *  transaction is given up. */
static apr_status_t take_note(civ_batch_t *batch, const char *text)
{
    civ_entry_t entry;
    apr_status_t status = civ_read_entry(&entry, text, batch->pool);

    /* Nobody but the ledger says who may vote, or how much work a block needs. */
    if (status == APR_SUCCESS && civ_entry_governs(&entry))
        status = CIV_EINVALID;
    if (status == APR_SUCCESS)
        civ_batch_wait(batch, &entry);
    else
        civ_log_write(
            batch->ledger->config->log, CIV_LOG_ERROR, status,
            "CIV0660: ledger \"%s\": what puts a change on record cannot be an entry; nothing was stored",
            batch->ledger->config->name);
    return status;
}

static apr_status_t take_notes(civ_batch_t *batch, const civ_change_t *change)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < change->notes->nelts && status == APR_SUCCESS; i++)
        status = take_note(batch, APR_ARRAY_IDX(change->notes, i, const char *));
    return status;
}

/** A refusal is the request's own; anything else fails all. */
static apr_status_t step(civ_request_t *request, civ_change_fn function, civ_change_t *change)
{
    apr_status_t status;

    memset(request->problem, 0, sizeof(*request->problem));
    status = function(request->steps->baton, change);
    if (status == APR_SUCCESS || request->problem->kind == CIV_PROBLEM_NONE)
        return status;
    request->status = status;
    return APR_SUCCESS;
}

static apr_status_t apply(civ_batch_t *batch, civ_request_t *request, civ_change_t *change)
{
    apr_status_t status = step(request, request->steps->apply, change);

    if (status != APR_SUCCESS || request->status != APR_SUCCESS)
        return status;
    request->applied = 1;
    request->answer = change->answer != NULL ? change->answer : "";
    return take_notes(batch, change);
}

static apr_status_t transact(civ_batch_t *batch, civ_request_t *request)
{
    civ_change_t change = {.db = batch->db,
                           .now = batch->now,
                           .problem = request->problem,
                           .pool = request->pool,
                           .notes = apr_array_make(batch->pool, 2, sizeof(const char *))};
    apr_status_t status = APR_SUCCESS;

    request->applied = 0;
    batch->transacted = 1;
    if (request->steps->admit != NULL)
        status = step(request, request->steps->admit, &change);
    if (status == APR_SUCCESS && request->status == APR_SUCCESS && request->idempotency != NULL)
        status = civ_batch_find_answer(batch, request);
    if (status != APR_SUCCESS || request->status != APR_SUCCESS || request->repeated ||
        request->same_as != NULL)
        return status;
    return apply(batch, request, &change);
}

apr_status_t civ_batch_transact(civ_batch_t *batch)
{
    civ_request_t *request;
    apr_status_t status = APR_SUCCESS;

    for (request = batch->requests; request != NULL && status == APR_SUCCESS; request = request->next) {
        if (request->kind != CIV_REQUEST_TRANSACT)
            continue;
        status = civ_batch_know_pending(batch);
        if (status == APR_SUCCESS)
            status = transact(batch, request);
    }
    /* Long mining would hold the database's write lock; the housekeeper seals then. */
    if (status == APR_SUCCESS && batch->transacted && batch->before.difficulty <= CIV_MINE_ALONE_BITS)
        status = civ_batch_seal_many(batch);
    return status;
}

void civ_batch_transacted(civ_batch_t *batch)
{
    civ_request_t *request;

    for (request = batch->requests; request != NULL; request = request->next)
        if (request->kind == CIV_REQUEST_TRANSACT && request->applied) {
            request->outcome->answer = apr_pstrdup(request->pool, request->answer);
            if (request->steps->committed != NULL)
                request->steps->committed(request->steps->baton);
        }
}
