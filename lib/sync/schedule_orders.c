/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schedule_orders.c
 * Schedules as people set them: over the network, or in the server's configuration, which goes before.
 */
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/audit.h"
#include "sync/schedules.h"

#define ORIGIN_API       "api"
#define ORIGIN_DIRECTIVE "directive"

/** Behind the number, in what is remembered of a request: it has made nothing. */
#define REPLACED " replaced"

enum { SQL_OF_PROJECT, SQL_BY_NUMBER, SQL_DECLARED, SQL_REMOVE, SQL_COUNT };
static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_OF_PROJECT] = {"sync_order_of", "SELECT schedule, origin, every FROM civ_sync_schedules WHERE "
                                         "platform = %s AND project_id = %s"},
    [SQL_BY_NUMBER] = {"sync_order", "SELECT platform, project_id, origin FROM civ_sync_schedules WHERE "
                                     "schedule = %lld"},
    [SQL_DECLARED] = {"sync_orders_declared", "SELECT schedule, platform, project_id, every FROM "
                                              "civ_sync_schedules WHERE origin = 'directive' ORDER BY "
                                              "schedule"},
    [SQL_REMOVE] = {"sync_order_remove", "DELETE FROM civ_sync_schedules WHERE schedule = %lld"},
};
const civ_statement_set_t civ_schedule_orders_statements = {sql, SQL_COUNT};

/* --- intervals --- */

static const struct {
    char unit;
    apr_int64_t milliseconds;
} units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}, {'s', 1000}};

#define UNITS (sizeof(units) / sizeof(units[0]))

apr_status_t civ_schedule_interval_parse(apr_int64_t *every, const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");
    unsigned i;

    for (i = 0; i < UNITS && units[i].unit != text[digits]; i++)
        continue;
    if (digits == 0 || digits > 9 || i == UNITS || text[digits + 1] != '\0')
        return CIV_EINVALID;
    *every = apr_atoi64(text) * units[i].milliseconds;
    return *every >= CIV_SCHEDULE_SHORTEST && *every <= CIV_SCHEDULE_LONGEST ? APR_SUCCESS : CIV_EINVALID;
}

const char *civ_schedule_interval_text(apr_int64_t every, apr_pool_t *pool)
{
    unsigned i;

    for (i = 0; i < UNITS - 1 && every % units[i].milliseconds != 0; i++)
        continue;
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "%c", every / units[i].milliseconds, units[i].unit);
}

/* --- over the network --- */

static apr_status_t declared_elsewhere(civ_change_t *change)
{
    civ_problem_set(change->problem, CIV_PROBLEM_CONFLICT, change->pool,
                    "The schedule of this project is in the server's configuration (CivarcosSyncSchedule)");
    return CIV_ECONFLICT;
}

/* What an entry of the ledger has the digest of. */
static const char *record_of(const char *project_id, apr_int64_t every, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s\n%" APR_INT64_T_FMT, project_id, every);
}

typedef struct ordering_t {
    const civ_schedule_order_t *order;
    civ_schedule_t *schedule;
} ordering_t;

/* The origin of a project's schedule and its interval; "" for none. */
static apr_status_t find_present(civ_change_t *change, const civ_schedule_order_t *order, const char **origin,
                                 apr_int64_t *every)
{
    const civ_argument_t project[] = {civ_text(order->platform), civ_text(order->project_id)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &sql[SQL_OF_PROJECT], project, 2, &rows, change->pool);

    *origin = "";
    *every = 0;
    if (status != APR_SUCCESS || civ_rows_next(rows) != APR_SUCCESS)
        return status;
    *origin = apr_pstrdup(change->pool, civ_rows_text(rows, 1));
    return civ_rows_int(rows, 2, every);
}

static apr_status_t apply_order(void *baton, civ_change_t *change)
{
    const ordering_t *ordering = baton;
    const civ_schedule_order_t *order = ordering->order;
    const char *origin;
    apr_int64_t every;
    apr_status_t status = find_present(change, order, &origin, &every);

    if (status != APR_SUCCESS)
        return status;
    if (strcmp(origin, ORIGIN_DIRECTIVE) == 0)
        return declared_elsewhere(change);
    status = civ_schedule_put_within(change, order->platform, order->project_id, order->every, ORIGIN_API,
                                     ordering->schedule);
    if (status == APR_SUCCESS && every != order->every)
        civ_sync_audit(change, "schedule", "set", order->platform,
                       record_of(order->project_id, order->every, change->pool));
    change->answer = apr_psprintf(change->pool, "%" APR_INT64_T_FMT "%s", ordering->schedule->number,
                                  ordering->schedule->is_new ? "" : REPLACED);
    return status;
}

