/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Sharing threats, and finding them.
 */
#include "handlers.h"

#include "paging.h"
#include "reply.h"
#include "speaker.h"

#include "base/timestamp.h"
#include "federation/threats.h"

#include <apr_strings.h>

#include <string.h>

#define PLACE "/federated/threat/"

/* --- writing --- */

static void write_threat(civ_json_writer_t *writer, const civ_threat_t *threat)
{
    char time[CIV_TIMESTAMP_SIZE];
    char score[8];
    int length =
        apr_snprintf(score, sizeof(score), "%d.%02d", civ_threat_score(threat, civ_timestamp_now()) / 100,
                     civ_threat_score(threat, civ_timestamp_now()) % 100);

    civ_json_member_text(writer, "threat_id", threat->id);
    civ_json_member_text(writer, "type", threat->type);
    civ_json_member_text(writer, "severity", civ_severity_name(threat->severity));
    civ_json_name(writer, "indicators");
    civ_json_raw(writer, threat->indicators, strlen(threat->indicators));
    civ_json_name(writer, "indicator_details");
    civ_json_raw(writer, threat->details, strlen(threat->details));
    if (threat->description[0]) {
        civ_json_member_text(writer, "description", threat->description);
    }
    civ_json_member_text(writer, "timestamp", civ_timestamp_format(time, threat->created));
    civ_json_member_text(writer, "source_hash", threat->source_hash);
    civ_json_member_int(writer, "sightings", threat->sightings);
    civ_json_member_text(writer, "last_seen", civ_timestamp_format(time, threat->last_seen));
    civ_json_member_text(writer, "valid_until", civ_timestamp_format(time, threat->valid_until));
    civ_json_name(writer, "score");
    civ_json_raw(writer, score, (apr_size_t)length);
}

/* What did not leave as it came. Told to who sent it, and to nobody else. */
static void write_removed(civ_json_writer_t *writer, const civ_threat_report_t *report,
                          const civ_redactor_t *redactor)
{
    apr_size_t i;

    civ_json_name(writer, "removed");
    civ_json_begin_object(writer);
    civ_json_name(writer, "members");
    civ_json_begin_array(writer);
    for (i = 0; report->ignored[i]; i++) {
        civ_json_text(writer, report->ignored[i]);
    }
    civ_json_end_array(writer);
    civ_json_name(writer, "redacted");
    civ_json_begin_object(writer);
    for (i = 0; i < civ_redactor_class_count(redactor); i++) {
        if (report->redacted.of_class[i] > 0) {
            civ_json_member_uint(writer, civ_redactor_class_name(redactor, i), report->redacted.of_class[i]);
        }
    }
    civ_json_end_object(writer);
    civ_json_end_object(writer);
}

/* --- sharing --- */

/* "threat" is taken for "threat_info"; one of them there must be. */
static int read_report(civ_call_t *call, const civ_redactor_t *redactor, civ_threat_report_t *report)
{
    const civ_json_t *threat = civ_json_get(call->body, "threat_info");
    const civ_json_t *other = civ_json_get(call->body, "threat");
    const char *words[] = {civ_json_get_text(call->body, "organization_id"), NULL};
    const char *pointer = threat || !other ? "/threat_info" : "/threat";

    if (threat && other) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "/threat", call->r->pool,
                           "A request has one threat: threat_info, or threat.");
        return CIV_FAULTED;
    }
    return civ_threat_prepare(redactor, words, threat ? threat : other, pointer, report, &call->problem,
                              call->r->pool) == APR_SUCCESS
               ? OK
               : CIV_FAULTED;
}

