/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file reply.h
 * Answering. All functions that return an int return what a handler is to return to httpd.
 */
#ifndef CIV_REPLY_H
#define CIV_REPLY_H

#include "base/json_writer.h"
#include "request.h"

/** What there is to say of an answer besides its body. Zeroed, it is a JSON answer with the route's status.
 */
typedef struct civ_reply_t {
    int status;             /**< 0: the route's */
    const char *media_type; /**< NULL: the route's */
    const char *tag;        /**< entity tag, without quotes; NULL: of a GET, taken from the body */
    int immutable;          /**< it will never change */
    int momentary;          /**< true only now: no cache keeps it, and it has no tag */
} civ_reply_t;

/** A run of bytes of the body, on the request's pool, or static and for ever. */
typedef struct civ_piece_t {
    const char *data;
    apr_size_t length;
    int is_static;
} civ_piece_t;

/** Begin an answer of success: an object that is open, with "success": true. */
void civ_reply_begin(civ_call_t *call, civ_buffer_t *body, civ_json_writer_t *writer);

/** Send an answer; without copying, the pieces one after the other. A GET whose tag the client has is
 * answered with 304 instead. */
int civ_reply_send(civ_call_t *call, const civ_reply_t *reply, const civ_piece_t *pieces, int count);

/** The same for a body in one buffer. */
int civ_reply_buffer(civ_call_t *call, const civ_reply_t *reply, const civ_buffer_t *body);

/** Set the headers of an answer (ETag, Cache-Control, type) whose body is sent otherwise.
 *  @return OK, or HTTP_NOT_MODIFIED when there is nothing to send */
int civ_reply_headers(civ_call_t *call, const civ_reply_t *reply);

/** Answer with call->problem, as application/problem+json. */
int civ_reply_problem(civ_call_t *call);

/** Answer 204 with Allow. */
int civ_reply_options(civ_call_t *call);

/** Set a header to a path below the prefix in use: "/blockchain/block/7" becomes "/api/blockchain/block/7".
 */
void civ_reply_location(civ_call_t *call, const char *path);

/** Say that this is the answer of an earlier request with the same Idempotency-Key, if it is. */
void civ_reply_repeated(civ_call_t *call, int repeated);

/** Answer {"success": true, "message": ...}. */
int civ_reply_message(civ_call_t *call, const char *message);

/** Write a reputation, given in ten-thousandths, as a number from 0 to 1. */
void civ_reply_reputation(civ_json_writer_t *writer, const char *name, int value);

/** Set Link: <prefix + path_and_query>; rel="next". */
void civ_reply_next(civ_call_t *call, const char *path_and_query);

#endif
