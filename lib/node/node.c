/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The node: putting its parts together, and what the faces ask of it.
 */
#include <apr_strings.h>
#include <string.h>

#include "node/node_private.h"
#include "sync/connectors.h"
#include "sync/overview.h"
#include "sync/push.h"
#include "sync/schedules.h"
#include "sync/sealing.h"
#include "sync/webhook.h"

const civ_node_config_t civ_node_defaults = {
    .database_driver = "sqlite3",
    .pool_min = 1,
    .pool_max = 8,
    .difficulty = 8,
    .min_validators = 3,
    .seal_interval = 10 * APR_USEC_PER_SEC,
    .seal_count = 256,
    .queue_limit = 4096,
    .hot_blocks = 1024,
    .state_refresh = APR_USEC_PER_SEC,
    .min_free = 67108864,
    .federation_min_votes = 3,
    .federation_threshold = {2, 3},
    .benchmark_min_contributors = 5,
    .sync_ledger = 1,
    .worker_threads = 4,
};

/* How often a node that has not started tries again, at most. */
#define START_INTERVAL APR_USEC_PER_SEC

static apr_status_t load_key(civ_node_t *node, const char **error)
{
    const char *path = civ_node_key_path(node->config, node->pool);
    apr_status_t status = civ_key_load(&node->key, path, node->pool);
    char reason[160];

    if (status == APR_SUCCESS)
        return status;
    if (status == CIV_EINVALID)
        *error = apr_psprintf(node->pool, "\"%s\" is not an Ed25519 private key in PEM", path);
    else if (APR_STATUS_IS_EACCES(status))
        *error = apr_psprintf(
            node->pool,
            "the ledger's key \"%s\" cannot be used: it must be readable by the server's account "
            "and by nobody else (mode 0600)",
            path);
    else
        *error = apr_psprintf(node->pool, "the ledger's key \"%s\" cannot be read: %s", path,
                              apr_strerror(status, reason, sizeof(reason)));
    return status;
}

void civ_node_store_config(civ_store_config_t *store, const civ_node_config_t *config, const civ_log_t *log,
                           apr_pool_t *pool)
{
    const civ_statement_set_t *const sync[] = {
        &civ_engine_statements,     &civ_jobs_statements,       &civ_job_claims_statements,
        &civ_schedules_statements,  &civ_connectors_statements, &civ_runner_statements,
        &civ_job_wishes_statements, &civ_overview_statements,   &civ_schedule_orders_statements,
        &civ_push_statements,       &civ_webhook_statements,    &civ_sealing_statements};
    const int sync_count = (int)(sizeof(sync) / sizeof(sync[0]));
    const int timeline = 2 + CIV_FEDERATION_SETS + sync_count;
    civ_statement_set_t *sets = apr_palloc(pool, (apr_size_t)(timeline + CIV_TIMELINE_SETS) * sizeof(*sets));
    int i;

    sets[0] = civ_store_statements;
    sets[1] = civ_ledger_statements;
    for (i = 0; i < CIV_FEDERATION_SETS; i++)
        sets[2 + i] = *civ_federation_statements[i];
    for (i = 0; i < sync_count; i++)
        sets[2 + CIV_FEDERATION_SETS + i] = *sync[i];
    for (i = 0; i < CIV_TIMELINE_SETS; i++)
        sets[timeline + i] = *civ_timeline_statements[i];
    memset(store, 0, sizeof(*store));
    store->driver = config->database_driver != NULL ? config->database_driver : "sqlite3";
    store->parameters = config->database_parameters != NULL ? config->database_parameters
                                                            : civ_node_database_path(config, pool);
    store->sets = sets;
    store->set_count = (apr_size_t)(timeline + CIV_TIMELINE_SETS);
    store->pool_min = config->pool_min;
    store->pool_max = config->pool_max;
    store->map_size = config->database_map;
    store->log = log;
    store->must_exist = 1;
}

static void configure_ledger(civ_node_t *node)
{
    const civ_node_config_t *config = node->config;
    civ_ledger_config_t *ledger = &node->ledger_config;

    ledger->name = config->ledger_name;
    ledger->head_file = civ_node_head_path(config, node->pool);
    ledger->key = node->key;
    ledger->difficulty = config->difficulty;
    ledger->seal_count = config->seal_count;
    ledger->seal_interval = config->seal_interval;
    ledger->min_validators = config->min_validators;
    ledger->queue_limit = config->queue_limit;
    ledger->min_free = config->min_free;
    ledger->mutex = node->context.mutex;
    ledger->store = node->store;
    ledger->observer = &node->observer;
    ledger->log = node->context.log;
}

