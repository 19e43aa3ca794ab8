/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Sharing threats, and finding them.
 */
#include "federation/threats.h"

#include <apr_strings.h>
#include <string.h>

#include "base/timestamp.h"
#include "federation/members_private.h"
#include "federation/threats_private.h"

#define KIND                "threat"
#define MILLISECONDS_OF_DAY APR_INT64_C(86400000)

/** A page of threats ends early when they have so many bytes. What they have is not known before they are read, so few are
 *  read at once. */
#define PAGE_BYTES   (4 * 1024 * 1024)
#define ROWS_AT_ONCE 16

typedef struct sharing_t {
    civ_operation_t operation; /**< first, see civ_operation_run */
    const civ_threat_report_t *report;
    civ_threat_t *threat;
    civ_member_t member;
    int is_new;
} sharing_t;

int civ_threat_score(const civ_threat_t *threat, apr_int64_t now)
{
    apr_int64_t whole = threat->valid_until - threat->last_seen;
    apr_int64_t left = threat->valid_until - now;

    if (whole <= 0 || left <= 0)
        return 0;
    return left >= whole ? 100 : (int)(100 * left / whole);
}

/* --- writing --- */

static void write_list(civ_json_writer_t *writer, const civ_threat_report_t *report)
{
    apr_size_t i;

    civ_json_begin_array(writer);
    for (i = 0; i < report->count; i++)
        civ_json_text(writer, report->indicators[i].value);
    civ_json_end_array(writer);
}

static void write_details(civ_json_writer_t *writer, const civ_threat_report_t *report)
{
    apr_size_t i;

    civ_json_begin_array(writer);
    for (i = 0; i < report->count; i++) {
        const civ_indicator_t *indicator = &report->indicators[i];

        civ_json_begin_object(writer);
        civ_json_member_text(writer, "kind", civ_indicator_kind_name(indicator->kind));
        civ_json_member_text(writer, "value", indicator->value);
        if (indicator->flag != CIV_FLAG_NONE) {
            civ_json_member_text(writer, "flag", civ_indicator_flag_name(indicator->flag));
            civ_json_member_text(writer, "reason", civ_indicator_flag_reason(indicator->flag));
        }
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
}

static const char *text_of(void (*write)(civ_json_writer_t *writer, const civ_threat_report_t *report),
                           const civ_threat_report_t *report, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    write(&writer, report);
    return out.data;
}

static apr_status_t seal(civ_record_t *record, const civ_federation_t *federation, const civ_threat_t *threat,
                         apr_pool_t *pool)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, 1024, pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "threat_id", threat->id);
    civ_json_member_int(&writer, "version", 1);
    civ_json_member_text(&writer, "type", threat->type);
    civ_json_member_text(&writer, "severity", civ_severity_name(threat->severity));
    civ_json_name(&writer, "indicators");
    civ_json_raw(&writer, threat->details, strlen(threat->details));
    civ_json_member_text(&writer, "description", threat->description);
    civ_json_member_text(&writer, "source_hash", threat->source_hash);
    civ_json_member_text(&writer, "timestamp", civ_timestamp_format(time, threat->created));
    civ_json_member_text(&writer, "valid_until", civ_timestamp_format(time, threat->valid_until));
    civ_json_end_object(&writer);
    return civ_record_seal(record, KIND, text.data, text.length, federation->config->key, pool);
}

/* --- sharing --- */

/* Until when, where it is not said: the longest lifetime of what is not flagged. */
static apr_int64_t valid_until(const civ_threat_report_t *report, apr_int64_t now)
{
    int days = civ_indicator_days(CIV_INDICATOR_OTHER);
    apr_size_t i;

    if (report->valid_until > now)
        return report->valid_until;
    for (i = 0; i < report->count; i++) {
        if (report->indicators[i].flag == CIV_FLAG_NONE &&
            civ_indicator_days(report->indicators[i].kind) > days)
            days = civ_indicator_days(report->indicators[i].kind);
    }
    return now + days * MILLISECONDS_OF_DAY;
}

