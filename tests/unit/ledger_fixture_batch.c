/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_fixture_batch.c
 * Requests of many threads in one batch, and blocks that the ledger would not make.
 */
#include "ledger_fixture.h"

#include "base/timestamp.h"
#include "ledger/ledger_private.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

/* --- batches --- */

static void *APR_THREAD_FUNC run_job(apr_thread_t *thread, void *data)
{
    fixture_job_t *job = data;
    civ_ledger_t *ledger = job->fixture->ledger;

    (void)thread;
    switch (job->kind) {
    case FIXTURE_APPEND:
        job->status = civ_ledger_append(ledger, &job->entry, 1, job->idempotency, &job->result, &job->problem,
                                        job->pool);
        break;
    case FIXTURE_PEND:
        job->status =
            civ_ledger_pend(ledger, &job->entry, 1, job->idempotency, &job->result, &job->problem, job->pool);
        break;
    case FIXTURE_SEAL:
        job->status = civ_ledger_seal(ledger, job->idempotency, &job->result, &job->problem, job->pool);
        break;
    }
    return NULL;
}

static apr_status_t destroy_pool(void *baton)
{
    apr_pool_destroy(baton);
    return APR_SUCCESS;
}

void fixture_job_start(fixture_t *fixture, fixture_job_t *job)
{
    memset(&job->result, 0, sizeof(job->result));
    memset(&job->problem, 0, sizeof(job->problem));
    job->fixture = fixture;
    if (job->kind != FIXTURE_SEAL)
        job->entry = fixture_entry(job->json);
    apr_pool_create(&job->pool, NULL);
    apr_pool_cleanup_register(test_pool(), job->pool, destroy_pool, apr_pool_cleanup_null);
    CU_ASSERT_FATAL(apr_thread_create(&job->thread, NULL, run_job, job, test_pool()) == APR_SUCCESS);
}

void fixture_job_join(fixture_job_t *job)
{
    apr_status_t ended;

    apr_thread_join(&ended, job->thread);
}

void fixture_gate_close(fixture_t *fixture, fixture_job_t *plug)
{
    memset(plug, 0, sizeof(*plug));
    plug->json = "{\"plug\":true}";
    apr_thread_mutex_lock(fixture->lock);
    fixture->gate_closed = 1;
    fixture->gate_reached = 0;
    apr_thread_mutex_unlock(fixture->lock);
    fixture_job_start(fixture, plug);
    apr_thread_mutex_lock(fixture->lock);
    while (!fixture->gate_reached)
        apr_thread_cond_wait(fixture->moved, fixture->lock);
    apr_thread_mutex_unlock(fixture->lock);
}

void fixture_gate_open(fixture_t *fixture, fixture_job_t *plug)
{
    apr_thread_mutex_lock(fixture->lock);
    fixture->gate_closed = 0;
    apr_thread_cond_broadcast(fixture->moved);
    apr_thread_mutex_unlock(fixture->lock);
    fixture_job_join(plug);
    CU_ASSERT_EQUAL(plug->status, APR_SUCCESS);
}

void fixture_wait_queued(fixture_t *fixture, int count)
{
    int queued;

    do {
        apr_thread_yield();
        apr_thread_mutex_lock(fixture->ledger->lock);
        queued = fixture->ledger->length;
        apr_thread_mutex_unlock(fixture->ledger->lock);
    } while (queued < count);
}

void fixture_batch(fixture_t *fixture, fixture_job_t *jobs, int count)
{
    fixture_job_t plug;
    int i;

    fixture_gate_close(fixture, &plug);
    for (i = 0; i < count; i++) {
        fixture_job_start(fixture, &jobs[i]);
        fixture_wait_queued(fixture, i + 1);
    }
    fixture_gate_open(fixture, &plug);
    for (i = 0; i < count; i++)
        fixture_job_join(&jobs[i]);
}

/* --- forgeries --- */

static void fill_roots(civ_header_t *header, civ_ledger_head_t *head, const civ_entry_t *entries)
{
    civ_merkle_frontier_t own;
    apr_uint32_t i;

    civ_merkle_frontier_init(&own);
    for (i = 0; i < header->entry_count; i++) {
        civ_merkle_frontier_append(&own, &entries[i].leaf_hash);
        civ_merkle_frontier_append(&head->frontier, &entries[i].leaf_hash);
    }
    civ_merkle_frontier_root(&own, &header->evidence_root);
    civ_merkle_frontier_root(&head->frontier, &header->log_root);
}

