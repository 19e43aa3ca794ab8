/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file several_hosts.c
 * Several httpd with state folders of their own on one ledger: the same key and name, one database. Nothing but the database
 * is between them.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/scenario.h"
#include "support/database.h"
#include "support/runner.h"

#include "base/keys.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTS 2

#define CONFIG "CivarcosLedgerName hosts.test/ledger\nCivarcosDifficulty 4\nCivarcosStateRefresh 200\n"

/* Hosts ask for it in this time, and a test waits longer. */
#define REFRESH_SECONDS 15

static harness_t *hosts[HOSTS];
static http_client_t *web[HOSTS];

/* -- Hosts
 * ------------------------------------------------------------------------------------------------------ */

/* The directive that leads another host to the first one's database. */
static const char *shared_database(void)
{
    const char *path = scenario_file(hosts[0], "ledger/civarcos.db");

    return apr_psprintf(test_pool(), "CivarcosDatabase %s \"%s\"\n", database_driver(),
                        database_parameters(path, test_pool()));
}

static harness_t *start_host(const char *name, civ_key_t *key)
{
    harness_options_t options = {NULL, apr_pstrcat(test_pool(), CONFIG, shared_database(), NULL), NULL};

    options.state_dir = scenario_prepare_host(hosts[0], name, key);
    return options.state_dir ? harness_start(&options) : NULL;
}

static int setup(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};
    int i;

    hosts[0] = harness_start(&options);
    hosts[1] = hosts[0] ? start_host("second", NULL) : NULL;
    for (i = 0; i < HOSTS && hosts[1]; i++) {
        web[i] = http_client(hosts[i]->url, test_pool());
    }
    return hosts[1] == NULL;
}

static int teardown(void)
{
    int failed = harness_stop(hosts[1]);

    return harness_stop(hosts[0]) || failed;
}

typedef struct goal_t {
    int blocks;
} goal_t;

static int all_have(void *baton)
{
    const goal_t *goal = baton;
    int reached = 1;
    int i;

    for (i = 0; i < HOSTS; i++) {
        reached &= scenario_blocks(web[i]) >= goal->blocks;
        http_forget(web[i]);
    }
    return reached;
}

/* -- Cases
 * ------------------------------------------------------------------------------------------------------ */

/* No fork, no gap, no loss; and on a server that queues its writers fairly, nobody is turned away either. */
static void test_at_once(void)
{
    scenario_load_t loads[HOSTS];
    scenario_chain_t *chain;
    goal_t goal;
    int i;

    memset(loads, 0, sizeof(loads));
    for (i = 0; i < HOSTS; i++) {
        loads[i].url = hosts[i]->url;
        loads[i].label = apr_psprintf(test_pool(), "host%d", i);
        loads[i].threads = 5;
        scenario_load_start(&loads[i]);
    }
    for (i = 0; i < HOSTS; i++) {
        CU_ASSERT_EQUAL(scenario_load_wait(&loads[i], 200), 0);
    }
    for (i = 0; i < HOSTS; i++) {
        scenario_load_stop(&loads[i]);
        CU_ASSERT_EQUAL(loads[i].resets, 0);
        CU_ASSERT(!database_is_pgsql() || loads[i].refused == 0);
    }
    goal.blocks = (int)apr_atoi64(
        scenario_sql_text(scenario_file(hosts[0], "ledger/civarcos.db"), "SELECT height + 1 FROM civ_head"));
    CU_ASSERT(goal.blocks > 2 * 200);
    CU_ASSERT_EQUAL(harness_wait(all_have, &goal, REFRESH_SECONDS), 0);
    chain = scenario_export(web[0]);
    CU_ASSERT_EQUAL(chain->broken, 0);
    for (i = 0; i < HOSTS; i++) {
        CU_ASSERT(scenario_load_is_kept(&loads[i], chain));
        CU_ASSERT(scenario_is_valid(web[i]));
        CU_ASSERT(scenario_is_healthy(web[i]));
        CU_ASSERT(harness_log_is_clean(hosts[i], NULL));
        scenario_load_free(&loads[i]);
    }
}

