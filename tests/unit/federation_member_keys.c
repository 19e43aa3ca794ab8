/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_member_keys.c
 * Whose key is whose, on real nodes: who speaks with which, and how one follows another.
 */
#include "unit/members_fixture.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static void keys_speak_for_their_members(void)
{
    civ_node_t *node = members_start("speakers");
    applicant_t unsigned_join = {.id = "a", .key = 1, .signed_with = -1},
                other_signs = {.id = "a", .key = 1, .signed_with = 2},
                keyless_signed = {.id = "a", .signed_with = 2};
    civ_problem_t problem;

    members_join(node, &unsigned_join);
    CU_ASSERT(members_is_refused(&unsigned_join, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    members_join(node, &other_signs);
    CU_ASSERT(members_is_refused(&other_signs, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    members_join(node, &keyless_signed);
    CU_ASSERT(members_is_refused(&keyless_signed, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
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

static void key_is_one_members(void)
{
    civ_node_t *node = members_start("taken");
    applicant_t thief = {.id = "thief", .key = 1}, rotated = {.id = "owner", .key = 2},
                late = {.id = "late", .key = 2};
    unsigned char raw[CIV_KEY_PUBLIC_SIZE];
    const char *owner;

    members_admit(node, "owner", 1);
    members_join(node, &thief);
    CU_ASSERT(members_is_refused(&thief, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
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
    CU_ASSERT(members_is_refused(&thief, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_EQUAL(
        civ_federation_key(civ_node_federation(node), members_key_id(1), raw, &owner, test_pool()),
        APR_NOTFOUND);
    CU_ASSERT_EQUAL(members_leave(node, "owner", 2, NULL), APR_SUCCESS);
    members_join(node, &late);
    CU_ASSERT(members_is_refused(&late, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
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
        if (!members_is_refused(&applicant, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/rotation"))
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
    CU_ASSERT(members_is_refused(&to_two, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/organization_id"));
    to_three.rotation = members_rotation("org", 2, 3, 2);
    CU_ASSERT_EQUAL(members_join(node, &to_three), APR_SUCCESS);
    /* What was signed once for key 2 does not bring it back, nor does anything else. */
    members_join(node, &to_two);
    CU_ASSERT(members_is_refused(&to_two, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    back.rotation = members_rotation("org", 3, 1, 3);
    members_join(node, &back);
    CU_ASSERT(members_is_refused(&back, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
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
    CU_ASSERT(members_is_refused(&keyless, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key"));
    members_join(node, &other);
    CU_ASSERT(members_is_refused(&other, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/rotation"));
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
    CU_ASSERT(members_is_refused(&last, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key"));
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), CIV_MEMBER_KEYS_MAX);
    CU_ASSERT_STRING_EQUAL(keys[CIV_MEMBER_KEYS_MAX - 1].key_id, members_key_id(1));
    /* It speaks as before, and who goes takes up the key that it had. */
    CU_ASSERT_EQUAL(members_leave(node, "org", CIV_MEMBER_KEYS_MAX, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(members_join(node, &same), APR_SUCCESS);
    CU_ASSERT_EQUAL(members_keys(node, "org", keys), CIV_MEMBER_KEYS_MAX);
    CU_ASSERT_STRING_EQUAL(keys[CIV_MEMBER_KEYS_MAX - 1].key_id, members_key_id(1));
    CU_ASSERT_EQUAL(keys[0].valid_until, 0);
}

static const test_case_t cases[] = {
    {"keys_speak_for_their_members", keys_speak_for_their_members},
    {"key_is_one_members", key_is_one_members},
    {"rotation_needs_the_old_key", rotation_needs_the_old_key},
    {"rotation_counts_once", rotation_counts_once},
    {"id_stays_with_its_key", id_stays_with_its_key},
    {"key_history_has_an_end", key_history_has_an_end},
    {NULL, NULL},
};

const test_suite_t federation_member_keys_suite = {"federation_member_keys", unit_folder_make,
                                                   unit_folder_remove, cases};
