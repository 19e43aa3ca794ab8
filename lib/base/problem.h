/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file problem.h
 * What went wrong, in a form fit for a client: a kind (with its HTTP status and title in one table), a
 * sentence, and the place. Rendered as RFC 9457 by the face. A function that can fail through the client's
 * fault, or in a way the client must be told about, takes a civ_problem_t and fills it whenever it does not
 * return APR_SUCCESS.
 */
#ifndef CIV_BASE_PROBLEM_H
#define CIV_BASE_PROBLEM_H

#include <apr_pools.h>
#include <apr_time.h>

/** Kinds of problem; the table in problem.c gives each its id, HTTP status and title. */
typedef enum civ_problem_kind_e {
    CIV_PROBLEM_NONE = 0,
    CIV_PROBLEM_MALFORMED_JSON, /**< 400: not JSON */
    CIV_PROBLEM_NOT_I_JSON,     /**< 400: JSON, but not I-JSON (RFC 7493): duplicates, surrogates, numbers */
    CIV_PROBLEM_LIMIT_EXCEEDED, /**< 400: too deep, too many values, a name too long, an entry too large */
    CIV_PROBLEM_TRUNCATED_BODY, /**< 400: the body ended before its declared length */
    CIV_PROBLEM_INVALID_MEMBER, /**< 400: a member is missing, unknown, or of the wrong type or value */
    CIV_PROBLEM_INVALID_PARAMETER,  /**< 400: a query parameter or path segment is unknown or unparsable */
    CIV_PROBLEM_INVALID_HEADER,     /**< 400: a request header is unusable */
    CIV_PROBLEM_UNAUTHORIZED,       /**< 401: a signature is missing, or cannot be accepted */
    CIV_PROBLEM_FORBIDDEN,          /**< 403 */
    CIV_PROBLEM_NOT_FOUND,          /**< 404 */
    CIV_PROBLEM_METHOD_NOT_ALLOWED, /**< 405 */
    CIV_PROBLEM_NOT_ACCEPTABLE,     /**< 406 */
    CIV_PROBLEM_CONFLICT,           /**< 409 */
    CIV_PROBLEM_TOO_LARGE,          /**< 413 */
    CIV_PROBLEM_UNSUPPORTED_TYPE,   /**< 415 */
    CIV_PROBLEM_KEY_REUSED,         /**< 422: Idempotency-Key with another body */
    CIV_PROBLEM_TOO_MANY_REQUESTS,  /**< 429, with Retry-After */
    CIV_PROBLEM_INTERNAL,           /**< 500: details only in the log */
    CIV_PROBLEM_UNAVAILABLE,        /**< 503, with Retry-After: nothing was stored */
    CIV_PROBLEM_READ_ONLY,          /**< 503: writes are refused until an administrator acts */
    CIV_PROBLEM_PLATFORM, /**< 502: a platform has refused what it was asked to do, or was not reached */
    CIV_PROBLEM_COUNT
} civ_problem_kind_e;

typedef struct civ_problem_t {
    civ_problem_kind_e kind;
    const char *detail;    /**< one sentence for the client; never a secret, a server path or SQL */
    const char *pointer;   /**< RFC 6901 pointer to the member at fault, or NULL; "" is the whole body */
    const char *parameter; /**< name of the query parameter at fault, or NULL */
    int retry_after;       /**< seconds for Retry-After, 0 for none */
} civ_problem_t;

/** HTTP status of a kind, e.g. 400. */
int civ_problem_status(civ_problem_kind_e kind);

/** Stable id of a kind, e.g. "malformed-json"; the RFC 9457 type is "urn:civarcos:problem:" followed by it.
 */
const char *civ_problem_id(civ_problem_kind_e kind);

/** Title of a kind, e.g. "The request body is not JSON". */
const char *civ_problem_title(civ_problem_kind_e kind);

/** Fill @a problem; detail is formatted on @a pool. pointer, parameter and retry_after become empty (503 and
 * 429 kinds get a retry_after of 5 s). @a problem may be NULL: nothing happens. */
void civ_problem_set(civ_problem_t *problem, civ_problem_kind_e kind, apr_pool_t *pool, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

/** As civ_problem_set, with the RFC 6901 pointer of the member at fault (not copied). */
void civ_problem_set_at(civ_problem_t *problem, civ_problem_kind_e kind, const char *pointer,
                        apr_pool_t *pool, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
