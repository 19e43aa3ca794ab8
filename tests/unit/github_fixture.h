/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file github_fixture.h
 * The repository that the tests of the connector for GitHub read.
 */
#ifndef CIV_TESTS_GITHUB_FIXTURE_H
#define CIV_TESTS_GITHUB_FIXTURE_H

#include "unit/platform_fixture.h"

#define GITHUB_TOKEN "ghp_fixture0b5e55ed"
#define GITHUB_REPO  "/repos/octo/tool"

static const platform_setup_t github_setup = {
    .connector = &civ_connector_github,
    .folder = "github",
    .recorded_as = "github",
    .vendor = "https://api.github.com",
    .base_path = "/",
    .secrets = "\"api_token\":\"" GITHUB_TOKEN "\"",
    .settings = "",
    .instance = "api.github.com",
    .project_id = "octo/tool",
};

#endif
