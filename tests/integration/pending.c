/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file pending.c
 * Evidence that waits for its block: what it looks like, and the three ways in which it is sealed.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define ADD     "/api/blockchain/add"
#define PENDING "/api/blockchain/pending"

static harness_t *server;

static int setup(void)
{
    harness_options_t options = {NULL, "CivarcosSealInterval 1h\nCivarcosSealCount 10\n", NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static http_client_t *client(void)
{
    return http_client(server->url, test_pool());
}

static http_response_t *pend(http_client_t *web, int number)
{
    return http_post(web, PENDING,
                     apr_psprintf(test_pool(), "{\"evidence\":{\"type\":\"waiting\",\"n\":%d}}", number));
}

static int pending(http_client_t *web)
{
    return (int)http_json_int(http_get(web, "/api/blockchain/info"), "/blockchain/pending_evidence");
}

/* The numbers of a block's evidence, in order, as "1,2,3". */
static const char *numbers(http_client_t *web, const char *block)
{
    http_response_t *response =
        http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/block/", block, NULL));
    int count = http_json_count(response, "/block/evidence");
    const char *text = "";
    int i;

    for (i = 0; i < count; i++) {
        text = apr_psprintf(test_pool(), "%s%s%" APR_INT64_T_FMT, text, i ? "," : "",
                            http_json_int(response, apr_psprintf(test_pool(), "/block/evidence/%d/n", i)));
    }
    return text;
}

static void test_answer(void)
{
    http_client_t *web = client();
    http_response_t *response = http_post(
        web, PENDING, "{\"evidence\":[{\"n\": 1, \"type\": \"waiting\"}, {\"type\":\"waiting\",\"n\":2}]}");
    int blocks = scenario_blocks(web);
    const char *hash = http_json_text(response, "/evidence_hashes/0");

    CU_ASSERT_EQUAL(response->status, 202);
    CU_ASSERT_EQUAL(http_json_bool(response, "/success"), 1);
    CU_ASSERT_EQUAL(http_json_int(response, "/pending_evidence"), 2);
    CU_ASSERT_EQUAL(http_json_count(response, "/evidence_hashes"), 2);
    CU_ASSERT_EQUAL(strlen(hash), 64);
    CU_ASSERT_EQUAL(http_json_count(response, ""), 3);
    CU_ASSERT_EQUAL(pending(web), 2);
    CU_ASSERT_EQUAL(scenario_metric(web, "civarcos_pending"), 2);
    /* It is not sealed yet: no evidence of the ledger. */
    hash = apr_pstrdup(test_pool(), hash);
    CU_ASSERT(http_is_problem(
        http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", hash, NULL)), 404));
    response = http_post(web, ADD, "{}");
    CU_ASSERT_EQUAL(response->status, 201);
    CU_ASSERT_EQUAL(http_json_int(response, "/block/evidence_count"), 2);
    CU_ASSERT_STRING_EQUAL(http_json_text(response, "/block/evidence_hashes/0"), hash);
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks + 1);
    CU_ASSERT_EQUAL(pending(web), 0);
    response = http_get(web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", hash, NULL));
    CU_ASSERT_EQUAL(response->status, 200);
    CU_ASSERT_EQUAL(http_json_int(response, "/result/block_index"), blocks);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_nothing_waits(void)
{
    http_client_t *web = client();
    int blocks = scenario_blocks(web);

    CU_ASSERT(http_is_problem(http_post(web, ADD, "{}"), 409));
    CU_ASSERT(http_is_problem(http_post(web, PENDING, "{}"), 400));
    CU_ASSERT(http_is_problem(http_post(web, PENDING, "{\"evidence\":[]}"), 400));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    CU_ASSERT_EQUAL(pending(web), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_sealed_by_count(void)
{
    http_client_t *web = client();
    int blocks = scenario_blocks(web);
    int i;

    for (i = 1; i <= 9; i++) {
        CU_ASSERT_EQUAL(http_json_int(pend(web, i), "/pending_evidence"), i);
    }
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    CU_ASSERT_EQUAL(http_json_int(pend(web, 10), "/pending_evidence"), 0);
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks + 1);
    CU_ASSERT_EQUAL(pending(web), 0);
    CU_ASSERT_STRING_EQUAL(numbers(web, "latest"), "1,2,3,4,5,6,7,8,9,10");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* An add in between is its own block and leaves what waits alone. */
static void test_add_does_not_seal(void)
{
    http_client_t *web = client();
    int blocks = scenario_blocks(web);

    CU_ASSERT_EQUAL(pend(web, 1)->status, 202);
    CU_ASSERT_EQUAL(http_json_int(scenario_add(web, 99), "/block/evidence_count"), 1);
    CU_ASSERT_EQUAL(pend(web, 2)->status, 202);
    CU_ASSERT_EQUAL(pending(web), 2);
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks + 1);
    CU_ASSERT_EQUAL(http_post(web, ADD, "{}")->status, 201);
    CU_ASSERT_STRING_EQUAL(numbers(web, "latest"), "1,2");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_survives_restarts(void)
{
    http_client_t *web = client();
    int blocks = scenario_blocks(web);

    CU_ASSERT_EQUAL(pend(web, 1)->status, 202);
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT_EQUAL(pending(web), 1);
    CU_ASSERT_EQUAL(http_json_int(pend(web, 2), "/pending_evidence"), 2);
    harness_crash(server);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    CU_ASSERT_EQUAL(pending(web), 2);
    CU_ASSERT_EQUAL(http_json_int(pend(web, 3), "/pending_evidence"), 3);
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(http_json_int(pend(web, 4), "/pending_evidence"), 4);
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    CU_ASSERT_EQUAL(http_post(web, ADD, "{}")->status, 201);
    CU_ASSERT_STRING_EQUAL(numbers(web, "latest"), "1,2,3,4");
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static int has_sealed(void *baton)
{
    http_client_t *web = baton;
    int left = pending(web);

    http_forget(web);
    return left == 0;
}

/* By the watchdog, without any request that writes. */
static void test_sealed_by_time(void)
{
    http_client_t *web = client();
    int blocks;
    apr_time_t began;

    harness_configure(server, "CivarcosSealInterval 2s\n");
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    blocks = scenario_blocks(web);
    began = apr_time_now();
    CU_ASSERT_EQUAL(pend(web, 1)->status, 202);
    CU_ASSERT_EQUAL(pend(web, 2)->status, 202);
    CU_ASSERT_EQUAL(harness_wait(has_sealed, http_client(server->url, test_pool()), 30), 0);
    CU_ASSERT(apr_time_now() - began >= apr_time_from_msec(1900));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks + 1);
    CU_ASSERT_STRING_EQUAL(numbers(web, "latest"), "1,2");
    /* Also what waited while the server was down is sealed without being asked for. */
    CU_ASSERT_EQUAL(pend(web, 3)->status, 202);
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT_EQUAL(harness_wait(has_sealed, http_client(server->url, test_pool()), 30), 0);
    CU_ASSERT_STRING_EQUAL(numbers(web, "latest"), "3");
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {{"answer", test_answer},
                                    {"nothing_waits", test_nothing_waits},
                                    {"sealed_by_count", test_sealed_by_count},
                                    {"add_does_not_seal", test_add_does_not_seal},
                                    {"survives_restarts", test_survives_restarts},
                                    {"sealed_by_time", test_sealed_by_time},
                                    {NULL, NULL}};

const test_suite_t pending_suite = {"pending", setup, teardown, cases};
