/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_encoding.c
 * Hex and base64: what is encoded decodes to the same bytes, and each sequence of bytes has one text only.
 */
#include "fuzz/fuzz.h"

#include "base/encoding.h"

#include <string.h>

fuzz_target_fn fuzz_encoding;

typedef char *encode_fn(const void *data, apr_size_t length, apr_pool_t *pool);
typedef apr_status_t decode_fn(unsigned char **out, apr_size_t *length, const char *text, apr_pool_t *pool);

static int is_same(const void *left, size_t left_size, const void *right, size_t right_size)
{
    return left_size == right_size && (!left_size || memcmp(left, right, left_size) == 0);
}

static void check_base64(encode_fn *encode, decode_fn *decode, const uint8_t *data, size_t size,
                         apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    unsigned char *bytes = NULL;
    apr_size_t length = 0;

    if (decode(&bytes, &length, text, pool) == APR_SUCCESS) {
        FUZZ_DEMAND(strcmp(encode(bytes, length, pool), text) == 0);
    }
    text = encode(data, size, pool);
    FUZZ_DEMAND(decode(&bytes, &length, text, pool) == APR_SUCCESS && is_same(bytes, length, data, size));
}

static void check_hex(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    size_t length = strlen(text) / 2;
    char *hex = apr_palloc(pool, 2 * size + 1);
    unsigned char *bytes = apr_palloc(pool, size + 1);

    if (civ_hex_decode(bytes, length, text) == APR_SUCCESS) {
        civ_hex_encode(hex, bytes, length);
        FUZZ_DEMAND(strcmp(hex, text) == 0);
    }
    civ_hex_encode(hex, data, size);
    FUZZ_DEMAND(civ_hex_decode(bytes, size, hex) == APR_SUCCESS && is_same(bytes, size, data, size));
    FUZZ_DEMAND(civ_hex_decode(bytes, size + 1, hex) != APR_SUCCESS);
    FUZZ_DEMAND(size == 0 || civ_hex_decode(bytes, size - 1, hex) != APR_SUCCESS);
}

void fuzz_encoding(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    check_hex(data, size, pool);
    check_base64(civ_base64_encode, civ_base64_decode, data, size, pool);
    check_base64(civ_base64url_encode, civ_base64url_decode, data, size, pool);
}
