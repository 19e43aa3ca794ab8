/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/removals.h"

#include "base/buffer.h"

#include <apr_strings.h>

#include <string.h>

#define POINTER_NAME_MAX 64

static const char *const removal_names[] = {
    [CIV_REMOVED_NOT_LISTED] = "not-allow-listed", [CIV_REMOVED_PERSON] = "person",
    [CIV_REMOVED_UNUSABLE] = "unusable",           [CIV_REMOVED_PRECISION] = "generalised",
    [CIV_REMOVED_REDACTED] = "redacted",           [CIV_REMOVED_LENGTH] = "cut",
};

const char *civ_removal_name(civ_removal_e reason)
{
    return removal_names[reason];
}

void civ_removals_init(civ_removals_t *removals, const civ_redactor_t *redactor, const char *const *words,
                       apr_pool_t *pool)
{
    memset(removals, 0, sizeof(*removals));
    removals->redactor = redactor;
    removals->words = words;
    removals->pool = pool;
    removals->listed = apr_palloc(pool, CIV_REMOVED_LISTED_MAX * sizeof(*removals->listed));
}

/* Names come from strangers: they may hold what texts may hold, and be long. */
static const char *clean_name(const civ_removals_t *removals, const char *name, apr_size_t length)
{
    const civ_redaction_options_t options = {CIV_REDACT_ALL, removals->words};
    const char *clean = civ_redact(removals->redactor, &options, name, length, NULL, &length, removals->pool);
    char *cut;

    if (length <= POINTER_NAME_MAX) {
        return clean;
    }
    length = POINTER_NAME_MAX;
    while (length > 0 && (clean[length] & 0xc0) == 0x80) {
        length--;
    }
    cut = apr_pstrmemdup(removals->pool, clean, length);
    return apr_pstrcat(removals->pool, cut, "...", NULL);
}

static const char *pointer_of(const civ_removals_t *removals, const civ_place_t *place, const char *name,
                              apr_size_t length)
{
    const char *pointer = "";
    int i;

    for (i = 0; i < 2 && place->names[i] != NULL; i++) {
        pointer = civ_json_pointer_join(pointer, place->names[i], removals->pool);
    }
    return civ_json_pointer_join(pointer, clean_name(removals, name, length), removals->pool);
}

static void add(civ_removals_t *removals, const civ_place_t *place, const char *name, apr_size_t length,
                civ_removal_e reason, const char *classes)
{
    if (removals->count++ < CIV_REMOVED_LISTED_MAX) {
        civ_removed_t *removed = &removals->listed[removals->listed_count++];

        removed->pointer = pointer_of(removals, place, name, length);
        removed->reason = reason;
        removed->classes = classes;
    }
}

void civ_removals_add(civ_removals_t *removals, const civ_found_t *found, civ_removal_e reason)
{
    add(removals, found->place, found->name, strlen(found->name), reason, NULL);
}

static const char *classes_of(const civ_removals_t *removals, const civ_redaction_counts_t *counts)
{
    civ_buffer_t out;
    apr_size_t i;

    civ_buffer_init(&out, 0, removals->pool);
    for (i = 0; i < civ_redactor_class_count(removals->redactor); i++) {
        if (counts->of_class[i] > 0) {
            civ_buffer_append_format(&out, "%s%s:%u", out.length > 0 ? " " : "",
                                     civ_redactor_class_name(removals->redactor, i), counts->of_class[i]);
        }
    }
    return out.data;
}

static void add_counts(civ_redaction_counts_t *sum, const civ_redaction_counts_t *counts)
{
    apr_size_t i;

    for (i = 0; i < CIV_REDACTION_CLASSES_MAX; i++) {
        sum->of_class[i] += counts->of_class[i];
    }
    sum->total += counts->total;
}

void civ_removals_add_redacted(civ_removals_t *removals, const civ_found_t *found,
                               const civ_redaction_counts_t *counts)
{
    add_counts(&removals->redactions, counts);
    add(removals, found->place, found->name, strlen(found->name), CIV_REMOVED_REDACTED,
        classes_of(removals, counts));
}

void civ_removals_add_type(civ_removals_t *removals, const civ_fields_t *fields)
{
    const civ_json_t *value = fields->type_name.value;

    if (value != NULL &&
        (value->type != CIV_JSON_STRING || strcmp(value->as.text.text, fields->type->names[0]) != 0)) {
        civ_removals_add(removals, &fields->type_name, CIV_REMOVED_PRECISION);
    }
}

/* A member that is left out takes all below it with it. */
void civ_removals_add_rest(civ_removals_t *removals, const civ_fields_t *fields)
{
    unsigned i;

    for (i = 0; i < fields->place_count; i++) {
        const civ_place_t *place = &fields->places[i];
        apr_size_t j;

        for (j = 0; j < place->object->as.object.count; j++) {
            const civ_json_member_t *member = &place->object->as.object.members[j];

            if (!civ_fields_is_place(fields, &member->value) &&
                !civ_fields_is_taken(fields, &member->value)) {
                add(removals, place, member->name, member->name_length,
                    civ_fields_is_person(member->name) ? CIV_REMOVED_PERSON : CIV_REMOVED_NOT_LISTED, NULL);
            }
        }
    }
}

void civ_removals_write(civ_json_writer_t *writer, const civ_removals_t *removals)
{
    apr_size_t i;

    civ_json_name(writer, "removed");
    civ_json_begin_array(writer);
    for (i = 0; i < removals->listed_count; i++) {
        const civ_removed_t *removed = &removals->listed[i];

        civ_json_begin_object(writer);
        civ_json_member_text(writer, "pointer", removed->pointer);
        civ_json_member_text(writer, "reason", civ_removal_name(removed->reason));
        if (removed->classes != NULL) {
            civ_json_member_text(writer, "classes", removed->classes);
        }
        civ_json_end_object(writer);
    }
    civ_json_end_array(writer);
    civ_json_member_uint(writer, "removed_count", removals->count);
    civ_json_name(writer, "redactions");
    civ_json_begin_object(writer);
    for (i = 0; i < civ_redactor_class_count(removals->redactor); i++) {
        if (removals->redactions.of_class[i] > 0) {
            civ_json_member_uint(writer, civ_redactor_class_name(removals->redactor, i),
                                 removals->redactions.of_class[i]);
        }
    }
    civ_json_end_object(writer);
}
