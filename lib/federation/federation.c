/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The object, the tables of all areas, and the totals.
 */
#include <apr_strings.h>
#include <string.h>

#include "federation/members_private.h"

static const civ_schema_step_t steps[] = {
    {1, "members of the federation, their keys, totals", civ_members_tables},
    {2, "shared evidence and votes on it", civ_evidence_tables},
    {3, "benchmarks: contributions and releases", civ_benchmarks_tables},
    {4, "threats, indicators, sightings", civ_threats_tables},
};

const civ_schema_t civ_federation_schema = {"federation", steps, sizeof(steps) / sizeof(steps[0])};

const civ_statement_set_t *const civ_federation_statements[CIV_FEDERATION_SETS] = {
    &civ_totals_statements,     &civ_members_statements, &civ_evidence_statements,
    &civ_benchmarks_statements, &civ_threats_statements,
};

enum { TOTALS_READ, TOTALS_ADD, NETWORK_READ, NETWORK_INSERT };

static const civ_statement_t sql[] = {
    [TOTALS_READ] = {"fed_totals_read",
                     "SELECT total, value FROM civ_fed_totals WHERE total >= 0 ORDER BY total LIMIT 100"},
    [TOTALS_ADD] = {"fed_totals_add", "UPDATE civ_fed_totals SET value = value + %lld WHERE total = %lld"},
    [NETWORK_READ] = {"fed_network_read", "SELECT key_id FROM civ_fed_network WHERE id = 1"},
    [NETWORK_INSERT] = {"fed_network_insert", "INSERT INTO civ_fed_network (id, key_id) VALUES (1, %s)"},
};

const civ_statement_set_t civ_totals_statements = {sql, sizeof(sql) / sizeof(sql[0])};

apr_status_t civ_federation_open(civ_federation_t **out, const civ_federation_config_t *config,
                                 apr_pool_t *pool)
{
    civ_federation_t *federation = apr_pcalloc(pool, sizeof(*federation));

    federation->config = config;
    *out = federation;
    return civ_key_cache_create(&federation->keys, pool);
}

apr_status_t civ_federation_select(const civ_federation_t *federation, const civ_statement_t *statement,
                                   const civ_argument_t *arguments, int count, civ_rows_t **rows,
                                   apr_pool_t *pool)
{
    civ_store_t *store = federation->config->store;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, statement, arguments, count, rows, pool);
    civ_store_release(store, db);
    return status;
}

apr_status_t civ_federation_totals(civ_federation_t *federation, civ_totals_t *totals, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_federation_select(federation, &sql[TOTALS_READ], NULL, 0, &rows, pool);

    memset(totals, 0, sizeof(*totals));
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t total, value;

        if (civ_rows_int(rows, 0, &total) == APR_SUCCESS && civ_rows_int(rows, 1, &value) == APR_SUCCESS &&
            total >= 0 && total < CIV_TOTAL_COUNT)
            totals->values[total] = value;
    }
    return status;
}

/* --- operations --- */

apr_status_t civ_operation_count(civ_operation_t *operation, civ_change_t *change, civ_total_e total,
                                 apr_int64_t by)
{
    const civ_argument_t arguments[] = {civ_int(by), civ_int(total)};

    operation->moved.values[total] += by;
    return by == 0 ? APR_SUCCESS : civ_db_execute(change->db, &sql[TOTALS_ADD], arguments, 2, NULL);
}

apr_status_t civ_federation_require_key(const civ_federation_t *federation, civ_problem_t *problem,
                                        apr_pool_t *pool)
{
    if (federation->config->pseudonym_key != NULL)
        return APR_SUCCESS;
    civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool,
                    "This server has no network key at the moment; nothing was stored");
    return CIV_EUNREACHABLE;
}

