/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file nodes.h
 * Which nodes a configuration asks for. The main server is one, each virtual host with a CivarcosStateDir is
 * another; all other virtual hosts are served by the main server's.
 */
#ifndef CIV_NODES_H
#define CIV_NODES_H

#include "module.h"
#include "mount.h"

/** The server whose node serves @a server: itself, or the main server. */
server_rec *civ_nodes_definer(server_rec *server, server_rec *main_server);

/**
 * The nodes (civ_slot_t *) with their configurations completed, on @a pool.
 * @param mounts where the API is mounted
 * @param all non-zero: also those that are configured but mounted nowhere (for checks); else only those in
 * use
 */
apr_array_header_t *civ_nodes_collect(server_rec *main_server, const civ_mounts_t *mounts, int all,
                                      apr_pool_t *pool);

/** Does any server have one of our directives, or a mount? Else there is nothing to do. */
int civ_nodes_any(server_rec *main_server, const civ_mounts_t *mounts);

/** Which of @a nodes serves @a server, or NULL. */
civ_slot_t *civ_nodes_find(const apr_array_header_t *nodes, server_rec *server, server_rec *main_server);

/** What tells apart the databases of nodes, such as "sqlite3 /var/lib/civarcos/civarcos.db". Not for logs: it
 * may hold a password. */
const char *civ_nodes_database(const civ_node_config_t *config, apr_pool_t *pool);

#endif
