/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz_timestamp.c
 * Instants: what is read is written to be read again as the same; and writing agrees with the system's calendar.
 */
#include "fuzz/fuzz.h"

#include "base/timestamp.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

fuzz_target_fn fuzz_timestamp;

static void check_instant(apr_int64_t instant)
{
    char text[CIV_TIMESTAMP_SIZE];
    char expected[64];
    apr_int64_t again;
    apr_int64_t rest = (instant % 1000 + 1000) % 1000;
    time_t seconds = (time_t)(instant / 1000 - (instant % 1000 < 0));
    struct tm parts;

    FUZZ_DEMAND(civ_timestamp_format(text, instant) == text && strlen(text) == CIV_TIMESTAMP_SIZE - 1);
    FUZZ_DEMAND(civ_timestamp_parse(&again, text) == APR_SUCCESS);
    if (gmtime_r(&seconds, &parts) && parts.tm_year + 1900 >= 1 && parts.tm_year + 1900 <= 9999) {
        FUZZ_DEMAND(again == instant);
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, (int)rest);
        FUZZ_DEMAND(strcmp(text, expected) == 0);
    }
}

void fuzz_timestamp(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    const char *text = fuzz_text(data, size, pool);
    apr_int64_t instant = 0;

    if (civ_timestamp_parse(&instant, text) == APR_SUCCESS) {
        FUZZ_DEMAND(instant <= CIV_TIMESTAMP_MAX && strlen(text) >= 10);
        check_instant(instant);
    }
    if (size >= sizeof(instant)) {
        memcpy(&instant, data, sizeof(instant));
        check_instant(instant);
        check_instant(instant % CIV_TIMESTAMP_MAX);
    }
}
