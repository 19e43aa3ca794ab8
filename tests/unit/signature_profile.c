/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file signature_profile.c
 * Signed requests: what our signer makes is good, and what is covered cannot be changed on the way.
 */
#include "unit/request_fixture.h"

#include "base/encoding.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static void what_we_sign_is_good(void)
{
    spoiled_t *one = request_signed(REQUEST_BODY);
    civ_buffer_t again;

    IS(one, "ok");
    CU_ASSERT_STRING_EQUAL(request_last.key_id, request_key_id(request_key("alpha")));
    CU_ASSERT_EQUAL(request_last.created, REQUEST_NOW);
    CU_ASSERT_EQUAL(request_last.nonce_expires, (REQUEST_NOW + 301) * 1000);
    CU_ASSERT_EQUAL(strlen(request_last.nonce), 22);
    CU_ASSERT_PTR_NULL(request_last.culprit);
    CU_ASSERT_EQUAL(strlen(request_last.base), request_last.base_length);
    CU_ASSERT_EQUAL(civ_public_key_verify(civ_key_public(request_key("alpha")), request_last.signature,
                                          request_last.base, request_last.base_length),
                    APR_SUCCESS);
    CU_ASSERT(civ_request_signature_covers(&request_last, "content-digest"));
    CU_ASSERT(!civ_request_signature_covers(&request_last, "idempotency-key"));
    civ_buffer_init(&again, 0, test_pool());
    CU_ASSERT_EQUAL(civ_signature_base(&again, &one->message, request_last.input, NULL), CIV_COMPONENT_FINE);
    CU_ASSERT_STRING_EQUAL(again.data, request_last.base);
    IS(request_signed(NULL), "ok");
    CU_ASSERT(!civ_request_signature_covers(&request_last, "content-digest"));
}

static void nonces_are_never_the_same(void)
{
    const char *first;

    IS(request_signed(NULL), "ok");
    first = request_last.nonce;
    IS(request_signed(NULL), "ok");
    CU_ASSERT_STRING_NOT_EQUAL(first, request_last.nonce);
}

static void more_may_be_covered(void)
{
    static const char *const more[] = {"idempotency-key", NULL};
    civ_signature_choice_t choice = {REQUEST_NOW, REQUEST_NONCE, more};
    civ_signature_fields_t fields;
    spoiled_t *one = request_unsigned(REQUEST_BODY);

    CU_ASSERT_EQUAL(
        civ_request_signature_make(&fields, &one->message, 1, request_key("alpha"), &choice, test_pool()),
        CIV_EINVALID);
    request_add_line(one, "Idempotency-Key", "\"7\"");
    request_sign(one, request_key("alpha"), &choice);
    IS(one, "ok");
    CU_ASSERT(civ_request_signature_covers(&request_last, "idempotency-key"));
    *request_line(one, "Idempotency-Key") = "\"8\"";
    IS(one, "signature-invalid");
}

static void the_signer_refuses_what_would_be_refused(void)
{
    civ_signature_choice_t short_nonce = {REQUEST_NOW, "123456789012345", NULL};
    civ_signature_choice_t choice = {REQUEST_NOW, REQUEST_NONCE, NULL};
    civ_signature_fields_t fields;
    spoiled_t *one = request_unsigned(REQUEST_BODY);

    CU_ASSERT_EQUAL(civ_request_signature_make(&fields, &one->message, 1, request_key("alpha"), &short_nonce,
                                               test_pool()),
                    CIV_EINVALID);
    one->message.line_count = 1;
    CU_ASSERT_EQUAL(
        civ_request_signature_make(&fields, &one->message, 1, request_key("alpha"), &choice, test_pool()),
        CIV_EINVALID);
}

/* --- what may be changed on the way --- */

static void what_is_covered_cannot_be_changed(void)
{
    spoiled_t *one = request_signed(REQUEST_BODY);

    one->message.method = "DELETE";
    IS(one, "signature-invalid");
    one->message.method = "post";
    IS(one, "signature-invalid");
    one = request_signed(REQUEST_BODY);
    one->message.target = "/api/federated/share?dry_run=false";
    IS(one, "signature-invalid");
    one->message.target = "/api/federated/share";
    IS(one, "signature-invalid");
    one = request_signed(REQUEST_BODY);
    one->message.authority = "other.example.org";
    IS(one, "authority-not-ours");
    one = request_signed(REQUEST_BODY);
    *request_line(one, "Content-Type") = "application/json; charset=utf-8";
    IS(one, "signature-invalid");
    one = request_signed(REQUEST_BODY);
    one->body = REQUEST_BODY " ";
    IS(one, "digest-mismatch");
    *request_line(one, "Content-Digest") =
        civ_content_digest_write(one->body, strlen(one->body), test_pool());
    IS(one, "signature-invalid");
    one = request_signed(REQUEST_BODY);
    request_add_line(one, "Content-Type", "text/plain");
    IS(one, "signature-invalid");
    one = request_signed(NULL);
    one->body = REQUEST_BODY;
    IS(one, "coverage-insufficient");
    one = request_signed(REQUEST_BODY);
    one->body = NULL;
    IS(one, "digest-mismatch");
}

