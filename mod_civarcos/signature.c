/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "signature.h"

#include "mount.h"

#include "base/encoding.h"
#include "base/json_writer.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <apr_strings.h>

#include <string.h>

APLOG_USE_MODULE(civarcos);

#define FILTER "CIVARCOS_SIGNED_CONTENT"

/** Between what decodes content (mod_deflate: AP_FTYPE_CONTENT_SET) and what takes it off the wire (AP_FTYPE_PROTOCOL). */
#define FILTER_TYPE ((ap_filter_type)(AP_FTYPE_CONTENT_SET + 5))

/** Bytes of a request's id, where no module gives it one. */
#define ID_BYTES 12

/** What a signature may be about, as it was sent. */
struct civ_sent_t {
    civ_message_t message;
    civ_content_hash_t *hash;
};

/* --- content --- */

static apr_status_t hash_content(ap_filter_t *filter, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                                 apr_read_type_e block, apr_off_t bytes)
{
    civ_content_hash_t *hash = filter->ctx;
    apr_status_t status = ap_get_brigade(filter->next, brigade, mode, block, bytes);
    apr_bucket *bucket;

    /* What is only looked at comes once more. */
    if (status != APR_SUCCESS || mode == AP_MODE_SPECULATIVE) {
        return status;
    }
    for (bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t length;

        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        status = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
        if (status != APR_SUCCESS) {
            return status;
        }
        civ_content_hash_add(hash, data, length);
    }
    return APR_SUCCESS;
}

/* --- the request as it was sent --- */

static int count_line(void *count, const char *name, const char *value)
{
    (void)name;
    (void)value;
    *(int *)count += 1;
    return 1;
}

typedef struct lines_t {
    civ_header_line_t *next;
} lines_t;

static int take_line(void *baton, const char *name, const char *value)
{
    lines_t *lines = baton;

    lines->next->name = name;
    lines->next->value = value;
    lines->next++;
    return 1;
}

/* A filter that decodes content takes its Content-Encoding and Content-Length away, so the table is copied before. */
static void take_lines(civ_message_t *message, const request_rec *r)
{
    lines_t lines;
    int count = 0;

    apr_table_do(count_line, &count, r->headers_in, NULL);
    lines.next = apr_palloc(r->pool, ((apr_size_t)count + 1) * sizeof(*lines.next));
    message->lines = lines.next;
    message->line_count = count;
    apr_table_do(take_line, &lines, r->headers_in, NULL);
}

static civ_content_hash_t *watch_content(request_rec *r)
{
    civ_message_t message = {.method = r->method};
    civ_content_hash_t *hash;

    take_lines(&message, r);
    hash = civ_content_hash_begin(
        civ_content_digest_algorithms(civ_message_header(&message, "Content-Digest", r->pool), r->pool),
        r->pool);
    ap_add_input_filter(FILTER, hash, r, r->connection);
    return hash;
}

static int bears_signature(const request_rec *r)
{
    return apr_table_get(r->headers_in, "Signature-Input") || apr_table_get(r->headers_in, "Signature");
}

/* Modules such as mod_security read the content before the handler does, and hand on what they have read. What handler there
 * will be is not known yet, but where ours stand is. */
static int watch_early(request_rec *r)
{
    const apr_array_header_t *mounts = civ_server_config(r->server)->mounts;

    if (bears_signature(r) && r->uri && civ_mount_match(mounts, r->uri)) {
        ap_set_module_config(r->request_config, &civarcos_module, watch_content(r));
    }
    return DECLINED;
}

void civ_signature_register(void)
{
    ap_register_input_filter(FILTER, hash_content, NULL, FILTER_TYPE);
    ap_hook_post_read_request(watch_early, NULL, NULL, APR_HOOK_FIRST);
}

/* What the client has sent, also where the server has led the request elsewhere within itself. */
static const char *target_of(const request_rec *r)
{
    while (r->prev) {
        r = r->prev;
    }
    return r->unparsed_uri;
}

void civ_signature_prepare(civ_call_t *call)
{
    request_rec *r = call->r;
    struct civ_sent_t *sent;

    if (!civ_signature_is_there(call)) {
        return;
    }
    sent = apr_pcalloc(r->pool, sizeof(*sent));
    sent->message.method = r->method;
    sent->message.scheme = ap_http_scheme(r);
    sent->message.authority = apr_table_get(r->headers_in, "Host");
    sent->message.target = target_of(r);
    take_lines(&sent->message, r);
    sent->hash = ap_get_module_config(r->request_config, &civarcos_module);
    if (!sent->hash) {
        sent->hash = watch_content(r);
    }
    call->sent = sent;
}

int civ_signature_is_there(const civ_call_t *call)
{
    return bears_signature(call->r);
}

/* --- who we are --- */

static void add_name(apr_array_header_t *names, const char *name, apr_port_t port, apr_pool_t *pool)
{
    /* An IPv6 address stands in brackets wherever a port may follow. */
    int is_bare = strchr(name, ':') && name[0] != '[';

    APR_ARRAY_PUSH(names, const char *) =
        apr_psprintf(pool, "%s%s%s:%u", is_bare ? "[" : "", name, is_bare ? "]" : "", port);
}

/* Names that are patterns do not count: other servers' names may be among them. */
static const apr_array_header_t *own_names(const request_rec *r)
{
    const server_rec *server = r->server;
    apr_port_t port = server->port ? server->port : r->connection->local_addr->port;
    apr_array_header_t *names = apr_array_make(r->pool, 4, sizeof(const char *));
    int i;

    if (server->server_hostname) {
        add_name(names, server->server_hostname, port, r->pool);
    }
    for (i = 0; server->names && i < server->names->nelts; i++) {
        add_name(names, APR_ARRAY_IDX(server->names, i, const char *), port, r->pool);
    }
    return names;
}

