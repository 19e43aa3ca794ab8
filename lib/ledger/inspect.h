/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file inspect.h
 * A ledger as a tool meets it: without a configuration that says whose it is, and without writing anything.
 */
#ifndef CIV_LEDGER_INSPECT_H
#define CIV_LEDGER_INSPECT_H

#include "ledger/genesis.h"
#include "ledger/head_file.h"
#include "ledger/ledger.h"

/**
 * What block 0 says: name, first difficulty, public key. Not whether it is true: that is what validation finds out.
 * @param ledger_id the id that follows from it
 * @param fault a sentence for CIV_EINTEGRITY, on @a pool
 * @return APR_SUCCESS; APR_NOTFOUND where there is no ledger; CIV_EINTEGRITY when block 0 is missing or cannot be
 * understood; database errors
 */
apr_status_t civ_ledger_inspect(civ_store_t *store, civ_genesis_t *genesis, civ_digest_t *ledger_id,
                                const char **fault, apr_pool_t *pool);

/**
 * Read the head and see whether the end of the chain is sound: head row and newest block agree, the block bears the
 * ledger's signature, and the signed head (of the ledger's configuration) does not contradict them. Raises no alarm.
 * @param newest the newest block; may be NULL
 * @param fault a sentence for CIV_EINTEGRITY, on @a pool
 * @return APR_SUCCESS; APR_NOTFOUND where there is no head; CIV_EINTEGRITY; database errors
 */
apr_status_t civ_ledger_examine_end(civ_ledger_t *ledger, civ_ledger_head_t *head, civ_block_t **newest,
                                    const char **fault, apr_pool_t *pool);

/**
 * Whether the chain holds what a signed head names. Take the signed head first and read the database afterwards, else one
 * that is being appended to seems to lack its newest blocks.
 * @param fault set to a sentence when it does not, else NULL
 */
apr_status_t civ_ledger_compare_signed_head(civ_ledger_t *ledger, const civ_signed_head_t *kept,
                                            const char **fault, apr_pool_t *pool);

#endif
