/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_lists.c
 * Lists: where they start, how they end, and what is asked for again.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/engine_private.h"
#include "sync/fields.h"

/** Rows that a step of many takes at once. */
#define ROWS 50

/** Milliseconds to wait before asking again for what was not ready. */
#define UNREADY_PAUSE 2000

#define DAY             APR_INT64_C(86400000)
#define OVERLAP         APR_INT64_C(600000)
#define LOOKBACK_DAYS   7
#define GIVES_UP_DAYS   30
#define FIRST_OF_WINDOW APR_INT64_C(1199145600000) /* 2008-01-01: no platform has anything older */

apr_status_t civ_run_start_list(civ_run_t *run, const civ_sync_kind_t *kind, const civ_sync_range_t *range,
                                const char *stream, int whole, apr_pool_t *pool)
{
    const civ_sync_request_t *requests;
    civ_sync_context_t context;
    civ_sync_step_t step;
    civ_sync_page_t *page;
    apr_status_t status;
    int i;

    memset(&step, 0, sizeof(step));
    step.op = CIV_STEP_FETCH;
    step.role = CIV_ROLE_LIST;
    step.kind = kind->name;
    step.stream = stream;
    step.from = range->from;
    step.to = range->to;
    step.is_first = range->bookmark != NULL;
    page = civ_page_make(&step, pool);
    civ_run_context(run, &context, pool);
    status = kind->first(&context, range, page);
    if (status != APR_SUCCESS) {
        civ_kind_report_trouble(civ_run_kind_report(run, kind->name), CIV_KIND_FAILED, "%s",
                                page->fault != NULL ? page->fault : "Its list cannot be asked for");
        if (!whole)
            civ_run_drop_list(run, &step);
        return APR_SUCCESS;
    }
    if (whole)
        civ_run_push_simple(run, CIV_STEP_END, kind->name, stream);
    requests = (const civ_sync_request_t *)page->next->elts;
    for (i = page->next->nelts - 1; i >= 0; i--) {
        step.request = requests[i];
        civ_run_push(run, &step, pool);
    }
    return APR_SUCCESS;
}

void civ_run_drop_list(civ_run_t *run, const civ_sync_step_t *step)
{
    apr_pool_t *pool;

    apr_pool_create(&pool, run->pool);
    while (run->frontier.count > 0) {
        civ_sync_step_t top;
        int is_end;

        apr_pool_clear(pool);
        is_end = civ_step_read(&top, run->frontier.texts[run->frontier.count - 1], pool) == APR_SUCCESS &&
                 top.op == CIV_STEP_END && strcmp(top.kind, step->kind) == 0 &&
                 strcmp(top.stream, step->stream) == 0;
        civ_frontier_cut(&run->frontier, run->frontier.count - 1);
        if (is_end)
            break;
    }
    apr_pool_destroy(pool);
}

apr_status_t civ_run_load_cursor(civ_run_t *run, const char *kind, const char *stream)
{
    civ_cursor_t *cursor = &run->cursor;
    apr_status_t status = APR_SUCCESS;

    if (cursor->is_loaded && strcmp(cursor->kind, kind) == 0 && strcmp(cursor->stream, stream) == 0)
        return APR_SUCCESS;
    run->has_last_body = 0; /* it was another list's */
    if (cursor->is_loaded && cursor->is_dirty)
        status = civ_run_commit(run);
    return status == APR_SUCCESS ? civ_rows_load_cursor(run, kind, stream) : status;
}

