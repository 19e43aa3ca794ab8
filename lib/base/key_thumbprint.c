/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "base/key_thumbprint.h"

#include <sodium.h>
#include <stdio.h>

#include "base/digest.h"

#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING

char *civ_key_thumbprint(char out[CIV_KEY_THUMBPRINT_SIZE], const unsigned char raw[CIV_KEY_PUBLIC_SIZE])
{
    char x[CIV_KEY_THUMBPRINT_SIZE], json[128];
    civ_digest_t digest;
    int length;

    sodium_bin2base64(x, sizeof(x), raw, CIV_KEY_PUBLIC_SIZE, BASE64URL);
    /* The required members of an OKP key, in the order and form of RFC 7638. */
    length = snprintf(json, sizeof(json), "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    civ_digest_sha256(&digest, json, (apr_size_t)length);
    sodium_bin2base64(out, CIV_KEY_THUMBPRINT_SIZE, digest.bytes, CIV_DIGEST_SIZE, BASE64URL);
    return out;
}
