/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file key_cache.h
 * Keys of members as this process last read them. An entry counts as long as nobody is known to have joined, left or changed
 * a key since; a change still looks in its own transaction whether the key is in force.
 */
#ifndef CIV_FEDERATION_KEY_CACHE_H
#define CIV_FEDERATION_KEY_CACHE_H

#include <apr_pools.h>

#include "base/keys.h"

typedef struct civ_key_cache_t civ_key_cache_t;

/** An empty cache of fixed size, on @a pool. Its functions are thread-safe. */
apr_status_t civ_key_cache_create(civ_key_cache_t **cache, apr_pool_t *pool);

/**
 * @param key_id      thumbprint of the key
 * @param version     of the members, as it is now
 * @param key, owner  set on success: the raw key, and on @a pool the organisation that has it
 * @return APR_SUCCESS; APR_NOTFOUND: not kept, or under another version
 */
apr_status_t civ_key_cache_get(civ_key_cache_t *cache, const char *key_id, apr_int64_t version,
                               unsigned char key[CIV_KEY_PUBLIC_SIZE], const char **owner, apr_pool_t *pool);

/** Keep what was read. @param version of the members, as it was before the database was asked */
void civ_key_cache_put(civ_key_cache_t *cache, const char *key_id, apr_int64_t version,
                       const unsigned char key[CIV_KEY_PUBLIC_SIZE], const char *owner);

#endif
