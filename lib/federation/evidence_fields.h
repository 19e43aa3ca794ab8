/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_fields.h
 * Finding the fields of a type in evidence as tools write it: at the top, in the usual containers, and in those of "data".
 */
#ifndef CIV_FEDERATION_EVIDENCE_FIELDS_H
#define CIV_FEDERATION_EVIDENCE_FIELDS_H

#include "base/json.h"
#include "federation/evidence_types.h"

/** More fields than any type has, of each kind. */
#define CIV_FOUND_MAX 32

/** The top, six containers, and five in "data". */
#define CIV_PLACES_MAX 16

/** Where fields are looked for. */
typedef struct civ_place_t {
    const civ_json_t *object;
    const char *names[2]; /**< of the containers that it lies in, from the top; unused: NULL */
} civ_place_t;

/** A member that was taken for a field. */
typedef struct civ_found_t {
    const civ_json_t *value; /**< NULL: none */
    const civ_place_t *place;
    const char *name; /**< as it is called in the evidence: one of ours, so no secret, but for its case */
    unsigned rank;    /**< of the name among the field's */
} civ_found_t;

typedef struct civ_fields_t {
    const civ_evidence_type_t *type;
    civ_place_t places[CIV_PLACES_MAX];
    unsigned place_count;
    civ_found_t metrics[CIV_FOUND_MAX];  /**< parallel to type->metrics */
    civ_found_t patterns[CIV_FOUND_MAX]; /**< parallel to civ_evidence_patterns */
    civ_found_t type_name;               /**< "type" */
    civ_found_t time;                    /**< "timestamp" */
} civ_fields_t;

/** Find all of it. @return APR_SUCCESS, or CIV_EINVALID when @a evidence is no object */
apr_status_t civ_fields_find(civ_fields_t *fields, const civ_json_t *evidence, civ_problem_t *problem,
                             apr_pool_t *pool);

/** Non-zero when this member of a place is a place itself. */
int civ_fields_is_place(const civ_fields_t *fields, const civ_json_t *value);

/** Non-zero when this member was taken for a field. */
int civ_fields_is_taken(const civ_fields_t *fields, const civ_json_t *value);

/** Non-zero when a member of this name names somebody. */
int civ_fields_is_person(const char *name);

#endif
