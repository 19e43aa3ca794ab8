/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file indicator.h
 * Indicators of compromise: recognised among the texts that members share, written in one way so that the same thing compares
 * equal, and marked where they can hardly be one (private addresses, public resolvers, documentation).
 *
 * Texts may be defanged: hxxp, [.], (.), {.}, [dot], (dot), {dot}, [:], [://], [/], [@], (@), {@}, [at], (at), {at}, in any case.
 * Round and curly ones are left alone in the path of a URL, where they may be meant.
 *
 * How each kind is written:
 *  - ipv4: dotted decimal without leading zeros; ipv6: RFC 5952; of a network the bits behind the prefix are zero, and a
 *    network of one address is that address;
 *  - domain: lower case, without a final dot, at least two labels of letters, digits, hyphens and underscores; names outside
 *    ASCII only in their xn-- form (nothing is guessed);
 *  - url: http, https, ftp or ftps; scheme and host lower case, without user information, without the default port, at least
 *    "/" as path, bytes outside ASCII percent-encoded, digits of percent-encodings upper case;
 *  - email: lower case;
 *  - md5, sha1, sha256, sha512: lower-case hex; a leading "sha256:" or the like is taken away;
 *  - cve: upper case.
 * Everything else is "other": free text that nobody has looked at.
 */
#ifndef CIV_FEDERATION_INDICATOR_H
#define CIV_FEDERATION_INDICATOR_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Bytes of an indicator as it comes, at most. */
#define CIV_INDICATOR_LONGEST 2048

typedef enum civ_indicator_kind_e {
    CIV_INDICATOR_OTHER,
    CIV_INDICATOR_IPV4,
    CIV_INDICATOR_IPV6,
    CIV_INDICATOR_IPV4_NETWORK,
    CIV_INDICATOR_IPV6_NETWORK,
    CIV_INDICATOR_DOMAIN,
    CIV_INDICATOR_URL,
    CIV_INDICATOR_EMAIL,
    CIV_INDICATOR_MD5,
    CIV_INDICATOR_SHA1,
    CIV_INDICATOR_SHA256,
    CIV_INDICATOR_SHA512,
    CIV_INDICATOR_CVE,
    CIV_INDICATOR_KINDS
} civ_indicator_kind_e;

/** Why an indicator can hardly be one. Of a URL or a mail address, it is its host that is looked at. */
typedef enum civ_indicator_flag_e {
    CIV_FLAG_NONE,
    CIV_FLAG_PRIVATE,
    CIV_FLAG_LOOPBACK,
    CIV_FLAG_LINK_LOCAL,
    CIV_FLAG_SHARED,
    CIV_FLAG_DOCUMENTATION,
    CIV_FLAG_MULTICAST,
    CIV_FLAG_UNSPECIFIED,
    CIV_FLAG_BROADCAST,
    CIV_FLAG_RESERVED,
    CIV_FLAG_TRANSLATED,
    CIV_FLAG_TOO_BROAD,
    CIV_FLAG_PUBLIC_RESOLVER,
    CIV_FLAG_SPECIAL_NAME,
    CIV_FLAG_EXAMPLE,
    CIV_FLAG_EMPTY_FILE,
    CIV_FLAGS
} civ_indicator_flag_e;

typedef struct civ_indicator_t {
    civ_indicator_kind_e kind;
    const char *value; /**< as written above; of the kind "other", the text without white space around it */
    civ_indicator_flag_e flag;
} civ_indicator_t;

/**
 * Recognise one text.
 * @param text UTF-8 without NULs; value is a copy on @a pool
 * @return APR_SUCCESS, or CIV_EINVALID where it is empty, longer than CIV_INDICATOR_LONGEST, or has control
 *         characters inside
 */
apr_status_t civ_indicator_recognise(civ_indicator_t *indicator, const char *text, apr_pool_t *pool);

/** "ipv4", "ipv4-network", "domain", ... */
const char *civ_indicator_kind_name(civ_indicator_kind_e kind);

/** For how many days such an indicator is worth looking at, where who shares it does not say. */
int civ_indicator_days(civ_indicator_kind_e kind);

/** "private", "public-resolver", ...; NULL for none. */
const char *civ_indicator_flag_name(civ_indicator_flag_e flag);

/** The same as a sentence; NULL for none. */
const char *civ_indicator_flag_reason(civ_indicator_flag_e flag);

#endif
