/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file http_rate.c
 * What answers say of limits, and how long is waited.
 */
#include "unit/http_fixture.h"

#include "unit/signature_fixture.h"

#include <apr_date.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* Headers as "name: value" lines, in lower case, ended by NULL. */
static const char *find(void *baton, const char *name)
{
    const char *const *lines = baton;
    size_t length = strlen(name);

    for (; *lines != NULL; lines++) {
        if (strncasecmp(*lines, name, length) == 0 && (*lines)[length] == ':')
            return *lines + length + 2;
    }
    return NULL;
}

static civ_rate_t read_lines(const char *const *lines)
{
    civ_rate_t rate;

    civ_rate_read(&rate, find, (void *)(apr_uintptr_t)lines, FIXTURE_NOW);
    return rate;
}

static civ_rate_decision_t decide(int status, const char *const *lines, const char *body, unsigned waits)
{
    civ_rate_t rate = read_lines(lines);
    civ_rate_decision_t decision;
    fixture_clock_t clock;

    fixture_clock_init(&clock);
    civ_rate_decide(&decision, status, &rate, civ_rate_text_says_limited(body, strlen(body)), waits,
                    &civ_http_default_policy.pace, &clock.clock);
    return decision;
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_LINES   ((const char *const[]){NULL})
#define DATE       "date: Wed, 21 Oct 2026 07:28:00 GMT"

static void absent_is_unknown(void)
{
    civ_rate_t rate = read_lines(NO_LINES);

    CU_ASSERT_EQUAL(rate.limit, CIV_RATE_UNKNOWN);
    CU_ASSERT_EQUAL(rate.remaining, CIV_RATE_UNKNOWN);
    CU_ASSERT_EQUAL(rate.reset, CIV_RATE_UNKNOWN);
    CU_ASSERT_EQUAL(rate.retry_after, CIV_RATE_UNKNOWN);
    rate = read_lines(LINES("x-ratelimit-remaining: ", "x-ratelimit-reset: soon", "retry-after: later"));
    CU_ASSERT_EQUAL(rate.remaining, CIV_RATE_UNKNOWN);
    CU_ASSERT_EQUAL(rate.reset, CIV_RATE_UNKNOWN);
    CU_ASSERT_EQUAL(rate.retry_after, CIV_RATE_UNKNOWN);
}

/* Instants and seconds left; by the server's clock where it tells it. */
static void resets(void)
{
    static const struct {
        const char *reset;
        const char *date;
        apr_int64_t wait;
    } rows[] = {
        {"x-ratelimit-reset: 1792567740", DATE, 60000},
        {"x-ratelimit-reset: 1792567740", "date: Wed, 21 Oct 2026 07:28:30 GMT", 30000},
        {"x-ratelimit-reset: 1792567740", "x-nothing: 1", 60000},
        {"x-ratelimit-reset: 60", DATE, 60000},
        {"x-ratelimit-reset: 999999999", DATE, CIV_RATE_LONGEST},
        {"x-ratelimit-reset: 1000000000", DATE, 0},
        {"x-ratelimit-reset: 1792567740000", DATE, 60000},
        {"x-ratelimit-reset: 1792567740.5", DATE, 60000},
        {"x-ratelimit-reset: 1792567000", DATE, 0},
        {"x-ratelimit-reset: 1792600000", DATE, CIV_RATE_LONGEST},
        {"x-ratelimit-reset: -1", DATE, CIV_RATE_UNKNOWN},
        {"x-ratelimit-reset: 99999999999999999999", DATE, CIV_RATE_UNKNOWN},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_rate_t rate = read_lines(LINES("x-ratelimit-remaining: 5", rows[i].reset, rows[i].date));

        CU_ASSERT_EQUAL(rate.reset, rows[i].wait);
        if (rate.reset != rows[i].wait)
            test_note("%s: %d", rows[i].reset, (int)rate.reset);
    }
}

static void names_and_windows(void)
{
    civ_rate_t rate =
        read_lines(LINES("ratelimit-limit: 600, 600;w=60", "ratelimit-remaining: 7", "ratelimit-reset: 30"));

    CU_ASSERT_EQUAL(rate.limit, 600);
    CU_ASSERT_EQUAL(rate.remaining, 7);
    CU_ASSERT_EQUAL(rate.reset, 30000);
    rate = read_lines(LINES("x-ratelimit-limit-hour: 1000", "x-ratelimit-remaining-hour: 900",
                            "x-ratelimit-limit-second: 10", "x-ratelimit-remaining-second: 0"));
    CU_ASSERT_EQUAL(rate.limit, 10);
    CU_ASSERT_EQUAL(rate.remaining, 0);
    CU_ASSERT_EQUAL(rate.reset, 1000);
}

static void retry_after(void)
{
    static const struct {
        const char *field;
        apr_int64_t wait;
    } rows[] = {
        {"0", 0},
        {"120", 120000},
        {" 120 ", 120000},
        {"3660", CIV_RATE_LONGEST},
        {"3661", CIV_RATE_LONGEST},
        {"99999999999", CIV_RATE_LONGEST},
        {"-5", CIV_RATE_UNKNOWN},
        {"1.5", CIV_RATE_UNKNOWN},
        {"", CIV_RATE_UNKNOWN},
        {"5s", CIV_RATE_UNKNOWN},
        {"soon", CIV_RATE_UNKNOWN},
        {"Wed, 21 Oct 2026 07:30:00 GMT", 120000},
        {"Wed, 21 Oct 2026 07:20:00 GMT", 0},
        {"Wed, 21 Oct 2027 07:20:00 GMT", CIV_RATE_LONGEST},
        {"Wednesday, 21-Oct-26 07:30:00 GMT", 120000},
        {"Wed Oct 21 07:30:00 2026", 120000},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_EQUAL(civ_retry_after(rows[i].field, FIXTURE_NOW), rows[i].wait);
        if (civ_retry_after(rows[i].field, FIXTURE_NOW) != rows[i].wait)
            test_note("\"%s\": %d", rows[i].field, (int)civ_retry_after(rows[i].field, FIXTURE_NOW));
    }
    CU_ASSERT_EQUAL(civ_retry_after(NULL, FIXTURE_NOW), CIV_RATE_UNKNOWN);
    /* By the server's clock. */
    CU_ASSERT_EQUAL(
        read_lines(LINES("date: Wed, 21 Oct 2026 08:00:00 GMT", "retry-after: Wed, 21 Oct 2026 08:00:09 GMT"))
            .retry_after,
        9000);
}

/* Which 403 is a limit. */
static void limited_or_forbidden(void)
{
    CU_ASSERT_TRUE(decide(429, NO_LINES, "", 0).is_limited);
    CU_ASSERT_TRUE(decide(403, LINES("retry-after: 1"), "", 0).is_limited);
    CU_ASSERT_TRUE(decide(403, LINES("x-ratelimit-remaining: 0"), "", 0).is_limited);
    CU_ASSERT_TRUE(
        decide(403, NO_LINES, "{\"message\":\"API Rate Limit exceeded for 1.2.3.4\"}", 0).is_limited);
    CU_ASSERT_TRUE(decide(403, NO_LINES, "{\"message\":\"an abuse detection mechanism\"}", 0).is_limited);
    CU_ASSERT_FALSE(decide(403, NO_LINES, "{\"message\":\"Must have admin rights\"}", 0).is_limited);
    CU_ASSERT_FALSE(decide(403, LINES("x-ratelimit-remaining: 4999"), "", 0).is_limited);
    CU_ASSERT_FALSE(decide(401, LINES("retry-after: 1"), "rate limit", 0).is_limited);
    CU_ASSERT_FALSE(decide(404, LINES("x-ratelimit-remaining: 0", "x-ratelimit-reset: 5"), "", 0).is_limited);
    CU_ASSERT_FALSE(decide(200, LINES("retry-after: 1"), "rate limit", 0).is_limited);
    CU_ASSERT_FALSE(decide(503, LINES("retry-after: 1"), "", 0).is_limited);
}

static void waits(void)
{
    /* Retry-After comes before a reset. */
    CU_ASSERT_EQUAL(
        decide(429, LINES("retry-after: 7", "x-ratelimit-remaining: 0", "x-ratelimit-reset: 50"), "", 0).wait,
        7000);
    CU_ASSERT_EQUAL(decide(429, LINES("x-ratelimit-remaining: 0", "x-ratelimit-reset: 50"), "", 0).wait,
                    50000);
    /* A reset without a word that nothing is left says nothing. */
    CU_ASSERT_EQUAL(decide(429, LINES("x-ratelimit-remaining: 3", "x-ratelimit-reset: 50"), "", 0).wait,
                    60000);
    CU_ASSERT_EQUAL(decide(429, LINES("x-ratelimit-reset: 50"), "", 0).wait, 60000);
    /* Doubled each time, up to a quarter of an hour. */
    CU_ASSERT_EQUAL(decide(429, NO_LINES, "", 1).wait, 120000);
    CU_ASSERT_EQUAL(decide(429, NO_LINES, "", 3).wait, 480000);
    CU_ASSERT_EQUAL(decide(429, NO_LINES, "", 4).wait, 900000);
    CU_ASSERT_EQUAL(decide(429, NO_LINES, "", 4000000000u).wait, 900000);
    /* Not limited, but used up, or asked to wait. */
    CU_ASSERT_EQUAL(decide(200, LINES("x-ratelimit-remaining: 0", "x-ratelimit-reset: 50"), "", 0).wait,
                    50000 + 1000 + 2000);
    CU_ASSERT_EQUAL(decide(304, LINES("x-ratelimit-remaining: 0", "x-ratelimit-reset: 50"), "", 0).wait,
                    50000 + 1000 + 2000);
    CU_ASSERT_EQUAL(decide(200, LINES("x-ratelimit-remaining: 0"), "", 0).wait, 0);
    CU_ASSERT_EQUAL(decide(200, LINES("retry-after: 20"), "", 0).wait, 20000);
    CU_ASSERT_EQUAL(decide(200, LINES("x-ratelimit-remaining: 1", "x-ratelimit-reset: 50"), "", 0).wait, 0);
    CU_ASSERT_EQUAL(decide(200, NO_LINES, "", 0).wait, 0);
}

/* Chance moves a guessed wait by a fifth at most, and never below what manuals ask for. */
static void chance(void)
{
    civ_rate_t rate = read_lines(NO_LINES);
    civ_rate_decision_t decision;
    fixture_clock_t clock;

    fixture_clock_init(&clock);
    clock.chance = 0;
    civ_rate_decide(&decision, 429, &rate, 0, 0, &civ_http_default_policy.pace, &clock.clock);
    CU_ASSERT_EQUAL(decision.wait, 60000);
    civ_rate_decide(&decision, 429, &rate, 0, 1, &civ_http_default_policy.pace, &clock.clock);
    CU_ASSERT_EQUAL(decision.wait, 96000);
    clock.chance = 1000;
    civ_rate_decide(&decision, 429, &rate, 0, 1, &civ_http_default_policy.pace, &clock.clock);
    CU_ASSERT_EQUAL(decision.wait, 144000);
    CU_ASSERT_EQUAL(civ_rate_backoff(3, &civ_http_default_policy.pace, &clock.clock), 8000);
    CU_ASSERT_EQUAL(civ_rate_backoff(6, &civ_http_default_policy.pace, &clock.clock), 60000);
    CU_ASSERT_EQUAL(civ_rate_backoff(4000000000u, &civ_http_default_policy.pace, &clock.clock), 60000);
    clock.chance = 0;
    CU_ASSERT_EQUAL(civ_rate_backoff(3, &civ_http_default_policy.pace, &clock.clock), 0);
}

static void reserve(void)
{
    CU_ASSERT_EQUAL(civ_rate_reserve(5000), 500);
    CU_ASSERT_EQUAL(civ_rate_reserve(500), 50);
    CU_ASSERT_EQUAL(civ_rate_reserve(300), 50);
    CU_ASSERT_EQUAL(civ_rate_reserve(60), 30);
    CU_ASSERT_EQUAL(civ_rate_reserve(0), 0);
}

/* --- published vectors --- */

static void vectors_of_retry_after(const civ_json_t *root)
{
    const civ_json_t *list = signature_array(root, "retry_after");
    apr_size_t i;

    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const char *now = civ_json_get_text(item, "now");
        const civ_json_t *seconds = civ_json_get(item, "seconds");
        apr_int64_t wait =
            civ_retry_after(signature_text(item, "field"),
                            now != NULL ? apr_time_as_msec(apr_date_parse_http(now)) : FIXTURE_NOW);
        apr_int64_t expected = 0;

        if (seconds->type == CIV_JSON_NULL) {
            CU_ASSERT_EQUAL(wait, CIV_RATE_UNKNOWN);
        } else if (seconds->type == CIV_JSON_STRING) {
            CU_ASSERT_EQUAL(wait, CIV_RATE_LONGEST);
        } else if (civ_json_to_int64(seconds, &expected) == APR_SUCCESS) {
            CU_ASSERT_EQUAL(wait, expected * 1000);
        }
    }
    CU_ASSERT(i >= 6);
}

