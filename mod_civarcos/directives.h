/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file directives.h
 * The directives: their names, the settings they fill, and the table that httpd gets. CIV_SETTINGS is the one
 * list from which defaults, merging and the record of what was given stem.
 */
#ifndef CIV_DIRECTIVES_H
#define CIV_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

#define CIV_DIRECTIVE_STATE_DIR            "CivarcosStateDir"
#define CIV_DIRECTIVE_DATABASE             "CivarcosDatabase"
#define CIV_DIRECTIVE_DATABASE_POOL        "CivarcosDatabasePool"
#define CIV_DIRECTIVE_DATABASE_MAP         "CivarcosDatabaseMap"
#define CIV_DIRECTIVE_LEDGER_NAME          "CivarcosLedgerName"
#define CIV_DIRECTIVE_DIFFICULTY           "CivarcosDifficulty"
#define CIV_DIRECTIVE_MIN_VALIDATORS       "CivarcosMinValidators"
#define CIV_DIRECTIVE_SEAL_INTERVAL        "CivarcosSealInterval"
#define CIV_DIRECTIVE_SEAL_COUNT           "CivarcosSealCount"
#define CIV_DIRECTIVE_MAX_BODY             "CivarcosMaxBody"
#define CIV_DIRECTIVE_QUEUE_LIMIT          "CivarcosQueueLimit"
#define CIV_DIRECTIVE_HOT_BLOCKS           "CivarcosHotBlocks"
#define CIV_DIRECTIVE_STATE_REFRESH        "CivarcosStateRefresh"
#define CIV_DIRECTIVE_MIN_FREE             "CivarcosMinFree"
#define CIV_DIRECTIVE_FEDERATION_JOIN      "CivarcosFederationJoin"
#define CIV_DIRECTIVE_FEDERATION_MIN_VOTES "CivarcosFederationMinVotes"
#define CIV_DIRECTIVE_FEDERATION_THRESHOLD "CivarcosFederationThreshold"
#define CIV_DIRECTIVE_BENCHMARK_BOUNDS     "CivarcosBenchmarkBounds"
#define CIV_DIRECTIVE_BENCHMARK_MINIMUM    "CivarcosBenchmarkMinContributors"
#define CIV_DIRECTIVE_EGRESS_ALLOW         "CivarcosEgressAllow"
#define CIV_DIRECTIVE_EGRESS_PLAIN_HTTP    "CivarcosEgressPlainHttp"
#define CIV_DIRECTIVE_WORKER               "CivarcosWorker"
#define CIV_DIRECTIVE_WORKER_THREADS       "CivarcosWorkerThreads"
#define CIV_DIRECTIVE_SYNC_WAIT            "CivarcosSyncWait"
#define CIV_DIRECTIVE_SYNC_SCHEDULE        "CivarcosSyncSchedule"
#define CIV_DIRECTIVE_SYNC_LEDGER          "CivarcosSyncLedger"
#define CIV_DIRECTIVE_SIGNATURE_WINDOW     "CivarcosSignatureWindow"
#define CIV_DIRECTIVE_AUTHORITY            "CivarcosAuthority"

/** What a setting belongs to, and so what a virtual host may do with it. */
typedef enum civ_scope_e {
    CIV_SCOPE_IDENTITY, /**< of one node alone: a virtual host that is a node never inherits it */
    CIV_SCOPE_NODE,     /**< of a node: inherited, given only where CivarcosStateDir is given too */
    CIV_SCOPE_NAME,     /**< of any server; a virtual host that is a node never inherits it */
    CIV_SCOPE_SERVER    /**< of any server */
} civ_scope_e;

