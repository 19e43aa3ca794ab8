/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine.c
 * The run: one step after the other, and a commit now and then.
 */
#include "sync/engine.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/engine_private.h"

/** What one transaction takes: parts of items come in many small pages. */
#define BATCH_ITEMS 200
#define BATCH_PAGES 32
#define BATCH_ASKED 64
#define BATCH_TIME  APR_INT64_C(1000000)

/** How often something may be followed. */
#define DEPTH_MOST 16

const civ_sync_kind_t *civ_run_kind(const civ_run_t *run, const char *name)
{
    int i;

    for (i = 0; i < run->connector->kind_count; i++)
        if (strcmp(run->connector->kinds[i].name, name) == 0)
            return &run->connector->kinds[i];
    return NULL;
}

civ_kind_report_t *civ_run_kind_report(civ_run_t *run, const char *name)
{
    int i;

    for (i = 0; i < run->report->kind_count; i++)
        if (strcmp(run->report->kinds[i].name, name) == 0)
            return &run->report->kinds[i];
    return NULL;
}

void civ_run_context(const civ_run_t *run, civ_sync_context_t *context, apr_pool_t *pool)
{
    memset(context, 0, sizeof(*context));
    context->connector = run->connector;
    context->base = run->request->base;
    context->further_bases = run->request->further_bases;
    context->project_id = run->request->project_id;
    context->settings = run->request->settings;
    context->facts = run->facts;
    context->now = run->now;
    context->pool = pool;
}

