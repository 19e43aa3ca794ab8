/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file retry_key.h
 * Reading Idempotency-Key. Knows nothing of httpd.
 */
#ifndef CIV_RETRY_KEY_H
#define CIV_RETRY_KEY_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/digest.h"

/** Longest Idempotency-Key. */
#define CIV_RETRY_KEY_SIZE 255

/**
 * What stands for a key in the database: it is another one for another user, method or path.
 * @param user "" when nobody is logged in
 * @param path below the prefix
 * @param key the header as it was sent
 * @return APR_SUCCESS, or CIV_EINVALID when the key is not 1 to 255 printable ASCII characters
 */
apr_status_t civ_retry_key_read(civ_digest_t *digest, const char *user, const char *method, const char *path,
                                const char *key, apr_pool_t *pool);

#endif
