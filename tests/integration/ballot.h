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

/** Register validators 1 to @a count, each with its stake (NULL: none has any). */
void ballot_register_all(http_client_t *client, int count, const apr_int64_t *stakes);

/** DELETE of validator @a number. */
http_response_t *ballot_remove(http_client_t *client, int number);

/** Add a block of one entry. @return its index */
apr_int64_t ballot_add_block(http_client_t *client);

/** A member of an answer's "consensus", as http_json_text and http_json_int have it. */
const char *ballot_text(const http_response_t *response, const char *member);
apr_int64_t ballot_int(const http_response_t *response, const char *member);

/** The signature of validator @a number over a vote on the block whose JSON is @a block, in base64. */
const char *ballot_signature(const char *ledger, int number, const civ_json_t *block, int accepts);

/** The body of a vote. */
const char *ballot_body(const char *hash, const char *id, int accepts, const char *signature);

/** Cast it on a block by its index, signed as it should be. */
http_response_t *ballot_vote(http_client_t *client, int number, apr_int64_t index, int accepts);

/** GET consensus of a block by its index. */
http_response_t *ballot_consensus(http_client_t *client, apr_int64_t index);

#endif
