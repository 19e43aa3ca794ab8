/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file connector_demands.h
 * For fuzz_connector: the platforms, one for each connector that there is, and what is demanded of what a connector asks for and hands
 * over.
 */
#ifndef CIV_TESTS_FUZZ_CONNECTOR_DEMANDS_H
#define CIV_TESTS_FUZZ_CONNECTOR_DEMANDS_H

#include <apr_tables.h>

#include "sync/connector.h"
#include "sync/url.h"

/** A connector with a configuration and a project that it takes. */
typedef struct connector_platform_t {
    civ_connector_access_t access;
    const civ_json_t *settings;
    const char *project_id;
} connector_platform_t;

/** The connector that a byte chooses: the one whose own byte, the sum of its name's, is that one or the next. So an input stays what it
 *  is when there are more connectors. */
const civ_connector_t *connector_chosen(unsigned char byte);

/** Its platform, made once. A connector that takes none of the projects and configurations that are tried is a finding: add one there. */
const connector_platform_t *connector_platform(const civ_connector_t *connector);

/** Facts as the connector gets to see them. */
const civ_json_t *connector_facts(const apr_table_t *facts, apr_pool_t *pool);

/** Whether the client would send the credentials there. */
int connector_is_below(const connector_platform_t *platform, const civ_url_t *url, apr_pool_t *pool);

/** It is on one of the platform's own servers, and its body is JSON. */
void connector_demand_request(const connector_platform_t *platform, const civ_sync_request_t *request,
                              apr_pool_t *pool);

/** An item as a connector hands it over, whether it can be stored or not: it has a type, its status is a word, its data is a JSON
 *  object. */
void connector_demand_words(const civ_sync_item_t *item, apr_pool_t *pool);

/** An item that civ_sync_item_finish has taken: bounds, words, canonical data, nothing in it that is to be left out. */
void connector_demand_item(const civ_sync_item_t *item, apr_pool_t *pool);

#endif
