/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file seal_private.h
 * A ring of sealing keys, as seal.c and seal_file.c know it. Nobody else includes it.
 */
#ifndef CIV_BASE_SEAL_PRIVATE_H
#define CIV_BASE_SEAL_PRIVATE_H

#include "base/seal.h"

#define CIV_SEAL_KEY_BYTES 32

typedef struct civ_seal_slot_t {
    char id[CIV_SEAL_KEY_ID_SIZE];
    unsigned char key[CIV_SEAL_KEY_BYTES];
} civ_seal_slot_t;

struct civ_seal_key_t {
    int count;
    civ_seal_slot_t slots[CIV_SEAL_KEYS_MOST]; /**< the newest first */
};

/** An empty ring, in memory that is wiped with the pool; NULL where there is none. */
civ_seal_key_t *civ_seal_ring_alloc(apr_pool_t *pool);

/** Work out a slot's id. */
void civ_seal_ring_name(civ_seal_slot_t *slot);

#endif
