/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_node.c
 * The tests of lib/node.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t node_egress_suite;
extern const test_suite_t node_files_suite;
extern const test_suite_t node_pseudonym_suite;
extern const test_suite_t node_start_suite;
extern const test_suite_t node_hot_suite;

static const test_suite_t *const suites[] = {
    &node_egress_suite, &node_files_suite, &node_pseudonym_suite, &node_start_suite, &node_hot_suite, NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
