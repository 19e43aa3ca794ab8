/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "request.h"

#include "media.h"
#include "retry_key.h"

#include "base/timestamp.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

/** Room for a body whose length is not announced, to start with. */
#define FIRST_READ 8192

int civ_request_fault(civ_call_t *call, civ_problem_kind_e kind, const char *detail)
{
    civ_problem_set(&call->problem, kind, call->r->pool, "%s", detail);
    return CIV_FAULTED;
}

int civ_request_bad_parameter(civ_call_t *call, const char *name, const char *detail)
{
    civ_request_fault(call, CIV_PROBLEM_INVALID_PARAMETER, detail);
    call->problem.parameter = name;
    return CIV_FAULTED;
}

/* --- parameters --- */

static int is_parameter(const civ_route_t *route, const char *name)
{
    const civ_field_t *field;

    for (field = route->parameters; field && field->name; field++) {
        if (field->need != CIV_IN_PATH && strcmp(field->name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

int civ_request_head(civ_call_t *call)
{
    request_rec *r = call->r;
    int i;

    if (!civ_media_accepts(apr_table_get(r->headers_in, "Accept"), call->route->media_type)) {
        civ_problem_set(&call->problem, CIV_PROBLEM_NOT_ACCEPTABLE, r->pool,
                        "The answer is %s, which the Accept header does not allow.", call->route->media_type);
        return CIV_FAULTED;
    }
    if (!r->args) {
        call->query.count = 0;
        return OK;
    }
    if (civ_query_parse(&call->query, r->args, &call->problem, r->pool) != APR_SUCCESS) {
        return CIV_FAULTED;
    }
    for (i = 0; i < call->query.count; i++) {
        if (!is_parameter(call->route, call->query.pairs[i].name)) {
            return civ_request_bad_parameter(call, call->query.pairs[i].name,
                                             "There is no such parameter here.");
        }
    }
    return OK;
}

int civ_request_number(civ_call_t *call, const char *name, apr_int64_t least, apr_int64_t most,
                       apr_int64_t *value)
{
    const char *text = civ_query_get(&call->query, name);
    apr_size_t digits;

    if (!text) {
        return OK;
    }
    digits = strspn(text, "0123456789");
    if (text[digits] || digits > 18 || (text[0] == '0' && digits > 1) || apr_atoi64(text) < least ||
        apr_atoi64(text) > most) {
        return civ_request_bad_parameter(call, name,
                                         apr_psprintf(call->r->pool,
                                                      "A whole number from %" APR_INT64_T_FMT
                                                      " to %" APR_INT64_T_FMT " is expected.",
                                                      least, most));
    }
    *value = apr_atoi64(text);
    return OK;
}

int civ_request_time(civ_call_t *call, const char *name, apr_int64_t *value)
{
    const char *text = civ_query_get(&call->query, name);

    if (text && civ_timestamp_parse(value, text) != APR_SUCCESS) {
        return civ_request_bad_parameter(call, name, "An RFC 3339 time or a date is expected.");
    }
    return OK;
}

int civ_request_hash(civ_call_t *call, const char *name, civ_digest_t *room, const civ_digest_t **value)
{
    const char *text = civ_query_get(&call->query, name);

    *value = NULL;
    if (text) {
        if (civ_digest_from_hex(room, text) != APR_SUCCESS) {
            return civ_request_bad_parameter(call, name, "64 lower-case hex digits are expected.");
        }
        *value = room;
    }
    return OK;
}

const char *civ_request_segment(const civ_call_t *call, int index)
{
    return apr_pstrmemdup(call->r->pool, call->segments[index].text, call->segments[index].length);
}

int civ_request_range(civ_call_t *call, apr_uint64_t *from, apr_uint64_t *to, civ_state_head_t *head)
{
    apr_int64_t first = 0;
    apr_int64_t last = APR_INT64_MAX;
    int result = civ_request_number(call, "from", 0, APR_INT64_C(999999999999999999), &first);

    if (result == OK) {
        result = civ_request_number(call, "to", 0, APR_INT64_C(999999999999999999), &last);
    }
    if (result == OK && civ_node_head(call->node, head, &call->problem, call->r->pool) != APR_SUCCESS) {
        result = CIV_FAULTED;
    }
    if (result != OK) {
        return result;
    }
    if (first > last) {
        return civ_request_bad_parameter(call, "from", "The first block lies behind the last.");
    }
    if ((apr_uint64_t)first > head->height) {
        return civ_request_bad_parameter(call, "from", "There is no such block yet.");
    }
    *from = (apr_uint64_t)first;
    *to = (apr_uint64_t)last < head->height ? (apr_uint64_t)last : head->height;
    return OK;
}

/* --- headers of a request with a body --- */

static int check_content_type(civ_call_t *call)
{
    const char *type = apr_table_get(call->r->headers_in, "Content-Type");

    if (civ_media_is_json(type)) {
        return OK;
    }
    return civ_request_fault(call, CIV_PROBLEM_UNSUPPORTED_TYPE,
                             "The request needs a Content-Type of application/json or application/*+json, in "
                             "UTF-8.");
}

static int read_idempotency_key(civ_call_t *call)
{
    request_rec *r = call->r;
    const char *key = apr_table_get(r->headers_in, "Idempotency-Key");

    if (!key) {
        return OK;
    }
    if (civ_retry_key_read(&call->idempotency.key, r->user ? r->user : "", r->method, call->path, key,
                           r->pool) != APR_SUCCESS) {
        return civ_request_fault(call, CIV_PROBLEM_INVALID_HEADER,
                                 "Idempotency-Key is not 1 to 255 printable ASCII characters.");
    }
    call->idempotent = 1;
    return OK;
}

/* --- the body --- */

/* The rest of the body is not wanted: httpd must not read it to find the next request either. */
static int refuse_body(civ_call_t *call)
{
    civ_request_close(call);
    civ_problem_set(&call->problem, CIV_PROBLEM_TOO_LARGE, call->r->pool,
                    "The request body is larger than %" APR_INT64_T_FMT " bytes.",
                    call->server->values.max_body);
    return CIV_FAULTED;
}

/* A length that httpd itself has found well-formed. */
static int announced_length(civ_call_t *call, apr_off_t *length)
{
    const char *text = apr_table_get(call->r->headers_in, "Content-Length");

    *length = 0;
    if (text && ap_parse_strict_length(length, text) && *length > call->server->values.max_body) {
        return refuse_body(call);
    }
    return OK;
}

/* Why the input filters gave no more. */
static int reading_failed(civ_call_t *call, apr_status_t status)
{
    request_rec *r = call->r;

    if (status == AP_FILTER_ERROR) {
        return AP_FILTER_ERROR;
    }
    if (APR_STATUS_IS_TIMEUP(status) || APR_STATUS_IS_ETIMEDOUT(status)) {
        return HTTP_REQUEST_TIME_OUT;
    }
    ap_log_rerror(APLOG_MARK, APLOG_INFO, status, r, "CIV0320: the request body cannot be read to its end");
    civ_request_close(call);
    return civ_request_fault(call, CIV_PROBLEM_TRUNCATED_BODY, "The request body cannot be read to its end.");
}

/* Take over what one brigade holds. */
static int take_brigade(civ_call_t *call, apr_bucket_brigade *brigade, civ_buffer_t *body, int *ended)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t length;
        apr_status_t status;

        if (APR_BUCKET_IS_EOS(bucket)) {
            *ended = 1;
            return OK;
        }
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
        if (status != APR_SUCCESS) {
            return reading_failed(call, status);
        }
        if ((apr_int64_t)(body->length + length) > call->server->values.max_body) {
            return refuse_body(call);
        }
        civ_buffer_append(body, data, length);
    }
    return OK;
}

static int read_body(civ_call_t *call, civ_buffer_t *body)
{
    request_rec *r = call->r;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    int ended = 0;
    int result = OK;

    while (!ended && result == OK) {
        apr_status_t status =
            ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, HUGE_STRING_LEN);

        result =
            status == APR_SUCCESS ? take_brigade(call, brigade, body, &ended) : reading_failed(call, status);
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
    return result;
}

/* A misspelt option must not pass in silence. */
static int check_members(civ_call_t *call)
{
    const civ_json_t *body = call->body;
    const civ_field_t *field;
    apr_size_t i;

    for (i = 0; i < body->as.object.count; i++) {
        const civ_json_member_t *member = &body->as.object.members[i];

        for (field = call->route->body; field->name; field++) {
            if (strlen(field->name) == member->name_length &&
                memcmp(field->name, member->name, member->name_length) == 0) {
                break;
            }
        }
        if (!field->name) {
            civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER,
                               civ_json_pointer_join("", member->name, call->r->pool), call->r->pool,
                               "The request has a member that is not known here.");
            return CIV_FAULTED;
        }
    }
    for (field = call->route->body; field->name; field++) {
        if (field->need == CIV_REQUIRED && !civ_json_get(body, field->name)) {
            civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER,
                               civ_json_pointer_join("", field->name, call->r->pool), call->r->pool,
                               "The request lacks the member \"%s\".", field->name);
            return CIV_FAULTED;
        }
    }
    return OK;
}

