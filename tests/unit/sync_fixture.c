/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_fixture.c
 * A platform, a timeline and a database for the engine.
 */
#include "unit/sync_fixture.h"

#include <CUnit/CUnit.h>
#include <apr_strings.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "support/database.h"
#include "support/runner.h"
#include "sync/connectors.h"
#include "sync/overview.h"
#include "sync/push.h"
#include "sync/runner.h"
#include "sync/schedules.h"
#include "sync/sealing.h"
#include "sync/webhook.h"

/* --- the platform --- */

sync_platform_t *sync_platform(const sync_answer_t *answers)
{
    sync_platform_t *platform = apr_pcalloc(test_pool(), sizeof(*platform));
    int count = 0;

    while (answers != NULL && answers[count].url != NULL)
        count++;
    platform->answers = answers;
    platform->used = apr_pcalloc(test_pool(), ((apr_size_t)count + 1) * sizeof(int));
    platform->date = SYNC_NOW;
    platform->asked = apr_array_make(test_pool(), 64, sizeof(const char *));
    return platform;
}

int sync_asked(const sync_platform_t *platform, const char *words)
{
    int count = 0;
    int i;

    for (i = 0; i < platform->asked->nelts; i++)
        if (strstr(((const char *const *)platform->asked->elts)[i], words) != NULL)
            count++;
    return count;
}

static int matches(const char *pattern, const char *path)
{
    apr_size_t length = strlen(pattern);

    if (length > 0 && pattern[length - 1] == '*')
        return strncmp(pattern, path, length - 1) == 0;
    return strcmp(pattern, path) == 0;
}

static void answer_from_table(sync_platform_t *platform, const char *path, civ_http_answer_t *answer,
                              apr_pool_t *pool)
{
    const sync_answer_t *found;
    int i;

    answer->class = CIV_HTTP_GONE;
    answer->reason = "There is no such page";
    answer->status = 404;
    for (i = 0; platform->answers[i].url != NULL; i++) {
        found = &platform->answers[i];
        if (!matches(found->url, path) || (found->times > 0 && platform->used[i] == found->times))
            continue;
        platform->used[i]++;
        answer->class = found->class;
        answer->reason = found->class == CIV_HTTP_DATA ? NULL : civ_http_class_name(found->class);
        answer->status = found->class == CIV_HTTP_DATA ? 200 : found->class == CIV_HTTP_BROKEN ? 502 : 599;
        answer->body = found->body != NULL ? found->body : "";
        answer->next = found->next != NULL ? apr_pstrcat(pool, SYNC_BASE, found->next, NULL) : NULL;
        answer->etag = found->etag;
        return;
    }
}

static apr_status_t send_request(void *baton, const civ_http_request_t *request, civ_http_answer_t *answer,
                                 apr_pool_t *pool)
{
    sync_platform_t *platform = baton;
    const char *path = request->url + strlen(SYNC_BASE);

    CU_ASSERT_EQUAL(strncmp(request->url, SYNC_BASE, strlen(SYNC_BASE)), 0);
    if (++platform->requests == platform->die_at)
        kill(getpid(), SIGKILL);
    *(const char **)apr_array_push(platform->asked) =
        apr_pstrcat(test_pool(), path, request->etag != NULL ? "+" : "", NULL);
    answer->body = "";
    answer->date = platform->date + (platform->requests - 1) * platform->tick;
    answer->url = request->url;
    if (platform->answer != NULL)
        platform->answer(platform, path, answer, pool);
    else
        answer_from_table(platform, path, answer, pool);
    answer->length = strlen(answer->body);
    civ_digest_sha256(&answer->digest, answer->body, answer->length);
    return APR_SUCCESS;
}

static civ_http_counts_t counts(void *baton)
{
    const sync_platform_t *platform = baton;
    civ_http_counts_t result;

    memset(&result, 0, sizeof(result));
    result.requests = platform->requests;
    result.remaining = 1000;
    return result;
}

