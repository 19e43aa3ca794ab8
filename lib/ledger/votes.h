/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file votes.h
 * Votes of validators on blocks, and what they come to. They never hold up blocks: whether a block is accepted is said of
 * it afterwards. Thread-safe; results live on the caller's pool.
 */
#ifndef CIV_LEDGER_VOTES_H
#define CIV_LEDGER_VOTES_H

#include "ledger/validators.h"

typedef struct civ_vote_t {
    civ_digest_t block_hash;
    const char *validator_id;
    int accepts;
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE]; /**< over civ_vote_statement */
} civ_vote_t;

/** A vote that was cast. */
typedef struct civ_cast_vote_t {
    const char *validator_id;
    apr_int64_t stake;
    civ_ballot_e ballot;
    const char *accept, *reject; /**< signatures in base64; "": none */
} civ_cast_vote_t;

typedef struct civ_consensus_t {
    apr_uint64_t height;
    civ_digest_t block_hash;
    civ_digest_t validator_set_hash; /**< of the block's header */
    apr_uint32_t min_validators;     /**< as configured */
    civ_quorum_t quorum;
    civ_cast_vote_t *votes; /**< in the order of the validators' registrations */
    apr_size_t count;
    const char *reason; /**< why there is no consensus; NULL where there is */
} civ_consensus_t;

typedef enum civ_vote_result_e {
    CIV_VOTE_COUNTED,
    CIV_VOTE_SAME,       /**< cast before; nothing was changed */
    CIV_VOTE_EQUIVOCATED /**< the validator has signed the contrary as well: both are kept, and none counts */
} civ_vote_result_e;

/**
 * Cast a vote; on disk on return.
 * @param result set on success, and when the validator equivocates
 * @param repeated set to whether the Idempotency-Key was seen with this vote before
 * @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND): no such block, or no such validator ever; CIV_ECONFLICT (CONFLICT): the
 * validator is not of this block's set, or it has signed the contrary (KEY_REUSED: of the Idempotency-Key); CIV_EINVALID
 * (INVALID_MEMBER): the signature is not the validator's; CIV_EREADONLY, CIV_EINTEGRITY and database errors
 */
apr_status_t civ_ledger_vote(civ_ledger_t *ledger, const civ_vote_t *vote,
                             const civ_idempotency_t *idempotency, civ_vote_result_e *result, int *repeated,
                             civ_problem_t *problem, apr_pool_t *pool);

/** What the votes on a block come to. Every signature is verified on the way. @return APR_SUCCESS; APR_NOTFOUND
 * (NOT_FOUND): no such block; CIV_EINTEGRITY; database errors */
apr_status_t civ_ledger_consensus(civ_ledger_t *ledger, const civ_digest_t *block_hash,
                                  civ_consensus_t *consensus, civ_problem_t *problem, apr_pool_t *pool);

#endif
