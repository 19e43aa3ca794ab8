/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_http.c
 * The tests of the client that talks to platforms.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t http_url_suite;
extern const test_suite_t http_link_suite;
extern const test_suite_t http_egress_suite;
extern const test_suite_t http_rate_suite;
extern const test_suite_t http_limiter_suite;
extern const test_suite_t http_answer_suite;
extern const test_suite_t http_client_suite;
extern const test_suite_t http_configuration_suite;
extern const test_suite_t http_repetition_suite;
extern const test_suite_t http_redirect_suite;
extern const test_suite_t http_patience_suite;

static const test_suite_t *const suites[] = {
    &http_url_suite,        &http_link_suite,     &http_egress_suite,   &http_rate_suite,
    &http_limiter_suite,    &http_answer_suite,   &http_client_suite,   &http_configuration_suite,
    &http_repetition_suite, &http_redirect_suite, &http_patience_suite, NULL,
};

int main(int argc, char **argv)
{
    return test_main(argc, (const char *const *)argv, suites);
}
