/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/runner.h"
static const test_case_t cases[] = {{NULL, NULL}};
const test_suite_t federation_hostility_suite = {"federation_hostility", NULL, NULL, cases};
