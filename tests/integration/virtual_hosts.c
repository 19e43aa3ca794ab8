/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file virtual_hosts.c
 * Three virtual hosts, two of which share the main server's node; and two servers that share one ledger.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define CONFIG                                                                                               \
    "CivarcosLedgerName shared.test/ledger\nCivarcosStateRefresh 200\n"                                      \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName one.test\n</VirtualHost>\n"                             \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName two.test\nServerAlias zwei.test\n</VirtualHost>\n"      \
    "<VirtualHost 127.0.0.1:${civ_port}>\nServerName own.test\n"                                             \
    "CivarcosStateDir \"${civ_state}/own\"\n"                                                                \
    "<Location \"/evidence/api\">\nSetHandler civarcos\nRequire local\n</Location>\n</VirtualHost>\n"

static harness_t *server;

static int setup(void)
{
    harness_options_t options = {NULL, CONFIG, NULL};

    server = harness_start(&options);
    return server == NULL;
}

static int teardown(void)
{
    return harness_stop(server);
}

static http_client_t *client(void)
{
    return http_client(server->url, test_pool());
}

static http_response_t *get(http_client_t *web, const char *host, const char *path)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "Host: ", host, NULL), NULL};

    return http_send(web, "GET", path, headers, NULL, 0);
}

static http_response_t *post(http_client_t *web, const char *host, const char *path, const char *json)
{
    const char *headers[] = {apr_pstrcat(test_pool(), "Host: ", host, NULL), "Content-Type: application/json",
                             "Idempotency-Key: one key for all", NULL};

    return http_send(web, "POST", path, headers, json, strlen(json));
}

static const char *info(http_client_t *web, const char *host, const char *member)
{
    http_response_t *response = get(web, host, "/api/blockchain/info");

    CU_ASSERT_EQUAL(response->status, 200);
    return http_json_text(response, apr_pstrcat(test_pool(), "/blockchain/", member, NULL));
}

static apr_int64_t number(http_client_t *web, const char *host, const char *path, const char *pointer)
{
    return http_json_int(get(web, host, path), pointer);
}

