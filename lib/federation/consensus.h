/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file consensus.h
 * What votes on evidence come to. Integers only; knows no database.
 */
#ifndef CIV_FEDERATION_CONSENSUS_H
#define CIV_FEDERATION_CONSENSUS_H

#include "federation/federation.h"

/** A confidence of 1, as votes are stored: ten-thousandths. */
#define CIV_CONFIDENCE_ONE 10000

typedef enum civ_opinion_e {
    CIV_OPINION_PENDING,  /**< too few votes, or none with any confidence */
    CIV_OPINION_ACCEPTED, /**< at least the threshold of the weight says that it is valid */
    CIV_OPINION_REJECTED, /**< at least the threshold of the weight says that it is not */
    CIV_OPINION_CONTESTED /**< enough votes, and neither */
} civ_opinion_e;

/** "pending", "accepted", "rejected", "contested". */
const char *civ_opinion_name(civ_opinion_e opinion);

/** Votes on one version of evidence, summed up. The weight of a vote is its confidence, in ten-thousandths. */
typedef struct civ_tally_t {
    apr_int64_t votes;
    apr_int64_t valid, invalid; /**< weights */
} civ_tally_t;

/** Add a vote. */
void civ_tally_add(civ_tally_t *tally, int is_valid, apr_int64_t confidence);

/** What they come to. @param threshold above one half */
civ_opinion_e civ_tally_opinion(const civ_tally_t *tally, apr_uint32_t min_votes, civ_fraction_t threshold);

/** The share of the weight that says valid, in millionths, rounded down; 0 without any weight. */
apr_int64_t civ_tally_agreement(const civ_tally_t *tally);

/** A confidence as a client gives it, to ten-thousandths: clamped to 0..1, rounded to nearest. Not a number: 0. */
apr_int64_t civ_confidence_from(double value);

#endif
