/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_rows.c
 * The tables of the engine, all their SQL, and reading them.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/status.h"
#include "sync/engine_private.h"

const char *const civ_engine_tables[] = {
    "CREATE TABLE civ_sync_projects (CIV_KEY(project), platform VARCHAR(32) NOT NULL, "
    "project_id VARCHAR(512) NOT NULL, facts TEXT NOT NULL, run BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX civ_sync_projects_by_id ON civ_sync_projects (platform, project_id)",
    "CREATE TABLE civ_sync_cursors (project BIGINT NOT NULL, kind VARCHAR(64) NOT NULL, "
    "stream VARCHAR(512) NOT NULL, watermark BIGINT NOT NULL, pending BIGINT NOT NULL, "
    "seen BIGINT NOT NULL, bookmark TEXT NOT NULL, pending_bookmark TEXT NOT NULL, "
    "ended BIGINT NOT NULL, PRIMARY KEY (project, kind, stream))",
    "CREATE TABLE civ_sync_steps (project BIGINT NOT NULL, sequence BIGINT NOT NULL, step TEXT NOT NULL, "
    "PRIMARY KEY (project, sequence))",
    "CREATE TABLE civ_sync_open (project BIGINT NOT NULL, item CHAR(64) NOT NULL, "
    "kind VARCHAR(64) NOT NULL, run BIGINT NOT NULL, since BIGINT NOT NULL, step TEXT NOT NULL, "
    "PRIMARY KEY (project, item))",
    "CREATE INDEX civ_sync_open_by_run ON civ_sync_open (project, kind, run)",
    "CREATE TABLE civ_sync_deferred (project BIGINT NOT NULL, item CHAR(64) NOT NULL, "
    "kind VARCHAR(64) NOT NULL, run BIGINT NOT NULL, unready BIGINT NOT NULL, step TEXT NOT NULL, "
    "PRIMARY KEY (project, item))",
    "CREATE TABLE civ_sync_validators (project BIGINT NOT NULL, url CHAR(64) NOT NULL, "
    "etag TEXT NOT NULL, modified TEXT NOT NULL, next TEXT NOT NULL, run BIGINT NOT NULL, "
    "PRIMARY KEY (project, url))",
    "CREATE TABLE civ_sync_runs (CIV_KEY(run), project BIGINT NOT NULL, started BIGINT NOT NULL, "
    "ended BIGINT NOT NULL, outcome VARCHAR(16) NOT NULL, report TEXT NOT NULL)",
    "CREATE INDEX civ_sync_runs_by_project ON civ_sync_runs (project, run)",
    NULL,
};

typedef enum rows_sql_e {
    SQL_PROJECT,
    SQL_PROJECT_LAST,
    SQL_PROJECT_INSERT,
    SQL_PROJECT_UPDATE,
    SQL_RUN_LAST,
    SQL_RUN_INSERT,
    SQL_RUN_UPDATE,
    SQL_RUN_REPORT,
    SQL_RUNS_FORGET,
    SQL_CURSOR,
    SQL_CURSOR_STORE,
    SQL_CURSORS_FORGET,
    SQL_STEPS,
    SQL_STEPS_CUT,
    SQL_STEP_INSERT,
    SQL_OPEN,
    SQL_OPEN_STORE,
    SQL_OPEN_MARK,
    SQL_OPEN_REMOVE,
    SQL_OPEN_GIVE_UP,
    SQL_UNREADY,
    SQL_DEFERRED,
    SQL_DEFERRED_STORE,
    SQL_DEFERRED_REMOVE,
    SQL_DEFERRED_FORGET,
    SQL_VALIDATORS,
    SQL_VALIDATORS_STORE,
    SQL_VALIDATORS_USE,
    SQL_VALIDATORS_FORGET,
    SQL_VALIDATORS_OLD,
    SQL_ANSWERS,
    SQL_ANSWERS_STORE,
    SQL_ANSWERS_REMOVE,
    SQL_PROJECTS_OF,
    SQL_COUNT
} rows_sql_e;

