/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file benchmarks_private.h
 * Benchmarks as rows, and making publications of them.
 */
#ifndef CIV_FEDERATION_BENCHMARKS_PRIVATE_H
#define CIV_FEDERATION_BENCHMARKS_PRIVATE_H

#include "federation/benchmarks.h"
#include "federation/members_private.h"
#include "federation/release.h"

/** A new publication is held against so many earlier ones of its metric. */
#define CIV_RELEASES_COMPARED 16

/** Index into civ_benchmarks_sql. */
typedef enum civ_benchmarks_sql_e {
    SQL_METRIC_BY_NAME,
    SQL_METRIC_LAST,
    SQL_METRIC_INSERT,
    SQL_METRIC_UPDATE,
    SQL_METRIC_RELEASED,
    SQL_METRICS_PAGE,
    SQL_VALUE_OF_MEMBER,
    SQL_VALUE_LAST,
    SQL_VALUE_INSERT,
    SQL_VALUE_UPDATE,
    SQL_VALUES_OF_EPOCH,
    SQL_VALUES_SETTLE,
    SQL_CONTRIBUTION_LAST,
    SQL_CONTRIBUTION_INSERT,
    SQL_RELEASE_LAST,
    SQL_RELEASE_INSERT,
    SQL_RELEASES_OF,
    SQL_RELEASE_BY_NUMBER,
    SQL_BENCHMARKS_COUNT
} civ_benchmarks_sql_e;

extern const civ_statement_t civ_benchmarks_sql[SQL_BENCHMARKS_COUNT];

/** Within a change, before anything is written: whether there is room for these metrics. @return APR_SUCCESS; CIV_ECONFLICT
 * (CONFLICT) */
apr_status_t civ_benchmark_check(civ_change_t *change, const civ_measurement_t *measurements,
                                 apr_size_t count);

/** Within a change: a member contributes these numbers. */
apr_status_t civ_benchmark_add(civ_operation_t *operation, civ_change_t *change, const civ_member_t *member,
                               const civ_measurement_t *measurements, apr_size_t count);

/** A row of a metric. */
typedef struct civ_metric_row_t {
    apr_int64_t number;
    const char *name;
    apr_int64_t epoch;        /**< the newest quarter with contributions: 4 * year + 0 to 3 */
    apr_int64_t contributors; /**< of that quarter */
    apr_int64_t waiting;      /**< of these, those that may differ from the newest release */
    apr_int64_t release;      /**< number of the newest release; 0: none */
    const char *rules;        /**< under which its statistics were computed, see civ_benchmark_rules */
    const char *statistics;   /**< of it; "" where there is none */
} civ_metric_row_t;

/** Read a row of a metric. */
apr_status_t civ_metric_row_read(civ_metric_row_t *metric, civ_rows_t *rows, apr_pool_t *pool);

/** Find a metric. @return APR_SUCCESS; APR_NOTFOUND; database errors */
apr_status_t civ_metric_row_find(civ_db_t *db, const char *name, civ_metric_row_t *metric, apr_pool_t *pool);

/** The next number of a table, by its statement for the last one. */
apr_status_t civ_benchmark_next(civ_change_t *change, civ_benchmarks_sql_e last, apr_int64_t *next);

/** Rules as a text, to see whether they are others now. On @a pool. */
const char *civ_benchmark_rules(const civ_release_policy_t *policy, apr_pool_t *pool);

/** The rules for a metric. */
void civ_benchmark_policy(civ_release_policy_t *policy, const civ_federation_t *federation,
                          const char *metric);

/**
 * Within a change: publish anew, when that may be. Fills metric's members about the release and about what waits; the
 * caller writes the row.
 */
apr_status_t civ_benchmark_release(const civ_federation_t *federation, civ_change_t *change,
                                   civ_metric_row_t *metric);

/** What a release says under other rules than those it was made under: computed from what it was made of. @param statistics
 *  NULL where it says nothing under them */
apr_status_t civ_benchmark_recompute(civ_db_t *db, const civ_metric_row_t *metric,
                                     const civ_release_policy_t *policy, const char **statistics,
                                     apr_pool_t *pool);

#endif
