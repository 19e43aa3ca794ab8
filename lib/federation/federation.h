/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation.h
 * The federated evidence network of one node in one process: what its areas (members, evidence, votes, benchmarks, threats)
 * have in common. The database is the truth; every answer of success is committed, and on record in the ledger. Functions are
 * thread-safe; results live on the caller's pool.
 */
#ifndef CIV_FEDERATION_H
#define CIV_FEDERATION_H

#include <apr_tables.h>

#include "base/keys.h"
#include "federation/pseudonym.h"
#include "store/change.h"
#include "store/store.h"

/** Who may join. */
typedef enum civ_join_policy_e {
    CIV_JOIN_OPEN,   /**< whoever httpd lets in */
    CIV_JOIN_SIGNED, /**< only with proof of a key */
    CIV_JOIN_CLOSED  /**< nobody */
} civ_join_policy_e;

/** A share, as two small integers, so that nothing is rounded. */
typedef struct civ_fraction_t {
    apr_uint32_t part, whole;
} civ_fraction_t;

/** What is counted. The numbers are keys in the database: they never change. */
typedef enum civ_total_e {
    CIV_TOTAL_MEMBERS,    /**< organisations that are in */
    CIV_TOTAL_EVIDENCE,   /**< records shared and not withdrawn; versions of one count once */
    CIV_TOTAL_BENCHMARKS, /**< values contributed to benchmarks */
    CIV_TOTAL_THREATS,    /**< threats shared; repeated ones count once */
    CIV_TOTAL_REPUTATION, /**< sum over the members that are in, in ten-thousandths */
    CIV_TOTAL_VOTES,      /**< votes on evidence */
    CIV_TOTAL_COUNT
} civ_total_e;

typedef struct civ_totals_t {
    apr_int64_t values[CIV_TOTAL_COUNT];
} civ_totals_t;

/** What is declared of a metric. */
typedef struct civ_metric_bounds_t {
    const char *metric;
    double low, high; /**< contributions beyond count as these */
    double grid;      /**< statistics are multiples of it; 0: three significant digits */
} civ_metric_bounds_t;

typedef struct civ_federation_config_t {
    civ_store_t *store;
    civ_transactor_t transactor;
    const civ_pseudonym_key_t *pseudonym_key;
    const civ_key_t *key; /**< the node's: signs the records that travel */
    civ_join_policy_e join;
    apr_uint32_t min_votes;        /**< votes that a decision on evidence takes */
    civ_fraction_t threshold;      /**< the share of their weight that decides */
    apr_uint32_t min_contributors; /**< members below which nothing that they have in common is shown */
    const apr_array_header_t
        *metric_bounds; /**< of civ_metric_bounds_t, the last one for a metric holds; may be NULL */
    int plain_http;     /**< endpoints may be http */
    /** Committed totals changed by so much; in the order of commits of this host. May be NULL. */
    void (*totals_moved)(void *baton, const civ_totals_t *by);
    /** A number that is another one after members changed, as far as this host knows of it: keys read under the same number
     *  are not read again. NULL: they are read each time. */
    apr_int64_t (*members_version)(void *baton);
    /** Members changed, by a commit of this host. May be NULL. */
    void (*members_changed)(void *baton);
    void *baton;
    const civ_log_t *log;
} civ_federation_config_t;

typedef struct civ_federation_t civ_federation_t;

/** Tables and statements of all areas. */
extern const civ_schema_t civ_federation_schema;
#define CIV_FEDERATION_SETS 5
extern const civ_statement_set_t *const civ_federation_statements[CIV_FEDERATION_SETS];

/** Make the object of this process. Touches no database. @a config and what it points to must live as long as @a pool. */
apr_status_t civ_federation_open(civ_federation_t **federation, const civ_federation_config_t *config,
                                 apr_pool_t *pool);

/** Read the totals. */
apr_status_t civ_federation_totals(civ_federation_t *federation, civ_totals_t *totals, apr_pool_t *pool);

#endif
