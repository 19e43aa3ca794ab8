/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_merkle.c
 * RFC 6962 trees: the classic eight leaves, all small trees against a direct transcription of the RFC, and
 * the published vectors where they are at hand.
 */
#include "support/runner.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/merkle.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdlib.h>
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

static int is_hex(const civ_digest_t *digest, const char *hex)
{
    return strcmp(civ_digest_hex_dup(digest, test_pool()), hex) == 0;
}

static void leaf_of_hex(civ_digest_t *out, const char *hex)
{
    apr_size_t length = strlen(hex) / 2;
    unsigned char *bytes = apr_palloc(test_pool(), length + 1);

    CU_ASSERT_EQUAL(civ_hex_decode(bytes, length, hex), APR_SUCCESS);
    civ_merkle_leaf(out, bytes, length);
}

/* Leaf i of a tree is the byte i. */
static civ_digest_t *byte_leaves(apr_size_t count)
{
    civ_digest_t *leaves = apr_palloc(test_pool(), count * sizeof(*leaves) + 1);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)i;

        civ_merkle_leaf(&leaves[i], &byte, 1);
    }
    return leaves;
}

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
    CU_ASSERT(is_hex(&left, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"));
    civ_merkle_leaf(&left, "L123456", 7);
    CU_ASSERT(is_hex(&left, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"));
    civ_merkle_leaf(&left, "", 0);
    leaf_of_hex(&right, "00");
    civ_merkle_node(&left, &left, &right); /* into one of its inputs */
    CU_ASSERT(is_hex(&left, reference_roots[2]));
}

static void reference_tree(void)
{
    civ_merkle_frontier_t frontier;
    civ_digest_t leaves[8], root;
    unsigned i;

    civ_merkle_frontier_init(&frontier);
    for (i = 0; i <= 8; i++) {
        civ_merkle_root(&root, leaves, i);
        CU_ASSERT(is_hex(&root, reference_roots[i]));
        civ_merkle_frontier_root(&frontier, &root);
        CU_ASSERT(is_hex(&root, reference_roots[i]));
        CU_ASSERT_EQUAL(frontier.size, i);
        if (i < 8) {
            leaf_of_hex(&leaves[i], reference_leaves[i]);
            civ_merkle_frontier_append(&frontier, &leaves[i]);
        }
    }
    CU_ASSERT_EQUAL(civ_merkle_frontier_depth(&frontier), 1);
}

static void frontier_survives_hex(void)
{
    civ_digest_t *leaves = byte_leaves(200);
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
    civ_digest_t *leaves = byte_leaves(SMALL_TREE);
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
    civ_digest_t *leaves = byte_leaves(4);
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
    civ_digest_t *proof = byte_leaves(4);
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
    civ_digest_t *leaves = byte_leaves(SMALL_TREE);
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
    civ_digest_t *leaves = byte_leaves(4);
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

/* ---- published vectors
 * --------------------------------------------------------------------------------------- */

static const civ_json_t *parse_text(const char *text, apr_size_t length)
{
    static const civ_json_limits_t limits = {10000000, 64, 1000000, 1024};
    const civ_json_t *root = NULL;
    civ_problem_t problem = {0};

    if (civ_json_parse(&root, text, length, &limits, &problem, test_pool()) != APR_SUCCESS) {
        test_note("vector unreadable: %s", problem.detail);
        CU_FAIL("unreadable vector");
    }
    return root;
}

static char *read_vector(const char *name, unsigned long *length)
{
    const char *shared = test_shared_dir();
    char *text;

    if (!shared) {
        test_note("skipped: no shared data");
        return NULL;
    }
    text = test_read_file(apr_pstrcat(test_pool(), shared, "/vectors/ledger/merkle/", name, NULL), length);
    CU_ASSERT_PTR_NOT_NULL(text);
    return text;
}

static apr_uint64_t number_of(const civ_json_t *object, const char *name)
{
    const civ_json_t *number = civ_json_get(object, name);

    CU_ASSERT_FATAL(number && (number->type == CIV_JSON_NUMBER || number->type == CIV_JSON_STRING));
    return strtoull(number->as.text.text, NULL, 10);
}

static void digest_of(civ_digest_t *digest, const civ_json_t *object, const char *name)
{
    const char *hex = civ_json_get_text(object, name);

    CU_ASSERT_FATAL(hex && civ_digest_from_hex(digest, hex) == APR_SUCCESS);
}

/* The proof of @a object, which is in hex. Returns its length. */
static apr_size_t hex_proof(civ_digest_t *proof, const civ_json_t *object)
{
    const civ_json_t *array = civ_json_get(object, "proof");
    apr_size_t i;

    CU_ASSERT_FATAL(array && array->type == CIV_JSON_ARRAY && array->as.array.count <= CIV_MERKLE_MAX_DEPTH);
    for (i = 0; i < array->as.array.count; i++) {
        CU_ASSERT_FATAL(civ_digest_from_hex(&proof[i], array->as.array.items[i].as.text.text) == APR_SUCCESS);
    }
    return array->as.array.count;
}

static void check_reference_inclusion(const civ_json_t *list, const civ_digest_t *leaves)
{
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH], ours[CIV_MERKLE_MAX_DEPTH], root;
    apr_size_t i;

    CU_ASSERT_FATAL(list && list->as.array.count > 0);
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *row = &list->as.array.items[i];
        apr_size_t index = number_of(row, "index"), size = number_of(row, "size");
        apr_size_t length = hex_proof(proof, row);
        unsigned our_length;

        digest_of(&root, row, "root");
        CU_ASSERT_EQUAL(civ_merkle_verify_inclusion(&leaves[index], index, size, proof, length, &root),
                        APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_merkle_inclusion_proof(ours, &our_length, leaves, size, index), APR_SUCCESS);
        CU_ASSERT(our_length == length && memcmp(ours, proof, length * sizeof(*ours)) == 0);
    }
    test_note("%lu inclusion proofs", (unsigned long)i);
}

static void check_reference_consistency(const civ_json_t *list, const civ_digest_t *leaves)
{
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH], ours[CIV_MERKLE_MAX_DEPTH], old_root, root;
    apr_size_t i;

    CU_ASSERT_FATAL(list && list->as.array.count > 0);
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *row = &list->as.array.items[i];
        apr_size_t old_size = number_of(row, "size1"), size = number_of(row, "size2");
        apr_size_t length = hex_proof(proof, row);
        unsigned our_length;

        digest_of(&old_root, row, "root1");
        digest_of(&root, row, "root2");
        CU_ASSERT_EQUAL(civ_merkle_verify_consistency(old_size, size, proof, length, &old_root, &root),
                        APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_merkle_consistency_proof(ours, &our_length, leaves, size, old_size), APR_SUCCESS);
        CU_ASSERT(our_length == length && memcmp(ours, proof, length * sizeof(*ours)) == 0);
    }
    test_note("%lu consistency proofs", (unsigned long)i);
}

