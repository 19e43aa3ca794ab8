/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "paging.h"

#include "cursor.h"
#include "reply.h"

#include <string.h>

#define LIMIT_DEFAULT 100
#define LIMIT_MOST    1000

#define NO_CURSOR "This is no cursor that an answer has given."

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

    if (text && civ_cursor_read(position, text, call->r->pool) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, "cursor", NO_CURSOR);
    }
    return OK;
}

int civ_paging_read(civ_call_t *call, int *limit, apr_int64_t *position)
{
    apr_uint64_t value = 0;

    *position = 0;
    if (civ_paging_limit(call, limit) != OK || civ_paging_cursor(call, &value) != OK) {
        return CIV_FAULTED;
    }
    if (value > APR_INT64_MAX) {
        return civ_request_bad_parameter(call, "cursor", NO_CURSOR);
    }
    *position = (apr_int64_t)value;
    return OK;
}

/* The path below the prefix, as it was asked for. */
static void append_path(civ_call_t *call, civ_buffer_t *link)
{
    const char *rest = call->route->template;
    const char *brace;
    int i;

    for (i = 0; (brace = strchr(rest, '{')) != NULL; i++) {
        civ_buffer_append(link, rest, (apr_size_t)(brace - rest));
        civ_buffer_append_text(link, civ_query_encode(civ_request_segment(call, i), call->r->pool));
        rest = strchr(brace, '}') + 1;
    }
    civ_buffer_append_text(link, rest);
}

/* The same request, from there on. */
static void link_next(civ_call_t *call, const char *cursor)
{
    apr_pool_t *pool = call->r->pool;
    civ_buffer_t link;
    int i;

    civ_buffer_init(&link, 256, pool);
    append_path(call, &link);
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
    civ_buffer_append_text(&link, civ_query_encode(cursor, pool));
    civ_reply_next(call, link.data);
}

void civ_paging_next_text(civ_call_t *call, civ_json_writer_t *writer, const char *cursor)
{
    civ_json_member_text(writer, "next_cursor", cursor);
    link_next(call, cursor);
}

void civ_paging_next(civ_call_t *call, civ_json_writer_t *writer, apr_uint64_t position)
{
    civ_paging_next_text(call, writer, civ_cursor_write(position, call->r->pool));
}
