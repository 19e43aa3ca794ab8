/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file repetition.h
 * Messages that come again and again, by what others do: each is logged once a minute, with how many were left out since.
 */
#ifndef CIV_BASE_REPETITION_H
#define CIV_BASE_REPETITION_H

#include <apr_time.h>

/** The same words are not logged again before. */
#define CIV_REPETITION_INTERVAL apr_time_from_sec(60)

/** By how many bytes words are told apart. */
#define CIV_REPETITION_WORDS 300

/** Words that were logged. All 0 at first; with no words again, the next ones are logged at once. */
typedef struct civ_repetition_t {
    char words[CIV_REPETITION_WORDS + 1];
    apr_time_t told;   /**< when */
    unsigned left_out; /**< how often since then they were not */
} civ_repetition_t;

/**
 * Whether to leave a message out, because it was logged less than CIV_REPETITION_INTERVAL ago. A clock that was set back keeps nothing from
 * the log.
 * @param told the caller's, one thread at a time: @a count of them, for as many different words. Where there are more, the one that was
 *  logged the longest ago is forgotten, and what was left out of it is told with the new words
 * @param left_out set when it returns 0: how many were left out since the words were logged last
 */
int civ_repetition(civ_repetition_t *told, int count, const char *words, apr_time_t now, unsigned *left_out);

#endif
