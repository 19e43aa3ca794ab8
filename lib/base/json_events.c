/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_events.c
 * Building the tree from yajl's events.
 */
#include "base/json_parser.h"

#include "base/canonical.h"
#include "base/json_scan.h"

#include <stdlib.h>
#include <string.h>

#define MOST_NUMBER_LENGTH 1000
/** Up to here insertion sort is faster than qsort(). */
#define FEW_MEMBERS 12

static const char *keep_text(civ_json_parser_t *parser, const char *text, apr_size_t length)
{
    char *kept;

    if (!parser->texts) {
        parser->texts = apr_palloc(parser->pool, parser->length + 1);
    }
    if (parser->texts_used + length > parser->length) {
        abort(); /* cannot be: see texts */
    }
    kept = parser->texts + parser->texts_used;
    memcpy(kept, text, length);
    kept[length] = '\0';
    parser->texts_used += length + 1;
    return kept;
}

static void add_value(civ_json_parser_t *parser, const civ_json_t *value)
{
    civ_json_frame_t *frame;
    civ_json_entry_t *entry;

    if (parser->depth == 0) {
        parser->root = *value;
        return;
    }
    if (parser->count == parser->capacity) {
        parser->capacity *= 2;
        parser->entries =
            civ_json_checked(realloc(parser->entries, parser->capacity * sizeof(civ_json_entry_t)));
    }
    frame = &parser->frames[parser->depth - 1];
    entry = &parser->entries[parser->count++];
    entry->member.name = frame->name;
    entry->member.name_length = frame->name_length;
    entry->member.value = *value;
    entry->end = frame->name_end;
    frame->name = NULL;
}

/* Every value passes here when it begins. */
static int count_value(civ_json_parser_t *parser)
{
    if (++parser->values > parser->limits->values) {
        return civ_json_fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "Too many values",
                             civ_json_token_end(parser));
    }
    return 1;
}

static int open_container(civ_json_parser_t *parser, civ_json_type_e type)
{
    civ_json_frame_t *frame;

    if (!count_value(parser)) {
        return 0;
    }
    if (parser->depth >= parser->depth_limit) {
        return civ_json_fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "Nested too deeply",
                             civ_json_token_end(parser) - 1);
    }
    frame = &parser->frames[parser->depth++];
    memset(frame, 0, sizeof(*frame));
    frame->type = type;
    frame->base = parser->count;
    return 1;
}

/* Drop the entries of the innermost container and put @a value, which is made of them, in their place. */
static int close_container(civ_json_parser_t *parser, const civ_json_t *value)
{
    parser->count = parser->frames[--parser->depth].base;
    add_value(parser, value);
    return 1;
}

/* RFC 8785 order; of equal names, the first in the document comes first. */
static int compare_entries(const void *left, const void *right)
{
    const civ_json_entry_t *a = left;
    const civ_json_entry_t *b = right;
    int order = civ_canonical_compare_names(a->member.name, a->member.name_length, b->member.name,
                                            b->member.name_length);

    return order ? order : (a->end > b->end) - (a->end < b->end);
}

static void sort_entries(civ_json_entry_t *entries, apr_size_t count)
{
    apr_size_t i, j;

    if (count > FEW_MEMBERS) {
        for (i = 1; i < count && compare_entries(&entries[i - 1], &entries[i]) < 0; i++) {
            /* look for the first that is out of order */
        }
        if (i < count) {
            qsort(entries, count, sizeof(civ_json_entry_t), compare_entries);
        }
        return;
    }
    for (i = 1; i < count; i++) {
        civ_json_entry_t moving = entries[i];

        for (j = i; j > 0 && compare_entries(&entries[j - 1], &moving) > 0; j--) {
            entries[j] = entries[j - 1];
        }
        entries[j] = moving;
    }
}

/* --- yajl's events --- */

