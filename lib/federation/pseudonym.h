/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pseudonym.h
 * Names that stand for an organisation: HMAC-SHA-256 under a secret of the network, another one for each purpose and quarter. A
 * bare hash of a name is no pseudonym, since whoever knows the names can compute it.
 */
#ifndef CIV_FEDERATION_PSEUDONYM_H
#define CIV_FEDERATION_PSEUDONYM_H

#include <apr_errno.h>
#include <apr_pools.h>

#define CIV_PSEUDONYM_KEY_SIZE 32

/** 32 hex digits and a NUL. */
#define CIV_PSEUDONYM_SIZE 33

typedef struct civ_pseudonym_key_t {
    unsigned char bytes[CIV_PSEUDONYM_KEY_SIZE];
} civ_pseudonym_key_t;

/** The first 16 bytes, in hex, of HMAC-SHA-256(key, "civarcos-fed-pseudonym/1" 0x1F context 0x1F name); returns @a out.
 *  @param context purpose, and where it has one, epoch: "evidence/2026Q1" */
char *civ_pseudonym(char out[CIV_PSEUDONYM_SIZE], const civ_pseudonym_key_t *key, const char *context,
                    const char *name);

/** The quarter of an instant (ms), in UTC: "2026Q1". On @a pool. */
const char *civ_pseudonym_epoch(apr_int64_t when, apr_pool_t *pool);

#endif
