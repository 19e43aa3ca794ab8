/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file azure_fixture.h
 * The project that the tests of the connector for Azure DevOps read.
 */
#ifndef CIV_TESTS_AZURE_FIXTURE_H
#define CIV_TESTS_AZURE_FIXTURE_H

#include "unit/platform_fixture.h"

#define AZURE_TOKEN "fixture0personal0access0token"
#define AZURE_BASIC "OmZpeHR1cmUwcGVyc29uYWwwYWNjZXNzMHRva2Vu" /* of ":" and the token */
#define AZURE_GUID  "5a1e0000-0000-4000-8000-000000000001"
#define AZURE_REPO  "5a1e0000-0000-4000-8000-0000000000a1"
#define AZURE_EMPTY "5a1e0000-0000-4000-8000-0000000000a3"
#define AZURE_APIS  "/octo/" AZURE_GUID "/_apis"
#define AZURE_GIT   AZURE_APIS "/git/repositories/" AZURE_REPO
#define AZURE_V     "api-version=7.1"

static const platform_setup_t azure_setup = {
    .connector = &civ_connector_azure_devops,
    .folder = "azure",
    .recorded_as = "azure",
    .vendor = "https://dev.azure.com",
    .base_path = "",
    .secrets = "\"personal_access_token\":\"" AZURE_TOKEN "\"",
    .settings = "\"organization\":\"octo\",",
    .instance = "dev.azure.com",
    .project_id = "Tool Works",
};

#endif
