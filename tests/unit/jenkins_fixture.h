/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file jenkins_fixture.h
 * The folder that the tests of the connector for Jenkins read: jobs, a multibranch project, an empty folder. The URLs in its answers
 * lead to another host, as those of a server do whose root URL is set wrong.
 */
#ifndef CIV_TESTS_JENKINS_FIXTURE_H
#define CIV_TESTS_JENKINS_FIXTURE_H

#include "unit/platform_fixture.h"

#define JENKINS_TOKEN "11fixture0b5e55ed"

/** Beginnings of the targets of lists: of a folder's jobs, and of a job's builds. */
#define JENKINS_JOBS(path)   "/jenkins" path "/api/json?tree=color"
#define JENKINS_BUILDS(path) "/jenkins" path "/api/json?tree=allBuilds"

static const platform_setup_t jenkins_setup = {
    .connector = &civ_connector_jenkins,
    .folder = "jenkins",
    .recorded_as = "jenkins",
    .vendor = "https://jenkins.example.com",
    .base_path = "/jenkins/",
    .secrets = "\"api_token\":\"" JENKINS_TOKEN "\",\"username\":\"reader\"",
    .settings = "",
    .instance = "ci.example",
    .project_id = "team",
};

#endif