static const civ_statement_t sql[SQL_COUNT] = {
    [SQL_PROJECT] = {"sync_project", "SELECT project, facts, run FROM civ_sync_projects "
                                     "WHERE platform = %s AND project_id = %s"},
    [SQL_PROJECT_LAST] = {"sync_project_last", "SELECT COALESCE(MAX(project), 0) FROM civ_sync_projects"},
    [SQL_PROJECT_INSERT] = {"sync_project_insert",
                            "INSERT INTO civ_sync_projects (project, platform, project_id, facts, run) "
                            "VALUES (%lld, %s, %s, %s, %lld)"},
    [SQL_PROJECT_UPDATE] = {"sync_project_update",
                            "UPDATE civ_sync_projects SET facts = %s, run = %lld WHERE project = %lld"},
    [SQL_RUN_LAST] = {"sync_run_last", "SELECT COALESCE(MAX(run), 0) FROM civ_sync_runs"},
    [SQL_RUN_INSERT] = {"sync_run_insert",
                        "INSERT INTO civ_sync_runs (run, project, started, ended, outcome, report) "
                        "VALUES (%lld, %lld, %lld, %lld, %s, %s)"},
    [SQL_RUN_UPDATE] = {"sync_run_update",
                        "UPDATE civ_sync_runs SET ended = %lld, outcome = %s, report = %s WHERE run = %lld"},
    [SQL_RUN_REPORT] = {"sync_run_report", "SELECT report FROM civ_sync_runs WHERE run = %lld"},
    [SQL_RUNS_FORGET] = {"sync_runs_forget", "DELETE FROM civ_sync_runs WHERE project = %lld AND ended > 0 "
                                             "AND ended < %lld"},
    [SQL_CURSOR] =
        {"sync_cursor",
         "SELECT watermark, pending, seen, bookmark, pending_bookmark, ended FROM civ_sync_cursors "
         "WHERE project = %lld AND kind = %s AND stream = %s"},
    [SQL_CURSOR_STORE] =
        {"sync_cursor_store",
         "INSERT INTO civ_sync_cursors (project, kind, stream, watermark, pending, seen, bookmark, "
         "pending_bookmark, ended) VALUES (%lld, %s, %s, %lld, %lld, %lld, %s, %s, %lld) "
         "ON CONFLICT (project, kind, stream) DO UPDATE SET watermark = excluded.watermark, "
         "pending = excluded.pending, seen = excluded.seen, bookmark = excluded.bookmark, "
         "pending_bookmark = excluded.pending_bookmark, ended = excluded.ended"},
    [SQL_CURSORS_FORGET] = {"sync_cursors_forget", "DELETE FROM civ_sync_cursors WHERE project = %lld"},
    [SQL_STEPS] = {"sync_steps", "SELECT sequence, step FROM civ_sync_steps WHERE project = %lld AND "
                                 "sequence >= %lld ORDER BY sequence LIMIT 1000"},
    [SQL_STEPS_CUT] = {"sync_steps_cut",
                       "DELETE FROM civ_sync_steps WHERE project = %lld AND sequence >= %lld"},
    [SQL_STEP_INSERT] = {"sync_step_insert",
                         "INSERT INTO civ_sync_steps (project, sequence, step) VALUES (%lld, %lld, %s)"},
    [SQL_OPEN] = {"sync_open", "SELECT item, step, since FROM civ_sync_open WHERE project = %lld AND "
                               "kind = %s AND run < %lld ORDER BY run, item LIMIT %lld"},
    [SQL_OPEN_STORE] = {"sync_open_store",
                        "INSERT INTO civ_sync_open (project, item, kind, run, since, step) VALUES (%lld, %s, "
                        "%s, %lld, %lld, %s) ON CONFLICT (project, item) DO UPDATE SET run = excluded.run, "
                        "step = excluded.step"},
    [SQL_OPEN_MARK] = {"sync_open_mark",
                       "UPDATE civ_sync_open SET run = %lld WHERE project = %lld AND item = %s"},
    [SQL_OPEN_REMOVE] = {"sync_open_remove", "DELETE FROM civ_sync_open WHERE project = %lld AND item = %s"},
    [SQL_OPEN_GIVE_UP] = {"sync_open_give_up",
                          "DELETE FROM civ_sync_open WHERE project = %lld AND kind = %s AND since < %lld"},
    [SQL_UNREADY] = {"sync_unready", "SELECT item, step FROM civ_sync_deferred WHERE project = %lld AND "
                                     "unready = 1 AND kind = %s AND run = %lld ORDER BY item LIMIT %lld"},
    [SQL_DEFERRED] = {"sync_deferred", "SELECT item, step FROM civ_sync_deferred WHERE project = %lld AND "
                                       "run < %lld ORDER BY item LIMIT %lld"},
    [SQL_DEFERRED_STORE] = {"sync_deferred_store",
                            "INSERT INTO civ_sync_deferred (project, item, kind, run, unready, step) VALUES "
                            "(%lld, %s, %s, %lld, %lld, %s) ON CONFLICT (project, item) DO UPDATE SET "
                            "run = excluded.run, unready = excluded.unready, step = excluded.step"},
    [SQL_DEFERRED_REMOVE] = {"sync_deferred_remove",
                             "DELETE FROM civ_sync_deferred WHERE project = %lld AND item = %s"},
    [SQL_DEFERRED_FORGET] = {"sync_deferred_forget", "DELETE FROM civ_sync_deferred WHERE project = %lld"},
    [SQL_VALIDATORS] = {"sync_validators", "SELECT etag, modified, next, run FROM civ_sync_validators "
                                           "WHERE project = %lld AND url = %s"},
    [SQL_VALIDATORS_STORE] =
        {"sync_validators_store",
         "INSERT INTO civ_sync_validators (project, url, etag, modified, next, run, used) VALUES (%lld, %s, "
         "%s, %s, %s, %lld, %lld) ON CONFLICT (project, url) DO UPDATE SET etag = excluded.etag, modified = "
         "excluded.modified, next = excluded.next, run = excluded.run, used = excluded.used"},
    [SQL_VALIDATORS_USE] = {"sync_validators_use",
                            "UPDATE civ_sync_validators SET used = %lld WHERE project = %lld AND url = %s"},
    [SQL_VALIDATORS_FORGET] = {"sync_validators_forget",
                               "DELETE FROM civ_sync_validators WHERE project = %lld"},
    /* Runs are numbered across all projects: a number of its own runs back. */
    [SQL_VALIDATORS_OLD] =
        {"sync_validators_old",
         "DELETE FROM civ_sync_validators WHERE project = %lld AND used < (SELECT "
         "COALESCE(MIN(r.run), 0) FROM (SELECT run FROM civ_sync_runs WHERE project = %lld "
         "ORDER BY run DESC LIMIT %lld) r)"},
    [SQL_ANSWERS] = {"sync_answers", "SELECT number, answers FROM civ_sync_answers WHERE project = %lld AND "
                                     "number > %lld ORDER BY number LIMIT 100"},
    [SQL_ANSWERS_STORE] = {"sync_answers_store",
                           "INSERT INTO civ_sync_answers (project, number, answers) VALUES (%lld, %lld, %s)"},
    [SQL_ANSWERS_REMOVE] = {"sync_answers_remove", "DELETE FROM civ_sync_answers WHERE project = %lld"},
    [SQL_PROJECTS_OF] = {"sync_projects_of", "SELECT project, project_id, run FROM civ_sync_projects WHERE "
                                             "platform = %s AND project > %lld ORDER BY project LIMIT 500"},
};
const civ_statement_set_t civ_engine_statements = {sql, SQL_COUNT};

