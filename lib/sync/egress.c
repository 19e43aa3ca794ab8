/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file egress.c
 * The rules of where to connect to: what the administrator has listed, and what is public.
 */
#include "sync/egress_private.h"

#include "base/status.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

typedef struct entry_t {
    const char *name; /* NULL: a block */
    civ_address_t block;
    int bits;
    int is_single; /* one address, not a block of them */
    int port;      /* 0: every port */
} entry_t;

struct civ_egress_t {
    entry_t *entries;
    int count;
    int plain_http;
    civ_egress_resolver_fn *resolver;
    void *resolver_baton;
};

/* --- entries of the list --- */

static apr_status_t read_block(entry_t *entry, const char *text, const char *slash, const char **fault,
                               apr_pool_t *pool)
{
    apr_size_t digits = strspn(slash + 1, "0123456789");
    int width;
    int bit;

    *fault = "is not an address, a slash and a number of bits";
    if (digits == 0 || digits > 3 || slash[1 + digits] != '\0' ||
        civ_address_parse(&entry->block, apr_pstrmemdup(pool, text, (apr_size_t)(slash - text))) !=
            APR_SUCCESS)
        return CIV_EINVALID;
    width = entry->block.is_ipv6 ? 128 : 32;
    entry->bits = (int)apr_atoi64(slash + 1);
    if (entry->bits > width)
        return CIV_EINVALID;
    for (bit = entry->bits; bit < width; bit++) {
        if (entry->block.bytes[bit / 8] >> (7 - bit % 8) & 1) {
            *fault = "has an address that is not the first of its block";
            return CIV_EINVALID;
        }
    }
    entry->is_single = entry->bits == width;
    return APR_SUCCESS;
}