static void what_is_not_covered_may_be_changed(void)
{
    spoiled_t *one = request_signed(REQUEST_BODY);

    request_add_line(one, "Via", "1.1 proxy");
    one->message.authority = "FED.EXAMPLE.ORG:443";
    IS(one, "ok");
}

static void the_key_is_the_named_one(void)
{
    civ_signature_choice_t choice = {REQUEST_NOW, REQUEST_NONCE, NULL};
    spoiled_t *one = request_unsigned(REQUEST_BODY);
    const char **input;

    request_sign(one, request_key("beta"), &choice);
    IS(one, "ok");
    input = request_line(one, "Signature-Input");
    *input = apr_pstrcat(test_pool(), apr_pstrmemdup(test_pool(), *input, strstr(*input, "keyid=") - *input),
                         "keyid=\"", request_key_id(request_key("alpha")), strstr(*input, "\";nonce"), NULL);
    IS(one, "signature-invalid");
    one = request_unsigned(REQUEST_BODY);
    request_sign(one, request_key("gamma"), &choice);
    IS(one, "key-unknown");
    CU_ASSERT_EQUAL(request_look_ups, 1);
    /* A key that its owner did not have yet. */
    choice.created = REQUEST_NOW - 3601;
    one = request_unsigned(REQUEST_BODY);
    request_sign(one, request_key("alpha"), &choice);
    CU_ASSERT_STRING_EQUAL(request_verify_at(one, REQUEST_NOW - 3601), "key-unknown");
}

/* S + L is another spelling of S; whoever takes both has two signatures of one request. */
static void one_signature_has_one_spelling(void)
{
    static const unsigned char order[] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                          0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                          0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    spoiled_t *one = request_signed(REQUEST_BODY);
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    unsigned carry = 0;
    int i;

    IS(one, "ok");
    memcpy(signature, request_last.signature, sizeof(signature));
    for (i = 0; i < 32; i++) {
        carry += signature[32 + i] + order[i];
        signature[32 + i] = (unsigned char)carry;
        carry >>= 8;
    }
    CU_ASSERT_EQUAL(carry, 0);
    *request_line(one, "Signature") = apr_pstrcat(
        test_pool(), "sig1=:", civ_base64_encode(signature, sizeof(signature), test_pool()), ":", NULL);
    IS(one, "signature-invalid");
}

/* --- what servers ask for --- */

/* A member of a Dictionary, which our own signer does as it says. */
static void what_servers_ask_for(void)
{
    civ_structured_field_t *field = NULL;
    const civ_structured_bare_t *created;
    int i;

    CU_ASSERT_EQUAL_FATAL(civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, CIV_SIGNATURE_ACCEPT,
                                               strlen(CIV_SIGNATURE_ACCEPT), test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL(field->count, 1);
    created = civ_structured_parameter(&field->members[0].parameters, "created");
    CU_ASSERT(created != NULL && created->type == CIV_STRUCTURED_BOOLEAN && created->number == 1);
    CU_ASSERT_STRING_EQUAL(
        civ_structured_string(civ_structured_parameter(&field->members[0].parameters, "tag")),
        CIV_SIGNATURE_TAG);
    IS(request_signed(REQUEST_BODY), "ok");
    for (i = 0; i < field->members[0].item_count; i++)
        CU_ASSERT(civ_request_signature_covers(&request_last, field->members[0].items[i].bare.text));
}

static const test_case_t cases[] = {
    {"what_we_sign_is_good", what_we_sign_is_good},
    {"nonces_are_never_the_same", nonces_are_never_the_same},
    {"more_may_be_covered", more_may_be_covered},
    {"the_signer_refuses_what_would_be_refused", the_signer_refuses_what_would_be_refused},
    {"what_is_covered_cannot_be_changed", what_is_covered_cannot_be_changed},
    {"what_is_not_covered_may_be_changed", what_is_not_covered_may_be_changed},
    {"the_key_is_the_named_one", the_key_is_the_named_one},
    {"one_signature_has_one_spelling", one_signature_has_one_spelling},
    {"what_servers_ask_for", what_servers_ask_for},
    {NULL, NULL},
};

const test_suite_t signature_profile_suite = {"signature_profile", NULL, NULL, cases};