apr_status_t civ_node_open(civ_node_t **out, const civ_node_config_t *config,
                           const civ_node_context_t *context, const char **error, apr_pool_t *pool)
{
    civ_node_t *node = apr_pcalloc(pool, sizeof(*node));
    apr_status_t status;

    node->config = config;
    node->context = *context;
    node->pool = pool;
    *error = NULL;
    status = load_key(node, error);
    if (status == APR_SUCCESS)
        status = civ_node_load_pseudonym_key(node, error);
    if (status == APR_SUCCESS)
        status = apr_thread_mutex_create(&node->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return status;
    civ_node_store_config(&node->store_config, config, context->log, pool);
    status = civ_store_create(&node->store, &node->store_config, pool);
    if (status == APR_SUCCESS) {
        civ_node_observe(node);
        configure_ledger(node);
        status = civ_ledger_open(&node->ledger, &node->ledger_config, pool);
    }
    if (status == APR_SUCCESS)
        status = civ_node_open_federation(node);
    civ_node_open_engine(node);
    if (status != APR_SUCCESS && *error == NULL)
        *error = apr_psprintf(pool, "the database driver \"%s\" cannot be used", node->store_config.driver);
    *out = node;
    return status;
}

/* --- start --- */

apr_status_t civ_node_upgrade_schema(const civ_store_config_t *config, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    civ_db_t *db;
    apr_status_t status;

    apr_pool_create(&scratch, pool);
    /* On a connection of its own, before any other is opened: a change of the schema makes statements stale.
     */
    status = civ_db_open(&db, config, scratch);
    if (status == APR_SUCCESS)
        status = civ_schema_upgrade(db, &civ_store_schema, config->log, scratch);
    if (status == APR_SUCCESS)
        status = civ_schema_upgrade(db, &civ_ledger_schema, config->log, scratch);
    if (status == APR_SUCCESS)
        status = civ_schema_upgrade(db, &civ_federation_schema, config->log, scratch);
    if (status == APR_SUCCESS)
        status = civ_schema_upgrade(db, &civ_engine_schema, config->log, scratch);
    if (status == APR_SUCCESS)
        status = civ_schema_upgrade(db, &civ_timeline_schema, config->log, scratch);
    apr_pool_destroy(scratch);
    return status;
}

static apr_status_t upgrade_schema(civ_node_t *node, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    int done;

    apr_thread_mutex_lock(node->lock);
    done = node->schema_done;
    apr_thread_mutex_unlock(node->lock);
    if (!done)
        status = civ_node_upgrade_schema(&node->store_config, pool);
    apr_thread_mutex_lock(node->lock);
    node->schema_done = node->schema_done || status == APR_SUCCESS;
    apr_thread_mutex_unlock(node->lock);
    return status;
}

apr_status_t civ_node_start(civ_node_t *node, apr_pool_t *pool)
{
    civ_ledger_head_t head;
    apr_status_t status = upgrade_schema(node, pool), filled;

    if (status != APR_SUCCESS)
        return status;
    civ_node_alarm_check(node, pool);
    status = civ_ledger_start(node->ledger, &head, pool);
    /* Also a ledger that may not be written can be read, as long as its head is sound. */
    filled = status == APR_SUCCESS || status == CIV_EINVALID || status == CIV_EINTEGRITY
                 ? civ_node_fill(node, pool)
                 : status;
    if (status == APR_SUCCESS && filled == APR_SUCCESS)
        civ_node_declare_schedules(node, pool);
    return status == APR_SUCCESS ? filled : status;
}

static int has_started(civ_node_t *node)
{
    civ_state_head_t head;

    return node->context.hot == NULL || civ_state_head_read(node->context.hot, &head) != APR_NOTFOUND;
}

/** Whether this thread is to try: one at a time, and not too often. */
static int claim_start(civ_node_t *node)
{
    apr_time_t now = apr_time_now();
    int claimed;

    apr_thread_mutex_lock(node->lock);
    /* Further ahead than one interval: the clock was set back. */
    claimed = !node->starting && (now >= node->next_start || node->next_start - now > START_INTERVAL);
    if (claimed) {
        node->starting = 1;
        node->next_start = now + START_INTERVAL;
    }
    apr_thread_mutex_unlock(node->lock);
    return claimed;
}

static void try_start(civ_node_t *node, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_status_t status;

    if (!claim_start(node))
        return;
    apr_pool_create(&scratch, pool);
    status = civ_node_start(node, scratch);
    if (status == APR_SUCCESS)
        civ_log_write(node->context.log, CIV_LOG_NOTICE, APR_SUCCESS,
                      "CIV0251: ledger \"%s\": the database is back", node->config->ledger_name);
    apr_pool_destroy(scratch);
    apr_thread_mutex_lock(node->lock);
    node->starting = 0;
    apr_thread_mutex_unlock(node->lock);
}

apr_status_t civ_node_refresh(civ_node_t *node, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *reason;

    if (has_started(node)) {
        if (node->context.hot != NULL &&
            civ_state_refresh_claim(node->context.hot, apr_time_now(), node->config->state_refresh))
            civ_node_take_over(node, pool);
        return APR_SUCCESS;
    }
    try_start(node, pool);
    if (has_started(node))
        return APR_SUCCESS;
    reason = civ_node_read_only(node, pool);
    if (reason != NULL)
        civ_problem_set(problem, CIV_PROBLEM_READ_ONLY, pool, "The ledger cannot be used: %s", reason);
    else
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                        "The database cannot be reached at the moment");
    return CIV_EUNREACHABLE;
}

