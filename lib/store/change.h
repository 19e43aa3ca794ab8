/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file change.h
 * A change to the tables of one area, made within a transaction that it shares with other requests, and put on record in the
 * ledger by the same commit. The area writes its rows; who owns the transaction (begin, commit, retries, what waits for
 * whom) does the rest, and neither knows the other.
 */
#ifndef CIV_STORE_CHANGE_H
#define CIV_STORE_CHANGE_H

#include <apr_tables.h>

#include "store/idempotency.h"
#include "store/store.h"

/** One attempt at a change, as the functions of civ_change_steps_t see it. */
typedef struct civ_change_t {
    civ_db_t *db;    /**< in a transaction; writers of all processes and hosts are shut out */
    apr_int64_t now; /**< of the transaction, in milliseconds */
    civ_problem_t *problem;
    apr_pool_t *pool; /**< of the caller; results may stay on it */
    apr_array_header_t
        *notes;         /**< const char *: JSON objects in RFC 8785 form, to become entries of the ledger */
    const char *answer; /**< to be kept for the Idempotency-Key and handed to the caller; NULL: none */
} civ_change_t;

/**
 * Make the change. A refusal does not take the Idempotency-Key: whoever comes with it next is heard. It may be called again with a fresh transaction, after the one before was given up.
 * @return APR_SUCCESS; or a refusal: any other status with change->problem filled, before anything was written; or a failure
 * of the database as it came, with change->problem left alone, which fails the whole transaction
 */
typedef apr_status_t (*civ_change_fn)(void *baton, civ_change_t *change);

typedef struct civ_change_steps_t {
    /** Before the Idempotency-Key is looked up: what it writes stays even when @a apply refuses. NULL: nothing. */
    civ_change_fn admit;
    civ_change_fn apply;
    /** The commit is on disk; called in the order of commits of this host, before the caller wakes. NULL: nothing. */
    void (*committed)(void *baton);
    void *baton;
    const civ_idempotency_t *idempotency; /**< NULL: none */
} civ_change_steps_t;

/** What came of it. */
typedef struct civ_change_result_t {
    const char *answer; /**< change->answer, now or the first time; on the caller's pool */
    int repeated;       /**< the answer is an earlier one for the same Idempotency-Key: nothing was changed */
} civ_change_result_t;

/** Who makes changes happen. */
typedef struct civ_transactor_t {
    void *baton;
    /** @return APR_SUCCESS: on disk; the refusal; else a status with @a problem filled (UNAVAILABLE, READ_ONLY, INTERNAL):
     * nothing was stored */
    apr_status_t (*run)(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                        civ_problem_t *problem, apr_pool_t *pool);
} civ_transactor_t;

/** Make a change that is nothing but its function: no Idempotency-Key, no answer. @return as civ_transactor_t's run */
apr_status_t civ_change_run(const civ_transactor_t *transactor, civ_change_fn apply, void *baton,
                            civ_problem_t *problem, apr_pool_t *pool);

#endif
