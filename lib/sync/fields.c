/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fields.c
 * Reading answers that may hold anything.
 */
#include "sync/fields.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "sync/item.h"

/** Instants before 1971 are ways to say "never": 0001-01-01, 1970-01-01. */
#define FIRST_INSTANT APR_INT64_C(31536000000)

/** Names of members are no longer than this in a path. */
#define NAME_MOST 128

static const civ_json_t *step(const civ_json_t *json, const char *name)
{
    if (json->type == CIV_JSON_ARRAY && name[0] >= '0' && name[0] <= '9') {
        unsigned long index = strtoul(name, NULL, 10);

        return index < json->as.array.count ? &json->as.array.items[index] : NULL;
    }
    return civ_json_get(json, name);
}

const civ_json_t *civ_field(const civ_json_t *json, const char *path)
{
    while (json != NULL && *path != '\0') {
        apr_size_t length = strcspn(path, "/");
        char name[NAME_MOST + 1];

        if (length > NAME_MOST)
            return NULL;
        memcpy(name, path, length);
        name[length] = '\0';
        json = step(json, name);
        path += length + (path[length] == '/');
    }
    return json;
}

static const char *text_of(const civ_json_t *value)
{
    if (value == NULL || value->type != CIV_JSON_STRING || value->as.text.length == 0 ||
        memchr(value->as.text.text, '\0', value->as.text.length) != NULL)
        return NULL;
    return value->as.text.text;
}

const char *civ_field_text(const civ_json_t *json, const char *path)
{
    return text_of(civ_field(json, path));
}

static int is_integer(const char *text)
{
    apr_size_t sign = text[0] == '-';

    return text[sign] != '\0' && text[sign + strspn(text + sign, "0123456789")] == '\0';
}

const char *civ_field_id(const civ_json_t *json, const char *path)
{
    const civ_json_t *value = civ_field(json, path);

    if (value != NULL && value->type == CIV_JSON_NUMBER && is_integer(value->as.text.text))
        return value->as.text.text;
    return text_of(value);
}

apr_int64_t civ_field_int(const civ_json_t *json, const char *path, apr_int64_t otherwise)
{
    const char *text = civ_field_id(json, path);

    if (text == NULL || !is_integer(text) || strlen(text) > 18)
        return otherwise;
    return apr_strtoi64(text, NULL, 10);
}

int civ_field_is_true(const civ_json_t *json, const char *path)
{
    const civ_json_t *value = civ_field(json, path);

    return value != NULL && value->type == CIV_JSON_BOOLEAN && value->as.boolean;
}

apr_size_t civ_field_count(const civ_json_t *json, const char *path)
{
    const civ_json_t *value = civ_field(json, path);

    return value != NULL && value->type == CIV_JSON_ARRAY ? value->as.array.count : 0;
}

/* With a zone that RFC 3339 knows: "+0200" gets its colon, and none at all becomes 'Z'. */
static apr_status_t parse_any_zone(apr_int64_t *milliseconds, const char *text)
{
    char copy[64];
    apr_size_t length = strlen(text);

    if (length < 19 || length > 48)
        return civ_timestamp_parse(milliseconds, text);
    memcpy(copy, text, length + 1);
    /* "2026-03-31 09:30:00 +0200" */
    if (length >= 25 && copy[length - 6] == ' ' && (copy[length - 5] == '+' || copy[length - 5] == '-')) {
        memmove(copy + length - 6, copy + length - 5, 6);
        length--;
    }
    if ((copy[length - 5] == '+' || copy[length - 5] == '-') && copy[length - 3] != ':') {
        memmove(copy + length - 1, copy + length - 2, 3);
        copy[length - 2] = ':';
    } else if (strspn(copy + 19, ".0123456789") == length - 19) {
        memcpy(copy + length, "Z", 2);
    } else if (length >= 23 && strcmp(copy + length - 4, " UTC") == 0) {
        memcpy(copy + length - 4, "Z", 2);
    }
    return civ_timestamp_parse(milliseconds, copy);
}

apr_int64_t civ_time_of_text(const char *text)
{
    apr_int64_t milliseconds;

    if (text == NULL || parse_any_zone(&milliseconds, text) != APR_SUCCESS || milliseconds < FIRST_INSTANT)
        return 0;
    return milliseconds;
}

apr_int64_t civ_field_time(const civ_json_t *json, const char *path)
{
    return civ_time_of_text(civ_field_text(json, path));
}

const char *civ_word(const civ_word_t *words, const char *native)
{
    for (; native != NULL && words->native != NULL; words++)
        if (strcmp(words->native, native) == 0)
            return words->word;
    return CIV_STATUS_UNKNOWN;
}
