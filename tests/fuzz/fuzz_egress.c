/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_egress.c
 * URLs and where they lead: the first line is a base, the second a reference, the third an entry of the administrator's list.
 * What is taken is understood by libcurl's own parser in the same way, and nothing that is not public passes without a list.
 */
#include "fuzz/fuzz.h"

#include "sync/egress.h"

#include <curl/curl.h>

#include <apr_strings.h>
#include <string.h>

fuzz_target_fn fuzz_egress;

/* libcurl has a parser of its own since 7.62. */
static void compare(const civ_url_t *url, apr_pool_t *pool)
{
#if LIBCURL_VERSION_NUM >= 0x073e00
    CURLU *handle = curl_url();
    const char *expected = strchr(url->host, ':') ? apr_pstrcat(pool, "[", url->host, "]", NULL) : url->host;
    civ_address_t addresses[2];
    char *host = NULL;
    char *port = NULL;

    FUZZ_DEMAND(handle != NULL);
    if (curl_url_set(handle, CURLUPART_URL, url->text, CURLU_PATH_AS_IS) == CURLUE_OK) {
        FUZZ_DEMAND(curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK);
        FUZZ_DEMAND(curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK);
        FUZZ_DEMAND(apr_atoi64(port) == url->port);
        if (url->host[0] != '\0' && strchr(url->host, ':') != NULL) {
            /* An address may be written in several ways. */
            host[strlen(host) - 1] = '\0';
            FUZZ_DEMAND(civ_address_parse(&addresses[0], host + 1) == APR_SUCCESS &&
                        civ_address_parse(&addresses[1], url->host) == APR_SUCCESS &&
                        civ_address_equal(&addresses[0], &addresses[1]));
        } else {
            FUZZ_DEMAND(strcasecmp(host, expected) == 0);
        }
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(handle);
#else
    (void)url;
    (void)pool;
#endif
}

static void check_url(const civ_url_t *url, apr_pool_t *pool)
{
    const char *at;
    const char *reason;
    civ_url_t again;

    for (at = url->text; *at != '\0'; at++)
        FUZZ_DEMAND(*at > ' ' && *at < 0x7f && *at != '\\' && *at != '#');
    FUZZ_DEMAND(url->host[0] != '\0' && url->port >= 1 && url->port <= 65535);
    FUZZ_DEMAND(url->path >= url->text && url->path <= at);
    FUZZ_DEMAND(url->path[0] == '\0' || url->path[0] == '/' || url->path[0] == '?');
    FUZZ_DEMAND(civ_url_parse(&again, url->text, &reason, pool) == APR_SUCCESS);
    FUZZ_DEMAND(strcmp(again.text, url->text) == 0 && strcmp(again.host, url->host) == 0);
    FUZZ_DEMAND(civ_url_same_origin(url, &again) && civ_url_is_below(url, url) <= 1);
    compare(url, pool);
}

static void check_rules(const civ_url_t *url, const char *entry, apr_pool_t *pool)
{
    const char *const list[] = {entry, NULL};
    civ_egress_config_t config = {0};
    const char *reason = NULL;
    civ_address_t address;
    civ_egress_t *egress;
    int is_public;

    FUZZ_DEMAND(civ_egress_create(&egress, &config, &reason, pool) == APR_SUCCESS);
    is_public = civ_egress_check(egress, url, &reason, pool) == APR_SUCCESS;
    FUZZ_DEMAND(is_public || reason != NULL);
    if (is_public && url->is_literal) {
        FUZZ_DEMAND(civ_address_parse(&address, url->host) == APR_SUCCESS);
        FUZZ_DEMAND(civ_address_kind(&address) == NULL);
    }
    FUZZ_DEMAND(!is_public || url->is_https);
    /* What is allowed to everybody is not taken away by listing more. */
    config.allow = list;
    if (civ_egress_create(&egress, &config, &reason, pool) == APR_SUCCESS)
        FUZZ_DEMAND(!is_public || civ_egress_check(egress, url, &reason, pool) == APR_SUCCESS);
    else
        FUZZ_DEMAND(civ_egress_entry_fault(entry, pool) != NULL);
}

static void check_address(const char *text)
{
    char written[CIV_ADDRESS_SIZE];
    civ_address_t address;
    civ_address_t again;

    if (civ_address_parse(&address, text) != APR_SUCCESS)
        return;
    civ_address_format(written, &address);
    FUZZ_DEMAND(civ_address_parse(&again, written) == APR_SUCCESS && civ_address_equal(&address, &again));
    if (!address.is_ipv6) {
        memmove(address.bytes + 12, address.bytes, 4);
        memset(address.bytes, 0, 10);
        memset(address.bytes + 10, 0xff, 2);
        address.is_ipv6 = 1;
        FUZZ_DEMAND(civ_address_kind(&address) == civ_address_kind(&again));
    }
}

void fuzz_egress(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *base = fuzz_line(&data, &size, pool);
    const char *reference = fuzz_line(&data, &size, pool);
    const char *entry = fuzz_line(&data, &size, pool);
    const char *reason = NULL;
    civ_url_t resolved;
    civ_url_t url;

    check_address(base);
    check_address(entry);
    FUZZ_DEMAND(strlen(civ_url_encode(reference, pool)) >= strlen(reference));
    if (civ_url_parse(&url, base, &reason, pool) != APR_SUCCESS) {
        FUZZ_DEMAND(reason != NULL);
        return;
    }
    check_url(&url, pool);
    check_rules(&url, entry, pool);
    if (civ_url_resolve(&resolved, &url, reference, &reason, pool) == APR_SUCCESS) {
        check_url(&resolved, pool);
        FUZZ_DEMAND(!civ_url_is_below(&resolved, &url) || civ_url_same_origin(&resolved, &url));
    }
}
