/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file key_thumbprint.c
 * JWK thumbprints.
 */
#include "base/key_thumbprint.h"

#include "base/digest.h"
#include "base/encoding.h"

#include <apr_strings.h>

#include <string.h>

/* The required members of the JWK and no others, in alphabetical order, without white space. */
const char *civ_key_thumbprint(const unsigned char raw[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    const char *jwk = apr_pstrcat(pool, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"",
                                  civ_base64url_encode(raw, CIV_KEY_PUBLIC_SIZE, pool), "\"}", NULL);
    civ_digest_t digest;

    civ_digest_sha256(&digest, jwk, strlen(jwk));
    return civ_base64url_encode(digest.bytes, CIV_DIGEST_SIZE, pool);
}
