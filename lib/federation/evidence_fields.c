/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/evidence_fields.h"

#include "base/status.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* In the order in which they are believed. */
static const char *const containers[] = {"quality_metrics", "metrics", "results", "summary",
                                         "patterns",        "data",    NULL};

static const char *const type_names[] = {"type", "evidence_type", NULL};
static const char *const time_names[] = {"timestamp",   "collected_at", "created_at", "executed_at",
                                         "finished_at", "date",         NULL};

static const char *const persons[] = {"author",      "authors",      "committer",  "sender",   "assignee",
                                      "assignees",   "user",         "users",      "username", "login",
                                      "displayname", "display_name", "owner",      "reviewer", "approver",
                                      "approved_by", "reviewed_by",  "created_by", "actor",    "email",
                                      "contact",     "maintainer",   "reporter",   "creator",  NULL};

static int is_named(const char *name, const char *wanted)
{
    for (; *wanted != '\0'; name++, wanted++) {
        if ((*name == '-' ? '_' : apr_tolower(*name)) != *wanted) {
            return 0;
        }
    }
    return *name == '\0';
}

/* @return the place of the name in the list, or -1 */
static int rank_of(const char *const *names, int most, const char *name)
{
    int i;

    for (i = 0; i < most && names[i] != NULL; i++) {
        if (is_named(name, names[i])) {
            return i;
        }
    }
    return -1;
}

int civ_fields_is_person(const char *name)
{
    return rank_of(persons, (int)(sizeof(persons) / sizeof(persons[0])), name) >= 0;
}

static void add_place(civ_fields_t *fields, const civ_json_t *object, const char *outer, const char *inner)
{
    if (object != NULL && object->type == CIV_JSON_OBJECT && fields->place_count < CIV_PLACES_MAX) {
        civ_place_t *place = &fields->places[fields->place_count++];

        place->object = object;
        place->names[0] = outer;
        place->names[1] = inner;
    }
}

static void find_places(civ_fields_t *fields, const civ_json_t *evidence)
{
    const civ_json_t *data = civ_json_get(evidence, "data");
    int i;

    add_place(fields, evidence, NULL, NULL);
    for (i = 0; containers[i] != NULL; i++) {
        add_place(fields, civ_json_get(evidence, containers[i]), containers[i], NULL);
    }
    for (i = 0; data != NULL && strcmp(containers[i], "data") != 0; i++) {
        add_place(fields, civ_json_get(data, containers[i]), "data", containers[i]);
    }
}

/* The first place is believed, and in one place the first name. */
static void offer(civ_found_t *found, const civ_place_t *place, const civ_json_member_t *member, int rank)
{
    if (rank >= 0 && (found->value == NULL || (found->place == place && (unsigned)rank < found->rank))) {
        found->value = &member->value;
        found->place = place;
        found->name = member->name;
        found->rank = (unsigned)rank;
    }
}

static void offer_fields(civ_found_t *found, const civ_evidence_field_t *fields, const civ_place_t *place,
                         const civ_json_member_t *member)
{
    for (; fields->names[0] != NULL; fields++, found++) {
        offer(found, place, member, rank_of(fields->names, CIV_EVIDENCE_ALIASES_MAX, member->name));
    }
}

int civ_fields_is_place(const civ_fields_t *fields, const civ_json_t *value)
{
    unsigned i;

    for (i = 0; i < fields->place_count; i++) {
        if (fields->places[i].object == value) {
            return 1;
        }
    }
    return 0;
}

static void read_place(civ_fields_t *fields, const civ_place_t *place)
{
    const civ_json_t *object = place->object;
    apr_size_t i;

    for (i = 0; i < object->as.object.count; i++) {
        const civ_json_member_t *member = &object->as.object.members[i];

        if (civ_fields_is_place(fields, &member->value) || strlen(member->name) != member->name_length) {
            continue;
        }
        offer_fields(fields->metrics, fields->type->metrics, place, member);
        offer_fields(fields->patterns, civ_evidence_patterns, place, member);
        offer(&fields->time, place, member, rank_of(time_names, 8, member->name));
    }
}

static void find_type(civ_fields_t *fields)
{
    const civ_place_t *top = &fields->places[0];
    const char *text = NULL;
    apr_size_t i;

    for (i = 0; i < top->object->as.object.count; i++) {
        const civ_json_member_t *member = &top->object->as.object.members[i];

        offer(&fields->type_name, top, member, rank_of(type_names, 2, member->name));
    }
    if (fields->type_name.value != NULL) {
        text = civ_json_get_text(top->object, fields->type_name.name);
    }
    fields->type = civ_evidence_type_of(text);
}

apr_status_t civ_fields_find(civ_fields_t *fields, const civ_json_t *evidence, civ_problem_t *problem,
                             apr_pool_t *pool)
{
    unsigned i;

    memset(fields, 0, sizeof(*fields));
    if (evidence->type != CIV_JSON_OBJECT) {
        civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, "", pool, "Evidence must be an object.");
        return CIV_EINVALID;
    }
    find_places(fields, evidence);
    find_type(fields);
    for (i = 0; i < fields->place_count; i++) {
        read_place(fields, &fields->places[i]);
    }
    return APR_SUCCESS;
}

int civ_fields_is_taken(const civ_fields_t *fields, const civ_json_t *value)
{
    unsigned i;

    for (i = 0; i < CIV_FOUND_MAX; i++) {
        if (fields->metrics[i].value == value || fields->patterns[i].value == value) {
            return 1;
        }
    }
    return fields->type_name.value == value || fields->time.value == value;
}
