/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file structured_field.c
 * Reading structured fields: section 4.2 of RFC 8941, one function for each of its algorithms.
 */
#include "base/structured_field.h"

#include "base/encoding.h"
#include "base/status.h"

#include <apr_strings.h>
#include <apr_tables.h>

#include <string.h>

#define MOST_INTEGER_DIGITS  15
#define MOST_WHOLE_DIGITS    12
#define MOST_FRACTION_DIGITS 3

/** What is being read, and how far. */
typedef struct reader_t {
    const char *at;
    const char *end;
    int has_repeats;
    apr_pool_t *pool;
} reader_t;

/* The next byte, or NUL behind the end; a NUL within the text is of no use anywhere. */
static char peek(const reader_t *reader)
{
    return reader->at < reader->end ? *reader->at : '\0';
}

static int take(reader_t *reader, char byte)
{
    if (peek(reader) != byte || byte == '\0')
        return 0;
    reader->at++;
    return 1;
}

static void skip_spaces(reader_t *reader)
{
    while (peek(reader) == ' ')
        reader->at++;
}

static void skip_white(reader_t *reader)
{
    while (peek(reader) == ' ' || peek(reader) == '\t')
        reader->at++;
}

static int is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static int is_lower(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

static int is_alpha(char byte)
{
    return is_lower(byte) || (byte >= 'A' && byte <= 'Z');
}

static int is_of(char byte, const char *set)
{
    return byte != '\0' && strchr(set, byte) != NULL;
}

/* --- bare items --- */

/* At most 15 digits with the fraction's, so nothing overflows. */
static apr_int64_t take_digits(reader_t *reader, int *count)
{
    apr_int64_t value = 0;

    for (*count = 0; is_digit(peek(reader)) && *count <= MOST_INTEGER_DIGITS; (*count)++)
        value = value * 10 + (*reader->at++ - '0');
    return value;
}

static apr_status_t read_number(reader_t *reader, civ_structured_bare_t *bare)
{
    int is_negative = take(reader, '-');
    int whole, fraction, i;

    bare->type = CIV_STRUCTURED_INTEGER;
    bare->number = take_digits(reader, &whole);
    if (whole == 0 || whole > MOST_INTEGER_DIGITS)
        return CIV_EINVALID;
    if (take(reader, '.')) {
        apr_int64_t part = take_digits(reader, &fraction);

        if (whole > MOST_WHOLE_DIGITS || fraction == 0 || fraction > MOST_FRACTION_DIGITS)
            return CIV_EINVALID;
        for (i = fraction; i < MOST_FRACTION_DIGITS; i++)
            part *= 10;
        bare->type = CIV_STRUCTURED_DECIMAL;
        bare->number = bare->number * 1000 + part;
    }
    if (is_negative)
        bare->number = -bare->number;
    return APR_SUCCESS;
}

/* Where the string ends (its closing quote), or NULL. */
static const char *end_of_string(const reader_t *reader)
{
    const char *at;

    for (at = reader->at + 1; at < reader->end && *at != '"'; at++) {
        if (*at == '\\' && ++at < reader->end && *at != '"' && *at != '\\')
            return NULL;
        if (at < reader->end && (*at < ' ' || *at > '~'))
            return NULL;
    }
    return at < reader->end ? at : NULL;
}

static apr_status_t read_string(reader_t *reader, civ_structured_bare_t *bare)
{
    const char *end = end_of_string(reader);
    char *out;

    if (end == NULL)
        return CIV_EINVALID;
    out = apr_palloc(reader->pool, (apr_size_t)(end - reader->at));
    bare->type = CIV_STRUCTURED_STRING;
    bare->text = out;
    while (++reader->at < end) {
        if (*reader->at == '\\')
            reader->at++;
        *out++ = *reader->at;
    }
    *out = '\0';
    bare->length = (apr_size_t)(out - bare->text);
    reader->at = end + 1;
    return APR_SUCCESS;
}

static void keep_text(reader_t *reader, civ_structured_bare_t *bare, const char *from)
{
    bare->length = (apr_size_t)(reader->at - from);
    bare->text = apr_pstrmemdup(reader->pool, from, bare->length);
}

static void read_token(reader_t *reader, civ_structured_bare_t *bare)
{
    const char *from = reader->at++;

    while (is_alpha(peek(reader)) || is_digit(peek(reader)) || is_of(peek(reader), "!#$%&'*+-.^_`|~:/"))
        reader->at++;
    bare->type = CIV_STRUCTURED_TOKEN;
    keep_text(reader, bare, from);
}

static apr_status_t read_bytes(reader_t *reader, civ_structured_bare_t *bare)
{
    const char *from = ++reader->at;
    const char *colon = memchr(from, ':', (apr_size_t)(reader->end - from));
    unsigned char *bytes;

    if (colon == NULL || memchr(from, '\0', (apr_size_t)(colon - from)) != NULL ||
        civ_base64_decode(&bytes, &bare->length,
                          apr_pstrmemdup(reader->pool, from, (apr_size_t)(colon - from)),
                          reader->pool) != APR_SUCCESS)
        return CIV_EINVALID;
    reader->at = colon + 1;
    bare->type = CIV_STRUCTURED_BYTES;
    bare->text = (const char *)bytes;
    return APR_SUCCESS;
}

static apr_status_t read_boolean(reader_t *reader, civ_structured_bare_t *bare)
{
    reader->at++;
    bare->type = CIV_STRUCTURED_BOOLEAN;
    bare->number = peek(reader) == '1';
    return take(reader, '0') || take(reader, '1') ? APR_SUCCESS : CIV_EINVALID;
}

static apr_status_t read_bare(reader_t *reader, civ_structured_bare_t *bare)
{
    char byte = peek(reader);

    memset(bare, 0, sizeof(*bare));
    if (byte == '-' || is_digit(byte))
        return read_number(reader, bare);
    if (byte == '"')
        return read_string(reader, bare);
    if (byte == ':')
        return read_bytes(reader, bare);
    if (byte == '?')
        return read_boolean(reader, bare);
    if (byte != '*' && !is_alpha(byte))
        return CIV_EINVALID;
    read_token(reader, bare);
    return APR_SUCCESS;
}

static void make_true(civ_structured_bare_t *bare)
{
    memset(bare, 0, sizeof(*bare));
    bare->type = CIV_STRUCTURED_BOOLEAN;
    bare->number = 1;
}

/* --- keys and parameters --- */

static apr_status_t read_key(reader_t *reader, const char **key)
{
    const char *from = reader->at;

    if (peek(reader) != '*' && !is_lower(peek(reader)))
        return CIV_EINVALID;
    do
        reader->at++;
    while (is_lower(peek(reader)) || is_digit(peek(reader)) || is_of(peek(reader), "_-.*"));
    *key = apr_pstrmemdup(reader->pool, from, (apr_size_t)(reader->at - from));
    return APR_SUCCESS;
}

/* The place of a key: a new one, or that of the same key before. */
static civ_structured_parameter_t *place_parameter(reader_t *reader, apr_array_header_t *list,
                                                   const char *key)
{
    civ_structured_parameter_t *one;
    int i;

    for (i = 0; i < list->nelts; i++) {
        one = &APR_ARRAY_IDX(list, i, civ_structured_parameter_t);
        if (strcmp(one->key, key) == 0) {
            reader->has_repeats = 1;
            return one;
        }
    }
    if (list->nelts == CIV_STRUCTURED_MOST)
        return NULL;
    one = &APR_ARRAY_PUSH(list, civ_structured_parameter_t);
    one->key = key;
    return one;
}

static apr_status_t read_parameters(reader_t *reader, civ_structured_parameters_t *parameters)
{
    apr_array_header_t *list = NULL;

    memset(parameters, 0, sizeof(*parameters));
    while (take(reader, ';')) {
        civ_structured_parameter_t *one;
        const char *key;

        if (list == NULL)
            list = apr_array_make(reader->pool, 4, sizeof(civ_structured_parameter_t));
        skip_spaces(reader);
        if (read_key(reader, &key) != APR_SUCCESS || (one = place_parameter(reader, list, key)) == NULL)
            return CIV_EINVALID;
        make_true(&one->value);
        if (take(reader, '=') && read_bare(reader, &one->value) != APR_SUCCESS)
            return CIV_EINVALID;
    }
    if (list != NULL) {
        parameters->list = (const civ_structured_parameter_t *)list->elts;
        parameters->count = list->nelts;
    }
    return APR_SUCCESS;
}

/* --- items and lists --- */

static apr_status_t read_inner_list(reader_t *reader, civ_structured_member_t *member)
{
    apr_array_header_t *list = apr_array_make(reader->pool, 8, sizeof(civ_structured_item_t));

    reader->at++;
    member->is_inner_list = 1;
    for (;;) {
        civ_structured_item_t *item;

        skip_spaces(reader);
        if (take(reader, ')')) {
            member->items = (const civ_structured_item_t *)list->elts;
            member->item_count = list->nelts;
            return read_parameters(reader, &member->parameters);
        }
        if (list->nelts == CIV_STRUCTURED_MOST)
            return CIV_EINVALID;
        item = &APR_ARRAY_PUSH(list, civ_structured_item_t);
        if (read_bare(reader, &item->bare) != APR_SUCCESS ||
            read_parameters(reader, &item->parameters) != APR_SUCCESS ||
            (peek(reader) != ' ' && peek(reader) != ')'))
            return CIV_EINVALID;
    }
}

static apr_status_t read_member(reader_t *reader, civ_structured_member_t *member)
{
    if (peek(reader) == '(')
        return read_inner_list(reader, member);
    if (read_bare(reader, &member->bare) != APR_SUCCESS)
        return CIV_EINVALID;
    return read_parameters(reader, &member->parameters);
}

static civ_structured_member_t *place_member(reader_t *reader, apr_array_header_t *list, const char *key)
{
    civ_structured_member_t *one;
    int i;

    for (i = 0; key != NULL && i < list->nelts; i++) {
        one = &APR_ARRAY_IDX(list, i, civ_structured_member_t);
        if (strcmp(one->key, key) == 0) {
            reader->has_repeats = 1;
            memset(one, 0, sizeof(*one));
            one->key = key;
            return one;
        }
    }
    if (list->nelts == CIV_STRUCTURED_MOST)
        return NULL;
    one = &APR_ARRAY_PUSH(list, civ_structured_member_t);
    memset(one, 0, sizeof(*one));
    one->key = key;
    return one;
}

/* One member of a Dictionary; a key alone is true. */
static apr_status_t read_pair(reader_t *reader, apr_array_header_t *list)
{
    civ_structured_member_t *member;
    const char *key;

    if (read_key(reader, &key) != APR_SUCCESS || (member = place_member(reader, list, key)) == NULL)
        return CIV_EINVALID;
    if (take(reader, '='))
        return read_member(reader, member);
    make_true(&member->bare);
    return read_parameters(reader, &member->parameters);
}

static apr_status_t read_members(reader_t *reader, civ_structured_kind_e kind, apr_array_header_t *list)
{
    while (reader->at < reader->end) {
        apr_status_t status;

        if (kind == CIV_STRUCTURED_IS_DICTIONARY) {
            status = read_pair(reader, list);
        } else {
            civ_structured_member_t *member = place_member(reader, list, NULL);

            status = member != NULL ? read_member(reader, member) : CIV_EINVALID;
        }
        if (status != APR_SUCCESS)
            return status;
        skip_white(reader);
        if (reader->at == reader->end)
            return APR_SUCCESS;
        if (!take(reader, ','))
            return CIV_EINVALID;
        skip_white(reader);
        if (reader->at == reader->end)
            return CIV_EINVALID;
    }
    return APR_SUCCESS;
}

static apr_status_t read_only_item(reader_t *reader, apr_array_header_t *list)
{
    civ_structured_member_t *member = place_member(reader, list, NULL);

    if (read_bare(reader, &member->bare) != APR_SUCCESS ||
        read_parameters(reader, &member->parameters) != APR_SUCCESS)
        return CIV_EINVALID;
    return reader->at == reader->end ? APR_SUCCESS : CIV_EINVALID;
}

apr_status_t civ_structured_parse(civ_structured_field_t **field, civ_structured_kind_e kind,
                                  const char *text, apr_size_t length, apr_pool_t *pool)
{
    apr_array_header_t *list;
    reader_t reader = {text, text + length, 0, pool};
    apr_status_t status;

    *field = NULL;
    if (length > CIV_STRUCTURED_MOST_BYTES)
        return CIV_EINVALID;
    /* Only spaces are dropped at the ends; a tab behind the last member falls to the rules between members. */
    skip_spaces(&reader);
    while (reader.end > reader.at && reader.end[-1] == ' ')
        reader.end--;
    list = apr_array_make(pool, 4, sizeof(civ_structured_member_t));
    status =
        kind == CIV_STRUCTURED_IS_ITEM ? read_only_item(&reader, list) : read_members(&reader, kind, list);
    if (status == APR_SUCCESS) {
        *field = apr_pcalloc(pool, sizeof(**field));
        (*field)->kind = kind;
        (*field)->members = (const civ_structured_member_t *)list->elts;
        (*field)->count = list->nelts;
        (*field)->has_repeats = reader.has_repeats;
    }
    return status;
}

/* --- what was read --- */

const civ_structured_member_t *civ_structured_get(const civ_structured_field_t *field, const char *key)
{
    int i;

    for (i = 0; i < field->count; i++)
        if (field->members[i].key != NULL && strcmp(field->members[i].key, key) == 0)
            return &field->members[i];
    return NULL;
}

const civ_structured_bare_t *civ_structured_parameter(const civ_structured_parameters_t *parameters,
                                                      const char *key)
{
    int i;

    for (i = 0; i < parameters->count; i++)
        if (strcmp(parameters->list[i].key, key) == 0)
            return &parameters->list[i].value;
    return NULL;
}

const char *civ_structured_string(const civ_structured_bare_t *bare)
{
    return bare != NULL && bare->type == CIV_STRUCTURED_STRING ? bare->text : NULL;
}
