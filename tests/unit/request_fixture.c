/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request_fixture.c
 * Making, signing, verifying.
 */
#include "unit/request_fixture.h"

#include "base/encoding.h"
#include "base/key_thumbprint.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static const char *const our_names[] = {"Fed.example.org"};

const civ_signature_policy_t request_policy = {300, 60, our_names, 1};

civ_key_t *request_key(const char *name)
{
    unsigned char seed[32] = {0};
    civ_key_t *key = NULL;

    memcpy(seed, name, strlen(name));
    CU_ASSERT_FATAL(civ_key_from_seed(&key, seed, test_pool()) == APR_SUCCESS);
    return key;
}

const char *request_key_id(const civ_key_t *key)
{
    return civ_key_thumbprint(civ_public_key_raw(civ_key_public(key)), test_pool());
}

void request_add_line(spoiled_t *one, const char *name, const char *value)
{
    one->lines[one->message.line_count].name = name;
    one->lines[one->message.line_count++].value = value;
    one->message.lines = one->lines;
}

const char **request_line(spoiled_t *one, const char *name)
{
    int i;

    for (i = 0; i < one->message.line_count; i++)
        if (strcmp(one->lines[i].name, name) == 0)
            return &one->lines[i].value;
    CU_FAIL_FATAL("no such line");
    return NULL;
}

spoiled_t *request_unsigned(const char *body)
{
    spoiled_t *one = apr_pcalloc(test_pool(), sizeof(*one));

    one->message.method = "POST";
    one->message.scheme = "https";
    one->message.authority = "fed.example.org";
    one->message.target = "/api/federated/share?dry_run=true";
    one->body = body;
    if (body != NULL) {
        request_add_line(one, "Content-Type", "application/json");
        request_add_line(one, "Content-Digest", civ_content_digest_write(body, strlen(body), test_pool()));
    }
    return one;
}

void request_sign(spoiled_t *one, const civ_key_t *key, const civ_signature_choice_t *choice)
{
    civ_signature_fields_t fields;

    CU_ASSERT_FATAL(civ_request_signature_make(&fields, &one->message, one->body != NULL, key, choice,
                                               test_pool()) == APR_SUCCESS);
    request_add_line(one, "Signature-Input", fields.input);
    request_add_line(one, "Signature", fields.signature);
}

spoiled_t *request_signed(const char *body)
{
    civ_signature_choice_t choice = {REQUEST_NOW, NULL, NULL};
    spoiled_t *one = request_unsigned(body);

    request_sign(one, request_key("alpha"), &choice);
    return one;
}

static apr_status_t look_up(void *baton, const char *key_id, apr_int64_t created,
                            unsigned char key[CIV_KEY_PUBLIC_SIZE], apr_pool_t *pool)
{
    static const char *const names[] = {"alpha", "beta"};
    size_t i;

    (void)pool;
    *(int *)baton += 1;
    for (i = 0; i < 2; i++) {
        civ_key_t *one = request_key(names[i]);

        if (strcmp(request_key_id(one), key_id) == 0 && (i != 0 || created >= REQUEST_NOW - 3600)) {
            memcpy(key, civ_public_key_raw(civ_key_public(one)), CIV_KEY_PUBLIC_SIZE);
            return APR_SUCCESS;
        }
    }
    return APR_NOTFOUND;
}

civ_request_signature_t request_last;
int request_look_ups;

const char *request_verify_at(spoiled_t *one, apr_int64_t now)
{
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_EVERY, test_pool());
    civ_content_digests_t content;
    civ_signed_request_t request = {&one->message, &content, now, one->key_id, look_up, &request_look_ups};
    apr_status_t status;

    request_look_ups = 0;
    if (one->body != NULL)
        civ_content_hash_add(hash, one->body, strlen(one->body));
    civ_content_hash_get(hash, &content);
    status = civ_request_signature_verify(&request_last, &request, &request_policy, test_pool());
    CU_ASSERT_EQUAL(status, request_last.label == CIV_SIGNATURE_GOOD ? APR_SUCCESS : CIV_EINVALID);
    return civ_signature_label_name(request_last.label);
}

const char *request_verify(spoiled_t *one)
{
    return request_verify_at(one, REQUEST_NOW);
}
