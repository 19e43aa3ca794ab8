/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "cursor.h"

#include "base/encoding.h"
#include "base/status.h"

/** A cursor is base64url of this byte and the position, big-endian. */
#define CURSOR_VERSION 1
#define CURSOR_BYTES   9

char *civ_cursor_write(apr_uint64_t position, apr_pool_t *pool)
{
    unsigned char bytes[CURSOR_BYTES] = {CURSOR_VERSION};
    int i;

    for (i = CURSOR_BYTES - 1; i > 0; i--, position >>= 8) {
        bytes[i] = position & 0xff;
    }
    return civ_base64url_encode(bytes, sizeof(bytes), pool);
}

apr_status_t civ_cursor_read(apr_uint64_t *position, const char *text, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length;
    int i;

    if (civ_base64url_decode(&bytes, &length, text, pool) != APR_SUCCESS || length != CURSOR_BYTES ||
        bytes[0] != CURSOR_VERSION) {
        return CIV_EINVALID;
    }
    *position = 0;
    for (i = 1; i < CURSOR_BYTES; i++) {
        *position = *position << 8 | bytes[i];
    }
    return APR_SUCCESS;
}
