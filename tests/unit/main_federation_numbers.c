/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_federation_numbers.c
 * The tests of what the federation counts: benchmarks and threats.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t federation_benchmark_suite;
extern const test_suite_t federation_indicator_suite;
extern const test_suite_t federation_threat_suite;
extern const test_suite_t federation_vocabulary_suite;

static const test_suite_t *const suites[] = {
    &federation_benchmark_suite,
    &federation_indicator_suite,
    &federation_threat_suite,
    &federation_vocabulary_suite,
    NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
