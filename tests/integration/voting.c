/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file voting.c
 * The whole life of validators and their votes over HTTP. Each case has a server and a ledger of its own.
 * voting_clients.c has what clients do to them.
 */
#include "config.h"

#include "integration/ballot.h"
#include "integration/ledger_checks.h"
#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define CONFIG "CivarcosLedgerName voting.test/ledger\n"

static harness_t *server;
static http_client_t *web;

static void start(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
}

static void stop(void)
{
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

/* Register three, vote, agree, restart. */
static void test_whole_life(void)
{
    static const apr_int64_t stakes[] = {34, 33, 33};
    http_response_t *answer;
    apr_int64_t block;
    int i;

    start();
    for (i = 0; i < 3; i++) {
        answer = ballot_register(web, i + 1, stakes[i]);
        CU_ASSERT_EQUAL(answer->status, 201);
        CU_ASSERT_STRING_EQUAL(
            checks_header(answer, "Location"),
            apr_pstrcat(test_pool(), "/api/blockchain/validators/", ballot_id(i + 1), NULL));
        CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/validator_id"), ballot_id(i + 1));
        CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/public_key"),
                               civ_public_key_pem(civ_key_public(ballot_key(i + 1))));
        CU_ASSERT_EQUAL(http_json_int(answer, "/stake"), stakes[i]);
        CU_ASSERT(strstr(answer->body, "\"reputation\":1.0000") != NULL);
        answer =
            http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/validators/", ballot_id(i + 1), NULL));
        CU_ASSERT_EQUAL(answer->status, 200);
        CU_ASSERT_EQUAL(http_json_int(answer, "/stake"), stakes[i]);
    }
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/info"), "/blockchain/validators"), 3);
    block = ballot_add_block(web);
    CU_ASSERT_EQUAL(block, 4);
    answer = ballot_consensus(web, block);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "outcome"), "pending");
    CU_ASSERT_EQUAL(ballot_int(answer, "total_stake"), 100);
    CU_ASSERT_EQUAL(ballot_int(answer, "threshold"), 67);
    answer = ballot_vote(web, 1, block, 1);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    answer = ballot_vote(web, 2, block, 1);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 1);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "outcome"), "accepted");
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "reason"), "(absent)");
    CU_ASSERT_EQUAL(ballot_int(answer, "accepted_stake"), 67);
    CU_ASSERT_EQUAL(ballot_vote(web, 3, block, 0)->status, 200);
    answer = ballot_consensus(web, block);
    CU_ASSERT_EQUAL(http_json_count(answer, "/consensus/validations"), 3);
    CU_ASSERT_EQUAL(ballot_int(answer, "votes"), 3);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_STRING_EQUAL(ballot_consensus(web, block)->body, answer->body);
    CU_ASSERT(scenario_is_valid(web));
    answer = http_get(web, "/api/blockchain/validators");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 3);
    CU_ASSERT_EQUAL(http_json_int(answer, "/validators/2/votes_disagreed"), 1);
    CU_ASSERT_EQUAL(http_json_int(answer, "/validators/0/votes_agreed"), 1);
    CU_ASSERT(strstr(answer->body, "\"reputation\":0.5000") != NULL);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

/* Where nobody has stake, each has one vote; below the minimum there is no consensus whatever they say. */
static void test_unstaked(void)
{
    http_response_t *answer;
    apr_int64_t early, block;

    start();
    ballot_register_all(web, 2, NULL);
    early = ballot_add_block(web);
    CU_ASSERT_EQUAL(ballot_register(web, 3, 0)->status, 201);
    block = ballot_add_block(web);
    CU_ASSERT_EQUAL(ballot_vote(web, 1, early, 1)->status, 200);
    answer = ballot_vote(web, 2, early, 1);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    CU_ASSERT(strstr(ballot_text(answer, "reason"), "at least 3") != NULL);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "outcome"), "pending");
    answer = ballot_vote(web, 1, block, 1);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "weighted_by"), "validator");
    CU_ASSERT_EQUAL(ballot_int(answer, "total_stake"), 3);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    answer = ballot_vote(web, 3, block, 1);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 1);
    /* Two of three rejected: it cannot be accepted any more. */
    block = ballot_add_block(web);
    CU_ASSERT_STRING_EQUAL(ballot_text(ballot_vote(web, 1, block, 0), "outcome"), "pending");
    answer = ballot_vote(web, 2, block, 0);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "outcome"), "rejected");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    CU_ASSERT(scenario_metric(web, "civarcos_votes_total") == 6);
    CU_ASSERT(scenario_metric(web, "civarcos_validators") == 3);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

/* The set of a block is that of the moment when it was sealed, for ever. */
static void test_removal(void)
{
    http_response_t *answer;
    apr_int64_t before, old, later;

    start();
    before = ballot_add_block(web);
    ballot_register_all(web, 4, NULL);
    old = ballot_add_block(web);
    answer = ballot_remove(web, 4);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/validator_id"), ballot_id(4));
    CU_ASSERT(http_is_problem(ballot_remove(web, 4), 404));
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/validators/validator-4"), 404));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/blockchain/validators"), "/count"), 3);
    later = ballot_add_block(web);
    /* The block of the removal still has all four. */
    CU_ASSERT_EQUAL(ballot_vote(web, 4, old, 1)->status, 200);
    CU_ASSERT_EQUAL(ballot_vote(web, 4, later - 1, 1)->status, 200);
    CU_ASSERT(checks_problem_at(ballot_vote(web, 4, later, 1), 409, "/validator_id"));
    CU_ASSERT(checks_problem_at(ballot_vote(web, 1, before, 1), 409, "/validator_id"));
    /* Nor the block of its own registration. */
    CU_ASSERT(checks_problem_at(ballot_vote(web, 1, before + 1, 1), 409, "/validator_id"));
    CU_ASSERT_EQUAL(ballot_vote(web, 1, before + 2, 1)->status, 200);
    CU_ASSERT(checks_problem_at(ballot_vote(web, 9, later, 1), 404, "/validator_id"));
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, old), "validators"), 4);
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, later), "validators"), 3);
    /* Back again, with another stake. */
    CU_ASSERT_EQUAL(ballot_register(web, 4, 7)->status, 201);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, old), "accepted_stake"), 1);
    CU_ASSERT_EQUAL(ballot_int(ballot_vote(web, 4, ballot_add_block(web), 1), "accepted_stake"), 7);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

