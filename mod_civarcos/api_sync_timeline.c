/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What the platforms have told, in the order of time, and where it contradicts itself.
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "sync.h"

#include "sync/conflicts.h"

#include <apr_strings.h>

#include <string.h>

/** Conflicts of one answer at most. */
#define CONFLICTS_MOST 100

/* --- writing --- */

static void write_text(civ_json_writer_t *writer, const char *name, const char *text)
{
    civ_json_member_text(writer, name, text[0] ? text : NULL);
}

/* The block that an item is sealed in; null where it is in none, or not yet. */
static void write_block(civ_call_t *call, civ_json_writer_t *writer, const char *entry_hash)
{
    civ_digest_t hash;
    civ_search_t search;
    civ_search_page_t page;
    civ_problem_t problem = {0};

    memset(&search, 0, sizeof(search));
    search.since = APR_INT64_MIN;
    search.until = APR_INT64_MAX;
    search.block_to = APR_UINT64_MAX;
    search.before_leaf = APR_UINT64_MAX;
    search.limit = 1;
    search.hash = &hash;
    civ_json_name(writer, "block_index");
    if (entry_hash[0] && civ_digest_from_hex(&hash, entry_hash) == APR_SUCCESS &&
        civ_ledger_search(civ_node_ledger(call->node), &search, &page, &problem, call->r->pool) ==
            APR_SUCCESS &&
        page.count == 1) {
        civ_json_uint(writer, page.results[0].block_index);
    } else {
        civ_json_null(writer);
    }
}

/* What an item was said to be. */
static void write_facts(civ_call_t *call, civ_json_writer_t *writer, const civ_timeline_entry_t *entry)
{
    civ_sync_write_time(writer, "timestamp", entry->timestamp);
    civ_sync_write_time(writer, "updated_at", entry->updated);
    write_text(writer, "status", entry->status);
    write_text(writer, "title", entry->title);
    write_text(writer, "author", entry->author);
    write_text(writer, "sha", entry->sha);
    write_text(writer, "url", entry->url);
    civ_json_name(writer, "data");
    civ_json_raw(writer, entry->data, strlen(entry->data));
    civ_json_member_text(writer, "content_hash", entry->content_hash);
    civ_json_member_int(writer, "version", entry->version);
    write_block(call, writer, entry->entry_hash);
    write_text(writer, "entry_hash", entry->entry_hash);
}

static void write_item(civ_call_t *call, civ_json_writer_t *writer, const civ_timeline_entry_t *entry)
{
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "id", entry->key);
    civ_json_member_text(writer, "type", entry->type);
    civ_json_member_text(writer, "source", entry->source);
    civ_json_member_text(writer, "project_id", entry->project_id);
    civ_json_member_text(writer, "native_id", entry->native_id);
    write_facts(call, writer, entry);
    civ_json_member_int(writer, "versions", entry->versions);
    civ_sync_write_time(writer, "gone_at", entry->gone);
    civ_json_end_object(writer);
}

static void write_items(civ_call_t *call, civ_json_writer_t *writer, const char *name,
                        const civ_timeline_page_t *page)
{
    int i;

    civ_json_name(writer, name);
    civ_json_begin_array(writer);
    for (i = 0; i < page->count; i++) {
        write_item(call, writer, &page->entries[i]);
    }
    civ_json_end_array(writer);
    civ_json_member_int(writer, "count", page->count);
}

static void begin_answer(civ_call_t *call, civ_json_writer_t *writer, civ_buffer_t *body)
{
    civ_buffer_init(body, 8192, call->r->pool);
    civ_json_writer_init(writer, body);
    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "success", 1);
}

/* --- the timeline --- */

static int read_query(civ_call_t *call, civ_timeline_query_t *query)
{
    const char *order = civ_query_get(&call->query, "order");

    memset(query, 0, sizeof(*query));
    query->type = civ_query_get(&call->query, "type");
    query->source = civ_query_get(&call->query, "source");
    query->project_id = civ_query_get(&call->query, "project_id");
    query->cursor = civ_query_get(&call->query, "cursor");
    query->is_descending = order && strcmp(order, "desc") == 0;
    if (order && !query->is_descending && strcmp(order, "asc") != 0) {
        return civ_request_bad_parameter(call, "order", "An order is asc or desc.");
    }
    if (query->source && !civ_platform_find(query->source)) {
        return civ_request_bad_parameter(call, "source",
                                         apr_pstrcat(call->r->pool, "A platform is one of ",
                                                     civ_platform_names(call->r->pool), ".", NULL));
    }
    if (query->type && !civ_item_type_is_known(query->type)) {
        return civ_request_bad_parameter(
            call, "type",
            apr_pstrcat(call->r->pool, "A type is one of ", civ_item_type_names(call->r->pool), ".", NULL));
    }
    if (civ_request_time(call, "start_time", &query->start) != OK ||
        civ_request_time(call, "end_time", &query->end) != OK ||
        civ_paging_limit(call, &query->limit) != OK) {
        return CIV_FAULTED;
    }
    if (query->end != 0 && query->start > query->end) {
        return civ_request_bad_parameter(call, "start_time", "The start lies behind the end.");
    }
    return OK;
}

