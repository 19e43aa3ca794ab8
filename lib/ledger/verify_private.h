/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file verify_private.h
 * A walk over the tables while they are validated; shared by verify.c and verify_surroundings.c only.
 */
#ifndef CIV_LEDGER_VERIFY_PRIVATE_H
#define CIV_LEDGER_VERIFY_PRIVATE_H

#include "ledger/leaf_cursor.h"
#include "ledger/ledger_private.h"
#include "ledger/verifier.h"
#include "ledger/verify_index.h"
#include "ledger/validators_private.h"

/** The head row as it was when the walk began; what it claims is compared when the walk gets there. */
typedef struct civ_head_claim_t {
    int rows;
    int readable;
    apr_int64_t id, height, leaf_count, difficulty;
    const char *block_hash, *frontier;
} civ_head_claim_t;

typedef struct civ_walk_t {
    civ_ledger_t *ledger;
    civ_db_t *db;
    civ_verifier_t verifier;
    civ_leaf_cursor_t entries;
    civ_validation_t *validation;
    civ_fault_fn fault;
    civ_progress_fn progress;
    void *baton;
    civ_head_claim_t head;
    apr_int64_t voted;                     /**< the next block that there are votes on; none: APR_INT64_MAX */
    int alarmed;                           /**< the observer knows */
    int to_head;                           /**< the walk ends at the head: head and strays are examined */
    civ_index_sum_t sums[CIV_INDEX_COUNT]; /**< what the indexes should hold */
    const char *stored_hash;               /**< of the block at hand */
    const char *calculated_hash;
    apr_pool_t *pool;       /**< for the whole walk */
    apr_pool_t *page_pool;  /**< for a page of blocks */
    apr_pool_t *block_pool; /**< for a block */
} civ_walk_t;

/** Report a fault that belongs to no block that was read. */
apr_status_t civ_walk_report(civ_walk_t *walk, apr_uint64_t height, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The largest height there is; 0 where there is none. */
apr_status_t civ_walk_newest(civ_walk_t *walk, apr_uint64_t *height);

/** The row of the validator that the verifier's newest entry has registered or removed. */
apr_status_t civ_walk_validator(civ_walk_t *walk);

/** The votes on the block that the verifier is about to read the entries of. */
apr_status_t civ_walk_votes(civ_walk_t *walk);

/** Find the first block behind @a height that there are votes on. */
apr_status_t civ_walk_next_vote(civ_walk_t *walk, apr_int64_t height);

/** At the head: those still in force, rows that no entry explains, votes on no block, and the counts of votes. */
apr_status_t civ_walk_validators_end(civ_walk_t *walk);

/** Report rows that a select names by their keys in its first column. */
apr_status_t civ_walk_strays(civ_walk_t *walk, civ_ledger_sql_e sql, const civ_argument_t *arguments,
                             int count, const char *what);

/** Once the walk has reached the head: head row, stray rows, signed head, indexes, triggers. */
apr_status_t civ_walk_surroundings(civ_walk_t *walk);

#endif
