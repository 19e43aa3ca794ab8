/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_scan.c
 * What yajl's lexer lets pass. One pass over the bytes. Runs of plain ASCII, which are nearly all there is,
 * go through a short inner loop.
 */
#include "base/json_scan.h"

#include "base/canonical.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_INTEGER APR_INT64_C(9007199254740991)

/* From here on, RFC 8785 writes numbers with an exponent. */
#define FIRST_WITH_EXPONENT 1e21

typedef enum byte_class_e { PLAIN, QUOTE, BACKSLASH, CONTROL, HIGH } byte_class_e;

typedef struct scan_t {
    const unsigned char *at;
    const unsigned char *end;
    int in_string;
} scan_t;

static byte_class_e class_of(unsigned char byte)
{
    if (byte >= 0x80) {
        return HIGH;
    }
    if (byte < 0x20) {
        return byte == '\t' || byte == '\n' || byte == '\r' ? PLAIN : CONTROL;
    }
    return byte == '"' ? QUOTE : byte == '\\' ? BACKSLASH : PLAIN;
}

static int is_continuation(const scan_t *scan, int index)
{
    return index < scan->end - scan->at && (scan->at[index] & 0xc0) == 0x80;
}

/* Length of the UTF-8 sequence here, by table 3-7 of the Unicode standard; 0 when it is ill-formed. */
static int sequence_length(const scan_t *scan)
{
    unsigned char lead = scan->at[0];
    unsigned char second;

    if (lead < 0xc2 || lead > 0xf4 || !is_continuation(scan, 1)) {
        return 0;
    }
    second = scan->at[1];
    if (lead < 0xe0) {
        return 2;
    }
    if (lead < 0xf0) {
        int is_overlong = lead == 0xe0 && second < 0xa0;
        int is_surrogate = lead == 0xed && second > 0x9f;

        return !is_overlong && !is_surrogate && is_continuation(scan, 2) ? 3 : 0;
    }
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
        return 0;
    }
    return is_continuation(scan, 2) && is_continuation(scan, 3) ? 4 : 0;
}

/* The code unit of the \uXXXX at @a index bytes from here, or -1 when there is none. */
static int escaped_unit(const scan_t *scan, int index)
{
    const unsigned char *digit = scan->at + index + 2;
    int unit = 0;
    int i;

    if (scan->end - scan->at < index + 6 || scan->at[index] != '\\' || scan->at[index + 1] != 'u') {
        return -1;
    }
    for (i = 0; i < 4; i++) {
        unsigned char lower = digit[i] | 0x20;

        if (digit[i] >= '0' && digit[i] <= '9') {
            unit = unit * 16 + (digit[i] - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            unit = unit * 16 + (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return unit;
}

/* Length of the escape here, 0 when it is half a surrogate pair. A malformed one is the parser's to refuse.
 */
static int escape_length(const scan_t *scan)
{
    int unit = escaped_unit(scan, 0);
    int next;

    if (unit < 0) {
        int is_escaped = scan->end - scan->at > 1 && (scan->at[1] == '"' || scan->at[1] == '\\');

        return is_escaped ? 2 : 1;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return 6;
    }
    next = escaped_unit(scan, 6);
    return unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff ? 12 : 0;
}

/* Steps over what is not plain; the fault it is, if it is one. */
static civ_json_fault_kind_e take_special(scan_t *scan)
{
    int length = 1;

    switch (class_of(*scan->at)) {
    case PLAIN:
        break;
    case QUOTE:
        scan->in_string = !scan->in_string;
        break;
    case BACKSLASH:
        length = scan->in_string ? escape_length(scan) : 1;
        if (length == 0) {
            return CIV_JSON_FAULT_SURROGATE;
        }
        break;
    case CONTROL:
        return CIV_JSON_FAULT_CONTROL;
    case HIGH:
        length = sequence_length(scan);
        if (length == 0) {
            return CIV_JSON_FAULT_UTF8;
        }
        break;
    }
    scan->at += length;
    return CIV_JSON_FAULT_NONE;
}

void civ_json_scan(civ_json_fault_t *fault, const char *data, apr_size_t length)
{
    const unsigned char *start = (const unsigned char *)data;
    scan_t scan = {start, start + length, 0};

    fault->kind = CIV_JSON_FAULT_NONE;
    fault->offset = 0;
    if (length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        fault->kind = CIV_JSON_FAULT_BYTE_ORDER_MARK;
        return;
    }
    while (fault->kind == CIV_JSON_FAULT_NONE) {
        while (scan.at < scan.end && class_of(*scan.at) == PLAIN) {
            scan.at++;
        }
        if (scan.at == scan.end) {
            return;
        }
        fault->kind = take_special(&scan);
    }
    fault->offset = (apr_size_t)(scan.at - start);
}

static int is_integer_syntax(const char *text, apr_size_t length)
{
    return !memchr(text, '.', length) && !memchr(text, 'e', length) && !memchr(text, 'E', length);
}

static int is_safe_integer(const char *text, apr_size_t length)
{
    apr_size_t digits = text[0] == '-' ? length - 1 : length;
    apr_int64_t value;

    if (digits != 16) {
        return digits < 16;
    }
    value = (apr_int64_t)strtoll(text + (length - digits), NULL, 10);
    return value <= LARGEST_INTEGER;
}

static int has_nonzero_digit(const char *text)
{
    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text >= '1' && *text <= '9') {
            return 1;
        }
    }
    return 0;
}

const char *civ_json_number_fault(const char *text, apr_size_t length)
{
    double value;

    if (is_integer_syntax(text, length)) {
        return is_safe_integer(text, length) ? NULL : "An integer beyond 2^53-1";
    }
    if (length < 16 && !memchr(text, 'e', length) && !memchr(text, 'E', length)) {
        return NULL; /* too short to overflow, to vanish, or to pass 2^53 */
    }
    value = civ_canonical_read_number(text);
    if (isinf(value)) {
        return "A number too large for a double";
    }
    /* RFC 8785 writes these as plain integers, which would be refused when read back: what is taken in must have a
     * canonical form that is taken in as well. */
    if (fabs(value) > (double)LARGEST_INTEGER && fabs(value) < FIRST_WITH_EXPONENT) {
        return "A number beyond 2^53-1";
    }
    return value == 0 && has_nonzero_digit(text) ? "A number too small for a double" : NULL;
}
