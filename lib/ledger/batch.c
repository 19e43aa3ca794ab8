/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * One transaction of the ledger. First everything is prepared in memory (answers already given, blocks mined
 * and signed, what waits and what is drained), then it is written in one go, committed, and published. A
 * request that fails by itself never fails its neighbours; a database that fails, fails them all, and nothing
 * is stored.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "ledger/head_file.h"
#include "ledger/ledger_private.h"

/* Another writer moved the head, or the schema moved: begin again, at most so often. */
#define ATTEMPTS 8

/* Waiting evidence is sealed at this many bytes even when CivarcosSealCount is not reached: keeps blocks
 * readable. */
#define PENDING_BYTES (1024 * 1024)

/* How long to ask whether a commit of unknown outcome went through. */
#define SETTLE_TRIES 20
#define SETTLE_PAUSE apr_time_from_msec(250)

typedef struct batch_t {
    civ_ledger_t *ledger;
    civ_request_t *requests;
    civ_db_t *db;
    civ_ledger_head_t before;    /**< as the database has it */
    civ_ledger_head_t head;      /**< as it will be */
    apr_array_header_t *blocks;  /**< civ_block_t *: to be stored */
    civ_pending_state_t pending; /**< of the table */
    int pending_known;
    int drained;                 /**< the table's pending rows go */
    apr_array_header_t *waiting; /**< civ_entry_t: new pending rows */
    apr_size_t waiting_bytes;
    apr_int64_t now;
    int distrust; /**< the attempt before this one failed: read everything anew */
    apr_pool_t *pool;
} batch_t;

/* --- preparing
 * ----------------------------------------------------------------------------------------------- */

static apr_status_t seal(batch_t *batch, const civ_entry_t *entries, apr_size_t count, civ_block_t **block)
{
    apr_status_t status = civ_seal_block(batch->ledger, &batch->head, entries, count, block, batch->pool);

    if (status == APR_SUCCESS)
        APR_ARRAY_PUSH(batch->blocks, civ_block_t *) = *block;
    return status;
}

static apr_status_t know_pending(batch_t *batch)
{
    if (batch->pending_known)
        return APR_SUCCESS;
    batch->pending_known = 1;
    return civ_pending_state(batch->db, &batch->pending, batch->pool);
}

static apr_uint64_t waiting_count(const batch_t *batch)
{
    return (batch->drained ? 0 : (apr_uint64_t)batch->pending.count) + (apr_uint64_t)batch->waiting->nelts;
}

/** Seal all that waits, in order, as one block (or, beyond a block's cap, several); the last one is returned.
 */
static apr_status_t seal_waiting(batch_t *batch, civ_block_t **block)
{
    apr_array_header_t *entries = apr_array_make(batch->pool, 64, sizeof(civ_entry_t));
    apr_status_t status = APR_SUCCESS;
    int done = 0;

    if (!batch->drained)
        status = civ_pending_load(batch->ledger, batch->db, entries, batch->pool);
    apr_array_cat(entries, batch->waiting);
    while (status == APR_SUCCESS && done < entries->nelts) {
        int count = entries->nelts - done;

        if (count > CIV_BLOCK_MAX_ENTRIES)
            count = CIV_BLOCK_MAX_ENTRIES;
        status = seal(batch, (const civ_entry_t *)entries->elts + done, (apr_size_t)count, block);
        done += count;
    }
    batch->drained = 1;
    apr_array_clear(batch->waiting);
    batch->waiting_bytes = 0;
    return status;
}

static apr_status_t prepare_pend(batch_t *batch, civ_request_t *request)
{
    const civ_ledger_config_t *config = batch->ledger->config;
    civ_block_t *unused;
    apr_size_t i;
    apr_uint64_t bytes;
    apr_status_t status = know_pending(batch);

    if (status != APR_SUCCESS)
        return status;
    for (i = 0; i < request->count; i++) {
        APR_ARRAY_PUSH(batch->waiting, civ_entry_t) = request->entries[i];
        batch->waiting_bytes += request->entries[i].length;
    }
    bytes = (batch->drained ? 0 : (apr_uint64_t)batch->pending.bytes) + batch->waiting_bytes;
    if (waiting_count(batch) >= config->seal_count || bytes >= PENDING_BYTES)
        status = seal_waiting(batch, &unused);
    request->result->pending = waiting_count(batch);
    request->answer = apr_psprintf(batch->pool, "%" APR_UINT64_T_FMT, request->result->pending);
    return status;
}

