/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_synchronising.c
 * Platforms that are synchronised over HTTP: a real httpd, its worker, and the administrator's tool; and how the worker lives.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t sync_api_suite;
extern const test_suite_t sync_exchange_suite;
extern const test_suite_t sync_items_suite;
extern const test_suite_t sync_kill_suite;
extern const test_suite_t sync_ledger_suite;
extern const test_suite_t sync_metrics_suite;
extern const test_suite_t sync_queue_suite;
extern const test_suite_t sync_run_suite;
extern const test_suite_t sync_secrets_suite;
extern const test_suite_t sync_states_suite;
extern const test_suite_t sync_threads_suite;
extern const test_suite_t worker_suite;

int main(int argc, const char *const *argv)
{
    static const test_suite_t *const suites[] = {
        &sync_api_suite,
        &sync_queue_suite,
        &sync_exchange_suite,
        &sync_run_suite,
        &sync_metrics_suite,
        &sync_secrets_suite,
        &sync_states_suite,
        &sync_threads_suite,
        &sync_items_suite,
        &sync_kill_suite,
        &sync_ledger_suite,
        &worker_suite,
        NULL,
    };

    return test_main(argc, argv, suites);
}
