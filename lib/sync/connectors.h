/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file connectors.h
 * The configuration of each platform's connector, its secrets sealed, and how the connector is.
 */
#ifndef CIV_SYNC_CONNECTORS_H
#define CIV_SYNC_CONNECTORS_H

#include "sync/engine.h"

/** How a connector is, beside what its jobs say. */
#define CIV_CONNECTOR_UNTRIED                                                                                \
    "untried" /**< configured, and no run and no test has ended since; told of as ready */
#define CIV_CONNECTOR_READY     "ready"
#define CIV_CONNECTOR_DEGRADED  "degraded"
#define CIV_CONNECTOR_THROTTLED "throttled"
#define CIV_CONNECTOR_AUTH_FAILED                                                                            \
    "auth_failed" /**< its schedules rest until it is configured anew, or tested with success */
#define CIV_CONNECTOR_FAILED "failed"

typedef struct civ_connector_row_t {
    const char *platform;
    const char *settings;        /**< JSON object without the secrets */
    apr_array_header_t *secrets; /**< names of the secrets that are set, const char *; never what they are */
    const char *state;
    const char *reason;                    /**< "" for none */
    apr_int64_t since, configured, synced; /**< milliseconds; synced: last success, 0 for none */
} civ_connector_row_t;

/**
 * Store a configuration. Members that the connector's table calls secret, and webhook_secret, are sealed, each on its own,
 * with a key of civ_engine_t's key_file. It is put on record in the ledger: by a digest of what is stored, secrets sealed.
 * @param settings the connector's table, ended by a NULL name
 * @param config a JSON object of the connector's settings
 * @param retry NULL: none. @param repeated the same was done before
 */
apr_status_t civ_connector_put(const civ_engine_t *engine, const char *platform,
                               const civ_connector_setting_t *settings, const civ_json_t *config,
                               const civ_idempotency_t *retry, int *repeated, civ_problem_t *problem,
                               apr_pool_t *pool);

/** Take it away: its jobs are cancelled, and where its projects have got to is forgotten; items and schedules stay. On record in the
 *  ledger. @return APR_SUCCESS; APR_NOTFOUND with @a problem */
apr_status_t civ_connector_remove(const civ_engine_t *engine, const char *platform, civ_problem_t *problem,
                                  apr_pool_t *pool);

/** Read one, without secrets. @return APR_SUCCESS; APR_NOTFOUND; a failure of the database */
apr_status_t civ_connector_get(const civ_engine_t *engine, const char *platform, civ_connector_row_t *row,
                               apr_pool_t *pool);

/** All that are configured, by platform; never more than there are platforms. @param rows room for @a most */
apr_status_t civ_connectors_list(const civ_engine_t *engine, int most, civ_connector_row_t *rows, int *count,
                                 apr_pool_t *pool);

/**
 * The whole configuration with its secrets in clear, for civ_connector_t's prepare and nobody else.
 * @param config on @a pool
 * @return APR_SUCCESS; APR_NOTFOUND: not configured; CIV_EINTEGRITY: a secret cannot be opened, or the key file not be used (@a
 *         problem says so); a failure of the database
 */
apr_status_t civ_connector_open(const civ_engine_t *engine, const char *platform, const civ_json_t **config,
                                const civ_json_t **settings, civ_problem_t *problem, apr_pool_t *pool);

/**
 * One secret in clear, and no other: webhook_secret, for who verifies deliveries.
 * @param secret a string, which may hold NULs, in memory that is wiped with @a pool; NULL: the configuration has none of that name
 * @return as civ_connector_open
 */
apr_status_t civ_connector_secret(const civ_engine_t *engine, const char *platform, const char *name,
                                  const civ_json_t **secret, civ_problem_t *problem, apr_pool_t *pool);

/** Note how it is. @param synced it has just read a project */
apr_status_t civ_connector_note(const civ_engine_t *engine, const char *platform, const char *state,
                                const char *reason, int synced, civ_problem_t *problem, apr_pool_t *pool);

/** The connectors that there are, ended by NULL. */
extern const civ_connector_t *const civ_connectors[];

extern const civ_statement_set_t civ_connectors_statements;

#endif
