/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_store.c
 * The tests of lib/store.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t store_connection_suite;
extern const test_suite_t store_transaction_suite;
extern const test_suite_t store_failure_suite;
extern const test_suite_t store_pool_suite;
extern const test_suite_t store_schema_suite;
extern const test_suite_t store_idempotency_suite;
extern const test_suite_t store_replay_suite;
extern const test_suite_t store_copy_suite;
extern const test_suite_t store_pgsql_suite;

static const test_suite_t *const suites[] = {
    &store_connection_suite, &store_transaction_suite,
    &store_failure_suite,    &store_pool_suite,
    &store_schema_suite,     &store_idempotency_suite,
    &store_replay_suite,     &store_copy_suite,
    &store_pgsql_suite,      NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
