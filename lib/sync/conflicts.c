/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file conflicts.c
 * The lists of conflicts and contradictions.
 */
#include "sync/conflicts.h"

#include <apr_strings.h>
#include <string.h>

#include "base/json.h"
#include "base/status.h"
#include "sync/timeline_private.h"

/* Of what contradictions.c has written. */
static const civ_json_limits_t positions_limits = {1048576, 4, 20000, 128};

#define LIST_MAX 100

#define CONFLICT_FROM                                                                                        \
    "SELECT c.conflict, i.item_key, c.attempt, c.updated, c.opened, c.event, c.item FROM "                   \
    "civ_timeline_conflicts c JOIN civ_timeline_items i ON i.item = c.item WHERE "

const civ_statement_t civ_conflicts_sql[SQL_CONFLICTS_COUNT] = {
    [SQL_CONFLICTS_PAGE] = {"conflicts_page", CONFLICT_FROM "c.state = 0 AND c.conflict > %lld AND "
                                                            "c.conflict <= %lld ORDER BY c.conflict "
                                                            "LIMIT %lld"},
    [SQL_CONFLICT_OF_KEY] = {"conflict_of_key",
                             CONFLICT_FROM "c.item = (SELECT item FROM civ_timeline_items WHERE item_key = "
                                           "%s) AND c.state = 0 LIMIT 1"},
    [SQL_CONFLICT_BY_NUMBER] = {"conflict_by_number", CONFLICT_FROM "c.conflict = %lld"},
    [SQL_CONFLICT_LAST] = {"conflict_last", "SELECT COALESCE(MAX(conflict), 0) FROM civ_timeline_conflicts"},
    [SQL_CONFLICT_CLOSE] = {"conflict_close", "UPDATE civ_timeline_conflicts SET state = 1, closed = %lld, "
                                              "event = %s WHERE conflict = %lld"},
    [SQL_CANDIDATES] = {"conflict_candidates",
                        CIV_ENTRY_FROM "WHERE v.item = %lld AND v.updated = %lld AND v.attempt = %lld "
                                       "ORDER BY v.version LIMIT %lld"},
    [SQL_CONTRADICTIONS_PAGE] = {"contradictions_page",
                                 "SELECT contradiction, sha, subject, opened, positions FROM "
                                 "civ_timeline_contradictions WHERE state = 0 AND contradiction > %lld "
                                 "ORDER BY contradiction LIMIT %lld"},
};
const civ_statement_set_t civ_conflicts_statements = {civ_conflicts_sql, SQL_CONFLICTS_COUNT};

static const char *const policies[] = {"most_complete", "latest", "prefer"};

const char *civ_conflict_policy_name(civ_conflict_policy_e policy)
{
    return policies[policy];
}

apr_status_t civ_conflict_policy_parse(civ_conflict_policy_e *policy, const char *word)
{
    int i;

    for (i = 0; i < (int)(sizeof(policies) / sizeof(policies[0])); i++)
        if (strcmp(policies[i], word) == 0) {
            *policy = (civ_conflict_policy_e)i;
            return APR_SUCCESS;
        }
    return CIV_EINVALID;
}

static apr_status_t read_candidates(civ_db_t *db, civ_conflict_t *conflict, apr_int64_t item,
                                    apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(item), civ_int(conflict->updated), civ_int(conflict->attempt),
                                        civ_int(CIV_CONFLICT_CANDIDATES_MAX)};
    civ_timeline_entry_t found[CIV_CONFLICT_CANDIDATES_MAX];
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_conflicts_sql[SQL_CANDIDATES], arguments, 4, &rows, pool);
    int count = 0;

    while (status == APR_SUCCESS && count < CIV_CONFLICT_CANDIDATES_MAX && civ_rows_next(rows) == APR_SUCCESS)
        status = civ_timeline_read(&found[count++], rows, pool);
    conflict->candidate_count = count;
    conflict->candidates = apr_pmemdup(pool, found, (apr_size_t)count * sizeof(*found));
    return status;
}

apr_status_t civ_conflicts_read(civ_db_t *db, civ_conflicts_sql_e statement, const civ_argument_t *arguments,
                                int count, apr_array_header_t *array, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_conflicts_sql[statement], arguments, count, &rows, pool);

    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_conflict_t *conflict = apr_array_push(array);
        apr_int64_t item;

        memset(conflict, 0, sizeof(*conflict));
        if (civ_rows_int(rows, 0, &conflict->number) != APR_SUCCESS ||
            civ_rows_int(rows, 2, &conflict->attempt) != APR_SUCCESS ||
            civ_rows_int(rows, 3, &conflict->updated) != APR_SUCCESS ||
            civ_rows_int(rows, 4, &conflict->opened) != APR_SUCCESS ||
            civ_rows_int(rows, 6, &item) != APR_SUCCESS)
            return CIV_EDATABASE;
        conflict->key = apr_pstrdup(pool, civ_rows_text(rows, 1));
        if (civ_rows_text(rows, 5)[0] != '\0')
            conflict->event = apr_pstrdup(pool, civ_rows_text(rows, 5));
        status = read_candidates(db, conflict, item, pool);
    }
    return status;
}

static int count_positions(const char *text, apr_pool_t *pool)
{
    const civ_json_t *json;
    civ_problem_t problem;

    return civ_json_parse(&json, text, strlen(text), &positions_limits, &problem, pool) == APR_SUCCESS &&
                   json->type == CIV_JSON_ARRAY
               ? (int)json->as.array.count
               : 0;
}

static apr_status_t read_contradictions(civ_db_t *db, apr_int64_t after, int limit, apr_array_header_t *array,
                                        apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(after), civ_int(limit)};
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(db, &civ_conflicts_sql[SQL_CONTRADICTIONS_PAGE], arguments, 2, &rows, pool);

    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_conflict_t *conflict = apr_array_push(array);

        memset(conflict, 0, sizeof(*conflict));
        if (civ_rows_int(rows, 0, &conflict->number) != APR_SUCCESS ||
            civ_rows_int(rows, 3, &conflict->opened) != APR_SUCCESS)
            return CIV_EDATABASE;
        conflict->sha = apr_pstrdup(pool, civ_rows_text(rows, 1));
        conflict->key = apr_pstrcat(pool, conflict->sha, ":", civ_rows_text(rows, 2), NULL);
        conflict->positions = apr_pstrdup(pool, civ_rows_text(rows, 4));
        conflict->position_count = count_positions(conflict->positions, pool);
    }
    return status;
}

apr_status_t civ_conflicts_list(civ_store_t *store, civ_conflict_kind_e kind, apr_int64_t after, int limit,
                                civ_conflicts_page_t *page, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(after), civ_int(APR_INT64_MAX), civ_int(limit + 1)};
    apr_array_header_t *found = apr_array_make(pool, limit + 1, sizeof(civ_conflict_t));
    civ_db_t *db;
    apr_status_t status;

    memset(page, 0, sizeof(*page));
    if (limit < 1 || limit > LIST_MAX)
        return APR_EINVAL;
    status = civ_store_acquire(store, &db);
    if (status != APR_SUCCESS)
        return status;
    status = kind == CIV_CONFLICT_OF_VERSIONS
                 ? civ_conflicts_read(db, SQL_CONFLICTS_PAGE, arguments, 3, found, pool)
                 : read_contradictions(db, after, limit + 1, found, pool);
    civ_store_release(store, db);
    page->conflicts = (civ_conflict_t *)found->elts;
    page->count = found->nelts < limit ? found->nelts : limit;
    if (found->nelts > limit)
        page->next = page->conflicts[limit - 1].number;
    return status;
}
