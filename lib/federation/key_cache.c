/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/key_cache.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <string.h>

#include "base/key_thumbprint.h"
#include "federation/members.h"

/** Keys that are kept at most. Each has one place, so two that fall on the same one take turns. */
#define PLACES 1024

typedef struct place_t {
    char key_id[CIV_KEY_THUMBPRINT_LENGTH + 1]; /**< "": nothing is kept here */
    char owner[CIV_ORGANIZATION_ID_SIZE + 1];
    unsigned char key[CIV_KEY_PUBLIC_SIZE];
    apr_int64_t version;
} place_t;

struct civ_key_cache_t {
    apr_thread_mutex_t *mutex;
    place_t places[PLACES];
};

apr_status_t civ_key_cache_create(civ_key_cache_t **cache, apr_pool_t *pool)
{
    *cache = apr_pcalloc(pool, sizeof(**cache));
    return apr_thread_mutex_create(&(*cache)->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
}

static place_t *place_of(civ_key_cache_t *cache, const char *key_id)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;

    return &cache->places[apr_hashfunc_default(key_id, &length) % PLACES];
}

apr_status_t civ_key_cache_get(civ_key_cache_t *cache, const char *key_id, apr_int64_t version,
                               unsigned char key[CIV_KEY_PUBLIC_SIZE], const char **owner, apr_pool_t *pool)
{
    const place_t *place = place_of(cache, key_id);
    apr_status_t status = APR_NOTFOUND;

    if (key_id[0] == '\0')
        return status;
    apr_thread_mutex_lock(cache->mutex);
    if (place->version == version && strcmp(place->key_id, key_id) == 0) {
        memcpy(key, place->key, CIV_KEY_PUBLIC_SIZE);
        *owner = apr_pstrdup(pool, place->owner);
        status = APR_SUCCESS;
    }
    apr_thread_mutex_unlock(cache->mutex);
    return status;
}

void civ_key_cache_put(civ_key_cache_t *cache, const char *key_id, apr_int64_t version,
                       const unsigned char key[CIV_KEY_PUBLIC_SIZE], const char *owner)
{
    place_t *place = place_of(cache, key_id);

    if (strlen(key_id) >= sizeof(place->key_id) || strlen(owner) >= sizeof(place->owner))
        return;
    apr_thread_mutex_lock(cache->mutex);
    apr_cpystrn(place->key_id, key_id, sizeof(place->key_id));
    apr_cpystrn(place->owner, owner, sizeof(place->owner));
    memcpy(place->key, key, CIV_KEY_PUBLIC_SIZE);
    place->version = version;
    apr_thread_mutex_unlock(cache->mutex);
}
