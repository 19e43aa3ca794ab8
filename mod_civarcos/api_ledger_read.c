/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "reply.h"
#include "results.h"

#include <apr_strings.h>

#include <string.h>

#define BLOCK_OPENING "{\"success\":true,\"block\":"

int civ_api_info(civ_call_t *call)
{
    civ_reply_t reply = {0};
    civ_piece_t piece = {NULL, 0, 0};

    if (civ_node_info(call->node, &piece.data, &piece.length, &reply.tag, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return civ_reply_send(call, &reply, &piece, 1);
}

/* Decimal digits without a leading zero. @return -1 when it is none, 0 when no block can have it, 1 when it
 * is one */
static int read_index(const char *text, apr_uint64_t *index)
{
    apr_size_t digits = strspn(text, "0123456789");

    if (digits == 0 || text[digits] || (text[0] == '0' && digits > 1)) {
        return -1;
    }
    if (digits > 18) {
        return 0;
    }
    *index = (apr_uint64_t)apr_atoi64(text);
    return 1;
}

typedef struct found_block_t {
    const char *json;
    apr_size_t length;
    civ_digest_t hash;
    int is_latest;
} found_block_t;

static apr_status_t find_latest(civ_call_t *call, found_block_t *found)
{
    apr_pool_t *pool = call->r->pool;
    civ_state_head_t head;
    apr_status_t status = civ_node_head(call->node, &head, &call->problem, pool);

    found->is_latest = 1;
    return status == APR_SUCCESS ? civ_node_block(call->node, head.height, &found->json, &found->length,
                                                  &found->hash, &call->problem, pool)
                                 : status;
}

static int find_block(civ_call_t *call, found_block_t *found)
{
    apr_pool_t *pool = call->r->pool;
    const char *name = civ_request_segment(call, 0);
    apr_uint64_t index = 0;
    int kind = read_index(name, &index);
    apr_status_t status;

    found->is_latest = 0;
    if (kind > 0) {
        status = civ_node_block(call->node, index, &found->json, &found->length, &found->hash, &call->problem,
                                pool);
    } else if (strcmp(name, "latest") == 0) {
        status = find_latest(call, found);
    } else if (civ_digest_from_hex(&found->hash, name) == APR_SUCCESS) {
        civ_digest_t wanted = found->hash;

        status =
            civ_node_block_by_hash(call->node, &wanted, &found->json, &found->length, &call->problem, pool);
    } else if (kind == 0) {
        return civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no such block.");
    } else {
        return civ_request_bad_parameter(
            call, "index", "A block index, \"latest\", or 64 lower-case hex digits are expected.");
    }
    return status == APR_SUCCESS ? OK : CIV_FAULTED;
}

int civ_api_block(civ_call_t *call)
{
    char tag[CIV_DIGEST_HEX_SIZE];
    civ_reply_t reply = {0};
    found_block_t found;
    civ_piece_t pieces[] = {{BLOCK_OPENING, sizeof(BLOCK_OPENING) - 1, 1}, {NULL, 0, 0}, {"}", 1, 1}};

    if (find_block(call, &found) != OK) {
        return CIV_FAULTED;
    }
    pieces[1].data = found.json;
    pieces[1].length = found.length;
    reply.tag = civ_digest_hex(tag, &found.hash);
    reply.immutable = !found.is_latest;
    return civ_reply_send(call, &reply, pieces, 3);
}

static void write_proof(civ_json_writer_t *writer, const civ_evidence_proof_t *proof)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    unsigned i;

    civ_json_name(writer, "proof");
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "leaf_hash", civ_digest_hex(hex, &proof->evidence.entry.leaf_hash));
    civ_json_member_uint(writer, "index", proof->index);
    civ_json_member_uint(writer, "tree_size", proof->tree_size);
    civ_json_member_text(writer, "root", civ_digest_hex(hex, &proof->root));
    civ_json_name(writer, "path");
    civ_json_begin_array(writer);
    for (i = 0; i < proof->path_length; i++) {
        civ_json_text(writer, civ_digest_hex(hex, &proof->path[i]));
    }
    civ_json_end_array(writer);
    civ_json_end_object(writer);
}

int civ_api_evidence(civ_call_t *call)
{
    civ_reply_t reply = {0};
    civ_evidence_proof_t proof;
    civ_json_writer_t writer;
    civ_digest_t hash;
    civ_buffer_t body;

    if (civ_digest_from_hex(&hash, civ_request_segment(call, 0)) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, "hash", "64 lower-case hex digits are expected.");
    }
    if (civ_ledger_evidence(civ_node_ledger(call->node), &hash, &proof, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_buffer_init(&body, proof.evidence.entry.length + 4096, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "result");
    civ_json_begin_object(&writer);
    civ_results_write(&writer, &proof.evidence);
    write_proof(&writer, &proof);
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
