/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file field_data.c
 * Making the data of an item: what is wanted of an answer, without what must not be kept.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/canonical.h"
#include "sync/fields.h"
#include "sync/item.h"

/** Bytes of a string that are kept. */
#define STRING_MOST 4000

/** Elements of an array, and levels of containers, that are kept. */
#define ELEMENTS_MOST 200
#define LEVELS_MOST   12

#define E_MAIL "[e-mail]"

/** What the name of a member has in it whose value is a secret; in lower case, without '_' and '-'. */
static const char *const secret_names[] = {
    "token",  "password",  "passwd",      "secret",     "authorization", "privatekey",
    "apikey", "accesskey", "credentials", "passphrase", "signature",     NULL,
};

static int is_secret_name(const char *name)
{
    char plain[64];
    apr_size_t length = 0;
    int i;

    for (; *name != '\0' && length < sizeof(plain) - 1; name++)
        if (*name != '_' && *name != '-')
            plain[length++] = (char)apr_tolower(*name);
    plain[length] = '\0';
    for (i = 0; secret_names[i] != NULL; i++)
        if (strstr(plain, secret_names[i]) != NULL)
            return 1;
    return 0;
}

static int is_local_byte(char byte)
{
    return apr_isalnum(byte) || (byte != '\0' && strchr("._%+-", byte) != NULL) ||
           (unsigned char)byte >= 0x80;
}

/* How long the domain of an e-mail address is that starts here: labels of letters, digits and '-', at least two. */
static apr_size_t domain_length(const char *text, const char *end)
{
    const char *at = text;
    const char *last_dot = NULL;

    while (at < end && (apr_isalnum(*at) || *at == '-' || (*at == '.' && at > text))) {
        if (*at == '.')
            last_dot = at;
        at++;
    }
    while (at > text && at[-1] == '.') {
        at--;
        last_dot = NULL;
    }
    if (last_dot == NULL) {
        const char *back;

        for (back = at; back > text && last_dot == NULL; back--)
            if (back[-1] == '.')
                last_dot = back - 1;
    }
    return last_dot != NULL && at - last_dot > 2 ? (apr_size_t)(at - text) : 0;
}

/* Where the user information of a URL ends whose "://" ends at @a text: behind the '@', or @a text where there is none. */
static const char *behind_user(const char *text, const char *end)
{
    const char *at;
    const char *found = text;

    for (at = text; at < end && *at != '/' && *at != '?' && *at != '#' && *at != '"' && !apr_isspace(*at);
         at++)
        if (*at == '@')
            found = at + 1;
    return found;
}

/* Append a string without user information of URLs and without e-mail addresses. */
static void append_scrubbed(civ_buffer_t *out, const char *text, apr_size_t length)
{
    const char *end = text + length;

    while (text < end) {
        const char *at = text;
        apr_size_t domain;

        while (at < end && *at != '@' && !(*at == ':' && end - at > 2 && at[1] == '/' && at[2] == '/'))
            at++;
        civ_buffer_append(out, text, (apr_size_t)(at - text));
        if (at == end)
            return;
        if (*at == ':') {
            civ_buffer_append(out, "://", 3);
            text = behind_user(at + 3, end);
            continue;
        }
        domain = domain_length(at + 1, end);
        text = at + 1;
        if (domain == 0 || out->length == 0 || !is_local_byte(out->data[out->length - 1])) {
            civ_buffer_append_byte(out, '@');
            continue;
        }
        while (out->length > 0 && is_local_byte(out->data[out->length - 1]))
            out->length--;
        civ_buffer_append_text(out, E_MAIL);
        text += domain;
    }
}

const char *civ_field_scrub(const char *text, apr_pool_t *pool)
{
    civ_buffer_t out;

    if (text == NULL || (strchr(text, '@') == NULL && strstr(text, "://") == NULL))
        return text;
    civ_buffer_init(&out, strlen(text) + 16, pool);
    append_scrubbed(&out, text, strlen(text));
    out.data[out.length] = '\0';
    return out.data;
}

void civ_field_scrub_all(civ_json_t *json, apr_pool_t *pool)
{
    civ_buffer_t out;
    apr_size_t i;

    if (json->type == CIV_JSON_STRING && memchr(json->as.text.text, '@', json->as.text.length) != NULL) {
        civ_buffer_init(&out, json->as.text.length + 16, pool);
        append_scrubbed(&out, json->as.text.text, json->as.text.length);
        json->as.text.text = out.data;
        json->as.text.length = out.length;
    }
    for (i = 0; json->type == CIV_JSON_ARRAY && i < json->as.array.count; i++)
        civ_field_scrub_all(&json->as.array.items[i], pool);
    for (i = 0; json->type == CIV_JSON_OBJECT && i < json->as.object.count; i++)
        civ_field_scrub_all(&json->as.object.members[i].value, pool);
}

