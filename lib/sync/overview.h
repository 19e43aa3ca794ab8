/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file overview.h
 * How the synchronisation of each platform is, in words. All times are milliseconds, 0 for none.
 */
#ifndef CIV_SYNC_OVERVIEW_H
#define CIV_SYNC_OVERVIEW_H

#include "sync/connectors.h"

/* Beside those of connectors.h. */
#define CIV_CONNECTOR_UNCONFIGURED "unconfigured"
#define CIV_CONNECTOR_RUNNING      "running"
#define CIV_CONNECTOR_STALLED                                                                                \
    "stalled" /**< there is work to be done, and nobody who does it, or whoever does it comes no further */

/** All of CIV_CONNECTOR_... that an overview can have, ended by NULL. */
extern const char *const civ_connector_states[];

typedef struct civ_overview_t {
    const char *platform;
    int is_configured;
    int is_untried;               /**< configured, and nothing has shown yet whether the platform takes it */
    civ_connector_row_t row;      /**< where it is configured */
    const char *state;            /**< one of CIV_CONNECTOR_... */
    const char *reason;           /**< "" for none */
    apr_int64_t since;            /**< of the state */
    apr_int64_t next;             /**< when work goes on; throttled: behind the limits */
    apr_int64_t running, waiting; /**< jobs */
    apr_int64_t items, versions;  /**< of the platform, in the timeline */
} civ_overview_t;

/**
 * Look at all platforms.
 * @param overview room for civ_platform_count; in the order of civ_platforms; on @a pool
 * @return APR_SUCCESS or a failure of the database
 */
apr_status_t civ_overview(const civ_engine_t *engine, civ_overview_t *overview, apr_pool_t *pool);

/** What the timeline holds: versions, and items. @return APR_SUCCESS or a failure of the database */
apr_status_t civ_overview_count(const civ_engine_t *engine, apr_int64_t *versions, apr_int64_t *items,
                                apr_pool_t *pool);

extern const civ_statement_set_t civ_overview_statements;

#endif