static void vectors_reference(void)
{
    unsigned long length;
    char *text = read_vector("reference-rfc6962.json", &length);
    const civ_json_t *root = text ? parse_text(text, length) : NULL;
    const civ_json_t *list;
    civ_digest_t leaves[8], expected, got;
    apr_size_t i;

    if (!root) {
        return;
    }
    list = civ_json_get(root, "leaves");
    CU_ASSERT_FATAL(list && list->as.array.count == 8);
    for (i = 0; i < 8; i++) {
        leaf_of_hex(&leaves[i], civ_json_get_text(&list->as.array.items[i], "input_hex"));
        digest_of(&expected, &list->as.array.items[i], "leaf_hash");
        CU_ASSERT(civ_digest_equal(&leaves[i], &expected));
    }
    list = civ_json_get(root, "roots");
    CU_ASSERT_FATAL(list && list->as.array.count == 9);
    for (i = 0; i < 9; i++) {
        civ_merkle_root(&got, leaves, i);
        digest_of(&expected, &list->as.array.items[i], "root");
        CU_ASSERT(civ_digest_equal(&got, &expected));
    }
    check_reference_inclusion(civ_json_get(root, "inclusion"), leaves);
    check_reference_consistency(civ_json_get(root, "consistency"), leaves);
}

/* Roots that upstream does not care for are shorter than a digest; filled up, they are as equal or different.
 */
