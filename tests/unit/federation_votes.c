/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_votes.c
 * Votes on shared evidence: who may, what they decide, and what they do to reputations.
 */
#include "unit/evidence_fixture.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static civ_evidence_consensus_t consensus_of(civ_node_t *node, const char *evidence_id, apr_int64_t version)
{
    civ_evidence_consensus_t consensus;
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(civ_federation_consensus(civ_node_federation(node), evidence_id, version,
                                                   &consensus, &problem, test_pool()),
                          APR_SUCCESS);
    return consensus;
}

static int reputation_of(civ_node_t *node, const char *id)
{
    civ_member_t member = members_get(node, id);

    return civ_reputation(&member.outcomes);
}

static void one_vote_each_and_none_on_ones_own(void)
{
    civ_node_t *node = evidence_start("votes", 3);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);
    civ_problem_t problem;

    CU_ASSERT_EQUAL(evidence_vote(node, "org0", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, &problem),
                    APR_EACCES);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_FORBIDDEN);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).tally.votes, 1);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, &problem),
                    CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_CONFLICT);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", shared.evidence_id, 1, 1, &problem), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).tally.votes, 1);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", "00000000000000000000000000000000", 1, 1, NULL),
                    APR_NOTFOUND);
}

static void three_votes_decide(void)
{
    civ_node_t *node = evidence_start("decide", 5);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);

    evidence_vote(node, "org1", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    evidence_vote(node, "org2", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_PENDING);
    CU_ASSERT_EQUAL(reputation_of(node, "org0"), 10000);
    evidence_vote(node, "org3", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_ACCEPTED);
    CU_ASSERT_EQUAL(members_get(node, "org0").outcomes.evidence_accepted, 1);
    CU_ASSERT_EQUAL(members_get(node, "org1").outcomes.votes_agreed, 1);
    CU_ASSERT_EQUAL(members_get(node, "org3").outcomes.votes_disagreed, 1);
    CU_ASSERT(reputation_of(node, "org3") < 10000);
    /* A fourth one undoes it: nobody's reputation is what it was under the other outcome. */
    evidence_vote(node, "org4", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_CONTESTED);
    CU_ASSERT_EQUAL(members_get(node, "org0").outcomes.evidence_accepted, 0);
    CU_ASSERT_EQUAL(members_get(node, "org3").outcomes.votes_disagreed, 0);
    CU_ASSERT_EQUAL(reputation_of(node, "org3"), 10000);
    CU_ASSERT(members_totals_are(node, 5));
}

static void votes_that_say_nothing_earn_nothing(void)
{
    civ_node_t *node = evidence_start("nothing", 6);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);

    evidence_vote(node, "org1", shared.evidence_id, 1, 0, NULL);
    evidence_vote(node, "org2", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    evidence_vote(node, "org3", shared.evidence_id, 1, CIV_CONFIDENCE_ONE, NULL);
    evidence_vote(node, "org4", shared.evidence_id, 0, 0, NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_ACCEPTED);
    CU_ASSERT_EQUAL(members_get(node, "org1").outcomes.votes_agreed, 0);
    CU_ASSERT_EQUAL(members_get(node, "org2").outcomes.votes_agreed, 1);
    CU_ASSERT_EQUAL(members_get(node, "org4").outcomes.votes_disagreed, 0);
}

static void rejected_costs_the_author(void)
{
    civ_node_t *node = evidence_start("rejected", 4);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);
    int i;

    for (i = 1; i < 4; i++)
        evidence_vote(node, apr_psprintf(test_pool(), "org%d", i), shared.evidence_id, 0, CIV_CONFIDENCE_ONE,
                      NULL);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).opinion, CIV_OPINION_REJECTED);
    CU_ASSERT_EQUAL(members_get(node, "org0").outcomes.evidence_rejected, 1);
    CU_ASSERT(reputation_of(node, "org0") < 10000);
    CU_ASSERT_EQUAL(reputation_of(node, "org1"), 10000);
    CU_ASSERT(members_totals_are(node, 4));
}

