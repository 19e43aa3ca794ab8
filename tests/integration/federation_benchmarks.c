/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file federation_benchmarks.c
 * Benchmarks over HTTP: what is published, and what nobody can find out.
 */
#include "config.h"

#include "integration/consortium.h"
#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define CONFIG "CivarcosLedgerName benchmarks.test/ledger\nCivarcosDifficulty 4\n"

static harness_t *server;
static http_client_t *web;

static void start(const char *more)
{
    harness_options_t options = {NULL, apr_pstrcat(test_pool(), CONFIG, more, NULL), NULL};

    server = harness_start(&options);
    CU_ASSERT_FATAL(server != NULL);
    web = http_client(server->url, test_pool());
}

static void stop(void)
{
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

/* Numbers @a from, from + 1 ... of org-@a first up to org-@a last - 1. */
static void contribute_series(int first, int last, int from)
{
    int i;

    for (i = first; i < last; i++) {
        http_response_t *answer =
            consortium_contribute(web, i, apr_psprintf(test_pool(), "\"coverage\":%d", from + i - first));

        CU_ASSERT_EQUAL(answer->status, 200);
        CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
        CU_ASSERT(http_json(answer, "/message") != NULL);
    }
}

static http_response_t *read_coverage(void)
{
    http_response_t *answer = http_get(web, "/api/federated/benchmark/coverage");

    CU_ASSERT_EQUAL(answer->status, 200);
    return answer;
}

/* A number of the statistics, or -1. */
static double statistic(const http_response_t *answer, const char *name)
{
    const civ_json_t *value = http_json(answer, apr_pstrcat(test_pool(), "/statistics/", name, NULL));

    return value && value->type == CIV_JSON_NUMBER ? strtod(value->as.text.text, NULL) : -1;
}

/* What is on record, once it is sealed. */
static http_response_t *read_history(void)
{
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add", "{}")->status, 201);
    return http_get(web, "/api/blockchain/search?type=civarcos.federation.benchmark");
}

static int is_null(const http_response_t *answer, const char *name)
{
    const civ_json_t *value = http_json(answer, apr_pstrcat(test_pool(), "/statistics/", name, NULL));

    return value && value->type == CIV_JSON_NULL;
}

static void below_the_minimum(void)
{
    http_response_t *answer, *unknown;

    start("");
    consortium_join(web, 0, 6);
    contribute_series(0, 4, 70);
    answer = read_coverage();
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/metric"), "coverage");
    CU_ASSERT(strstr(http_json_text(answer, "/error"), "5") != NULL);
    CU_ASSERT(http_json(answer, "/statistics") == NULL);
    unknown = http_get(web, "/api/federated/benchmark/nothing");
    CU_ASSERT_EQUAL(unknown->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(unknown, "/error"), http_json_text(answer, "/error"));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/benchmark"), "/count"), 0);
    /* The same four again, with other numbers, are four. */
    contribute_series(0, 4, 80);
    CU_ASSERT(http_json(read_coverage(), "/error") != NULL);
    contribute_series(4, 5, 84);
    answer = read_coverage();
    CU_ASSERT(http_json(answer, "/error") == NULL);
    CU_ASSERT_EQUAL(statistic(answer, "avg"), 82); /* the latest count: 80 to 84 */
    CU_ASSERT_EQUAL(statistic(answer, "count"), 5);
    CU_ASSERT(is_null(answer, "min") && is_null(answer, "max") && is_null(answer, "median"));
    CU_ASSERT(strstr(http_json_text(answer, "/statistics/withheld/min"), "one organization") != NULL);
    CU_ASSERT(strstr(http_json_text(answer, "/statistics/withheld/median"), "10") != NULL);
    answer = http_get(web, "/api/federated/benchmark");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/metrics/0"), "coverage");
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_benchmarks"),
                    5);
    stop();
}

