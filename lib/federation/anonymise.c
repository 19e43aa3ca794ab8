/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The anonymised level: every field is made anew from what was found for it.
 */
#include "federation/anonymise.h"

#include "base/buffer.h"
#include "base/canonical.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "federation/evidence_fields.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <math.h>
#include <string.h>

#define MILLISECONDS_OF_DAY APR_INT64_C(86400000)
#define SIZE_BITS_MAX       40
#define MAJOR_MAX           9999

/* One piece of evidence on its way. */
typedef struct work_t {
    civ_anonymised_t *out;
    const civ_anonymise_options_t *options;
    civ_fields_t fields;
    apr_pool_t *pool;
} work_t;

static void report(work_t *work, const civ_found_t *found, civ_removal_e reason)
{
    civ_removals_add(&work->out->removals, found, reason);
}

/* ---- values ---- */

static int read_finite(double *out, const civ_json_t *value)
{
    if (value->type != CIV_JSON_NUMBER) {
        return 0;
    }
    *out = civ_canonical_read_number(value->as.text.text);
    return isfinite(*out);
}

static const char *quoted(const char *text, apr_size_t length, apr_pool_t *pool)
{
    civ_buffer_t out;

    civ_buffer_init(&out, length + 2, pool);
    civ_json_write_string(&out, text, length);
    return out.data;
}

static const char *make_number(work_t *work, const civ_evidence_field_t *field, const civ_found_t *found)
{
    const civ_metric_t *metric = civ_metric_find(field->names[0]);
    char text[CIV_CANONICAL_NUMBER_SIZE];
    double value, rounded;

    if (metric == NULL || !read_finite(&value, found->value)) {
        return NULL;
    }
    rounded = civ_metric_round(metric, value);
    if (rounded < value || rounded > value) {
        report(work, found, CIV_REMOVED_PRECISION);
    }
    return civ_canonical_number(text, rounded) == APR_SUCCESS ? apr_pstrdup(work->pool, text) : NULL;
}

/* "0", "1", "2-3", "4-7" and so on. */
static const char *make_band(work_t *work, const civ_found_t *found)
{
    apr_int64_t lower = 1;
    double value;

    if (!read_finite(&value, found->value) || value < 0) {
        return NULL;
    }
    if (value < 2) {
        return value < 1 ? "\"0\"" : "\"1\"";
    }
    while (lower < (APR_INT64_C(1) << SIZE_BITS_MAX) && (double)lower * 2 <= value) {
        lower *= 2;
    }
    report(work, found, CIV_REMOVED_PRECISION);
    return apr_psprintf(work->pool, "\"%" APR_INT64_T_FMT "-%" APR_INT64_T_FMT "\"", lower, lower * 2 - 1);
}

/* Of a list the first. */
static const char *make_word(work_t *work, const civ_evidence_field_t *field, const civ_found_t *found)
{
    const civ_json_t *value = found->value;
    const char *word;

    if (value->type == CIV_JSON_ARRAY && value->as.array.count > 0) {
        value = &value->as.array.items[0];
    }
    if (value->type != CIV_JSON_STRING) {
        return NULL;
    }
    word = civ_field_word_of(field->words, value->as.text.text);
    if (value != found->value || word == NULL || strcmp(word, value->as.text.text) != 0) {
        report(work, found, CIV_REMOVED_PRECISION);
    }
    word = word != NULL ? word : "other";
    return quoted(word, strlen(word), work->pool);
}

static const char *make_major(work_t *work, const civ_found_t *found)
{
    const civ_json_t *value = found->value;
    const char *text;
    int major = 0;

    if (value->type != CIV_JSON_STRING && value->type != CIV_JSON_NUMBER) {
        return NULL;
    }
    text = value->as.text.text;
    text += *text == 'v' || *text == 'V';
    if (!apr_isdigit(*text)) {
        return NULL;
    }
    for (; apr_isdigit(*text) && major <= MAJOR_MAX; text++) {
        major = major * 10 + (*text - '0');
    }
    if (*text != '\0') {
        report(work, found, CIV_REMOVED_PRECISION);
    }
    return major <= MAJOR_MAX ? apr_psprintf(work->pool, "%d", major) : NULL;
}

