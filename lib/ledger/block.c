/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Signing a block, and its JSON form.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json_writer.h"
#include "base/timestamp.h"
#include "ledger/block.h"

const char *civ_block_statement(const char *ledger_name, apr_uint64_t height, const civ_digest_t *hash,
                                apr_pool_t *pool)
{
    return apr_psprintf(pool, "civarcos-block/v1\n%s\n%" APR_UINT64_T_FMT "\n%s\n", ledger_name, height,
                        civ_base64_encode(hash->bytes, CIV_DIGEST_SIZE, pool));
}

apr_status_t civ_block_sign(civ_block_t *block, const char *ledger_name, const civ_key_t *key,
                            apr_pool_t *pool)
{
    const char *statement = civ_block_statement(ledger_name, block->header.height, &block->hash, pool);

    return civ_key_sign(key, block->signature, statement, strlen(statement));
}

static void member_digest(civ_json_writer_t *writer, const char *name, const civ_digest_t *digest)
{
    char hex[CIV_DIGEST_HEX_SIZE];

    civ_json_member_text(writer, name, civ_digest_hex(hex, digest));
}

static void write_entries(civ_json_writer_t *writer, const civ_block_t *block)
{
    apr_uint32_t i;

    civ_json_name(writer, "evidence");
    civ_json_begin_array(writer);
    for (i = 0; i < block->header.entry_count; i++)
        civ_json_raw(writer, block->entries[i].data, block->entries[i].length);
    civ_json_end_array(writer);
}

static void write_evidence_hashes(civ_json_writer_t *writer, const civ_block_t *block)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    apr_uint32_t i;

    civ_json_name(writer, "evidence_hashes");
    civ_json_begin_array(writer);
    for (i = 0; i < block->header.entry_count; i++)
        civ_json_text_n(writer, civ_digest_hex(hex, &block->entries[i].evidence_hash),
                        CIV_DIGEST_HEX_SIZE - 1);
    civ_json_end_array(writer);
}

void civ_block_write_json(civ_buffer_t *out, const civ_block_t *block, apr_pool_t *pool)
{
    const civ_header_t *header = &block->header;
    civ_json_writer_t writer;
    char time[CIV_TIMESTAMP_SIZE];

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_uint(&writer, "index", header->height);
    civ_json_member_text(&writer, "timestamp", civ_timestamp_format(time, header->timestamp));
    write_entries(&writer, block);
    member_digest(&writer, "previous_hash", &header->previous_hash);
    civ_json_member_uint(&writer, "nonce", header->nonce);
    member_digest(&writer, "hash", &block->hash);
    civ_json_member_uint(&writer, "difficulty", header->difficulty);
    member_digest(&writer, "ledger_id", &header->ledger_id);
    member_digest(&writer, "evidence_root", &header->evidence_root);
    civ_json_member_uint(&writer, "evidence_count", header->entry_count);
    civ_json_member_uint(&writer, "first_leaf", header->first_leaf);
    member_digest(&writer, "log_root", &header->log_root);
    member_digest(&writer, "validator_set_hash", &header->validator_set_hash);
    civ_json_member_text(&writer, "signature",
                         civ_base64_encode(block->signature, CIV_KEY_SIGNATURE_SIZE, pool));
    write_evidence_hashes(&writer, block);
    civ_json_end_object(&writer);
}