static void fill_forged(const fixture_t *fixture, civ_block_t *block, civ_ledger_head_t *head,
                        const forgery_t *forgery)
{
    civ_header_t *header = &block->header;
    apr_int64_t now = forgery->time ? forgery->time : civ_timestamp_now();

    header->difficulty = forgery->difficulty < 0 ? head->difficulty : (apr_uint32_t)forgery->difficulty;
    header->height = head->height + 1;
    header->timestamp = (now > head->timestamp ? now : head->timestamp) + forgery->later;
    header->previous_hash = forgery->previous ? *forgery->previous : head->block_hash;
    header->ledger_id = forgery->ledger_id ? *forgery->ledger_id : *civ_ledger_id(fixture->ledger);
    header->first_leaf = head->frontier.size;
    header->entry_count = forgery->json ? 1 : (apr_uint32_t)forgery->count;
    civ_genesis_no_validators(&header->validator_set_hash);
    fill_roots(header, head, block->entries);
    if (forgery->validators)
        header->validator_set_hash = *forgery->validators;
    if (forgery->log_root)
        header->log_root = *forgery->log_root;
}

static civ_entry_t *forged_entries(const forgery_t *forgery)
{
    apr_size_t i, count = forgery->json ? 1 : forgery->count;
    civ_entry_t *entries = apr_palloc(test_pool(), (count + 1) * sizeof(*entries));

    for (i = 0; i < count; i++)
        entries[i] = fixture_entry(forgery->json ? forgery->json : forgery->texts[i]);
    return entries;
}

static void work_on(civ_block_t *block, int lazy)
{
    if (!lazy) {
        CU_ASSERT_FATAL(civ_mine(&block->header, &block->hash, NULL, NULL, test_pool()) == APR_SUCCESS);
        return;
    }
    do {
        block->header.nonce++;
        civ_header_hash(&block->hash, &block->header);
    } while (civ_header_leading_zero_bits(&block->hash) >= block->header.difficulty);
}

static apr_status_t store_forged(fixture_t *fixture, const civ_block_t *block,
                                 const civ_ledger_head_t *before, const civ_ledger_head_t *after)
{
    apr_status_t status;
    civ_db_t *db;
    int unknown;

    CU_ASSERT_FATAL(civ_store_acquire(fixture->store, &db) == APR_SUCCESS);
    status = civ_db_begin(db);
    if (status == APR_SUCCESS)
        status = civ_seal_store(db, block, test_pool());
    if (status == APR_SUCCESS)
        status = civ_seal_advance(db, before, after, test_pool());
    if (status == APR_SUCCESS)
        status = civ_ledger_try_write(db);
    if (status == APR_SUCCESS)
        status = civ_db_commit(db, &unknown);
    civ_store_release(fixture->store, db);
    return status;
}

void fixture_forge(fixture_t *fixture, const forgery_t *forgery)
{
    civ_ledger_head_t before = fixture_head(fixture), after = before;
    civ_block_t block = {.entries = forged_entries(forgery)};
    apr_uint32_t i;

    fill_forged(fixture, &block, &after, forgery);
    work_on(&block, forgery->lazy);
    civ_block_sign(&block, fixture->config.name, forgery->key ? forgery->key : fixture->config.key,
                   test_pool());
    after.height = block.header.height;
    after.block_hash = block.hash;
    for (i = 0; i < block.header.entry_count && !forgery->keep_difficulty; i++)
        civ_policy_read(&after.difficulty, &block.entries[i], test_pool());
    CU_ASSERT_EQUAL_FATAL(store_forged(fixture, &block, &before, &after), APR_SUCCESS);
    if (fixture->config.head_file != NULL)
        CU_ASSERT_EQUAL(
            civ_head_file_write(fixture->config.head_file, &block, fixture->config.name, test_pool()),
            APR_SUCCESS);
}

void fixture_rewind(fixture_t *fixture)
{
    civ_ledger_head_t head = fixture_head(fixture);
    civ_block_t *newest = fixture_block(fixture, head.height);
    civ_block_t *parent = fixture_block(fixture, head.height - 1);
    civ_merkle_frontier_t frontier;
    apr_uint64_t leaves;

    CU_ASSERT_FATAL(newest != NULL && parent != NULL);
    leaves = newest->header.first_leaf;
    civ_merkle_frontier_init(&frontier);
    while (frontier.size < leaves) {
        civ_digest_t leaf;

        CU_ASSERT_FATAL(
            civ_digest_from_hex(&leaf, fixture_value(fixture,
                                                     "SELECT leaf_hash FROM civ_entries WHERE leaf_index = "
                                                     "%" APR_UINT64_T_FMT,
                                                     frontier.size)) == APR_SUCCESS);
        civ_merkle_frontier_append(&frontier, &leaf);
    }
    fixture_sql(fixture,
                "BEGIN; DELETE FROM civ_blocks WHERE height = %" APR_UINT64_T_FMT "; "
                "DELETE FROM civ_entries WHERE leaf_index >= %" APR_UINT64_T_FMT "; "
                "UPDATE civ_head SET height = height - 1, block_hash = '%s', leaf_count = %" APR_UINT64_T_FMT
                ", frontier = '%s', difficulty = %u, generation = generation + 1; COMMIT",
                head.height, leaves, civ_digest_hex_dup(&parent->hash, test_pool()), leaves,
                civ_merkle_frontier_to_hex(&frontier, test_pool()), newest->header.difficulty);
}