/* ---- free text ---- */

/* Bytes of the marker that begins here, or 0. */
static apr_size_t marker_length(const char *text)
{
    const char *end = strncmp(text, "[REDACTED:", 10) == 0 ? strchr(text, ']') : NULL;

    return end != NULL ? (apr_size_t)(end - text) + 1 : 0;
}

/* Never within a character or a marker. */
static apr_size_t cut_length(const char *text, apr_size_t length)
{
    apr_size_t at = 0, characters = 0;

    while (at < length) {
        apr_size_t unit = marker_length(text + at), next = at + (unit > 0 ? unit : 1);

        while (unit == 0 && next < length && (text[next] & 0xc0) == 0x80) {
            next++;
        }
        characters += unit > 0 ? unit : 1;
        if (characters > CIV_ANONYMISED_TEXT_MAX) {
            return at;
        }
        at = next;
    }
    return length;
}

static const char *make_text(work_t *work, const civ_found_t *found)
{
    const civ_redaction_options_t options = {CIV_REDACT_ALL, work->options->words};
    const civ_redactor_t *redactor = work->options->redactor;
    civ_redaction_counts_t counts = {{0}, 0};
    apr_size_t length, kept, i;
    const char *clean;
    char *text;

    if (found->value->type != CIV_JSON_STRING) {
        return NULL;
    }
    clean = civ_redact(redactor, &options, found->value->as.text.text, found->value->as.text.length, &counts,
                       &length, work->pool);
    text = apr_pstrmemdup(work->pool, clean, length);
    for (i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            text[i] = ' ';
        }
    }
    kept = cut_length(text, length);
    if (counts.total > 0) {
        civ_removals_add_redacted(&work->out->removals, found, &counts);
    }
    if (kept < length) {
        report(work, found, CIV_REMOVED_LENGTH);
    }
    return quoted(text, kept, work->pool);
}

/* ---- the record ---- */

/* @return the value as JSON, or NULL */
static const char *make_value(work_t *work, const civ_evidence_field_t *field, const civ_found_t *found)
{
    switch (field->kind) {
    case CIV_FIELD_NUMBER:
        return make_number(work, field, found);
    case CIV_FIELD_BAND:
        return make_band(work, found);
    case CIV_FIELD_WORD:
        return make_word(work, field, found);
    case CIV_FIELD_MAJOR:
        return make_major(work, found);
    case CIV_FIELD_FLAG:
        return found->value->type != CIV_JSON_BOOLEAN ? NULL : found->value->as.boolean ? "true" : "false";
    case CIV_FIELD_TEXT:
        return make_text(work, found);
    }
    return NULL;
}

/* A size in the metrics tells as much as the size that is part of the group. */
static int leaves_at(const civ_evidence_field_t *field, int level)
{
    switch (field->quasi) {
    case CIV_FIELD_LANGUAGE:
        return level < 2;
    case CIV_FIELD_SIZE:
    case CIV_FIELD_DETAIL:
        return level < 1;
    case CIV_FIELD_PLAIN:
        break;
    }
    return field->kind != CIV_FIELD_BAND || level < 1;
}

static void write_object(work_t *work, const char **out, const civ_evidence_field_t *fields,
                         const char *const *values, int level)
{
    civ_json_writer_t writer;
    civ_buffer_t buffer;
    int i;

    civ_buffer_init(&buffer, 128, work->pool);
    civ_json_writer_init(&writer, &buffer);
    civ_json_begin_object(&writer);
    for (i = 0; fields[i].names[0] != NULL; i++) {
        if (values[i] != NULL && leaves_at(&fields[i], level)) {
            civ_json_name(&writer, fields[i].names[0]);
            civ_json_raw(&writer, values[i], strlen(values[i]));
        }
    }
    civ_json_end_object(&writer);
    out[level] = buffer.data;
}

