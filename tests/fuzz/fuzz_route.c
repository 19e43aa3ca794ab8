/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_route.c
 * The table of routes itself, against any path: what is found has the path's own pieces in it, and Allow names just the
 * methods that find something.
 */
#include "fuzz/fuzz.h"

#include <apr_strings.h>

#include <string.h>

/* The table names its handlers, which need httpd; here they may be missing. */
#include "fuzz_handlers.inc"
#include "mod_civarcos/routes.c"

fuzz_target_fn fuzz_route;

/* The path that a template makes of segments; pieces of @a filling (cut at slashes, never empty) where @a segments is NULL. */
static const char *fill(const char *template, const civ_segment_t *segments, const char *filling,
                        apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, "");
    int count = 0;

    while (*template) {
        size_t plain = strcspn(template, "{");
        const char *piece = "x";
        size_t length = 1;

        path = apr_pstrcat(pool, path, apr_pstrmemdup(pool, template, plain), NULL);
        template += plain;
        if (*template == '\0') {
            break;
        }
        template = strchr(template, '}') + 1;
        if (segments) {
            piece = segments[count].text;
            length = segments[count].length;
        } else if (strcspn(filling, "/") > 0) {
            piece = filling;
            length = strcspn(filling, "/");
            filling += length + (filling[length] == '/');
        }
        path = apr_pstrcat(pool, path, apr_pstrmemdup(pool, piece, length), NULL);
        count++;
    }
    return path;
}

static int count_variables(const char *template)
{
    int count = 0;

    for (; *template; template ++) {
        count += *template == '{';
    }
    return count;
}

static const civ_route_t *check_found(civ_method_e method, const char *path, int *known, apr_pool_t *pool)
{
    civ_segment_t segments[CIV_TEMPLATE_MAX];
    const civ_route_t *route = civ_route_find(method, path, segments, known);
    int i;

    if (!route) {
        return NULL;
    }
    FUZZ_DEMAND(*known && route->method == method);
    FUZZ_DEMAND(strcmp(fill(route->template, segments, NULL, pool), path) == 0);
    for (i = 0; i < count_variables(route->template); i++) {
        FUZZ_DEMAND(segments[i].length > 0 && !memchr(segments[i].text, '/', segments[i].length));
    }
    return route;
}

static void check_path(const char *path, apr_pool_t *pool)
{
    static const char *const names[] = {"GET, HEAD", "POST", "DELETE"};
    char allow[CIV_ALLOW_SIZE];
    civ_method_e method;
    int some = 0;
    int known;

    civ_route_allow(path, allow);
    for (method = 0; method < CIV_METHOD_COUNT; method++) {
        int found = check_found(method, path, &known, pool) != NULL;

        FUZZ_DEMAND(found == (strstr(allow, names[method]) != NULL));
        some |= found;
    }
    FUZZ_DEMAND(!check_found(CIV_METHOD_COUNT, path, &known, pool) && known == some);
    FUZZ_DEMAND(strlen(allow) >= 7 && strcmp(allow + strlen(allow) - 7, "OPTIONS") == 0);
}

void fuzz_route(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    int i;

    check_path(text, pool);
    for (i = 0; i < civ_route_count; i++) {
        const char *path = fill(civ_routes[i].template, NULL, text, pool);
        int known;

        check_path(path, pool);
        FUZZ_DEMAND(check_found(civ_routes[i].method, path, &known, pool));
    }
}
