/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * One transaction of the ledger. First everything is prepared in memory, then it is written in one go, committed, and
 * published. A request that fails by itself never fails its neighbours; a database that fails, fails them all, and nothing
 * is stored.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/timestamp.h"
#include "ledger/batch_private.h"

/* Another writer moved the head, or the schema moved: begin again, at most so often. */
#define ATTEMPTS 8

/* --- writing --- */

/** The entries first: meanwhile the blocks are signed. */
static apr_status_t write_entries_and_sign(civ_batch_t *batch)
{
    civ_signing_t signing = {.blocks = (civ_block_t **)batch->blocks->elts,
                             .count = (apr_uint32_t)batch->blocks->nelts};
    apr_status_t status = APR_SUCCESS, signed_status;
    int i;

    civ_crew_begin(batch->ledger, batch->requests, &signing);
    for (i = 0; i < batch->blocks->nelts && status == APR_SUCCESS; i++)
        status = civ_seal_store_entries(batch->db, APR_ARRAY_IDX(batch->blocks, i, civ_block_t *));
    signed_status = civ_crew_finish(batch->ledger, batch->requests, &signing, batch->pool);
    return status == APR_SUCCESS ? signed_status : status;
}

static apr_status_t write_blocks(civ_batch_t *batch)
{
    apr_status_t status = write_entries_and_sign(batch);
    int i;

    for (i = 0; i < batch->blocks->nelts && status == APR_SUCCESS; i++)
        status =
            civ_seal_store_header(batch->db, APR_ARRAY_IDX(batch->blocks, i, civ_block_t *), batch->pool);
    if (status == APR_SUCCESS)
        status = civ_seal_advance(batch->db, &batch->before, &batch->head, batch->pool);
    if (status == APR_SUCCESS)
        status = civ_batch_change_store(batch);
    return status;
}

static apr_status_t write_pending(civ_batch_t *batch)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    if (batch->drained && batch->pending.count > 0)
        status = civ_pending_delete(batch->db, batch->pending.last_sequence);
    for (i = 0; i < batch->waiting->nelts && status == APR_SUCCESS; i++)
        status = civ_pending_store(batch->db, batch->pending.last_sequence + 1 + i, batch->now,
                                   &APR_ARRAY_IDX(batch->waiting, i, civ_entry_t));
    return status;
}

static apr_status_t write_answers(civ_batch_t *batch)
{
    civ_request_t *request;
    apr_status_t status = APR_SUCCESS;

    for (request = batch->requests; request != NULL && status == APR_SUCCESS; request = request->next)
        if (request->idempotency != NULL && request->answer != NULL && !request->repeated)
            status = civ_idempotency_record(batch->db, request->idempotency, batch->now, request->answer);
    return status;
}

static int anything_to_write(const civ_batch_t *batch)
{
    return batch->blocks->nelts > 0 || batch->waiting->nelts > 0 || batch->drained || batch->transacted;
}

static apr_status_t write_all(civ_batch_t *batch)
{
    int sealed = batch->blocks->nelts > 0;
    /* Either way the generation moves. */
    apr_status_t status =
        sealed ? write_blocks(batch)
               : civ_db_execute(batch->db, &civ_ledger_sql[SQL_GENERATION_BUMP], NULL, 0, NULL);

    if (status == APR_SUCCESS)
        status = write_pending(batch);
    if (status == APR_SUCCESS)
        status = write_answers(batch);
    return status;
}

/* --- one attempt --- */

/** The signed head knows what other processes of this host have acknowledged too. It is about to be overwritten: what
 * contradicts it must be met now. */
