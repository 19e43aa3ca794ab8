/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_metrics.c
 * What there is to be alerted on of the federation, as Prometheus reads it.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/signed_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define VERIFIED        "civarcos_signatures_verified_total"
#define REFUSED(reason) "civarcos_signatures_refused_total{reason=\"" reason "\"}"

/* -1: it is not told. */
static int metric(const char *name)
{
    return (int)scenario_metric(signed_web, name);
}

/* Of all reasons together. */
static int refused(void)
{
    static const char name[] = "\ncivarcos_signatures_refused_total{reason=\"";
    const char *line = http_get(signed_web, "/api/metrics")->body;
    int sum = 0;

    while ((line = strstr(line, name)) != NULL) {
        line += strlen(name);
        sum += (int)strtol(strchr(line, ' '), NULL, 10);
    }
    return sum;
}

static int totals_are(int members, int evidence, int votes, int values, int threats)
{
    static const struct {
        const char *metric, *member;
    } rows[] = {
        {"civarcos_federation_members", "/network_stats/total_nodes"},
        {"civarcos_federation_evidence", "/network_stats/total_shared_evidence"},
        {"civarcos_federation_votes", "/network_stats/total_votes"},
        {"civarcos_federation_benchmark_values", "/network_stats/total_benchmarks"},
        {"civarcos_federation_threats", "/network_stats/total_threats"},
    };
    const int expected[] = {members, evidence, votes, values, threats};
    http_response_t *status = http_get(signed_web, "/api/federated/status");
    int i, good = 1;

    for (i = 0; i < 5; i++) {
        int told = metric(rows[i].metric);

        if (told != expected[i] || told != http_json_int(status, rows[i].member)) {
            test_note("%s is %d", rows[i].metric, told);
            good = 0;
        }
    }
    return good;
}

static void what_the_federation_holds_is_told(void)
{
    const char *evidence, *gone;

    signed_start();
    CU_ASSERT(totals_are(0, 0, 0, 0, 0));
    consortium_join(signed_web, 0, 4);
    evidence = consortium_shared(signed_web, 0, "{\"type\":\"coverage\",\"coverage\":81}");
    gone = consortium_shared(signed_web, 1, "{\"type\":\"coverage\",\"coverage\":82}");
    CU_ASSERT_EQUAL(consortium_vote(signed_web, 2, evidence, 1, "")->status, 200);
    CU_ASSERT_EQUAL(consortium_contribute(signed_web, 0, "\"a\":1,\"b\":2")->status, 200);
    CU_ASSERT_EQUAL(consortium_contribute(signed_web, 1, "\"a\":3")->status, 200);
    CU_ASSERT_EQUAL(
        consortium_threat(signed_web, 0, "{\"type\":\"phishing\",\"indicators\":[\"http://bad-host.org/\"]}")
            ->status,
        201);
    CU_ASSERT(totals_are(4, 2, 1, 3, 1));
    CU_ASSERT_EQUAL(
        http_post(signed_web, "/api/federated/withdraw",
                  apr_psprintf(test_pool(), "{\"organization_id\":\"org-1\",\"evidence_id\":\"%s\"}", gone))
            ->status,
        200);
    CU_ASSERT_EQUAL(http_post(signed_web, SIGNED_LEAVE, signed_leaving("org-3"))->status, 200);
    CU_ASSERT(totals_are(3, 1, 1, 3, 1));
    /* They are the database's, and no counters that start anew. */
    CU_ASSERT_EQUAL(harness_restart(signed_server), 0);
    CU_ASSERT(totals_are(3, 1, 1, 3, 1));
    /* Nobody has signed anything, and nobody had to. */
    CU_ASSERT_EQUAL(metric(VERIFIED), 0);
    CU_ASSERT_EQUAL(refused(), 0);
    signed_stop();
}

