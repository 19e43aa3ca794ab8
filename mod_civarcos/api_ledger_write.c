/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "reply.h"

#include "base/json_writer.h"

#include <apr_strings.h>

#include <string.h>

#define SEALED_OPENING "{\"success\":true,\"block\":"

/* The entries of the member "evidence": one object, or an array of them. */
static int make_entries(civ_call_t *call, const civ_json_t *evidence, civ_entry_t **entries,
                        apr_size_t *count)
{
    static const char pointer[] = "/evidence";
    apr_pool_t *pool = call->r->pool;
    int is_array = evidence->type == CIV_JSON_ARRAY;
    apr_size_t i;

    *count = is_array ? evidence->as.array.count : 1;
    if (*count == 0 || *count > CIV_BLOCK_MAX_ENTRIES) {
        civ_problem_set_at(&call->problem, *count ? CIV_PROBLEM_LIMIT_EXCEEDED : CIV_PROBLEM_INVALID_MEMBER,
                           pointer, pool, "From 1 to %d pieces of evidence are possible.",
                           CIV_BLOCK_MAX_ENTRIES);
        return CIV_FAULTED;
    }
    *entries = apr_palloc(pool, sizeof(**entries) * *count);
    for (i = 0; i < *count; i++) {
        const civ_json_t *item = is_array ? &evidence->as.array.items[i] : evidence;
        const char *place = is_array ? civ_json_pointer_index(pointer, i, pool) : pointer;

        if (civ_entry_make(&(*entries)[i], item, place, 0, &call->problem, pool) != APR_SUCCESS) {
            return CIV_FAULTED;
        }
    }
    return OK;
}

static const civ_idempotency_t *idempotency_of(const civ_call_t *call)
{
    return call->idempotent ? &call->idempotency : NULL;
}

static void mark_repeated(civ_call_t *call, const civ_append_result_t *result)
{
    if (result->repeated) {
        apr_table_setn(call->r->headers_out, "Idempotent-Replayed", "true");
    }
}

static int reply_sealed(civ_call_t *call, const civ_append_result_t *result)
{
    apr_pool_t *pool = call->r->pool;
    const char *index = apr_psprintf(pool, "%" APR_UINT64_T_FMT, result->height);
    const char *end = apr_pstrcat(pool, ",\"message\":\"Evidence added to block ", index, "\"}", NULL);
    const civ_piece_t pieces[] = {{SEALED_OPENING, sizeof(SEALED_OPENING) - 1, 1},
                                  {result->block_json, result->block_json_length, 0},
                                  {end, strlen(end), 0}};
    civ_reply_t reply = {0};

    civ_reply_location(call, apr_pstrcat(pool, "/blockchain/block/", index, NULL));
    mark_repeated(call, result);
    return civ_reply_send(call, &reply, pieces, 3);
}

int civ_api_add(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    civ_ledger_t *ledger = civ_node_ledger(call->node);
    const civ_json_t *evidence = civ_json_get(call->body, "evidence");
    civ_append_result_t result = {0};
    civ_entry_t *entries;
    apr_size_t count;
    apr_status_t status;

    if (!evidence) {
        status = civ_ledger_seal(ledger, idempotency_of(call), &result, &call->problem, pool);
    } else if (make_entries(call, evidence, &entries, &count) != OK) {
        return CIV_FAULTED;
    } else {
        status =
            civ_ledger_append(ledger, entries, count, idempotency_of(call), &result, &call->problem, pool);
    }
    return status == APR_SUCCESS ? reply_sealed(call, &result) : CIV_FAULTED;
}

static int reply_pending(civ_call_t *call, const civ_append_result_t *result, const civ_entry_t *entries,
                         apr_size_t count)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_reply_t reply = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;
    apr_size_t i;

    civ_buffer_init(&body, 128 + count * (CIV_DIGEST_HEX_SIZE + 2), call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_member_uint(&writer, "pending_evidence", result->pending);
    civ_json_name(&writer, "evidence_hashes");
    civ_json_begin_array(&writer);
    for (i = 0; i < count; i++) {
        civ_json_text(&writer, civ_digest_hex(hex, &entries[i].evidence_hash));
    }
    civ_json_end_array(&writer);
    civ_json_end_object(&writer);
    mark_repeated(call, result);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_pending(civ_call_t *call)
{
    civ_append_result_t result = {0};
    civ_entry_t *entries;
    apr_size_t count;

    if (make_entries(call, civ_json_get(call->body, "evidence"), &entries, &count) != OK) {
        return CIV_FAULTED;
    }
    if (civ_ledger_pend(civ_node_ledger(call->node), entries, count, idempotency_of(call), &result,
                        &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return reply_pending(call, &result, entries, count);
}