static apr_status_t check_signed_head(civ_batch_t *batch)
{
    const civ_ledger_config_t *config = batch->ledger->config;
    apr_uint64_t height = batch->before.height;
    civ_signed_head_t heads[2];
    const char *fault = NULL;
    apr_status_t status = APR_SUCCESS;
    int i, count = config->head_file != NULL ? civ_head_file_peek(heads, config->head_file, batch->pool) : 0;

    for (i = 0; i < count && fault == NULL && status == APR_SUCCESS; i++)
        fault = civ_signed_head_compare(&heads[i], height, batch->db, &status, batch->pool);
    if (fault == NULL)
        return status;
    /* A slot counts only if it is signed, and of two the newer one. */
    status = civ_head_file_read(&heads[0], config->head_file, config->name, civ_key_public(config->key),
                                batch->pool);
    if (status == CIV_EINTEGRITY)
        return civ_ledger_integrity_lost(batch->ledger, "the signed head beside the database is damaged");
    if (status != APR_SUCCESS)
        return status;
    fault = civ_signed_head_compare(&heads[0], height, batch->db, &status, batch->pool);
    return fault != NULL ? civ_ledger_integrity_lost(batch->ledger, fault) : status;
}

/** The head may only move on from where this process saw it, along a chain that contains it. */
static apr_status_t check_progress(civ_batch_t *batch)
{
    const civ_ledger_head_t *known = &batch->ledger->known;
    const civ_argument_t arguments[] = {civ_int(known->height)};
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_rows_t *rows;
    apr_status_t status;

    status = civ_ledger_vouch(batch->ledger, batch->db, &batch->before, batch->pool);
    if (status != APR_SUCCESS)
        return status;
    if (batch->ledger->known_valid && civ_digest_equal(&known->block_hash, &batch->before.block_hash))
        return APR_SUCCESS;
    if (!batch->ledger->known_valid)
        return check_signed_head(batch);
    if (batch->before.height <= known->height)
        return civ_ledger_integrity_lost(batch->ledger,
                                         apr_psprintf(batch->pool,
                                                      "the database fell back behind block %" APR_UINT64_T_FMT
                                                      ", which was acknowledged",
                                                      known->height));
    status = civ_db_select(batch->db, &civ_ledger_sql[SQL_BLOCK_HASH], arguments, 1, &rows, batch->pool);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS ||
        strcmp(civ_rows_text(rows, 0), civ_digest_hex(hex, &known->block_hash)) != 0)
        return civ_ledger_integrity_lost(batch->ledger,
                                         apr_psprintf(batch->pool,
                                                      "block %" APR_UINT64_T_FMT
                                                      ", which was acknowledged, is not in the chain",
                                                      known->height));
    return check_signed_head(batch);
}

/** Read the head; but where nobody has committed since this process did, what it knows still holds. (The head row is
 *  compared once more when it is advanced.) */
static apr_status_t read_head(civ_batch_t *batch)
{
    const civ_ledger_t *ledger = batch->ledger;
    apr_int64_t generation;
    apr_status_t status;

    if (ledger->known_valid && !batch->distrust) {
        status = civ_ledger_load_generation(batch->db, &generation, batch->pool);
        if (status != APR_SUCCESS && status != APR_NOTFOUND)
            return status;
        batch->before = ledger->known;
        if (status == APR_SUCCESS && generation == ledger->known.generation)
            return APR_SUCCESS;
    }
    status = civ_ledger_load_head(batch->ledger, batch->db, &batch->before, batch->pool);
    if (status == APR_NOTFOUND && ledger->known_valid)
        return civ_ledger_integrity_lost(ledger, "the head row is missing");
    return status == APR_SUCCESS ? check_progress(batch) : status;
}

static apr_status_t begin(civ_batch_t *batch)
{
    apr_status_t status = civ_db_begin(batch->db);

    if (status == APR_SUCCESS)
        status = read_head(batch);
    batch->head = batch->before;
    return status;
}

