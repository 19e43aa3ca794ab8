/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Benchmarks and threats of the federation without httpd: what reading costs with few and with many records. Durability is on.
 * The figures are printed, nothing is asserted but that all answers were right.
 *
 * CIVARCOS_BENCH_RECORDS (default 100000) is how many the large federation has, CIVARCOS_BENCH_SHORT (default 1000) the small
 * one, CIVARCOS_BENCH_DIR (default: TMPDIR or /tmp) where they are made; they are removed afterwards.
 */
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#include "bench/bench_node.h"
#include "federation/benchmarks.h"
#include "federation/members.h"
#include "federation/threats.h"

#define ROUNDS     7
#define SECONDS    0.5
#define METRICS    100
#define TYPES      10
#define PAGE_LIMIT 20

typedef struct network_t {
    apr_uint32_t records; /**< threats; and numbers in benchmarks */
    apr_uint32_t members;
    civ_node_t *node;
    const civ_redactor_t *redactor;
    apr_pool_t *pool;
} network_t;

/* --- filling --- */

static const char *name_of(apr_uint32_t member, apr_pool_t *pool)
{
    return apr_psprintf(pool, "org-%u", member);
}

static apr_status_t join(void *baton, apr_uint32_t number, apr_pool_t *pool)
{
    const network_t *network = baton;
    const civ_speaker_t speaker = {.organization_id = name_of(number, pool)};
    const civ_joining_t joining = {.endpoint = "https://org.example/", .metadata = "{}"};
    civ_problem_t problem;
    civ_member_t member;
    int rotated, repeated;

    return civ_federation_join(civ_node_federation(network->node), &speaker, &joining, NULL, &member,
                               &rotated, &repeated, &problem, pool);
}

static apr_status_t contribute(void *baton, apr_uint32_t number, apr_pool_t *pool)
{
    const network_t *network = baton;
    const civ_speaker_t speaker = {.organization_id = name_of(number, pool)};
    civ_measurement_t measurements[METRICS];
    civ_problem_t problem;
    int i;

    for (i = 0; i < METRICS; i++) {
        measurements[i].metric = apr_psprintf(pool, "metric-%d", i);
        measurements[i].value = (number * 7919U + (apr_uint32_t)i * 104729U) % 1000 / 10.0;
    }
    return civ_benchmark_contribute(civ_node_federation(network->node), &speaker, measurements, METRICS, NULL,
                                    &problem, pool);
}

static apr_status_t share(void *baton, apr_uint32_t number, apr_pool_t *pool)
{
    const network_t *network = baton;
    static const char *const severities[] = {"low", "medium", "high", "critical"};
    const civ_speaker_t speaker = {.organization_id = name_of(number % network->members, pool)};
    const char *text = apr_psprintf(pool,
                                    "{\"type\":\"type-%u\",\"severity\":\"%s\",\"indicators\":["
                                    "\"185.%u.%u.%u\",\"h%u.bad-host.org\",\"http://h%u.bad-host.org/x\"]}",
                                    number % TYPES, severities[number / TYPES % 4], number >> 16 & 255,
                                    number >> 8 & 255, number & 255, number, number);
    civ_threat_report_t *report = apr_palloc(pool, sizeof(*report));
    const civ_json_t *json;
    civ_problem_t problem;
    civ_threat_t threat;
    int is_new, repeated;
    apr_status_t status = civ_json_parse(&json, text, strlen(text), &civ_json_request_limits, &problem, pool);

    if (status == APR_SUCCESS)
        status = civ_threat_prepare(network->redactor, NULL, json, "", report, &problem, pool);
    if (status == APR_SUCCESS)
        status = civ_threat_share(civ_node_federation(network->node), &speaker, report, NULL, &threat,
                                  &is_new, &repeated, &problem, pool);
    return status;
}

static int make_network(network_t *network, apr_uint32_t records, apr_pool_t *pool)
{
    civ_node_config_t *config = apr_pmemdup(pool, &civ_node_defaults, sizeof(civ_node_defaults));
    civ_problem_t problem;

    memset(network, 0, sizeof(*network));
    network->pool = pool;
    network->records = records;
    network->members = records / METRICS;
    if (bench_node(&network->node, config, pool))
        return 1;
    network->redactor = civ_node_redactor(network->node, &problem, pool);
    return network->redactor == NULL || bench_fill("members", join, network, network->members, pool) ||
           bench_fill("contributions of 100 metrics", contribute, network, network->members, pool) ||
           bench_fill("threats of 3 indicators", share, network, records, pool);
}

/* --- reading --- */

typedef apr_status_t (*operation_fn)(const network_t *network, unsigned sample, apr_pool_t *pool);

