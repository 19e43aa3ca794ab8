/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file gitlab_fixture.h
 * The project that the tests of the connector for GitLab read.
 */
#ifndef CIV_TESTS_GITLAB_FIXTURE_H
#define CIV_TESTS_GITLAB_FIXTURE_H

#include "unit/platform_fixture.h"

#define GITLAB_TOKEN "glpat-fixture0b5e55ed00"

/** The project by the name it is asked for, and by its number. */
#define GITLAB_NAMED "/api/v4/projects/octo%2Ftool"
#define GITLAB_TOOL  "/api/v4/projects/7301"

/** How lists by the time of change begin, and the pages of those that have nothing new. */
#define GITLAB_WALK "?order_by=updated_at&sort=asc&per_page=100"

/** Its lists as they are asked for first. */
#define GITLAB_COMMITS        GITLAB_TOOL "/repository/commits?with_stats=true&per_page=100"
#define GITLAB_MERGE_REQUESTS GITLAB_TOOL "/merge_requests" GITLAB_WALK "&state=all&scope=all"
#define GITLAB_ISSUES         GITLAB_TOOL "/issues" GITLAB_WALK "&scope=all"
#define GITLAB_PIPELINES      GITLAB_TOOL "/pipelines" GITLAB_WALK
#define GITLAB_RELEASES       GITLAB_TOOL "/releases?per_page=100"

/* Rows of answers. */
#define GITLAB_END                                                                                           \
    {                                                                                                        \
        NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0                                                                \
    }
#define GITLAB_ANSWER(target, status, headers, body)                                                         \
    {                                                                                                        \
        target, status, headers, body, 0, MOCK_PLAIN, 0                                                      \
    }

static const platform_setup_t gitlab_setup = {
    .connector = &civ_connector_gitlab,
    .folder = "gitlab",
    .recorded_as = "gitlab",
    .vendor = "https://gitlab.com",
    .base_path = "/",
    .secrets = "\"api_token\":\"" GITLAB_TOKEN "\"",
    .settings = "",
    .instance = "gitlab.com",
    .project_id = "octo/tool",
};

#endif
