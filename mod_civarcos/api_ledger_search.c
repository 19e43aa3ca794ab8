/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "results.h"

#include <string.h>

/** Longest text to search for. */
#define TEXT_SIZE 1024

/* Texts to look for: bounded, since each costs a look at every entry. */
static int read_texts(civ_call_t *call, civ_search_t *search)
{
    search->type = civ_query_get(&call->query, "type");
    search->text = civ_query_get(&call->query, "q");
    if (search->type && strlen(search->type) > CIV_ENTRY_TYPE_SIZE) {
        return civ_request_bad_parameter(call, "type", "A type has at most 128 bytes.");
    }
    if (search->text && strlen(search->text) > TEXT_SIZE) {
        return civ_request_bad_parameter(call, "q", "A text to search for has at most 1024 bytes.");
    }
    return OK;
}

static int read_times(civ_call_t *call, civ_search_t *search)
{
    int result = civ_request_time(call, "since", &search->since);

    if (result == OK) {
        result = civ_request_time(call, "until", &search->until);
    }
    if (result == OK && search->since > search->until) {
        result = civ_request_bad_parameter(call, "since", "since is later than until.");
    }
    return result;
}

static int read_blocks(civ_call_t *call, civ_search_t *search)
{
    apr_int64_t from = 0;
    apr_int64_t to = -1;
    int result = civ_request_number(call, "block_from", 0, APR_INT64_C(999999999999999999), &from);

    if (result == OK) {
        result = civ_request_number(call, "block_to", 0, APR_INT64_C(999999999999999999), &to);
    }
    search->block_from = (apr_uint64_t)from;
    search->block_to = to < 0 ? APR_UINT64_MAX : (apr_uint64_t)to;
    if (result == OK && search->block_from > search->block_to) {
        result = civ_request_bad_parameter(call, "block_from", "block_from is beyond block_to.");
    }
    return result;
}

static int read_search(civ_call_t *call, civ_search_t *search, civ_digest_t *hash)
{
    int result = read_texts(call, search);

    search->since = APR_INT64_MIN;
    search->until = APR_INT64_MAX;
    search->before_leaf = APR_UINT64_MAX;
    if (result == OK) {
        result = read_times(call, search);
    }
    if (result == OK) {
        result = read_blocks(call, search);
    }
    if (result == OK) {
        result = civ_request_hash(call, "hash", hash, &search->hash);
    }
    if (result == OK) {
        result = civ_paging_limit(call, &search->limit);
    }
    return result == OK ? civ_paging_cursor(call, &search->before_leaf) : result;
}

int civ_api_search(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    civ_reply_t reply = {0};
    civ_search_page_t page = {0};
    civ_json_writer_t writer;
    civ_search_t search;
    civ_digest_t hash;
    civ_buffer_t body;
    int i;

    if (read_search(call, &search, &hash) != OK) {
        return CIV_FAULTED;
    }
    if (civ_ledger_search(civ_node_ledger(call->node), &search, &page, &call->problem, pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "results");
    civ_json_begin_array(&writer);
    for (i = 0; i < page.count; i++) {
        civ_json_begin_object(&writer);
        civ_results_write(&writer, &page.results[i]);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", page.count);
    if (page.more) {
        civ_paging_next(call, &writer, page.next_before);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
