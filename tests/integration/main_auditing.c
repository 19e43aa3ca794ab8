/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_auditing.c
 * What is found out about a ledger that somebody laid hands on, and what the administrator's tool does with ledgers.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t ctl_backup_suite;
extern const test_suite_t ctl_keys_suite;
extern const test_suite_t ctl_transfer_suite;
extern const test_suite_t ctl_verify_suite;
extern const test_suite_t tampering_suite;
extern const test_suite_t tampering_walk_suite;
extern const test_suite_t verifier_suite;

int main(int argc, const char *const *argv)
{
    static const test_suite_t *const suites[] = {
        &tampering_suite,    &tampering_walk_suite, &verifier_suite, &ctl_verify_suite,
        &ctl_transfer_suite, &ctl_backup_suite,     &ctl_keys_suite, NULL,
    };

    return test_main(argc, argv, suites);
}
