/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_fixture.h
 * Nodes in the suite's folder.
 */
#ifndef CIV_TESTS_NODE_FIXTURE_H
#define CIV_TESTS_NODE_FIXTURE_H

#include "node/node_private.h"
#include "unit/unit_support.h"

/** Configuration of a node whose state folder has that name; cheap proof of work, and every request looks for
 *  other writers. */
civ_node_config_t *node_configure(const char *folder);

/** civ_node_prepare for ourselves, which must succeed. */
void node_prepare(const civ_node_config_t *config);

/** A hot state of its own, as another host or another start of the server has it. */
civ_state_node_t *node_make_hot(const civ_node_config_t *config);

/** Open a node; must succeed. @param hot may be NULL */
civ_node_t *node_open(const civ_node_config_t *config, civ_state_node_t *hot);

/** Prepare, open with a fresh hot state, and start; must succeed. */
civ_node_t *node_start(const civ_node_config_t *config);

/** Make an entry whose text holds @a number. */
void node_make_entry(civ_entry_t *entry, int number, apr_pool_t *pool);

/** Append one entry; returns the height of its block, or APR_UINT64_MAX with @a problem set. */
apr_uint64_t node_append(civ_node_t *node, int number, civ_problem_t *problem);

/** The head as the node tells it; must succeed. */
civ_state_head_t node_head(civ_node_t *node);

/** A block's JSON as the node tells it, or NULL. */
const char *node_block(civ_node_t *node, apr_uint64_t height, civ_digest_t *hash);

/** What the database says: first column of a select, or -1. */
apr_int64_t node_raw_int(const civ_node_config_t *config, const char *sql);

/** Change the database behind the node's back. */
void node_raw_run(const civ_node_config_t *config, const char *sql);

#endif
