/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file proof_of_work.h
 * Mining: the smallest-effort search for a nonce. All but the last 24 bytes of the header lie in SHA-256
 * blocks that do not change, so each nonce costs one compression from a midstate.
 */
#ifndef CIV_LEDGER_PROOF_OF_WORK_H
#define CIV_LEDGER_PROOF_OF_WORK_H

#include "ledger/header.h"

/** The largest difficulty that can be asked for. */
#define CIV_DIFFICULTY_MAX 32

/** Up to this difficulty one thread mines; above it, one per processor. */
#define CIV_MINE_ALONE_BITS 16

/** Asked about every 65,536 nonces on each thread; non-zero gives the search up. May be NULL. Must be
 * thread-safe. */
typedef int (*civ_interrupted_fn)(void *baton);

/**
 * Find a nonce below 2^53 for @a header and set it.
 * @param hash the block hash that results
 * @return APR_SUCCESS; CIV_EINTERRUPTED; CIV_EINVALID when difficulty is beyond CIV_DIFFICULTY_MAX; thread
 * errors
 */
apr_status_t civ_mine(civ_header_t *header, civ_digest_t *hash, civ_interrupted_fn interrupted, void *baton,
                      apr_pool_t *pool);

#endif