static void vectors(void)
{
    const civ_json_t *root = signature_vectors("http-conventions.json");
    const civ_json_t *list;
    apr_size_t i;

    if (root == NULL)
        return;
    vectors_of_retry_after(root);
    list = signature_array(root, "backoff_decision");
    for (i = 0; i < list->as.array.count; i++) {
        const civ_json_t *item = &list->as.array.items[i];
        const civ_json_t *headers = civ_json_get(item, "headers");
        const civ_json_t *wait = civ_json_get(item, "wait");
        const char *body = civ_json_get_text(item, "body_contains");
        const char *lines[8] = {NULL};
        apr_int64_t now = FIXTURE_NOW / 1000;
        apr_int64_t status = 0;
        apr_int64_t expected = 0;
        civ_rate_decision_t decision;
        fixture_clock_t clock;
        civ_rate_t rate;
        apr_size_t k;

        for (k = 0; headers != NULL && k < headers->as.object.count; k++)
            lines[k] = apr_pstrcat(test_pool(), headers->as.object.members[k].name, ": ",
                                   headers->as.object.members[k].value.as.text.text, NULL);
        CU_ASSERT_EQUAL_FATAL(civ_json_to_int64(civ_json_get(item, "status"), &status), APR_SUCCESS);
        if (civ_json_get(item, "now") != NULL)
            civ_json_to_int64(civ_json_get(item, "now"), &now);
        fixture_clock_init(&clock);
        civ_rate_read(&rate, find, lines, now * 1000);
        civ_rate_decide(&decision, (int)status, &rate,
                        body != NULL && civ_rate_text_says_limited(body, strlen(body)), 0,
                        &civ_http_default_policy.pace, &clock.clock);
        CU_ASSERT_EQUAL(decision.is_limited, wait->type == CIV_JSON_NUMBER);
        if (wait->type == CIV_JSON_NUMBER && civ_json_to_int64(wait, &expected) == APR_SUCCESS)
            CU_ASSERT_EQUAL(decision.wait, expected * 1000);
    }
    CU_ASSERT(i >= 10);
}

static const test_case_t cases[] = {
    {"absent_is_unknown", absent_is_unknown},
    {"resets", resets},
    {"names_and_windows", names_and_windows},
    {"retry_after", retry_after},
    {"limited_or_forbidden", limited_or_forbidden},
    {"waits", waits},
    {"chance", chance},
    {"reserve", reserve},
    {"vectors", vectors},
    {NULL, NULL},
};
const test_suite_t http_rate_suite = {"http_rate", NULL, NULL, cases};
