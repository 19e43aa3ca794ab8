/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "speak.h"

#include <apr_time.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

static const char *const levels[] = {[CIV_LOG_ERROR] = "error",
                                     [CIV_LOG_WARNING] = "warn",
                                     [CIV_LOG_NOTICE] = "notice",
                                     [CIV_LOG_INFO] = "info",
                                     [CIV_LOG_DEBUG] = "debug"};

/* One write a line, so that lines of several threads and processes do not mix. */
static void write_line(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char line[2400], reason[120] = "";
    apr_time_exp_t now;
    int length;

    (void)baton;
    apr_time_exp_lt(&now, apr_time_now());
    if (status != APR_SUCCESS && !CIV_STATUS_IS_OWN(status))
        apr_strerror(status, reason, sizeof(reason));
    length = snprintf(
        line, sizeof(line), "[%s %s %02d %02d:%02d:%02d.%06d %d] [civarcos:%s] [pid %d] %s%s%.2000s\n",
        days[now.tm_wday], months[now.tm_mon], now.tm_mday, now.tm_hour, now.tm_min, now.tm_sec, now.tm_usec,
        now.tm_year + 1900, levels[level], (int)getpid(), reason, reason[0] != '\0' ? ": " : "", message);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}

civ_log_t civ_worker_log = {write_line, NULL, CIV_LOG_INFO};
