/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_base.c
 * The tests of lib/base.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t base_problem_suite;
extern const test_suite_t base_repetition_suite;
extern const test_suite_t base_seal_suite;
extern const test_suite_t base_digest_suite;
extern const test_suite_t base_merkle_suite;
extern const test_suite_t base_merkle_vectors_suite;
extern const test_suite_t base_timestamp_suite;
extern const test_suite_t base_json_suite;
extern const test_suite_t base_json_faults_suite;
extern const test_suite_t base_json_writer_suite;
extern const test_suite_t base_canonical_suite;
extern const test_suite_t base_keys_suite;
extern const test_suite_t base_key_json_suite;

static const test_suite_t *const suites[] = {
    &base_problem_suite,     &base_repetition_suite,
    &base_seal_suite,        &base_digest_suite,
    &base_merkle_suite,      &base_merkle_vectors_suite,
    &base_timestamp_suite,   &base_json_suite,
    &base_json_faults_suite, &base_json_writer_suite,
    &base_canonical_suite,   &base_keys_suite,
    &base_key_json_suite,    NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
