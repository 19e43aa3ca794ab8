/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file template.h
 * Matching a path against a route's template, such as "/blockchain/block/{index}". Knows nothing of httpd.
 */
#ifndef CIV_TEMPLATE_H
#define CIV_TEMPLATE_H

#include <stddef.h>

/** Most variables of one template. */
#define CIV_TEMPLATE_MAX 4

/** What stood in the place of a variable: never empty, no slash in it, not NUL-terminated. */
typedef struct civ_segment_t {
    const char *text; /**< within the path */
    size_t length;
} civ_segment_t;

/**
 * Match the whole of @a path (decoded, below the prefix).
 * @param segments one for each variable, in order
 * @return the number of variables, or -1 when the path does not match
 */
int civ_template_match(const char *template, const char *path, civ_segment_t segments[CIV_TEMPLATE_MAX]);

#endif