/** The network's key makes the pseudonyms: hosts that share a database share it, or one organisation would have several. */
static apr_status_t check_network(civ_federation_t *federation, civ_change_t *change)
{
    const civ_federation_config_t *config = federation->config;
    char id[CIV_PSEUDONYM_KEY_ID_SIZE];
    const civ_argument_t argument = civ_text(id);
    civ_rows_t *rows;
    apr_status_t status;

    if (apr_atomic_read32(&federation->network_checked))
        return APR_SUCCESS;
    status = civ_federation_require_key(federation, change->problem, change->pool);
    if (status != APR_SUCCESS)
        return status;
    civ_pseudonym_key_id(id, config->pseudonym_key);
    status = civ_db_select(change->db, &sql[NETWORK_READ], NULL, 0, &rows, change->pool);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return civ_db_execute(change->db, &sql[NETWORK_INSERT], &argument, 1, NULL);
    if (strcmp(civ_rows_text(rows, 0), id) == 0) {
        apr_atomic_set32(&federation->network_checked, 1);
        return APR_SUCCESS;
    }
    /* Once: every request that is refused would say the same. */
    if (apr_atomic_xchg32(&federation->network_reported, 1) == 0)
        civ_log_write(
            config->log, CIV_LOG_ERROR, APR_SUCCESS,
            "CIV0500: the network's key (keys/pseudonym.key) of this host has the id %s, but pseudonyms in "
            "the database were made with the key %s: copy that one, and pseudonym.id with it, "
            "from where they are, and restart",
            id, civ_rows_text(rows, 0));
    civ_problem_set(change->problem, CIV_PROBLEM_UNAVAILABLE, change->pool,
                    "This server has another network key than the one in use; nothing was stored");
    return CIV_EREADONLY;
}

static apr_status_t admit(void *baton, civ_change_t *change)
{
    civ_operation_t *operation = baton;
    apr_status_t status = check_network(operation->federation, change);

    memset(&operation->moved, 0, sizeof(operation->moved));
    /* An earlier answer is told again without asking the area, which looks at who speaks. */
    if (status == APR_SUCCESS && operation->may_repeat && !operation->is_join)
        status = civ_member_may_hear(operation->speaker, change);
    return status == APR_SUCCESS ? civ_speaker_admit(operation->speaker, change) : status;
}

static void committed(void *baton)
{
    const civ_operation_t *operation = baton;
    const civ_federation_config_t *config = operation->federation->config;

    if (config->totals_moved != NULL)
        config->totals_moved(config->baton, &operation->moved);
    if (operation->is_of_members && config->members_changed != NULL)
        config->members_changed(config->baton);
}

/** Each organisation has Idempotency-Keys of its own: nobody uses up another's, or learns which it has used. */
static void name_own_key(civ_idempotency_t *own, const civ_idempotency_t *given, const char *organization_id)
{
    *own = *given;
    civ_digest_sha256_two(&own->key, given->key.bytes, sizeof(given->key.bytes), organization_id,
                          strlen(organization_id));
}

apr_status_t civ_operation_run(civ_operation_t *operation, civ_change_fn apply,
                               const civ_idempotency_t *idempotency, civ_change_result_t *result,
                               civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_transactor_t *transactor = &operation->federation->config->transactor;
    civ_idempotency_t own;
    const civ_change_steps_t steps_of_change = {.admit = admit,
                                                .apply = apply,
                                                .committed = committed,
                                                .baton = operation,
                                                .idempotency = idempotency != NULL ? &own : NULL};

    operation->may_repeat = idempotency != NULL;
    if (idempotency != NULL)
        name_own_key(&own, idempotency, operation->speaker->organization_id);
    return transactor->run(transactor->baton, &steps_of_change, result, problem, pool);
}

const char *civ_operation_proof(const civ_operation_t *operation)
{
    return operation->speaker->proof != NULL ? operation->speaker->proof : "";
}

apr_status_t civ_federation_failed(civ_problem_t *problem, apr_status_t status, apr_pool_t *pool)
{
    civ_store_problem_reading(problem, status, pool);
    return status;
}

apr_status_t civ_federation_last(civ_change_t *change, const civ_statement_t *statement, apr_int64_t *value)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, statement, NULL, 0, &rows, change->pool);

    *value = 0;
    if (status != APR_SUCCESS || civ_rows_next(rows) != APR_SUCCESS)
        return status;
    return civ_rows_int(rows, 0, value) == APR_SUCCESS ? APR_SUCCESS : CIV_EDATABASE;
}

const char *civ_federation_pseudonym(const civ_federation_t *federation, const char *purpose,
                                     apr_int64_t when, const char *organization_id, apr_pool_t *pool)
{
    char epoch[CIV_EPOCH_SIZE];

    return civ_pseudonym(apr_palloc(pool, CIV_PSEUDONYM_SIZE), federation->config->pseudonym_key, purpose,
                         civ_epoch_of(epoch, when), organization_id);
}

const char *civ_federation_keyed_name(const civ_federation_t *federation, const char *purpose,
                                      const char *text, apr_pool_t *pool)
{
    return civ_pseudonym(apr_palloc(pool, CIV_PSEUDONYM_SIZE), federation->config->pseudonym_key, purpose, "",
                         text);
}
