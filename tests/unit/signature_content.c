/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_content.c
 * Content-Digest: what matches, and what is no proof of anything.
 */
#include "base/content_digest.h"

#include "base/encoding.h"
#include "base/structured_field.h"
#include "support/runner.h"
#include "unit/signature_fixture.h"

#include <string.h>

/* The sample of RFC 9530, appendix B. */
#define HELLO        "{\"hello\": \"world\"}"
#define HELLO_SHA256 "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
#define HELLO_SHA512                                                                                         \
    "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"

static const char *verdict_of(const char *field, const void *body, apr_size_t length, unsigned algorithms)
{
    static const char *const names[] = {"match", "mismatch", "unsupported", "malformed"};
    civ_content_hash_t *hash = civ_content_hash_begin(algorithms, test_pool());
    civ_content_digests_t digests;
    apr_size_t half = length / 2;

    civ_content_hash_add(hash, body, half);
    civ_content_hash_get(hash, &digests);
    civ_content_hash_add(hash, (const char *)body + half, length - half);
    civ_content_hash_get(hash, &digests);
    CU_ASSERT_EQUAL(digests.length, length);
    return names[civ_content_digest_check(field, &digests, test_pool())];
}

static const char *verdict(const char *field)
{
    return verdict_of(field, HELLO, strlen(HELLO), CIV_CONTENT_EVERY);
}

static void both_algorithms_count(void)
{
    CU_ASSERT_STRING_EQUAL(verdict(HELLO_SHA256), "match");
    CU_ASSERT_STRING_EQUAL(verdict(HELLO_SHA512), "match");
    CU_ASSERT_STRING_EQUAL(verdict(HELLO_SHA512 ", " HELLO_SHA256), "match");
    CU_ASSERT_STRING_EQUAL(verdict(HELLO_SHA256 ", sha-512=:AAAA:"), "mismatch");
    /* The right digest and a byte more. */
    CU_ASSERT_STRING_EQUAL(verdict("sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPEA:"), "mismatch");
    CU_ASSERT_STRING_EQUAL(verdict("md5=:AAAA:, " HELLO_SHA256), "match");
    CU_ASSERT_STRING_EQUAL(verdict("md5=:Sd/dVLAcvNLSq16eXua5uQ==:"), "unsupported");
    CU_ASSERT_STRING_EQUAL(verdict_of(HELLO_SHA256, HELLO " ", 19, CIV_CONTENT_EVERY), "mismatch");
}

static void a_digest_that_was_not_computed_is_no_match(void)
{
    CU_ASSERT_STRING_EQUAL(verdict_of(HELLO_SHA512, HELLO, strlen(HELLO), CIV_CONTENT_SHA256), "mismatch");
    CU_ASSERT_STRING_EQUAL(verdict_of(HELLO_SHA256, HELLO, strlen(HELLO), CIV_CONTENT_SHA256), "match");
}

static void what_is_malformed(void)
{
    CU_ASSERT_STRING_EQUAL(verdict(""), "malformed");
    CU_ASSERT_STRING_EQUAL(verdict("sha-256"), "malformed");
    CU_ASSERT_STRING_EQUAL(verdict("sha-256=(:AAAA:)"), "malformed");
    CU_ASSERT_STRING_EQUAL(verdict(HELLO_SHA256 ", md5=1"), "malformed");
    /* Which one of the two would count? */
    CU_ASSERT_STRING_EQUAL(verdict("sha-256=:AAAA:, " HELLO_SHA256), "malformed");
}

static void algorithms_are_known_beforehand(void)
{
    CU_ASSERT_EQUAL(civ_content_digest_algorithms(NULL, test_pool()), 0);
    CU_ASSERT_EQUAL(civ_content_digest_algorithms("x=", test_pool()), 0);
    CU_ASSERT_EQUAL(civ_content_digest_algorithms(HELLO_SHA256, test_pool()), CIV_CONTENT_SHA256);
    CU_ASSERT_EQUAL(civ_content_digest_algorithms(HELLO_SHA512 "," HELLO_SHA256, test_pool()),
                    CIV_CONTENT_EVERY);
}

static void is_written(void)
{
    CU_ASSERT_STRING_EQUAL(civ_content_digest_write(HELLO, strlen(HELLO), test_pool()), HELLO_SHA256);
}

static void vectors_of_content_digest(void)
{
    const civ_json_t *root = signature_vectors("rfc9530-content-digest.json");
    const civ_json_t *rows;
    apr_size_t i, length;

    if (root == NULL)
        return;
    rows = signature_array(root, "cases");
    for (i = 0; i < rows->as.array.count; i++) {
        const civ_json_t *row = &rows->as.array.items[i];
        const char *expected = signature_text(row, "expect");
        unsigned char *body;

        /* Which bytes are hashed is for those who read them. */
        if (civ_json_get(row, "field") == NULL)
            continue;
        CU_ASSERT_FATAL(civ_base64_decode(&body, &length, signature_text(row, "body_b64"), test_pool()) ==
                        APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(verdict_of(signature_text(row, "field"), body, length, CIV_CONTENT_EVERY),
                               expected);
    }
    test_note("%d cases", (int)i);
}

static const test_case_t cases[] = {
    {"both_algorithms_count", both_algorithms_count},
    {"a_digest_that_was_not_computed_is_no_match", a_digest_that_was_not_computed_is_no_match},
    {"what_is_malformed", what_is_malformed},
    {"algorithms_are_known_beforehand", algorithms_are_known_beforehand},
    {"is_written", is_written},
    {"vectors_of_content_digest", vectors_of_content_digest},
    {NULL, NULL},
};

const test_suite_t signature_content_suite = {"signature_content", NULL, NULL, cases};
