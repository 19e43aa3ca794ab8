/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Two thirds of all stake, and what a validator's record is worth.
 */
#include <string.h>

#include "ledger/quorum.h"

/* A signed contradiction weighs as much as so many votes against the others'. */
#define EQUIVOCATION_WEIGHT 8

#define REPUTATION_SCALE 10000

static void add_seat(civ_quorum_t *quorum, const civ_seat_t *seat)
{
    civ_wide_t weight = quorum->by_stake ? seat->stake : 1;

    switch (seat->ballot) {
    case CIV_BALLOT_NONE:
        return;
    case CIV_BALLOT_ACCEPT:
        quorum->accepted += weight;
        quorum->accepts++;
        return;
    case CIV_BALLOT_REJECT:
        quorum->rejected += weight;
        quorum->rejects++;
        return;
    case CIV_BALLOT_EQUIVOCATED:
        quorum->equivocated += weight;
        quorum->equivocations++;
        return;
    }
}

static civ_outcome_e decide(const civ_quorum_t *quorum)
{
    civ_wide_t reachable = quorum->total - quorum->rejected - quorum->equivocated;

    if (quorum->total == 0)
        return CIV_OUTCOME_PENDING;
    if (3 * quorum->accepted >= 2 * quorum->total)
        return CIV_OUTCOME_ACCEPTED;
    return 3 * reachable < 2 * quorum->total ? CIV_OUTCOME_REJECTED : CIV_OUTCOME_PENDING;
}

void civ_quorum_count(civ_quorum_t *quorum, const civ_seat_t *seats, apr_size_t count,
                      apr_uint32_t min_validators)
{
    apr_size_t i;

    memset(quorum, 0, sizeof(*quorum));
    quorum->validators = count;
    for (i = 0; i < count; i++)
        quorum->total += seats[i].stake;
    quorum->by_stake = quorum->total > 0;
    if (!quorum->by_stake)
        quorum->total = count;
    for (i = 0; i < count; i++)
        add_seat(quorum, &seats[i]);
    quorum->threshold = (2 * quorum->total + 2) / 3;
    quorum->verdict = decide(quorum);
    quorum->outcome = count >= min_validators ? quorum->verdict : CIV_OUTCOME_PENDING;
}

const char *civ_outcome_name(civ_outcome_e outcome)
{
    static const char *const names[] = {"pending", "accepted", "rejected"};

    return names[outcome];
}

int civ_standing_reputation(const civ_standing_t *standing)
{
    civ_wide_t good = (civ_wide_t)standing->agreed + 1;
    civ_wide_t all =
        good + (civ_wide_t)standing->disagreed + EQUIVOCATION_WEIGHT * (civ_wide_t)standing->equivocated;

    return (int)(REPUTATION_SCALE * good / all);
}
