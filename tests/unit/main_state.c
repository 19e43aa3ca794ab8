/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_state.c
 * The tests of lib/state.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t state_layout_suite;
extern const test_suite_t state_head_suite;
extern const test_suite_t state_blocks_suite;
extern const test_suite_t state_race_suite;

static const test_suite_t *const suites[] = {
    &state_layout_suite, &state_head_suite, &state_blocks_suite, &state_race_suite, NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
