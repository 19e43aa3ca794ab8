/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_merkle.c
 * RFC 6962 trees: the classic eight leaves, and all small trees against a direct transcription of the RFC.
 */
#include "support/runner.h"
#include "unit/merkle_fixture.h"

#include "base/merkle.h"
#include "base/status.h"

#include <apr_strings.h>

#include <string.h>

#define SMALL_TREE 33

/** Leaves of the Certificate Transparency reference tree, as hex, and the roots of its first 0 to 8. */
static const char *const reference_leaves[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
static const char *const reference_roots[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

/* RFC 6962 section 2.1 word for word, slow and obviously right. */
static void slow_root(civ_digest_t *out, const civ_digest_t *leaves, apr_size_t count)
{
    civ_digest_t left, right;
    apr_size_t split = 1;

    if (count == 0) {
        civ_digest_sha256(out, "", 0);
        return;
    }
    if (count == 1) {
        *out = leaves[0];
        return;
    }
    while (split * 2 < count) {
        split *= 2;
    }
    slow_root(&left, leaves, split);
    slow_root(&right, leaves + split, count - split);
    civ_merkle_node(out, &left, &right);
}

static void slow_path(civ_digest_t *proof, unsigned *length, const civ_digest_t *leaves, apr_size_t count,
                      apr_size_t index)
{
    apr_size_t split = 1;

    if (count == 1) {
        return;
    }
    while (split * 2 < count) {
        split *= 2;
    }
    if (index < split) {
        slow_path(proof, length, leaves, split, index);
        slow_root(&proof[(*length)++], leaves + split, count - split);
    } else {
        slow_path(proof, length, leaves + split, count - split, index - split);
        slow_root(&proof[(*length)++], leaves, split);
    }
}

static void slow_subproof(civ_digest_t *proof, unsigned *length, const civ_digest_t *leaves, apr_size_t count,
                          apr_size_t old_count, int is_known)
{
    apr_size_t split = 1;

    if (old_count == count) {
        if (!is_known) {
            slow_root(&proof[(*length)++], leaves, count);
        }
        return;
    }
    while (split * 2 < count) {
        split *= 2;
    }
    if (old_count <= split) {
        slow_subproof(proof, length, leaves, split, old_count, is_known);
        slow_root(&proof[(*length)++], leaves + split, count - split);
    } else {
        slow_subproof(proof, length, leaves + split, count - split, old_count - split, 0);
        slow_root(&proof[(*length)++], leaves, split);
    }
}

static void hashes_have_their_prefixes(void)
{
    civ_digest_t left, right;

    civ_merkle_leaf(&left, "", 0);
    CU_ASSERT(merkle_is_hex(&left, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
    civ_merkle_leaf(&left, "L123456", 7);
    CU_ASSERT(merkle_is_hex(&left, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"));
    civ_merkle_leaf(&left, "", 0);
    merkle_leaf_of_hex(&right, "00");
    civ_merkle_node(&left, &left, &right); /* into one of its inputs */
    CU_ASSERT(merkle_is_hex(&left, reference_roots[2]));
}

static void reference_tree(void)
{
    civ_merkle_frontier_t frontier;
    civ_digest_t leaves[8], root;
    unsigned i;

    civ_merkle_frontier_init(&frontier);
    for (i = 0; i <= 8; i++) {
        civ_merkle_root(&root, leaves, i);
        CU_ASSERT(merkle_is_hex(&root, reference_roots[i]));
        civ_merkle_frontier_root(&frontier, &root);
        CU_ASSERT(merkle_is_hex(&root, reference_roots[i]));
        CU_ASSERT_EQUAL(frontier.size, i);
        if (i < 8) {
            merkle_leaf_of_hex(&leaves[i], reference_leaves[i]);
            civ_merkle_frontier_append(&frontier, &leaves[i]);
        }
    }
    CU_ASSERT_EQUAL(civ_merkle_frontier_depth(&frontier), 1);
}

static void frontier_survives_hex(void)
{
    civ_digest_t *leaves = merkle_byte_leaves(200);
    civ_merkle_frontier_t frontier, copy;
    civ_digest_t root, expected;
    int wrong = 0;
    apr_size_t i;

    civ_merkle_frontier_init(&frontier);
    CU_ASSERT_STRING_EQUAL(civ_merkle_frontier_to_hex(&frontier, test_pool()), "");
    for (i = 0; i < 200; i++) {
        const char *hex = civ_merkle_frontier_to_hex(&frontier, test_pool());

        wrong += strlen(hex) != 64 * civ_merkle_frontier_depth(&frontier);
        wrong += civ_merkle_frontier_from_hex(&copy, i, hex) != APR_SUCCESS;
        civ_merkle_frontier_append(&copy, &leaves[i]);
        frontier = copy;
        civ_merkle_frontier_root(&frontier, &root);
        slow_root(&expected, leaves, i + 1);
        wrong += !civ_digest_equal(&root, &expected);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(civ_merkle_frontier_depth(&frontier), 3); /* 200 = 128 + 64 + 8 */
    slow_root(&expected, leaves, 128);
    CU_ASSERT(civ_digest_equal(&frontier.stack[0], &expected)); /* largest first */
}

static void frontier_hex_must_fit(void)
{
    static const char one[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const char *two = apr_pstrcat(test_pool(), one, one, NULL);
    civ_merkle_frontier_t frontier;

    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 0, ""), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 8, one), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 3, two), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 0, one), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 1, ""), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 8, two), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 3, one), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, 1, one + 1), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_frontier_from_hex(&frontier, APR_UINT64_MAX, two), CIV_EINVALID);
    CU_ASSERT_EQUAL(frontier.size, 0);
}

