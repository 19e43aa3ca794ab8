/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_fixture.h
 * Published vectors where they are at hand, and keys that everybody knows.
 */
#ifndef CIV_TESTS_SIGNATURE_FIXTURE_H
#define CIV_TESTS_SIGNATURE_FIXTURE_H

#include "base/json.h"

/** The seed of RFC 9421's test-key-ed25519 (its appendix B.1.4). */
#define SIGNATURE_TEST_SEED "9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5"

/** A file of the vectors, parsed, on test_pool(); NULL, with a note, where there are none. */
const civ_json_t *signature_vectors(const char *name);

/** A member's array; a failed assertion when it is none. */
const civ_json_t *signature_array(const civ_json_t *object, const char *name);

/** The text of a string member, which must be there. */
const char *signature_text(const civ_json_t *object, const char *name);

#endif
