/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http.h
 * The client that talks to platforms, over libcurl: one for each connector, used by one thread at a time. It alone has the
 * connector's credentials, and shows them to the base it was made for and to nobody else. It keeps to the egress rules and rate
 * limits, follows redirects by hand, bounds every answer in bytes and time, repeats what may be repeated, and says in
 * http_answer.h's words what came of it.
 */
#ifndef CIV_SYNC_HTTP_H
#define CIV_SYNC_HTTP_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/log.h"
#include "sync/clock.h"
#include "sync/egress.h"
#include "sync/http_answer.h"
#include "sync/rate_limit.h"

typedef struct civ_http_t civ_http_t;

/** Bounds and patience; times are milliseconds. */
typedef struct civ_http_policy_t {
    apr_int64_t connect_timeout; /**< 10 s */
    apr_int64_t stall_time;      /**< 60 s without ... */
    apr_int64_t stall_bytes;     /**< ... so many bytes (60) is a stall */
    apr_int64_t total_timeout;   /**< one try: 300 s */
    apr_size_t body_most;        /**< bytes of a decoded body: 64 MiB */
    unsigned redirects;          /**< hops at most: 5 */
    unsigned tries;              /**< requests at most, the first included: 6 */
    unsigned throttle_waits;     /**< waits for limits at most: 6 */
    apr_int64_t longest_wait;    /**< a longer one is not begun (THROTTLED instead): 15 min */
    apr_int64_t longest_request; /**< all tries and waits together: 15 min */
    double
        rate; /**< requests a second with this credential in the long run, as the platform's manual allows (GitHub: 15); 0,
                         the default: any number, which is one after the other */
    unsigned burst; /**< at once: 100 */
    civ_rate_policy_t pace;
} civ_http_policy_t;

/** The values above. */
extern const civ_http_policy_t civ_http_default_policy;

/** Why the client waits. */
typedef enum civ_http_wait_e {
    CIV_HTTP_WAIT_LIMIT, /**< the server's rate limit, or our own pace */
    CIV_HTTP_WAIT_RETRY  /**< before a repetition */
} civ_http_wait_e;

typedef struct civ_http_config_t {
    const char *base; /**< absolute URL without query; a path is a prefix that everything must be below */
    const char *const
        *also; /**< further bases that get the credentials (Azure's vsrm...), ended by NULL; or NULL */
    const char *const
        *headers; /**< public lines "Name: value" sent with every request, ended by NULL; or NULL */
    const char *const *
        secrets; /**< secret lines "Name: value", ended by NULL, or NULL: sent to base and also only. Copied to
                                     memory that is wiped with the pool; nothing reads them out again */
    const char *user_agent;   /**< NULL: "mod_civarcos/VERSION" */
    const char *proxy;        /**< "http://host:port"; NULL: none, whatever the environment says */
    const char *proxy_secret; /**< "user:password" for the proxy, kept like secrets; or NULL */
    const char *ca_file;      /**< PEM file of the authorities to trust instead of the system's; or NULL */
    const char *
        credential; /**< a name of the credential for the limiter, such as the connector's id; not the secret */
    const civ_egress_t *egress;      /**< lives longer than the client */
    civ_limiter_t *limiter;          /**< shared by all clients of the process; NULL: one of its own */
    const civ_http_policy_t *policy; /**< copied; NULL: civ_http_default_policy */
    const civ_clock_t *clock;        /**< NULL: the machine's */
    /** Asked a few times a second, also while waiting; non-zero: stop now. May be NULL. */
    int (*interrupted)(void *baton);
    /** Told of each wait before it begins, and with 0 milliseconds when it is over. @a fault: before a repetition, why the last try was
     *  in vain, as the answer's reason; else NULL. May be NULL. */
    void (*waiting)(void *baton, civ_http_wait_e why, apr_int64_t milliseconds, const char *fault);
    void *baton;          /**< for both */
    const civ_log_t *log; /**< may be NULL */
} civ_http_config_t;

/**
 * Make a client. Nothing is connected to yet. It lives as long as @a pool, which wipes its secrets.
 * @param error on failure a sentence that names what is wrong (a base that is no URL or that the egress rules refuse, a header
 *        with a line feed, a CA file that cannot be read); never a secret
 * @return APR_SUCCESS, CIV_EINVALID, or another error
 */
apr_status_t civ_http_create(civ_http_t **http, const civ_http_config_t *config, const char **error,
                             apr_pool_t *pool);

/** What to ask for. Zeroed but for url it is a GET for JSON. */
typedef struct civ_http_request_t {
    const char *
        url; /**< absolute, at or below the base (or one of also); or "/..." to be put behind the base. Sent byte for
                                    byte; build it with civ_url_encode() */
    const char *method;        /**< NULL: GET */
    const char *etag;          /**< If-None-Match; or NULL */
    const char *last_modified; /**< If-Modified-Since; or NULL */
    const char *accept;        /**< Accept for this request instead of the configured line; or NULL */
    const char *content;       /**< body to send; or NULL */
    apr_size_t content_length;
    const char *content_type; /**< NULL: application/json */
    int may_repeat; /**< a POST that does no harm when it arrives twice; GETs may always be repeated */
    int is_download; /**< any content type will do; redirects may lead to other hosts, which see no credentials */
    unsigned tries; /**< at most, the first one included; 0: the policy's */
    apr_int64_t
        patience; /**< milliseconds for all tries together, look-ups of names included, waits for limits not; 0: as long as the policy lets each take */
    int is_for_human;     /**< somebody waits for it: may use the quota kept for people */
    apr_size_t body_most; /**< 0: the policy's */
} civ_http_request_t;

/**
 * Send a request, and do all that is to be done until its outcome is known.
 * @param answer filled on @a pool, whenever APR_SUCCESS is returned, also for what went wrong: its class says so
 * @return APR_SUCCESS; CIV_EINTERRUPTED; APR_ENOMEM
 */
apr_status_t civ_http_send(civ_http_t *http, const civ_http_request_t *request, civ_http_answer_t *answer,
                           apr_pool_t *pool);

/**
 * Check a URL that was found in a body, as @a answer->next was: relative ones are resolved against @a from (NULL: the base); it
 * must be at or below the base or one of also.
 * @param absolute on @a pool
 * @param reason on failure a sentence; on @a pool
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_http_admit(const civ_http_t *http, const char *from, const char *url, const char **absolute,
                            const char **reason, apr_pool_t *pool);

/**
 * What the platform says to a request that it did not accept, fit to be shown: without anything of this client's credentials.
 * @return as civ_answer_message
 */
const char *civ_http_message(const civ_http_t *http, const civ_http_answer_t *answer, apr_pool_t *pool);

/** What this client has done since it was made. */
typedef struct civ_http_counts_t {
    apr_int64_t requests;  /**< sent, repetitions and redirects included */
    apr_int64_t retries;   /**< of these, repetitions after errors */
    apr_int64_t unchanged; /**< answers 304 */
    apr_int64_t bytes;     /**< of bodies, on the wire */
    apr_int64_t throttled; /**< milliseconds waited for limits */
    apr_int64_t remaining; /**< of the quota, as last heard; CIV_RATE_UNKNOWN */
} civ_http_counts_t;

civ_http_counts_t civ_http_counts(const civ_http_t *http);

#endif