/* Is @a proof good, and each way of spoiling it bad? */
static int inclusion_is_exact(const civ_digest_t *leaves, apr_size_t count, apr_size_t index)
{
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH + 1], slow[CIV_MERKLE_MAX_DEPTH], root;
    unsigned length, slow_length = 0, i;
    const civ_digest_t *leaf = &leaves[index];
    int good;

    slow_root(&root, leaves, count);
    slow_path(slow, &slow_length, leaves, count, index);
    good = civ_merkle_inclusion_proof(proof, &length, leaves, count, index) == APR_SUCCESS &&
           length == slow_length && memcmp(proof, slow, length * sizeof(*proof)) == 0;
    good = good && civ_merkle_verify_inclusion(leaf, index, count, proof, length, &root) == APR_SUCCESS;
    for (i = 0; i < length; i++) {
        proof[i].bytes[i % 32] ^= 1;
        good = good && civ_merkle_verify_inclusion(leaf, index, count, proof, length, &root) == CIV_EINVALID;
        proof[i].bytes[i % 32] ^= 1;
    }
    proof[length] = root;
    good = good && civ_merkle_verify_inclusion(leaf, index, count, proof, length + 1, &root) == CIV_EINVALID;
    good = good && (length == 0 || civ_merkle_verify_inclusion(leaf, index, count, proof, length - 1,
                                                               &root) == CIV_EINVALID);
    good = good && civ_merkle_verify_inclusion(leaf, index + 1, count, proof, length, &root) == CIV_EINVALID;
    good = good && civ_merkle_verify_inclusion(leaf, count, count, proof, length, &root) == CIV_EINVALID;
    root.bytes[0] ^= 1;
    return good && civ_merkle_verify_inclusion(leaf, index, count, proof, length, &root) == CIV_EINVALID;
}

static void inclusion_in_all_small_trees(void)
{
    civ_digest_t *leaves = merkle_byte_leaves(SMALL_TREE);
    apr_size_t count, index;
    int wrong = 0;

    for (count = 1; count <= SMALL_TREE; count++) {
        for (index = 0; index < count; index++) {
            wrong += !inclusion_is_exact(leaves, count, index);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void inclusion_bounds(void)
{
    civ_digest_t *leaves = merkle_byte_leaves(4);
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH + 1], root;
    unsigned length = 7;

    memset(proof, 0, sizeof(proof));
    CU_ASSERT_EQUAL(civ_merkle_inclusion_proof(proof, &length, leaves, 4, 4), CIV_EINVALID);
    CU_ASSERT_EQUAL(length, 0);
    CU_ASSERT_EQUAL(civ_merkle_inclusion_proof(proof, &length, leaves, 0, 0), CIV_EINVALID);
    slow_root(&root, leaves, 4);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(leaves, 0, 0, NULL, 0, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(leaves, APR_UINT64_MAX, APR_UINT64_MAX, proof, 64, &root),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(leaves, 0, APR_UINT64_MAX, proof, 64, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(leaves, 0, APR_UINT64_MAX, proof, 65, &root), CIV_EINVALID);
}

/* Proofs whose hashes add up, but for a tree of another height. */
static void height_counts(void)
{
    civ_digest_t *proof = merkle_byte_leaves(4);
    civ_digest_t leaf, old_root, root;

    civ_merkle_leaf(&leaf, "leaf", 4);
    civ_merkle_node(&root, &proof[0], &leaf);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(&leaf, 1, 2, proof, 1, &root), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(&leaf, 0, 1, proof, 1, &root), CIV_EINVALID);
    civ_merkle_node(&root, &leaf, &proof[0]);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(&leaf, 0, 2, proof, 1, &root), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(&leaf, 0, 4, proof, 1, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(1, 2, proof, 1, &leaf, &root), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(1, 4, proof, 1, &leaf, &root), CIV_EINVALID);
    /* from 3 to 4 leaves: the third leaf, the fourth, and the node above the first two */
    civ_merkle_node(&old_root, &proof[2], &proof[0]);
    civ_merkle_node(&root, &proof[0], &proof[1]);
    civ_merkle_node(&root, &proof[2], &root);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(3, 4, proof, 3, &old_root, &root), APR_SUCCESS);
    civ_merkle_node(&old_root, &proof[3], &old_root);
    civ_merkle_node(&root, &proof[3], &root);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(3, 4, proof, 4, &old_root, &root), CIV_EINVALID);
}

