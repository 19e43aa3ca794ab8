/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_canonical.c
 * The canonical form of any document is a document whose canonical form it is.
 */
#include "fuzz/fuzz.h"

#include "base/canonical.h"
#include "base/json.h"

#include <string.h>

fuzz_target_fn fuzz_canonical;

static const civ_json_limits_t limits = {1048576, 64, 100000, 1024};

static void check_document(const char *data, size_t size, apr_pool_t *pool)
{
    const civ_json_t *root, *again;
    civ_problem_t problem = {0};
    civ_buffer_t first, second;

    if (civ_json_parse(&root, data, size, &limits, &problem, pool) != APR_SUCCESS) {
        return;
    }
    civ_buffer_init(&first, size, pool);
    /* The reader takes no number that has no canonical form. */
    FUZZ_DEMAND(civ_canonical_write(&first, root) == APR_SUCCESS);
    if (civ_json_parse(&again, first.data, first.length, &limits, &problem, pool) != APR_SUCCESS) {
        FUZZ_DEMAND(first.length > limits.size);
        return;
    }
    civ_buffer_init(&second, first.length, pool);
    FUZZ_DEMAND(civ_canonical_write(&second, again) == APR_SUCCESS);
    FUZZ_DEMAND(first.length == second.length && memcmp(first.data, second.data, first.length) == 0);
}

/* The first bytes as a double: what is written reads back. */
static void check_number(const uint8_t *data, size_t size)
{
    char out[CIV_CANONICAL_NUMBER_SIZE];
    double value;

    if (size < sizeof(value)) {
        return;
    }
    memcpy(&value, data, sizeof(value));
    FUZZ_DEMAND(civ_canonical_number(out, value) != APR_SUCCESS || civ_canonical_read_number(out) == value);
}

void fuzz_canonical(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    check_number(data, size);
    check_document((const char *)data, size, pool);
}
