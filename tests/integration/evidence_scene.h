/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_scene.h
 * A server whose members share evidence, for the suites about what it makes of it.
 */
#ifndef CIV_TESTS_EVIDENCE_SCENE_H
#define CIV_TESTS_EVIDENCE_SCENE_H

#include "integration/harness.h"
#include "integration/http.h"

#define EVIDENCE_CONFIG "CivarcosLedgerName evidence.test/ledger\nCivarcosDifficulty 4\n"

#define EVIDENCE_LIST "/api/federated/evidence"

/** More members of a request to share, for consortium_share(). */
#define EVIDENCE_PRIVATE ",\"privacy_level\":\"private\""

/** The server that was started last, and a client of it. */
extern harness_t *evidence_server;
extern http_client_t *evidence_web;

/** Start it, with members org-0 and so on: as usual, or with directives of the test's own. Ends the test that fails to. */
void evidence_start(int members);
void evidence_start_with(const char *config, int members);

/** End it. Its log must be clean. */
void evidence_stop(void);

/** The list of what is shared, with such a query ("" or "?type=coverage"), and how many it has. */
http_response_t *evidence_list(const char *query);
int evidence_count(const char *query);

/** What it answers when asked for all versions of one. */
http_response_t *evidence_versions(const char *evidence_id);

/** A number of the network's, by its name in the status. */
apr_int64_t evidence_total(const char *name);

/** The file of its database. */
const char *evidence_database(void);

/** Evidence of a test coverage: a JSON object. */
const char *evidence_coverage(const char *id, int percent);

#endif
