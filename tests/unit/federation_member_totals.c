/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_member_totals.c
 * What is counted of members, on real nodes: how many they are, and their reputations.
 */
#include "unit/members_fixture.h"

#include "federation/members_private.h"
#include "support/runner.h"

#include <apr_strings.h>

/* Two servers, each with a memory of its own, on one database, that do not look for each other for an hour. */
static void totals_are_the_databases(void)
{
    civ_node_config_t *config = node_configure("totals");
    civ_node_t *one, *other, *cold;
    int i;

    config->state_refresh = apr_time_from_sec(3600);
    one = node_start(config);
    other = node_start(config);
    cold = node_open(config, NULL);
    members_admit(one, "a", 0);
    CU_ASSERT(members_totals_are(one, 1));
    CU_ASSERT(members_totals_are(cold, 1));
    /* Turn by turn: what the other has done meanwhile is not forgotten by who writes next. */
    for (i = 0; i < 6; i++) {
        members_admit(i % 2 ? one : other, apr_psprintf(test_pool(), "org-%d", i), i + 1);
        CU_ASSERT(members_totals_are(i % 2 ? one : other, i + 2));
    }
    CU_ASSERT_EQUAL(members_leave(other, "org-2", 3, NULL), APR_SUCCESS);
    CU_ASSERT(members_totals_are(other, 6));
    /* Also by who writes something else. */
    CU_ASSERT_NOT_EQUAL(node_append(one, 1, NULL), APR_UINT64_MAX);
    CU_ASSERT(members_totals_are(one, 6));
    one = node_start(config);
    CU_ASSERT(members_totals_are(one, 6));
}

/* What could not be taken over is taken over later. */
static void totals_are_taken_over_whole(void)
{
    civ_node_config_t *config = node_configure("halfway");
    civ_node_t *one = node_start(config), *other = node_start(config);
    civ_problem_t problem;

    members_admit(one, "a", 0);
    node_raw_run(config, "ALTER TABLE civ_fed_totals RENAME TO away");
    CU_ASSERT_EQUAL(civ_node_refresh(other, &problem, test_pool()), APR_SUCCESS);
    node_raw_run(config, "ALTER TABLE away RENAME TO civ_fed_totals");
    CU_ASSERT_EQUAL(civ_node_refresh(other, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT(members_totals_are(other, 1));
}

typedef struct outcome_t {
    civ_operation_t operation;
    apr_int64_t number;
    civ_outcomes_t by;
} outcome_t;

static apr_status_t apply_outcome(void *baton, civ_change_t *change)
{
    outcome_t *outcome = baton;

    return civ_member_outcomes(&outcome->operation, change, outcome->number, &outcome->by);
}

static void settle(civ_node_t *node, apr_int64_t number, civ_outcomes_t by)
{
    const civ_speaker_t nobody = {.organization_id = ""};
    outcome_t outcome = {.operation = {.federation = civ_node_federation(node), .speaker = &nobody},
                         .number = number,
                         .by = by};
    civ_change_result_t result;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(
        civ_operation_run(&outcome.operation, apply_outcome, NULL, &result, &problem, test_pool()),
        APR_SUCCESS);
}

static apr_int64_t reputation_of_all(civ_node_t *node)
{
    civ_totals_t totals;

    CU_ASSERT_EQUAL(civ_federation_totals(civ_node_federation(node), &totals, test_pool()), APR_SUCCESS);
    return totals.values[CIV_TOTAL_REPUTATION];
}

/* The sum follows outcomes, goes with who leaves, and comes back with them. */
static void reputation_is_summed(void)
{
    civ_node_t *node = members_start("reputation");
    civ_member_t a = members_admit(node, "a", 0);
    applicant_t back;

    members_admit(node, "b", 0);
    CU_ASSERT_EQUAL(reputation_of_all(node), 20000);
    settle(node, a.number, (civ_outcomes_t){.evidence_rejected = 1});
    CU_ASSERT_EQUAL(reputation_of_all(node), 17142);
    settle(node, a.number, (civ_outcomes_t){.evidence_accepted = 1, .votes_agreed = 2, .votes_disagreed = 1});
    CU_ASSERT_EQUAL(members_get(node, "a").outcomes.votes_agreed, 2);
    CU_ASSERT_EQUAL(reputation_of_all(node), 10000 + 16 * 10000 / 21);
    CU_ASSERT(members_totals_are(node, 2));
    CU_ASSERT_EQUAL(members_leave(node, "a", 0, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(reputation_of_all(node), 10000);
    settle(node, a.number, (civ_outcomes_t){.evidence_rejected = 1});
    CU_ASSERT_EQUAL(reputation_of_all(node), 10000);
    CU_ASSERT(members_totals_are(node, 1));
    back = (applicant_t){.id = "a", .retry = "back"};
    CU_ASSERT_EQUAL(members_join(node, &back), APR_SUCCESS);
    CU_ASSERT_EQUAL(reputation_of_all(node), 10000 + 16 * 10000 / 25);
    CU_ASSERT(members_totals_are(node, 2));
    /* A repeat tells the outcomes that were told. */
    settle(node, a.number, (civ_outcomes_t){.votes_agreed = 5});
    back = (applicant_t){.id = "a", .retry = "back"};
    CU_ASSERT_EQUAL(members_join(node, &back), APR_SUCCESS);
    CU_ASSERT_EQUAL(back.repeated, 1);
    CU_ASSERT_EQUAL(back.member.outcomes.evidence_accepted, 1);
    CU_ASSERT_EQUAL(back.member.outcomes.evidence_rejected, 2);
    CU_ASSERT_EQUAL(back.member.outcomes.votes_agreed, 2);
    CU_ASSERT_EQUAL(back.member.outcomes.votes_disagreed, 1);
}

static const test_case_t cases[] = {
    {"totals_are_the_databases", totals_are_the_databases},
    {"totals_are_taken_over_whole", totals_are_taken_over_whole},
    {"reputation_is_summed", reputation_is_summed},
    {NULL, NULL},
};

const test_suite_t federation_member_totals_suite = {"federation_member_totals", unit_folder_make,
                                                     unit_folder_remove, cases};
