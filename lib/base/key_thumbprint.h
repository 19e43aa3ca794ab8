/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file key_thumbprint.h
 * The name that a public key has by itself: its JWK thumbprint.
 */
#ifndef CIV_BASE_KEY_THUMBPRINT_H
#define CIV_BASE_KEY_THUMBPRINT_H

#include "base/keys.h"

/** Characters of a thumbprint, the NUL not counted. */
#define CIV_KEY_THUMBPRINT_LENGTH 43

/** The thumbprint (RFC 7638, SHA-256) of an Ed25519 key as a JWK (RFC 8037), in base64url without padding, on @a pool. */
const char *civ_key_thumbprint(const unsigned char raw[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool);

#endif
