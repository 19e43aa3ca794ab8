/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file webhook_proof.c
 * How each platform proves a delivery.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/secret.h"
#include "base/status.h"
#include "sync/webhook.h"

/** Signatures of one delivery that are looked at: several while a secret is changed. */
#define SIGNATURES_MOST 8

/** Before the key of GitLab's signed webhooks. */
#define SIGNING_PREFIX "whsec_"

typedef struct secret_t {
    const char *bytes;
    apr_size_t length;
} secret_t;

/** What is asked: non-zero when the delivery is proven. @param why else set where more is known than that it is not */
typedef int prove_fn(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                     apr_pool_t *pool);

static const char *header(const civ_webhook_t *webhook, const char *name)
{
    return webhook->header(webhook->baton, name);
}

/* Texts of any length, without telling how long the secret one is. */
static int is_same(const char *given, apr_size_t given_length, const char *secret, apr_size_t length)
{
    civ_digest_t left, right;

    civ_digest_sha256(&left, given, given_length);
    civ_digest_sha256(&right, secret, length);
    return civ_secret_equal(left.bytes, right.bytes, CIV_DIGEST_SIZE);
}

/* --- HMAC of the body in hex --- */

static int hmac_is(const unsigned char given[CIV_DIGEST_SIZE], const secret_t *secret, const char *before,
                   const civ_webhook_t *webhook)
{
    crypto_auth_hmacsha256_state state;
    unsigned char expected[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret->bytes, secret->length);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)before, strlen(before));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)webhook->body, webhook->length);
    crypto_auth_hmacsha256_final(&state, expected);
    civ_secret_wipe(&state, sizeof(state));
    return civ_secret_equal(given, expected, sizeof(expected));
}

/* 64 hex digits of either case, and nothing behind them. */
static int read_hex(unsigned char out[CIV_DIGEST_SIZE], const char *text, apr_size_t length)
{
    int i;

    for (i = 0; length == 2 * CIV_DIGEST_SIZE && i < CIV_DIGEST_SIZE; i++) {
        int high = civ_hex_value(text[2 * i]);
        int low = civ_hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return 0;
        out[i] = (unsigned char)(high * 16 + low);
    }
    return length == 2 * CIV_DIGEST_SIZE;
}

/* "sha256=HEX"; the algorithm is read, since one of the headers once had SHA-1 in it. */
static int is_hub_signature(const char *value, const secret_t *secret, const civ_webhook_t *webhook)
{
    static const char prefix[] = "sha256=";
    unsigned char given[CIV_DIGEST_SIZE];

    return value != NULL && strncmp(value, prefix, sizeof(prefix) - 1) == 0 &&
           read_hex(given, value + sizeof(prefix) - 1, strlen(value) - (sizeof(prefix) - 1)) &&
           hmac_is(given, secret, "", webhook);
}

static int prove_github(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                        apr_pool_t *pool)
{
    (void)why;
    (void)pool;
    return is_hub_signature(header(webhook, "X-Hub-Signature-256"), secret, webhook);
}

static int prove_bitbucket(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                           apr_pool_t *pool)
{
    (void)why;
    (void)pool;
    return is_hub_signature(header(webhook, "X-Hub-Signature"), secret, webhook);
}

/* "v1=HEX,v2=..."; versions that are not known here are passed over. */
static int prove_circle_ci(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                           apr_pool_t *pool)
{
    const char *value = header(webhook, "circleci-signature");
    int i, proven = 0;

    (void)why;
    (void)pool;
    for (i = 0; value != NULL && *value != '\0' && i < SIGNATURES_MOST; i++) {
        unsigned char given[CIV_DIGEST_SIZE];
        apr_size_t length;

        value += strspn(value, " \t,");
        length = strcspn(value, " \t,");
        if (strncmp(value, "v1=", 3) == 0 && length > 3 && read_hex(given, value + 3, length - 3))
            proven |= hmac_is(given, secret, "", webhook);
        value += length;
    }
    return proven;
}

/* --- GitLab: the secret itself, or a signature over id, time and body --- */

/* One of "v1,BASE64 v1,BASE64". */
static int has_signature(const char *list, const secret_t *key, const char *before,
                         const civ_webhook_t *webhook, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, list), *last, *one;
    int i = 0, proven = 0;

    for (one = apr_strtok(rest, " ", &last); one != NULL && i < SIGNATURES_MOST;
         one = apr_strtok(NULL, " ", &last), i++) {
        unsigned char *given;
        apr_size_t length;

        if (strncmp(one, "v1,", 3) == 0 && civ_base64_decode(&given, &length, one + 3, pool) == APR_SUCCESS &&
            length == CIV_DIGEST_SIZE)
            proven |= hmac_is(given, key, before, webhook);
    }
    return proven;
}

static int is_fresh(const char *timestamp, apr_int64_t now)
{
    apr_size_t digits = strspn(timestamp, "0123456789");
    apr_int64_t sent;

    if (digits == 0 || digits > 12 || timestamp[digits] != '\0')
        return 0;
    sent = apr_atoi64(timestamp) * 1000;
    return sent >= now - CIV_WEBHOOK_TOLERANCE && sent <= now + CIV_WEBHOOK_TOLERANCE;
}

