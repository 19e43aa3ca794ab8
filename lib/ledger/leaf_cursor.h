/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file leaf_cursor.h
 * Reading rows that are keyed by leaf index, in order, a page at a time.
 */
#ifndef CIV_LEDGER_LEAF_CURSOR_H
#define CIV_LEDGER_LEAF_CURSOR_H

#include "base/merkle.h"
#include "ledger/entry.h"
#include "ledger/statements.h"

typedef struct civ_leaf_cursor_t {
    civ_ledger_sql_e sql; /**< takes first leaf, end leaf, limit; its first column is the leaf index */
    apr_pool_t *pool;     /**< of the page at hand */
    int page_rows;        /**< rows of a page */
    civ_rows_t *rows;     /**< NULL: no page at hand */
    int in_row;           /**< rows stands on a row, whose leaf is: */
    apr_uint64_t leaf;
} civ_leaf_cursor_t;

/** Start; @a pool gets a subpool for the pages. */
void civ_leaf_cursor_init(civ_leaf_cursor_t *cursor, civ_ledger_sql_e sql, apr_pool_t *pool);

/** Go to the row of @a leaf, which must not be smaller than the one before. The row is valid until the next
 * call.
 *  @return APR_SUCCESS; APR_NOTFOUND when there is no such row; database errors */
apr_status_t civ_leaf_cursor_seek(civ_leaf_cursor_t *cursor, civ_db_t *db, apr_uint64_t leaf,
                                  civ_rows_t **row);

/** The frontier over the stored leaf hashes of the first @a end entries. @return CIV_EINTEGRITY when one is
 * missing or damaged */
apr_status_t civ_leaf_cursor_frontier(civ_db_t *db, apr_uint64_t end, civ_merkle_frontier_t *frontier,
                                      apr_pool_t *pool);

/** The difficulty that the newest policy among the first @a end entries demands.
 *  @return APR_SUCCESS; APR_NOTFOUND when there is none: what genesis says still holds; CIV_EINTEGRITY; database errors */
apr_status_t civ_leaf_cursor_policy(civ_db_t *db, apr_uint64_t end, apr_uint32_t *difficulty,
                                    apr_pool_t *pool);

#endif
