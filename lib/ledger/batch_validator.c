/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Changes to the validators within a batch: decided in the transaction that stores them, so that two that exclude each
 * other cannot both be made, whatever thread, process or host they come from.
 */
#include <apr_strings.h>

#include "ledger/batch_private.h"

/** The set that the next block needs, as the table has it. */
static apr_status_t know_validators(civ_batch_t *batch)
{
    civ_digest_t hash;
    apr_status_t status;

    if (batch->validators_known)
        return APR_SUCCESS;
    status = civ_validators_at(batch->db, batch->before.height + 1, &batch->validators, batch->pool);
    if (status != APR_SUCCESS && status != CIV_EINTEGRITY)
        return status;
    if (status == APR_SUCCESS)
        civ_validator_set_hash(&hash, &batch->validators, batch->pool);
    if (status != APR_SUCCESS || !civ_digest_equal(&hash, &batch->before.validator_set_hash))
        return civ_ledger_integrity_lost(batch->ledger,
                                         "the validators are not those that the chain registers");
    batch->validators_known = 1;
    return APR_SUCCESS;
}

apr_status_t civ_batch_change_apply(civ_batch_t *batch, civ_request_t *request)
{
    civ_validator_row_t row = {.first_height = 0};
    const char *reason = NULL;
    apr_status_t status = know_validators(batch);

    if (status != APR_SUCCESS)
        return status;
    request->status = civ_validator_set_apply(&batch->validators, request->change, batch->head.frontier.size,
                                              &row.member, &reason);
    if (request->status != APR_SUCCESS) {
        civ_problem_set(request->problem,
                        request->status == APR_NOTFOUND ? CIV_PROBLEM_NOT_FOUND : CIV_PROBLEM_CONFLICT,
                        request->pool, "Nothing was changed: %s", reason);
        return APR_SUCCESS;
    }
    if (batch->changes == NULL)
        batch->changes = apr_array_make(batch->pool, 4, sizeof(civ_validator_row_t));
    APR_ARRAY_PUSH(batch->changes, civ_validator_row_t) = row;
    return APR_SUCCESS;
}

void civ_batch_change_sealed(civ_batch_t *batch, const civ_request_t *request)
{
    civ_validator_row_t *row = &APR_ARRAY_IDX(batch->changes, batch->changes->nelts - 1, civ_validator_row_t);

    civ_validators_date(row, request->change, &request->block->header);
    civ_validator_set_hash(&batch->head.validator_set_hash, &batch->validators, batch->pool);
    batch->head.validators = batch->validators.count;
}

apr_status_t civ_batch_change_store(civ_batch_t *batch)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; batch->changes != NULL && i < batch->changes->nelts && status == APR_SUCCESS; i++)
        status = civ_validators_store(batch->db, &APR_ARRAY_IDX(batch->changes, i, civ_validator_row_t),
                                      batch->pool);
    return status;
}
