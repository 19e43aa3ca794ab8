/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/reputation.h"

#define ADVANCE  10
#define EVIDENCE 4

/* Keeps the product below within 64 bits; nobody casts so many votes. */
#define MOST APR_INT64_C(100000000000)

static apr_int64_t bounded(apr_int64_t count)
{
    if (count < 0)
        return 0;
    return count < MOST ? count : MOST;
}

int civ_reputation(const civ_outcomes_t *outcomes)
{
    apr_int64_t good =
        EVIDENCE * bounded(outcomes->evidence_accepted) + bounded(outcomes->votes_agreed) + ADVANCE;
    apr_int64_t bad = EVIDENCE * bounded(outcomes->evidence_rejected) + bounded(outcomes->votes_disagreed);

    return (int)(good * 10000 / (good + bad));
}
