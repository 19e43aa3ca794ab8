/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file votes_private.h
 * The votes on one block, for the files of lib/ledger only.
 */
#ifndef CIV_LEDGER_VOTES_PRIVATE_H
#define CIV_LEDGER_VOTES_PRIVATE_H

#include "ledger/validators_private.h"
#include "ledger/vote.h"

/** What became of a vote; the column verdict. */
typedef enum civ_vote_verdict_e {
    CIV_VERDICT_NONE,       /**< the block is undecided */
    CIV_VERDICT_AGREED,     /**< it was decided as the vote says */
    CIV_VERDICT_DISAGREED,  /**< it was decided the other way */
    CIV_VERDICT_EQUIVOCATED /**< there are both signatures */
} civ_vote_verdict_e;

/** A row of civ_votes. */
typedef struct civ_vote_row_t {
    apr_int64_t registration;
    const char *accept, *reject; /**< signatures in base64; "": none */
    apr_int64_t verdict;
    int is_text;   /**< both signatures are kept as text, without bytes behind their ends */
    apr_size_t at; /**< place of the validator in the set; the set's count when it is not in there */
} civ_vote_row_t;

/** All votes on a block: at most one for each validator. */
typedef struct civ_vote_list_t {
    civ_vote_row_t *rows;
    apr_size_t count;
    civ_seat_t *seats; /**< one for each validator of the set */
} civ_vote_list_t;

/** Read the votes on a block whose set is @a set. @return CIV_EINTEGRITY when they are not at most one
 * for each validator */
apr_status_t civ_votes_read(civ_db_t *db, apr_uint64_t height, const civ_validator_set_t *set,
                            civ_vote_list_t *list, apr_pool_t *pool);

/** Set the seats from the rows. */
void civ_votes_seat(civ_vote_list_t *list, const civ_validator_set_t *set);

/** The verdict that a row should have. */
civ_vote_verdict_e civ_votes_verdict(const civ_vote_row_t *row, civ_outcome_e outcome);

/** Whether the row's signatures are those of its validator. @return a sentence when they are not */
const char *civ_votes_check(const civ_vote_row_t *row, const civ_validator_set_t *set,
                            const civ_vote_subject_t *subject, apr_pool_t *pool);

#endif