static int is_interrupted(void *baton)
{
    const sync_platform_t *platform = baton;

    return platform->stop_at > 0 && platform->requests >= platform->stop_at;
}

/* --- the database --- */

/* What changes put on record, by the same commit as in the ledger. */
static const char *const note_tables[] = {
    "CREATE TABLE test_notes (number BIGINT NOT NULL PRIMARY KEY, note TEXT NOT NULL)", NULL};
static const civ_schema_step_t note_steps[] = {{1, "notes", note_tables}};
static const civ_schema_t note_schema = {"test_notes", note_steps, 1};
static const civ_statement_t note_sql[] = {
    {"test_note_insert", "INSERT INTO test_notes (number, note) SELECT COALESCE(MAX(number), 0) + 1, "
                         "CAST(%s AS TEXT) FROM test_notes"},
    {"test_notes", "SELECT number, note FROM test_notes WHERE number > %lld ORDER BY number LIMIT 500"}};
static const civ_statement_set_t note_statements = {note_sql, 2};

static apr_status_t keep_notes(const civ_change_t *change)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < change->notes->nelts && status == APR_SUCCESS; i++) {
        const civ_argument_t note = civ_text(APR_ARRAY_IDX(change->notes, i, const char *));

        status = civ_db_execute(change->db, &note_sql[0], &note, 1, NULL);
    }
    return status;
}

apr_array_header_t *sync_notes(const civ_engine_t *engine)
{
    apr_array_header_t *notes = apr_array_make(test_pool(), 64, sizeof(const char *));
    apr_int64_t last = 0;
    int before = -1;
    civ_db_t *db;

    CU_ASSERT_EQUAL_FATAL(civ_store_acquire(engine->store, &db), APR_SUCCESS);
    while (notes->nelts != before) {
        const civ_argument_t after = civ_int(last);
        civ_rows_t *rows;

        before = notes->nelts;
        CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &note_sql[1], &after, 1, &rows, test_pool()), APR_SUCCESS);
        while (civ_rows_next(rows) == APR_SUCCESS) {
            civ_rows_int(rows, 0, &last);
            APR_ARRAY_PUSH(notes, const char *) = apr_pstrdup(test_pool(), civ_rows_text(rows, 1));
        }
    }
    civ_store_release(engine->store, db);
    return notes;
}

/* Each change is tried twice, as a transaction that another writer got in the way of would be. */
static apr_status_t transact(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                             civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *database = baton;
    civ_change_t change;
    civ_db_t *db;
    int unknown;
    int i;
    apr_status_t status = civ_store_acquire(database, &db);

    (void)result;
    if (status != APR_SUCCESS)
        return status;
    memset(&change, 0, sizeof(change));
    change.db = db;
    change.now = civ_timestamp_now();
    change.problem = problem;
    change.pool = pool;
    for (i = 0; i < 2 && status == APR_SUCCESS; i++) {
        change.notes = apr_array_make(pool, 1, sizeof(const char *));
        status = civ_db_begin(db);
        if (status == APR_SUCCESS)
            status = steps->apply(steps->baton, &change);
        if (status == APR_SUCCESS)
            status = keep_notes(&change);
        if (status == APR_SUCCESS && i == 1)
            status = civ_db_commit(db, &unknown);
        else
            civ_db_rollback(db);
    }
    civ_store_release(database, db);
    return status;
}

/* The keys of a database stay what they are when it is opened again. */
static const char *key_file(const char *name)
{
    const char *path = unit_path(apr_pstrcat(test_pool(), name, ".key", NULL));
    civ_seal_key_t *key;
    apr_status_t status;

    if (access(path, F_OK) == 0)
        return path;
    CU_ASSERT_EQUAL_FATAL(civ_seal_key_make(&key, test_pool()), APR_SUCCESS);
    status = civ_seal_key_save(key, path, test_pool());
    CU_ASSERT_FATAL(status == APR_SUCCESS || APR_STATUS_IS_EEXIST(status));
    return path;
}

