/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file configuration.c
 * Reading configurations.
 */
#include "sync/platforms/configuration.h"

#include <apr_base64.h>
#include <apr_strings.h>
#include <string.h>

#include "base/secret.h"
#include "base/status.h"
#include "sync/url.h"

/** Bytes of a secret at most. */
#define SECRET_MOST 8192

apr_status_t civ_request_refuse(civ_problem_t *problem, const char *pointer, apr_pool_t *pool,
                                const char *sentence)
{
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, pointer, pool, "%s", sentence);
    return CIV_EINVALID;
}

apr_status_t civ_configuration_refuse(civ_problem_t *problem, const char *name, apr_pool_t *pool,
                                      const char *sentence)
{
    return civ_request_refuse(problem, apr_pstrcat(pool, "/config/", name, NULL), pool, sentence);
}

apr_status_t civ_configuration_secret(const char **secret, const civ_json_t *config, const char *name,
                                      civ_problem_t *problem, apr_pool_t *pool)
{
    *secret = civ_json_get_text(config, name);
    if (*secret == NULL || (*secret)[0] == '\0')
        return civ_configuration_refuse(problem, name, pool, apr_pstrcat(pool, name, " is missing", NULL));
    if (strlen(*secret) > SECRET_MOST || !civ_is_visible(*secret))
        return civ_configuration_refuse(
            problem, name, pool,
            apr_pstrcat(pool, name, " is too long, or has characters that no token has", NULL));
    return APR_SUCCESS;
}

apr_status_t civ_configuration_base(const char **base, const civ_json_t *config, const char *otherwise,
                                    civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_json_t *member = civ_json_get(config, "base_url");
    const char *text = civ_json_get_text(config, "base_url");
    const char *reason;
    apr_size_t length;
    civ_url_t url;

    if (member == NULL && otherwise != NULL) {
        *base = otherwise;
        return APR_SUCCESS;
    }
    if (text == NULL)
        return civ_configuration_refuse(problem, "base_url", pool, "base_url must be a URL");
    if (civ_url_parse(&url, text, &reason, pool) != APR_SUCCESS)
        return civ_configuration_refuse(problem, "base_url", pool, apr_psprintf(pool, "base_url %s", reason));
    if (strchr(url.text, '?') != NULL)
        return civ_configuration_refuse(problem, "base_url", pool, "base_url has a query");
    length = strlen(url.text);
    while (length > 0 && url.text[length - 1] == '/')
        length--;
    *base = apr_pstrmemdup(pool, url.text, length);
    return APR_SUCCESS;
}

static void add(apr_array_header_t *headers, const char *name, const char *value)
{
    civ_connector_header_t *header = apr_array_push(headers);

    header->name = name;
    header->value = value;
}

void civ_access_header(civ_connector_access_t *access, const char *name, const char *value)
{
    add(access->headers, name, value);
}

void civ_access_secret(civ_connector_access_t *access, const char *name, const char *prefix,
                       const char *secret, apr_pool_t *pool)
{
    apr_size_t size = strlen(prefix) + strlen(secret) + 1;
    char *value = civ_secret_alloc(size, pool);

    apr_snprintf(value, size, "%s%s", prefix, secret);
    add(access->secret_headers, name, value);
}

void civ_access_basic(civ_connector_access_t *access, const char *user, const char *password,
                      apr_pool_t *pool)
{
    apr_size_t size = strlen(user) + strlen(password) + 2;
    char *pair = civ_secret_alloc(size, pool);
    char *encoded = civ_secret_alloc((apr_size_t)apr_base64_encode_len((int)size), pool);

    apr_snprintf(pair, size, "%s:%s", user, password);
    apr_base64_encode(encoded, pair, (int)size - 1);
    civ_access_secret(access, "Authorization", "Basic ", encoded, pool);
}

int civ_is_visible(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text > '~')
            return 0;
    return 1;
}

int civ_is_commit(const char *text)
{
    apr_size_t length = strlen(text);

    return (length == 40 || length == 64) && text[strspn(text, "0123456789abcdef")] == '\0';
}

const char *civ_first_characters(const char *text, int most, apr_pool_t *pool)
{
    const char *at = text;

    while (*at != '\0') {
        if (((unsigned char)*at & 0xc0) != 0x80 && most-- == 0)
            return apr_pstrmemdup(pool, text, (apr_size_t)(at - text));
        at++;
    }
    return text;
}
