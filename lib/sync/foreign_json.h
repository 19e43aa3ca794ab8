/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file foreign_json.h
 * Reading JSON of servers that do not keep to I-JSON: half surrogates in old commit messages, bytes of other character sets in
 * logs, identifiers beyond 2^53. One bad title must not cost a page.
 */
#ifndef CIV_SYNC_FOREIGN_JSON_H
#define CIV_SYNC_FOREIGN_JSON_H

#include "base/json.h"

/**
 * Parse a document. What lib/base refuses is mended and parsed once more: what is not UTF-8, half surrogates, NULs and control
 * characters become U+FFFD; numbers that no double holds become strings of their digits.
 * @return APR_SUCCESS; CIV_EINVALID with @a problem: still not JSON, with a name twice in one object, or beyond the caps (64 MiB,
 * 64 levels, two million values)
 */
apr_status_t civ_foreign_json_parse(const civ_json_t **root, const char *data, apr_size_t length,
                                    civ_problem_t *problem, apr_pool_t *pool);

#endif
