/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_transfer.c
 * One request through libcurl: within bounds of bytes and time, to be given up at any moment.
 */
#include "sync/http_private.h"

#include "base/status.h"
#include "base/timestamp.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/** What of a body's memory is kept for the next one. */
#define KEPT_BODY ((apr_size_t)1 << 20)

/** The longest wait for a socket before a look around: milliseconds. */
#define GLANCE 100

/* --- what comes back --- */

static apr_size_t take_body(char *data, apr_size_t size, apr_size_t count, void *baton)
{
    civ_http_transfer_t *transfer = baton;
    civ_http_t *http = transfer->http;
    apr_size_t length = size * count;
    apr_size_t needed = transfer->body_length + length;

    if (needed > transfer->body_most) {
        transfer->is_too_large = 1;
        return 0;
    }
    if (needed > http->body_size) {
        apr_size_t grown = http->body_size > 0 ? http->body_size : 65536;
        char *body;

        while (grown < needed)
            grown *= 2;
        body = realloc(http->body, grown);
        if (body == NULL)
            return 0;
        http->body = body;
        http->body_size = grown;
    }
    if (length > 0)
        memcpy(http->body + transfer->body_length, data, length);
    transfer->body_length = needed;
    return length;
}

static void join(civ_http_transfer_t *transfer, const char **values, const char *value)
{
    transfer->joined_bytes += strlen(*values) + strlen(value) + 2;
    if (transfer->joined_bytes > CIV_HTTP_JOINED_MOST)
        transfer->is_too_large = 1;
    else
        *values = apr_pstrcat(transfer->pool, *values, ", ", value, NULL);
}

static void add_field(civ_http_transfer_t *transfer, char *line)
{
    char *value = strchr(line, ':');
    char *at;
    int i;

    if (value == NULL)
        return;
    *value++ = '\0';
    for (at = line; *at != '\0'; at++)
        *at = (char)apr_tolower(*at);
    value += strspn(value, " \t");
    for (i = 0; i < transfer->field_count; i++) {
        if (strcmp(transfer->fields[i].name, line) == 0) {
            join(transfer, &transfer->fields[i].value, value);
            return;
        }
    }
    if (transfer->field_count < CIV_HTTP_FIELDS_MOST) {
        transfer->fields[transfer->field_count].name = line;
        transfer->fields[transfer->field_count++].value = value;
    }
}

/* Headers of an interim answer, or of a proxy's, go when those of the next one begin. */
static apr_size_t take_header(char *data, apr_size_t size, apr_size_t count, void *baton)
{
    civ_http_transfer_t *transfer = baton;
    apr_size_t length = size * count;
    apr_size_t kept = length;
    char *line;

    transfer->header_bytes += length;
    if (transfer->header_bytes > CIV_HTTP_HEADERS_MOST) {
        transfer->is_too_large = 1;
        return 0;
    }
    while (kept > 0 && strchr(" \t\r\n", data[kept - 1]) != NULL)
        kept--;
    if (length >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        transfer->field_count = 0;
        transfer->body_length = 0;
        return length;
    }
    line = apr_pstrmemdup(transfer->pool, data, kept);
    add_field(transfer, line);
    return transfer->is_too_large ? 0 : length;
}

/* --- what is sent --- */

static int is_named(const char *line, const char *name)
{
    apr_size_t length = strlen(name);

    return strncasecmp(line, name, length) == 0 && line[length] == ':';
}

static struct curl_slist *make_headers(const civ_http_transfer_t *transfer)
{
    const civ_http_request_t *request = transfer->request;
    const civ_http_t *http = transfer->http;
    apr_pool_t *pool = transfer->pool;
    struct curl_slist *list = NULL;
    struct curl_slist **end = &list;
    int i;

    for (i = 0; http->headers[i] != NULL; i++) {
        if (request->accept == NULL || !is_named(http->headers[i], "Accept"))
            civ_http_add_line(&end, http->headers[i], pool);
    }
    if (request->accept != NULL)
        civ_http_add_line(&end, apr_pstrcat(pool, "Accept: ", request->accept, NULL), pool);
    if (request->etag != NULL)
        civ_http_add_line(&end, apr_pstrcat(pool, "If-None-Match: ", request->etag, NULL), pool);
    if (request->last_modified != NULL)
        civ_http_add_line(&end, apr_pstrcat(pool, "If-Modified-Since: ", request->last_modified, NULL), pool);
    if (request->content != NULL)
        civ_http_add_line(
            &end,
            apr_pstrcat(pool, "Content-Type: ",
                        request->content_type != NULL ? request->content_type : "application/json", NULL),
            pool);
    /* Without it libcurl would wait for "100 Continue", which many servers never send. */
    civ_http_add_line(&end, "Expect:", pool);
    for (i = 0; transfer->has_credentials && http->secrets[i] != NULL; i++)
        civ_http_add_line(&end, http->secrets[i], pool);
    return list;
}