static int base64_root(civ_digest_t *digest, const char *text)
{
    unsigned char *bytes;
    apr_size_t length;

    if (!text || civ_base64_decode(&bytes, &length, text, test_pool()) != APR_SUCCESS ||
        length > CIV_DIGEST_SIZE) {
        return 0;
    }
    memset(digest->bytes, 0, CIV_DIGEST_SIZE);
    memcpy(digest->bytes, bytes, length);
    return 1;
}

/* What has not 32 bytes cannot be a digest: the case must expect an error. */
static int base64_digest(civ_digest_t *digest, const char *text)
{
    unsigned char *bytes;
    apr_size_t length;

    if (!text || civ_base64_decode(&bytes, &length, text, test_pool()) != APR_SUCCESS ||
        length != CIV_DIGEST_SIZE) {
        return 0;
    }
    memcpy(digest->bytes, bytes, CIV_DIGEST_SIZE);
    return 1;
}

/* Returns the length, or -1 when an element is no digest. */
static int base64_proof(civ_digest_t **proof, const civ_json_t *object)
{
    const civ_json_t *array = civ_json_get(object, "proof");
    apr_size_t count = array && array->type == CIV_JSON_ARRAY ? array->as.array.count : 0;
    apr_size_t i;

    *proof = apr_pcalloc(test_pool(), (count + 1) * sizeof(**proof));
    for (i = 0; i < count; i++) {
        if (!base64_digest(&(*proof)[i], array->as.array.items[i].as.text.text)) {
            return -1;
        }
    }
    return (int)count;
}

static apr_status_t upstream_inclusion(const civ_json_t *row)
{
    civ_digest_t leaf, root, *proof;
    int length = base64_proof(&proof, row);

    if (length < 0 || !base64_digest(&leaf, civ_json_get_text(row, "leafHash")) ||
        !base64_root(&root, civ_json_get_text(row, "root"))) {
        return CIV_EINVALID;
    }
    return civ_merkle_verify_inclusion(&leaf, number_of(row, "leafIdx"), number_of(row, "treeSize"), proof,
                                       (apr_size_t)length, &root);
}

static apr_status_t upstream_consistency(const civ_json_t *row)
{
    civ_digest_t old_root, root, *proof;
    int length = base64_proof(&proof, row);

    if (length < 0 || !base64_root(&old_root, civ_json_get_text(row, "root1")) ||
        !base64_root(&root, civ_json_get_text(row, "root2"))) {
        return CIV_EINVALID;
    }
    return civ_merkle_verify_consistency(number_of(row, "size1"), number_of(row, "size2"), proof,
                                         (apr_size_t)length, &old_root, &root);
}

/* Sizes such as 2^64-1 occur, which no I-JSON number can be: put them in quotes for our own parser. */
static const char *quote_large_numbers(const char *line)
{
    static const char digits[] = "0123456789";
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(line), test_pool());
    while (*line) {
        apr_size_t plain = strcspn(line, digits);
        apr_size_t number = strspn(line + plain, digits);
        int is_large = number >= 16 && plain > 0 && line[plain - 1] == ':';

        civ_buffer_append(&out, line, plain);
        civ_buffer_append_format(&out, is_large ? "\"%.*s\"" : "%.*s", (int)number, line + plain);
        line += plain + number;
    }
    return out.data;
}

static void run_upstream(const char *name, apr_status_t (*verify)(const civ_json_t *row))
{
    unsigned long length;
    char *text = read_vector(name, &length);
    char *state;
    char *line;
    int count = 0;

    for (line = text ? apr_strtok(text, "\n", &state) : NULL; line; line = apr_strtok(NULL, "\n", &state)) {
        const char *quoted = quote_large_numbers(line);
        const civ_json_t *row = parse_text(quoted, strlen(quoted));
        const civ_json_t *wants_error = row ? civ_json_get(row, "wantErr") : NULL;

        CU_ASSERT_FATAL(wants_error && wants_error->type == CIV_JSON_BOOLEAN);
        count++;
        if ((verify(row) != APR_SUCCESS) != wants_error->as.boolean) {
            test_note("disagrees: %s", civ_json_get_text(row, "case"));
            CU_FAIL("upstream disagrees");
        }
    }
    if (text) {
        CU_ASSERT_EQUAL(count, 98);
    }
}

