/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file import.h
 * Building the tables of a ledger from blocks that were made elsewhere. What they hold is not examined here: verify each
 * block first, and validate the result.
 *
 * Blocks are committed a few thousand at a time, so memory does not grow. The head row comes last, in the transaction of
 * civ_import_finish; until then no server takes these tables for a ledger.
 */
#ifndef CIV_LEDGER_IMPORT_H
#define CIV_LEDGER_IMPORT_H

#include "ledger/block.h"
#include "ledger/verifier.h"
#include "store/store.h"

typedef struct civ_import_t civ_import_t;

/**
 * Begin on an empty database whose tables are up to date. @a db stays the caller's.
 * @return APR_SUCCESS; CIV_ECONFLICT when it holds a block or a head row; database errors
 */
apr_status_t civ_import_begin(civ_import_t **import, civ_db_t *db, apr_pool_t *pool);

/** Store the next block: its row, the rows of its entries, and those of validators that they register. */
apr_status_t civ_import_block(civ_import_t *import, const civ_block_t *block, apr_pool_t *pool);

/** Write the head row for the end of the chain, where @a verifier stands, and commit. */
apr_status_t civ_import_finish(civ_import_t *import, const civ_verifier_t *verifier, apr_pool_t *pool);

#endif
