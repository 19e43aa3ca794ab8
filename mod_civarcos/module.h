/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file module.h
 * What the parts of the httpd face share: the settings of a server, and the record of a node.
 */
#ifndef CIV_MODULE_H
#define CIV_MODULE_H

#include <httpd.h>
#include <http_config.h>

#include <apr_global_mutex.h>
#include <apr_tables.h>

#include "directives.h"
#include "node/node.h"

/** What SetHandler is given. */
#define CIV_HANDLER "civarcos"

/** The type of our mutexes, for httpd's Mutex directive. */
#define CIV_MUTEX "civarcos"

/** Who runs civarcos-worker. */
typedef enum civ_worker_e {
    CIV_WORKER_MANAGED,  /**< httpd's parent process */
    CIV_WORKER_EXTERNAL, /**< somebody else */
    CIV_WORKER_OFF       /**< nobody */
} civ_worker_e;

/** The values of all directives. */
typedef struct civ_settings_t {
    civ_node_config_t node;
    civ_worker_e worker; /**< CivarcosWorker, of the main server */
    const char *worker_program;
    apr_interval_time_t sync_wait;      /**< CivarcosSyncWait */
    apr_int64_t max_body;               /**< CivarcosMaxBody */
    apr_interval_time_t signature_back; /**< CivarcosSignatureWindow */
    apr_interval_time_t signature_ahead;
    const apr_array_header_t
        *authorities; /**< CivarcosAuthority: const char *; NULL: the server's own names */
} civ_settings_t;

/** A node of this server. Made at start in the parent; hot and node are each process's own. */
typedef struct civ_slot_t {
    civ_node_config_t config; /**< complete: nothing is left to a default but the database's */
    server_rec *server;       /**< the server that defines it */
    apr_size_t index;         /**< in the shared segment */
    apr_global_mutex_t *mutex;
    civ_log_t log;
    civ_node_context_t context;
    int is_mounted;        /**< requests can reach it */
    int is_named;          /**< its server has a ServerName, which the ledger's name may rest on */
    int is_skipped;        /**< nothing is made for it at this start */
    civ_state_node_t *hot; /**< NULL where the segment could not be used */
    civ_node_t *node;      /**< see civ_runtime_node; NULL in the parent, and where it could not be opened */
    int is_usable;         /**< in a child: it may be opened */
    struct civ_sparing_t *unproven; /**< in a child: what was logged of deliveries, see sparing.h; or NULL */
    apr_uint32_t opening;           /**< in a child: 1 while a thread opens it */
    apr_time_t next_open;           /**< in a child: when that may be tried again; kept by that thread */
    apr_uint32_t validating;        /**< 1 while this process runs a validation for a client */
    apr_uint32_t exporting;         /**< exports that this process sends at the moment */
    int is_serial;                  /**< this process serves one request at a time (prefork) */
    apr_uint32_t busy;              /**< requests being served, kept only where is_serial */
} civ_slot_t;

/** One server's configuration. */
typedef struct civ_server_config_t {
    civ_settings_t values;
    apr_uint64_t set;                     /**< one bit a civ_setting_e: given in this very server */
    const char *where[CIV_SETTING_COUNT]; /**< "file:line" of each that was given */
    const apr_array_header_t *mounts;     /**< after post_config: prefixes (const char *), see mount.h */
    civ_slot_t *slot;                     /**< after post_config: the node that serves here, or NULL */
} civ_server_config_t;

/** The configuration of @a server. */
civ_server_config_t *civ_server_config(const server_rec *server);

/** Where @a server was defined, for messages: "virtual host a.example (/etc/x.conf:12)" or "the main server".
 */
const char *civ_server_label(const server_rec *server, apr_pool_t *pool);

#endif
