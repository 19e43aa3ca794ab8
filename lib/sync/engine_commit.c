/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_commit.c
 * One transaction: the items of the batch's pages, and where the run is after them.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "sync/engine_private.h"

/* What a transaction that is repeated must find as it was. */
typedef struct commit_t {
    civ_run_t *run;
    civ_sync_report_t report; /**< before it */
    civ_kind_report_t *kinds;
    int frontier_count;
} commit_t;

static void count_outcome(civ_run_t *run, civ_kind_report_t *kind, civ_timeline_outcome_e outcome)
{
    civ_sync_report_t *report = run->report;

    report->seen++;
    kind->seen++;
    switch (outcome) {
    case CIV_TIMELINE_NEW:
        report->fresh++;
        kind->fresh++;
        break;
    case CIV_TIMELINE_CHANGED:
        report->changed++;
        kind->changed++;
        break;
    case CIV_TIMELINE_DUPLICATE:
        report->duplicate++;
        kind->duplicate++;
        break;
    case CIV_TIMELINE_STALE:
        report->stale++;
        break;
    case CIV_TIMELINE_CONFLICT:
        report->conflicts++;
        break;
    }
}

/* Whether items of this kind are asked for again while they are open. */
static int has_open_items(const civ_sync_kind_t *kind, const civ_sync_page_t *page)
{
    int i;

    if (kind->rule == CIV_SYNC_CREATED || page->step.role == CIV_ROLE_OPEN)
        return 1;
    for (i = 0; i < page->finished_count; i++)
        if (page->rechecks[i] != NULL)
            return 1;
    return 0;
}

static apr_status_t keep_open(civ_run_t *run, civ_change_t *change, const civ_sync_page_t *page, int index)
{
    const civ_sync_item_t *item = &page->finished[index];
    civ_sync_step_t step;

    if (item->is_final)
        return civ_rows_remove_open(run, change, page->open_keys[index]);
    if (page->rechecks[index] == NULL || page->outcomes[index] == CIV_TIMELINE_STALE)
        return APR_SUCCESS;
    memset(&step, 0, sizeof(step));
    step.op = CIV_STEP_FETCH;
    step.role = CIV_ROLE_OPEN;
    step.kind = page->step.kind;
    step.stream = page->step.stream;
    step.key = page->open_keys[index];
    step.content_key = civ_digest_hex_dup(&item->key, change->pool);
    step.request = *page->rechecks[index];
    return civ_rows_store_open(run, change, step.key, civ_step_text(&step, change->pool), step.kind);
}

static apr_status_t close_open(civ_run_t *run, civ_change_t *change, const civ_sync_page_t *page)
{
    const civ_timeline_writer_t *timeline = &run->engine->timeline;
    civ_digest_t key;
    apr_status_t status = APR_SUCCESS;

    if (page->is_gone && page->step.content_key != NULL && timeline->gone != NULL &&
        civ_digest_from_hex(&key, page->step.content_key) == APR_SUCCESS)
        status = timeline->gone(timeline->baton, change, &key);
    return status == APR_SUCCESS ? civ_rows_remove_open(run, change, page->step.key) : status;
}

static apr_status_t store_page(civ_run_t *run, civ_change_t *change, civ_sync_page_t *page)
{
    const civ_timeline_writer_t *timeline = &run->engine->timeline;
    const civ_sync_kind_t *kind = civ_run_kind(run, page->step.kind);
    civ_kind_report_t *report = civ_run_kind_report(run, page->step.kind);
    apr_status_t status = APR_SUCCESS;
    int i;

    if (page->finished_count > 0)
        status =
            timeline->store(timeline->baton, change, page->finished, page->finished_count, page->outcomes);
    for (i = 0; i < page->finished_count && status == APR_SUCCESS; i++)
        count_outcome(run, report, page->outcomes[i]);
    if (status == APR_SUCCESS && has_open_items(kind, page))
        for (i = 0; i < page->finished_count && status == APR_SUCCESS; i++)
            status = keep_open(run, change, page, i);
    if (status == APR_SUCCESS && page->closes_open)
        status = close_open(run, change, page);
    if (status == APR_SUCCESS && page->step.request.is_conditional &&
        (page->etag != NULL || page->last_modified != NULL))
        status = civ_rows_store_validators(run, change, page);
    if (status == APR_SUCCESS && page->confirms)
        status = civ_rows_confirm_validators(run, change, page->step.request.url);
    return status;
}

