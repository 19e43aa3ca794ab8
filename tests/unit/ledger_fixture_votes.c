/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_fixture_votes.c
 * Validators of a test, and their votes. What they sign is written down anew.
 */
#include "ledger_fixture.h"

#include "base/encoding.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

const civ_key_t *fixture_validator_key(int number)
{
    unsigned char seed[32] = {'v', 'a', 'l'};
    civ_key_t *key = NULL;

    memcpy(seed + 4, &number, sizeof(number));
    CU_ASSERT_FATAL(civ_key_from_seed(&key, seed, test_pool()) == APR_SUCCESS);
    return key;
}

const char *fixture_validator_id(int number)
{
    return apr_psprintf(test_pool(), "validator-%d", number);
}

apr_status_t fixture_register(fixture_t *fixture, int number, apr_int64_t stake)
{
    civ_validator_t validator;
    civ_problem_t problem;
    int repeated;

    return civ_ledger_register(fixture->ledger, fixture_validator_id(number),
                               civ_key_public(fixture_validator_key(number)), stake, NULL, &validator,
                               &repeated, &problem, test_pool());
}

apr_status_t fixture_unregister(fixture_t *fixture, int number)
{
    civ_validator_t validator;
    civ_problem_t problem;

    return civ_ledger_unregister(fixture->ledger, fixture_validator_id(number), &validator, &problem,
                                 test_pool());
}

civ_vote_t fixture_signed_vote(fixture_t *fixture, int number, apr_uint64_t height, int accepts)
{
    const civ_block_t *block = fixture_known_block(fixture, height);
    civ_vote_t vote = {block->hash, fixture_validator_id(number), accepts, {0}};
    const char *text = apr_psprintf(
        test_pool(), "civarcos-vote/v1\n%s\n%" APR_UINT64_T_FMT "\n%s\n%s\n%s\n", fixture->config.name,
        height, civ_base64_encode(block->hash.bytes, CIV_DIGEST_SIZE, test_pool()),
        civ_base64_encode(block->header.validator_set_hash.bytes, CIV_DIGEST_SIZE, test_pool()),
        accepts ? "accept" : "reject");

    CU_ASSERT(civ_key_sign(fixture_validator_key(number), vote.signature, text, strlen(text)) == APR_SUCCESS);
    return vote;
}

apr_status_t fixture_vote(fixture_t *fixture, int number, apr_uint64_t height, int accepts)
{
    civ_vote_t vote = fixture_signed_vote(fixture, number, height, accepts);
    civ_consensus_t consensus;
    civ_vote_result_e result;
    civ_problem_t problem;
    int repeated;

    return civ_ledger_vote(fixture->ledger, &vote, NULL, &consensus, &result, &repeated, &problem,
                           test_pool());
}

civ_consensus_t fixture_consensus(fixture_t *fixture, apr_uint64_t height)
{
    const civ_block_t *block = fixture_known_block(fixture, height);
    civ_consensus_t consensus;
    civ_problem_t problem;

    CU_ASSERT_FATAL(civ_ledger_consensus(fixture->ledger, &block->hash, &consensus, &problem, test_pool()) ==
                    APR_SUCCESS);
    return consensus;
}
