/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Ledger to hot state: what is committed becomes visible to all processes; what another writer committed is
 * taken over.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/timestamp.h"
#include "node/node_private.h"

/* --- rendering --- */

void civ_node_convert_head(civ_node_t *node, const civ_ledger_head_t *from, civ_state_head_t *to)
{
    memset(to, 0, sizeof(*to));
    to->height = from->height;
    to->leaf_count = from->frontier.size;
    to->timestamp = from->timestamp;
    to->pending = from->pending;
    to->oldest_pending = from->oldest_pending;
    to->generation = from->generation;
    to->difficulty = from->difficulty;
    to->validators = from->validators;
    to->block_hash = from->block_hash;
    to->log_root = from->log_root;
    to->ledger_id = *civ_ledger_id(node->ledger);
}

static void member_digest(civ_json_writer_t *writer, const char *name, const civ_digest_t *digest)
{
    char hex[CIV_DIGEST_HEX_SIZE];

    civ_json_member_text(writer, name, civ_digest_hex(hex, digest));
}

const char *civ_node_render_info(civ_node_t *node, const civ_state_head_t *head, apr_size_t *length,
                                 const char **tag, apr_pool_t *pool)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_digest_t digest;
    civ_buffer_t body;

    civ_buffer_init(&body, 1200, pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "blockchain");
    civ_json_begin_object(&writer);
    civ_json_member_uint(&writer, "total_blocks", head->height + 1);
    civ_json_member_uint(&writer, "total_evidence", head->leaf_count);
    civ_json_member_uint(&writer, "pending_evidence", head->pending);
    member_digest(&writer, "latest_block_hash", &head->block_hash);
    civ_json_member_text(&writer, "latest_timestamp", civ_timestamp_format(time, head->timestamp));
    civ_json_member_uint(&writer, "difficulty", head->difficulty);
    civ_json_member_uint(&writer, "validators", head->validators);
    civ_json_member_uint(&writer, "min_validators", node->config->min_validators);
    civ_json_member_text(&writer, "ledger_name", node->config->ledger_name);
    member_digest(&writer, "ledger_id", &head->ledger_id);
    member_digest(&writer, "log_root", &head->log_root);
    civ_json_member_text(&writer, "public_key", civ_public_key_pem(civ_key_public(node->key)));
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    civ_digest_sha256(&digest, body.data, body.length);
    *tag = apr_pstrndup(pool, civ_digest_hex_dup(&digest, pool), 32);
    *length = body.length;
    return body.data;
}

/** Head and document. The node's mutex is held. */
static void publish(civ_node_t *node, const civ_ledger_head_t *head, apr_pool_t *pool)
{
    civ_state_head_t hot;
    const char *body, *tag;
    apr_size_t length;

    civ_node_convert_head(node, head, &hot);
    civ_state_head_write(node->context.hot, &hot);
    body = civ_node_render_info(node, &hot, &length, &tag, pool);
    civ_state_document_write(node->context.hot, body, length, tag);
}

/* --- what the ledger says --- */

static void block_sealed(void *baton, const civ_block_t *block, const char *json, apr_size_t length)
{
    civ_node_t *node = baton;

    civ_state_block_write(node->context.hot, block->header.height, &block->hash, json, length);
}

/** The head as it is to be shown. Where other hosts have committed between this commit and the last one seen here, the totals
 *  lack what they did: it goes on under the number that it had, and the next request takes all of it over. */
static civ_ledger_head_t head_to_show(civ_node_t *node, const civ_ledger_head_t *head)
{
    civ_ledger_head_t shown = *head;
    civ_state_head_t before;
    int known = civ_state_head_read(node->context.hot, &before) == APR_SUCCESS;

    if (!known || before.generation + 1 != head->generation) {
        shown.generation = known ? before.generation : head->generation - 1;
        civ_state_refresh_due(node->context.hot);
    }
    return shown;
}

static void head_moved(void *baton, const civ_ledger_head_t *head)
{
    civ_node_t *node = baton;
    civ_ledger_head_t shown = head_to_show(node, head);
    apr_pool_t *scratch;

    apr_pool_create(&scratch, NULL);
    publish(node, &shown, scratch);
    apr_pool_destroy(scratch);
}

static void integrity_lost(void *baton, const char *reason)
{
    civ_node_alarm_raise(baton, reason);
}

static void write_refused(void *baton, const char *reason)
{
    civ_node_read_only_set(baton, reason);
}

static const char *read_only(void *baton, apr_pool_t *pool)
{
    return civ_node_read_only(baton, pool);
}

static int interrupted(void *baton)
{
    civ_node_t *node = baton;

    return node->context.interrupted != NULL && node->context.interrupted(node->context.interrupted_baton);
}

static void batch_done(void *baton, int requests, int blocks, apr_interval_time_t took, apr_status_t status)
{
    civ_node_t *node = baton;

    if (status != APR_SUCCESS) {
        civ_node_count(node, CIV_NODE_BATCHES_FAILED, 1);
        /* What is not known to be committed may be. */
        if (node->context.hot != NULL)
            civ_state_refresh_due(node->context.hot);
        return;
    }
    civ_node_count(node, CIV_NODE_BATCHES, 1);
    civ_node_count(node, CIV_NODE_BATCH_REQUESTS, requests);
    civ_node_count(node, CIV_NODE_BATCH_BLOCKS, blocks);
    civ_node_count(node, CIV_NODE_BATCH_MICROSECONDS, took);
}

