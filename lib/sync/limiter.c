/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file limiter.c
 * The limiter that clients share: for each host a pause, which holds back the credentials that there were when it began (a new one
 * has been told nothing yet, and is told by its own first answer), and for each credential there a token bucket, the quota last heard of,
 * and a time to hold back until. Counted on the clock that nobody sets. Nothing is thrown away: there is as much as connectors.
 * Its memory is its own, used under the mutex only: the pool it was made from may be in use by another thread.
 */
#include "sync/rate_limit.h"

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

typedef struct account_t {
    double tokens;
    apr_int64_t filled; /* when tokens was right */
    apr_int64_t held_until;
    apr_int64_t limit;
    apr_int64_t remaining;
    apr_int64_t reset_at;
    apr_uint64_t number; /* among the accounts of its host, as they came */
} account_t;

typedef struct host_t {
    apr_int64_t paused_until;
    apr_uint64_t paused; /* the number of the last account that the pause holds back */
    apr_uint64_t count;
    apr_hash_t *accounts; /* by credential */
} host_t;

struct civ_limiter_t {
    civ_limiter_config_t config;
    apr_thread_mutex_t *mutex;
    apr_hash_t *hosts;
    apr_pool_t *pool;
};

static apr_status_t make_own_pool(apr_pool_t **own, apr_pool_t *pool)
{
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status != APR_SUCCESS)
        return status;
    status = apr_pool_create_ex(own, pool, NULL, allocator);
    if (status != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return status;
    }
    apr_allocator_owner_set(allocator, *own);
    return APR_SUCCESS;
}

apr_status_t civ_limiter_create(civ_limiter_t **limiter, const civ_limiter_config_t *config, apr_pool_t *pool)
{
    civ_limiter_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t status = make_own_pool(&made->pool, pool);

    if (status != APR_SUCCESS)
        return status;
    made->config = *config;
    if (made->config.clock == NULL)
        made->config.clock = &civ_clock_system;
    made->hosts = apr_hash_make(made->pool);
    *limiter = made;
    return apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
}

static apr_int64_t later(apr_int64_t left, apr_int64_t right)
{
    return left > right ? left : right;
}

/* This and the following: under the mutex. Without a pause or a hold the time is 0, which is always over. */
static host_t *find_host(civ_limiter_t *limiter, const char *name)
{
    host_t *host = apr_hash_get(limiter->hosts, name, APR_HASH_KEY_STRING);

    if (host == NULL) {
        host = apr_pcalloc(limiter->pool, sizeof(*host));
        host->accounts = apr_hash_make(limiter->pool);
        apr_hash_set(limiter->hosts, apr_pstrdup(limiter->pool, name), APR_HASH_KEY_STRING, host);
    }
    return host;
}

static account_t *find_account(civ_limiter_t *limiter, host_t *host, const civ_limiter_key_t *key,
                               apr_int64_t now)
{
    account_t *account = apr_hash_get(host->accounts, key->credential, APR_HASH_KEY_STRING);

    if (account == NULL) {
        account = apr_pcalloc(limiter->pool, sizeof(*account));
        account->tokens = key->burst;
        account->filled = now;
        account->remaining = CIV_RATE_UNKNOWN;
        account->number = ++host->count;
        apr_hash_set(host->accounts, apr_pstrdup(limiter->pool, key->credential), APR_HASH_KEY_STRING,
                     account);
    }
    return account;
}

/* How long the bucket takes to have a whole token. */
static apr_int64_t fill(account_t *account, const civ_limiter_key_t *key, apr_int64_t now)
{
    if (key->rate <= 0)
        return 0;
    account->tokens += (double)(now - account->filled) * key->rate / 1000;
    account->filled = now;
    if (account->tokens > key->burst)
        account->tokens = key->burst;
    return account->tokens >= 1 ? 0 : (apr_int64_t)((1 - account->tokens) * 1000 / key->rate) + 1;
}

/* Until when the rest of the quota is for people alone; after its reset nothing is known of it. */
static apr_int64_t reserved_until(account_t *account, const civ_limiter_key_t *key, apr_int64_t now)
{
    if (account->reset_at <= now)
        account->remaining = CIV_RATE_UNKNOWN;
    if (account->remaining == CIV_RATE_UNKNOWN)
        return 0;
    if (account->remaining > (key->is_for_human ? 0 : civ_rate_reserve(account->limit)))
        return 0;
    return account->reset_at;
}

apr_int64_t civ_limiter_take(civ_limiter_t *limiter, const civ_limiter_key_t *key)
{
    const civ_clock_t *clock = limiter->config.clock;
    apr_int64_t shared =
        limiter->config.look_up != NULL ? limiter->config.look_up(limiter->config.baton, key->host) : 0;
    apr_int64_t wait = shared > 0 ? later(shared - civ_clock_now(clock), 0) : 0;
    account_t *account;
    apr_int64_t now;
    host_t *host;

    apr_thread_mutex_lock(limiter->mutex);
    now = civ_clock_steady(clock);
    host = find_host(limiter, key->host);
    account = find_account(limiter, host, key, now);
    if (account->number <= host->paused)
        wait = later(wait, host->paused_until - now);
    wait = later(wait, account->held_until - now);
    wait = later(wait, reserved_until(account, key, now) - now);
    wait = later(wait, fill(account, key, now));
    if (wait == 0) {
        if (key->rate > 0)
            account->tokens -= 1;
        if (account->remaining > 0)
            account->remaining--;
    }
    apr_thread_mutex_unlock(limiter->mutex);
    return wait;
}

void civ_limiter_note(civ_limiter_t *limiter, const civ_limiter_key_t *key, const civ_rate_t *rate,
                      apr_int64_t wait)
{
    account_t *account;
    apr_int64_t now;

    apr_thread_mutex_lock(limiter->mutex);
    now = civ_clock_steady(limiter->config.clock);
    account = find_account(limiter, find_host(limiter, key->host), key, now);
    if (wait > 0)
        account->held_until = later(account->held_until, now + wait);
    /* How many of how many, and until when: less than that is of no use for keeping some back. */
    if (rate->remaining != CIV_RATE_UNKNOWN && rate->limit != CIV_RATE_UNKNOWN &&
        rate->reset != CIV_RATE_UNKNOWN) {
        account->limit = rate->limit;
        account->remaining = rate->remaining;
        account->reset_at = now + rate->reset;
    }
    apr_thread_mutex_unlock(limiter->mutex);
}

void civ_limiter_pause(civ_limiter_t *limiter, const char *name, apr_int64_t wait)
{
    const civ_clock_t *clock = limiter->config.clock;
    apr_int64_t until = civ_clock_steady(clock) + wait;
    host_t *host;

    apr_thread_mutex_lock(limiter->mutex);
    host = find_host(limiter, name);
    host->paused_until = later(host->paused_until, until);
    host->paused = host->count;
    apr_thread_mutex_unlock(limiter->mutex);
    if (limiter->config.publish != NULL)
        limiter->config.publish(limiter->config.baton, name, civ_clock_now(clock) + wait);
}
