/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_key_json.c
 * Public keys as clients send them: what is taken is a point of the curve that OpenSSL and libsodium agree on, the same in
 * every form, and makes no signature good that nobody made.
 */
#include "fuzz/fuzz.h"

#include "base/encoding.h"
#include "base/key_json.h"

#include <apr_strings.h>

#include <string.h>

fuzz_target_fn fuzz_key_json;

static const civ_json_limits_t limits = {65536, 8, 100, 256};

/* In another of its forms. */
static void check_form(const civ_public_key_t *key, const char *text, apr_pool_t *pool)
{
    civ_public_key_t *again = NULL;
    civ_problem_t problem = {0};
    const civ_json_t *value;

    FUZZ_DEMAND(civ_json_parse(&value, text, strlen(text), &limits, &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(civ_public_key_from_json(&again, value, "/public_key", &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(memcmp(civ_public_key_raw(again), civ_public_key_raw(key), CIV_KEY_PUBLIC_SIZE) == 0);
}

static void check_key(const civ_public_key_t *key, apr_pool_t *pool)
{
    static const unsigned char nothing[CIV_KEY_SIGNATURE_SIZE];
    static const unsigned char identity[CIV_KEY_SIGNATURE_SIZE] = {1};
    const unsigned char *raw = civ_public_key_raw(key);
    civ_public_key_t *again = NULL;

    FUZZ_DEMAND(civ_public_key_from_pem(&again, civ_public_key_pem(key), pool) == APR_SUCCESS);
    check_form(key, apr_psprintf(pool, "\"%s\"", civ_base64_encode(raw, CIV_KEY_PUBLIC_SIZE, pool)), pool);
    check_form(key,
               apr_psprintf(pool, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}",
                            civ_base64url_encode(raw, CIV_KEY_PUBLIC_SIZE, pool)),
               pool);
    FUZZ_DEMAND(civ_public_key_verify(key, nothing, "message", 7) != APR_SUCCESS);
    FUZZ_DEMAND(civ_public_key_verify(key, identity, "message", 7) != APR_SUCCESS);
}

void fuzz_key_json(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_public_key_t *key = NULL;
    civ_problem_t problem = {0};
    const civ_json_t *value;

    /* Any 32 bytes as a string, else the input as JSON. */
    if (size == CIV_KEY_PUBLIC_SIZE) {
        const char *text = apr_psprintf(pool, "\"%s\"", civ_base64_encode(data, size, pool));

        FUZZ_DEMAND(civ_json_parse(&value, text, strlen(text), &limits, &problem, pool) == APR_SUCCESS);
    } else if (civ_json_parse(&value, (const char *)data, size, &limits, &problem, pool) != APR_SUCCESS) {
        return;
    }
    if (civ_public_key_from_json(&key, value, "/public_key", &problem, pool) == APR_SUCCESS) {
        check_key(key, pool);
    } else {
        FUZZ_DEMAND(problem.detail != NULL);
    }
}