/* --- what the faces ask --- */

civ_ledger_t *civ_node_ledger(civ_node_t *node)
{
    return node->ledger;
}

void civ_node_count(civ_node_t *node, unsigned counter, apr_int64_t value)
{
    if (node->context.hot != NULL)
        civ_state_counter_add(node->context.hot, counter, value);
}

void civ_node_read_only_set(civ_node_t *node, const char *reason)
{
    if (node->context.hot != NULL) {
        civ_state_read_only_set(node->context.hot, reason);
        return;
    }
    apr_thread_mutex_lock(node->lock);
    if (reason == NULL)
        node->reason[0] = '\0';
    else if (node->reason[0] == '\0')
        apr_cpystrn(node->reason, reason, sizeof(node->reason));
    apr_thread_mutex_unlock(node->lock);
}

const char *civ_node_read_only(civ_node_t *node, apr_pool_t *pool)
{
    const char *reason = NULL;

    if (node->context.hot != NULL)
        return civ_state_read_only(node->context.hot, pool);
    apr_thread_mutex_lock(node->lock);
    if (node->reason[0] != '\0')
        reason = apr_pstrdup(pool, node->reason);
    apr_thread_mutex_unlock(node->lock);
    return reason;
}

apr_status_t civ_node_head(civ_node_t *node, civ_state_head_t *head, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_ledger_head_t cold;
    apr_status_t status;

    if (node->context.hot != NULL && civ_state_head_read(node->context.hot, head) == APR_SUCCESS)
        return APR_SUCCESS;
    status = civ_ledger_read_head(node->ledger, &cold, pool);
    if (status == APR_SUCCESS)
        civ_node_convert_head(node, &cold, head);
    else
        civ_store_problem_reading(problem, status == APR_NOTFOUND ? CIV_EUNREACHABLE : status, pool);
    return status;
}

apr_status_t civ_node_info(civ_node_t *node, const char **body, apr_size_t *length, const char **tag,
                           civ_problem_t *problem, apr_pool_t *pool)
{
    char *hot_body, *hot_tag;
    civ_state_head_t head;
    apr_status_t status;

    if (node->context.hot != NULL &&
        civ_state_document_read(node->context.hot, &hot_body, length, &hot_tag, pool) == APR_SUCCESS) {
        *body = hot_body;
        *tag = hot_tag;
        return APR_SUCCESS;
    }
    status = civ_node_head(node, &head, problem, pool);
    if (status == APR_SUCCESS)
        *body = civ_node_render_info(node, &head, length, tag, pool);
    return status;
}

static void render_block(const civ_block_t *block, const char **json, apr_size_t *length, civ_digest_t *hash,
                         apr_pool_t *pool)
{
    civ_buffer_t buffer;

    civ_buffer_init(&buffer, 2048, pool);
    civ_block_write_json(&buffer, block, pool);
    *json = buffer.data;
    *length = buffer.length;
    if (hash != NULL)
        *hash = block->hash;
}

apr_status_t civ_node_block(civ_node_t *node, apr_uint64_t height, const char **json, apr_size_t *length,
                            civ_digest_t *hash, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_block_t *block;
    char *hot;
    apr_status_t status;

    if (node->context.hot != NULL &&
        civ_state_block_read(node->context.hot, height, hash, &hot, length, pool) == APR_SUCCESS) {
        civ_node_count(node, CIV_NODE_HOT_HITS, 1);
        *json = hot;
        return APR_SUCCESS;
    }
    civ_node_count(node, CIV_NODE_HOT_MISSES, 1);
    status = civ_ledger_block(node->ledger, height, &block, problem, pool);
    if (status == APR_SUCCESS)
        render_block(block, json, length, hash, pool);
    return status;
}

