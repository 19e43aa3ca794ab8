/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_signature.c
 * The tests of signed requests.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t signature_structured_suite;
extern const test_suite_t signature_content_suite;
extern const test_suite_t signature_components_suite;
extern const test_suite_t signature_profile_suite;
extern const test_suite_t signature_labels_suite;
extern const test_suite_t signature_vectors_suite;
extern const test_suite_t signature_example_suite;

static const test_suite_t *const suites[] = {
    &signature_structured_suite, &signature_content_suite,
    &signature_components_suite, &signature_profile_suite,
    &signature_labels_suite,     &signature_vectors_suite,
    &signature_example_suite,    NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
