/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reading public keys in the forms that other tools write.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/key_json.h"
#include "base/status.h"

#define PEM_BEGIN "-----BEGIN "

static apr_status_t from_bytes(civ_public_key_t **key, const unsigned char *bytes, apr_size_t length,
                               apr_pool_t *pool)
{
    return length == CIV_KEY_PUBLIC_SIZE ? civ_public_key_from_raw(key, bytes, pool) : CIV_EINVALID;
}

static apr_status_t from_base64url(civ_public_key_t **key, const char *text, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length;

    if (civ_base64url_decode(&bytes, &length, text, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    return from_bytes(key, bytes, length, pool);
}

static apr_status_t from_text(civ_public_key_t **key, const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);
    unsigned char *bytes;

    if (strncmp(text, PEM_BEGIN, strlen(PEM_BEGIN)) == 0)
        return civ_public_key_from_pem(key, text, pool);
    if (civ_base64_decode(&bytes, &length, text, pool) == APR_SUCCESS)
        return from_bytes(key, bytes, length, pool);
    length = strlen(text);
    if (length > 0 && text[length - 1] == '=')
        text = apr_pstrndup(pool, text, length - 1);
    return from_base64url(key, text, pool);
}

static int is_text(const civ_json_t *object, const char *name, const char *expected)
{
    const char *text = civ_json_get_text(object, name);

    return text != NULL && strcmp(text, expected) == 0;
}

static apr_status_t from_jwk(civ_public_key_t **key, const civ_json_t *jwk, apr_pool_t *pool)
{
    const char *x = civ_json_get_text(jwk, "x");

    if (x == NULL || !is_text(jwk, "kty", "OKP") || !is_text(jwk, "crv", "Ed25519"))
        return CIV_EINVALID;
    return from_base64url(key, x, pool);
}

apr_status_t civ_public_key_from_json(civ_public_key_t **key, const civ_json_t *value, const char *pointer,
                                      civ_problem_t *problem, apr_pool_t *pool)
{
    apr_status_t status = CIV_EINVALID;

    if (value->type == CIV_JSON_OBJECT && civ_json_get(value, "d") != NULL) {
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, pointer, pool,
                           "This is a private key: it was sent to a server and must not be used any more");
        return CIV_EINVALID;
    }
    if (value->type == CIV_JSON_OBJECT)
        status = from_jwk(key, value, pool);
    else if (value->type == CIV_JSON_STRING && strlen(value->as.text.text) == value->as.text.length)
        status = from_text(key, value->as.text.text, pool);
    if (status == APR_SUCCESS)
        status = civ_public_key_check(*key);
    if (status != APR_SUCCESS)
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, pointer, pool,
                           "This is no usable Ed25519 public key in SPKI PEM, as 32 bytes in base64, or as "
                           "a JWK");
    return status;
}
