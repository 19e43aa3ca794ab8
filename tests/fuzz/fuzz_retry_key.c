/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_retry_key.c
 * Idempotency-Key: two requests have the same key in the database only when user, method, path and key are the same.
 */
#include "fuzz/fuzz.h"

#include "mod_civarcos/retry_key.h"

#include <string.h>

fuzz_target_fn fuzz_retry_key;

typedef struct request_t {
    const char *user;
    const char *method;
    const char *path;
    const char *key;
} request_t;

static int is_key(const char *key)
{
    size_t length = strlen(key);
    size_t i;

    for (i = 0; i < length; i++) {
        if (key[i] < 0x20 || key[i] > 0x7e) {
            return 0;
        }
    }
    return length >= 1 && length <= CIV_RETRY_KEY_SIZE;
}

/* Fields end at a NUL, as the headers of a request do. */
static const char *next_field(const uint8_t **data, size_t *size, apr_pool_t *pool)
{
    const char *text = fuzz_text(*data, *size, pool);
    size_t used = strlen(text) < *size ? strlen(text) + 1 : *size;

    *data += used;
    *size -= used;
    return text;
}

static int read_request(civ_digest_t *digest, const request_t *request, apr_pool_t *pool)
{
    apr_status_t status =
        civ_retry_key_read(digest, request->user, request->method, request->path, request->key, pool);

    FUZZ_DEMAND((status == APR_SUCCESS) == is_key(request->key));
    return status == APR_SUCCESS;
}

void fuzz_retry_key(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    static const char *const methods[] = {"POST", "DELETE"};
    civ_digest_t digests[2];
    request_t requests[2];
    int taken = 1;
    int i;

    for (i = 0; i < 2; i++) {
        requests[i].method = methods[size > 0 && (data[0] >> i & 1)];
        requests[i].user = next_field(&data, &size, pool);
        requests[i].path = next_field(&data, &size, pool);
        requests[i].key = next_field(&data, &size, pool);
        taken &= read_request(&digests[i], &requests[i], pool);
    }
    if (taken) {
        FUZZ_DEMAND(civ_digest_equal(&digests[0], &digests[1]) ==
                    (strcmp(requests[0].user, requests[1].user) == 0 &&
                     requests[0].method == requests[1].method &&
                     strcmp(requests[0].path, requests[1].path) == 0 &&
                     strcmp(requests[0].key, requests[1].key) == 0));
    }
}
