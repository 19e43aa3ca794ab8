/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file query.h
 * Query strings: application/x-www-form-urlencoded, strictly. Knows nothing of httpd.
 */
#ifndef CIV_QUERY_H
#define CIV_QUERY_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/problem.h"

/** Most parameters of one request. */
#define CIV_QUERY_MAX 16

/** Longest query string. */
#define CIV_QUERY_SIZE 8192

typedef struct civ_query_t {
    struct {
        const char *name;
        const char *value;
    } pairs[CIV_QUERY_MAX];
    int count;
} civ_query_t;

/**
 * Decode @a text (NULL: none). Names and values are valid UTF-8 without NUL, values are not empty, no name
 * comes twice.
 * @return APR_SUCCESS, or CIV_EINVALID with @a problem (INVALID_PARAMETER)
 */
apr_status_t civ_query_parse(civ_query_t *query, const char *text, civ_problem_t *problem, apr_pool_t *pool);

/** The value of a parameter, or NULL. */
const char *civ_query_get(const civ_query_t *query, const char *name);

/** The same string, percent-encoded so that it may stand for a name or value. On @a pool. */
char *civ_query_encode(const char *text, apr_pool_t *pool);

/** Is this well-formed UTF-8 (no surrogates, no overlong forms)? */
int civ_query_is_utf8(const char *text);

#endif
