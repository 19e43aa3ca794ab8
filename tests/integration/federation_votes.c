/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "support/runner.h"
static const test_case_t cases[] = {{NULL, NULL}};
const test_suite_t federation_votes_suite = {"federation_votes", NULL, NULL, cases};