/* X(setting, directive, scope, member of civ_settings_t) */
#define CIV_SETTINGS(X)                                                                                      \
    X(STATE_DIR, CIV_DIRECTIVE_STATE_DIR, CIV_SCOPE_IDENTITY, node.state_dir)                                \
    X(DATABASE_DRIVER, CIV_DIRECTIVE_DATABASE, CIV_SCOPE_IDENTITY, node.database_driver)                     \
    X(DATABASE_PARAMETERS, CIV_DIRECTIVE_DATABASE, CIV_SCOPE_IDENTITY, node.database_parameters)             \
    X(LEDGER_NAME, CIV_DIRECTIVE_LEDGER_NAME, CIV_SCOPE_IDENTITY, node.ledger_name)                          \
    X(POOL_MIN, CIV_DIRECTIVE_DATABASE_POOL, CIV_SCOPE_NODE, node.pool_min)                                  \
    X(POOL_MAX, CIV_DIRECTIVE_DATABASE_POOL, CIV_SCOPE_NODE, node.pool_max)                                  \
    X(DATABASE_MAP, CIV_DIRECTIVE_DATABASE_MAP, CIV_SCOPE_NODE, node.database_map)                           \
    X(DIFFICULTY, CIV_DIRECTIVE_DIFFICULTY, CIV_SCOPE_NODE, node.difficulty)                                 \
    X(MIN_VALIDATORS, CIV_DIRECTIVE_MIN_VALIDATORS, CIV_SCOPE_NODE, node.min_validators)                     \
    X(SEAL_INTERVAL, CIV_DIRECTIVE_SEAL_INTERVAL, CIV_SCOPE_NODE, node.seal_interval)                        \
    X(SEAL_COUNT, CIV_DIRECTIVE_SEAL_COUNT, CIV_SCOPE_NODE, node.seal_count)                                 \
    X(QUEUE_LIMIT, CIV_DIRECTIVE_QUEUE_LIMIT, CIV_SCOPE_NODE, node.queue_limit)                              \
    X(HOT_BLOCKS, CIV_DIRECTIVE_HOT_BLOCKS, CIV_SCOPE_NODE, node.hot_blocks)                                 \
    X(STATE_REFRESH, CIV_DIRECTIVE_STATE_REFRESH, CIV_SCOPE_NODE, node.state_refresh)                        \
    X(MIN_FREE, CIV_DIRECTIVE_MIN_FREE, CIV_SCOPE_NODE, node.min_free)                                       \
    X(FEDERATION_JOIN, CIV_DIRECTIVE_FEDERATION_JOIN, CIV_SCOPE_NODE, node.federation_join)                  \
    X(FEDERATION_MIN_VOTES, CIV_DIRECTIVE_FEDERATION_MIN_VOTES, CIV_SCOPE_NODE, node.federation_min_votes)   \
    X(FEDERATION_THRESHOLD, CIV_DIRECTIVE_FEDERATION_THRESHOLD, CIV_SCOPE_NODE, node.federation_threshold)   \
    X(BENCHMARK_MINIMUM, CIV_DIRECTIVE_BENCHMARK_MINIMUM, CIV_SCOPE_NODE, node.benchmark_min_contributors)   \
    X(BENCHMARK_BOUNDS, CIV_DIRECTIVE_BENCHMARK_BOUNDS, CIV_SCOPE_NODE, node.benchmark_bounds)               \
    X(EGRESS_ALLOW, CIV_DIRECTIVE_EGRESS_ALLOW, CIV_SCOPE_NODE, node.egress_allow)                           \
    X(EGRESS_PLAIN_HTTP, CIV_DIRECTIVE_EGRESS_PLAIN_HTTP, CIV_SCOPE_NODE, node.egress_plain_http)            \
    X(WORKER, CIV_DIRECTIVE_WORKER, CIV_SCOPE_SERVER, worker)                                                \
    X(WORKER_PROGRAM, CIV_DIRECTIVE_WORKER, CIV_SCOPE_SERVER, worker_program)                                \
    X(WORKER_THREADS, CIV_DIRECTIVE_WORKER_THREADS, CIV_SCOPE_NODE, node.worker_threads)                     \
    X(SYNC_WAIT, CIV_DIRECTIVE_SYNC_WAIT, CIV_SCOPE_SERVER, sync_wait)                                       \
    X(SYNC_SCHEDULES, CIV_DIRECTIVE_SYNC_SCHEDULE, CIV_SCOPE_IDENTITY, node.sync_schedules)                  \
    X(SYNC_LEDGER, CIV_DIRECTIVE_SYNC_LEDGER, CIV_SCOPE_NODE, node.sync_ledger)                              \
    X(SIGNATURE_BACK, CIV_DIRECTIVE_SIGNATURE_WINDOW, CIV_SCOPE_SERVER, signature_back)                      \
    X(SIGNATURE_AHEAD, CIV_DIRECTIVE_SIGNATURE_WINDOW, CIV_SCOPE_SERVER, signature_ahead)                    \
    X(AUTHORITIES, CIV_DIRECTIVE_AUTHORITY, CIV_SCOPE_NAME, authorities)                                     \
    X(MAX_BODY, CIV_DIRECTIVE_MAX_BODY, CIV_SCOPE_SERVER, max_body)

#define CIV_SETTING_NAME(setting, directive, scope, member) CIV_SETTING_##setting,
typedef enum civ_setting_e { CIV_SETTINGS(CIV_SETTING_NAME) CIV_SETTING_COUNT } civ_setting_e;

/** The bit of a setting in civ_server_config_t.set. */
#define CIV_SETTING_BIT(setting) (APR_UINT64_C(1) << (setting))

/** Name of the directive that fills @a setting. */
const char *civ_setting_directive(civ_setting_e setting);

/** What @a setting belongs to. */
civ_scope_e civ_setting_scope(civ_setting_e setting);

/** The table for the module record. */
extern const command_rec civ_directives[];

/** For the module record: a server's configuration with all defaults. */
void *civ_config_create(apr_pool_t *pool, server_rec *server);

/** For the module record: @a add (a virtual host) over @a base (the main server). */
void *civ_config_merge(apr_pool_t *pool, void *base, void *add);

#endif