/** Days that runs are remembered. */
#define RUNS_KEPT APR_INT64_C(7776000000)

/** Validators that so many runs of their project have had no use for are forgotten. */
#define VALIDATORS_KEPT 20

static apr_status_t select_rows(civ_run_t *run, rows_sql_e statement, const civ_argument_t *arguments,
                                int count, civ_rows_t **rows, apr_pool_t *pool)
{
    civ_store_t *store = run->engine->store;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_db_select(db, &sql[statement], arguments, count, rows, pool);
    civ_store_release(store, db);
    return status;
}

apr_status_t civ_rows_load_project(civ_run_t *run)
{
    const civ_argument_t arguments[] = {civ_text(run->connector->platform),
                                        civ_text(run->request->project_id)};
    civ_argument_t number;
    civ_rows_t *rows;
    apr_status_t status = select_rows(run, SQL_PROJECT, arguments, 2, &rows, run->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_SUCCESS;
    if (civ_rows_int(rows, 0, &run->project) != APR_SUCCESS ||
        civ_rows_int(rows, 2, &run->report->number) != APR_SUCCESS)
        return CIV_EDATABASE;
    run->facts_text = apr_pstrdup(run->pool, civ_rows_text(rows, 1));
    if (run->report->number == 0)
        return APR_SUCCESS;
    number = civ_int(run->report->number);
    status = select_rows(run, SQL_RUN_REPORT, &number, 1, &rows, run->pool);
    if (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t kept = run->report->number;

        status = civ_sync_report_read(run->report, civ_rows_text(rows, 0), run->pool);
        run->report->number = kept;
    }
    return status == CIV_EINVALID ? CIV_EDATABASE : status;
}

apr_status_t civ_rows_load_frontier(civ_run_t *run)
{
    civ_frontier_t *frontier = &run->frontier;
    apr_pool_t *pool;
    apr_status_t status = APR_SUCCESS;
    int before = -1;

    apr_pool_create(&pool, run->pool);
    while (status == APR_SUCCESS && frontier->count != before) {
        const civ_argument_t arguments[] = {civ_int(run->project), civ_int(frontier->count)};
        apr_int64_t sequence;
        civ_rows_t *rows;

        before = frontier->count;
        apr_pool_clear(pool);
        status = select_rows(run, SQL_STEPS, arguments, 2, &rows, pool);
        while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
            if (civ_rows_int(rows, 0, &sequence) != APR_SUCCESS || sequence != frontier->count)
                status = CIV_EDATABASE;
            else
                civ_frontier_push(frontier, civ_rows_text(rows, 1));
        }
    }
    apr_pool_destroy(pool);
    frontier->stored = frontier->count;
    return status;
}

