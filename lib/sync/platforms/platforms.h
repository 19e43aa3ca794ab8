/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file platforms.h
 * The connectors that there are; civ_connectors of sync/connectors.h is the table of them.
 */
#ifndef CIV_SYNC_PLATFORMS_H
#define CIV_SYNC_PLATFORMS_H

#include "sync/connector.h"

extern const civ_connector_t civ_connector_azure_devops;
extern const civ_connector_t civ_connector_circle_ci;
extern const civ_connector_t civ_connector_github;
extern const civ_connector_t civ_connector_jenkins;

#endif
