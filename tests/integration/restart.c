/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file restart.c
 * Restarts while clients write: whatever was acknowledged stays, once, and nobody raises an alarm about it. crash.c is
 * about processes that are killed.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>

#define CLIENTS      8
#define USUAL_ROUNDS 8
#define WARM_ROUNDS  3 /* until what httpd keeps is what it keeps */

#define MAPPINGS_SPARE 8
#define MEMORY_SPARE   (*CIVARCOS_PRELOAD ? 65536 : 1024) /* kB; a sanitizer keeps what was freed */

static harness_t *server;

static int start(const char *mpm)
{
    harness_options_t options = {mpm, SCENARIO_PROCESSES, NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int setup(void)
{
    return start(NULL);
}

static int teardown(void)
{
    int failed = harness_stop(server);

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

static void note_belongings(const char *when, const harness_belongings_t *now)
{
    test_note("%s: %d files, %d mappings, %d shared, %d segments, %d children, %ld kB", when, now->files,
              now->mappings, now->shared, now->segments, now->children, now->anonymous);
}

/* Nothing more is held than before. httpd itself loads its modules anew each time, and the memory that its pools have comes
 * and goes by some pages. */
static void expect_no_more(const harness_belongings_t *before, const harness_belongings_t *after)
{
    CU_ASSERT(before->files > 0 && after->files <= before->files);
    CU_ASSERT(before->shared > 0 && after->shared <= before->shared);
    CU_ASSERT(after->segments <= before->segments);
    CU_ASSERT(after->mappings <= before->mappings + MAPPINGS_SPARE);
    CU_ASSERT(after->anonymous <= before->anonymous + MEMORY_SPARE);
}

static int are_gone(const pid_t *children, int count)
{
    while (count > 0 && kill(children[count - 1], 0) != 0) {
        count--;
    }
    return count == 0;
}

/* One after the other, while clients write, and others get a file that we have nothing to do with. Connections that httpd
 * closes while they are idle are taken care of by the client library; every request that httpd takes, it answers. */
static void test_graceful_under_load(void)
{
    int rounds = scenario_rounds(USUAL_ROUNDS);
    scenario_static_t page = {server->url, CLIENTS, 0, 0, 0, 0, NULL, 0};
    harness_belongings_t before;
    harness_belongings_t after;
    scenario_load_t *load;
    pid_t children[64];
    int count;
    int i;

    memset(&before, 0, sizeof(before));
    load = begin_load("graceful");
    scenario_static_start(&page);
    for (i = 0; i < rounds; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
        CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
        if (i == WARM_ROUNDS - 1) {
            before = harness_belongings(server);
            note_belongings("after the first restarts", &before);
        }
    }
    CU_ASSERT_EQUAL(scenario_load_wait(load, 30), 0);
    after = harness_belongings(server);
    note_belongings("after the last restart", &after);
    scenario_static_stop(&page);
    test_note("%d restarts: %u pages, %u resets, %u wrong", rounds, page.answered, page.resets, page.wrong);
    CU_ASSERT_EQUAL(load->refused, 0);
    CU_ASSERT_EQUAL(page.wrong, 0);
    CU_ASSERT(load->resets <= page.resets);
    end_load(load);
    if (rounds > WARM_ROUNDS) {
        expect_no_more(&before, &after);
    }
    /* No process of an earlier generation stays. */
    count = harness_children(server, children, 64);
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT(are_gone(children, count));
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
        CU_ASSERT_EQUAL(harness_reload_at_once(server), 0);
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
    CU_ASSERT_EQUAL(harness_reload(server), 0);
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
    CU_ASSERT_EQUAL_FATAL(harness_reload(server), 0);
    CU_ASSERT_STRING_EQUAL(http_get(web, "/api/blockchain/info")->body, info);
    CU_ASSERT_EQUAL(scenario_add(web, 101)->status, 201);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* A folder that was never used is not taken for one that is lost, however much its name is like that of another. */
static void test_other_folder(void)
{
    static const char *const configs[] = {"CivarcosStateDir \"${civ_state}/other\"\n",
                                          "CivarcosStateDir \"${civ_state}/Other\"\n", ""};
    int i;

    for (i = 0; i < 3; i++) {
        harness_configure(server, apr_pstrcat(test_pool(), SCENARIO_PROCESSES, configs[i], NULL));
        CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
        CU_ASSERT_EQUAL(scenario_add(client(), 1)->status, 201);
    }
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {{"graceful_under_load", test_graceful_under_load},
                                    {"reload", test_reload},
                                    {"other_folder", test_other_folder},
                                    {"hot_state_is_rebuilt", test_hot_state_is_rebuilt},
                                    {"on_worker", test_on_worker},
                                    {"on_prefork", test_on_prefork},
                                    {NULL, NULL}};

const test_suite_t restart_suite = {"restart", setup, teardown, cases};
