/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sealing_fixture.h
 * What the tests of the connectors' keys share.
 */
#ifndef CIV_TESTS_SEALING_FIXTURE_H
#define CIV_TESTS_SEALING_FIXTURE_H

#include "sync/sealing.h"
#include "unit/sync_fixture.h"

/** Of the last thing that was refused. */
extern civ_problem_t sealing_problem;

/** Instead of test_pool(), where it is not NULL: who goes on for long clears it, for there are only so many places for secrets. */
extern apr_pool_t *sealing_moment;

/** Two platforms, with three secrets together. */
extern const char *const sealing_platforms[2];

/** An engine with both configured. */
civ_engine_t *sealing_engine(const char *name);

/** Configure one of them. */
apr_status_t sealing_configure(const civ_engine_t *engine, const char *platform, const char *token);

/** @return the token in clear; NULL: it cannot be opened */
const char *sealing_token(const civ_engine_t *engine, const char *platform);

/** Whether all secrets can be opened, and are what sealing_engine has configured. */
int sealing_is_well(const civ_engine_t *engine);

/** Rotate, or go on with a rotation, to its end. */
apr_status_t sealing_finish(const civ_engine_t *engine, civ_rotation_t *rotation);

/** The same, and end the test where it fails. */
civ_rotation_t sealing_rotate(const civ_engine_t *engine);

/** What the key file holds. */
civ_seal_key_t *sealing_keys(const civ_engine_t *engine);

#endif
