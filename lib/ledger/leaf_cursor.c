/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Reading rows that are keyed by leaf index.
 */
#include <string.h>

#include "base/status.h"
#include "ledger/genesis.h"
#include "ledger/leaf_cursor.h"

/* A page is buffered whole, and an entry may have 64 KiB. */
#define PAGE_ROWS   64
#define LEAVES_PAGE 512

void civ_leaf_cursor_init(civ_leaf_cursor_t *cursor, civ_ledger_sql_e sql, apr_pool_t *pool)
{
    memset(cursor, 0, sizeof(*cursor));
    cursor->sql = sql;
    cursor->page_rows = PAGE_ROWS;
    apr_pool_create(&cursor->pool, pool);
}

static apr_status_t load_page(civ_leaf_cursor_t *cursor, civ_db_t *db, apr_uint64_t leaf)
{
    const civ_argument_t arguments[] = {civ_int(leaf), civ_int(APR_INT64_MAX), civ_int(cursor->page_rows)};

    apr_pool_clear(cursor->pool);
    cursor->in_row = 0;
    return civ_db_select(db, &civ_ledger_sql[cursor->sql], arguments, 3, &cursor->rows, cursor->pool);
}

/** Step forward within the page. @return APR_EOF at its end */
static apr_status_t step(civ_leaf_cursor_t *cursor)
{
    apr_int64_t leaf;

    if (civ_rows_next(cursor->rows) != APR_SUCCESS) {
        cursor->rows = NULL;
        return APR_EOF;
    }
    if (civ_rows_int(cursor->rows, 0, &leaf) != APR_SUCCESS || leaf < 0)
        return CIV_EDATABASE;
    cursor->in_row = 1;
    cursor->leaf = (apr_uint64_t)leaf;
    return APR_SUCCESS;
}

apr_status_t civ_leaf_cursor_seek(civ_leaf_cursor_t *cursor, civ_db_t *db, apr_uint64_t leaf,
                                  civ_rows_t **row)
{
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && cursor->rows != NULL && (!cursor->in_row || cursor->leaf < leaf)) {
        cursor->in_row = 0;
        status = step(cursor);
    }
    if (status == APR_EOF || (status == APR_SUCCESS && cursor->rows == NULL)) {
        status = load_page(cursor, db, leaf);
        if (status == APR_SUCCESS)
            status = step(cursor);
        if (status == APR_EOF)
            return APR_NOTFOUND;
    }
    if (status != APR_SUCCESS)
        return status;
    if (cursor->leaf != leaf)
        return APR_NOTFOUND;
    *row = cursor->rows;
    return APR_SUCCESS;
}

apr_status_t civ_leaf_cursor_frontier(civ_db_t *db, apr_uint64_t end, civ_merkle_frontier_t *frontier,
                                      apr_pool_t *pool)
{
    civ_leaf_cursor_t cursor;
    apr_status_t status = APR_SUCCESS;

    civ_merkle_frontier_init(frontier);
    civ_leaf_cursor_init(&cursor, SQL_LEAVES_PAGE, pool);
    cursor.page_rows = LEAVES_PAGE;
    while (status == APR_SUCCESS && frontier->size < end) {
        civ_digest_t leaf;
        civ_rows_t *row;

        status = civ_leaf_cursor_seek(&cursor, db, frontier->size, &row);
        if (status == APR_NOTFOUND ||
            (status == APR_SUCCESS && civ_digest_from_hex(&leaf, civ_rows_text(row, 1)) != APR_SUCCESS))
            status = CIV_EINTEGRITY;
        if (status == APR_SUCCESS)
            civ_merkle_frontier_append(frontier, &leaf);
    }
    apr_pool_destroy(cursor.pool);
    return status;
}

apr_status_t civ_leaf_cursor_policy(civ_db_t *db, apr_uint64_t end, apr_uint32_t *difficulty,
                                    apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(CIV_ENTRY_TYPE_POLICY), civ_int(end)};
    civ_problem_t problem;
    civ_entry_t entry;
    const char *payload;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_POLICY_BEFORE], arguments, 2, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    payload = civ_rows_text(rows, 0);
    if (civ_entry_read(&entry, payload, strlen(payload), &problem, pool) != APR_SUCCESS ||
        civ_policy_read(difficulty, &entry, pool) != APR_SUCCESS)
        return CIV_EINTEGRITY;
    return APR_SUCCESS;
}