/* What one has sealed, the other serves, though nobody asks it to write. */
static void test_each_serves_what_the_other_sealed(void)
{
    int i;

    for (i = 0; i < HOSTS; i++) {
        http_response_t *added = scenario_add(web[i], 100 + i);
        goal_t goal = {(int)http_json_int(added, "/block/index") + 1};
        const char *path = apr_psprintf(test_pool(), "/api/blockchain/block/%d", goal.blocks - 1);
        const char *hash = apr_pstrdup(test_pool(), http_json_text(added, "/block/hash"));

        CU_ASSERT_EQUAL(added->status, 201);
        CU_ASSERT_EQUAL(harness_wait(all_have, &goal, REFRESH_SECONDS), 0);
        CU_ASSERT_STRING_EQUAL(http_json_text(http_get(web[1 - i], path), "/block/hash"), hash);
    }
}

/* A client whose host is gone repeats its request at another one. */
static void test_a_key_counts_on_all_hosts(void)
{
    static const char json[] = "{\"evidence\":{\"once\":true}}";
    http_response_t *first = scenario_post(web[0], "/api/blockchain/add", "shared", json);
    http_response_t *again = scenario_post(web[1], "/api/blockchain/add", "shared", json);

    CU_ASSERT_EQUAL(first->status, 201);
    CU_ASSERT_EQUAL(again->status, 201);
    CU_ASSERT_PTR_NOT_NULL(http_header(again, "Idempotent-Replayed"));
    CU_ASSERT_STRING_EQUAL(http_json_text(again, "/block/hash"), http_json_text(first, "/block/hash"));
}

/* Also what waits to be sealed is everybody's. */
static void test_pending_is_shared(void)
{
    goal_t goal = {scenario_blocks(web[0]) + 1};

    CU_ASSERT_EQUAL(http_post(web[0], "/api/blockchain/pending", "{\"evidence\":{\"waits\":1}}")->status,
                    202);
    CU_ASSERT_EQUAL(http_post(web[1], "/api/blockchain/pending", "{\"evidence\":{\"waits\":2}}")->status,
                    202);
    CU_ASSERT_EQUAL(harness_wait(all_have, &goal, 30), 0);
    CU_ASSERT(scenario_is_valid(web[0]));
    CU_ASSERT(scenario_is_valid(web[1]));
}

static void test_another_key_may_not_write(void)
{
    civ_key_t *key = NULL;
    harness_t *stranger;
    http_client_t *client;
    http_response_t *response;
    int blocks = scenario_blocks(web[0]);

    CU_ASSERT_EQUAL_FATAL(civ_key_generate(&key, test_pool()), APR_SUCCESS);
    stranger = start_host("stranger", key);
    CU_ASSERT_PTR_NOT_NULL_FATAL(stranger);
    client = http_client(stranger->url, test_pool());
    response = scenario_add(client, 1);
    CU_ASSERT(http_is_problem(response, 503));
    CU_ASSERT_STRING_EQUAL(http_json_text(response, "/type"), "urn:civarcos:problem:read-only");
    response = http_get(client, "/api/health");
    CU_ASSERT_EQUAL(response->status, 503);
    CU_ASSERT_PTR_NOT_NULL(strstr(http_json_text(response, "/read_only"), "key is not the ledger's key"));
    CU_ASSERT_EQUAL(http_get(client, "/api/blockchain/block/1")->status, 200);
    CU_ASSERT_EQUAL(scenario_blocks(web[0]), blocks);
    CU_ASSERT_EQUAL(scenario_add(web[0], 3)->status, 201);
    CU_ASSERT(harness_log_is_clean(stranger, "CIV0207", "CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(stranger), 0);
}

static const test_case_t cases[] = {
    {"at_once", test_at_once},
    {"each_serves_what_the_other_sealed", test_each_serves_what_the_other_sealed},
    {"a_key_counts_on_all_hosts", test_a_key_counts_on_all_hosts},
    {"pending_is_shared", test_pending_is_shared},
    {"another_key_may_not_write", test_another_key_may_not_write},
    {NULL, NULL}};

const test_suite_t several_hosts_suite = {"several_hosts", setup, teardown, cases};
