/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What happens once, when a server starts: the first block where there is none, the checks of name, key, newest block and
 * signed head against each other, and a policy entry where the difficulty wanted is another one.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/timestamp.h"
#include "ledger/head_file.h"
#include "ledger/leaf_cursor.h"
#include "ledger/validators_private.h"

/* Above these, mining a block takes seconds. */
#define SLOW_BITS 24

static apr_status_t store_genesis(civ_ledger_t *ledger, civ_db_t *db, civ_block_t **block,
                                  civ_ledger_head_t *head, apr_pool_t *pool)
{
    const civ_argument_t *arguments;
    char hex[CIV_DIGEST_HEX_SIZE];
    apr_status_t status = civ_seal_store(db, *block, pool);

    (void)ledger;
    arguments = (const civ_argument_t[]){
        civ_int(head->height),        civ_text(civ_digest_hex(hex, &head->block_hash)),
        civ_int(head->frontier.size), civ_text(civ_merkle_frontier_to_hex(&head->frontier, pool)),
        civ_int(head->difficulty),
    };
    if (status == APR_SUCCESS)
        status = civ_db_execute(db, &civ_ledger_sql[SQL_HEAD_INSERT], arguments, 5, NULL);
    return status;
}

static apr_status_t make_genesis(civ_ledger_t *ledger, civ_db_t *db, apr_pool_t *pool)
{
    const civ_ledger_config_t *config = ledger->config;
    civ_ledger_head_t head;
    civ_genesis_t genesis = {
        config->name, config->difficulty, config->min_validators, civ_timestamp_now(), {0}};
    civ_entry_t entry;
    civ_block_t *block;
    apr_status_t status;

    memcpy(genesis.public_key, civ_public_key_raw(civ_key_public(config->key)), CIV_KEY_PUBLIC_SIZE);
    status = civ_genesis_entry(&entry, &genesis, pool);
    if (status != APR_SUCCESS)
        return status;
    memset(&head, 0, sizeof(head));
    head.difficulty = genesis.difficulty;
    head.timestamp = genesis.created;
    head.validator_set_hash = ledger->no_validators;
    civ_merkle_frontier_init(&head.frontier);
    civ_genesis_ledger_id(&ledger->id, &entry);
    ledger->identified = 1;
    if (config->difficulty > SLOW_BITS)
        civ_log_write(config->log, CIV_LOG_NOTICE, APR_SUCCESS,
                      "CIV0206: ledger \"%s\": mining its first block with %u bits takes a while",
                      config->name, config->difficulty);
    status = civ_seal_block(ledger, &head, &entry, 1, &block, pool);
    if (status == APR_SUCCESS)
        status = civ_block_sign(block, config->name, config->key, pool);
    if (status == APR_SUCCESS)
        status = store_genesis(ledger, db, &block, &head, pool);
    if (status == APR_SUCCESS)
        civ_log_write(config->log, CIV_LOG_NOTICE, APR_SUCCESS, "CIV0202: ledger \"%s\" begins: its id is %s",
                      config->name, civ_digest_hex_dup(&ledger->id, pool));
    return status;
}

/** Without a head row there is either nothing at all, or the row was taken away. */
static apr_status_t check_nothing_begun(civ_ledger_t *ledger, civ_db_t *db, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_LAST], NULL, 0, &rows, pool);

    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS)
        return civ_ledger_integrity_lost(ledger, "there are blocks, but the head row is missing");
    /* Before anything is written: a new beginning would bury what the signed head is witness to. */
    if (status == APR_SUCCESS && ledger->config->head_file != NULL &&
        access(ledger->config->head_file, F_OK) == 0)
        return civ_ledger_integrity_lost(ledger,
                                         "the database is empty, but there is a signed head beside it");
    return status;
}

