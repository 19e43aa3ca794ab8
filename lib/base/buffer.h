/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file buffer.h
 * A byte buffer that grows on a pool. It doubles, so n appended bytes cost O(n) and at most 4n bytes of pool.
 */
#ifndef CIV_BASE_BUFFER_H
#define CIV_BASE_BUFFER_H

#include <apr_pools.h>

typedef struct civ_buffer_t {
    char *data;          /**< always NUL-terminated, though it may hold NULs itself */
    apr_size_t length;   /**< bytes in use, the final NUL not counted */
    apr_size_t capacity; /**< bytes allocated */
    apr_pool_t *pool;    /**< owns data */
} civ_buffer_t;

/** Start an empty buffer on @a pool with room for @a capacity bytes (a hint; 0 is fine). */
void civ_buffer_init(civ_buffer_t *buffer, apr_size_t capacity, apr_pool_t *pool);

/** Append @a length bytes. */
void civ_buffer_append(civ_buffer_t *buffer, const void *data, apr_size_t length);

/** Append a NUL-terminated string, without its NUL. */
void civ_buffer_append_text(civ_buffer_t *buffer, const char *text);

/** Append one byte. */
void civ_buffer_append_byte(civ_buffer_t *buffer, char byte);

/** Append what printf would write. Not for user data of unbounded length. Never uses a decimal point. */
void civ_buffer_append_format(civ_buffer_t *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Make sure @a extra more bytes fit, and return where they go; the caller adds to length what it wrote. */
char *civ_buffer_reserve(civ_buffer_t *buffer, apr_size_t extra);

#endif
