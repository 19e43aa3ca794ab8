/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_writer.c
 * The writer: knows at each level whether a comma is due.
 */
#include "base/json_writer.h"

#include <stdlib.h>
#include <string.h>

/** What follows the backslash for each byte that needs one: the letter, or 'u' for the long form; 0 for none.
 */
static const char escapes[256] = {'u',         'u',          'u', 'u', 'u', 'u', 'u', 'u',
                                  'b',         't',          'n', 'u', 'f', 'r', 'u', 'u', /* 00 to 0f */
                                  'u',         'u',          'u', 'u', 'u', 'u', 'u', 'u',
                                  'u',         'u',          'u', 'u', 'u', 'u', 'u', 'u', /* 10 to 1f */
                                  ['"'] = '"', ['\\'] = '\\'};

void civ_json_write_string(civ_buffer_t *out, const char *text, apr_size_t length)
{
    static const char hex[] = "0123456789abcdef";
    const char *end = text + length;

    civ_buffer_reserve(out, length + 2);
    civ_buffer_append_byte(out, '"');
    while (text < end) {
        const char *plain = text;
        unsigned char byte;
        char letter;

        while (text < end && !escapes[(unsigned char)*text]) {
            text++;
        }
        civ_buffer_append(out, plain, (apr_size_t)(text - plain));
        if (text == end) {
            break;
        }
        byte = (unsigned char)*text++;
        letter = escapes[byte];
        civ_buffer_append_byte(out, '\\');
        civ_buffer_append_byte(out, letter);
        if (letter == 'u') {
            const char digits[4] = {'0', '0', hex[byte >> 4], hex[byte & 15]};

            civ_buffer_append(out, digits, sizeof(digits));
        }
    }
    civ_buffer_append_byte(out, '"');
}

void civ_json_writer_init(civ_json_writer_t *writer, civ_buffer_t *out)
{
    memset(writer, 0, sizeof(*writer));
    writer->out = out;
}

/* Write the comma that a value or name at this place needs, and remember that the level has something now. */
static void separate(civ_json_writer_t *writer)
{
    apr_uint64_t *word = &writer->not_first[writer->depth / 64];
    apr_uint64_t bit = APR_UINT64_C(1) << (writer->depth % 64);

    if (writer->after_name) {
        writer->after_name = 0;
        return;
    }
    if (writer->depth > 0 && (*word & bit)) {
        civ_buffer_append_byte(writer->out, ',');
    }
    *word |= bit;
}

/* Too deep, or closed more often than opened, is a mistake of the program that would corrupt memory. */
static void begin(civ_json_writer_t *writer, char bracket)
{
    separate(writer);
    if (writer->depth >= 255) {
        abort();
    }
    writer->depth++;
    writer->not_first[writer->depth / 64] &= ~(APR_UINT64_C(1) << (writer->depth % 64));
    civ_buffer_append_byte(writer->out, bracket);
}

static void end(civ_json_writer_t *writer, char bracket)
{
    if (writer->depth == 0) {
        abort();
    }
    writer->depth--;
    civ_buffer_append_byte(writer->out, bracket);
}

void civ_json_begin_object(civ_json_writer_t *writer)
{
    begin(writer, '{');
}

void civ_json_end_object(civ_json_writer_t *writer)
{
    end(writer, '}');
}

void civ_json_begin_array(civ_json_writer_t *writer)
{
    begin(writer, '[');
}

void civ_json_end_array(civ_json_writer_t *writer)
{
    end(writer, ']');
}

void civ_json_name(civ_json_writer_t *writer, const char *name)
{
    separate(writer);
    civ_json_write_string(writer->out, name, strlen(name));
    civ_buffer_append_byte(writer->out, ':');
    writer->after_name = 1;
}

void civ_json_text(civ_json_writer_t *writer, const char *text)
{
    if (text) {
        civ_json_text_n(writer, text, strlen(text));
    } else {
        civ_json_null(writer);
    }
}

void civ_json_text_n(civ_json_writer_t *writer, const char *text, apr_size_t length)
{
    separate(writer);
    civ_json_write_string(writer->out, text, length);
}

void civ_json_int(civ_json_writer_t *writer, apr_int64_t value)
{
    separate(writer);
    civ_buffer_append_format(writer->out, "%" APR_INT64_T_FMT, value);
}

void civ_json_uint(civ_json_writer_t *writer, apr_uint64_t value)
{
    separate(writer);
    civ_buffer_append_format(writer->out, "%" APR_UINT64_T_FMT, value);
}

void civ_json_bool(civ_json_writer_t *writer, int value)
{
    separate(writer);
    civ_buffer_append_text(writer->out, value ? "true" : "false");
}

void civ_json_null(civ_json_writer_t *writer)
{
    separate(writer);
    civ_buffer_append_text(writer->out, "null");
}

void civ_json_raw(civ_json_writer_t *writer, const char *json, apr_size_t length)
{
    separate(writer);
    civ_buffer_append(writer->out, json, length);
}

void civ_json_member_text(civ_json_writer_t *writer, const char *name, const char *value)
{
    civ_json_name(writer, name);
    civ_json_text(writer, value);
}

void civ_json_member_int(civ_json_writer_t *writer, const char *name, apr_int64_t value)
{
    civ_json_name(writer, name);
    civ_json_int(writer, value);
}

void civ_json_member_uint(civ_json_writer_t *writer, const char *name, apr_uint64_t value)
{
    civ_json_name(writer, name);
    civ_json_uint(writer, value);
}

void civ_json_member_bool(civ_json_writer_t *writer, const char *name, int value)
{
    civ_json_name(writer, name);
    civ_json_bool(writer, value);
}
