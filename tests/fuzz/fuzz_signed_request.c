/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_signed_request.c
 * Signed requests. The input is lines: method, target, host, headers ("Name: value") up to an empty line; then the content. What
 * is good has a base that its key has signed; what our signer signs is good until something of it is changed; and whatever
 * Signature-Input asks for, signer and verifier make the same of it.
 */
#include "fuzz/fuzz.h"

#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/request_signature.h"
#include "base/status.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

fuzz_target_fn fuzz_signed_request;

#define NOW        APR_INT64_C(1767225600)
#define MOST_LINES 40

typedef struct input_t {
    civ_message_t message;
    civ_header_line_t lines[MOST_LINES + 4];
    const uint8_t *body;
    size_t length;
    civ_key_t *key;
    const char *key_id;
} input_t;

static void add_line(input_t *input, const char *name, const char *value)
{
    input->lines[input->message.line_count].name = name;
    input->lines[input->message.line_count++].value = value;
}

static void remove_lines(input_t *input, const char *name)
{
    int from, to = 0;

    for (from = 0; from < input->message.line_count; from++) {
        if (strcasecmp(input->lines[from].name, name) != 0) {
            input->lines[to++] = input->lines[from];
        }
    }
    input->message.line_count = to;
}

static void read_input(input_t *input, const uint8_t *data, size_t size, apr_pool_t *pool)
{
    static const unsigned char seed[32] = "civarcos test key, 32 bytes long";
    char *line, *colon;

    memset(input, 0, sizeof(*input));
    input->message.scheme = size % 2 ? "http" : "https";
    input->message.method = fuzz_line(&data, &size, pool);
    input->message.target = fuzz_line(&data, &size, pool);
    input->message.authority = fuzz_line(&data, &size, pool);
    input->message.lines = input->lines;
    while (size > 0 && *(line = fuzz_line(&data, &size, pool)) != '\0') {
        colon = strchr(line, ':');
        if (colon != NULL && input->message.line_count < MOST_LINES) {
            *colon = '\0';
            add_line(input, line, colon + 1);
        }
    }
    input->body = data;
    input->length = size;
    FUZZ_DEMAND(civ_key_from_seed(&input->key, seed, pool) == APR_SUCCESS);
    input->key_id = civ_key_thumbprint(civ_public_key_raw(civ_key_public(input->key)), pool);
}

static apr_status_t look_up(void *baton, const char *key_id, apr_int64_t created,
                            unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    const input_t *input = baton;

    (void)pool;
    FUZZ_DEMAND(key_id[0] != '\0' && strlen(key_id) <= CIV_SIGNATURE_KEY_ID_MOST);
    FUZZ_DEMAND(created >= NOW - 300 && created <= NOW + 60);
    if (strcmp(key_id, input->key_id) != 0) {
        return APR_NOTFOUND;
    }
    memcpy(key, civ_public_key_raw(civ_key_public(input->key)), CIV_KEY_PUBLIC_SIZE);
    return APR_SUCCESS;
}

static void check_good(const input_t *input, const civ_request_signature_t *result, apr_pool_t *pool)
{
    civ_buffer_t again;
    apr_size_t nonce = strlen(result->nonce);

    FUZZ_DEMAND(result->culprit == NULL && result->shown == CIV_SIGNATURE_GOOD);
    FUZZ_DEMAND(nonce >= CIV_SIGNATURE_NONCE_LEAST && nonce <= CIV_SIGNATURE_NONCE_MOST);
    FUZZ_DEMAND(civ_request_signature_covers(result, "@method"));
    FUZZ_DEMAND(input->length == 0 || civ_request_signature_covers(result, "content-digest"));
    FUZZ_DEMAND(strlen(result->base) == result->base_length);
    FUZZ_DEMAND(civ_public_key_verify(civ_key_public(input->key), result->signature, result->base,
                                      result->base_length) == APR_SUCCESS);
    civ_buffer_init(&again, 0, pool);
    FUZZ_DEMAND(civ_signature_base(&again, &input->message, result->input, NULL) == CIV_COMPONENT_FINE);
    FUZZ_DEMAND(strcmp(again.data, result->base) == 0);
}

