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
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "bench/bench_platform.h"
#include "bench/bench_support.h"
#include "integration/http.h"
#include "support/load.h"
#include "support/runner.h"

#define PROGRAM CIVARCOS_BUILD_DIR "/worker/civarcos-worker"
#define CONFIG                                                                                               \
    "CustomLog /dev/null short\nCivarcosWorker managed \"" PROGRAM "\"\nCivarcosEgressAllow 127.0.0.1\n"     \
    "CivarcosEgressPlainHttp On\n"

/** Between two looks at the worker. */
#define LOOK 20000

static harness_t *server;
static http_client_t *web;
static bench_platform_t *platform;

static int number_wanted(const char *name, int otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? atoi(text) : otherwise;
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

static pid_t find_worker(void)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;
    pid_t found = 0;

    while (folder != NULL && found == 0 && (entry = readdir(folder)) != NULL) {
        pid_t pid = (pid_t)atoi(entry->d_name);
        char path[64], name[64] = "";
        FILE *file;

        if (pid == 0 || status_of(pid, "PPid:") != server->pid)
            continue;
        apr_snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
        file = fopen(path, "r");
        if (file != NULL && fgets(name, sizeof(name), file) != NULL &&
            strncmp(name, "civarcos-worker", 15) == 0)
            found = pid;
        if (file != NULL)
            fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
    return found;
}

/* --- runs --- */

typedef struct run_t {
    double seconds;
    apr_int64_t items;
    long most, half; /**< KiB of the worker: at most, and when half of the requests had been sent */
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
    pid_t worker = find_worker();
    http_response_t *answer = http_send(web, "POST", "/api/sync/source", headers, body, strlen(body));
    const char *path = apr_psprintf(test_pool(), "/api/sync/jobs/%s", http_json_text(answer, "/job/job_id"));

    CU_ASSERT_EQUAL_FATAL(answer->status, 202);
    CU_ASSERT_FATAL(worker != 0);
    if (strstr(path, "absent") != NULL)
        path = apr_psprintf(test_pool(), "/api/sync/jobs/%d", (int)http_json_int(answer, "/job/job_id"));
    memset(run, 0, sizeof(*run));
    for (;;) {
        const char *state;
        long memory = status_of(worker, "VmRSS:");

        now = bench_platform_counts(platform);
        run->most = memory > run->most ? memory : run->most;
        if (run->half == 0 && now.requests - before.requests >= wanted / 2)
            run->half = memory;
        http_forget(web);
        answer = http_get(web, path);
        state = http_json_text(answer, "/job/state");
        if (strcmp(state, "queued") != 0 && strcmp(state, "running") != 0)
            break;
        apr_sleep(LOOK);
    }
    run->seconds = load_clock() - began;
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
    double alone = read_alone(&requests), sealed;
    run_t first, second;

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
    test_note("worker: %ld KiB at half of it, %ld KiB at most", first.half, first.most);
    synchronise(&second, requests);
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
