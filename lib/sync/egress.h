/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file egress.h
 * Which other servers may be connected to. Whoever may name a URL to this server could otherwise use it to reach what only this
 * server can: itself, its network, the metadata service of its cloud. So addresses that are not public are refused, whatever
 * they are written like and whatever name leads to them, unless the administrator has listed them; a caller of the API never
 * can.
 *
 * A URL is checked when it is configured (civ_egress_check), and each time before it is used: its name is looked up once
 * (civ_egress_resolve), every address that comes of it must be fit, and only these may then be connected to.
 */
#ifndef CIV_SYNC_EGRESS_H
#define CIV_SYNC_EGRESS_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "sync/url.h"

/** An IP address. IPv4 addresses are kept as such. */
typedef struct civ_address_t {
    int is_ipv6;
    unsigned char bytes[16]; /**< network order; the first 4 for IPv4 */
} civ_address_t;

/** Addresses of one name that are looked at; a name with more is refused. */
#define CIV_EGRESS_ADDRESSES 32

/** Characters of a written address and a NUL. */
#define CIV_ADDRESS_SIZE 46

/** Rules. Immutable once made, so that many threads may use them. */
typedef struct civ_egress_t civ_egress_t;

/**
 * Look up a name.
 * @param addresses room for @a most; filled with what was found
 * @param count how many there are, even if that is more than @a most
 * @return APR_SUCCESS; APR_NOTFOUND for a name without addresses; CIV_EINTERRUPTED; other errors
 */
typedef apr_status_t civ_egress_resolver_fn(void *baton, const char *name, civ_address_t *addresses, int most,
                                            int *count);

typedef struct civ_egress_config_t {
    /** What the administrator allows besides, ended by NULL, or NULL. Each is an address or a block of them ("10.1.0.0/16",
     *  "fd00::/8"), or the name of a host, which vouches for whatever the name leads to; a name or a single address may have a
     *  port (":8443", "[::1]:8080"), and then holds for that port alone, else for every port. Metadata services of clouds are
     *  allowed only by their very address or name, never by a block. */
    const char *const *allow;
    int plain_http;                   /**< whether http may be used with hosts that are not listed */
    civ_egress_resolver_fn *resolver; /**< NULL: the system's */
    void *resolver_baton;
} civ_egress_config_t;

/**
 * Make rules of a configuration. Everything is copied.
 * @param error on failure a sentence that names the entry at fault
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_egress_create(civ_egress_t **egress, const civ_egress_config_t *config, const char **error,
                               apr_pool_t *pool);

/** Whether an entry for civ_egress_config_t.allow is well-formed. @return NULL, or what is wrong with it, on @a pool */
const char *civ_egress_entry_fault(const char *entry, apr_pool_t *pool);

/**
 * Whether a URL may be used at all, as far as it can be said without looking up its name: scheme, port, name, literal address.
 * @param reason on failure a sentence's end for whoever gave the URL; on @a pool
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_egress_check(const civ_egress_t *egress, const civ_url_t *url, const char **reason,
                              apr_pool_t *pool);

/** Told while a name is being looked up, a few times a second; non-zero: give up. */
typedef int civ_egress_interrupted_fn(void *baton);

/**
 * Check a URL as civ_egress_check does, look up its name once, and check every address: a single one that is not fit refuses
 * the name.
 * @param addresses what may be connected to, and nothing else
 * @param interrupted NULL: never
 * @param reason on failure a sentence's end; on @a pool. It does not tell addresses
 * @return APR_SUCCESS; CIV_EINVALID when it is refused; CIV_EINTERRUPTED; APR_NOTFOUND or other errors where the look-up failed
 */
apr_status_t civ_egress_resolve(const civ_egress_t *egress, const civ_url_t *url,
                                civ_address_t addresses[CIV_EGRESS_ADDRESSES], int *count,
                                civ_egress_interrupted_fn *interrupted, void *baton, const char **reason,
                                apr_pool_t *pool);

/** What an address is that is not public ("a loopback address"), or NULL for a public one. Addresses that lead to an IPv4
 *  address (mapped, NAT64, 6to4) are what that one is. */
const char *civ_address_kind(const civ_address_t *address);

/** Read an address: IPv4 as four decimal numbers, or IPv6. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_address_parse(civ_address_t *address, const char *text);

/** Write an address. Returns @a out. */
char *civ_address_format(char out[CIV_ADDRESS_SIZE], const civ_address_t *address);

/** Whether two are the same address. */
int civ_address_equal(const civ_address_t *left, const civ_address_t *right);

#endif
