/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file vote.h
 * What a validator signs.
 */
#ifndef CIV_LEDGER_VOTE_H
#define CIV_LEDGER_VOTE_H

#include "base/digest.h"
#include "base/keys.h"

/** The block a vote is about. */
typedef struct civ_vote_subject_t {
    const char *ledger_name;
    apr_uint64_t height;
    civ_digest_t block_hash;
    civ_digest_t validator_set_hash; /**< of the block's header */
} civ_vote_subject_t;

/** The six lines, each ended by LF, on @a pool. */
const char *civ_vote_statement(const civ_vote_subject_t *subject, int accepts, apr_pool_t *pool);

/** Whether @a signature is @a key's on that statement. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_vote_verify(const civ_vote_subject_t *subject, int accepts,
                             const unsigned char key[CIV_KEY_PUBLIC_SIZE],
                             const unsigned char signature[CIV_KEY_SIGNATURE_SIZE], apr_pool_t *pool);

#endif
