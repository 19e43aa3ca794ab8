/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_key.c
 * Keys as bytes and as PEM: what is taken in one form is the same in the other, and a private key fits its public half.
 */
#include "fuzz/fuzz.h"

#include "base/keys.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

fuzz_target_fn fuzz_key;

static const char message[] = "message";

static void check_public(const civ_public_key_t *key, apr_pool_t *pool)
{
    unsigned char nothing[CIV_KEY_SIGNATURE_SIZE] = {0};
    civ_public_key_t *again = NULL;
    const char *pem = civ_public_key_pem(key);

    FUZZ_DEMAND(civ_public_key_from_pem(&again, pem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(memcmp(civ_public_key_raw(again), civ_public_key_raw(key), CIV_KEY_PUBLIC_SIZE) == 0);
    FUZZ_DEMAND(civ_public_key_from_raw(&again, civ_public_key_raw(key), pool) == APR_SUCCESS);
    FUZZ_DEMAND(strcmp(civ_public_key_pem(again), pem) == 0);
    FUZZ_DEMAND(civ_public_key_verify(key, nothing, message, sizeof(message)) != APR_SUCCESS);
}

static void check_private(const civ_key_t *key, apr_pool_t *pool)
{
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE];
    const civ_public_key_t *public_half = civ_key_public(key);

    check_public(public_half, pool);
    FUZZ_DEMAND(civ_key_sign(key, signature, message, sizeof(message)) == APR_SUCCESS);
    FUZZ_DEMAND(civ_public_key_verify(public_half, signature, message, sizeof(message)) == APR_SUCCESS);
    FUZZ_DEMAND(civ_public_key_verify(public_half, signature, message, sizeof(message) - 1) != APR_SUCCESS);
}

/* A file that is nowhere but in memory. */
static void check_file(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    static char path[64];
    static int file = -1;
    civ_key_t *key = NULL;

    if (file < 0) {
        file = memfd_create("key", 0);
        FUZZ_DEMAND(file >= 0 && fchmod(file, 0600) == 0);
        apr_snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    }
    FUZZ_DEMAND(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    if (civ_key_load(&key, path, pool) == APR_SUCCESS) {
        check_private(key, pool);
    } else {
        FUZZ_DEMAND(key == NULL);
    }
}

void fuzz_key(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    civ_public_key_t *public_key = NULL;
    civ_key_t *key = NULL;

    if (civ_public_key_from_pem(&public_key, fuzz_text(data, size, pool), pool) == APR_SUCCESS) {
        check_public(public_key, pool);
    }
    if (size == CIV_KEY_PUBLIC_SIZE) {
        if (civ_public_key_from_raw(&public_key, data, pool) == APR_SUCCESS) {
            check_public(public_key, pool);
        }
        FUZZ_DEMAND(civ_key_from_seed(&key, data, pool) == APR_SUCCESS);
        check_private(key, pool);
    }
    check_file(data, size, pool);
}
