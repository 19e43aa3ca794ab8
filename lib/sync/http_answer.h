/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_answer.h
 * What came back, and what it means: each answer of a platform is of one class, found in one place before anything is parsed.
 */
#ifndef CIV_SYNC_HTTP_ANSWER_H
#define CIV_SYNC_HTTP_ANSWER_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/digest.h"
#include "sync/rate_limit.h"

/** What an answer means, and what is to be done. The client has repeated already whatever is worth repeating. */
typedef enum civ_http_class_e {
    CIV_HTTP_DATA, /**< 200, 201, 203, 206: body is what was asked for; JSON that parses, unless anything would do */
    CIV_HTTP_EMPTY,     /**< 204, a 200 without a body, 409 (an empty repository): an empty set */
    CIV_HTTP_UNCHANGED, /**< 304: what is stored still holds, with its next link */
    CIV_HTTP_NOT_READY, /**< 202: being computed; ask again later, a few times */
    CIV_HTTP_MOVED,     /**< a redirect that is not followed: what was asked for is elsewhere */
    CIV_HTTP_BAD_REQUEST, /**< 400, 422 and other 4xx: our request is wrong, or too deep into a list; never repeat it as it is */
    CIV_HTTP_AUTH_FAILED, /**< 401, or a page to sign in: stop this connector and tell the administrator */
    CIV_HTTP_FORBIDDEN,   /**< 403 without a limit: skip this kind of evidence, say so */
    CIV_HTTP_GONE, /**< 404, 410: not there, or not for us. A child: skip it. The project itself: an error */
    CIV_HTTP_THROTTLED, /**< still limited after all waits, or for longer than we wait: go on at retry_at */
    CIV_HTTP_BROKEN, /**< 5xx, network, truncated, stalled, no JSON, after all tries. A child: skip it. A list: the run fails */
    CIV_HTTP_TOO_LARGE, /**< the decoded body is larger than allowed: skip it, say so */
    CIV_HTTP_REFUSED,   /**< not sent, or not followed: the egress guard or the redirect rules forbid it */
    CIV_HTTP_CLASSES
} civ_http_class_e;

/** The word for a class, for logs: "auth-failed". */
const char *civ_http_class_name(civ_http_class_e class);

/** One header; several lines of the same name are joined by ", ". */
typedef struct civ_http_field_t {
    const char *name; /**< lower case */
    const char *value;
} civ_http_field_t;

typedef struct civ_http_answer_t {
    civ_http_class_e class;
    const char *
        reason; /**< a sentence on why it is of that class, for the administrator; never a secret, never a body */
    int status; /**< HTTP status; 0: there was no answer */
    const char *
        body; /**< decoded, NUL-terminated (it may hold NULs); a JSON body without byte order mark. "" for none */
    apr_size_t length;
    civ_digest_t digest; /**< SHA-256 of the body as decoded, with its byte order mark if it had one */
    const char *url;     /**< where it came from, after redirects */
    const char *
        moved_to; /**< when all redirects were permanent (301, 308) and within the base: the URL to use from now on */
    const char
        *next; /**< the Link header's "next", absolute and within the base; NULL: none, or next_refused */
    const char
        *next_refused; /**< there is a next page, but it may not be followed: why. The list is not complete */
    const char *etag;  /**< NULL where there is none; likewise the following */
    const char *last_modified; /**< as sent */
    const char *content_type;  /**< lower case, without parameters */
    apr_int64_t date;          /**< the server's clock, milliseconds since 1970; 0: it sent none */
    civ_rate_t rate;
    apr_int64_t retry_at;           /**< THROTTLED: when to go on, milliseconds since 1970; else 0 */
    const civ_http_field_t *fields; /**< all headers of the last answer, for civ_http_field() */
    int field_count;
    unsigned tries;      /**< requests that were sent for it, redirects not counted */
    apr_int64_t waited;  /**< milliseconds spent waiting: for limits and before repetitions */
    apr_size_t received; /**< bytes of bodies on the wire, of all tries */
} civ_http_answer_t;

/** A header's value by its name (lower case), or NULL. */
const char *civ_http_field(const civ_http_answer_t *answer, const char *name);

/** What a request asked for, as far as it matters for what the answer means. */
typedef struct civ_http_expectation_t {
    int is_get;
    int wants_anything; /**< a download: any content type is data, HTML as well */
} civ_http_expectation_t;

/**
 * Say of what class a complete answer is, by status, content type and body. Of redirects it says MOVED, or AUTH_FAILED for
 * those to a page to sign in; of a 403 that is a limit, and of 429, THROTTLED; of what may be repeated, BROKEN.
 * @param answer status, fields, body and length are read; class and reason are set
 * @param is_limited what civ_rate_decide said
 */
void civ_http_classify(civ_http_answer_t *answer, const civ_http_expectation_t *expectation, int is_limited,
                       apr_pool_t *pool);

/** Whether a redirect's target looks like a page to sign in. */
int civ_http_is_sign_in(const char *location);

/** Whether an answer of this class and status is worth repeating the same request: 408, 425 and 5xx but 501 and 505; no answer
 *  at all; a JSON body that is cut short. */
int civ_http_is_transient(const civ_http_answer_t *answer);

#endif
