/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Numbered schema steps: each runs once, in a transaction of its own, and is noted in civ_schema.
 */
#include <apr_strings.h>

#include "store/store_private.h"

/* More than the steps another process could make meanwhile. */
#define TRIES 50

static const char CREATE_VERSIONS[] =
    "CREATE TABLE IF NOT EXISTS civ_schema (area VARCHAR(64) PRIMARY KEY, version BIGINT NOT NULL)";

static apr_status_t read_version(civ_db_t *db, const civ_schema_t *schema, apr_int64_t *version,
                                 apr_pool_t *pool)
{
    const char *value;
    /* The area is a word of ours from a static table, so it may stand in the text. */
    const char *sql = apr_psprintf(pool, "SELECT version FROM civ_schema WHERE area = '%s'", schema->area);
    apr_status_t status = civ_db_raw_value(db, sql, &value, pool);

    if (status == CIV_ESCHEMA)
        status = civ_db_raw_value(db, sql, &value, pool);
    *version = status == APR_SUCCESS ? apr_atoi64(value) : 0;
    return status == APR_EOF ? APR_SUCCESS : status;
}

static apr_status_t note_version(civ_db_t *db, const civ_schema_t *schema, int version, apr_pool_t *pool)
{
    apr_status_t status =
        civ_db_run(db, apr_psprintf(pool, "DELETE FROM civ_schema WHERE area = '%s'", schema->area));

    if (status != APR_SUCCESS)
        return status;
    return civ_db_run(db, apr_psprintf(pool, "INSERT INTO civ_schema (area, version) VALUES ('%s', %d)",
                                       schema->area, version));
}

static apr_status_t run_step(civ_db_t *db, const civ_schema_t *schema, const civ_schema_step_t *step,
                             apr_pool_t *pool)
{
    const char *const *statement;
    apr_int64_t version = 0;
    int unknown;
    apr_status_t status = civ_db_begin(db);

    if (status != APR_SUCCESS)
        return status;
    /* Another process may have been faster. */
    status = read_version(db, schema, &version, pool);
    if (status == APR_SUCCESS && db->dialect->before_step != NULL)
        status = civ_db_run(db, db->dialect->before_step);
    if (status == APR_SUCCESS && version < step->version) {
        for (statement = step->statements; *statement != NULL && status == APR_SUCCESS; statement++)
            status = civ_db_run(db, *statement);
        if (status == APR_SUCCESS)
            status = note_version(db, schema, step->version, pool);
    }
    if (status != APR_SUCCESS) {
        civ_db_rollback(db);
        return status;
    }
    return civ_db_commit(db, &unknown);
}

static apr_status_t upgrade(civ_db_t *db, const civ_schema_t *schema, const civ_log_t *log, apr_pool_t *pool)
{
    apr_int64_t version = 0;
    apr_size_t i;
    apr_status_t status = civ_db_run(db, CREATE_VERSIONS);

    /* PostgreSQL's way to say that another process has made it this very moment. */
    if (status == CIV_ECONSTRAINT)
        status = CIV_ESCHEMA;
    if (status == APR_SUCCESS)
        status = read_version(db, schema, &version, pool);
    if (status == APR_SUCCESS && version > (apr_int64_t)schema->count) {
        civ_log_write(log, CIV_LOG_ERROR, APR_SUCCESS,
                      "CIV0105: the tables of \"%s\" have version %" APR_INT64_T_FMT
                      ", newer than the %" APR_SIZE_T_FMT " this program knows: use a newer program",
                      schema->area, version, schema->count);
        return CIV_EINVALID;
    }
    for (i = 0; i < schema->count && status == APR_SUCCESS; i++) {
        if (schema->steps[i].version <= version)
            continue;
        status = run_step(db, schema, &schema->steps[i], pool);
        if (status == APR_SUCCESS)
            civ_log_write(log, CIV_LOG_INFO, APR_SUCCESS, "CIV0106: database: %s step %d: %s", schema->area,
                          schema->steps[i].version, schema->steps[i].what);
    }
    return status;
}

apr_status_t civ_schema_upgrade(civ_db_t *db, const civ_schema_t *schema, const civ_log_t *log,
                                apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_status_t status;
    int tries = 0;

    apr_pool_create(&scratch, pool);
    /* Another process may be at the same steps: each one it makes changes the schema under us. */
    do
        status = upgrade(db, schema, log, scratch);
    while (status == CIV_ESCHEMA && ++tries < TRIES);
    apr_pool_destroy(scratch);
    return status;
}
