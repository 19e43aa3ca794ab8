/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "reply.h"

#include "media.h"
#include "signature.h"

#include "base/encoding.h"
#include "base/json_writer.h"

#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include <apr_strings.h>

#include <string.h>

/* Bytes that an answer has room for before it grows. */
#define FIRST_ROOM 1024

APLOG_USE_MODULE(civarcos);

/** Bytes of a body's digest that make its tag. */
#define TAG_BYTES 16

#define PROBLEM_TYPE_PREFIX "urn:civarcos:problem:"

/* An error whose ErrorDocument is ours stays the error that it was. */
static void set_status(request_rec *r, int status)
{
    if (!r->prev || !ap_is_HTTP_ERROR(r->status)) {
        r->status = status;
    }
}

static int is_get(const civ_call_t *call)
{
    return call->r->method_number == M_GET;
}

static void set_common_headers(civ_call_t *call, const char *media_type)
{
    ap_set_content_type(call->r, media_type);
    apr_table_setn(call->r->headers_out, "X-Content-Type-Options", "nosniff");
}

/* Headers of an error too, which httpd keeps apart. */
static void set_allow(civ_call_t *call)
{
    char allow[CIV_ALLOW_SIZE];

    civ_route_allow(call->path, allow);
    apr_table_set(call->r->headers_out, "Allow", allow);
}

/* Whether somebody had to say who he is, or did: a cache must not hand the answer to others then. httpd's own function looks
 * whether the request would be let in as it is now, and so says no once the user is known. */
static int is_for_one(request_rec *r)
{
    return r->user || apr_table_get(r->headers_in, "Authorization") || ap_some_authn_required(r);
}

/* "public" lets shared caches hand an answer to anybody, also one that was given to somebody who logged in. */
int civ_reply_headers(civ_call_t *call, const civ_reply_t *reply)
{
    request_rec *r = call->r;

    set_status(r, reply->status ? reply->status : call->route->status);
    set_common_headers(call, reply->media_type ? reply->media_type : call->route->media_type);
    if (!is_get(call) || reply->momentary) {
        apr_table_setn(r->headers_out, "Cache-Control", "no-store");
        return OK;
    }
    apr_table_setn(r->headers_out, "Cache-Control",
                   !reply->immutable ? "no-cache"
                   : is_for_one(r)   ? "private, max-age=31536000, immutable"
                                     : "public, max-age=31536000, immutable");
    if (!reply->tag || r->status != HTTP_OK) {
        return OK;
    }
    apr_table_setn(r->headers_out, "ETag", apr_pstrcat(r->pool, "\"", reply->tag, "\"", NULL));
    if (civ_media_has_tag(apr_table_get(r->headers_in, "If-None-Match"), reply->tag)) {
        r->status = HTTP_OK;
        return HTTP_NOT_MODIFIED;
    }
    return OK;
}

/* The tag of an answer that brings none. */
static const char *tag_of(civ_call_t *call, const civ_piece_t *pieces, int count)
{
    char *tag = apr_palloc(call->r->pool, TAG_BYTES * 2 + 1);
    civ_digest_t digest;

    if (count == 1) {
        civ_digest_sha256(&digest, pieces[0].data, pieces[0].length);
    } else {
        civ_buffer_t whole;
        int i;

        civ_buffer_init(&whole, 0, call->r->pool);
        for (i = 0; i < count; i++) {
            civ_buffer_append(&whole, pieces[i].data, pieces[i].length);
        }
        civ_digest_sha256(&digest, whole.data, whole.length);
    }
    civ_hex_encode(tag, digest.bytes, TAG_BYTES);
    return tag;
}

/* What a client sees of a failure here is its own doing: it has gone. */
static int pass(civ_call_t *call, apr_bucket_brigade *brigade)
{
    apr_status_t status = ap_pass_brigade(call->r->output_filters, brigade);

    if (status != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_DEBUG, status, call->r, "CIV0321: the answer cannot be sent");
    }
    return OK;
}

static int send_pieces(civ_call_t *call, const civ_piece_t *pieces, int count)
{
    request_rec *r = call->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);
    apr_off_t length = 0;
    int i;

    for (i = 0; i < count; i++) {
        apr_bucket *bucket = pieces[i].is_static
                                 ? apr_bucket_immortal_create(pieces[i].data, pieces[i].length, alloc)
                                 : apr_bucket_pool_create(pieces[i].data, pieces[i].length, r->pool, alloc);

        APR_BRIGADE_INSERT_TAIL(brigade, bucket);
        length += (apr_off_t)pieces[i].length;
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(alloc));
    ap_set_content_length(r, length);
    return pass(call, brigade);
}