/* Numbers and times grow together, also when the clock was set back, so that "since" is a place among the numbers. */
static apr_status_t number_threat(civ_change_t *change, civ_threat_t *threat)
{
    apr_int64_t number = 0, created = 0;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_threats_sql[SQL_THREAT_LAST], NULL, 0, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) == APR_SUCCESS &&
        (civ_rows_int(rows, 0, &number) != APR_SUCCESS || civ_rows_int(rows, 1, &created) != APR_SUCCESS))
        return CIV_EDATABASE;
    threat->number = number + 1;
    threat->created = created > change->now ? created : change->now;
    return APR_SUCCESS;
}

/* The indicator leads to the threat, unless it leads to so many that it says nothing. */
static apr_status_t link_indicator(civ_change_t *change, const civ_threat_t *threat,
                                   const civ_indicator_t *indicator, apr_int64_t *last)
{
    civ_known_indicator_t known;
    apr_status_t status = civ_indicator_find(change->db, indicator, &known, change->pool);

    if (status == APR_NOTFOUND) {
        const civ_argument_t row[] = {civ_int(++*last), civ_text(civ_indicator_key(indicator, change->pool)),
                                      civ_int(indicator->kind), civ_text(indicator->value)};

        known.number = *last;
        known.threats = 0;
        status = civ_db_send(change->db, &civ_threats_sql[SQL_INDICATOR_INSERT], row, 4);
    } else if (status == APR_SUCCESS) {
        const civ_argument_t number = civ_int(known.number);

        status = civ_db_send(change->db, &civ_threats_sql[SQL_INDICATOR_COUNT], &number, 1);
    }
    if (status == APR_SUCCESS && known.threats < CIV_INDICATOR_THREATS) {
        const civ_argument_t link[] = {civ_int(known.number), civ_int(threat->number)};

        status = civ_db_send(change->db, &civ_threats_sql[SQL_INDICATOR_LINK], link, 2);
    }
    return status;
}

static apr_status_t link_indicators(civ_change_t *change, const civ_threat_t *threat,
                                    const civ_threat_report_t *report)
{
    apr_int64_t last;
    apr_size_t i;
    apr_status_t status = civ_federation_last(change, &civ_threats_sql[SQL_INDICATOR_LAST], &last);

    for (i = 0; status == APR_SUCCESS && i < report->count; i++)
        status = link_indicator(change, threat, &report->indicators[i], &last);
    return status;
}

static apr_status_t store(const sharing_t *sharing, civ_change_t *change, const civ_threat_t *threat)
{
    const civ_argument_t row[] = {
        civ_int(threat->number),
        civ_text(threat->id),
        civ_text(threat->type),
        civ_int(threat->severity),
        civ_text(threat->indicators),
        civ_text(threat->details),
        civ_text(threat->description),
        civ_text(threat->source_hash),
        civ_int(sharing->member.number),
        civ_int(threat->created),
        civ_int(threat->last_seen),
        civ_int(threat->valid_until),
        civ_text(threat->record),
        civ_text(threat->signature),
        civ_text(civ_operation_proof(&sharing->operation)),
    };

    return civ_db_execute(change->db, &civ_threats_sql[SQL_THREAT_INSERT], row, 15, NULL);
}

static apr_status_t write_sighting(const sharing_t *sharing, civ_change_t *change, apr_int64_t threat)
{
    const civ_argument_t row[] = {civ_int(threat), civ_int(sharing->member.number),
                                  civ_int(change->now / MILLISECONDS_OF_DAY), civ_int(change->now),
                                  civ_text(civ_operation_proof(&sharing->operation))};

    return civ_db_execute(change->db, &civ_threats_sql[SQL_SIGHTING_INSERT], row, 5, NULL);
}

static apr_status_t note(civ_change_t *change, const char *action, const civ_threat_t *threat)
{
    const civ_fact_t facts[] = {{"threat_id", threat->id}, {NULL, NULL}};
    civ_digest_t digest;

    civ_digest_sha256(&digest, threat->record, strlen(threat->record));
    return civ_record_note(change, KIND, action, &digest, facts);
}

