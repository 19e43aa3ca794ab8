/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file secret.c
 * Memory for secrets, by libsodium.
 */
#include "base/secret.h"

#include <sodium.h>

#include <string.h>

/* sodium_free() wipes. */
static apr_status_t give_back(void *memory)
{
    sodium_free(memory);
    return APR_SUCCESS;
}

void *civ_secret_alloc(apr_size_t length, apr_pool_t *pool)
{
    void *memory = sodium_init() < 0 ? NULL : sodium_malloc(length > 0 ? length : 1);

    if (memory == NULL)
        return NULL;
    memset(memory, 0, length);
    apr_pool_cleanup_register(pool, memory, give_back, apr_pool_cleanup_null);
    return memory;
}

char *civ_secret_dup(const char *text, apr_pool_t *pool)
{
    apr_size_t size = strlen(text) + 1;
    char *copy = civ_secret_alloc(size, pool);

    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void civ_secret_wipe(void *memory, apr_size_t length)
{
    sodium_memzero(memory, length);
}

int civ_secret_equal(const void *left, const void *right, apr_size_t length)
{
    return sodium_memcmp(left, right, length) == 0;
}
