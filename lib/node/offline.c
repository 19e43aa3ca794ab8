/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Opening a ledger without a server.
 */
#include "node/offline.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>

static void configure(civ_offline_t *offline, const civ_offline_config_t *config, apr_pool_t *pool)
{
    civ_node_config_t node = civ_node_defaults;

    node.state_dir = config->state_dir;
    node.database_driver = config->database_driver;
    node.database_parameters = config->database_parameters;
    node.pool_min = 1;
    node.pool_max = 2;
    civ_node_store_config(&offline->store_config, &node, config->log, pool);
    offline->store_config.read_only = 1;
    offline->name = config->ledger_name;
    offline->key = config->public_key;
    offline->ledger_config.head_file = config->head_file;
    if (config->head_file == NULL && config->state_dir != NULL)
        offline->ledger_config.head_file = civ_node_head_path(&node, pool);
}

/* SQLite would make the file. */
static apr_status_t see_file(const civ_store_config_t *store, const char **error, apr_pool_t *pool)
{
    struct stat info;
    char reason[160];
    apr_status_t status;

    if (strcmp(store->driver, "sqlite3") != 0)
        return APR_SUCCESS;
    if (stat(store->parameters, &info) != 0) {
        status = apr_get_os_error();
        *error = apr_psprintf(pool, "the database \"%s\" cannot be read: %s", store->parameters,
                              apr_strerror(status, reason, sizeof(reason)));
        return status;
    }
    if (S_ISREG(info.st_mode) && info.st_size > 0)
        return APR_SUCCESS;
    *error = apr_psprintf(pool, "\"%s\" is %s", store->parameters,
                          S_ISREG(info.st_mode) ? "an empty file, not a ledger" : "not a file");
    return APR_ENOENT;
}

/** What block 0 says, as far as the caller does not know better. */
static apr_status_t identify(civ_offline_t *offline, const char **error, apr_pool_t *pool)
{
    civ_public_key_t *key;
    civ_genesis_t genesis;
    apr_status_t status =
        civ_ledger_inspect(offline->store, &genesis, &offline->ledger_id, &offline->fault, pool);

    if (status == CIV_EINTEGRITY)
        return APR_SUCCESS;
    if (status == APR_NOTFOUND) {
        *error = "there is no ledger in the database";
        return APR_ENOENT;
    }
    if (status != APR_SUCCESS)
        return status;
    if (offline->name == NULL)
        offline->name = genesis.name;
    if (offline->key == NULL && civ_public_key_from_raw(&key, genesis.public_key, pool) == APR_SUCCESS)
        offline->key = key;
    return APR_SUCCESS;
}

apr_status_t civ_offline_open(civ_offline_t **out, const civ_offline_config_t *config, const char **error,
                              apr_pool_t *pool)
{
    civ_offline_t *offline = apr_pcalloc(pool, sizeof(*offline));
    civ_ledger_config_t *ledger = &offline->ledger_config;
    apr_status_t status;

    *error = NULL;
    configure(offline, config, pool);
    status = see_file(&offline->store_config, error, pool);
    if (status == APR_SUCCESS)
        status = civ_store_create(&offline->store, &offline->store_config, pool);
    if (status == APR_SUCCESS)
        status = identify(offline, error, pool);
    if (status != APR_SUCCESS && *error == NULL)
        *error = "the database cannot be read as a ledger's";
    if (status != APR_SUCCESS)
        return status;
    ledger->name = offline->name;
    ledger->public_key = offline->key;
    ledger->queue_limit = 1;
    ledger->store = offline->store;
    *out = offline;
    return civ_ledger_open(&offline->ledger, ledger, pool);
}
