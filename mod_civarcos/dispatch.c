/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "dispatch.h"

#include "metrics.h"
#include "mount.h"
#include "reply.h"
#include "runtime.h"
#include "signature.h"

#include <http_log.h>

#include <apr_atomic.h>
#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

/* Only these: httpd lets methods through that it does not know itself. HEAD is GET to it. */
static civ_method_e method_of(const request_rec *r)
{
    switch (r->method_number) {
    case M_GET:
        return CIV_GET;
    case M_POST:
        return CIV_POST;
    case M_DELETE:
        return CIV_DELETE;
    default:
        return CIV_METHOD_COUNT;
    }
}

/* Where the request lies below the prefix. */
static int locate(civ_call_t *call)
{
    request_rec *r = call->r;

    call->prefix = civ_mount_match(call->server->mounts, r->uri);
    if (!call->prefix) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "CIV0323: the handler " CIV_HANDLER
                      " was set for %s by something else than SetHandler in a "
                      "plain <Location>, so its prefix is not known",
                      r->uri);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    call->path = r->uri + strlen(call->prefix);
    if (!*call->path) {
        call->path = "/";
    }
    return OK;
}

static int find_route(civ_call_t *call)
{
    int known;

    call->route = civ_route_find(method_of(call->r), call->path, call->segments, &known);
    if (call->route) {
        return OK;
    }
    if (!known) {
        return civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is nothing at this path.");
    }
    return civ_request_fault(call, CIV_PROBLEM_METHOD_NOT_ALLOWED,
                             "This path does not take this method; the Allow header says what it takes.");
}

static int prepare_node(civ_call_t *call)
{
    if (!call->node) {
        return civ_request_fault(call, CIV_PROBLEM_UNAVAILABLE, "This node is not running.");
    }
    return civ_node_refresh(call->node, &call->problem, call->r->pool) == APR_SUCCESS ? OK : CIV_FAULTED;
}

static int answer(civ_call_t *call)
{
    int result = locate(call);

    if (result == OK) {
        if (call->r->method_number == M_OPTIONS) {
            civ_segment_t segments[CIV_TEMPLATE_MAX];
            int known;

            civ_route_find(CIV_METHOD_COUNT, call->path, segments, &known);
            return known ? civ_reply_options(call)
                         : civ_request_fault(call, CIV_PROBLEM_NOT_FOUND, "There is nothing at this path.");
        }
        result = find_route(call);
    }
    if (result == OK) {
        result = civ_request_head(call);
    }
    if (result == OK) {
        civ_signature_prepare(call);
    }
    if (result == OK && call->route->body) {
        result = call->route->body == civ_raw_body ? civ_request_content(call) : civ_request_body(call);
    }
    if (result == OK && call->route->needs_node) {
        result = prepare_node(call);
    }
    return result == OK ? call->route->handle(call) : result;
}

/* httpd reads what is left of a body to find the next request; beyond our cap that is not worth it. */
static void spare_reading(const civ_call_t *call)
{
    request_rec *r = call->r;
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    if (!call->body && !call->content &&
        (apr_table_get(r->headers_in, "Transfer-Encoding") ||
         (length && apr_atoi64(length) > call->server->values.max_body))) {
        civ_request_close(call);
    }
}

/* See civ_runtime_child_init. */
static void mark_busy(civ_slot_t *slot, int is_busy)
{
    if (slot && slot->is_serial) {
        apr_atomic_set32(&slot->busy, (apr_uint32_t)is_busy);
    }
}

int civ_dispatch(request_rec *r)
{
    civ_call_t call;
    int result;

    if (!r->handler || strcmp(r->handler, CIV_HANDLER) != 0) {
        return DECLINED;
    }
    memset(&call, 0, sizeof(call));
    call.r = r;
    call.server = civ_server_config(r->server);
    call.slot = call.server->slot;
    mark_busy(call.slot, 1);
    call.node = call.slot ? civ_runtime_node(call.slot) : NULL;
    result = answer(&call);
    if (result == CIV_FAULTED) {
        spare_reading(&call);
        result = civ_reply_problem(&call);
    }
    mark_busy(call.slot, 0);
    civ_metrics_count(&call, ap_is_HTTP_VALID_RESPONSE(result) ? result : r->status);
    return result;
}
