/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file prefer.h
 * What a client would like (RFC 7240). Knows nothing of httpd.
 */
#ifndef CIV_PREFER_H
#define CIV_PREFER_H

/** Seconds of wait= at most; more is taken as this. */
#define CIV_PREFER_WAIT_MOST 300

typedef struct civ_prefer_t {
    int respond_async; /**< non-zero: no waiting is wanted */
    int wait;          /**< seconds; -1: nothing is said */
} civ_prefer_t;

/** Read the header Prefer (NULL: none; several are joined by commas). What is unknown or no number is passed over, of a preference
 *  that is repeated the first one counts. */
void civ_prefer_read(civ_prefer_t *prefer, const char *text);

#endif
