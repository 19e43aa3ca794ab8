/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file api_ledger_export.c
 * The export: one block a line, streamed, so that its length is no matter. It keeps its thread for as long as its client
 * takes to read it, so exports get half of a process's threads at most.
 */
#include "handlers.h"

#include "reply.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <apr_atomic.h>
#include <apr_strings.h>

APLOG_USE_MODULE(civarcos);

/** Bytes after which the client is made to take what there is. */
#define FLUSH_SIZE 65536

/** Seconds after which a client may ask again while others are served. */
#define RETRY_AFTER 5

typedef struct export_t {
    civ_call_t *call;
    apr_bucket_brigade *brigade;
    apr_size_t waiting; /* bytes since the last flush */
    int started;        /* something has been handed on */
    int abandoned;      /* the client takes no more */
} export_t;

static apr_status_t pass(export_t *export, apr_bucket *last)
{
    apr_status_t status;

    APR_BRIGADE_INSERT_TAIL(export->brigade, last);
    export->started = 1;
    export->waiting = 0;
    status = ap_pass_brigade(export->call->r->output_filters, export->brigade);
    apr_brigade_cleanup(export->brigade);
    if (status != APR_SUCCESS || export->call->r->connection->aborted) {
        export->abandoned = 1;
        return status != APR_SUCCESS ? status : APR_ECONNABORTED;
    }
    return APR_SUCCESS;
}

static apr_status_t write_line(void *baton, const civ_block_t *block, apr_pool_t *pool)
{
    export_t *export = baton;
    civ_buffer_t line;
    apr_status_t status;

    civ_buffer_init(&line, 4096, pool);
    civ_block_write_json(&line, block, pool);
    civ_buffer_append_byte(&line, '\n');
    /* The pool goes with the block, the brigade stays: it takes a copy. */
    status = apr_brigade_write(export->brigade, NULL, NULL, line.data, line.length);
    export->waiting += line.length;
    if (status == APR_SUCCESS && export->waiting >= FLUSH_SIZE) {
        status = pass(export, apr_bucket_flush_create(export->call->r->connection->bucket_alloc));
    }
    return status;
}

/* What has been sent cannot be taken back, but it must not look complete either: an error bucket keeps the
 * last chunk away, as mod_proxy does when its back end fails. */
static int break_off(export_t *export, apr_status_t status)
{
    request_rec *r = export->call->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "CIV0331: an export ends early, with status %d", status);
    r->no_cache = 1;
    r->connection->keepalive = AP_CONN_CLOSE;
    apr_brigade_cleanup(export->brigade);
    APR_BRIGADE_INSERT_TAIL(export->brigade, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, alloc));
    pass(export, ap_bucket_eoc_create(alloc));
    return OK;
}

static int stream(civ_call_t *call, apr_uint64_t from, apr_uint64_t to)
{
    request_rec *r = call->r;
    export_t export = {call, apr_brigade_create(r->pool, r->connection->bucket_alloc), 0, 0, 0};
    apr_status_t status =
        civ_ledger_walk(civ_node_ledger(call->node), from, to, write_line, &export, r->pool);

    if (export.abandoned) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "CIV0332: an export ends because its client has gone");
        return OK;
    }
    if (status != APR_SUCCESS && !export.started) {
        apr_brigade_cleanup(export.brigade);
        apr_table_unset(r->headers_out, "ETag");
        if (status == CIV_EINTEGRITY) {
            civ_request_fault(call, CIV_PROBLEM_INTERNAL,
                              "What is stored contradicts its own hashes: see GET /blockchain/tampering.");
        } else {
            civ_store_problem_reading(&call->problem, status, r->pool);
        }
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "CIV0333: an export cannot start, with status %d", status);
        return CIV_FAULTED;
    }
    if (status != APR_SUCCESS) {
        return break_off(&export, status);
    }
    pass(&export, apr_bucket_eos_create(r->connection->bucket_alloc));
    return OK;
}

/* A process of prefork has one thread, and no other request that would wait for it. */
static apr_uint32_t most_exports(void)
{
    int is_threaded = 0;
    int threads = 0;

    if (ap_mpm_query(AP_MPMQ_IS_THREADED, &is_threaded) != APR_SUCCESS || !is_threaded ||
        ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS || threads < 4) {
        return 1;
    }
    return (apr_uint32_t)threads / 2;
}

/* As long as there is room among those of this process. */
static int stream_among_others(civ_call_t *call, const civ_reply_t *reply, apr_uint64_t from, apr_uint64_t to)
{
    apr_uint32_t *exporting = &call->slot->exporting;
    int result = CIV_FAULTED;

    if (apr_atomic_inc32(exporting) < most_exports()) {
        result = civ_reply_headers(call, reply);
        if (result == OK && !call->r->header_only) {
            result = stream(call, from, to);
        }
    } else {
        civ_request_fault(call, CIV_PROBLEM_TOO_MANY_REQUESTS,
                          "This process of the server sends as many exports as it may.");
        call->problem.retry_after = RETRY_AFTER;
    }
    apr_atomic_dec32(exporting);
    return result;
}

int civ_api_export(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_reply_t reply = {0};
    civ_state_head_t head;
    civ_digest_t hash;
    const char *json;
    apr_size_t length;
    apr_uint64_t from;
    apr_uint64_t to;
    int result = civ_request_range(call, &from, &to, &head);

    if (result != OK) {
        return result;
    }
    /* Each block names the one before it, so the last one's hash stands for all. */
    if (civ_node_block(call->node, to, &json, &length, &hash, &call->problem, pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_digest_hex(hex, &hash);
    hex[32] = '\0';
    reply.tag = apr_psprintf(pool, "%" APR_UINT64_T_FMT "-%" APR_UINT64_T_FMT "-%s", from, to, hex);
    return stream_among_others(call, &reply, from, to);
}
