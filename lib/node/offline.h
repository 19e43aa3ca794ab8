/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file offline.h
 * A ledger opened by a tool, without a server and without its configuration: name and key are what the ledger itself says,
 * or what the caller knows better. Nothing is written but what SQLite itself keeps beside an open database.
 */
#ifndef CIV_NODE_OFFLINE_H
#define CIV_NODE_OFFLINE_H

#include "ledger/inspect.h"
#include "node/node.h"

typedef struct civ_offline_config_t {
    const char *state_dir;              /**< its signed head is used; NULL: there is none */
    const char *database_driver;        /**< NULL: sqlite3 */
    const char *database_parameters;    /**< NULL: <state>/civarcos.db */
    const char *head_file;              /**< NULL: that of the state folder */
    const char *ledger_name;            /**< NULL: as block 0 says */
    const civ_public_key_t *public_key; /**< NULL: as block 0 says */
    const civ_log_t *log;               /**< hears of failures of the database */
} civ_offline_config_t;

typedef struct civ_offline_t {
    civ_store_t *store;
    civ_ledger_t *ledger;
    const char *name;            /**< NULL where block 0 cannot be understood and the caller gave none */
    const civ_public_key_t *key; /**< likewise */
    const char *fault;           /**< why block 0 cannot be understood, or NULL */
    civ_digest_t ledger_id;      /**< zeros where block 0 cannot be understood */
    civ_store_config_t store_config;
    civ_ledger_config_t ledger_config;
} civ_offline_t;

/**
 * Open it for reading.
 * @param error a sentence on failure, on @a pool
 * @return APR_SUCCESS, also where block 0 is damaged (see fault); APR_ENOENT where there is no database or no ledger in it;
 * others as opening found. What @a config points to must outlive @a pool.
 */
apr_status_t civ_offline_open(civ_offline_t **offline, const civ_offline_config_t *config, const char **error,
                              apr_pool_t *pool);

#endif
