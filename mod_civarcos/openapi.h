/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file openapi.h
 * The OpenAPI 3.1 description, from the route table.
 */
#ifndef CIV_OPENAPI_H
#define CIV_OPENAPI_H

#include "base/buffer.h"

/** Append the description of an API mounted at @a prefix (percent-encoded). */
void civ_openapi_write(civ_buffer_t *out, const char *prefix);

#endif