static int parse_body(civ_call_t *call, const civ_buffer_t *body)
{
    civ_json_limits_t limits = civ_json_request_limits;

    limits.size = (apr_size_t)call->server->values.max_body;
    if (civ_json_parse(&call->body, body->data, body->length, &limits, &call->problem, call->r->pool) !=
        APR_SUCCESS) {
        return CIV_FAULTED;
    }
    if (call->body->type != CIV_JSON_OBJECT) {
        civ_problem_set_at(&call->problem, CIV_PROBLEM_INVALID_MEMBER, "", call->r->pool,
                           "The request body is not a JSON object.");
        return CIV_FAULTED;
    }
    return check_members(call);
}

/* A filter such as mod_deflate's takes the header away with the encoding, when it starts to read. */
static int check_encoding(civ_call_t *call)
{
    const char *encoding = apr_table_get(call->r->headers_in, "Content-Encoding");

    if (!encoding || strcasecmp(encoding, "identity") == 0) {
        return OK;
    }
    return civ_request_fault(call, CIV_PROBLEM_UNSUPPORTED_TYPE,
                             "This server does not decode the Content-Encoding of the request.");
}

int civ_request_body(civ_call_t *call)
{
    apr_off_t length;
    civ_buffer_t body;
    int result = check_content_type(call);

    if (result == OK) {
        result = read_idempotency_key(call);
    }
    if (result == OK) {
        result = announced_length(call, &length);
    }
    if (result != OK) {
        return result;
    }
    civ_buffer_init(&body, length ? (apr_size_t)length + 1 : FIRST_READ, call->r->pool);
    result = read_body(call, &body);
    if (result == OK) {
        result = check_encoding(call);
    }
    if (result == OK) {
        result = parse_body(call, &body);
    }
    if (result == OK && call->idempotent) {
        civ_digest_sha256(&call->idempotency.request, body.data, body.length);
    }
    return result;
}

