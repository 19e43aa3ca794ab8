/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_checks.h
 * What several suites ask of answers of the ledger. Main thread only: everything is on test_pool().
 */
#ifndef CIV_TESTS_LEDGER_CHECKS_H
#define CIV_TESTS_LEDGER_CHECKS_H

#include "integration/harness.h"
#include "integration/http.h"

/** A JSON value, so that http_json() and its kin can look into it. */
http_response_t checks_view(const civ_json_t *value);

/** The members of @a value, an object, that an RFC 6901 pointer names, as text: "(absent)" where there is none. */
const char *checks_text(const civ_json_t *value, const char *pointer);

/** The same as an integer: APR_INT64_MIN where there is none. */
apr_int64_t checks_int(const civ_json_t *value, const char *pointer);

/** A header field, or "(absent)". */
const char *checks_header(const http_response_t *response, const char *name);

/** A client of its own on test_pool(). */
http_client_t *checks_client(const harness_t *server);

/** Parse a JSON text that the server has sent in a larger whole. NULL, with a note, when it is not good. */
const civ_json_t *checks_parse(const char *text, apr_size_t length);

/** Blocks of the ledger, by info; -1 when there is no answer. */
apr_int64_t checks_blocks(http_client_t *client);

/** A block that was read by its index, or NULL. */
const civ_json_t *checks_block(http_client_t *client, apr_int64_t index);

/** SHA-256 of the canonical form of @a value, in hex. */
const char *checks_hash(const civ_json_t *value);

/** SHA-256 of a text, in hex. */
const char *checks_hash_text(const char *text);

/**
 * Whether a block has all its members, and all that can be re-derived from it alone and from its parent is as
 * it says: hash, work, evidence hashes and root, link, order and, with @a info (the member "blockchain"), the
 * signature. Notes what is wrong.
 * @param parent may be NULL
 * @param info may be NULL
 */
int checks_block_is_sound(const civ_json_t *block, const civ_json_t *parent, const civ_json_t *info);

/** Whether the answer is a problem with this status whose member "pointer" is @a pointer (NULL: has none). */
int checks_problem_at(const http_response_t *response, int status, const char *pointer);

/** Whether it is a 400 for the query parameter (or path variable) @a parameter. */
int checks_bad_parameter(const http_response_t *response, const char *parameter);

/** Text before @a open, then @a count times @a repeated, then @a after. */
char *checks_repeat(const char *before, const char *repeated, apr_size_t count, const char *after);

/** Compress with gzip. @return NULL when there is none */
const char *checks_gzip(const harness_t *server, const char *data, apr_size_t length, apr_size_t *compressed);

/** Decompress with gzip. @return NULL when it is not good */
const char *checks_gunzip(const harness_t *server, const char *data, apr_size_t length);

/** Whether all of these processes are children still. */
int checks_children_live(const harness_t *server, const pid_t *pids, int count);

#endif
