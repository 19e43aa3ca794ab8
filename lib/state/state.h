/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file state.h
 * The hot state: what readers need most, in shared memory that is mapped by every process of one server. Raw
 * memory in, offsets inside, no pointers. Readers use sequence locks and never wait for a writer; writers of
 * one node are kept apart by the caller (the node's mutex). It is only a copy: the database is the truth, and
 * a reader that finds nothing here asks there.
 */
#ifndef CIV_STATE_H
#define CIV_STATE_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/digest.h"

/** Nodes one segment can hold. */
#define CIV_STATE_MAX_NODES 256

/** 64-bit counters a node has. */
#define CIV_STATE_COUNTERS 512

/** Largest ready-to-send document. */
#define CIV_STATE_DOCUMENT_SIZE 8192

/** Longest reason for being read-only, NUL included. */
#define CIV_STATE_REASON_SIZE 256

/** What a node's slot is made for. */
typedef struct civ_state_plan_t {
    apr_uint32_t hot_blocks; /**< newest blocks kept ready; 0 keeps none */
} civ_state_plan_t;

/** One process's view of the segment. */
typedef struct civ_state_t civ_state_t;

/** One process's view of a node's slot. */
typedef struct civ_state_node_t civ_state_node_t;

/** The head of the chain as readers see it; plain data, no pointers. */
typedef struct civ_state_head_t {
    apr_uint64_t height;
    apr_uint64_t leaf_count;
    apr_int64_t timestamp;
    apr_uint64_t pending;
    apr_int64_t oldest_pending;
    apr_int64_t generation;
    apr_uint64_t difficulty;
    apr_uint64_t validators;
    civ_digest_t block_hash;
    civ_digest_t log_root;
    civ_digest_t ledger_id;
} civ_state_head_t;

/** Bytes needed for these nodes. @return APR_SUCCESS, or CIV_EINVALID when a count is beyond its cap or the
 * sum beyond 1 GiB */
apr_status_t civ_state_size(apr_size_t *size, const civ_state_plan_t *plans, apr_size_t count);

/** Lay out a fresh (zeroed) segment of @a size bytes. */
apr_status_t civ_state_format(void *memory, apr_size_t size, const civ_state_plan_t *plans, apr_size_t count);

/** Make this process's view of a formatted segment; checks it first (civ_state_check). On @a pool. */
apr_status_t civ_state_attach(civ_state_t **state, void *memory, apr_size_t size, apr_pool_t *pool);

/** Examine magic, version, sizes and every offset and length. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_state_check(const void *memory, apr_size_t size);

/** View of node @a index, or NULL when there is none. Lives as long as @a state. */
civ_state_node_t *civ_state_node(civ_state_t *state, apr_size_t index);

/* --- head --- */

/** Publish the head. Caller holds the node's mutex. Repairs a sequence lock that a dead writer left odd. */
void civ_state_head_write(civ_state_node_t *node, const civ_state_head_t *head);

/** Read the head. @return APR_SUCCESS; APR_NOTFOUND before the first civ_state_head_write; APR_EAGAIN when a
 * writer died in the middle (bounded tries): ask the database */
apr_status_t civ_state_head_read(civ_state_node_t *node, civ_state_head_t *head);

/* --- a ready-to-send document (the answer of "info") with its ETag --- */

/** Publish a document and its entity tag (up to 79 bytes, without quotes). One that is too large is withdrawn
 * instead. Caller holds the node's mutex. */
void civ_state_document_write(civ_state_node_t *node, const char *data, apr_size_t length, const char *tag);

/** Copy the document to @a pool. @return APR_SUCCESS, APR_NOTFOUND, APR_EAGAIN as civ_state_head_read */
apr_status_t civ_state_document_read(civ_state_node_t *node, char **data, apr_size_t *length, char **tag,
                                     apr_pool_t *pool);

/* --- newest blocks --- */

/** Keep a block's JSON object. One larger than a quarter of the ring is not kept. Caller holds the node's
 * mutex. */
void civ_state_block_write(civ_state_node_t *node, apr_uint64_t height, const civ_digest_t *hash,
                           const char *json, apr_size_t length);

/** Copy a block's JSON object to @a pool. @return APR_SUCCESS, or APR_NOTFOUND when it is not (or no longer)
 * kept */
apr_status_t civ_state_block_read(civ_state_node_t *node, apr_uint64_t height, civ_digest_t *hash,
                                  char **json, apr_size_t *length, apr_pool_t *pool);

/** Bytes of JSON that can be kept at most. */
apr_size_t civ_state_ring_size(const civ_state_node_t *node);

/** The same by block hash. @param height set on success */
apr_status_t civ_state_block_find(civ_state_node_t *node, const civ_digest_t *hash, apr_uint64_t *height);

/* --- flags and counters --- */

/** Turn writing off for all processes (the first reason stays) or, with NULL, on again. */
void civ_state_read_only_set(civ_state_node_t *node, const char *reason);

/** The reason on @a pool, or NULL when writing is on. */
const char *civ_state_read_only(civ_state_node_t *node, apr_pool_t *pool);

/**
 * Claim the turn to look whether the database has moved on: at most one process gets it each @a interval.
 * @return non-zero when it is the caller's turn; @a now in microseconds
 */
int civ_state_refresh_claim(civ_state_node_t *node, apr_time_t now, apr_interval_time_t interval);

/** Make the next civ_state_refresh_claim succeed at once. */
void civ_state_refresh_due(civ_state_node_t *node);

/** Add to a counter (index below CIV_STATE_COUNTERS). Lock-free; what was done before is seen by who reads the new value. */
void civ_state_counter_add(civ_state_node_t *node, unsigned index, apr_int64_t value);

/** Set a counter that is a gauge. */
void civ_state_counter_set(civ_state_node_t *node, unsigned index, apr_int64_t value);

/** Read a counter. */
apr_int64_t civ_state_counter(civ_state_node_t *node, unsigned index);

#endif
