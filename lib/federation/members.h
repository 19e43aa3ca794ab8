/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file members.h
 * The organisations of the federation. An id belongs for ever to whoever first held it: leaving leaves a tombstone and the
 * history of its keys, so that old signatures stay verifiable, and a new key needs the old one's signature.
 */
#ifndef CIV_FEDERATION_MEMBERS_H
#define CIV_FEDERATION_MEMBERS_H

#include "base/key_thumbprint.h"
#include "federation/federation.h"
#include "federation/reputation.h"
#include "federation/speaker.h"

/** Longest organisation id, and endpoint, without their NUL; bytes of the metadata in canonical form. */
#define CIV_ORGANIZATION_ID_SIZE 128
#define CIV_ENDPOINT_SIZE        2048
#define CIV_METADATA_SIZE        16384

/** Keys that one organisation can have had. */
#define CIV_MEMBER_KEYS_MAX 100

typedef struct civ_member_t {
    apr_int64_t number; /**< in the order of first joining, from 1 */
    const char *organization_id;
    const char *endpoint;
    const char *metadata; /**< a JSON object in canonical form */
    apr_int64_t joined;   /**< the last time, in ms */
    apr_int64_t left;     /**< 0: it is in */
    const char *key_id;   /**< thumbprint of its key; "": it joined without one */
    const char *key_pem;  /**< NULL: none */
    unsigned char key[CIV_KEY_PUBLIC_SIZE];
    civ_outcomes_t outcomes;
    const char *record; /**< what of this is signed by the node, and its signature */
    const char *signature;
} civ_member_t;

/** A key that an organisation has, or had. */
typedef struct civ_member_key_t {
    const char *key_id;
    const char *pem;
    apr_int64_t valid_from, valid_until; /**< in ms; until 0: still */
    const char *rotation; /**< the signature of the key before it, base64; "" for a first one */
} civ_member_key_t;

/** Whether @a id is 1 to 128 of A-Z a-z 0-9 . _ : @ - and neither "." nor "..". */
int civ_organization_id_is_valid(const char *id);

/** Check an endpoint: an absolute https URL (or http, where @a plain_http) without user, fragment or white space. It is never
 * fetched. @return APR_SUCCESS, or CIV_EINVALID with INVALID_MEMBER at /evidence_endpoint */
apr_status_t civ_endpoint_check(const char *url, int plain_http, civ_problem_t *problem, apr_pool_t *pool);

/** What an organisation says of itself when it joins. */
typedef struct civ_joining_t {
    const char *endpoint;
    const char *metadata;        /**< canonical JSON object */
    const civ_public_key_t *key; /**< NULL: none */
    const char *rotation; /**< base64: the signature of its key before over civ_rotation_text; NULL: none */
} civ_joining_t;

/**
 * Join, join again after leaving, or (with a rotation) go on under another key. What a speaker with a key has signed must
 * have been verified with that very key; speaker->key_id names it.
 * @param member as it is then; where @a repeated, as it was then
 * @param rotated set to whether a member has got another key
 * @return APR_SUCCESS; CIV_ECONFLICT (CONFLICT): it is in, or its id or key is another's; APR_EACCES (FORBIDDEN): not under
 * CivarcosFederationJoin, or not without the old key; as civ_transactor_t's run
 */
apr_status_t civ_federation_join(civ_federation_t *federation, const civ_speaker_t *speaker,
                                 const civ_joining_t *joining, const civ_idempotency_t *idempotency,
                                 civ_member_t *member, int *rotated, int *repeated, civ_problem_t *problem,
                                 apr_pool_t *pool);

/** Leave. What it shared stays. @param repeated set to whether it is an earlier answer. @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND); as civ_transactor_t's run */
apr_status_t civ_federation_leave(civ_federation_t *federation, const civ_speaker_t *speaker,
                                  const civ_idempotency_t *idempotency, int *repeated, civ_problem_t *problem,
                                  apr_pool_t *pool);

/** The text that the old key signs for a new one: "civarcos-rotation/v1" LF organisation id LF old key id LF new key id LF. */
const char *civ_rotation_text(const char *organization_id, const char *old_key_id, const char *new_key_id,
                              apr_pool_t *pool);

/** One organisation that is, or was, in. @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND); database errors (UNAVAILABLE) */
apr_status_t civ_federation_member(civ_federation_t *federation, const char *organization_id,
                                   civ_member_t *member, civ_problem_t *problem, apr_pool_t *pool);

/** Its keys, newest first. @param keys of CIV_MEMBER_KEYS_MAX */
apr_status_t civ_federation_member_keys(civ_federation_t *federation, const civ_member_t *member,
                                        civ_member_key_t *keys, int *count, civ_problem_t *problem,
                                        apr_pool_t *pool);

/** A key that is in force, by its thumbprint: now, or where another host changed it, when this one last looked there; a change
 *  looks again. @param raw set on success
 *  @return APR_SUCCESS; APR_NOTFOUND: nobody has it, or not any more; database errors */
apr_status_t civ_federation_key(civ_federation_t *federation, const char *key_id,
                                unsigned char raw[CIV_KEY_PUBLIC_SIZE], const char **organization_id,
                                apr_pool_t *pool);

typedef struct civ_member_page_t {
    civ_member_t *members; /**< in the order of first joining; only those that are in */
    int count;
    int more; /**< non-zero: go on behind the last one's number */
} civ_member_page_t;

/** @param after a number, or 0; @param limit 1 to 1000 */
apr_status_t civ_federation_members(civ_federation_t *federation, apr_int64_t after, int limit,
                                    civ_member_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

#endif
