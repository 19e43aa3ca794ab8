/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "speaker.h"

#include "base/canonical.h"
#include "federation/benchmarks.h"

#include <apr_strings.h>

#include <math.h>
#include <string.h>

#define NAME_RULE "The name of a metric has 1 to 64 of A-Z a-z 0-9 _ . - and is neither \".\" nor \"..\"."

/* --- contributing --- */

static int fault_at(civ_call_t *call, const char *name, const char *detail)
{
    const char *pointer = name ? civ_json_pointer_join("/metrics", name, call->r->pool) : "/metrics";

    civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, pointer, call->r->pool, "%s", detail);
    return CIV_FAULTED;
}

static int read_measurement(civ_call_t *call, const civ_json_member_t *member, civ_measurement_t *measurement)
{
    measurement->metric = member->name;
    if (strlen(member->name) != member->name_length || !civ_metric_name_is_valid(member->name)) {
        return fault_at(call, strlen(member->name) == member->name_length ? member->name : NULL, NAME_RULE);
    }
    if (member->value.type != CIV_JSON_NUMBER) {
        return fault_at(call, member->name, "The value of a metric is a finite number.");
    }
    measurement->value = civ_canonical_read_number(member->value.as.text.text);
    if (!isfinite(measurement->value)) {
        return fault_at(call, member->name, "The value of a metric is a finite number.");
    }
    return OK;
}

static int read_measurements(civ_call_t *call, civ_measurement_t **measurements, apr_size_t *count)
{
    const civ_json_t *metrics = civ_json_get(call->body, "metrics");
    apr_size_t i;

    if (!metrics || metrics->type != CIV_JSON_OBJECT || metrics->as.object.count < 1 ||
        metrics->as.object.count > CIV_METRICS_OF_CONTRIBUTION) {
        return fault_at(call, NULL, "The metrics are an object of 1 to 100 numbers by name.");
    }
    *count = metrics->as.object.count;
    *measurements = apr_pcalloc(call->r->pool, *count * sizeof(**measurements));
    for (i = 0; i < *count; i++) {
        if (read_measurement(call, &metrics->as.object.members[i], &(*measurements)[i]) != OK) {
            return CIV_FAULTED;
        }
    }
    return OK;
}

int civ_api_contribute(civ_call_t *call)
{
    civ_measurement_t *measurements = NULL;
    civ_speaker_t speaker;
    apr_size_t count = 0;

    if (civ_speaker_identify(call, &speaker) != OK || read_measurements(call, &measurements, &count) != OK ||
        civ_benchmark_contribute(civ_node_federation(call->node), &speaker, measurements, count,
                                 civ_request_retry(call), &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    return civ_reply_message(call, apr_psprintf(call->r->pool,
                                                "The numbers of %" APR_SIZE_T_FMT
                                                " metrics count for this quarter; nobody sees them alone",
                                                count));
}

/* --- reading --- */

int civ_api_benchmarks(civ_call_t *call)
{
    apr_int64_t position;
    civ_metric_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int limit;
    int i;

    if (civ_paging_read(call, &limit, &position) != OK) {
        return CIV_FAULTED;
    }
    if (civ_benchmark_names(civ_node_federation(call->node), position, limit, &page, &call->problem,
                            call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "metrics");
    civ_json_begin_array(&writer);
    for (i = 0; i < page.count; i++) {
        civ_json_text(&writer, page.names[i]);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", page.count);
    if (page.more) {
        civ_paging_next(call, &writer, (apr_uint64_t)page.last);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_benchmark(civ_call_t *call)
{
    const char *metric = civ_request_segment(call, 0);
    const char *statistics;
    const char *error;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (!civ_metric_name_is_valid(metric)) {
        return civ_request_bad_parameter(call, "metric", NAME_RULE);
    }
    if (civ_benchmark_read(civ_node_federation(call->node), metric, &statistics, &error, &call->problem,
                           call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    if (statistics) {
        civ_json_name(&writer, "statistics");
        civ_json_raw(&writer, statistics, strlen(statistics));
    } else {
        civ_json_member_text(&writer, "metric", metric);
        civ_json_member_text(&writer, "error", error);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