static void set_bookmark(const char **bookmark, const char *text)
{
    free((void *)*bookmark);
    *bookmark = strdup(text);
    if (*bookmark == NULL)
        abort(); /* as APR does without memory */
}

apr_status_t civ_rows_load_cursor(civ_run_t *run, const char *kind, const char *stream)
{
    const civ_argument_t arguments[] = {civ_int(run->project), civ_text(kind), civ_text(stream)};
    civ_cursor_t *cursor = &run->cursor;
    apr_pool_t *pool;
    civ_rows_t *rows;
    apr_status_t status;

    apr_pool_create(&pool, run->pool);
    status = select_rows(run, SQL_CURSOR, arguments, 3, &rows, pool);
    if (status == APR_SUCCESS) {
        apr_cpystrn(cursor->kind, kind, sizeof(cursor->kind));
        apr_cpystrn(cursor->stream, stream, sizeof(cursor->stream));
        cursor->watermark = cursor->pending = cursor->seen = cursor->ended = 0;
        set_bookmark(&cursor->bookmark, "");
        set_bookmark(&cursor->pending_bookmark, "");
        cursor->is_dirty = 0;
        cursor->is_loaded = 1;
        if (civ_rows_next(rows) == APR_SUCCESS) {
            if (civ_rows_int(rows, 0, &cursor->watermark) != APR_SUCCESS ||
                civ_rows_int(rows, 1, &cursor->pending) != APR_SUCCESS ||
                civ_rows_int(rows, 2, &cursor->seen) != APR_SUCCESS ||
                civ_rows_int(rows, 5, &cursor->ended) != APR_SUCCESS)
                status = CIV_EDATABASE;
            set_bookmark(&cursor->bookmark, civ_rows_text(rows, 3));
            set_bookmark(&cursor->pending_bookmark, civ_rows_text(rows, 4));
        }
    }
    apr_pool_destroy(pool);
    return status;
}

