/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file report.c
 * The report as JSON and back: a run that goes on has the counts of what it did before.
 */
#include "sync/report.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "sync/fields.h"

static const civ_json_limits_t limits = {1048576, 16, 20000, 256};

static const char *const outcomes[] = {"running",     "ok",          "degraded", "partial",
                                       "interrupted", "auth_failed", "failed"};
static const char *const states[] = {"pending", "ok", "degraded", "failed"};

/* The numbers, by name. */
typedef struct number_t {
    const char *name;
    apr_size_t offset;
    int may_be_unknown; /**< -1, which is null outside */
} number_t;

static const number_t report_numbers[] = {
    {"run", offsetof(civ_sync_report_t, number), 0},
    {"pages", offsetof(civ_sync_report_t, pages), 0},
    {"items_seen", offsetof(civ_sync_report_t, seen), 0},
    {"items_new", offsetof(civ_sync_report_t, fresh), 0},
    {"items_changed", offsetof(civ_sync_report_t, changed), 0},
    {"items_duplicate", offsetof(civ_sync_report_t, duplicate), 0},
    {"items_stale", offsetof(civ_sync_report_t, stale), 0},
    {"items_conflicting", offsetof(civ_sync_report_t, conflicts), 0},
    {"requests", offsetof(civ_sync_report_t, requests), 0},
    {"retries", offsetof(civ_sync_report_t, retries), 0},
    {"unchanged", offsetof(civ_sync_report_t, unchanged), 0},
    {"bytes", offsetof(civ_sync_report_t, bytes), 0},
    {"throttled_milliseconds", offsetof(civ_sync_report_t, throttled), 0},
    {"quota_remaining", offsetof(civ_sync_report_t, remaining), 1},
    {"items_remaining", offsetof(civ_sync_report_t, remaining_items), 1},
    {"record_parts", offsetof(civ_sync_report_t, record_parts), 0},
    {NULL, 0, 0},
};

static const number_t kind_numbers[] = {
    {"pages", offsetof(civ_kind_report_t, pages), 0},
    {"items_seen", offsetof(civ_kind_report_t, seen), 0},
    {"items_new", offsetof(civ_kind_report_t, fresh), 0},
    {"items_changed", offsetof(civ_kind_report_t, changed), 0},
    {"items_duplicate", offsetof(civ_kind_report_t, duplicate), 0},
    {"gone", offsetof(civ_kind_report_t, gone), 0},
    {"left_out", offsetof(civ_kind_report_t, left_out), 0},
    {NULL, 0, 0},
};

const char *civ_sync_outcome_name(civ_sync_outcome_e outcome)
{
    return outcomes[outcome];
}

const char *civ_kind_status_name(civ_kind_status_e status)
{
    return states[status];
}

static void write_numbers(civ_json_writer_t *writer, const number_t *numbers, const void *of)
{
    for (; numbers->name != NULL; numbers++) {
        apr_int64_t number = *(const apr_int64_t *)((const char *)of + numbers->offset);

        civ_json_name(writer, numbers->name);
        if (numbers->may_be_unknown && number < 0)
            civ_json_null(writer);
        else
            civ_json_int(writer, number);
    }
}

static void read_numbers(const civ_json_t *json, const number_t *numbers, void *of)
{
    for (; numbers->name != NULL; numbers++)
        *(apr_int64_t *)((char *)of + numbers->offset) =
            civ_field_int(json, numbers->name, numbers->may_be_unknown ? -1 : 0);
}

static void write_instant(civ_json_writer_t *writer, const char *name, apr_int64_t milliseconds)
{
    char text[CIV_TIMESTAMP_SIZE];

    if (milliseconds > 0)
        civ_json_member_text(writer, name, civ_timestamp_format(text, milliseconds));
}

static void write_kind(civ_json_writer_t *writer, const civ_kind_report_t *kind)
{
    civ_json_begin_object(writer);
    civ_json_member_text(writer, "kind", kind->name);
    civ_json_member_text(writer, "status", states[kind->status]);
    if (kind->reason[0] != '\0')
        civ_json_member_text(writer, "reason", kind->reason);
    write_numbers(writer, kind_numbers, kind);
    write_instant(writer, "watermark_before", kind->watermark_before);
    write_instant(writer, "watermark_after", kind->watermark_after);
    civ_json_end_object(writer);
}

static void write_report(civ_json_writer_t *writer, const civ_sync_report_t *report)
{
    int kept = report->warning_count < CIV_WARNINGS_MAX ? report->warning_count : CIV_WARNINGS_MAX;
    int i;

    civ_json_begin_object(writer);
    civ_json_member_text(writer, "outcome", outcomes[report->outcome]);
    if (report->reason[0] != '\0')
        civ_json_member_text(writer, "reason", report->reason);
    write_instant(writer, "started", report->started);
    write_instant(writer, "ended", report->ended);
    write_instant(writer, "retry_at", report->retry_at);
    civ_json_member_int(writer, "resumed", report->resumed);
    write_numbers(writer, report_numbers, report);
    if (report->record[0] != '\0')
        civ_json_member_text(writer, "record", report->record);
    civ_json_name(writer, "kinds");
    civ_json_begin_array(writer);
    for (i = 0; i < report->kind_count; i++)
        write_kind(writer, &report->kinds[i]);
    civ_json_end_array(writer);
    civ_json_member_int(writer, "warning_count", report->warning_count);
    civ_json_name(writer, "warnings");
    civ_json_begin_array(writer);
    for (i = 0; i < kept; i++)
        civ_json_text(writer, report->warnings[i]);
    civ_json_end_array(writer);
    civ_json_end_object(writer);
}

