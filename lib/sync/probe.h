/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file probe.h
 * Testing a connection: one cheap request, by the same way as the requests of a run.
 */
#ifndef CIV_SYNC_PROBE_H
#define CIV_SYNC_PROBE_H

#include "sync/engine.h"

/**
 * Ask the platform whether it takes the credentials.
 * @param run connector, bases and settings are read
 * @param report outcome and reason are set: CIV_SYNC_OK, CIV_SYNC_PARTIAL (its limits), CIV_SYNC_INTERRUPTED, CIV_SYNC_AUTH_FAILED
 *        or CIV_SYNC_FAILED
 */
void civ_probe(const civ_engine_run_t *run, civ_http_t *http, civ_sync_report_t *report, apr_pool_t *pool);

#endif