/* A gap that nobody can close is told, never passed over. */
static apr_int64_t within_retention(civ_run_t *run, const civ_sync_kind_t *kind, apr_int64_t from)
{
    apr_int64_t oldest = run->now - kind->retention_days * DAY;
    char begin[CIV_TIMESTAMP_SIZE];
    char end[CIV_TIMESTAMP_SIZE];

    if (kind->retention_days == 0 || from == 0 || run->cursor.watermark == 0 ||
        run->cursor.watermark >= oldest)
        return from;
    civ_timestamp_format(begin, run->cursor.watermark);
    civ_timestamp_format(end, oldest);
    civ_kind_report_trouble(civ_run_kind_report(run, kind->name), CIV_KIND_DEGRADED,
                            "The platform has forgotten what was between %s and %s", begin, end);
    civ_sync_report_warn(run->report, "%s: the platform has forgotten what was between %s and %s", kind->name,
                         begin, end);
    return oldest;
}

static apr_int64_t start_of_range(civ_run_t *run, const civ_sync_kind_t *kind)
{
    const civ_engine_run_t *request = run->request;
    int lookback = request->lookback_days > 0 ? request->lookback_days : LOOKBACK_DAYS;
    apr_int64_t from = 0;

    if (request->since > 0)
        return request->since;
    if (kind->rule == CIV_SYNC_ALL)
        return 0;
    if (run->cursor.watermark > 0)
        from = run->cursor.watermark - (kind->rule == CIV_SYNC_CREATED ? lookback * DAY : OVERLAP);
    else if (request->backfill_days > 0)
        from = run->now - request->backfill_days * DAY;
    return within_retention(run, kind, from > 0 ? from : 0);
}

static void bound_window(const civ_run_t *run, civ_sync_range_t *range)
{
    apr_int64_t created = civ_time_of_text(civ_field_text(run->facts, CIV_FACT_CREATED));

    if (range->from == 0)
        range->from = created > 0 ? created : FIRST_OF_WINDOW;
    range->from -= range->from % 1000;
    if (range->to < range->from)
        range->to = range->from;
    range->to += 999;
    range->to -= range->to % 1000;
}