static const char *url_key(const char *url, apr_pool_t *pool)
{
    civ_digest_t digest;

    civ_digest_sha256(&digest, url, strlen(url));
    return civ_digest_hex_dup(&digest, pool);
}

static const char *copy_unless_empty(const char *text, apr_pool_t *pool)
{
    return text[0] != '\0' ? apr_pstrdup(pool, text) : NULL;
}

apr_status_t civ_rows_validators(civ_run_t *run, const char *url, const char **etag,
                                 const char **last_modified, const char **next, apr_int64_t *number,
                                 apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(run->project), civ_text(url_key(url, pool))};
    civ_rows_t *rows;
    apr_status_t status = select_rows(run, SQL_VALIDATORS, arguments, 2, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    *etag = copy_unless_empty(civ_rows_text(rows, 0), pool);
    *last_modified = copy_unless_empty(civ_rows_text(rows, 1), pool);
    *next = apr_pstrdup(pool, civ_rows_text(rows, 2));
    return civ_rows_int(rows, 3, number) == APR_SUCCESS ? APR_SUCCESS : CIV_EDATABASE;
}

static apr_status_t take_texts(civ_rows_t *rows, int limit, const char ***texts, const char ***keys,
                               int *count, apr_pool_t *pool)
{
    *texts = apr_pcalloc(pool, ((apr_size_t)limit + 1) * sizeof(char *));
    *keys = apr_pcalloc(pool, ((apr_size_t)limit + 1) * sizeof(char *));
    for (*count = 0; *count < limit && civ_rows_next(rows) == APR_SUCCESS; (*count)++) {
        (*keys)[*count] = apr_pstrdup(pool, civ_rows_text(rows, 0));
        (*texts)[*count] = apr_pstrdup(pool, civ_rows_text(rows, 1));
    }
    return APR_SUCCESS;
}

apr_status_t civ_rows_open(civ_run_t *run, const char *kind, int limit, const char ***texts,
                           const char ***keys, int *count, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(run->project), civ_text(kind), civ_int(run->report->number),
                                        civ_int(limit)};
    civ_rows_t *rows;
    apr_status_t status = select_rows(run, SQL_OPEN, arguments, 4, &rows, pool);

    return status == APR_SUCCESS ? take_texts(rows, limit, texts, keys, count, pool) : status;
}

apr_status_t civ_rows_deferred(civ_run_t *run, const char *kind, int limit, const char ***texts,
                               const char ***keys, int *count, apr_pool_t *pool)
{
    const civ_argument_t unready[] = {civ_int(run->project), civ_text(kind), civ_int(run->report->number),
                                      civ_int(limit)};
    const civ_argument_t deferred[] = {civ_int(run->project), civ_int(run->report->number), civ_int(limit)};
    civ_rows_t *rows;
    apr_status_t status = kind != NULL ? select_rows(run, SQL_UNREADY, unready, 4, &rows, pool)
                                       : select_rows(run, SQL_DEFERRED, deferred, 3, &rows, pool);

    return status == APR_SUCCESS ? take_texts(rows, limit, texts, keys, count, pool) : status;
}

