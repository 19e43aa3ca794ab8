/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "reply.h"

#include "base/json_writer.h"

static int average_reputation(const civ_totals_t *totals)
{
    apr_int64_t members = totals->values[CIV_TOTAL_MEMBERS];

    return members > 0 ? (int)(totals->values[CIV_TOTAL_REPUTATION] / members) : 0;
}

int civ_api_federation_status(civ_call_t *call)
{
    civ_totals_t totals;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (civ_node_federation_totals(call->node, &totals, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "network_stats");
    civ_json_begin_object(&writer);
    civ_json_member_int(&writer, "total_nodes", totals.values[CIV_TOTAL_MEMBERS]);
    civ_json_member_int(&writer, "total_shared_evidence", totals.values[CIV_TOTAL_EVIDENCE]);
    civ_json_member_int(&writer, "total_benchmarks", totals.values[CIV_TOTAL_BENCHMARKS]);
    civ_json_member_int(&writer, "total_threats", totals.values[CIV_TOTAL_THREATS]);
    civ_json_member_int(&writer, "total_votes", totals.values[CIV_TOTAL_VOTES]);
    civ_reply_reputation(&writer, "avg_reputation", average_reputation(&totals));
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