static void test_equivocation(void)
{
    http_response_t *answer;
    apr_int64_t block;

    start();
    ballot_register_all(web, 3, NULL);
    block = ballot_add_block(web);
    CU_ASSERT_EQUAL(ballot_vote(web, 1, block, 1)->status, 200);
    CU_ASSERT_EQUAL(ballot_vote(web, 2, block, 1)->status, 200);
    answer = ballot_consensus(web, block);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 1);
    /* The same vote again changes nothing. */
    CU_ASSERT_STRING_EQUAL(ballot_vote(web, 1, block, 1)->body, answer->body);
    /* The contrary, and then either of both. */
    CU_ASSERT(http_is_problem(ballot_vote(web, 1, block, 0), 409));
    CU_ASSERT(http_is_problem(ballot_vote(web, 1, block, 0), 409));
    CU_ASSERT(http_is_problem(ballot_vote(web, 1, block, 1), 409));
    answer = ballot_consensus(web, block);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/consensus/has_consensus"), 0);
    CU_ASSERT_EQUAL(ballot_int(answer, "accepted_stake"), 1);
    CU_ASSERT_EQUAL(ballot_int(answer, "total_stake"), 3);
    CU_ASSERT_EQUAL(ballot_int(answer, "votes"), 1);
    CU_ASSERT_EQUAL(http_json_count(answer, "/consensus/validations"), 1);
    CU_ASSERT_EQUAL(http_json_count(answer, "/consensus/equivocations"), 1);
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "equivocations/0/accept_signature"),
                           ballot_signature("voting.test/ledger", 1, checks_block(web, block), 1));
    CU_ASSERT_STRING_EQUAL(ballot_text(answer, "equivocations/0/reject_signature"),
                           ballot_signature("voting.test/ledger", 1, checks_block(web, block), 0));
    answer = http_get(web, "/api/blockchain/validators/validator-1");
    CU_ASSERT_EQUAL(http_json_int(answer, "/equivocations"), 1);
    CU_ASSERT_EQUAL(http_json_int(answer, "/votes_agreed"), 0);
    /* 1 / (1 + 8) */
    CU_ASSERT(strstr(answer->body, "\"reputation\":0.1111") != NULL);
    /* Whoever repeats what is known already tells nothing new. */
    CU_ASSERT(scenario_metric(web, "civarcos_equivocations_total") == 1);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0220", NULL));
    stop();
}

/* A signature is good for one vote of one validator on one block of one ledger. */
static void test_signatures(void)
{
    const civ_json_t *block, *other;
    const char *hash, *good;
    apr_int64_t index;
    size_t i;

    start();
    ballot_register_all(web, 3, NULL);
    index = ballot_add_block(web);
    block = checks_block(web, index);
    other = checks_block(web, index - 1);
    hash = checks_text(block, "/hash");
    good = ballot_signature("voting.test/ledger", 1, block, 1);
    {
        const char *const bodies[] = {
            ballot_body(hash, ballot_id(1), 0, good),
            ballot_body(hash, ballot_id(2), 1, good),
            ballot_body(checks_text(other, "/hash"), ballot_id(1), 1, good),
            ballot_body(hash, ballot_id(1), 1, ballot_signature("other.test/ledger", 1, block, 1)),
            ballot_body(hash, ballot_id(1), 1, "AAAA"),
            ballot_body(hash, ballot_id(1), 1, ""),
            ballot_body(hash, ballot_id(1), 1, good + 4),
        };

        for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
            CU_ASSERT(
                checks_problem_at(http_post(web, "/api/blockchain/vote", bodies[i]), 400, "/signature"));
        }
    }
    CU_ASSERT(http_is_problem(http_post(web, "/api/blockchain/vote",
                                        ballot_body(checks_hash_text("no block"), ballot_id(1), 1, good)),
                              404));
    CU_ASSERT(
        checks_problem_at(http_post(web, "/api/blockchain/vote", ballot_body("00", ballot_id(1), 1, good)),
                          400, "/block_hash"));
    CU_ASSERT(checks_problem_at(http_post(web, "/api/blockchain/vote", ballot_body(hash, "a b", 1, good)),
                                400, "/validator_id"));
    CU_ASSERT(http_is_problem(http_get(web, "/api/blockchain/consensus/xyz"), 400));
    CU_ASSERT(http_is_problem(http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/consensus/",
                                                        checks_hash_text("no block"), NULL)),
                              404));
    CU_ASSERT_EQUAL(ballot_int(ballot_consensus(web, index), "votes"), 0);
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/vote", ballot_body(hash, ballot_id(1), 1, good))->status,
                    200);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    stop();
}

static const test_case_t cases[] = {{"whole_life", test_whole_life}, {"unstaked", test_unstaked},
                                    {"removal", test_removal},       {"equivocation", test_equivocation},
                                    {"signatures", test_signatures}, {NULL, NULL}};

const test_suite_t voting_suite = {"voting", NULL, NULL, cases};
