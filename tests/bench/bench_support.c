/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bench_support.c
 * Baselines.
 */
#include "bench/bench_support.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "integration/http.h"
#include "support/load.h"
#include "support/runner.h"

double bench_seconds(void)
{
    const char *text = getenv("CIVARCOS_BENCH_SECONDS");

    return text != NULL ? strtod(text, NULL) : 5;
}

static apr_size_t get_request(char *out, apr_size_t size, unsigned long number, void *baton)
{
    (void)number;
    return (apr_size_t)apr_snprintf(out, size, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                    (const char *)baton);
}

static double measure_get(const harness_t *server, const char *path, int connections)
{
    load_t load = {
        server->port, connections, bench_seconds() / BENCH_ROUNDS, get_request, (void *)path, 200, 0};
    load_result_t result;

    CU_ASSERT_FATAL(load_run(&load, &result, test_pool()) == 0);
    CU_ASSERT(result.failures == 0);
    return result.rate;
}

double bench_median(double *values, int count)
{
    int i, j;

    for (i = 1; i < count; i++)
        for (j = i; j > 0 && values[j] < values[j - 1]; j--) {
            double swap = values[j];

            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    return values[count / 2];
}

static void write_static_file(const harness_t *server, const char *name, apr_size_t length)
{
    const char *path = apr_psprintf(test_pool(), "%s/htdocs/%s", server->state_dir, name);
    char *content = apr_palloc(test_pool(), length);
    FILE *file = fopen(path, "w");

    CU_ASSERT_FATAL(file != NULL);
    memset(content, 'x', length);
    CU_ASSERT(fwrite(content, 1, length, file) == length);
    fclose(file);
}

void bench_compare_get(harness_t *server, const char *path, const char *name, int connections)
{
    http_client_t *client = http_client(server->url, test_pool());
    http_response_t *answer = http_get(client, path);
    const char *static_path = apr_psprintf(test_pool(), "/%s.json", name);
    double ratios[BENCH_ROUNDS], ours = 0, theirs = 0;
    int i;

    CU_ASSERT_FATAL(answer->status == 200);
    write_static_file(server, static_path + 1, answer->length);
    for (i = 0; i < BENCH_ROUNDS; i++) {
        theirs = measure_get(server, static_path, connections);
        ours = measure_get(server, path, connections);
        ratios[i] = ours / theirs;
    }
    test_note("GET %s (%lu bytes, %d connections): %.0f/s; static file of the same size: %.0f/s; median "
              "ratio of %d "
              "rounds: %.2f",
              path, (unsigned long)answer->length, connections, ours, theirs, BENCH_ROUNDS,
              bench_median(ratios, BENCH_ROUNDS));
}

double bench_syncs(const harness_t *server, double seconds, int append)
{
    const char *path = apr_psprintf(test_pool(), "%s/run/sync-baseline", server->state_dir);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    double began = load_clock(), took;
    char page[4096];
    long count = 0;

    CU_ASSERT_FATAL(file >= 0);
    memset(page, 7, sizeof(page));
    do {
        off_t offset = (append ? count : count % 512) * (off_t)sizeof(page);

        CU_ASSERT_FATAL(pwrite(file, page, sizeof(page), offset) == (ssize_t)sizeof(page) &&
                        fdatasync(file) == 0);
        count++;
        took = load_clock() - began;
    } while (took < seconds);
    close(file);
    unlink(path);
    return (double)count / took;
}
