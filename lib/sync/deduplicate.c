/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file deduplicate.c
 * Removing versions that say nothing new. Looking for them is reading; only what was found is looked at again and removed within a
 * transaction.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/conflicts.h"
#include "sync/timeline_private.h"

/* Items that are looked through by one statement, and versions of one transaction. */
#define ITEMS_AT_ONCE 2000
#define REMOVED_MOST  200

enum { SQL_DUP_LAST, SQL_DUP_FIND, SQL_DUP_DELETE, SQL_DUP_COUNT };

/* Another version with the same content of the same time; of two, the current or else the first one stays. */
#define IS_DUPLICATE                                                                                         \
    "EXISTS (SELECT 1 FROM civ_timeline_versions w WHERE w.item = v.item AND w.updated = v.updated AND "     \
    "w.attempt = v.attempt AND w.content_hash = v.content_hash AND w.number <> v.number AND (w.number < "    \
    "v.number OR w.number = (SELECT i.version FROM civ_timeline_items i WHERE i.item = v.item))) AND "       \
    "v.chosen = 0 AND v.number <> (SELECT i.version FROM civ_timeline_items i WHERE i.item = v.item) AND "   \
    "NOT EXISTS (SELECT 1 FROM civ_timeline_moves m WHERE m.version = v.number)"

static const civ_statement_t sql[SQL_DUP_COUNT] = {
    [SQL_DUP_LAST] = {"duplicate_last", "SELECT COALESCE(MAX(item), 0) FROM civ_timeline_items"},
    [SQL_DUP_FIND] = {"duplicate_find", "SELECT v.number, v.item, (SELECT i.source FROM civ_timeline_items i "
                                        "WHERE i.item = v.item) FROM civ_timeline_versions v WHERE "
                                        "v.item > %lld AND v.item <= %lld AND " IS_DUPLICATE
                                        " ORDER BY v.item, v.number LIMIT %lld"},
    [SQL_DUP_DELETE] = {"duplicate_delete", "DELETE FROM civ_timeline_versions WHERE number IN (SELECT "
                                            "v.number FROM civ_timeline_versions v WHERE v.number = %lld "
                                            "AND " IS_DUPLICATE ")"},
};
const civ_statement_set_t civ_deduplicate_statements = {sql, SQL_DUP_COUNT};

typedef struct found_t {
    apr_int64_t version;
    const char *source;
} found_t;

typedef struct cleaning_t {
    apr_array_header_t *found; /**< found_t */
    apr_int64_t removed;       /**< by this transaction */
} cleaning_t;

static apr_status_t apply(void *baton, civ_change_t *change)
{
    cleaning_t *cleaning = baton;
    apr_array_header_t *totals = apr_array_make(change->pool, 4, sizeof(civ_timeline_total_t));
    apr_status_t status = APR_SUCCESS;
    int i;

    cleaning->removed = 0;
    for (i = 0; i < cleaning->found->nelts && status == APR_SUCCESS; i++) {
        const found_t *found = &APR_ARRAY_IDX(cleaning->found, i, found_t);
        const civ_argument_t number = civ_int(found->version);
        int affected = 0;

        status = civ_db_execute(change->db, &sql[SQL_DUP_DELETE], &number, 1, &affected);
        cleaning->removed += affected;
        civ_timeline_totals_note(totals, found->source, 0, -affected);
    }
    return status == APR_SUCCESS ? civ_timeline_totals_write(totals, change->db) : status;
}

static apr_status_t read_last(civ_db_t *db, apr_int64_t *last, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &sql[SQL_DUP_LAST], NULL, 0, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_rows_int(rows, 0, last) : CIV_EDATABASE;
}

/* @a after is moved to the last item that was looked through. */
static apr_status_t find(civ_db_t *db, apr_int64_t *after, apr_array_header_t *found, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(*after), civ_int(*after + ITEMS_AT_ONCE),
                                        civ_int(REMOVED_MOST)};
    apr_int64_t item = *after + ITEMS_AT_ONCE;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &sql[SQL_DUP_FIND], arguments, 3, &rows, pool);

    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        found_t *version = apr_array_push(found);

        version->source = apr_pstrdup(pool, civ_rows_text(rows, 2));
        if (civ_rows_int(rows, 0, &version->version) != APR_SUCCESS ||
            civ_rows_int(rows, 1, &item) != APR_SUCCESS)
            return CIV_EDATABASE;
    }
    /* More than was asked for may be there, of that item too. */
    if (found->nelts == REMOVED_MOST)
        *after = item - 1;
    else
        *after += ITEMS_AT_ONCE;
    return status;
}

static apr_status_t look(civ_store_t *store, apr_int64_t *after, apr_int64_t *last, apr_array_header_t *found,
                         apr_pool_t *pool)
{
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status != APR_SUCCESS)
        return status;
    if (*last == 0)
        status = read_last(db, last, pool);
    if (status == APR_SUCCESS)
        status = find(db, after, found, pool);
    civ_store_release(store, db);
    return status;
}

apr_status_t civ_timeline_deduplicate(civ_store_t *store, const civ_transactor_t *transactor,
                                      int (*interrupted)(void *baton), void *baton, apr_int64_t *removed,
                                      civ_problem_t *problem, apr_pool_t *pool)
{
    apr_int64_t after = 0, last = 0;
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *scratch;

    *removed = 0;
    apr_pool_create(&scratch, pool);
    do {
        cleaning_t cleaning = {apr_array_make(scratch, 16, sizeof(found_t)), 0};

        if (interrupted != NULL && interrupted(baton))
            status = CIV_EINTERRUPTED;
        if (status == APR_SUCCESS)
            status = look(store, &after, &last, cleaning.found, scratch);
        if (status == APR_SUCCESS && cleaning.found->nelts > 0)
            status = civ_change_run(transactor, apply, &cleaning, problem, scratch);
        if (status == APR_SUCCESS) {
            *removed += cleaning.removed;
            apr_pool_clear(scratch);
        }
    } while (status == APR_SUCCESS && after < last);
    return status;
}
