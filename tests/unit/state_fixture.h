/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state_fixture.h
 * Segments for the tests of lib/state, and heads, documents and blocks that tell by themselves whether they are
 * whole.
 */
#ifndef CIV_TESTS_STATE_FIXTURE_H
#define CIV_TESTS_STATE_FIXTURE_H

#include "state/state_private.h"

/** Longest text of state_make_text. */
#define STATE_TEXT_SIZE 20000

/** A formatted segment of exactly the size needed, on the heap so that a step beyond it is noticed; freed with
 *  test_pool(). @param node its first node */
civ_state_t *state_make(const civ_state_plan_t *plans, apr_size_t count, civ_state_node_t **node);

/** A segment for one node in memory that forked processes share; unmapped with test_pool(). */
civ_state_node_t *state_make_shared(apr_uint32_t hot_blocks);

/** A head whose every member follows from @a number. */
void state_make_head(civ_state_head_t *head, apr_uint64_t number);

/** Non-zero when all members follow from the head's own height. */
int state_head_is_whole(const civ_state_head_t *head);

/** @a length bytes that follow from @a number, NUL-terminated. */
void state_make_text(char *text, apr_uint64_t number, apr_size_t length);

/** Publish a document of that number: its tag is "number-length". */
void state_document(civ_state_node_t *node, apr_uint64_t number, apr_size_t length);

/** Non-zero when text and tag belong to each other. */
int state_document_is_whole(const char *data, apr_size_t length, const char *tag);

/** Keep a block of that number: its hash is that of its text. */
void state_block(civ_state_node_t *node, apr_uint64_t height, apr_uint64_t number, apr_size_t length,
                 civ_digest_t *hash);

#endif