static void each_signed_request_counts_once(void)
{
    signer_request_t request;
    const char *const *headers;
    const char *body;

    signed_start();
    CU_ASSERT_EQUAL(metric(VERIFIED), 0);
    CU_ASSERT_EQUAL(metric(REFUSED("replay")), 0);
    request = signed_request_of("alpha", SIGNED_JOIN, signer_joining("alpha", "alpha"));
    body = request.body;
    headers = signer_headers(&request);
    CU_ASSERT_EQUAL(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body))->status, 201);
    CU_ASSERT_EQUAL(metric(VERIFIED), 1);
    /* It was good before it was found to be used. */
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_JOIN, headers, body, strlen(body)), "replay",
                   "used before");
    CU_ASSERT_EQUAL(metric(VERIFIED), 1);
    CU_ASSERT_EQUAL(metric(REFUSED("replay")), 1);
    CU_ASSERT_EQUAL(refused(), 1);
    /* Where it is needed and not there: before the work is done, and in the midst of it. */
    CU_ASSERT_EQUAL(http_post(signed_web, SIGNED_JOIN, signer_joining("beta", "beta"))->status, 401);
    CU_ASSERT_EQUAL(http_post(signed_web, SIGNED_LEAVE, signed_leaving("alpha"))->status, 401);
    CU_ASSERT_EQUAL(metric(REFUSED("signature-missing")), 2);
    request.age = 400;
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 401);
    CU_ASSERT_EQUAL(metric(REFUSED("created-out-of-window")), 1);
    CU_ASSERT_EQUAL(refused(), 4);
    CU_ASSERT_EQUAL(metric(VERIFIED), 1);
    /* What a good signature was for, may be wrong. */
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "beta"), 201);
    request = signed_request_of("beta", SIGNED_LEAVE, signed_leaving("alpha"));
    CU_ASSERT_EQUAL(signer_send(signed_web, &request)->status, 403);
    CU_ASSERT_EQUAL(metric(VERIFIED), 3);
    CU_ASSERT_EQUAL(refused(), 4);
    /* The log's word, and no other one. */
    CU_ASSERT_EQUAL(metric(REFUSED("ok")), -1);
    signed_stop();
}

/* A client is not told which keys are known; nor is it by what it may count. */
static void unknown_keys_and_wrong_signatures_count_alike(void)
{
    signer_request_t request;
    const char **headers;

    signed_start();
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "alpha"), 201);
    request = signed_request_of("gamma", SIGNED_LEAVE, signed_leaving("alpha"));
    SIGNED_REFUSED(signer_send(signed_web, &request), "key-unknown", "cannot be verified");
    CU_ASSERT_EQUAL(metric(REFUSED("signature-invalid")), 1);
    CU_ASSERT_EQUAL(metric(REFUSED("key-unknown")), -1);
    request.key = "alpha";
    headers = (const char **)signer_headers(&request);
    headers[3] = apr_pstrcat(test_pool(), "Signature: sig1=:", checks_repeat("", "A", 86, "==:"), NULL);
    SIGNED_REFUSED(http_send(signed_web, "POST", SIGNED_LEAVE, headers, request.body, strlen(request.body)),
                   "signature-invalid", "cannot be verified");
    CU_ASSERT_EQUAL(metric(REFUSED("signature-invalid")), 2);
    /* Nor where something else is wrong as well: the one is refused for the digest, whose key is known or not. */
    request = signed_request_of("gamma", SIGNED_LEAVE, signed_leaving("alpha"));
    request.sent_digest = "sha-256=:AAAA:";
    SIGNED_REFUSED(signer_send(signed_web, &request), "key-unknown", "Content-Digest");
    CU_ASSERT_EQUAL(metric(REFUSED("digest-mismatch")), 1);
    CU_ASSERT_EQUAL(refused(), 3);
    CU_ASSERT_EQUAL(metric(VERIFIED), 1);
    signed_stop();
}

/* As long as this server has not looked, it may take a key for good that another host's change has ended. The change itself knows
 * better, and says no more to who has it than the door does.
 */
static void key_given_up_elsewhere_is_refused(void)
{
    signer_request_t request;

    signed_start();
    CU_ASSERT_EQUAL(signer_join(signed_web, signed_server, "alpha"), 201);
    CU_ASSERT_EQUAL(scenario_sql(scenario_file(signed_server, "ledger/civarcos.db"),
                                 "UPDATE civ_fed_members SET key_id = 'another'"),
                    0);
    request = signed_request_of("alpha", SIGNED_LEAVE, signed_leaving("alpha"));
    SIGNED_REFUSED(signer_send(signed_web, &request), "key-unknown", "cannot be verified");
    CU_ASSERT_EQUAL(metric(REFUSED("signature-invalid")), 1);
    CU_ASSERT_EQUAL(metric(REFUSED("signature-missing")), 0);
    CU_ASSERT_EQUAL(metric(VERIFIED), 1);
    signed_stop();
}

static const test_case_t cases[] = {
    {"what_the_federation_holds_is_told", what_the_federation_holds_is_told},
    {"each_signed_request_counts_once", each_signed_request_counts_once},
    {"key_given_up_elsewhere_is_refused", key_given_up_elsewhere_is_refused},
    {"unknown_keys_and_wrong_signatures_count_alike", unknown_keys_and_wrong_signatures_count_alike},
    {NULL, NULL},
};

const test_suite_t federation_metrics_suite = {"federation_metrics", NULL, NULL, cases};
