/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timestamp.c
 * RFC 3339 without the C library's calendar, which knows locales and time zones that we do not want.
 */
#include "base/timestamp.h"

#include <time.h>

#include "base/status.h"

#include <stdio.h>

#define MILLISECONDS_PER_DAY APR_INT64_C(86400000)
/** 0001-01-01T00:00:00.000Z */
#define FIRST_MILLISECOND APR_INT64_C(-62135596800000)

typedef struct moment_t {
    int year, month, day;
    int hour, minute, second, millisecond;
    int offset; /**< minutes east of UTC */
} moment_t;

apr_int64_t civ_timestamp_now(void)
{
    return apr_time_now() / 1000;
}

apr_time_t civ_timestamp_steady(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_make(now.tv_sec, now.tv_nsec / 1000);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. Years start in March, so the leap day comes
 * last. */
static apr_int64_t days_from_date(int year, int month, int day)
{
    apr_int64_t shifted = month > 2 ? year : year - 1;
    apr_int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

    /* 719,468 days lie between 0000-03-01 and 1970-01-01; no year here is negative but -1 for 0000-01 and -02
     */
    return shifted * 365 + (shifted + 400) / 4 - (shifted + 400) / 100 + (shifted + 400) / 400 - 97 +
           day_of_year - 719468;
}

static void date_from_days(apr_int64_t days, moment_t *moment)
{
    apr_int64_t since = days + 719468; /* since 0000-03-01 */
    apr_int64_t era = since / 146097;
    int day_of_era = (int)(since % 146097);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;

    moment->day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    moment->month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    moment->year = (int)(era * 400) + year_of_era + (moment->month <= 2);
}

/* @a count decimal digits, zero-padded. */
static void put_digits(char *out, int value, int count)
{
    while (count-- > 0) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

char *civ_timestamp_format(char out[CIV_TIMESTAMP_SIZE], apr_int64_t milliseconds)
{
    static const char pattern[CIV_TIMESTAMP_SIZE] = "0000-00-00T00:00:00.000Z";
    moment_t moment;
    apr_int64_t days;
    int rest, i;

    if (milliseconds < FIRST_MILLISECOND) {
        milliseconds = FIRST_MILLISECOND;
    } else if (milliseconds > CIV_TIMESTAMP_MAX) {
        milliseconds = CIV_TIMESTAMP_MAX;
    }
    days = (milliseconds - FIRST_MILLISECOND) / MILLISECONDS_PER_DAY; /* from there, nothing is negative */
    rest = (int)((milliseconds - FIRST_MILLISECOND) % MILLISECONDS_PER_DAY);
    date_from_days(days + FIRST_MILLISECOND / MILLISECONDS_PER_DAY, &moment);
    for (i = 0; i < CIV_TIMESTAMP_SIZE; i++) {
        out[i] = pattern[i];
    }
    put_digits(out, moment.year, 4);
    put_digits(out + 5, moment.month, 2);
    put_digits(out + 8, moment.day, 2);
    put_digits(out + 11, rest / 3600000, 2);
    put_digits(out + 14, rest / 60000 % 60, 2);
    put_digits(out + 17, rest / 1000 % 60, 2);
    put_digits(out + 20, rest % 1000, 3);
    return out;
}

/* Take exactly @a count digits. Returns 0 when they are not there. */
static int take_digits(const char **text, int count, int *value)
{
    *value = 0;
    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9') {
            return 0;
        }
        *value = *value * 10 + (**text - '0');
    }
    return 1;
}

static int take_byte(const char **text, char byte)
{
    if (**text != byte) {
        return 0;
    }
    (*text)++;
    return 1;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && is_leap ? 29 : days[month - 1];
}

static int take_date(const char **text, moment_t *moment)
{
    return take_digits(text, 4, &moment->year) && take_byte(text, '-') &&
           take_digits(text, 2, &moment->month) && take_byte(text, '-') &&
           take_digits(text, 2, &moment->day) && moment->month >= 1 && moment->month <= 12 &&
           moment->day >= 1 && moment->day <= days_in_month(moment->year, moment->month);
}

/* Any number of digits; the first three count. */
static int take_fraction(const char **text, moment_t *moment)
{
    int weight = 100;

    if (**text < '0' || **text > '9') {
        return 0;
    }
    for (; **text >= '0' && **text <= '9'; (*text)++, weight /= 10) {
        moment->millisecond += weight * (**text - '0');
    }
    return 1;
}

static int take_time(const char **text, moment_t *moment)
{
    if (!take_digits(text, 2, &moment->hour) || !take_byte(text, ':') ||
        !take_digits(text, 2, &moment->minute) || !take_byte(text, ':') ||
        !take_digits(text, 2, &moment->second)) {
        return 0;
    }
    if (moment->hour > 23 || moment->minute > 59 || moment->second > 60) {
        return 0;
    }
    return !take_byte(text, '.') || take_fraction(text, moment);
}

static int take_offset(const char **text, moment_t *moment)
{
    int sign = **text == '-' ? -1 : 1;
    int hours, minutes;

    if (take_byte(text, 'Z') || take_byte(text, 'z')) {
        return 1;
    }
    if (!take_byte(text, '+') && !take_byte(text, '-')) {
        return 0;
    }
    if (!take_digits(text, 2, &hours) || !take_byte(text, ':') || !take_digits(text, 2, &minutes) ||
        hours > 23 || minutes > 59) {
        return 0;
    }
    moment->offset = sign * (hours * 60 + minutes);
    return 1;
}

/* Leap seconds are inserted at the end of a UTC day and nowhere else. */
static int is_second_possible(const moment_t *moment)
{
    int minute_of_day = (moment->hour * 60 + moment->minute - moment->offset + 2 * 1440) % 1440;

    return moment->second < 60 || minute_of_day == 1439;
}

apr_status_t civ_timestamp_parse(apr_int64_t *milliseconds, const char *text)
{
    moment_t moment = {0};
    apr_int64_t result;

    if (!take_date(&text, &moment)) {
        return CIV_EINVALID;
    }
    if (*text != '\0' && (!(take_byte(&text, 'T') || take_byte(&text, 't') || take_byte(&text, ' ')) ||
                          !take_time(&text, &moment) || !take_offset(&text, &moment) || *text != '\0')) {
        return CIV_EINVALID;
    }
    if (!is_second_possible(&moment)) {
        return CIV_EINVALID;
    }
    result = days_from_date(moment.year, moment.month, moment.day) * MILLISECONDS_PER_DAY +
             (moment.hour * 60 + moment.minute - moment.offset) * APR_INT64_C(60000) +
             moment.second * APR_INT64_C(1000) + moment.millisecond;
    if (result < FIRST_MILLISECOND || result > CIV_TIMESTAMP_MAX) {
        return CIV_EINVALID;
    }
    *milliseconds = result;
    return APR_SUCCESS;
}
