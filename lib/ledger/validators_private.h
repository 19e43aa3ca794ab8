/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file validators_private.h
 * The table of the validators, for the files of lib/ledger only.
 */
#ifndef CIV_LEDGER_VALIDATORS_PRIVATE_H
#define CIV_LEDGER_VALIDATORS_PRIVATE_H

#include "ledger/ledger_private.h"
#include "ledger/validators.h"

/** The end_height of a validator that was not removed. */
#define CIV_VALIDATOR_STAYS APR_INT64_MAX

/** A row of civ_validators. */
typedef struct civ_validator_row_t {
    civ_validator_member_t member;
    apr_int64_t joined;
    apr_int64_t first_height; /**< the first block that it may vote on */
    apr_int64_t end_height;   /**< the first block that it may not vote on any more */
    civ_standing_t standing;
} civ_validator_row_t;

/** Read the row at hand of a select of VALIDATOR_FROM. @return APR_SUCCESS, or CIV_EINVALID when it is damaged */
apr_status_t civ_validators_read_row(civ_validator_row_t *row, civ_rows_t *rows, apr_pool_t *pool);

/** Read one row by its registration. @return APR_SUCCESS; APR_NOTFOUND; CIV_EINVALID; database errors */
apr_status_t civ_validators_row(civ_db_t *db, apr_uint64_t registration, civ_validator_row_t *row,
                                apr_pool_t *pool);

/** What the block of a change says of the row: from when on it holds. For civ_validators_store. */
void civ_validators_date(civ_validator_row_t *row, const civ_validator_change_t *change,
                         const civ_header_t *header);

/** Insert the row of a registration, or end that of a removal, inside the caller's transaction.
 *  @return CIV_EDATABASE when there is no row to end; database errors */
apr_status_t civ_validators_store(civ_db_t *db, const civ_validator_row_t *row, apr_pool_t *pool);

/** The set in force at a block, from the table. @return CIV_EINTEGRITY when a row is damaged or there are too many */
apr_status_t civ_validators_at(civ_db_t *db, apr_uint64_t height, civ_validator_set_t *set, apr_pool_t *pool);

/** The set that follows from the entries before leaf @a end. @return CIV_EINTEGRITY when one of them cannot be applied */
apr_status_t civ_validators_derive(civ_db_t *db, apr_uint64_t end, civ_validator_set_t *set,
                                   apr_pool_t *pool);

/** From the set that the newest block names (head->validator_set_hash), which must be the table's, to that which the next
 * block needs. */
apr_status_t civ_validators_follow(civ_ledger_t *ledger, civ_db_t *db, civ_ledger_head_t *head,
                                   apr_pool_t *pool);

#endif