/* A host, with or without a port: what may stand in a URL, and IPv6 addresses without brackets. */
static apr_status_t read_host(entry_t *entry, const char *text, const char **fault, apr_pool_t *pool)
{
    int is_bare = text[0] != '[' && strchr(text, ':') != strrchr(text, ':');
    const char *written = is_bare ? apr_pstrcat(pool, "[", text, "]", NULL) : text;
    const char *bracket = strrchr(written, ']');
    civ_url_t url;

    *fault = "is not the name or address of a host";
    if (text[strcspn(text, "/?#*")] != '\0')
        return CIV_EINVALID;
    if (civ_url_parse(&url, apr_pstrcat(pool, "http://", written, "/", NULL), fault, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    entry->port = strchr(bracket != NULL ? bracket : written, ':') != NULL ? url.port : 0;
    if (!url.is_literal) {
        entry->name = url.host;
        return APR_SUCCESS;
    }
    entry->is_single = 1;
    if (civ_address_parse(&entry->block, url.host) != APR_SUCCESS)
        return CIV_EINVALID;
    entry->bits = entry->block.is_ipv6 ? 128 : 32;
    return APR_SUCCESS;
}

static apr_status_t read_entry(entry_t *entry, const char *text, const char **fault, apr_pool_t *pool)
{
    const char *slash = strchr(text, '/');

    memset(entry, 0, sizeof(*entry));
    if (strstr(text, "://") != NULL) {
        *fault = apr_psprintf(pool, "is a URL: write the host without %.*s",
                              (int)(strstr(text, "://") + 3 - text), text);
        return CIV_EINVALID;
    }
    return slash != NULL ? read_block(entry, text, slash, fault, pool) : read_host(entry, text, fault, pool);
}

const char *civ_egress_entry_fault(const char *text, apr_pool_t *pool)
{
    entry_t entry;
    const char *fault;

    return read_entry(&entry, text, &fault, pool) == APR_SUCCESS ? NULL : fault;
}

apr_status_t civ_egress_create(civ_egress_t **egress, const civ_egress_config_t *config, const char **error,
                               apr_pool_t *pool)
{
    civ_egress_t *made = apr_pcalloc(pool, sizeof(*made));
    const char *fault;
    int i;

    while (config->allow != NULL && config->allow[made->count] != NULL)
        made->count++;
    made->entries = apr_pcalloc(pool, sizeof(*made->entries) * (apr_size_t)(made->count + 1));
    for (i = 0; i < made->count; i++) {
        if (read_entry(&made->entries[i], config->allow[i], &fault, pool) != APR_SUCCESS) {
            *error = apr_psprintf(pool, "\"%s\" %s", config->allow[i], fault);
            return CIV_EINVALID;
        }
    }
    made->plain_http = config->plain_http;
    made->resolver = config->resolver;
    made->resolver_baton = config->resolver_baton;
    *egress = made;
    return APR_SUCCESS;
}

/* --- names --- */

static const char *const metadata_names[] = {"metadata", "metadata.google.internal", "instance-data",
                                             "instance-data.ec2.internal"};

static int is_metadata_name(const char *host)
{
    apr_size_t i;

    for (i = 0; i < sizeof(metadata_names) / sizeof(metadata_names[0]); i++) {
        if (strcmp(host, metadata_names[i]) == 0)
            return 1;
    }
    return 0;
}

/* Whether a name is one that no public server has (RFC 6761, RFC 6762, RFC 8375, and what networks of organisations use). */
static int is_private_name(const char *host)
{
    static const char *const suffixes[] = {"localhost", "localdomain", "local", "internal", "intranet",
                                           "private",   "corp",        "home",  "lan",      "home.arpa"};
    apr_size_t length = strlen(host);
    apr_size_t i;

    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        apr_size_t suffix = strlen(suffixes[i]);

        if (length >= suffix && strcmp(host + length - suffix, suffixes[i]) == 0 &&
            (length == suffix || host[length - suffix - 1] == '.'))
            return 1;
    }
    return 0;
}

static int lists_name(const civ_egress_t *egress, const civ_url_t *url)
{
    int i;

    for (i = 0; !url->is_literal && i < egress->count; i++) {
        const entry_t *entry = &egress->entries[i];

        if (entry->name != NULL && strcmp(entry->name, url->host) == 0 &&
            (entry->port == 0 || entry->port == url->port))
            return 1;
    }
    return 0;
}

/* --- addresses --- */

static int entry_has(const entry_t *entry, const civ_address_t *address, int port)
{
    civ_address_t inner;

    if (entry->name != NULL || (entry->port != 0 && entry->port != port))
        return 0;
    if (civ_address_carried(&inner, address))
        address = &inner;
    return entry->block.is_ipv6 == address->is_ipv6 &&
           civ_address_in(address->bytes, entry->block.bytes, entry->bits);
}

static int lists_address(const civ_egress_t *egress, const civ_address_t *address, int port, int single_only)
{
    int i;

    for (i = 0; i < egress->count; i++) {
        if ((egress->entries[i].is_single || !single_only) && entry_has(&egress->entries[i], address, port))
            return 1;
    }
    return 0;
}

/* NULL, or what the address is that may not be connected to. */
static const char *address_fault(const civ_egress_t *egress, const civ_url_t *url,
                                 const civ_address_t *address, int is_listed)
{
    if (civ_address_is_metadata(address)) {
        if (lists_address(egress, address, url->port, 1) || (is_listed && is_metadata_name(url->host)))
            return NULL;
        return "the metadata service of a cloud";
    }
    if (is_listed || lists_address(egress, address, url->port, 0))
        return NULL;
    return civ_address_kind(address);
}

/* --- URLs --- */

static int is_usual_port(int port)
{
    return port == 443 || port == 8443 || port == 80 || port == 8080;
}

#define ADVICE "; only the administrator can allow it (CivarcosEgressAllow)"

apr_status_t civ_egress_check(const civ_egress_t *egress, const civ_url_t *url, const char **reason,
                              apr_pool_t *pool)
{
    int is_listed = lists_name(egress, url);
    civ_address_t address;

    *reason = NULL;
    if (url->is_literal) {
        const char *kind;

        if (civ_address_parse(&address, url->host) != APR_SUCCESS) {
            *reason = "has a host that cannot be read";
            return CIV_EINVALID;
        }
        is_listed = lists_address(egress, &address, url->port, 0);
        kind = address_fault(egress, url, &address, is_listed);
        if (kind != NULL)
            *reason = apr_psprintf(pool, "names %s%s", kind, ADVICE);
    } else if (!is_listed && (is_metadata_name(url->host) || is_private_name(url->host))) {
        *reason = "names a host of a private network; only the administrator can allow it, and has to list "
                  "the name "
                  "itself, since an address or block does not vouch for such names (CivarcosEgressAllow)";
    }
    if (*reason == NULL && !is_listed && !is_usual_port(url->port))
        *reason =
            apr_psprintf(pool, "has port %d, which is none of 443, 8443, 80 and 8080%s", url->port, ADVICE);
    if (*reason == NULL && !url->is_https && !is_listed && !egress->plain_http)
        *reason = "is plain http; only the administrator can allow that (CivarcosEgressAllow, or "
                  "CivarcosEgressPlainHttp for every host)";
    return *reason == NULL ? APR_SUCCESS : CIV_EINVALID;
}

static apr_status_t look_up(const civ_egress_t *egress, const civ_url_t *url, civ_address_t *addresses,
                            int *count, civ_egress_interrupted_fn *interrupted, void *baton)
{
    *count = 0;
    if (url->is_literal) {
        *count = 1;
        return civ_address_parse(addresses, url->host);
    }
    if (egress->resolver != NULL)
        return egress->resolver(egress->resolver_baton, url->host, addresses, CIV_EGRESS_ADDRESSES, count);
    return civ_egress_look_up(url->host, addresses, CIV_EGRESS_ADDRESSES, count, interrupted, baton);
}

apr_status_t civ_egress_resolve(const civ_egress_t *egress, const civ_url_t *url,
                                civ_address_t addresses[CIV_EGRESS_ADDRESSES], int *count,
                                civ_egress_interrupted_fn *interrupted, void *baton, const char **reason,
                                apr_pool_t *pool)
{
    apr_status_t status = civ_egress_check(egress, url, reason, pool);
    int is_listed = lists_name(egress, url);
    int i;

    if (status == APR_SUCCESS)
        status = look_up(egress, url, addresses, count, interrupted, baton);
    else
        return status;
    if (status == APR_SUCCESS && *count == 0)
        status = APR_NOTFOUND;
    if (status != APR_SUCCESS) {
        *reason = "has a host whose name could not be looked up";
        return status;
    }
    if (*count > CIV_EGRESS_ADDRESSES) {
        *reason = "has a host with too many addresses";
        return CIV_EINVALID;
    }
    for (i = 0; i < *count; i++) {
        const char *kind = address_fault(egress, url, &addresses[i], is_listed);

        if (kind != NULL) {
            *reason = apr_psprintf(pool, "has a host whose name leads to %s%s", kind, ADVICE);
            return CIV_EINVALID;
        }
    }
    return APR_SUCCESS;
}
