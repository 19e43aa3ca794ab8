/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Validation of the validators' rows against the entries that register and remove them, and of the votes: each by the
 * signatures it bears, those of a block in one select, so that what is compared is of one moment. What was made of the votes
 * (verdicts, and their counts) is made again.
 */
#include <apr_strings.h>
#include <string.h>

#include "ledger/verify_private.h"
#include "ledger/votes_private.h"

/* Each row's votes are counted by the database, from an index. */
#define STANDING_ROWS 8

/* --- validators --- */

static apr_status_t check_registered(civ_walk_t *walk, const civ_validator_row_t *row)
{
    civ_verifier_t *v = &walk->verifier;
    const civ_validator_member_t *wanted = &v->changed;

    if (strcmp(row->member.id, wanted->id) != 0 ||
        memcmp(row->member.key, wanted->key, CIV_KEY_PUBLIC_SIZE) != 0 || row->member.stake != wanted->stake)
        return civ_verifier_report(v, "the row of the validator %s is not what its entry says", wanted->id);
    if (row->first_height != (apr_int64_t)v->next_height + 1)
        return civ_verifier_report(v, "the row of the validator %s has it begin at another block",
                                   wanted->id);
    if (v->header != NULL && row->joined != v->header->timestamp)
        return civ_verifier_report(v, "the row of the validator %s names another time", wanted->id);
    return APR_SUCCESS;
}

/** An entry that removes a validator registers none. */
static apr_status_t check_no_row(civ_walk_t *walk)
{
    civ_verifier_t *v = &walk->verifier;
    civ_validator_row_t row;
    apr_status_t status = civ_validators_row(walk->db, v->leaf, &row, walk->block_pool);

    if (status == APR_SUCCESS || status == CIV_EINVALID)
        return civ_verifier_report(v, "there is a row of a validator for the entry that removed %s",
                                   v->changed.id);
    return status == APR_NOTFOUND ? APR_SUCCESS : status;
}

apr_status_t civ_walk_validator(civ_walk_t *walk)
{
    civ_verifier_t *v = &walk->verifier;
    civ_validator_row_t row;
    apr_status_t status;

    if (v->change == CIV_NO_CHANGE)
        return APR_SUCCESS;
    status = civ_validators_row(walk->db, v->changed.registration, &row, walk->block_pool);
    if (status == APR_NOTFOUND)
        return civ_verifier_report(v, "the validator %s has no row", v->changed.id);
    if (status == CIV_EINVALID)
        return civ_verifier_report(v, "the row of the validator %s is damaged", v->changed.id);
    if (status != APR_SUCCESS)
        return status;
    if (v->change == CIV_REGISTERED)
        return check_registered(walk, &row);
    if (row.end_height != (apr_int64_t)v->next_height + 1)
        status =
            civ_verifier_report(v, "the row of the validator %s has it end at another block", v->changed.id);
    return status == APR_SUCCESS ? check_no_row(walk) : status;
}

/** Those in force at the end of the walk were not removed up to there; perhaps meanwhile. */
static apr_status_t check_staying(civ_walk_t *walk, const civ_validator_member_t *member,
                                  apr_uint64_t *newest)
{
    apr_uint64_t last = walk->validation->last;
    civ_validator_row_t row;
    apr_status_t status = civ_validators_row(walk->db, member->registration, &row, walk->page_pool);

    /* Reported already. */
    if (status == APR_NOTFOUND || status == CIV_EINVALID)
        return APR_SUCCESS;
    if (status != APR_SUCCESS || row.end_height == CIV_VALIDATOR_STAYS)
        return status;
    status = civ_walk_newest(walk, newest);
    if (status != APR_SUCCESS ||
        (row.end_height > (apr_int64_t)last + 1 && row.end_height <= (apr_int64_t)*newest + 1))
        return status;
    return civ_walk_report(walk, last, "the row of the validator %s has it end, but it was not removed",
                           member->id);
}

static apr_status_t check_all_staying(civ_walk_t *walk)
{
    const civ_validator_set_t *set = &walk->verifier.validators;
    apr_status_t status = APR_SUCCESS;
    apr_uint64_t newest = 0;
    apr_size_t i;

    if (walk->verifier.validators_lost || walk->verifier.validators_doubtful)
        return APR_SUCCESS;
    for (i = 0; i < set->count && status == APR_SUCCESS; i++) {
        apr_pool_clear(walk->page_pool);
        status = check_staying(walk, &set->members[i], &newest);
    }
    return status;
}

/* --- votes --- */

apr_status_t civ_walk_next_vote(civ_walk_t *walk, apr_int64_t height)
{
    const civ_argument_t arguments[] = {civ_int(height)};
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(walk->db, &civ_ledger_sql[SQL_VOTES_NEXT], arguments, 1, &rows, walk->block_pool);

    walk->voted = APR_INT64_MAX;
    if (status != APR_SUCCESS || civ_rows_next(rows) != APR_SUCCESS)
        return status;
    if (civ_rows_int(rows, 0, &walk->voted) == APR_SUCCESS)
        return APR_SUCCESS;
    /* A text sorts behind all numbers, and is a stray; a fraction lies here. */
    walk->voted = APR_INT64_MAX;
    return civ_walk_report(walk, walk->validation->last,
                           "behind block %" APR_INT64_T_FMT " there is a vote on what is no block", height);
}

