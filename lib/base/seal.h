/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file seal.h
 * Secrets at rest: AES-256-GCM (NIST SP 800-38D) by OpenSSL, with a random nonce of 96 bits for each, and bound to what they
 * belong to, so that a sealed secret cannot be moved to another place of the database. A key file may hold several keys, each
 * with an id: all open, so that keys can be changed without a moment in which something cannot be read.
 *
 * A sealed secret is text:
 *   v1.KEYID.BASE64URL(nonce, 12 bytes; ciphertext; tag, 16 bytes)
 * where KEYID is the first 8 bytes of SHA-256("civarcos-seal-key/1" 0x00 key) in hex. Associated data are "civarcos-seal/1", the
 * key's id, the owner and the field, each with its length (4 bytes, big-endian) before it.
 */
#ifndef CIV_BASE_SEAL_H
#define CIV_BASE_SEAL_H

#include <apr_errno.h>
#include <apr_pools.h>

#define CIV_SEAL_KEY_ID_SIZE 17 /**< 16 hex digits and a NUL */

/** Bytes of a secret at most. */
#define CIV_SEAL_MOST 65536

/** Keys that a file may hold. */
#define CIV_SEAL_KEYS_MOST 16

/** A ring of keys. Immutable once it is made, so that many threads may use it. */
typedef struct civ_seal_key_t civ_seal_key_t;

/** Make a ring of one new random key. It is wiped with @a pool. */
apr_status_t civ_seal_key_make(civ_seal_key_t **key, apr_pool_t *pool);

/** The same keys with a new one before them. @return APR_SUCCESS; APR_ENOSPC when the ring is full */
apr_status_t civ_seal_key_rotate(civ_seal_key_t **rotated, const civ_seal_key_t *key, apr_pool_t *pool);

/** How many keys there are. */
int civ_seal_key_count(const civ_seal_key_t *key);

/** With which of them a text was sealed: 0 for the newest, up to one less than there are; -1: with none of them, or it is no sealed text. */
int civ_seal_key_place(const civ_seal_key_t *key, const char *sealed);

/** Some of the keys, in the same order. @param places a bit (1 << place) for each, one at least */
apr_status_t civ_seal_key_pick(civ_seal_key_t **picked, const civ_seal_key_t *key, unsigned places,
                               apr_pool_t *pool);

/**
 * Read a key file: lines "civarcos-seal-key/1 KEYID HEX", the newest first; empty lines and those that begin with '#'
 * are passed over.
 * @return APR_SUCCESS; APR_ENOENT; APR_EACCES when others than the owner may read or write it; CIV_EINVALID when it is no such
 *         file, or a key is not what its id says; other errors of opening and reading
 */
apr_status_t civ_seal_key_load(civ_seal_key_t **key, const char *path, apr_pool_t *pool);

/** Write a new key file, mode 0600, durably. @return APR_SUCCESS; APR_EEXIST when there is one, which is left alone; other errors */
apr_status_t civ_seal_key_save(const civ_seal_key_t *key, const char *path, apr_pool_t *pool);

/** Put another ring in the place of the file, durably and at once: either the old or the new file is there. What was left beside it by
 *  one that was killed in the middle is removed, so there must not be two at a time. @return as civ_private_file_replace */
apr_status_t civ_seal_key_replace(const civ_seal_key_t *key, const char *path, apr_pool_t *pool);

/** The id of the newest key, which seals, 16 hex digits; lives as long as @a key. */
const char *civ_seal_key_id(const civ_seal_key_t *key);

/**
 * Seal a secret with the newest key.
 * @param owner whose it is, such as a connector's id
 * @param field which of the owner's, such as "token"
 * @param sealed text on @a pool
 * @return APR_SUCCESS; CIV_EINVALID when it is longer than CIV_SEAL_MOST; APR_EGENERAL when there is no randomness
 */
apr_status_t civ_seal(char **sealed, const civ_seal_key_t *key, const char *owner, const char *field,
                      const void *secret, apr_size_t length, apr_pool_t *pool);

/**
 * Open a sealed secret.
 * @param secret in memory that is wiped with @a pool, with a NUL behind it
 * @return APR_SUCCESS; APR_NOTFOUND when its key is not in the ring: the key file is another one than what it was sealed with;
 *         CIV_EINTEGRITY when it was changed, or belongs to another owner or field; CIV_EINVALID when it is no sealed secret
 */
apr_status_t civ_seal_open(char **secret, apr_size_t *length, const civ_seal_key_t *key, const char *owner,
                           const char *field, const char *sealed, apr_pool_t *pool);

#endif
