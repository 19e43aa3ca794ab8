/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file block.h
 * A sealed block: header, hash, signature and entries, and its JSON form.
 */
#ifndef CIV_LEDGER_BLOCK_H
#define CIV_LEDGER_BLOCK_H

#include "base/buffer.h"
#include "base/keys.h"
#include "ledger/entry.h"
#include "ledger/header.h"

/** Most entries of one block. */
#define CIV_BLOCK_MAX_ENTRIES 10000

typedef struct civ_block_t {
    civ_header_t header;
    civ_digest_t hash;
    unsigned char signature[CIV_KEY_SIGNATURE_SIZE]; /**< by the ledger's key, over civ_block_statement */
    civ_entry_t *entries;                            /**< header.entry_count of them */
} civ_block_t;

/**
 * What the ledger's key signs, on @a pool: "civarcos-block/v1" LF, ledger name LF, height in decimal LF,
 * base64 of the block hash LF.
 */
const char *civ_block_statement(const char *ledger_name, apr_uint64_t height, const civ_digest_t *hash,
                                apr_pool_t *pool);

/** Sign @a block. */
apr_status_t civ_block_sign(civ_block_t *block, const char *ledger_name, const civ_key_t *key,
                            apr_pool_t *pool);

/**
 * Append the block's JSON object, as in every answer and in an export line: index, timestamp, evidence,
 * previous_hash, nonce, hash, difficulty, ledger_id, evidence_root, evidence_count, first_leaf, log_root,
 * validator_set_hash, signature, evidence_hashes.
 */
void civ_block_write_json(civ_buffer_t *out, const civ_block_t *block, apr_pool_t *pool);

#endif
