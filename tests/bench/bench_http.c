/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The server against baselines of the same run: hot GETs against a static file of the same size, durable adds against
 * what the same disk can sync, validation against the delay it causes to adds. Nothing is asserted but that all answers
 * were right; the figures are TAP diagnostics.
 *
 * CIVARCOS_BENCH_BLOCKS (default 200000) is the length of the chain that is validated, CIVARCOS_BENCH_SECONDS
 * (default 5) the length of one measurement, CIVARCOS_MPM (default event) the MPM. With CIVARCOS_DATABASE=pgsql the ledger is
 * in a private PostgreSQL, whose commits of one row are a baseline of their own.
 */
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench_support.h"
#include "integration/harness.h"
#include "integration/http.h"
#include "support/cluster.h"
#include "support/database.h"
#include "support/load.h"
#include "support/postgres.h"
#include "support/runner.h"

/* One child, so that all adds meet in one queue; access is logged in neither case. */
static const char CONFIG[] = "CustomLog /dev/null short\n"
                             "LogLevel warn\n"
                             "<IfModule !mpm_prefork_module>\n"
                             "  ServerLimit 1\n  StartServers 1\n  ThreadLimit 128\n  ThreadsPerChild 96\n"
                             "  MaxRequestWorkers 96\n  MinSpareThreads 1\n  MaxSpareThreads 96\n"
                             "</IfModule>\n";

static harness_t *server;

static long chain_length(void)
{
    const char *text = getenv("CIVARCOS_BENCH_BLOCKS");

    return text != NULL ? strtol(text, NULL, 10) : 200000;
}

