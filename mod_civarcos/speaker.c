/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "speaker.h"

#include "signature.h"

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

/** Where keys of members are looked up, and whose the key was. */
typedef struct registry_t {
    civ_federation_t *federation;
    const char *organization_id;
} registry_t;

static apr_status_t find_registered(void *baton, const char *key_id, apr_int64_t created,
                                    unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    registry_t *registry = baton;

    (void)created;
    return civ_federation_key(registry->federation, key_id, key, &registry->organization_id, pool);
}

/* One that joins proves that it has the key that it names; no signature by another one comes as far as this. */
static apr_status_t find_named(void *baton, const char *key_id, apr_int64_t created,
                               unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    (void)key_id;
    (void)created;
    (void)pool;
    memcpy(key, civ_public_key_raw(baton), CIV_KEY_PUBLIC_SIZE);
    return APR_SUCCESS;
}

static int verify(civ_call_t *call, const char *key_id, civ_signature_lookup_fn *lookup, void *baton,
                  civ_speaker_t *speaker)
{
    civ_request_signature_t signature;
    int result = civ_signature_check(call, key_id, lookup, baton, &signature);

    if (result == OK) {
        speaker->key_id = signature.key_id;
        speaker->nonce = signature.nonce;
        speaker->nonce_expires = signature.nonce_expires;
        speaker->proof = civ_signature_proof(&signature, call->r->pool);
    }
    return result;
}

int civ_speaker_identify(civ_call_t *call, civ_speaker_t *speaker)
{
    registry_t registry = {civ_node_federation(call->node), NULL};
    int result;

    memset(speaker, 0, sizeof(*speaker));
    result = civ_request_organization(call, &speaker->organization_id);
    if (result != OK || !civ_signature_is_there(call)) {
        return result;
    }
    result = verify(call, NULL, find_registered, &registry, speaker);
    if (result == OK && strcmp(registry.organization_id, speaker->organization_id) != 0) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_FORBIDDEN, "/organization_id", call->r->pool,
                           "The request is signed by another organization than the one that it speaks for.");
        return CIV_FAULTED;
    }
    return result;
}

/* The signature by the key that it names is the one that counts, whichever others there are. */
int civ_speaker_join(civ_call_t *call, const civ_public_key_t *key, civ_speaker_t *speaker)
{
    int result;

    memset(speaker, 0, sizeof(*speaker));
    result = civ_request_organization(call, &speaker->organization_id);
    if (result != OK || !key) {
        return result;
    }
    return verify(call, civ_key_thumbprint(civ_public_key_raw(key), call->r->pool), find_named, (void *)key,
                  speaker);
}
