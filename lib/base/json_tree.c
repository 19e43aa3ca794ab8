/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_tree.c
 * Reading a parsed tree, and the pointers into it.
 */
#include "base/json_tree.h"

#include "base/canonical.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

#define LARGEST_INTEGER 9007199254740991.0

int civ_json_append_token(civ_buffer_t *pointer, const char *token, apr_size_t length)
{
    apr_size_t i;

    if (memchr(token, '\0', length)) {
        return 0;
    }
    civ_buffer_append_byte(pointer, '/');
    for (i = 0; i < length; i++) {
        if (token[i] == '~' || token[i] == '/') {
            civ_buffer_append(pointer, token[i] == '~' ? "~0" : "~1", 2);
        } else {
            civ_buffer_append_byte(pointer, token[i]);
        }
    }
    return 1;
}

void civ_json_append_index(civ_buffer_t *pointer, apr_size_t index)
{
    civ_buffer_append_format(pointer, "/%" APR_SIZE_T_FMT, index);
}

char *civ_json_pointer_join(const char *pointer, const char *token, apr_pool_t *pool)
{
    civ_buffer_t buffer;

    civ_buffer_init(&buffer, strlen(pointer) + strlen(token) + 8, pool);
    civ_buffer_append_text(&buffer, pointer);
    civ_json_append_token(&buffer, token, strlen(token));
    return buffer.data;
}

char *civ_json_pointer_index(const char *pointer, apr_size_t index, apr_pool_t *pool)
{
    civ_buffer_t buffer;

    civ_buffer_init(&buffer, strlen(pointer) + 24, pool);
    civ_buffer_append_text(&buffer, pointer);
    civ_json_append_index(&buffer, index);
    return buffer.data;
}

const civ_json_t *civ_json_get(const civ_json_t *object, const char *name)
{
    apr_size_t length = strlen(name);
    apr_size_t low = 0;
    apr_size_t high;

    if (!object || object->type != CIV_JSON_OBJECT) {
        return NULL;
    }
    high = object->as.object.count;
    while (low < high) {
        apr_size_t middle = low + (high - low) / 2;
        const civ_json_member_t *member = &object->as.object.members[middle];
        int order = civ_canonical_compare_names(name, length, member->name, member->name_length);

        if (order == 0) {
            return &member->value;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

const char *civ_json_get_text(const civ_json_t *object, const char *name)
{
    const civ_json_t *value = civ_json_get(object, name);

    if (!value || value->type != CIV_JSON_STRING ||
        memchr(value->as.text.text, '\0', value->as.text.length)) {
        return NULL;
    }
    return value->as.text.text;
}

apr_status_t civ_json_to_int64(const civ_json_t *number, apr_int64_t *out)
{
    double value;

    if (!number || number->type != CIV_JSON_NUMBER) {
        return CIV_EINVALID;
    }
    value = civ_canonical_read_number(number->as.text.text);
    if (!(fabs(value) <= LARGEST_INTEGER) || value != trunc(value)) {
        return CIV_EINVALID;
    }
    *out = (apr_int64_t)value;
    return APR_SUCCESS;
}
