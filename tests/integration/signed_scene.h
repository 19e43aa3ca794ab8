/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signed_scene.h
 * A server that takes signed requests, for the suites about what it makes of them.
 */
#ifndef CIV_TESTS_SIGNED_SCENE_H
#define CIV_TESTS_SIGNED_SCENE_H

#include "integration/ledger_checks.h"
#include "integration/scenario.h"
#include "integration/signer.h"

#define SIGNED_JOIN  "/api/federated/join"
#define SIGNED_LEAVE "/api/federated/leave"

/** Causes that a stranger is not told are warnings. */
#define SIGNED_WARNED "?CIV0600", "?CIV0601"

/** The server that was started last, and a client of it. */
extern harness_t *signed_server;
extern http_client_t *signed_web;

/** Start it: as usual, with directives of the test's own, or with them and on another MPM. Ends the test that fails to. */
void signed_start(void);
void signed_start_with(const char *config);
void signed_start_on(const char *mpm, const char *config);

/** End it. Its log must be clean but for what was looked at, and for SIGNED_WARNED. */
void signed_stop(void);

/** What an organisation says to leave. */
const char *signed_leaving(const char *organization);

/** A request to the server; @a key as signer_request_t has it. */
signer_request_t signed_request_of(const char *key, const char *path, const char *body);

/** It must have been refused with this label, and these words. */
#define SIGNED_REFUSED(answer, label, words) CU_ASSERT(signer_is_refused(signed_server, answer, label, words))

#endif
