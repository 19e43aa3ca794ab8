/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "federation/consensus.h"

const char *civ_opinion_name(civ_opinion_e opinion)
{
    static const char *const names[] = {"pending", "accepted", "rejected", "contested"};

    return names[opinion];
}

void civ_tally_add(civ_tally_t *tally, int is_valid, apr_int64_t confidence)
{
    tally->votes++;
    *(is_valid ? &tally->valid : &tally->invalid) += confidence;
}

/** Without overflow: a weight is at most 10,000 for each vote, and the terms of a threshold are at most 1,000. */
static int reaches(apr_int64_t weight, apr_int64_t all, civ_fraction_t threshold)
{
    return weight * threshold.whole >= all * threshold.part;
}

civ_opinion_e civ_tally_opinion(const civ_tally_t *tally, apr_uint32_t min_votes, civ_fraction_t threshold)
{
    apr_int64_t all = tally->valid + tally->invalid;

    if (tally->votes < (apr_int64_t)min_votes || all == 0)
        return CIV_OPINION_PENDING;
    if (reaches(tally->valid, all, threshold))
        return CIV_OPINION_ACCEPTED;
    return reaches(tally->invalid, all, threshold) ? CIV_OPINION_REJECTED : CIV_OPINION_CONTESTED;
}

apr_int64_t civ_tally_agreement(const civ_tally_t *tally)
{
    apr_int64_t all = tally->valid + tally->invalid;

    return all > 0 ? tally->valid * 1000000 / all : 0;
}

apr_int64_t civ_confidence_from(double value)
{
    if (!(value > 0))
        return 0;
    return value < 1 ? (apr_int64_t)(value * CIV_CONFIDENCE_ONE + 0.5) : CIV_CONFIDENCE_ONE;
}
