/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json.c
 * yajl's events become a tree. All values of the containers still open lie in one growing array; when a
 * container ends, its own are sorted, checked and copied, exact in size, to the pool. What has been read of
 * each open container is also what the pointer of a problem is made from.
 */
#include "base/json.h"

#include "base/buffer.h"
#include "base/canonical.h"
#include "base/json_scan.h"
#include "base/json_tree.h"
#include "base/status.h"

#include <apr_strings.h>
#include <yajl/yajl_parse.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MOST_LEVELS        256
#define MOST_NUMBER_LENGTH 1000
#define SHOWN_NAME_LENGTH  64
#define FIRST_CAPACITY     64
/** Up to here insertion sort is faster than qsort(). */
#define FEW_MEMBERS 12

const civ_json_limits_t civ_json_request_limits = {1048576, 64, 100000, 1024};

/** A finished value of a container that is still open; in an array, the name is not used. */
typedef struct entry_t {
    civ_json_member_t member;
    apr_size_t end; /**< offset just behind the name, to find it again in the document */
} entry_t;

typedef struct frame_t {
    civ_json_type_e type;
    apr_size_t base;  /**< index of the container's first entry */
    const char *name; /**< of the member whose value comes next; NULL where none was read */
    apr_size_t name_length;
    apr_size_t name_end;
} frame_t;

typedef struct parser_t {
    const char *data;
    apr_size_t length;
    const civ_json_limits_t *limits;
    civ_problem_t *problem;
    apr_pool_t *pool;
    yajl_handle handle;
    int is_finishing; /**< yajl reports offsets in the white space that it appends to end the last token */
    char *texts; /**< one block for all texts: each, with its NUL, is no longer than its source and what ends
                    it */
    apr_size_t texts_used;
    apr_size_t values;
    entry_t *entries;
    apr_size_t count;
    apr_size_t capacity;
    unsigned depth;
    unsigned depth_limit;
    frame_t frames[MOST_LEVELS];
    civ_json_t root;
} parser_t;

/* ---- places
 * -------------------------------------------------------------------------------------------------- */

/* The pointer of what is being read. */
static const char *current_pointer(const parser_t *parser)
{
    civ_buffer_t pointer;
    unsigned i;

    civ_buffer_init(&pointer, 0, parser->pool);
    for (i = 0; i < parser->depth; i++) {
        const frame_t *frame = &parser->frames[i];
        apr_size_t end = i + 1 < parser->depth ? parser->frames[i + 1].base : parser->count;

        if (frame->type == CIV_JSON_ARRAY) {
            civ_json_append_index(&pointer, end - frame->base);
        } else if (!frame->name || !civ_json_append_token(&pointer, frame->name, frame->name_length)) {
            break;
        }
    }
    return pointer.data;
}

/* How much of a name a message may show: a bounded number of whole UTF-8 characters. */
static int shown_length(const char *name, apr_size_t length)
{
    if (length <= SHOWN_NAME_LENGTH) {
        return (int)length;
    }
    length = SHOWN_NAME_LENGTH;
    while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80) {
        length--;
    }
    return (int)length;
}

/* Offset just behind the token whose callback is running. */
static apr_size_t token_end(const parser_t *parser)
{
    return parser->is_finishing ? parser->length : yajl_get_bytes_consumed(parser->handle);
}

/* Offset of the opening quote of the string that ends before @a end: the nearest that no backslash precedes.
 */
static apr_size_t string_start(const parser_t *parser, apr_size_t end)
{
    apr_size_t at = end < 2 ? 0 : end - 2;

    while (at > 0) {
        apr_size_t before = at;

        while (before > 0 && parser->data[before - 1] == '\\') {
            before--;
        }
        if (parser->data[at] == '"' && (at - before) % 2 == 0) {
            break;
        }
        at = before < at ? before : at - 1;
    }
    return at;
}

/* Returns 0, which tells yajl to stop. */
static int fail(parser_t *parser, civ_problem_kind_e kind, const char *what, apr_size_t offset)
{
    civ_problem_set_at(parser->problem, kind, current_pointer(parser), parser->pool,
                       "%s (byte %" APR_SIZE_T_FMT ")", what, offset);
    return 0;
}

/* ---- building
 * ------------------------------------------------------------------------------------------------ */

static void *checked(void *memory)
{
    if (!memory) {
        abort(); /* as APR does without memory; yajl would write through NULL */
    }
    return memory;
}

static const char *keep_text(parser_t *parser, const char *text, apr_size_t length)
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