static apr_status_t write_threat(sharing_t *sharing, civ_change_t *change)
{
    const civ_federation_t *federation = sharing->operation.federation;
    const civ_threat_report_t *report = sharing->report;
    civ_threat_t *threat = sharing->threat;
    civ_record_t record;
    apr_status_t status;

    memset(threat, 0, sizeof(*threat));
    threat->id = report->id;
    threat->type = report->type;
    threat->severity = report->severity;
    threat->indicators = text_of(write_list, report, change->pool);
    threat->details = text_of(write_details, report, change->pool);
    threat->description = report->description;
    threat->sightings = 1;
    status = number_threat(change, threat);
    if (status != APR_SUCCESS)
        return status;
    threat->last_seen = threat->created;
    threat->valid_until = valid_until(report, threat->created);
    threat->source_hash = civ_federation_pseudonym(federation, KIND, threat->created,
                                                   sharing->member.organization_id, change->pool);
    status = seal(&record, federation, threat, change->pool);
    threat->record = record.json;
    threat->signature = record.signature;
    if (status == APR_SUCCESS)
        status = store(sharing, change, threat);
    if (status == APR_SUCCESS)
        status = link_indicators(change, threat, report);
    if (status == APR_SUCCESS)
        status = write_sighting(sharing, change, threat->number);
    if (status == APR_SUCCESS)
        status = civ_operation_count(&sharing->operation, change, CIV_TOTAL_THREATS, 1);
    return status == APR_SUCCESS ? note(change, "share", threat) : status;
}

/* Once for each member and day; it is worth looking at for longer. */
static apr_status_t see_again(sharing_t *sharing, civ_change_t *change)
{
    civ_threat_t *threat = sharing->threat;
    const civ_argument_t place[] = {civ_int(threat->number), civ_int(sharing->member.number),
                                    civ_int(change->now / MILLISECONDS_OF_DAY)};
    apr_int64_t until = valid_until(sharing->report, change->now);
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_threats_sql[SQL_SIGHTING_OF], place, 3, &rows, change->pool);

    if (status != APR_SUCCESS || civ_rows_next(rows) == APR_SUCCESS)
        return status;
    if (threat->last_seen < change->now)
        threat->last_seen = change->now;
    if (threat->valid_until < until)
        threat->valid_until = until;
    threat->sightings++;
    status = write_sighting(sharing, change, threat->number);
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(threat->last_seen), civ_int(threat->valid_until),
                                      civ_int(threat->number)};

        status = civ_db_execute(change->db, &civ_threats_sql[SQL_THREAT_SEEN], row, 3, NULL);
    }
    return status == APR_SUCCESS ? note(change, "sighting", threat) : status;
}

static apr_status_t apply_share(void *baton, civ_change_t *change)
{
    sharing_t *sharing = baton;
    apr_status_t status = civ_member_speaking(sharing->operation.speaker, change, &sharing->member);

    if (status != APR_SUCCESS)
        return status;
    status = civ_threat_find(change->db, sharing->report->id, sharing->threat, change->pool);
    if (status != APR_SUCCESS && status != APR_NOTFOUND)
        return status;
    sharing->is_new = status == APR_NOTFOUND;
    change->answer = apr_pstrcat(change->pool, sharing->is_new ? "+" : "=", sharing->report->id, NULL);
    return sharing->is_new ? write_threat(sharing, change) : see_again(sharing, change);
}

apr_status_t civ_threat_share(civ_federation_t *federation, const civ_speaker_t *speaker,
                              const civ_threat_report_t *report, const civ_idempotency_t *idempotency,
                              civ_threat_t *threat, int *is_new, int *repeated, civ_problem_t *problem,
                              apr_pool_t *pool)
{
    sharing_t sharing = {
        .operation = {.federation = federation, .speaker = speaker}, .report = report, .threat = threat};
    civ_change_result_t result;
    apr_status_t status =
        civ_operation_run(&sharing.operation, apply_share, idempotency, &result, problem, pool);

    if (status != APR_SUCCESS)
        return status;
    *repeated = result.repeated;
    *is_new = result.repeated ? result.answer[0] == '+' : sharing.is_new;
    return result.repeated ? civ_threat_read(federation, result.answer + 1, threat, problem, pool) : status;
}

/* --- finding --- */

