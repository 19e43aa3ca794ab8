/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reading blocks and evidence back. Nothing leaves here that was not hashed again on the way.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "ledger/ledger_private.h"

apr_status_t civ_read_failed(civ_ledger_t *ledger, apr_status_t status, const char *fault, const char *what,
                             civ_problem_t *problem, apr_pool_t *pool)
{
    if (status == APR_NOTFOUND) {
        civ_problem_set(problem, CIV_PROBLEM_NOT_FOUND, pool, "%s does not exist", what);
    } else if (status == CIV_EINTEGRITY) {
        civ_ledger_integrity_lost(ledger, fault != NULL ? fault : "a stored block contradicts itself");
        civ_problem_set(problem, CIV_PROBLEM_INTERNAL, pool,
                        "%s is stored, but what is stored contradicts its own hashes: see GET "
                        "/blockchain/tampering",
                        what);
    } else {
        civ_store_problem_reading(problem, status, pool);
        if (problem->kind == CIV_PROBLEM_UNAVAILABLE)
            problem->detail = "The database cannot be read at the moment";
    }
    return status;
}

static const char *read_header(civ_block_t *block, civ_rows_t *rows, apr_uint64_t height, apr_pool_t *pool)
{
    unsigned char *signature;
    civ_digest_t stored;
    apr_size_t length;

    if (civ_header_from_hex(&block->header, &block->hash, civ_rows_text(rows, 1)) != APR_SUCCESS)
        return "the header is damaged";
    /* What is allocated by it must be what a block can have. */
    if (block->header.entry_count == 0 || block->header.entry_count > CIV_BLOCK_MAX_ENTRIES ||
        block->header.first_leaf > APR_INT64_MAX - CIV_BLOCK_MAX_ENTRIES)
        return "the header counts entries that cannot be";
    if (block->header.height != height ||
        civ_digest_from_hex(&stored, civ_rows_text(rows, 0)) != APR_SUCCESS ||
        !civ_digest_equal(&stored, &block->hash))
        return "the header does not hash to the stored hash";
    if (civ_base64_decode(&signature, &length, civ_rows_text(rows, 2), pool) != APR_SUCCESS ||
        length != CIV_KEY_SIGNATURE_SIZE)
        return "the signature is damaged";
    memcpy(block->signature, signature, CIV_KEY_SIGNATURE_SIZE);
    return NULL;
}

apr_status_t civ_read_entry(civ_entry_t *entry, const char *payload, apr_pool_t *pool)
{
    apr_size_t length = strlen(payload);
    civ_problem_t problem;
    apr_pool_t *scratch;
    apr_status_t status;

    /* The tree of a parsed entry takes up to a thousand times its bytes, and is not needed afterwards. */
    apr_pool_create(&scratch, pool);
    status = civ_entry_read(entry, payload, length, &problem, scratch);
    if (status == APR_SUCCESS) {
        entry->data = apr_pstrmemdup(pool, payload, length);
        entry->type = apr_pstrdup(pool, entry->type);
    }
    apr_pool_destroy(scratch);
    return status;
}

static apr_status_t read_entries(civ_db_t *db, civ_block_t *block, apr_uint32_t *got, apr_pool_t *pool)
{
    apr_uint64_t end = block->header.first_leaf + block->header.entry_count;
    apr_status_t status = APR_SUCCESS;

    block->entries = apr_pcalloc(pool, (block->header.entry_count + 1) * sizeof(*block->entries));
    *got = 0;
    while (*got < block->header.entry_count) {
        const civ_argument_t arguments[] = {civ_int(block->header.first_leaf + *got), civ_int(end),
                                            civ_int(CIV_PAGE_ROWS)};
        apr_uint32_t before = *got;
        civ_rows_t *rows;

        status = civ_db_select(db, &civ_ledger_sql[SQL_ENTRIES_PAGE], arguments, 3, &rows, pool);
        while (status == APR_SUCCESS && *got < block->header.entry_count &&
               civ_rows_next(rows) == APR_SUCCESS) {
            status = civ_read_entry(&block->entries[(*got)++], civ_rows_text(rows, 2), pool);
        }
        if (status != APR_SUCCESS || *got == before)
            break;
    }
    return status;
}

static apr_status_t check_entries(civ_db_t *db, civ_block_t *block, apr_pool_t *pool)
{
    civ_merkle_frontier_t frontier;
    civ_digest_t root;
    apr_uint32_t got, i;
    apr_status_t status = read_entries(db, block, &got, pool);

    if (status != APR_SUCCESS)
        return status;
    civ_merkle_frontier_init(&frontier);
    for (i = 0; i < got; i++)
        civ_merkle_frontier_append(&frontier, &block->entries[i].leaf_hash);
    civ_merkle_frontier_root(&frontier, &root);
    return got == block->header.entry_count && civ_digest_equal(&root, &block->header.evidence_root)
               ? APR_SUCCESS
               : CIV_EINVALID;
}

