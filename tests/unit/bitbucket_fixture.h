/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bitbucket_fixture.h
 * The repository that the tests of the connector for Bitbucket Cloud read.
 */
#ifndef CIV_TESTS_BITBUCKET_FIXTURE_H
#define CIV_TESTS_BITBUCKET_FIXTURE_H

#include "unit/platform_fixture.h"

#define BITBUCKET_REPO "/2.0/repositories/acme/tool"

/** Basic of "ada@acme.example:fixture0b5e55ed". */
#define BITBUCKET_CREDENTIALS "Basic YWRhQGFjbWUuZXhhbXBsZTpmaXh0dXJlMGI1ZTU1ZWQ="
#define BITBUCKET_TOKEN       "fixture0b5e55ed"

static const platform_setup_t bitbucket_setup = {
    .connector = &civ_connector_bitbucket,
    .folder = "bitbucket",
    .recorded_as = "bitbucket",
    .vendor = "https://api.bitbucket.org",
    .base_path = "/2.0",
    .secrets = "\"api_token\":\"" BITBUCKET_TOKEN "\"",
    .settings = "\"email\":\"ada@acme.example\",",
    .instance = "api.bitbucket.org",
    .project_id = "acme/tool",
};

#endif
