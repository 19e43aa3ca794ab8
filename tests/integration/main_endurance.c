/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_endurance.c
 * What servers live through. A program of its own, as the next one, so that its waiting and the work of the others
 * overlap.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t clock_suite;
extern const test_suite_t concurrency_suite;
extern const test_suite_t crash_suite;
extern const test_suite_t failover_suite;
extern const test_suite_t federation_endurance_suite;
extern const test_suite_t federation_keeping_suite;
extern const test_suite_t leaks_suite;
extern const test_suite_t outage_suite;
extern const test_suite_t outage_disk_suite;
extern const test_suite_t restart_suite;
extern const test_suite_t several_hosts_suite;
extern const test_suite_t virtual_hosts_suite;

int main(int argc, const char *const *argv)
{
    static const test_suite_t *const suites[] = {
        &restart_suite,
        &outage_suite,
        &outage_disk_suite,
        &concurrency_suite,
        &virtual_hosts_suite,
        &crash_suite,
        &clock_suite,
        &leaks_suite,
        &several_hosts_suite,
        &failover_suite,
        &federation_endurance_suite,
        &federation_keeping_suite,
        NULL,
    };

    return test_main(argc, argv, suites);
}
