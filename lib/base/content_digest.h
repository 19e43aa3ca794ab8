/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file content_digest.h
 * Content-Digest (RFC 9530): digests of a message's content as it was sent, after its Content-Encoding and before its
 * transfer coding. Only the two algorithms count that hold against an adversary, sha-256 and sha-512; others are passed over.
 */
#ifndef CIV_BASE_CONTENT_DIGEST_H
#define CIV_BASE_CONTENT_DIGEST_H

#include <apr_errno.h>
#include <apr_pools.h>

#define CIV_CONTENT_SHA256_SIZE 32
#define CIV_CONTENT_SHA512_SIZE 64

/** Algorithms, as bits. */
#define CIV_CONTENT_SHA256 1u
#define CIV_CONTENT_SHA512 2u
#define CIV_CONTENT_EVERY  (CIV_CONTENT_SHA256 | CIV_CONTENT_SHA512)

/** A hash at work over content that comes piece by piece. Used by one thread at a time. */
typedef struct civ_content_hash_t civ_content_hash_t;

/** What content comes to. */
typedef struct civ_content_digests_t {
    unsigned algorithms; /**< which of the two are there */
    unsigned char sha256[CIV_CONTENT_SHA256_SIZE];
    unsigned char sha512[CIV_CONTENT_SHA512_SIZE];
    apr_uint64_t length; /**< bytes of content */
} civ_content_digests_t;

/** What a Content-Digest field says of content. */
typedef enum civ_content_verdict_e {
    CIV_CONTENT_MATCH,       /**< one supported digest at least, and each of them is right */
    CIV_CONTENT_MISMATCH,    /**< a supported digest is wrong */
    CIV_CONTENT_UNSUPPORTED, /**< well-formed, but without sha-256 and sha-512 */
    CIV_CONTENT_MALFORMED    /**< no Dictionary of Byte Sequences, or an algorithm twice */
} civ_content_verdict_e;

/** Begin to hash, on @a pool. @param algorithms CIV_CONTENT_... bits */
civ_content_hash_t *civ_content_hash_begin(unsigned algorithms, apr_pool_t *pool);

/** Add @a length bytes. */
void civ_content_hash_add(civ_content_hash_t *hash, const void *data, apr_size_t length);

/** What was added so far; more may follow. */
void civ_content_hash_get(const civ_content_hash_t *hash, civ_content_digests_t *digests);

/** Which algorithms a field has digests of, so that only these need be computed; 0 where it is malformed. @param field may be
 *  NULL */
unsigned civ_content_digest_algorithms(const char *field, apr_pool_t *pool);

/**
 * Compare a field with content.
 * @param field all lines of Content-Digest, joined with commas
 * @param digests of the content; an algorithm that the field has and @a digests lacks is a mismatch
 */
civ_content_verdict_e civ_content_digest_check(const char *field, const civ_content_digests_t *digests,
                                               apr_pool_t *pool);

/** The field for content: "sha-256=:...:", on @a pool. */
const char *civ_content_digest_write(const void *data, apr_size_t length, apr_pool_t *pool);

#endif