static void set_method(const civ_http_transfer_t *transfer)
{
    const civ_http_request_t *request = transfer->request;
    CURL *easy = transfer->http->easy;

    /* On a kept connection that turns out to be closed, libcurl would send it again by itself. */
    if (!civ_http_may_repeat(request))
        curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    if (request->content != NULL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->content);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->content_length);
    }
    if (request->method != NULL && strcmp(request->method, "GET") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

static void set_protocols(CURL *easy, int is_https)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, is_https ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP);
#endif
#if LIBCURL_VERSION_NUM >= 0x074000
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
#endif
}

/* An empty proxy keeps libcurl from asking the environment. */
static void set_way(const civ_http_transfer_t *transfer)
{
    const civ_http_t *http = transfer->http;
    CURL *easy = http->easy;

    curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy != NULL ? http->proxy : "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (http->proxy_secret != NULL)
        curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, http->proxy_secret);
    if (http->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
        curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, http->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

/* @param other 0: there is no other bound */
static apr_int64_t least(apr_int64_t bound, apr_int64_t other)
{
    return other > 0 && other < bound ? other : bound;
}

static void set_up(civ_http_transfer_t *transfer)
{
    const civ_http_t *http = transfer->http;
    /* A moment at least, since 0 is no bound. */
    apr_int64_t left = civ_http_is_late(transfer) ? 1
                       : transfer->until > 0      ? transfer->until - civ_clock_steady(http->clock)
                                                  : 0;
    apr_int64_t total = least(http->policy.total_timeout, left);
    CURL *easy = http->easy;

    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, transfer->url->text);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)least(http->policy.connect_timeout, total));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)total);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, make_headers(transfer));
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, civ_http_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    set_protocols(easy, transfer->url->is_https);
    set_way(transfer);
    civ_http_set_addresses(transfer);
    set_method(transfer);
}

/* --- on its way --- */

static int is_pipe_pending(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void civ_http_block_pipe(civ_http_pipe_t *pipe)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pipe->was_pending = is_pipe_pending();
    pthread_sigmask(SIG_BLOCK, &signals, &pipe->before);
}

void civ_http_allow_pipe(const civ_http_pipe_t *pipe)
{
    sigset_t signals;
    int taken;

    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    if (!pipe->was_pending && is_pipe_pending())
        sigwait(&signals, &taken);
    pthread_sigmask(SIG_SETMASK, &pipe->before, NULL);
}

/* Wait until there is something to do, or for a moment. */
static void wait_for_socket(CURLM *multi)
{
    int ready = 0;

#if LIBCURL_VERSION_NUM >= 0x074200
    curl_multi_poll(multi, NULL, 0, GLANCE, &ready);
#else
    /* Returns at once where there is no socket yet. */
    if (curl_multi_wait(multi, NULL, 0, GLANCE, &ready) == CURLM_OK && ready == 0)
        usleep(5000);
#endif
}

typedef struct window_t {
    apr_time_t begin;
    curl_off_t bytes;
} window_t;

