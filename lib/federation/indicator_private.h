/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file indicator_private.h
 * What the files that recognise indicators share. Hosts are written in one place for all kinds that have one.
 */
#ifndef CIV_FEDERATION_INDICATOR_PRIVATE_H
#define CIV_FEDERATION_INDICATOR_PRIVATE_H

#include "federation/indicator.h"

/** Bytes of a domain name as text, at most (RFC 1035, without the root's dot). */
#define CIV_DOMAIN_LONGEST 253

/** @a text as an address, a network, or a domain name, and its flag. @return whether it is one */
int civ_indicator_address(civ_indicator_t *indicator, const char *text, apr_pool_t *pool);
int civ_indicator_network(civ_indicator_t *indicator, const char *text, apr_pool_t *pool);
int civ_indicator_domain(civ_indicator_t *indicator, const char *text, apr_pool_t *pool);

/** @a text as a URL. @return whether it is one */
int civ_indicator_url(civ_indicator_t *indicator, const char *text, apr_pool_t *pool);

/** Flags: of an address (4 or 16 bytes) or the network of its first @a bits, of a domain name in lower case, of a digest in
 *  lower case. */
civ_indicator_flag_e civ_indicator_flag_ipv4(const unsigned char *address, unsigned bits);
civ_indicator_flag_e civ_indicator_flag_ipv6(const unsigned char *address, unsigned bits);
civ_indicator_flag_e civ_indicator_flag_domain(const char *name);
civ_indicator_flag_e civ_indicator_flag_digest(const char *hex);

/** Take the defanging out of @a text, on @a pool. Doing it again changes nothing. */
char *civ_indicator_refang(const char *text, apr_pool_t *pool);

#endif
