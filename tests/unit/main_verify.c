/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_verify.c
 * The tests of lib/ledger that look at sealed blocks: search, export, validation.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t ledger_export_suite;
extern const test_suite_t ledger_forgery_suite;
extern const test_suite_t ledger_import_suite;
extern const test_suite_t ledger_search_suite;
extern const test_suite_t ledger_tampering_suite;
extern const test_suite_t ledger_validators_suite;
extern const test_suite_t ledger_verify_suite;

static const test_suite_t *const suites[] = {
    &ledger_search_suite,  &ledger_verify_suite, &ledger_validators_suite, &ledger_tampering_suite,
    &ledger_forgery_suite, &ledger_export_suite, &ledger_import_suite,     NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