/* Whether too little came in for too long. A trickle that keeps us waiting for ever is no better than nothing. */
static int has_stalled(const civ_http_transfer_t *transfer, window_t *window)
{
    const civ_http_policy_t *policy = &transfer->http->policy;
    apr_time_t now = civ_timestamp_steady();
    curl_off_t bytes = 0;
    curl_off_t sent = 0;

    if (now - window->begin < apr_time_from_msec(policy->stall_time))
        return 0;
    curl_easy_getinfo(transfer->http->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    curl_easy_getinfo(transfer->http->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    bytes += sent + (curl_off_t)transfer->header_bytes;
    if (bytes - window->bytes < policy->stall_bytes)
        return 1;
    window->begin = now;
    window->bytes = bytes;
    return 0;
}

static CURLcode result_of(CURLM *multi)
{
    CURLcode code = CURLE_RECV_ERROR;
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            code = message->data.result;
    }
    return code;
}

static apr_status_t run(civ_http_transfer_t *transfer, CURLcode *code)
{
    civ_http_t *http = transfer->http;
    window_t window = {civ_timestamp_steady(), 0};
    apr_status_t status = APR_SUCCESS;
    int running = 1;

    *code = CURLE_RECV_ERROR;
    if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        return APR_ENOMEM;
    while (running && status == APR_SUCCESS && !transfer->is_stalled) {
        if (curl_multi_perform(http->multi, &running) != CURLM_OK)
            break;
        if (running) {
            wait_for_socket(http->multi);
            transfer->is_stalled = has_stalled(transfer, &window);
            if (civ_http_is_interrupted(http))
                status = CIV_EINTERRUPTED;
        }
    }
    if (status == APR_SUCCESS && !transfer->is_stalled)
        *code = result_of(http->multi);
    curl_multi_remove_handle(http->multi, http->easy);
    return status;
}

/* A proxy that refuses a tunnel does so for a reason that does not go away by itself. */
static void explain_proxy(civ_http_transfer_t *transfer)
{
    long status = 0;

    curl_easy_getinfo(transfer->http->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status < 400)
        return;
    transfer->fault =
        apr_psprintf(transfer->pool, "cannot be reached: the proxy answers with status %ld", status);
    transfer->is_sentence = 0;
    transfer->is_final = status < 500;
}

/* With a proxy it is the proxy that is not there. */
static void explain_refusal(civ_http_transfer_t *transfer)
{
    const civ_url_t *url = transfer->http->proxy != NULL ? &transfer->http->proxy_url : transfer->url;

    transfer->fault = apr_psprintf(transfer->pool, "the %s %s could not be connected to on port %d",
                                   transfer->http->proxy != NULL ? "proxy" : "server", url->host, url->port);
    transfer->is_sentence = 1;
    transfer->pin->name[0] = '\0'; /* it may have moved: the next try looks it up again */
}

/* What went wrong, in words that name no address. */
static void explain(civ_http_transfer_t *transfer, CURLcode code)
{
    transfer->fault = apr_pstrcat(transfer->pool, "failed: ", curl_easy_strerror(code), NULL);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        transfer->fault = "did not answer in time";
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
        transfer->fault = "ended its answer too early";
        break;
    case CURLE_COULDNT_CONNECT:
        explain_refusal(transfer);
        break;
#if LIBCURL_VERSION_NUM < 0x073e00
    case CURLE_SSL_CACERT:
#endif
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        transfer->fault =
            "has a certificate that is not trusted here (a CA file can be given for each connector)";
        transfer->is_final = 1;
        break;
    case CURLE_SSL_CONNECT_ERROR:
        transfer->fault = "could not be spoken to by TLS";
        transfer->is_final =
            transfer->request->is_for_human; /* else it may be a server that is just starting */
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
        transfer->is_final = 1;
        break;
    default:
        break;
    }
    explain_proxy(transfer);
    if (transfer->is_stalled) {
        transfer->fault = "stopped sending in the middle of its answer, or did not begin";
        transfer->is_sentence = 0;
    }
}

apr_status_t civ_http_transfer(civ_http_transfer_t *transfer)
{
    civ_http_t *http = transfer->http;
    curl_off_t received = 0;
    long code_of_http = 0;
    civ_http_pipe_t pipe;
    apr_status_t status;
    CURLcode code;

    if (civ_http_is_late(transfer)) {
        transfer->fault = "did not answer in time";
        return APR_SUCCESS;
    }
    status = civ_http_check_way(transfer);
    if (status == CIV_EINVALID || status == CIV_EINTERRUPTED || status == APR_ENOMEM)
        return status;
    if (status != APR_SUCCESS)
        return APR_SUCCESS; /* the name could not be looked up now: fault says so */
    transfer->fault = NULL;
    transfer->fields = apr_pcalloc(transfer->pool, sizeof(*transfer->fields) * CIV_HTTP_FIELDS_MOST);
    set_up(transfer);
    http->counts.requests++;
    civ_http_block_pipe(&pipe);
    status = run(transfer, &code);
    civ_http_allow_pipe(&pipe);
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &code_of_http);
    curl_easy_getinfo(http->easy, CURLINFO_SIZE_DOWNLOAD_T, &received);
    transfer->received = (apr_size_t)received;
    http->counts.bytes += received;
    transfer->status = (int)code_of_http;
    if (status != APR_SUCCESS)
        return status;
    if (transfer->is_refused) {
        transfer->fault = "leads to an address that was not checked";
        return CIV_EINVALID;
    }
    if (code != CURLE_OK && !transfer->is_too_large)
        explain(transfer, code);
    return APR_SUCCESS;
}

void civ_http_release_body(civ_http_t *http)
{
    if (http->body_size > KEPT_BODY) {
        free(http->body);
        http->body = NULL;
        http->body_size = 0;
    }
}