int civ_api_threat_share(civ_call_t *call)
{
    const civ_redactor_t *redactor = civ_node_redactor(call->node, &call->problem, call->r->pool);
    civ_threat_report_t *report = apr_palloc(call->r->pool, sizeof(*report));
    civ_speaker_t speaker;
    civ_threat_t threat;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int is_new;
    int repeated;

    /* Who cannot sign does not make us search texts. */
    if (!redactor || civ_speaker_identify(call, &speaker) != OK ||
        read_report(call, redactor, report) != OK ||
        civ_threat_share(civ_node_federation(call->node), &speaker, report, civ_request_retry(call), &threat,
                         &is_new, &repeated, &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_location(call, apr_pstrcat(call->r->pool, PLACE, threat.id, NULL));
    civ_reply_repeated(call, repeated);
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "threat");
    civ_json_begin_object(&writer);
    write_threat(&writer, &threat);
    civ_json_end_object(&writer);
    write_removed(&writer, report, redactor);
    civ_json_member_text(&writer, "message",
                         is_new ? "The threat was shared under a pseudonym"
                                : "The threat was known already: this counts as a sighting, one a day");
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

/* --- finding --- */

static int read_indicator(civ_call_t *call, civ_indicator_t *room, const civ_indicator_t **indicator)
{
    const char *text = civ_query_get(&call->query, "indicator");
    const civ_redactor_t *redactor;

    *indicator = NULL;
    if (!text) {
        return OK;
    }
    redactor = civ_node_redactor(call->node, &call->problem, call->r->pool);
    if (!redactor) {
        return CIV_FAULTED;
    }
    if (civ_threat_indicator(redactor, room, text, NULL, call->r->pool) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, "indicator",
                                         "An indicator has 1 to 2048 bytes without control characters.");
    }
    *indicator = room;
    return OK;
}

static int read_query(civ_call_t *call, civ_threat_query_t *query, civ_indicator_t *room)
{
    const char *type = civ_query_get(&call->query, "type");
    const char *word = civ_query_get(&call->query, "severity");
    civ_severity_e severity = CIV_SEVERITY_UNKNOWN;

    memset(query, 0, sizeof(*query));
    if (type && civ_threat_type_parse(&query->type, type, call->r->pool) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, "type", "A type is a word of 1 to 64 of a-z 0-9 _ -.");
    }
    if (word && civ_severity_parse(&severity, word) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, "severity",
                                         "A severity is low, medium, high, critical, info or unknown.");
    }
    query->severity = word ? (int)severity : -1;
    if (read_indicator(call, room, &query->indicator) != OK ||
        civ_request_time(call, "since", &query->since) != OK) {
        return CIV_FAULTED;
    }
    return civ_paging_read(call, &query->limit, &query->before);
}

static void write_looked_for(civ_json_writer_t *writer, const civ_indicator_t *indicator, int is_common)
{
    civ_json_name(writer, "indicator");
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "kind", civ_indicator_kind_name(indicator->kind));
    civ_json_member_text(writer, "value", indicator->value);
    if (indicator->flag != CIV_FLAG_NONE) {
        civ_json_member_text(writer, "flag", civ_indicator_flag_name(indicator->flag));
        civ_json_member_text(writer, "reason", civ_indicator_flag_reason(indicator->flag));
    }
    civ_json_member_bool(writer, "over_correlating", is_common);
    civ_json_end_object(writer);
}

int civ_api_threats(civ_call_t *call)
{
    civ_threat_query_t query;
    civ_indicator_t room;
    civ_threat_page_t page;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;
    int i;

    if (read_query(call, &query, &room) != OK ||
        civ_threat_search(civ_node_federation(call->node), &query, &page, &call->problem, call->r->pool) !=
            APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "threats");
    civ_json_begin_array(&writer);
    for (i = 0; i < page.count; i++) {
        civ_json_begin_object(&writer);
        write_threat(&writer, &page.threats[i]);
        civ_json_end_object(&writer);
    }
    civ_json_end_array(&writer);
    civ_json_member_int(&writer, "count", page.count);
    if (query.indicator) {
        write_looked_for(&writer, query.indicator, page.is_common);
    }
    if (page.more) {
        civ_paging_next(call, &writer, (apr_uint64_t)page.threats[page.count - 1].number);
    }
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

int civ_api_threat(civ_call_t *call)
{
    civ_threat_t threat;
    civ_json_writer_t writer;
    civ_reply_t reply = {0};
    civ_buffer_t body;

    if (civ_threat_read(civ_node_federation(call->node), civ_request_segment(call, 0), &threat,
                        &call->problem, call->r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    civ_reply_begin(call, &body, &writer);
    civ_json_name(&writer, "threat");
    civ_json_begin_object(&writer);
    write_threat(&writer, &threat);
    civ_json_name(&writer, "record");
    civ_json_raw(&writer, threat.record, strlen(threat.record));
    civ_json_member_text(&writer, "signature", threat.signature);
    civ_json_end_object(&writer);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}