static int prove_signed(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                        apr_pool_t *pool)
{
    const char *id = header(webhook, "webhook-id");
    const char *timestamp = header(webhook, "webhook-timestamp");
    const char *signature = header(webhook, "webhook-signature");
    unsigned char *bytes;
    secret_t key = {NULL, 0};
    int proven;

    if (id == NULL || timestamp == NULL || signature == NULL ||
        civ_base64_decode(&bytes, &key.length, secret->bytes + strlen(SIGNING_PREFIX), pool) != APR_SUCCESS ||
        key.length == 0)
        return 0;
    key.bytes = (const char *)bytes;
    proven = has_signature(signature, &key, apr_pstrcat(pool, id, ".", timestamp, ".", NULL), webhook, pool);
    civ_secret_wipe(bytes, key.length);
    /* Who knows the secret may know what is wrong; nobody else is told. */
    if (proven && !is_fresh(timestamp, webhook->now)) {
        *why = "webhook-timestamp is more than five minutes off: compare the clocks";
        return 0;
    }
    return proven;
}

/* What the secret looks like decides, and never the delivery: who could choose would choose the weaker way. */
static int prove_gitlab(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                        apr_pool_t *pool)
{
    const char *token = header(webhook, "X-Gitlab-Token");

    if (strncmp(secret->bytes, SIGNING_PREFIX, strlen(SIGNING_PREFIX)) == 0)
        return prove_signed(secret, webhook, why, pool);
    return token != NULL && is_same(token, strlen(token), secret->bytes, secret->length);
}

/* --- HTTP's own authentication --- */

/* A secret without a user's name stands for the password of any. */
static int is_basic(const char *encoded, const secret_t *secret, apr_pool_t *pool)
{
    unsigned char *pair;
    apr_size_t length, user;
    int same;

    if (civ_base64_decode(&pair, &length, encoded, pool) != APR_SUCCESS)
        return 0;
    for (user = 0; user < length && pair[user] != ':'; user++)
        continue;
    if (user == length)
        return 0;
    user = memchr(secret->bytes, ':', secret->length) != NULL ? 0 : user + 1;
    same = is_same((const char *)pair + user, length - user, secret->bytes, secret->length);
    civ_secret_wipe(pair, length);
    return same;
}

/* The credentials of a scheme, whose name is of either case; NULL: of another one. */
static const char *credentials_of(const civ_webhook_t *webhook, const char *scheme)
{
    const char *value = header(webhook, "Authorization");
    apr_size_t length = strlen(scheme);

    if (value == NULL || strncasecmp(value, scheme, length) != 0 || value[length] != ' ')
        return NULL;
    return value + length + strspn(value + length, " ");
}

static int prove_azure(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                       apr_pool_t *pool)
{
    const char *basic = credentials_of(webhook, "Basic");

    (void)why;
    return basic != NULL && is_basic(basic, secret, pool);
}

/* Jenkins signs nothing: its plugins can send a URL's user and password, or a header that somebody has set. */
static int prove_jenkins(const secret_t *secret, const civ_webhook_t *webhook, const char **why,
                         apr_pool_t *pool)
{
    const char *bearer = credentials_of(webhook, "Bearer");

    return bearer != NULL ? is_same(bearer, strlen(bearer), secret->bytes, secret->length)
                          : prove_azure(secret, webhook, why, pool);
}

/* --- the table --- */

static const struct {
    const char *platform;
    prove_fn *prove;
    const char *lacking; /* what it looks like */
} proofs[] = {
    {"github", prove_github, "X-Hub-Signature-256 is not the signature of this body by webhook_secret"},
    {"gitlab", prove_gitlab, "X-Gitlab-Token is not webhook_secret, or webhook-signature is not by it"},
    {"bitbucket", prove_bitbucket, "X-Hub-Signature is not the signature of this body by webhook_secret"},
    {"azure_devops", prove_azure, "Authorization is not Basic with what webhook_secret says"},
    {"jenkins", prove_jenkins, "Authorization is not Basic or Bearer with what webhook_secret says"},
    {"circle_ci", prove_circle_ci, "circleci-signature is not the signature of this body by webhook_secret"},
};

apr_status_t civ_webhook_prove(const char *platform, const civ_json_t *secret, const civ_webhook_t *webhook,
                               civ_problem_t *problem, apr_pool_t *pool)
{
    secret_t bytes = {NULL, 0};
    const char *why = NULL;
    unsigned i;

    if (secret != NULL && secret->type == CIV_JSON_STRING) {
        bytes.bytes = secret->as.text.text;
        bytes.length = secret->as.text.length;
    }
    if (bytes.length == 0) {
        civ_problem_set(problem, CIV_PROBLEM_FORBIDDEN, pool,
                        "No deliveries are taken from this platform: its connector has no webhook_secret.");
        return CIV_EINVALID;
    }
    for (i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
        if (strcmp(proofs[i].platform, platform) != 0)
            continue;
        if (proofs[i].prove(&bytes, webhook, &why, pool))
            return APR_SUCCESS;
        civ_problem_set(problem, CIV_PROBLEM_FORBIDDEN, pool, "The delivery is not proven: %s.",
                        why != NULL ? why : proofs[i].lacking);
        return CIV_EINVALID;
    }
    civ_problem_set(problem, CIV_PROBLEM_FORBIDDEN, pool, "No deliveries are taken from this platform.");
    return CIV_EINVALID;
}
