/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * One connection: opening and closing, texts outside prepared statements, and what a failure means.
 */
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "store/store_private.h"

apr_status_t civ_store_initialize(apr_pool_t *pool)
{
    return apr_dbd_init(pool);
}

/* --- failures --- */

static civ_log_level_e level_of(apr_status_t status)
{
    if (status == CIV_ESCHEMA)
        return CIV_LOG_DEBUG;
    return status == CIV_EBUSY || status == CIV_ECONSTRAINT ? CIV_LOG_INFO : CIV_LOG_ERROR;
}

apr_status_t civ_db_failed(civ_db_t *db, int code, const char *what)
{
    const char *reason = db->reason != NULL ? db->reason : apr_dbd_error(db->driver, db->handle, code);
    char words[CIV_DRIVER_WORDS + 1];
    apr_status_t status;

    /* Copied, because classifying makes the connection forget them. */
    apr_cpystrn(words, reason != NULL ? reason : "no reason given", sizeof(words));
    words[strcspn(words, "\n")] = '\0';
    status = db->dialect->classify(db, code);
    civ_log_write(db->config->log, level_of(status), APR_SUCCESS,
                  "CIV0102: database: %s failed (code %d): %s", what, code, words);
    /* What may have been opened wrongly, or is stale beyond one statement, is opened anew. */
    if (status == CIV_EREADONLY || status == CIV_EUNREACHABLE || status == CIV_ECORRUPT)
        db->broken = 1;
    if (status == CIV_ESCHEMA && db->in_transaction)
        db->broken = 1;
    if (db->in_transaction && db->failure == APR_SUCCESS)
        db->failure = status;
    return status;
}

apr_status_t civ_db_receive(civ_db_t *db)
{
    int code;

    if (db->sent == 0)
        return APR_SUCCESS;
    db->sent = 0;
    code = db->dialect->receive(db);
    if (code == 0)
        return APR_SUCCESS;
    civ_db_failed(db, code, "a statement that was sent ahead");
    db->reason = NULL;
    return db->failure;
}

int civ_db_raw_query(civ_db_t *db, const char *sql)
{
    int affected = 0;

    civ_db_receive(db);
    return apr_dbd_query(db->driver, db->handle, &affected, sql);
}

apr_status_t civ_db_raw_value(civ_db_t *db, const char *sql, const char **value, apr_pool_t *pool)
{
    apr_dbd_results_t *results = NULL;
    apr_dbd_row_t *row = NULL;
    int code;

    civ_db_receive(db);
    code = apr_dbd_select(db->driver, pool, db->handle, &results, sql, 1);
    if (code != 0)
        return civ_db_failed(db, code, sql);
    if (apr_dbd_get_row(db->driver, pool, results, &row, -1) != 0)
        return APR_EOF;
    *value = apr_pstrdup(pool, apr_dbd_get_entry(db->driver, row, 0));
    if (*value == NULL)
        *value = "";
    /* Walk to the end: some drivers free their result only there. */
    while (apr_dbd_get_row(db->driver, pool, results, &row, -1) == 0)
        continue;
    return APR_SUCCESS;
}

/* --- opening --- */

static apr_status_t make_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status != APR_SUCCESS)
        return status;
    /* A root pool with its own allocator: connections move between threads and must share no pool with any.
     */
    status = apr_pool_create_ex(pool, NULL, NULL, allocator);
    if (status == APR_SUCCESS)
        apr_allocator_owner_set(allocator, *pool);
    else
        apr_allocator_destroy(allocator);
    return status;
}

static void make_statement_slots(civ_db_t *db)
{
    apr_size_t i;

    db->prepared = apr_pcalloc(db->pool, db->config->set_count * sizeof(*db->prepared));
    for (i = 0; i < db->config->set_count; i++)
        db->prepared[i] = apr_pcalloc(db->pool, db->config->sets[i].count * sizeof(**db->prepared));
}

static apr_status_t close_cleanup(void *baton)
{
    civ_db_t *db = baton;

    db->owner = NULL;
    civ_db_close(db);
    return APR_SUCCESS;
}

/* No status: the drivers have but one for all failures. */
static void report_connect(const civ_db_t *db, civ_repetition_t *refusal, const char *error)
{
    const char *reason = error != NULL ? error : "no reason given";
    char words[CIV_DRIVER_WORDS + 1];
    const char *more = "";
    unsigned left_out;

    if (db->dialect->conceal != NULL)
        reason = db->dialect->conceal(reason, db->config->parameters, db->pool);
    apr_cpystrn(words, reason, sizeof(words));
    if (refusal != NULL) {
        if (civ_repetition(refusal, 1, words, apr_time_now(), &left_out))
            return;
        if (left_out > 0)
            more = apr_psprintf(db->pool, " (%u more failures were not logged)", left_out);
    }
    civ_log_write(db->config->log, CIV_LOG_ERROR, APR_SUCCESS, "CIV0103: database: cannot connect: %s%s",
                  words, more);
}

