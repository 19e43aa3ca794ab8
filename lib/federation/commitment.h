/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file commitment.h
 * The private level: nothing leaves but a commitment, with which its author can prove later that the content existed. Without
 * the salt it says nothing, not even to who can guess the content.
 */
#ifndef CIV_FEDERATION_COMMITMENT_H
#define CIV_FEDERATION_COMMITMENT_H

#include "base/digest.h"
#include "base/json.h"

#define CIV_COMMITMENT_SALT_SIZE 32

/** A salt from the system's random numbers; it goes to the author, and is kept nowhere. @return APR_SUCCESS or their error */
apr_status_t civ_commitment_salt(unsigned char salt[CIV_COMMITMENT_SALT_SIZE]);

/** SHA-256(salt, canonical form of @a content (RFC 8785)).
 *  @param pool for a moment
 *  @return APR_SUCCESS, or CIV_EINVALID when the content has no canonical form */
apr_status_t civ_commitment(civ_digest_t *out, const unsigned char salt[CIV_COMMITMENT_SALT_SIZE],
                            const civ_json_t *content, apr_pool_t *pool);

#endif