static void vectors_upstream_inclusion(void)
{
    run_upstream("upstream-inclusion.jsonl", upstream_inclusion);
}

static void vectors_upstream_consistency(void)
{
    run_upstream("upstream-consistency.jsonl", upstream_consistency);
}

static void append_proof_line(civ_buffer_t *out, apr_size_t first, apr_size_t second,
                              const civ_digest_t *proof, unsigned length)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    unsigned i;

    civ_buffer_append_format(out, "%lu %lu", (unsigned long)first, (unsigned long)second);
    for (i = 0; i < length; i++) {
        civ_buffer_append_byte(out, ' ');
        civ_buffer_append_text(out, civ_digest_hex(hex, &proof[i]));
    }
    civ_buffer_append_byte(out, '\n');
}

static int sums_to(const civ_buffer_t *lines, const char *hex)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, lines->data, lines->length);
    return is_hex(&digest, hex);
}

/* One digest each over all roots, inclusion and consistency proofs of trees up to 130 leaves. */
static void aggregates_of_130_leaves(void)
{
    civ_digest_t *leaves = byte_leaves(130);
    civ_digest_t proof[CIV_MERKLE_MAX_DEPTH], root;
    civ_buffer_t roots, inclusion, consistency;
    char hex[CIV_DIGEST_HEX_SIZE];
    unsigned length;
    apr_size_t n, i;

    civ_buffer_init(&roots, 0, test_pool());
    civ_buffer_init(&inclusion, 1 << 22, test_pool());
    civ_buffer_init(&consistency, 1 << 22, test_pool());
    for (n = 0; n <= 130; n++) {
        civ_merkle_root(&root, leaves, n);
        civ_buffer_append_format(&roots, "%lu %s\n", (unsigned long)n, civ_digest_hex(hex, &root));
        for (i = 0; i < n; i++) {
            civ_merkle_inclusion_proof(proof, &length, leaves, n, i);
            append_proof_line(&inclusion, i, n, proof, length);
            civ_merkle_consistency_proof(proof, &length, leaves, n, i + 1);
            append_proof_line(&consistency, i + 1, n, proof, length);
        }
    }
    CU_ASSERT(sums_to(&roots, "9c67f07f906103b6bf201842a50ff0b8c91fca9b3e211334a6b7aa3133165dec"));
    CU_ASSERT(sums_to(&inclusion, "893ce6eea61adc33c22c0e3a952498b76dfa3c282e78ac659f6fcc0ea44f9983"));
    CU_ASSERT(sums_to(&consistency, "2498232e1aebe8d1aa8d339d897fc471f4495fe0b8a55ac08f7dae3d88bc4c2a"));
}

static void vectors_aggregates(void)
{
    static const char *const parts[][2] = {
        {"roots", "9c67f07f906103b6bf201842a50ff0b8c91fca9b3e211334a6b7aa3133165dec"},
        {"inclusion", "893ce6eea61adc33c22c0e3a952498b76dfa3c282e78ac659f6fcc0ea44f9983"},
        {"consistency", "2498232e1aebe8d1aa8d339d897fc471f4495fe0b8a55ac08f7dae3d88bc4c2a"},
    };
    unsigned long length;
    char *text = read_vector("aggregates.json", &length);
    const civ_json_t *root = text ? parse_text(text, length) : NULL;
    unsigned i;

    for (i = 0; root && i < 3; i++) { /* what aggregates_of_130_leaves checks against is what is published */
        CU_ASSERT_STRING_EQUAL(civ_json_get_text(civ_json_get(root, parts[i][0]), "sha256"), parts[i][1]);
    }
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
    {"aggregates_of_130_leaves", aggregates_of_130_leaves},
    {"vectors_reference", vectors_reference},
    {"vectors_upstream_inclusion", vectors_upstream_inclusion},
    {"vectors_upstream_consistency", vectors_upstream_consistency},
    {"vectors_aggregates", vectors_aggregates},
    {NULL, NULL},
};

const test_suite_t base_merkle_suite = {"base_merkle", NULL, NULL, cases};