apr_status_t civ_rows_answers(civ_run_t *run, const char **answers, apr_int64_t *last, apr_pool_t *pool)
{
    apr_int64_t before = -1;
    apr_status_t status = APR_SUCCESS;
    civ_buffer_t out;

    civ_buffer_init(&out, 1024, pool);
    for (*last = 0; status == APR_SUCCESS && *last != before;) {
        const civ_argument_t arguments[] = {civ_int(run->project), civ_int(*last)};
        civ_rows_t *rows;

        before = *last;
        status = select_rows(run, SQL_ANSWERS, arguments, 2, &rows, pool);
        while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
            if (out.length > 0)
                civ_buffer_append_byte(&out, ',');
            civ_buffer_append_text(&out, civ_rows_text(rows, 1));
            if (civ_rows_int(rows, 0, last) != APR_SUCCESS)
                status = CIV_EDATABASE;
        }
    }
    *answers = out.length > 0 ? out.data : "";
    return status;
}

apr_status_t civ_rows_store_answers(civ_run_t *run, civ_change_t *change, apr_int64_t row,
                                    const char *answers)
{
    const civ_argument_t arguments[] = {civ_int(run->project), civ_int(row), civ_text(answers)};

    return civ_db_send(change->db, &sql[SQL_ANSWERS_STORE], arguments, 3);
}

apr_status_t civ_rows_remove_answers(civ_run_t *run, civ_change_t *change)
{
    const civ_argument_t argument = civ_int(run->project);

    return civ_db_send(change->db, &sql[SQL_ANSWERS_REMOVE], &argument, 1);
}

static apr_status_t last_of(civ_change_t *change, rows_sql_e statement, apr_int64_t *last)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &sql[statement], NULL, 0, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS && civ_rows_int(rows, 0, last) == APR_SUCCESS ? APR_SUCCESS
                                                                                            : CIV_EDATABASE;
}

static apr_status_t begin_run(civ_run_t *run, civ_change_t *change)
{
    apr_int64_t last;
    apr_status_t status = last_of(change, SQL_RUN_LAST, &last);

    run->report->number = last + 1;
    if (status == APR_SUCCESS) {
        const civ_argument_t arguments[] = {civ_int(run->report->number),
                                            civ_int(run->project),
                                            civ_int(run->report->started),
                                            civ_int(0),
                                            civ_text(civ_sync_outcome_name(CIV_SYNC_RUNNING)),
                                            civ_text(civ_sync_report_text(run->report, change->pool))};

        status = civ_db_execute(change->db, &sql[SQL_RUN_INSERT], arguments, 6, NULL);
    }
    return status;
}

static apr_status_t forget_old(civ_run_t *run, civ_change_t *change)
{
    const civ_argument_t runs[] = {civ_int(run->project), civ_int(change->now - RUNS_KEPT)};
    const civ_argument_t validators[] = {civ_int(run->project), civ_int(run->project),
                                         civ_int(VALIDATORS_KEPT)};
    apr_status_t status = civ_db_send(change->db, &sql[SQL_RUNS_FORGET], runs, 2);

    return status == APR_SUCCESS ? civ_db_send(change->db, &sql[SQL_VALIDATORS_OLD], validators, 3) : status;
}

/* Row of the project and of the run, where they are not there yet. Made anew by each attempt at the transaction. */
apr_status_t civ_rows_begin(civ_run_t *run, civ_change_t *change)
{
    apr_status_t status = APR_SUCCESS;

    if (run->is_new_project) {
        apr_int64_t last;

        status = last_of(change, SQL_PROJECT_LAST, &last);
        run->project = last + 1;
        if (status == APR_SUCCESS) {
            const civ_argument_t arguments[] = {civ_int(run->project), civ_text(run->connector->platform),
                                                civ_text(run->request->project_id), civ_text("{}"),
                                                civ_int(0)};

            status = civ_db_execute(change->db, &sql[SQL_PROJECT_INSERT], arguments, 5, NULL);
        }
    }
    return status == APR_SUCCESS && run->is_new ? begin_run(run, change) : status;
}

