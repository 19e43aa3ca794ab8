/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file base_repetition.c
 * Messages that are logged once a minute.
 */
#include "support/runner.h"

#include "base/repetition.h"

#include <string.h>

#define START  apr_time_from_sec(1700000000)
#define SECOND apr_time_from_sec(1)

/* How many were left out before it; -1: it is left out itself. */
static int told(civ_repetition_t *all, int count, const char *words, apr_time_t now)
{
    unsigned left_out = 99;

    return civ_repetition(all, count, words, now, &left_out) ? -1 : (int)left_out;
}

static void once_a_minute(void)
{
    civ_repetition_t all[2];
    int i;

    memset(all, 0, sizeof(all));
    CU_ASSERT_EQUAL(told(all, 2, "one", START), 0);
    for (i = 0; i < 60; i++)
        CU_ASSERT_EQUAL(told(all, 2, "one", START + i * SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 2, "one", START + 60 * SECOND), 60);
    CU_ASSERT_EQUAL(told(all, 2, "one", START + 119 * SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 2, "one", START + 500 * SECOND), 1);
    CU_ASSERT_EQUAL(told(all, 2, "one", START + 1000 * SECOND), 0);
}

/* Many of the one do not hide the other. */
static void each_for_itself(void)
{
    civ_repetition_t all[3];

    memset(all, 0, sizeof(all));
    CU_ASSERT_EQUAL(told(all, 3, "one", START), 0);
    CU_ASSERT_EQUAL(told(all, 3, "one", START), -1);
    CU_ASSERT_EQUAL(told(all, 3, "other", START + SECOND), 0);
    CU_ASSERT_EQUAL(told(all, 3, "other", START + SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 3, "one", START + SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 3, "third", START + 2 * SECOND), 0);
    CU_ASSERT_EQUAL(told(all, 3, "one", START + 60 * SECOND), 2);
    CU_ASSERT_EQUAL(told(all, 3, "other", START + 60 * SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 3, "other", START + 61 * SECOND), 2);
}

/* More words than there is room for: the one that was logged the longest ago makes room, and nothing is lost of the count. */
static void the_oldest_makes_room(void)
{
    civ_repetition_t all[2];

    memset(all, 0, sizeof(all));
    CU_ASSERT_EQUAL(told(all, 2, "one", START), 0);
    CU_ASSERT_EQUAL(told(all, 2, "other", START + SECOND), 0);
    CU_ASSERT_EQUAL(told(all, 2, "one", START + 2 * SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 2, "third", START + 3 * SECOND), 1);
    CU_ASSERT_EQUAL(told(all, 2, "other", START + 4 * SECOND), -1);
    CU_ASSERT_EQUAL(told(all, 2, "one", START + 5 * SECOND), 1);
    CU_ASSERT_EQUAL(told(all, 2, "third", START + 6 * SECOND), -1);
}

static void whatever_the_clock_says(void)
{
    civ_repetition_t one;

    memset(&one, 0, sizeof(one));
    CU_ASSERT_EQUAL(told(&one, 1, "one", START), 0);
    CU_ASSERT_EQUAL(told(&one, 1, "one", START), -1);
    CU_ASSERT_EQUAL(told(&one, 1, "one", START - 7200 * SECOND), 1);
    CU_ASSERT_EQUAL(told(&one, 1, "one", START - 7199 * SECOND), -1);
}

/* It was well in between: the next one is news. */
static void forgotten_words_are_news(void)
{
    civ_repetition_t one;

    memset(&one, 0, sizeof(one));
    CU_ASSERT_EQUAL(told(&one, 1, "one", START), 0);
    CU_ASSERT_EQUAL(told(&one, 1, "one", START), -1);
    one.words[0] = '\0';
    CU_ASSERT_EQUAL(told(&one, 1, "one", START + SECOND), 1);
}

static void long_words_are_cut(void)
{
    civ_repetition_t one;
    char words[CIV_REPETITION_WORDS + 10];

    memset(&one, 0, sizeof(one));
    memset(words, 'a', sizeof(words));
    words[sizeof(words) - 1] = '\0';
    CU_ASSERT_EQUAL(told(&one, 1, words, START), 0);
    CU_ASSERT_EQUAL(told(&one, 1, words, START), -1);
    words[CIV_REPETITION_WORDS] = 'b';
    CU_ASSERT_EQUAL(told(&one, 1, words, START), -1);
    words[CIV_REPETITION_WORDS - 1] = 'b';
    CU_ASSERT_EQUAL(told(&one, 1, words, START), 2);
}

static const test_case_t cases[] = {
    {"once_a_minute", once_a_minute},
    {"each_for_itself", each_for_itself},
    {"the_oldest_makes_room", the_oldest_makes_room},
    {"whatever_the_clock_says", whatever_the_clock_says},
    {"forgotten_words_are_news", forgotten_words_are_news},
    {"long_words_are_cut", long_words_are_cut},
    {NULL, NULL},
};

const test_suite_t base_repetition_suite = {"base_repetition", NULL, NULL, cases};
