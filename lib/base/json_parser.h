/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json_parser.h
 * The parser at work: what json.c, json_events.c and json_place.c share. Nobody else includes it.
 */
#ifndef CIV_BASE_JSON_PARSER_H
#define CIV_BASE_JSON_PARSER_H

#include "base/json.h"

#include <yajl/yajl_parse.h>

/** No caller's cap on depth goes beyond it. */
#define CIV_JSON_MOST_LEVELS 256

/** A finished value of a container that is still open; in an array, the name is not used. */
typedef struct civ_json_entry_t {
    civ_json_member_t member;
    apr_size_t end; /**< offset just behind the name, to find it again in the document */
} civ_json_entry_t;

typedef struct civ_json_frame_t {
    civ_json_type_e type;
    apr_size_t base;  /**< index of the container's first entry */
    const char *name; /**< of the member whose value comes next; NULL where none was read */
    apr_size_t name_length;
    apr_size_t name_end;
} civ_json_frame_t;

typedef struct civ_json_parser_t {
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
    civ_json_entry_t *entries;
    apr_size_t count;
    apr_size_t capacity;
    unsigned depth;
    unsigned depth_limit;
    civ_json_frame_t frames[CIV_JSON_MOST_LEVELS];
    civ_json_t root;
} civ_json_parser_t;

/** Build the tree; the baton is the parser. */
extern const yajl_callbacks civ_json_events;

/** What malloc and the like returned, never NULL: the process ends, as it does when APR gets no memory. */
void *civ_json_checked(void *memory);

/** The pointer of what is being read. */
const char *civ_json_pointer(const civ_json_parser_t *parser);

/** Offset just behind the token whose callback is running. */
apr_size_t civ_json_token_end(const civ_json_parser_t *parser);

/** Offset of the opening quote of the string that ends before @a end: the nearest one without a backslash before it. */
apr_size_t civ_json_string_start(const civ_json_parser_t *parser, apr_size_t end);

/** Report what is wrong at the place being read. @return 0, which tells yajl to stop */
int civ_json_fail(civ_json_parser_t *parser, civ_problem_kind_e kind, const char *what, apr_size_t offset);

/** Report that the innermost object has the name of @a entry twice. @return 0 */
int civ_json_fail_duplicate(civ_json_parser_t *parser, const civ_json_entry_t *entry);

#endif
