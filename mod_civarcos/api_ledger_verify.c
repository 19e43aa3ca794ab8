/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file api_ledger_verify.c
 * The two reports of a validation: everything that is wrong, and the blocks that were tampered with. A
 * validation reads the whole ledger, so a process runs one at a time, and gives it up when its client has
 * gone.
 */
#include "handlers.h"

#include "reply.h"

#include "base/json_writer.h"

#include <http_log.h>

#include <apr_atomic.h>
#include <apr_strings.h>

APLOG_USE_MODULE(civarcos);

/** Most blocks that a report names, and most faults of one block. */
#define BLOCKS_MOST 1000
#define FAULTS_MOST 100

/** Seconds after which a client may ask again while another validation runs. */
#define RETRY_AFTER 5

typedef struct bad_block_t {
    apr_uint64_t index;
    const char *stored_hash;
    const char *calculated_hash;
    apr_array_header_t *faults; /* const char * */
} bad_block_t;

typedef struct report_t {
    civ_call_t *call;
    apr_array_header_t *blocks; /* bad_block_t */
    int truncated;
    int abandoned;
    civ_validation_t validation;
} report_t;

static bad_block_t *block_of(report_t *report, const civ_fault_t *fault)
{
    apr_pool_t *pool = report->call->r->pool;
    bad_block_t *block =
        report->blocks->nelts ? &APR_ARRAY_IDX(report->blocks, report->blocks->nelts - 1, bad_block_t) : NULL;

    if (block && block->index == fault->block_index) {
        return block;
    }
    if (report->blocks->nelts == BLOCKS_MOST) {
        return NULL;
    }
    block = &APR_ARRAY_PUSH(report->blocks, bad_block_t);
    block->index = fault->block_index;
    block->stored_hash = apr_pstrdup(pool, fault->stored_hash);
    block->calculated_hash = apr_pstrdup(pool, fault->calculated_hash);
    block->faults = apr_array_make(pool, 2, sizeof(const char *));
    return block;
}

static apr_status_t take_fault(void *baton, const civ_fault_t *fault)
{
    report_t *report = baton;
    bad_block_t *block = block_of(report, fault);

    if (!block || block->faults->nelts == FAULTS_MOST) {
        report->truncated = 1;
    } else {
        APR_ARRAY_PUSH(block->faults, const char *) = apr_pstrdup(report->call->r->pool, fault->text);
    }
    return APR_SUCCESS;
}

static apr_status_t watch_client(void *baton, apr_uint64_t done, apr_uint64_t total)
{
    report_t *report = baton;

    (void)done;
    (void)total;
    report->abandoned = civ_request_is_abandoned(report->call);
    return report->abandoned ? CIV_EINTERRUPTED : APR_SUCCESS;
}

static int run(report_t *report)
{
    civ_call_t *call = report->call;
    civ_state_head_t head;
    apr_uint64_t from;
    apr_uint64_t to;
    int result = civ_request_range(call, &from, &to, &head);

    if (result != OK) {
        return result;
    }
    report->blocks = apr_array_make(call->r->pool, 4, sizeof(bad_block_t));
    /* A range up to the head is open, so that what lies beyond the head is examined as well. */
    if (civ_ledger_validate(civ_node_ledger(call->node), from,
                            civ_query_get(&call->query, "to") && to < head.height ? to : APR_UINT64_MAX,
                            take_fault, watch_client, report, &report->validation, &call->problem,
                            call->r->pool) == APR_SUCCESS) {
        return OK;
    }
    if (report->abandoned) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, call->r,
                      "CIV0330: a validation was given up because its client has gone");
        call->r->connection->aborted = 1;
        return DONE;
    }
    return CIV_FAULTED;
}

/* One at a time in this process. */
static int run_alone(civ_call_t *call, report_t *report)
{
    int result;

    report->call = call;
    if (apr_atomic_cas32(&call->slot->validating, 1, 0) != 0) {
        civ_request_fault(call, CIV_PROBLEM_TOO_MANY_REQUESTS,
                          "Another validation is running in this process of the server.");
        call->problem.retry_after = RETRY_AFTER;
        return CIV_FAULTED;
    }
    result = run(report);
    apr_atomic_set32(&call->slot->validating, 0);
    return result;
}

static void write_faults(civ_json_writer_t *writer, const bad_block_t *block)
{
    int i;

    civ_json_name(writer, "errors");
    civ_json_begin_array(writer);
    for (i = 0; i < block->faults->nelts; i++) {
        civ_json_text(writer, APR_ARRAY_IDX(block->faults, i, const char *));
    }
    civ_json_end_array(writer);
}

static void write_blocks(civ_json_writer_t *writer, const report_t *report, int with_hashes)
{
    int i;

    civ_json_begin_array(writer);
    for (i = 0; i < report->blocks->nelts; i++) {
        const bad_block_t *block = &APR_ARRAY_IDX(report->blocks, i, bad_block_t);

        civ_json_begin_object(writer);
        civ_json_member_uint(writer, "block_index", block->index);
        if (with_hashes) {
            civ_json_member_text(writer, "stored_hash", block->stored_hash);
            civ_json_member_text(writer, "calculated_hash", block->calculated_hash);
        }
        write_faults(writer, block);
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

static void begin_report(civ_json_writer_t *writer, civ_buffer_t *body, civ_call_t *call)
{
    civ_buffer_init(body, 1024, call->r->pool);
    civ_json_writer_init(writer, body);
    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "success", 1);
}

int civ_api_validate(civ_call_t *call)
{
    civ_reply_t reply = {0};
    report_t report = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;
    int result = run_alone(call, &report);

    if (result != OK) {
        return result;
    }
    begin_report(&writer, &body, call);
    civ_json_name(&writer, "validation");
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "is_valid", report.validation.faults == 0);
    civ_json_member_uint(&writer, "total_blocks", report.validation.blocks);
    civ_json_member_uint(&writer, "first", report.validation.first);
    civ_json_member_uint(&writer, "last", report.validation.last);
    civ_json_name(&writer, "errors");
    write_blocks(&writer, &report, 0);
    if (report.truncated) {
        civ_json_member_bool(&writer, "truncated", 1);
    }
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_tampering(civ_call_t *call)
{
    civ_reply_t reply = {0};
    report_t report = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;
    int result = run_alone(call, &report);

    if (result != OK) {
        return result;
    }
    begin_report(&writer, &body, call);
    civ_json_name(&writer, "tampered");
    write_blocks(&writer, &report, 1);
    civ_json_member_int(&writer, "count", report.blocks->nelts);
    if (report.truncated) {
        civ_json_member_bool(&writer, "truncated", 1);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
