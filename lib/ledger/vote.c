/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The text of a vote. It names ledger, height, block and validators, so that no signature is good for another of these.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "ledger/vote.h"

const char *civ_vote_statement(const civ_vote_subject_t *subject, int accepts, apr_pool_t *pool)
{
    return apr_psprintf(pool, "civarcos-vote/v1\n%s\n%" APR_UINT64_T_FMT "\n%s\n%s\n%s\n",
                        subject->ledger_name, subject->height,
                        civ_base64_encode(subject->block_hash.bytes, CIV_DIGEST_SIZE, pool),
                        civ_base64_encode(subject->validator_set_hash.bytes, CIV_DIGEST_SIZE, pool),
                        accepts ? "accept" : "reject");
}

apr_status_t civ_vote_verify(const civ_vote_subject_t *subject, int accepts,
                             const unsigned char key[CIV_KEY_PUBLIC_SIZE],
                             const unsigned char signature[CIV_KEY_SIGNATURE_SIZE], apr_pool_t *pool)
{
    civ_public_key_t *public_key;
    const char *statement;
    apr_pool_t *scratch;
    apr_status_t status;

    /* A key belongs to its pool; a block may have a thousand votes. */
    apr_pool_create(&scratch, pool);
    statement = civ_vote_statement(subject, accepts, scratch);
    status = civ_public_key_from_raw(&public_key, key, scratch);
    if (status == APR_SUCCESS)
        status = civ_public_key_verify(public_key, signature, statement, strlen(statement));
    apr_pool_destroy(scratch);
    return status;
}
