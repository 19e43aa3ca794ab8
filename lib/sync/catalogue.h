/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file catalogue.h
 * The platforms there are: what each is called, what its configuration may hold, and its connector.
 */
#ifndef CIV_SYNC_CATALOGUE_H
#define CIV_SYNC_CATALOGUE_H

#include "sync/connector.h"
#include "sync/egress.h"

/** Bytes of a setting's value at most. */
#define CIV_SETTING_MOST 8192

/** Bytes of a project's name at most. */
#define CIV_PROJECT_MOST 512

/** Alternatives in a row of civ_platform_t.required. */
#define CIV_PLATFORM_REQUIRED 4

typedef struct civ_platform_t {
    const char *name;  /**< "github": in the API, and the source of items */
    const char *title; /**< "GitHub" */
    const civ_connector_t *connector;
    const char
        *required[CIV_PLATFORM_REQUIRED]; /**< each "a" or "a|b": one of them must be there; ended by NULL */
} civ_platform_t;

/** The table, in the order in which platforms are listed. */
extern const civ_platform_t civ_platforms[];
extern const int civ_platform_count;

/** Find a platform. NULL: there is none of that name. */
const civ_platform_t *civ_platform_find(const char *name);

/** All names, separated by commas: for who has written another one. */
const char *civ_platform_names(apr_pool_t *pool);

/**
 * Whether a configuration is one: known members, all texts that may be sent in a header, those that are required, base_url and proxy
 * as URLs that the egress rules admit, and what the connector itself asks for. Nothing is connected to.
 * @param config whatever the client has sent
 * @param problem with a pointer that starts with /config; repeats no value
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_platform_check(const civ_platform_t *platform, const civ_egress_t *egress,
                                const civ_json_t *config, civ_problem_t *problem, apr_pool_t *pool);

/** Whether this can be a project of the platform. @return APR_SUCCESS; CIV_EINVALID with @a problem (/project_id) */
apr_status_t civ_platform_check_project(const civ_platform_t *platform, const char *project_id,
                                        civ_problem_t *problem, apr_pool_t *pool);

#endif
