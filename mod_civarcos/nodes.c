/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "nodes.h"

#include <apr_strings.h>

/** Where a node lives when nobody says. */
#define STATE_DIR_DEFAULT "/var/lib/civarcos"

static int defines_node(const server_rec *server)
{
    return (civ_server_config(server)->set & CIV_SETTING_BIT(CIV_SETTING_STATE_DIR)) != 0;
}

server_rec *civ_nodes_definer(server_rec *server, server_rec *main_server)
{
    /* A virtual host without any of our directives has the main server's record itself. */
    return server != main_server && civ_server_config(server) != civ_server_config(main_server) &&
                   defines_node(server)
               ? server
               : main_server;
}

static civ_slot_t *make_slot(server_rec *definer, const civ_mounts_t *mounts, apr_size_t index,
                             apr_pool_t *pool)
{
    civ_slot_t *slot = apr_pcalloc(pool, sizeof(*slot));

    slot->server = definer;
    slot->index = index;
    slot->is_named = civ_mounts_is_named(mounts, definer);
    slot->config = civ_server_config(definer)->values.node;
    slot->config.has_schedules = 1;
    if (!slot->config.state_dir) {
        slot->config.state_dir = STATE_DIR_DEFAULT;
    }
    if (!slot->config.ledger_name) {
        slot->config.ledger_name = apr_pstrcat(pool, definer->server_hostname, "/civarcos", NULL);
    }
    return slot;
}

civ_slot_t *civ_nodes_find(const apr_array_header_t *nodes, server_rec *server, server_rec *main_server)
{
    const server_rec *definer = civ_nodes_definer(server, main_server);
    int i;

    for (i = 0; i < nodes->nelts; i++) {
        civ_slot_t *slot = APR_ARRAY_IDX(nodes, i, civ_slot_t *);

        if (slot->server == definer) {
            return slot;
        }
    }
    return NULL;
}

int civ_nodes_any(server_rec *main_server, const civ_mounts_t *mounts)
{
    const server_rec *server;

    if (civ_mounts_any(mounts, NULL)) {
        return 1;
    }
    for (server = main_server; server; server = server->next) {
        if (civ_server_config(server)->set) {
            return 1;
        }
    }
    return 0;
}

apr_array_header_t *civ_nodes_collect(server_rec *main_server, const civ_mounts_t *mounts, int all,
                                      apr_pool_t *pool)
{
    apr_array_header_t *nodes = apr_array_make(pool, 4, sizeof(civ_slot_t *));
    server_rec *server;

    for (server = main_server; server; server = server->next) {
        server_rec *definer = civ_nodes_definer(server, main_server);
        int is_mounted = civ_mounts_any(mounts, server);
        civ_slot_t *slot;

        if (!is_mounted && !(all && civ_server_config(definer)->set)) {
            continue;
        }
        slot = civ_nodes_find(nodes, server, main_server);
        if (!slot) {
            slot = make_slot(definer, mounts, (apr_size_t)nodes->nelts, pool);
            APR_ARRAY_PUSH(nodes, civ_slot_t *) = slot;
        }
        slot->is_mounted |= is_mounted;
    }
    return nodes;
}

const char *civ_nodes_database(const civ_node_config_t *config, apr_pool_t *pool)
{
    const char *parameters = config->database_parameters;

    if (!parameters) {
        parameters = apr_pstrcat(pool, config->state_dir, "/civarcos.db", NULL);
    }
    return apr_pstrcat(pool, config->database_driver ? config->database_driver : "sqlite3", " ", parameters,
                       NULL);
}
