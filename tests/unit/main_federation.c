/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_federation.c
 * The tests of lib/federation.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t federation_anonymise_suite;
extern const test_suite_t federation_leaks_suite;
extern const test_suite_t federation_pseudonym_suite;
extern const test_suite_t federation_redaction_extremes_suite;
extern const test_suite_t federation_redaction_suite;

static const test_suite_t *const suites[] = {
    &federation_anonymise_suite,          &federation_leaks_suite,
    &federation_pseudonym_suite,          &federation_redaction_suite,
    &federation_redaction_extremes_suite, NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
