/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * What was shared: listing it, its versions, and taking it back.
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "shared.h"
#include "speaker.h"

#include "federation/benchmarks.h"
#include "federation/evidence.h"
#include "federation/evidence_types.h"

#include <string.h>

/* What evidence of a type that nobody knows leaves as. */
#define OTHER "other"

void civ_shared_write(civ_json_writer_t *writer, const civ_shared_t *shared)
{
    apr_size_t length = strlen(shared->record);

    civ_json_begin_object(writer);
    if (shared->signature[0]) {
        civ_json_member_text(writer, "signature", shared->signature);
    }
    civ_json_member_text(writer, "outcome", civ_opinion_name(shared->opinion));
    civ_json_member_int(writer, "votes", shared->tally.votes);
    /* The members of the record, without its braces. */
    if (length > 2) {
        civ_buffer_append_byte(writer->out, ',');
        civ_buffer_append(writer->out, shared->record + 1, length - 2);
    }
    civ_json_end_object(writer);
}

static void write_items(civ_json_writer_t *writer, const civ_shared_page_t *page)
{
    int i;

    civ_json_name(writer, "evidence");
    civ_json_begin_array(writer);
    for (i = 0; i < page->count; i++) {
        civ_shared_write(writer, &page->items[i]);
    }
    civ_json_end_array(writer);
    civ_json_member_int(writer, "count", page->count);
}

static int read_privacy(civ_call_t *call, civ_privacy_e *privacy)
{
    const char *name = civ_query_get(&call->query, "privacy_level");

    *privacy = name ? civ_privacy_from_name(name) : CIV_PRIVACY_ANONYMIZED;
    return *privacy != CIV_PRIVACY_COUNT
               ? OK
               : civ_request_bad_parameter(call, "privacy_level", "It is anonymized, aggregated or private.");
}

/* The name under which a type leaves; what no type is called by is nobody's type. */
static const char *type_named(const char *name)
{
    const char *type = name ? civ_evidence_type_of(name)->names[0] : NULL;

    return type && strcmp(type, OTHER) == 0 ? name : type;
}

static int read_query(civ_call_t *call, civ_evidence_query_t *query)
{
    apr_int64_t position;

    memset(query, 0, sizeof(*query));
    query->type = type_named(civ_query_get(&call->query, "type"));
    query->since = APR_INT64_MIN;
    if (civ_paging_read(call, &query->limit, &position) != OK ||
        civ_request_time(call, "since", &query->since) != OK) {
        return CIV_FAULTED;
    }
    query->before = position ? position : APR_INT64_MAX;
    return OK;
}

/* Of the level "aggregated" there is nothing to see but statistics over several members: one item for each metric. */
static int write_statistics(civ_call_t *call, civ_json_writer_t *writer, const civ_evidence_query_t *query)
{
    civ_federation_t *federation = civ_node_federation(call->node);
    apr_int64_t after = query->before == APR_INT64_MAX ? 0 : query->before;
    civ_metric_page_t page;
    int count = 0;
    int i;

    if (civ_benchmark_names(federation, after, query->limit, &page, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_json_name(writer, "evidence");
    civ_json_begin_array(writer);
    for (i = 0; i < page.count; i++) {
        const char *statistics;
        const char *error;

        if (civ_benchmark_read(federation, page.names[i], &statistics, &error, &call->problem,
                               call->r->pool) != APR_SUCCESS) {
            return CIV_FAULTED;
        }
        if (!statistics) {
            continue;
        }
        civ_json_begin_object(writer);
        civ_json_member_text(writer, "evidence_type", "statistics");
        civ_json_member_text(writer, "privacy_level", civ_privacy_name(CIV_PRIVACY_AGGREGATED));
        civ_json_name(writer, "quality_metrics");
        civ_json_begin_object(writer);
        civ_json_name(writer, page.names[i]);
        civ_json_raw(writer, statistics, strlen(statistics));
        civ_json_end_object(writer);
        civ_json_end_object(writer);
        count++;
    }
    civ_json_end_array(writer);
    civ_json_member_int(writer, "count", count);
    if (page.more) {
        civ_paging_next(call, writer, (apr_uint64_t)page.last);
    }
    return OK;
}

static int write_page(civ_call_t *call, civ_json_writer_t *writer, const civ_evidence_query_t *query)
{
    civ_shared_page_t page;

    if (civ_federation_evidence(civ_node_federation(call->node), query, &page, &call->problem,
                                call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    write_items(writer, &page);
    if (page.more) {
        civ_paging_next(call, writer, (apr_uint64_t)page.items[page.count - 1].number);
    }
    return OK;
}

/* Nothing is left to be seen by anybody but its author. */
static int write_nothing(civ_json_writer_t *writer)
{
    const civ_shared_page_t none = {NULL, 0, 0};

    write_items(writer, &none);
    return OK;
}

int civ_api_shared(civ_call_t *call)
{
    civ_evidence_query_t query;
    civ_privacy_e privacy;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int result = OK;

    if (read_privacy(call, &privacy) != OK || read_query(call, &query) != OK) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    switch (privacy) {
    case CIV_PRIVACY_ANONYMIZED:
        result = write_page(call, &writer, &query);
        break;
    case CIV_PRIVACY_AGGREGATED:
        result = write_statistics(call, &writer, &query);
        break;
    case CIV_PRIVACY_PRIVATE:
    case CIV_PRIVACY_COUNT:
        result = write_nothing(&writer);
        break;
    }
    civ_json_end_object(&writer);
    return result == OK ? civ_reply_buffer(call, &reply, &body) : result;
}

int civ_api_versions(civ_call_t *call)
{
    civ_shared_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (civ_federation_versions(civ_node_federation(call->node), civ_request_segment(call, 0), &page,
                                &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    write_items(&writer, &page);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