const char *civ_sync_report_text(const civ_sync_report_t *report, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    civ_buffer_init(&out, 2048, pool);
    civ_json_writer_init(&writer, &out);
    write_report(&writer, report);
    return out.data;
}

static int index_of(const char *const *words, int count, const char *word)
{
    int i;

    for (i = 0; i < count; i++)
        if (word != NULL && strcmp(words[i], word) == 0)
            return i;
    return 0;
}

static void copy_hash(char out[65], const char *text)
{
    apr_cpystrn(out, text != NULL ? text : "", 65);
}

/* Of a text cut in the middle of a character, the rest of that character goes too. */
static void end_at_character(char *text)
{
    apr_size_t length = strlen(text);

    if (length < CIV_REASON_SIZE - 1)
        return;
    while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80)
        length--;
    if (length > 0 && (unsigned char)text[length - 1] >= 0xc0)
        length--;
    text[length] = '\0';
}

/* How many bytes of the UTF-8 sequence that starts here; 0: it is none. */
static apr_size_t sequence_length(const char *at)
{
    unsigned char lead = (unsigned char)*at;
    apr_size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    civ_json_fault_t fault;

    if (lead < 0x80)
        return 1;
    if (strnlen(at, length) < length)
        return 0;
    civ_json_scan(&fault, at, length);
    return fault.kind == CIV_JSON_FAULT_NONE ? length : 0;
}

/* What is not UTF-8 is in no JSON and in no database, and would take the whole report with it. */
static void tidy(char text[CIV_REASON_SIZE])
{
    end_at_character(text);
    while (*text != '\0') {
        apr_size_t length = sequence_length(text);

        if (length == 0)
            *text = '?';
        text += length > 0 ? length : 1;
    }
}

void civ_sync_reason(char out[CIV_REASON_SIZE], const char *text)
{
    apr_cpystrn(out, text != NULL ? text : "", CIV_REASON_SIZE);
    tidy(out);
}

static void read_kind(civ_sync_report_t *report, const civ_json_t *json)
{
    const char *name = civ_field_text(json, "kind");
    int i;

    for (i = 0; name != NULL && i < report->kind_count; i++) {
        civ_kind_report_t *kind = &report->kinds[i];

        if (strcmp(kind->name, name) != 0)
            continue;
        kind->status = (civ_kind_status_e)index_of(states, 4, civ_field_text(json, "status"));
        civ_sync_reason(kind->reason, civ_field_text(json, "reason"));
        read_numbers(json, kind_numbers, kind);
        kind->watermark_before = civ_field_time(json, "watermark_before");
        kind->watermark_after = civ_field_time(json, "watermark_after");
    }
}

apr_status_t civ_sync_report_read(civ_sync_report_t *report, const char *text, apr_pool_t *pool)
{
    const civ_json_t *json;
    const civ_json_t *list;
    civ_problem_t problem;
    apr_size_t i;

    if (civ_json_parse(&json, text, strlen(text), &limits, &problem, pool) != APR_SUCCESS)
        return CIV_EINVALID;
    report->outcome = (civ_sync_outcome_e)index_of(outcomes, 7, civ_field_text(json, "outcome"));
    civ_sync_reason(report->reason, civ_field_text(json, "reason"));
    report->started = civ_field_time(json, "started");
    report->ended = civ_field_time(json, "ended");
    report->retry_at = civ_field_time(json, "retry_at");
    report->resumed = (int)civ_field_int(json, "resumed", 0);
    read_numbers(json, report_numbers, report);
    copy_hash(report->record, civ_field_text(json, "record"));
    list = civ_json_get(json, "kinds");
    for (i = 0; i < civ_field_count(json, "kinds"); i++)
        read_kind(report, &list->as.array.items[i]);
    report->warning_count = (int)civ_field_int(json, "warning_count", 0);
    list = civ_json_get(json, "warnings");
    for (i = 0; i < civ_field_count(json, "warnings") && i < CIV_WARNINGS_MAX; i++)
        civ_sync_reason(report->warnings[i], civ_field_text(&list->as.array.items[i], ""));
    return APR_SUCCESS;
}

void civ_sync_report_warn(civ_sync_report_t *report, const char *format, ...)
{
    va_list arguments;

    if (report->warning_count < CIV_WARNINGS_MAX) {
        va_start(arguments, format);
        apr_vsnprintf(report->warnings[report->warning_count], CIV_REASON_SIZE, format, arguments);
        va_end(arguments);
        tidy(report->warnings[report->warning_count]);
    }
    report->warning_count++;
}

void civ_kind_report_trouble(civ_kind_report_t *kind, civ_kind_status_e status, const char *format, ...)
{
    va_list arguments;

    if (kind->reason[0] == '\0' || status > kind->status) {
        va_start(arguments, format);
        apr_vsnprintf(kind->reason, CIV_REASON_SIZE, format, arguments);
        va_end(arguments);
        tidy(kind->reason);
    }
    if (status > kind->status)
        kind->status = status;
}
