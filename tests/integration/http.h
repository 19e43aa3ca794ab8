/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http.h
 * Talking to the server under test: a client over libcurl for well-behaved requests, a raw connection for the
 * others, and ways to look into a JSON answer. A client or connection belongs to one thread; different ones
 * may be used at the same time, each on a pool of its own thread (made with NULL as its parent).
 */
#ifndef CIV_TESTS_HTTP_H
#define CIV_TESTS_HTTP_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "base/json.h"

typedef struct http_client_t http_client_t;

typedef struct http_response_t {
    int status;             /**< 0: no answer at all; see error */
    const char *error;      /**< why there is none, else NULL */
    apr_table_t *headers;   /**< several of one name are joined by ", " */
    const char *body;       /**< NUL-terminated, decoded from chunks but not from Content-Encoding */
    apr_size_t length;      /**< of body */
    const civ_json_t *json; /**< the body where it is JSON (application/json or anything +json), else NULL */
    double seconds;         /**< how long it took */
} http_response_t;

/** A client that keeps its connection. @a url is the server's, as harness_t has it. Released with @a pool. */
http_client_t *http_client(const char *url, apr_pool_t *pool);

/** Answers come from a subpool of the client's pool; this empties it, for loops of many requests. */
void http_forget(http_client_t *client);

/**
 * Send one request and take the answer. Redirects are not followed.
 * @param path begins with "/"; sent as it is
 * @param headers "Name: value" texts ended by NULL, or NULL. "Name:" takes away one that curl would send
 * @param body NULL for none; then @a length is ignored
 * @return never NULL
 */
http_response_t *http_send(http_client_t *client, const char *method, const char *path,
                           const char *const *headers, const char *body, apr_size_t length);

/** GET. */
http_response_t *http_get(http_client_t *client, const char *path);

/** POST of a JSON text as application/json. */
http_response_t *http_post(http_client_t *client, const char *path, const char *json);

/** The value of a header field, or NULL. */
const char *http_header(const http_response_t *response, const char *name);

/** The value that an RFC 6901 pointer names in a JSON answer, or NULL; "" is the whole. */
const civ_json_t *http_json(const http_response_t *response, const char *pointer);

/** A string there, or "(absent)": never NULL, so that a comparison fails and no test crashes. */
const char *http_json_text(const http_response_t *response, const char *pointer);

/** An integer there, or APR_INT64_MIN. */
apr_int64_t http_json_int(const http_response_t *response, const char *pointer);

/** 1 or 0 for true or false there, else -1. */
int http_json_bool(const http_response_t *response, const char *pointer);

/** Elements of an array or members of an object there, or -1. */
int http_json_count(const http_response_t *response, const char *pointer);

/** Whether the answer is an RFC 9457 problem with this status, consistent in itself and in the way api.md
 * wants it
 *  ("success" false, "error" as "detail"). Notes what is wrong. */
int http_is_problem(const http_response_t *response, int status);

typedef struct http_raw_t http_raw_t;

/** Connect to 127.0.0.1. @return NULL on failure. Closed with @a pool, or by http_raw_close(). */
http_raw_t *http_raw_connect(int port, apr_pool_t *pool);

/** Send bytes. @return 0, or -1 when the other side does not take them any more */
int http_raw_send(http_raw_t *raw, const void *data, apr_size_t length);

/** Send a text. */
int http_raw_text(http_raw_t *raw, const char *text);

/** Send one chunk of a chunked body; of length 0 the last one, with the final CRLF. */
int http_raw_chunk(http_raw_t *raw, const void *data, apr_size_t length);

/** No more will be sent, but the answer is still wanted. */
void http_raw_half_close(http_raw_t *raw);

/** Go away: with a FIN, or with a reset when @a reset is set. */
void http_raw_close(http_raw_t *raw, int reset);

/** Read one answer (as far as it gets within @a seconds). @return never NULL; status 0 when there was none */
http_response_t *http_raw_answer(http_raw_t *raw, double seconds);

#endif
