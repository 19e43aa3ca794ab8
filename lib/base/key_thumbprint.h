/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file key_thumbprint.h
 * The name of an Ed25519 public key: its JWK thumbprint.
 */
#ifndef CIV_BASE_KEY_THUMBPRINT_H
#define CIV_BASE_KEY_THUMBPRINT_H

#include "base/keys.h"

/** 43 characters of base64url, and a NUL. */
#define CIV_KEY_THUMBPRINT_SIZE 44

/** Write the RFC 7638 thumbprint (SHA-256, base64url without padding) of the key as an RFC 8037 JWK; returns @a out. */
char *civ_key_thumbprint(char out[CIV_KEY_THUMBPRINT_SIZE], const unsigned char raw[CIV_KEY_PUBLIC_SIZE]);

#endif
