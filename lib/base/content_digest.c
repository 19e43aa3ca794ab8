/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file content_digest.c
 * Content-Digest; as for digest.c, OpenSSL's low-level functions are used, which keep their state in plain structures.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/content_digest.h"

#include "base/buffer.h"
#include "base/structured_field.h"

#include <openssl/sha.h>

#include <string.h>

struct civ_content_hash_t {
    unsigned algorithms;
    apr_uint64_t length;
    SHA256_CTX sha256;
    SHA512_CTX sha512;
};

/* The algorithms that count, and where each has its digest. */
static const struct {
    const char *key;
    unsigned bit;
    apr_size_t size;
    apr_size_t offset;
} algorithms[] = {
    {"sha-256", CIV_CONTENT_SHA256, CIV_CONTENT_SHA256_SIZE, offsetof(civ_content_digests_t, sha256)},
    {"sha-512", CIV_CONTENT_SHA512, CIV_CONTENT_SHA512_SIZE, offsetof(civ_content_digests_t, sha512)},
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

civ_content_hash_t *civ_content_hash_begin(unsigned wanted, apr_pool_t *pool)
{
    civ_content_hash_t *hash = apr_pcalloc(pool, sizeof(*hash));

    hash->algorithms = wanted;
    SHA256_Init(&hash->sha256);
    SHA512_Init(&hash->sha512);
    return hash;
}

void civ_content_hash_add(civ_content_hash_t *hash, const void *data, apr_size_t length)
{
    hash->length += length;
    if (hash->algorithms & CIV_CONTENT_SHA256)
        SHA256_Update(&hash->sha256, data, length);
    if (hash->algorithms & CIV_CONTENT_SHA512)
        SHA512_Update(&hash->sha512, data, length);
}

void civ_content_hash_get(const civ_content_hash_t *hash, civ_content_digests_t *digests)
{
    civ_content_hash_t copy = *hash;

    memset(digests, 0, sizeof(*digests));
    digests->algorithms = hash->algorithms;
    digests->length = hash->length;
    if (hash->algorithms & CIV_CONTENT_SHA256)
        SHA256_Final(digests->sha256, &copy.sha256);
    if (hash->algorithms & CIV_CONTENT_SHA512)
        SHA512_Final(digests->sha512, &copy.sha512);
}

/* A Dictionary of Byte Sequences whose algorithms come once each: of two digests, different readers might look at different
 * ones. */
static const civ_structured_field_t *parse(const char *text, apr_pool_t *pool)
{
    civ_structured_field_t *field;
    int i;

    if (civ_structured_parse(&field, CIV_STRUCTURED_IS_DICTIONARY, text, strlen(text), pool) != APR_SUCCESS ||
        field->count == 0 || field->has_repeats)
        return NULL;
    for (i = 0; i < field->count; i++)
        if (field->members[i].is_inner_list || field->members[i].bare.type != CIV_STRUCTURED_BYTES)
            return NULL;
    return field;
}

unsigned civ_content_digest_algorithms(const char *text, apr_pool_t *pool)
{
    const civ_structured_field_t *field = text != NULL ? parse(text, pool) : NULL;
    unsigned found = 0;
    apr_size_t i;

    for (i = 0; field != NULL && i < ALGORITHMS; i++)
        if (civ_structured_get(field, algorithms[i].key) != NULL)
            found |= algorithms[i].bit;
    return found;
}

civ_content_verdict_e civ_content_digest_check(const char *text, const civ_content_digests_t *digests,
                                               apr_pool_t *pool)
{
    const civ_structured_field_t *field = parse(text, pool);
    civ_content_verdict_e verdict = CIV_CONTENT_UNSUPPORTED;
    apr_size_t i;

    if (field == NULL)
        return CIV_CONTENT_MALFORMED;
    for (i = 0; i < ALGORITHMS; i++) {
        const civ_structured_member_t *member = civ_structured_get(field, algorithms[i].key);

        if (member == NULL)
            continue;
        if (!(digests->algorithms & algorithms[i].bit) || member->bare.length != algorithms[i].size ||
            memcmp(member->bare.text, (const char *)digests + algorithms[i].offset, algorithms[i].size) != 0)
            return CIV_CONTENT_MISMATCH;
        verdict = CIV_CONTENT_MATCH;
    }
    return verdict;
}

const char *civ_content_digest_write(const void *data, apr_size_t length, apr_pool_t *pool)
{
    civ_content_hash_t *hash = civ_content_hash_begin(CIV_CONTENT_SHA256, pool);
    civ_content_digests_t digests;
    civ_buffer_t out;

    civ_content_hash_add(hash, data, length);
    civ_content_hash_get(hash, &digests);
    civ_buffer_init(&out, 64, pool);
    civ_buffer_append_text(&out, "sha-256=");
    civ_structured_write_bytes(&out, digests.sha256, sizeof(digests.sha256));
    return out.data;
}
