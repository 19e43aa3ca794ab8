/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file quorum.h
 * What the votes on a block come to. Pure arithmetic, in 128 bits, so that no stake can overflow it.
 */
#ifndef CIV_LEDGER_QUORUM_H
#define CIV_LEDGER_QUORUM_H

#include <apr.h>

__extension__ typedef unsigned __int128 civ_wide_t;

typedef enum civ_ballot_e {
    CIV_BALLOT_NONE,
    CIV_BALLOT_ACCEPT,
    CIV_BALLOT_REJECT,
    CIV_BALLOT_EQUIVOCATED /**< signed both: counts for nothing */
} civ_ballot_e;

/** A validator of the block's set. */
typedef struct civ_seat_t {
    apr_uint64_t stake;
    civ_ballot_e ballot;
} civ_seat_t;

typedef enum civ_outcome_e {
    CIV_OUTCOME_PENDING,
    CIV_OUTCOME_ACCEPTED,
    CIV_OUTCOME_REJECTED /**< acceptance has become impossible */
} civ_outcome_e;

typedef struct civ_quorum_t {
    civ_wide_t accepted, rejected, equivocated; /**< stake; where nobody has any, validators */
    civ_wide_t total;                           /**< of the whole set, whether they voted or not */
    civ_wide_t threshold;                       /**< the least that is enough: two thirds, rounded up */
    int by_stake;                               /**< 0: one vote each */
    apr_size_t validators;
    apr_size_t accepts, rejects, equivocations; /**< votes */
    civ_outcome_e verdict; /**< by the two thirds alone, however few validators there are */
    civ_outcome_e outcome; /**< pending while there are fewer validators than demanded */
} civ_quorum_t;

/** Count. Accepted when 3 * accepted >= 2 * total, of a set of at least @a min_validators that is not empty. */
void civ_quorum_count(civ_quorum_t *quorum, const civ_seat_t *seats, apr_size_t count,
                      apr_uint32_t min_validators);

/** "pending", "accepted" or "rejected". */
const char *civ_outcome_name(civ_outcome_e outcome);

/** What a validator's votes have come to. */
typedef struct civ_standing_t {
    apr_int64_t votes;
    apr_int64_t agreed;      /**< as the block's validators decided */
    apr_int64_t disagreed;   /**< the other way */
    apr_int64_t equivocated; /**< signed both */
} civ_standing_t;

/** Ten-thousandths: floor(10000 * (1 + agreed) / (1 + agreed + disagreed + 8 * equivocated)). */
int civ_standing_reputation(const civ_standing_t *standing);

#endif
