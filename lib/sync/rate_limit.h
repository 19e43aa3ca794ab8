/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rate_limit.h
 * Keeping to the limits of other servers: what their answers say of them, how long to wait, and a limiter that all clients of a
 * process share. Limits are a credential's, so the limiter counts by host and credential; when a host says that it is too much,
 * all wait that talk to it; a credential that comes only then may ask for itself. A share of each quota is left for the people who use the same account.
 *
 * All times are milliseconds.
 */
#ifndef CIV_SYNC_RATE_LIMIT_H
#define CIV_SYNC_RATE_LIMIT_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "sync/clock.h"

#define CIV_RATE_UNKNOWN (-1)

/** What one answer says; CIV_RATE_UNKNOWN where it says nothing, which is not zero. */
typedef struct civ_rate_t {
    apr_int64_t limit;       /**< requests in a period */
    apr_int64_t remaining;   /**< of these, still to be had */
    apr_int64_t reset;       /**< milliseconds until there are new ones; at most CIV_RATE_LONGEST */
    apr_int64_t retry_after; /**< milliseconds to wait, as asked for; at most CIV_RATE_LONGEST */
} civ_rate_t;

/** No server is believed that wants more patience than an hour and a bit. */
#define CIV_RATE_LONGEST APR_INT64_C(3660000)

/** The value of a response header by its lower-case name, or NULL. */
typedef const char *civ_rate_field_fn(void *baton, const char *name);

/** Read the headers of an answer. @param now the local clock, for servers that send no Date */
void civ_rate_read(civ_rate_t *rate, civ_rate_field_fn *field, void *baton, apr_int64_t now);

/**
 * Read Retry-After: seconds or a date (RFC 9110 section 10.2.3).
 * @param now milliseconds since 1970, by the server's clock if it is known
 * @return milliseconds, 0 to CIV_RATE_LONGEST; CIV_RATE_UNKNOWN when it is neither
 */
apr_int64_t civ_retry_after(const char *field, apr_int64_t now);

/** How to wait. */
typedef struct civ_rate_policy_t {
    apr_int64_t throttle_first; /**< a limit without a word about how long: 60 s, doubled each time ... */
    apr_int64_t throttle_most;  /**< ... up to 15 min; a fifth more or less by chance */
    apr_int64_t
        backoff_base; /**< an error: 1 s, doubled for each try, is the most that is waited by chance ... */
    apr_int64_t backoff_most; /**< ... but not above 60 s */
} civ_rate_policy_t;

/** What an answer means for the next request. */
typedef struct civ_rate_decision_t {
    int is_limited;   /**< the request was refused because of a limit: wait, then repeat it */
    apr_int64_t wait; /**< before any next request with this credential; 0: none */
} civ_rate_decision_t;

/**
 * Decide, by status, headers and text.
 * @param says_limited a 403's text speaks of a rate limit (civ_rate_text_says_limited)
 * @param waits how often this request was limited before
 */
void civ_rate_decide(civ_rate_decision_t *decision, int status, const civ_rate_t *rate, int says_limited,
                     unsigned waits, const civ_rate_policy_t *policy, const civ_clock_t *clock);

/** Whether the text of a 403 speaks of a rate limit: GitHub says so in its message alone. */
int civ_rate_text_says_limited(const char *body, apr_size_t length);

/** How long to wait after the @a tries th failure (1, 2 ...): by chance up to the base doubled so often, full jitter. */
apr_int64_t civ_rate_backoff(unsigned tries, const civ_rate_policy_t *policy, const civ_clock_t *clock);

/** What all clients of a process share. Thread-safe. */
typedef struct civ_limiter_t civ_limiter_t;

typedef struct civ_limiter_config_t {
    const civ_clock_t *clock; /**< NULL: the machine's */
    /** Called when a pause of a whole host begins, so that other processes may keep it too. May be NULL. */
    void (*publish)(void *baton, const char *host, apr_int64_t until);
    /** Until when other processes say that the host is to be left alone, in milliseconds since 1970; 0: they say nothing.
     *  Called before each request. May be NULL. */
    apr_int64_t (*look_up)(void *baton, const char *host);
    void *baton;
} civ_limiter_config_t;

/** Whose request it is. */
typedef struct civ_limiter_key_t {
    const char *host;       /**< "host:port" */
    const char *credential; /**< a name for it, such as the connector's id; never the secret itself */
    double rate;            /**< requests in a second that the bucket takes in the long run; 0: any number */
    unsigned burst;         /**< requests that it takes at once */
    int is_for_human;       /**< somebody waits for it: may have what was kept back */
} civ_limiter_key_t;

/** Make one; it lives as long as @a pool, and so does what it knows of each host and credential. */
apr_status_t civ_limiter_create(civ_limiter_t **limiter, const civ_limiter_config_t *config,
                                apr_pool_t *pool);

/** How long a request has to wait now. 0: it may go, and has taken its token. */
apr_int64_t civ_limiter_take(civ_limiter_t *limiter, const civ_limiter_key_t *key);

/** Remember what an answer said: what remains, and how long to hold this credential back (0: not at all). */
void civ_limiter_note(civ_limiter_t *limiter, const civ_limiter_key_t *key, const civ_rate_t *rate,
                      apr_int64_t wait);

/** Leave the whole host alone for so long, with every credential that was used there until now. */
void civ_limiter_pause(civ_limiter_t *limiter, const char *host, apr_int64_t wait);

/** What of a quota is kept for people: a tenth, at least 50, at most half. */
apr_int64_t civ_rate_reserve(apr_int64_t limit);

#endif
