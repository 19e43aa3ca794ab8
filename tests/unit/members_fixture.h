/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file members_fixture.h
 * Organisations that join the federation of a node, with keys that are always the same.
 */
#ifndef CIV_TESTS_MEMBERS_FIXTURE_H
#define CIV_TESTS_MEMBERS_FIXTURE_H

#include "federation/members.h"
#include "unit/node_fixture.h"

#define MEMBERS_ENDPOINT "https://evidence.example.org/api"

/** What an organisation asks for, and what came of it. Zeros are: no key, no rotation, the endpoint above, {}. */
typedef struct applicant_t {
    const char *id;
    int key;         /**< number of the key that it names; 0: none */
    int signed_with; /**< number of the key that the request is signed with; 0: that of key; -1: none */
    const char *rotation;
    const char *endpoint, *metadata;
    const char *retry; /**< Idempotency-Key */

    apr_status_t status;
    civ_member_t member;
    int rotated, repeated;
    civ_problem_t problem;
} applicant_t;

/** A node whose state folder has that name, its federation open to all; in @a policy. */
civ_node_t *members_start(const char *folder);

/** Key @a number, which is 1 to 255. On test_pool(). */
const civ_key_t *members_key(int number);
const char *members_key_id(int number);

/** The signature of key @a from over the text of the rotation of @a id to key @a to, by key @a signer. */
const char *members_rotation(const char *id, int from, int to, int signer);

/** Who speaks, having signed with that key (0: none), with a nonce of its own. */
civ_speaker_t members_speaker(const char *id, int key);

/** Join; results live on @a pool. Asserts nothing. @return its status */
apr_status_t members_join_on(civ_node_t *node, applicant_t *applicant, apr_pool_t *pool);
apr_status_t members_join(civ_node_t *node, applicant_t *applicant);

/** Whether it was refused with that status and kind, at that place of the request (NULL: nowhere); says what was otherwise. */
int members_is_refused(const applicant_t *applicant, apr_status_t status, civ_problem_kind_e kind,
                       const char *pointer);

/** Join with that key (0: none); must succeed. */
civ_member_t members_admit(civ_node_t *node, const char *id, int key);

/** Leave, speaking with that key (0: none). */
apr_status_t members_leave(civ_node_t *node, const char *id, int key, civ_problem_t *problem);

/** An organisation as it is now; its number is 0 where there is none. */
civ_member_t members_get(civ_node_t *node, const char *id);

/** Its keys, newest first. @return how many */
int members_keys(civ_node_t *node, const char *id, civ_member_key_t keys[CIV_MEMBER_KEYS_MAX]);

/** Whether what the node tells of the totals is what the database has, and that there are so many members. */
int members_totals_are(civ_node_t *node, int members);

#endif
