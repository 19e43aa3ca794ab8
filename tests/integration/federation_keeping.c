/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/runner.h"
static const test_case_t cases[] = {{NULL, NULL}};
const test_suite_t federation_keeping_suite = {"federation_keeping", NULL, NULL, cases};
