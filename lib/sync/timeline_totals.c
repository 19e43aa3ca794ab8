/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_totals.c
 * How much the timeline holds, by platform: kept with the rows by the same commit, so that nobody has to count them.
 *
 * Each transaction adds to them once a change, after its rows. Writers of all processes and hosts are shut out from the
 * beginning of a transaction on, so these rows are waited for by nobody.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/timeline_private.h"

/* More than there are platforms. */
#define SOURCES_MOST 64

const char *const civ_timeline_totals_tables[] = {
    "CREATE TABLE civ_timeline_totals (source VARCHAR(32) PRIMARY KEY, items BIGINT NOT NULL, "
    "versions BIGINT NOT NULL)",
    "INSERT INTO civ_timeline_totals (source, items, versions) SELECT source, COUNT(*), 0 FROM "
    "civ_timeline_items GROUP BY source",
    "UPDATE civ_timeline_totals SET versions = (SELECT COUNT(*) FROM civ_timeline_items i JOIN "
    "civ_timeline_versions v ON v.item = i.item WHERE i.source = civ_timeline_totals.source)",
    NULL,
};

enum { SQL_ADD, SQL_GET, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_ADD] = {"timeline_totals_add",
                 "INSERT INTO civ_timeline_totals (source, items, versions) VALUES (%s, %lld, %lld) ON "
                 "CONFLICT (source) DO UPDATE SET items = civ_timeline_totals.items + excluded.items, "
                 "versions = civ_timeline_totals.versions + excluded.versions"},
    [SQL_GET] = {"timeline_totals", "SELECT source, items, versions FROM civ_timeline_totals ORDER BY source "
                                    "LIMIT %lld"},
};
const civ_statement_set_t civ_timeline_totals_statements = {sql, SQL_COUNT};

void civ_timeline_totals_note(apr_array_header_t *totals, const char *source, apr_int64_t items,
                              apr_int64_t versions)
{
    civ_timeline_total_t *total = (civ_timeline_total_t *)totals->elts;
    int i;

    for (i = 0; i < totals->nelts && strcmp(total[i].source, source) != 0; i++)
        ;
    if (i == totals->nelts) {
        total = apr_array_push(totals);
        memset(total, 0, sizeof(*total));
        total->source = source;
        i = 0;
    }
    total[i].items += items;
    total[i].versions += versions;
}

apr_status_t civ_timeline_totals_write(const apr_array_header_t *totals, civ_db_t *db)
{
    const civ_timeline_total_t *total = (const civ_timeline_total_t *)totals->elts;
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < totals->nelts && status == APR_SUCCESS; i++) {
        const civ_argument_t row[] = {civ_text(total[i].source), civ_int(total[i].items),
                                      civ_int(total[i].versions)};

        status = civ_db_send(db, &sql[SQL_ADD], row, 3);
    }
    return status;
}

apr_status_t civ_timeline_totals(civ_db_t *db, apr_array_header_t **totals, apr_pool_t *pool)
{
    const civ_argument_t most = civ_int(SOURCES_MOST);
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &sql[SQL_GET], &most, 1, &rows, pool);

    *totals = apr_array_make(pool, 8, sizeof(civ_timeline_total_t));
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_timeline_total_t *total = apr_array_push(*totals);

        total->source = apr_pstrdup(pool, civ_rows_text(rows, 0));
        if (civ_rows_int(rows, 1, &total->items) != APR_SUCCESS ||
            civ_rows_int(rows, 2, &total->versions) != APR_SUCCESS)
            return CIV_EDATABASE;
    }
    return status;
}
