/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "cursor.h"

#include "base/encoding.h"
#include "base/status.h"

/** A cursor is base64url of this byte and the leaf index, big-endian. */
#define CURSOR_VERSION 1
#define CURSOR_BYTES   9

char *civ_cursor_write(apr_uint64_t before_leaf, apr_pool_t *pool)
{
    unsigned char bytes[CURSOR_BYTES] = {CURSOR_VERSION};
    int i;

    for (i = CURSOR_BYTES - 1; i > 0; i--, before_leaf >>= 8) {
        bytes[i] = before_leaf & 0xff;
    }
    return civ_base64url_encode(bytes, sizeof(bytes), pool);
}

apr_status_t civ_cursor_read(apr_uint64_t *before_leaf, const char *text, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length;
    int i;

    if (civ_base64url_decode(&bytes, &length, text, pool) != APR_SUCCESS || length != CURSOR_BYTES ||
        bytes[0] != CURSOR_VERSION) {
        return CIV_EINVALID;
    }
    *before_leaf = 0;
    for (i = 1; i < CURSOR_BYTES; i++) {
        *before_leaf = *before_leaf << 8 | bytes[i];
    }
    return APR_SUCCESS;
}
