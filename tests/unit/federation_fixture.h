/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_fixture.h
 * What the suites of lib/federation share.
 */
#ifndef CIV_TESTS_FEDERATION_FIXTURE_H
#define CIV_TESTS_FEDERATION_FIXTURE_H

#include "base/json.h"
#include "federation/redaction.h"

/** Caps for documents of tests. */
extern const civ_json_limits_t fixture_limits;

/** The rules, while a suite runs. Interpreted under valgrind, which takes compiled patterns for faults. */
extern const civ_redactor_t *fixture_redactor;

/** Set-up and tear-down of a suite that needs them. */
int fixture_make_redactor(void);
int fixture_drop_redactor(void);

#endif
