/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/pseudonym.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

#include "base/digest.h"
#include "base/encoding.h"

#define LABEL "civarcos-fed-pseudonym/1"

char *civ_pseudonym(char out[CIV_PSEUDONYM_SIZE], const civ_pseudonym_key_t *key, const char *context,
                    const char *name)
{
    const char *const parts[] = {LABEL, "\x1f", context, "\x1f", name};
    civ_digest_t digest;

    civ_digest_hmac(&digest, key->bytes, sizeof(key->bytes), parts, sizeof(parts) / sizeof(parts[0]));
    civ_hex_encode(out, digest.bytes, (CIV_PSEUDONYM_SIZE - 1) / 2);
    return out;
}

const char *civ_pseudonym_epoch(apr_int64_t when, apr_pool_t *pool)
{
    apr_time_exp_t time;

    if (apr_time_exp_gmt(&time, apr_time_from_msec(when)) != APR_SUCCESS)
        return "0000Q0";
    return apr_psprintf(pool, "%04dQ%d", time.tm_year + 1900, time.tm_mon / 3 + 1);
}
