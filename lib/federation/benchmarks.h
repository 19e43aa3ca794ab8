/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file benchmarks.h
 * Benchmarks: each member contributes one number for each metric and quarter, and learns how all stand, never how one does.
 * What may be published is release.h's business; this keeps the contributions, and each publication with what it was made of.
 *
 * A publication is made by the contribution that makes it possible, so reading writes nothing, and all processes and hosts
 * answer the same.
 */
#ifndef CIV_FEDERATION_BENCHMARKS_H
#define CIV_FEDERATION_BENCHMARKS_H

#include "federation/federation.h"
#include "federation/speaker.h"

/** Bytes of a metric's name, at most. */
#define CIV_METRIC_NAME_LONGEST 64

/** Metrics of one contribution, at most. */
#define CIV_METRICS_OF_CONTRIBUTION 100

/** Metrics of a federation, at most. */
#define CIV_METRICS_MOST 10000

/** One number that a member contributes. */
typedef struct civ_measurement_t {
    const char *metric;
    double value; /**< finite */
} civ_measurement_t;

/** Whether a metric may be called so: 1 to 64 of A-Z a-z 0-9 _ . - and neither "." nor "..". */
int civ_metric_name_is_valid(const char *name);

/** The quarter that a time (ms) lies in, "2026Q4", on @a pool. */
const char *civ_benchmark_epoch(apr_int64_t time, apr_pool_t *pool);

/**
 * Contribute. A member's later number for the same metric and quarter replaces its earlier one.
 * @param measurements 1 to CIV_METRICS_OF_CONTRIBUTION, each metric once
 * @return APR_SUCCESS; APR_NOTFOUND, APR_EACCES as every speaker's; CIV_ECONFLICT (CONFLICT): too many metrics;
 * as civ_transactor_t's run
 */
apr_status_t civ_benchmark_contribute(civ_federation_t *federation, const civ_speaker_t *speaker,
                                      const civ_measurement_t *measurements, apr_size_t count,
                                      const civ_idempotency_t *idempotency, civ_problem_t *problem,
                                      apr_pool_t *pool);

/**
 * What is published of a metric.
 * @param statistics a JSON object; NULL: nothing may be published (or there is no such metric, which is not told apart)
 * @param error then a sentence
 */
apr_status_t civ_benchmark_read(civ_federation_t *federation, const char *metric, const char **statistics,
                                const char **error, civ_problem_t *problem, apr_pool_t *pool);

typedef struct civ_metric_page_t {
    const char **names; /**< in the order in which they first came */
    int count;
    apr_int64_t last; /**< number of the last one */
    int more;         /**< non-zero: go on behind it */
} civ_metric_page_t;

/** The metrics of which something is published. @param after a number, or 0; @param limit 1 to 1000 */
apr_status_t civ_benchmark_names(civ_federation_t *federation, apr_int64_t after, int limit,
                                 civ_metric_page_t *page, civ_problem_t *problem, apr_pool_t *pool);

#endif
