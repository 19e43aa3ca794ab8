/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file webhook.c
 * From a hint to jobs. Which projects are meant is looked up before the change; that the same delivery comes twice, also at the same
 * moment to two servers, is decided within it.
 */
#include "sync/webhook.h"

#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/connector.h"
#include "sync/fields.h"

/** Projects that are looked through at a time, so that memory does not grow with their number. */
#define PAGE 500

enum {
    SQL_PROJECTS,
    SQL_SCHEDULES,
    SQL_SEEN,
    SQL_LAST,
    SQL_MARK,
    SQL_FORGET,
    SQL_ENDED,
    SQL_REST,
    SQL_COUNT
};
static const civ_statement_t sql[SQL_COUNT] = {
    /* Without facts the platform has not shown it yet: its name may be misspelt. */
    [SQL_PROJECTS] = {"sync_webhook_projects",
                      "SELECT project_id, facts FROM civ_sync_projects WHERE platform = %s AND project_id > "
                      "%s AND facts <> '{}' ORDER BY project_id LIMIT %lld"},
    [SQL_SCHEDULES] =
        {"sync_webhook_schedules",
         "SELECT project_id, '' FROM civ_sync_schedules WHERE platform = %s AND project_id > %s "
         "ORDER BY project_id LIMIT %lld"},
    [SQL_SEEN] = {"sync_webhook_seen",
                  "SELECT delivery FROM civ_sync_deliveries WHERE platform = %s AND digest = %s"},
    [SQL_LAST] = {"sync_webhook_last", "SELECT COALESCE(MAX(delivery), 0) FROM civ_sync_deliveries"},
    [SQL_MARK] = {"sync_webhook_mark", "INSERT INTO civ_sync_deliveries (delivery, platform, digest, seen) "
                                       "VALUES (%lld, %s, %s, %lld)"},
    [SQL_FORGET] = {"sync_webhook_forget",
                    "DELETE FROM civ_sync_deliveries WHERE seen < %lld OR delivery <= %lld"},
    [SQL_ENDED] = {"sync_webhook_ended", "SELECT COALESCE(MAX(ended), 0) FROM civ_sync_jobs WHERE platform = "
                                         "%s AND project_id = %s AND action = 0"},
    /* One that was made just now; what waits already keeps its time. */
    [SQL_REST] = {"sync_webhook_rest",
                  "UPDATE civ_sync_jobs SET not_before = %lld WHERE job = %lld AND asked "
                  "= %lld AND state = 0 AND not_before < %lld"},
};
const civ_statement_set_t civ_webhook_statements = {sql, SQL_COUNT};

/* --- which projects --- */

typedef struct known_t {
    const char *projects[CIV_WEBHOOK_PROJECTS];
    int count;
} known_t;

/* Whether @a name is @a whole, or a part of its path from the left on. Names are of either case on all platforms. */
static int leads(const char *name, const char *whole)
{
    apr_size_t length = strlen(name);

    return length > 0 && strncasecmp(name, whole, length) == 0 &&
           (whole[length] == '\0' || whole[length] == '/');
}

/* Of Azure DevOps deliveries name the project, and projects here may be single repositories of it; of Jenkins they name the job, and
 * projects here may be the folder that it is in. */
static int is_meant(const civ_webhook_hint_t *hint, const char *candidate)
{
    int i;

    for (i = 0; candidate != NULL && i < hint->name_count; i++) {
        const char *name = hint->names[i];

        if (strcasecmp(name, candidate) == 0 ||
            (strcmp(hint->platform, "azure_devops") == 0 && leads(name, candidate)) ||
            (strcmp(hint->platform, "jenkins") == 0 && leads(candidate, name)))
            return 1;
    }
    return 0;
}

/* By its id here, its lasting id there, or its name at present. */
static int is_meant_by_facts(const civ_webhook_hint_t *hint, const char *facts, apr_pool_t *pool)
{
    const civ_json_t *json;
    civ_problem_t problem;

    return facts[0] != '\0' &&
           civ_json_parse(&json, facts, strlen(facts), &civ_json_request_limits, &problem, pool) ==
               APR_SUCCESS &&
           (is_meant(hint, civ_field_text(json, CIV_FACT_SCOPE)) ||
            is_meant(hint, civ_field_text(json, CIV_FACT_NAME)));
}

static void add_known(known_t *known, const char *project, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < known->count; i++)
        if (strcmp(known->projects[i], project) == 0)
            return;
    if (known->count < CIV_WEBHOOK_PROJECTS)
        known->projects[known->count++] = apr_pstrdup(pool, project);
}

/* Those behind @a after, which becomes the last of them. */
static apr_status_t find_in_page(const civ_engine_t *engine, int statement, const civ_webhook_hint_t *hint,
                                 const char **after, known_t *known, int *count, apr_pool_t *page,
                                 apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_text(hint->platform), civ_text(*after), civ_int(PAGE)};
    civ_rows_t *rows;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(engine->store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[statement], arguments, 3, &rows, page);
    civ_store_release(engine->store, db);
    for (*count = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; (*count)++) {
        const char *project = civ_rows_text(rows, 0);

        if (is_meant(hint, project) || is_meant_by_facts(hint, civ_rows_text(rows, 1), page))
            add_known(known, project, pool);
        if (*count == PAGE - 1)
            *after = apr_pstrdup(pool, project);
    }
    return status;
}

