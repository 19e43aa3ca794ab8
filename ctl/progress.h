/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file progress.h
 * How far long work has got, on standard error: a bar with rate and estimate where that is a terminal, a plain line every
 * few seconds where it is not, nothing with --quiet.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include <apr_time.h>

#include "ctl.h"

typedef struct ctl_progress_t {
    const char *what; /**< "verifying" */
    const char *unit; /**< "blocks" */
    int wanted;       /**< not --quiet */
    int terminal;
    int drawn; /**< a bar stands on the terminal's line */
    apr_time_t started;
    apr_time_t shown;
    apr_uint64_t done, total;
    const char *note; /**< what else there is to say, before the rate; "" or NULL for nothing */
} ctl_progress_t;

/** Begin. */
void ctl_progress_start(ctl_progress_t *progress, const ctl_t *ctl, const char *what, const char *unit);

/**
 * @a done of @a total, 0 for a total that is not known. May be called often.
 * @return APR_SUCCESS, or CIV_EINTERRUPTED when a signal came
 */
apr_status_t ctl_progress_tell(ctl_progress_t *progress, apr_uint64_t done, apr_uint64_t total);

/** Take the bar away, so that something else can be printed. It comes again with the next ctl_progress_tell. */
void ctl_progress_hide(ctl_progress_t *progress);

/** The end: the bar as it stands at last, and a line feed. */
void ctl_progress_end(ctl_progress_t *progress);

#endif