static apr_status_t check_votes(civ_walk_t *walk, const civ_vote_list_t *list)
{
    civ_verifier_t *v = &walk->verifier;
    const civ_vote_subject_t subject = {walk->ledger->config->name, v->next_height, v->hash,
                                        v->header->validator_set_hash};
    civ_quorum_t quorum;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    civ_quorum_count(&quorum, list->seats, v->validators.count, 0);
    for (i = 0; i < list->count && status == APR_SUCCESS; i++) {
        const civ_vote_row_t *row = &list->rows[i];
        const char *fault = civ_votes_check(row, &v->validators, &subject, walk->block_pool);

        if (fault != NULL)
            status = civ_verifier_report(v, "%s", fault);
        else if (row->verdict != (apr_int64_t)civ_votes_verdict(row, quorum.verdict))
            status = civ_verifier_report(v, "the verdict on the vote of %s does not follow from the votes",
                                         v->validators.members[row->at].id);
    }
    return status;
}

apr_status_t civ_walk_votes(civ_walk_t *walk)
{
    civ_verifier_t *v = &walk->verifier;
    civ_vote_list_t list;
    apr_status_t status = APR_SUCCESS;

    /* Votes that came since are seen the next time. */
    if (walk->voted > (apr_int64_t)v->next_height)
        return APR_SUCCESS;
    if (walk->voted == (apr_int64_t)v->next_height && !v->validators_lost) {
        status = civ_votes_read(walk->db, v->next_height, &v->validators, &list, walk->block_pool);
        if (status == CIV_EINTEGRITY)
            status = civ_verifier_report(v, "the votes are not at most one for each validator");
        else if (status == APR_SUCCESS)
            status = check_votes(walk, &list);
    }
    return status == APR_SUCCESS ? civ_walk_next_vote(walk, (apr_int64_t)v->next_height) : status;
}

/* --- counts --- */

static apr_status_t check_standing(civ_walk_t *walk, civ_rows_t *rows, apr_int64_t *leaf)
{
    static const char *const names[] = {"votes", "votes that agreed", "votes that disagreed",
                                        "equivocations"};
    apr_status_t status = APR_SUCCESS;
    apr_int64_t claimed, counted;
    int i;

    if (civ_rows_int(rows, 0, leaf) != APR_SUCCESS)
        return CIV_EDATABASE;
    for (i = 0; i < 4 && status == APR_SUCCESS; i++) {
        if (civ_rows_int(rows, 5 + i, &counted) != APR_SUCCESS)
            return CIV_EDATABASE;
        if (civ_rows_int(rows, 1 + i, &claimed) != APR_SUCCESS || claimed != counted)
            status = civ_walk_report(walk, walk->validation->last,
                                     "the row of registration %" APR_INT64_T_FMT
                                     " does not count its %s, %" APR_INT64_T_FMT,
                                     *leaf, names[i], counted);
    }
    return status;
}

static apr_status_t check_standings(civ_walk_t *walk)
{
    apr_int64_t leaf = -1;
    apr_status_t status;
    int got;

    do {
        const civ_argument_t arguments[] = {civ_int(leaf), civ_int(STANDING_ROWS)};
        civ_rows_t *rows;

        apr_pool_clear(walk->page_pool);
        apr_sleep(CIV_PAGE_PAUSE);
        status = civ_db_select(walk->db, &civ_ledger_sql[SQL_STANDINGS_PAGE], arguments, 2, &rows,
                               walk->page_pool);
        for (got = 0; status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS; got++)
            status = check_standing(walk, rows, &leaf);
    } while (status == APR_SUCCESS && got == STANDING_ROWS);
    return status;
}

/** An index that lacks a row would hide a vote from its block, or a validator from those who look for it. @a sql counts the same
 *  rows in each of its @a columns: by the table, or by an index. */
static apr_status_t check_counts(civ_walk_t *walk, civ_ledger_sql_e sql, int columns, const char *what)
{
    apr_int64_t first = 0, other;
    int column, differ = 0;
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(walk->db, &civ_ledger_sql[sql], NULL, 0, &rows, walk->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &first) != APR_SUCCESS)
        return CIV_EDATABASE;
    for (column = 1; column < columns; column++) {
        if (civ_rows_int(rows, column, &other) != APR_SUCCESS)
            return CIV_EDATABASE;
        differ |= other != first;
    }
    return differ ? civ_walk_report(walk, walk->validation->last,
                                    "an index of the %s does not hold what its table holds", what)
                  : APR_SUCCESS;
}

apr_status_t civ_walk_validators_end(civ_walk_t *walk)
{
    const civ_argument_t type = civ_text(CIV_ENTRY_TYPE_VALIDATOR);
    apr_status_t status = check_all_staying(walk);

    if (status == APR_SUCCESS)
        status = civ_walk_strays(walk, SQL_VALIDATORS_STRAY, &type, 1, "validator row");
    if (status == APR_SUCCESS)
        status = civ_walk_strays(walk, SQL_VOTES_STRAY, NULL, 0, "a vote on block");
    if (status == APR_SUCCESS)
        status = check_standings(walk);
    if (status == APR_SUCCESS)
        status = check_counts(walk, SQL_VALIDATORS_COUNT, 3, "validators");
    if (status == APR_SUCCESS)
        status = check_counts(walk, SQL_VOTES_COUNT, 2, "votes");
    return status;
}
