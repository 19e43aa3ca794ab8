/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Configuring the connectors of platforms, and how they are.
 */
#include "handlers.h"

#include "reply.h"
#include "sync.h"

#include "base/status.h"
#include "sync/connectors.h"

#include <http_log.h>

#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

/* {"success": true, "connector": ..., "message": ...} */
static int reply_connector(civ_call_t *call, const civ_platform_t *platform, const char *message)
{
    civ_overview_t overview;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (civ_sync_overview_of(call, platform, &overview) != OK) {
        return CIV_FAULTED;
    }
    civ_buffer_init(&body, 1024, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "connector");
    civ_sync_write_connector(&writer, &overview);
    if (message) {
        civ_json_member_text(&writer, "message", message);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* --- configuring --- */

static int check_config(civ_call_t *call, const civ_platform_t *platform, const civ_json_t *config)
{
    const char *error = NULL;
    civ_egress_t *egress;

    if (civ_node_egress(&egress, &call->slot->config, &error, call->r->pool) != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->r, "CIV0785: the egress rules cannot be used: %s",
                      error);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return civ_platform_check(platform, egress, config, &call->problem, call->r->pool) == APR_SUCCESS
               ? OK
               : CIV_FAULTED;
}

static int store(civ_call_t *call, const civ_platform_t *platform, const civ_json_t *config)
{
    apr_pool_t *pool = call->r->pool;
    int repeated = 0;
    apr_status_t status = civ_node_ready_seal_key(call->node, pool);

    if (status != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, CIV_STATUS_FOR_LOG(status), call->r,
                      "CIV0786: the key file of connectors' secrets %s, so none can be stored",
                      status == CIV_EINVALID ? "holds no such keys" : "cannot be used");
        return civ_request_fault(call, CIV_PROBLEM_UNAVAILABLE, "Secrets cannot be stored at the moment.");
    }
    if (civ_connector_put(civ_node_engine(call->node), platform->name, platform->connector->settings, config,
                          civ_request_retry(call), &repeated, &call->problem, pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_repeated(call, repeated);
    return OK;
}

static void note_dropped(const char **dropped, const civ_json_t *config, const char *name, apr_pool_t *pool)
{
    if (!civ_json_get(config, name)) {
        *dropped = *dropped ? apr_pstrcat(pool, *dropped, ", ", name, NULL) : name;
    }
}

/* The names of the settings that the platform has now and will not have any more: a configuration replaces the one before. NULL: none. */
static const char *find_dropped(civ_call_t *call, const civ_platform_t *platform, const civ_json_t *config)
{
    apr_pool_t *pool = call->r->pool;
    const char *dropped = NULL;
    const civ_json_t *settings;
    civ_connector_row_t row;
    civ_problem_t problem;
    apr_size_t i;
    int j;

    if (civ_connector_get(civ_node_engine(call->node), platform->name, &row, pool) != APR_SUCCESS) {
        return NULL;
    }
    for (j = 0; j < row.secrets->nelts; j++) {
        note_dropped(&dropped, config, APR_ARRAY_IDX(row.secrets, j, const char *), pool);
    }
    if (civ_json_parse(&settings, row.settings, strlen(row.settings), &civ_json_request_limits, &problem,
                       pool) == APR_SUCCESS &&
        settings->type == CIV_JSON_OBJECT) {
        for (i = 0; i < settings->as.object.count; i++) {
            note_dropped(&dropped, config, settings->as.object.members[i].name, pool);
        }
    }
    return dropped;
}

int civ_api_sync_configure(civ_call_t *call)
{
    const civ_json_t *config = civ_json_get(call->body, "config");
    const civ_platform_t *platform;
    const char *dropped = NULL;
    int result = civ_sync_platform(call, civ_json_get_text(call->body, "platform"), "/platform", &platform);

    if (result == OK) {
        result = check_config(call, platform, config);
    }
    if (result == OK) {
        dropped = find_dropped(call, platform, config);
        result = store(call, platform, config);
    }
    return result == OK
               ? reply_connector(
                     call, platform,
                     apr_pstrcat(call->r->pool, "The connector for ", platform->title, " is configured",
                                 dropped ? "; this took away what was set before: " : "", dropped, NULL))
               : result;
}

/* --- reading --- */

int civ_api_sync_connectors(civ_call_t *call)
{
    civ_overview_t *all = apr_palloc(call->r->pool, (apr_size_t)civ_platform_count * sizeof(*all));
    apr_status_t status = civ_overview(civ_node_engine(call->node), all, call->r->pool);
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int i;

    if (status != APR_SUCCESS) {
        return civ_sync_fault(call, status);
    }
    civ_buffer_init(&body, 4096, call->r->pool);
    civ_json_writer_init(&writer, &body);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", 1);
    civ_json_name(&writer, "connectors");
    civ_json_begin_array(&writer);
    for (i = 0; i < civ_platform_count; i++) {
        civ_sync_write_connector(&writer, &all[i]);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", civ_platform_count);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_sync_connector(civ_call_t *call)
{
    const civ_platform_t *platform;

    return civ_sync_path_platform(call, &platform) == OK ? reply_connector(call, platform, NULL)
                                                         : CIV_FAULTED;
}

/* --- taking away --- */

int civ_api_sync_disconnect(civ_call_t *call)
{
    const civ_platform_t *platform;

    if (civ_sync_path_platform(call, &platform) != OK ||
        civ_connector_remove(civ_node_engine(call->node), platform->name, &call->problem, call->r->pool) !=
            APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return civ_reply_message(call, "The connector was removed, and its secrets with it");
}
