/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file worker_config.h
 * What a worker is told: JSON that httpd writes into its pipe, after its length in bytes as 8 hex digits and a line feed; or the
 * same JSON in a file, without the length.
 *
 * {"version": 1, "parent": 1234, "log_level": 6, "nodes": [{"state_dir": "/var/lib/civarcos", "database_driver": "sqlite3",
 * "ledger_name": "...", ...}]}; what a node does not say has its default.
 */
#ifndef CIV_NODE_WORKER_CONFIG_H
#define CIV_NODE_WORKER_CONFIG_H

#include <apr_user.h>

#include "base/buffer.h"
#include "node/node.h"

/** Bytes of a configuration at most. */
#define CIV_WORKER_CONFIG_MOST 1048576

typedef struct civ_worker_config_t {
    apr_int64_t parent; /**< process that the worker ends with; 0: none */
    civ_log_level_e log_level;
    apr_array_header_t *nodes; /**< civ_node_config_t */
    apr_uid_t owner;           /**< of the file that it was loaded from */
} civ_worker_config_t;

/** Append it as JSON. */
void civ_worker_config_write(civ_buffer_t *out, const civ_worker_config_t *config);

/** Read it. Unknown members are refused. @return APR_SUCCESS; CIV_EINVALID with @a problem */
apr_status_t civ_worker_config_read(civ_worker_config_t *config, const char *text, apr_size_t length,
                                    civ_problem_t *problem, apr_pool_t *pool);

/** Read it from a file, which only its owner may be able to read: it may hold passwords. @param error a sentence on failure */
apr_status_t civ_worker_config_load(civ_worker_config_t *config, const char *path, const char **error,
                                    apr_pool_t *pool);

#endif
