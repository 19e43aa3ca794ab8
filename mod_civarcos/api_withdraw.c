/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Taking shared evidence back.
 */
#include "handlers.h"

#include "reply.h"
#include "shared.h"
#include "speaker.h"

#include "federation/evidence.h"
#include "federation/redaction.h"

#include <string.h>

/* Bytes of a reason, before anything is taken out of it. */
#define REASON_SIZE 1000

/* The reason as it may be seen by all; "" without one. */
static int read_reason(civ_call_t *call, const char **reason)
{
    const char *words[] = {civ_json_get_text(call->body, "organization_id"), NULL};
    const civ_redaction_options_t options = {CIV_REDACT_ALL, words};
    const civ_json_t *member = civ_json_get(call->body, "reason");
    const char *text = civ_json_get_text(call->body, "reason");
    const civ_redactor_t *redactor;
    apr_size_t length;

    *reason = "";
    if (!member) {
        return OK;
    }
    if (!text || strlen(text) > REASON_SIZE) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/reason", call->r->pool,
                           "A reason is a text of at most %d bytes.", REASON_SIZE);
        return CIV_FAULTED;
    }
    redactor = civ_node_redactor(call->node, &call->problem, call->r->pool);
    if (!redactor) {
        return CIV_FAULTED;
    }
    *reason = civ_redact(redactor, &options, text, strlen(text), NULL, &length, call->r->pool);
    return OK;
}

int civ_api_withdraw(civ_call_t *call)
{
    const char *reason;
    const char *evidence_id;
    civ_speaker_t speaker;
    civ_shared_t tombstone;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (read_reason(call, &reason) != OK || civ_request_evidence_id(call, &evidence_id) != OK ||
        civ_speaker_identify(call, &speaker) != OK) {
        return CIV_FAULTED;
    }
    if (civ_federation_withdraw(civ_node_federation(call->node), &speaker, evidence_id, reason,
                                civ_request_retry(call), &tombstone, &call->problem,
                                call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "evidence");
    civ_shared_write(&writer, &tombstone);
    civ_json_member_text(&writer, "message",
                         "The evidence was withdrawn; a tombstone says that it was there");
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
