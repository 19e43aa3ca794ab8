/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/commitment.h"

#include "base/buffer.h"
#include "base/canonical.h"

#include <apr_general.h>

apr_status_t civ_commitment_salt(unsigned char salt[CIV_COMMITMENT_SALT_SIZE])
{
    return apr_generate_random_bytes(salt, CIV_COMMITMENT_SALT_SIZE);
}

apr_status_t civ_commitment(civ_digest_t *out, const unsigned char salt[CIV_COMMITMENT_SALT_SIZE],
                            const civ_json_t *content, apr_pool_t *pool)
{
    civ_buffer_t text;
    apr_pool_t *scratch;
    apr_status_t status;

    apr_pool_create(&scratch, pool);
    civ_buffer_init(&text, 1024, scratch);
    status = civ_canonical_write(&text, content);
    if (status == APR_SUCCESS) {
        civ_digest_sha256_two(out, salt, CIV_COMMITMENT_SALT_SIZE, text.data, text.length);
    }
    apr_pool_destroy(scratch);
    return status;
}