/* --- refusals --- */

static const char *request_id(civ_call_t *call)
{
    unsigned char bytes[ID_BYTES];
    const char *id = apr_table_get(call->r->subprocess_env, "UNIQUE_ID");

    if (!call->id) {
        if (!id) {
            id = call->r->log_id;
        }
        if (!id && apr_generate_random_bytes(bytes, sizeof(bytes)) == APR_SUCCESS) {
            id = civ_base64url_encode(bytes, sizeof(bytes), call->r->pool);
        }
        call->id = id ? id : "-";
    }
    return call->id;
}

/* What its client can mend is told to it; what it is not told is worth a warning. */
static int level_of(civ_signature_label_e label)
{
    return label == CIV_SIGNATURE_KEY_UNKNOWN || label == CIV_SIGNATURE_INVALID ? APLOG_WARNING : APLOG_INFO;
}

/* The last word on a request is the one that counts: what was good may turn out to have been used before. Whoever may read the
 * metrics is told no more about keys than the client is. */
static void judge(civ_call_t *call, civ_signature_label_e label)
{
    call->signature_judged = 1;
    call->signature_label = label == CIV_SIGNATURE_KEY_UNKNOWN ? CIV_SIGNATURE_INVALID : label;
}

static int refuse(civ_call_t *call, const civ_request_signature_t *result)
{
    request_rec *r = call->r;

    judge(call, result->shown);
    ap_log_rerror(APLOG_MARK, level_of(result->label), 0, r,
                  "CIV0600: request %s is not accepted: %s (%s; key id \"%s\", created %" APR_INT64_T_FMT ")",
                  request_id(call), civ_signature_label_name(result->label),
                  result->culprit ? result->culprit : "-", result->key_id ? result->key_id : "",
                  result->created);
    call->refusal_logged = 1;
    if (result->culprit) {
        civ_problem_set(&call->problem, CIV_PROBLEM_UNAUTHORIZED, r->pool, "%s (Here: %s)",
                        civ_signature_advice(result->shown), result->culprit);
    } else {
        civ_problem_set(&call->problem, CIV_PROBLEM_UNAUTHORIZED, r->pool, "%s",
                        civ_signature_advice(result->shown));
    }
    return CIV_FAULTED;
}

/* What was found where the request's work is done, which knows no labels: it bears no signature, or one that was used before, or
 * one by a key that was given up since this process read it.
 */
static civ_signature_label_e late_label(const civ_call_t *call)
{
    if (strcmp(call->problem.detail, civ_signature_advice(CIV_SIGNATURE_REPLAY)) == 0) {
        return CIV_SIGNATURE_REPLAY;
    }
    return call->signature_judged ? CIV_SIGNATURE_KEY_UNKNOWN : CIV_SIGNATURE_MISSING;
}

void civ_signature_challenge(civ_call_t *call)
{
    request_rec *r = call->r;

    if (!call->refusal_logged) {
        civ_signature_label_e label = late_label(call);

        judge(call, label);
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "CIV0601: request %s is not accepted: %s (%s)",
                      request_id(call), civ_signature_label_name(label), call->problem.detail);
        call->refusal_logged = 1;
    }
    /* The Date that a client compares its clock with, httpd adds itself. */
    apr_table_setn(r->headers_out, "Accept-Signature", CIV_SIGNATURE_ACCEPT);
    apr_table_setn(r->headers_out, "WWW-Authenticate", "Signature");
}

/* --- verification --- */

int civ_signature_check(civ_call_t *call, const char *key_id, civ_signature_lookup_fn *lookup, void *baton,
                        civ_request_signature_t *result)
{
    const civ_settings_t *values = &call->server->values;
    request_rec *r = call->r;
    const apr_array_header_t *names;
    civ_content_digests_t content;
    apr_status_t status;

    if (!call->sent) {
        memset(result, 0, sizeof(*result));
        result->label = result->shown = CIV_SIGNATURE_MISSING;
        return refuse(call, result);
    }
    names = values->authorities ? values->authorities : own_names(r);
    civ_content_hash_get(call->sent->hash, &content);
    {
        const civ_signed_request_t request = {
            &call->sent->message, &content, apr_time_sec(apr_time_now()), key_id, lookup, baton};
        const civ_signature_policy_t policy = {apr_time_sec(values->signature_back),
                                               apr_time_sec(values->signature_ahead),
                                               (const char *const *)names->elts, names->nelts};

        status = civ_request_signature_verify(result, &request, &policy, r->pool);
    }
    if (status == CIV_EINVALID) {
        return refuse(call, result);
    }
    if (status != APR_SUCCESS) {
        civ_store_problem_reading(&call->problem, status, r->pool);
        return CIV_FAULTED;
    }
    judge(call, CIV_SIGNATURE_GOOD);
    return OK;
}

const char *civ_signature_proof(const civ_request_signature_t *signature, apr_pool_t *pool)
{
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, signature->base_length + 256, pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "signature",
                         civ_base64_encode(signature->signature, sizeof(signature->signature), pool));
    civ_json_member_text(&writer, "key_id", signature->key_id);
    civ_json_member_text(&writer, "base", signature->base);
    civ_json_end_object(&writer);
    return text.data;
}
