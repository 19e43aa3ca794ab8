/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file merkle.c
 * RFC 6962 trees. Nothing here recurses: proofs are found by halving a range from the root down, roots of
 * ranges by the frontier, whose stack is all the memory they need.
 */
#include "base/merkle.h"

#include "base/encoding.h"
#include "base/status.h"

#include <string.h>

#define NODE_SIZE (1 + 2 * CIV_DIGEST_SIZE)
#define HEX_SIZE  (2 * CIV_DIGEST_SIZE)

void civ_merkle_leaf(civ_digest_t *out, const void *data, apr_size_t length)
{
    static const unsigned char prefix = 0x00;

    civ_digest_sha256_two(out, &prefix, 1, data, length);
}

void civ_merkle_node(civ_digest_t *out, const civ_digest_t *left, const civ_digest_t *right)
{
    unsigned char bytes[NODE_SIZE];

    bytes[0] = 0x01;
    memcpy(bytes + 1, left->bytes, CIV_DIGEST_SIZE);
    memcpy(bytes + 1 + CIV_DIGEST_SIZE, right->bytes, CIV_DIGEST_SIZE);
    civ_digest_sha256(out, bytes, sizeof(bytes));
}

static unsigned count_ones(apr_uint64_t value)
{
    unsigned count = 0;

    for (; value; value &= value - 1) {
        count++;
    }
    return count;
}

void civ_merkle_frontier_init(civ_merkle_frontier_t *frontier)
{
    memset(frontier, 0, sizeof(*frontier));
}

unsigned civ_merkle_frontier_depth(const civ_merkle_frontier_t *frontier)
{
    return count_ones(frontier->size);
}

/* Each trailing one-bit of the size is a perfect subtree as large as the one just completed: join them. */
void civ_merkle_frontier_append(civ_merkle_frontier_t *frontier, const civ_digest_t *leaf_hash)
{
    unsigned depth = civ_merkle_frontier_depth(frontier);
    civ_digest_t hash = *leaf_hash;
    apr_uint64_t bits;

    for (bits = frontier->size; bits & 1; bits >>= 1) {
        civ_merkle_node(&hash, &frontier->stack[--depth], &hash);
    }
    frontier->stack[depth] = hash;
    frontier->size++;
}

void civ_merkle_frontier_root(const civ_merkle_frontier_t *frontier, civ_digest_t *out)
{
    unsigned depth = civ_merkle_frontier_depth(frontier);
    civ_digest_t hash;

    if (depth == 0) {
        civ_digest_sha256(out, "", 0);
        return;
    }
    hash = frontier->stack[--depth];
    while (depth > 0) {
        civ_merkle_node(&hash, &frontier->stack[--depth], &hash);
    }
    *out = hash;
}

char *civ_merkle_frontier_to_hex(const civ_merkle_frontier_t *frontier, apr_pool_t *pool)
{
    unsigned depth = civ_merkle_frontier_depth(frontier);
    char *hex = apr_palloc(pool, (apr_size_t)depth * HEX_SIZE + 1);

    civ_hex_encode(hex, frontier->stack, (apr_size_t)depth * CIV_DIGEST_SIZE);
    return hex;
}

apr_status_t civ_merkle_frontier_from_hex(civ_merkle_frontier_t *frontier, apr_uint64_t size, const char *hex)
{
    civ_merkle_frontier_init(frontier);
    if (civ_hex_decode(frontier->stack, (apr_size_t)count_ones(size) * CIV_DIGEST_SIZE, hex) != APR_SUCCESS) {
        civ_merkle_frontier_init(frontier);
        return CIV_EINVALID;
    }
    frontier->size = size;
    return APR_SUCCESS;
}

void civ_merkle_root(civ_digest_t *out, const civ_digest_t *leaf_hashes, apr_size_t count)
{
    civ_merkle_frontier_t frontier;
    apr_size_t i;

    frontier.size = 0; /* the stack need not be cleared, and proofs come here often */
    for (i = 0; i < count; i++) {
        civ_merkle_frontier_append(&frontier, &leaf_hashes[i]);
    }
    civ_merkle_frontier_root(&frontier, out);
}

/* The largest power of two below @a count, which is at least 2. */
static apr_size_t split_point(apr_size_t count)
{
    apr_size_t power = 1;

    while (power < count - power) {
        power *= 2;
    }
    return power;
}

/* The walk goes from the root down, a proof lists its hashes from the leaf up. */
static void reverse(civ_digest_t *proof, unsigned length)
{
    unsigned i;

    for (i = 0; i < length / 2; i++) {
        civ_digest_t swap = proof[i];

        proof[i] = proof[length - 1 - i];
        proof[length - 1 - i] = swap;
    }
}