static int consistency_is_exact(const civ_digest_t *leaves, apr_size_t count, apr_size_t old_count)
{
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH + 1], slow[CIV_MERKLE_MAX_DEPTH], root, old_root;
    unsigned length, slow_length = 0, i;
    int good;

    slow_root(&root, leaves, count);
    slow_root(&old_root, leaves, old_count);
    slow_subproof(slow, &slow_length, leaves, count, old_count, 1);
    good = civ_merkle_consistency_proof(proof, &length, leaves, count, old_count) == APR_SUCCESS &&
           length == slow_length && memcmp(proof, slow, length * sizeof(*proof)) == 0;
    good = good &&
           civ_merkle_verify_consistency(old_count, count, proof, length, &old_root, &root) == APR_SUCCESS;
    for (i = 0; i < length; i++) {
        proof[i].bytes[i % 32] ^= 1;
        good = good && civ_merkle_verify_consistency(old_count, count, proof, length, &old_root, &root) ==
                           CIV_EINVALID;
        proof[i].bytes[i % 32] ^= 1;
    }
    proof[length] = root;
    good = good && civ_merkle_verify_consistency(old_count, count, proof, length + 1, &old_root, &root) != 0;
    good = good && (length == 0 || civ_merkle_verify_consistency(old_count, count, proof, length - 1,
                                                                 &old_root, &root) == CIV_EINVALID);
    old_root.bytes[31] ^= 1;
    good = good && civ_merkle_verify_consistency(old_count, count, proof, length, &old_root, &root) != 0;
    old_root.bytes[31] ^= 1;
    root.bytes[31] ^= 1;
    return good && civ_merkle_verify_consistency(old_count, count, proof, length, &old_root, &root) != 0;
}

static void consistency_of_all_small_trees(void)
{
    civ_digest_t *leaves = merkle_byte_leaves(SMALL_TREE);
    apr_size_t count, old_count;
    int wrong = 0;

    for (count = 1; count <= SMALL_TREE; count++) {
        for (old_count = 1; old_count <= count; old_count++) {
            wrong += !consistency_is_exact(leaves, count, old_count);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void consistency_bounds(void)
{
    civ_digest_t *leaves = merkle_byte_leaves(4);
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH], root;
    unsigned length;

    slow_root(&root, leaves, 4);
    memset(proof, 0, sizeof(proof));
    CU_ASSERT_EQUAL(civ_merkle_consistency_proof(proof, &length, leaves, 4, 0), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_consistency_proof(proof, &length, leaves, 4, 5), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(0, 4, NULL, 0, &root, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(0, 0, NULL, 0, &root, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(5, 4, proof, 1, &root, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(4, 4, proof, 1, &root, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(2, 4, NULL, 0, &root, &root), CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_merkle_verify_consistency(4, 4, NULL, 0, &root, &root), APR_SUCCESS);
    CU_ASSERT_EQUAL(
        civ_merkle_verify_consistency(APR_UINT64_MAX - 1, APR_UINT64_MAX, proof, 64, &root, &root),
        CIV_EINVALID);
}

static const test_case_t cases[] = {
    {"hashes_have_their_prefixes", hashes_have_their_prefixes},
    {"reference_tree", reference_tree},
    {"frontier_survives_hex", frontier_survives_hex},
    {"frontier_hex_must_fit", frontier_hex_must_fit},
    {"inclusion_in_all_small_trees", inclusion_in_all_small_trees},
    {"inclusion_bounds", inclusion_bounds},
    {"height_counts", height_counts},
    {"consistency_of_all_small_trees", consistency_of_all_small_trees},
    {"consistency_bounds", consistency_bounds},
    {NULL, NULL},
};

const test_suite_t base_merkle_suite = {"base_merkle", NULL, NULL, cases};
