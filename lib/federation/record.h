/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file record.h
 * A public record of the federation: a JSON object in RFC 8785 form, signed by the node so that it can travel without its
 * author being known, and put on record in the ledger by its digest.
 */
#ifndef CIV_FEDERATION_RECORD_H
#define CIV_FEDERATION_RECORD_H

#include "base/buffer.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/keys.h"
#include "store/change.h"

/** Prefix of the types of the entries that put the federation's history on record. */
#define CIV_RECORD_ENTRY_PREFIX "civarcos.federation."

typedef struct civ_record_t {
    const char *json; /**< RFC 8785 form */
    apr_size_t length;
    civ_digest_t digest;   /**< SHA-256 of it */
    const char *signature; /**< base64, see civ_record_seal */
} civ_record_t;

/**
 * Make a record from a JSON object.
 *
 * The signature is Ed25519 over DSSE's pre-authentication encoding: "DSSEv1" SP LEN(type) SP type SP LEN(json) SP json, with the
 * type "application/vnd.civarcos.<kind>+json".
 * @param kind "member", "evidence", "vote", "threat" ...
 * @param text JSON, not necessarily in canonical form
 * @return APR_SUCCESS; CIV_EINVALID when it is no I-JSON object
 */
apr_status_t civ_record_seal(civ_record_t *record, const char *kind, const char *text, apr_size_t length,
                             const civ_key_t *key, apr_pool_t *pool);

/** The same without a signature: json, length and digest. */
apr_status_t civ_record_digest(civ_record_t *record, const char *text, apr_size_t length, apr_pool_t *pool);

/** Whether the signature of a record is @a key's. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_record_verify(const char *kind, const char *json, apr_size_t length, const char *signature,
                               const civ_public_key_t *key, apr_pool_t *pool);

/** A fact of the note besides action, digest and time. A list of them ends with a NULL name. */
typedef struct civ_fact_t {
    const char *name;
    const char *value; /**< NULL: the fact is left out */
} civ_fact_t;

/**
 * Within a change: put it on record, as an entry of type "civarcos.federation.<kind>" with the members action, created, record
 * (the digest) and the facts.
 * @param facts may be NULL; never anything that tells who a person is
 */
apr_status_t civ_record_note(civ_change_t *change, const char *kind, const char *action,
                             const civ_digest_t *digest, const civ_fact_t *facts);

#endif
