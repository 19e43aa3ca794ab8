/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_private.h
 * The client as its own files know it: http.c makes it, http_send.c repeats, waits and follows redirects, http_transfer.c sends
 * one request, http_way.c knows where to. Nobody else includes it.
 */
#ifndef CIV_SYNC_HTTP_PRIVATE_H
#define CIV_SYNC_HTTP_PRIVATE_H

#include <curl/curl.h>
#include <signal.h>

#include "sync/http.h"

/** Bytes of all headers of one answer, and their number. */
#define CIV_HTTP_HEADERS_MOST 262144
#define CIV_HTTP_FIELDS_MOST  256

/** Bytes that joining lines of one name may take, all copies together: each line copies what is there already. */
#define CIV_HTTP_JOINED_MOST 4194304

/** How long what a name was looked up to is used: milliseconds. */
#define CIV_HTTP_PIN_TIME 60000

/** A name that was looked up and checked. */
typedef struct civ_http_pin_t {
    char name[264]; /**< "host:port"; "": none */
    apr_int64_t made;
    int count;
    civ_address_t addresses[CIV_EGRESS_ADDRESSES];
} civ_http_pin_t;

#define CIV_HTTP_PINS 8

struct civ_http_t {
    civ_http_policy_t policy;
    const civ_clock_t *clock;
    const civ_egress_t *egress;
    civ_limiter_t *limiter;
    civ_limiter_key_t account; /**< "host:port" of the base, and the credential */
    civ_url_t *bases;          /**< base, then also */
    int base_count;
    const char *const *headers; /**< ended by NULL, as secrets */
    char *const *secrets;
    const char *user_agent;
    const char *proxy; /**< or NULL */
    civ_url_t proxy_url;
    const char *proxy_secret;
    const char *ca_file;
    int (*interrupted)(void *baton);
    void (*waiting)(void *baton, civ_http_wait_e why, apr_int64_t milliseconds, const char *fault);
    void *baton;
    const civ_log_t *log;
    civ_http_counts_t counts;
    CURL *easy;
    CURLM *multi;
    civ_http_pin_t pins[CIV_HTTP_PINS];
    char *body; /**< from malloc(), kept for the next answer */
    apr_size_t body_size;
};

/** One request on its way, and what came back. */
typedef struct civ_http_transfer_t {
    civ_http_t *http;
    const civ_http_request_t *request;
    const civ_url_t *url;
    int has_credentials;
    apr_size_t body_most;
    apr_int64_t
        until; /**< steady, when nobody waits for it any more; 0: as long as the policy lets it take */
    civ_http_pin_t *pin;    /**< what may be connected to */
    apr_pool_t *pool;       /**< for the headers */
    apr_size_t body_length; /**< in http->body */
    apr_size_t header_bytes;
    apr_size_t joined_bytes;
    civ_http_field_t *fields;
    int field_count;
    int status;
    apr_size_t received;
    int is_too_large;
    int is_refused; /**< an address that was not checked was about to be connected to */
    int is_stalled;
    int is_final;      /**< failed in a way that repeating does not mend */
    const char *fault; /**< NULL: a complete answer came; else what went wrong, a sentence's end */
    int is_sentence;   /**< fault is a whole one */
} civ_http_transfer_t;

/** What a thread did with SIGPIPE. */
typedef struct civ_http_pipe_t {
    sigset_t before;
    int was_pending;
} civ_http_pipe_t;

/** Whether a URL is at or below the base or one of also. */
int civ_http_is_trusted(const civ_http_t *http, const civ_url_t *url);

/** Whether it is a GET. */
int civ_http_is_get(const civ_http_request_t *request);

/** Whether it does no harm when a request arrives twice. */
int civ_http_may_repeat(const civ_http_request_t *request);

/** Whether to stop. */
int civ_http_is_interrupted(civ_http_t *http);

/** Whether the time that somebody waits for it is over. */
int civ_http_is_late(const civ_http_transfer_t *transfer);

/** "host:port". Returns @a out. */
char *civ_http_authority(char out[264], const civ_url_t *url);

/** Find out what may be connected to, for transfer->pin. @return as civ_egress_resolve; fault says why not */
apr_status_t civ_http_check_way(civ_http_transfer_t *transfer);

/** Tell libcurl what the name leads to, so that it does not look it up itself. */
void civ_http_set_addresses(const civ_http_transfer_t *transfer);

/** For libcurl: a socket to one of the addresses that were checked, and to no other. */
curl_socket_t civ_http_open_socket(void *transfer, curlsocktype purpose, struct curl_sockaddr *target);

/** Append a line to a list of libcurl's: a node of our own, so that libcurl gets no copy of a secret to forget somewhere. */
void civ_http_add_line(struct curl_slist ***end, const char *line, apr_pool_t *pool);

/**
 * Check where it goes, send one request, and take in the answer. Of @a transfer, the members up to until, and pool, are set.
 * @return APR_SUCCESS, also where fault is set; CIV_EINTERRUPTED; CIV_EINVALID when the egress rules refuse it (fault says why);
 *         APR_ENOMEM
 */
apr_status_t civ_http_transfer(civ_http_transfer_t *transfer);

/** TLS writes to connections that the other side has closed, and libcurl leaves the signal that comes of it to its caller: keep it
 *  from this thread until civ_http_allow_pipe. */
void civ_http_block_pipe(civ_http_pipe_t *pipe);

/** As it was before; a signal that came meanwhile is forgotten. */
void civ_http_allow_pipe(const civ_http_pipe_t *pipe);

/** Give back the memory of a large body. */
void civ_http_release_body(civ_http_t *http);

#endif
