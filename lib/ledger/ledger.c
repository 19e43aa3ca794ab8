/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The ledger object: its identity and its head.
 */
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/timestamp.h"
#include "ledger/head_file.h"
#include "ledger/validators_private.h"

/* What a batch may leave in its pool for the next one. */
#define BATCH_POOL_KEEPS (4 * 1024 * 1024)

static apr_status_t destroy_batch_pool(void *baton)
{
    civ_ledger_t *ledger = baton;

    apr_pool_destroy(ledger->batch_pool);
    return APR_SUCCESS;
}

/* The leader's own pool is its request's; what a batch needs must not end up there, nor in a pool that other
 * threads allocate from. */
static apr_status_t make_batch_pool(civ_ledger_t *ledger, apr_pool_t *pool)
{
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status != APR_SUCCESS)
        return status;
    apr_allocator_max_free_set(allocator, BATCH_POOL_KEEPS);
    status = apr_pool_create_ex(&ledger->batch_pool, NULL, NULL, allocator);
    if (status != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return status;
    }
    apr_allocator_owner_set(allocator, ledger->batch_pool);
    apr_pool_cleanup_register(pool, ledger, destroy_batch_pool, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t civ_ledger_open(civ_ledger_t **out, const civ_ledger_config_t *config, apr_pool_t *pool)
{
    civ_ledger_t *ledger = apr_pcalloc(pool, sizeof(*ledger));
    apr_status_t status;

    ledger->config = config;
    ledger->pool = pool;
    ledger->crew_size = civ_crew_size();
    civ_genesis_no_validators(&ledger->no_validators);
    status = apr_thread_mutex_create(&ledger->lock, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status == APR_SUCCESS)
        status = apr_thread_cond_create(&ledger->crew_done, pool);
    if (status == APR_SUCCESS)
        status = make_batch_pool(ledger, pool);
    if (status == APR_SUCCESS)
        *out = ledger;
    return status;
}

apr_status_t civ_ledger_integrity_lost(const civ_ledger_t *ledger, const char *reason)
{
    const civ_ledger_observer_t *observer = ledger->config->observer;

    civ_log_write(
        ledger->config->log, CIV_LOG_ERROR, APR_SUCCESS,
        "CIV0201: ledger \"%s\": %s; the ledger is read-only until an administrator has looked into it",
        ledger->config->name, reason);
    if (observer != NULL && observer->integrity_lost != NULL)
        observer->integrity_lost(observer->baton, reason);
    return CIV_EINTEGRITY;
}

const civ_public_key_t *civ_ledger_public_key(const civ_ledger_t *ledger)
{
    const civ_ledger_config_t *config = ledger->config;

    return config->key != NULL ? civ_key_public(config->key) : config->public_key;
}

const char *civ_ledger_read_only(const civ_ledger_t *ledger, apr_pool_t *pool)
{
    const civ_ledger_observer_t *observer = ledger->config->observer;

    if (observer == NULL || observer->read_only == NULL)
        return NULL;
    return observer->read_only(observer->baton, pool);
}

apr_status_t civ_ledger_lock(civ_ledger_t *ledger)
{
    return ledger->config->mutex != NULL ? apr_global_mutex_lock(ledger->config->mutex) : APR_SUCCESS;
}

void civ_ledger_unlock(civ_ledger_t *ledger)
{
    if (ledger->config->mutex != NULL)
        apr_global_mutex_unlock(ledger->config->mutex);
}

const civ_digest_t *civ_ledger_id(const civ_ledger_t *ledger)
{
    return &ledger->id;
}

/* --- head --- */

int civ_ledger_is_same(civ_ledger_t *ledger, const civ_digest_t *id)
{
    int same;

    apr_thread_mutex_lock(ledger->lock);
    if (!ledger->identified) {
        ledger->id = *id;
        ledger->identified = 1;
    }
    same = civ_digest_equal(&ledger->id, id);
    apr_thread_mutex_unlock(ledger->lock);
    return same;
}

static const char *check_head(civ_ledger_t *ledger, civ_ledger_head_t *head, civ_rows_t *rows,
                              const char *row_hash)
{
    civ_digest_t hash, root;
    civ_header_t header;
    apr_int64_t leaf_count;

    if (civ_header_from_hex(&header, &hash, civ_rows_text(rows, 7)) != APR_SUCCESS)
        return "the newest block is missing or its header is damaged";
    if (strcmp(row_hash, civ_rows_text(rows, 6)) != 0 || !civ_digest_equal(&hash, &head->block_hash))
        return "the head row and the newest block have different hashes";
    if (header.height != head->height)
        return "the newest block's header names another height";
    if (civ_rows_int(rows, 2, &leaf_count) != APR_SUCCESS || leaf_count < 0 ||
        (apr_uint64_t)leaf_count != header.first_leaf + header.entry_count)
        return "the head row counts other entries than the newest block";
    if (civ_merkle_frontier_from_hex(&head->frontier, (apr_uint64_t)leaf_count, civ_rows_text(rows, 3)) !=
        APR_SUCCESS)
        return "the head row's frontier is damaged";
    civ_merkle_frontier_root(&head->frontier, &root);
    if (!civ_digest_equal(&root, &header.log_root))
        return "the head row's frontier does not lead to the newest block's log root";
    if (!civ_ledger_is_same(ledger, &header.ledger_id))
        return "the newest block belongs to another ledger";
    head->log_root = header.log_root;
    head->timestamp = header.timestamp;
    head->validator_set_hash = header.validator_set_hash;
    return NULL;
}

/** What is damaged stays zeros, which are nobody's signature. */
static void read_signature(civ_ledger_head_t *head, const char *text, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length;

    memset(head->signature, 0, sizeof(head->signature));
    if (civ_base64_decode(&bytes, &length, text, pool) == APR_SUCCESS && length == sizeof(head->signature))
        memcpy(head->signature, bytes, length);
}

static apr_status_t read_head_row(civ_ledger_t *ledger, civ_rows_t *rows, civ_ledger_head_t *head,
                                  apr_pool_t *pool)
{
    apr_int64_t height, difficulty;
    const char *fault;

    if (civ_rows_int(rows, 0, &height) != APR_SUCCESS || height < 0 ||
        civ_rows_int(rows, 4, &difficulty) != APR_SUCCESS || difficulty < 0 ||
        difficulty > CIV_DIFFICULTY_MAX ||
        civ_digest_from_hex(&head->block_hash, civ_rows_text(rows, 1)) != APR_SUCCESS ||
        civ_rows_int(rows, 5, &head->generation) != APR_SUCCESS)
        return civ_ledger_integrity_lost(ledger, "the head row is damaged");
    head->height = (apr_uint64_t)height;
    head->difficulty = (apr_uint32_t)difficulty;
    read_signature(head, civ_rows_text(rows, 8), pool);
    fault = check_head(ledger, head, rows, civ_rows_text(rows, 1));
    return fault == NULL ? APR_SUCCESS : civ_ledger_integrity_lost(ledger, fault);
}

apr_status_t civ_ledger_load_head(civ_ledger_t *ledger, civ_db_t *db, civ_ledger_head_t *head,
                                  apr_pool_t *pool)
{
    civ_pending_state_t pending;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_HEAD_READ], NULL, 0, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    status = read_head_row(ledger, rows, head, pool);
    if (status == APR_SUCCESS)
        status = civ_validators_follow(ledger, db, head, pool);
    if (status == APR_SUCCESS)
        status = civ_pending_state(db, &pending, pool);
    if (status != APR_SUCCESS)
        return status;
    head->pending = (apr_uint64_t)pending.count;
    head->oldest_pending = pending.oldest;
    return APR_SUCCESS;
}