/* One more contributor changes nothing until there are enough more to hide among. */
static void differencing_is_guarded(void)
{
    http_response_t *first, *later;
    const char *tag;
    int i;

    start("");
    consortium_join(web, 0, 12);
    contribute_series(0, 5, 60);
    first = read_coverage();
    tag = http_header(first, "ETag");
    for (i = 5; i < 9; i++) {
        contribute_series(i, i + 1, 1000);
        CU_ASSERT_STRING_EQUAL(read_coverage()->body, first->body);
        CU_ASSERT_STRING_EQUAL(http_header(read_coverage(), "ETag"), tag);
    }
    contribute_series(9, 10, 1000);
    later = read_coverage();
    CU_ASSERT(strcmp(later->body, first->body) != 0);
    CU_ASSERT_EQUAL(statistic(later, "count"), 10);
    CU_ASSERT(!is_null(later, "median"));
    /* Four members with other numbers, one of them a hundred times: still four. */
    contribute_series(0, 3, 5);
    for (i = 0; i < 100; i++)
        contribute_series(3, 4, i);
    CU_ASSERT_STRING_EQUAL(read_coverage()->body, later->body);
    contribute_series(4, 5, 8);
    CU_ASSERT(strcmp(read_coverage()->body, later->body) != 0);
    stop();
}

/* Whoever goes back to what was contributed before leaves nothing to compare. */
static void releases_are_held_against_all_earlier_ones(void)
{
    http_response_t *first, *second;

    start("");
    consortium_join(web, 0, 6);
    contribute_series(0, 5, 60);
    first = read_coverage();
    contribute_series(0, 5, 70);
    second = read_coverage();
    CU_ASSERT(strcmp(first->body, second->body) != 0);
    /* All five differ from the second, but only one from the first. */
    contribute_series(0, 4, 60);
    contribute_series(4, 5, 90);
    CU_ASSERT_STRING_EQUAL(read_coverage()->body, second->body);
    stop();
}

static void absurd_numbers_do_not_count_as_they_are(void)
{
    http_response_t *answer;

    start("");
    consortium_join(web, 0, 5);
    contribute_series(0, 4, 70);
    CU_ASSERT_EQUAL(consortium_contribute(web, 4, "\"coverage\":1e300")->status, 200);
    answer = read_coverage();
    CU_ASSERT(statistic(answer, "avg") >= 70 && statistic(answer, "avg") <= 80);
    stop();
}

/* What was declared clips and rounds; declared anew, it holds for what was published too. */
static void declared_bounds(void)
{
    http_response_t *answer;

    start("CivarcosBenchmarkBounds coverage 0 100 5\n");
    consortium_join(web, 0, 5);
    contribute_series(0, 4, 70);
    CU_ASSERT_EQUAL(consortium_contribute(web, 4, "\"coverage\":1e9")->status, 200);
    answer = read_coverage();
    CU_ASSERT_EQUAL(statistic(answer, "avg"), 75); /* 386 / 5 = 77.2 */
    harness_configure(server, CONFIG "CivarcosBenchmarkBounds coverage 0 71 0.5\n");
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_EQUAL(statistic(read_coverage(), "avg"), 71); /* 354 / 5 = 70.8 */
    stop();
}

