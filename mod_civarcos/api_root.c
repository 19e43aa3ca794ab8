/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "metrics.h"
#include "openapi.h"
#include "reply.h"
#include "version.h"

#include "base/json_writer.h"

#include <scoreboard.h>

#include <apr_strings.h>

#include <string.h>

/** Room for a description to start with; it grows. */
#define LARGE_BODY 32768

static void write_endpoints(civ_json_writer_t *writer, const civ_call_t *call)
{
    int i;

    civ_json_begin_object(writer);
    for (i = 0; i < civ_route_count; i++) {
        const civ_route_t *route = &civ_routes[i];
        /* The root itself is named without its slash, unless that is all there is. */
        const char *path = strcmp(route->template, "/") == 0 && *call->prefix ? "" : route->template;

        civ_json_name(writer,
                      apr_pstrcat(call->r->pool, civ_route_method(route), " ", call->prefix, path, NULL));
        civ_json_text(writer, route->summary);
    }
    civ_json_end_object(writer);
}

int civ_api_root(civ_call_t *call)
{
    civ_reply_t reply = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_reply_begin(call, &body, &writer);
    civ_json_member_text(&writer, "service", "civarcos");
    civ_json_member_text(&writer, "version", civ_version());
    civ_json_name(&writer, "endpoints");
    write_endpoints(&writer, call);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* The sentence for clients of what is wrong, or NULL when nothing is. */
static const char *illness(const civ_health_t *health)
{
    if (!health->database) {
        return health->database_detail ? health->database_detail : "The database cannot be written.";
    }
    if (!health->started) {
        return "The ledger is not ready.";
    }
    if (health->head == CIV_HEAD_INCONSISTENT) {
        return "The head of the chain, its last block and the shared memory do not agree.";
    }
    if (health->head == CIV_HEAD_UNKNOWN) {
        return "The head of the chain cannot be read.";
    }
    return health->read_only;
}

static const char *const head_words[] = {
    [CIV_HEAD_UNKNOWN] = "unknown",
    [CIV_HEAD_OK] = "ok",
    [CIV_HEAD_INCONSISTENT] = "inconsistent",
};

/* How the worker is: it is given a while after a start to be heard of for the first time. */
static const char *worker_word(const civ_call_t *call)
{
    apr_int64_t now = apr_time_now() / 1000;
    apr_int64_t seen;

    if (civ_server_config(call->r->server)->values.worker == CIV_WORKER_OFF) {
        return "off";
    }
    if (civ_workers_seen(civ_node_engine(call->node), &seen, call->r->pool) != APR_SUCCESS) {
        return "unknown";
    }
    if (seen > now - CIV_WORKER_SILENCE) {
        return "ok";
    }
    return ap_scoreboard_image && ap_scoreboard_image->global->restart_time / 1000 > now - CIV_WORKER_SILENCE
               ? "starting"
               : "silent";
}

static void write_health(civ_buffer_t *out, const civ_health_t *health, const char *worker, const char *error)
{
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_member_bool(&writer, "success", !error);
    civ_json_member_text(&writer, "status", error ? "degraded" : "ok");
    if (error) {
        civ_json_member_text(&writer, "error", error);
    }
    civ_json_member_text(&writer, "version", civ_version());
    civ_json_member_text(&writer, "database",
                         health->database          ? "ok"
                         : health->database_detail ? health->database_detail
                                                   : "The database cannot be written.");
    civ_json_member_text(&writer, "head", head_words[health->head]);
    civ_json_member_text(&writer, "worker", worker);
    civ_json_member_text(&writer, "read_only", health->read_only);
    civ_json_member_uint(&writer, "height", health->state.height);
    civ_json_end_object(&writer);
}

int civ_api_health(civ_call_t *call)
{
    civ_reply_t reply = {.momentary = 1};
    civ_health_t health = {0};
    const char *worker;
    const char *error;
    civ_buffer_t body;

    if (!call->node) {
        return civ_request_fault(call, CIV_PROBLEM_UNAVAILABLE, "This node is not running.");
    }
    civ_node_health(call->node, &health, call->r->pool);
    worker = worker_word(call);
    error = illness(&health);
    if (!error && strcmp(worker, "silent") == 0) {
        error = "The worker gives no sign of life.";
    }
    if (error) {
        reply.status = HTTP_SERVICE_UNAVAILABLE;
        apr_table_setn(call->r->headers_out, "Retry-After", "5");
    }
    civ_buffer_init(&body, 512, call->r->pool);
    write_health(&body, &health, worker, error);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_openapi(civ_call_t *call)
{
    civ_reply_t reply = {0};
    civ_buffer_t body;

    civ_buffer_init(&body, LARGE_BODY, call->r->pool);
    civ_openapi_write(&body, ap_os_escape_path(call->r->pool, call->prefix, 1));
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_metrics(civ_call_t *call)
{
    civ_reply_t reply = {.momentary = 1};
    civ_buffer_t body;

    reply.media_type = "text/plain; version=0.0.4; charset=utf-8";
    civ_buffer_init(&body, LARGE_BODY, call->r->pool);
    civ_metrics_write(&body, call);
    return civ_reply_buffer(call, &reply, &body);
}