static apr_size_t cut_length(const char *text, apr_size_t length)
{
    if (length <= STRING_MOST)
        return length;
    length = STRING_MOST;
    while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

static void copy_value(civ_json_t *out, const civ_json_t *value, int level, apr_pool_t *pool);

static void copy_string(civ_json_t *out, const civ_json_t *value, apr_pool_t *pool)
{
    civ_buffer_t text;
    apr_size_t length = cut_length(value->as.text.text, value->as.text.length);

    out->type = CIV_JSON_STRING;
    civ_buffer_init(&text, length + 16, pool);
    append_scrubbed(&text, value->as.text.text, length);
    text.data[text.length] = '\0';
    out->as.text.text = text.data;
    out->as.text.length = text.length;
}

static void copy_array(civ_json_t *out, const civ_json_t *value, int level, apr_pool_t *pool)
{
    apr_size_t count = value->as.array.count < ELEMENTS_MOST ? value->as.array.count : ELEMENTS_MOST;
    apr_size_t i;

    out->as.array.count = count;
    out->as.array.items = apr_pcalloc(pool, (count + 1) * sizeof(*out));
    for (i = 0; i < count; i++)
        copy_value(&out->as.array.items[i], &value->as.array.items[i], level + 1, pool);
}

static void copy_object(civ_json_t *out, const civ_json_t *value, int level, apr_pool_t *pool)
{
    apr_size_t i;

    out->as.object.count = 0;
    out->as.object.members = apr_pcalloc(pool, (value->as.object.count + 1) * sizeof(civ_json_member_t));
    for (i = 0; i < value->as.object.count; i++) {
        const civ_json_member_t *member = &value->as.object.members[i];
        civ_json_member_t *copy = &out->as.object.members[out->as.object.count];

        if (is_secret_name(member->name))
            continue;
        copy->name = member->name;
        copy->name_length = member->name_length;
        copy_value(&copy->value, &member->value, level + 1, pool);
        out->as.object.count++;
    }
}

/* The levels are bounded, and so is the recursion. */
static void copy_value(civ_json_t *out, const civ_json_t *value, int level, apr_pool_t *pool)
{
    *out = *value;
    if (value->type == CIV_JSON_STRING) {
        copy_string(out, value, pool);
    } else if (level >= LEVELS_MOST && (value->type == CIV_JSON_ARRAY || value->type == CIV_JSON_OBJECT)) {
        memset(out, 0, sizeof(*out));
        out->type = CIV_JSON_NULL;
    } else if (value->type == CIV_JSON_ARRAY) {
        copy_array(out, value, level, pool);
    } else if (value->type == CIV_JSON_OBJECT) {
        copy_object(out, value, level, pool);
    }
}

static int compare_members(const void *left, const void *right)
{
    const civ_json_member_t *l = left;
    const civ_json_member_t *r = right;

    return civ_canonical_compare_names(l->name, l->name_length, r->name, r->name_length);
}

static const char *write_fields(const civ_json_t *json, const civ_data_field_t *fields, int with_containers,
                                apr_size_t *length, apr_pool_t *pool)
{
    civ_json_t data;
    civ_buffer_t out;
    int count = 0;

    while (fields[count].name != NULL)
        count++;
    memset(&data, 0, sizeof(data));
    data.type = CIV_JSON_OBJECT;
    data.as.object.members = apr_pcalloc(pool, ((apr_size_t)count + 1) * sizeof(civ_json_member_t));
    for (; fields->name != NULL; fields++) {
        civ_json_member_t *member = &data.as.object.members[data.as.object.count];
        const civ_json_t *value = civ_field(json, fields->path);

        if (value == NULL || value->type == CIV_JSON_NULL ||
            (!with_containers && (value->type == CIV_JSON_ARRAY || value->type == CIV_JSON_OBJECT)))
            continue;
        member->name = fields->name;
        member->name_length = strlen(fields->name);
        copy_value(&member->value, value, 1, pool);
        data.as.object.count++;
    }
    qsort(data.as.object.members, data.as.object.count, sizeof(civ_json_member_t), compare_members);
    civ_buffer_init(&out, 512, pool);
    if (civ_canonical_write(&out, &data) != APR_SUCCESS)
        return "{}";
    *length = out.length;
    return out.data;
}

const char *civ_field_data(const civ_json_t *json, const civ_data_field_t *fields, apr_pool_t *pool)
{
    apr_size_t length = 0;
    const char *data = write_fields(json, fields, 1, &length, pool);

    return length <= CIV_ITEM_DATA_MAX ? data : write_fields(json, fields, 0, &length, pool);
}
