/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * From entries to a block, and from a block to rows.
 */
#include <apr_strings.h>

#include "base/encoding.h"
#include "base/timestamp.h"
#include "ledger/ledger_private.h"

static void fill_roots(civ_header_t *header, civ_merkle_frontier_t *frontier, const civ_entry_t *entries,
                       apr_size_t count)
{
    civ_merkle_frontier_t own;
    apr_size_t i;

    civ_merkle_frontier_init(&own);
    for (i = 0; i < count; i++) {
        civ_merkle_frontier_append(&own, &entries[i].leaf_hash);
        civ_merkle_frontier_append(frontier, &entries[i].leaf_hash);
    }
    civ_merkle_frontier_root(&own, &header->evidence_root);
    civ_merkle_frontier_root(frontier, &header->log_root);
}

static void fill_header(const civ_ledger_t *ledger, civ_header_t *header, civ_ledger_head_t *head,
                        const civ_entry_t *entries, apr_size_t count)
{
    apr_int64_t now = civ_timestamp_now();
    int first = head->frontier.size == 0;

    header->difficulty = head->difficulty;
    header->height = first ? 0 : head->height + 1;
    /* A clock set back must not make a block older than its parent. */
    header->timestamp = first || now < head->timestamp ? head->timestamp : now;
    header->previous_hash = head->block_hash;
    header->ledger_id = ledger->id;
    header->first_leaf = head->frontier.size;
    header->entry_count = (apr_uint32_t)count;
    header->validator_set_hash = head->validator_set_hash;
    fill_roots(header, &head->frontier, entries, count);
}

static void apply_policies(civ_ledger_head_t *head, const civ_entry_t *entries, apr_size_t count,
                           apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < count; i++)
        if (civ_policy_read(&head->difficulty, &entries[i], pool) == CIV_EINVALID)
            return;
}

apr_status_t civ_seal_block(civ_ledger_t *ledger, civ_ledger_head_t *head, const civ_entry_t *entries,
                            apr_size_t count, civ_block_t **out, apr_pool_t *pool)
{
    const civ_ledger_observer_t *observer = ledger->config->observer;
    civ_block_t *block = apr_pcalloc(pool, sizeof(*block));
    apr_status_t status;

    fill_header(ledger, &block->header, head, entries, count);
    status = civ_mine(&block->header, &block->hash, observer != NULL ? observer->interrupted : NULL,
                      observer != NULL ? observer->baton : NULL, pool);
    if (status != APR_SUCCESS)
        return status;
    block->entries = apr_pmemdup(pool, entries, count * sizeof(*entries));
    head->height = block->header.height;
    head->block_hash = block->hash;
    head->log_root = block->header.log_root;
    head->timestamp = block->header.timestamp;
    apply_policies(head, entries, count, pool);
    *out = block;
    return APR_SUCCESS;
}

static apr_status_t store_entry(civ_db_t *db, const civ_block_t *block, apr_uint32_t position)
{
    const civ_entry_t *entry = &block->entries[position];
    apr_uint64_t leaf_index = block->header.first_leaf + position;
    char leaf_hash[CIV_DIGEST_HEX_SIZE], evidence_hash[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t row[] = {
        civ_int(leaf_index),
        civ_int(block->header.height),
        civ_text(civ_digest_hex(leaf_hash, &entry->leaf_hash)),
        civ_text(civ_digest_hex(evidence_hash, &entry->evidence_hash)),
        civ_text(entry->type),
        civ_text(entry->data),
    };

    return civ_db_send(db, &civ_ledger_sql[SQL_ENTRY_INSERT], row, 6);
}

apr_status_t civ_seal_store_entries(civ_db_t *db, const civ_block_t *block)
{
    apr_status_t status = APR_SUCCESS;
    apr_uint32_t i;

    for (i = 0; i < block->header.entry_count && status == APR_SUCCESS; i++)
        status = store_entry(db, block, i);
    return status;
}

apr_status_t civ_seal_store_header(civ_db_t *db, const civ_block_t *block, apr_pool_t *pool)
{
    unsigned char bytes[CIV_HEADER_SIZE];
    char header[2 * CIV_HEADER_SIZE + 1], hash[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t row[] = {
        civ_int(block->header.height),
        civ_text(civ_digest_hex(hash, &block->hash)),
        civ_text(header),
        civ_text(civ_base64_encode(block->signature, CIV_KEY_SIGNATURE_SIZE, pool)),
    };

    civ_header_pack(bytes, &block->header);
    civ_hex_encode(header, bytes, sizeof(bytes));
    return civ_db_send(db, &civ_ledger_sql[SQL_BLOCK_INSERT], row, 4);
}

apr_status_t civ_seal_store(civ_db_t *db, const civ_block_t *block, apr_pool_t *pool)
{
    apr_status_t status = civ_seal_store_header(db, block, pool);

    return status == APR_SUCCESS ? civ_seal_store_entries(db, block) : status;
}

apr_status_t civ_seal_advance(civ_db_t *db, const civ_ledger_head_t *from, const civ_ledger_head_t *to,
                              apr_pool_t *pool)
{
    char old_hash[CIV_DIGEST_HEX_SIZE], new_hash[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t arguments[] = {
        civ_int(to->height),
        civ_text(civ_digest_hex(new_hash, &to->block_hash)),
        civ_int(to->frontier.size),
        civ_text(civ_merkle_frontier_to_hex(&to->frontier, pool)),
        civ_int(to->difficulty),
        civ_int(from->height),
        civ_text(civ_digest_hex(old_hash, &from->block_hash)),
    };
    int affected = 0;
    apr_status_t status = civ_db_execute(db, &civ_ledger_sql[SQL_HEAD_ADVANCE], arguments, 7, &affected);

    if (status == APR_SUCCESS && affected != 1)
        status = CIV_ECONFLICT;
    return status;
}