static const civ_statement_set_t *const own_sets[] = {
    &civ_job_claims_statements, &civ_engine_statements,          &civ_jobs_statements,
    &civ_schedules_statements,  &civ_schedule_orders_statements, &civ_connectors_statements,
    &civ_runner_statements,     &civ_job_wishes_statements,      &civ_push_statements,
    &civ_webhook_statements,    &civ_overview_statements,        &civ_sealing_statements,
    &note_statements,
};
enum { OWN_SETS = sizeof(own_sets) / sizeof(own_sets[0]) };

civ_engine_t *sync_engine(const char *name)
{
    civ_engine_t *engine = apr_pcalloc(test_pool(), sizeof(*engine));
    civ_store_config_t *config = apr_pcalloc(test_pool(), sizeof(*config));
    civ_statement_set_t *sets = apr_palloc(test_pool(), (OWN_SETS + CIV_TIMELINE_SETS) * sizeof(*sets));
    static const civ_timeline_t timeline = {0};
    civ_db_t *db;
    int i;

    for (i = 0; i < OWN_SETS; i++)
        sets[i] = *own_sets[i];
    for (i = 0; i < CIV_TIMELINE_SETS; i++)
        sets[OWN_SETS + i] = *civ_timeline_statements[i];
    config->driver = database_driver();
    config->parameters = database_parameters(unit_path(name), test_pool());
    config->sets = sets;
    config->set_count = OWN_SETS + CIV_TIMELINE_SETS;
    config->pool_min = 1;
    config->pool_max = 4;
    config->log = &unit_log;
    CU_ASSERT_EQUAL_FATAL(civ_store_initialize(test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_store_create(&engine->store, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_store_acquire(engine->store, &db), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &civ_timeline_schema, &unit_log, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &civ_engine_schema, &unit_log, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &note_schema, &unit_log, test_pool()), APR_SUCCESS);
    civ_store_release(engine->store, db);
    engine->key_file = key_file(name);
    engine->transactor.baton = engine->store;
    engine->transactor.run = transact;
    engine->timeline = civ_timeline_writer(&timeline);
    engine->log = &unit_log;
    return engine;
}

civ_engine_run_t *sync_run(sync_platform_t *platform)
{
    civ_engine_run_t *run = apr_pcalloc(test_pool(), sizeof(*run));

    run->connector = &sync_connector;
    run->base = SYNC_BASE;
    run->instance = "platform.test";
    run->project_id = "team/project";
    run->fetch.baton = platform;
    run->fetch.send = send_request;
    run->fetch.counts = counts;
    run->interrupted = is_interrupted;
    run->baton = platform;
    return run;
}

civ_sync_report_t *sync_go(civ_engine_t *engine, civ_engine_run_t *run)
{
    civ_sync_report_t *report = apr_pcalloc(test_pool(), sizeof(*report));
    civ_problem_t problem;
    apr_pool_t *pool;

    memset(&problem, 0, sizeof(problem));
    apr_pool_create(&pool, test_pool());
    CU_ASSERT_EQUAL(civ_engine_run(engine, run, report, &problem, pool), APR_SUCCESS);
    return report;
}

const civ_kind_report_t *sync_kind(const civ_sync_report_t *report, const char *name)
{
    int i;

    for (i = 0; i < report->kind_count; i++)
        if (strcmp(report->kinds[i].name, name) == 0)
            return &report->kinds[i];
    CU_FAIL("no such kind");
    return &report->kinds[0];
}

const char *sync_text(const char *name, const char *text)
{
    const char *found = database_ask(unit_path(name), text, test_pool());

    return found != NULL ? found : "";
}

apr_int64_t sync_int(const char *name, const char *text)
{
    return apr_atoi64(sync_text(name, text));
}

const char *sync_contents(const char *name)
{
    return sync_text(name,
                     "SELECT group_concat(line) FROM (SELECT type || ' ' || native_id || ' ' || "
                     "content_hash || ' ' || versions || ' ' || CASE WHEN gone > 0 THEN 1 ELSE 0 END AS line "
                     "FROM civ_timeline_items ORDER BY 1) AS x");
}