apr_status_t civ_node_block_by_hash(civ_node_t *node, const civ_digest_t *hash, const char **json,
                                    apr_size_t *length, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_digest_t found;
    civ_block_t *block;
    apr_uint64_t height;
    apr_status_t status;

    if (node->context.hot != NULL && civ_state_block_find(node->context.hot, hash, &height) == APR_SUCCESS) {
        status = civ_node_block(node, height, json, length, &found, problem, pool);
        if (status == APR_SUCCESS && civ_digest_equal(&found, hash))
            return status;
    }
    status = civ_ledger_block_by_hash(node->ledger, hash, &block, problem, pool);
    if (status == APR_SUCCESS)
        render_block(block, json, length, NULL, pool);
    return status;
}

/* --- health and housekeeping --- */

static void explain_status(civ_health_t *health, apr_status_t status, apr_pool_t *pool)
{
    civ_problem_t problem;

    civ_store_problem_reading(&problem, status, pool);
    health->database_detail = problem.detail;
}

static apr_status_t try_write(civ_node_t *node)
{
    apr_int64_t bytes;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(node->store, &db);

    if (status != APR_SUCCESS)
        return status;
    /* BEGIN alone does not touch the file; counting up the generation does, and is taken back. */
    status = civ_db_begin(db);
    if (status == APR_SUCCESS)
        status = civ_ledger_try_write(db);
    if (status == APR_SUCCESS && civ_db_free_space(db, &bytes) == APR_SUCCESS &&
        bytes < node->config->min_free)
        status = CIV_EFULL;
    civ_store_release(node->store, db);
    return status;
}

/** A trial write takes the database's write lock; under the mutex it cannot make a writer of this host wait for SQLite's
 *  own, slow, way of taking turns. Where the mutex is taken, somebody is writing this very moment. */
static void try_database(civ_node_t *node, civ_health_t *health, apr_pool_t *pool)
{
    apr_global_mutex_t *mutex = node->context.mutex;
    apr_status_t status = APR_SUCCESS;

    if (mutex == NULL || apr_global_mutex_trylock(mutex) == APR_SUCCESS) {
        status = try_write(node);
        if (mutex != NULL)
            apr_global_mutex_unlock(mutex);
    }
    health->database = status == APR_SUCCESS;
    if (status != APR_SUCCESS)
        explain_status(health, status, pool);
}

static civ_head_health_e compare_heads(civ_node_t *node, civ_health_t *health, apr_pool_t *pool)
{
    civ_ledger_head_t cold;
    apr_status_t status = civ_ledger_read_head(node->ledger, &cold, pool);

    /* A head row that is missing, or not its block's, contradicts; a database that is away does not. */
    if (status != APR_SUCCESS)
        return status == CIV_EINTEGRITY || status == APR_NOTFOUND ? CIV_HEAD_INCONSISTENT : CIV_HEAD_UNKNOWN;
    if (node->context.hot == NULL || civ_state_head_read(node->context.hot, &health->state) != APR_SUCCESS) {
        civ_node_convert_head(node, &cold, &health->state);
        return CIV_HEAD_OK;
    }
    /* Another generation is not a contradiction: somebody is just committing. */
    return cold.generation != health->state.generation ||
                   civ_digest_equal(&cold.block_hash, &health->state.block_hash)
               ? CIV_HEAD_OK
               : CIV_HEAD_INCONSISTENT;
}

void civ_node_health(civ_node_t *node, civ_health_t *health, apr_pool_t *pool)
{
    civ_problem_t problem;

    memset(health, 0, sizeof(*health));
    health->started = civ_node_refresh(node, &problem, pool) == APR_SUCCESS;
    health->read_only = civ_node_read_only(node, pool);
    try_database(node, health, pool);
    /* What there is to read before the first start is none of ours; unless that met a contradiction. */
    if (health->started || health->read_only != NULL)
        health->head = compare_heads(node, health, pool);
}

apr_status_t civ_node_maintain(civ_node_t *node, apr_pool_t *pool)
{
    civ_problem_t problem;
    apr_status_t status = civ_node_refresh(node, &problem, pool);

    civ_node_alarm_check(node, pool);
    return status == APR_SUCCESS ? civ_ledger_maintain(node->ledger, pool) : status;
}
