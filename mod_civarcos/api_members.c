/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "speaker.h"

#include "base/canonical.h"
#include "base/key_json.h"
#include "base/timestamp.h"
#include "federation/members.h"

#include <apr_strings.h>

#include <string.h>

#define PLACE "/federated/nodes/"

/* --- writing --- */

static void write_member(civ_json_writer_t *writer, const civ_member_t *member)
{
    const civ_outcomes_t *outcomes = &member->outcomes;
    char time[CIV_TIMESTAMP_SIZE];

    civ_json_member_text(writer, "organization_id", member->organization_id);
    civ_json_member_text(writer, "evidence_endpoint", member->endpoint);
    civ_json_member_text(writer, "public_key", member->key_pem);
    civ_json_member_text(writer, "key_id", member->key_id[0] ? member->key_id : NULL);
    civ_json_member_text(writer, "joined_at", civ_timestamp_format(time, member->joined));
    if (member->left) {
        civ_json_member_text(writer, "left_at", civ_timestamp_format(time, member->left));
    }
    civ_reply_reputation(writer, "reputation_score", civ_reputation(outcomes));
    civ_json_name(writer, "outcomes");
    civ_json_begin_object(writer);
    civ_json_member_int(writer, "evidence_accepted", outcomes->evidence_accepted);
    civ_json_member_int(writer, "evidence_rejected", outcomes->evidence_rejected);
    civ_json_member_int(writer, "votes_agreed", outcomes->votes_agreed);
    civ_json_member_int(writer, "votes_disagreed", outcomes->votes_disagreed);
    civ_json_end_object(writer);
    civ_json_name(writer, "metadata");
    civ_json_raw(writer, member->metadata, strlen(member->metadata));
}

static void write_key(civ_json_writer_t *writer, const civ_member_key_t *key)
{
    char time[CIV_TIMESTAMP_SIZE];

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "key_id", key->key_id);
    civ_json_member_text(writer, "public_key", key->pem);
    civ_json_member_text(writer, "valid_from", civ_timestamp_format(time, key->valid_from));
    civ_json_member_text(writer, "valid_until",
                         key->valid_until ? civ_timestamp_format(time, key->valid_until) : NULL);
    if (key->rotation[0]) {
        civ_json_member_text(writer, "rotation", key->rotation);
    }
    civ_json_end_object(writer);
}

static int reply_joined(civ_call_t *call, const civ_member_t *member, const char *message)
{
    civ_reply_t reply = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "node");
    civ_json_begin_object(&writer);
    write_member(&writer, member);
    civ_json_end_object(&writer);
    civ_json_member_text(&writer, "message", message);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* --- joining --- */

static int read_metadata(civ_call_t *call, const char **metadata)
{
    const civ_json_t *member = civ_json_get(call->body, "metadata");
    civ_buffer_t text;

    *metadata = "{}";
    if (!member) {
        return OK;
    }
    civ_buffer_init(&text, 256, call->r->pool);
    if (member->type != CIV_JSON_OBJECT || civ_canonical_write(&text, member) != APR_SUCCESS ||
        text.length > CIV_METADATA_SIZE) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/metadata", call->r->pool,
                           "The metadata is an object of at most %d bytes.", CIV_METADATA_SIZE);
        return CIV_FAULTED;
    }
    *metadata = text.data;
    return OK;
}

static int read_endpoint(civ_call_t *call, const char **endpoint)
{
    *endpoint = civ_json_get_text(call->body, "evidence_endpoint");
    if (!*endpoint) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/evidence_endpoint", call->r->pool,
                           "The endpoint is a URL, as a string.");
        return CIV_FAULTED;
    }
    return civ_endpoint_check(*endpoint, call->slot->config.egress_plain_http, &call->problem,
                              call->r->pool) == APR_SUCCESS
               ? OK
               : CIV_FAULTED;
}