void civ_node_observe(civ_node_t *node)
{
    node->observer.baton = node;
    node->observer.block_sealed = node->context.hot != NULL ? block_sealed : NULL;
    node->observer.head_moved = node->context.hot != NULL ? head_moved : NULL;
    node->observer.integrity_lost = integrity_lost;
    node->observer.write_refused = write_refused;
    node->observer.read_only = read_only;
    node->observer.interrupted = interrupted;
    node->observer.batch_done = batch_done;
}

/* --- taking over --- */

/* Filling the hot state must not hold up a start or other writers: this is enough for what readers ask for most. */
#define FILL_TIME apr_time_from_msec(500)

typedef struct kept_block_t {
    apr_uint64_t height;
    civ_digest_t hash;
    civ_buffer_t json;
} kept_block_t;

/** Read blocks from the newest back, as many as the ring takes and time allows. */
static apr_array_header_t *read_newest(civ_node_t *node, apr_uint64_t from, apr_uint64_t newest,
                                       apr_pool_t *pool)
{
    apr_array_header_t *blocks = apr_array_make(pool, 64, sizeof(kept_block_t));
    apr_size_t room = civ_state_ring_size(node->context.hot);
    apr_time_t deadline = apr_time_now() + FILL_TIME;
    apr_uint64_t height = newest + 1;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    while (height-- > from && apr_time_now() < deadline) {
        kept_block_t kept = {.height = height};
        civ_problem_t problem;
        civ_block_t *block;

        apr_pool_clear(scratch);
        if (civ_ledger_block(node->ledger, height, &block, &problem, scratch) != APR_SUCCESS)
            break;
        kept.hash = block->hash;
        civ_buffer_init(&kept.json, 1024, pool);
        civ_block_write_json(&kept.json, block, scratch);
        if (kept.json.length > room)
            break;
        room -= kept.json.length;
        APR_ARRAY_PUSH(blocks, kept_block_t) = kept;
    }
    apr_pool_destroy(scratch);
    return blocks;
}

/** The node's mutex is held. @param from the first block that is not kept yet */
static apr_status_t take_over_locked(civ_node_t *node, apr_uint64_t from, apr_pool_t *pool)
{
    apr_array_header_t *blocks;
    civ_ledger_head_t head;
    apr_status_t status = civ_ledger_read_head(node->ledger, &head, pool);
    int i;

    if (status != APR_SUCCESS)
        return status;
    if (head.height + 1 > node->config->hot_blocks && from < head.height + 1 - node->config->hot_blocks)
        from = head.height + 1 - node->config->hot_blocks;
    blocks = read_newest(node, from, head.height, pool);
    /* Into the ring oldest first, as they would have come. What is not kept is read from the database when asked for. */
    for (i = blocks->nelts - 1; i >= 0; i--) {
        const kept_block_t *kept = &APR_ARRAY_IDX(blocks, i, kept_block_t);

        civ_state_block_write(node->context.hot, kept->height, &kept->hash, kept->json.data,
                              kept->json.length);
    }
    status = civ_node_fill_totals(node, pool);
    /* Under an older number, so that the next look takes over what is lacking. */
    if (status != APR_SUCCESS)
        head.generation--;
    publish(node, &head, pool);
    return status;
}

apr_status_t civ_node_fill(civ_node_t *node, apr_pool_t *pool)
{
    apr_status_t status;

    if (node->context.hot == NULL)
        return APR_SUCCESS;
    status = node->context.mutex != NULL ? apr_global_mutex_lock(node->context.mutex) : APR_SUCCESS;
    if (status != APR_SUCCESS)
        return status;
    status = take_over_locked(node, 0, pool);
    if (node->context.mutex != NULL)
        apr_global_mutex_unlock(node->context.mutex);
    return status;
}

apr_status_t civ_node_take_over(civ_node_t *node, apr_pool_t *pool)
{
    civ_state_head_t hot;
    apr_int64_t generation;
    apr_pool_t *scratch;
    apr_status_t status = civ_ledger_read_generation(node->ledger, &generation, pool);

    if (status != APR_SUCCESS || civ_state_head_read(node->context.hot, &hot) != APR_SUCCESS ||
        hot.generation == generation)
        return status;
    /* Whoever holds the mutex is about to publish a newer head than ours would be. */
    if (node->context.mutex != NULL && apr_global_mutex_trylock(node->context.mutex) != APR_SUCCESS)
        return APR_SUCCESS;
    apr_pool_create(&scratch, pool);
    /* Read again: it may have been published while we came here. */
    status = civ_state_head_read(node->context.hot, &hot);
    if (status == APR_SUCCESS && hot.generation != generation) {
        status = take_over_locked(node, hot.height + 1, scratch);
        civ_node_count(node, CIV_NODE_REFRESHES, 1);
    }
    apr_pool_destroy(scratch);
    if (node->context.mutex != NULL)
        apr_global_mutex_unlock(node->context.mutex);
    return status;
}
