/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file clock.c
 * The machine's clocks.
 */
#include "sync/clock.h"

#include "base/timestamp.h"

#include <apr_general.h>
#include <apr_time.h>

static apr_int64_t now(void *baton)
{
    (void)baton;
    return civ_timestamp_now();
}

static apr_int64_t steady(void *baton)
{
    (void)baton;
    return apr_time_as_msec(civ_timestamp_steady());
}

static void sleep_for(void *baton, apr_int64_t milliseconds)
{
    (void)baton;
    apr_sleep(apr_time_from_msec(milliseconds));
}

/* The remainder favours small numbers, by one part in 2^32 / below: nothing where chance only spreads load. */
static apr_uint32_t choose(void *baton, apr_uint32_t below)
{
    apr_uint32_t number = 0;

    (void)baton;
    /* Without randomness all wait the same time, which is no reason to fail. */
    (void)apr_generate_random_bytes((unsigned char *)&number, sizeof(number));
    return number % below;
}

const civ_clock_t civ_clock_system = {now, steady, sleep_for, choose, NULL};

apr_int64_t civ_clock_now(const civ_clock_t *clock)
{
    return clock->now(clock->baton);
}

apr_int64_t civ_clock_steady(const civ_clock_t *clock)
{
    return clock->steady(clock->baton);
}

apr_uint32_t civ_clock_random(const civ_clock_t *clock, apr_uint32_t below)
{
    return clock->random(clock->baton, below);
}
