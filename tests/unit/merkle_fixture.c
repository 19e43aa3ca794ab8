/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "unit/merkle_fixture.h"

#include "support/runner.h"

#include "base/encoding.h"
#include "base/merkle.h"

#include <apr_strings.h>

#include <string.h>

int merkle_is_hex(const civ_digest_t *digest, const char *hex)
{
    return strcmp(civ_digest_hex_dup(digest, test_pool()), hex) == 0;
}

void merkle_leaf_of_hex(civ_digest_t *out, const char *hex)
{
    apr_size_t length = strlen(hex) / 2;
    unsigned char *bytes = apr_palloc(test_pool(), length + 1);

    CU_ASSERT_EQUAL(civ_hex_decode(bytes, length, hex), APR_SUCCESS);
    civ_merkle_leaf(out, bytes, length);
}

civ_digest_t *merkle_byte_leaves(apr_size_t count)
{
    civ_digest_t *leaves = apr_palloc(test_pool(), count * sizeof(*leaves) + 1);
    apr_size_t i;

    for (i = 0; i < count; i++) {
        unsigned char byte = (unsigned char)i;

        civ_merkle_leaf(&leaves[i], &byte, 1);
    }
    return leaves;
}
