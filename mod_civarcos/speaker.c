/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "speaker.h"

#include "signature.h"

#include "base/key_thumbprint.h"
#include "federation/members.h"

#include <string.h>

int civ_request_organization(civ_call_t *call, const char **organization_id)
{
    *organization_id = civ_json_get_text(call->body, "organization_id");
    if (*organization_id && civ_organization_id_is_valid(*organization_id)) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/organization_id", call->r->pool,
                       "An id has 1 to %d of A-Z a-z 0-9 . _ : @ - and is neither \".\" nor \"..\".",
                       CIV_ORGANIZATION_ID_SIZE);
    return CIV_FAULTED;
}

/* --- keys --- */

typedef struct known_key_t {
    civ_federation_t *federation;
    const char *organization_id; /* whose the key is */
} known_key_t;

/* A member's key, in force now. One that was given up since the request was signed is not. */
static apr_status_t find_member_key(void *baton, const char *key_id, apr_int64_t created,
                                    unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    known_key_t *known = baton;

    (void)created;
    return civ_federation_key(known->federation, key_id, key, &known->organization_id, pool);
}

/* The key that the request itself names. */
static apr_status_t find_named_key(void *baton, const char *key_id, apr_int64_t created,
                                   unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    const unsigned char *raw = civ_public_key_raw(baton);

    (void)created;
    if (strcmp(key_id, civ_key_thumbprint(raw, pool)) != 0) {
        return APR_NOTFOUND;
    }
    memcpy(key, raw, CIV_KEY_PUBLIC_SIZE);
    return APR_SUCCESS;
}

static void take_signature(civ_speaker_t *speaker, const civ_request_signature_t *signature, apr_pool_t *pool)
{
    speaker->key_id = signature->key_id;
    speaker->nonce = signature->nonce;
    speaker->nonce_expires = signature->nonce_expires;
    speaker->proof = civ_signature_proof(signature, pool);
}

/* --- speaking --- */

int civ_speaker_identify(civ_call_t *call, civ_speaker_t *speaker)
{
    known_key_t known = {civ_node_federation(call->node), NULL};
    civ_request_signature_t signature;
    int result;

    memset(speaker, 0, sizeof(*speaker));
    if (civ_request_organization(call, &speaker->organization_id) != OK) {
        return CIV_FAULTED;
    }
    if (!civ_signature_is_there(call)) {
        return OK;
    }
    result = civ_signature_check(call, NULL, find_member_key, &known, &signature);
    if (result != OK) {
        return result;
    }
    if (strcmp(known.organization_id, speaker->organization_id) != 0) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_FORBIDDEN, "/organization_id", call->r->pool,
                           "The request is signed by another organization than the one it speaks for.");
        return CIV_FAULTED;
    }
    take_signature(speaker, &signature, call->r->pool);
    return OK;
}

int civ_speaker_join(civ_call_t *call, const civ_public_key_t *key, civ_speaker_t *speaker)
{
    civ_request_signature_t signature;
    int result;

    memset(speaker, 0, sizeof(*speaker));
    if (civ_request_organization(call, &speaker->organization_id) != OK) {
        return CIV_FAULTED;
    }
    if (!key) {
        return OK;
    }
    result = civ_signature_check(call, civ_key_thumbprint(civ_public_key_raw(key), call->r->pool),
                                 find_named_key, (void *)key, &signature);
    if (result == OK) {
        take_signature(speaker, &signature, call->r->pool);
    }
    return result;
}
