/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file circle_fixture.h
 * The project that the tests of the connector for CircleCI read.
 */
#ifndef CIV_TESTS_CIRCLE_FIXTURE_H
#define CIV_TESTS_CIRCLE_FIXTURE_H

#include "unit/platform_fixture.h"

#define CIRCLE_TOKEN "CCIPAT_fixture0b5e55ed"

static const platform_setup_t circle_setup = {
    .connector = &civ_connector_circle_ci,
    .folder = "circle",
    .recorded_as = "circleci",
    .vendor = "https://circleci.com",
    .base_path = "/",
    .secrets = "\"api_token\":\"" CIRCLE_TOKEN "\"",
    .settings = "",
    .instance = "circleci.com",
    .project_id = "gh/octo/tool",
};

#endif
