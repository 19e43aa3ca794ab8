/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_limiter.c
 * The limiter that clients share. The clock is the test's.
 */
#include "unit/http_fixture.h"

#include <apr_thread_proc.h>

#include <stdio.h>
#include <string.h>

static const civ_rate_t nothing = {CIV_RATE_UNKNOWN, CIV_RATE_UNKNOWN, CIV_RATE_UNKNOWN, CIV_RATE_UNKNOWN};

static civ_limiter_t *make(fixture_clock_t *clock, civ_limiter_config_t *config)
{
    civ_limiter_t *limiter;

    fixture_clock_init(clock);
    config->clock = &clock->clock;
    CU_ASSERT_EQUAL_FATAL(civ_limiter_create(&limiter, config, test_pool()), APR_SUCCESS);
    return limiter;
}

static void bucket(void)
{
    static const civ_limiter_key_t key = {"h:443", "a", 2, 3, 0};
    static const civ_limiter_key_t other = {"h:443", "b", 2, 3, 0};
    civ_limiter_config_t config = {0};
    fixture_clock_t clock;
    civ_limiter_t *limiter = make(&clock, &config);
    int i;

    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
    i = (int)civ_limiter_take(limiter, &key);
    CU_ASSERT(i >= 500 && i <= 501);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &other), 0);
    clock.now += 501;
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
    CU_ASSERT(civ_limiter_take(limiter, &key) > 0);
    /* It never holds more than the burst. */
    clock.now += 3600000;
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
    CU_ASSERT(civ_limiter_take(limiter, &key) > 0);
}

static void no_bucket(void)
{
    static const civ_limiter_key_t key = {"h:443", "a", 0, 1, 0};
    civ_limiter_config_t config = {0};
    fixture_clock_t clock;
    civ_limiter_t *limiter = make(&clock, &config);
    int i;

    for (i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
}

/* A hold is a credential's, a pause is a host's. */
static void holds_and_pauses(void)
{
    static const civ_limiter_key_t key = {"h:443", "a", 0, 1, 0};
    static const civ_limiter_key_t other_credential = {"h:443", "b", 0, 1, 0};
    static const civ_limiter_key_t new_credential = {"h:443", "c", 0, 1, 0};
    static const civ_limiter_key_t other_host = {"i:443", "a", 0, 1, 0};
    civ_limiter_config_t config = {0};
    fixture_clock_t clock;
    civ_limiter_t *limiter = make(&clock, &config);

    civ_limiter_note(limiter, &key, &nothing, 5000);
    civ_limiter_note(limiter, &key, &nothing, 3000);
    civ_limiter_note(limiter, &key, &nothing, 0);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 5000);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &other_credential), 0);
    civ_limiter_pause(limiter, "h:443", 7000);
    civ_limiter_pause(limiter, "h:443", 1000);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 7000);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &other_credential), 7000);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &other_host), 0);
    /* One that comes only now has been told nothing. */
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &new_credential), 0);
    civ_limiter_pause(limiter, "h:443", 1000);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &new_credential), 7000);
    clock.now += 7000;
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
}

static void kept_for_people(void)
{
    static const civ_limiter_key_t key = {"h:443", "a", 0, 1, 0};
    static const civ_limiter_key_t human = {"h:443", "a", 0, 1, 1};
    static const civ_rate_t rate = {1000, 102, 60000, CIV_RATE_UNKNOWN};
    static const civ_rate_t without_reset = {1000, 0, CIV_RATE_UNKNOWN, CIV_RATE_UNKNOWN};
    civ_limiter_config_t config = {0};
    fixture_clock_t clock;
    civ_limiter_t *limiter = make(&clock, &config);
    int i;

    civ_limiter_note(limiter, &key, &rate, 0);
    /* Counted down between answers, so that several clients do not take more together. */
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 60000);
    for (i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(civ_limiter_take(limiter, &human), 0);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &human), 60000);
    clock.now += 60000;
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
    civ_limiter_note(limiter, &key, &without_reset, 0);
    CU_ASSERT_EQUAL(civ_limiter_take(limiter, &key), 0);
}

typedef struct shared_t {
    char host[32];
    apr_int64_t until;
} shared_t;

static void publish(void *baton, const char *host, apr_int64_t until)
{
    shared_t *shared = baton;

    snprintf(shared->host, sizeof(shared->host), "%s", host);
    shared->until = until;
}

static apr_int64_t ask(void *baton, const char *host)
{
    shared_t *shared = baton;

    return strcmp(shared->host, host) == 0 ? shared->until : 0;
}

/* Two processes that have only this in common. */
static void shared_pauses(void)
{
    static const civ_limiter_key_t key = {"h:443", "a", 0, 1, 0};
    static const civ_limiter_key_t other_host = {"i:443", "a", 0, 1, 0};
    shared_t shared = {"", 0};
    civ_limiter_config_t config = {NULL, publish, ask, &shared};
    fixture_clock_t clock;
    civ_limiter_t *one = make(&clock, &config);
    civ_limiter_t *two = make(&clock, &config);

    CU_ASSERT_EQUAL(civ_limiter_take(two, &key), 0);
    civ_limiter_pause(one, "h:443", 4000);
    CU_ASSERT_EQUAL(shared.until, FIXTURE_NOW + 4000);
    CU_ASSERT_EQUAL(civ_limiter_take(two, &key), 4000);
    CU_ASSERT_EQUAL(civ_limiter_take(two, &other_host), 0);
    clock.now += 4000;
    CU_ASSERT_EQUAL(civ_limiter_take(two, &key), 0);
}

#define THREADS 4
#define TAKES   500

static void *APR_THREAD_FUNC take_many(apr_thread_t *thread, void *baton)
{
    static const civ_limiter_key_t key = {"h:443", "a", 0.001, 100, 0};
    apr_status_t taken = 0;
    int i;

    for (i = 0; i < TAKES; i++)
        taken += civ_limiter_take(baton, &key) == 0;
    apr_thread_exit(thread, taken);
    return NULL;
}

static void many_threads(void)
{
    civ_limiter_config_t config = {0};
    fixture_clock_t clock;
    civ_limiter_t *limiter = make(&clock, &config);
    apr_thread_t *threads[THREADS];
    int taken = 0;
    int i;

    for (i = 0; i < THREADS; i++)
        CU_ASSERT_EQUAL_FATAL(apr_thread_create(&threads[i], NULL, take_many, limiter, test_pool()),
                              APR_SUCCESS);
    for (i = 0; i < THREADS; i++) {
        apr_status_t own = 0;

        apr_thread_join(&own, threads[i]);
        taken += own;
    }
    CU_ASSERT_EQUAL(taken, 100);
}

static const test_case_t cases[] = {
    {"bucket", bucket},
    {"no_bucket", no_bucket},
    {"holds_and_pauses", holds_and_pauses},
    {"kept_for_people", kept_for_people},
    {"shared_pauses", shared_pauses},
    {"many_threads", many_threads},
    {NULL, NULL},
};
const test_suite_t http_limiter_suite = {"http_limiter", NULL, NULL, cases};