static apr_status_t find_known(const civ_engine_t *engine, const civ_webhook_hint_t *hint, known_t *known,
                               apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *page;
    int statement, count;

    known->count = 0;
    apr_pool_create(&page, pool);
    for (statement = SQL_PROJECTS; statement <= SQL_SCHEDULES && status == APR_SUCCESS; statement++) {
        const char *after = "";

        do {
            apr_pool_clear(page);
            status = find_in_page(engine, statement, hint, &after, known, &count, page, pool);
        } while (status == APR_SUCCESS && count == PAGE);
    }
    apr_pool_destroy(page);
    return status;
}

/* --- the change --- */

typedef struct taking_t {
    const civ_webhook_hint_t *hint;
    const known_t *known;
    civ_webhook_outcome_t *outcome;
} taking_t;

static apr_status_t ask_int(civ_change_t *change, int statement, const civ_argument_t *arguments, int count,
                            apr_int64_t *value)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &sql[statement], arguments, count, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_rows_int(rows, 0, value) : APR_NOTFOUND;
}

static apr_status_t was_seen(const civ_webhook_hint_t *hint, civ_change_t *change, int *seen)
{
    apr_status_t status = APR_NOTFOUND;
    int i;

    for (i = 0; i < hint->mark_count && status == APR_NOTFOUND; i++) {
        const civ_argument_t mark[] = {civ_text(hint->platform),
                                       civ_text(civ_digest_hex_dup(&hint->marks[i], change->pool))};
        apr_int64_t number;

        status = ask_int(change, SQL_SEEN, mark, 2, &number);
    }
    *seen = status == APR_SUCCESS;
    return status == APR_NOTFOUND ? APR_SUCCESS : status;
}

static apr_status_t remember(const civ_webhook_hint_t *hint, civ_change_t *change)
{
    apr_int64_t last;
    apr_status_t status = ask_int(change, SQL_LAST, NULL, 0, &last);
    int i;

    for (i = 0; i < hint->mark_count && status == APR_SUCCESS; i++) {
        const civ_argument_t mark[] = {civ_int(++last), civ_text(hint->platform),
                                       civ_text(civ_digest_hex_dup(&hint->marks[i], change->pool)),
                                       civ_int(change->now)};

        status = civ_db_execute(change->db, &sql[SQL_MARK], mark, 4, NULL);
    }
    if (status == APR_SUCCESS) {
        const civ_argument_t old[] = {civ_int(change->now - CIV_WEBHOOK_KEEP),
                                      civ_int(last - CIV_WEBHOOK_KEEP_MOST)};

        status = civ_db_execute(change->db, &sql[SQL_FORGET], old, 2, NULL);
    }
    return status;
}

static apr_status_t wake(const civ_webhook_hint_t *hint, const char *project, civ_change_t *change,
                         civ_job_t *job)
{
    const civ_argument_t of[] = {civ_text(hint->platform), civ_text(project)};
    apr_int64_t ended, not_before;
    apr_status_t status = ask_int(change, SQL_ENDED, of, 2, &ended);

    if (status == APR_SUCCESS)
        status = civ_job_add_within(change, hint->platform, project, 0, job);
    not_before = ended + CIV_WEBHOOK_REST;
    /* A clock that was put back must not make it wait for days. */
    if (status == APR_SUCCESS && ended <= change->now && not_before > change->now) {
        const civ_argument_t rest[] = {civ_int(not_before), civ_int(job->number), civ_int(change->now),
                                       civ_int(not_before)};

        status = civ_db_execute(change->db, &sql[SQL_REST], rest, 4, NULL);
    }
    return status;
}

static apr_status_t apply_take(void *baton, civ_change_t *change)
{
    const taking_t *taking = baton;
    civ_webhook_outcome_t *outcome = taking->outcome;
    int i, seen;
    apr_status_t status = was_seen(taking->hint, change, &seen);

    outcome->job_count = 0;
    outcome->result = seen ? CIV_WEBHOOK_REPEATED : CIV_WEBHOOK_QUEUED;
    outcome->reason = seen ? "The same delivery came before" : NULL;
    if (status != APR_SUCCESS || seen)
        return status;
    status = civ_jobs_check_room_within(change, taking->known->count);
    if (status == APR_SUCCESS)
        status = remember(taking->hint, change);
    for (i = 0; i < taking->known->count && status == APR_SUCCESS; i++)
        status = wake(taking->hint, taking->known->projects[i], change, &outcome->jobs[outcome->job_count++]);
    return status;
}

apr_status_t civ_webhook_take(const civ_engine_t *engine, const civ_webhook_hint_t *hint,
                              civ_webhook_outcome_t *outcome, civ_problem_t *problem, apr_pool_t *pool)
{
    known_t known;
    taking_t taking = {hint, &known, outcome};
    apr_status_t status = APR_SUCCESS;

    memset(outcome, 0, sizeof(*outcome));
    outcome->result = CIV_WEBHOOK_IGNORED;
    outcome->reason =
        hint->missing != NULL
            ? apr_pstrcat(pool, "What has happened is not known: there is no ", hint->missing, NULL)
            : "After an event of this kind there is nothing new to read";
    if (!hint->is_relevant)
        return APR_SUCCESS;
    status = find_known(engine, hint, &known, pool);
    if (status != APR_SUCCESS) {
        civ_problem_set(problem, CIV_PROBLEM_UNAVAILABLE, pool, "The database cannot be read at the moment");
        return status;
    }
    outcome->reason = "The project is not synchronised here";
    return known.count > 0 ? civ_change_run(&engine->transactor, apply_take, &taking, problem, pool)
                           : APR_SUCCESS;
}