apr_status_t civ_schedule_order(const civ_engine_t *engine, const civ_schedule_order_t *order,
                                const civ_idempotency_t *retry, civ_schedule_t *schedule, int *repeated,
                                civ_problem_t *problem, apr_pool_t *pool)
{
    ordering_t ordering = {order, schedule};
    civ_change_steps_t steps;
    civ_change_result_t result;
    apr_status_t status;

    memset(&steps, 0, sizeof(steps));
    memset(&result, 0, sizeof(result));
    steps.apply = apply_order;
    steps.baton = &ordering;
    steps.idempotency = retry;
    status = engine->transactor.run(engine->transactor.baton, &steps, &result, problem, pool);
    *repeated = result.repeated;
    if (status == APR_SUCCESS && result.repeated) {
        memset(schedule, 0, sizeof(*schedule));
        schedule->number = apr_atoi64(result.answer);
        schedule->is_new = strstr(result.answer, REPLACED) == NULL;
        schedule->platform = order->platform;
        schedule->project_id = order->project_id;
        schedule->every = order->every;
        schedule->origin = ORIGIN_API;
    }
    return status;
}

static apr_status_t apply_withdraw(void *baton, civ_change_t *change)
{
    const civ_argument_t number = civ_int(*(const apr_int64_t *)baton);
    civ_rows_t *rows;
    const char *platform, *record;
    apr_status_t status = civ_db_select(change->db, &sql[SQL_BY_NUMBER], &number, 1, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS) {
        civ_problem_set(change->problem, CIV_PROBLEM_NOT_FOUND, change->pool, "There is no such schedule");
        return APR_NOTFOUND;
    }
    if (strcmp(civ_rows_text(rows, 2), ORIGIN_DIRECTIVE) == 0)
        return declared_elsewhere(change);
    platform = apr_pstrdup(change->pool, civ_rows_text(rows, 0));
    record = record_of(civ_rows_text(rows, 1), 0, change->pool);
    status = civ_db_execute(change->db, &sql[SQL_REMOVE], &number, 1, NULL);
    if (status == APR_SUCCESS)
        civ_sync_audit(change, "schedule", "removed", platform, record);
    return status;
}

apr_status_t civ_schedule_withdraw(const civ_engine_t *engine, apr_int64_t number, civ_problem_t *problem,
                                   apr_pool_t *pool)
{
    return civ_change_run(&engine->transactor, apply_withdraw, &number, problem, pool);
}

/* --- in the server's configuration --- */

typedef struct declaration_t {
    const civ_schedule_order_t *orders;
    int count;
    int is_needed; /**< there is something to do */
} declaration_t;

static int find_order(const declaration_t *declaration, const char *platform, const char *project_id)
{
    int i;

    for (i = 0; i < declaration->count; i++)
        if (strcmp(declaration->orders[i].platform, platform) == 0 &&
            strcmp(declaration->orders[i].project_id, project_id) == 0)
            return i;
    return -1;
}

/* Compare what is there with what is wanted; within a change, make it so. */
static apr_status_t walk_declared(civ_db_t *db, declaration_t *declaration, civ_change_t *change,
                                  apr_pool_t *pool)
{
    char *found = apr_pcalloc(pool, (apr_size_t)declaration->count + 1);
    civ_rows_t *rows;
    int i;
    apr_status_t status = civ_db_select(db, &sql[SQL_DECLARED], NULL, 0, &rows, pool);

    declaration->is_needed = 0;
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t number, every;

        i = find_order(declaration, civ_rows_text(rows, 1), civ_rows_text(rows, 2));
        status = civ_rows_int(rows, 0, &number);
        if (status == APR_SUCCESS)
            status = civ_rows_int(rows, 3, &every);
        if (status == APR_SUCCESS && i >= 0 && declaration->orders[i].every == every) {
            found[i] = 1;
        } else if (status == APR_SUCCESS && i < 0) {
            const civ_argument_t argument = civ_int(number);

            declaration->is_needed = 1;
            if (change != NULL) {
                status = civ_db_execute(db, &sql[SQL_REMOVE], &argument, 1, NULL);
                civ_sync_audit(change, "schedule", "removed", civ_rows_text(rows, 1),
                               record_of(civ_rows_text(rows, 2), 0, pool));
            }
        }
    }
    for (i = 0; i < declaration->count && status == APR_SUCCESS; i++) {
        const civ_schedule_order_t *order = &declaration->orders[i];
        civ_schedule_t schedule;

        if (found[i])
            continue;
        declaration->is_needed = 1;
        if (change != NULL) {
            status = civ_schedule_put_within(change, order->platform, order->project_id, order->every,
                                             ORIGIN_DIRECTIVE, &schedule);
            civ_sync_audit(change, "schedule", "set", order->platform,
                           record_of(order->project_id, order->every, pool));
        }
    }
    return status;
}

static apr_status_t apply_declare(void *baton, civ_change_t *change)
{
    return walk_declared(change->db, baton, change, change->pool);
}

apr_status_t civ_schedules_declare(const civ_engine_t *engine, const civ_schedule_order_t *orders, int count,
                                   civ_problem_t *problem, apr_pool_t *pool)
{
    declaration_t declaration = {orders, count, 0};
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = walk_declared(db, &declaration, NULL, pool);
    civ_store_release(engine->store, db);
    return status == APR_SUCCESS && declaration.is_needed
               ? civ_change_run(&engine->transactor, apply_declare, &declaration, problem, pool)
               : status;
}
