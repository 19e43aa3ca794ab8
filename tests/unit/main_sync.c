/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_sync.c
 * The tests of lib/sync's engine and of what it is made of.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t sync_items_suite;
extern const test_suite_t sync_engine_suite;
extern const test_suite_t sync_trouble_suite;
extern const test_suite_t sync_jobs_suite;
extern const test_suite_t sync_lists_suite;
extern const test_suite_t sync_runner_suite;
extern const test_suite_t sync_timeline_suite;
extern const test_suite_t sync_pages_suite;
extern const test_suite_t sync_record_suite;
extern const test_suite_t sync_conflicts_suite;
extern const test_suite_t sync_push_suite;
extern const test_suite_t sync_rotation_suite;
extern const test_suite_t sync_sealing_suite;
extern const test_suite_t sync_webhook_suite;
extern const test_suite_t sync_webhook_proof_suite;
extern const test_suite_t sync_totals_suite;

static const test_suite_t *const suites[] = {
    &sync_items_suite,
    &sync_engine_suite,
    &sync_trouble_suite,
    &sync_lists_suite,
    &sync_jobs_suite,
    &sync_runner_suite,
    &sync_timeline_suite,
    &sync_pages_suite,
    &sync_record_suite,
    &sync_conflicts_suite,
    &sync_push_suite,
    &sync_webhook_suite,
    &sync_webhook_proof_suite,
    &sync_sealing_suite,
    &sync_rotation_suite,
    &sync_totals_suite,
    NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
