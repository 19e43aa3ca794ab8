/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file canonical.c
 * RFC 8785. The locale matters twice, and both times it is kept out: strtod_l() reads in the C locale, and of
 * what snprintf() writes only digits and exponent are used, whatever stands for the decimal point between
 * them.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strtod_l */
#endif

#include "base/canonical.h"

#include "base/json_writer.h"
#include "base/status.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** The parser's own cap: only trees built by hand could be deeper. */
#define MOST_LEVELS 256

/** Digits that any double needs at most, and that any decimal survives at least, on the way there and back.
 */
#define MOST_DIGITS    17
#define SAFE_DIGITS    15
#define DIGITS_OUT_MAX 21 /**< ECMAScript's limit for writing without an exponent */

/** All integers up to here are doubles. */
#define LARGEST_EXACT 9007199254740992.0

/** d1.d2d3... times ten to the exponent. */
typedef struct decimal_t {
    char digits[MOST_DIGITS + 1];
    int count;
    int exponent;
} decimal_t;

double civ_canonical_read_number(const char *literal)
{
    /* the C locale is a constant of the C library: neither made nor freed in truth, and the same for all
     * threads */
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    double value = strtod_l(literal, NULL, c_locale);

    freelocale(c_locale);
    return value;
}

static void round_to(decimal_t *decimal, double value, int count)
{
    char text[64];
    const char *from = text;

    snprintf(text, sizeof(text), "%.*e", count - 1, value);
    decimal->count = 0;
    for (; *from && *from != 'e'; from++) {
        if (*from >= '0' && *from <= '9' && decimal->count < count) {
            decimal->digits[decimal->count++] = *from;
        }
    }
    decimal->digits[decimal->count] = '\0';
    decimal->exponent = *from ? (int)strtol(from + 1, NULL, 10) : 0;
}

static int reads_back(const decimal_t *decimal, double value)
{
    char text[64];

    snprintf(text, sizeof(text), "%se%d", decimal->digits, decimal->exponent - (decimal->count - 1));
    return civ_canonical_read_number(text) == value;
}

/* Add one to the last digit. */
static void increment(decimal_t *decimal)
{
    int i = decimal->count - 1;

    while (i >= 0 && decimal->digits[i] == '9') {
        decimal->digits[i--] = '0';
    }
    if (i >= 0) {
        decimal->digits[i]++;
    } else {
        decimal->digits[0] = '1';
        decimal->exponent++;
    }
}

/*
 * Below a power of two doubles lie half as far apart as above it. Its nearest decimal may therefore lie below
 * it and miss, while the next one above, further away, reads back; for other values the second try changes
 * nothing.
 */
static int try_count(decimal_t *decimal, double value, int count)
{
    round_to(decimal, value, count);
    if (reads_back(decimal, value)) {
        return 1;
    }
    increment(decimal);
    return reads_back(decimal, value);
}

/*
 * The shortest decimal that reads back as @a value, which is positive and finite. If one of up to 15 digits
 * does, it is the value rounded to 15 digits, zeros taken off: decimals of 15 digits survive the way through
 * a normal double.
 */
static void find_shortest(decimal_t *decimal, double value)
{
    int count = value >= DBL_MIN ? SAFE_DIGITS : 1;

    while (!try_count(decimal, value, count) && count < MOST_DIGITS) {
        count++;
    }
    while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0') {
        decimal->count--;
    }
    decimal->digits[decimal->count] = '\0';
}

static char *put(char *out, const char *text, int length)
{
    memcpy(out, text, (size_t)length);
    return out + length;
}

static char *put_zeros(char *out, int count)
{
    while (count-- > 0) {
        *out++ = '0';
    }
    return out;
}

/* Number::toString of ECMA-262: 25 bytes at most, "-0.0000033333333333333333". */
static void lay_out(char *out, const decimal_t *decimal)
{
    int point = decimal->exponent + 1; /* digits before the decimal point */
    int count = decimal->count;
    const char *digits = decimal->digits;

    if (count <= point && point <= DIGITS_OUT_MAX) {
        out = put_zeros(put(out, digits, count), point - count);
    } else if (point > 0 && point <= DIGITS_OUT_MAX) {
        out = put(out, digits, point);
        *out++ = '.';
        out = put(out, digits + point, count - point);
    } else if (point > -6 && point <= 0) {
        out = put_zeros(put(out, "0.", 2), -point);
        out = put(out, digits, count);
    } else {
        out = put(out, digits, 1);
        if (count > 1) {
            *out++ = '.';
        }
        out = put(out, digits + 1, count - 1);
        out += snprintf(out, 6, "e%+d", decimal->exponent); /* e+308 at most */
    }
    *out = '\0';
}

