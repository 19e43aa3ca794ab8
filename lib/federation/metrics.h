/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file metrics.h
 * The metrics that are known, with the bounds to which each is clipped before it counts and the grid to which what is published
 * is rounded. One table for evidence and benchmarks.
 */
#ifndef CIV_FEDERATION_METRICS_H
#define CIV_FEDERATION_METRICS_H

#include <apr_errno.h>

typedef struct civ_metric_t {
    const char *name;
    const char *unit; /**< "percent", "count", "score", "seconds", ... */
    double lower, upper;
    double grid; /**< distance of the values that may be published */
} civ_metric_t;

/** All known metrics, in the order of their names; ends with a NULL name. */
extern const civ_metric_t civ_metrics[];

/** A known metric, or NULL. */
const civ_metric_t *civ_metric_find(const char *name);

/** Clip @a value to the metric's bounds. @return CIV_EINVALID when it is not finite */
apr_status_t civ_metric_clip(const civ_metric_t *metric, double *value);

/** The nearest value on the metric's grid, within its bounds. */
double civ_metric_round(const civ_metric_t *metric, double value);

#endif
