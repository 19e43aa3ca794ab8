/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_members.c
 * The tests of the federation's members.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t federation_evidence_suite;
extern const test_suite_t federation_key_cache_suite;
extern const test_suite_t federation_member_keys_suite;
extern const test_suite_t federation_member_totals_suite;
extern const test_suite_t federation_members_suite;
extern const test_suite_t federation_records_suite;
extern const test_suite_t federation_rules_suite;
extern const test_suite_t federation_votes_suite;

static const test_suite_t *const suites[] = {
    &federation_rules_suite,         &federation_members_suite,   &federation_member_keys_suite,
    &federation_member_totals_suite, &federation_key_cache_suite, &federation_records_suite,
    &federation_evidence_suite,      &federation_votes_suite,     NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
