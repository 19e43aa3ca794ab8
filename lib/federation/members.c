/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reading members, and what an id and an endpoint must be.
 */
#include "federation/members.h"

#include <apr_strings.h>
#include <apr_uri.h>
#include <string.h>

#include "base/encoding.h"
#include "federation/members_private.h"

int civ_organization_id_is_valid(const char *id)
{
    apr_size_t length = strlen(id);

    if (length < 1 || length > CIV_ORGANIZATION_ID_SIZE || strcmp(id, ".") == 0 || strcmp(id, "..") == 0)
        return 0;
    return id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@-")] == '\0';
}

/* RFC 3986: what may stand in a URL at all, and in the hosts that are taken. */
#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define URL_BYTES    ALPHANUMERIC "-._~:/?#[]@!$&'()*+,;=%"
#define HEX_DIGITS   "0123456789ABCDEFabcdef"

static int is_spelled_well(const char *url)
{
    const char *escape;

    for (escape = strchr(url, '%'); escape != NULL; escape = strchr(escape + 1, '%'))
        if (strspn(escape + 1, HEX_DIGITS) < 2)
            return 0;
    return url[strspn(url, URL_BYTES)] == '\0';
}

/** A name, or an address (of IPv6: in brackets). Others read more into it than apr_uri does. */
static int host_is_plain(const apr_uri_t *uri)
{
    const char *bytes = uri->hostinfo[0] == '[' ? HEX_DIGITS ":." : ALPHANUMERIC "-._";

    return uri->hostname[strspn(uri->hostname, bytes)] == '\0';
}

/** apr_uri keeps 16 bits of it, whatever it is. */
static int port_is_good(const char *port)
{
    apr_size_t digits = strspn(port, "0123456789");

    return port[digits] == '\0' && apr_atoi64(port) >= 1 && apr_atoi64(port) <= 65535;
}

static const char *find_fault(const char *url, int plain_http, apr_pool_t *pool)
{
    apr_uri_t uri;

    if (strlen(url) > CIV_ENDPOINT_SIZE)
        return apr_psprintf(pool, "it is longer than %d characters", CIV_ENDPOINT_SIZE);
    if (!is_spelled_well(url))
        return "it has a character that no URL has";
    if (apr_uri_parse(pool, url, &uri) != APR_SUCCESS || uri.scheme == NULL || uri.hostname == NULL ||
        uri.hostname[0] == '\0')
        return "it is not an absolute URL";
    if (strcasecmp(uri.scheme, "https") != 0 && (!plain_http || strcasecmp(uri.scheme, "http") != 0))
        return plain_http ? "its scheme is neither https nor http" : "its scheme is not https";
    if (uri.user != NULL || uri.password != NULL || strchr(uri.hostinfo, '@') != NULL)
        return "it names a user";
    if (!host_is_plain(&uri))
        return "its host is neither a name nor an address";
    if (uri.fragment != NULL)
        return "it has a fragment";
    if (uri.port_str != NULL && uri.port_str[0] != '\0' && !port_is_good(uri.port_str))
        return "its port is not a number from 1 to 65535";
    return NULL;
}

apr_status_t civ_endpoint_check(const char *url, int plain_http, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = find_fault(url, plain_http, pool);

    if (fault == NULL)
        return APR_SUCCESS;
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, "/evidence_endpoint", pool,
                       "The endpoint cannot be used: %s", fault);
    return CIV_EINVALID;
}

const char *civ_rotation_text(const char *organization_id, const char *old_key_id, const char *new_key_id,
                              apr_pool_t *pool)
{
    return apr_pstrcat(pool, "civarcos-rotation/v1\n", organization_id, "\n", old_key_id, "\n", new_key_id,
                       "\n", NULL);
}

apr_status_t civ_federation_member(civ_federation_t *federation, const char *organization_id,
                                   civ_member_t *member, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *store = federation->config->store;
    civ_db_t *db;
    apr_status_t status = APR_NOTFOUND;

    /* Not every database takes what is no text. */
    if (civ_organization_id_is_valid(organization_id))
        status = civ_store_acquire(store, &db);
    if (status == APR_SUCCESS) {
        status = civ_member_find(db, organization_id, member, pool);
        civ_store_release(store, db);
    }
    if (status == APR_NOTFOUND) {
        civ_problem_set(problem, CIV_PROBLEM_NOT_FOUND, pool,
                        "No organisation with this id is or was in the federation");
        return status;
    }
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}

static const char *pem_of(const char *text, apr_pool_t *pool)
{
    civ_public_key_t *key;
    unsigned char *raw;
    apr_size_t length;

    if (civ_base64_decode(&raw, &length, text, pool) != APR_SUCCESS || length != CIV_KEY_PUBLIC_SIZE ||
        civ_public_key_from_raw(&key, raw, pool) != APR_SUCCESS)
        return "";
    return civ_public_key_pem(key);
}

