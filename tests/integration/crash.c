/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file crash.c
 * Processes that are killed at any moment, while clients write: one child, all children, the parent, everything at once.
 * After each of these all that was acknowledged is there, with the hash that was acknowledged; the chain is valid, takes
 * more, is served from shared memory again, and nobody raises an alarm.
 *
 * The moments are drawn from a seed, which is printed; CIVARCOS_SEED repeats it as far as a scheduler lets one repeat
 * anything. CIVARCOS_ROUNDS says how often each kind of crash is made.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS          8
#define USUAL_ROUNDS     2
#define ROUNDS_PER_CHAIN 25 /* then a new ledger: looking through all of a long one takes its time */
#define LONGEST_WAIT     200000

typedef struct crash_t {
    const char *name;
    int (*strike)(harness_t *server, apr_uint64_t *seed); /* returns whether httpd has to be started again */
} crash_t;

/* -- What is killed ---------------------------------------------------------------------------------------------------- */

static int strike_child(harness_t *server, apr_uint64_t *seed)
{
    pid_t children[64];
    int count = harness_children(server, children, 64);

    CU_ASSERT(count > 0);
    if (count > 0) {
        CU_ASSERT_EQUAL(harness_kill_child(server, children[scenario_random(seed, (unsigned)count)]), 0);
    }
    return 0;
}

static int strike_children(harness_t *server, apr_uint64_t *seed)
{
    pid_t children[64];
    int count = harness_children(server, children, 64);
    int i;

    (void)seed;
    CU_ASSERT(count > 0);
    for (i = 0; i < count; i++) {
        kill(children[i], SIGKILL);
    }
    return 0;
}

/* Its children go on serving, and are killed a moment later. */
static int strike_parent(harness_t *server, apr_uint64_t *seed)
{
    kill(server->pid, SIGKILL);
    apr_sleep(scenario_random(seed, LONGEST_WAIT));
    harness_crash(server);
    return 1;
}

static int strike_all(harness_t *server, apr_uint64_t *seed)
{
    (void)seed;
    harness_crash(server);
    return 1;
}

/* -- What must be well afterwards -------------------------------------------------------------------------------------- */

static void expect_no_alarm(const harness_t *server, http_client_t *web)
{
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(access(scenario_file(server, "ledger/read-only"), F_OK) != 0);
}

/* The newest block comes from shared memory, and is the one that the database has. */
static void expect_hot_state(http_client_t *web, const scenario_chain_t *chain)
{
    double hits = scenario_metric(web, "civarcos_hot_hits_total");
    const char *path = apr_psprintf(test_pool(), "/api/blockchain/block/%d", chain->count - 1);

    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(web, path), "/block/hash"),
                           scenario_chain_text(chain, chain->count - 1, "hash"));
    CU_ASSERT_EQUAL(scenario_metric(web, "civarcos_hot_hits_total"), hits + 1);
    CU_ASSERT_EQUAL(scenario_blocks(web), chain->count);
}

/* -- Rounds ------------------------------------------------------------------------------------------------------------ */

static void run_round(harness_t *server, const crash_t *crash, const char *label, apr_uint64_t *seed)
{
    http_client_t *web = http_client(server->url, test_pool());
    scenario_load_t load;
    scenario_chain_t *chain;

    memset(&load, 0, sizeof(load));
    load.url = server->url;
    load.label = label;
    load.threads = CLIENTS;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 5), 0);
    apr_sleep(scenario_random(seed, LONGEST_WAIT));
    if (crash->strike(server, seed)) {
        CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    }
    /* No mutex stays held: whoever is left goes on. */
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 20), 0);
    scenario_load_stop(&load);
    chain = scenario_export(web);
    CU_ASSERT(scenario_load_is_kept(&load, chain));
    expect_hot_state(web, chain);
    expect_no_alarm(server, web);
    CU_ASSERT_EQUAL(scenario_add(web, chain->count)->status, 201);
    scenario_load_free(&load);
}

/* @param config directives for the server, besides those of processes */
static void run_on_a_chain(const crash_t *crash, const char *name, const char *config, apr_uint64_t *seed,
                           int first, int last)
{
    harness_options_t options = {NULL, apr_pstrcat(test_pool(), SCENARIO_PROCESSES, config, NULL), NULL};
    harness_t *server = harness_start(&options);
    unsigned failures = CU_get_number_of_failures();
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    for (i = first; i < last && CU_get_number_of_failures() == failures; i++) {
        run_round(server, crash, apr_psprintf(test_pool(), "%s-%s-%d", name, crash->name, i), seed);
    }
    CU_ASSERT(harness_log_is_clean(server, "?AH00052", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void run(const crash_t *crash)
{
    int rounds = scenario_rounds(USUAL_ROUNDS);
    apr_uint64_t seed = scenario_seed();
    int i;

    for (i = 0; i < rounds; i += ROUNDS_PER_CHAIN) {
        int last = i + ROUNDS_PER_CHAIN;

        run_on_a_chain(crash, database_driver(), "", &seed, i, last < rounds ? last : rounds);
    }
}

static void test_one_child(void)
{
    static const crash_t crash = {"child", strike_child};

    run(&crash);
}

static void test_all_children(void)
{
    static const crash_t crash = {"children", strike_children};

    run(&crash);
}

static void test_parent(void)
{
    static const crash_t crash = {"parent", strike_parent};

    run(&crash);
}

static void test_everything(void)
{
    static const crash_t crash = {"everything", strike_all};

    run(&crash);
}

/* Each of the other kinds is given back for a process that was killed. */
static void test_other_mutexes(void)
{
    static const char *const kinds[] = {"fcntl", "flock", "sysvsem"};
    static const crash_t crash = {"child", strike_child};
    apr_uint64_t seed = scenario_seed();
    int i;

    for (i = 0; i < 3; i++) {
        run_on_a_chain(&crash, kinds[i], apr_psprintf(test_pool(), "Mutex %s civarcos\n", kinds[i]), &seed, 0,
                       1);
    }
}

/* A mutex that nobody gives back for a killed process is not used. */
static void test_mutex_that_stays_held(void)
{
    harness_t *server = harness_start(NULL);
    http_client_t *web;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    harness_configure(server, "Mutex posixsem default\n");
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_NOT_EQUAL(scenario_add(web, 1)->status, 201);
    harness_configure(server, "Mutex fcntl default\n");
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(scenario_add(web, 2)->status, 201);
    CU_ASSERT(harness_log_is_clean(server, "CIV0348", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {{"one_child", test_one_child},
                                    {"all_children", test_all_children},
                                    {"parent", test_parent},
                                    {"everything", test_everything},
                                    {"other_mutexes", test_other_mutexes},
                                    {"mutex_that_stays_held", test_mutex_that_stays_held},
                                    {NULL, NULL}};

const test_suite_t crash_suite = {"crash", NULL, NULL, cases};