static int setup(void)
{
    static const harness_options_t options = {.config = CONFIG};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

/* --- requests --- */

static apr_size_t add_request(char *out, apr_size_t size, unsigned long number, void *baton)
{
    const char *run = baton;
    char body[512];
    int length = apr_snprintf(
        body, sizeof(body),
        "{\"evidence\":{\"type\":\"test_result\",\"source\":\"ci.example.org\",\"run\":\"%s-%lu\","
        "\"suite\":\"unit\",\"passed\":412,\"failed\":0,\"coverage\":87.25,"
        "\"commit\":\"9fceb02d0ae598e95dc970b74767f19372d61af8\"}}",
        run, number);

    return (apr_size_t)apr_snprintf(out, size,
                                    "POST /api/blockchain/add HTTP/1.1\r\nHost: localhost\r\n"
                                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                                    length, body);
}

static load_result_t measure_adds(int connections, double seconds, const char *run)
{
    load_t load = {server->port, connections, seconds, add_request, (void *)run, 201, 0};
    load_result_t result;

    CU_ASSERT_FATAL(load_run(&load, &result, test_pool()) == 0);
    CU_ASSERT(result.failures == 0);
    return result;
}

/* --- hot GETs --- */

static long newest_block(void)
{
    http_client_t *client = http_client(server->url, test_pool());

    return (long)http_json_int(http_get(client, "/api/blockchain/info"), "/blockchain/total_blocks") - 1;
}

static void hot_gets(void)
{
    measure_adds(8, 1, "warm");
    bench_compare_get(server, "/api/blockchain/info", "info", 32);
    bench_compare_get(server, apr_psprintf(test_pool(), "/api/blockchain/block/%ld", newest_block() - 20),
                      "block", 32);
}

/* --- durable adds --- */

static void compare_adds(int connections)
{
    double appended[BENCH_ROUNDS], overwritten[BENCH_ROUNDS];
    load_result_t result;
    int i;

    for (i = 0; i < BENCH_ROUNDS; i++) {
        double appends = bench_syncs(server, bench_seconds() / BENCH_ROUNDS, 1);
        double overwrites = bench_syncs(server, bench_seconds() / BENCH_ROUNDS, 0);

        result =
            measure_adds(connections, bench_seconds(), apr_psprintf(test_pool(), "r%d-%d", connections, i));
        appended[i] = result.rate / appends;
        overwritten[i] = result.rate / overwrites;
        test_note(
            "%d clients: %.0f adds/s (P50 %.2f ms, P99 %.2f ms, longest %.1f ms); disk: %.0f appending, %.0f "
            "overwriting fdatasync/s",
            connections, result.rate, result.p50, result.p99, result.longest, appends, overwrites);
    }
    test_note("durable adds with %d clients: median ratio %.2f to appending fdatasync/s, %.2f to overwriting",
              connections, bench_median(appended, BENCH_ROUNDS), bench_median(overwritten, BENCH_ROUNDS));
}

static void adds_of_64_clients(void)
{
    compare_adds(64);
}

static void adds_of_one_client(void)
{
    compare_adds(1);
}

/* --- PostgreSQL --- */

/** Commits a second of one row each, over one connection and as quickly as it answers. */
static double measure_commits(double seconds)
{
    PGconn *connection = PQconnectdb(cluster_parameters(database_cluster(), CLUSTER_OWNER, "", test_pool()));
    double began, took;
    long count = 0;

    PQclear(PQexec(connection, "DROP TABLE IF EXISTS single"));
    PQclear(PQexec(connection, "CREATE TABLE single (id BIGSERIAL PRIMARY KEY, content TEXT NOT NULL)"));
    PQclear(PQprepare(connection, "one", "INSERT INTO single (content) VALUES (repeat('x', 200))", 0, NULL));
    began = load_clock();
    do {
        PGresult *result = PQexecPrepared(connection, "one", 0, NULL, NULL, NULL, 0);

        CU_ASSERT_FATAL(PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
        count++;
        took = load_clock() - began;
    } while (took < seconds);
    PQfinish(connection);
    return (double)count / took;
}

static void adds_beside_commits(void)
{
    double ratios[BENCH_ROUNDS];
    load_result_t result;
    int i;

    for (i = 0; i < BENCH_ROUNDS; i++) {
        double commits = measure_commits(bench_seconds() / BENCH_ROUNDS);

        result = measure_adds(64, bench_seconds(), apr_psprintf(test_pool(), "p%d", i));
        ratios[i] = result.rate / commits;
        test_note("64 clients: %.0f adds/s (P50 %.2f ms, P99 %.2f ms, longest %.1f ms); PostgreSQL: %.0f "
                  "commits of one "
                  "row/s",
                  result.rate, result.p50, result.p99, result.longest, commits);
    }
    test_note("durable adds with 64 clients: median ratio %.2f to single-row commits/s",
              bench_median(ratios, BENCH_ROUNDS));
}

/* --- validation --- */

/* What it has for itself: pages of the database are the system's. */
static long resident_kib(pid_t pid)
{
    char line[256];
    long kib = 0;
    FILE *file = fopen(apr_psprintf(test_pool(), "/proc/%ld/status", (long)pid), "r");

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtol(line + 8, NULL, 10);
    if (file != NULL)
        fclose(file);
    return kib;
}

typedef struct validator_t {
    apr_pool_t *pool;
    int status;
    double seconds;
    volatile int done;
} validator_t;

static void *APR_THREAD_FUNC run_validation(apr_thread_t *thread, void *data)
{
    validator_t *validator = data;
    http_client_t *client = http_client(server->url, validator->pool);
    double began = load_clock();

    (void)thread;
    validator->status = http_get(client, "/api/blockchain/validate")->status;
    validator->seconds = load_clock() - began;
    validator->done = 1;
    return NULL;
}

static void grow_chain(long blocks)
{
    int round = 0;

    while (newest_block() < blocks)
        measure_adds(64, 5, apr_psprintf(test_pool(), "grow%d", round++));
    test_note("the chain has %ld blocks", newest_block() + 1);
}

static void validation_beside_adds(void)
{
    validator_t validator = {.done = 0};
    load_result_t alone, beside;
    apr_thread_t *thread;
    apr_status_t ended;
    pid_t child = 0;
    long before, highest = 0;
    double longest = 0, p99 = 0;

    grow_chain(chain_length());
    harness_children(server, &child, 1);
    apr_pool_create(&validator.pool, NULL);
    alone = measure_adds(1, bench_seconds(), "alone");
    before = resident_kib(child);
    CU_ASSERT_FATAL(apr_thread_create(&thread, NULL, run_validation, &validator, test_pool()) == APR_SUCCESS);
    while (!validator.done) {
        beside = measure_adds(1, 0.5, apr_psprintf(test_pool(), "beside%.6f", load_clock()));
        if (beside.longest > longest)
            longest = beside.longest;
        if (beside.p99 > p99)
            p99 = beside.p99;
        if (resident_kib(child) > highest)
            highest = resident_kib(child);
    }
    apr_thread_join(&ended, thread);
    CU_ASSERT(validator.status == 200);
    test_note("validation: %.1f s; resident memory of the child %ld KiB before, %ld KiB at most during",
              validator.seconds, before, highest);
    test_note("adds of one client alone: P50 %.2f, P99 %.2f, longest %.1f ms; during validation: P99 %.2f, "
              "longest %.1f ms",
              alone.p50, alone.p99, alone.longest, p99, longest);
    apr_pool_destroy(validator.pool);
}

static const test_case_t cases[] = {
    {"hot GETs", hot_gets},
    {"adds of 64 clients", adds_of_64_clients},
    {"adds of one client", adds_of_one_client},
    {"adds beside commits", adds_beside_commits},
    {"validation beside adds", validation_beside_adds},
    {NULL, NULL},
};

static const test_suite_t bench_suite = {"bench", setup, teardown, cases};

int main(int argc, char **argv)
{
    static const test_suite_t *const suites[] = {&bench_suite, NULL};

    return test_main(argc, (const char *const *)argv, suites);
}
