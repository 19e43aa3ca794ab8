/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file failover.c
 * PostgreSQL's primary dies under load and its standby takes over: nothing acknowledged is lost, and httpd goes on by itself.
 * Servers that are no place for a ledger are refused, with the reason and without the password.
 */
#include "config.h"

#include "integration/harness.h"
#include "integration/scenario.h"
#include "support/cluster.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>

#define CONFIG "CivarcosLedgerName failover.test/ledger\nCivarcosDifficulty 4\nCivarcosStateRefresh 200\n"

static int becomes_true(const cluster_t *cluster, const char *sql)
{
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(30);
    const char *value;

    while ((value = cluster_sql(cluster, sql)) && strcmp(value, "t") != 0) {
        if (apr_time_now() > deadline) {
            return 0;
        }
        apr_sleep(10000);
    }
    return value != NULL;
}

/* From here on a commit is on both, or is not acknowledged. */
static int make_synchronous(const cluster_t *primary)
{
    return cluster_sql(primary, "ALTER SYSTEM SET synchronous_standby_names = 'second'") &&
           cluster_sql(primary, "SELECT pg_reload_conf()") &&
           becomes_true(primary, "SELECT COUNT(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'");
}

static harness_t *start_on(const char *parameters)
{
    harness_options_t options = {
        NULL, apr_psprintf(test_pool(), CONFIG "CivarcosDatabase pgsql \"%s\"\n", parameters), NULL};

    return harness_start(&options);
}

static int is_well(void *web)
{
    int status = http_get(web, "/api/health")->status;

    http_forget(web);
    return status == 200;
}

static void test_primary_dies_under_load(void)
{
    cluster_t *primary = cluster_make("");
    cluster_t *standby = primary ? cluster_make_standby(primary, "second") : NULL;
    harness_t *server;
    http_client_t *web;
    scenario_load_t load;
    scenario_chain_t *chain;

    CU_ASSERT_PTR_NOT_NULL_FATAL(standby);
    CU_ASSERT_FATAL(make_synchronous(primary));
    server = start_on(apr_psprintf(test_pool(),
                                   "host=127.0.0.1,127.0.0.1 port=%d,%d dbname=tests user=" CLUSTER_ROLE
                                   " target_session_attrs=read-write connect_timeout=2",
                                   primary->port, standby->port));
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    memset(&load, 0, sizeof(load));
    load.url = server->url;
    load.label = "failover";
    load.threads = 6;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 150), 0);
    cluster_stop(primary, SIGKILL);
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(standby, "SELECT pg_promote()"));
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 150), 0);
    scenario_load_stop(&load);
    test_note("%u acknowledged, %u refused", load.acknowledged, load.refused);
    CU_ASSERT_EQUAL(load.resets, 0);
    chain = scenario_export(web);
    CU_ASSERT_EQUAL(chain->broken, 0);
    CU_ASSERT_EQUAL(chain->repeated, 0);
    CU_ASSERT(scenario_load_is_kept(&load, chain));
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT_EQUAL(harness_wait(is_well, web, 15), 0);
    CU_ASSERT_STRING_EQUAL(cluster_sql(standby, "SELECT COUNT(*) = 1 FROM civ_head"), "t");
    scenario_load_free(&load);
    CU_ASSERT(harness_log_is_clean(server, "?CIV0102", "?CIV0103", "?CIV0107", "?CIV0210", "?CIV0333", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    cluster_stop(standby, SIGQUIT);
}

static int is_taken(void *web)
{
    int status = scenario_post(web, "/api/blockchain/add", "later", "{\"evidence\":{\"later\":1}}")->status;

    http_forget(web);
    return status == 201;
}

/* A database that is away contradicts nothing; and who reads is told nothing of storing. */
static int is_away(http_client_t *web)
{
    static const char *const paths[] = {"/api/blockchain/validate", "/api/blockchain/search",
                                        "/api/blockchain/block/0", "/api/blockchain/export",
                                        "/api/blockchain/validators"};
    http_response_t *health = http_get(web, "/api/health");
    size_t i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        http_response_t *answer = http_get(web, paths[i]);

        /* A block may still be in shared memory. */
        if (strstr(answer->body, "stored") || (answer->status != 503 && !strstr(paths[i], "/block/"))) {
            test_note("%s: %s", paths[i], answer->body);
            return 0;
        }
    }
    return health->status == 503 && strcmp(http_json_text(health, "/head"), "unknown") == 0 &&
           strcmp(http_json_text(health, "/database"), "ok") != 0 && !strstr(health->body, "stored");
}

