/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file rate_limit.c
 * What answers say of limits, and how long to wait. Platforms differ in names and in what a reset is: seconds since 1970, or
 * seconds from now. What is absent is unknown, never zero: many servers say nothing.
 */
#include "sync/rate_limit.h"

#include <apr_date.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

#include <string.h>

/** Below it a reset is a number of seconds from now: as a time it would have passed in 2001. */
#define FIRST_INSTANT APR_INT64_C(1000000000)

/** Some send their instants in milliseconds. */
#define FIRST_MILLISECONDS APR_INT64_C(100000000000)

/** Where a text speaks of limits, it does so at its beginning. */
#define TEXT_MOST 16384

static apr_int64_t clamp(apr_int64_t wait)
{
    return wait < 0 ? 0 : wait > CIV_RATE_LONGEST ? CIV_RATE_LONGEST : wait;
}

/* The whole number that a field begins with; a fraction, a list or parameters may follow. */
static apr_int64_t read_number(const char *field)
{
    apr_size_t digits;

    if (field == NULL)
        return CIV_RATE_UNKNOWN;
    field += strspn(field, " \t");
    digits = strspn(field, "0123456789");
    if (digits == 0 || digits > 18 || strchr(" \t.,;", field[digits]) == NULL)
        return CIV_RATE_UNKNOWN;
    return apr_atoi64(field);
}

apr_int64_t civ_retry_after(const char *field, apr_int64_t now)
{
    apr_size_t digits;
    apr_time_t instant;

    if (field == NULL)
        return CIV_RATE_UNKNOWN;
    field += strspn(field, " \t");
    digits = strspn(field, "0123456789");
    if (digits > 0) {
        if (field[digits + strspn(field + digits, " \t")] != '\0')
            return CIV_RATE_UNKNOWN;
        return digits > 9 ? CIV_RATE_LONGEST : clamp(apr_atoi64(field) * 1000);
    }
    if (!apr_isalpha(field[0]))
        return CIV_RATE_UNKNOWN;
    instant = apr_date_parse_http(field);
    return instant == APR_DATE_BAD ? CIV_RATE_UNKNOWN : clamp(apr_time_as_msec(instant) - now);
}

/* A reset, in milliseconds from now. */
static apr_int64_t read_reset(const char *field, apr_int64_t now)
{
    apr_int64_t value = read_number(field);

    if (value == CIV_RATE_UNKNOWN)
        return CIV_RATE_UNKNOWN;
    if (value < FIRST_INSTANT)
        return clamp(value * 1000);
    if (value < FIRST_MILLISECONDS)
        value *= 1000;
    return clamp(value - now);
}

/* Headers that speak of one window of time. Where a server has several, the one with the fewest requests left counts. */
static const struct {
    const char *limit;
    const char *remaining;
    const char *reset;
    apr_int64_t length; /* of the window, where it has no reset */
} windows[] = {
    {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", CIV_RATE_UNKNOWN},
    {"ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", CIV_RATE_UNKNOWN},
    {"x-ratelimit-limit-second", "x-ratelimit-remaining-second", "x-ratelimit-reset-second", 1000},
    {"x-ratelimit-limit-minute", "x-ratelimit-remaining-minute", "x-ratelimit-reset-minute", 60000},
    {"x-ratelimit-limit-hour", "x-ratelimit-remaining-hour", "x-ratelimit-reset-hour", 3600000},
    {"x-ratelimit-limit-day", "x-ratelimit-remaining-day", "x-ratelimit-reset-day", CIV_RATE_LONGEST},
};

void civ_rate_read(civ_rate_t *rate, civ_rate_field_fn *field, void *baton, apr_int64_t now)
{
    const char *date = field(baton, "date");
    apr_time_t server = date != NULL ? apr_date_parse_http(date) : APR_DATE_BAD;
    apr_size_t i;

    if (server != APR_DATE_BAD)
        now = apr_time_as_msec(server);
    rate->limit = rate->remaining = rate->reset = CIV_RATE_UNKNOWN;
    rate->retry_after = civ_retry_after(field(baton, "retry-after"), now);
    for (i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
        apr_int64_t remaining = read_number(field(baton, windows[i].remaining));
        apr_int64_t reset = read_reset(field(baton, windows[i].reset), now);

        if (remaining == CIV_RATE_UNKNOWN ||
            (rate->remaining != CIV_RATE_UNKNOWN && remaining >= rate->remaining))
            continue;
        rate->remaining = remaining;
        rate->limit = read_number(field(baton, windows[i].limit));
        rate->reset = reset != CIV_RATE_UNKNOWN ? reset : windows[i].length;
    }
}

/* Some value around @a wait, up to a fifth away from it. */
static apr_int64_t vary(apr_int64_t wait, const civ_clock_t *clock)
{
    apr_int64_t fifth = wait / 5;

    return wait - fifth + civ_clock_random(clock, (apr_uint32_t)(2 * fifth + 1));
}

/* @a first doubled @a times, but not above @a most. */
static apr_int64_t double_up(apr_int64_t first, unsigned times, apr_int64_t most)
{
    apr_int64_t value = first;

    while (times-- > 0 && value < most)
        value *= 2;
    return value < most ? value : most;
}

/* Nothing was said of how long. Never less than the first wait, which servers ask for in their manuals. */
static apr_int64_t guess(unsigned waits, const civ_rate_policy_t *policy, const civ_clock_t *clock)
{
    apr_int64_t wait = vary(double_up(policy->throttle_first, waits, policy->throttle_most), clock);

    return wait > policy->throttle_first ? wait : policy->throttle_first;
}

void civ_rate_decide(civ_rate_decision_t *decision, int status, const civ_rate_t *rate, int says_limited,
                     unsigned waits, const civ_rate_policy_t *policy, const civ_clock_t *clock)
{
    int is_used_up = rate->remaining == 0;
    int has_reset = is_used_up && rate->reset != CIV_RATE_UNKNOWN;
    int has_retry = rate->retry_after != CIV_RATE_UNKNOWN;

    decision->is_limited = status == 429 || (status == 403 && (has_retry || is_used_up || says_limited));
    decision->wait = 0;
    if (decision->is_limited) {
        decision->wait = has_retry   ? rate->retry_after
                         : has_reset ? rate->reset
                                     : guess(waits, policy, clock);
        return;
    }
    if (has_retry && status >= 200 && status < 300)
        decision->wait = rate->retry_after;
    if (has_reset) {
        apr_int64_t wait = rate->reset + 1000 + civ_clock_random(clock, 4001);

        decision->wait = wait > decision->wait ? wait : decision->wait;
    }
}

static int contains(const char *body, apr_size_t length, const char *word)
{
    apr_size_t size = strlen(word);
    apr_size_t i;

    for (i = 0; i + size <= length; i++) {
        if (strncasecmp(body + i, word, size) == 0)
            return 1;
    }
    return 0;
}

int civ_rate_text_says_limited(const char *body, apr_size_t length)
{
    if (length > TEXT_MOST)
        length = TEXT_MOST;
    return contains(body, length, "rate limit") || contains(body, length, "abuse detection");
}

apr_int64_t civ_rate_backoff(unsigned tries, const civ_rate_policy_t *policy, const civ_clock_t *clock)
{
    return civ_clock_random(clock,
                            (apr_uint32_t)double_up(policy->backoff_base, tries, policy->backoff_most) + 1);
}

apr_int64_t civ_rate_reserve(apr_int64_t limit)
{
    apr_int64_t reserve = limit / 10 > 50 ? limit / 10 : 50;

    return reserve < limit / 2 ? reserve : limit / 2;
}
