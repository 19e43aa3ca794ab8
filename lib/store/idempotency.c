/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Answers kept for Idempotency-Key.
 */
#include <apr_strings.h>
#include <string.h>

#include "store/idempotency.h"

static const char *const create_answers[] = {
    "CREATE TABLE civ_idempotency (key_hash CHAR(64) PRIMARY KEY, request_hash CHAR(64) NOT NULL, "
    "created BIGINT NOT NULL, answer TEXT NOT NULL)",
    "CREATE INDEX civ_idempotency_created ON civ_idempotency (created)",
    NULL,
};

static const civ_schema_step_t steps[] = {
    {1, "answers kept for Idempotency-Key", create_answers},
};

const civ_schema_t civ_store_schema = {"store", steps, sizeof(steps) / sizeof(steps[0])};

enum { FIND, FORGET, RECORD, OLDEST, EXPIRE };

static const civ_statement_t statements[] = {
    [FIND] = {"idempotency_find",
              "SELECT request_hash, created, answer FROM civ_idempotency WHERE key_hash = %s LIMIT 1"},
    [FORGET] = {"idempotency_forget", "DELETE FROM civ_idempotency WHERE key_hash = %s"},
    [RECORD] =
        {"idempotency_record",
         "INSERT INTO civ_idempotency (key_hash, request_hash, created, answer) VALUES (%s, %s, %lld, %s)"},
    [OLDEST] = {"idempotency_oldest", "SELECT created FROM civ_idempotency WHERE created < %lld LIMIT 1"},
    [EXPIRE] = {"idempotency_expire",
                "DELETE FROM civ_idempotency WHERE key_hash IN (SELECT key_hash FROM civ_idempotency "
                "WHERE created < %lld ORDER BY created LIMIT 1000)"},
};

const civ_statement_set_t civ_store_statements = {statements, sizeof(statements) / sizeof(statements[0])};

apr_status_t civ_idempotency_find(civ_db_t *db, const civ_idempotency_t *idempotency, apr_int64_t now,
                                  const char **answer, civ_problem_t *problem, apr_pool_t *pool)
{
    char key[CIV_DIGEST_HEX_SIZE], request[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t arguments[] = {civ_text(civ_digest_hex(key, &idempotency->key))};
    civ_rows_t *rows;
    apr_int64_t created = 0;
    apr_status_t status = civ_db_select(db, &statements[FIND], arguments, 1, &rows, pool);

    if (status != APR_SUCCESS) {
        civ_store_problem(problem, status, pool);
        return status;
    }
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 1, &created) != APR_SUCCESS ||
        created < now - CIV_IDEMPOTENCY_KEPT)
        return APR_NOTFOUND;
    if (strcmp(civ_rows_text(rows, 0), civ_digest_hex(request, &idempotency->request)) != 0) {
        civ_problem_set(problem, CIV_PROBLEM_KEY_REUSED, pool,
                        "This Idempotency-Key was used with another request body");
        return CIV_ECONFLICT;
    }
    *answer = apr_pstrdup(pool, civ_rows_text(rows, 2));
    return APR_SUCCESS;
}

apr_status_t civ_idempotency_record(civ_db_t *db, const civ_idempotency_t *idempotency, apr_int64_t now,
                                    const char *answer)
{
    char key[CIV_DIGEST_HEX_SIZE], request[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t arguments[] = {
        civ_text(civ_digest_hex(key, &idempotency->key)),
        civ_text(civ_digest_hex(request, &idempotency->request)),
        civ_int(now),
        civ_text(answer),
    };
    /* An answer that has expired may still be there under this key. */
    apr_status_t status = civ_db_send(db, &statements[FORGET], arguments, 1);

    if (status != APR_SUCCESS)
        return status;
    return civ_db_send(db, &statements[RECORD], arguments, 4);
}

apr_status_t civ_idempotency_any_expired(civ_db_t *db, apr_int64_t now, int *any, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(now - CIV_IDEMPOTENCY_KEPT)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &statements[OLDEST], arguments, 1, &rows, pool);

    if (status == APR_SUCCESS)
        *any = civ_rows_next(rows) == APR_SUCCESS;
    return status;
}

apr_status_t civ_idempotency_expire(civ_db_t *db, apr_int64_t now, int *removed)
{
    const civ_argument_t arguments[] = {civ_int(now - CIV_IDEMPOTENCY_KEPT)};

    return civ_db_execute(db, &statements[EXPIRE], arguments, 1, removed);
}