static apr_status_t store_others(civ_run_t *run, civ_change_t *change)
{
    const civ_deferral_t *deferrals = (const civ_deferral_t *)run->deferrals->elts;
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 0; i < run->deferrals->nelts && status == APR_SUCCESS; i++)
        status = civ_rows_store_deferral(run, change, &deferrals[i]);
    for (i = 0; i < run->batch_open_count && status == APR_SUCCESS; i++)
        status = civ_rows_mark_open(run, change, run->batch_open[i]);
    if (status == APR_SUCCESS && run->give_up_kind != NULL)
        status = civ_rows_give_up_open(run, change);
    if (status == APR_SUCCESS && run->cursor.is_dirty)
        status = civ_rows_store_cursor(run, change);
    return status;
}

static apr_status_t apply(void *baton, civ_change_t *change)
{
    commit_t *commit = baton;
    civ_run_t *run = commit->run;
    civ_sync_page_t *const *pages = (civ_sync_page_t *const *)run->batch->elts;
    civ_kind_report_t *kinds = run->report->kinds;
    apr_status_t status = APR_SUCCESS;
    int i;

    *run->report = commit->report;
    run->report->kinds = kinds;
    memcpy(kinds, commit->kinds, (apr_size_t)commit->report.kind_count * sizeof(*kinds));
    civ_frontier_cut(&run->frontier, commit->frontier_count);
    if (run->request->fence != NULL)
        status = run->request->fence(run->request->baton, change);
    /* A new project's row is counted with its first run's. */
    if (status == APR_SUCCESS && (run->is_new || run->is_new_project))
        status = civ_rows_begin(run, change);
    for (i = 0; i < run->batch->nelts && status == APR_SUCCESS; i++) {
        status = store_page(run, change, pages[i]);
        if (status == APR_SUCCESS && pages[i]->tells_conditions)
            civ_run_push_page(run, pages[i]);
    }
    if (status == APR_SUCCESS)
        status = store_others(run, change);
    if (status == APR_SUCCESS)
        status = civ_record_store(run, change);
    if (status == APR_SUCCESS)
        status = civ_rows_store_frontier(run, change);
    return status == APR_SUCCESS ? civ_rows_store_project(run, change) : status;
}

static void take_counts(civ_run_t *run)
{
    civ_sync_report_t *report = run->report;
    civ_http_counts_t now;

    if (run->request->fetch.counts == NULL)
        return;
    now = run->request->fetch.counts(run->request->fetch.baton);
    report->requests += now.requests - run->counted.requests;
    report->retries += now.retries - run->counted.retries;
    report->unchanged += now.unchanged - run->counted.unchanged;
    report->bytes += now.bytes - run->counted.bytes;
    report->throttled += now.throttled - run->counted.throttled;
    report->remaining = now.remaining;
    run->counted = now;
}

apr_status_t civ_run_commit(civ_run_t *run)
{
    const civ_transactor_t *transactor = &run->engine->transactor;
    civ_change_steps_t steps;
    civ_change_result_t result;
    commit_t commit;
    apr_status_t status;

    take_counts(run);
    commit.run = run;
    commit.report = *run->report;
    commit.kinds = apr_pmemdup(run->batch_pool, run->report->kinds,
                               (apr_size_t)run->report->kind_count * sizeof(civ_kind_report_t));
    commit.frontier_count = run->frontier.count;
    memset(&steps, 0, sizeof(steps));
    steps.apply = apply;
    steps.baton = &commit;
    status = transactor->run(transactor->baton, &steps, &result, run->problem, run->batch_pool);
    if (status != APR_SUCCESS)
        return status;
    run->is_new = run->is_new_project = 0;
    civ_record_committed(run);
    run->frontier.stored = run->frontier.count;
    run->cursor.is_dirty = 0;
    run->batch_items = 0;
    run->batch_since = 0;
    run->batch_open_count = 0;
    run->give_up_kind = NULL;
    apr_pool_clear(run->batch_pool);
    run->batch = apr_array_make(run->batch_pool, 32, sizeof(civ_sync_page_t *));
    run->deferrals = apr_array_make(run->batch_pool, 8, sizeof(civ_deferral_t));
    run->asked = apr_array_make(run->batch_pool, 32, sizeof(civ_asked_t));
    if (run->request->progress != NULL)
        run->request->progress(run->request->baton, run->report);
    return APR_SUCCESS;
}
