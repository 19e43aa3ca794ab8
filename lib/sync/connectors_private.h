/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file connectors_private.h
 * What the files about connectors' secrets share.
 */
#ifndef CIV_SYNC_CONNECTORS_PRIVATE_H
#define CIV_SYNC_CONNECTORS_PRIVATE_H

#include "base/json.h"
#include "sync/connectors.h"

/** What a secret is sealed for: the platform, and all that says where it is sent and how. Who can write to the database, but has no key,
 *  cannot send it elsewhere. On @a pool. */
const char *civ_connector_owner(const char *platform, const char *settings, apr_pool_t *pool);

/** Settings or sealed secrets as they are stored. @return APR_SUCCESS; CIV_EDATABASE when it is no JSON object */
apr_status_t civ_connector_parse(const civ_json_t **object, const char *text, apr_pool_t *pool);

/** Put on record what is stored of a connector from now on. */
void civ_connector_audit(civ_change_t *change, const char *action, const char *platform, const char *settings,
                         const char *sealed);

#endif