apr_status_t civ_read_block(civ_db_t *db, apr_uint64_t height, civ_block_t **out, const char **fault,
                            apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(height)};
    civ_block_t *block = apr_pcalloc(pool, sizeof(*block));
    const char *wrong;
    civ_rows_t *rows;
    apr_status_t status;

    if (height > APR_INT64_MAX)
        return APR_NOTFOUND;
    status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_READ], arguments, 1, &rows, pool);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    wrong = read_header(block, rows, height, pool);
    if (wrong == NULL) {
        status = check_entries(db, block, pool);
        if (status == CIV_EINVALID)
            wrong = "the evidence does not hash to the header's root";
        else if (status != APR_SUCCESS)
            return status;
    }
    if (wrong != NULL) {
        *fault = apr_psprintf(pool, "block %" APR_UINT64_T_FMT ": %s", height, wrong);
        return CIV_EINTEGRITY;
    }
    *out = block;
    return APR_SUCCESS;
}

apr_status_t civ_ledger_block(civ_ledger_t *ledger, apr_uint64_t height, civ_block_t **block,
                              civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status == APR_SUCCESS) {
        status = civ_read_block(db, height, block, &fault, pool);
        civ_store_release(ledger->config->store, db);
    }
    return status == APR_SUCCESS ? status
                                 : civ_read_failed(ledger, status, fault, "This block", problem, pool);
}

static apr_status_t find_height(civ_db_t *db, const civ_digest_t *hash, apr_int64_t *height, apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t arguments[] = {civ_text(civ_digest_hex(hex, hash))};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_FIND], arguments, 1, &rows, pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) != APR_SUCCESS)
        status = APR_NOTFOUND;
    if (status == APR_SUCCESS && (civ_rows_int(rows, 0, height) != APR_SUCCESS || *height < 0))
        status = APR_NOTFOUND;
    return status;
}

apr_status_t civ_ledger_block_by_hash(civ_ledger_t *ledger, const civ_digest_t *hash, civ_block_t **block,
                                      civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = NULL;
    apr_int64_t height;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status == APR_SUCCESS) {
        status = find_height(db, hash, &height, pool);
        if (status == APR_SUCCESS)
            status = civ_read_block(db, (apr_uint64_t)height, block, &fault, pool);
        civ_store_release(ledger->config->store, db);
    }
    return status == APR_SUCCESS ? status
                                 : civ_read_failed(ledger, status, fault, "This block", problem, pool);
}

/* --- evidence with its proof --- */

static apr_status_t find_evidence(civ_db_t *db, const civ_digest_t *hash, apr_int64_t *leaf,
                                  apr_int64_t *height, apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t arguments[] = {civ_text(civ_digest_hex(hex, hash))};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_EVIDENCE_FIRST], arguments, 1, &rows, pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    if (status == APR_SUCCESS && (civ_rows_int(rows, 0, leaf) != APR_SUCCESS ||
                                  civ_rows_int(rows, 1, height) != APR_SUCCESS || *leaf < 0 || *height < 0))
        status = CIV_EINTEGRITY;
    return status;
}

static apr_status_t prove(civ_evidence_proof_t *proof, const civ_block_t *block, apr_uint64_t leaf,
                          apr_pool_t *pool)
{
    apr_uint32_t count = block->header.entry_count, i;
    civ_digest_t *leaves = apr_palloc(pool, (count + 1) * sizeof(*leaves));

    if (leaf < block->header.first_leaf || leaf - block->header.first_leaf >= count)
        return CIV_EINTEGRITY;
    for (i = 0; i < count; i++)
        leaves[i] = block->entries[i].leaf_hash;
    proof->index = leaf - block->header.first_leaf;
    proof->tree_size = count;
    proof->root = block->header.evidence_root;
    proof->evidence.entry = block->entries[proof->index];
    proof->evidence.leaf_index = leaf;
    proof->evidence.block_index = block->header.height;
    proof->evidence.block_hash = block->hash;
    proof->evidence.timestamp = block->header.timestamp;
    return civ_merkle_inclusion_proof(proof->path, &proof->path_length, leaves, count, proof->index);
}

static apr_status_t read_proof(civ_db_t *db, const civ_digest_t *hash, civ_evidence_proof_t *proof,
                               const char **fault, apr_pool_t *pool)
{
    apr_int64_t leaf = 0, height = 0;
    civ_block_t *block;
    apr_status_t status = find_evidence(db, hash, &leaf, &height, pool);

    if (status == APR_SUCCESS) {
        status = civ_read_block(db, (apr_uint64_t)height, &block, fault, pool);
        if (status == APR_NOTFOUND)
            status = CIV_EINTEGRITY;
    }
    if (status == APR_SUCCESS)
        status = prove(proof, block, (apr_uint64_t)leaf, pool);
    if (status == APR_SUCCESS && !civ_digest_equal(&proof->evidence.entry.evidence_hash, hash))
        status = CIV_EINTEGRITY;
    if (status == CIV_EINTEGRITY && *fault == NULL)
        *fault = apr_psprintf(pool,
                              "the search columns lead from a hash to entry %" APR_INT64_T_FMT
                              " of block %" APR_INT64_T_FMT ", which is not there or another one",
                              leaf, height);
    return status;
}

apr_status_t civ_ledger_evidence(civ_ledger_t *ledger, const civ_digest_t *evidence_hash,
                                 civ_evidence_proof_t *proof, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status == APR_SUCCESS) {
        status = read_proof(db, evidence_hash, proof, &fault, pool);
        civ_store_release(ledger->config->store, db);
    }
    return status == APR_SUCCESS ? status
                                 : civ_read_failed(ledger, status, fault, "This evidence", problem, pool);
}
