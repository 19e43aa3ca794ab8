/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file openapi_schemas.h
 * What the OpenAPI description says of each kind of value: JSON Schemas, as the JSON text that is sent.
 */
#ifndef CIV_OPENAPI_SCHEMAS_H
#define CIV_OPENAPI_SCHEMAS_H

#include "routes.h"

#include <apr.h>

/** The schema that refers to a component, by the name that it has in civ_openapi_components. */
#define CIV_OPENAPI_SCHEMA(name) "{\"$ref\":\"#/components/schemas/" name "\"}"

/** The schema of what a field holds. */
extern const char *const civ_openapi_types[CIV_TYPE_COUNT];

/** A schema that has a name, because several places refer to it. */
typedef struct civ_openapi_component_t {
    const char *name;
    const char *schema;
} civ_openapi_component_t;

extern const civ_openapi_component_t civ_openapi_components[];
extern const apr_size_t civ_openapi_component_count;

#endif