static int on_null(void *baton)
{
    civ_json_parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_NULL};

    if (!count_value(parser)) {
        return 0;
    }
    add_value(parser, &value);
    return 1;
}

static int on_boolean(void *baton, int is_true)
{
    civ_json_parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_BOOLEAN, .as.boolean = is_true != 0};

    if (!count_value(parser)) {
        return 0;
    }
    add_value(parser, &value);
    return 1;
}

static int on_number(void *baton, const char *text, size_t length)
{
    civ_json_parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_NUMBER};
    const char *fault;

    if (!count_value(parser)) {
        return 0;
    }
    if (length > MOST_NUMBER_LENGTH) {
        return civ_json_fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "A number with too many digits",
                             civ_json_token_end(parser) - length);
    }
    value.as.text.text = keep_text(parser, text, length);
    value.as.text.length = length;
    fault = civ_json_number_fault(value.as.text.text, length);
    if (fault) {
        return civ_json_fail(parser, CIV_PROBLEM_NOT_I_JSON, fault, civ_json_token_end(parser) - length);
    }
    add_value(parser, &value);
    return 1;
}

static int on_string(void *baton, const unsigned char *text, size_t length)
{
    civ_json_parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_STRING};

    if (!count_value(parser)) {
        return 0;
    }
    value.as.text.text = keep_text(parser, (const char *)text, length);
    value.as.text.length = length;
    add_value(parser, &value);
    return 1;
}

static int on_name(void *baton, const unsigned char *text, size_t length)
{
    civ_json_parser_t *parser = baton;
    civ_json_frame_t *frame = &parser->frames[parser->depth - 1];
    apr_size_t end = civ_json_token_end(parser);

    if (length > parser->limits->name_length) {
        return civ_json_fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "A member name is too long",
                             civ_json_string_start(parser, end));
    }
    frame->name = keep_text(parser, (const char *)text, length);
    frame->name_length = length;
    frame->name_end = end;
    return 1;
}

static int on_start_array(void *baton)
{
    return open_container(baton, CIV_JSON_ARRAY);
}

static int on_start_object(void *baton)
{
    return open_container(baton, CIV_JSON_OBJECT);
}

static int on_end_array(void *baton)
{
    civ_json_parser_t *parser = baton;
    const civ_json_entry_t *entries = parser->entries + parser->frames[parser->depth - 1].base;
    apr_size_t count = parser->count - parser->frames[parser->depth - 1].base;
    civ_json_t value = {.type = CIV_JSON_ARRAY};
    apr_size_t i;

    if (count > 0) {
        value.as.array.count = count;
        value.as.array.items = apr_palloc(parser->pool, count * sizeof(civ_json_t));
        for (i = 0; i < count; i++) {
            value.as.array.items[i] = entries[i].member.value;
        }
    }
    return close_container(parser, &value);
}

static int on_end_object(void *baton)
{
    civ_json_parser_t *parser = baton;
    civ_json_entry_t *entries = parser->entries + parser->frames[parser->depth - 1].base;
    apr_size_t count = parser->count - parser->frames[parser->depth - 1].base;
    civ_json_t value = {.type = CIV_JSON_OBJECT};
    apr_size_t i;

    if (count > 0) {
        sort_entries(entries, count);
        value.as.object.count = count;
        value.as.object.members = apr_palloc(parser->pool, count * sizeof(civ_json_member_t));
        for (i = 0; i < count; i++) {
            const civ_json_member_t *last = i ? &entries[i - 1].member : NULL;

            if (last && civ_canonical_compare_names(last->name, last->name_length, entries[i].member.name,
                                                    entries[i].member.name_length) == 0) {
                return civ_json_fail_duplicate(parser, &entries[i]);
            }
            value.as.object.members[i] = entries[i].member;
        }
    }
    return close_container(parser, &value);
}

const yajl_callbacks civ_json_events = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_object,
    .yajl_map_key = on_name,
    .yajl_end_map = on_end_object,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};
