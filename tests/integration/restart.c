/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file restart.c
 * Restarts, killed children and power cuts while clients write: whatever was acknowledged stays, once, and nobody
 * raises an alarm about it.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define CLIENTS 8

/* Small and equal processes, several of them, whatever the defaults of the MPM are. */
#define PROCESSES                                                                                            \
    "<IfModule mpm_event_module>\nStartServers 2\nThreadsPerChild 16\nMinSpareThreads 16\n"                  \
    "MaxSpareThreads 64\nMaxRequestWorkers 64\n</IfModule>\n"                                                \
    "<IfModule mpm_worker_module>\nStartServers 2\nThreadsPerChild 16\nMinSpareThreads 16\n"                 \
    "MaxSpareThreads 64\nMaxRequestWorkers 64\n</IfModule>\n"                                                \
    "<IfModule mpm_prefork_module>\nStartServers 12\nMinSpareServers 4\nMaxSpareServers 16\n"                \
    "MaxRequestWorkers 24\n</IfModule>\nCivarcosDifficulty 4\n"

static harness_t *server;

static int start(const char *mpm)
{
    harness_options_t options = {mpm, PROCESSES, NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int setup(void)
{
    return start(NULL);
}

static int teardown(void)
{
    int failed = scenario_stop(server);

    server = NULL;
    return failed;
}

static http_client_t *client(void)
{
    return http_client(server->url, test_pool());
}

static scenario_load_t *begin_load(const char *label)
{
    scenario_load_t *load = apr_pcalloc(test_pool(), sizeof(*load));

    load->url = server->url;
    load->label = label;
    load->threads = CLIENTS;
    scenario_load_start(load);
    return load;
}

/* The chain is whole, holds all that was acknowledged, and the server takes more. */
static void end_load(scenario_load_t *load)
{
    http_client_t *web = client();
    scenario_chain_t *chain;

    scenario_load_stop(load);
    chain = scenario_export(web);
    CU_ASSERT(scenario_load_is_kept(load, chain));
    CU_ASSERT_EQUAL(chain->count, scenario_blocks(web));
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add",
                              apr_psprintf(test_pool(), "{\"evidence\":{\"after\":\"%s\"}}", load->label))
                        ->status,
                    201);
    scenario_load_free(load);
}

/* Connections that httpd closes while they are idle are taken care of by the client library; every request that
 * httpd takes, it answers. */
static void test_graceful_under_load(void)
{
    scenario_load_t *load = begin_load("graceful");
    int i;

    for (i = 0; i < 12; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
        CU_ASSERT_EQUAL(harness_graceful(server), 0);
    }
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    CU_ASSERT_EQUAL(load->refused, 0);
    CU_ASSERT(load->resets <= 12 * CLIENTS);
    end_load(load);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_hot_state_is_rebuilt(void)
{
    http_client_t *web = client();
    const char *info;
    const char *latest;
    double hits;
    int i;

    for (i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, i)->status, 201);
    }
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/pending", "{\"evidence\":{}}")->status, 202);
    info = http_get(web, "/api/blockchain/info")->body;
    latest = http_get(web, "/api/blockchain/block/latest")->body;
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_STRING_EQUAL(http_get(web, "/api/blockchain/info")->body, info);
    hits = scenario_metric(web, "civarcos_hot_hits_total");
    CU_ASSERT_STRING_EQUAL(http_get(web, "/api/blockchain/block/latest")->body, latest);
    CU_ASSERT_STRING_EQUAL(
        http_get(web, apr_psprintf(test_pool(), "/api/blockchain/block/%d", scenario_blocks(web) - 1))->body,
        latest);
    CU_ASSERT_EQUAL(scenario_metric(web, "civarcos_hot_hits_total"), hits + 2);
    CU_ASSERT_EQUAL(scenario_metric(web, "civarcos_hot_misses_total"), 0);
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/add", "{}")->status, 201);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* Wherever a child was: it may have held the mutex, or have been in the middle of a commit. */
static void test_killed_children(void)
{
    scenario_load_t *load = begin_load("kill");
    int i;

    for (i = 0; i < 4; i++) {
        pid_t children[64];
        int count;

        CU_ASSERT_EQUAL(scenario_load_wait(load, 20), 0);
        count = harness_children(server, children, 64);
        CU_ASSERT(count > 0);
        if (count > 0) {
            CU_ASSERT_EQUAL(harness_kill_child(server, children[i % count]), 0);
        }
    }
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    end_load(load);
    CU_ASSERT(harness_log_is_clean(server, "?AH00052", NULL));
}

static void test_power_cuts(void)
{
    scenario_load_t *load = begin_load("power");
    int i;

    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(load, 40), 0);
        harness_crash(server);
        CU_ASSERT_EQUAL(harness_resume(server), 0);
    }
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    end_load(load);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- What a restart may leave behind
 * ------------------------------------------------------------------------------- */

