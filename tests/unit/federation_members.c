/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_members.c
 * Joining, leaving and paging, on real nodes: who may, again, and many at once.
 */
#include "unit/members_fixture.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

/* --- joining and leaving --- */

static void joined_leaves_and_comes_back(void)
{
    civ_node_t *node = members_start("come-and-go");
    applicant_t twice = {.id = "org", .endpoint = "https://other.example/"};
    civ_member_t first = members_admit(node, "org", 0), found;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(first.number, 1);
    CU_ASSERT_EQUAL(first.left, 0);
    CU_ASSERT_STRING_EQUAL(first.endpoint, MEMBERS_ENDPOINT);
    CU_ASSERT_STRING_EQUAL(first.key_id, "");
    CU_ASSERT_PTR_NULL(first.key_pem);
    CU_ASSERT_EQUAL(civ_reputation(&first.outcomes), 10000);
    found = members_get(node, "org");
    CU_ASSERT_EQUAL(found.joined, first.joined);
    CU_ASSERT_STRING_EQUAL(found.record, first.record);

    members_join(node, &twice);
    CU_ASSERT(members_is_refused(&twice, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/organization_id"));
    CU_ASSERT_STRING_EQUAL(members_get(node, "org").endpoint, MEMBERS_ENDPOINT);
    CU_ASSERT(members_totals_are(node, 1));

    CU_ASSERT_EQUAL(members_leave(node, "org", 0, NULL), APR_SUCCESS);
    found = members_get(node, "org");
    CU_ASSERT(found.left >= first.joined);
    CU_ASSERT(members_totals_are(node, 0));
    CU_ASSERT_EQUAL(members_leave(node, "org", 0, &problem), APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT_EQUAL(members_leave(node, "nobody", 0, &problem), APR_NOTFOUND);

    members_join(node, &twice);
    CU_ASSERT_EQUAL(twice.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(twice.rotated, 0);
    CU_ASSERT_EQUAL(twice.member.number, first.number);
    CU_ASSERT_EQUAL(members_get(node, "org").left, 0);
    CU_ASSERT_STRING_EQUAL(members_get(node, "org").endpoint, "https://other.example/");
    CU_ASSERT(members_totals_are(node, 1));
}

static void nobody_is_not_found(void)
{
    civ_node_t *node = members_start("nobody");
    civ_member_t member;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(
        civ_federation_member(civ_node_federation(node), "nobody", &member, &problem, test_pool()),
        APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT(members_totals_are(node, 0));
}

static void ids_differ_in_case(void)
{
    civ_node_t *node = members_start("case");

    CU_ASSERT_NOT_EQUAL(members_admit(node, "org", 0).number, members_admit(node, "ORG", 0).number);
    CU_ASSERT(members_totals_are(node, 2));
}

static void members_come_in_pages(void)
{
    civ_node_t *node = members_start("pages");
    civ_member_page_t page;
    civ_problem_t problem;
    apr_int64_t after = 0;
    int i, seen = 0;

    for (i = 1; i <= 7; i++)
        members_admit(node, apr_psprintf(test_pool(), "org-%d", i), 0);
    CU_ASSERT_EQUAL(members_leave(node, "org-4", 0, NULL), APR_SUCCESS);
    do {
        CU_ASSERT_EQUAL_FATAL(
            civ_federation_members(civ_node_federation(node), after, 2, &page, &problem, test_pool()),
            APR_SUCCESS);
        CU_ASSERT_EQUAL(page.count, 2);
        CU_ASSERT_EQUAL(page.more, seen + page.count < 6);
        for (i = 0; i < page.count; i++) {
            int number = ++seen < 4 ? seen : seen + 1;

            CU_ASSERT_STRING_EQUAL(page.members[i].organization_id,
                                   apr_psprintf(test_pool(), "org-%d", number));
            after = page.members[i].number;
        }
    } while (page.more && seen < 10);
    CU_ASSERT_EQUAL(seen, 6);
    CU_ASSERT_EQUAL(civ_federation_members(civ_node_federation(node), after, 2, &page, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(page.count, 0);
    CU_ASSERT_EQUAL(page.more, 0);
}

/* --- who may --- */

static void policy_decides_who_joins(void)
{
    civ_node_config_t *config = node_configure("policy");
    civ_node_t *node;
    applicant_t first = {.id = "first", .key = 1}, keyless = {.id = "keyless"},
                keyed = {.id = "keyed", .key = 2}, rotated = {.id = "first", .key = 3};

    config->federation_join = CIV_JOIN_SIGNED;
    node = node_start(config);
    CU_ASSERT_EQUAL(members_join(node, &first), APR_SUCCESS);
    members_join(node, &keyless);
    CU_ASSERT(members_is_refused(&keyless, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    config->federation_join = CIV_JOIN_CLOSED;
    node = node_start(config);
    members_join(node, &keyless);
    CU_ASSERT(members_is_refused(&keyless, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL));
    members_join(node, &keyed);
    CU_ASSERT(members_is_refused(&keyed, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL));
    /* Who is in may have another key, and may go; then it stays out. */
    rotated.rotation = members_rotation("first", 1, 3, 1);
    CU_ASSERT_EQUAL(members_join(node, &rotated), APR_SUCCESS);
    CU_ASSERT(members_totals_are(node, 1));
    CU_ASSERT_EQUAL(members_leave(node, "first", 3, NULL), APR_SUCCESS);
    members_join(node, &rotated);
    CU_ASSERT(members_is_refused(&rotated, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL));
    CU_ASSERT(members_totals_are(node, 0));
}

/* --- repeats --- */

static void repeat_of_a_join_is_the_same(void)
{
    civ_node_t *node = members_start("repeat");
    applicant_t first = {.id = "org", .key = 1, .retry = "one"}, again = first,
                rotation = {.id = "org", .key = 2, .retry = "two"}, rotation_again;

    CU_ASSERT_EQUAL(members_join(node, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(first.repeated, 0);
    CU_ASSERT_EQUAL(members_join(node, &again), APR_SUCCESS);
    CU_ASSERT_EQUAL(again.repeated, 1);
    CU_ASSERT_EQUAL(again.member.joined, first.member.joined);
    CU_ASSERT_STRING_EQUAL(again.member.record, first.member.record);
    rotation.rotation = members_rotation("org", 1, 2, 1);
    rotation_again = rotation;
    CU_ASSERT_EQUAL(members_join(node, &rotation), APR_SUCCESS);
    CU_ASSERT_EQUAL(members_join(node, &rotation_again), APR_SUCCESS);
    CU_ASSERT_EQUAL(rotation_again.repeated, 1);
    CU_ASSERT_EQUAL(rotation_again.rotated, 1);
    CU_ASSERT(members_totals_are(node, 1));
    /* It is the first answer, whatever has become of the member since. */
    CU_ASSERT_EQUAL(members_leave(node, "org", 2, NULL), APR_SUCCESS);
    again = (applicant_t){.id = "org", .key = 1, .retry = "one"};
    CU_ASSERT_EQUAL(members_join(node, &again), APR_SUCCESS);
    CU_ASSERT_EQUAL(again.rotated, 0);
    CU_ASSERT_EQUAL(again.member.left, 0);
    CU_ASSERT_EQUAL(again.member.number, first.member.number);
    CU_ASSERT_EQUAL(again.member.joined, first.member.joined);
    CU_ASSERT_STRING_EQUAL(again.member.key_id, members_key_id(1));
    CU_ASSERT_STRING_EQUAL(again.member.record, first.member.record);
    CU_ASSERT_STRING_EQUAL(again.member.signature, first.member.signature);
    CU_ASSERT(members_totals_are(node, 0));
}

/* --- several at once --- */

#define CROWD 8

typedef struct candidate_t {
    civ_node_t *node;
    applicant_t applicant;
    apr_pool_t *pool;
    pthread_t thread;
} candidate_t;

static void *run_candidate(void *data)
{
    candidate_t *candidate = data;

    members_join_on(candidate->node, &candidate->applicant, candidate->pool);
    return NULL;
}

static int run_crowd(candidate_t *crowd)
{
    int i, joined = 0;

    for (i = 0; i < CROWD; i++) {
        apr_pool_create(&crowd[i].pool, NULL);
        CU_ASSERT_EQUAL_FATAL(pthread_create(&crowd[i].thread, NULL, run_candidate, &crowd[i]), 0);
    }
    for (i = 0; i < CROWD; i++) {
        pthread_join(crowd[i].thread, NULL);
        joined += crowd[i].applicant.status == APR_SUCCESS;
        CU_ASSERT(crowd[i].applicant.status == APR_SUCCESS || crowd[i].applicant.status == CIV_ECONFLICT);
        apr_pool_destroy(crowd[i].pool);
    }
    return joined;
}

static void one_of_many_gets_the_id(void)
{
    civ_node_t *node = members_start("crowd-id");
    candidate_t crowd[CROWD];
    int i;

    memset(crowd, 0, sizeof(crowd));
    for (i = 0; i < CROWD; i++)
        crowd[i] = (candidate_t){.node = node, .applicant = {.id = "org", .endpoint = MEMBERS_ENDPOINT}};
    CU_ASSERT_EQUAL(run_crowd(crowd), 1);
    CU_ASSERT(members_totals_are(node, 1));
}

static void one_of_many_gets_the_key(void)
{
    civ_node_t *node = members_start("crowd-key");
    candidate_t crowd[CROWD];
    int i;

    memset(crowd, 0, sizeof(crowd));
    for (i = 0; i < CROWD; i++)
        crowd[i] = (candidate_t){.node = node,
                                 .applicant = {.id = apr_psprintf(test_pool(), "org-%d", i), .key = 1}};
    CU_ASSERT_EQUAL(run_crowd(crowd), 1);
    CU_ASSERT(members_totals_are(node, 1));
}

static void many_join_at_once(void)
{
    civ_node_config_t *config = node_configure("crowd");
    civ_node_t *node = node_start(config);
    candidate_t crowd[CROWD];
    int round, i;

    for (round = 0; round < 5; round++) {
        memset(crowd, 0, sizeof(crowd));
        for (i = 0; i < CROWD; i++)
            crowd[i] = (candidate_t){.node = node,
                                     .applicant = {.id = apr_psprintf(test_pool(), "org-%d-%d", round, i),
                                                   .key = 1 + CROWD * round + i}};
        CU_ASSERT_EQUAL(run_crowd(crowd), CROWD);
    }
    CU_ASSERT(members_totals_are(node, 5 * CROWD));
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT COUNT(DISTINCT member) FROM civ_fed_members"), 5 * CROWD);
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT MAX(member) FROM civ_fed_members"), 5 * CROWD);
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT COUNT(*) FROM civ_pending"), 5 * CROWD);
}

/* --- the network's key --- */

static void move(const civ_node_config_t *config, const char *from, const char *to)
{
    CU_ASSERT_EQUAL(rename(apr_pstrcat(test_pool(), config->state_dir, "/", from, NULL),
                           apr_pstrcat(test_pool(), config->state_dir, "/", to, NULL)),
                    0);
}

static apr_status_t join_as(civ_node_t *node, const char *id)
{
    applicant_t applicant = {.id = id};

    return members_join(node, &applicant);
}

/* A host with another key, such as one that was started before it was given the others', changes nothing. Key and id from
 * where they are right put that right; so does an administrator's word that all begins anew (docs/operations.md). */
static void network_has_one_key(void)
{
    civ_node_config_t *config = node_configure("network");

    CU_ASSERT_EQUAL(join_as(node_start(config), "a"), APR_SUCCESS);
    move(config, "keys/pseudonym.key", "key");
    move(config, "pseudonym.id", "id");
    CU_ASSERT_EQUAL(join_as(node_start(config), "b"), CIV_EREADONLY);
    move(config, "key", "keys/pseudonym.key");
    move(config, "id", "pseudonym.id");
    CU_ASSERT_EQUAL(join_as(node_start(config), "b"), APR_SUCCESS);
    move(config, "keys/pseudonym.key", "key");
    move(config, "pseudonym.id", "id");
    node_raw_run(config, "DELETE FROM civ_fed_network");
    CU_ASSERT_EQUAL(join_as(node_start(config), "c"), APR_SUCCESS);
}

static const test_case_t cases[] = {
    {"joined_leaves_and_comes_back", joined_leaves_and_comes_back},
    {"nobody_is_not_found", nobody_is_not_found},
    {"ids_differ_in_case", ids_differ_in_case},
    {"members_come_in_pages", members_come_in_pages},
    {"policy_decides_who_joins", policy_decides_who_joins},
    {"repeat_of_a_join_is_the_same", repeat_of_a_join_is_the_same},
    {"one_of_many_gets_the_id", one_of_many_gets_the_id},
    {"one_of_many_gets_the_key", one_of_many_gets_the_key},
    {"many_join_at_once", many_join_at_once},
    {"network_has_one_key", network_has_one_key},
    {NULL, NULL},
};

const test_suite_t federation_members_suite = {"federation_members", unit_folder_make, unit_folder_remove,
                                               cases};
