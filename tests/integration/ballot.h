/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ballot.h
 * Validators of a test: their keys, their registration, and the votes they sign. The text of a vote is written down anew.
 */
#ifndef CIV_TESTS_BALLOT_H
#define CIV_TESTS_BALLOT_H

#include "base/keys.h"
#include "integration/http.h"

/** The key of validator @a number, on test_pool(). */
const civ_key_t *ballot_key(int number);

/** The same number's id: "validator-7". */
const char *ballot_id(int number);

/** Register validator @a number with its PEM. */
http_response_t *ballot_register(http_client_t *client, int number, apr_int64_t stake);

/** The signature of validator @a number over a vote on the block whose JSON is @a block, in base64. */
const char *ballot_signature(const char *ledger, int number, const civ_json_t *block, int accepts);

/** The body of a vote. */
const char *ballot_body(const char *hash, const char *id, int accepts, const char *signature);

/** Cast it on a block by its index, signed as it should be. */
http_response_t *ballot_vote(http_client_t *client, int number, apr_int64_t index, int accepts);

/** GET consensus of a block by its index. */
http_response_t *ballot_consensus(http_client_t *client, apr_int64_t index);

#endif
