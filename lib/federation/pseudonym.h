/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pseudonym.h
 * The names under which members are seen: HMAC-SHA-256 with the network's key, for one purpose and one quarter at a time, so
 * that records of different purposes or quarters cannot be joined. A bare hash would be no secret: names of organisations can
 * be guessed. Who holds the key can tell who is who, hence pseudonym, not anonymous.
 */
#ifndef CIV_FEDERATION_PSEUDONYM_H
#define CIV_FEDERATION_PSEUDONYM_H

#include <apr_errno.h>
#include <apr_pools.h>

#define CIV_PSEUDONYM_KEY_SIZE 32

/** 32 hex digits and a NUL. */
#define CIV_PSEUDONYM_SIZE 33

/** 16 hex digits and a NUL. */
#define CIV_PSEUDONYM_KEY_ID_SIZE 17

/** "2026Q1" and a NUL. */
#define CIV_EPOCH_SIZE 7

/** The network's key. Never changes, so that many threads may use it at once; wiped with its pool. */
typedef struct civ_pseudonym_key_t civ_pseudonym_key_t;

/** Make a new one from the system's random numbers. @return APR_SUCCESS or an error of those */
apr_status_t civ_pseudonym_key_generate(civ_pseudonym_key_t **key, apr_pool_t *pool);

/** One from given bytes, which are copied. */
civ_pseudonym_key_t *civ_pseudonym_key_from_bytes(const unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE],
                                                  apr_pool_t *pool);

/**
 * Read a key file: 32 bytes and nothing else.
 * @return APR_SUCCESS; APR_ENOENT; CIV_EINVALID when that is not what it holds, or all bytes are zero; APR_EACCES when others
 *         than the owner may read or write it (mode & 077); other errors of reading
 */
apr_status_t civ_pseudonym_key_load(civ_pseudonym_key_t **key, const char *path, apr_pool_t *pool);

/** Write the key file, mode 0600. @return APR_SUCCESS; APR_EEXIST when there is one, which stays; other errors of writing */
apr_status_t civ_pseudonym_key_save(const civ_pseudonym_key_t *key, const char *path, apr_pool_t *pool);

/** What tells this key from others and says nothing else about it, to be kept beside what was made with it; returns @a out. */
char *civ_pseudonym_key_id(char out[CIV_PSEUDONYM_KEY_ID_SIZE], const civ_pseudonym_key_t *key);

/**
 * The pseudonym of an organisation: the first 16 bytes of HMAC-SHA-256(key, "civarcos-fed-pseudonym/1" 0x1F context 0x1F id),
 * in lower-case hex; context is purpose, "/", epoch.
 * @param purpose such as "evidence", "benchmark", "threat"; no byte 0x1F in it
 * @param epoch as of civ_epoch_of
 * @param organization_id compared byte for byte: "ACME" and "acme" are two
 * @return @a out
 */
char *civ_pseudonym(char out[CIV_PSEUDONYM_SIZE], const civ_pseudonym_key_t *key, const char *purpose,
                    const char *epoch, const char *organization_id);

/** The quarter (UTC) of an instant in milliseconds since 1970; returns @a out. Clamped to the years 0001 to 9999. */
char *civ_epoch_of(char out[CIV_EPOCH_SIZE], apr_int64_t milliseconds);

#endif
