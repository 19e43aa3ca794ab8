/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Seeing through percent-encoding and base64. Lenient, unlike lib/base's decoders: what is broken may still hold a secret.
 */
#include "federation/redaction_private.h"

#include <string.h>

#include <apr_lib.h>

/* Shorter runs of base64 hold nothing that is long enough to be a secret of a known form. */
#define SHORTEST_RUN 40

static int hex_value(char digit)
{
    if (apr_isdigit(digit)) {
        return digit - '0';
    }
    digit = (char)apr_tolower(digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

apr_size_t civ_redaction_percent_decode(char *out, apr_uint32_t *map, const char *text, apr_size_t length)
{
    apr_size_t from = 0, to = 0;

    while (from < length) {
        map[to] = (apr_uint32_t)from;
        if (text[from] == '%' && length - from > 2 && hex_value(text[from + 1]) >= 0 &&
            hex_value(text[from + 2]) >= 0) {
            out[to++] = (char)(hex_value(text[from + 1]) * 16 + hex_value(text[from + 2]));
            from += 3;
        } else {
            out[to++] = text[from++];
        }
    }
    map[to] = (apr_uint32_t)length;
    out[to] = '\0';
    return to;
}

/* Both alphabets; 64 and more: none. */
static unsigned base64_value(char byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return (unsigned)(byte - 'A');
    }
    if (byte >= 'a' && byte <= 'z') {
        return (unsigned)(byte - 'a') + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return (unsigned)(byte - '0') + 52;
    }
    if (byte == '+' || byte == '-') {
        return 62;
    }
    return byte == '/' || byte == '_' ? 63 : 64;
}

static apr_size_t skip_symbols(const char *text, apr_size_t length, apr_size_t from)
{
    while (from < length && base64_value(text[from]) < 64) {
        from++;
    }
    return from;
}

/* Where the next line of a wrapped text begins, or 0. A line break may itself be written as an escape. */
static apr_size_t next_line(const char *text, apr_size_t length, apr_size_t from)
{
    apr_size_t before = from;

    if (length - from >= 4 && memcmp(text + from, "\\r\\n", 4) == 0) {
        from += 4;
    } else if (length - from >= 2 && memcmp(text + from, "\\n", 2) == 0) {
        from += 2;
    } else {
        while (from < length && (text[from] == '\r' || text[from] == '\n')) {
            from++;
        }
    }
    if (from == before) {
        return 0;
    }
    while (from < length && (text[from] == ' ' || text[from] == '\t')) {
        from++;
    }
    return from;
}

static int is_whole_line(const char *text, apr_size_t length, apr_size_t start, apr_size_t end)
{
    while (end < length && text[end] == '=') {
        end++;
    }
    return end > start && (end == length || next_line(text, length, end) != 0);
}

static void append_symbols(unsigned char *symbols, apr_size_t *count, const char *text, apr_size_t start,
                           apr_size_t end)
{
    for (; start < end; start++) {
        symbols[(*count)++] = (unsigned char)base64_value(text[start]);
    }
}

int civ_redaction_base64_run(const char *text, apr_size_t length, apr_size_t *start, apr_size_t *end,
                             unsigned char *symbols, apr_size_t *symbol_count)
{
    apr_size_t from = *start, to = from, line;

    for (; from < length; from = to + 1) {
        to = skip_symbols(text, length, from);
        if (to - from >= SHORTEST_RUN) {
            break;
        }
    }
    if (from >= length) {
        return 0;
    }
    *start = from;
    *symbol_count = 0;
    append_symbols(symbols, symbol_count, text, from, to);
    while ((line = next_line(text, length, to)) != 0) {
        apr_size_t line_end = skip_symbols(text, length, line);

        if (!is_whole_line(text, length, line, line_end)) {
            break;
        }
        append_symbols(symbols, symbol_count, text, line, line_end);
        to = line_end;
    }
    while (to < length && text[to] == '=') {
        to++;
    }
    *end = to;
    return 1;
}

apr_size_t civ_redaction_base64_join(char *out, const unsigned char *symbols, apr_size_t count)
{
    unsigned bits = 0;
    apr_size_t length = 0, i;

    for (i = 0; i < count; i++) {
        bits = (bits << 6 | symbols[i]) & 0xffffff;
        if (i % 4 != 0) {
            char byte = (char)(bits >> (6 - 2 * (i % 4)));

            if (byte != '\0') {
                out[length++] = byte;
            }
        }
    }
    out[length] = '\0';
    return length;
}

int civ_redaction_is_texty(const char *data, apr_size_t length)
{
    apr_size_t run = 0, i;

    for (i = 0; i < length; i++) {
        run = data[i] >= 0x20 && data[i] < 0x7f ? run + 1 : 0;
        if (run >= 8) {
            return 1;
        }
    }
    return 0;
}