static void bad_numbers_and_names(void)
{
    static const char *const metrics[][2] = {
        {"\"m\":NaN", NULL},
        {"\"m\":Infinity", NULL},
        {"\"m\":-Infinity", NULL},
        {"\"m\":1e999", NULL},
        {"\"m\":9007199254740993", NULL},
        {"\"m\":\"12\"", "/metrics/m"},
        {"\"m\":null", "/metrics/m"},
        {"\"m\":true", "/metrics/m"},
        {"\"m\":[1]", "/metrics/m"},
        {"\"m\":{\"a\":1}", "/metrics/m"},
        {"\"\":1", "/metrics/"},
        {"\"a b\":1", "/metrics/a b"},
        {"\"a/b\":1", "/metrics/a~1b"},
        {"\"..\":1", "/metrics/.."},
        {"\"\\u0000\":1", "/metrics"},
        {"\"\\u00e4\":1", NULL},
        {"", "/metrics"},
        {"\"m\":1,\"m\":2", NULL},
    };
    http_response_t *answer;
    char *longest = apr_pcalloc(test_pool(), 66);
    const char *many = "\"m0\":0";
    size_t i;

    start("");
    consortium_join(web, 0, 1);
    for (i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
        answer = consortium_contribute(web, 0, metrics[i][0]);
        if (!http_is_problem(answer, 400))
            test_note("%s", metrics[i][0]);
        CU_ASSERT(http_is_problem(answer, 400));
        if (metrics[i][1])
            CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/pointer"), metrics[i][1]);
    }
    memset(longest, 'a', 65);
    CU_ASSERT(http_is_problem(
        consortium_contribute(web, 0, apr_pstrcat(test_pool(), "\"", longest, "\":1", NULL)), 400));
    longest[64] = '\0';
    CU_ASSERT_EQUAL(
        consortium_contribute(web, 0, apr_pstrcat(test_pool(), "\"", longest, "\":1", NULL))->status, 200);
    for (i = 1; i < 100; i++)
        many = apr_psprintf(test_pool(), "%s,\"m%d\":%d", many, (int)i, (int)i);
    CU_ASSERT_EQUAL(consortium_contribute(web, 0, many)->status, 200);
    CU_ASSERT(http_is_problem(
        consortium_contribute(web, 0, apr_pstrcat(test_pool(), many, ",\"one\":1", NULL)), 400));
    CU_ASSERT(
        http_is_problem(http_post(web, "/api/federated/benchmark", "{\"organization_id\":\"org-0\"}"), 400));
    CU_ASSERT(http_is_problem(http_post(web, "/api/federated/benchmark",
                                        "{\"organization_id\":\"org-0\",\"metrics\":{\"m\":1},\"x\":1}"),
                              400));
    CU_ASSERT(http_is_problem(consortium_contribute(web, 7, "\"m\":1"), 404));
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/benchmark/a%20b"), 400));
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/benchmark?x=1"), 400));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_benchmarks"),
                    101);
    stop();
}

/* Contributions and publications are on record, without a name or a number. */
static void history_is_on_record(void)
{
    http_response_t *answer;
    int i;

    start("");
    consortium_join(web, 0, 5);
    contribute_series(0, 5, 41);
    answer = read_history();
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 6); /* five contributions and a release */
    for (i = 0; i < 5; i++)
        CU_ASSERT(strstr(answer->body, apr_psprintf(test_pool(), "org-%d", i)) == NULL);
    CU_ASSERT(strstr(answer->body, "coverage") == NULL);
    CU_ASSERT(scenario_is_valid(web));
    stop();
}

/* What was published stays so over a restart; a stricter minimum withholds it, and the one before brings it back. */
static void restarts_and_other_minimums(void)
{
    http_response_t *answer, *again;

    start("");
    consortium_join(web, 0, 10);
    contribute_series(0, 10, 60);
    answer = read_coverage();
    CU_ASSERT(http_json(answer, "/statistics") != NULL);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_STRING_EQUAL(read_coverage()->body, answer->body);
    harness_configure(server, CONFIG "CivarcosBenchmarkMinContributors 11\n");
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    again = read_coverage();
    CU_ASSERT(strstr(http_json_text(again, "/error"), "11") != NULL);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/benchmark"), "/count"), 0);
    harness_configure(server, CONFIG "CivarcosBenchmarkMinContributors 6\n");
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    again = read_coverage();
    CU_ASSERT_EQUAL(statistic(again, "avg"), statistic(answer, "avg"));
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/benchmark"), "/count"), 1);
    harness_configure(server, CONFIG);
    CU_ASSERT_EQUAL(harness_restart(server), 0);
    CU_ASSERT_STRING_EQUAL(read_coverage()->body, answer->body);
    stop();
}

/* What was contributed becomes what was contributed the quarter before. */
static void end_the_quarter(void)
{
    static const char *const tables[] = {"civ_fed_metrics", "civ_fed_metric_values", "civ_fed_releases"};
    const char *database = scenario_file(server, "ledger/civarcos.db");
    size_t i;

    for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        CU_ASSERT_EQUAL(
            scenario_sql(database, apr_psprintf(test_pool(), "UPDATE %s SET epoch = epoch - 1", tables[i])),
            0);
}

