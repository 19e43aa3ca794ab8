/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_platforms.c
 * Runs the unit tests of the connectors, in lib/sync/platforms.
 */
#include "support/runner.h"

extern const test_suite_t platform_bitbucket_suite;
extern const test_suite_t platform_bitbucket_more_suite;
extern const test_suite_t platform_circle_suite;
extern const test_suite_t platform_circle_more_suite;
extern const test_suite_t platform_azure_suite;
extern const test_suite_t platform_azure_more_suite;
extern const test_suite_t platform_github_suite;
extern const test_suite_t platform_github_more_suite;
extern const test_suite_t platform_gitlab_suite;
extern const test_suite_t platform_gitlab_more_suite;
extern const test_suite_t platform_gitlab_refusals_suite;
extern const test_suite_t platform_jenkins_suite;
extern const test_suite_t platform_jenkins_more_suite;

static const test_suite_t *const suites[] = {
    &platform_bitbucket_suite,       &platform_bitbucket_more_suite,
    &platform_circle_suite,          &platform_circle_more_suite,
    &platform_azure_suite,           &platform_azure_more_suite,
    &platform_github_suite,          &platform_github_more_suite,
    &platform_gitlab_suite,          &platform_gitlab_more_suite,
    &platform_gitlab_refusals_suite, &platform_jenkins_suite,
    &platform_jenkins_more_suite,    NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
