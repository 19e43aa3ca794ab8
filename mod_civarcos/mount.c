/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "mount.h"

#include "module.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include <string.h>

/** Takes each SetHandler civarcos. Returns non-NULL to end the walk with that. */
typedef const char *(*found_fn)(void *baton, const ap_directive_t *directive);

static int names_us(const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *arguments = directive->args;

    return strcasecmp(directive->directive, "SetHandler") == 0 &&
           strcmp(ap_getword_conf(pool, &arguments), CIV_HANDLER) == 0;
}

/* <IfModule>, <IfDefine> and macros are resolved while httpd reads, so they are not in the tree. */
static const char *walk(const ap_directive_t *directive, found_fn found, void *baton, apr_pool_t *pool)
{
    const char *result = NULL;

    for (; directive && !result; directive = directive->next) {
        if (directive->first_child) {
            result = walk(directive->first_child, found, baton, pool);
        } else if (names_us(directive, pool)) {
            result = found(baton, directive);
        }
    }
    return result;
}

static int is_section(const ap_directive_t *directive, const char *name)
{
    return directive && strcasecmp(directive->directive, name) == 0;
}

/* The argument of a section comes with its closing bracket. */
static const char *section_arguments(const ap_directive_t *section, apr_pool_t *pool)
{
    const char *end = strrchr(section->args, '>');

    return end ? apr_pstrmemdup(pool, section->args, (apr_size_t)(end - section->args)) : section->args;
}

/* The path of a plain <Location "/path">, without a slash at its end; NULL for anything else. */
static const char *plain_path(const ap_directive_t *section, apr_pool_t *pool)
{
    const char *arguments;
    char *path;
    apr_size_t length;

    if (!is_section(section, "<Location")) {
        return NULL;
    }
    arguments = section_arguments(section, pool);
    path = ap_getword_conf(pool, &arguments);
    if (path[0] != '/' || *arguments || apr_fnmatch_test(path)) {
        return NULL;
    }
    length = strlen(path);
    while (length && path[length - 1] == '/') {
        path[--length] = '\0';
    }
    return path;
}

typedef struct mount_search_t {
    const server_rec *server;
    apr_array_header_t *mounts;
    apr_pool_t *pool;
} mount_search_t;

/* Is the section one of this virtual host, or one of the main server? */
static int applies_to(const ap_directive_t *section, const server_rec *server)
{
    const ap_directive_t *host = section->parent;

    while (host && !is_section(host, "<VirtualHost")) {
        host = host->parent;
    }
    return !host || (server->defn_name && strcmp(host->filename, server->defn_name) == 0 &&
                     (unsigned)host->line_num == server->defn_line_number);
}

static const char *collect(void *baton, const ap_directive_t *directive)
{
    const mount_search_t *search = baton;
    const char *path = plain_path(directive->parent, search->pool);

    if (path && applies_to(directive->parent, search->server)) {
        APR_ARRAY_PUSH(search->mounts, const char *) = path;
    }
    return NULL;
}

apr_array_header_t *civ_mount_list(const server_rec *server, apr_pool_t *pool)
{
    mount_search_t search = {server, apr_array_make(pool, 2, sizeof(const char *)), pool};

    walk(ap_conftree, collect, &search, pool);
    return search.mounts;
}

const char *civ_mount_match(const apr_array_header_t *mounts, const char *uri)
{
    const char *best = NULL;
    apr_size_t best_length = 0;
    int i;

    for (i = 0; mounts && i < mounts->nelts; i++) {
        const char *prefix = APR_ARRAY_IDX(mounts, i, const char *);
        apr_size_t length = strlen(prefix);

        if (strncmp(uri, prefix, length) == 0 && (uri[length] == '/' || uri[length] == '\0') &&
            (!best || length > best_length)) {
            best = prefix;
            best_length = length;
        }
    }
    return best;
}

static const char *misplaced(void *baton, const ap_directive_t *directive)
{
    apr_pool_t *pool = baton;
    const ap_directive_t *section = directive->parent;
    const char *where = "outside every section";

    if (section && plain_path(section, pool)) {
        return NULL;
    }
    if (section && !is_section(section, "<VirtualHost")) {
        where = apr_psprintf(pool, "in %s %s>", section->directive, section_arguments(section, pool));
    }
    return apr_psprintf(pool,
                        "%s:%d: SetHandler " CIV_HANDLER
                        " stands %s; it must stand directly in a <Location \"/path\"> without patterns, "
                        "whose path is the prefix of the API",
                        directive->filename, directive->line_num, where);
}

const char *civ_mount_misplaced(apr_pool_t *pool)
{
    return walk(ap_conftree, misplaced, pool, pool);
}