apr_status_t civ_run_start(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
{
    const civ_sync_kind_t *kind = civ_run_kind(run, step->kind);
    civ_kind_report_t *report = civ_run_kind_report(run, step->kind);
    civ_cursor_t *cursor = &run->cursor;
    civ_sync_range_t range;
    apr_status_t status = civ_run_load_cursor(run, step->kind, step->stream);

    if (status != APR_SUCCESS)
        return status;
    civ_frontier_cut(&run->frontier, run->frontier.count - 1);
    if (cursor->ended == run->report->number)
        return APR_SUCCESS; /* named twice */
    memset(&range, 0, sizeof(range));
    range.from = start_of_range(run, kind);
    range.to = run->now;
    range.stream = step->stream;
    if (kind->rule == CIV_SYNC_BOOKMARK && cursor->bookmark[0] != '\0' && run->request->since == 0)
        range.bookmark = apr_pstrdup(pool, cursor->bookmark);
    if (kind->cap > 0)
        bound_window(run, &range);
    if (cursor->watermark > report->watermark_before)
        report->watermark_before = cursor->watermark;
    cursor->pending = 0;
    cursor->seen = 0;
    free((void *)cursor->pending_bookmark);
    cursor->pending_bookmark = strdup("");
    cursor->is_dirty = 1;
    return civ_run_start_list(run, kind, &range, step->stream, 1, pool);
}

apr_status_t civ_run_end_list(civ_run_t *run, const civ_sync_step_t *step)
{
    civ_kind_report_t *report = civ_run_kind_report(run, step->kind);
    civ_cursor_t *cursor = &run->cursor;
    apr_int64_t reached;
    int leaves_gap;
    apr_status_t status = civ_run_load_cursor(run, step->kind, step->stream);

    if (status != APR_SUCCESS)
        return status;
    civ_frontier_cut(&run->frontier, run->frontier.count - 1);
    reached = cursor->pending > 0 ? cursor->pending : cursor->seen;
    /* A run that began later than where the last one ended has left out what is between. */
    leaves_gap = run->request->since > 0 && cursor->watermark > 0 && run->request->since > cursor->watermark;
    if (leaves_gap)
        reached = 0;
    if (reached > cursor->watermark)
        cursor->watermark = reached;
    if (cursor->pending_bookmark[0] != '\0' && !leaves_gap) {
        const char *before = cursor->bookmark;

        cursor->bookmark = cursor->pending_bookmark;
        cursor->pending_bookmark = before;
    }
    cursor->ended = run->report->number;
    cursor->is_dirty = 1;
    if (cursor->watermark > report->watermark_after)
        report->watermark_after = cursor->watermark;
    if (report->status == CIV_KIND_PENDING)
        report->status = CIV_KIND_OK;
    run->report->remaining_items = -1;
    return civ_run_commit(run);
}

static void push_texts(civ_run_t *run, const char *const *texts, const char *const *keys, int count,
                       apr_pool_t *pool)
{
    int i;

    for (i = count - 1; i >= 0; i--) {
        civ_sync_step_t step;

        if (civ_step_read(&step, texts[i], pool) != APR_SUCCESS || civ_run_kind(run, step.kind) == NULL)
            continue;
        step.key = keys[i];
        civ_run_push(run, &step, pool);
    }
}

/* What the database is to be asked about must be in it. */
static apr_status_t commit_rest(civ_run_t *run)
{
    return run->batch->nelts > 0 || run->deferrals->nelts > 0 ? civ_run_commit(run) : APR_SUCCESS;
}

/* Ask again for what is open, and for what was not ready when it was asked for first. The step stays until there is nothing left. */
apr_status_t civ_run_recheck(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
{
    const civ_sync_kind_t *kind = civ_run_kind(run, step->kind);
    const char **texts;
    const char **keys;
    int count = 0;
    apr_status_t status = commit_rest(run);

    if (status == APR_SUCCESS)
        status = civ_rows_open(run, step->kind, ROWS, &texts, &keys, &count, run->batch_pool);
    if (status == APR_SUCCESS && count > 0) {
        push_texts(run, texts, keys, count, run->batch_pool);
        run->batch_open = keys;
        run->batch_open_count = count;
        return civ_run_commit(run);
    }
    if (status == APR_SUCCESS)
        status = civ_rows_deferred(run, step->kind, ROWS, &texts, &keys, &count, pool);
    if (status != APR_SUCCESS)
        return status;
    if (count > 0) {
        if (run->request->fetch.pause != NULL)
            status = run->request->fetch.pause(run->request->fetch.baton, UNREADY_PAUSE);
        push_texts(run, texts, keys, count, pool);
        return status;
    }
    civ_frontier_cut(&run->frontier, run->frontier.count - 1);
    run->give_up_kind = kind->name;
    run->give_up_before =
        civ_timestamp_now() - (kind->gives_up_days > 0 ? kind->gives_up_days : GIVES_UP_DAYS) * DAY;
    return civ_run_commit(run);
}

/* Ask again for what broke in earlier runs; once in a run. */
apr_status_t civ_run_retry(civ_run_t *run, apr_pool_t *pool)
{
    const char **texts;
    const char **keys;
    int count = 0;
    int i;
    apr_status_t status = commit_rest(run);

    if (status == APR_SUCCESS)
        status = civ_rows_deferred(run, NULL, ROWS, &texts, &keys, &count, pool);
    if (status != APR_SUCCESS)
        return status;
    if (count == 0)
        civ_frontier_cut(&run->frontier, run->frontier.count - 1);
    push_texts(run, texts, keys, count, pool);
    for (i = 0; i < count; i++) {
        civ_deferral_t *deferral = apr_array_push(run->deferrals);

        /* Noted as asked for in this run; what comes of it is noted later. */
        memset(deferral, 0, sizeof(*deferral));
        deferral->key = apr_pstrdup(run->batch_pool, keys[i]);
        deferral->is_over = civ_step_read(&deferral->step, texts[i], run->batch_pool) != APR_SUCCESS ||
                            civ_run_kind(run, deferral->step.kind) == NULL;
    }
    return civ_run_commit(run);
}
