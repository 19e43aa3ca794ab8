/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Answers kept for Idempotency-Key.
 */
#include <apr_strings.h>
#include <string.h>

#include "store/idempotency.h"
#include "store/tables.h"

apr_status_t civ_idempotency_find(civ_db_t *db, const civ_idempotency_t *idempotency, apr_int64_t now,
                                  const char **answer, civ_problem_t *problem, apr_pool_t *pool)
{
    char key[CIV_DIGEST_HEX_SIZE], request[CIV_DIGEST_HEX_SIZE];
    const civ_argument_t arguments[] = {civ_text(civ_digest_hex(key, &idempotency->key))};
    civ_rows_t *rows;
    apr_int64_t created = 0;
    apr_status_t status = civ_db_select(db, &civ_store_sql[STORE_ANSWER_FIND], arguments, 1, &rows, pool);

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
    apr_status_t status = civ_db_send(db, &civ_store_sql[STORE_ANSWER_FORGET], arguments, 1);

    if (status != APR_SUCCESS)
        return status;
    return civ_db_send(db, &civ_store_sql[STORE_ANSWER_RECORD], arguments, 4);
}

apr_status_t civ_idempotency_any_expired(civ_db_t *db, apr_int64_t now, int *any, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(now - CIV_IDEMPOTENCY_KEPT)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_store_sql[STORE_ANSWER_OLDEST], arguments, 1, &rows, pool);

    if (status == APR_SUCCESS)
        *any = civ_rows_next(rows) == APR_SUCCESS;
    return status;
}

apr_status_t civ_idempotency_expire(civ_db_t *db, apr_int64_t now, int *removed)
{
    const civ_argument_t arguments[] = {civ_int(now - CIV_IDEMPOTENCY_KEPT)};

    return civ_db_execute(db, &civ_store_sql[STORE_ANSWER_EXPIRE], arguments, 1, removed);
}
