/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node.h
 * A node: state folder, keys, database, ledger and hot state of one organisation, tied together. Every face
 * (module, worker, administrator's tool) goes through it.
 */
#ifndef CIV_NODE_H
#define CIV_NODE_H

#include <apr_user.h>

#include "base/request_signature.h"
#include "federation/federation.h"
#include "federation/pseudonym.h"
#include "federation/redaction.h"
#include "ledger/ledger.h"
#include "state/state.h"
#include "sync/egress.h"
#include "sync/runner.h"
#include "sync/schedules.h"

/** Threads of a worker that do one node's jobs, at most. */
#define CIV_WORKER_THREADS_MOST 16

typedef struct civ_node_config_t {
    const char *state_dir;               /**< CivarcosStateDir, absolute */
    const char *database_driver;         /**< CivarcosDatabase; NULL: sqlite3 */
    const char *database_parameters;     /**< NULL: <state>/civarcos.db */
    int pool_min, pool_max;              /**< CivarcosDatabasePool */
    const char *ledger_name;             /**< CivarcosLedgerName */
    apr_uint32_t difficulty;             /**< CivarcosDifficulty, bits */
    apr_uint32_t min_validators;         /**< CivarcosMinValidators */
    apr_interval_time_t seal_interval;   /**< CivarcosSealInterval */
    apr_uint32_t seal_count;             /**< CivarcosSealCount */
    int queue_limit;                     /**< CivarcosQueueLimit */
    apr_uint32_t hot_blocks;             /**< CivarcosHotBlocks */
    apr_interval_time_t state_refresh;   /**< CivarcosStateRefresh */
    apr_int64_t min_free;                /**< CivarcosMinFree, bytes */
    apr_int64_t database_map;            /**< CivarcosDatabaseMap, bytes; 0 outside of httpd */
    civ_join_policy_e federation_join;   /**< CivarcosFederationJoin */
    apr_uint32_t federation_min_votes;   /**< CivarcosFederationMinVotes: votes that a decision takes */
    civ_fraction_t federation_threshold; /**< CivarcosFederationThreshold: the share of them that decides */
    apr_uint32_t benchmark_min_contributors; /**< CivarcosBenchmarkMinContributors */
    apr_array_header_t *benchmark_bounds; /**< CivarcosBenchmarkBounds: of civ_metric_bounds_t; NULL: none */
    int egress_plain_http;                /**< CivarcosEgressPlainHttp */
    apr_array_header_t *egress_allow;     /**< CivarcosEgressAllow: of const char *; NULL: none */
    int sync_ledger;                      /**< CivarcosSyncLedger: what is synchronised goes on record */
    apr_array_header_t *sync_schedules;   /**< CivarcosSyncSchedule: of civ_schedule_order_t; NULL: none */
    int worker_threads;                   /**< CivarcosWorkerThreads: 1 to CIV_WORKER_THREADS_MOST */
    int has_schedules; /**< sync_schedules are all there are to be: others of this origin are taken away at start */
} civ_node_config_t;

/** The defaults of docs/directives.md, but for state_dir and ledger_name, which are NULL, and database_map, which is 0. */
extern const civ_node_config_t civ_node_defaults;

/** Counters of the hot state that the node keeps; the face's own start at CIV_NODE_COUNTER_COUNT. */
typedef enum civ_node_counter_e {
    CIV_NODE_BATCHES,            /**< transactions committed by this server's processes */
    CIV_NODE_BATCHES_FAILED,     /**< transactions given up */
    CIV_NODE_BATCH_REQUESTS,     /**< requests that went through a batch */
    CIV_NODE_BATCH_BLOCKS,       /**< blocks sealed by this server's processes */
    CIV_NODE_BATCH_MICROSECONDS, /**< time spent in batches */
    CIV_NODE_HOT_HITS,           /**< blocks answered from shared memory */
    CIV_NODE_HOT_MISSES,         /**< blocks read from the database */
    CIV_NODE_REFRESHES,          /**< times another writer's progress was taken over */
    CIV_NODE_VALIDATIONS,        /**< validations run */
    CIV_NODE_FAULTS,             /**< faults they found */
    CIV_NODE_VOTES,              /**< votes on blocks that were counted */
    CIV_NODE_EQUIVOCATIONS,      /**< votes refused because the contrary was signed */
    CIV_NODE_ALARM,              /**< 1: an alarm is kept in the state folder */
    CIV_NODE_WEBHOOKS_QUEUED,    /**< proven deliveries of platforms that woke a synchronisation */
    CIV_NODE_WEBHOOKS_REPEATED,  /**< that had come before */
    CIV_NODE_WEBHOOKS_IGNORED,   /**< of unknown projects, or of events that bring nothing */
    CIV_NODE_WEBHOOKS_REFUSED,   /**< deliveries that were not proven */
    CIV_NODE_MEMBERS_VERSION,    /**< another number after members may have changed */
    CIV_NODE_TOTALS = 20,        /**< the first of CIV_TOTAL_COUNT: the federation's totals */
    CIV_NODE_SIGNATURES = 32, /**< the first of CIV_SIGNATURE_LABELS: signed requests, by what came of them */
    CIV_NODE_COUNTER_COUNT = 56
} civ_node_counter_e;

typedef struct civ_node_t civ_node_t;

/** Default path of the SQLite file, of the head file and of the ledger's key, on @a pool. */
const char *civ_node_database_path(const civ_node_config_t *config, apr_pool_t *pool);
const char *civ_node_head_path(const civ_node_config_t *config, apr_pool_t *pool);
const char *civ_node_key_path(const civ_node_config_t *config, apr_pool_t *pool);

/** Path of the network's key, from which the pseudonyms of members are made, and of the file that keeps the key's id. */
const char *civ_node_pseudonym_key_path(const civ_node_config_t *config, apr_pool_t *pool);
const char *civ_node_pseudonym_id_path(const civ_node_config_t *config, apr_pool_t *pool);

/** Path of the key file that seals the credentials of connectors (base/seal.h). */
const char *civ_node_seal_key_path(const civ_node_config_t *config, apr_pool_t *pool);

/**
 * The rules of where this node's connectors may connect to, by CivarcosEgressAllow and CivarcosEgressPlainHttp.
 * @param error on failure a sentence for the administrator
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_node_egress(civ_egress_t **egress, const civ_node_config_t *config, const char **error,
                             apr_pool_t *pool);

/** How this node's database is opened: driver, parameters, and the statements of all areas. On @a pool. */
void civ_node_store_config(civ_store_config_t *store, const civ_node_config_t *config, const civ_log_t *log,
                           apr_pool_t *pool);

/** Bring the tables of all areas to their newest version. Before any other connection is opened. */
apr_status_t civ_node_upgrade_schema(const civ_store_config_t *config, apr_pool_t *pool);

/**
 * Make what a node needs on disk, once at start, with the rights of the account that httpd works as (the state folder may have
 * been made by root: folder.h): the state folder and its keys folder (0700), the ledger's key and the network's (made where there
 * is none and never was one), the empty SQLite file. Root, as a tool may be, gives all of it to @a uid and @a gid. Files that are there already are never
 * replaced.
 * @param error a sentence for the administrator on failure, naming path and reason
 */
apr_status_t civ_node_prepare(const civ_node_config_t *config, apr_uid_t uid, apr_gid_t gid,
                              const char **error, apr_pool_t *pool);

typedef struct civ_node_context_t {
    civ_state_node_t *hot;          /**< the node's slot; NULL: no hot state (tools) */
    apr_global_mutex_t *mutex;      /**< keeps this host's processes apart; NULL: only this one */
    civ_interrupted_fn interrupted; /**< non-zero when the process is told to stop at once; may be NULL */
    void *interrupted_baton;
    const civ_log_t *log;
} civ_node_context_t;

/** Make this process's object. Reads the key file, opens no connection. After fork. Everything handed in must
 * outlive
 *  @a pool. @param error as for civ_node_prepare */
apr_status_t civ_node_open(civ_node_t **node, const civ_node_config_t *config,
                           const civ_node_context_t *context, const char **error, apr_pool_t *pool);

/**
 * Bring the database up: schema steps, genesis, checks, policy, and the hot state filled. Once at server
 * start, and again by any process while it has not succeeded (a database that was down).
 * @return APR_SUCCESS; CIV_EINVALID or CIV_EINTEGRITY: the node stays up but read-only, and says why;
 * database errors
 */
apr_status_t civ_node_start(civ_node_t *node, apr_pool_t *pool);

/**
 * To be called at the start of every request that uses the node: starts it when it has not started, and looks
 * every state_refresh whether another writer has moved on. Normally costs no query at all.
 * @return APR_SUCCESS, or a status with @a problem filled (UNAVAILABLE)
 */
apr_status_t civ_node_refresh(civ_node_t *node, civ_problem_t *problem, apr_pool_t *pool);

/** The network's key: lives as long as the node, and any thread may use it. NULL where it could not be made because the state
 *  folder cannot be written: then nobody has a pseudonym, and nothing may be shared. */
const civ_pseudonym_key_t *civ_node_pseudonym_key(const civ_node_t *node);

/** The node's ledger. */
civ_ledger_t *civ_node_ledger(civ_node_t *node);

/** The node's federation. */
civ_federation_t *civ_node_federation(civ_node_t *node);

/** The node's synchronisation of platforms. */
const civ_engine_t *civ_node_engine(civ_node_t *node);

/** See to it that the file of the keys that seal its connectors' secrets can be used, and make it where there is none. @param pool for a
 *  moment: the keys are on it. @return APR_SUCCESS; as civ_seal_key_load and civ_seal_key_save */
apr_status_t civ_node_ready_seal_key(civ_node_t *node, apr_pool_t *pool);

/** What takes secrets and personal data out of texts before they leave. Made when it is first asked for: it takes a moment.
 *  @return NULL, with @a problem filled, where there is no memory for it */
const civ_redactor_t *civ_node_redactor(civ_node_t *node, civ_problem_t *problem, apr_pool_t *pool);

/** The federation's totals from the hot state, else from the database.
 *  @return APR_SUCCESS, or a status with @a problem filled */
apr_status_t civ_node_federation_totals(civ_node_t *node, civ_totals_t *totals, civ_problem_t *problem,
                                        apr_pool_t *pool);

/** Head from the hot state, else from the database. @return APR_SUCCESS, or a status with @a problem filled
 */
apr_status_t civ_node_head(civ_node_t *node, civ_state_head_t *head, civ_problem_t *problem,
                           apr_pool_t *pool);

/** The whole answer of "info", ready to send, and its entity tag (without quotes). */
apr_status_t civ_node_info(civ_node_t *node, const char **body, apr_size_t *length, const char **tag,
                           civ_problem_t *problem, apr_pool_t *pool);

/** A block's JSON object by height, hot or from the database. */
apr_status_t civ_node_block(civ_node_t *node, apr_uint64_t height, const char **json, apr_size_t *length,
                            civ_digest_t *hash, civ_problem_t *problem, apr_pool_t *pool);

/** A block's JSON object by its hash. */
apr_status_t civ_node_block_by_hash(civ_node_t *node, const civ_digest_t *hash, const char **json,
                                    apr_size_t *length, civ_problem_t *problem, apr_pool_t *pool);

/** Why writing is off, or NULL. */
const char *civ_node_read_only(civ_node_t *node, apr_pool_t *pool);

/** Count something. */
void civ_node_count(civ_node_t *node, unsigned counter, apr_int64_t value);

typedef enum civ_head_health_e {
    CIV_HEAD_UNKNOWN,     /**< it could not be read */
    CIV_HEAD_OK,          /**< head row, last block and hot state agree */
    CIV_HEAD_INCONSISTENT /**< they contradict each other */
} civ_head_health_e;

typedef struct civ_health_t {
    int started;  /**< civ_node_start has succeeded */
    int database; /**< a write transaction could be opened (and was given up) */
    civ_head_health_e head;
    const char *database_detail; /**< a sentence when it is not well, fit for clients; else NULL */
    const char *read_only;       /**< the reason, or NULL */
    civ_state_head_t state;
} civ_health_t;

/** Look after the node's health: opens a write transaction and rolls it back, compares the heads. */
void civ_node_health(civ_node_t *node, civ_health_t *health, apr_pool_t *pool);

/** Housekeeping; about every second, by one process of the server (see civ_ledger_maintain). */
apr_status_t civ_node_maintain(civ_node_t *node, apr_pool_t *pool);

#endif
