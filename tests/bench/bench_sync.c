/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Synchronising a large repository: a real httpd, its worker and its database, all commits on disk, and everything that is stored in
 * the ledger as well, against the same requests sent one after the other by a client that does nothing with the answers.
 *
 * CIVARCOS_BENCH_COMMITS (default 20000) and CIVARCOS_BENCH_PULLS (default 5000) are the repository; CIVARCOS_BENCH_LEDGER=off leaves the
 * ledger out; CIVARCOS_DATABASE=pgsql takes the other database.
 */
#include "config.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "bench/bench_platform.h"
#include "bench/bench_support.h"
#include "integration/http.h"
#include "integration/scenario.h"
#include "support/load.h"
#include "support/runner.h"

#define PROGRAM CIVARCOS_BUILD_DIR "/worker/civarcos-worker"
#define CONFIG                                                                                               \
    "CustomLog /dev/null short\nCivarcosWorker managed \"" PROGRAM "\"\nCivarcosEgressAllow 127.0.0.1\n"     \
    "CivarcosEgressPlainHttp On\n"

static const char *const json_header[] = {"Content-Type: application/json", NULL};

/** Between two looks at the worker. */
#define LOOK 20000

static harness_t *server;
static http_client_t *web;
static bench_platform_t *platform;

static int number_wanted(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? (int)strtol(text, NULL, 10) : otherwise;
}

static int has_ledger(void)
{
    const char *text = getenv("CIVARCOS_BENCH_LEDGER");

    return text == NULL || strcmp(text, "off") != 0;
}

static int is_well(void *baton)
{
    (void)baton;
    http_forget(web);
    return strcmp(http_json_text(http_get(web, "/api/health"), "/worker"), "ok") == 0;
}

static int setup(void)
{
    const harness_options_t options = {.config = has_ledger() ? CONFIG : CONFIG "CivarcosSyncLedger Off\n"};

    platform = bench_platform_start(number_wanted("CIVARCOS_BENCH_COMMITS", 20000),
                                    number_wanted("CIVARCOS_BENCH_PULLS", 5000), test_pool());
    server = platform != NULL ? harness_start(&options) : NULL;
    if (server == NULL)
        return 1;
    web = http_client(server->url, test_pool());
    return harness_wait(is_well, NULL, 30);
}

static int teardown(void)
{
    return harness_stop(server);
}

/* --- the worker's memory --- */

/* A number of its status in /proc, in KiB. */
static long status_of(pid_t pid, const char *name)
{
    char path[64], line[256];
    long value = 0;
    FILE *file;

    apr_snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtol(line + strlen(name) + 1, NULL, 10);
    if (file != NULL)
        fclose(file);
    return value;
}

