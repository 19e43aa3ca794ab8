/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_members.c
 * Joining, leaving, keys and what is counted, on real nodes.
 */
#include "unit/members_fixture.h"

#include "base/encoding.h"
#include "federation/members_private.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

static int is_refused(const applicant_t *applicant, apr_status_t status, civ_problem_kind_e kind,
                      const char *pointer)
{
    const char *found = applicant->problem.pointer;

    if (applicant->status == status && applicant->problem.kind == kind &&
        (pointer == NULL ? found == NULL : found != NULL && strcmp(found, pointer) == 0))
        return 1;
    test_note("%s: status %d, kind %d at %s: %s", applicant->id, applicant->status, applicant->problem.kind,
              found != NULL ? found : "(nowhere)",
              applicant->problem.detail != NULL ? applicant->problem.detail : "(nothing)");
    return 0;
}

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
    CU_ASSERT(is_refused(&twice, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/organization_id"));
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

/* --- who speaks --- */

static void keys_speak_for_their_members(void)
{
    civ_node_t *node = members_start("speakers");
    applicant_t unsigned_join = {.id = "a", .key = 1, .signed_with = -1},
                other_signs = {.id = "a", .key = 1, .signed_with = 2},
                keyless_signed = {.id = "a", .signed_with = 2};
    civ_problem_t problem;

    members_join(node, &unsigned_join);
    CU_ASSERT(is_refused(&unsigned_join, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    members_join(node, &other_signs);
    CU_ASSERT(is_refused(&other_signs, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    members_join(node, &keyless_signed);
    CU_ASSERT(is_refused(&keyless_signed, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    CU_ASSERT(members_totals_are(node, 0));

    members_admit(node, "keyed", 1);
    members_admit(node, "keyless", 0);
    CU_ASSERT_EQUAL(members_leave(node, "keyed", 0, &problem), APR_EACCES);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAUTHORIZED);
    CU_ASSERT_EQUAL(members_leave(node, "keyed", 2, &problem), APR_EACCES);
    CU_ASSERT_EQUAL(members_leave(node, "keyless", 1, &problem), APR_EACCES);
    CU_ASSERT(members_totals_are(node, 2));
    CU_ASSERT_EQUAL(members_leave(node, "keyed", 1, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(members_leave(node, "keyless", 0, NULL), APR_SUCCESS);
    CU_ASSERT(members_totals_are(node, 0));
}

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
    CU_ASSERT(is_refused(&keyless, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    config->federation_join = CIV_JOIN_CLOSED;
    node = node_start(config);
    members_join(node, &keyless);
    CU_ASSERT(is_refused(&keyless, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL));
    members_join(node, &keyed);
    CU_ASSERT(is_refused(&keyed, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL));
    /* Who is in may have another key, and may go; then it stays out. */
    rotated.rotation = members_rotation("first", 1, 3, 1);
    CU_ASSERT_EQUAL(members_join(node, &rotated), APR_SUCCESS);
    CU_ASSERT(members_totals_are(node, 1));
    CU_ASSERT_EQUAL(members_leave(node, "first", 3, NULL), APR_SUCCESS);
    members_join(node, &rotated);
    CU_ASSERT(is_refused(&rotated, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL));
    CU_ASSERT(members_totals_are(node, 0));
}

/* --- keys --- */

static void key_is_one_members(void)
{
    civ_node_t *node = members_start("taken");
    applicant_t thief = {.id = "thief", .key = 1}, rotated = {.id = "owner", .key = 2},
                late = {.id = "late", .key = 2};
    unsigned char raw[CIV_KEY_PUBLIC_SIZE];
    const char *owner;

    members_admit(node, "owner", 1);
    members_join(node, &thief);
    CU_ASSERT(is_refused(&thief, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_EQUAL(
        civ_federation_key(civ_node_federation(node), members_key_id(1), raw, &owner, test_pool()),
        APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(owner, "owner");
    CU_ASSERT_EQUAL(memcmp(raw, civ_public_key_raw(civ_key_public(members_key(1))), sizeof(raw)), 0);
    CU_ASSERT_EQUAL(
        civ_federation_key(civ_node_federation(node), members_key_id(2), raw, &owner, test_pool()),
        APR_NOTFOUND);
    /* Neither one that was given up, nor one of somebody who has left. */
    rotated.rotation = members_rotation("owner", 1, 2, 1);
    CU_ASSERT_EQUAL(members_join(node, &rotated), APR_SUCCESS);
    members_join(node, &thief);
    CU_ASSERT(is_refused(&thief, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_EQUAL(
        civ_federation_key(civ_node_federation(node), members_key_id(1), raw, &owner, test_pool()),
        APR_NOTFOUND);
    CU_ASSERT_EQUAL(members_leave(node, "owner", 2, NULL), APR_SUCCESS);
    members_join(node, &late);
    CU_ASSERT(is_refused(&late, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_EQUAL(
        civ_federation_key(civ_node_federation(node), members_key_id(2), raw, &owner, test_pool()),
        APR_NOTFOUND);
    CU_ASSERT(members_totals_are(node, 0));
}

static void rotation_needs_the_old_key(void)
{
    civ_node_t *node = members_start("rotation");
    const struct {
        const char *what, *rotation;
    } bad[] = {
        {"none", NULL},
        {"empty", ""},
        {"no base64", "!!!!"},
        {"too short", "AAAA"},
        {"by the new key", members_rotation("org", 1, 2, 2)},
        {"by a third one", members_rotation("org", 1, 2, 3)},
        {"for another organisation", members_rotation("other", 1, 2, 1)},
        {"for another new key", members_rotation("org", 1, 3, 1)},
        {"from another old key", members_rotation("org", 3, 2, 1)},
        {"the other way round", members_rotation("org", 2, 1, 1)},
    };
    applicant_t good = {.id = "org", .key = 2, .endpoint = "https://moved.example/"};
    civ_member_t before = members_admit(node, "org", 1);
    civ_member_key_t keys[CIV_MEMBER_KEYS_MAX];
    size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        applicant_t applicant = {.id = "org", .key = 2, .rotation = bad[i].rotation};

        members_join(node, &applicant);
        if (!is_refused(&applicant, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/rotation"))
            CU_FAIL("a bad rotation was taken");
    }
    CU_ASSERT_STRING_EQUAL(members_get(node, "org").key_id, members_key_id(1));

    good.rotation = members_rotation("org", 1, 2, 1);
    CU_ASSERT_EQUAL(members_join(node, &good), APR_SUCCESS);
    CU_ASSERT_EQUAL(good.rotated, 1);
    CU_ASSERT_EQUAL(good.member.joined, before.joined);
    CU_ASSERT_EQUAL(good.member.number, before.number);
    CU_ASSERT_STRING_EQUAL(members_get(node, "org").key_id, members_key_id(2));
    CU_ASSERT_STRING_EQUAL(members_get(node, "org").endpoint, "https://moved.example/");
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), 2);
    CU_ASSERT_STRING_EQUAL(keys[0].key_id, members_key_id(2));
    CU_ASSERT_STRING_EQUAL(keys[0].rotation, good.rotation);
    CU_ASSERT_EQUAL(keys[0].valid_until, 0);
    CU_ASSERT_STRING_EQUAL(keys[1].key_id, members_key_id(1));
    CU_ASSERT_STRING_EQUAL(keys[1].rotation, "");
    CU_ASSERT_EQUAL(keys[1].valid_until, keys[0].valid_from);
    CU_ASSERT_STRING_EQUAL(keys[1].pem, civ_public_key_pem(civ_key_public(members_key(1))));
    CU_ASSERT_EQUAL(members_leave(node, "org", 1, NULL), APR_EACCES);
    CU_ASSERT(members_totals_are(node, 1));
}

static void rotation_counts_once(void)
{
    civ_node_t *node = members_start("replay");
    applicant_t to_two = {.id = "org", .key = 2}, to_three = {.id = "org", .key = 3},
                back = {.id = "org", .key = 1};

    members_admit(node, "org", 1);
    to_two.rotation = members_rotation("org", 1, 2, 1);
    CU_ASSERT_EQUAL(members_join(node, &to_two), APR_SUCCESS);
    /* The same once more: it has that key. */
    members_join(node, &to_two);
    CU_ASSERT(is_refused(&to_two, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/organization_id"));
    to_three.rotation = members_rotation("org", 2, 3, 2);
    CU_ASSERT_EQUAL(members_join(node, &to_three), APR_SUCCESS);
    /* What was signed once for key 2 does not bring it back, nor does anything else. */
    members_join(node, &to_two);
    CU_ASSERT(is_refused(&to_two, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    back.rotation = members_rotation("org", 3, 1, 3);
    members_join(node, &back);
    CU_ASSERT(is_refused(&back, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_STRING_EQUAL(members_get(node, "org").key_id, members_key_id(3));
}

static void id_stays_with_its_key(void)
{
    civ_node_t *node = members_start("tombstone");
    applicant_t keyless = {.id = "org"}, other = {.id = "org", .key = 2}, same = {.id = "org", .key = 1},
                rotated = {.id = "org", .key = 2};
    civ_member_key_t keys[CIV_MEMBER_KEYS_MAX];
    civ_member_t gone;

    members_admit(node, "org", 1);
    CU_ASSERT_EQUAL(members_leave(node, "org", 1, NULL), APR_SUCCESS);
    gone = members_get(node, "org");
    CU_ASSERT(gone.left != 0);
    CU_ASSERT_STRING_EQUAL(gone.key_id, members_key_id(1));
    CU_ASSERT_PTR_NOT_NULL(strstr(gone.record, "\"left_at\":"));
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), 1);
    CU_ASSERT_EQUAL(keys[0].valid_until, gone.left);
    members_join(node, &keyless);
    CU_ASSERT(is_refused(&keyless, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    members_join(node, &other);
    CU_ASSERT(is_refused(&other, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/rotation"));
    CU_ASSERT(members_totals_are(node, 0));

    CU_ASSERT_EQUAL(members_join(node, &same), APR_SUCCESS);
    CU_ASSERT_EQUAL(same.rotated, 0);
    CU_ASSERT_PTR_NULL(strstr(same.member.record, "left_at"));
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), 1);
    CU_ASSERT_EQUAL(keys[0].valid_until, 0);

    CU_ASSERT_EQUAL(members_leave(node, "org", 1, NULL), APR_SUCCESS);
    rotated.rotation = members_rotation("org", 1, 2, 1);
    CU_ASSERT_EQUAL(members_join(node, &rotated), APR_SUCCESS);
    CU_ASSERT_EQUAL(rotated.rotated, 1);
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), 2);
    CU_ASSERT_STRING_EQUAL(keys[0].rotation, rotated.rotation);
    CU_ASSERT(keys[1].valid_until >= gone.left && keys[1].valid_until <= keys[0].valid_from);
    CU_ASSERT(members_totals_are(node, 1));
}

/* The history is never shortened: when it is full, no key follows. */
static void key_history_has_an_end(void)
{
    civ_node_t *node = members_start("history");
    civ_member_key_t *keys = apr_palloc(test_pool(), CIV_MEMBER_KEYS_MAX * sizeof(*keys));
    applicant_t last = {.id = "org", .key = CIV_MEMBER_KEYS_MAX + 1},
                same = {.id = "org", .key = CIV_MEMBER_KEYS_MAX};
    int i;

    members_admit(node, "org", 1);
    for (i = 2; i <= CIV_MEMBER_KEYS_MAX; i++) {
        applicant_t next = {.id = "org", .key = i, .rotation = members_rotation("org", i - 1, i, i - 1)};

        CU_ASSERT_EQUAL_FATAL(members_join(node, &next), APR_SUCCESS);
    }
    last.rotation =
        members_rotation("org", CIV_MEMBER_KEYS_MAX, CIV_MEMBER_KEYS_MAX + 1, CIV_MEMBER_KEYS_MAX);
    members_join(node, &last);
    CU_ASSERT(is_refused(&last, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), CIV_MEMBER_KEYS_MAX);
    CU_ASSERT_STRING_EQUAL(keys[CIV_MEMBER_KEYS_MAX - 1].key_id, members_key_id(1));
    /* It speaks as before, and who goes takes up the key that it had. */
    CU_ASSERT_EQUAL(members_leave(node, "org", CIV_MEMBER_KEYS_MAX, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(members_join(node, &same), APR_SUCCESS);
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), CIV_MEMBER_KEYS_MAX);
    CU_ASSERT_STRING_EQUAL(keys[CIV_MEMBER_KEYS_MAX - 1].key_id, members_key_id(1));
    CU_ASSERT_EQUAL(keys[0].valid_until, 0);
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

/* --- totals --- */

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
    {"joined_leaves_and_comes_back", joined_leaves_and_comes_back},
    {"nobody_is_not_found", nobody_is_not_found},
    {"ids_differ_in_case", ids_differ_in_case},
    {"members_come_in_pages", members_come_in_pages},
    {"keys_speak_for_their_members", keys_speak_for_their_members},
    {"policy_decides_who_joins", policy_decides_who_joins},
    {"key_is_one_members", key_is_one_members},
    {"rotation_needs_the_old_key", rotation_needs_the_old_key},
    {"rotation_counts_once", rotation_counts_once},
    {"id_stays_with_its_key", id_stays_with_its_key},
    {"key_history_has_an_end", key_history_has_an_end},
    {"repeat_of_a_join_is_the_same", repeat_of_a_join_is_the_same},
    {"one_of_many_gets_the_id", one_of_many_gets_the_id},
    {"one_of_many_gets_the_key", one_of_many_gets_the_key},
    {"many_join_at_once", many_join_at_once},
    {"totals_are_the_databases", totals_are_the_databases},
    {"totals_are_taken_over_whole", totals_are_taken_over_whole},
    {"network_has_one_key", network_has_one_key},
    {"reputation_is_summed", reputation_is_summed},
    {NULL, NULL},
};

const test_suite_t federation_members_suite = {"federation_members", unit_folder_make, unit_folder_remove,
                                               cases};