/** Genesis where there is none; the mutex is held. */
static apr_status_t ensure_genesis(civ_ledger_t *ledger, civ_db_t *db, apr_pool_t *pool)
{
    civ_ledger_head_t head;
    int unknown;
    apr_status_t status = civ_ledger_load_head(ledger, db, &head, pool);

    if (status != APR_NOTFOUND)
        return status;
    status = civ_db_begin(db);
    if (status != APR_SUCCESS)
        return status;
    /* Another host may have been faster. */
    status = civ_ledger_load_head(ledger, db, &head, pool);
    if (status == APR_NOTFOUND) {
        status = check_nothing_begun(ledger, db, pool);
        if (status == APR_SUCCESS)
            status = make_genesis(ledger, db, pool);
    }
    if (status != APR_SUCCESS) {
        ledger->identified = 0;
        civ_db_rollback(db);
        return status;
    }
    return civ_db_commit(db, &unknown);
}

static apr_status_t refuse(const civ_ledger_t *ledger, const char *reason)
{
    const civ_ledger_observer_t *observer = ledger->config->observer;

    civ_log_write(ledger->config->log, CIV_LOG_ERROR, APR_SUCCESS,
                  "CIV0207: ledger \"%s\": %s; it can be read but not written", ledger->config->name, reason);
    if (observer != NULL && observer->write_refused != NULL)
        observer->write_refused(observer->baton, reason);
    return CIV_EINVALID;
}

/** Is this the ledger that is configured, and is our key its key? */
static apr_status_t check_identity(civ_ledger_t *ledger, civ_db_t *db, apr_pool_t *pool)
{
    const civ_ledger_config_t *config = ledger->config;
    civ_block_t *block;
    civ_genesis_t genesis;
    civ_digest_t id;
    const char *fault = "block 0 does not hold genesis parameters";
    apr_status_t status = civ_read_block(db, 0, &block, &fault, pool);

    if (status == APR_NOTFOUND)
        return civ_ledger_integrity_lost(ledger, "block 0 is missing");
    if (status != APR_SUCCESS)
        return status == CIV_EINTEGRITY ? civ_ledger_integrity_lost(ledger, fault) : status;
    if (block->header.entry_count != 1 || civ_genesis_read(&genesis, &block->entries[0], pool) != APR_SUCCESS)
        return civ_ledger_integrity_lost(ledger, "block 0 does not hold genesis parameters");
    civ_genesis_ledger_id(&id, &block->entries[0]);
    if (!civ_digest_equal(&id, &block->header.ledger_id) || !civ_ledger_is_same(ledger, &id))
        return civ_ledger_integrity_lost(ledger, "the genesis parameters do not hash to the ledger id");
    if (strcmp(genesis.name, config->name) != 0)
        return refuse(ledger, apr_psprintf(pool,
                                           "the database holds the ledger \"%s\", but \"%s\" is configured: "
                                           "a ledger's name is fixed once its genesis exists",
                                           genesis.name, config->name));
    if (memcmp(genesis.public_key, civ_public_key_raw(civ_key_public(config->key)), CIV_KEY_PUBLIC_SIZE) != 0)
        return refuse(ledger,
                      "this host's key is not the ledger's key: hosts that share a ledger share its key");
    ledger->first_difficulty = genesis.difficulty;
    ledger->first_difficulty_known = 1;
    return APR_SUCCESS;
}

/** Its entries too: what a server begins with is looked at whole. */
static apr_status_t check_newest_block(const civ_ledger_t *ledger, civ_db_t *db,
                                       const civ_ledger_head_t *head, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_block_t *block;
    apr_status_t status = civ_read_block(db, head->height, &block, &fault, pool);

    return status == CIV_EINTEGRITY ? civ_ledger_integrity_lost(ledger, fault) : status;
}

/** What genesis demands never changes: read once. */
static apr_status_t know_first_difficulty(civ_ledger_t *ledger, civ_db_t *db, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_genesis_t genesis;
    civ_block_t *block;
    apr_status_t status;

    if (ledger->first_difficulty_known)
        return APR_SUCCESS;
    status = civ_read_block(db, 0, &block, &fault, pool);
    if (status == APR_SUCCESS && civ_genesis_read(&genesis, &block->entries[0], pool) != APR_SUCCESS)
        status = CIV_EINTEGRITY;
    if (status == APR_NOTFOUND || status == CIV_EINTEGRITY)
        return civ_ledger_integrity_lost(ledger,
                                         fault != NULL ? fault : "the genesis parameters are damaged");
    if (status == APR_SUCCESS) {
        ledger->first_difficulty = genesis.difficulty;
        ledger->first_difficulty_known = 1;
    }
    return status;
}

