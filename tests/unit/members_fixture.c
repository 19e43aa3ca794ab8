/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file members_fixture.c
 * Joining, leaving, looking.
 */
#include "unit/members_fixture.h"

#include "base/encoding.h"
#include "base/timestamp.h"
#include "support/runner.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <string.h>

civ_node_t *members_start(const char *folder)
{
    return node_start(node_configure(folder));
}

static civ_key_t *make_key(int number, apr_pool_t *pool)
{
    unsigned char seed[32];
    civ_key_t *key = NULL;

    memset(seed, number, sizeof(seed));
    return civ_key_from_seed(&key, seed, pool) == APR_SUCCESS ? key : NULL;
}

const civ_key_t *members_key(int number)
{
    civ_key_t *key = make_key(number, test_pool());

    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    return key;
}

static const char *key_id_of(const civ_key_t *key, apr_pool_t *pool)
{
    return civ_key_thumbprint(civ_public_key_raw(civ_key_public(key)), pool);
}

const char *members_key_id(int number)
{
    return key_id_of(members_key(number), test_pool());
}

const char *members_rotation(const char *id, int from, int to, int signer)
{
    const char *text = civ_rotation_text(id, members_key_id(from), members_key_id(to), test_pool());
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];

    CU_ASSERT_EQUAL(civ_key_sign(members_key(signer), signature, text, strlen(text)), APR_SUCCESS);
    return civ_base64_encode(signature, sizeof(signature), test_pool());
}

/* Each request is signed anew. */
static volatile apr_uint32_t nonces;

/* Who speaks, with that key (0: none). */
static civ_speaker_t speaker_of(const char *id, int key, apr_pool_t *pool)
{
    civ_speaker_t speaker = {.organization_id = id};

    if (key > 0) {
        speaker.key_id = key_id_of(make_key(key, pool), pool);
        speaker.nonce = apr_psprintf(pool, "nonce-of-the-test-%u", apr_atomic_inc32(&nonces));
        speaker.nonce_expires = civ_timestamp_now() + 300000;
    }
    return speaker;
}

civ_speaker_t members_speaker(const char *id, int key)
{
    return speaker_of(id, key, test_pool());
}

apr_status_t members_join_on(civ_node_t *node, applicant_t *applicant, apr_pool_t *pool)
{
    int signer = applicant->signed_with != 0 ? applicant->signed_with : applicant->key;
    civ_speaker_t speaker = speaker_of(applicant->id, signer, pool);
    civ_joining_t joining = {.endpoint = applicant->endpoint != NULL ? applicant->endpoint : MEMBERS_ENDPOINT,
                             .metadata = applicant->metadata != NULL ? applicant->metadata : "{}",
                             .key =
                                 applicant->key > 0 ? civ_key_public(make_key(applicant->key, pool)) : NULL,
                             .rotation = applicant->rotation};
    civ_idempotency_t idempotency;

    if (applicant->retry != NULL) {
        civ_digest_sha256(&idempotency.key, applicant->retry, strlen(applicant->retry));
        civ_digest_sha256(&idempotency.request, applicant->id, strlen(applicant->id));
    }
    applicant->status = civ_federation_join(
        civ_node_federation(node), &speaker, &joining, applicant->retry != NULL ? &idempotency : NULL,
        &applicant->member, &applicant->rotated, &applicant->repeated, &applicant->problem, pool);
    return applicant->status;
}

apr_status_t members_join(civ_node_t *node, applicant_t *applicant)
{
    return members_join_on(node, applicant, test_pool());
}

int members_is_refused(const applicant_t *applicant, apr_status_t status, civ_problem_kind_e kind,
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

civ_member_t members_admit(civ_node_t *node, const char *id, int key)
{
    applicant_t applicant = {.id = id, .key = key};

    CU_ASSERT_EQUAL_FATAL(members_join(node, &applicant), APR_SUCCESS);
    return applicant.member;
}

apr_status_t members_leave(civ_node_t *node, const char *id, int key, civ_problem_t *problem)
{
    civ_speaker_t speaker = speaker_of(id, key, test_pool());
    civ_problem_t own;
    int repeated;

    return civ_federation_leave(civ_node_federation(node), &speaker, NULL, &repeated,
                                problem != NULL ? problem : &own, test_pool());
}

civ_member_t members_get(civ_node_t *node, const char *id)
{
    civ_member_t member;
    civ_problem_t problem;

    memset(&member, 0, sizeof(member));
    if (civ_federation_member(civ_node_federation(node), id, &member, &problem, test_pool()) != APR_SUCCESS)
        member.number = 0;
    return member;
}

int members_keys(civ_node_t *node, const char *id, civ_member_key_t keys[CIV_MEMBER_KEYS_MAX])
{
    civ_member_t member = members_get(node, id);
    civ_problem_t problem;
    int count = -1;

    CU_ASSERT_EQUAL(
        civ_federation_member_keys(civ_node_federation(node), &member, keys, &count, &problem, test_pool()),
        APR_SUCCESS);
    return count;
}

int members_totals_are(civ_node_t *node, int members)
{
    civ_totals_t hot, stored;
    civ_problem_t problem;
    unsigned i;
    int same = 1;

    /* As every request does. */
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_node_federation_totals(node, &hot, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_federation_totals(civ_node_federation(node), &stored, test_pool()), APR_SUCCESS);
    for (i = 0; i < CIV_TOTAL_COUNT; i++)
        if (hot.values[i] != stored.values[i]) {
            test_note("total %u is %" APR_INT64_T_FMT " here, %" APR_INT64_T_FMT " in the database", i,
                      hot.values[i], stored.values[i]);
            same = 0;
        }
    if (stored.values[CIV_TOTAL_MEMBERS] != members)
        test_note("%" APR_INT64_T_FMT " members, not %d", stored.values[CIV_TOTAL_MEMBERS], members);
    return same && stored.values[CIV_TOTAL_MEMBERS] == members;
}