int civ_api_sync_timeline(civ_call_t *call)
{
    civ_timeline_query_t query;
    civ_timeline_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    apr_status_t status;

    if (read_query(call, &query) != OK) {
        return CIV_FAULTED;
    }
    status =
        civ_timeline_list(civ_node_engine(call->node)->store, &query, &page, &call->problem, call->r->pool);
    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    begin_answer(call, &writer, &body);
    write_items(call, &writer, "timeline", &page);
    if (page.next) {
        civ_paging_next_text(call, &writer, page.next);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* One of its versions, with where it came from, and when. */
static void write_version(civ_call_t *call, civ_json_writer_t *writer, const civ_timeline_entry_t *version)
{
    civ_json_begin_object(writer);
    write_facts(call, writer, version);
    civ_json_member_int(writer, "attempt", version->attempt);
    civ_json_member_bool(writer, "is_current", version->is_current);
    civ_sync_write_time(writer, "stored_at", version->stored);
    write_text(writer, "source_url", version->source_url);
    write_text(writer, "raw_hash", version->raw_hash);
    civ_json_end_object(writer);
}

static int reply_item(civ_call_t *call, const civ_timeline_entry_t *item, const civ_timeline_page_t *history)
{
    const civ_timeline_entry_t *last = history->entries + history->count - 1;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int i;

    begin_answer(call, &writer, &body);
    civ_json_name(&writer, "item");
    write_item(call, &writer, item);
    civ_json_name(&writer, "history");
    civ_json_begin_array(&writer);
    for (i = 0; i < history->count; i++) {
        write_version(call, &writer, &history->entries[i]);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", history->count);
    if (history->count > 0 && last->version > 1) {
        civ_paging_next(call, &writer, (apr_uint64_t)last->version);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_item(civ_call_t *call)
{
    civ_store_t *store = civ_node_engine(call->node)->store;
    const char *key = civ_request_segment(call, 0);
    apr_uint64_t before = 0;
    civ_timeline_entry_t item;
    civ_timeline_page_t history;
    apr_status_t status;

    if (civ_paging_cursor(call, &before) != OK) {
        return CIV_FAULTED;
    }
    if (before > APR_INT64_MAX) {
        return civ_request_bad_parameter(call, "cursor", "This is no cursor that an answer has given.");
    }
    status = civ_timeline_get(store, key, &item, call->r->pool);
    if (status == APR_NOTFOUND) {
        return civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no such item.");
    }
    if (status == APR_SUCCESS) {
        status = civ_timeline_history(store, key, (apr_int64_t)before, &history, call->r->pool);
    }
    return status == APR_SUCCESS ? reply_item(call, &item, &history) : civ_sync_fault(call, status);
}

int civ_api_sync_commit(civ_call_t *call)
{
    const char *sha = civ_request_segment(call, 0);
    apr_size_t digits = strspn(sha, "0123456789abcdef");
    apr_int64_t after;
    civ_timeline_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    apr_status_t status;
    int limit;

    if ((digits != 40 && digits != 64) || sha[digits]) {
        return civ_request_bad_parameter(call, "sha", "The whole SHA of a commit: 40 or 64 hex digits.");
    }
    if (civ_paging_read(call, &limit, &after) != OK) {
        return CIV_FAULTED;
    }
    status = civ_timeline_linked(civ_node_engine(call->node)->store, sha, after, limit, &page, call->r->pool);
    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    begin_answer(call, &writer, &body);
    civ_json_member_text(&writer, "sha", sha);
    write_items(call, &writer, "items", &page);
    if (page.next) {
        civ_paging_next(call, &writer, (apr_uint64_t)page.entries[page.count - 1].number);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_deduplicate(civ_call_t *call)
{
    const civ_engine_t *engine = civ_node_engine(call->node);
    const civ_node_context_t *context = &call->slot->context;
    apr_int64_t removed = 0;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    apr_status_t status =
        civ_timeline_deduplicate(engine->store, &engine->transactor, context->interrupted,
                                 context->interrupted_baton, &removed, &call->problem, call->r->pool);

    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    begin_answer(call, &writer, &body);
    civ_json_member_int(&writer, "duplicates_removed", removed);
    civ_json_member_text(&writer, "message",
                         removed ? "Versions that said nothing new were removed"
                                 : "There is nothing that says the same twice");
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* --- conflicts --- */

static void write_conflict(civ_call_t *call, civ_json_writer_t *writer, const civ_conflict_t *conflict)
{
    int current = -1;
    int i;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "key", conflict->key);
    civ_json_member_int(writer, "conflicts",
                        conflict->positions ? conflict->position_count : conflict->candidate_count);
    civ_sync_write_time(writer, "opened_at", conflict->opened);
    if (conflict->sha) {
        civ_json_member_text(writer, "sha", conflict->sha);
    }
    civ_json_name(writer, "candidates");
    if (conflict->positions) {
        civ_json_raw(writer, conflict->positions, strlen(conflict->positions));
    } else {
        civ_json_begin_array(writer);
        for (i = 0; i < conflict->candidate_count; i++) {
            write_item(call, writer, &conflict->candidates[i]);
            current = conflict->candidates[i].is_current ? i : current;
        }
        civ_json_end_array(writer);
    }
    civ_json_name(writer, "resolved");
    if (conflict->event && current >= 0) {
        write_item(call, writer, &conflict->candidates[current]);
    } else {
        civ_json_null(writer);
    }
    if (conflict->event) {
        civ_json_name(writer, "event");
        civ_json_raw(writer, conflict->event, strlen(conflict->event));
    }
    civ_json_end_object(writer);
}

static int reply_conflicts(civ_call_t *call, const civ_conflicts_page_t *page, apr_int64_t count, int is_list)
{
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int i;

    begin_answer(call, &writer, &body);
    civ_json_name(&writer, "conflicts");
    civ_json_begin_array(&writer);
    for (i = 0; i < page->count; i++) {
        write_conflict(call, &writer, &page->conflicts[i]);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", count);
    if (is_list && page->next) {
        civ_paging_next(call, &writer, (apr_uint64_t)page->next);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_conflicts(civ_call_t *call)
{
    const char *kind = civ_query_get(&call->query, "kind");
    int is_of_platforms = kind && strcmp(kind, "platforms") == 0;
    apr_uint64_t after = 0;
    civ_conflicts_page_t page;
    apr_status_t status;
    int limit;

    if (kind && !is_of_platforms && strcmp(kind, "versions") != 0) {
        return civ_request_bad_parameter(call, "kind", "A kind is versions or platforms.");
    }
    if (civ_paging_limit(call, &limit) != OK || civ_paging_cursor(call, &after) != OK) {
        return CIV_FAULTED;
    }
    if (after > APR_INT64_MAX) {
        return civ_request_bad_parameter(call, "cursor", "This is no cursor that an answer has given.");
    }
    status = civ_conflicts_list(civ_node_engine(call->node)->store,
                                is_of_platforms ? CIV_CONFLICT_OF_PLATFORMS : CIV_CONFLICT_OF_VERSIONS,
                                (apr_int64_t)after, limit < CONFLICTS_MOST ? limit : CONFLICTS_MOST, &page,
                                call->r->pool);
    return status == APR_SUCCESS ? reply_conflicts(call, &page, page.count, 1) : civ_sync_fault(call, status);
}

static int read_text(civ_call_t *call, const char *name, const char **text)
{
    *text = civ_json_get_text(call->body, name);
    if (civ_json_get(call->body, name) && !*text) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER,
                           civ_json_pointer_join("", name, call->r->pool), call->r->pool, "This is a text.");
        return CIV_FAULTED;
    }
    return OK;
}

static int read_resolution(civ_call_t *call, civ_resolution_t *resolution)
{
    const char *policy;

    memset(resolution, 0, sizeof(*resolution));
    if (read_text(call, "policy", &policy) != OK || read_text(call, "key", &resolution->key) != OK ||
        read_text(call, "prefer", &resolution->prefer) != OK ||
        read_text(call, "reason", &resolution->reason) != OK) {
        return CIV_FAULTED;
    }
    resolution->policy = CIV_POLICY_MOST_COMPLETE;
    if (policy && civ_conflict_policy_parse(&resolution->policy, policy) != APR_SUCCESS) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/policy", call->r->pool,
                           "A policy is most_complete, latest or prefer.");
        return CIV_FAULTED;
    }
    resolution->author = call->r->user ? call->r->user : "unnamed";
    return OK;
}

int civ_api_sync_resolve(civ_call_t *call)
{
    const civ_engine_t *engine = civ_node_engine(call->node);
    civ_resolution_t resolution;
    civ_conflicts_page_t page;
    apr_int64_t count = 0;
    apr_status_t status;

    if (read_resolution(call, &resolution) != OK) {
        return CIV_FAULTED;
    }
    status = civ_conflicts_resolve(engine->store, &engine->transactor, &resolution, &page, &count,
                                   &call->problem, call->r->pool);
    return status == APR_SUCCESS ? reply_conflicts(call, &page, count, 0) : civ_sync_fault(call, status);
}