/** The head row is not signed: what it demands of the next block must follow from the entries. */
static apr_status_t check_difficulty(civ_ledger_t *ledger, civ_db_t *db, const civ_ledger_head_t *head,
                                     apr_pool_t *pool)
{
    apr_uint32_t difficulty;
    apr_status_t status = know_first_difficulty(ledger, db, pool);

    if (status != APR_SUCCESS)
        return status;
    status = civ_leaf_cursor_policy(db, head->frontier.size, &difficulty, pool);
    if (status == APR_NOTFOUND) {
        difficulty = ledger->first_difficulty;
        status = APR_SUCCESS;
    }
    if (status == CIV_EINTEGRITY)
        return civ_ledger_integrity_lost(ledger, "the policy in force is damaged");
    if (status == APR_SUCCESS && difficulty != head->difficulty)
        return civ_ledger_integrity_lost(ledger, "the head row demands other work than the policy in force");
    return status;
}

apr_status_t civ_ledger_vouch(civ_ledger_t *ledger, civ_db_t *db, const civ_ledger_head_t *head,
                              apr_pool_t *pool)
{
    const char *statement = civ_block_statement(ledger->config->name, head->height, &head->block_hash, pool);

    if (civ_public_key_verify(civ_key_public(ledger->config->key), head->signature, statement,
                              strlen(statement)) != APR_SUCCESS)
        return civ_ledger_integrity_lost(ledger, "the newest block does not bear the ledger's signature");
    return check_difficulty(ledger, db, head, pool);
}

const char *civ_signed_head_compare(const civ_signed_head_t *kept, apr_uint64_t height, civ_db_t *db,
                                    apr_status_t *status, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(kept->height)};
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_rows_t *rows;

    if (kept->height > height)
        return apr_psprintf(pool,
                            "the signed head beside the database names block %" APR_UINT64_T_FMT
                            ", but the database ends at block %" APR_UINT64_T_FMT ": blocks were removed",
                            kept->height, height);
    *status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_HASH], arguments, 1, &rows, pool);
    if (*status != APR_SUCCESS)
        return NULL;
    if (civ_rows_next(rows) != APR_SUCCESS ||
        strcmp(civ_rows_text(rows, 0), civ_digest_hex(hex, &kept->block_hash)) != 0)
        return apr_psprintf(pool,
                            "block %" APR_UINT64_T_FMT
                            " is another one than the signed head beside the database "
                            "names: the chain was rewritten",
                            kept->height);
    return NULL;
}

/** Read the signed head kept beside the database. @param found set to whether there is one */
static apr_status_t read_signed_head(civ_ledger_t *ledger, civ_signed_head_t *kept, int *found,
                                     apr_pool_t *pool)
{
    const civ_ledger_config_t *config = ledger->config;
    apr_status_t status;

    *found = 0;
    if (config->head_file == NULL)
        return APR_SUCCESS;
    status = civ_head_file_read(kept, config->head_file, config->name, civ_key_public(config->key), pool);
    if (APR_STATUS_IS_ENOENT(status))
        return APR_SUCCESS;
    if (status == CIV_EINTEGRITY)
        return civ_ledger_integrity_lost(ledger, "the signed head beside the database is damaged");
    *found = status == APR_SUCCESS;
    return status;
}

