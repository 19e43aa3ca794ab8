/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "paging.h"

#include "reply.h"

#include "base/encoding.h"

#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MOST    1000

/** A cursor is base64url of this byte and the position, big-endian. */
#define CURSOR_VERSION 1
#define CURSOR_BYTES   9

int civ_paging_limit(civ_call_t *call, int *limit)
{
    apr_int64_t value = LIMIT_DEFAULT;
    int result = civ_request_number(call, "limit", 1, LIMIT_MOST, &value);

    *limit = (int)value;
    return result;
}

int civ_paging_cursor(civ_call_t *call, apr_uint64_t *position)
{
    const char *text = civ_query_get(&call->query, "cursor");
    unsigned char *bytes;
    apr_size_t length;
    int i;

    if (!text) {
        return OK;
    }
    if (civ_base64url_decode(&bytes, &length, text, call->r->pool) != APR_SUCCESS || length != CURSOR_BYTES ||
        bytes[0] != CURSOR_VERSION) {
        return civ_request_bad_parameter(call, "cursor", "This is no cursor that an answer has given.");
    }
    *position = 0;
    for (i = 1; i < CURSOR_BYTES; i++) {
        *position = *position << 8 | bytes[i];
    }
    return OK;
}

static const char *write_cursor(apr_uint64_t position, apr_pool_t *pool)
{
    unsigned char bytes[CURSOR_BYTES] = {CURSOR_VERSION};
    int i;

    for (i = CURSOR_BYTES - 1; i > 0; i--, position >>= 8) {
        bytes[i] = position & 0xff;
    }
    return civ_base64url_encode(bytes, sizeof(bytes), pool);
}

/* The same request, from there on. */
static void link_next(civ_call_t *call, const char *cursor)
{
    apr_pool_t *pool = call->r->pool;
    civ_buffer_t link;
    int i;

    civ_buffer_init(&link, 256, pool);
    civ_buffer_append_text(&link, call->route->template);
    civ_buffer_append_text(&link, "?");
    for (i = 0; i < call->query.count; i++) {
        if (strcmp(call->query.pairs[i].name, "cursor") != 0) {
            civ_buffer_append_text(&link, call->query.pairs[i].name);
            civ_buffer_append_text(&link, "=");
            civ_buffer_append_text(&link, civ_query_encode(call->query.pairs[i].value, pool));
            civ_buffer_append_text(&link, "&");
        }
    }
    civ_buffer_append_text(&link, "cursor=");
    civ_buffer_append_text(&link, cursor);
    civ_reply_next(call, link.data);
}

void civ_paging_next(civ_call_t *call, civ_json_writer_t *writer, apr_uint64_t position)
{
    const char *cursor = write_cursor(position, call->r->pool);

    civ_json_member_text(writer, "next_cursor", cursor);
    link_next(call, cursor);
}
