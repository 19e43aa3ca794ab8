/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file encoding.c
 * Hex and both base64 alphabets.
 */
#include "base/encoding.h"

#include "base/status.h"

#include <string.h>

static const char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void civ_hex_encode(char *out, const void *data, apr_size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = data;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

int civ_hex_value(char digit)
{
    return hex_value((char)(digit >= 'A' && digit <= 'F' ? digit + ('a' - 'A') : digit));
}

apr_status_t civ_hex_decode(void *out, apr_size_t length, const char *text)
{
    unsigned char *bytes = out;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        int high = hex_value(text[2 * i]);
        int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);

        if (low < 0) {
            return CIV_EINVALID;
        }
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return text[2 * length] == '\0' ? APR_SUCCESS : CIV_EINVALID;
}

static char *encode(const void *data, apr_size_t length, const char *alphabet, int padded, apr_pool_t *pool)
{
    const unsigned char *bytes = data;
    char *text = apr_palloc(pool, (length + 2) / 3 * 4 + 1);
    char *out = text;
    apr_size_t left;

    for (left = length; left >= 3; left -= 3, bytes += 3) {
        *out++ = alphabet[bytes[0] >> 2];
        *out++ = alphabet[(bytes[0] & 3) << 4 | bytes[1] >> 4];
        *out++ = alphabet[(bytes[1] & 15) << 2 | bytes[2] >> 6];
        *out++ = alphabet[bytes[2] & 63];
    }
    if (left > 0) {
        unsigned second = left == 2 ? bytes[1] : 0;

        *out++ = alphabet[bytes[0] >> 2];
        *out++ = alphabet[(bytes[0] & 3) << 4 | second >> 4];
        if (left == 2) {
            *out++ = alphabet[(second & 15) << 2];
        }
        while (padded && left++ < 3) {
            *out++ = '=';
        }
    }
    *out = '\0';
    return text;
}

/* Value of a digit in the alphabet that ends in @a last_two, or 64. */
static unsigned digit_value(char digit, const char *last_two)
{
    if (digit >= 'A' && digit <= 'Z') {
        return (unsigned)(digit - 'A');
    }
    if (digit >= 'a' && digit <= 'z') {
        return (unsigned)(digit - 'a') + 26;
    }
    if (digit >= '0' && digit <= '9') {
        return (unsigned)(digit - '0') + 52;
    }
    return digit == last_two[0] ? 62 : digit == last_two[1] ? 63 : 64;
}

/* Decode @a length digits without padding. The bits that fill no byte must be zero: one value, one spelling.
 */
static apr_status_t decode(unsigned char **out, apr_size_t *out_length, const char *text, apr_size_t length,
                           const char *alphabet, apr_pool_t *pool)
{
    unsigned char *bytes = apr_palloc(pool, length / 4 * 3 + 3);
    apr_size_t used = 0;
    apr_size_t i;
    unsigned bits = 0;
    unsigned held = 0;

    if (length % 4 == 1) {
        return CIV_EINVALID;
    }
    for (i = 0; i < length; i++) {
        unsigned value = digit_value(text[i], alphabet + 62);

        if (value > 63) {
            return CIV_EINVALID;
        }
        bits = (bits << 6 | value) & 0xfff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[used++] = (unsigned char)(bits >> held);
        }
    }
    if (bits & ((1u << held) - 1)) {
        return CIV_EINVALID;
    }
    bytes[used] = '\0';
    *out = bytes;
    *out_length = used;
    return APR_SUCCESS;
}

char *civ_base64_encode(const void *data, apr_size_t length, apr_pool_t *pool)
{
    return encode(data, length, standard_alphabet, 1, pool);
}

apr_status_t civ_base64_decode(unsigned char **out, apr_size_t *length, const char *text, apr_pool_t *pool)
{
    apr_size_t digits = strlen(text);

    if (digits % 4 != 0) {
        return CIV_EINVALID;
    }
    if (digits > 0 && text[digits - 1] == '=') {
        digits -= text[digits - 2] == '=' ? 2 : 1;
    }
    return decode(out, length, text, digits, standard_alphabet, pool);
}

char *civ_base64url_encode(const void *data, apr_size_t length, apr_pool_t *pool)
{
    return encode(data, length, url_alphabet, 0, pool);
}

apr_status_t civ_base64url_decode(unsigned char **out, apr_size_t *length, const char *text, apr_pool_t *pool)
{
    return decode(out, length, text, strlen(text), url_alphabet, pool);
}
