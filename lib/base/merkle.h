/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file merkle.h
 * The Merkle tree of RFC 6962 section 2.1 with the proofs and verifiers of RFC 9162 section 2.1.
 * Leaf = SHA-256(0x00 || data), node = SHA-256(0x01 || left || right), empty tree = SHA-256("").
 */
#ifndef CIV_BASE_MERKLE_H
#define CIV_BASE_MERKLE_H

#include "base/digest.h"

/** No proof and no frontier is longer: sizes are 64 bits. */
#define CIV_MERKLE_MAX_DEPTH 64

/** The roots of the perfect subtrees along the right edge: all that appending needs to remember. */
typedef struct civ_merkle_frontier_t {
    apr_uint64_t size;                        /**< leaves so far; popcount(size) digests are in use */
    civ_digest_t stack[CIV_MERKLE_MAX_DEPTH]; /**< largest subtree first */
} civ_merkle_frontier_t;

/** Hash of a leaf's content. */
void civ_merkle_leaf(civ_digest_t *out, const void *data, apr_size_t length);

/** Hash of an inner node. @a out may be one of the inputs. */
void civ_merkle_node(civ_digest_t *out, const civ_digest_t *left, const civ_digest_t *right);

/** Start an empty frontier. */
void civ_merkle_frontier_init(civ_merkle_frontier_t *frontier);

/** Append one leaf hash. O(log n) at worst, O(1) on average. */
void civ_merkle_frontier_append(civ_merkle_frontier_t *frontier, const civ_digest_t *leaf_hash);

/** Number of digests of the stack in use: the one-bits of size. */
unsigned civ_merkle_frontier_depth(const civ_merkle_frontier_t *frontier);

/** Root over all leaves appended so far. */
void civ_merkle_frontier_root(const civ_merkle_frontier_t *frontier, civ_digest_t *out);

/** The stack as hex, largest subtree first, 64 digits each; "" for an empty tree. On @a pool. */
char *civ_merkle_frontier_to_hex(const civ_merkle_frontier_t *frontier, apr_pool_t *pool);

/** Read what civ_merkle_frontier_to_hex wrote for a tree of @a size leaves.
 *  @return APR_SUCCESS, or CIV_EINVALID when the length does not fit the size or a digit is wrong */
apr_status_t civ_merkle_frontier_from_hex(civ_merkle_frontier_t *frontier, apr_uint64_t size,
                                          const char *hex);

/** Root over @a count leaf hashes. */
void civ_merkle_root(civ_digest_t *out, const civ_digest_t *leaf_hashes, apr_size_t count);

/**
 * Inclusion proof for leaf @a index among @a count leaf hashes, leaf side first.
 * @param proof room for CIV_MERKLE_MAX_DEPTH digests
 * @param length how many were written
 * @return APR_SUCCESS, or CIV_EINVALID when index >= count
 */
apr_status_t civ_merkle_inclusion_proof(civ_digest_t *proof, unsigned *length,
                                        const civ_digest_t *leaf_hashes, apr_size_t count, apr_size_t index);

/**
 * Consistency proof from the first @a old_count leaves to all @a count.
 * @return APR_SUCCESS (an empty proof when both are equal), or CIV_EINVALID when old_count is 0 or > count
 */
apr_status_t civ_merkle_consistency_proof(civ_digest_t *proof, unsigned *length,
                                          const civ_digest_t *leaf_hashes, apr_size_t count,
                                          apr_size_t old_count);

/** Verify that @a leaf_hash is leaf @a index of the tree of @a size leaves with @a root.
 *  @return APR_SUCCESS or CIV_EINVALID; a proof that is too long or too short is invalid */
apr_status_t civ_merkle_verify_inclusion(const civ_digest_t *leaf_hash, apr_uint64_t index, apr_uint64_t size,
                                         const civ_digest_t *proof, apr_size_t length,
                                         const civ_digest_t *root);

/** Verify that the tree of @a old_size leaves with @a old_root is a prefix of the one of @a size with @a
 * root.
 *  @return APR_SUCCESS or CIV_EINVALID; old_size 0 is invalid */
apr_status_t civ_merkle_verify_consistency(apr_uint64_t old_size, apr_uint64_t size,
                                           const civ_digest_t *proof, apr_size_t length,
                                           const civ_digest_t *old_root, const civ_digest_t *root);

#endif
