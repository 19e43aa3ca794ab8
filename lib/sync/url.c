/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file url.c
 * Reading URLs. What is refused here never reaches libcurl, whose parser is more generous.
 */
#include "sync/url.h"

#include "base/buffer.h"
#include "base/status.h"
#include "sync/egress.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define HOST_MOST 255

#define ALPHANUMERIC "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static apr_status_t fail(const char **reason, const char *why)
{
    *reason = why;
    return CIV_EINVALID;
}

/* --- the whole text --- */

static apr_status_t check_bytes(const char *text, const char **reason)
{
    const unsigned char *at = (const unsigned char *)text;

    for (; *at != '\0'; at++) {
        if (*at <= ' ' || *at >= 0x7f)
            return fail(reason,
                        *at >= 0x7f
                            ? "has characters beyond ASCII; write them as %XX, and a host in its xn-- form"
                            : "has control characters or spaces");
        if (*at == '\\')
            return fail(reason, "has a backslash");
    }
    if ((apr_size_t)(at - (const unsigned char *)text) > CIV_URL_MOST)
        return fail(reason, "is too long");
    return APR_SUCCESS;
}

static apr_status_t read_scheme(civ_url_t *url, const char **rest, const char *text, const char **reason)
{
    if (strncasecmp(text, "https://", 8) == 0) {
        url->is_https = 1;
        *rest = text + 8;
    } else if (strncasecmp(text, "http://", 7) == 0) {
        url->is_https = 0;
        *rest = text + 7;
    } else {
        return fail(reason, "is not an absolute http or https URL");
    }
    url->port = url->is_https ? 443 : 80;
    return APR_SUCCESS;
}

/* --- the host --- */

/* Whether a reader of addresses might take it for an IPv4 address: its last label is a number of any kind. */
static int looks_like_number(const char *host)
{
    const char *label = strrchr(host, '.');

    label = label != NULL ? label + 1 : host;
    if (label[0] == '0' && label[1] == 'x')
        return label[2 + strspn(label + 2, "0123456789abcdef")] == '\0';
    return label[0] != '\0' && label[strspn(label, "0123456789")] == '\0';
}

static apr_status_t read_name(civ_url_t *url, const char *host, const char **reason)
{
    civ_address_t address;

    if (host[strspn(host, ALPHANUMERIC ".-_")] != '\0')
        return fail(reason, "has a host with characters that no host name has");
    if (host[0] == '.' || strstr(host, "..") != NULL || host[strlen(host) - 1] == '.')
        return fail(reason, "has a host that begins or ends with a dot, or has two in a row");
    url->is_literal = looks_like_number(host);
    if (url->is_literal && (civ_address_parse(&address, host) != APR_SUCCESS || address.is_ipv6))
        return fail(reason, "has a host that is an IPv4 address, but not four decimal numbers");
    return APR_SUCCESS;
}

static apr_status_t read_ipv6(civ_url_t *url, const char *host, const char **reason)
{
    civ_address_t address;

    url->is_literal = 1;
    if (civ_address_parse(&address, host) != APR_SUCCESS || !address.is_ipv6)
        return fail(reason, "has brackets without an IPv6 address in them");
    return APR_SUCCESS;
}

static apr_status_t read_port(civ_url_t *url, const char *text, const char **reason)
{
    apr_size_t digits = strspn(text, "0123456789");
    apr_int64_t port;

    if (text[digits] != '\0' || digits == 0 || digits > 5)
        return fail(reason, "has a port that is no number from 1 to 65535");
    port = apr_atoi64(text);
    if (port < 1 || port > 65535)
        return fail(reason, "has a port that is no number from 1 to 65535");
    url->port = (int)port;
    return APR_SUCCESS;
}

/* @a authority is what stands between "//" and the path; it is lower case, and ours to cut up. */
static apr_status_t read_authority(civ_url_t *url, char *authority, const char **reason)
{
    char *host = authority;
    char *port = NULL;
    char *end;
    int is_ipv6 = authority[0] == '[';
    apr_size_t length;

    if (strchr(authority, '@') != NULL)
        return fail(reason, "has a user name or password; credentials have places of their own");
    if (is_ipv6) {
        host++;
        end = strchr(host, ']');
        if (end == NULL || (end[1] != '\0' && end[1] != ':'))
            return fail(reason, "has brackets without an IPv6 address in them");
        port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
    } else if ((end = strchr(host, ':')) != NULL) {
        port = end + 1;
        *end = '\0';
    }
    length = strlen(host);
    if (length == 0 || length > HOST_MOST)
        return fail(reason, length == 0 ? "has no host" : "has a host that is too long");
    url->host = host;
    if (port != NULL && read_port(url, port, reason) != APR_SUCCESS)
        return CIV_EINVALID;
    return is_ipv6 ? read_ipv6(url, host, reason) : read_name(url, host, reason);
}

static char *to_lower(char *text)
{
    char *at;

    for (at = text; *at != '\0'; at++)
        *at = (char)apr_tolower(*at);
    return text;
}

apr_status_t civ_url_parse(civ_url_t *url, const char *text, const char **reason, apr_pool_t *pool)
{
    const char *rest;
    apr_size_t length;

    memset(url, 0, sizeof(*url));
    if (check_bytes(text, reason) != APR_SUCCESS || read_scheme(url, &rest, text, reason) != APR_SUCCESS)
        return CIV_EINVALID;
    url->text = apr_pstrmemdup(pool, text, strcspn(text, "#"));
    length = strcspn(rest, "/?#");
    url->path = url->text + (rest - text) + length;
    return read_authority(url, to_lower(apr_pstrmemdup(pool, rest, length)), reason);
}

/* --- relative references --- */

