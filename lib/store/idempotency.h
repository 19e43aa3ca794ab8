/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file idempotency.h
 * Answers kept for Idempotency-Key: looked up and recorded in the transaction that does the work, so that a
 * repeat finds the first answer also when both arrive at once, in other processes, or after a restart.
 */
#ifndef CIV_STORE_IDEMPOTENCY_H
#define CIV_STORE_IDEMPOTENCY_H

#include "base/digest.h"
#include "store/store.h"

/** How long an answer is kept: 24 hours, in milliseconds. */
#define CIV_IDEMPOTENCY_KEPT APR_INT64_C(86400000)

typedef struct civ_idempotency_t {
    civ_digest_t key;     /**< SHA-256 over who, method, path and the key itself */
    civ_digest_t request; /**< SHA-256 of the request body as received */
} civ_idempotency_t;

/**
 * Look a key up, inside the caller's transaction.
 * @param answer what civ_idempotency_record was given, on @a pool
 * @return APR_SUCCESS (repeat: use @a answer); APR_NOTFOUND (first time, or older than 24 hours);
 *         CIV_ECONFLICT (same key, another request: @a problem is KEY_REUSED); database errors
 */
apr_status_t civ_idempotency_find(civ_db_t *db, const civ_idempotency_t *idempotency, apr_int64_t now,
                                  const char **answer, civ_problem_t *problem, apr_pool_t *pool);

/** Record the answer, inside the caller's transaction. @a answer is whatever lets the area give it again. */
apr_status_t civ_idempotency_record(civ_db_t *db, const civ_idempotency_t *idempotency, apr_int64_t now,
                                    const char *answer);

/** Whether there is anything to forget, without taking the database's write lock. */
apr_status_t civ_idempotency_any_expired(civ_db_t *db, apr_int64_t now, int *any, apr_pool_t *pool);

/** Forget answers older than 24 hours, at most 1,000 a call. @param removed how many; may be NULL */
apr_status_t civ_idempotency_expire(civ_db_t *db, apr_int64_t now, int *removed);

#endif
