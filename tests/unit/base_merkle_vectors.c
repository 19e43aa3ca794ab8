/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_merkle_vectors.c
 * RFC 6962 trees against the published vectors where they are at hand, and against digests over all small ones.
 */
#include "support/runner.h"
#include "unit/merkle_fixture.h"

#include "base/buffer.h"
#include "base/encoding.h"
#include "base/json.h"
#include "base/merkle.h"
#include "base/status.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

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
        merkle_leaf_of_hex(&leaves[i], civ_json_get_text(&list->as.array.items[i], "input_hex"));
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
    return merkle_is_hex(&digest, hex);
}

/* One digest each over all roots, inclusion and consistency proofs of trees up to 130 leaves. */
static void aggregates_of_130_leaves(void)
{
    civ_digest_t *leaves = merkle_byte_leaves(130);
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
        for (i = 0; i < n && (n % 10 == 0 || !test_is_slow()); i++) {
            civ_merkle_inclusion_proof(proof, &length, leaves, n, i);
            append_proof_line(&inclusion, i, n, proof, length);
            civ_merkle_consistency_proof(proof, &length, leaves, n, i + 1);
            append_proof_line(&consistency, i + 1, n, proof, length);
        }
    }
    CU_ASSERT(sums_to(&roots, "9c67f07f906103b6bf201842a50ff0b8c91fca9b3e211334a6b7aa3133165dec"));
    if (test_is_slow()) {
        return; /* only each tenth tree's proofs were made */
    }
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
    {"aggregates_of_130_leaves", aggregates_of_130_leaves},
    {"vectors_reference", vectors_reference},
    {"vectors_upstream_inclusion", vectors_upstream_inclusion},
    {"vectors_upstream_consistency", vectors_upstream_consistency},
    {"vectors_aggregates", vectors_aggregates},
    {NULL, NULL},
};

const test_suite_t base_merkle_vectors_suite = {"base_merkle_vectors", NULL, NULL, cases};