/* All that stands before the path: "https://h:8443". */
static char *origin_of(const civ_url_t *url, apr_pool_t *pool)
{
    return apr_pstrmemdup(pool, url->text, (apr_size_t)(url->path - url->text));
}

/* Take "." and ".." out of a merged path (RFC 3986 section 5.2.4). */
static char *remove_dots(const char *path, apr_pool_t *pool)
{
    apr_size_t end = strcspn(path, "?");
    const char *stop = path + end;
    const char *at = path;
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(path) + 1, pool);
    while (at < stop) {
        apr_size_t length = 1 + strcspn(at + 1, "/?");
        int is_last = at + length >= stop;

        if (length == 2 && at[1] == '.') {
            if (is_last)
                civ_buffer_append_byte(&out, '/');
        } else if (length == 3 && at[1] == '.' && at[2] == '.') {
            while (out.length > 0 && out.data[--out.length] != '/')
                continue;
            out.data[out.length] = '\0';
            if (is_last)
                civ_buffer_append_byte(&out, '/');
        } else {
            civ_buffer_append(&out, at, length);
        }
        at += length;
    }
    civ_buffer_append_text(&out, stop);
    return out.data;
}

/* A path that is relative to the folder of the base's. */
static char *merge(const civ_url_t *base, const char *reference, apr_pool_t *pool)
{
    apr_size_t end = strcspn(base->path, "?");

    while (end > 0 && base->path[end - 1] != '/')
        end--;
    return remove_dots(
        apr_pstrcat(pool, end > 0 ? apr_pstrmemdup(pool, base->path, end) : "/", reference, NULL), pool);
}

static int has_scheme(const char *reference)
{
    apr_size_t length = strspn(reference, ALPHANUMERIC "+-.");

    return length > 0 && apr_isalpha(reference[0]) && reference[length] == ':';
}

apr_status_t civ_url_resolve(civ_url_t *url, const civ_url_t *base, const char *reference,
                             const char **reason, apr_pool_t *pool)
{
    const char *origin = origin_of(base, pool);
    const char *path = apr_pstrmemdup(pool, base->path, strcspn(base->path, "?"));
    const char *absolute;

    if (strlen(reference) > CIV_URL_MOST)
        return fail(reason, "is too long");
    if (has_scheme(reference))
        absolute = reference;
    else if (strncmp(reference, "//", 2) == 0)
        absolute = apr_pstrcat(pool, base->is_https ? "https:" : "http:", reference, NULL);
    else if (reference[0] == '/')
        absolute = apr_pstrcat(pool, origin, reference, NULL);
    else if (reference[0] == '?')
        absolute = apr_pstrcat(pool, origin, path, reference, NULL);
    else if (reference[0] == '#' || reference[0] == '\0')
        absolute = base->text;
    else
        absolute = apr_pstrcat(pool, origin, merge(base, reference, pool), NULL);
    return civ_url_parse(url, absolute, reason, pool);
}

/* --- comparing --- */

int civ_url_same_origin(const civ_url_t *left, const civ_url_t *right)
{
    civ_address_t addresses[2];

    if (left->is_https != right->is_https || left->port != right->port ||
        left->is_literal != right->is_literal)
        return 0;
    if (!left->is_literal)
        return strcmp(left->host, right->host) == 0;
    return civ_address_parse(&addresses[0], left->host) == APR_SUCCESS &&
           civ_address_parse(&addresses[1], right->host) == APR_SUCCESS &&
           civ_address_equal(&addresses[0], &addresses[1]);
}

/* Length of a dot at @a at, also of a written-out one; 0: none. */
static apr_size_t dot_length(const char *at)
{
    if (*at == '.')
        return 1;
    return at[0] == '%' && at[1] == '2' && (at[2] == 'e' || at[2] == 'E') ? 3 : 0;
}

/* Length of what ends a segment at @a at, or begins its parameters (";x"), which some servers cut off first; also of a written-out slash,
 * backslash or semicolon, which some servers read before they look for dots. 0: nothing of that. */
static apr_size_t end_length(const char *at)
{
    static const char *const written_out[] = {"%2f", "%5c", "%3b"};
    apr_size_t i;

    if (*at == '/' || *at == ';')
        return 1;
    for (i = 0; i < sizeof(written_out) / sizeof(written_out[0]); i++)
        if (strncasecmp(at, written_out[i], 3) == 0)
            return 3;
    return 0;
}

/* Whether a segment is "." or "..". */
static int has_dot_segment(const char *path)
{
    const char *stop = path + strcspn(path, "?");
    const char *at = path;

    while (at < stop) {
        const char *behind = at + end_length(at);
        int dots;

        if (behind == at) {
            at++;
            continue;
        }
        at = behind;
        for (dots = 0; dots < 2 && dot_length(behind) > 0; dots++)
            behind += dot_length(behind);
        if (dots > 0 && (behind == stop || end_length(behind) > 0))
            return 1;
    }
    return 0;
}

int civ_url_is_below(const civ_url_t *url, const civ_url_t *base)
{
    apr_size_t prefix = strcspn(base->path, "?");

    if (!civ_url_same_origin(url, base))
        return 0;
    while (prefix > 0 && base->path[prefix - 1] == '/')
        prefix--;
    if (prefix == 0)
        return 1;
    return strncmp(url->path, base->path, prefix) == 0 && strchr("/?", url->path[prefix]) != NULL &&
           !has_dot_segment(url->path);
}

char *civ_url_encode(const char *text, apr_pool_t *pool)
{
    static const char digits[] = "0123456789ABCDEF";
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(text) + 16, pool);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (strchr(ALPHANUMERIC "-._~", byte) != NULL) {
            civ_buffer_append_byte(&out, *text);
        } else {
            const char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};

            civ_buffer_append(&out, escaped, sizeof(escaped));
        }
    }
    return out.data;
}
