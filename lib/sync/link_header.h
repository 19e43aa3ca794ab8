/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file link_header.h
 * The Link header (RFC 8288): where the next page is. Thread-safe, no state.
 */
#ifndef CIV_SYNC_LINK_HEADER_H
#define CIV_SYNC_LINK_HEADER_H

#include <apr_pools.h>

/**
 * The target of the first link of a relation, byte for byte as it stands between '<' and '>': it may be relative, and nobody
 * has checked it yet. Names of parameters and relations compare without case; "rel" may hold several relations; of two "rel"
 * in one link the first counts; a link with an "anchor" is about something else and is passed over. What cannot be read ends
 * the field: links before it count.
 * @param field value of one Link line, or of several joined by commas; NULL: there is none
 * @return on @a pool, or NULL where there is no such link
 */
const char *civ_link_find(const char *field, const char *relation, apr_pool_t *pool);

#endif
