/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The rows of the votes on one block, and what they mean.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "ledger/votes_private.h"

static apr_size_t seat_of(const civ_validator_set_t *set, apr_int64_t registration)
{
    const civ_validator_member_t *member =
        registration >= 0 ? civ_validator_set_registered(set, (apr_uint64_t)registration) : NULL;

    return member != NULL ? (apr_size_t)(member - set->members) : set->count;
}

static int is_text(civ_rows_t *rows, int octets, const char *text)
{
    apr_int64_t length;

    return civ_rows_int(rows, octets, &length) == APR_SUCCESS && length == (apr_int64_t)strlen(text);
}

apr_status_t civ_votes_read(civ_db_t *db, apr_uint64_t height, const civ_validator_set_t *set,
                            civ_vote_list_t *list, apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(height), civ_int(CIV_VALIDATORS_MAX + 1)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_VOTES_OF_BLOCK], arguments, 2, &rows, pool);

    memset(list, 0, sizeof(*list));
    list->rows = apr_pcalloc(pool, (CIV_VALIDATORS_MAX + 2) * sizeof(*list->rows));
    list->seats = apr_pcalloc(pool, (set->count + 2) * sizeof(*list->seats));
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_vote_row_t *row = &list->rows[list->count++];

        /* What is no integer belongs to nobody. */
        if (civ_rows_int(rows, 0, &row->registration) != APR_SUCCESS)
            row->registration = -1;
        if (civ_rows_int(rows, 3, &row->verdict) != APR_SUCCESS)
            row->verdict = -1;
        row->accept = apr_pstrdup(pool, civ_rows_text(rows, 1));
        row->reject = apr_pstrdup(pool, civ_rows_text(rows, 2));
        row->is_text = is_text(rows, 4, row->accept) && is_text(rows, 5, row->reject);
        row->at = seat_of(set, row->registration);
        /* The database's index is to see to that; but it may have been led astray. */
        if (list->count > CIV_VALIDATORS_MAX ||
            (list->count > 1 && row->registration == row[-1].registration && row->registration >= 0))
            status = CIV_EINTEGRITY;
    }
    civ_votes_seat(list, set);
    return status;
}

static civ_ballot_e ballot_of(const civ_vote_row_t *row)
{
    if (row->accept[0] != '\0')
        return row->reject[0] != '\0' ? CIV_BALLOT_EQUIVOCATED : CIV_BALLOT_ACCEPT;
    return row->reject[0] != '\0' ? CIV_BALLOT_REJECT : CIV_BALLOT_NONE;
}

void civ_votes_seat(civ_vote_list_t *list, const civ_validator_set_t *set)
{
    apr_size_t i;

    for (i = 0; i < set->count; i++) {
        list->seats[i].stake = (apr_uint64_t)set->members[i].stake;
        list->seats[i].ballot = CIV_BALLOT_NONE;
    }
    for (i = 0; i < list->count; i++)
        if (list->rows[i].at < set->count)
            list->seats[list->rows[i].at].ballot = ballot_of(&list->rows[i]);
}

civ_vote_verdict_e civ_votes_verdict(const civ_vote_row_t *row, civ_outcome_e outcome)
{
    civ_ballot_e ballot = ballot_of(row);

    if (ballot == CIV_BALLOT_EQUIVOCATED)
        return CIV_VERDICT_EQUIVOCATED;
    if (outcome == CIV_OUTCOME_PENDING)
        return CIV_VERDICT_NONE;
    return (ballot == CIV_BALLOT_ACCEPT) == (outcome == CIV_OUTCOME_ACCEPTED) ? CIV_VERDICT_AGREED
                                                                              : CIV_VERDICT_DISAGREED;
}

/** An empty text is no vote, and so not a bad one. */
static int is_good(const char *signature, int accepts, const civ_validator_member_t *member,
                   const civ_vote_subject_t *subject, apr_pool_t *pool)
{
    unsigned char *bytes;
    apr_size_t length;

    return signature[0] == '\0' ||
           (civ_base64_decode(&bytes, &length, signature, pool) == APR_SUCCESS &&
            length == CIV_KEY_SIGNATURE_SIZE &&
            civ_vote_verify(subject, accepts, member->key, bytes, pool) == APR_SUCCESS);
}

const char *civ_votes_check(const civ_vote_row_t *row, const civ_validator_set_t *set,
                            const civ_vote_subject_t *subject, apr_pool_t *pool)
{
    const civ_validator_member_t *member;

    if (row->at >= set->count)
        return apr_psprintf(pool,
                            "there is a vote of registration %" APR_INT64_T_FMT
                            ", which is not of a validator of this block",
                            row->registration);
    member = &set->members[row->at];
    if (!row->is_text)
        return apr_psprintf(
            pool, "the vote of %s has a signature that is not kept as text, or has bytes behind its end",
            member->id);
    if (ballot_of(row) == CIV_BALLOT_NONE)
        return apr_psprintf(pool, "the vote of %s has no signature", member->id);
    if (!is_good(row->accept, 1, member, subject, pool) || !is_good(row->reject, 0, member, subject, pool))
        return apr_psprintf(pool, "the vote of %s does not bear its signature", member->id);
    return NULL;
}
