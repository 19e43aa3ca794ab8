/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Statements of a connection: prepared when they are first used, run, and their rows.
 */
#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>

#include "store/store_private.h"

/* Results that may wait to be read: they are small, but somebody has to keep them. */
#define MOST_SENT 256

static civ_prepared_t *slot_of(civ_db_t *db, const civ_statement_t *statement)
{
    apr_size_t i;

    for (i = 0; i < db->config->set_count; i++) {
        const civ_statement_set_t *set = &db->config->sets[i];

        if (statement >= set->statements && statement < set->statements + set->count)
            return &db->prepared[i][statement - set->statements];
    }
    return NULL;
}

static apr_status_t prepare(civ_db_t *db, const civ_statement_t *statement, civ_prepared_t *slot)
{
    const char *text = civ_dialect_rewrite(db->dialect, statement->text, db->pool);
    int code;

    /* Where statements have names, a stale one keeps its own until the connection is closed. */
    slot->label = statement->label;
    if (db->again > 0)
        slot->label = apr_psprintf(db->pool, "%s_%u", slot->label, db->again);
    code = apr_dbd_prepare(db->driver, db->pool, db->handle, text, slot->label, &slot->prepared);

    if (code == 0)
        return APR_SUCCESS;
    slot->prepared = NULL;
    return civ_db_failed(db, code, statement->label);
}

static void bind_values(const void **values, const civ_argument_t *arguments, int count)
{
    int i;

    for (i = 0; i < count; i++)
        values[i] =
            arguments[i].text != NULL ? (const void *)arguments[i].text : (const void *)&arguments[i].integer;
}

/* Either kind of run, so that preparing again after a schema change is written once. */
typedef struct run_t {
    const civ_statement_t *statement;
    const void *values[CIV_STORE_MAX_ARGUMENTS];
    int affected;
    apr_dbd_results_t *results; /**< wanted when pool is set */
    apr_pool_t *pool;
} run_t;

static int run_once(civ_db_t *db, run_t *run, apr_dbd_prepared_t *prepared)
{
    if (run->pool != NULL) {
        run->results = NULL;
        return apr_dbd_pbselect(db->driver, run->pool, db->handle, &run->results, prepared, 1, run->values);
    }
    apr_pool_clear(db->scratch);
    return apr_dbd_pbquery(db->driver, db->scratch, db->handle, &run->affected, prepared, run->values);
}

static apr_status_t run(civ_db_t *db, run_t *what, const civ_argument_t *arguments, int count)
{
    civ_prepared_t *slot = slot_of(db, what->statement);
    apr_status_t status = CIV_ESCHEMA;
    int tries;

    if (slot == NULL || count > CIV_STORE_MAX_ARGUMENTS)
        return APR_EINVAL;
    civ_db_receive(db);
    if (db->in_transaction && db->failure != APR_SUCCESS)
        return db->failure;
    bind_values(what->values, arguments, count);
    for (tries = 0; tries < 2 && status == CIV_ESCHEMA; tries++) {
        int code;

        status = slot->prepared != NULL ? APR_SUCCESS : prepare(db, what->statement, slot);
        if (status != APR_SUCCESS)
            continue;
        code = run_once(db, what, slot->prepared);
        if (code == 0)
            return APR_SUCCESS;
        status = civ_db_failed(db, code, what->statement->label);
        if (status == CIV_ESCHEMA) {
            slot->prepared = NULL;
            db->again++;
        }
        if (db->in_transaction)
            break;
    }
    return status;
}

apr_status_t civ_db_execute(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                            int count, int *affected)
{
    run_t what = {.statement = statement};
    apr_status_t status = run(db, &what, arguments, count);

    if (status == APR_SUCCESS && affected != NULL)
        *affected = what.affected;
    return status;
}

apr_status_t civ_db_send(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                         int count)
{
    civ_prepared_t *slot = slot_of(db, statement);
    apr_status_t status = APR_SUCCESS;
    int code;

    if (!db->in_transaction || db->dialect->send == NULL)
        return civ_db_execute(db, statement, arguments, count, NULL);
    if (slot == NULL || count > CIV_STORE_MAX_ARGUMENTS)
        return APR_EINVAL;
    if (slot->prepared == NULL || db->sent >= MOST_SENT)
        status = civ_db_receive(db);
    if (status == APR_SUCCESS)
        status = db->failure;
    if (status == APR_SUCCESS && slot->prepared == NULL)
        status = prepare(db, statement, slot);
    if (status != APR_SUCCESS)
        return status;
    code = db->dialect->send(db, slot->label, arguments, count);
    if (code != 0)
        return civ_db_failed(db, code, statement->label);
    db->sent++;
    return APR_SUCCESS;
}

struct civ_rows_t {
    civ_db_t *db;
    apr_dbd_results_t *results;
    apr_dbd_row_t *row;
    apr_pool_t *pool;
    int ended; /**< some drivers free their result at the end and must not be asked again */
};

apr_status_t civ_db_select(civ_db_t *db, const civ_statement_t *statement, const civ_argument_t *arguments,
                           int count, civ_rows_t **rows, apr_pool_t *pool)
{
    run_t what = {.statement = statement, .pool = pool};
    apr_status_t status = run(db, &what, arguments, count);

    if (status != APR_SUCCESS)
        return status;
    *rows = apr_pcalloc(pool, sizeof(**rows));
    (*rows)->db = db;
    (*rows)->results = what.results;
    (*rows)->pool = pool;
    return APR_SUCCESS;
}

apr_status_t civ_rows_next(civ_rows_t *rows)
{
    const civ_db_t *db = rows->db;

    if (!rows->ended)
        rows->ended = apr_dbd_get_row(db->driver, rows->pool, rows->results, &rows->row, -1) != 0;
    return rows->ended ? APR_EOF : APR_SUCCESS;
}

const char *civ_rows_text(civ_rows_t *rows, int column)
{
    const char *text = apr_dbd_get_entry(rows->db->driver, rows->row, column);

    return text != NULL ? text : "";
}

apr_status_t civ_rows_int(civ_rows_t *rows, int column, apr_int64_t *value)
{
    const char *text = civ_rows_text(rows, column);
    char *end;

    if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
        return CIV_EINVALID;
    errno = 0;
    *value = apr_strtoi64(text, &end, 10);
    return *end == '\0' && errno == 0 ? APR_SUCCESS : CIV_EINVALID;
}

apr_status_t civ_db_run(civ_db_t *db, const char *sql)
{
    int code;

    civ_db_receive(db);
    if (db->in_transaction && db->failure != APR_SUCCESS)
        return db->failure;
    apr_pool_clear(db->scratch);
    code = civ_db_raw_query(db, civ_dialect_rewrite(db->dialect, sql, db->scratch));
    return code == 0 ? APR_SUCCESS : civ_db_failed(db, code, "a schema step");
}
