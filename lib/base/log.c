/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file log.c
 * Formatting a log line on the stack, so that no pool is needed whichever thread speaks.
 */
#include "base/log.h"

#include <apr.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_LENGTH 2000

/* C0, DEL, and the C1 controls in their UTF-8 form, which some terminals obey as well. */
static int is_control(const unsigned char *text, apr_size_t at, apr_size_t length)
{
    unsigned char byte = text[at];

    if (byte < 0x20 || byte == 0x7f) {
        return 1;
    }
    if (byte == 0xc2 && at + 1 < length) {
        return text[at + 1] >= 0x80 && text[at + 1] <= 0x9f;
    }
    return at > 0 && byte >= 0x80 && byte <= 0x9f && text[at - 1] == 0xc2;
}

/* The length of @a text without the UTF-8 sequence that was cut off at its end, if one was. */
static apr_size_t whole_sequences(const char *text, apr_size_t length)
{
    apr_size_t start = length;
    apr_size_t needed = 0;

    while (start > 0 && length - start < 4 && needed == 0) {
        unsigned char byte = (unsigned char)text[--start];

        needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : byte < 0x80 ? 1 : 0;
    }
    return needed > length - start ? start : length;
}

/* Fills @a line of LINE_LENGTH + 1 bytes with what fits of @a text, escaped. */
static void escape_line(char *line, const char *text, apr_size_t length)
{
    static const char hex[] = "0123456789abcdef";
    apr_size_t used = 0;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (!is_control((const unsigned char *)text, i, length)) {
            if (used + 1 > LINE_LENGTH) {
                break;
            }
            line[used++] = (char)byte;
            continue;
        }
        if (used + 4 > LINE_LENGTH) {
            break;
        }
        line[used++] = '\\';
        line[used++] = 'x';
        line[used++] = hex[byte >> 4];
        line[used++] = hex[byte & 15];
    }
    used = whole_sequences(line, used);
    line[used] = '\0';
}

void civ_log_write(const civ_log_t *log, civ_log_level_e level, apr_status_t status, const char *format, ...)
{
    char text[LINE_LENGTH + 1];
    char line[LINE_LENGTH + 1];
    va_list arguments;
    int length;

    if (!log || !log->write || level > log->level) {
        return;
    }
    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < 0) {
        length = 0;
    }
    if (length > LINE_LENGTH) {
        length = LINE_LENGTH;
    }
    escape_line(line, text, (apr_size_t)length);
    log->write(log->baton, level, status, line);
}
