/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file canonical.h
 * The JSON Canonicalization Scheme, RFC 8785. Independent of the process's locale.
 */
#ifndef CIV_BASE_CANONICAL_H
#define CIV_BASE_CANONICAL_H

#include "base/buffer.h"
#include "base/json.h"

/** Room for any canonical number and a NUL. */
#define CIV_CANONICAL_NUMBER_SIZE 32

/** Append the canonical form of @a value.
 *  @return APR_SUCCESS, or CIV_EINVALID when a number is not finite */
apr_status_t civ_canonical_write(civ_buffer_t *out, const civ_json_t *value);

/** ECMAScript's Number-to-String (shortest digits that read back, the closest of these, -0 as 0).
 *  @return APR_SUCCESS, or CIV_EINVALID when @a value is not finite */
apr_status_t civ_canonical_number(char out[CIV_CANONICAL_NUMBER_SIZE], double value);

/** The value of a JSON number literal, whatever the locale; overflow gives an infinity. */
double civ_canonical_read_number(const char *literal);

/** Order of two names by UTF-16 code units, as RFC 8785 section 3.2.3 sorts members: <0, 0 or >0. Both UTF-8.
 */
int civ_canonical_compare_names(const char *left, apr_size_t left_length, const char *right,
                                apr_size_t right_length);

#endif
