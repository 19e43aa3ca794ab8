/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "paging.h"
#include "reply.h"

#include "base/key_json.h"
#include "base/timestamp.h"
#include "ledger/validators.h"

#include <apr_strings.h>

#include <string.h>

#define PLACE "/blockchain/validators/"

static void write_key(civ_json_writer_t *writer, const civ_validator_t *validator, apr_pool_t *pool)
{
    civ_public_key_t *key;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    civ_json_member_text(writer, "public_key",
                         civ_public_key_from_raw(&key, validator->key, scratch) == APR_SUCCESS
                             ? civ_public_key_pem(key)
                             : NULL);
    apr_pool_destroy(scratch);
}

static void write_validator(civ_json_writer_t *writer, const civ_validator_t *validator, apr_pool_t *pool)
{
    const civ_standing_t *standing = &validator->standing;
    char time[CIV_TIMESTAMP_SIZE];

    civ_json_member_text(writer, "validator_id", validator->id);
    write_key(writer, validator, pool);
    civ_json_member_int(writer, "stake", validator->stake);
    civ_reply_reputation(writer, "reputation", civ_standing_reputation(standing));
    civ_json_member_text(writer, "joined_at", civ_timestamp_format(time, validator->joined));
    civ_json_member_int(writer, "votes", standing->votes);
    civ_json_member_int(writer, "votes_agreed", standing->agreed);
    civ_json_member_int(writer, "votes_disagreed", standing->disagreed);
    civ_json_member_int(writer, "equivocations", standing->equivocated);
}

static int reply_validator(civ_call_t *call, const civ_validator_t *validator, const char *message)
{
    civ_reply_t reply = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_reply_begin(call, &body, &writer);
    write_validator(&writer, validator, call->r->pool);
    if (message) {
        civ_json_member_text(&writer, "message", message);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_validators(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    apr_int64_t position;
    civ_validator_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int limit;
    int i;

    if (civ_paging_read(call, &limit, &position) != OK) {
        return CIV_FAULTED;
    }
    /* The position is one behind the last registration that was shown; a ledger's first entry registers nobody. */
    if (civ_ledger_validators(civ_node_ledger(call->node), position - 1, limit, &page, &call->problem,
                              pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "validators");
    civ_json_begin_array(&writer);
    for (i = 0; i < page.count; i++) {
        civ_json_begin_object(&writer);
        write_validator(&writer, &page.validators[i], pool);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", page.count);
    if (page.more) {
        civ_paging_next(call, &writer, page.validators[page.count - 1].registration + 1);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

static int read_stake(civ_call_t *call, apr_int64_t *stake)
{
    const civ_json_t *member = civ_json_get(call->body, "stake");

    *stake = 0;
    if (!member) {
        return OK;
    }
    if (member->type != CIV_JSON_NUMBER || civ_json_to_int64(member, stake) != APR_SUCCESS || *stake < 0 ||
        *stake > CIV_STAKE_MAX) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/stake", call->r->pool,
                           "A stake is an integer from 0 to %" APR_INT64_T_FMT ".", CIV_STAKE_MAX);
        return CIV_FAULTED;
    }
    return OK;
}

int civ_request_validator_id(civ_call_t *call, const char **id)
{
    *id = civ_json_get_text(call->body, "validator_id");
    if (*id && civ_validator_id_is_valid(*id)) {
        return OK;
    }
    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/validator_id", call->r->pool,
                       "An id has 1 to %d of A-Z a-z 0-9 . _ : @ - and is neither \".\" nor \"..\".",
                       CIV_VALIDATOR_ID_SIZE);
    return CIV_FAULTED;
}

int civ_api_register(civ_call_t *call)
{
    apr_pool_t *pool = call->r->pool;
    civ_validator_t validator;
    civ_public_key_t *key;
    apr_int64_t stake;
    const char *id;
    int repeated = 0;

    if (civ_request_validator_id(call, &id) != OK || read_stake(call, &stake) != OK ||
        civ_public_key_from_json(&key, civ_json_get(call->body, "public_key"), "/public_key", &call->problem,
                                 pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    if (civ_ledger_register(civ_node_ledger(call->node), id, key, stake, civ_request_retry(call), &validator,
                            &repeated, &call->problem, pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_location(call, apr_pstrcat(pool, PLACE, id, NULL));
    civ_reply_repeated(call, repeated);
    return reply_validator(call, &validator, "The validator may vote on blocks sealed from now on");
}

/* The id in the path. One that cannot be is one that is not there. */
static int read_segment(civ_call_t *call, const char **id)
{
    *id = civ_request_segment(call, 0);
    return civ_validator_id_is_valid(*id)
               ? OK
               : civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is no validator with this id.");
}

int civ_api_validator(civ_call_t *call)
{
    civ_validator_t validator;
    const char *id;

    if (read_segment(call, &id) != OK) {
        return CIV_FAULTED;
    }
    if (civ_ledger_validator(civ_node_ledger(call->node), id, &validator, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return reply_validator(call, &validator, NULL);
}

int civ_api_unregister(civ_call_t *call)
{
    civ_validator_t validator;
    const char *id;

    if (read_segment(call, &id) != OK) {
        return CIV_FAULTED;
    }
    if (civ_ledger_unregister(civ_node_ledger(call->node), id, &validator, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return reply_validator(call, &validator, "The validator may not vote on blocks sealed from now on");
}
