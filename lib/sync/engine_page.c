/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_page.c
 * What connectors write on a page.
 */
#include <apr_strings.h>
#include <stdarg.h>
#include <string.h>

#include "base/status.h"
#include "sync/engine_private.h"
#include "sync/fields.h"

civ_sync_page_t *civ_page_make(const civ_sync_step_t *step, apr_pool_t *pool)
{
    civ_sync_page_t *page = apr_pcalloc(pool, sizeof(*page));

    page->pool = pool;
    civ_step_copy(&page->step, step, pool);
    page->items = apr_array_make(pool, 16, sizeof(civ_page_item_t));
    page->next = apr_array_make(pool, 1, sizeof(civ_sync_request_t));
    page->follows = apr_array_make(pool, 16, sizeof(civ_page_follow_t));
    page->streams = apr_array_make(pool, 4, sizeof(civ_page_pair_t));
    page->facts = apr_array_make(pool, 4, sizeof(civ_page_pair_t));
    page->warnings = apr_array_make(pool, 1, sizeof(const char *));
    page->total = -1;
    return page;
}

const char *civ_sync_fact(const civ_sync_context_t *context, const char *name)
{
    return civ_field_text(context->facts, name);
}

const char *civ_sync_setting(const civ_sync_context_t *context, const char *name)
{
    return civ_field_text(context->settings, name);
}

apr_pool_t *civ_sync_page_pool(const civ_sync_page_t *page)
{
    return page->pool;
}

static void copy_request(civ_sync_request_t *copy, const civ_sync_request_t *request, apr_pool_t *pool)
{
    *copy = *request;
    copy->url = apr_pstrdup(pool, request->url);
    copy->body = apr_pstrdup(pool, request->body);
    copy->tag = apr_pstrdup(pool, request->tag);
    copy->note = apr_pstrdup(pool, request->note);
}

civ_sync_item_t *civ_sync_page_item(civ_sync_page_t *page, const char *type, const char *native_id)
{
    civ_page_item_t *entry = apr_array_push(page->items);

    memset(entry, 0, sizeof(*entry));
    entry->item = apr_pcalloc(page->pool, sizeof(*entry->item));
    entry->item->type = apr_pstrdup(page->pool, type);
    entry->item->native_id = apr_pstrdup(page->pool, native_id);
    entry->base_id = entry->item->native_id;
    return entry->item;
}

void civ_sync_page_next(civ_sync_page_t *page, const civ_sync_request_t *request)
{
    copy_request(apr_array_push(page->next), request, page->pool);
}

int civ_sync_page_next_link(civ_sync_page_t *page, const civ_sync_request_t *request,
                            const civ_sync_answer_t *answer)
{
    civ_sync_request_t next = *request;

    if (answer->next == NULL)
        return 0;
    next.url = answer->next;
    next.body = NULL;
    civ_sync_page_next(page, &next);
    return 1;
}

void civ_sync_page_follow(civ_sync_page_t *page, const char *kind, const civ_sync_request_t *request,
                          const civ_sync_item_t *item, civ_sync_when_e when)
{
    civ_page_follow_t *follow = apr_array_push(page->follows);

    follow->kind = kind;
    follow->item = item;
    follow->when = item != NULL ? when : CIV_SYNC_ALWAYS;
    copy_request(&follow->request, request, page->pool);
    if (follow->when == CIV_SYNC_WHEN_CHANGED)
        page->tells_conditions = 1;
}

void civ_sync_page_recheck(civ_sync_page_t *page, const civ_sync_item_t *item,
                           const civ_sync_request_t *request)
{
    civ_page_item_t *entries = (civ_page_item_t *)page->items->elts;
    civ_sync_request_t *copy = apr_palloc(page->pool, sizeof(*copy));
    int i;

    copy_request(copy, request, page->pool);
    for (i = page->items->nelts - 1; i >= 0; i--) {
        if (entries[i].item == item) {
            entries[i].recheck = copy;
            return;
        }
    }
}

void civ_sync_page_gone(civ_sync_page_t *page)
{
    if (page->step.role == CIV_ROLE_OPEN)
        page->closes_open = page->is_gone = 1;
}

void civ_sync_page_saw(civ_sync_page_t *page, apr_int64_t milliseconds)
{
    /* What has no instant stops nothing. */
    if (milliseconds == 0)
        milliseconds = APR_INT64_MAX;
    if (!page->saw_any || milliseconds > page->newest_seen)
        page->newest_seen = milliseconds;
    page->saw_any = 1;
}

void civ_sync_page_total(civ_sync_page_t *page, apr_int64_t total)
{
    page->total = total;
}

static void add_pair(apr_array_header_t *pairs, const char *name, const char *value, apr_pool_t *pool)
{
    civ_page_pair_t *pair = apr_array_push(pairs);

    pair->name = apr_pstrdup(pool, name);
    pair->value = apr_pstrdup(pool, value);
}

void civ_sync_page_stream(civ_sync_page_t *page, const char *kind, const char *stream)
{
    if (strlen(stream) > 512)
        civ_sync_page_warn(page, "The name of a list is too long: %.100s...", stream);
    else
        add_pair(page->streams, kind, stream, page->pool);
}

void civ_sync_page_fact(civ_sync_page_t *page, const char *name, const char *value)
{
    if (value != NULL)
        add_pair(page->facts, name, value, page->pool);
}

void civ_sync_page_bookmark(civ_sync_page_t *page, const char *bookmark)
{
    if (bookmark != NULL && strlen(bookmark) <= 4096)
        page->bookmark = apr_pstrdup(page->pool, bookmark);
}

void civ_sync_page_warn(civ_sync_page_t *page, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    *(const char **)apr_array_push(page->warnings) = apr_pvsprintf(page->pool, format, arguments);
    va_end(arguments);
}

apr_status_t civ_sync_page_fault(civ_sync_page_t *page, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    page->fault = apr_pvsprintf(page->pool, format, arguments);
    va_end(arguments);
    return CIV_EINVALID;
}
