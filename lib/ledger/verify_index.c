/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Comparing the database's indexes with the tables they stand for.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/digest.h"
#include "ledger/statements.h"
#include "ledger/verify_index.h"

/* Short rows: many of them still make a short select. */
#define PAGE_ROWS 512

static const struct {
    civ_ledger_sql_e sql;
    const char *what;
} indexes[CIV_INDEX_COUNT] = {
    [CIV_INDEX_HASH] = {SQL_INDEX_BY_HASH, "evidence is found by its hash"},
    [CIV_INDEX_TYPE] = {SQL_INDEX_BY_TYPE, "evidence is found by its type"},
    [CIV_INDEX_BLOCK] = {SQL_INDEX_BY_BLOCK, "blocks are found by their hash"},
};

void civ_index_sum_add(civ_index_sum_t *sum, const char *text, apr_uint64_t key)
{
    civ_digest_t digest;
    apr_uint64_t parts[2];

    civ_digest_sha256_two(&digest, &key, sizeof(key), text, strlen(text));
    memcpy(parts, digest.bytes, sizeof(parts));
    sum->rows++;
    sum->low += parts[0];
    sum->high += parts[1];
}

/** One page behind (text, key), which move to its last row. */
static apr_status_t read_page(civ_db_t *db, civ_index_e index, const char **text, apr_int64_t *key,
                              apr_uint64_t end, civ_index_sum_t *sum, int *got, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(*text), civ_int(*key), civ_int(PAGE_ROWS)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[indexes[index].sql], arguments, 3, &rows, pool);

    for (*got = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; (*got)++) {
        if (civ_rows_int(rows, 1, key) != APR_SUCCESS)
            return CIV_EDATABASE;
        *text = civ_rows_text(rows, 0);
        if (*key >= 0 && (apr_uint64_t)*key < end)
            civ_index_sum_add(sum, *text, (apr_uint64_t)*key);
    }
    return status;
}

apr_status_t civ_index_sum_compare(civ_db_t *db, civ_index_e index, const civ_index_sum_t *expected,
                                   apr_uint64_t end, const char **fault, apr_pool_t *pool)
{
    civ_index_sum_t sum = {0, 0, 0};
    apr_pool_t *pools[2];
    const char *text = "";
    apr_int64_t key = -1;
    apr_status_t status;
    int got, turn = 0;

    *fault = NULL;
    /* Two pools in turn: the key to go on from stands in the page before. */
    apr_pool_create(&pools[0], pool);
    apr_pool_create(&pools[1], pool);
    do {
        turn = !turn;
        apr_pool_clear(pools[turn]);
        status = read_page(db, index, &text, &key, end, &sum, &got, pools[turn]);
    } while (status == APR_SUCCESS && got == PAGE_ROWS);
    if (status == APR_SUCCESS && memcmp(&sum, expected, sizeof(sum)) != 0)
        *fault = apr_psprintf(pool, "the index by which %s does not hold what its table holds",
                              indexes[index].what);
    apr_pool_destroy(pools[0]);
    apr_pool_destroy(pools[1]);
    return status;
}
