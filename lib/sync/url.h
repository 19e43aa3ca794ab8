/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file url.h
 * URLs of http and https (RFC 3986), read strictly: what two programs could understand differently is refused, so that what
 * was checked is what is connected to. Nothing is ever decoded or encoded again on the way: the path goes to the wire as it
 * came. Thread-safe, no state.
 */
#ifndef CIV_SYNC_URL_H
#define CIV_SYNC_URL_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Bytes of a URL at most. */
#define CIV_URL_MOST 8192

typedef struct civ_url_t {
    const char *text; /**< all of it without a fragment; what goes to the wire */
    int is_https;
    const char *host; /**< lower case, no brackets */
    int is_literal;   /**< host is an IPv4 address of four decimal numbers, or an IPv6 address */
    int port;         /**< the scheme's where the URL has none */
    const char *path; /**< within text: from the first '/' behind the host on, query included; may be "" */
} civ_url_t;

/**
 * Read an absolute URL. Refused: other schemes; user names; control characters, spaces, backslashes and anything beyond ASCII;
 * empty hosts; hosts that are not made of letters, digits, '-', '.' and '_', or have an empty label, also a last one; IPv4 addresses that are not four decimal numbers
 * (octal, hexadecimal, one number); IPv6 zones; ports beyond 1 to 65535. A fragment is cut off.
 * @param reason on failure a sentence's end, such as "has a user name", that does not repeat the URL; static
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_url_parse(civ_url_t *url, const char *text, const char **reason, apr_pool_t *pool);

/** As civ_url_parse with a reference that may be relative to @a base (RFC 3986 section 5.2). */
apr_status_t civ_url_resolve(civ_url_t *url, const civ_url_t *base, const char *reference,
                             const char **reason, apr_pool_t *pool);

/** Whether scheme, host and port are the same. */
int civ_url_same_origin(const civ_url_t *left, const civ_url_t *right);

/**
 * Whether @a url is of @a base's origin and below its path. A base "https://h/api/v3" has "https://h/api/v3/x",
 * "https://h/api/v3" and "https://h/api/v3?x" below it, but not "https://h/api/v30". A path with "." or ".." segments, also
 * encoded ones, is below nothing but an empty path.
 */
int civ_url_is_below(const civ_url_t *url, const civ_url_t *base);

/** @a text as one path segment or query value: everything but letters, digits, '-', '.', '_' and '~' becomes %XX. */
char *civ_url_encode(const char *text, apr_pool_t *pool);

#endif