static apr_status_t read_benchmark(const network_t *network, unsigned sample, apr_pool_t *pool)
{
    const char *statistics, *error;
    civ_problem_t problem;
    apr_status_t status = civ_benchmark_read(civ_node_federation(network->node),
                                             apr_psprintf(pool, "metric-%u", sample % METRICS), &statistics,
                                             &error, &problem, pool);

    return status == APR_SUCCESS && statistics == NULL ? APR_EGENERAL : status;
}

static apr_status_t read_names(const network_t *network, unsigned sample, apr_pool_t *pool)
{
    civ_metric_page_t page;
    civ_problem_t problem;
    apr_status_t status = civ_benchmark_names(civ_node_federation(network->node), sample % 50, PAGE_LIMIT,
                                              &page, &problem, pool);

    return status == APR_SUCCESS && page.count != PAGE_LIMIT ? APR_EGENERAL : status;
}

static apr_status_t find(const network_t *network, const civ_threat_query_t *query, int expected,
                         apr_pool_t *pool)
{
    civ_threat_page_t page;
    civ_problem_t problem;
    apr_status_t status = civ_threat_search(civ_node_federation(network->node), query, &page, &problem, pool);

    return status == APR_SUCCESS && page.count != expected ? APR_EGENERAL : status;
}

static apr_status_t find_newest(const network_t *network, unsigned sample, apr_pool_t *pool)
{
    const civ_threat_query_t query = {.severity = -1, .since = 1, .limit = PAGE_LIMIT};

    (void)sample;
    return find(network, &query, PAGE_LIMIT, pool);
}

static apr_status_t find_type(const network_t *network, unsigned sample, apr_pool_t *pool)
{
    const civ_threat_query_t query = {
        .type = apr_psprintf(pool, "type-%u", sample % TYPES), .severity = -1, .limit = PAGE_LIMIT};

    return find(network, &query, PAGE_LIMIT, pool);
}

static apr_status_t find_both(const network_t *network, unsigned sample, apr_pool_t *pool)
{
    const civ_threat_query_t query = {.type = apr_psprintf(pool, "type-%u", sample % TYPES),
                                      .severity = CIV_SEVERITY_LOW + (int)(sample % 4),
                                      .limit = PAGE_LIMIT};

    return find(network, &query, PAGE_LIMIT, pool);
}

static apr_status_t find_indicator(const network_t *network, unsigned sample, apr_pool_t *pool)
{
    civ_threat_query_t query = {.severity = -1, .limit = PAGE_LIMIT};
    civ_indicator_t indicator;
    apr_status_t status = civ_threat_indicator(
        network->redactor, &indicator,
        apr_psprintf(pool, "h%u[.]bad-host.org", sample * 7919U % network->records), NULL, pool);

    query.indicator = &indicator;
    return status == APR_SUCCESS ? find(network, &query, 1, pool) : status;
}

static const struct {
    const char *name;
    operation_fn run;
} operations[] = {
    {"benchmark/{metric}", read_benchmark},
    {"benchmark, names of 20 metrics", read_names},
    {"threat, newest 20", find_newest},
    {"threat by type, newest 20", find_type},
    {"threat by type and severity, newest 20", find_both},
    {"threat by indicator", find_indicator},
};

/** Microseconds for one. Negative when an answer was wrong. */
static double measure(const network_t *network, operation_fn run, unsigned *sample)
{
    double began = bench_now(), took;
    unsigned long count = 0;
    apr_pool_t *pool;

    apr_pool_create(&pool, network->pool);
    do {
        apr_pool_clear(pool);
        if (run(network, ++*sample, pool) != APR_SUCCESS)
            return -1;
        count++;
        took = bench_now() - began;
    } while (took < SECONDS);
    apr_pool_destroy(pool);
    return took / (double)count * 1e6;
}

static int compare_reading(const network_t *few, const network_t *many)
{
    size_t i;

    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        double ratios[ROUNDS], one = 0, other = 0;
        int round;
        unsigned sample[2] = {0, 0};

        for (round = 0; round < ROUNDS; round++) {
            one = measure(few, operations[i].run, &sample[0]);
            other = measure(many, operations[i].run, &sample[1]);
            if (one < 0 || other < 0)
                return fprintf(stderr, "%s: a wrong answer\n", operations[i].name), 1;
            ratios[round] = other / one;
        }
        bench_sort(ratios, ROUNDS);
        printf("%s: %.1f us with %u records, %.1f us with %u, median ratio %.2f (%.2f to %.2f)\n",
               operations[i].name, one, few->records, other, many->records, ratios[ROUNDS / 2], ratios[0],
               ratios[ROUNDS - 1]);
    }
    return 0;
}

static int run(apr_pool_t *pool)
{
    static network_t few, many;

    return make_network(&few, (apr_uint32_t)bench_number("CIVARCOS_BENCH_SHORT", 1000), pool) ||
           make_network(&many, (apr_uint32_t)bench_number("CIVARCOS_BENCH_RECORDS", 100000), pool) ||
           compare_reading(&few, &many);
}

int main(void)
{
    return bench_main("bench_numbers", run);
}
