/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file structured_field.h
 * Structured fields of HTTP (RFC 8941): Dictionaries, Lists and Items, read strictly and written in their one canonical
 * form. Bounded, so that a header of a stranger costs little: see the two limits below. Thread-safe, no state.
 */
#ifndef CIV_BASE_STRUCTURED_FIELD_H
#define CIV_BASE_STRUCTURED_FIELD_H

#include <apr_errno.h>

#include "base/buffer.h"

/** Bytes of a field that are read at most. */
#define CIV_STRUCTURED_MOST_BYTES 16384
/** Members of a Dictionary or List, Items of an Inner List, Parameters of one thing: so many each, at most. */
#define CIV_STRUCTURED_MOST 64

typedef enum civ_structured_type_e {
    CIV_STRUCTURED_INTEGER,
    CIV_STRUCTURED_DECIMAL,
    CIV_STRUCTURED_STRING,
    CIV_STRUCTURED_TOKEN,
    CIV_STRUCTURED_BYTES,
    CIV_STRUCTURED_BOOLEAN
} civ_structured_type_e;

/** What a whole field is; which one, the definition of the field says, not its text. */
typedef enum civ_structured_kind_e {
    CIV_STRUCTURED_IS_DICTIONARY,
    CIV_STRUCTURED_IS_LIST,
    CIV_STRUCTURED_IS_ITEM
} civ_structured_kind_e;

/** A Bare Item. */
typedef struct civ_structured_bare_t {
    civ_structured_type_e type;
    apr_int64_t number; /**< integer: its value; decimal: thousandths; boolean: 0 or 1 */
    const char *
        text; /**< string and token: unescaped ASCII; bytes: decoded. NUL-terminated, though bytes may hold NULs */
    apr_size_t length; /**< bytes of text */
} civ_structured_bare_t;

typedef struct civ_structured_parameter_t {
    const char *key;
    civ_structured_bare_t value;
} civ_structured_parameter_t;

/** In the order of their first appearance, each key once. */
typedef struct civ_structured_parameters_t {
    const civ_structured_parameter_t *list;
    int count;
} civ_structured_parameters_t;

typedef struct civ_structured_item_t {
    civ_structured_bare_t bare;
    civ_structured_parameters_t parameters;
} civ_structured_item_t;

/** A member: an Item, or an Inner List of Items. */
typedef struct civ_structured_member_t {
    const char *key;   /**< in a Dictionary; NULL in a List */
    int is_inner_list; /**< items counts then, else bare */
    civ_structured_bare_t bare;
    const civ_structured_item_t *items;
    int item_count;
    civ_structured_parameters_t parameters; /**< of the Item, or of the Inner List as a whole */
} civ_structured_member_t;

/** A whole field. */
typedef struct civ_structured_field_t {
    civ_structured_kind_e kind;
    const civ_structured_member_t *members; /**< one for an Item */
    int count;
    /** A key of the Dictionary or of any Parameters came twice. RFC 8941 lets the last one win, and so it is here; who wants
     * to be sure that all readers see the same looks at this. */
    int has_repeats;
} civ_structured_field_t;

/**
 * Read a field. Strictly: what RFC 8941 leaves to readers (base64 without padding, or with bits behind its end) is refused.
 * @param text the field's lines joined with commas; not necessarily NUL-terminated
 * @param field on @a pool, with all that is in it; an empty Dictionary or List has no members
 * @return APR_SUCCESS; CIV_EINVALID when it is not of this kind, or beyond the limits
 */
apr_status_t civ_structured_parse(civ_structured_field_t **field, civ_structured_kind_e kind,
                                  const char *text, apr_size_t length, apr_pool_t *pool);

/** Write a field in its canonical form, which is what reading it again gives. */
void civ_structured_write(civ_buffer_t *out, const civ_structured_field_t *field);

/** Write the value of a member (without its key) with its parameters. */
void civ_structured_write_member(civ_buffer_t *out, const civ_structured_member_t *member);

/** Write an Item with its parameters. */
void civ_structured_write_item(civ_buffer_t *out, const civ_structured_item_t *item);

/** Write a Byte Sequence. */
void civ_structured_write_bytes(civ_buffer_t *out, const void *data, apr_size_t length);

/** The member of a Dictionary, or NULL. */
const civ_structured_member_t *civ_structured_get(const civ_structured_field_t *field, const char *key);

/** The value of a parameter, or NULL. */
const civ_structured_bare_t *civ_structured_parameter(const civ_structured_parameters_t *parameters,
                                                      const char *key);

/** The text of a String, or NULL when @a bare is NULL or something else. */
const char *civ_structured_string(const civ_structured_bare_t *bare);

#endif
