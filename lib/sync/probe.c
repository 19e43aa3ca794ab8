/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sync/probe.h"

#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"

/** Somebody waits for it, and can ask again. */
#define TRIES    2
#define PATIENCE 10000 /* milliseconds for both */

static void conclude(civ_sync_report_t *report, civ_sync_outcome_e outcome, const char *reason)
{
    report->outcome = outcome;
    civ_sync_reason(report->reason, reason);
}

static civ_sync_outcome_e outcome_of(civ_http_class_e class)
{
    switch (class) {
    case CIV_HTTP_DATA:
    case CIV_HTTP_EMPTY:
    case CIV_HTTP_UNCHANGED:
    case CIV_HTTP_NOT_READY:
        return CIV_SYNC_OK;
    case CIV_HTTP_AUTH_FAILED:
        return CIV_SYNC_AUTH_FAILED;
    case CIV_HTTP_THROTTLED:
        return CIV_SYNC_PARTIAL;
    default:
        return CIV_SYNC_FAILED;
    }
}

static apr_status_t build(const civ_engine_run_t *run, civ_http_request_t *request, apr_pool_t *pool)
{
    civ_sync_context_t context;
    civ_sync_request_t asked;
    civ_json_t *facts = apr_pcalloc(pool, sizeof(*facts));
    apr_status_t status;

    facts->type = CIV_JSON_OBJECT;
    memset(&context, 0, sizeof(context));
    memset(&asked, 0, sizeof(asked));
    memset(request, 0, sizeof(*request));
    context.connector = run->connector;
    context.base = run->base;
    context.further_bases = run->further_bases;
    context.settings = run->settings;
    context.facts = facts;
    context.now = civ_timestamp_now();
    context.pool = pool;
    status = run->connector->probe != NULL ? run->connector->probe(&context, &asked) : APR_ENOTIMPL;
    request->url = asked.url;
    if (asked.body != NULL) {
        request->method = "POST";
        request->content = asked.body;
        request->content_length = strlen(asked.body);
        request->may_repeat = 1;
    }
    request->is_for_human = 1;
    request->tries = TRIES;
    request->patience = PATIENCE;
    return status;
}

static const char *reason_of(const civ_engine_run_t *run, const civ_http_request_t *request,
                             const civ_http_answer_t *answer, apr_pool_t *pool)
{
    const civ_connector_setting_t *setting = run->connector->settings;

    if (answer->class != CIV_HTTP_GONE)
        return answer->reason != NULL ? answer->reason : civ_http_class_name(answer->class);
    while (setting->name != NULL && strcmp(setting->name, "organization") != 0)
        setting++;
    return apr_psprintf(pool, "%.180s is not there (status %d): %s", request->url, answer->status,
                        setting->name != NULL ? "are base_url and organization right?"
                                              : "is base_url right?");
}

void civ_probe(const civ_engine_run_t *run, civ_http_t *http, civ_sync_report_t *report, apr_pool_t *pool)
{
    civ_http_request_t request;
    civ_http_answer_t answer;
    apr_status_t status = build(run, &request, pool);

    memset(&answer, 0, sizeof(answer));
    if (status == APR_SUCCESS)
        status = civ_http_send(http, &request, &answer, pool);
    if (status == CIV_EINTERRUPTED)
        conclude(report, CIV_SYNC_INTERRUPTED, "The test was interrupted");
    else if (status != APR_SUCCESS)
        conclude(report, CIV_SYNC_FAILED, "The connection cannot be tested");
    else if (outcome_of(answer.class) == CIV_SYNC_OK)
        conclude(report, CIV_SYNC_OK, "");
    else
        conclude(report, outcome_of(answer.class), reason_of(run, &request, &answer, pool));
}
