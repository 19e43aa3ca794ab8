/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file foreign_json.c
 * Mending what can be mended, in one pass over the bytes.
 */
#include "sync/foreign_json.h"

#include <apr_lib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_scan.h"

#define REPLACEMENT "\xef\xbf\xbd"

static const civ_json_limits_t limits = {67108864, 64, 2000000, 4096};

/* Length of the UTF-8 sequence at @a at, 0 when it is none. */
static apr_size_t sequence_length(const char *at, const char *end)
{
    unsigned char lead = (unsigned char)*at;
    apr_size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    civ_json_fault_t fault;

    if ((apr_size_t)(end - at) < length)
        return 0;
    civ_json_scan(&fault, at, length);
    return fault.kind == CIV_JSON_FAULT_NONE ? length : 0;
}

/* The code unit of a \uXXXX, or -1. */
static int unit_at(const char *at, const char *end)
{
    int unit = 0;
    int i;

    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (i = 2; i < 6; i++) {
        if (!apr_isxdigit(at[i]))
            return -1;
        unit = unit * 16 + (apr_isdigit(at[i]) ? at[i] - '0' : (at[i] | 0x20) - 'a' + 10);
    }
    return unit;
}

/* Length of the escape at @a at; negative when as many bytes are to be replaced. */
static int escape_length(const char *at, const char *end)
{
    int unit = unit_at(at, end);
    int low;

    if (unit < 0)
        return end - at >= 2 ? 2 : 1;
    if (unit == 0)
        return -6;
    if (unit < 0xd800 || unit > 0xdfff)
        return 6;
    low = unit_at(at + 6 <= end ? at + 6 : end, end);
    return unit < 0xdc00 && low >= 0xdc00 && low <= 0xdfff ? 12 : -6;
}

/* Copy a string from its opening quote on. @return behind its end */
static const char *mend_string(civ_buffer_t *out, const char *at, const char *end)
{
    civ_buffer_append_byte(out, *at++);
    while (at < end && *at != '"') {
        int length = 1;

        if (*at == '\\')
            length = escape_length(at, end);
        else if ((unsigned char)*at >= 0x80)
            length = (int)sequence_length(at, end);
        else if ((unsigned char)*at < 0x20)
            length = 0;
        if (length > 0) {
            civ_buffer_append(out, at, (apr_size_t)length);
            at += length;
        } else {
            civ_buffer_append_text(out, REPLACEMENT);
            at += length < 0 ? -length : 1;
        }
    }
    if (at < end)
        civ_buffer_append_byte(out, *at++);
    return at;
}

static const char *mend_number(civ_buffer_t *out, const char *at, const char *end)
{
    char text[64];
    apr_size_t length = 0;
    int is_fit;

    while (at + length < end && (apr_isdigit(at[length]) || strchr("+-.eE", at[length]) != NULL) &&
           at[length] != '\0')
        length++;
    is_fit = length < sizeof(text);
    if (is_fit) {
        memcpy(text, at, length);
        text[length] = '\0';
        is_fit = civ_json_number_fault(text, length) == NULL;
    }
    if (!is_fit)
        civ_buffer_append_byte(out, '"');
    civ_buffer_append(out, at, length);
    if (!is_fit)
        civ_buffer_append_byte(out, '"');
    return at + length;
}

static void mend(civ_buffer_t *out, const char *data, apr_size_t length)
{
    const char *end = data + length;

    if (length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        data += 3;
    while (data < end) {
        if (*data == '"') {
            data = mend_string(out, data, end);
        } else if (*data == '-' || apr_isdigit(*data)) {
            data = mend_number(out, data, end);
        } else {
            civ_buffer_append_byte(out, *data++);
        }
    }
}

apr_status_t civ_foreign_json_parse(const civ_json_t **root, const char *data, apr_size_t length,
                                    civ_problem_t *problem, apr_pool_t *pool)
{
    apr_status_t status = civ_json_parse(root, data, length, &limits, problem, pool);
    civ_buffer_t mended;

    if (status == APR_SUCCESS || length > limits.size)
        return status;
    civ_buffer_init(&mended, length + length / 8, pool);
    mend(&mended, data, length);
    return civ_json_parse(root, mended.data, mended.length, &limits, problem, pool);
}