apr_status_t civ_rows_store_project(civ_run_t *run, civ_change_t *change)
{
    civ_sync_report_t *report = run->report;
    const civ_argument_t project[] = {civ_text(run->facts_text != NULL ? run->facts_text : "{}"),
                                      civ_int(run->is_over ? 0 : report->number), civ_int(run->project)};
    const civ_argument_t state[] = {
        civ_int(run->is_over ? report->ended : 0), civ_text(civ_sync_outcome_name(report->outcome)),
        civ_text(civ_sync_report_text(report, change->pool)), civ_int(report->number)};
    apr_status_t status;

    status = civ_db_send(change->db, &sql[SQL_PROJECT_UPDATE], project, 3);
    if (status == APR_SUCCESS)
        status = civ_db_send(change->db, &sql[SQL_RUN_UPDATE], state, 4);
    return status == APR_SUCCESS && run->is_over ? forget_old(run, change) : status;
}

apr_status_t civ_rows_store_cursor(civ_run_t *run, civ_change_t *change)
{
    const civ_cursor_t *cursor = &run->cursor;
    const civ_argument_t arguments[] = {civ_int(run->project),      civ_text(cursor->kind),
                                        civ_text(cursor->stream),   civ_int(cursor->watermark),
                                        civ_int(cursor->pending),   civ_int(cursor->seen),
                                        civ_text(cursor->bookmark), civ_text(cursor->pending_bookmark),
                                        civ_int(cursor->ended)};

    return civ_db_send(change->db, &sql[SQL_CURSOR_STORE], arguments, 9);
}

apr_status_t civ_rows_store_frontier(civ_run_t *run, civ_change_t *change)
{
    const civ_frontier_t *frontier = &run->frontier;
    const civ_argument_t from[] = {civ_int(run->project), civ_int(frontier->stored)};
    apr_status_t status = civ_db_send(change->db, &sql[SQL_STEPS_CUT], from, 2);
    int i;

    for (i = frontier->stored; i < frontier->count && status == APR_SUCCESS; i++) {
        const civ_argument_t step[] = {civ_int(run->project), civ_int(i), civ_text(frontier->texts[i])};

        status = civ_db_send(change->db, &sql[SQL_STEP_INSERT], step, 3);
    }
    return status;
}

apr_status_t civ_rows_store_validators(civ_run_t *run, civ_change_t *change, const civ_sync_page_t *page)
{
    const civ_argument_t arguments[] = {civ_int(run->project),
                                        civ_text(url_key(page->step.request.url, change->pool)),
                                        civ_text(page->etag != NULL ? page->etag : ""),
                                        civ_text(page->last_modified != NULL ? page->last_modified : ""),
                                        civ_text(civ_requests_text(page->next, change->pool)),
                                        civ_int(run->report->number),
                                        civ_int(run->report->number)};

    return civ_db_send(change->db, &sql[SQL_VALIDATORS_STORE], arguments, 7);
}

apr_status_t civ_rows_confirm_validators(civ_run_t *run, civ_change_t *change, const char *url)
{
    const civ_argument_t arguments[] = {civ_int(run->report->number), civ_int(run->project),
                                        civ_text(url_key(url, change->pool))};

    return civ_db_send(change->db, &sql[SQL_VALIDATORS_USE], arguments, 3);
}

apr_status_t civ_rows_store_open(civ_run_t *run, civ_change_t *change, const char *key, const char *step,
                                 const char *kind)
{
    const civ_argument_t arguments[] = {civ_int(run->project),        civ_text(key),        civ_text(kind),
                                        civ_int(run->report->number), civ_int(change->now), civ_text(step)};

    return civ_db_send(change->db, &sql[SQL_OPEN_STORE], arguments, 6);
}

