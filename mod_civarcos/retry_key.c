/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "retry_key.h"

#include "base/status.h"

#include <apr_strings.h>

#include <string.h>

/* Whom the key belongs to, what it is for, and the key, one line each; a user name holds no line feed that
 * could pass for another one, because lengths are part of it. */
apr_status_t civ_retry_key_read(civ_digest_t *digest, const char *user, const char *method, const char *path,
                                const char *key, apr_pool_t *pool)
{
    const char *scope;
    const char *byte;

    for (byte = key; *byte >= ' ' && *byte < 0x7f; byte++) {
        continue;
    }
    if (*byte || byte == key || byte - key > CIV_RETRY_KEY_SIZE) {
        return CIV_EINVALID;
    }
    scope = apr_psprintf(pool, "civarcos-idempotency/v1\n%" APR_SIZE_T_FMT " %s\n%s\n%s\n%s", strlen(user),
                         user, method, path, key);
    civ_digest_sha256(digest, scope, strlen(scope));
    return APR_SUCCESS;
}
