/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_threat.c
 * How fresh a threat is, and what becomes of one before it is shared.
 */
#include "federation/threats.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static const civ_redactor_t *redactor;

static int setup(void)
{
    static apr_pool_t *pool;

    return apr_pool_create(&pool, NULL) != APR_SUCCESS ||
           civ_redactor_create(&redactor, 0, pool) != APR_SUCCESS;
}

static void score_falls_evenly(void)
{
    static const struct {
        apr_int64_t last_seen, valid_until, now;
        int score;
    } rows[] = {
        {1000, 2000, 1000, 100},
        {1000, 2000, 500, 100},
        {1000, 2000, 1001, 99},
        {1000, 2000, 1500, 50},
        {1000, 2000, 1999, 0},
        {1000, 2000, 2000, 0},
        {1000, 2000, 9000, 0},
        {2000, 2000, 2000, 0},
        {2000, 1000, 1500, 0},
        {APR_INT64_C(1700000000000), APR_INT64_C(1857000000000), APR_INT64_C(1778500000000), 50},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_threat_t threat;

        memset(&threat, 0, sizeof(threat));
        threat.last_seen = rows[i].last_seen;
        threat.valid_until = rows[i].valid_until;
        CU_ASSERT_EQUAL(civ_threat_score(&threat, rows[i].now), rows[i].score);
    }
}

static civ_threat_report_t *prepare(const char *text)
{
    civ_threat_report_t *report = apr_palloc(test_pool(), sizeof(*report));
    const civ_json_t *json;
    civ_problem_t problem;

    CU_ASSERT_FATAL(civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &problem,
                                   test_pool()) == APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_threat_prepare(redactor, NULL, json, "/threat_info", report, &problem, test_pool()),
                    APR_SUCCESS);
    return report;
}

#define SAME(one, other)   CU_ASSERT_STRING_EQUAL(prepare(one)->id, prepare(other)->id)
#define DIFFER(one, other) CU_ASSERT_STRING_NOT_EQUAL(prepare(one)->id, prepare(other)->id)

/* Type and indicators are what a threat is; order, spelling, severity and description are not. */
static void identity(void)
{
    SAME("{\"type\":\"m\",\"indicators\":[\"a.org\",\"b.org\"]}",
         "{\"type\":\"M\",\"indicators\":[\"B[.]org\",\"A.ORG.\",\"a.org\"],\"severity\":\"low\","
         "\"description\":\"x\"}");
    DIFFER("{\"type\":\"m\",\"indicators\":[\"a.org\",\"b.org\"]}",
           "{\"type\":\"n\",\"indicators\":[\"a.org\",\"b.org\"]}");
    DIFFER("{\"type\":\"m\",\"indicators\":[\"a.org\",\"b.org\"]}",
           "{\"type\":\"m\",\"indicators\":[\"a.org\"]}");
    DIFFER("{\"type\":\"m\",\"description\":\"x\"}", "{\"type\":\"m\",\"description\":\"y\"}");
    SAME("{\"type\":\"m\",\"description\":\"x\"}",
         "{\"type\":\"m\",\"description\":\"x\",\"indicators\":[]}");
    SAME("{\"type\":\"m\"}", "{\"type\":\"m\",\"description\":null,\"indicators\":null}");
}

static void what_is_left_out(void)
{
    civ_threat_report_t *report =
        prepare("{\"type\":\"m\",\"actor\":\"x\",\"indicators\":[\"a.org\"],\"host\":{\"a\":1}}");

    CU_ASSERT_STRING_EQUAL(report->ignored[0], "actor");
    CU_ASSERT_STRING_EQUAL(report->ignored[1], "host");
    CU_ASSERT_PTR_NULL(report->ignored[2]);
}

/* So many indicators, each of 300 bytes. */
static apr_status_t prepare_many(int count, civ_problem_t *problem)
{
    civ_threat_report_t *report = apr_palloc(test_pool(), sizeof(*report));
    char filling[281];
    civ_buffer_t text;
    const civ_json_t *json;
    int i;

    memset(filling, 'a', sizeof(filling) - 1);
    filling[sizeof(filling) - 1] = '\0';
    civ_buffer_init(&text, 1024, test_pool());
    civ_buffer_append_text(&text, "{\"type\":\"m\",\"indicators\":[");
    for (i = 0; i < count; i++)
        civ_buffer_append_format(&text, "%s\"http://a.org/%07d%s\"", i > 0 ? "," : "", i, filling);
    civ_buffer_append_text(&text, "]}");
    CU_ASSERT_FATAL(civ_json_parse(&json, text.data, text.length, &civ_json_request_limits, problem,
                                   test_pool()) == APR_SUCCESS);
    return civ_threat_prepare(redactor, NULL, json, "/threat_info", report, problem, test_pool());
}

/* What could not be made a record of would fail in the middle of a transaction that others share. */
static void indicators_fit_into_a_record(void)
{
    civ_problem_t problem;

    memset(&problem, 0, sizeof(problem));
    CU_ASSERT_EQUAL(prepare_many(870, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(prepare_many(880, &problem), CIV_EINVALID);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INVALID_MEMBER);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/threat_info/indicators");
}

/* An indicator is redacted in the same way when it is shared and when it is looked for. */
static void secrets_in_indicators(void)
{
    const char *token = "gh"
                        "p_"
                        "0123456789abcdefghijABCDEFGHIJ012345";
    civ_redaction_counts_t counts;
    civ_indicator_t indicator, again;

    memset(&counts, 0, sizeof(counts));
    CU_ASSERT_EQUAL(civ_threat_indicator(redactor, &indicator,
                                         apr_pstrcat(test_pool(), "hxxp://a[.]org/?t=", token, NULL), &counts,
                                         test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(indicator.kind, CIV_INDICATOR_URL);
    CU_ASSERT(strstr(indicator.value, token) == NULL && strstr(indicator.value, "http://a.org/?t=") != NULL);
    CU_ASSERT_EQUAL(counts.total, 1);
    CU_ASSERT_EQUAL(civ_threat_indicator(redactor, &again, indicator.value, NULL, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(again.value, indicator.value);
    CU_ASSERT_EQUAL(civ_threat_indicator(redactor, &indicator, apr_pstrcat(test_pool(), "see ", token, NULL),
                                         &counts, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT(strstr(indicator.value, token) == NULL);
    CU_ASSERT_EQUAL(counts.total, 2);
}

static const test_case_t cases[] = {
    {"score_falls_evenly", score_falls_evenly},
    {"identity", identity},
    {"what_is_left_out", what_is_left_out},
    {"indicators_fit_into_a_record", indicators_fit_into_a_record},
    {"secrets_in_indicators", secrets_in_indicators},
    {NULL, NULL},
};

const test_suite_t federation_threat_suite = {"federation_threat", setup, NULL, cases};
