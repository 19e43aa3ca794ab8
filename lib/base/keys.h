/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file keys.h
 * Ed25519 (RFC 8032) keys and their files: PKCS#8 PEM (RFC 8410), mode 0600.
 */
#ifndef CIV_BASE_KEYS_H
#define CIV_BASE_KEYS_H

#include <apr_errno.h>
#include <apr_pools.h>

#define CIV_KEY_PUBLIC_SIZE    32
#define CIV_KEY_SIGNATURE_SIZE 64

/** A private key with its public half. Immutable, so it may be used by many threads at once. */
typedef struct civ_key_t civ_key_t;

/** A public key alone. Immutable as well. */
typedef struct civ_public_key_t civ_public_key_t;

/** Make a new key. It is freed (and wiped) with @a pool. */
apr_status_t civ_key_generate(civ_key_t **key, apr_pool_t *pool);

/** Read a key from 32 bytes of RFC 8032 seed. */
apr_status_t civ_key_from_seed(civ_key_t **key, const unsigned char seed[32], apr_pool_t *pool);

/**
 * Read a private key from a PEM file.
 * @return APR_SUCCESS; APR_ENOENT when the file is missing; CIV_EINVALID when it is no Ed25519 private key;
 *         APR_EACCES when others than the owner may read or write it (mode & 077); other errors of opening
 * and reading
 */
apr_status_t civ_key_load(civ_key_t **key, const char *path, apr_pool_t *pool);

/**
 * Write a private key to a new PEM file, mode 0600, durably: written to a temporary file, synced, linked to
 * its name without replacing anything, and the folder synced.
 * @return APR_SUCCESS; APR_EEXIST when @a path is there already (it is left alone); other I/O errors
 */
apr_status_t civ_key_save(const civ_key_t *key, const char *path, apr_pool_t *pool);

/** Sign @a length bytes. Thread-safe. */
apr_status_t civ_key_sign(const civ_key_t *key, unsigned char signature[CIV_KEY_SIGNATURE_SIZE],
                          const void *data, apr_size_t length);

/** The public half; it lives as long as @a key. */
const civ_public_key_t *civ_key_public(const civ_key_t *key);

/** A public key from its 32 raw bytes. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_public_key_from_raw(civ_public_key_t **key, const unsigned char raw[CIV_KEY_PUBLIC_SIZE],
                                     apr_pool_t *pool);

/** A public key from SPKI PEM. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_public_key_from_pem(civ_public_key_t **key, const char *pem, apr_pool_t *pool);

/** Whether its bytes are the canonical encoding of a point of the curve. (That its order is not small is known already.) A key
 * that fails cannot verify anything. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_public_key_check(const civ_public_key_t *key);

/** The 32 raw bytes; they live as long as @a key. */
const unsigned char *civ_public_key_raw(const civ_public_key_t *key);

/** SPKI PEM, ending in LF; lives as long as @a key. */
const char *civ_public_key_pem(const civ_public_key_t *key);

/** @return APR_SUCCESS when the signature is good, else CIV_EINVALID. Thread-safe. */
apr_status_t civ_public_key_verify(const civ_public_key_t *key,
                                   const unsigned char signature[CIV_KEY_SIGNATURE_SIZE], const void *data,
                                   apr_size_t length);

/** The same with the 32 raw bytes of a key, which costs no more than the verification itself. Refused as well are keys of small
 *  order and what is not the canonical encoding of key or signature. Thread-safe. */
apr_status_t civ_public_key_verify_raw(const unsigned char raw[CIV_KEY_PUBLIC_SIZE],
                                       const unsigned char signature[CIV_KEY_SIGNATURE_SIZE],
                                       const void *data, apr_size_t length);

#endif
