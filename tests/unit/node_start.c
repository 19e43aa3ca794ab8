/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_start.c
 * Starting: genesis, the same ledger again, another name or key, another difficulty, a database that is down or
 * damaged.
 */
#include "support/runner.h"

#include "unit/node_fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_zero(const civ_digest_t *digest)
{
    static const civ_digest_t zero;

    return civ_digest_equal(digest, &zero);
}

static void first_start_makes_genesis(void)
{
    civ_node_config_t *config = node_configure("genesis");
    civ_ledger_head_t cold;
    civ_state_head_t hot;
    civ_digest_t hash;
    civ_node_t *node;

    unit_log_reset();
    node = node_start(config);
    CU_ASSERT(unit_log_has("CIV0202"));
    CU_ASSERT_EQUAL(civ_ledger_read_head(civ_node_ledger(node), &cold, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_state_head_read(node->context.hot, &hot), APR_SUCCESS);
    CU_ASSERT_EQUAL(hot.height, 0);
    CU_ASSERT_EQUAL(hot.leaf_count, 1);
    CU_ASSERT_EQUAL(hot.difficulty, 2);
    CU_ASSERT_EQUAL(hot.pending, 0);
    CU_ASSERT_EQUAL(hot.generation, cold.generation);
    CU_ASSERT_EQUAL(hot.timestamp, cold.timestamp);
    CU_ASSERT_TRUE(civ_digest_equal(&hot.block_hash, &cold.block_hash));
    CU_ASSERT_TRUE(civ_digest_equal(&hot.log_root, &cold.log_root));
    CU_ASSERT_TRUE(civ_digest_equal(&hot.ledger_id, civ_ledger_id(civ_node_ledger(node))));
    CU_ASSERT_FALSE(is_zero(&hot.ledger_id));
    CU_ASSERT_PTR_NOT_NULL(strstr(node_block(node, 0, &hash), "\"civarcos.genesis\""));
    CU_ASSERT_EQUAL(civ_state_counter(node->context.hot, CIV_NODE_HOT_HITS), 1);
    CU_ASSERT_PTR_NULL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_EQUAL(access(civ_node_head_path(config, test_pool()), F_OK), 0);
}

static void restart_keeps_ledger(void)
{
    civ_node_config_t *config = node_configure("restart");
    civ_node_t *first = node_start(config), *second;
    civ_state_head_t before, after;

    CU_ASSERT_EQUAL(node_append(first, 1, NULL), 1);
    before = node_head(first);
    unit_log_reset();
    second = node_start(config);
    after = node_head(second);
    CU_ASSERT_FALSE(unit_log_has("CIV0202"));
    CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
    /* Starting twice does no harm either. */
    CU_ASSERT_EQUAL(civ_node_start(second, test_pool()), APR_SUCCESS);
    after = node_head(second);
    CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
    CU_ASSERT_EQUAL(node_append(second, 2, NULL), 2);
}

/** The node has refused to start, says why, can be read, and is not written. */
static void is_read_only(civ_node_t *node, const char *words)
{
    const char *reason = civ_node_read_only(node, test_pool());
    civ_problem_t problem;
    civ_health_t health;
    civ_digest_t hash;

    CU_ASSERT_PTR_NOT_NULL_FATAL(reason);
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, words));
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL(node_block(node, 0, &hash));
    CU_ASSERT_EQUAL(node_head(node).height, 1);
    CU_ASSERT_EQUAL(node_append(node, 7, &problem), APR_UINT64_MAX);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_READ_ONLY);
    CU_ASSERT_EQUAL(node_head(node).height, 1);
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_TRUE(health.started);
    CU_ASSERT_TRUE(health.database);
    CU_ASSERT_STRING_EQUAL(health.read_only, reason);
}

static void other_name_is_refused(void)
{
    civ_node_config_t *config = node_configure("name");
    civ_node_config_t *other = node_configure("name");
    civ_node_t *node;

    CU_ASSERT_EQUAL(node_append(node_start(config), 1, NULL), 1);
    other->ledger_name = "other-ledger";
    node = node_open(other, node_make_hot(other));
    CU_ASSERT_EQUAL(civ_node_start(node, test_pool()), CIV_EINVALID);
    is_read_only(node, "\"unit-ledger\"");
    is_read_only(node, "\"other-ledger\"");
    CU_ASSERT_PTR_NULL(civ_node_read_only(node_start(config), test_pool()));
}