static apr_status_t connect_database(civ_db_t *db, civ_repetition_t *refusal)
{
    const char *parameters = db->config->parameters, *error = NULL;
    apr_status_t status = apr_dbd_get_driver(db->pool, db->config->driver, &db->driver);

    if (status != APR_SUCCESS)
        return status;
    if (db->config->must_exist && db->dialect->find != NULL)
        status = db->dialect->find(parameters, &error, db->pool);
    if (db->dialect->complete_parameters != NULL)
        parameters = db->dialect->complete_parameters(parameters, db->pool);
    if (status == APR_SUCCESS)
        status = apr_dbd_open_ex(db->driver, db->pool, parameters, &db->handle, &error);
    if (status != APR_SUCCESS) {
        report_connect(db, refusal, error);
        db->handle = NULL;
        return CIV_EUNREACHABLE;
    }
    return db->dialect->setup(db);
}

apr_status_t civ_db_open(civ_db_t **out, const civ_store_config_t *config, apr_pool_t *pool)
{
    return civ_db_open_again(out, config, NULL, pool);
}

apr_status_t civ_db_open_again(civ_db_t **out, const civ_store_config_t *config, civ_repetition_t *refusal,
                               apr_pool_t *pool)
{
    const civ_dialect_t *dialect = civ_dialect_find(config->driver);
    apr_pool_t *own;
    civ_db_t *db;
    apr_status_t status;

    if (dialect == NULL)
        return APR_ENOTIMPL;
    status = make_pool(&own);
    if (status != APR_SUCCESS)
        return status;
    db = apr_pcalloc(own, sizeof(*db));
    db->config = config;
    db->dialect = dialect;
    db->pool = own;
    apr_pool_create(&db->scratch, own);
    make_statement_slots(db);
    status = connect_database(db, refusal);
    if (status != APR_SUCCESS) {
        civ_db_close(db);
        return status;
    }
    if (pool != NULL) {
        db->owner = pool;
        apr_pool_cleanup_register(pool, db, close_cleanup, apr_pool_cleanup_null);
    }
    *out = db;
    return APR_SUCCESS;
}

void civ_db_close(civ_db_t *db)
{
    if (db->owner != NULL)
        apr_pool_cleanup_kill(db->owner, db, close_cleanup);
    if (db->handle != NULL) {
        civ_db_rollback(db);
        apr_dbd_close(db->driver, db->handle);
    }
    apr_pool_destroy(db->pool);
}

/* --- what the dialect can do --- */

apr_status_t civ_db_free_space(civ_db_t *db, apr_int64_t *bytes)
{
    return db->dialect->free_space != NULL ? db->dialect->free_space(db, bytes) : APR_ENOTIMPL;
}

apr_status_t civ_db_copy(civ_db_t *db, const char *path, int (*interrupted)(void *baton), void *baton)
{
    return db->dialect->copy != NULL ? db->dialect->copy(db, path, interrupted, baton) : APR_ENOTIMPL;
}

apr_status_t civ_db_seclude(civ_db_t *db)
{
    return db->dialect->seclude != NULL ? db->dialect->seclude(db) : APR_ENOTIMPL;
}

apr_status_t civ_db_count_foreign(civ_db_t *db, apr_int64_t *count, apr_pool_t *pool)
{
    const char *value;
    apr_status_t status = civ_db_raw_value(db, db->dialect->count_foreign, &value, pool);

    if (status == CIV_ESCHEMA)
        status = civ_db_raw_value(db, db->dialect->count_foreign, &value, pool);
    if (status == APR_SUCCESS)
        *count = apr_atoi64(value);
    return status;
}

/** The sentence for a failure that passes; NULL for any other. @param refused set to whether nothing was stored then */
static const char *outage(apr_status_t status, int *refused)
{
    *refused = status != CIV_ECORRUPT && status != CIV_EUNSETTLED;
    switch (status) {
    case CIV_EFULL:
        return "There is no room left to store evidence";
    case CIV_EREADONLY:
        return "The database cannot be written";
    case CIV_ECORRUPT:
        return "The database is damaged; an administrator has to restore it";
    case CIV_EINTERRUPTED:
        return "The server is stopping";
    case CIV_EUNSETTLED:
        return "The database was lost while this was being stored, and it is not known whether it was; "
               "a repeat with the same Idempotency-Key stores nothing twice";
    case CIV_ECONFLICT:
    case CIV_EBUSY:
    case CIV_EUNREACHABLE:
    case CIV_ESCHEMA:
        return "The database cannot be reached";
    default:
        return APR_STATUS_IS_TIMEUP(status) ? "The database is busy" : NULL;
    }
}

static void set_problem(civ_problem_t *problem, apr_status_t status, int stores, apr_pool_t *pool)
{
    int refused;
    const char *sentence = outage(status, &refused);

    if (sentence != NULL)
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool, "%s%s", sentence,
                        stores && refused ? "; nothing was stored" : "");
    else
        civ_problem_set(problem, CIV_PROBLEM_INTERNAL, pool,
                        "The server met an error of its own; its log has the details");
}

void civ_store_problem(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool)
{
    set_problem(problem, status, 1, pool);
}

void civ_store_problem_reading(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool)
{
    set_problem(problem, status, 0, pool);
}