static void test_who_has_which_ledger(void)
{
    static const char *const members[] = {"ledger_name", "ledger_id", "public_key", NULL};
    http_client_t *web = client();
    int i;

    for (i = 0; members[i]; i++) {
        const char *shared = info(web, "one.test", members[i]);

        CU_ASSERT_STRING_EQUAL(shared, info(web, "two.test", members[i]));
        CU_ASSERT_STRING_EQUAL(shared, info(web, "zwei.test", members[i]));
        /* Nobody's name: the first host's. */
        CU_ASSERT_STRING_EQUAL(shared, info(web, "nobody.test", members[i]));
        CU_ASSERT_STRING_NOT_EQUAL(shared, info(web, "own.test", members[i]));
    }
    CU_ASSERT_STRING_EQUAL(info(web, "one.test", "ledger_name"), "shared.test/ledger");
    CU_ASSERT_STRING_EQUAL(info(web, "own.test", "ledger_name"), "own.test/civarcos");
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

/* What is added here is seen there exactly when both have one node. */
static void test_both_write_and_see_only_theirs(void)
{
    static const char json[] = "{\"evidence\":{\"type\":\"mine\",\"whose\":\"shared\"}}";
    static const char other[] = "{\"evidence\":{\"type\":\"mine\",\"whose\":\"own\"}}";
    http_client_t *web = client();
    http_response_t *added = post(web, "one.test", "/api/blockchain/add", json);
    http_response_t *own;
    const char *path;

    CU_ASSERT_EQUAL(added->status, 201);
    path = apr_pstrcat(test_pool(), "/api/blockchain/block/", http_json_text(added, "/block/hash"), NULL);
    CU_ASSERT_EQUAL(get(web, "two.test", path)->status, 200);
    CU_ASSERT(http_is_problem(get(web, "own.test", path), 404));
    path = apr_pstrcat(test_pool(), "/api/blockchain/evidence/",
                       http_json_text(added, "/block/evidence_hashes/0"), NULL);
    CU_ASSERT_EQUAL(get(web, "two.test", path)->status, 200);
    CU_ASSERT(http_is_problem(get(web, "own.test", path), 404));
    CU_ASSERT(http_is_problem(get(web, "own.test", "/api/blockchain/block/1"), 404));
    CU_ASSERT_EQUAL(number(web, "two.test", "/api/blockchain/search?type=mine", "/count"), 1);
    CU_ASSERT_EQUAL(number(web, "own.test", "/api/blockchain/search?type=mine", "/count"), 0);
    CU_ASSERT_EQUAL(number(web, "own.test", "/api/blockchain/search?q=shared", "/count"), 0);
    /* The same key in the same ledger is the same request; in another ledger it is not. */
    CU_ASSERT_STRING_EQUAL(post(web, "two.test", "/api/blockchain/add", json)->body, added->body);
    own = post(web, "own.test", "/api/blockchain/add", other);
    CU_ASSERT_EQUAL(own->status, 201);
    CU_ASSERT_PTR_NULL(http_header(own, "Idempotent-Replayed"));
    CU_ASSERT_EQUAL(number(web, "own.test", "/api/blockchain/search?type=mine", "/count"), 1);
    CU_ASSERT_EQUAL(number(web, "one.test", "/api/blockchain/search?q=own", "/count"), 0);
    CU_ASSERT_EQUAL(post(web, "own.test", "/api/blockchain/pending", other)->status, 202);
    CU_ASSERT_EQUAL(number(web, "own.test", "/api/blockchain/info", "/blockchain/pending_evidence"), 1);
    CU_ASSERT_EQUAL(number(web, "one.test", "/api/blockchain/info", "/blockchain/pending_evidence"), 0);
    CU_ASSERT_EQUAL(http_json_bool(get(web, "one.test", "/api/blockchain/validate"), "/validation/is_valid"),
                    1);
    CU_ASSERT_EQUAL(http_json_bool(get(web, "own.test", "/api/blockchain/validate"), "/validation/is_valid"),
                    1);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static int has_line(http_client_t *web, const char *host, const char *line)
{
    return strstr(get(web, host, "/api/metrics")->body, line) != NULL;
}

static void test_health_and_metrics(void)
{
    http_client_t *web = client();
    apr_int64_t shared = number(web, "one.test", "/api/blockchain/info", "/blockchain/total_blocks");
    apr_int64_t own = number(web, "own.test", "/api/blockchain/info", "/blockchain/total_blocks");
    int i;

    for (i = 0; shared + i < own + 3; i++) {
        const char *headers[] = {"Host: two.test", "Content-Type: application/json", NULL};

        CU_ASSERT_EQUAL(
            http_send(web, "POST", "/api/blockchain/add", headers, "{\"evidence\":{}}", 15)->status, 201);
    }
    shared = number(web, "one.test", "/api/blockchain/info", "/blockchain/total_blocks");
    CU_ASSERT(shared > own);
    CU_ASSERT_EQUAL(number(web, "one.test", "/api/health", "/height"), shared - 1);
    CU_ASSERT_EQUAL(number(web, "own.test", "/api/health", "/height"), own - 1);
    CU_ASSERT(
        has_line(web, "two.test", apr_psprintf(test_pool(), "\ncivarcos_head_height %d\n", (int)shared - 1)));
    CU_ASSERT(
        has_line(web, "own.test", apr_psprintf(test_pool(), "\ncivarcos_head_height %d\n", (int)own - 1)));
    /* The main server's node counts the requests of both its hosts, and of no other. */
    CU_ASSERT_EQUAL(get(web, "own.test", "/api/blockchain/export")->status, 200);
    CU_ASSERT(has_line(web, "one.test", "route=\"/blockchain/export\",status=\"2xx\"} 0\n"));
    CU_ASSERT(has_line(web, "own.test", "route=\"/blockchain/export\",status=\"2xx\"} 1\n"));
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static void test_own_prefix(void)
{
    http_client_t *web = client();
    http_response_t *response = get(web, "own.test", "/evidence/api");
    const char *headers[] = {"Host: own.test", "Content-Type: application/json", NULL};

    CU_ASSERT_EQUAL(response->status, 200);
    CU_ASSERT_PTR_NOT_NULL(http_json(response, "/endpoints/GET ~1evidence~1api~1blockchain~1info"));
    response = http_send(web, "POST", "/evidence/api/blockchain/add", headers, "{\"evidence\":{}}", 15);
    CU_ASSERT_EQUAL(response->status, 201);
    CU_ASSERT_STRING_EQUAL(http_header(response, "Location"),
                           apr_psprintf(test_pool(), "/evidence/api/blockchain/block/%d",
                                        (int)http_json_int(response, "/block/index")));
    /* Both paths of this host lead to its ledger; the other hosts do not have this one. */
    CU_ASSERT_STRING_EQUAL(
        http_json_text(get(web, "own.test", "/evidence/api/blockchain/info"), "/blockchain/ledger_id"),
        info(web, "own.test", "ledger_id"));
    CU_ASSERT_EQUAL(get(web, "one.test", "/evidence/api")->status, 404);
    CU_ASSERT(harness_log_is_clean(server, "?AH00128", NULL));
}

/* One node in trouble is no trouble of the other's. */
static void test_trouble_is_not_shared(void)
{
    http_client_t *web = client();
    const char *database = scenario_file(server, "own/civarcos.db");
    static const char json[] = "{\"evidence\":{\"after\":\"trouble\"}}";
    const char *own[] = {"Host: own.test", "Content-Type: application/json", NULL};
    const char *one[] = {"Host: one.test", "Content-Type: application/json", NULL};

    CU_ASSERT_EQUAL(
        scenario_sql(database, "UPDATE civ_entries SET payload = '{\"a\":1}' WHERE leaf_index = 1"), 0);
    CU_ASSERT_EQUAL(http_json_bool(get(web, "own.test", "/api/blockchain/validate"), "/validation/is_valid"),
                    0);
    CU_ASSERT_EQUAL(get(web, "own.test", "/api/health")->status, 503);
    CU_ASSERT(http_is_problem(http_send(web, "POST", "/api/blockchain/add", own, json, strlen(json)), 503));
    CU_ASSERT_EQUAL(get(web, "one.test", "/api/health")->status, 200);
    CU_ASSERT_EQUAL(http_send(web, "POST", "/api/blockchain/add", one, json, strlen(json))->status, 201);
    CU_ASSERT(harness_log_is_clean(server, "CIV0201", NULL));
}

/* -- Two servers, one ledger
 * ----------------------------------------------------------------------------------------- */

typedef struct pair_t {
    http_client_t *web[2];
    apr_int64_t blocks;
} pair_t;

static int both_have(void *baton)
{
    pair_t *pair = baton;
    int i;
    int reached = 1;

    for (i = 0; i < 2; i++) {
        reached &= scenario_blocks(pair->web[i]) >= pair->blocks;
        http_forget(pair->web[i]);
    }
    return reached;
}

/* They know nothing of each other's mutex and memory; the database keeps them apart. */
static void test_two_servers_one_ledger(void)
{
    harness_options_t options = {NULL, NULL, NULL};
    harness_t *second;
    scenario_load_t loads[2];
    scenario_chain_t *chain;
    pair_t pair;
    double refreshes;

    options.config = apr_psprintf(test_pool(),
                                  "CivarcosStateDir \"%s\"\nCivarcosLedgerName shared.test/ledger\n"
                                  "CivarcosStateRefresh 200\n",
                                  scenario_file(server, "ledger"));
    second = harness_start(&options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    memset(loads, 0, sizeof(loads));
    loads[0].url = server->url;
    loads[1].url = second->url;
    loads[0].label = "first";
    loads[1].label = "second";
    loads[0].threads = loads[1].threads = 4;
    scenario_load_start(&loads[0]);
    scenario_load_start(&loads[1]);
    CU_ASSERT_EQUAL(scenario_load_wait(&loads[0], 150), 0);
    CU_ASSERT_EQUAL(scenario_load_wait(&loads[1], 150), 0);
    scenario_load_stop(&loads[0]);
    scenario_load_stop(&loads[1]);
    pair.web[0] = http_client(server->url, test_pool());
    pair.web[1] = http_client(second->url, test_pool());
    /* Both have all of it: no fork, no gap, no loss. */
    pair.blocks = apr_atoi64(
        scenario_sql_text(scenario_file(server, "ledger/civarcos.db"), "SELECT height + 1 FROM civ_head"));
    CU_ASSERT(pair.blocks > 300);
    CU_ASSERT_EQUAL(harness_wait(both_have, &pair, 5), 0);
    chain = scenario_export(pair.web[0]);
    chain->repeated = 0; /* the cases above repeat themselves; each receipt is looked for by itself */
    CU_ASSERT(scenario_load_is_kept(&loads[0], chain));
    CU_ASSERT(scenario_load_is_kept(&loads[1], chain));
    CU_ASSERT_STRING_EQUAL(http_get(pair.web[1], "/api/blockchain/export")->body,
                           http_get(pair.web[0], "/api/blockchain/export")->body);
    CU_ASSERT(scenario_is_valid(pair.web[0]));
    CU_ASSERT(scenario_is_valid(pair.web[1]));
    CU_ASSERT(scenario_is_healthy(pair.web[0]));
    CU_ASSERT(scenario_is_healthy(pair.web[1]));
    /* One seals, the other serves it within CivarcosStateRefresh, and counts that it had to look. */
    refreshes = scenario_metric(pair.web[1], "civarcos_refreshes_total");
    pair.blocks = http_json_int(scenario_add(pair.web[0], 1), "/block/index") + 1;
    CU_ASSERT_EQUAL(harness_wait(both_have, &pair, 2), 0);
    CU_ASSERT(scenario_metric(pair.web[1], "civarcos_refreshes_total") > refreshes);
    CU_ASSERT_EQUAL(http_json_int(scenario_add(pair.web[1], 2), "/block/index"), pair.blocks);
    CU_ASSERT_EQUAL(http_json_int(scenario_add(pair.web[0], 3), "/block/index"), pair.blocks + 1);
    scenario_load_free(&loads[0]);
    scenario_load_free(&loads[1]);
    CU_ASSERT_EQUAL(harness_stop(second), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
}

static const test_case_t cases[] = {{"who_has_which_ledger", test_who_has_which_ledger},
                                    {"both_write_and_see_only_theirs", test_both_write_and_see_only_theirs},
                                    {"health_and_metrics", test_health_and_metrics},
                                    {"own_prefix", test_own_prefix},
                                    {"two_servers_one_ledger", test_two_servers_one_ledger},
                                    {"trouble_is_not_shared", test_trouble_is_not_shared},
                                    {NULL, NULL}};

const test_suite_t virtual_hosts_suite = {"virtual_hosts", setup, teardown, cases};