static void a_new_version_starts_anew(void)
{
    civ_node_t *node = evidence_start("anew", 4);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);
    int i;

    for (i = 1; i < 4; i++)
        evidence_vote(node, apr_psprintf(test_pool(), "org%d", i), shared.evidence_id, 1, CIV_CONFIDENCE_ONE,
                      NULL);
    evidence_share_as(node, "org0", "run", 81);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 0).tally.votes, 0);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 1).opinion, CIV_OPINION_ACCEPTED);
    CU_ASSERT_EQUAL(evidence_vote(node, "org1", shared.evidence_id, 0, CIV_CONFIDENCE_ONE, NULL),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(consensus_of(node, shared.evidence_id, 2).tally.votes, 1);
}

static void voters_are_pseudonymous(void)
{
    civ_node_t *node = evidence_start("voters", 2);
    civ_shared_t shared = evidence_share_as(node, "org0", "run", 80);
    civ_evidence_consensus_t consensus;

    evidence_vote(node, "org1", shared.evidence_id, 1, 2500, NULL);
    consensus = consensus_of(node, shared.evidence_id, 0);
    CU_ASSERT_EQUAL(consensus.count, 1);
    CU_ASSERT_EQUAL(strlen(consensus.votes[0].voter), 32);
    CU_ASSERT_EQUAL(consensus.votes[0].confidence, 2500);
    CU_ASSERT_PTR_NULL(strstr(shared.record, consensus.votes[0].voter));
}

/* --- arithmetic --- */

static void opinions_follow_from_weights(void)
{
    static const struct {
        civ_tally_t tally;
        civ_opinion_e opinion;
    } rows[] = {
        {{0, 0, 0}, CIV_OPINION_PENDING},           {{2, 20000, 0}, CIV_OPINION_PENDING},
        {{3, 0, 0}, CIV_OPINION_PENDING},           {{3, 20000, 10000}, CIV_OPINION_ACCEPTED},
        {{3, 19999, 10000}, CIV_OPINION_CONTESTED}, {{3, 10000, 20000}, CIV_OPINION_REJECTED},
        {{4, 20000, 20000}, CIV_OPINION_CONTESTED}, {{3, 1, 0}, CIV_OPINION_ACCEPTED},
    };
    const civ_fraction_t threshold = {2, 3};
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        CU_ASSERT_EQUAL(civ_tally_opinion(&rows[i].tally, 3, threshold), rows[i].opinion);
}

static void confidence_is_clamped(void)
{
    CU_ASSERT_EQUAL(civ_confidence_from(1e9), CIV_CONFIDENCE_ONE);
    CU_ASSERT_EQUAL(civ_confidence_from(-3), 0);
    CU_ASSERT_EQUAL(civ_confidence_from(0.5), 5000);
    CU_ASSERT_EQUAL(civ_confidence_from(0.99999), CIV_CONFIDENCE_ONE);
    CU_ASSERT_EQUAL(civ_confidence_from(0.0 / 1.0), 0);
}

static const test_case_t cases[] = {
    {"one_vote_each_and_none_on_ones_own", one_vote_each_and_none_on_ones_own},
    {"three_votes_decide", three_votes_decide},
    {"votes_that_say_nothing_earn_nothing", votes_that_say_nothing_earn_nothing},
    {"rejected_costs_the_author", rejected_costs_the_author},
    {"a_new_version_starts_anew", a_new_version_starts_anew},
    {"voters_are_pseudonymous", voters_are_pseudonymous},
    {"opinions_follow_from_weights", opinions_follow_from_weights},
    {"confidence_is_clamped", confidence_is_clamped},
    {NULL, NULL},
};

const test_suite_t federation_votes_suite = {"federation_votes", unit_folder_make, unit_folder_remove, cases};
