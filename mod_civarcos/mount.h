/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file mount.h
 * Where the API is mounted: the paths of the <Location> sections that say SetHandler civarcos. They are read
 * from the configuration tree, because at request time httpd only knows the last of all sections that apply,
 * which need not be the one that set the handler.
 */
#ifndef CIV_MOUNT_H
#define CIV_MOUNT_H

#include <httpd.h>

#include <apr_tables.h>

/** The prefixes that apply to @a server (const char *; "" for "/"), its own and those of the main server. On
 * @a pool. */
apr_array_header_t *civ_mount_list(const server_rec *server, apr_pool_t *pool);

/** The longest of @a mounts that @a uri lies in, or NULL. */
const char *civ_mount_match(const apr_array_header_t *mounts, const char *uri);

/**
 * Look for SetHandler civarcos in places where no prefix can be told.
 * @return NULL, or a sentence that names the section, file and line; on @a pool
 */
const char *civ_mount_misplaced(apr_pool_t *pool);

#endif
