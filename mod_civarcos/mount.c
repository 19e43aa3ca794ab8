/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "mount.h"

#include "module.h"

#include <apr_fnmatch.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

/** What stands in one virtual host, or outside of all. */
typedef struct place_t {
    apr_array_header_t *mounts;
    int is_named;
} place_t;

struct civ_mounts_t {
    place_t everywhere;
    apr_hash_t *hosts; /**< place_t *, by file and line of the section */
    const char *misplaced;
    int count; /**< of all mounts */
    apr_pool_t *pool;
};

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

static const char *host_key(const char *file, unsigned line, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%u %s", line, file);
}

static void init_place(place_t *place, apr_pool_t *pool)
{
    place->mounts = apr_array_make(pool, 2, sizeof(const char *));
}

/* Where a directive belongs to: its virtual host, or everywhere. */
static place_t *place_of(civ_mounts_t *mounts, const ap_directive_t *directive)
{
    const ap_directive_t *host = directive->parent;
    const char *key;
    place_t *place;

    while (host && !is_section(host, "<VirtualHost")) {
        host = host->parent;
    }
    if (!host) {
        return &mounts->everywhere;
    }
    key = host_key(host->filename, (unsigned)host->line_num, mounts->pool);
    place = apr_hash_get(mounts->hosts, key, APR_HASH_KEY_STRING);
    if (!place) {
        place = apr_pcalloc(mounts->pool, sizeof(*place));
        init_place(place, mounts->pool);
        apr_hash_set(mounts->hosts, key, APR_HASH_KEY_STRING, place);
    }
    return place;
}

static const char *describe_misplaced(const ap_directive_t *directive, apr_pool_t *pool)
{
    const ap_directive_t *section = directive->parent;
    const char *where = "outside every section";

    if (section && !is_section(section, "<VirtualHost")) {
        where = apr_psprintf(pool, "in %s %s>", section->directive, section_arguments(section, pool));
    }
    return apr_psprintf(pool,
                        "%s:%d: SetHandler " CIV_HANDLER
                        " stands %s; it must stand directly in a <Location \"/path\"> without patterns, "
                        "whose path is the prefix of the API",
                        directive->filename, directive->line_num, where);
}

static void take_handler(civ_mounts_t *mounts, const ap_directive_t *directive)
{
    const char *arguments = directive->args;
    const char *path;

    if (strcmp(ap_getword_conf(mounts->pool, &arguments), CIV_HANDLER) != 0) {
        return;
    }
    path = directive->parent ? plain_path(directive->parent, mounts->pool) : NULL;
    if (path) {
        APR_ARRAY_PUSH(place_of(mounts, directive)->mounts, const char *) = path;
        mounts->count++;
    } else if (!mounts->misplaced) {
        mounts->misplaced = describe_misplaced(directive, mounts->pool);
    }
}

/* <IfModule>, <IfDefine> and macros are resolved while httpd reads, so they are not in the tree. */
static void walk(civ_mounts_t *mounts, const ap_directive_t *directive)
{
    for (; directive; directive = directive->next) {
        if (directive->first_child) {
            walk(mounts, directive->first_child);
        } else if (strcasecmp(directive->directive, "SetHandler") == 0) {
            take_handler(mounts, directive);
        } else if (strcasecmp(directive->directive, "ServerName") == 0) {
            place_of(mounts, directive)->is_named = 1;
        }
    }
}

civ_mounts_t *civ_mounts_read(apr_pool_t *pool)
{
    civ_mounts_t *mounts = apr_pcalloc(pool, sizeof(*mounts));

    mounts->pool = pool;
    mounts->hosts = apr_hash_make(pool);
    init_place(&mounts->everywhere, pool);
    walk(mounts, ap_conftree);
    return mounts;
}

/* What stands in the virtual host itself, or NULL. */
static const place_t *own_place(const civ_mounts_t *mounts, const server_rec *server)
{
    if (!server->is_virtual || !server->defn_name) {
        return NULL;
    }
    return apr_hash_get(mounts->hosts, host_key(server->defn_name, server->defn_line_number, mounts->pool),
                        APR_HASH_KEY_STRING);
}

int civ_mounts_any(const civ_mounts_t *mounts, const server_rec *server)
{
    const place_t *own;

    if (!server || mounts->everywhere.mounts->nelts || !mounts->count) {
        return mounts->count > 0;
    }
    own = own_place(mounts, server);
    return own && own->mounts->nelts;
}

const apr_array_header_t *civ_mounts_of(const civ_mounts_t *mounts, const server_rec *server,
                                        apr_pool_t *pool)
{
    const place_t *own = own_place(mounts, server);

    return own && own->mounts->nelts ? apr_array_append(pool, own->mounts, mounts->everywhere.mounts)
                                     : mounts->everywhere.mounts;
}

int civ_mounts_is_named(const civ_mounts_t *mounts, const server_rec *server)
{
    const place_t *place = server->is_virtual ? own_place(mounts, server) : &mounts->everywhere;

    return place && place->is_named;
}

const char *civ_mounts_misplaced(const civ_mounts_t *mounts)
{
    return mounts->misplaced;
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
