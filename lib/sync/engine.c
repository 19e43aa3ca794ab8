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
#include "sync/fields.h"

/** What one transaction takes: parts of items come in many small pages. */
#define BATCH_ITEMS 200
#define BATCH_PAGES 32
#define BATCH_TIME  APR_INT64_C(1000000)

/** Rows that a step of many takes at once. */
#define ROWS 50

/** Milliseconds to wait before asking again for what was not ready. */
#define UNREADY_PAUSE 2000

#define DAY             APR_INT64_C(86400000)
#define OVERLAP         APR_INT64_C(600000)
#define LOOKBACK_DAYS   7
#define GIVES_UP_DAYS   30
#define DEPTH_MOST      16
#define FIRST_OF_WINDOW APR_INT64_C(1199145600000) /* 2008-01-01: no platform has anything older */

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

static void push_simple(civ_run_t *run, civ_step_op_e op, const char *kind, const char *stream)
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
            push_simple(run, CIV_STEP_START, streams[i].name, streams[i].value);
    for (i = page->follows->nelts - 1; i >= 0; i--)
        push_follow(run, page, &follows[i]);
}

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
        return APR_SUCCESS;
    }
    if (whole)
        push_simple(run, CIV_STEP_END, kind->name, stream);
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
    if (cursor->is_loaded && cursor->is_dirty)
        status = civ_run_commit(run);
    return status == APR_SUCCESS ? civ_rows_load_cursor(run, kind, stream) : status;
}

/* --- pages --- */

static void learn(civ_run_t *run, const civ_sync_page_t *page)
{
    const civ_page_pair_t *pairs = (const civ_page_pair_t *)page->facts->elts;
    apr_pool_t *before = run->facts_pool;
    civ_json_writer_t writer;
    civ_problem_t problem;
    civ_buffer_t out;
    apr_size_t i;
    int j;

    if (page->facts->nelts == 0)
        return;
    apr_pool_create(&run->facts_pool, run->pool);
    civ_buffer_init(&out, 256, run->facts_pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    for (j = 0; j < page->facts->nelts; j++)
        civ_json_member_text(&writer, pairs[j].name, pairs[j].value);
    for (i = 0; run->facts != NULL && i < run->facts->as.object.count; i++) {
        const civ_json_member_t *member = &run->facts->as.object.members[i];

        for (j = 0; j < page->facts->nelts && strcmp(pairs[j].name, member->name) != 0; j++)
            continue;
        if (j == page->facts->nelts)
            civ_json_member_text(&writer, member->name, member->value.as.text.text);
    }
    civ_json_end_object(&writer);
    if (civ_json_parse(&run->facts, out.data, out.length, &civ_json_request_limits, &problem,
                       run->facts_pool) == APR_SUCCESS)
        run->facts_text = out.data;
    if (before != NULL)
        apr_pool_destroy(before);
}

static const char *open_key(const civ_sync_step_t *step, const char *base_id, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, step->kind, "\x1f", base_id, NULL);
    civ_digest_t digest;

    civ_digest_sha256(&digest, text, strlen(text));
    return civ_digest_hex_dup(&digest, pool);
}

static apr_status_t finish_item(civ_run_t *run, civ_sync_page_t *page, const civ_page_item_t *entry,
                                const civ_http_answer_t *answer)
{
    civ_sync_item_t *item = &page->finished[page->finished_count];
    apr_pool_t *pool = page->pool;
    const char *scope = civ_field_text(run->facts, CIV_FACT_SCOPE);
    civ_problem_t problem;

    *item = *entry->item;
    item->source = run->connector->platform;
    item->instance = run->request->instance;
    item->project_id = run->request->project_id;
    if (item->scope == NULL)
        item->scope = scope != NULL ? apr_pstrdup(pool, scope) : item->project_id;
    item->source_url = page->step.request.url;
    item->raw_hash = answer->digest;
    if (civ_sync_item_finish(item, &problem, pool) != APR_SUCCESS) {
        civ_sync_page_warn(page, "%s %s was left out: %s", page->step.kind,
                           entry->base_id != NULL ? entry->base_id : "without an id", problem.detail);
        return CIV_EINVALID;
    }
    page->open_keys[page->finished_count] = open_key(&page->step, entry->base_id, pool);
    page->rechecks[page->finished_count] = entry->recheck;
    page->origins[page->finished_count] = entry->item;
    page->finished_count++;
    if (item->updated > run->cursor.seen || item->timestamp > run->cursor.seen) {
        apr_int64_t seen = item->updated > 0 ? item->updated : item->timestamp;

        if (page->step.role == CIV_ROLE_LIST && seen > run->cursor.seen && seen <= civ_timestamp_now()) {
            run->cursor.seen = seen;
            run->cursor.is_dirty = 1;
        }
    }
    return APR_SUCCESS;
}