static void other_key_is_refused(void)
{
    civ_node_config_t *config = node_configure("key");
    const char *path = civ_node_key_path(config, test_pool());
    const char *kept = unit_path("kept.pem");
    civ_node_t *node;
    civ_key_t *key;

    CU_ASSERT_EQUAL(node_append(node_start(config), 1, NULL), 1);
    CU_ASSERT_EQUAL(rename(path, kept), 0);
    CU_ASSERT_EQUAL_FATAL(civ_key_generate(&key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_key_save(key, path, test_pool()), APR_SUCCESS);
    node = node_open(config, node_make_hot(config));
    CU_ASSERT_EQUAL(civ_node_start(node, test_pool()), CIV_EINVALID);
    is_read_only(node, "key");
    CU_ASSERT_EQUAL(rename(kept, path), 0);
    CU_ASSERT_PTR_NULL(civ_node_read_only(node_start(config), test_pool()));
}

/* Without a hot state the reason is the object's own. */
static void other_name_without_hot_state(void)
{
    civ_node_config_t *config = node_configure("cold");
    civ_node_t *node;
    civ_digest_t hash;

    CU_ASSERT_EQUAL(node_append(node_start(config), 1, NULL), 1);
    config = node_configure("cold");
    config->ledger_name = "other-ledger";
    node = node_open(config, NULL);
    CU_ASSERT_PTR_NULL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_EQUAL(civ_node_start(node, test_pool()), CIV_EINVALID);
    CU_ASSERT_PTR_NOT_NULL_FATAL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_PTR_NOT_NULL(strstr(civ_node_read_only(node, test_pool()), "\"other-ledger\""));
    CU_ASSERT_PTR_NOT_NULL(node_block(node, 1, &hash));
}

static void difficulty_changes_once(void)
{
    civ_node_config_t *config = node_configure("policy");
    civ_digest_t hash;
    civ_node_t *node;

    CU_ASSERT_EQUAL(node_append(node_start(config), 1, NULL), 1);
    config->difficulty = 3;
    unit_log_reset();
    node = node_start(config);
    CU_ASSERT(unit_log_has("CIV0205"));
    CU_ASSERT_EQUAL(node_head(node).height, 2);
    CU_ASSERT_EQUAL(node_head(node).difficulty, 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(node_block(node, 2, &hash), "\"civarcos.policy\""));
    node = node_start(config);
    CU_ASSERT_EQUAL(node_head(node).height, 2);
    CU_ASSERT_EQUAL(node_append(node, 2, NULL), 3);
    CU_ASSERT_PTR_NOT_NULL(strstr(node_block(node, 3, &hash), "\"difficulty\":3"));
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT COUNT(*) FROM civ_entries WHERE type = 'civarcos.policy'"),
                    1);
}

