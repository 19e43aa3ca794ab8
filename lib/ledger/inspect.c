/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Looking at a ledger without knowing it beforehand.
 */
#include "ledger/inspect.h"

#include <apr_strings.h>
#include <string.h>

#include "ledger/ledger_private.h"

/** Without block 0 there is either nothing at all, or it was taken away. */
static apr_status_t explain_absence(civ_db_t *db, const char **fault, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_LAST], NULL, 0, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) == APR_EOF) {
        status = civ_db_select(db, &civ_ledger_sql[SQL_HEAD_ROW], NULL, 0, &rows, pool);
        if (status != APR_SUCCESS || civ_rows_next(rows) == APR_EOF)
            return status == APR_SUCCESS ? APR_NOTFOUND : status;
    }
    *fault = "block 0 is missing";
    return CIV_EINTEGRITY;
}

apr_status_t civ_ledger_inspect(civ_store_t *store, civ_genesis_t *genesis, civ_digest_t *ledger_id,
                                const char **fault, apr_pool_t *pool)
{
    civ_block_t *block;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    *fault = NULL;
    if (status != APR_SUCCESS)
        return status;
    status = civ_read_block(db, 0, &block, fault, pool);
    if (status == APR_NOTFOUND)
        status = explain_absence(db, fault, pool);
    civ_store_release(store, db);
    if (status != APR_SUCCESS)
        return status;
    if (civ_genesis_read(genesis, &block->entries[0], pool) != APR_SUCCESS) {
        *fault = "block 0 does not hold genesis parameters";
        return CIV_EINTEGRITY;
    }
    civ_genesis_ledger_id(ledger_id, &block->entries[0]);
    return APR_SUCCESS;
}

/* --- the end of the chain --- */

/* A ledger like the given one, but without an observer and without a voice: a look from outside raises no alarm. */
static apr_status_t make_quiet(civ_ledger_t **quiet, const civ_ledger_t *ledger, apr_pool_t *pool)
{
    civ_ledger_config_t *config = apr_pmemdup(pool, ledger->config, sizeof(*config));

    config->observer = NULL;
    config->log = NULL;
    return civ_ledger_open(quiet, config, pool);
}

static apr_status_t examine_newest(civ_ledger_t *ledger, civ_db_t *db, const civ_ledger_head_t *head,
                                   civ_block_t **newest, const char **fault, apr_pool_t *pool)
{
    const civ_public_key_t *key = civ_ledger_public_key(ledger);
    const char *statement;
    apr_status_t status = civ_read_block(db, head->height, newest, fault, pool);

    if (status != APR_SUCCESS || key == NULL || ledger->config->name == NULL)
        return status;
    statement = civ_block_statement(ledger->config->name, head->height, &(*newest)->hash, pool);
    if (civ_public_key_verify(key, (*newest)->signature, statement, strlen(statement)) == APR_SUCCESS)
        return APR_SUCCESS;
    *fault = "the newest block does not bear the ledger's signature";
    return CIV_EINTEGRITY;
}

static apr_status_t read_signed_head(civ_ledger_t *ledger, civ_signed_head_t *kept, int *found,
                                     const char **fault, apr_pool_t *pool)
{
    const civ_ledger_config_t *config = ledger->config;
    const civ_public_key_t *key = civ_ledger_public_key(ledger);
    apr_status_t status;

    *found = 0;
    if (config->head_file == NULL || key == NULL || config->name == NULL)
        return APR_SUCCESS;
    status = civ_head_file_read(kept, config->head_file, config->name, key, pool);
    *found = status == APR_SUCCESS;
    if (status == CIV_EINTEGRITY)
        *fault = "the signed head beside the database is damaged";
    return APR_STATUS_IS_ENOENT(status) ? APR_SUCCESS : status;
}

static apr_status_t compare(civ_db_t *db, const civ_signed_head_t *kept, apr_uint64_t height,
                            const char **fault, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;

    *fault = civ_signed_head_compare(kept, height, db, &status, pool);
    return *fault != NULL ? CIV_EINTEGRITY : status;
}

static apr_status_t examine(civ_ledger_t *ledger, civ_db_t *db, civ_ledger_head_t *head, civ_block_t **newest,
                            const char **fault, apr_pool_t *pool)
{
    civ_signed_head_t kept;
    int found;
    /* The file before the database, which may be appended to meanwhile. */
    apr_status_t status = read_signed_head(ledger, &kept, &found, fault, pool);

    if (status == APR_SUCCESS)
        status = civ_ledger_load_head(ledger, db, head, pool);
    if (status == CIV_EINTEGRITY && *fault == NULL)
        *fault = "the head row and the newest block contradict each other";
    if (status == APR_SUCCESS)
        status = examine_newest(ledger, db, head, newest, fault, pool);
    if (status == APR_SUCCESS && found)
        status = compare(db, &kept, head->height, fault, pool);
    return status;
}

apr_status_t civ_ledger_examine_end(civ_ledger_t *ledger, civ_ledger_head_t *head, civ_block_t **newest,
                                    const char **fault, apr_pool_t *pool)
{
    civ_block_t *unwanted;
    civ_ledger_t *quiet;
    civ_db_t *db;
    apr_status_t status = make_quiet(&quiet, ledger, pool);

    *fault = NULL;
    if (status == APR_SUCCESS)
        status = civ_store_acquire(ledger->config->store, &db);
    if (status != APR_SUCCESS)
        return status;
    status = examine(quiet, db, head, newest != NULL ? newest : &unwanted, fault, pool);
    civ_store_release(ledger->config->store, db);
    return status;
}

apr_status_t civ_ledger_compare_signed_head(civ_ledger_t *ledger, const civ_signed_head_t *kept,
                                            const char **fault, apr_pool_t *pool)
{
    apr_int64_t height = -1;
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    *fault = NULL;
    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_LAST], NULL, 0, &rows, pool);
    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        status = civ_rows_int(rows, 0, &height);
    if (status == APR_SUCCESS)
        status = compare(db, kept, height > 0 ? (apr_uint64_t)height : 0, fault, pool);
    civ_store_release(ledger->config->store, db);
    return status == CIV_EINTEGRITY ? APR_SUCCESS : status;
}
