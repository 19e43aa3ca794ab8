/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file merkle_fixture.h
 * Leaves for the tests of RFC 6962 trees.
 */
#ifndef CIV_TESTS_MERKLE_FIXTURE_H
#define CIV_TESTS_MERKLE_FIXTURE_H

#include "base/digest.h"

/** Whether @a hex is the digest, in lower case. */
int merkle_is_hex(const civ_digest_t *digest, const char *hex);

/** The leaf hash of bytes given as hex. */
void merkle_leaf_of_hex(civ_digest_t *out, const char *hex);

/** A tree's leaves on test_pool(): leaf i is the byte i. */
civ_digest_t *merkle_byte_leaves(apr_size_t count);

#endif
