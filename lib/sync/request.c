/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request.c
 * Building URLs, byte for byte.
 */
#include "sync/request.h"

#include <apr_strings.h>
#include <string.h>

#include "base/buffer.h"
#include "base/timestamp.h"

static int is_unreserved(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

static void append_encoded(civ_buffer_t *out, const char *text, int keep_slashes)
{
    static const char hex[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (is_unreserved(byte) || (keep_slashes && byte == '/')) {
            civ_buffer_append_byte(out, (char)byte);
        } else {
            const char escape[3] = {'%', hex[byte >> 4], hex[byte & 15]};

            civ_buffer_append(out, escape, sizeof(escape));
        }
    }
}

const char *civ_path_encode(const char *path, apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(path) + 16, pool);
    append_encoded(&out, path, 1);
    return out.data;
}

/* The parameter, from the byte behind its '?' or '&'; NULL when the query has none of that name. */
static const char *find_parameter(const char *url, const char *name)
{
    apr_size_t length = strlen(name);
    const char *at = strchr(url, '?');

    while (at != NULL) {
        at++;
        if (strncmp(at, name, length) == 0 && (at[length] == '=' || at[length] == '&' || at[length] == '\0'))
            return at;
        at = strchr(at, '&');
    }
    return NULL;
}

const char *civ_query_set(const char *url, const char *name, const char *value, apr_pool_t *pool)
{
    const char *found = find_parameter(url, name);
    const char *rest = found != NULL ? found + strcspn(found, "&") : "";
    civ_buffer_t out;

    civ_buffer_init(&out, strlen(url) + 64, pool);
    if (value == NULL) {
        if (found == NULL)
            return apr_pstrdup(pool, url);
        /* With the separator before it, or, where it is the first of several, the one behind it. */
        civ_buffer_append(&out, url, (apr_size_t)(found - url) - (*rest == '\0'));
        civ_buffer_append_text(&out, *rest == '&' ? rest + 1 : rest);
        return out.data;
    }
    if (found != NULL) {
        civ_buffer_append(&out, url, (apr_size_t)(found - url));
    } else {
        civ_buffer_append_text(&out, url);
        civ_buffer_append_byte(&out, strchr(url, '?') == NULL ? '?' : '&');
    }
    civ_buffer_append_text(&out, name);
    civ_buffer_append_byte(&out, '=');
    append_encoded(&out, value, 0);
    civ_buffer_append_text(&out, rest);
    return out.data;
}

const char *civ_query_time(apr_int64_t milliseconds, apr_pool_t *pool)
{
    char text[CIV_TIMESTAMP_SIZE];

    civ_timestamp_format(text, milliseconds);
    return apr_pstrcat(pool, apr_pstrndup(pool, text, 19), "Z", NULL);
}