/* The type of a form is what several programs send that send JSON. */
static int check_raw_type(civ_call_t *call)
{
    static const char form[] = "application/x-www-form-urlencoded";
    const char *type = apr_table_get(call->r->headers_in, "Content-Type");
    apr_size_t length = sizeof(form) - 1;

    if (civ_media_is_json(type) || (type && strncasecmp(type, form, length) == 0 &&
                                    (!type[length] || type[length] == ';' || type[length] == ' '))) {
        return OK;
    }
    return civ_request_fault(call, CIV_PROBLEM_UNSUPPORTED_TYPE,
                             "The request needs a Content-Type of application/json, in UTF-8, or "
                             "application/x-www-form-urlencoded.");
}

int civ_request_content(civ_call_t *call)
{
    civ_buffer_t *content = apr_palloc(call->r->pool, sizeof(*content));
    apr_off_t length;
    int result = check_raw_type(call);

    if (result == OK) {
        result = check_encoding(call);
    }
    if (result == OK) {
        result = announced_length(call, &length);
    }
    if (result != OK) {
        return result;
    }
    civ_buffer_init(content, length ? (apr_size_t)length + 1 : FIRST_READ, call->r->pool);
    result = read_body(call, content);
    if (result == OK) {
        call->content = content;
    }
    return result;
}

const civ_idempotency_t *civ_request_retry(const civ_call_t *call)
{
    return call->idempotent ? &call->idempotency : NULL;
}

/* --- the client --- */

void civ_request_close(const civ_call_t *call)
{
    if (!call->r->connection->master) {
        call->r->connection->keepalive = AP_CONN_CLOSE;
    }
}

int civ_request_is_abandoned(const civ_call_t *call)
{
    conn_rec *connection = call->r->connection;
    apr_socket_t *socket;
    int ended = 0;

    if (connection->aborted) {
        return 1;
    }
    /* A stream of a multiplexed connection (HTTP/2) has no socket of its own. */
    if (connection->master) {
        return connection->master->aborted;
    }
    socket = ap_get_conn_socket(connection);
    return socket && apr_socket_atreadeof(socket, &ended) == APR_SUCCESS && ended;
}
