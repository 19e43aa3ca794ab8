/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_place.c
 * Where in the document the parser is, and the problems that it reports from there.
 */
#include "base/json_parser.h"

#include "base/buffer.h"
#include "base/json_tree.h"

#include <string.h>

#define SHOWN_NAME_LENGTH 64

const char *civ_json_pointer(const civ_json_parser_t *parser)
{
    civ_buffer_t pointer;
    unsigned i;

    civ_buffer_init(&pointer, 0, parser->pool);
    for (i = 0; i < parser->depth; i++) {
        const civ_json_frame_t *frame = &parser->frames[i];
        apr_size_t end = i + 1 < parser->depth ? parser->frames[i + 1].base : parser->count;

        if (frame->type == CIV_JSON_ARRAY) {
            civ_json_append_index(&pointer, end - frame->base);
        } else if (!frame->name || !civ_json_append_token(&pointer, frame->name, frame->name_length)) {
            break;
        }
    }
    return pointer.data;
}

/* How much of a name a message may show: a bounded number of whole UTF-8 characters. */
static int shown_length(const char *name, apr_size_t length)
{
    if (length <= SHOWN_NAME_LENGTH) {
        return (int)length;
    }
    length = SHOWN_NAME_LENGTH;
    while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) {
        length--;
    }
    return (int)length;
}

apr_size_t civ_json_token_end(const civ_json_parser_t *parser)
{
    return parser->is_finishing ? parser->length : yajl_get_bytes_consumed(parser->handle);
}

apr_size_t civ_json_string_start(const civ_json_parser_t *parser, apr_size_t end)
{
    apr_size_t at = end < 2 ? 0 : end - 2;

    while (at > 0) {
        apr_size_t before = at;

        while (before > 0 && parser->data[before - 1] == '\\') {
            before--;
        }
        if (parser->data[at] == '"' && (at - before) % 2 == 0) {
            break;
        }
        at = before < at ? before : at - 1;
    }
    return at;
}

int civ_json_fail(civ_json_parser_t *parser, civ_problem_kind_e kind, const char *what, apr_size_t offset)
{
    civ_problem_set_at(parser->problem, kind, civ_json_pointer(parser), parser->pool,
                       "%s (byte %" APR_SIZE_T_FMT ")", what, offset);
    return 0;
}

int civ_json_fail_duplicate(civ_json_parser_t *parser, const civ_json_entry_t *entry)
{
    civ_json_frame_t *frame = &parser->frames[parser->depth - 1];

    frame->name = entry->member.name;
    frame->name_length = entry->member.name_length;
    civ_problem_set_at(parser->problem, CIV_PROBLEM_NOT_I_JSON, civ_json_pointer(parser), parser->pool,
                       "Duplicate member name \"%.*s\" (byte %" APR_SIZE_T_FMT ")",
                       shown_length(frame->name, frame->name_length), frame->name,
                       civ_json_string_start(parser, entry->end));
    return 0;
}