/* httpd comes up without its database, says so to those who ask, and takes it when it is there; and again after a restart of
 * the database. */
static void test_database_comes_and_goes(void)
{
    cluster_t *cluster = cluster_make("");
    harness_t *server;
    http_client_t *web;
    int round;

    CU_ASSERT_PTR_NOT_NULL_FATAL(cluster);
    cluster_stop(cluster, SIGINT);
    server = start_on(cluster_parameters(cluster, CLUSTER_ROLE, "", test_pool()));
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    for (round = 0; round < 2; round++) {
        CU_ASSERT_EQUAL(http_get(web, "/index.html")->status, 200);
        CU_ASSERT(http_is_problem(scenario_add(web, round), 503));
        CU_ASSERT(!is_well(web));
        CU_ASSERT(is_away(web));
        CU_ASSERT_EQUAL_FATAL(cluster_start(cluster), 0);
        CU_ASSERT_EQUAL(harness_wait(is_taken, web, 20), 0);
        CU_ASSERT_EQUAL(harness_wait(is_well, web, 20), 0);
        if (round == 0) {
            cluster_stop(cluster, SIGINT);
        }
    }
    CU_ASSERT_EQUAL(scenario_blocks(web), 2);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "?CIV0102", "CIV0314", "?CIV0333", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    cluster_stop(cluster, SIGQUIT);
}

static void test_password_is_in_no_log(void)
{
    harness_t *server = start_on(apr_psprintf(test_pool(),
                                              "host=127.0.0.1 port=%d dbname=tests user=" CLUSTER_LOCKED_ROLE
                                              " password=geheim-but-wrong",
                                              database_cluster()->port));
    http_client_t *web;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    CU_ASSERT(http_is_problem(scenario_add(web, 1), 503));
    CU_ASSERT(!strstr(http_get(web, "/api/health")->body, "geheim"));
    CU_ASSERT(harness_log_has(server, "password authentication failed", 5));
    CU_ASSERT_EQUAL(harness_log_has(server, "geheim", 0.1), 0);
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "CIV0314", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* Without a synchronous standby a failover may lose the newest blocks. Then the signed head beside httpd remembers them. */
static void test_lost_blocks_raise_the_alarm(void)
{
    harness_t *server = harness_start(&(harness_options_t){NULL, CONFIG, NULL});
    http_client_t *web;
    const char *database;
    int i;

    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    database = scenario_file(server, "ledger/civarcos.db");
    for (i = 1; i <= 2; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, i)->status, 201);
        if (i == 1) {
            CU_ASSERT_EQUAL(scenario_sql(database, "CREATE TABLE kept AS SELECT * FROM civ_head"), 0);
        }
    }
    /* As if block 2 had not reached the server that was promoted. */
    CU_ASSERT_EQUAL(scenario_sql(database,
                                 "BEGIN; DELETE FROM civ_entries WHERE leaf_index = 2; "
                                 "DELETE FROM civ_blocks WHERE height = 2; DELETE FROM civ_head; "
                                 "INSERT INTO civ_head SELECT * FROM kept; DROP TABLE kept; COMMIT"),
                    0);
    CU_ASSERT(http_is_problem(scenario_add(web, 3), 503));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(http_json_text(http_get(web, "/api/health"), "/read_only"), "acknowledged"));
    CU_ASSERT_EQUAL_FATAL(harness_restart(server), 0);
    CU_ASSERT(http_is_problem(scenario_add(web, 3), 503));
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", "CIV0253", "?CIV0317", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {{"primary_dies_under_load", test_primary_dies_under_load},
                                    {"database_comes_and_goes", test_database_comes_and_goes},
                                    {"password_is_in_no_log", test_password_is_in_no_log},
                                    {"lost_blocks_raise_the_alarm", test_lost_blocks_raise_the_alarm},
                                    {NULL, NULL}};

const test_suite_t failover_suite = {"failover", NULL, NULL, cases};
