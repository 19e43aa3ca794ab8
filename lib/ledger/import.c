/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Taking a chain over into tables.
 */
#include "ledger/import.h"

#include "ledger/validators_private.h"

/* Rows of one transaction: entries count, because a block may have ten thousand. */
#define ROWS_OF_COMMIT 8192

struct civ_import_t {
    civ_db_t *db;
    apr_uint64_t rows;              /**< since the last commit */
    civ_validator_set_t validators; /**< in force after the last entry */
};

static apr_status_t see_nothing(civ_db_t *db, civ_ledger_sql_e sql, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[sql], NULL, 0, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_EOF ? APR_SUCCESS : CIV_ECONFLICT;
}

apr_status_t civ_import_begin(civ_import_t **out, civ_db_t *db, apr_pool_t *pool)
{
    civ_import_t *import = apr_pcalloc(pool, sizeof(*import));
    apr_status_t status = see_nothing(db, SQL_BLOCK_LAST, pool);

    import->db = db;
    civ_validator_set_init(&import->validators, pool);
    if (status == APR_SUCCESS)
        status = see_nothing(db, SQL_HEAD_ROW, pool);
    *out = import;
    return status;
}

static apr_status_t commit(civ_import_t *import)
{
    int unknown;

    import->rows = 0;
    return civ_db_commit(import->db, &unknown);
}

/** The row of the validator that an entry registers or removes. One that does neither is not examined here. */
static apr_status_t store_validator(civ_import_t *import, const civ_block_t *block, apr_uint32_t position,
                                    apr_pool_t *pool)
{
    civ_validator_row_t row = {.first_height = 0};
    civ_validator_change_t change;
    const char *reason;

    if (civ_validator_read(&change, &block->entries[position], pool) != APR_SUCCESS ||
        civ_validator_set_apply(&import->validators, &change, block->header.first_leaf + position,
                                &row.member, &reason) != APR_SUCCESS)
        return APR_SUCCESS;
    civ_validators_date(&row, &change, &block->header);
    return civ_validators_store(import->db, &row, pool);
}

static apr_status_t store_block(civ_import_t *import, const civ_block_t *block, apr_pool_t *pool)
{
    apr_status_t status = civ_seal_store(import->db, block, pool);
    apr_uint32_t i;

    for (i = 0; i < block->header.entry_count && status == APR_SUCCESS; i++)
        status = store_validator(import, block, i, pool);
    return status;
}

apr_status_t civ_import_block(civ_import_t *import, const civ_block_t *block, apr_pool_t *pool)
{
    apr_status_t status = civ_db_in_transaction(import->db) ? APR_SUCCESS : civ_db_begin(import->db);

    if (status == APR_SUCCESS)
        status = store_block(import, block, pool);
    import->rows += 1 + block->header.entry_count;
    if (status == APR_SUCCESS && import->rows >= ROWS_OF_COMMIT)
        status = commit(import);
    return status;
}

apr_status_t civ_import_finish(civ_import_t *import, const civ_verifier_t *verifier, apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t head[] = {
        civ_int(verifier->next_height - 1), civ_text(civ_digest_hex(hex, &verifier->previous_hash)),
        civ_int(verifier->frontier.size),   civ_text(civ_merkle_frontier_to_hex(&verifier->frontier, pool)),
        civ_int(verifier->difficulty),
    };
    apr_status_t status;

    if (verifier->next_height == 0 || !verifier->previous_known || verifier->frontier_lost)
        return APR_EINVAL;
    status = civ_db_in_transaction(import->db) ? APR_SUCCESS : civ_db_begin(import->db);
    if (status == APR_SUCCESS)
        status = civ_db_execute(import->db, &civ_ledger_sql[SQL_HEAD_INSERT], head, 5, NULL);
    return status == APR_SUCCESS ? commit(import) : status;
}