static apr_status_t prepare_seal(batch_t *batch, civ_request_t *request)
{
    apr_status_t status = know_pending(batch);

    if (status != APR_SUCCESS)
        return status;
    if (waiting_count(batch) == 0) {
        civ_problem_set(request->problem, CIV_PROBLEM_CONFLICT, request->pool,
                        "No evidence is pending, so there is nothing to seal");
        request->status = CIV_ECONFLICT;
        return APR_SUCCESS;
    }
    return seal_waiting(batch, &request->block);
}

/** Look for an earlier answer, in this batch and in the database. Sets status, same_as or answer. */
static apr_status_t find_answer(batch_t *batch, civ_request_t *request)
{
    civ_request_t *other;
    apr_status_t status;

    for (other = batch->requests; other != request; other = other->next) {
        if (other->idempotency == NULL ||
            !civ_digest_equal(&other->idempotency->key, &request->idempotency->key))
            continue;
        if (civ_digest_equal(&other->idempotency->request, &request->idempotency->request)) {
            request->same_as = other;
            return APR_SUCCESS;
        }
        civ_problem_set(request->problem, CIV_PROBLEM_KEY_REUSED, request->pool,
                        "This Idempotency-Key was used with another request body");
        request->status = CIV_ECONFLICT;
        return APR_SUCCESS;
    }
    status = civ_idempotency_find(batch->db, request->idempotency, batch->now, &request->answer,
                                  request->problem, batch->pool);
    request->repeated = status == APR_SUCCESS;
    if (status == CIV_ECONFLICT)
        request->status = status;
    return status == APR_NOTFOUND || status == CIV_ECONFLICT ? APR_SUCCESS : status;
}

static apr_status_t prepare_request(batch_t *batch, civ_request_t *request)
{
    apr_status_t status = APR_SUCCESS;

    if (request->idempotency != NULL)
        status = find_answer(batch, request);
    if (status != APR_SUCCESS || request->status != APR_SUCCESS || request->repeated ||
        request->same_as != NULL)
        return status;
    switch (request->kind) {
    case CIV_REQUEST_APPEND:
        status = seal(batch, request->entries, request->count, &request->block);
        break;
    case CIV_REQUEST_PEND:
        return prepare_pend(batch, request);
    case CIV_REQUEST_SEAL:
        status = prepare_seal(batch, request);
        break;
    }
    if (status == APR_SUCCESS && request->block != NULL)
        request->answer = apr_psprintf(batch->pool, "%" APR_UINT64_T_FMT, request->block->header.height);
    return status;
}

static apr_status_t prepare_all(batch_t *batch)
{
    civ_request_t *request;
    apr_status_t status = APR_SUCCESS;

    for (request = batch->requests; request != NULL; request = request->next) {
        request->status = APR_SUCCESS;
        request->answer = NULL;
        request->repeated = 0;
        request->block = NULL;
        request->same_as = NULL;
    }
    for (request = batch->requests; request != NULL && status == APR_SUCCESS; request = request->next)
        status = prepare_request(batch, request);
    if (status == APR_SUCCESS && batch->blocks->nelts > 0)
        status = civ_crew_sign(batch->ledger, batch->requests, (civ_block_t **)batch->blocks->elts,
                               batch->blocks->nelts, batch->pool);
    return status;
}

/* --- writing
 * ------------------------------------------------------------------------------------------------- */

static apr_status_t write_blocks(batch_t *batch)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < batch->blocks->nelts && status == APR_SUCCESS; i++)
        status = civ_seal_store(batch->db, APR_ARRAY_IDX(batch->blocks, i, civ_block_t *), batch->pool);
    if (status == APR_SUCCESS && batch->blocks->nelts > 0)
        status = civ_seal_advance(batch->db, &batch->before, &batch->head, batch->pool);
    return status;
}

static apr_status_t write_pending(batch_t *batch)
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

static apr_status_t write_answers(batch_t *batch)
{
    civ_request_t *request;
    apr_status_t status = APR_SUCCESS;

    for (request = batch->requests; request != NULL && status == APR_SUCCESS; request = request->next)
        if (request->idempotency != NULL && request->answer != NULL && !request->repeated)
            status = civ_idempotency_record(batch->db, request->idempotency, batch->now, request->answer);
    return status;
}

static int anything_to_write(const batch_t *batch)
{
    return batch->blocks->nelts > 0 || batch->waiting->nelts > 0 || batch->drained;
}

static apr_status_t write_all(batch_t *batch)
{
    apr_status_t status = write_blocks(batch);

    if (status == APR_SUCCESS)
        status = write_pending(batch);
    if (status == APR_SUCCESS)
        status = write_answers(batch);
    if (status == APR_SUCCESS)
        status = civ_db_execute(batch->db, &civ_ledger_sql[SQL_CHANGE_BUMP], NULL, 0, NULL);
    return status;
}

