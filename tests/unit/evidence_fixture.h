/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_fixture.h
 * Members that share evidence with one another, and vote on it. All results are on test_pool().
 */
#ifndef CIV_TESTS_EVIDENCE_FIXTURE_H
#define CIV_TESTS_EVIDENCE_FIXTURE_H

#include "federation/evidence.h"
#include "unit/members_fixture.h"

/** What a member shares, and what came of it. */
typedef struct sharer_t {
    const char *id;
    int key; /**< that the request is signed with; 0: none */
    civ_draft_t draft;
    const civ_idempotency_t *retry; /**< NULL: none */

    apr_status_t status;
    civ_shared_t shared;
    int repeated;
    civ_problem_t problem;
} sharer_t;

/** A draft with content for each of three numbers of members that have something in common. */
extern const civ_draft_t evidence_anonymized;

/** A node whose state folder has that name, with members org0, org1 and so on, without keys. */
civ_node_t *evidence_start(const char *folder, int members);

/** Share; asserts nothing. @return its status */
apr_status_t evidence_share(civ_node_t *node, sharer_t *sharer);

/** Share coverage of something of that size, or of size 1024, in C; must succeed. */
civ_shared_t evidence_share_sized(civ_node_t *node, const char *id, const char *own_id, int coverage,
                                  int size);
civ_shared_t evidence_share_as(civ_node_t *node, const char *id, const char *own_id, int coverage);

/** Vote on the version that is seen; @a problem may be NULL. Asserts nothing. */
apr_status_t evidence_vote(civ_node_t *node, const char *id, const char *evidence_id, int is_valid,
                           apr_int64_t confidence, civ_problem_t *problem);

/** What everybody sees, of one type or (NULL) of all, older than a number. */
civ_shared_page_t evidence_list(civ_node_t *node, const char *type, apr_int64_t before, int limit);

/** All versions, newest first; empty where there are none to be seen. */
civ_shared_page_t evidence_versions(civ_node_t *node, const char *evidence_id);

#endif
