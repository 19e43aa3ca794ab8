/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file node_hot.c
 * The hot state and the database say the same: after appends, after other writers, in every process.
 */
#include "support/database.h"
#include "support/runner.h"

#include "base/json.h"
#include "state/state_private.h"
#include "unit/node_fixture.h"

#include <apr_strings.h>

#include <pthread.h>
#include <string.h>

static apr_int64_t hits(civ_node_t *node)
{
    return civ_state_counter(node->context.hot, CIV_NODE_HOT_HITS);
}

static apr_int64_t misses(civ_node_t *node)
{
    return civ_state_counter(node->context.hot, CIV_NODE_HOT_MISSES);
}

/* What a node tells from shared memory is byte for byte what one without tells from the database. */
static void hot_is_cold(void)
{
    civ_node_config_t *config = node_configure("bytes");
    civ_node_t *hot = node_start(config), *cold = node_open(config, NULL);
    apr_uint64_t height;
    int i;

    for (i = 1; i < 5; i++)
        CU_ASSERT_EQUAL(node_append(hot, i, NULL), (apr_uint64_t)i);
    for (height = 0; height < 5; height++) {
        civ_digest_t hot_hash, cold_hash;
        const char *hot_json = node_block(hot, height, &hot_hash),
                   *cold_json = node_block(cold, height, &cold_hash);
        const char *by_hash = NULL;
        civ_problem_t problem;
        apr_size_t length;

        CU_ASSERT_STRING_EQUAL(hot_json, cold_json);
        CU_ASSERT_TRUE(civ_digest_equal(&hot_hash, &cold_hash));
        CU_ASSERT_EQUAL(civ_node_block_by_hash(hot, &cold_hash, &by_hash, &length, &problem, test_pool()),
                        APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(by_hash, cold_json);
        CU_ASSERT_EQUAL(civ_node_block_by_hash(cold, &cold_hash, &by_hash, &length, &problem, test_pool()),
                        APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(by_hash, cold_json);
        CU_ASSERT_EQUAL(length, strlen(cold_json));
    }
    CU_ASSERT_EQUAL(hits(hot), 10);
    CU_ASSERT_EQUAL(misses(hot), 0);
}

static void strange_blocks_are_not_found(void)
{
    civ_node_config_t *config = node_configure("strange");
    civ_node_t *node = node_start(config);
    civ_digest_t hash;
    civ_problem_t problem;
    const char *json;
    apr_size_t length;

    CU_ASSERT_EQUAL(civ_node_block(node, 1, &json, &length, &hash, &problem, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
    CU_ASSERT_EQUAL(civ_node_block(node, APR_UINT64_MAX, &json, &length, &hash, &problem, test_pool()),
                    APR_NOTFOUND);
    memset(&hash, 0, sizeof(hash));
    CU_ASSERT_EQUAL(civ_node_block_by_hash(node, &hash, &json, &length, &problem, test_pool()), APR_NOTFOUND);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_NOT_FOUND);
}

/* After a restart the newest blocks are kept, as many as configured; the others come from the database. */
static void newest_are_kept(void)
{
    static const apr_uint32_t sizes[] = {4, 0, 1000};
    civ_node_config_t *config = node_configure("newest");
    civ_node_t *node = node_start(config);
    apr_size_t i;
    int k;

    for (k = 1; k < 12; k++)
        CU_ASSERT_EQUAL(node_append(node, k, NULL), (apr_uint64_t)k);
    for (i = 0; i < 3; i++) {
        apr_int64_t expected = sizes[i] < 12 ? sizes[i] : 12;
        apr_uint64_t height;
        civ_digest_t hash;

        config->hot_blocks = sizes[i];
        node = node_start(config);
        for (height = 0; height < 12; height++)
            CU_ASSERT_PTR_NOT_NULL(node_block(node, height, &hash));
        CU_ASSERT_EQUAL(hits(node), expected);
        CU_ASSERT_EQUAL(misses(node), 12 - expected);
        for (height = 12 - (apr_uint64_t)expected; height < 12; height++)
            node_block(node, height, &hash);
        CU_ASSERT_EQUAL(hits(node), 2 * expected);
    }
}

static const char *info_of(civ_node_t *node, const char **tag)
{
    civ_problem_t problem;
    const char *body = NULL;
    apr_size_t length = 0;

    CU_ASSERT_EQUAL_FATAL(civ_node_info(node, &body, &length, tag, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(length, strlen(body));
    return body;
}

static apr_int64_t number_in(const char *body, const char *name)
{
    civ_json_limits_t limits = civ_json_request_limits;
    const civ_json_t *root = NULL;
    apr_int64_t value = -1;
    civ_problem_t problem;

    limits.size = strlen(body);
    CU_ASSERT_EQUAL_FATAL(civ_json_parse(&root, body, strlen(body), &limits, &problem, test_pool()),
                          APR_SUCCESS);
    civ_json_to_int64(civ_json_get(civ_json_get(root, "blockchain"), name), &value);
    return value;
}

static void info_is_rendered(void)
{
    civ_node_config_t *config = node_configure("info");
    civ_node_t *node = node_start(config), *cold = node_open(config, NULL);
    const char *body, *tag, *other_tag, *rendered, *last = "";
    civ_state_head_t head;
    civ_digest_t digest;
    apr_size_t length;
    int i;

    for (i = 1; i < 4; i++) {
        CU_ASSERT_EQUAL(node_append(node, i, NULL), (apr_uint64_t)i);
        head = node_head(node);
        body = info_of(node, &tag);
        rendered = civ_node_render_info(node, &head, &length, &other_tag, test_pool());
        CU_ASSERT_STRING_EQUAL(body, rendered);
        CU_ASSERT_STRING_EQUAL(tag, other_tag);
        CU_ASSERT_STRING_EQUAL(body, info_of(cold, &other_tag));
        CU_ASSERT_STRING_EQUAL(tag, other_tag);
        civ_digest_sha256(&digest, body, strlen(body));
        CU_ASSERT_EQUAL(strlen(tag), 32);
        CU_ASSERT_EQUAL(strncmp(tag, civ_digest_hex_dup(&digest, test_pool()), 32), 0);
        CU_ASSERT_STRING_NOT_EQUAL(tag, last);
        last = tag;
        CU_ASSERT_EQUAL(number_in(body, "total_blocks"), i + 1);
        CU_ASSERT_EQUAL(number_in(body, "total_evidence"), i + 1);
        CU_ASSERT_EQUAL(number_in(body, "pending_evidence"), 0);
        CU_ASSERT_EQUAL(number_in(body, "difficulty"), 2);
        CU_ASSERT_EQUAL(number_in(body, "min_validators"), 3);
        CU_ASSERT_PTR_NOT_NULL(strstr(body, civ_digest_hex_dup(&head.block_hash, test_pool())));
        CU_ASSERT_PTR_NOT_NULL(strstr(body, "\"ledger_name\":\"unit-ledger\""));
    }
}

static void pend(civ_node_t *node, int number)
{
    civ_append_result_t result;
    civ_problem_t problem;
    civ_entry_t entry;

    node_make_entry(&entry, number, test_pool());
    CU_ASSERT_EQUAL(civ_ledger_pend(civ_node_ledger(node), &entry, 1, NULL, &result, &problem, test_pool()),
                    APR_SUCCESS);
}

/* What waits is counted in the head, and housekeeping seals it when its time has come. */
static void pending_is_sealed(void)
{
    civ_node_config_t *config = node_configure("pending");
    civ_node_t *node = node_start(config);
    const char *tag;

    pend(node, 1);
    pend(node, 2);
    CU_ASSERT_EQUAL(node_head(node).pending, 2);
    CU_ASSERT(node_head(node).oldest_pending > 0);
    CU_ASSERT_EQUAL(number_in(info_of(node, &tag), "pending_evidence"), 2);
    CU_ASSERT_EQUAL(civ_node_maintain(node, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(node_head(node).height, 0);
    node_raw_run(config, "UPDATE civ_pending SET received = received - 3600000");
    CU_ASSERT_EQUAL(civ_node_maintain(node, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(node_head(node).height, 1);
    CU_ASSERT_EQUAL(node_head(node).pending, 0);
    CU_ASSERT_EQUAL(node_head(node).leaf_count, 3);
}

static void refresh(civ_node_t *node)
{
    civ_problem_t problem;

    CU_ASSERT_EQUAL(civ_node_refresh(node, &problem, test_pool()), APR_SUCCESS);
}

static int same_head(civ_node_t *one, civ_node_t *two)
{
    civ_state_head_t first = node_head(one), second = node_head(two);

    return memcmp(&first, &second, sizeof(first)) == 0;
}

/* Two hosts on one database: each sees what the other has written, and both append in turn. */
static void other_writers_are_met(void)
{
    civ_node_config_t *config = node_configure("turns");
    civ_node_t *nodes[2] = {node_start(config), node_start(config)};
    int round, number = 0;

    for (round = 0; round < 10; round++) {
        civ_node_t *writer = nodes[round % 2], *other = nodes[(round + 1) % 2];
        apr_int64_t taken = civ_state_counter(other->context.hot, CIV_NODE_REFRESHES), hot;
        apr_uint64_t first = node_head(other).height;
        const char *one, *two;
        civ_digest_t hash;
        int i;

        for (i = 0; i <= round % 3; i++, number++)
            CU_ASSERT_EQUAL(node_append(writer, number, NULL), (apr_uint64_t)number + 1);
        CU_ASSERT_EQUAL(node_head(other).height, first);
        refresh(other);
        CU_ASSERT_TRUE(same_head(writer, other));
        CU_ASSERT_STRING_EQUAL(info_of(writer, &one), info_of(other, &two));
        CU_ASSERT_EQUAL(civ_state_counter(other->context.hot, CIV_NODE_REFRESHES), taken + 1);
        hot = hits(other);
        for (i = (int)first + 1; i <= number; i++)
            CU_ASSERT_STRING_EQUAL(node_block(other, (apr_uint64_t)i, &hash),
                                   node_block(writer, (apr_uint64_t)i, &hash));
        CU_ASSERT_EQUAL(hits(other), hot + number - (apr_int64_t)first);
        /* Nothing new: nothing taken over. */
        refresh(other);
        CU_ASSERT_EQUAL(civ_state_counter(other->context.hot, CIV_NODE_REFRESHES), taken + 1);
    }
}

/* More than the hot state holds, and appending without having looked. */
static void far_behind(void)
{
    civ_node_config_t *config = node_configure("behind");
    civ_node_t *writer = node_start(config), *other = node_start(config);
    civ_digest_t hash;
    int i;

    for (i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(node_append(writer, i, NULL), (apr_uint64_t)i + 1);
    refresh(other);
    CU_ASSERT_TRUE(same_head(writer, other));
    for (i = 13; i <= 20; i++)
        CU_ASSERT_PTR_NOT_NULL(node_block(other, (apr_uint64_t)i, &hash));
    CU_ASSERT_EQUAL(hits(other), 8);
    CU_ASSERT_EQUAL(node_append(writer, 100, NULL), 21);
    CU_ASSERT_EQUAL(node_append(other, 101, NULL), 22);
    CU_ASSERT_EQUAL(node_head(other).height, 22);
    CU_ASSERT_PTR_NOT_NULL(node_block(other, 21, &hash));
    refresh(other);
    refresh(writer);
    CU_ASSERT_TRUE(same_head(writer, other));
}

static void looks_once_an_interval(void)
{
    civ_node_config_t *config = node_configure("interval");
    civ_node_t *writer = node_start(config), *other;

    config = node_configure("interval");
    config->state_refresh = apr_time_from_sec(3600);
    other = node_start(config);
    refresh(other);
    CU_ASSERT_EQUAL(node_append(writer, 1, NULL), 1);
    refresh(other);
    CU_ASSERT_EQUAL(node_head(other).height, 0);
    civ_state_refresh_due(other->context.hot);
    refresh(other);
    CU_ASSERT_EQUAL(node_head(other).height, 1);
}

static void health_is_told(void)
{
    civ_node_config_t *config = node_configure("health");
    civ_node_t *node = node_start(config), *cold = node_open(config, NULL);
    civ_state_head_t head;
    civ_health_t health;

    CU_ASSERT_EQUAL(node_append(node, 1, NULL), 1);
    head = node_head(node);
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_TRUE(health.started && health.database && health.head == CIV_HEAD_OK);
    CU_ASSERT_PTR_NULL(health.database_detail);
    CU_ASSERT_PTR_NULL(health.read_only);
    CU_ASSERT_EQUAL(memcmp(&health.state, &head, sizeof(head)), 0);
    /* The write it tried was taken back. */
    CU_ASSERT_EQUAL(node_raw_int(config, "SELECT generation FROM civ_head"), head.generation);
    civ_node_health(cold, &health, test_pool());
    CU_ASSERT_TRUE(health.started && health.database && health.head == CIV_HEAD_OK);
    CU_ASSERT_EQUAL(memcmp(&health.state, &head, sizeof(head)), 0);
    config->min_free = APR_INT64_MAX;
    civ_node_health(node, &health, test_pool());
    /* Where free space cannot be told, nothing is made up. */
    CU_ASSERT_EQUAL(health.database, database_is_pgsql());
    if (!database_is_pgsql()) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(health.database_detail);
        CU_ASSERT_PTR_NOT_NULL(strstr(health.database_detail, "no room"));
    }
    config->min_free = 0;
    /* Same generation, another hash: shared memory and database contradict each other. */
    head.block_hash.bytes[5] ^= 1;
    civ_state_head_write(node->context.hot, &head);
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_TRUE(health.started && health.database);
    CU_ASSERT_EQUAL(health.head, CIV_HEAD_INCONSISTENT);
    civ_state_read_only_set(node->context.hot, "by hand");
    civ_node_health(node, &health, test_pool());
    CU_ASSERT_STRING_EQUAL(health.read_only, "by hand");
}

/* A head that a writer left half written: the database answers. */
static void dead_writer_is_survived(void)
{
    civ_node_config_t *config = node_configure("dead");
    civ_node_t *node = node_start(config);
    civ_state_head_t before = node_head(node), after;
    const char *body, *tag;

    body = info_of(node, &tag);
    node->context.hot->record->head_sequence++;
    node->context.hot->record->document_sequence++;
    after = node_head(node);
    CU_ASSERT_EQUAL(memcmp(&before, &after, sizeof(before)), 0);
    CU_ASSERT_STRING_EQUAL(info_of(node, &tag), body);
    refresh(node);
    CU_ASSERT_EQUAL(node_append(node, 1, NULL), 1);
    CU_ASSERT_EQUAL(civ_state_head_read(node->context.hot, &after), APR_SUCCESS);
    CU_ASSERT_EQUAL(after.height, 1);
}

static void counters_are_kept(void)
{
    civ_node_config_t *config = node_configure("counters");
    civ_node_t *node = node_start(config), *cold = node_open(config, NULL);
    civ_state_node_t *hot = node->context.hot;
    apr_int64_t batches = civ_state_counter(hot, CIV_NODE_BATCHES);
    apr_int64_t blocks = civ_state_counter(hot, CIV_NODE_BATCH_BLOCKS);
    apr_int64_t requests = civ_state_counter(hot, CIV_NODE_BATCH_REQUESTS);

    CU_ASSERT_EQUAL(node_append(node, 1, NULL), 1);
    CU_ASSERT_EQUAL(civ_state_counter(hot, CIV_NODE_BATCHES), batches + 1);
    CU_ASSERT_EQUAL(civ_state_counter(hot, CIV_NODE_BATCH_BLOCKS), blocks + 1);
    CU_ASSERT_EQUAL(civ_state_counter(hot, CIV_NODE_BATCH_REQUESTS), requests + 1);
    CU_ASSERT(civ_state_counter(hot, CIV_NODE_BATCH_MICROSECONDS) > 0);
    CU_ASSERT_EQUAL(civ_state_counter(hot, CIV_NODE_BATCHES_FAILED), 0);
    civ_node_count(node, CIV_NODE_COUNTER_COUNT, 5);
    CU_ASSERT_EQUAL(civ_state_counter(hot, CIV_NODE_COUNTER_COUNT), 5);
    civ_node_count(cold, CIV_NODE_COUNTER_COUNT, 5);
    CU_ASSERT_EQUAL(civ_state_counter(hot, CIV_NODE_COUNTER_COUNT), 5);
}

#define WRITERS 4
#define EACH    10

typedef struct worker_t {
    civ_node_t *node;
    int number;
    int failed;
} worker_t;

static void work_once(worker_t *worker, int i, apr_pool_t *pool)
{
    civ_append_result_t result;
    civ_problem_t problem;
    const char *json;
    apr_size_t length;
    civ_digest_t hash;
    civ_entry_t entry;

    node_make_entry(&entry, worker->number * 1000 + i, pool);
    if (civ_node_refresh(worker->node, &problem, pool) != APR_SUCCESS ||
        civ_ledger_append(civ_node_ledger(worker->node), &entry, 1, NULL, &result, &problem, pool) !=
            APR_SUCCESS ||
        civ_node_block(worker->node, result.height, &json, &length, &hash, &problem, pool) != APR_SUCCESS ||
        length != result.block_json_length || memcmp(json, result.block_json, length) != 0 ||
        !civ_digest_equal(&hash, &result.block_hash))
        worker->failed++;
}

static void *work(void *baton)
{
    worker_t *worker = baton;
    apr_pool_t *pool;
    int i;

    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    for (i = 0; i < EACH; i++) {
        work_once(worker, i, pool);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Threads of one process: what is appended can be read at once, byte for byte as it was answered. */
static void many_threads(void)
{
    civ_node_config_t *config = node_configure("threads");
    civ_node_t *node = node_start(config);
    worker_t workers[WRITERS];
    pthread_t running[WRITERS];
    civ_ledger_head_t cold;
    int i;

    for (i = 0; i < WRITERS; i++) {
        workers[i] = (worker_t){node, i, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&running[i], NULL, work, &workers[i]), 0);
    }
    for (i = 0; i < WRITERS; i++) {
        pthread_join(running[i], NULL);
        CU_ASSERT_EQUAL(workers[i].failed, 0);
    }
    CU_ASSERT_EQUAL(node_head(node).height, WRITERS * EACH);
    CU_ASSERT_EQUAL(civ_ledger_read_head(civ_node_ledger(node), &cold, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(cold.height, WRITERS * EACH);
    CU_ASSERT_EQUAL(cold.generation, node_head(node).generation);
}

static const test_case_t cases[] = {
    {"hot_is_cold", hot_is_cold},
    {"strange_blocks_are_not_found", strange_blocks_are_not_found},
    {"newest_are_kept", newest_are_kept},
    {"info_is_rendered", info_is_rendered},
    {"pending_is_sealed", pending_is_sealed},
    {"other_writers_are_met", other_writers_are_met},
    {"far_behind", far_behind},
    {"looks_once_an_interval", looks_once_an_interval},
    {"health_is_told", health_is_told},
    {"dead_writer_is_survived", dead_writer_is_survived},
    {"counters_are_kept", counters_are_kept},
    {"many_threads", many_threads},
    {NULL, NULL},
};

const test_suite_t node_hot_suite = {"node_hot", unit_folder_make, unit_folder_remove, cases};