int civ_reply_send(civ_call_t *call, const civ_reply_t *reply, const civ_piece_t *pieces, int count)
{
    civ_reply_t complete = *reply;
    int result;

    if (!complete.tag && is_get(call) && !complete.momentary) {
        complete.tag = tag_of(call, pieces, count);
    }
    result = civ_reply_headers(call, &complete);
    return result == OK ? send_pieces(call, pieces, count) : result;
}

int civ_reply_buffer(civ_call_t *call, const civ_reply_t *reply, const civ_buffer_t *body)
{
    civ_piece_t piece = {body->data, body->length, 0};

    return civ_reply_send(call, reply, &piece, 1);
}

static void write_problem(civ_buffer_t *out, const civ_call_t *call)
{
    const civ_problem_t *problem = &call->problem;
    civ_json_writer_t writer;

    civ_json_writer_init(&writer, out);
    civ_json_begin_object(&writer);
    civ_json_name(&writer, "type");
    civ_json_text(&writer, apr_pstrcat(out->pool, PROBLEM_TYPE_PREFIX, civ_problem_id(problem->kind), NULL));
    civ_json_member_text(&writer, "title", civ_problem_title(problem->kind));
    civ_json_member_int(&writer, "status", civ_problem_status(problem->kind));
    civ_json_member_text(&writer, "detail", problem->detail);
    civ_json_member_bool(&writer, "success", 0);
    civ_json_member_text(&writer, "error", problem->detail);
    if (problem->pointer) {
        civ_json_member_text(&writer, "pointer", problem->pointer);
    }
    if (problem->parameter) {
        civ_json_member_text(&writer, "parameter", problem->parameter);
    }
    if (call->id) {
        civ_json_member_text(&writer, "request_id", call->id);
    }
    civ_json_end_object(&writer);
}

int civ_reply_problem(civ_call_t *call)
{
    request_rec *r = call->r;
    civ_problem_t *problem = &call->problem;
    civ_buffer_t body;
    civ_piece_t piece = {NULL, 0, 0};

    if (problem->kind == CIV_PROBLEM_NONE) {
        civ_problem_set(problem, CIV_PROBLEM_INTERNAL, r->pool,
                        "The request failed; the server's log knows why.");
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "CIV0322: %s %s failed without saying why", r->method,
                      r->uri);
    }
    if (problem->kind == CIV_PROBLEM_UNAUTHORIZED) {
        civ_signature_challenge(call);
    }
    civ_buffer_init(&body, 512, r->pool);
    write_problem(&body, call);
    set_status(r, civ_problem_status(problem->kind));
    set_common_headers(call, "application/problem+json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    if (problem->retry_after > 0) {
        apr_table_setn(r->headers_out, "Retry-After", apr_itoa(r->pool, problem->retry_after));
    }
    if (problem->kind == CIV_PROBLEM_METHOD_NOT_ALLOWED) {
        set_allow(call);
    }
    piece.data = body.data;
    piece.length = body.length;
    return send_pieces(call, &piece, 1);
}

int civ_reply_options(civ_call_t *call)
{
    set_status(call->r, HTTP_NO_CONTENT);
    set_allow(call);
    return OK;
}

void civ_reply_location(civ_call_t *call, const char *path)
{
    request_rec *r = call->r;

    apr_table_setn(r->headers_out, "Location",
                   apr_pstrcat(r->pool, ap_os_escape_path(r->pool, call->prefix, 1), path, NULL));
}

void civ_reply_next(civ_call_t *call, const char *path_and_query)
{
    request_rec *r = call->r;

    apr_table_setn(r->headers_out, "Link",
                   apr_pstrcat(r->pool, "<", ap_os_escape_path(r->pool, call->prefix, 1), path_and_query,
                               ">; rel=\"next\"", NULL));
}

void civ_reply_repeated(civ_call_t *call, int repeated)
{
    if (repeated) {
        apr_table_setn(call->r->headers_out, "Idempotent-Replayed", "true");
    }
}

void civ_reply_begin(civ_call_t *call, civ_buffer_t *body, civ_json_writer_t *writer)
{
    civ_buffer_init(body, FIRST_ROOM, call->r->pool);
    civ_json_writer_init(writer, body);
    civ_json_begin_object(writer);
    civ_json_member_bool(writer, "success", 1);
}

int civ_reply_message(civ_call_t *call, const char *message)
{
    civ_reply_t reply = {0};
    civ_json_writer_t writer;
    civ_buffer_t body;

    civ_reply_begin(call, &body, &writer);
    civ_json_member_text(&writer, "message", message);
    civ_json_end_object(&writer);
    return civ_reply_buffer(call, &reply, &body);
}

void civ_reply_reputation(civ_json_writer_t *writer, const char *name, int value)
{
    char text[16];
    int length = apr_snprintf(text, sizeof(text), "%d.%04d", value / 10000, value % 10000);

    civ_json_name(writer, name);
    civ_json_raw(writer, text, (apr_size_t)length);
}