static civ_signature_label_e verify(input_t *input, apr_pool_t *pool)
{
    const char *const names[] = {input->message.authority, "fed.example.org"};
    const civ_signature_policy_t policy = {300, 60, names, 2};
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_EVERY, pool);
    civ_content_digests_t content;
    const civ_signed_request_t request = {&input->message, &content, NOW, NULL, look_up, input};
    civ_request_signature_t result;
    apr_status_t status;

    civ_content_hash_add(hash, input->body, input->length);
    civ_content_hash_get(hash, &content);
    status = civ_request_signature_verify(&result, &request, &policy, pool);
    FUZZ_DEMAND(status == (result.label == CIV_SIGNATURE_GOOD ? APR_SUCCESS : CIV_EINVALID));
    FUZZ_DEMAND(civ_signature_advice(result.shown) != NULL && civ_signature_label_name(result.label) != NULL);
    if (result.label == CIV_SIGNATURE_GOOD) {
        check_good(input, &result, pool);
    }
    return result.label;
}

/* Sign what Signature-Input asks for: the verifier may have its reasons, but not that the signature is wrong. */
static void sign_as_asked(input_t *input, apr_pool_t *pool)
{
    const char *text = civ_message_header(&input->message, "Signature-Input", pool);
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    civ_structured_field_t *field;
    civ_buffer_t base;

    civ_buffer_init(&base, 0, pool);
    if (text == NULL ||
        civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, text, strlen(text), pool) != APR_SUCCESS ||
        field->count != 1 || !field->members[0].is_inner_list ||
        civ_signature_base(&base, &input->message, &field->members[0], NULL) != CIV_COMPONENT_FINE) {
        return;
    }
    FUZZ_DEMAND(civ_key_sign(input->key, signature, base.data, base.length) == APR_SUCCESS);
    remove_lines(input, "Signature");
    add_line(input, "Signature",
             apr_pstrcat(pool, field->members[0].key,
                         "=:", civ_base64_encode(signature, sizeof(signature), pool), ":", NULL));
    /* Unless the signature itself is what is signed. */
    if (civ_message_header(&input->message, "Signature", pool) != NULL &&
        strstr(base.data, "\"signature\"") == NULL) {
        civ_signature_label_e label = verify(input, pool);

        FUZZ_DEMAND(label != CIV_SIGNATURE_INVALID && label != CIV_SIGNATURE_MISSING);
    }
}

/* Our own signer. */
static void sign_and_verify(input_t *input, apr_pool_t *pool)
{
    const civ_signature_choice_t choice = {NOW, NULL, NULL};
    civ_signature_fields_t fields;
    civ_signature_label_e label;

    remove_lines(input, "Signature");
    remove_lines(input, "Signature-Input");
    remove_lines(input, "Content-Digest");
    remove_lines(input, "Content-Type");
    add_line(input, "Content-Digest", civ_content_digest_write(input->body, input->length, pool));
    add_line(input, "Content-Type", "application/json");
    if (civ_request_signature_make(&fields, &input->message, input->length > 0, input->key, &choice, pool) !=
        APR_SUCCESS) {
        return;
    }
    add_line(input, "Signature-Input", fields.input);
    add_line(input, "Signature", fields.signature);
    label = verify(input, pool);
    /* A target in absolute form has an authority of its own. */
    FUZZ_DEMAND(label == CIV_SIGNATURE_GOOD ||
                (label == CIV_SIGNATURE_AUTHORITY && input->message.target[0] != '/'));
    if (label != CIV_SIGNATURE_GOOD) {
        return;
    }
    input->message.method = apr_pstrcat(pool, input->message.method, "X", NULL);
    FUZZ_DEMAND(verify(input, pool) == CIV_SIGNATURE_INVALID);
}

void fuzz_signed_request(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    input_t input;

    read_input(&input, data, size, pool);
    verify(&input, pool);
    sign_as_asked(&input, pool);
    sign_and_verify(&input, pool);
}
