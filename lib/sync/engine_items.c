/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_items.c
 * From what a connector has written on a page to items that can be stored.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/engine_private.h"
#include "sync/fields.h"

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
                                const civ_http_answer_t *answer, const char *source_url)
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
    /* These point into the answer, which is gone when a batch of pages is stored. */
    item->status = apr_pstrdup(pool, item->status);
    item->title = apr_pstrdup(pool, item->title);
    item->author = apr_pstrdup(pool, item->author);
    item->sha = apr_pstrdup(pool, item->sha);
    item->url = apr_pstrdup(pool, item->url);
    item->data = apr_pstrdup(pool, item->data);
    item->source_url = source_url;
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
    const char *source_url = civ_field_scrub(page->step.request.url, page->pool);
    const char *const *warnings;
    int i;

    learn(run, page);
    page->finished = apr_pcalloc(page->pool, count * sizeof(*page->finished));
    page->open_keys = apr_pcalloc(page->pool, count * sizeof(*page->open_keys));
    page->rechecks = apr_pcalloc(page->pool, count * sizeof(*page->rechecks));
    page->outcomes = apr_pcalloc(page->pool, count * sizeof(*page->outcomes));
    page->origins = apr_pcalloc(page->pool, count * sizeof(*page->origins));
    for (i = 0; i < page->items->nelts; i++)
        if (finish_item(run, page, &entries[i], answer, source_url) != APR_SUCCESS)
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
