/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request_fixture.h
 * Signed requests that a test may spoil, and a server that verifies them. All results are on test_pool().
 */
#ifndef CIV_TESTS_REQUEST_FIXTURE_H
#define CIV_TESTS_REQUEST_FIXTURE_H

#include "base/request_signature.h"

/** The second in which all of this happens, a nonce, and a body. */
#define REQUEST_NOW   APR_INT64_C(1767225600)
#define REQUEST_NONCE "QWxwaGEtbm9uY2UtMDAwMQ"
#define REQUEST_BODY  "{\"evidence_id\":\"ev-1\",\"vote\":\"valid\"}"

/** Up to 300 s old, up to 60 s ahead, to Fed.example.org. */
extern const civ_signature_policy_t request_policy;

/** A request that a case may spoil. */
typedef struct spoiled_t {
    civ_message_t message;
    civ_header_line_t lines[8];
    const char *body;
    const char *key_id; /**< the one that is wanted */
    const char *input, *signature;
} spoiled_t;

/** A key of a name of its own. */
civ_key_t *request_key(const char *name);
const char *request_key_id(const civ_key_t *key);

/** Add a line to the head. */
void request_add_line(spoiled_t *one, const char *name, const char *value);

/** The value of the first line of that name, to be changed; it must be there. */
const char **request_line(spoiled_t *one, const char *name);

/** A POST with that body (NULL: none); not signed, or signed by alpha at REQUEST_NOW. */
spoiled_t *request_unsigned(const char *body);
spoiled_t *request_signed(const char *body);

/** Sign as our signer does; must succeed. */
void request_sign(spoiled_t *one, const civ_key_t *key, const civ_signature_choice_t *choice);

/** Verify where the keys of alpha and beta are known, alpha's only from an hour before REQUEST_NOW on.
 *  @return the name of the label; the rest is in request_last and request_look_ups */
const char *request_verify(spoiled_t *one);
const char *request_verify_at(spoiled_t *one, apr_int64_t now);

/** What the last verification found, and how many keys it asked for. */
extern civ_request_signature_t request_last;
extern int request_look_ups;

/** Verification ends with that label. */
#define IS(one, expected) CU_ASSERT_STRING_EQUAL(request_verify(one), expected)

#endif
