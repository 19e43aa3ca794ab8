/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "query.h"

#include "base/encoding.h"
#include "base/status.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* Decode one name or value. Returns NULL for a bad escape, an encoded NUL, or what is not UTF-8. */
static const char *decode(const char *text, apr_size_t length, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, length + 1);
    apr_size_t written = 0;
    apr_size_t i;

    for (i = 0; i < length; i++) {
        char byte = text[i] == '+' ? ' ' : text[i];

        if (byte == '%') {
            int high = length - i > 2 ? civ_hex_value(text[i + 1]) : -1;
            int low = high >= 0 ? civ_hex_value(text[i + 2]) : -1;

            if (low < 0) {
                return NULL;
            }
            byte = (char)(high << 4 | low);
            i += 2;
        }
        if (byte == '\0') {
            return NULL;
        }
        out[written++] = byte;
    }
    out[written] = '\0';
    return civ_query_is_utf8(out) ? out : NULL;
}

/* How many bytes follow this lead byte, and the range of the first of them; -1 for no lead byte. */
static int continuation(unsigned char lead, unsigned char *least, unsigned char *most)
{
    *least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (lead < 0x80) {
        return 0;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 1;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 2;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : -1;
}

int civ_query_is_utf8(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;

    while (*byte) {
        unsigned char least;
        unsigned char most;
        int rest = continuation(*byte++, &least, &most);

        if (rest < 0) {
            return 0;
        }
        for (; rest; rest--, byte++) {
            if (*byte < least || *byte > most) {
                return 0;
            }
            least = 0x80;
            most = 0xbf;
        }
    }
    return 1;
}

static apr_status_t refuse(civ_problem_t *problem, const char *parameter, const char *what, apr_pool_t *pool)
{
    civ_problem_set(problem, CIV_PROBLEM_INVALID_PARAMETER, pool, "%s.", what);
    problem->parameter = parameter;
    return CIV_EINVALID;
}

static apr_status_t add_pair(civ_query_t *query, const char *text, apr_size_t length, civ_problem_t *problem,
                             apr_pool_t *pool)
{
    const char *equals = memchr(text, '=', length);
    apr_size_t name_length = equals ? (apr_size_t)(equals - text) : length;
    const char *name = decode(text, name_length, pool);
    const char *value = equals ? decode(equals + 1, length - name_length - 1, pool) : "";

    if (!name) {
        return refuse(problem, NULL, "The name of a parameter has a bad percent escape or is not UTF-8",
                      pool);
    }
    if (!value) {
        return refuse(problem, name, "The value of a parameter has a bad percent escape or is not UTF-8",
                      pool);
    }
    if (!*value) {
        return refuse(problem, name, "A parameter has no value", pool);
    }
    if (civ_query_get(query, name)) {
        return refuse(problem, name, "A parameter is given twice", pool);
    }
    if (query->count == CIV_QUERY_MAX) {
        return refuse(problem, name, "There are too many parameters", pool);
    }
    query->pairs[query->count].name = name;
    query->pairs[query->count++].value = value;
    return APR_SUCCESS;
}

apr_status_t civ_query_parse(civ_query_t *query, const char *text, civ_problem_t *problem, apr_pool_t *pool)
{
    query->count = 0;
    if (!text) {
        return APR_SUCCESS;
    }
    if (strlen(text) > CIV_QUERY_SIZE) {
        return refuse(problem, NULL, "The query string is too long", pool);
    }
    while (*text) {
        apr_size_t length = strcspn(text, "&");

        if (length) {
            apr_status_t status = add_pair(query, text, length, problem, pool);

            if (status != APR_SUCCESS) {
                return status;
            }
        }
        text += length;
        text += *text == '&';
    }
    return APR_SUCCESS;
}

const char *civ_query_get(const civ_query_t *query, const char *name)
{
    int i;

    for (i = 0; i < query->count; i++) {
        if (strcmp(query->pairs[i].name, name) == 0) {
            return query->pairs[i].value;
        }
    }
    return NULL;
}

char *civ_query_encode(const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    char *encoded = apr_palloc(pool, strlen(text) * 3 + 1);
    char *out = encoded;

    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (apr_isalnum(byte) || strchr("-._~", byte)) {
            *out++ = (char)byte;
        } else {
            *out++ = '%';
            *out++ = digits[byte >> 4];
            *out++ = digits[byte & 15];
        }
    }
    *out = '\0';
    return encoded;
}