apr_status_t civ_threat_read(civ_federation_t *federation, const char *id, civ_threat_t *threat,
                             civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *store = federation->config->store;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    if (status == APR_SUCCESS) {
        status = civ_threat_find(db, id, threat, pool);
        civ_store_release(store, db);
    }
    if (status == APR_NOTFOUND) {
        civ_problem_set(problem, CIV_PROBLEM_NOT_FOUND, pool, "No threat with this id was shared");
        return status;
    }
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}

/* The first number of what was shared at a time or later. @return APR_NOTFOUND: there is none */
static apr_status_t find_floor(civ_db_t *db, apr_int64_t since, apr_int64_t *floor, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_int(since);
    civ_rows_t *rows;
    apr_status_t status;

    *floor = 0;
    if (since <= 0)
        return APR_SUCCESS;
    status = civ_db_select(db, &civ_threats_sql[SQL_THREAT_SINCE], &argument, 1, &rows, pool);
    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    return civ_rows_int(rows, 0, floor) == APR_SUCCESS ? APR_SUCCESS : CIV_EDATABASE;
}

static apr_status_t select_page(civ_db_t *db, const civ_threat_query_t *query, civ_threat_page_t *page,
                                civ_rows_t **rows, apr_pool_t *pool)
{
    int statement = query->indicator != NULL ? SQL_THREATS_WITH : SQL_THREATS;
    civ_argument_t arguments[6];
    apr_int64_t floor;
    int count = 0;
    apr_status_t status = find_floor(db, query->since, &floor, pool);

    if (status == APR_SUCCESS && query->indicator != NULL) {
        civ_known_indicator_t known;

        status = civ_indicator_find(db, query->indicator, &known, pool);
        if (status == APR_SUCCESS) {
            arguments[count++] = civ_int(known.number);
            page->is_common = known.threats > CIV_INDICATOR_THREATS;
        }
    }
    if (status != APR_SUCCESS)
        return status;
    if (query->type != NULL)
        arguments[count++] = civ_text(query->type);
    if (query->severity >= 0)
        arguments[count++] = civ_int(query->severity);
    statement += (query->type != NULL) + 2 * (query->severity >= 0);
    arguments[count++] = civ_int(query->before > 0 ? query->before : APR_INT64_MAX);
    arguments[count++] = civ_int(floor);
    arguments[count++] = civ_int(query->limit + 1);
    return civ_db_select(db, &civ_threats_sql[statement], arguments, count, rows, pool);
}

/* Go on with a page where it ends. */
static apr_status_t read_some(civ_db_t *db, const civ_threat_query_t *query, civ_threat_page_t *page,
                              apr_size_t *bytes, apr_pool_t *pool)
{
    civ_threat_query_t some = *query;
    civ_rows_t *rows;
    int end;
    apr_status_t status;

    if (page->count > 0)
        some.before = page->threats[page->count - 1].number;
    some.limit = query->limit - page->count < ROWS_AT_ONCE ? query->limit - page->count : ROWS_AT_ONCE;
    end = page->count + some.limit;
    page->more = 0;
    status = select_page(db, &some, page, &rows, pool);
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_threat_t *threat = &page->threats[page->count];

        if (page->count == end) {
            page->more = 1;
            break;
        }
        status = civ_threat_from_row(threat, rows, pool);
        if (status == APR_SUCCESS) {
            *bytes += strlen(threat->indicators) + strlen(threat->details) + strlen(threat->description);
            page->count++;
        }
    }
    return status;
}

apr_status_t civ_threat_search(civ_federation_t *federation, const civ_threat_query_t *query,
                               civ_threat_page_t *page, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *store = federation->config->store;
    apr_size_t bytes = 0;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store, &db);

    memset(page, 0, sizeof(*page));
    if (status != APR_SUCCESS)
        return civ_federation_failed(problem, status, pool);
    page->threats = apr_pcalloc(pool, (apr_size_t)query->limit * sizeof(*page->threats));
    do {
        status = read_some(db, query, page, &bytes, pool);
    } while (status == APR_SUCCESS && page->more && page->count < query->limit && bytes < PAGE_BYTES);
    civ_store_release(store, db);
    return status == APR_SUCCESS || status == APR_NOTFOUND ? APR_SUCCESS
                                                           : civ_federation_failed(problem, status, pool);
}