apr_status_t civ_rows_remove_open(civ_run_t *run, civ_change_t *change, const char *key)
{
    const civ_argument_t arguments[] = {civ_int(run->project), civ_text(key)};

    return civ_db_send(change->db, &sql[SQL_OPEN_REMOVE], arguments, 2);
}

apr_status_t civ_rows_give_up_open(civ_run_t *run, civ_change_t *change)
{
    const civ_argument_t arguments[] = {civ_int(run->project), civ_text(run->give_up_kind),
                                        civ_int(run->give_up_before)};
    int count = 0;
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_OPEN_GIVE_UP], arguments, 3, &count);

    if (status == APR_SUCCESS && count > 0)
        civ_sync_report_warn(run->report,
                             "%s: %d items that have stayed open for long are not asked for any more",
                             run->give_up_kind, count);
    return status;
}

apr_status_t civ_rows_mark_open(civ_run_t *run, civ_change_t *change, const char *key)
{
    const civ_argument_t arguments[] = {civ_int(run->report->number), civ_int(run->project), civ_text(key)};

    return civ_db_send(change->db, &sql[SQL_OPEN_MARK], arguments, 3);
}

apr_status_t civ_rows_store_deferral(civ_run_t *run, civ_change_t *change, const civ_deferral_t *deferral)
{
    const civ_argument_t key[] = {civ_int(run->project), civ_text(deferral->key)};
    const civ_argument_t row[] = {
        civ_int(run->project),         civ_text(deferral->key),
        civ_text(deferral->step.kind), civ_int(run->report->number),
        civ_int(deferral->is_unready), civ_text(civ_step_text(&deferral->step, change->pool))};

    return deferral->is_over ? civ_db_send(change->db, &sql[SQL_DEFERRED_REMOVE], key, 2)
                             : civ_db_send(change->db, &sql[SQL_DEFERRED_STORE], row, 6);
}

static apr_status_t forget_project(civ_change_t *change, apr_int64_t project)
{
    const rows_sql_e statements[] = {SQL_CURSORS_FORGET, SQL_VALIDATORS_FORGET, SQL_DEFERRED_FORGET,
                                     SQL_ANSWERS_REMOVE};
    const civ_argument_t argument = civ_int(project);
    const civ_argument_t from[] = {argument, civ_int(0)};
    const civ_argument_t ended[] = {civ_text("{}"), civ_int(0), argument};
    apr_status_t status = civ_db_execute(change->db, &sql[SQL_STEPS_CUT], from, 2, NULL);
    unsigned i;

    for (i = 0; i < sizeof(statements) / sizeof(statements[0]) && status == APR_SUCCESS; i++)
        status = civ_db_execute(change->db, &sql[statements[i]], &argument, 1, NULL);
    return status == APR_SUCCESS ? civ_db_execute(change->db, &sql[SQL_PROJECT_UPDATE], ended, 3, NULL)
                                 : status;
}

apr_status_t civ_engine_forget(civ_change_t *change, const char *platform, const char *project_id)
{
    apr_int64_t project = 0;
    apr_int64_t before = -1;
    apr_status_t status = APR_SUCCESS;

    while (status == APR_SUCCESS && project != before) {
        const civ_argument_t arguments[] = {civ_text(platform), civ_int(project)};
        civ_rows_t *rows;

        before = project;
        status = civ_db_select(change->db, &sql[SQL_PROJECTS_OF], arguments, 2, &rows, change->pool);
        while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
            if (civ_rows_int(rows, 0, &project) != APR_SUCCESS)
                return CIV_EDATABASE;
            if (project_id == NULL || strcmp(project_id, civ_rows_text(rows, 1)) == 0)
                status = forget_project(change, project);
        }
    }
    return status;
}