/* The last publication of a quarter stays until there are enough numbers of the next one. */
static void quarters(void)
{
    http_response_t *before, *after;

    start("");
    consortium_join(web, 0, 10);
    contribute_series(0, 10, 60);
    before = read_coverage();
    CU_ASSERT_EQUAL(statistic(before, "count"), 10);
    end_the_quarter();
    CU_ASSERT_STRING_EQUAL(read_coverage()->body, before->body);
    contribute_series(0, 4, 80);
    CU_ASSERT_STRING_EQUAL(read_coverage()->body, before->body);
    contribute_series(4, 5, 84);
    after = read_coverage();
    CU_ASSERT_EQUAL(statistic(after, "count"), 5);
    CU_ASSERT_EQUAL(statistic(after, "avg"), 82); /* of those five alone */
    stop();
}

/* The same Idempotency-Key is one contribution. */
static void repeated_request(void)
{
    static const char *const headers[] = {"Content-Type: application/json", "Idempotency-Key: b-1", NULL};
    static const char body[] = "{\"organization_id\":\"org-0\",\"metrics\":{\"m\":1}}";
    http_response_t *first, *second;

    start("");
    consortium_join(web, 0, 1);
    first = http_send(web, "POST", "/api/federated/benchmark", headers, body, sizeof(body) - 1);
    second = http_send(web, "POST", "/api/federated/benchmark", headers, body, sizeof(body) - 1);
    CU_ASSERT_EQUAL(first->status, 200);
    CU_ASSERT_EQUAL(second->status, 200);
    CU_ASSERT_STRING_EQUAL(first->body, second->body);
    CU_ASSERT_EQUAL(http_json_int(http_get(web, "/api/federated/status"), "/network_stats/total_benchmarks"),
                    1);
    CU_ASSERT_EQUAL(http_json_int(read_history(), "/count"), 1);
    stop();
}

static void names_are_paged(void)
{
    http_response_t *answer;
    const char *metrics = "\"m0\":0";
    int i, found = 0;

    start("");
    consortium_join(web, 0, 5);
    for (i = 1; i < 7; i++)
        metrics = apr_psprintf(test_pool(), "%s,\"m%d\":%d", metrics, i, i);
    for (i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(consortium_contribute(web, i, metrics)->status, 200);
    answer = http_get(web, "/api/federated/benchmark?limit=3");
    while (http_json_int(answer, "/count") > 0) {
        for (i = 0; i < http_json_int(answer, "/count"); i++, found++)
            CU_ASSERT_STRING_EQUAL(http_json_text(answer, apr_psprintf(test_pool(), "/metrics/%d", i)),
                                   apr_psprintf(test_pool(), "m%d", found));
        if (!http_json(answer, "/next_cursor"))
            break;
        answer = http_get(web, apr_psprintf(test_pool(), "/api/federated/benchmark?limit=3&cursor=%s",
                                            http_json_text(answer, "/next_cursor")));
    }
    CU_ASSERT_EQUAL(found, 7);
    CU_ASSERT(http_is_problem(http_get(web, "/api/federated/benchmark?cursor=x"), 400));
    stop();
}

static const test_case_t cases[] = {
    {"below_the_minimum", below_the_minimum},
    {"differencing_is_guarded", differencing_is_guarded},
    {"releases_are_held_against_all_earlier_ones", releases_are_held_against_all_earlier_ones},
    {"absurd_numbers_do_not_count_as_they_are", absurd_numbers_do_not_count_as_they_are},
    {"declared_bounds", declared_bounds},
    {"bad_numbers_and_names", bad_numbers_and_names},
    {"history_is_on_record", history_is_on_record},
    {"restarts_and_other_minimums", restarts_and_other_minimums},
    {"quarters", quarters},
    {"repeated_request", repeated_request},
    {"names_are_paged", names_are_paged},
    {NULL, NULL},
};

const test_suite_t federation_benchmarks_suite = {"federation_benchmarks", NULL, NULL, cases};