void civ_run_push(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
{
    const char *text = civ_step_text(step, pool);

    if (strlen(text) > CIV_SYNC_REQUEST_MAX) {
        civ_sync_report_warn(run->report, "%s: a request is too long and was left out", step->kind);
        civ_run_kind_report(run, step->kind)->left_out++;
        return;
    }
    civ_frontier_push(&run->frontier, text);
}

void civ_run_push_simple(civ_run_t *run, civ_step_op_e op, const char *kind, const char *stream)
{
    civ_sync_step_t step;

    memset(&step, 0, sizeof(step));
    step.op = op;
    step.kind = kind;
    step.stream = stream;
    civ_run_push(run, &step, run->batch_pool);
}

/* Whether something that depends on what became of an item is to be asked for. */
static int is_wanted(const civ_sync_page_t *page, const civ_page_follow_t *follow)
{
    int i;

    if (follow->when == CIV_SYNC_ALWAYS)
        return 1;
    for (i = 0; i < page->finished_count; i++)
        if (page->origins[i] == follow->item)
            return page->outcomes[i] == CIV_TIMELINE_NEW || page->outcomes[i] == CIV_TIMELINE_CHANGED ||
                   page->outcomes[i] == CIV_TIMELINE_CONFLICT;
    return 0;
}

static void push_follow(civ_run_t *run, const civ_sync_page_t *page, const civ_page_follow_t *follow)
{
    civ_sync_step_t step;

    if (civ_run_kind(run, follow->kind) == NULL || page->step.depth >= DEPTH_MOST) {
        civ_sync_report_warn(run->report, "%s: nothing more is followed from here", follow->kind);
        return;
    }
    if (!is_wanted(page, follow))
        return;
    memset(&step, 0, sizeof(step));
    step.op = CIV_STEP_FETCH;
    step.role = CIV_ROLE_PART;
    step.kind = follow->kind;
    step.stream = page->step.stream;
    step.depth = page->step.depth + 1;
    step.request = follow->request;
    civ_run_push(run, &step, run->batch_pool);
}

void civ_run_push_page(civ_run_t *run, const civ_sync_page_t *page)
{
    const civ_sync_request_t *next = (const civ_sync_request_t *)page->next->elts;
    const civ_page_pair_t *streams = (const civ_page_pair_t *)page->streams->elts;
    const civ_page_follow_t *follows = (const civ_page_follow_t *)page->follows->elts;
    int i;

    /* What is pushed last comes first: what belongs to the items before the list goes on. */
    for (i = page->next->nelts - 1; i >= 0 && !page->stops; i--) {
        civ_sync_step_t step = page->step;

        step.is_first = 0;
        step.is_next = 1;
        step.tries = 0;
        step.key = step.content_key = NULL;
        if (step.role == CIV_ROLE_OPEN)
            step.role = CIV_ROLE_PART;
        step.request = next[i];
        civ_run_push(run, &step, run->batch_pool);
    }
    for (i = page->streams->nelts - 1; i >= 0; i--)
        if (civ_run_kind(run, streams[i].name) != NULL)
            civ_run_push_simple(run, CIV_STEP_START, streams[i].name, streams[i].value);
    for (i = page->follows->nelts - 1; i >= 0; i--)
        push_follow(run, page, &follows[i]);
}

static apr_status_t do_step(civ_run_t *run, apr_pool_t *pool)
{
    civ_sync_step_t step;
    apr_status_t status = civ_step_read(&step, run->frontier.texts[run->frontier.count - 1], pool);

    if (status != APR_SUCCESS || (step.op != CIV_STEP_RETRY && civ_run_kind(run, step.kind) == NULL)) {
        /* Of another version of the program, which had other kinds. */
        civ_frontier_cut(&run->frontier, run->frontier.count - 1);
        return APR_SUCCESS;
    }
    switch (step.op) {
    case CIV_STEP_START:
        return civ_run_start(run, &step, pool);
    case CIV_STEP_FETCH:
        if (step.role == CIV_ROLE_LIST)
            status = civ_run_load_cursor(run, step.kind, step.stream);
        return status == APR_SUCCESS ? civ_run_fetch(run, &step, pool) : status;
    case CIV_STEP_RECHECK:
        return civ_run_recheck(run, &step, pool);
    case CIV_STEP_END:
        return civ_run_end_list(run, &step);
    case CIV_STEP_RETRY:
    default:
        return civ_run_retry(run, pool);
    }
}

static int is_commit_due(const civ_run_t *run)
{
    const civ_sync_page_t *const *pages = (const civ_sync_page_t *const *)run->batch->elts;
    int count = run->batch->nelts;

    if (run->asked->nelts >= BATCH_ASKED)
        return 1;
    if (count == 0)
        return run->deferrals->nelts >= BATCH_PAGES;
    return pages[count - 1]->tells_conditions || pages[count - 1]->step.role == CIV_ROLE_LIST ||
           count >= BATCH_PAGES || run->batch_items >= BATCH_ITEMS ||
           civ_timestamp_steady() - run->batch_since >= BATCH_TIME;
}

static apr_status_t work(civ_run_t *run)
{
    apr_status_t status = APR_SUCCESS;
    apr_pool_t *pool;

    apr_pool_create(&pool, run->pool);
    while (status == APR_SUCCESS && run->frontier.count > 0) {
        if (run->request->interrupted != NULL && run->request->interrupted(run->request->baton)) {
            status = CIV_EINTERRUPTED;
            break;
        }
        apr_pool_clear(pool);
        if (run->batch->nelts == 0)
            run->batch_since = civ_timestamp_steady();
        status = do_step(run, pool);
        if (status == APR_SUCCESS && is_commit_due(run))
            status = civ_run_commit(run);
    }
    apr_pool_destroy(pool);
    return status;
}

/* --- begin and end --- */

static void begin(civ_run_t *run)
{
    civ_sync_report_t *report = run->report;
    apr_int64_t now = civ_timestamp_now();
    int i;

    run->is_new = 1;
    memset(report->kinds, 0, (apr_size_t)report->kind_count * sizeof(*report->kinds));
    report->started = now;
    report->remaining = CIV_RATE_UNKNOWN;
    civ_run_push_simple(run, CIV_STEP_RETRY, "", "");
    for (i = report->kind_count - 1; i >= 0; i--) {
        report->kinds[i].name = run->connector->kinds[i].name;
        civ_run_push_simple(run, CIV_STEP_RECHECK, report->kinds[i].name, "");
    }
    for (i = report->kind_count - 1; i >= 0; i--)
        if (run->connector->kinds[i].rule != CIV_SYNC_PART && !run->connector->kinds[i].is_streamed)
            civ_run_push_simple(run, CIV_STEP_START, run->connector->kinds[i].name, "");
}

static apr_status_t open_run(civ_run_t *run)
{
    civ_sync_report_t *report = run->report;
    civ_problem_t problem;
    apr_status_t status;
    int i;

    memset(report, 0, sizeof(*report));
    report->kind_count = run->connector->kind_count;
    report->kinds = apr_pcalloc(run->pool, (apr_size_t)report->kind_count * sizeof(*report->kinds));
    for (i = 0; i < report->kind_count; i++)
        report->kinds[i].name = run->connector->kinds[i].name;
    status = civ_rows_load_project(run);
    run->is_new_project = status == APR_SUCCESS && run->project == 0;
    if (status == APR_SUCCESS && report->number != 0)
        status = civ_rows_load_frontier(run);
    if (status == APR_SUCCESS && report->number != 0)
        status = civ_record_load(run);
    if (status != APR_SUCCESS)
        return status;
    if (run->facts_text == NULL ||
        civ_json_parse(&run->facts, run->facts_text, strlen(run->facts_text), &civ_json_request_limits,
                       &problem, run->pool) != APR_SUCCESS ||
        run->facts->type != CIV_JSON_OBJECT) {
        run->facts = NULL;
        run->facts_text = "{}";
    }
    /* One that had nothing left to ask for is only to be concluded. */
    if (report->number == 0)
        begin(run);
    else
        report->resumed++;
    report->outcome = CIV_SYNC_RUNNING;
    report->reason[0] = '\0';
    report->retry_at = 0;
    report->remaining_items = -1;
    return civ_run_commit(run);
}

/* The first kind with its reason, of which as much is left out as the names of the others take. */
static void name_kinds(civ_run_t *run)
{
    civ_sync_report_t *report = run->report;
    const civ_kind_report_t *first = NULL;
    const char *others = "";
    int i, room;

    for (i = 0; i < report->kind_count; i++) {
        const civ_kind_report_t *kind = &report->kinds[i];

        if (kind->status > CIV_KIND_OK && first != NULL)
            others = apr_pstrcat(run->batch_pool, others, others[0] == '\0' ? "; incomplete as well: " : ", ",
                                 kind->name, NULL);
        else if (kind->status > CIV_KIND_OK)
            first = kind;
    }
    if (first == NULL)
        return;
    room = CIV_REASON_SIZE - 3 - (int)strlen(first->name) - (int)strlen(others);
    civ_sync_reason(report->reason, apr_psprintf(run->batch_pool, "%s: %.*s%s", first->name,
                                                 room > 64 ? room : 64, first->reason, others));
}

static void conclude(civ_run_t *run)
{
    civ_sync_report_t *report = run->report;
    int i;

    if (report->outcome == CIV_SYNC_FAILED)
        civ_frontier_cut(&run->frontier, 0);
    if (report->outcome == CIV_SYNC_RUNNING)
        report->outcome = report->warning_count > 0 ? CIV_SYNC_DEGRADED : CIV_SYNC_OK;
    for (i = 0; i < report->kind_count && report->outcome <= CIV_SYNC_DEGRADED; i++) {
        civ_kind_report_t *kind = &report->kinds[i];

        if (kind->status == CIV_KIND_PENDING && run->frontier.count == 0)
            kind->status = CIV_KIND_OK;
        if (kind->status > CIV_KIND_OK)
            report->outcome = CIV_SYNC_DEGRADED;
    }
    if (report->outcome == CIV_SYNC_DEGRADED && report->reason[0] == '\0')
        name_kinds(run);
    if (report->outcome == CIV_SYNC_DEGRADED && report->reason[0] == '\0')
        civ_sync_reason(report->reason, report->warnings[0]);
    run->is_over = run->frontier.count == 0;
    report->remaining_items = -1;
    run->record.is_ending = 1;
    report->ended = civ_timestamp_now();
}

static apr_status_t release_cursor(void *data)
{
    civ_cursor_t *cursor = data;

    free((void *)cursor->bookmark);
    free((void *)cursor->pending_bookmark);
    cursor->bookmark = cursor->pending_bookmark = NULL;
    return APR_SUCCESS;
}

static apr_status_t release_record(void *data)
{
    civ_record_t *record = data;

    free(record->answers);
    record->answers = NULL;
    return APR_SUCCESS;
}

static civ_run_t *make_run(const civ_engine_t *engine, const civ_engine_run_t *request,
                           civ_sync_report_t *report, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_run_t *run = apr_pcalloc(pool, sizeof(*run));

    run->engine = engine;
    run->request = request;
    run->connector = request->connector;
    run->report = report;
    run->problem = problem;
    run->pool = pool;
    run->now = engine->clock != NULL ? engine->clock->now(engine->clock->baton) : civ_timestamp_now();
    apr_pool_create(&run->batch_pool, pool);
    apr_pool_create(&run->visited_pool, pool);
    run->visited = apr_hash_make(run->visited_pool);
    run->batch = apr_array_make(run->batch_pool, 32, sizeof(civ_sync_page_t *));
    run->deferrals = apr_array_make(run->batch_pool, 8, sizeof(civ_deferral_t));
    run->asked = apr_array_make(run->batch_pool, 32, sizeof(civ_asked_t));
    civ_frontier_init(&run->frontier, pool);
    apr_pool_cleanup_register(pool, &run->cursor, release_cursor, apr_pool_cleanup_null);
    apr_pool_cleanup_register(pool, &run->record, release_record, apr_pool_cleanup_null);
    if (request->fetch.counts != NULL)
        run->counted = request->fetch.counts(request->fetch.baton);
    return run;
}

/* What an administrator has to see to is seen at httpd's default level. */
static civ_log_level_e level_of(const civ_sync_report_t *report, apr_status_t status)
{
    if (status != APR_SUCCESS)
        return CIV_LOG_ERROR;
    return report->outcome == CIV_SYNC_AUTH_FAILED || report->outcome == CIV_SYNC_FAILED ? CIV_LOG_WARNING
                                                                                         : CIV_LOG_INFO;
}

apr_status_t civ_engine_run(const civ_engine_t *engine, const civ_engine_run_t *request,
                            civ_sync_report_t *report, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_run_t *run = make_run(engine, request, report, problem, pool);
    apr_status_t status = open_run(run);

    if (status == APR_SUCCESS)
        status = work(run);
    if (status == CIV_EINTERRUPTED) {
        report->outcome = CIV_SYNC_INTERRUPTED;
        apr_cpystrn(report->reason, "Told to stop", CIV_REASON_SIZE);
        status = APR_SUCCESS;
    }
    if (status == APR_EOF)
        status = APR_SUCCESS;
    if (status != APR_SUCCESS)
        return status;
    conclude(run);
    status = civ_run_commit(run);
    civ_log_write(engine->log, level_of(report, status), status,
                  "CIV0720: synchronisation of %s %s: %s%s%s; %" APR_INT64_T_FMT " items, %" APR_INT64_T_FMT
                  " new, %" APR_INT64_T_FMT " changed, in %" APR_INT64_T_FMT " pages",
                  request->connector->platform, request->project_id, civ_sync_outcome_name(report->outcome),
                  report->reason[0] != '\0' ? ": " : "", report->reason, report->seen, report->fresh,
                  report->changed, report->pages);
    return status;
}