typedef struct belongings_t {
    int files;    /* open */
    int shared;   /* mappings that are shared with the children */
    int segments; /* of System V shared memory */
} belongings_t;

static int count_files(pid_t pid)
{
    DIR *directory = opendir(apr_psprintf(test_pool(), "/proc/%ld/fd", (long)pid));
    int count = 0;

    while (directory && readdir(directory)) {
        count++;
    }
    if (directory) {
        closedir(directory);
    }
    return count;
}

/* Lines of a file in which the column (from 0) is this text, or ends with it. */
static int count_lines(const char *path, int column, const char *text)
{
    FILE *file = fopen(path, "r");
    char line[1024];
    int count = 0;

    while (file && fgets(line, sizeof(line), file)) {
        char *state;
        char *word = apr_strtok(line, " \n", &state);
        int i;

        for (i = 0; word && i < column; i++) {
            word = apr_strtok(NULL, " \n", &state);
        }
        if (word && strlen(word) >= strlen(text)) {
            count += strcmp(word + strlen(word) - strlen(text), text) == 0;
        }
    }
    if (file) {
        fclose(file);
    }
    return count;
}

static belongings_t belongings(pid_t pid)
{
    belongings_t now;

    now.files = count_files(pid);
    now.shared = count_lines(apr_psprintf(test_pool(), "/proc/%ld/maps", (long)pid), 1, "s");
    now.segments = count_lines("/proc/sysvipc/shm", 4, apr_itoa(test_pool(), (int)pid));
    return now;
}

static void test_restarts_leave_nothing(void)
{
    http_client_t *web = client();
    belongings_t before;
    belongings_t after;
    int i;

    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    before = belongings(server->pid);
    for (i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, 200 + i)->status, 201);
        CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    }
    after = belongings(server->pid);
    test_note("files %d, %d; shared mappings %d, %d; segments %d, %d", before.files, after.files,
              before.shared, after.shared, before.segments, after.segments);
    CU_ASSERT(before.files > 0 && after.files <= before.files);
    CU_ASSERT(before.shared > 0 && after.shared <= before.shared);
    CU_ASSERT(after.segments <= before.segments);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* -- The other MPMs, in short
 * --------------------------------------------------------------------------------------- */

/* A hard restart takes requests away in the middle. Only prefork does that in peace: the threaded MPMs of httpd may close
 * a connection that one of their own threads is just freeing, and crash. */
static void reload_under_load(void)
{
    scenario_load_t *load = begin_load("reload");
    int i;

    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
        CU_ASSERT_EQUAL(harness_reload(server), 0);
    }
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    end_load(load);
}

static void run_in_short(const char *mpm)
{
    scenario_load_t *load = begin_load(mpm);
    int i;

    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
        CU_ASSERT_EQUAL(harness_graceful(server), 0);
    }
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    CU_ASSERT_EQUAL(load->refused, 0);
    harness_crash(server);
    CU_ASSERT_EQUAL(harness_resume(server), 0);
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    end_load(load);
}

static void test_on_worker(void)
{
    harness_t *usual = server;

    CU_ASSERT_EQUAL_FATAL(start("worker"), 0);
    run_in_short("worker");
    CU_ASSERT_EQUAL(scenario_reload(server), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(teardown(), 0);
    server = usual;
}

static void test_on_prefork(void)
{
    harness_t *usual = server;

    CU_ASSERT_EQUAL_FATAL(start("prefork"), 0);
    run_in_short("prefork");
    reload_under_load();
    CU_ASSERT(harness_log_is_clean(server, "?AH00045", NULL));
    CU_ASSERT_EQUAL(teardown(), 0);
    server = usual;
}

/* On event: between loads. */
static void test_reload(void)
{
    http_client_t *web = client();
    const char *info;

    CU_ASSERT_EQUAL(scenario_add(web, 100)->status, 201);
    info = http_get(web, "/api/blockchain/info")->body;
    CU_ASSERT_EQUAL_FATAL(scenario_reload(server), 0);
    CU_ASSERT_STRING_EQUAL(http_get(web, "/api/blockchain/info")->body, info);
    CU_ASSERT_EQUAL(scenario_add(web, 101)->status, 201);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {{"graceful_under_load", test_graceful_under_load},
                                    {"reload", test_reload},
                                    {"hot_state_is_rebuilt", test_hot_state_is_rebuilt},
                                    {"killed_children", test_killed_children},
                                    {"power_cuts", test_power_cuts},
                                    {"restarts_leave_nothing", test_restarts_leave_nothing},
                                    {"on_worker", test_on_worker},
                                    {"on_prefork", test_on_prefork},
                                    {NULL, NULL}};

const test_suite_t restart_suite = {"restart", setup, teardown, cases};
