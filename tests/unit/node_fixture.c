/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_fixture.c
 * Nodes in the suite's folder.
 */
#include "unit/node_fixture.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

civ_node_config_t *node_configure(const char *folder)
{
    civ_node_config_t *config = apr_pmemdup(test_pool(), &civ_node_defaults, sizeof(*config));

    config->state_dir = unit_path(folder);
    if (database_is_pgsql()) {
        config->database_driver = "pgsql";
        config->database_parameters =
            database_parameters(civ_node_database_path(config, test_pool()), test_pool());
    }
    config->ledger_name = "unit-ledger";
    config->difficulty = 2;
    config->hot_blocks = 8;
    config->state_refresh = 0;
    config->min_free = 0;
    return config;
}

void node_prepare(const civ_node_config_t *config)
{
    const char *error = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_node_prepare(config, geteuid(), getegid(), &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(error);
}

civ_state_node_t *node_make_hot(const civ_node_config_t *config)
{
    const civ_state_plan_t plan = {config->hot_blocks};
    civ_state_t *state = NULL;
    apr_size_t size = 0;
    void *memory;

    CU_ASSERT_EQUAL_FATAL(civ_state_size(&size, &plan, 1), APR_SUCCESS);
    memory = apr_palloc(test_pool(), size);
    CU_ASSERT_EQUAL_FATAL(civ_state_format(memory, size, &plan, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_state_attach(&state, memory, size, test_pool()), APR_SUCCESS);
    return civ_state_node(state, 0);
}

civ_node_t *node_open(const civ_node_config_t *config, civ_state_node_t *hot)
{
    const civ_node_context_t context = {.hot = hot, .log = &unit_log};
    const char *error = NULL;
    civ_node_t *node = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_node_open(&node, config, &context, &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(error);
    return node;
}

civ_node_t *node_start(const civ_node_config_t *config)
{
    civ_node_t *node;

    node_prepare(config);
    node = node_open(config, node_make_hot(config));
    CU_ASSERT_EQUAL_FATAL(civ_node_start(node, test_pool()), APR_SUCCESS);
    return node;
}

void node_make_entry(civ_entry_t *entry, int number, apr_pool_t *pool)
{
    const char *text = apr_psprintf(pool, "{\"number\":%d,\"type\":\"unit\"}", number);
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(civ_entry_read(entry, text, strlen(text), &problem, pool), APR_SUCCESS);
}

apr_uint64_t node_append(civ_node_t *node, int number, civ_problem_t *problem)
{
    civ_append_result_t result;
    civ_problem_t own;
    civ_entry_t entry;

    node_make_entry(&entry, number, test_pool());
    if (civ_ledger_append(civ_node_ledger(node), &entry, 1, NULL, &result, problem != NULL ? problem : &own,
                          test_pool()) != APR_SUCCESS)
        return APR_UINT64_MAX;
    return result.height;
}

civ_state_head_t node_head(civ_node_t *node)
{
    civ_state_head_t head;
    civ_problem_t problem;

    memset(&head, 0, sizeof(head));
    CU_ASSERT_EQUAL(civ_node_head(node, &head, &problem, test_pool()), APR_SUCCESS);
    return head;
}

const char *node_block(civ_node_t *node, apr_uint64_t height, civ_digest_t *hash)
{
    civ_problem_t problem;
    const char *json = NULL;
    apr_size_t length = 0;

    if (civ_node_block(node, height, &json, &length, hash, &problem, test_pool()) != APR_SUCCESS)
        return NULL;
    CU_ASSERT_EQUAL(strlen(json), length);
    return json;
}

apr_int64_t node_raw_int(const civ_node_config_t *config, const char *sql)
{
    const char *text = database_ask(civ_node_database_path(config, test_pool()), sql, test_pool());

    return text != NULL ? apr_atoi64(text) : -1;
}

void node_raw_run(const civ_node_config_t *config, const char *sql)
{
    CU_ASSERT_EQUAL(database_do(civ_node_database_path(config, test_pool()), sql), 0);
}