apr_status_t civ_canonical_number(char out[CIV_CANONICAL_NUMBER_SIZE], double value)
{
    decimal_t decimal;

    if (!isfinite(value)) {
        out[0] = '\0';
        return CIV_EINVALID;
    }
    if (fabs(value) <= LARGEST_EXACT && value == trunc(value)) {
        snprintf(out, CIV_CANONICAL_NUMBER_SIZE, "%lld", (long long)value); /* -0 becomes 0 here */
        return APR_SUCCESS;
    }
    find_shortest(&decimal, fabs(value));
    if (value < 0) {
        *out++ = '-';
    }
    lay_out(out, &decimal);
    return APR_SUCCESS;
}

/* UTF-8 sorts as UTF-16 does but for this: U+E000 to U+FFFF (EE, EF) come after the surrogates of F0 to F4.
 */
static int weight(unsigned char byte)
{
    return byte == 0xee || byte == 0xef ? byte + 0x10 : byte;
}

int civ_canonical_compare_names(const char *left, apr_size_t left_length, const char *right,
                                apr_size_t right_length)
{
    apr_size_t shorter = left_length < right_length ? left_length : right_length;
    apr_size_t i;

    for (i = 0; i < shorter; i++) {
        if (left[i] != right[i]) {
            return weight((unsigned char)left[i]) - weight((unsigned char)right[i]);
        }
    }
    return (left_length > right_length) - (left_length < right_length);
}

/* An integer of up to 15 digits is canonical as it stands. JSON allows no leading zero, so only -0 is
 * special. */
static int is_canonical_integer(const char *literal, apr_size_t length)
{
    apr_size_t digits = *literal == '-' ? length - 1 : length;
    const char *digit = literal + (length - digits);

    if (digits == 0 || digits > SAFE_DIGITS || (digits < length && *digit == '0')) {
        return 0;
    }
    while (digits > 0 && *digit >= '0' && *digit <= '9') {
        digit++;
        digits--;
    }
    return digits == 0;
}

static apr_status_t write_number(civ_buffer_t *out, const civ_json_t *number)
{
    char text[CIV_CANONICAL_NUMBER_SIZE];
    apr_status_t status;

    if (is_canonical_integer(number->as.text.text, number->as.text.length)) {
        civ_buffer_append(out, number->as.text.text, number->as.text.length);
        return APR_SUCCESS;
    }
    status = civ_canonical_number(text, civ_canonical_read_number(number->as.text.text));
    if (status == APR_SUCCESS) {
        civ_buffer_append_text(out, text);
    }
    return status;
}

static apr_status_t write_value(civ_buffer_t *out, const civ_json_t *value, unsigned depth);

static apr_status_t write_array(civ_buffer_t *out, const civ_json_t *array, unsigned depth)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    civ_buffer_append_byte(out, '[');
    for (i = 0; i < array->as.array.count && status == APR_SUCCESS; i++) {
        if (i > 0) {
            civ_buffer_append_byte(out, ',');
        }
        status = write_value(out, &array->as.array.items[i], depth);
    }
    civ_buffer_append_byte(out, ']');
    return status;
}

/* The parser has sorted the members already. */
static apr_status_t write_object(civ_buffer_t *out, const civ_json_t *object, unsigned depth)
{
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    civ_buffer_append_byte(out, '{');
    for (i = 0; i < object->as.object.count && status == APR_SUCCESS; i++) {
        const civ_json_member_t *member = &object->as.object.members[i];

        if (i > 0) {
            civ_buffer_append_byte(out, ',');
        }
        civ_json_write_string(out, member->name, member->name_length);
        civ_buffer_append_byte(out, ':');
        status = write_value(out, &member->value, depth);
    }
    civ_buffer_append_byte(out, '}');
    return status;
}

static apr_status_t write_value(civ_buffer_t *out, const civ_json_t *value, unsigned depth)
{
    switch (value->type) {
    case CIV_JSON_NULL:
        civ_buffer_append(out, "null", 4);
        return APR_SUCCESS;
    case CIV_JSON_BOOLEAN:
        civ_buffer_append_text(out, value->as.boolean ? "true" : "false");
        return APR_SUCCESS;
    case CIV_JSON_NUMBER:
        return write_number(out, value);
    case CIV_JSON_STRING:
        civ_json_write_string(out, value->as.text.text, value->as.text.length);
        return APR_SUCCESS;
    case CIV_JSON_ARRAY:
        return depth < MOST_LEVELS ? write_array(out, value, depth + 1) : CIV_EINVALID;
    case CIV_JSON_OBJECT:
        return depth < MOST_LEVELS ? write_object(out, value, depth + 1) : CIV_EINVALID;
    }
    return CIV_EINVALID;
}

apr_status_t civ_canonical_write(civ_buffer_t *out, const civ_json_t *value)
{
    return write_value(out, value, 0);
}