/* --- the outcome of a commit
 * --------------------------------------------------------------------------------- */

/** What only this batch can have written: its newest block, else its newest pending entry. */
static apr_status_t find_trace(const batch_t *batch, civ_db_t *db, int *there)
{
    const civ_digest_t *hash = &batch->head.block_hash;
    civ_argument_t argument = civ_int(batch->head.height);
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_ledger_sql_e sql = SQL_BLOCK_HASH;
    civ_rows_t *rows;
    apr_status_t status;

    if (batch->blocks->nelts == 0) {
        hash = &APR_ARRAY_IDX(batch->waiting, batch->waiting->nelts - 1, civ_entry_t).evidence_hash;
        argument = civ_int(batch->pending.last_sequence + batch->waiting->nelts);
        sql = SQL_PENDING_FIND;
    }
    status = civ_db_select(db, &civ_ledger_sql[sql], &argument, 1, &rows, batch->pool);
    if (status == APR_SUCCESS)
        *there = civ_rows_next(rows) == APR_SUCCESS &&
                 strcmp(civ_rows_text(rows, 0), civ_digest_hex(hex, hash)) == 0;
    return status;
}

/** The commit was sent and failed: read back whether it went through. @return APR_SUCCESS when it did, else
 * @a status */
static apr_status_t settle(const batch_t *batch, apr_status_t status)
{
    civ_store_t *store = batch->ledger->config->store;
    int tries, there = 0;

    for (tries = 0; tries < SETTLE_TRIES; tries++) {
        civ_db_t *db;
        apr_status_t asked = civ_store_acquire(store, &db);

        if (asked == APR_SUCCESS) {
            asked = find_trace(batch, db, &there);
            civ_store_release(store, db);
        }
        if (asked == APR_SUCCESS)
            return there ? APR_SUCCESS : status;
        apr_sleep(SETTLE_PAUSE);
    }
    civ_log_write(
        batch->ledger->config->log, CIV_LOG_ERROR, status,
        "CIV0210: ledger \"%s\": the outcome of a commit could not be read back; clients were told 503",
        batch->ledger->config->name);
    return status;
}

/* --- one attempt
 * --------------------------------------------------------------------------------------------- */

/** The head may only move on from where this process saw it, along a chain that contains it. */
static apr_status_t check_progress(batch_t *batch)
{
    const civ_ledger_head_t *known = &batch->ledger->known;
    const civ_argument_t arguments[] = {civ_int(known->height)};
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_rows_t *rows;
    apr_status_t status;

    if (!batch->ledger->known_valid || civ_digest_equal(&known->block_hash, &batch->before.block_hash))
        return APR_SUCCESS;
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
    return APR_SUCCESS;
}

/** Read the head; but where nobody has committed since this process did, what it knows still holds. (The head row is
 *  compared once more when it is advanced.) */
static apr_status_t read_head(batch_t *batch)
{
    const civ_ledger_t *ledger = batch->ledger;
    apr_int64_t generation;
    apr_status_t status;

    if (ledger->known_valid && !batch->distrust) {
        status = civ_ledger_load_generation(batch->db, &generation, batch->pool);
        if (status != APR_SUCCESS)
            return status;
        batch->before = ledger->known;
        if (generation == ledger->known.generation)
            return APR_SUCCESS;
    }
    status = civ_ledger_load_head(batch->ledger, batch->db, &batch->before, batch->pool);
    return status == APR_SUCCESS ? check_progress(batch) : status;
}

static apr_status_t begin(batch_t *batch)
{
    apr_status_t status = civ_db_begin(batch->db);

    if (status == APR_SUCCESS)
        status = read_head(batch);
    batch->head = batch->before;
    return status;
}

/** Long mining must not hold the database's write lock: mine first, then see whether the head stood still. */
static apr_status_t prepare_unlocked(batch_t *batch)
{
    civ_ledger_head_t again;
    apr_status_t status;

    civ_db_rollback(batch->db);
    status = prepare_all(batch);
    if (status == APR_SUCCESS)
        status = civ_db_begin(batch->db);
    if (status == APR_SUCCESS)
        status = civ_ledger_load_head(batch->ledger, batch->db, &again, batch->pool);
    if (status == APR_SUCCESS && again.generation != batch->before.generation)
        status = CIV_ECONFLICT;
    return status;
}

static apr_status_t check_space(batch_t *batch)
{
    apr_int64_t bytes;

    if (civ_db_free_space(batch->db, &bytes) == APR_SUCCESS && bytes < batch->ledger->config->min_free) {
        civ_log_write(batch->ledger->config->log, CIV_LOG_ERROR, APR_SUCCESS,
                      "CIV0211: ledger \"%s\": %" APR_INT64_T_FMT
                      " bytes are free where the database lies, fewer than "
                      "CivarcosMinFree: evidence is refused",
                      batch->ledger->config->name, bytes);
        return CIV_EFULL;
    }
    return APR_SUCCESS;
}

