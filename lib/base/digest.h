/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file digest.h
 * SHA-256 (FIPS 180-4) by OpenSSL.
 */
#ifndef CIV_BASE_DIGEST_H
#define CIV_BASE_DIGEST_H

#include <apr_errno.h>
#include <apr_pools.h>

#define CIV_DIGEST_SIZE     32
#define CIV_DIGEST_HEX_SIZE 65 /**< 64 hex digits and a NUL */

typedef struct civ_digest_t {
    unsigned char bytes[CIV_DIGEST_SIZE];
} civ_digest_t;

/** SHA-256 of @a length bytes. Cannot fail but by lack of memory, which aborts. Thread-safe. */
void civ_digest_sha256(civ_digest_t *out, const void *data, apr_size_t length);

/** SHA-256 of two runs of bytes, one after the other, without joining them in memory. */
void civ_digest_sha256_two(civ_digest_t *out, const void *first, apr_size_t first_length, const void *second,
                           apr_size_t second_length);

/**
 * SHA-256 of all that can be read from an open file, from where it stands to its end. Memory is constant.
 * @param size how many bytes that was
 * @return APR_SUCCESS or an error of reading
 */
apr_status_t civ_digest_file(civ_digest_t *out, apr_uint64_t *size, int file);

/** Write the 64 lower-case hex digits and a NUL to @a out; returns @a out. */
char *civ_digest_hex(char out[CIV_DIGEST_HEX_SIZE], const civ_digest_t *digest);

/** The same on a pool. */
char *civ_digest_hex_dup(const civ_digest_t *digest, apr_pool_t *pool);

/** Read 64 lower-case hex digits. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_digest_from_hex(civ_digest_t *out, const char *hex);

/** Non-zero when both are equal. */
int civ_digest_equal(const civ_digest_t *left, const civ_digest_t *right);

#endif
