/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file engine_record.c
 * The record of a run: what was asked, the answers by their hashes, and what came of it, as entries of the ledger. What was asked is
 * kept in rows, by the same commit as what it led to, until there is enough for an entry or the run ends: a run that finds
 * nothing new is one entry. Each entry names the one before it, so that the last one stands for all.
 */
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "sync/engine_private.h"
#include "sync/fields.h"

/** Bytes of answers in an entry: it has 65,535, and there is more in it. */
#define PART_BYTES 40000

/** A longer URL is there by its hash. */
#define URL_MOST CIV_ITEM_URL_MAX

/* --- what was asked --- */

void civ_record_asked(civ_run_t *run, const civ_sync_step_t *step, const civ_http_answer_t *answer)
{
    const civ_sync_request_t *request = &step->request;
    civ_asked_t *asked;

    if (!run->engine->is_noted)
        return;
    asked = apr_array_push(run->asked);
    memset(asked, 0, sizeof(*asked));
    asked->kind = apr_pstrdup(run->batch_pool, step->kind);
    asked->url = apr_pstrdup(run->batch_pool, request->url);
    asked->has_request = request->body != NULL;
    if (request->body != NULL)
        civ_digest_sha256(&asked->request_hash, request->body, strlen(request->body));
    asked->has_answer = answer->length > 0;
    asked->raw_hash = answer->digest;
    asked->class = answer->class;
    asked->status = answer->status;
}

void civ_record_read(civ_run_t *run, const civ_sync_page_t *page)
{
    if (run->asked->nelts > 0)
        APR_ARRAY_IDX(run->asked, run->asked->nelts - 1, civ_asked_t).page = page;
}

/* Versions that are there because of this answer. */
static apr_int64_t count_stored(const civ_sync_page_t *page)
{
    apr_int64_t count = 0;
    int i;

    for (i = 0; page != NULL && i < page->finished_count; i++)
        count += page->outcomes[i] != CIV_TIMELINE_DUPLICATE;
    return count;
}

static void write_hash(civ_json_writer_t *writer, const char *name, const civ_digest_t *digest)
{
    char hex[CIV_DIGEST_HEX_SIZE];

    civ_json_member_text(writer, name, civ_digest_hex(hex, digest));
}

/* In the order of RFC 8785, as all of this file. */
static const char *answer_text(const civ_asked_t *asked, apr_pool_t *pool)
{
    const char *url = civ_field_scrub(asked->url, pool);
    civ_json_writer_t writer;
    civ_digest_t digest;
    civ_buffer_t out;

    civ_buffer_init(&out, 512, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "answer", civ_http_class_name(asked->class));
    civ_json_member_text(&writer, "kind", asked->kind);
    if (asked->has_answer)
        write_hash(&writer, "raw_hash", &asked->raw_hash);
    if (asked->has_request)
        write_hash(&writer, "request_hash", &asked->request_hash);
    civ_json_member_int(&writer, "status", asked->status);
    civ_json_member_int(&writer, "stored", count_stored(asked->page));
    if (strlen(url) <= URL_MOST) {
        civ_json_member_text(&writer, "url", url);
    } else {
        civ_digest_sha256(&digest, url, strlen(url));
        write_hash(&writer, "url_hash", &digest);
    }
    civ_json_end_object(&writer);
    return out.data;
}

/* --- entries --- */

static void write_instant(civ_json_writer_t *writer, const char *name, apr_int64_t milliseconds)
{
    char text[CIV_TIMESTAMP_SIZE];

    if (milliseconds > 0)
        civ_json_member_text(writer, name, civ_timestamp_format(text, milliseconds));
}

static void write_kind(civ_json_writer_t *writer, const civ_kind_report_t *kind)
{
    civ_json_begin_object(writer);
    civ_json_member_int(writer, "gone", kind->gone);
    civ_json_member_int(writer, "items_changed", kind->changed);
    civ_json_member_int(writer, "items_duplicate", kind->duplicate);
    civ_json_member_int(writer, "items_new", kind->fresh);
    civ_json_member_int(writer, "items_seen", kind->seen);
    civ_json_member_text(writer, "kind", kind->name);
    civ_json_member_int(writer, "left_out", kind->left_out);
    civ_json_member_int(writer, "pages", kind->pages);
    civ_json_member_text(writer, "status", civ_kind_status_name(kind->status));
    write_instant(writer, "watermark_after", kind->watermark_after);
    write_instant(writer, "watermark_before", kind->watermark_before);
    civ_json_end_object(writer);
}

static void write_kinds(civ_json_writer_t *writer, const civ_sync_report_t *report)
{
    int i;

    civ_json_name(writer, "kinds");
    civ_json_begin_array(writer);
    for (i = 0; i < report->kind_count; i++)
        write_kind(writer, &report->kinds[i]);
    civ_json_end_array(writer);
}