static apr_status_t check_signed_head(civ_ledger_t *ledger, civ_db_t *db, const civ_signed_head_t *kept,
                                      int found, const civ_ledger_head_t *head, apr_pool_t *pool)
{
    const char *fault;
    apr_status_t status = APR_SUCCESS;

    if (!found) {
        if (ledger->config->head_file != NULL && head->height > 0)
            civ_log_write(
                ledger->config->log, CIV_LOG_WARNING, APR_SUCCESS,
                "CIV0203: ledger \"%s\": there is no signed head beside the database; a chain cut short "
                "before now cannot be noticed",
                ledger->config->name);
        return APR_SUCCESS;
    }
    fault = civ_signed_head_compare(kept, head->height, db, &status, pool);
    return fault != NULL ? civ_ledger_integrity_lost(ledger, fault) : status;
}

/** Write the signed head for a block that is committed already. */
static apr_status_t keep_signed_head(civ_ledger_t *ledger, civ_db_t *db, const civ_ledger_head_t *head,
                                     apr_pool_t *pool)
{
    const civ_ledger_config_t *config = ledger->config;
    const char *fault = NULL;
    civ_block_t *block;
    apr_status_t status;

    if (config->head_file == NULL)
        return APR_SUCCESS;
    status = civ_read_block(db, head->height, &block, &fault, pool);
    if (status == APR_SUCCESS)
        status = civ_head_file_write(config->head_file, block, config->name, pool);
    if (status != APR_SUCCESS)
        civ_log_write(config->log, CIV_LOG_ERROR, status,
                      "CIV0204: ledger \"%s\": the signed head cannot be kept beside the database",
                      config->name);
    return APR_SUCCESS;
}

static apr_status_t start_locked(civ_ledger_t *ledger, civ_ledger_head_t *head, apr_pool_t *pool)
{
    civ_signed_head_t kept;
    civ_db_t *db;
    int found = 0;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = ensure_genesis(ledger, db, pool);
    if (status == APR_SUCCESS)
        status = check_identity(ledger, db, pool);
    /* The file before the database: other processes may append meanwhile, and the file never runs ahead of a database
     * that is read later. */
    if (status == APR_SUCCESS)
        status = read_signed_head(ledger, &kept, &found, pool);
    if (status == APR_SUCCESS)
        status = civ_ledger_load_head(ledger, db, head, pool);
    if (status == APR_SUCCESS)
        status = check_newest_block(ledger, db, head, pool);
    if (status == APR_SUCCESS)
        status = civ_ledger_vouch(ledger, db, head, pool);
    if (status == APR_SUCCESS)
        status = check_signed_head(ledger, db, &kept, found, head, pool);
    if (status == APR_SUCCESS)
        status = keep_signed_head(ledger, db, head, pool);
    civ_store_release(ledger->config->store, db);
    return status;
}

static apr_status_t apply_policy(civ_ledger_t *ledger, civ_ledger_head_t *head, apr_pool_t *pool)
{
    const civ_ledger_config_t *config = ledger->config;
    civ_append_result_t result;
    civ_problem_t problem;
    civ_entry_t entry;
    apr_status_t status;

    if (head->difficulty == config->difficulty || civ_ledger_read_only(ledger, pool) != NULL)
        return APR_SUCCESS;
    civ_log_write(config->log, CIV_LOG_NOTICE, APR_SUCCESS,
                  "CIV0205: ledger \"%s\": the difficulty changes from %u to %u bits with the next block",
                  config->name, head->difficulty, config->difficulty);
    status = civ_policy_entry(&entry, config->difficulty, civ_timestamp_now(), pool);
    if (status == APR_SUCCESS)
        status = civ_ledger_append(ledger, &entry, 1, NULL, &result, &problem, pool);
    return status == APR_SUCCESS ? civ_ledger_read_head(ledger, head, pool) : status;
}

apr_status_t civ_ledger_start(civ_ledger_t *ledger, civ_ledger_head_t *head, apr_pool_t *pool)
{
    apr_status_t status = civ_ledger_lock(ledger);

    if (status != APR_SUCCESS)
        return status;
    status = start_locked(ledger, head, pool);
    civ_ledger_unlock(ledger);
    return status == APR_SUCCESS ? apply_policy(ledger, head, pool) : status;
}