static apr_status_t work(batch_t *batch)
{
    int unknown = 0;
    apr_status_t status = check_space(batch);

    if (status == APR_SUCCESS)
        status = begin(batch);
    if (status == APR_SUCCESS)
        status =
            batch->before.difficulty > CIV_MINE_ALONE_BITS ? prepare_unlocked(batch) : prepare_all(batch);
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
    return unknown ? settle(batch, status) : status;
}

/* --- publishing
 * ---------------------------------------------------------------------------------------------- */

static const char *block_json(const civ_block_t *block, apr_size_t *length, apr_pool_t *pool)
{
    civ_buffer_t json;

    civ_buffer_init(&json, 2048, pool);
    civ_block_write_json(&json, block, pool);
    *length = json.length;
    return json.data;
}

static void give_block(civ_request_t *request, const civ_block_t *block)
{
    civ_append_result_t *result = request->result;

    result->height = block->header.height;
    result->block_hash = block->hash;
    result->block_json = block_json(block, &result->block_json_length, request->pool);
}

/** The earlier answer for an Idempotency-Key, given again. */
static void give_again(batch_t *batch, civ_request_t *request)
{
    apr_uint64_t number = strtoull(request->answer, NULL, 10);
    const char *fault = NULL;
    civ_block_t *block;

    request->result->repeated = 1;
    if (request->kind == CIV_REQUEST_PEND) {
        request->result->pending = number;
        return;
    }
    request->status = civ_read_block(batch->db, number, &block, &fault, request->pool);
    if (request->status == APR_SUCCESS)
        give_block(request, block);
    else
        civ_read_failed(batch->ledger, request->status, fault, "The block", request->problem, request->pool);
}

static void give_results(batch_t *batch)
{
    civ_request_t *request;

    for (request = batch->requests; request != NULL; request = request->next) {
        if (request->status != APR_SUCCESS)
            continue;
        if (request->same_as != NULL) {
            request->status = request->same_as->status;
            *request->problem = *request->same_as->problem;
            *request->result = *request->same_as->result;
            request->result->repeated = 1;
            if (request->result->block_json != NULL)
                request->result->block_json = apr_pmemdup(request->pool, request->result->block_json,
                                                          request->result->block_json_length + 1);
            if (request->status != APR_SUCCESS)
                request->problem->detail = apr_pstrdup(request->pool, request->problem->detail);
        } else if (request->repeated) {
            give_again(batch, request);
        } else if (request->block != NULL) {
            give_block(request, request->block);
        }
    }
}

static void publish(batch_t *batch)
{
    const civ_ledger_config_t *config = batch->ledger->config;
    const civ_ledger_observer_t *observer = config->observer;
    apr_status_t status = APR_SUCCESS;
    int i;

    batch->head.generation = batch->before.generation + 1;
    if (batch->pending_known) {
        batch->head.pending = waiting_count(batch);
        if (batch->drained || batch->pending.count == 0)
            batch->head.oldest_pending = batch->waiting->nelts > 0 ? batch->now : 0;
    }
    batch->ledger->known = batch->head;
    batch->ledger->known_valid = 1;
    if (config->head_file != NULL && batch->blocks->nelts > 0)
        status = civ_head_file_write(config->head_file,
                                     APR_ARRAY_IDX(batch->blocks, batch->blocks->nelts - 1, civ_block_t *),
                                     config->name, batch->pool);
    if (status != APR_SUCCESS)
        civ_log_write(config->log, CIV_LOG_ERROR, status,
                      "CIV0212: ledger \"%s\": the signed head cannot be kept beside the database",
                      config->name);
    for (i = 0; i < batch->blocks->nelts && observer != NULL && observer->block_sealed != NULL; i++) {
        const civ_block_t *block = APR_ARRAY_IDX(batch->blocks, i, civ_block_t *);
        apr_size_t length;
        const char *json = block_json(block, &length, batch->pool);

        observer->block_sealed(observer->baton, block, json, length);
    }
    if (observer != NULL && observer->head_moved != NULL)
        observer->head_moved(observer->baton, &batch->head);
}

/* --- all together
 * -------------------------------------------------------------------------------------------- */

static apr_status_t attempt(civ_ledger_t *ledger, civ_request_t *requests, int again, int *blocks,
                            apr_pool_t *pool)
{
    batch_t batch = {
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
            publish(&batch);
        give_results(&batch);
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