/* The database's folder is not there when the server starts, and comes back while it runs. */
static void database_comes_later(void)
{
    civ_node_config_t *config = node_configure("outage");
    civ_state_node_t *hot = node_make_hot(config);
    civ_problem_t problem;
    civ_health_t health;
    civ_node_t *node, *other;

    node_prepare(config);
    config->database_parameters = unit_path("outage/database/file.db");
    node = node_open(config, hot);
    CU_ASSERT_EQUAL(civ_node_start(node, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(civ_node_head(node, &health.state, &problem, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_FALSE(health.started);
    CU_ASSERT_FALSE(health.database);
    CU_ASSERT_EQUAL(health.head, CIV_HEAD_UNKNOWN);
    CU_ASSERT_PTR_NOT_NULL_FATAL(health.database_detail);
    CU_ASSERT_PTR_NULL(strstr(health.database_detail, "stored"));
    CU_ASSERT_PTR_NULL(health.read_only);
    CU_ASSERT_NOT_EQUAL(civ_node_maintain(node, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(mkdir(unit_path("outage/database"), 0700), 0);
    CU_ASSERT_EQUAL(unit_write_file(config->database_parameters, "", 0600), 0);
    /* This process tries once a second; another process of the server need not wait for it. */
    other = node_open(config, hot);
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_node_refresh(other, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT(unit_log_has("CIV0251"));
    CU_ASSERT_EQUAL(node_head(other).height, 0);
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(node_append(node, 1, NULL), 1);
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_TRUE(health.started && health.database && health.head == CIV_HEAD_OK);
    CU_ASSERT_PTR_NULL(health.database_detail);
}

/* While one thread starts the node, however long it takes, the others are answered at once. */
static void one_thread_starts(void)
{
    civ_node_config_t *config = node_configure("starting");
    civ_problem_t problem;
    civ_node_t *node;

    node_prepare(config);
    node = node_open(config, node_make_hot(config));
    node->starting = 1;
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_FALSE(node->schema_done);
    node->starting = 0;
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_TRUE(node->schema_done);
    CU_ASSERT_FALSE(node->starting);
}

/* No alarm is read from a folder that is out of reach, and none is forgotten. */
static void folder_out_of_reach_is_no_alarm(void)
{
    civ_node_config_t *config = node_configure("reach");
    civ_node_t *node = node_start(config);
    const char *aside = unit_path("reach-aside");

    CU_ASSERT_EQUAL(rename(config->state_dir, aside), 0);
    CU_ASSERT_EQUAL(unit_write_file(config->state_dir, "", 0600), 0);
    civ_node_maintain(node, test_pool());
    CU_ASSERT_PTR_NULL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_EQUAL(unlink(config->state_dir), 0);
    CU_ASSERT_EQUAL(rename(aside, config->state_dir), 0);
    CU_ASSERT_EQUAL(
        unit_write_file(apr_pstrcat(test_pool(), config->state_dir, "/read-only", NULL), "why\n", 0600), 0);
    civ_node_maintain(node, test_pool());
    CU_ASSERT_PTR_NOT_NULL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_EQUAL(rename(config->state_dir, aside), 0);
    CU_ASSERT_EQUAL(unit_write_file(config->state_dir, "", 0600), 0);
    civ_node_maintain(node, test_pool());
    CU_ASSERT_PTR_NOT_NULL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_EQUAL(unlink(config->state_dir), 0);
    CU_ASSERT_EQUAL(rename(aside, config->state_dir), 0);
}

/* A head that contradicts its block: nothing can be taken from it, and the reason is told. */
static void damaged_head_is_refused(void)
{
    civ_node_config_t *config = node_configure("damaged");
    civ_problem_t problem;
    civ_health_t health;
    civ_node_t *node;

    CU_ASSERT_EQUAL(node_append(node_start(config), 1, NULL), 1);
    node_raw_run(config, "UPDATE civ_head SET leaf_count = leaf_count + 1");
    node = node_open(config, node_make_hot(config));
    CU_ASSERT_EQUAL(civ_node_start(node, test_pool()), CIV_EINTEGRITY);
    CU_ASSERT_PTR_NOT_NULL(civ_node_read_only(node, test_pool()));
    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_READ_ONLY);
    CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, civ_node_read_only(node, test_pool())));
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_FALSE(health.started);
    CU_ASSERT_EQUAL(health.head, CIV_HEAD_INCONSISTENT);
    CU_ASSERT_PTR_NOT_NULL(health.read_only);
    node_raw_run(config, "UPDATE civ_head SET leaf_count = leaf_count - 1");
    CU_ASSERT_EQUAL(node_head(node_start(config)).height, 1);
}

/* Blocks cut off the end: the signed head beside the database remembers them. Reading goes on. */
static void cut_chain_is_refused(void)
{
    civ_node_config_t *config = node_configure("cut");
    const char *database = civ_node_database_path(config, test_pool());
    civ_node_t *node;
    char *before;
    unsigned long length;
    FILE *file;

    CU_ASSERT_EQUAL(node_append(node_start(config), 1, NULL), 1);
    node_raw_run(config, "PRAGMA wal_checkpoint(TRUNCATE)");
    before = test_read_file(database, &length);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    CU_ASSERT_EQUAL(node_append(node_start(config), 2, NULL), 2);
    /* Another folder with the same key and signed head, and the older database. */
    file = fopen(unit_path("cut.db"), "w");
    CU_ASSERT_FATAL(file != NULL);
    CU_ASSERT_EQUAL(fwrite(before, 1, length, file), length);
    fclose(file);
    config->database_parameters = unit_path("cut.db");
    node = node_open(config, node_make_hot(config));
    CU_ASSERT_EQUAL(civ_node_start(node, test_pool()), CIV_EINTEGRITY);
    is_read_only(node, "blocks were removed");
}

static const test_case_t cases[] = {
    {"first_start_makes_genesis", first_start_makes_genesis},
    {"restart_keeps_ledger", restart_keeps_ledger},
    {"other_name_is_refused", other_name_is_refused},
    {"other_key_is_refused", other_key_is_refused},
    {"other_name_without_hot_state", other_name_without_hot_state},
    {"difficulty_changes_once", difficulty_changes_once},
    {"database_comes_later", database_comes_later},
    {"one_thread_starts", one_thread_starts},
    {"folder_out_of_reach_is_no_alarm", folder_out_of_reach_is_no_alarm},
    {"damaged_head_is_refused", damaged_head_is_refused},
    {"cut_chain_is_refused", cut_chain_is_refused},
    {NULL, NULL},
};

const test_suite_t node_start_suite = {"node_start", unit_folder_make, unit_folder_remove, cases};