static void make_values(work_t *work, const char **values, const civ_evidence_field_t *fields,
                        const civ_found_t *found)
{
    int i;

    for (i = 0; fields[i].names[0] != NULL; i++) {
        values[i] = found[i].value != NULL ? make_value(work, &fields[i], &found[i]) : NULL;
        if (found[i].value != NULL && values[i] == NULL) {
            report(work, &found[i], CIV_REMOVED_UNUSABLE);
        }
    }
}

/* The value of a field of the group without its quotes; "-" for none. */
static const char *group_part(const char *const *values, civ_field_quasi_e quasi, apr_pool_t *pool)
{
    int i;

    for (i = 0; civ_evidence_patterns[i].names[0] != NULL; i++) {
        if (civ_evidence_patterns[i].quasi == quasi && values[i] != NULL) {
            return apr_pstrmemdup(pool, values[i] + 1, strlen(values[i]) - 2);
        }
    }
    return "-";
}

static void make_groups(work_t *work, const char *const *values)
{
    const char *language = group_part(values, CIV_FIELD_LANGUAGE, work->pool);
    const char *size = group_part(values, CIV_FIELD_SIZE, work->pool);

    work->out->group[0] = apr_pstrcat(work->pool, work->out->type, "|", language, "|", size, NULL);
    work->out->group[1] = apr_pstrcat(work->pool, work->out->type, "|", language, NULL);
    work->out->group[2] = work->out->type;
}

/* Nothing is from the future. */
static void make_day(work_t *work)
{
    const civ_found_t *found = &work->fields.time;
    apr_int64_t time = work->options->now, given;
    char text[CIV_TIMESTAMP_SIZE];

    if (found->value != NULL) {
        int is_time = found->value->type == CIV_JSON_STRING &&
                      civ_timestamp_parse(&given, found->value->as.text.text) == APR_SUCCESS && given >= 0;

        time = is_time && given < time ? given : time;
        report(work, found, is_time ? CIV_REMOVED_PRECISION : CIV_REMOVED_UNUSABLE);
    }
    work->out->day = time - time % MILLISECONDS_OF_DAY;
    apr_cpystrn(work->out->timestamp, civ_timestamp_format(text, work->out->day),
                sizeof(work->out->timestamp));
}

apr_status_t civ_anonymise(civ_anonymised_t *out, const civ_json_t *evidence,
                           const civ_anonymise_options_t *options, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *metrics[CIV_FOUND_MAX] = {NULL}, *patterns[CIV_FOUND_MAX] = {NULL};
    work_t work;
    apr_status_t status;
    int level;

    memset(out, 0, sizeof(*out));
    work.out = out;
    work.options = options;
    work.pool = pool;
    status = civ_fields_find(&work.fields, evidence, problem, pool);
    if (status != APR_SUCCESS) {
        return status;
    }
    out->type = work.fields.type->names[0];
    civ_removals_init(&out->removals, options->redactor, options->words, pool);
    civ_removals_add_type(&out->removals, &work.fields);
    make_day(&work);
    make_values(&work, metrics, work.fields.type->metrics, work.fields.metrics);
    make_values(&work, patterns, civ_evidence_patterns, work.fields.patterns);
    civ_removals_add_rest(&out->removals, &work.fields);
    for (level = 0; level < CIV_ANONYMISED_LEVELS; level++) {
        write_object(&work, out->quality_metrics, work.fields.type->metrics, metrics, level);
        write_object(&work, out->patterns, civ_evidence_patterns, patterns, level);
    }
    make_groups(&work, patterns);
    return APR_SUCCESS;
}

void civ_anonymised_write(civ_json_writer_t *writer, const civ_anonymised_t *record, int level)
{
    civ_json_member_text(writer, "evidence_type", record->type);
    civ_json_name(writer, "quality_metrics");
    civ_json_raw(writer, record->quality_metrics[level], strlen(record->quality_metrics[level]));
    civ_json_name(writer, "patterns");
    civ_json_raw(writer, record->patterns[level], strlen(record->patterns[level]));
    civ_json_member_text(writer, "timestamp", record->timestamp);
}
