/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_webhook.c
 * Deliveries that anybody may send: a line with a digit for the platform, one for each header but Content-Type, one for that, and the
 * body. Nothing is proven without the secret, what is signed with it is, and what is read keeps to its bounds.
 */
#include "fuzz/fuzz.h"

#include "base/encoding.h"
#include "sync/webhook.h"

#include <apr_strings.h>
#include <sodium.h>

#include <string.h>

fuzz_target_fn fuzz_webhook;

#define SECRET "0c1d7f6e-9a41-of-no-input"

static const char *const platforms[] = {"github",       "gitlab",  "bitbucket",
                                        "azure_devops", "jenkins", "circle_ci"};

typedef struct headers_t {
    const char *type, *others;
} headers_t;

static const char *find(const void *baton, const char *name)
{
    const headers_t *headers = baton;

    return strcmp(name, "Content-Type") == 0 ? headers->type : headers->others;
}

static int is_proven(const char *platform, const char *secret, const civ_webhook_t *webhook, apr_pool_t *pool)
{
    civ_json_t text = {.type = CIV_JSON_STRING};
    civ_problem_t problem;

    text.as.text.text = secret;
    text.as.text.length = strlen(secret);
    return civ_webhook_prove(platform, &text, webhook, &problem, pool) == APR_SUCCESS;
}

/* As GitHub and Bitbucket do. */
static const char *sign(const civ_webhook_t *webhook, apr_pool_t *pool)
{
    unsigned char digest[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    char hex[2 * sizeof(digest) + 1];

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)SECRET, strlen(SECRET));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)webhook->body, webhook->length);
    crypto_auth_hmacsha256_final(&state, digest);
    civ_hex_encode(hex, digest, sizeof(digest));
    return apr_pstrcat(pool, "sha256=", hex, NULL);
}

static void check_hint(const char *platform, const civ_webhook_t *webhook, apr_pool_t *pool)
{
    civ_webhook_hint_t hint, again;
    civ_problem_t problem;
    int i;

    if (civ_webhook_read(&hint, platform, webhook, &problem, pool) != APR_SUCCESS)
        return;
    FUZZ_DEMAND(hint.name_count <= CIV_WEBHOOK_NAMES && hint.mark_count <= 2);
    for (i = 0; i < hint.name_count; i++)
        FUZZ_DEMAND(hint.names[i][0] != '\0' && strlen(hint.names[i]) <= 512);
    FUZZ_DEMAND(civ_webhook_read(&again, platform, webhook, &problem, pool) == APR_SUCCESS);
    FUZZ_DEMAND(again.mark_count == hint.mark_count && again.name_count == hint.name_count);
    for (i = 0; i < hint.mark_count; i++)
        FUZZ_DEMAND(civ_digest_equal(&again.marks[i], &hint.marks[i]));
}

void fuzz_webhook(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *platform = platforms[(unsigned char)fuzz_line(&data, &size, pool)[0] % 6];
    headers_t headers;
    civ_webhook_t webhook;

    headers.others = fuzz_line(&data, &size, pool);
    headers.type = fuzz_line(&data, &size, pool);
    webhook.header = find;
    webhook.baton = &headers;
    webhook.body = (const char *)data;
    webhook.length = size;
    webhook.now = apr_atoi64(headers.others) % APR_INT64_C(1000000000000) * 1000;
    FUZZ_DEMAND(!is_proven(platform, SECRET, &webhook, pool));
    FUZZ_DEMAND(!is_proven(platform, "whsec_MGMxZDdmNmUtOWE0MS1vZi1uby1pbnB1dA==", &webhook, pool));
    FUZZ_DEMAND(!is_proven(platform, "", &webhook, pool));
    check_hint(platform, &webhook, pool);
    headers.others = sign(&webhook, pool);
    FUZZ_DEMAND(is_proven("github", SECRET, &webhook, pool) &&
                is_proven("bitbucket", SECRET, &webhook, pool));
}
