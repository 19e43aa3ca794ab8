/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file json.h
 * Reading JSON from strangers. yajl's SAX parser builds a tree under caps; on top, I-JSON (RFC 7493) is
 * required: valid UTF-8, no lone surrogates, no duplicate names (compared after unescaping), numbers that a
 * double holds and that are not integers beyond 2^53-1 in canonical form, so that what is accepted stays acceptable
 * once canonical. Nothing here recurses deeper than the depth cap.
 */
#ifndef CIV_BASE_JSON_H
#define CIV_BASE_JSON_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/problem.h"

typedef enum civ_json_type_e {
    CIV_JSON_NULL,
    CIV_JSON_BOOLEAN,
    CIV_JSON_NUMBER,
    CIV_JSON_STRING,
    CIV_JSON_ARRAY,
    CIV_JSON_OBJECT
} civ_json_type_e;

typedef struct civ_json_t civ_json_t;
typedef struct civ_json_member_t civ_json_member_t;

struct civ_json_t {
    civ_json_type_e type;
    union {
        int boolean;
        struct {
            const char *text;  /**< string: unescaped UTF-8, may hold NULs; number: the literal as received */
            apr_size_t length; /**< bytes of text; text is NUL-terminated as well */
        } text;
        struct {
            civ_json_t *items;
            apr_size_t count;
        } array;
        struct {
            civ_json_member_t *members; /**< in RFC 8785 order (UTF-16 code units), not in document order */
            apr_size_t count;
        } object;
    } as;
};

struct civ_json_member_t {
    const char *name; /**< unescaped UTF-8, NUL-terminated, may hold NULs */
    apr_size_t name_length;
    civ_json_t value;
};

typedef struct civ_json_limits_t {
    apr_size_t size;        /**< bytes of the document */
    unsigned depth;         /**< arrays and objects open at once; at most 256 */
    apr_size_t values;      /**< values in all, members included */
    apr_size_t name_length; /**< bytes of a member name, unescaped */
} civ_json_limits_t;

/** The caps for a request body: 64 deep, 100,000 values, names of 1,024 bytes; size is set by the caller. */
extern const civ_json_limits_t civ_json_request_limits;

/**
 * Parse exactly one JSON document.
 * @param root set on success; lives on @a pool, as do all its texts
 * @param problem on failure: MALFORMED_JSON, NOT_I_JSON or LIMIT_EXCEEDED, with the RFC 6901 pointer of the
 *        place (the innermost value or member being read when the fault was met; for a name that is too long,
 *        the object it stands in; never past a name with a NUL) and, in detail, what and at which byte
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_json_parse(const civ_json_t **root, const char *data, apr_size_t length,
                            const civ_json_limits_t *limits, civ_problem_t *problem, apr_pool_t *pool);

/** The member of an object by (NUL-terminated) name, or NULL when absent or when @a object is no object. */
const civ_json_t *civ_json_get(const civ_json_t *object, const char *name);

/** The text of a string member, or NULL when it is absent, no string, or holds a NUL. */
const char *civ_json_get_text(const civ_json_t *object, const char *name);

/** Read a number that is an integer within -(2^53-1) to 2^53-1. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_json_to_int64(const civ_json_t *number, apr_int64_t *out);

/** Append one reference token to an RFC 6901 pointer ('~' and '/' escaped), on @a pool. */
char *civ_json_pointer_join(const char *pointer, const char *token, apr_pool_t *pool);

/** As civ_json_pointer_join with an array index. */
char *civ_json_pointer_index(const char *pointer, apr_size_t index, apr_pool_t *pool);

#endif
