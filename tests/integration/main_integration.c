/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main_integration.c
 * What one server answers.
 */
#include "support/runner.h"

#include <stddef.h>

extern const test_suite_t api_root_suite;
extern const test_suite_t bad_input_suite;
extern const test_suite_t bad_transfer_suite;
extern const test_suite_t federation_benchmarks_suite;
extern const test_suite_t federation_evidence_suite;
extern const test_suite_t federation_hostility_suite;
extern const test_suite_t federation_members_suite;
extern const test_suite_t federation_metrics_suite;
extern const test_suite_t federation_privacy_suite;
extern const test_suite_t federation_sharing_suite;
extern const test_suite_t federation_threats_suite;
extern const test_suite_t federation_votes_suite;
extern const test_suite_t http_semantics_suite;
extern const test_suite_t idempotency_suite;
extern const test_suite_t ledger_add_suite;
extern const test_suite_t ledger_read_suite;
extern const test_suite_t ledger_search_suite;
extern const test_suite_t limits_suite;
extern const test_suite_t mapping_suite;
extern const test_suite_t openapi_suite;
extern const test_suite_t pending_suite;
extern const test_suite_t privileges_suite;
extern const test_suite_t signed_requests_suite;
extern const test_suite_t signed_content_suite;
extern const test_suite_t signed_elsewhere_suite;
extern const test_suite_t voting_clients_suite;
extern const test_suite_t voting_suite;

int main(int argc, const char *const *argv)
{
    static const test_suite_t *const suites[] = {
        &api_root_suite,
        &openapi_suite,
        &ledger_add_suite,
        &ledger_read_suite,
        &ledger_search_suite,
        &bad_input_suite,
        &bad_transfer_suite,
        &http_semantics_suite,
        &idempotency_suite,
        &pending_suite,
        &voting_suite,
        &voting_clients_suite,
        &signed_requests_suite,
        &signed_content_suite,
        &signed_elsewhere_suite,
        &limits_suite,
        &mapping_suite,
        &privileges_suite,
        &federation_members_suite,
        &federation_benchmarks_suite,
        &federation_sharing_suite,
        &federation_threats_suite,
        &federation_evidence_suite,
        &federation_privacy_suite,
        &federation_votes_suite,
        &federation_hostility_suite,
        &federation_metrics_suite,
        NULL,
    };

    return test_main(argc, argv, suites);
}
