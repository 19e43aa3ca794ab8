/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file request.h
 * One request on its way: what is known of it, and reading its parameters, headers and body. Every function
 * here that returns an int returns OK to go on, CIV_FAULTED when call->problem says what is wrong, or a value
 * that is to be returned to httpd as it is.
 */
#ifndef CIV_REQUEST_H
#define CIV_REQUEST_H

#include <httpd.h>

#include "base/buffer.h"
#include "base/json.h"
#include "base/request_signature.h"
#include "module.h"
#include "query.h"
#include "routes.h"

/** call->problem is filled. Far from all of httpd's own values. */
#define CIV_FAULTED (-20000)

typedef struct civ_call_t {
    request_rec *r;
    const civ_server_config_t *server;
    civ_slot_t *slot;
    civ_node_t *node;
    const char *prefix; /**< where the API is mounted: "/api", or "" for "/" */
    const char *path;   /**< below the prefix, starting with a slash */
    const civ_route_t *route;
    civ_segment_t segments[CIV_TEMPLATE_MAX];
    civ_query_t query;
    const civ_json_t *body;        /**< the request's object, for routes with a body */
    const civ_buffer_t *content;   /**< the request's content as it came, for routes that take it raw */
    civ_idempotency_t idempotency; /**< valid when idempotent is set */
    int idempotent;                /**< the client sent an Idempotency-Key */
    struct civ_sent_t *sent;       /**< what a signature may be about, see signature.h; NULL: there is none */
    const char *id;                /**< set for those requests whose refusal is found in the log by it */
    int refusal_logged;
    int signature_judged;                  /**< the following is set, to be counted */
    civ_signature_label_e signature_label; /**< what came of the request's signature, or of its lack of one */
    civ_problem_t problem;
} civ_call_t;

/** Read the query and check Accept against the route. */
int civ_request_head(civ_call_t *call);

/** Check the headers of a request with a body, read it, and parse it into call->body. */
int civ_request_body(civ_call_t *call);

/** Check the headers of a request whose content is taken as it is, JSON or a form, and read it into call->content. */
int civ_request_content(civ_call_t *call);

/** Fill call->problem. @return CIV_FAULTED */
int civ_request_fault(civ_call_t *call, civ_problem_kind_e kind, const char *detail);

/** Fill call->problem with INVALID_PARAMETER. @a detail says what is expected. @return CIV_FAULTED */
int civ_request_bad_parameter(civ_call_t *call, const char *name, const char *detail);

/** A parameter that is a whole number from @a least to @a most; @a value is left alone when it is absent. */
int civ_request_number(civ_call_t *call, const char *name, apr_int64_t least, apr_int64_t most,
                       apr_int64_t *value);

/** A parameter that is a time; @a value (ms) is left alone when it is absent. */
int civ_request_time(civ_call_t *call, const char *name, apr_int64_t *value);

/** A parameter that is a hash; @a value becomes @a room or NULL when it is absent. */
int civ_request_hash(civ_call_t *call, const char *name, civ_digest_t *room, const civ_digest_t **value);

/** What the client's Idempotency-Key stands for, or NULL. */
const civ_idempotency_t *civ_request_retry(const civ_call_t *call);

/** The value of a variable of the template, NUL-terminated, on the request's pool. */
const char *civ_request_segment(const civ_call_t *call, int index);

/**
 * Read the parameters from and to. from defaults to 0, to to the height of the head (and is cut down to it).
 * @param head the head at this moment, set on success
 */
int civ_request_range(civ_call_t *call, apr_uint64_t *from, apr_uint64_t *to, civ_state_head_t *head);

/** Close the connection after this answer, so that nobody reads what is left of the request. A stream of HTTP/2 is left
 *  alone: it ends by itself, and would lose the answer. */
void civ_request_close(const civ_call_t *call);

/** Has the client gone? Costs a system call or two. */
int civ_request_is_abandoned(const civ_call_t *call);

#endif
