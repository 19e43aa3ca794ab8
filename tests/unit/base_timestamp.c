/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_timestamp.c
 * RFC 3339 in and out.
 */
#include "support/runner.h"

#include "base/status.h"
#include "base/timestamp.h"

#include <string.h>

#define DAY APR_INT64_C(86400000)

static void known_instants_are_written(void)
{
    static const struct {
        apr_int64_t milliseconds;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {APR_INT64_C(1795331121123), "2026-11-22T07:05:21.123Z"},
        {APR_INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {APR_INT64_C(951868799999), "2000-02-29T23:59:59.999Z"},
        {APR_INT64_C(4107542399999), "2100-02-28T23:59:59.999Z"},
        {APR_INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
        {APR_INT64_C(-2208988800000), "1900-01-01T00:00:00.000Z"},
        {APR_INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z"},
        {CIV_TIMESTAMP_MAX, "9999-12-31T23:59:59.999Z"},
    };
    char out[CIV_TIMESTAMP_SIZE];
    apr_int64_t back;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CU_ASSERT_STRING_EQUAL(civ_timestamp_format(out, rows[i].milliseconds), rows[i].text);
        CU_ASSERT_EQUAL(civ_timestamp_parse(&back, rows[i].text), APR_SUCCESS);
        CU_ASSERT_EQUAL(back, rows[i].milliseconds);
    }
}

static void writing_clamps(void)
{
    char out[CIV_TIMESTAMP_SIZE];

    CU_ASSERT_STRING_EQUAL(civ_timestamp_format(out, CIV_TIMESTAMP_MAX + 1), "9999-12-31T23:59:59.999Z");
    CU_ASSERT_STRING_EQUAL(civ_timestamp_format(out, APR_INT64_MAX), "9999-12-31T23:59:59.999Z");
    CU_ASSERT_STRING_EQUAL(civ_timestamp_format(out, APR_INT64_C(-62135596800001)),
                           "0001-01-01T00:00:00.000Z");
    CU_ASSERT_STRING_EQUAL(civ_timestamp_format(out, APR_INT64_MIN), "0001-01-01T00:00:00.000Z");
}

/* Each day of the years 1 to 9999 comes back, and days follow one another. */
static void every_day_round_trips(void)
{
    char out[CIV_TIMESTAMP_SIZE];
    char last[CIV_TIMESTAMP_SIZE] = "";
    apr_int64_t day, back;
    int wrong = 0;

    for (day = -719162; day <= CIV_TIMESTAMP_MAX / DAY; day++) {
        civ_timestamp_format(out, day * DAY + 12345);
        wrong += civ_timestamp_parse(&back, out) != APR_SUCCESS || back != day * DAY + 12345 ||
                 strcmp(last, out) >= 0;
        memcpy(last, out, sizeof(out));
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_STRING_EQUAL(out, "9999-12-31T00:00:12.345Z");
}

static void forms_are_read(void)
{
    static const struct {
        const char *text;
        apr_int64_t milliseconds;
    } rows[] = {
        {"2026-11-22T07:05:21Z", APR_INT64_C(1795331121000)},
        {"2026-11-22t07:05:21z", APR_INT64_C(1795331121000)},
        {"2026-11-22 07:05:21Z", APR_INT64_C(1795331121000)},
        {"2026-11-22T07:05:21.1Z", APR_INT64_C(1795331121100)},
        {"2026-11-22T07:05:21.12Z", APR_INT64_C(1795331121120)},
        {"2026-11-22T07:05:21.123999999999999999999999999999Z", APR_INT64_C(1795331121123)},
        {"2026-11-22T07:05:21.0009Z", APR_INT64_C(1795331121000)},
        {"2026-11-22T09:05:21+02:00", APR_INT64_C(1795331121000)},
        {"2026-11-21T23:35:21-07:30", APR_INT64_C(1795331121000)},
        {"2026-11-22T07:05:21-00:00", APR_INT64_C(1795331121000)},
        {"2026-11-23T07:04:21+23:59", APR_INT64_C(1795331121000)},
        {"2026-11-22", APR_INT64_C(1795305600000)},
        {"1970-01-01", 0},
        {"1990-12-31T23:59:60Z", APR_INT64_C(662688000000)},
        {"1990-12-31T15:59:60-08:00", APR_INT64_C(662688000000)},
        {"1990-12-31T23:59:60.25Z", APR_INT64_C(662688000250)},
        {"2024-02-29", APR_INT64_C(1709164800000)},
        {"0000-12-31T23:30:00-01:00", APR_INT64_C(-62135595000000)},
    };
    apr_int64_t milliseconds;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        milliseconds = 42;
        if (civ_timestamp_parse(&milliseconds, rows[i].text) != APR_SUCCESS ||
            milliseconds != rows[i].milliseconds) {
            test_note("%s gave %" APR_INT64_T_FMT, rows[i].text, milliseconds);
            CU_FAIL("not read as expected");
        }
    }
    CU_ASSERT_EQUAL(i, sizeof(rows) / sizeof(rows[0]));
}

static void malformed_is_refused(void)
{
    static const char *const rows[] = {"",
                                       "2026",
                                       "2026-11",
                                       "2026-11-2",
                                       "26-11-22",
                                       "2026-13-01",
                                       "2026-00-01",
                                       "2026-11-00",
                                       "2026-11-31",
                                       "2026-02-29",
                                       "2100-02-29",
                                       "2026-2-01",
                                       "2026/11/22",
                                       " 2026-11-22",
                                       "2026-11-22 ",
                                       "+2026-11-22",
                                       "-001-11-22",
                                       "2026-11-22T",
                                       "2026-11-22T07:05Z",
                                       "2026-11-22T07:05:21",
                                       "2026-11-22T24:00:00Z",
                                       "2026-11-22T07:60:00Z",
                                       "2026-11-22T07:05:61Z",
                                       "2026-11-22T07:05:60Z",
                                       "2026-11-22T23:59:60+01:00",
                                       "2026-11-22T07:05:21.Z",
                                       "2026-11-22T07:05:21,5Z",
                                       "2026-11-22T07:05:21.5",
                                       "2026-11-22T07:05:21+02",
                                       "2026-11-22T07:05:21+0200",
                                       "2026-11-22T07:05:21+24:00",
                                       "2026-11-22T07:05:21+02:60",
                                       "2026-11-22T07:05:21Zx",
                                       "2026-11-22T07:05:21Z ",
                                       "2026-11-22T7:05:21Z",
                                       "2026-11-22_07:05:21Z",
                                       "2026-11-22T07:05:21 Z",
                                       "2026-11-22Z",
                                       "2026-11-22T07:05:-1Z",
                                       "2026-11-22T07:05:21.1e3Z",
                                       "0000-01-01",
                                       "0001-01-01T00:00:00+00:01",
                                       "9999-12-31T23:59:59.999-00:01",
                                       "9999-12-31T23:59:60Z",
                                       "10000-01-01"};
    apr_int64_t milliseconds = 42;
    unsigned i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (civ_timestamp_parse(&milliseconds, rows[i]) != CIV_EINVALID) {
            test_note("taken: \"%s\"", rows[i]);
            CU_FAIL("a malformed time was taken");
        }
    }
    CU_ASSERT_EQUAL(milliseconds, 42);
}

static void now_is_now(void)
{
    apr_int64_t before = apr_time_now() / 1000;
    apr_int64_t now = civ_timestamp_now();

    CU_ASSERT(before <= now && now <= before + 60000);
}

static const test_case_t cases[] = {
    {"known_instants_are_written", known_instants_are_written},
    {"writing_clamps", writing_clamps},
    {"every_day_round_trips", every_day_round_trips},
    {"forms_are_read", forms_are_read},
    {"malformed_is_refused", malformed_is_refused},
    {"now_is_now", now_is_now},
    {NULL, NULL},
};

const test_suite_t base_timestamp_suite = {"base_timestamp", NULL, NULL, cases};
