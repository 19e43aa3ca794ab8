/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request.h
 * What a connector asks of its platform, and the answer as it gets to see it.
 */
#ifndef CIV_SYNC_REQUEST_H
#define CIV_SYNC_REQUEST_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/json.h"

/**
 * One request. It survives in the database between two runs of the program, so it holds values only, and never a secret:
 * credentials are added when it is sent. Unset members are 0 and NULL.
 */
typedef struct civ_sync_request_t {
    /** Absolute, below the connector's base or one of its further bases; sent byte for byte. */
    const char *url;
    const char *body; /**< NULL: GET. Else JSON to be POSTed to something that only reads */
    int is_conditional; /**< the platform gives ETags that are worth keeping for this URL: when it answers "unchanged", the
                         * next page is the one that was next when the page was stored */
    int may_be_absent; /**< 404 means that there is none, and is nothing to report: the test report of a build without tests */

    /* For the connector's own use, handed back with the answer. */
    const char *tag;      /**< which of several requests of the kind this is: "bridges" */
    const char *note;     /**< whatever of the parent its reader needs: its SHA, its id ... */
    apr_int64_t position; /**< where in the list this page starts, for lists without links */
} civ_sync_request_t;

/** Bytes of a request's url, body, tag and note together at most. */
#define CIV_SYNC_REQUEST_MAX 65536

/** An answer that is data. Nothing else ever gets to a connector: no refusals, sign-in pages, limits, "not modified", broken
 *  pages, and no empty ones either ("nothing here": 204, 409 of an empty repository). */
typedef struct civ_sync_answer_t {
    const civ_json_t *json;   /**< the body; never NULL */
    const char *next;         /**< rel="next" of Link, absolute and below the base; NULL: none, or refused */
    const char *next_refused; /**< there is a next page by Link, but it leads elsewhere: why */
    const char *url;          /**< where the answer came from after redirects */
    int status;               /**< of HTTP */
    apr_int64_t date;         /**< the server's clock in milliseconds */
    /** Another header's value by name in any case; NULL: absent. The last one, where there are several. */
    const char *(*header)(const void *baton, const char *name);
    const void *baton;
} civ_sync_answer_t;

/** civ_sync_answer_t's header, shorter. */
#define civ_sync_answer_header(answer, name) ((answer)->header((answer)->baton, (name)))

/* For building URLs; a single segment or value goes through civ_url_encode of sync/url.h. */

/** A path whose segments are encoded, while the '/' between them stay. */
const char *civ_path_encode(const char *path, apr_pool_t *pool);

/** @a url with the query parameter @a name set to @a value (which is encoded here; @a name is taken as it is): replaced where
 *  it stands, else appended; taken out when @a value is NULL. All else stays byte for byte. */
const char *civ_query_set(const char *url, const char *name, const char *value, apr_pool_t *pool);

/** An instant as all platforms take it in a query: "2026-11-22T07:05:21Z", cut to the second; not encoded yet. */
const char *civ_query_time(apr_int64_t milliseconds, apr_pool_t *pool);

#endif
