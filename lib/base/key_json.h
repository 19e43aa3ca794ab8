/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file key_json.h
 * Ed25519 public keys as clients send them.
 */
#ifndef CIV_BASE_KEY_JSON_H
#define CIV_BASE_KEY_JSON_H

#include "base/json.h"
#include "base/keys.h"

/**
 * Read a public key: a string with SPKI PEM, or with the 32 bytes of RFC 8032 in base64 or base64url (padded or not); or an
 * object that is a JWK (RFC 8037: kty "OKP", crv "Ed25519", x). Refused are keys that verify nothing or too much: bytes that
 * are no point of the curve, encodings that are not canonical, points of small order.
 * @param pointer where @a value stands, for the problem
 * @return APR_SUCCESS, or CIV_EINVALID with @a problem (INVALID_MEMBER)
 */
apr_status_t civ_public_key_from_json(civ_public_key_t **key, const civ_json_t *value, const char *pointer,
                                      civ_problem_t *problem, apr_pool_t *pool);

#endif
