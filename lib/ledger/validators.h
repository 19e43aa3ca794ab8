/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file validators.h
 * Registering and removing validators. Both are entries of the ledger, each in a block of its own, and hold from the block
 * after it. Thread-safe; results live on the caller's pool.
 */
#ifndef CIV_LEDGER_VALIDATORS_H
#define CIV_LEDGER_VALIDATORS_H

#include "ledger/ledger.h"
#include "ledger/quorum.h"
#include "ledger/validator_set.h"

typedef struct civ_validator_t {
    const char *id;
    unsigned char key[CIV_KEY_PUBLIC_SIZE];
    apr_int64_t stake;
    apr_int64_t joined;        /**< time of the block that registered it, in ms */
    apr_uint64_t registration; /**< leaf index of the entry that registered it */
    civ_standing_t standing;
} civ_validator_t;

/**
 * Register a validator; on disk on return.
 * @param key one that civ_public_key_from_json has accepted
 * @param repeated set to whether this is an earlier answer for the same Idempotency-Key
 * @return APR_SUCCESS; CIV_ECONFLICT (CONFLICT): id or key are registered already, or there are too many; else as
 * civ_ledger_append
 */
apr_status_t civ_ledger_register(civ_ledger_t *ledger, const char *id, const civ_public_key_t *key,
                                 apr_int64_t stake, const civ_idempotency_t *idempotency,
                                 civ_validator_t *validator, int *repeated, civ_problem_t *problem,
                                 apr_pool_t *pool);

/** Remove one. @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND); else as civ_ledger_append */
apr_status_t civ_ledger_unregister(civ_ledger_t *ledger, const char *id, civ_validator_t *validator,
                                   civ_problem_t *problem, apr_pool_t *pool);

/** One that is registered now, by its id. @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND); database errors */
apr_status_t civ_ledger_validator(civ_ledger_t *ledger, const char *id, civ_validator_t *validator,
                                  civ_problem_t *problem, apr_pool_t *pool);

typedef struct civ_validator_page_t {
    civ_validator_t *validators; /**< in the order of their registration */
    int count;
    int more; /**< non-zero: go on behind the last one's registration */
} civ_validator_page_t;

/** Those that are registered now. @param after a registration, or -1; @param limit 1 to 1000 */
apr_status_t civ_ledger_validators(civ_ledger_t *ledger, apr_int64_t after, int limit,
                                   civ_validator_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

#endif