static int read_rotation(civ_call_t *call, const char **rotation)
{
    const civ_json_t *member = civ_json_get(call->body, "rotation");

    *rotation = civ_json_get_text(call->body, "rotation");
    if (member && !*rotation) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/rotation", call->r->pool,
                           "The rotation is a signature in base64, as a string.");
        return CIV_FAULTED;
    }
    return OK;
}

static int read_joining(civ_call_t *call, civ_joining_t *joining)
{
    const civ_json_t *key = civ_json_get(call->body, "public_key");
    civ_public_key_t *parsed = NULL;

    if (key && key->type != CIV_JSON_NULL &&
        civ_public_key_from_json(&parsed, key, "/public_key", &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    joining->key = parsed;
    if (read_endpoint(call, &joining->endpoint) != OK || read_metadata(call, &joining->metadata) != OK) {
        return CIV_FAULTED;
    }
    return read_rotation(call, &joining->rotation);
}

int civ_api_join(civ_call_t *call)
{
    civ_joining_t joining;
    civ_speaker_t speaker;
    civ_member_t member;
    int rotated = 0;
    int repeated = 0;

    if (read_joining(call, &joining) != OK || civ_speaker_join(call, joining.key, &speaker) != OK) {
        return CIV_FAULTED;
    }
    if (civ_federation_join(civ_node_federation(call->node), &speaker, &joining, civ_request_retry(call),
                            &member, &rotated, &repeated, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_location(call, apr_pstrcat(call->r->pool, PLACE, member.organization_id, NULL));
    civ_reply_repeated(call, repeated);
    return reply_joined(call, &member,
                        rotated ? "The organization goes on under its new key"
                                : "Successfully joined the federated evidence network");
}

int civ_api_leave(civ_call_t *call)
{
    civ_speaker_t speaker;
    int repeated = 0;

    if (civ_speaker_identify(call, &speaker) != OK ||
        civ_federation_leave(civ_node_federation(call->node), &speaker, civ_request_retry(call), &repeated,
                             &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_repeated(call, repeated);
    return civ_reply_message(call, "The organization has left; what it shared stays, under its pseudonym");
}

/* --- reading --- */

int civ_api_nodes(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    apr_int64_t position;
    civ_member_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int limit;
    int i;

    if (civ_paging_read(call, &limit, &position) != OK) {
        return CIV_FAULTED;
    }
    if (civ_federation_members(civ_node_federation(call->node), position, limit, &page, &call->problem,
                               pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "nodes");
    civ_json_begin_array(&writer);
    for (i = 0; i < page.count; i++) {
        civ_json_begin_object(&writer);
        write_member(&writer, &page.members[i]);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", page.count);
    if (page.more) {
        civ_paging_next(call, &writer, (apr_uint64_t)page.members[page.count - 1].number);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

static void write_signed(civ_json_writer_t *writer, const civ_member_t *member, const civ_member_key_t *keys,
                         int count)
{
    int i;

    civ_json_name(writer, "keys");
    civ_json_begin_array(writer);
    for (i = 0; i < count; i++) {
        write_key(writer, &keys[i]);
    }
    civ_json_end_array(writer);
    civ_json_name(writer, "record");
    civ_json_raw(writer, member->record, strlen(member->record));
    civ_json_member_text(writer, "signature", member->signature);
}

int civ_api_node(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    civ_federation_t *federation = civ_node_federation(call->node);
    civ_member_key_t *keys = apr_palloc(pool, CIV_MEMBER_KEYS_MAX * sizeof(*keys));
    civ_member_t member;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int count;

    if (civ_federation_member(federation, civ_request_segment(call, 0), &member, &call->problem, pool) !=
            APR_SUCCESS ||
        civ_federation_member_keys(federation, &member, keys, &count, &call->problem, pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "node");
    civ_json_begin_object(&writer);
    write_member(&writer, &member);
    write_signed(&writer, &member, keys, count);
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
