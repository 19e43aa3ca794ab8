/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file configuration.h
 * What the connectors share in reading their configurations and what else a client sends them.
 */
#ifndef CIV_SYNC_PLATFORM_CONFIGURATION_H
#define CIV_SYNC_PLATFORM_CONFIGURATION_H

#include "sync/connector.h"

/** Refuse a setting. @param sentence repeats no value @return CIV_EINVALID, with the pointer /config/NAME */
apr_status_t civ_configuration_refuse(civ_problem_t *problem, const char *name, apr_pool_t *pool,
                                      const char *sentence);

/** The same for any other member of what was sent. @param pointer "/project_id" */
apr_status_t civ_request_refuse(civ_problem_t *problem, const char *pointer, apr_pool_t *pool,
                                const char *sentence);

/** A secret that goes into a header: it must be there, visible characters of ASCII, up to 8,192 bytes.
 *  @param secret lives with @a config @return APR_SUCCESS; CIV_EINVALID */
apr_status_t civ_configuration_secret(const char **secret, const civ_json_t *config, const char *name,
                                      civ_problem_t *problem, apr_pool_t *pool);

/** base_url without a slash at its end; @a otherwise where there is none, which is an error when it is NULL.
 *  @param base on @a pool @return APR_SUCCESS; CIV_EINVALID */
apr_status_t civ_configuration_base(const char **base, const civ_json_t *config, const char *otherwise,
                                    civ_problem_t *problem, apr_pool_t *pool);

/** A header for all requests; the texts must live as long as @a access. */
void civ_access_header(civ_connector_access_t *access, const char *name, const char *value);

/** A header that holds a secret: @a prefix, then @a secret, in memory that is wiped. @param prefix "Bearer " */
void civ_access_secret(civ_connector_access_t *access, const char *name, const char *prefix,
                       const char *secret, apr_pool_t *pool);

/** The same for HTTP's Basic authentication. */
void civ_access_basic(civ_connector_access_t *access, const char *user, const char *password,
                      apr_pool_t *pool);

/** Whether a text has nothing but visible characters of ASCII, so that it can stand in a header; "" has. */
int civ_is_visible(const char *text);

/** Whether a text is a commit's whole SHA-1 or SHA-256 in lower case. */
int civ_is_commit(const char *text);

/** The first @a most characters, not bytes, of a text of UTF-8. */
const char *civ_first_characters(const char *text, int most, apr_pool_t *pool);

#endif
