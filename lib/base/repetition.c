/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "base/repetition.h"

#include <apr_strings.h>

#include <string.h>

/* The place of these words; else a free one, or the one that was logged the longest ago. */
static civ_repetition_t *find(civ_repetition_t *told, int count, const char *words)
{
    civ_repetition_t *place = &told[0];
    int i;

    for (i = 0; i < count; i++) {
        if (strncmp(told[i].words, words, CIV_REPETITION_WORDS) == 0)
            return &told[i];
        if (place->words[0] != '\0' && (told[i].words[0] == '\0' || told[i].told < place->told))
            place = &told[i];
    }
    return place;
}

int civ_repetition(civ_repetition_t *told, int count, const char *words, apr_time_t now, unsigned *left_out)
{
    civ_repetition_t *place = find(told, count, words);

    if (strncmp(place->words, words, CIV_REPETITION_WORDS) == 0 && now >= place->told &&
        now - place->told < CIV_REPETITION_INTERVAL) {
        place->left_out++;
        return 1;
    }
    *left_out = place->left_out;
    apr_cpystrn(place->words, words, sizeof(place->words));
    place->told = now;
    place->left_out = 0;
    return 0;
}