static void add_value(parser_t *parser, const civ_json_t *value)
{
    frame_t *frame;
    entry_t *entry;

    if (parser->depth == 0) {
        parser->root = *value;
        return;
    }
    if (parser->count == parser->capacity) {
        parser->capacity *= 2;
        parser->entries = checked(realloc(parser->entries, parser->capacity * sizeof(entry_t)));
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
static int count_value(parser_t *parser)
{
    if (++parser->values > parser->limits->values) {
        return fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "Too many values", token_end(parser));
    }
    return 1;
}

static int open_container(parser_t *parser, civ_json_type_e type)
{
    frame_t *frame;

    if (!count_value(parser)) {
        return 0;
    }
    if (parser->depth >= parser->depth_limit) {
        return fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "Nested too deeply", token_end(parser) - 1);
    }
    frame = &parser->frames[parser->depth++];
    memset(frame, 0, sizeof(*frame));
    frame->type = type;
    frame->base = parser->count;
    return 1;
}

/* Drop the entries of the innermost container and put @a value, which is made of them, in their place. */
static int close_container(parser_t *parser, const civ_json_t *value)
{
    parser->count = parser->frames[--parser->depth].base;
    add_value(parser, value);
    return 1;
}

/* RFC 8785 order; of equal names, the first in the document comes first. */
static int compare_entries(const void *left, const void *right)
{
    const entry_t *a = left;
    const entry_t *b = right;
    int order = civ_canonical_compare_names(a->member.name, a->member.name_length, b->member.name,
                                            b->member.name_length);

    return order ? order : (a->end > b->end) - (a->end < b->end);
}

static void sort_entries(entry_t *entries, apr_size_t count)
{
    apr_size_t i, j;

    if (count > FEW_MEMBERS) {
        for (i = 1; i < count && compare_entries(&entries[i - 1], &entries[i]) < 0; i++) {
            /* look for the first that is out of order */
        }
        if (i < count) {
            qsort(entries, count, sizeof(entry_t), compare_entries);
        }
        return;
    }
    for (i = 1; i < count; i++) {
        entry_t moving = entries[i];

        for (j = i; j > 0 && compare_entries(&entries[j - 1], &moving) > 0; j--) {
            entries[j] = entries[j - 1];
        }
        entries[j] = moving;
    }
}

static int fail_duplicate(parser_t *parser, const entry_t *entry)
{
    frame_t *frame = &parser->frames[parser->depth - 1];

    frame->name = entry->member.name;
    frame->name_length = entry->member.name_length;
    civ_problem_set_at(parser->problem, CIV_PROBLEM_NOT_I_JSON, current_pointer(parser), parser->pool,
                       "Duplicate member name \"%.*s\" (byte %" APR_SIZE_T_FMT ")",
                       shown_length(frame->name, frame->name_length), frame->name,
                       string_start(parser, entry->end));
    return 0;
}

/* ---- yajl's events
 * ------------------------------------------------------------------------------------------- */

static int on_null(void *baton)
{
    parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_NULL};

    if (!count_value(parser)) {
        return 0;
    }
    add_value(parser, &value);
    return 1;
}

static int on_boolean(void *baton, int is_true)
{
    parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_BOOLEAN, .as.boolean = is_true != 0};

    if (!count_value(parser)) {
        return 0;
    }
    add_value(parser, &value);
    return 1;
}

static int on_number(void *baton, const char *text, size_t length)
{
    parser_t *parser = baton;
    civ_json_t value = {.type = CIV_JSON_NUMBER};
    const char *fault;

    if (!count_value(parser)) {
        return 0;
    }
    if (length > MOST_NUMBER_LENGTH) {
        return fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "A number with too many digits",
                    token_end(parser) - length);
    }
    value.as.text.text = keep_text(parser, text, length);
    value.as.text.length = length;
    fault = civ_json_number_fault(value.as.text.text, length);
    if (fault) {
        return fail(parser, CIV_PROBLEM_NOT_I_JSON, fault, token_end(parser) - length);
    }
    add_value(parser, &value);
    return 1;
}

static int on_string(void *baton, const unsigned char *text, size_t length)
{
    parser_t *parser = baton;
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
    parser_t *parser = baton;
    frame_t *frame = &parser->frames[parser->depth - 1];
    apr_size_t end = token_end(parser);

    if (length > parser->limits->name_length) {
        return fail(parser, CIV_PROBLEM_LIMIT_EXCEEDED, "A member name is too long",
                    string_start(parser, end));
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
    parser_t *parser = baton;
    const entry_t *entries = parser->entries + parser->frames[parser->depth - 1].base;
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
    parser_t *parser = baton;
    entry_t *entries = parser->entries + parser->frames[parser->depth - 1].base;
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
                return fail_duplicate(parser, &entries[i]);
            }
            value.as.object.members[i] = entries[i].member;
        }
    }
    return close_container(parser, &value);
}