apr_status_t civ_merkle_inclusion_proof(civ_digest_t *proof, unsigned *length,
                                        const civ_digest_t *leaf_hashes, apr_size_t count, apr_size_t index)
{
    unsigned used = 0;

    *length = 0;
    if (index >= count) {
        return CIV_EINVALID;
    }
    while (count > 1) {
        apr_size_t split = split_point(count);

        if (index < split) {
            civ_merkle_root(&proof[used++], leaf_hashes + split, count - split);
            count = split;
        } else {
            civ_merkle_root(&proof[used++], leaf_hashes, split);
            leaf_hashes += split;
            count -= split;
            index -= split;
        }
    }
    reverse(proof, used);
    *length = used;
    return APR_SUCCESS;
}

apr_status_t civ_merkle_consistency_proof(civ_digest_t *proof, unsigned *length,
                                          const civ_digest_t *leaf_hashes, apr_size_t count,
                                          apr_size_t old_count)
{
    unsigned used = 0;
    int is_known = 1; /* the verifier has the root of the range: nothing to its left was split off yet */

    *length = 0;
    if (old_count == 0 || old_count > count) {
        return CIV_EINVALID;
    }
    while (old_count < count) {
        apr_size_t split = split_point(count);

        if (old_count <= split) {
            civ_merkle_root(&proof[used++], leaf_hashes + split, count - split);
            count = split;
        } else {
            civ_merkle_root(&proof[used++], leaf_hashes, split);
            leaf_hashes += split;
            count -= split;
            old_count -= split;
            is_known = 0;
        }
    }
    if (!is_known) {
        civ_merkle_root(&proof[used++], leaf_hashes, count);
    }
    reverse(proof, used);
    *length = used;
    return APR_SUCCESS;
}

/* One step of RFC 9162's two verifiers: where we stand among the nodes of a level, and where its last node
 * is. */
typedef struct climb_t {
    apr_uint64_t node;
    apr_uint64_t last;
} climb_t;

/* Does the next hash of the proof stand to our left? Levels at which we have no sibling are skipped then. */
static int sibling_is_left(climb_t *climb)
{
    if (!(climb->node & 1) && climb->node != climb->last) {
        return 0;
    }
    while (climb->node != 0 && !(climb->node & 1)) {
        climb->node >>= 1;
        climb->last >>= 1;
    }
    return 1;
}

static void go_up(climb_t *climb)
{
    climb->node >>= 1;
    climb->last >>= 1;
}

apr_status_t civ_merkle_verify_inclusion(const civ_digest_t *leaf_hash, apr_uint64_t index, apr_uint64_t size,
                                         const civ_digest_t *proof, apr_size_t length,
                                         const civ_digest_t *root)
{
    climb_t climb = {index, size - 1};
    civ_digest_t hash = *leaf_hash;
    apr_size_t i;

    if (index >= size || length > CIV_MERKLE_MAX_DEPTH) {
        return CIV_EINVALID;
    }
    for (i = 0; i < length; i++) {
        if (climb.last == 0) {
            return CIV_EINVALID;
        }
        if (sibling_is_left(&climb)) {
            civ_merkle_node(&hash, &proof[i], &hash);
        } else {
            civ_merkle_node(&hash, &hash, &proof[i]);
        }
        go_up(&climb);
    }
    return climb.last == 0 && civ_digest_equal(&hash, root) ? APR_SUCCESS : CIV_EINVALID;
}

/* 0 < old_size < size. The climb starts at the largest perfect subtree that ends the old tree. */
static apr_status_t climb_both(climb_t climb, const civ_digest_t *start, const civ_digest_t *proof,
                               apr_size_t length, const civ_digest_t *old_root, const civ_digest_t *root)
{
    civ_digest_t old_hash = *start;
    civ_digest_t hash = *start;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        if (climb.last == 0) {
            return CIV_EINVALID;
        }
        if (sibling_is_left(&climb)) {
            civ_merkle_node(&old_hash, &proof[i], &old_hash);
            civ_merkle_node(&hash, &proof[i], &hash);
        } else {
            civ_merkle_node(&hash, &hash, &proof[i]);
        }
        go_up(&climb);
    }
    return climb.last == 0 && civ_digest_equal(&old_hash, old_root) && civ_digest_equal(&hash, root)
               ? APR_SUCCESS
               : CIV_EINVALID;
}

apr_status_t civ_merkle_verify_consistency(apr_uint64_t old_size, apr_uint64_t size,
                                           const civ_digest_t *proof, apr_size_t length,
                                           const civ_digest_t *old_root, const civ_digest_t *root)
{
    climb_t climb = {old_size - 1, size - 1};

    if (old_size == 0 || old_size > size || length > CIV_MERKLE_MAX_DEPTH) {
        return CIV_EINVALID;
    }
    if (old_size == size) {
        return length == 0 && civ_digest_equal(old_root, root) ? APR_SUCCESS : CIV_EINVALID;
    }
    if (length == 0) {
        return CIV_EINVALID;
    }
    while (climb.node & 1) {
        go_up(&climb);
    }
    if ((old_size & (old_size - 1)) ==
        0) { /* the old tree is that subtree, so the proof leaves its root out */
        return climb_both(climb, old_root, proof, length, old_root, root);
    }
    return climb_both(climb, &proof[0], proof + 1, length - 1, old_root, root);
}
