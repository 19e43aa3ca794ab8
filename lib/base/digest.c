/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file digest.c
 * SHA-256 through OpenSSL's low-level functions: for the 65 bytes of a Merkle node they take 0.11 us, where
 * EVP_Digest() takes 0.48 us (it looks the algorithm up each time) and 0.26 us with the algorithm looked up
 * beforehand, which would need global state. They are deprecated since OpenSSL 3.0, but not removed.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include "base/encoding.h"
#include "base/status.h"

#include <openssl/sha.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

void civ_digest_sha256(civ_digest_t *out, const void *data, apr_size_t length)
{
    civ_digest_sha256_two(out, data, length, NULL, 0);
}

void civ_digest_sha256_two(civ_digest_t *out, const void *first, apr_size_t first_length, const void *second,
                           apr_size_t second_length)
{
    SHA256_CTX context;

    SHA256_Init(&context);
    SHA256_Update(&context, first, first_length);
    SHA256_Update(&context, second, second_length);
    SHA256_Final(out->bytes, &context);
}

char *civ_digest_hex(char out[CIV_DIGEST_HEX_SIZE], const civ_digest_t *digest)
{
    civ_hex_encode(out, digest->bytes, CIV_DIGEST_SIZE);
    return out;
}

char *civ_digest_hex_dup(const civ_digest_t *digest, apr_pool_t *pool)
{
    return civ_digest_hex(apr_palloc(pool, CIV_DIGEST_HEX_SIZE), digest);
}

apr_status_t civ_digest_from_hex(civ_digest_t *out, const char *hex)
{
    return civ_hex_decode(out->bytes, CIV_DIGEST_SIZE, hex);
}

int civ_digest_equal(const civ_digest_t *left, const civ_digest_t *right)
{
    return memcmp(left->bytes, right->bytes, CIV_DIGEST_SIZE) == 0;
}

#define READ_AT_ONCE 65536

apr_status_t civ_digest_file(civ_digest_t *out, apr_uint64_t *size, int file)
{
    unsigned char buffer[READ_AT_ONCE];
    SHA256_CTX context;
    ssize_t got;

    *size = 0;
    SHA256_Init(&context);
    while ((got = read(file, buffer, sizeof(buffer))) != 0) {
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        SHA256_Update(&context, buffer, (size_t)got);
        *size += (apr_uint64_t)got;
    }
    SHA256_Final(out->bytes, &context);
    return APR_SUCCESS;
}