static const yajl_callbacks callbacks = {
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

/* ---- parsing
 * ------------------------------------------------------------------------------------------------- */

static void *yajl_take(void *baton, size_t size)
{
    (void)baton;
    return checked(malloc(size));
}

static void *yajl_resize(void *baton, void *memory, size_t size)
{
    (void)baton;
    return checked(realloc(memory, size));
}

static void yajl_release(void *baton, void *memory)
{
    (void)baton;
    free(memory);
}

/* yajl's own words, which quote nothing of the document, without their line end. */
static void fail_syntax(parser_t *parser)
{
    unsigned char *words = yajl_get_error(parser->handle, 0, NULL, 0);
    apr_size_t length = words ? strcspn((const char *)words, "\n") : 0;

    while (length > 0 && words[length - 1] == '.') {
        length--;
    }
    civ_problem_set_at(parser->problem, CIV_PROBLEM_MALFORMED_JSON, current_pointer(parser), parser->pool,
                       "Not JSON: %.*s (near byte %" APR_SIZE_T_FMT ")", (int)length,
                       words ? (const char *)words : "", token_end(parser));
    if (words) {
        yajl_free_error(parser->handle, words);
    }
}

static void fail_scan(parser_t *parser, const civ_json_fault_t *fault)
{
    static const struct {
        civ_problem_kind_e kind;
        const char *what;
    } faults[] = {
        [CIV_JSON_FAULT_NONE] = {CIV_PROBLEM_NONE, ""},
        [CIV_JSON_FAULT_BYTE_ORDER_MARK] = {CIV_PROBLEM_MALFORMED_JSON,
                                            "A byte order mark before the document"},
        [CIV_JSON_FAULT_UTF8] = {CIV_PROBLEM_NOT_I_JSON, "Not valid UTF-8"},
        [CIV_JSON_FAULT_SURROGATE] = {CIV_PROBLEM_NOT_I_JSON, "Half of a surrogate pair"},
        [CIV_JSON_FAULT_CONTROL] = {CIV_PROBLEM_MALFORMED_JSON, "A control character"},
    };

    fail(parser, faults[fault->kind].kind, faults[fault->kind].what, fault->offset);
}

/*
 * With a fault of the scan, yajl only sees what lies before it: it either finds an earlier fault of its own,
 * or leaves the frames as they stand at the fault.
 */
static apr_status_t feed(parser_t *parser, const civ_json_fault_t *fault)
{
    apr_size_t usable = fault->kind ? fault->offset : parser->length;
    yajl_status status = yajl_parse(parser->handle, (const unsigned char *)parser->data, usable);

    if (status == yajl_status_ok && fault->kind) {
        fail_scan(parser, fault);
        return CIV_EINVALID;
    }
    if (status == yajl_status_ok) {
        parser->is_finishing = 1;
        status = yajl_complete_parse(parser->handle);
    }
    if (status == yajl_status_error) {
        fail_syntax(parser);
    }
    return status == yajl_status_ok ? APR_SUCCESS : CIV_EINVALID;
}

static apr_status_t run(parser_t *parser)
{
    yajl_alloc_funcs memory = {yajl_take, yajl_resize, yajl_release, NULL};
    civ_json_fault_t fault;
    apr_status_t status;

    civ_json_scan(&fault, parser->data, parser->length);
    parser->capacity = FIRST_CAPACITY;
    parser->entries = checked(malloc(parser->capacity * sizeof(entry_t)));
    parser->handle = checked(yajl_alloc(&callbacks, &memory, parser));
    yajl_config(parser->handle, yajl_dont_validate_strings, 1); /* the scan did, and more strictly */
    status = feed(parser, &fault);
    yajl_free(parser->handle);
    free(parser->entries);
    return status;
}

apr_status_t civ_json_parse(const civ_json_t **root, const char *data, apr_size_t length,
                            const civ_json_limits_t *limits, civ_problem_t *problem, apr_pool_t *pool)
{
    parser_t parser;
    apr_status_t status;

    *root = NULL;
    memset(&parser, 0, offsetof(parser_t, frames));
    parser.data = length ? data : "";
    parser.length = length;
    parser.limits = limits;
    parser.problem = problem;
    parser.pool = pool;
    parser.depth_limit = limits->depth < MOST_LEVELS ? limits->depth : MOST_LEVELS;
    if (length > limits->size) {
        civ_problem_set_at(problem, CIV_PROBLEM_LIMIT_EXCEEDED, "", pool,
                           "The document is larger than %" APR_SIZE_T_FMT " bytes", limits->size);
        return CIV_EINVALID;
    }
    status = run(&parser);
    if (status == APR_SUCCESS) {
        *root = apr_pmemdup(pool, &parser.root, sizeof(parser.root));
    }
    return status;
}
