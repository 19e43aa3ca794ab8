/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * After the commit: whether it went through, and who hears of it.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/batch_private.h"

/** Pending evidence that is not there may have been sealed by another host; unless nobody has committed at all. @return
 *  CIV_EUNSETTLED where somebody has */
static apr_status_t look_for_others(const civ_batch_t *batch, civ_db_t *db)
{
    apr_int64_t generation;
    apr_status_t status = civ_ledger_load_generation(db, &generation, batch->pool);

    return status == APR_SUCCESS && generation != batch->before.generation ? CIV_EUNSETTLED : status;
}

/** What only this batch can have written: its newest block, else its newest pending entry. */
static apr_status_t find_trace(const void *baton, civ_db_t *db, int *there)
{
    const civ_batch_t *batch = baton;
    const civ_digest_t *hash = &batch->head.block_hash;
    civ_argument_t argument = civ_int(batch->head.height);
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_ledger_sql_e sql = SQL_BLOCK_HASH;
    civ_rows_t *rows;
    apr_status_t status;

    /* What other areas keep for themselves leaves no trace but that somebody has committed. */
    if (batch->blocks->nelts == 0 && batch->waiting->nelts == 0)
        return look_for_others(batch, db);
    if (batch->blocks->nelts == 0) {
        hash = &APR_ARRAY_IDX(batch->waiting, batch->waiting->nelts - 1, civ_entry_t).evidence_hash;
        argument = civ_int(batch->pending.last_sequence + batch->waiting->nelts);
        sql = SQL_PENDING_FIND;
    }
    status = civ_db_select(db, &civ_ledger_sql[sql], &argument, 1, &rows, batch->pool);
    if (status == APR_SUCCESS)
        *there = civ_rows_next(rows) == APR_SUCCESS &&
                 strcmp(civ_rows_text(rows, 0), civ_digest_hex(hex, hash)) == 0;
    return status == APR_SUCCESS && !*there && batch->blocks->nelts == 0 ? look_for_others(batch, db)
                                                                         : status;
}

apr_status_t civ_batch_settle(const civ_batch_t *batch, apr_status_t status)
{
    return civ_ledger_settle(batch->ledger, status, find_trace, batch);
}

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
    result->timestamp = block->header.timestamp;
    result->first_leaf = block->header.first_leaf;
    result->block_json = block_json(block, &result->block_json_length, request->pool);
}

/** The earlier answer for an Idempotency-Key, given again. */
static void give_again(civ_batch_t *batch, civ_request_t *request)
{
    apr_uint64_t number = strtoull(request->answer, NULL, 10);
    const char *fault = NULL;
    civ_block_t *block;

    if (request->kind == CIV_REQUEST_TRANSACT) {
        request->outcome->repeated = 1;
        request->outcome->answer = apr_pstrdup(request->pool, request->answer);
        return;
    }
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

static void repeat_within(civ_request_t *request)
{
    const civ_request_t *first = request->same_as;

    request->status = first->status;
    *request->problem = *first->problem;
    if (request->status != APR_SUCCESS) {
        request->problem->detail = apr_pstrdup(request->pool, first->problem->detail);
        request->problem->pointer = apr_pstrdup(request->pool, first->problem->pointer);
    }
    if (request->kind == CIV_REQUEST_TRANSACT) {
        request->outcome->repeated = 1;
        request->outcome->answer = apr_pstrdup(request->pool, first->outcome->answer);
        return;
    }
    *request->result = *first->result;
    request->result->repeated = 1;
    if (request->status == APR_SUCCESS && first->result->block_json != NULL)
        request->result->block_json =
            apr_pmemdup(request->pool, first->result->block_json, first->result->block_json_length + 1);
}

void civ_batch_repeat(civ_batch_t *batch)
{
    civ_request_t *request;

    for (request = batch->requests; request != NULL; request = request->next) {
        if (request->status != APR_SUCCESS)
            continue;
        if (request->same_as != NULL)
            repeat_within(request);
        else if (request->repeated)
            give_again(batch, request);
    }
}

/** Each block's JSON once: for the client that asked for it, and for the observer. Blocks are in the order of the
 *  requests that they were sealed for; some were sealed for none. */
static void publish_blocks(civ_batch_t *batch)
{
    const civ_ledger_observer_t *observer = batch->ledger->config->observer;
    civ_request_t *request = batch->requests;
    int i;

    for (i = 0; i < batch->blocks->nelts; i++) {
        const civ_block_t *block = APR_ARRAY_IDX(batch->blocks, i, civ_block_t *);
        const char *json;
        apr_size_t length;

        while (request != NULL && request->block == NULL)
            request = request->next;
        if (request != NULL && request->block == block) {
            give_block(request, block);
            json = request->result->block_json;
            length = request->result->block_json_length;
            request = request->next;
        } else {
            json = block_json(block, &length, batch->pool);
        }
        if (observer != NULL && observer->block_sealed != NULL)
            observer->block_sealed(observer->baton, block, json, length);
    }
}

void civ_batch_publish(civ_batch_t *batch)
{
    const civ_ledger_config_t *config = batch->ledger->config;
    const civ_ledger_observer_t *observer = config->observer;
    apr_status_t status = APR_SUCCESS;

    batch->head.generation = batch->before.generation + 1;
    if (batch->pending_known) {
        batch->head.pending = civ_batch_waiting(batch);
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
    publish_blocks(batch);
    civ_batch_transacted(batch);
    if (observer != NULL && observer->head_moved != NULL)
        observer->head_moved(observer->baton, &batch->head);
}
