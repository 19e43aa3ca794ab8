/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_ledger.c
 * The tests of lib/ledger.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t ledger_append_suite;
extern const test_suite_t ledger_batch_suite;
extern const test_suite_t ledger_block_suite;
extern const test_suite_t ledger_crash_suite;
extern const test_suite_t ledger_entry_suite;
extern const test_suite_t ledger_genesis_suite;
extern const test_suite_t ledger_head_file_suite;
extern const test_suite_t ledger_head_states_suite;
extern const test_suite_t ledger_header_suite;
extern const test_suite_t ledger_pending_suite;
extern const test_suite_t ledger_processes_suite;
extern const test_suite_t ledger_proof_of_work_suite;
extern const test_suite_t ledger_quorum_suite;
extern const test_suite_t ledger_settle_suite;
extern const test_suite_t ledger_start_suite;
extern const test_suite_t ledger_transact_suite;
extern const test_suite_t ledger_transact_crowd_suite;

/* Those that fork come first: a process that has had threads forks less well under sanitizers. */
static const test_suite_t *const suites[] = {
    &ledger_processes_suite,     &ledger_crash_suite,          &ledger_header_suite,
    &ledger_proof_of_work_suite, &ledger_quorum_suite,         &ledger_entry_suite,
    &ledger_genesis_suite,       &ledger_block_suite,          &ledger_head_file_suite,
    &ledger_head_states_suite,   &ledger_start_suite,          &ledger_append_suite,
    &ledger_batch_suite,         &ledger_pending_suite,        &ledger_settle_suite,
    &ledger_transact_suite,      &ledger_transact_crowd_suite, NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