apr_status_t civ_ledger_read_head(civ_ledger_t *ledger, civ_ledger_head_t *head, apr_pool_t *pool)
{
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_ledger_load_head(ledger, db, head, pool);
    civ_store_release(ledger->config->store, db);
    return status;
}

apr_status_t civ_ledger_load_generation(civ_db_t *db, apr_int64_t *generation, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_GENERATION_READ], NULL, 0, &rows, pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) != APR_SUCCESS)
        status = APR_NOTFOUND;
    if (status == APR_SUCCESS && civ_rows_int(rows, 0, generation) != APR_SUCCESS)
        status = CIV_EDATABASE;
    return status;
}

apr_status_t civ_ledger_read_generation(civ_ledger_t *ledger, apr_int64_t *generation, apr_pool_t *pool)
{
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_ledger_load_generation(db, generation, pool);
    civ_store_release(ledger->config->store, db);
    return status;
}

apr_status_t civ_ledger_try_write(civ_db_t *db)
{
    return civ_db_execute(db, &civ_ledger_sql[SQL_GENERATION_BUMP], NULL, 0, NULL);
}

apr_status_t civ_ledger_check_space(const civ_ledger_t *ledger, civ_db_t *db)
{
    const civ_ledger_config_t *config = ledger->config;
    apr_int64_t bytes;

    if (civ_db_free_space(db, &bytes) != APR_SUCCESS || bytes >= config->min_free)
        return APR_SUCCESS;
    civ_log_write(
        config->log, CIV_LOG_ERROR, APR_SUCCESS,
        "CIV0211: ledger \"%s\": %" APR_INT64_T_FMT
        " bytes are free where the database lies, fewer than CivarcosMinFree: evidence and votes are "
        "refused",
        config->name, bytes);
    return CIV_EFULL;
}
