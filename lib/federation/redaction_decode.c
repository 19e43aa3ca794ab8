/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Seeing through percent-encoding and base64. Lenient, unlike lib/base's decoders: what is broken may still hold a secret.
 */
#include "base/encoding.h"
#include "federation/redaction_private.h"

#include <string.h>

/* Shorter runs of base64 hold nothing that is long enough to be a secret of a known form. */
#define SHORTEST_RUN 40

apr_size_t civ_redaction_percent_decode(char *out, apr_uint32_t *map, const char *text, apr_size_t length)
{
    apr_size_t from = 0, to = 0;

    while (from < length) {
        map[to] = (apr_uint32_t)from;
        if (text[from] == '%' && length - from > 2 && civ_hex_value(text[from + 1]) >= 0 &&
            civ_hex_value(text[from + 2]) >= 0) {
            out[to++] = (char)(civ_hex_value(text[from + 1]) * 16 + civ_hex_value(text[from + 2]));
            from += 3;
        } else {
            out[to++] = text[from++];
        }
    }
    map[to] = (apr_uint32_t)length;
    out[to] = '\0';
    return to;
}

/* ---- what looks like something else ---- */

#define UNSEEN (-1)
#define AS_IS  (-2)

/* What three bytes of UTF-8 are to be read as. */
static int fold_three(const unsigned char *text)
{
    unsigned code = (text[0] & 0x0fu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);

    if (code >= 0xff01 && code <= 0xff5e) {
        return (int)(code - 0xff01 + '!');
    }
    if ((code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e) ||
        (code >= 0x2060 && code <= 0x2064) || code == 0x180e || code == 0xfeff) {
        return UNSEEN;
    }
    return code == 0x202f ? ' ' : AS_IS;
}

/* What the character at @a text is to be read as. @param length of the text; becomes that of the character, where it is not
 * AS_IS */
static int fold_one(const unsigned char *text, apr_size_t *length)
{
    int folded = AS_IS;

    if (text[0] < 0x80) {
        *length = 1;
        return (text[0] < 0x20 && strchr("\t\n\r", text[0]) == NULL) || text[0] == '\0' || text[0] == 0x7f
                   ? UNSEEN
                   : AS_IS;
    }
    if (*length >= 2 && text[0] == 0xc2) {
        folded = text[1] == 0xad ? UNSEEN : text[1] == 0xa0 ? ' ' : AS_IS;
        *length = 2;
    } else if (*length >= 2 && text[0] == 0xcd) {
        folded = text[1] == 0x8f ? UNSEEN : AS_IS;
        *length = 2;
    } else if (*length >= 3 && (text[0] & 0xf0) == 0xe0) {
        folded = fold_three(text);
        *length = 3;
    }
    return folded;
}

apr_size_t civ_redaction_fold(char *out, apr_uint32_t *map, const char *text, apr_size_t length)
{
    apr_size_t from = 0, to = 0, begin = 0; /* of a character, and of what nobody sees before it */

    while (from < length) {
        apr_size_t bytes = length - from;
        int folded = fold_one((const unsigned char *)text + from, &bytes);

        if (folded == UNSEEN) {
            from += bytes;
            continue;
        }
        map[to] = (apr_uint32_t)begin;
        out[to++] = folded == AS_IS ? text[from] : (char)folded;
        from += folded == AS_IS ? 1 : bytes;
        begin = from;
    }
    map[to] = (apr_uint32_t)begin;
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