static void write_counts(civ_json_writer_t *writer, const civ_sync_report_t *report)
{
    civ_json_member_int(writer, "items_changed", report->changed);
    civ_json_member_int(writer, "items_conflicting", report->conflicts);
    civ_json_member_int(writer, "items_duplicate", report->duplicate);
    civ_json_member_int(writer, "items_new", report->fresh);
    civ_json_member_int(writer, "items_seen", report->seen);
    civ_json_member_int(writer, "items_stale", report->stale);
}

/* Reasons and warnings stay out: they may quote names. */
static void put_on_record(civ_run_t *run, civ_change_t *change, const civ_buffer_t *answers, int is_last)
{
    civ_sync_report_t *report = run->report;
    civ_json_writer_t writer;
    civ_digest_t digest;
    civ_buffer_t out;

    civ_buffer_init(&out, answers->length + 4096, change->pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "answers");
    civ_json_begin_array(&writer);
    if (answers->length > 0)
        civ_json_raw(&writer, answers->data, answers->length);
    civ_json_end_array(&writer);
    if (is_last)
        write_instant(&writer, "ended", report->ended);
    civ_json_member_text(&writer, "instance", run->request->instance);
    if (is_last) {
        write_counts(&writer, report);
        write_kinds(&writer, report);
        civ_json_member_text(&writer, "outcome", civ_sync_outcome_name(report->outcome));
    }
    civ_json_member_int(&writer, "part", ++report->record_parts);
    if (report->record[0] != '\0')
        civ_json_member_text(&writer, "previous", report->record);
    civ_json_member_text(&writer, "project_id", run->request->project_id);
    if (is_last) {
        civ_json_member_int(&writer, "requests", report->requests);
        civ_json_member_int(&writer, "resumed", report->resumed);
    }
    civ_json_member_int(&writer, "run", report->number);
    write_instant(&writer, "since", run->request->since);
    civ_json_member_text(&writer, "source", run->connector->platform);
    write_instant(&writer, "started", report->started);
    civ_json_member_text(&writer, "type", "civarcos.sync.run");
    if (is_last)
        civ_json_member_int(&writer, "warning_count", report->warning_count);
    civ_json_end_object(&writer);
    civ_digest_sha256(&digest, out.data, out.length);
    civ_digest_hex(report->record, &digest);
    APR_ARRAY_PUSH(change->notes, const char *) = out.data;
}

/* --- within a commit --- */

static void append(civ_buffer_t *answers, const char *text)
{
    if (answers->length > 0)
        civ_buffer_append_byte(answers, ',');
    civ_buffer_append_text(answers, text);
}

apr_status_t civ_record_store(civ_run_t *run, civ_change_t *change)
{
    const char *kept = run->record.answers != NULL ? run->record.answers : "";
    apr_int64_t parts = run->report->record_parts;
    apr_status_t status = APR_SUCCESS;
    civ_buffer_t answers, fresh; /* all that are in no entry; those of them that are in no row */
    int i;

    if (!run->engine->is_noted || change->notes == NULL)
        return APR_SUCCESS;
    /* Of a run that was given up while runs were not put on record. */
    if (run->is_new)
        return civ_rows_remove_answers(run, change);
    if (run->asked->nelts == 0 && !run->record.is_ending)
        return APR_SUCCESS;
    civ_buffer_init(&answers, strlen(kept) + 4096, change->pool);
    civ_buffer_init(&fresh, 4096, change->pool);
    civ_buffer_append_text(&answers, kept);
    for (i = 0; i < run->asked->nelts; i++) {
        const char *text = answer_text(&APR_ARRAY_IDX(run->asked, i, civ_asked_t), change->pool);

        if (answers.length > 0 && answers.length + strlen(text) > PART_BYTES) {
            put_on_record(run, change, &answers, 0);
            answers.length = fresh.length = 0;
        }
        append(&answers, text);
        append(&fresh, text);
    }
    if (run->record.is_ending) {
        put_on_record(run, change, &answers, 1);
        answers.length = fresh.length = 0;
    }
    if (run->report->record_parts != parts)
        status = civ_rows_remove_answers(run, change);
    run->record.next_rows = run->record.rows + 1;
    run->record.next = apr_pstrmemdup(change->pool, answers.length > 0 ? answers.data : "", answers.length);
    if (status == APR_SUCCESS && fresh.length > 0)
        status = civ_rows_store_answers(run, change, run->record.next_rows,
                                        apr_pstrmemdup(change->pool, fresh.data, fresh.length));
    return status;
}

void civ_record_committed(civ_run_t *run)
{
    if (run->record.next == NULL)
        return;
    free(run->record.answers);
    run->record.answers = strdup(run->record.next);
    if (run->record.answers == NULL)
        abort(); /* as APR does without memory */
    run->record.rows = run->record.next_rows;
    run->record.next = NULL;
}

apr_status_t civ_record_load(civ_run_t *run)
{
    const char *answers;
    apr_status_t status;

    if (!run->engine->is_noted)
        return APR_SUCCESS;
    status = civ_rows_answers(run, &answers, &run->record.rows, run->batch_pool);
    if (status != APR_SUCCESS)
        return status;
    run->record.answers = strdup(answers);
    if (run->record.answers == NULL)
        abort();
    return APR_SUCCESS;
}
