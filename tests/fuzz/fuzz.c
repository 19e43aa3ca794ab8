/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "fuzz/fuzz.h"

#include <apr_general.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_TARGET(name) fuzz_target_fn fuzz_##name;
#include "fuzz_targets.inc"
#undef FUZZ_TARGET

#define FUZZ_TARGET(name) {#name, fuzz_##name},
const struct fuzz_target_t fuzz_targets[] = {
#include "fuzz_targets.inc"
    {NULL, NULL}};
#undef FUZZ_TARGET

void fuzz_run(const struct fuzz_target_t *target, const uint8_t *data, size_t size)
{
    static int is_started;
    apr_pool_t *pool;

    if (!is_started) {
        is_started = apr_initialize() == APR_SUCCESS;
    }
    FUZZ_DEMAND(is_started && apr_pool_create(&pool, NULL) == APR_SUCCESS);
    target->run(data, size, pool);
    apr_pool_destroy(pool);
}

static apr_pool_t *lasting_pool;

static void destroy_lasting_pool(void)
{
    apr_pool_destroy(lasting_pool);
}

apr_pool_t *fuzz_lasting_pool(void)
{
    if (lasting_pool == NULL) {
        FUZZ_DEMAND(apr_pool_create(&lasting_pool, NULL) == APR_SUCCESS);
        FUZZ_DEMAND(atexit(destroy_lasting_pool) == 0);
    }
    return lasting_pool;
}

void fuzz_finding(const char *file, int line, const char *text)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, text);
    abort();
}

static apr_status_t release(void *memory)
{
    free(memory);
    return APR_SUCCESS;
}

char *fuzz_text(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
    size_t length = nul ? (size_t)(nul - data) : size;
    char *text = malloc(length + 1);

    if (!text) {
        abort();
    }
    if (length) {
        memcpy(text, data, length);
    }
    text[length] = '\0';
    apr_pool_cleanup_register(pool, text, release, apr_pool_cleanup_null);
    return text;
}

char *fuzz_line(const uint8_t **data, size_t *size, apr_pool_t *pool)
{
    const uint8_t *end = *size ? memchr(*data, '\n', *size) : NULL;
    size_t length = end ? (size_t)(end - *data) : *size;
    char *line = fuzz_text(*data, length, pool);

    length += end != NULL;
    *data += length;
    *size -= length;
    return line;
}
