/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file encoding.h
 * Hex and base64, strict on input: no white space, no missing or stray padding, no non-zero trailing bits.
 */
#ifndef CIV_BASE_ENCODING_H
#define CIV_BASE_ENCODING_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Write 2 * @a length lower-case hex digits and a NUL to @a out. */
void civ_hex_encode(char *out, const void *data, apr_size_t length);

/** Read exactly @a length bytes from the 2 * @a length hex digits (lower case only) that make up all of @a
 * text.
 *  @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_hex_decode(void *out, apr_size_t length, const char *text);

/** The value of one hex digit of either case, as in percent-encoding (RFC 3986); -1: it is none. */
int civ_hex_value(char digit);

/** Standard base64 with padding (RFC 4648 section 4), NUL-terminated, on @a pool. */
char *civ_base64_encode(const void *data, apr_size_t length, apr_pool_t *pool);

/** Decode standard padded base64 into @a pool. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_base64_decode(unsigned char **out, apr_size_t *length, const char *text, apr_pool_t *pool);

/** base64url without padding (RFC 4648 section 5), NUL-terminated, on @a pool. */
char *civ_base64url_encode(const void *data, apr_size_t length, apr_pool_t *pool);

/** Decode unpadded base64url into @a pool. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_base64url_decode(unsigned char **out, apr_size_t *length, const char *text,
                                  apr_pool_t *pool);

#endif
