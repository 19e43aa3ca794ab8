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

/** What the configuration tree says of all servers. */
typedef struct civ_mounts_t civ_mounts_t;

/** Read the whole tree, once. On @a pool. */
civ_mounts_t *civ_mounts_read(apr_pool_t *pool);

/** Is the API mounted in @a server, by itself or by the main server? With NULL: anywhere? */
int civ_mounts_any(const civ_mounts_t *mounts, const server_rec *server);

/** The prefixes that apply to @a server (const char *; "" for "/"), its own and those of the main server. On
 * @a pool. */
const apr_array_header_t *civ_mounts_of(const civ_mounts_t *mounts, const server_rec *server,
                                        apr_pool_t *pool);

/** Does @a server have a ServerName of its own? httpd guesses one where there is none. */
int civ_mounts_is_named(const civ_mounts_t *mounts, const server_rec *server);

/**
 * The first SetHandler civarcos in a place where no prefix can be told.
 * @return NULL, or a sentence that names the section, file and line
 */
const char *civ_mounts_misplaced(const civ_mounts_t *mounts);

/** The longest of @a mounts that @a uri lies in, or NULL. */
const char *civ_mount_match(const apr_array_header_t *mounts, const char *uri);

#endif
