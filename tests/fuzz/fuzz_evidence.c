/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_evidence.c
 * Any evidence: what leaves of it is JSON with the listed members and values of the listed kinds, and nothing else.
 */
#include "fuzz/fuzz.h"

#include "federation/anonymise.h"
#include "federation/evidence_types.h"

#include <string.h>

fuzz_target_fn fuzz_evidence;

static const civ_json_limits_t limits = {1048576, 64, 100000, 1024};

static const civ_redactor_t *the_redactor(void)
{
    static const civ_redactor_t *redactor;

    if (redactor == NULL) {
        FUZZ_DEMAND(civ_redactor_create(&redactor, 1, fuzz_lasting_pool()) == APR_SUCCESS);
    }
    return redactor;
}

static int is_band(const char *text)
{
    return strspn(text, "0123456789-") == strlen(text) && strlen(text) > 0;
}

static int is_of_kind(const civ_evidence_field_t *field, const civ_json_t *value)
{
    switch (field->kind) {
    case CIV_FIELD_NUMBER:
    case CIV_FIELD_MAJOR:
        return value->type == CIV_JSON_NUMBER;
    case CIV_FIELD_FLAG:
        return value->type == CIV_JSON_BOOLEAN;
    case CIV_FIELD_BAND:
        return value->type == CIV_JSON_STRING && is_band(value->as.text.text);
    case CIV_FIELD_WORD:
        return value->type == CIV_JSON_STRING &&
               (strcmp(value->as.text.text, "other") == 0 ||
                civ_field_word_of(field->words, value->as.text.text) != NULL);
    case CIV_FIELD_TEXT:
        return value->type == CIV_JSON_STRING && value->as.text.length <= 4 * CIV_ANONYMISED_TEXT_MAX;
    }
    return 0;
}

static void check_object(const civ_json_t *object, const civ_evidence_field_t *fields)
{
    apr_size_t i;
    int j;

    FUZZ_DEMAND(object != NULL && object->type == CIV_JSON_OBJECT);
    for (i = 0; i < object->as.object.count; i++) {
        const civ_json_member_t *member = &object->as.object.members[i];

        for (j = 0; fields[j].names[0] != NULL && strcmp(fields[j].names[0], member->name) != 0; j++) {
        }
        FUZZ_DEMAND(fields[j].names[0] != NULL);
        FUZZ_DEMAND(is_of_kind(&fields[j], &member->value));
    }
}

static const civ_json_t *reread(const civ_buffer_t *out, apr_pool_t *pool)
{
    static const civ_json_limits_t wide = {33554432, 64, 100000, 1024};
    const civ_json_t *root = NULL;

    FUZZ_DEMAND(civ_json_parse(&root, out->data, out->length, &wide, NULL, pool) == APR_SUCCESS);
    return root;
}

static void check_record(const civ_anonymised_t *record, int level, apr_pool_t *pool)
{
    const civ_evidence_type_t *type = civ_evidence_type_of(record->type);
    civ_json_writer_t writer;
    const civ_json_t *root;
    civ_buffer_t out;

    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_anonymised_write(&writer, record, level);
    civ_json_end_object(&writer);
    root = reread(&out, pool);
    FUZZ_DEMAND(root->as.object.count == 4);
    FUZZ_DEMAND(strcmp(civ_json_get_text(root, "evidence_type"), type->names[0]) == 0);
    FUZZ_DEMAND(strlen(civ_json_get_text(root, "timestamp")) == 10);
    check_object(civ_json_get(root, "quality_metrics"), type->metrics);
    check_object(civ_json_get(root, "patterns"), civ_evidence_patterns);
}

static void check_report(const civ_removals_t *removals, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t out;

    FUZZ_DEMAND(removals->listed_count <= CIV_REMOVED_LISTED_MAX);
    FUZZ_DEMAND(removals->listed_count <= removals->count);
    civ_buffer_init(&out, 256, pool);
    civ_json_writer_init(&writer, &out);
    civ_json_begin_object(&writer);
    civ_removals_write(&writer, removals);
    civ_json_end_object(&writer);
    reread(&out, pool);
}

void fuzz_evidence(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    static const char *const words[] = {"acme", NULL};
    civ_anonymise_options_t options = {NULL, APR_INT64_C(1795305600000), words};
    civ_aggregated_t aggregated;
    civ_anonymised_t record;
    const civ_json_t *root;
    civ_problem_t problem = {0};
    apr_size_t i;
    int level;

    if (civ_json_parse(&root, (const char *)data, size, &limits, &problem, pool) != APR_SUCCESS) {
        return;
    }
    options.redactor = the_redactor();
    if (civ_anonymise(&record, root, &options, &problem, pool) != APR_SUCCESS) {
        FUZZ_DEMAND(root->type != CIV_JSON_OBJECT);
        return;
    }
    for (level = 0; level < CIV_ANONYMISED_LEVELS; level++) {
        check_record(&record, level, pool);
    }
    check_report(&record.removals, pool);
    FUZZ_DEMAND(civ_aggregate(&aggregated, root, &options, &problem, pool) == APR_SUCCESS);
    check_report(&aggregated.removals, pool);
    for (i = 0; i < aggregated.count; i++) {
        const civ_aggregate_t *number = &aggregated.numbers[i];

        FUZZ_DEMAND(number->value >= number->metric->lower && number->value <= number->metric->upper);
    }
}
