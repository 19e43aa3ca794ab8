/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Listing what was shared.
 */
#include "federation/evidence_private.h"

#include <string.h>

/** Versions of one piece of evidence that an answer lists. */
#define VERSIONS_MAX 1000

static apr_status_t take_rows(civ_shared_page_t *page, civ_rows_t *rows, apr_int64_t k, int limit,
                              apr_pool_t *pool)
{
    page->items = apr_pcalloc(pool, (apr_size_t)limit * sizeof(*page->items));
    while (civ_rows_next(rows) == APR_SUCCESS) {
        civ_evidence_row_t row;
        apr_status_t status;

        if (page->count == limit) {
            page->more = 1;
            break;
        }
        status = civ_evidence_read(&row, rows, k, pool);
        if (status != APR_SUCCESS)
            return status;
        page->items[page->count++] = row.shared;
    }
    return APR_SUCCESS;
}

/** The first number that was shared at that time or later. */
static apr_status_t find_floor(civ_db_t *db, apr_int64_t since, apr_int64_t *floor, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_int(since);
    civ_rows_t *rows;
    apr_status_t status;

    *floor = 0;
    if (since == APR_INT64_MIN)
        return APR_SUCCESS;
    status = civ_db_select(db, &civ_evidence_sql[SQL_EVIDENCE_SINCE], &argument, 1, &rows, pool);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        *floor = APR_INT64_MAX;
    else if (civ_rows_int(rows, 0, floor) != APR_SUCCESS)
        return CIV_EDATABASE;
    return APR_SUCCESS;
}

static apr_status_t select_page(civ_db_t *db, const civ_evidence_query_t *query, apr_int64_t k,
                                civ_rows_t **rows, apr_pool_t *pool)
{
    apr_int64_t floor;
    apr_status_t status = find_floor(db, query->since, &floor, pool);
    const civ_argument_t typed[] = {civ_int(k),
                                    civ_int(k),
                                    civ_text(query->type != NULL ? query->type : ""),
                                    civ_int(query->before),
                                    civ_int(floor),
                                    civ_int(query->limit + 1)};
    const civ_argument_t any[] = {typed[0], typed[1], typed[3], typed[4], typed[5]};

    if (status != APR_SUCCESS)
        return status;
    return query->type != NULL
               ? civ_db_select(db, &civ_evidence_sql[SQL_EVIDENCE_OF_TYPE], typed, 6, rows, pool)
               : civ_db_select(db, &civ_evidence_sql[SQL_EVIDENCE_ALL], any, 5, rows, pool);
}

apr_status_t civ_federation_evidence(civ_federation_t *federation, const civ_evidence_query_t *query,
                                     civ_shared_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_int64_t k = federation->config->min_contributors;
    civ_store_t *store = federation->config->store;
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    memset(page, 0, sizeof(*page));
    if (status == APR_SUCCESS) {
        status = select_page(db, query, k, &rows, pool);
        civ_store_release(store, db);
    }
    if (status == APR_SUCCESS)
        status = take_rows(page, rows, k, query->limit, pool);
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}

/** Only what was shared with others can be asked for; that anything else exists is not told. */
static void keep_public(civ_shared_page_t *page)
{
    int i, kept = 0;

    for (i = 0; i < page->count; i++)
        if (page->items[i].privacy == CIV_PRIVACY_ANONYMIZED)
            page->items[kept++] = page->items[i];
    page->count = kept;
}

apr_status_t civ_federation_versions(civ_federation_t *federation, const char *evidence_id,
                                     civ_shared_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    apr_int64_t k = federation->config->min_contributors;
    const civ_argument_t arguments[] = {civ_int(k), civ_int(k), civ_text(evidence_id), civ_int(VERSIONS_MAX)};
    civ_rows_t *rows;
    int is_id = civ_evidence_id_is_valid(evidence_id);
    apr_status_t status = APR_SUCCESS;

    memset(page, 0, sizeof(*page));
    if (is_id)
        status = civ_federation_select(federation, &civ_evidence_sql[SQL_EVIDENCE_VERSIONS], arguments, 4,
                                       &rows, pool);
    if (is_id && status == APR_SUCCESS)
        status = take_rows(page, rows, k, VERSIONS_MAX, pool);
    if (status != APR_SUCCESS)
        return civ_federation_failed(problem, status, pool);
    keep_public(page);
    if (page->count > 0)
        return APR_SUCCESS;
    civ_problem_set(problem, CIV_PROBLEM_NOT_FOUND, pool, "No evidence with this id was shared");
    return APR_NOTFOUND;
}
