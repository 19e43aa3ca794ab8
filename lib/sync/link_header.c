/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file link_header.c
 * Reading the Link header (RFC 8288 section 3 and appendix B.2): first what stands between '<' and '>', which may hold commas and
 * semicolons, then parameters.
 */
#include "sync/link_header.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* What of one link is looked at. */
typedef struct link_t {
    const char *rel; /* NULL: none yet */
    int has_anchor;
} link_t;

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* Read "..." from behind the opening quote on. Returns what follows the closing one, NULL when there is none. */
static const char *read_quoted(const char **value, const char *at, apr_pool_t *pool)
{
    const char *end = at;
    char *out;

    while (*end != '\0' && *end != '"')
        end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
    out = apr_palloc(pool, (apr_size_t)(end - at) + 1);
    *value = out;
    for (; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && *++at == '\0')
            return NULL;
        *out++ = *at;
    }
    *out = '\0';
    return *at == '"' ? at + 1 : NULL;
}

static const char *read_value(const char **value, const char *at, apr_pool_t *pool)
{
    apr_size_t length;

    if (*at == '"')
        return read_quoted(value, at + 1, pool);
    length = strcspn(at, ";, \t");
    *value = apr_pstrmemdup(pool, at, length);
    return at + length;
}

/* One parameter, from behind its semicolon on. Returns what follows, NULL when it cannot be read. */
static const char *read_parameter(link_t *link, const char *at, apr_pool_t *pool)
{
    apr_size_t length = strcspn(at, "=;, \t\"");
    const char *name = apr_pstrmemdup(pool, at, length);
    const char *value = "";

    at = skip_space(at + length);
    if (*at == '=')
        at = read_value(&value, skip_space(at + 1), pool);
    if (at == NULL)
        return NULL;
    if (strcasecmp(name, "rel") == 0 && link->rel == NULL)
        link->rel = value;
    link->has_anchor |= strcasecmp(name, "anchor") == 0;
    return skip_space(at);
}

/* Whether @a relation is one of the words of @a rel. */
static int has_relation(const char *rel, const char *relation)
{
    apr_size_t length = strlen(relation);

    for (rel += strspn(rel, " \t"); *rel != '\0'; rel += strspn(rel, " \t")) {
        apr_size_t word = strcspn(rel, " \t");

        if (word == length && strncasecmp(rel, relation, length) == 0)
            return 1;
        rel += word;
    }
    return 0;
}

const char *civ_link_find(const char *field, const char *relation, apr_pool_t *pool)
{
    const char *at = field != NULL ? field : "";

    for (;;) {
        link_t link = {NULL, 0};
        const char *target;
        const char *end;

        at += strspn(at, " \t,");
        end = *at == '<' ? strchr(at, '>') : NULL;
        if (end == NULL)
            return NULL;
        target = at + 1;
        at = skip_space(end + 1);
        while (at != NULL && *at == ';')
            at = read_parameter(&link, skip_space(at + 1), pool);
        if (at == NULL || (*at != ',' && *at != '\0'))
            return NULL;
        if (link.rel != NULL && !link.has_anchor && has_relation(link.rel, relation))
            return apr_pstrmemdup(pool, target, (apr_size_t)(end - target));
    }
}
