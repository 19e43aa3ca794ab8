/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "reply.h"

#include "base/encoding.h"
#include "base/json_writer.h"
#include "ledger/votes.h"

#include <apr_strings.h>

#include <string.h>

/* --- consensus --- */

static void member_hash(civ_json_writer_t *writer, const char *name, const civ_digest_t *digest)
{
    char hex[CIV_DIGEST_HEX_SIZE];

    civ_json_member_text(writer, name, civ_digest_hex(hex, digest));
}

static void write_vote(civ_json_writer_t *writer, const civ_cast_vote_t *vote)
{
    int equivocated = vote->ballot == CIV_BALLOT_EQUIVOCATED;
    int accepts = vote->ballot == CIV_BALLOT_ACCEPT;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "validator_id", vote->validator_id);
    civ_json_member_int(writer, "stake", vote->stake);
    if (equivocated) {
        civ_json_member_text(writer, "accept_signature", vote->accept);
        civ_json_member_text(writer, "reject_signature", vote->reject);
    } else {
        civ_json_member_bool(writer, "is_valid", accepts);
        civ_json_member_text(writer, "signature", accepts ? vote->accept : vote->reject);
    }
    civ_json_end_object(writer);
}

static void write_votes(civ_json_writer_t *writer, const char *name, const civ_consensus_t *consensus,
                        int equivocated)
{
    apr_size_t i;

    civ_json_name(writer, name);
    civ_json_begin_array(writer);
    for (i = 0; i < consensus->count; i++) {
        if ((consensus->votes[i].ballot == CIV_BALLOT_EQUIVOCATED) == equivocated) {
            write_vote(writer, &consensus->votes[i]);
        }
    }
    civ_json_end_array(writer);
}

/* Millionths, cut off: what is shown as 0.666666 may be enough; has_consensus and the integers say. */
static void write_agreement(civ_json_writer_t *writer, const civ_quorum_t *quorum)
{
    int value = quorum->total > 0 ? (int)(1000000 * quorum->accepted / quorum->total) : 0;
    char text[16];
    int length = apr_snprintf(text, sizeof(text), "%d.%06d", value / 1000000, value % 1000000);

    civ_json_name(writer, "agreement");
    civ_json_raw(writer, text, (apr_size_t)length);
}

static void write_consensus(civ_json_writer_t *writer, const civ_consensus_t *consensus)
{
    const civ_quorum_t *quorum = &consensus->quorum;

    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "has_consensus", quorum->outcome == CIV_OUTCOME_ACCEPTED);
    write_agreement(writer, quorum);
    civ_json_member_uint(writer, "votes", quorum->accepts + quorum->rejects);
    civ_json_member_text(writer, "outcome", civ_outcome_name(quorum->outcome));
    if (consensus->reason) {
        civ_json_member_text(writer, "reason", consensus->reason);
    }
    civ_json_member_text(writer, "weighted_by", quorum->by_stake ? "stake" : "validator");
    civ_json_member_uint(writer, "accepted_stake", (apr_uint64_t)quorum->accepted);
    civ_json_member_uint(writer, "rejected_stake", (apr_uint64_t)quorum->rejected);
    civ_json_member_uint(writer, "total_stake", (apr_uint64_t)quorum->total);
    civ_json_member_uint(writer, "threshold", (apr_uint64_t)quorum->threshold);
    civ_json_member_uint(writer, "validators", quorum->validators);
    civ_json_member_uint(writer, "min_validators", consensus->min_validators);
    civ_json_member_uint(writer, "block_index", consensus->height);
    member_hash(writer, "block_hash", &consensus->block_hash);
    member_hash(writer, "validator_set_hash", &consensus->validator_set_hash);
    write_votes(writer, "validations", consensus, 0);
    write_votes(writer, "equivocations", consensus, 1);
    civ_json_end_object(writer);
}

static int reply_consensus(civ_call_t *call, const civ_consensus_t *consensus)
{
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    civ_buffer_init(&body, 1024 + consensus->count * 256, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "consensus");
    write_consensus(&writer, consensus);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_consensus(civ_call_t *call)
{
    civ_consensus_t consensus;
    civ_digest_t hash;

    if (civ_digest_from_hex(&hash, civ_request_segment(call, 0)) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, "block_hash", "64 lower-case hex digits are expected.");
    }
    if (civ_ledger_consensus(civ_node_ledger(call->node), &hash, &consensus, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return reply_consensus(call, &consensus);
}

/* --- votes --- */

static int refuse_member(civ_call_t *call, const char *pointer, const char *detail)
{
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, pointer, call->r->pool, "%s", detail);
    return CIV_FAULTED;
}

static int read_vote(civ_call_t *call, civ_vote_t *vote)
{
    const char *hash = civ_json_get_text(call->body, "block_hash");
    const char *signature = civ_json_get_text(call->body, "signature");
    const civ_json_t *accepts = civ_json_get(call->body, "is_valid");
    unsigned char *bytes;
    apr_size_t length;

    if (!hash || civ_digest_from_hex(&vote->block_hash, hash) != APR_SUCCESS) {
        return refuse_member(call, "/block_hash", "64 lower-case hex digits are expected.");
    }
    if (accepts->type != CIV_JSON_BOOLEAN) {
        return refuse_member(call, "/is_valid", "true or false is expected.");
    }
    vote->accepts = accepts->as.boolean;
    if (!signature || civ_base64_decode(&bytes, &length, signature, call->r->pool) != APR_SUCCESS ||
        length != CIV_KEY_SIGNATURE_SIZE) {
        return refuse_member(call, "/signature", "64 bytes in base64 are expected.");
    }
    memcpy(vote->signature, bytes, CIV_KEY_SIGNATURE_SIZE);
    return civ_request_validator_id(call, &vote->validator_id);
}

int civ_api_vote(civ_call_t *call)
{
    civ_consensus_t consensus;
    civ_vote_result_e result;
    civ_vote_t vote;
    apr_status_t status;
    int repeated;

    if (read_vote(call, &vote) != OK) {
        return CIV_FAULTED;
    }
    status = civ_ledger_vote(civ_node_ledger(call->node), &vote, civ_request_retry(call), &consensus, &result,
                             &repeated, &call->problem, call->r->pool);
    if (result == CIV_VOTE_EQUIVOCATED) {
        civ_node_count(call->node, CIV_NODE_EQUIVOCATIONS, 1);
    }
    if (status != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    if (result == CIV_VOTE_COUNTED && !repeated) {
        civ_node_count(call->node, CIV_NODE_VOTES, 1);
    }
    civ_reply_repeated(call, repeated);
    return reply_consensus(call, &consensus);
}
