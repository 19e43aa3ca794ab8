/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Deliveries of platforms' webhooks. Whoever may reach this path need not be known to httpd: what counts is the platform's own proof, over the
 * bytes as they came, before anything reads them.
 */
#include "handlers.h"

#include "reply.h"
#include "sparing.h"
#include "sync.h"

#include "base/status.h"
#include "base/timestamp.h"
#include "sync/connectors.h"
#include "sync/webhook.h"

#include <http_log.h>

#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

static const char *get_header(const void *baton, const char *name)
{
    return apr_table_get(((const request_rec *)baton)->headers_in, name);
}

/* In the log stands what was said to the platform, for there nobody reads it. Anybody can be refused, as often as he likes: that is counted, and
 * logged sparingly. */
static int refuse(civ_call_t *call, const civ_platform_t *platform)
{
    const char *words = apr_psprintf(call->r->pool, "a delivery of %s is not accepted: %s", platform->name,
                                     call->problem.detail);
    const char *tail;

    if (civ_sparing_admits(call->slot->unproven, words, &tail, call->r->pool)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, call->r, "CIV0800: %s%s", words, tail);
    }
    civ_node_count(call->node, CIV_NODE_WEBHOOKS_REFUSED, 1);
    return CIV_FAULTED;
}

/* The secret; NULL where there is none, configured or not. */
static int open_secret(civ_call_t *call, const civ_platform_t *platform, const civ_json_t **secret)
{
    apr_status_t status = civ_connector_secret(civ_node_engine(call->node), platform->name, "webhook_secret",
                                               secret, &call->problem, call->r->pool);
    const char *words, *tail;

    if (status == APR_SUCCESS || APR_STATUS_IS_NOTFOUND(status)) {
        return OK;
    }
    if (status != CIV_EINTEGRITY && status != CIV_EDATABASE) {
        return civ_sync_fault(call, status);
    }
    /* What it has to say is in the problem: of a status of ours httpd would say that it does not know it. */
    words = apr_psprintf(call->r->pool,
                         "a delivery of %s cannot be verified, since the secret cannot be opened: %s",
                         platform->name, call->problem.detail ? call->problem.detail : "it cannot be read");
    if (civ_sparing_admits(call->slot->unproven, words, &tail, call->r->pool)) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, call->r, "CIV0801: %s%s", words, tail);
    }
    return civ_request_fault(call, CIV_PROBLEM_UNAVAILABLE, "Deliveries cannot be verified at the moment.");
}

static int reply(civ_call_t *call, const civ_webhook_outcome_t *outcome)
{
    static const char *const words[] = {[CIV_WEBHOOK_QUEUED] = "queued",
                                        [CIV_WEBHOOK_REPEATED] = "repeated",
                                        [CIV_WEBHOOK_IGNORED] = "ignored"};
    int is_queued = outcome->result == CIV_WEBHOOK_QUEUED;
    civ_reply_t answer = {.status = is_queued ? HTTP_ACCEPTED : HTTP_OK};
    civ_json_writer_t writer;
    civ_buffer_t body;
    int i;

    civ_sync_begin(call, &writer, &body, 1);
    civ_json_member_text(&writer, "result", words[outcome->result]);
    civ_json_name(&writer, "jobs");
    civ_json_begin_array(&writer);
    for (i = 0; i < outcome->job_count; i++) {
        civ_sync_write_job(&writer, &outcome->jobs[i], NULL);
    }
    civ_json_end_array(&writer);
    civ_json_member_text(&writer, "message",
                         is_queued ? "The project will be synchronised" : outcome->reason);
    civ_json_end_object(&writer);
    if (outcome->job_count == 1) {
        civ_reply_location(call, apr_psprintf(call->r->pool, CIV_SYNC_JOB_PLACE "%" APR_INT64_T_FMT,
                                              outcome->jobs[0].number));
    }
    return civ_reply_buffer(call, &answer, &body);
}

static int take(civ_call_t *call, const civ_platform_t *platform, const civ_webhook_t *webhook)
{
    static const unsigned counters[] = {[CIV_WEBHOOK_QUEUED] = CIV_NODE_WEBHOOKS_QUEUED,
                                        [CIV_WEBHOOK_REPEATED] = CIV_NODE_WEBHOOKS_REPEATED,
                                        [CIV_WEBHOOK_IGNORED] = CIV_NODE_WEBHOOKS_IGNORED};
    civ_webhook_outcome_t *outcome = apr_palloc(call->r->pool, sizeof(*outcome));
    civ_webhook_hint_t hint;

    if (civ_webhook_read(&hint, platform->name, webhook, &call->problem, call->r->pool) != APR_SUCCESS ||
        civ_webhook_take(civ_node_engine(call->node), &hint, outcome, &call->problem, call->r->pool) !=
            APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_node_count(call->node, counters[outcome->result], 1);
    return reply(call, outcome);
}

int civ_api_sync_webhook(civ_call_t *call)
{
    civ_webhook_t webhook = {get_header, call->r, call->content->data, call->content->length,
                             civ_timestamp_now()};
    const civ_platform_t *platform;
    const civ_json_t *secret;

    if (civ_sync_path_platform(call, &platform) != OK || open_secret(call, platform, &secret) != OK) {
        return CIV_FAULTED;
    }
    if (civ_webhook_prove(platform->name, secret, &webhook, &call->problem, call->r->pool) != APR_SUCCESS) {
        return refuse(call, platform);
    }
    return take(call, platform, &webhook);
}
