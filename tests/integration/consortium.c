/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file consortium.c
 * Organisations without keys.
 */
#include "integration/consortium.h"

#include "support/runner.h"

#include <apr_strings.h>

void consortium_join(http_client_t *web, int from, int to)
{
    int i;

    for (i = from; i < to; i++) {
        const char *body = apr_psprintf(test_pool(),
                                        "{\"organization_id\":\"org-%d\","
                                        "\"evidence_endpoint\":\"https://org-%d.example/evidence\"}",
                                        i, i);

        CU_ASSERT_EQUAL(http_post(web, "/api/federated/join", body)->status, 201);
    }
}

http_response_t *consortium_contribute(http_client_t *web, int number, const char *metrics)
{
    return http_post(
        web, "/api/federated/benchmark",
        apr_psprintf(test_pool(), "{\"organization_id\":\"org-%d\",\"metrics\":{%s}}", number, metrics));
}

http_response_t *consortium_threat(http_client_t *web, int number, const char *threat)
{
    return http_post(web, "/api/federated/threat",
                     apr_pstrcat(test_pool(), "{\"organization_id\":\"org-", apr_itoa(test_pool(), number),
                                 "\",\"threat_info\":", threat, "}", NULL));
}
