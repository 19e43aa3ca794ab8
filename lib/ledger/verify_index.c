/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Comparing the database's indexes with the tables they stand for.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/digest.h"
#include "ledger/ledger_private.h"
#include "ledger/verify_index.h"

/* Short rows: many of them still make a short select. */
#define PAGE_ROWS 512

static const struct {
    civ_ledger_sql_e rest; /**< takes text, key, limit */
    civ_ledger_sql_e next; /**< takes text, limit */
    const char *what;
} indexes[CIV_INDEX_COUNT] = {
    [CIV_INDEX_HASH] = {SQL_HASH_INDEX_REST, SQL_HASH_INDEX_NEXT, "evidence is found by its hash"},
    [CIV_INDEX_TYPE] = {SQL_TYPE_INDEX_REST, SQL_TYPE_INDEX_NEXT, "evidence is found by its type"},
    [CIV_INDEX_BLOCK] = {SQL_BLOCK_INDEX_REST, SQL_BLOCK_INDEX_NEXT, "blocks are found by their hash"},
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

typedef struct reader_t {
    civ_db_t *db;
    civ_index_e index;
    const char *text; /**< the last row that was read */
    apr_int64_t key;
    apr_uint64_t end;
    civ_index_sum_t sum;
    apr_pool_t *pools[2]; /**< in turn: the row to go on from stands in the page before */
    int turn;
} reader_t;

/** One page: the rest of the rows with the text at hand, or those behind it. */
static apr_status_t read_page(reader_t *reader, int rest, int *got)
{
    const civ_argument_t arguments[] = {civ_text(reader->text),
                                        rest ? civ_int(reader->key) : civ_int(PAGE_ROWS), civ_int(PAGE_ROWS)};
    civ_ledger_sql_e sql = rest ? indexes[reader->index].rest : indexes[reader->index].next;
    apr_pool_t *pool;
    civ_rows_t *rows;
    apr_status_t status;

    reader->turn = !reader->turn;
    pool = reader->pools[reader->turn];
    apr_pool_clear(pool);
    apr_sleep(CIV_PAGE_PAUSE);
    status = civ_db_select(reader->db, &civ_ledger_sql[sql], arguments, rest ? 3 : 2, &rows, pool);
    for (*got = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; (*got)++) {
        if (civ_rows_int(rows, 1, &reader->key) != APR_SUCCESS)
            return CIV_EDATABASE;
        /* A copy: what the rows say is gone with the last of them. */
        reader->text = apr_pstrdup(pool, civ_rows_text(rows, 0));
        if (reader->key >= 0 && (apr_uint64_t)reader->key < reader->end)
            civ_index_sum_add(&reader->sum, reader->text, (apr_uint64_t)reader->key);
    }
    /* An empty page has no row to go on from: keep the one before. */
    if (*got == 0)
        reader->turn = !reader->turn;
    return status;
}

static apr_status_t read_index(reader_t *reader)
{
    apr_status_t status;
    int rest = 1, got;

    do {
        status = read_page(reader, rest, &got);
        /* A text whose rows are exhausted makes way for the next one; no row behind it, and that was all. */
        if (status == APR_SUCCESS && !rest && got == 0)
            return status;
        rest = !(rest && got < PAGE_ROWS);
    } while (status == APR_SUCCESS);
    return status;
}

apr_status_t civ_index_sum_compare(civ_db_t *db, civ_index_e index, const civ_index_sum_t *expected,
                                   apr_uint64_t end, const char **fault, apr_pool_t *pool)
{
    /* Texts may be empty, so begin with the rest of that one. */
    reader_t reader = {.db = db, .index = index, .text = "", .key = -1, .end = end};
    apr_status_t status;

    *fault = NULL;
    apr_pool_create(&reader.pools[0], pool);
    apr_pool_create(&reader.pools[1], pool);
    status = read_index(&reader);
    if (status == APR_SUCCESS && memcmp(&reader.sum, expected, sizeof(reader.sum)) != 0)
        *fault = apr_psprintf(pool, "the index by which %s does not hold what its table holds",
                              indexes[index].what);
    apr_pool_destroy(reader.pools[0]);
    apr_pool_destroy(reader.pools[1]);
    return status;
}