/* Seconds of a processor that a process has had. */
static double processor_time_of(pid_t pid)
{
    char path[64], line[1024] = "", *fields;
    unsigned long user = 0, kernel = 0;
    FILE *file;

    apr_snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    fields = file != NULL && fgets(line, sizeof(line), file) != NULL ? strrchr(line, ')') : NULL;
    /* The 14th and 15th field; the second one ends with the bracket. */
    if (fields != NULL)
        sscanf(fields + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    if (file != NULL)
        fclose(file);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

/* --- runs --- */

typedef struct run_t {
    double seconds, processor; /**< the second: of the worker */
    apr_int64_t items;
    long most, tenths[11]; /**< KiB of the worker: of its own, at most and after each tenth of the requests */
    bench_platform_counts_t counts;
} run_t;

static void configure(void)
{
    const char *body = apr_psprintf(
        test_pool(), "{\"platform\":\"github\",\"config\":{\"api_token\":\"bench\",\"base_url\":\"%s\"}}",
        bench_platform_url(platform));

    CU_ASSERT_EQUAL_FATAL(http_post(web, "/api/sync/configure", body)->status, 200);
}

/* @param wanted requests that it will take, as far as is known */
static void synchronise(run_t *run, unsigned long wanted)
{
    static const char *const headers[] = {"Content-Type: application/json", "Prefer: respond-async", NULL};
    static const char body[] = "{\"platform\":\"github\",\"project_id\":\"" BENCH_PROJECT "\"}";
    bench_platform_counts_t before = bench_platform_counts(platform), now;
    double began = load_clock();
    int workers, tenth = 0;
    pid_t worker = scenario_worker(server, &workers);
    http_response_t *answer = http_send(web, "POST", "/api/sync/source", headers, body, strlen(body));
    const char *path = apr_psprintf(test_pool(), "/api/sync/jobs/%s", http_json_text(answer, "/job/job_id"));

    CU_ASSERT_EQUAL_FATAL(answer->status, 202);
    CU_ASSERT_FATAL(worker != 0);
    if (strstr(path, "absent") != NULL)
        path = apr_psprintf(test_pool(), "/api/sync/jobs/%d", (int)http_json_int(answer, "/job/job_id"));
    memset(run, 0, sizeof(*run));
    run->processor = -processor_time_of(worker);
    for (;;) {
        const char *state;
        long memory = status_of(worker, "RssAnon:");

        now = bench_platform_counts(platform);
        run->most = memory > run->most ? memory : run->most;
        for (; tenth < 11 && now.requests - before.requests >= wanted * (unsigned long)tenth / 10; tenth++)
            run->tenths[tenth] = memory;
        http_forget(web);
        answer = http_get(web, path);
        state = http_json_text(answer, "/job/state");
        if (strcmp(state, "queued") != 0 && strcmp(state, "running") != 0)
            break;
        apr_sleep(LOOK);
    }
    run->seconds = load_clock() - began;
    run->processor += processor_time_of(worker);
    run->items = http_json_int(answer, "/job/progress/items");
    now = bench_platform_counts(platform);
    run->counts.requests = now.requests - before.requests;
    run->counts.unchanged = now.unchanged - before.unchanged;
    run->counts.bytes = now.bytes - before.bytes;
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "succeeded");
    if (http_json_bool(answer, "/job/partial"))
        test_note("%.8000s", answer->body);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/job/partial"), 0);
    CU_ASSERT_EQUAL(now.unknown, 0);
}

/* Entries of the same size, a hundred at once, by one client: what the ledger alone does. @return entries a second */
static double pend_alone(int batches)
{
    const char *filler = apr_psprintf(test_pool(), "%01100d", 0);
    double began, taken;
    int i, j;

    began = load_clock();
    for (i = 0; i < batches; i++) {
        civ_buffer_t body;

        http_forget(web);
        civ_buffer_init(&body, 131072, test_pool());
        for (j = 0; j < 100; j++)
            civ_buffer_append_format(&body, "%s{\"n\":%d,\"text\":\"%s\"}", j == 0 ? "{\"evidence\":[" : ",",
                                     i * 100 + j, filler);
        civ_buffer_append_text(&body, "]}");
        CU_ASSERT_EQUAL_FATAL(
            http_send(web, "POST", "/api/blockchain/pending", json_header, body.data, body.length)->status,
            202);
    }
    taken = load_clock() - began;
    return batches * 100 / taken;
}

static double load_average(void)
{
    double load = 0;

    return getloadavg(&load, 1) == 1 ? load : 0;
}

/* The same requests, one after the other, and nothing done with the answers. @return requests a second */
static double read_alone(unsigned long *count)
{
    const char *const *targets = bench_platform_targets(platform);
    http_client_t *client = http_client(bench_platform_url(platform), test_pool());
    double began = load_clock();

    for (*count = 0; targets[*count] != NULL; ++*count) {
        http_forget(client);
        CU_ASSERT_EQUAL_FATAL(http_get(client, targets[*count])->status, 200);
    }
    return load_clock() - began;
}

static int is_sealed(void *baton)
{
    (void)baton;
    http_forget(web);
    return http_json_int(http_get(web, "/api/blockchain/info"), "/blockchain/pending_evidence") == 0;
}

static void large_repository(void)
{
    unsigned long requests;
    double load = load_average(), alone = read_alone(&requests), pended = pend_alone(100), sealed;
    run_t first, second;
    int i;

    configure();
    synchronise(&first, requests);
    sealed = load_clock();
    if (has_ledger())
        CU_ASSERT_EQUAL(harness_wait(is_sealed, NULL, 60), 0);
    sealed = load_clock() - sealed;
    test_note(
        "%" APR_INT64_T_FMT " items in %.2f s: %.0f a second stored%s; %lu requests, %.1f MB of answers; the "
        "rest was sealed %.1f s later",
        first.items, first.seconds, (double)first.items / first.seconds, has_ledger() ? " and ledgered" : "",
        first.counts.requests, (double)first.counts.bytes / 1e6, sealed);
    test_note("baseline: the same %lu requests alone %.2f s; ratio %.2f", requests, alone,
              alone / first.seconds);
    test_note("baseline: the ledger alone, entries of 1.1 KB posted a hundred at once by one client: %.0f a "
              "second; "
              "ratio %.2f",
              pended, (double)first.items / first.seconds / pended);
    test_note("worker: %.2f s of a processor, %.0f items a second of it; it waited or others ran the rest",
              first.processor, (double)first.items / first.processor);
    test_note("worker: %ld KiB of its own at most; after each tenth of the requests:", first.most);
    for (i = 0; i < 11; i++)
        test_note("  %d %%: %ld KiB", i * 10, first.tenths[i]);
    synchronise(&second, requests);
    test_note("load of the machine before: %.2f", load);
    test_note("a run that finds nothing new: %.2f s, %lu requests, of which %lu were answered with 304; "
              "%" APR_INT64_T_FMT " items seen; worker %ld KiB",
              second.seconds, second.counts.requests, second.counts.unchanged, second.items, second.most);
}

static const test_case_t cases[] = {
    {"large repository", large_repository},
    {NULL, NULL},
};

static const test_suite_t bench_suite = {"bench", setup, teardown, cases};

int main(int argc, char **argv)
{
    static const test_suite_t *const suites[] = {&bench_suite, NULL};

    return test_main(argc, (const char *const *)argv, suites);
}
