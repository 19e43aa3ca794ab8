/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Votes on shared evidence.
 */
#include "handlers.h"

#include "reply.h"
#include "speaker.h"

#include "base/canonical.h"
#include "base/timestamp.h"
#include "federation/evidence.h"

#include <apr_strings.h>

/* --- writing --- */

static const char *reason_for(const civ_evidence_consensus_t *consensus, apr_pool_t *pool)
{
    const civ_tally_t *tally = &consensus->tally;

    switch (consensus->opinion) {
    case CIV_OPINION_ACCEPTED:
        return NULL;
    case CIV_OPINION_REJECTED:
        return "The members hold it to be not valid";
    case CIV_OPINION_CONTESTED:
        return "The members do not agree";
    case CIV_OPINION_PENDING:
        break;
    }
    if (tally->votes < (apr_int64_t)consensus->min_votes) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT " of at least %u votes were cast", tally->votes,
                            consensus->min_votes);
    }
    return "Nobody who has voted has any confidence";
}

/* A number from 0 to 1 with so many decimals. */
static void write_share(civ_json_writer_t *writer, const char *name, apr_int64_t value, apr_int64_t one,
                        int decimals)
{
    char text[32];
    int length = apr_snprintf(text, sizeof(text), "%" APR_INT64_T_FMT ".%0*" APR_INT64_T_FMT, value / one,
                              decimals, value % one);

    civ_json_name(writer, name);
    civ_json_raw(writer, text, (apr_size_t)length);
}

static void write_vote(civ_json_writer_t *writer, const civ_validation_vote_t *vote)
{
    char time[CIV_TIMESTAMP_SIZE];

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "voter", vote->voter);
    civ_json_member_bool(writer, "is_valid", vote->is_valid);
    write_share(writer, "confidence", vote->confidence, CIV_CONFIDENCE_ONE, 4);
    civ_json_member_text(writer, "timestamp", civ_timestamp_format(time, vote->voted));
    civ_json_end_object(writer);
}

static void write_consensus(civ_json_writer_t *writer, const civ_evidence_consensus_t *consensus,
                            apr_pool_t *pool)
{
    const civ_tally_t *tally = &consensus->tally;
    const char *reason = reason_for(consensus, pool);
    apr_size_t i;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "evidence_id", consensus->evidence_id);
    civ_json_member_int(writer, "version", consensus->version);
    civ_json_member_bool(writer, "has_consensus", consensus->opinion == CIV_OPINION_ACCEPTED);
    civ_json_member_text(writer, "outcome", civ_opinion_name(consensus->opinion));
    write_share(writer, "agreement", civ_tally_agreement(tally), 1000000, 6);
    civ_json_member_int(writer, "votes", tally->votes);
    write_share(writer, "threshold",
                (apr_int64_t)consensus->threshold.part * 1000000 / consensus->threshold.whole, 1000000, 6);
    civ_json_member_int(writer, "min_votes", consensus->min_votes);
    if (reason) {
        civ_json_member_text(writer, "reason", reason);
    }
    civ_json_name(writer, "validations");
    civ_json_begin_array(writer);
    for (i = 0; i < consensus->count; i++) {
        write_vote(writer, &consensus->votes[i]);
    }
    civ_json_end_array(writer);
    civ_json_end_object(writer);
}

static int reply_consensus(civ_call_t *call, const char *evidence_id, apr_int64_t version)
{
    civ_evidence_consensus_t consensus;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (civ_federation_consensus(civ_node_federation(call->node), evidence_id, version, &consensus,
                                 &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "consensus");
    write_consensus(&writer, &consensus, call->r->pool);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* --- reading --- */

int civ_request_evidence_id(civ_call_t *call, const char **evidence_id)
{
    *evidence_id = civ_json_get_text(call->body, "evidence_id");
    if (*evidence_id) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/evidence_id", call->r->pool,
                       "The id of evidence is a string, as sharing it has given it.");
    return CIV_FAULTED;
}

static int read_version(civ_call_t *call, apr_int64_t *version)
{
    const civ_json_t *member = civ_json_get(call->body, "version");

    *version = 0;
    if (!member || (member->type == CIV_JSON_NUMBER && civ_json_to_int64(member, version) == APR_SUCCESS &&
                    *version >= 1)) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/version", call->r->pool,
                       "A version is an integer from 1.");
    return CIV_FAULTED;
}

static int read_confidence(civ_call_t *call, apr_int64_t *confidence)
{
    const civ_json_t *member = civ_json_get(call->body, "confidence");

    *confidence = CIV_CONFIDENCE_ONE;
    if (!member) {
        return OK;
    }
    if (member->type != CIV_JSON_NUMBER) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/confidence", call->r->pool,
                           "A confidence is a number from 0 to 1.");
        return CIV_FAULTED;
    }
    *confidence = civ_confidence_from(civ_canonical_read_number(member->as.text.text));
    return OK;
}

static int read_is_valid(civ_call_t *call, int *is_valid)
{
    const civ_json_t *member = civ_json_get(call->body, "is_valid");

    if (member->type != CIV_JSON_BOOLEAN) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/is_valid", call->r->pool,
                           "This is true or false.");
        return CIV_FAULTED;
    }
    *is_valid = member->as.boolean;
    return OK;
}

int civ_api_validate_evidence(civ_call_t *call)
{
    const char *evidence_id;
    apr_int64_t version;
    apr_int64_t confidence;
    civ_speaker_t speaker;
    int is_valid;
    int repeated = 0;

    if (civ_request_evidence_id(call, &evidence_id) != OK || read_version(call, &version) != OK ||
        read_is_valid(call, &is_valid) != OK || read_confidence(call, &confidence) != OK ||
        civ_speaker_identify(call, &speaker) != OK) {
        return CIV_FAULTED;
    }
    if (civ_federation_vote(civ_node_federation(call->node), &speaker, evidence_id, version, is_valid,
                            confidence, civ_request_retry(call), &repeated, &call->problem,
                            call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_repeated(call, repeated);
    return reply_consensus(call, evidence_id, version);
}

int civ_api_evidence_consensus(civ_call_t *call)
{
    apr_int64_t version = 0;

    if (civ_request_number(call, "version", 1, APR_INT64_MAX, &version) != OK) {
        return CIV_FAULTED;
    }
    return reply_consensus(call, civ_request_segment(call, 0), version);
}
