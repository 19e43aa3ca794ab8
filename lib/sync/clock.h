/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file clock.h
 * Time, waiting and chance, as what talks to other servers sees them: a table of functions, so that a test can let hours pass
 * in no time. All times are milliseconds.
 */
#ifndef CIV_SYNC_CLOCK_H
#define CIV_SYNC_CLOCK_H

#include <apr.h>

typedef struct civ_clock_t {
    /** Milliseconds since 1970, by a clock that may be set. */
    apr_int64_t (*now)(void *baton);
    /** Milliseconds by a clock that nobody sets; only differences mean anything. */
    apr_int64_t (*steady)(void *baton);
    /** Let so many milliseconds pass. Asked for in slices of at most CIV_CLOCK_SLICE, between which the caller looks whether
     *  it is to stop. */
    void (*sleep)(void *baton, apr_int64_t milliseconds);
    /** A number from 0 to @a below - 1, each as likely; @a below is at least 1. */
    apr_uint32_t (*random)(void *baton, apr_uint32_t below);
    void *baton;
} civ_clock_t;

/** The longest that is slept without a look around: milliseconds. */
#define CIV_CLOCK_SLICE 200

/** The machine's own. Thread-safe. */
extern const civ_clock_t civ_clock_system;

apr_int64_t civ_clock_now(const civ_clock_t *clock);
apr_int64_t civ_clock_steady(const civ_clock_t *clock);
apr_uint32_t civ_clock_random(const civ_clock_t *clock, apr_uint32_t below);

#endif