/** Long mining must not hold the database's write lock: mine first, then see whether the head stood still. */
static apr_status_t prepare_unlocked(civ_batch_t *batch)
{
    civ_ledger_head_t again;
    apr_status_t status;

    civ_db_rollback(batch->db);
    status = civ_batch_prepare(batch);
    if (status == APR_SUCCESS)
        status = civ_db_begin(batch->db);
    if (status == APR_SUCCESS)
        status = civ_ledger_load_head(batch->ledger, batch->db, &again, batch->pool);
    if (status == APR_SUCCESS && again.generation != batch->before.generation)
        status = CIV_ECONFLICT;
    /* Mining may have taken minutes. */
    batch->now = civ_timestamp_now();
    return status;
}

static apr_status_t work(civ_batch_t *batch)
{
    int unknown = 0;
    apr_status_t status = civ_ledger_check_space(batch->ledger, batch->db);

    if (status == APR_SUCCESS)
        status = begin(batch);
    if (status == APR_SUCCESS)
        status = batch->before.difficulty > CIV_MINE_ALONE_BITS ? prepare_unlocked(batch)
                                                                : civ_batch_prepare(batch);
    if (status == APR_SUCCESS)
        status = civ_batch_transact(batch);
    if (status != APR_SUCCESS)
        return status;
    if (!anything_to_write(batch)) {
        civ_db_rollback(batch->db);
        return APR_SUCCESS;
    }
    status = write_all(batch);
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_commit(batch->db, &unknown);
    return unknown ? civ_batch_settle(batch, status) : status;
}

/* --- all together --- */

static apr_status_t attempt(civ_ledger_t *ledger, civ_request_t *requests, int again, int *blocks,
                            apr_pool_t *pool)
{
    civ_batch_t batch = {
        .ledger = ledger, .requests = requests, .pool = pool, .now = civ_timestamp_now(), .distrust = again};
    apr_status_t status = civ_store_acquire(ledger->config->store, &batch.db);

    if (status != APR_SUCCESS)
        return status;
    batch.blocks = apr_array_make(pool, 64, sizeof(civ_block_t *));
    batch.waiting = apr_array_make(pool, 16, sizeof(civ_entry_t));
    status = work(&batch);
    civ_db_rollback(batch.db);
    if (status == APR_SUCCESS) {
        if (anything_to_write(&batch))
            civ_batch_publish(&batch);
        civ_batch_repeat(&batch);
        *blocks = batch.blocks->nelts;
    }
    civ_store_release(ledger->config->store, batch.db);
    return status;
}

static void fail_all(civ_request_t *requests, apr_status_t status)
{
    for (; requests != NULL; requests = requests->next) {
        requests->status = status;
        if (status == CIV_EINTEGRITY)
            civ_problem_set(
                requests->problem, CIV_PROBLEM_READ_ONLY, requests->pool,
                "The ledger takes no evidence until an administrator has looked into it: what is stored "
                "contradicts itself");
        else
            civ_store_problem(requests->problem, status, requests->pool);
    }
}

void civ_batch_run(civ_ledger_t *ledger, civ_request_t *requests, int count, apr_pool_t *pool)
{
    const civ_ledger_observer_t *observer = ledger->config->observer;
    apr_time_t began = apr_time_now();
    apr_status_t status = CIV_ECONFLICT;
    int tries, blocks = 0;

    for (tries = 0; tries < ATTEMPTS && (status == CIV_ECONFLICT || status == CIV_ESCHEMA); tries++) {
        apr_pool_t *scratch;

        apr_pool_create(&scratch, pool);
        status = attempt(ledger, requests, tries > 0, &blocks, scratch);
        apr_pool_destroy(scratch);
    }
    /* The head ran away each time: other writers are faster than our mining. */
    if (status == CIV_ECONFLICT)
        status = CIV_EBUSY;
    if (status == APR_NOTFOUND)
        status = CIV_EUNREACHABLE;
    if (status != APR_SUCCESS)
        fail_all(requests, status);
    if (observer != NULL && observer->batch_done != NULL)
        observer->batch_done(observer->baton, count, blocks, apr_time_now() - began, status);
}
