/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_scene.c
 * One server at a time.
 */
#include "config.h"

#include "integration/evidence_scene.h"

#include "integration/consortium.h"
#include "integration/scenario.h"
#include "support/runner.h"

#include <apr_strings.h>

harness_t *evidence_server;
http_client_t *evidence_web;

void evidence_start_with(const char *config, int members)
{
    harness_options_t options = {NULL, config, NULL};

    evidence_server = harness_start(&options);
    CU_ASSERT_FATAL(evidence_server != NULL);
    evidence_web = http_client(evidence_server->url, test_pool());
    consortium_join(evidence_web, 0, members);
}

void evidence_start(int members)
{
    evidence_start_with(EVIDENCE_CONFIG, members);
}

void evidence_stop(void)
{
    CU_ASSERT(harness_log_is_clean(evidence_server, NULL));
    CU_ASSERT_EQUAL(harness_stop(evidence_server), 0);
    evidence_server = NULL;
}

http_response_t *evidence_list(const char *query)
{
    http_response_t *answer = http_get(evidence_web, apr_pstrcat(test_pool(), EVIDENCE_LIST, query, NULL));

    CU_ASSERT_EQUAL(answer->status, 200);
    return answer;
}

int evidence_count(const char *query)
{
    return (int)http_json_int(evidence_list(query), "/count");
}

http_response_t *evidence_versions(const char *evidence_id)
{
    return http_get(evidence_web, apr_psprintf(test_pool(), "/api/federated/evidence/%s", evidence_id));
}

apr_int64_t evidence_total(const char *name)
{
    return http_json_int(http_get(evidence_web, "/api/federated/status"),
                         apr_pstrcat(test_pool(), "/network_stats/", name, NULL));
}

const char *evidence_database(void)
{
    return scenario_file(evidence_server, "ledger/civarcos.db");
}

const char *evidence_coverage(const char *id, int percent)
{
    return apr_psprintf(test_pool(), "{\"id\":\"%s\",\"type\":\"coverage\",\"coverage\":%d}", id, percent);
}
