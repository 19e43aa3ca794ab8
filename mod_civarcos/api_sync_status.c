/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The synchronisation of all platforms at a glance.
 */
#include "handlers.h"

#include "reply.h"
#include "sync.h"

int civ_api_sync_status(civ_call_t *call)
{
    civ_overview_t *all = apr_palloc(call->r->pool, (apr_size_t)civ_platform_count * sizeof(*all));
    apr_status_t status = civ_overview(civ_node_engine(call->node), all, call->r->pool);
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    apr_int64_t versions = 0;
    apr_int64_t items = 0;
    int connected = 0;
    int i;

    if (status == APR_SUCCESS) {
        status = civ_overview_count(civ_node_engine(call->node), &versions, &items, call->r->pool);
    }
    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    for (i = 0; i < civ_platform_count; i++) {
        connected += civ_sync_is_connected(&all[i]);
    }
    civ_buffer_init(&body, 4096, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "sync_status");
    civ_json_begin_object(&writer);
    civ_json_member_int(&writer, "total_connectors", civ_platform_count);
    civ_json_member_int(&writer, "connected_connectors", connected);
    civ_json_member_int(&writer, "total_evidence", versions);
    civ_json_member_int(&writer, "unique_evidence", items);
    civ_json_name(&writer, "connectors");
    civ_json_begin_object(&writer);
    for (i = 0; i < civ_platform_count; i++) {
        civ_json_name(&writer, all[i].platform);
        civ_sync_write_connector(&writer, &all[i]);
    }
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