void civ_run_take_page(civ_run_t *run, civ_sync_page_t *page, const civ_http_answer_t *answer)
{
    const civ_page_item_t *entries = (const civ_page_item_t *)page->items->elts;
    civ_kind_report_t *report = civ_run_kind_report(run, page->step.kind);
    apr_size_t count = (apr_size_t)page->items->nelts + 1;
    const char *const *warnings;
    int i;

    learn(run, page);
    page->finished = apr_pcalloc(page->pool, count * sizeof(*page->finished));
    page->open_keys = apr_pcalloc(page->pool, count * sizeof(*page->open_keys));
    page->rechecks = apr_pcalloc(page->pool, count * sizeof(*page->rechecks));
    page->outcomes = apr_pcalloc(page->pool, count * sizeof(*page->outcomes));
    page->origins = apr_pcalloc(page->pool, count * sizeof(*page->origins));
    for (i = 0; i < page->items->nelts; i++)
        if (finish_item(run, page, &entries[i], answer) != APR_SUCCESS)
            report->left_out++;
    if (page->bookmark != NULL && page->step.role == CIV_ROLE_LIST) {
        free((void *)run->cursor.pending_bookmark);
        run->cursor.pending_bookmark = strdup(page->bookmark);
        if (run->cursor.pending_bookmark == NULL)
            abort(); /* as APR does without memory */
        run->cursor.is_dirty = 1;
    }
    warnings = (const char *const *)page->warnings->elts;
    for (i = 0; i < page->warnings->nelts; i++) {
        civ_kind_report_trouble(report, CIV_KIND_DEGRADED, "%s", warnings[i]);
        civ_sync_report_warn(run->report, "%s", warnings[i]);
    }
    if (report->status == CIV_KIND_PENDING)
        report->status = CIV_KIND_OK;
    report->pages++;
    run->report->pages++;
    run->batch_items += page->finished_count;
    *(civ_sync_page_t **)apr_array_push(run->batch) = page;
}

/* --- steps --- */

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

static apr_status_t start(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
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

static apr_status_t end_list(civ_run_t *run, const civ_sync_step_t *step)
{
    civ_kind_report_t *report = civ_run_kind_report(run, step->kind);
    civ_cursor_t *cursor = &run->cursor;
    apr_int64_t reached;
    apr_status_t status = civ_run_load_cursor(run, step->kind, step->stream);

    if (status != APR_SUCCESS)
        return status;
    civ_frontier_cut(&run->frontier, run->frontier.count - 1);
    reached = cursor->pending > 0 ? cursor->pending : cursor->seen;
    /* A run that began later than where the last one ended has left out what is between. */
    if (run->request->since > 0 && cursor->watermark > 0 && run->request->since > cursor->watermark)
        reached = 0;
    if (reached > cursor->watermark)
        cursor->watermark = reached;
    if (cursor->pending_bookmark[0] != '\0') {
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
static apr_status_t recheck(civ_run_t *run, const civ_sync_step_t *step, apr_pool_t *pool)
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
static apr_status_t retry(civ_run_t *run, apr_pool_t *pool)
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
        return start(run, &step, pool);
    case CIV_STEP_FETCH:
        if (step.role == CIV_ROLE_LIST)
            status = civ_run_load_cursor(run, step.kind, step.stream);
        return status == APR_SUCCESS ? civ_run_fetch(run, &step, pool) : status;
    case CIV_STEP_RECHECK:
        return recheck(run, &step, pool);
    case CIV_STEP_END:
        return end_list(run, &step);
    case CIV_STEP_RETRY:
    default:
        return retry(run, pool);
    }
}

static int is_commit_due(const civ_run_t *run)
{
    const civ_sync_page_t *const *pages = (const civ_sync_page_t *const *)run->batch->elts;
    int count = run->batch->nelts;

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
    push_simple(run, CIV_STEP_RETRY, "", "");
    for (i = report->kind_count - 1; i >= 0; i--) {
        report->kinds[i].name = run->connector->kinds[i].name;
        push_simple(run, CIV_STEP_RECHECK, report->kinds[i].name, "");
    }
    for (i = report->kind_count - 1; i >= 0; i--)
        if (run->connector->kinds[i].rule != CIV_SYNC_PART && !run->connector->kinds[i].is_streamed)
            push_simple(run, CIV_STEP_START, run->connector->kinds[i].name, "");
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
    if (status != APR_SUCCESS)
        return status;
    if (run->facts_text == NULL ||
        civ_json_parse(&run->facts, run->facts_text, strlen(run->facts_text), &civ_json_request_limits,
                       &problem, run->pool) != APR_SUCCESS ||
        run->facts->type != CIV_JSON_OBJECT) {
        run->facts = NULL;
        run->facts_text = "{}";
    }
    if (report->number == 0 || run->frontier.count == 0)
        begin(run);
    else
        report->resumed++;
    report->outcome = CIV_SYNC_RUNNING;
    report->reason[0] = '\0';
    report->retry_at = 0;
    return civ_run_commit(run);
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
        if (kind->status > CIV_KIND_OK) {
            report->outcome = CIV_SYNC_DEGRADED;
            if (report->reason[0] == '\0')
                apr_snprintf(report->reason, CIV_REASON_SIZE, "%s: %.200s", kind->name, kind->reason);
        }
    }
    if (report->outcome == CIV_SYNC_DEGRADED && report->reason[0] == '\0')
        apr_cpystrn(report->reason, report->warnings[0], CIV_REASON_SIZE);
    run->is_over = run->frontier.count == 0;
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
    civ_frontier_init(&run->frontier, pool);
    apr_pool_cleanup_register(pool, &run->cursor, release_cursor, apr_pool_cleanup_null);
    if (request->fetch.counts != NULL)
        run->counted = request->fetch.counts(request->fetch.baton);
    return run;
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
    civ_log_write(engine->log, status == APR_SUCCESS ? CIV_LOG_INFO : CIV_LOG_ERROR, status,
                  "CIV0720: synchronisation of %s %s: %s%s%s; %" APR_INT64_T_FMT " items, %" APR_INT64_T_FMT
                  " new, %" APR_INT64_T_FMT " changed, in %" APR_INT64_T_FMT " pages",
                  request->connector->platform, request->project_id, civ_sync_outcome_name(report->outcome),
                  report->reason[0] != '\0' ? ": " : "", report->reason, report->seen, report->fresh,
                  report->changed, report->pages);
    return status;
}
