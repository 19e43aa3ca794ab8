/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timestamp.h
 * Instants as milliseconds since 1970-01-01T00:00:00Z, in and out as RFC 3339.
 */
#ifndef CIV_BASE_TIMESTAMP_H
#define CIV_BASE_TIMESTAMP_H

#include <apr_errno.h>
#include <apr_time.h>

/** "2026-11-22T07:05:21.123Z" and a NUL. */
#define CIV_TIMESTAMP_SIZE 25

/** The last millisecond of the year 9999: nothing later can be written. */
#define CIV_TIMESTAMP_MAX APR_INT64_C(253402300799999)

/** Milliseconds since the epoch, now. */
apr_int64_t civ_timestamp_now(void);

/** Microseconds on a clock that nobody sets: for measuring how long something takes, and for deadlines. */
apr_time_t civ_timestamp_steady(void);

/** Write the instant, UTC, with three decimals; returns @a out. Clamped to the years 0001 to 9999. */
char *civ_timestamp_format(char out[CIV_TIMESTAMP_SIZE], apr_int64_t milliseconds);

/**
 * Read an RFC 3339 date-time with any offset and precision (further digits are cut off; a leap second counts
 * as the second after), or a bare date, which means its first moment in UTC. 't', 'z' and a space for 'T' are
 * taken.
 * @return APR_SUCCESS or CIV_EINVALID
 */
apr_status_t civ_timestamp_parse(apr_int64_t *milliseconds, const char *text);

#endif