apr_status_t civ_federation_member_keys(civ_federation_t *federation, const civ_member_t *member,
                                        civ_member_key_t *keys, int *count, civ_problem_t *problem,
                                        apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(member->number), civ_int(CIV_MEMBER_KEYS_MAX)};
    civ_rows_t *rows;
    apr_status_t status =
        civ_federation_select(federation, &civ_members_sql[SQL_KEYS_OF], arguments, 2, &rows, pool);

    *count = 0;
    if (status != APR_SUCCESS)
        return civ_federation_failed(problem, status, pool);
    while (civ_rows_next(rows) == APR_SUCCESS) {
        civ_member_key_t *key = &keys[(*count)++];

        key->key_id = apr_pstrdup(pool, civ_rows_text(rows, 0));
        key->pem = pem_of(civ_rows_text(rows, 1), pool);
        if (civ_rows_int(rows, 2, &key->valid_from) != APR_SUCCESS ||
            civ_rows_int(rows, 3, &key->valid_until) != APR_SUCCESS)
            return civ_federation_failed(problem, CIV_EDATABASE, pool);
        key->rotation = apr_pstrdup(pool, civ_rows_text(rows, 4));
    }
    return APR_SUCCESS;
}

static apr_status_t read_key(civ_federation_t *federation, const char *key_id,
                             unsigned char raw[CIV_KEY_PUBLIC_SIZE], const char **organization_id,
                             apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(key_id);
    unsigned char *bytes;
    apr_size_t length;
    civ_rows_t *rows;
    apr_status_t status =
        civ_federation_select(federation, &civ_members_sql[SQL_KEY_CURRENT], &argument, 1, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    if (civ_base64_decode(&bytes, &length, civ_rows_text(rows, 0), pool) != APR_SUCCESS ||
        length != CIV_KEY_PUBLIC_SIZE)
        return CIV_EDATABASE;
    memcpy(raw, bytes, CIV_KEY_PUBLIC_SIZE);
    *organization_id = apr_pstrdup(pool, civ_rows_text(rows, 1));
    return APR_SUCCESS;
}

apr_status_t civ_federation_key(civ_federation_t *federation, const char *key_id,
                                unsigned char raw[CIV_KEY_PUBLIC_SIZE], const char **organization_id,
                                apr_pool_t *pool)
{
    const civ_federation_config_t *config = federation->config;
    apr_int64_t version;
    apr_status_t status;

    if (config->members_version == NULL)
        return read_key(federation, key_id, raw, organization_id, pool);
    /* Before the database is asked: who changes it meanwhile makes what is kept old at once. */
    version = config->members_version(config->baton);
    status = civ_key_cache_get(federation->keys, key_id, version, raw, organization_id, pool);
    if (status == APR_SUCCESS)
        return status;
    status = read_key(federation, key_id, raw, organization_id, pool);
    if (status == APR_SUCCESS)
        civ_key_cache_put(federation->keys, key_id, version, raw, *organization_id);
    return status;
}

/** A page ends early when what its members say of themselves has so many bytes; so few are read at once. */
#define PAGE_BYTES   (2 * 1024 * 1024)
#define ROWS_AT_ONCE 64

/* Go on with a page where it ends. */
static apr_status_t read_some(civ_db_t *db, apr_int64_t after, int limit, civ_member_page_t *page,
                              apr_size_t *bytes, apr_pool_t *pool)
{
    int some = limit - page->count < ROWS_AT_ONCE ? limit - page->count : ROWS_AT_ONCE;
    int end = page->count + some;
    const civ_argument_t arguments[] = {
        civ_int(page->count > 0 ? page->members[page->count - 1].number : after), civ_int(some + 1)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_members_sql[SQL_MEMBERS_PAGE], arguments, 2, &rows, pool);

    page->more = 0;
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_member_t *member = &page->members[page->count];

        if (page->count == end) {
            page->more = 1;
            break;
        }
        status = civ_member_read(member, rows, pool);
        if (status == APR_SUCCESS) {
            *bytes += strlen(member->metadata) + strlen(member->endpoint);
            page->count++;
        }
    }
    return status;
}

apr_status_t civ_federation_members(civ_federation_t *federation, apr_int64_t after, int limit,
                                    civ_member_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *store = federation->config->store;
    apr_size_t bytes = 0;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    memset(page, 0, sizeof(*page));
    if (status != APR_SUCCESS)
        return civ_federation_failed(problem, status, pool);
    page->members = apr_pcalloc(pool, (apr_size_t)limit * sizeof(*page->members));
    do {
        status = read_some(db, after, limit, page, &bytes, pool);
    } while (status == APR_SUCCESS && page->more && page->count < limit && bytes < PAGE_BYTES);
    civ_store_release(store, db);
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}
