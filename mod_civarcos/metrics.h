/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file metrics.h
 * Counting requests, and telling Prometheus. The counters live in the node's hot state, so all processes
 * share them.
 */
#ifndef CIV_METRICS_H
#define CIV_METRICS_H

#include "base/buffer.h"
#include "request.h"

/** Count a finished request. @param status of the answer */
void civ_metrics_count(const civ_call_t *call, int status);

/** Append everything in Prometheus' text format 0.0.4. */
void civ_metrics_write(civ_buffer_t *out, const civ_call_t *call);

/** Of that, what is about jobs, connectors and workers, or that it cannot be read. It waits for the database no longer than other
 *  requests do. */
void civ_metrics_write_sync(civ_buffer_t *out, const civ_call_t *call);

/** Of that, what the federation holds: the node's totals in the hot state, no query. */
void civ_metrics_write_federation(civ_buffer_t *out, const civ_call_t *call);

/** Of that, what came of signed requests. */
void civ_metrics_write_signatures(civ_buffer_t *out, const civ_call_t *call);

/** Append the two lines before a metric's values. @param type "counter", "gauge", "histogram" */
void civ_metrics_write_head(civ_buffer_t *out, const char *name, const char *type, const char *help);

#endif
