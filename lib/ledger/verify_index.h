/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file verify_index.h
 * The database's own indexes, by which evidence and blocks are found. They are kept by the database, so a hand that edits
 * the file beneath it can make one lie while every table is sound: what is not in an index is not found. While the tables
 * are walked, a sum is made of what each index should hold; then the index itself is read and its sum compared.
 */
#ifndef CIV_LEDGER_VERIFY_INDEX_H
#define CIV_LEDGER_VERIFY_INDEX_H

#include "store/store.h"

typedef enum civ_index_e { CIV_INDEX_HASH, CIV_INDEX_TYPE, CIV_INDEX_BLOCK, CIV_INDEX_COUNT } civ_index_e;

/** Order does not matter: each row's digest is added. */
typedef struct civ_index_sum_t {
    apr_uint64_t rows, low, high;
} civ_index_sum_t;

/** Add a row: the text that is indexed, and the key of the row it leads to. */
void civ_index_sum_add(civ_index_sum_t *sum, const char *text, apr_uint64_t key);

/**
 * Read an index and compare it, rows whose key is @a end or more left out.
 * @param fault set to a sentence when it is not what was summed, else NULL
 */
apr_status_t civ_index_sum_compare(civ_db_t *db, civ_index_e index, const civ_index_sum_t *expected,
                                   apr_uint64_t end, const char **fault, apr_pool_t *pool);

#endif
