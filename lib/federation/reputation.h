/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file reputation.h
 * What the outcomes of an organisation's evidence and votes say of it. Nobody sets it: it follows from counts.
 */
#ifndef CIV_FEDERATION_REPUTATION_H
#define CIV_FEDERATION_REPUTATION_H

#include <apr.h>

/** How consensus has turned out. */
typedef struct civ_outcomes_t {
    apr_int64_t evidence_accepted; /**< versions of its own evidence */
    apr_int64_t evidence_rejected;
    apr_int64_t votes_agreed; /**< its votes on evidence that was decided, with and against the outcome */
    apr_int64_t votes_disagreed;
} civ_outcomes_t;

/**
 * In ten-thousandths, rounded down, from 0 to 10000; 10000 where nothing is decided.
 *
 * (good + 10) / (good + bad + 10), where evidence weighs four times as much as a vote: good = 4 x accepted + agreed,
 * bad = 4 x rejected + disagreed. The 10 is what a newcomer is trusted in advance: one bad outcome does not ruin it.
 */
int civ_reputation(const civ_outcomes_t *outcomes);

#endif
