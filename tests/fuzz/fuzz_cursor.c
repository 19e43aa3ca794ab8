/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_cursor.c
 * A cursor leads back to the leaf it was made of, and no other text is taken for it.
 */
#include "fuzz/fuzz.h"

#include "mod_civarcos/cursor.h"

#include <string.h>

fuzz_target_fn fuzz_cursor;

void fuzz_cursor(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    apr_uint64_t leaf = 0;
    apr_uint64_t again = 0;

    if (civ_cursor_read(&leaf, text, pool) == APR_SUCCESS) {
        FUZZ_DEMAND(strcmp(civ_cursor_write(leaf, pool), text) == 0);
    }
    memcpy(&leaf, data, size < sizeof(leaf) ? size : sizeof(leaf));
    FUZZ_DEMAND(civ_cursor_read(&again, civ_cursor_write(leaf, pool), pool) == APR_SUCCESS && again == leaf);
}
