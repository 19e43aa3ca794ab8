/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Votes on evidence, and what they do to the reputation of those who shared it and of those who voted.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/timestamp.h"
#include "federation/evidence_private.h"

#define KIND "vote"

/** Votes of which the outcome is booked anew when it changes: more than a federation has members. */
#define VOTES_MAX 100000

typedef struct voting_t {
    civ_operation_t operation; /**< first, see civ_operation_run */
    const char *evidence_id;
    apr_int64_t version; /**< 0: the newest */
    int is_valid;
    apr_int64_t confidence;
    int known; /**< this very vote was cast before */
} voting_t;

/* --- reputation --- */

/** How a vote stands under an opinion. */
static civ_outcomes_t judge(civ_opinion_e opinion, int is_valid, apr_int64_t confidence)
{
    civ_outcomes_t outcomes = {0, 0, 0, 0};

    /* Who says nothing is neither right nor wrong. */
    if (confidence > 0 && (opinion == CIV_OPINION_ACCEPTED || opinion == CIV_OPINION_REJECTED))
        *((opinion == CIV_OPINION_ACCEPTED) == (is_valid != 0) ? &outcomes.votes_agreed
                                                               : &outcomes.votes_disagreed) = 1;
    return outcomes;
}

static apr_status_t book(voting_t *voting, civ_change_t *change, apr_int64_t member, civ_outcomes_t before,
                         civ_outcomes_t after)
{
    const civ_outcomes_t by = {after.evidence_accepted - before.evidence_accepted,
                               after.evidence_rejected - before.evidence_rejected,
                               after.votes_agreed - before.votes_agreed,
                               after.votes_disagreed - before.votes_disagreed};

    if (by.evidence_accepted == 0 && by.evidence_rejected == 0 && by.votes_agreed == 0 &&
        by.votes_disagreed == 0)
        return APR_SUCCESS;
    return civ_member_outcomes(&voting->operation, change, member, &by);
}

static apr_status_t book_author(voting_t *voting, civ_change_t *change, apr_int64_t author,
                                civ_opinion_e before, civ_opinion_e after)
{
    const civ_outcomes_t was = {before == CIV_OPINION_ACCEPTED, before == CIV_OPINION_REJECTED, 0, 0};
    const civ_outcomes_t is = {after == CIV_OPINION_ACCEPTED, after == CIV_OPINION_REJECTED, 0, 0};

    return book(voting, change, author, was, is);
}

/** The outcome has changed: all votes before this one stand otherwise. */
static apr_status_t book_voters(voting_t *voting, civ_change_t *change, apr_int64_t evidence,
                                civ_opinion_e before, civ_opinion_e after)
{
    const civ_argument_t arguments[] = {civ_int(evidence), civ_int(VOTES_MAX)};
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_evidence_sql[SQL_OPINIONS_OF], arguments, 2, &rows, change->pool);

    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        apr_int64_t member, is_valid, confidence;

        if (civ_rows_int(rows, 0, &member) != APR_SUCCESS ||
            civ_rows_int(rows, 1, &is_valid) != APR_SUCCESS ||
            civ_rows_int(rows, 2, &confidence) != APR_SUCCESS)
            return CIV_EDATABASE;
        status = book(voting, change, member, judge(before, is_valid != 0, confidence),
                      judge(after, is_valid != 0, confidence));
    }
    return status;
}

/* --- casting --- */

static apr_status_t refuse(civ_change_t *change, apr_status_t status, civ_problem_kind_e kind,
                           const char *pointer, const char *detail)
{
    civ_problem_set_at(change->problem, kind, pointer, change->pool, "%s", detail);
    return status;
}

static apr_status_t check(const voting_t *voting, civ_change_t *change, const civ_evidence_row_t *row,
                          const civ_member_t *member)
{
    if (row->shared.withdrawn != 0)
        return refuse(change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/evidence_id",
                      "This evidence was withdrawn");
    if (voting->version != 0 && voting->version != row->shared.version)
        return refuse(change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/version",
                      "This is not the newest version of the evidence: votes are on the newest one");
    if (row->member == member->number)
        return refuse(change, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/evidence_id",
                      "Nobody votes on evidence of their own");
    return APR_SUCCESS;
}

/** @return APR_NOTFOUND when the member has not voted; APR_SUCCESS when it has cast this very vote; a refusal */
static apr_status_t look_before(const voting_t *voting, civ_change_t *change, apr_int64_t evidence,
                                apr_int64_t member)
{
    const civ_argument_t arguments[] = {civ_int(evidence), civ_int(member)};
    apr_int64_t is_valid, confidence;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_evidence_sql[SQL_OPINION_FIND], arguments, 2, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    if (civ_rows_int(rows, 0, &is_valid) != APR_SUCCESS || civ_rows_int(rows, 1, &confidence) != APR_SUCCESS)
        return CIV_EDATABASE;
    if ((is_valid != 0) == (voting->is_valid != 0) && confidence == voting->confidence)
        return APR_SUCCESS;
    return refuse(change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/is_valid",
                  "This organisation has voted on this version differently; a vote stands");
}

/** What the ledger has the digest of: that a pseudonym has voted so. */
static apr_status_t note(const voting_t *voting, civ_change_t *change, const civ_evidence_row_t *row,
                         const char *voter)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_record_t record;
    civ_buffer_t text;
    apr_status_t status;
    const civ_fact_t facts[] = {
        {"evidence_id", voting->evidence_id},
        {"version", apr_psprintf(change->pool, "%" APR_INT64_T_FMT, row->shared.version)},
        {NULL, NULL}};

    civ_buffer_init(&text, 512, change->pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "evidence_id", voting->evidence_id);
    civ_json_member_int(&writer, "version", row->shared.version);
    civ_json_member_text(&writer, "voter", voter);
    civ_json_member_bool(&writer, "is_valid", voting->is_valid);
    civ_json_member_int(&writer, "confidence", voting->confidence);
    civ_json_member_text(&writer, "voted_at", civ_timestamp_format(time, change->now));
    civ_json_end_object(&writer);
    status = civ_record_digest(&record, text.data, text.length, change->pool);
    return status == APR_SUCCESS ? civ_record_note(change, KIND, "cast", &record.digest, facts) : status;
}

static apr_status_t store(voting_t *voting, civ_change_t *change, const civ_evidence_row_t *row,
                          const civ_member_t *member, const char *voter)
{
    const civ_argument_t vote[] = {civ_int(row->shared.number),
                                   civ_int(member->number),
                                   civ_int(voting->is_valid != 0),
                                   civ_int(voting->confidence),
                                   civ_int(change->now),
                                   civ_text(voter),
                                   civ_text(civ_operation_proof(&voting->operation))};

    return civ_db_execute(change->db, &civ_evidence_sql[SQL_OPINION_INSERT], vote, 7, NULL);
}

static apr_status_t write_vote(voting_t *voting, civ_change_t *change, const civ_evidence_row_t *row,
                               const civ_member_t *member)
{
    const civ_federation_config_t *config = voting->operation.federation->config;
    const char *voter = civ_federation_pseudonym(voting->operation.federation, KIND, change->now,
                                                 member->organization_id, change->pool);
    civ_tally_t tally = row->shared.tally;
    civ_opinion_e before = row->shared.opinion, after;
    apr_status_t status = APR_SUCCESS;

    civ_tally_add(&tally, voting->is_valid, voting->confidence);
    after = civ_tally_opinion(&tally, config->min_votes, config->threshold);
    if (after != before)
        status = book_voters(voting, change, row->shared.number, before, after);
    if (status == APR_SUCCESS)
        status = book_author(voting, change, row->member, before, after);
    if (status == APR_SUCCESS)
        status = book(voting, change, member->number, judge(CIV_OPINION_PENDING, 0, 0),
                      judge(after, voting->is_valid, voting->confidence));
    if (status == APR_SUCCESS)
        status = store(voting, change, row, member, voter);
    if (status == APR_SUCCESS) {
        const civ_argument_t sums[] = {civ_int(tally.votes), civ_int(tally.valid), civ_int(tally.invalid),
                                       civ_int(after), civ_int(row->shared.number)};

        status = civ_db_execute(change->db, &civ_evidence_sql[SQL_EVIDENCE_TALLY], sums, 5, NULL);
    }
    if (status == APR_SUCCESS)
        status = civ_operation_count(&voting->operation, change, CIV_TOTAL_VOTES, 1);
    return status == APR_SUCCESS ? note(voting, change, row, voter) : status;
}

static apr_status_t find_votable(civ_federation_t *federation, civ_db_t *db, const char *evidence_id,
                                 apr_int64_t version, civ_evidence_row_t *row, apr_pool_t *pool)
{
    apr_status_t status = civ_evidence_find(federation, db, evidence_id, version, row, pool);

    /* What is not public cannot be voted on, and that it exists is not told. */
    return status == APR_SUCCESS && row->shared.privacy != CIV_PRIVACY_ANONYMIZED ? APR_NOTFOUND : status;
}

static apr_status_t apply_vote(void *baton, civ_change_t *change)
{
    voting_t *voting = baton;
    civ_evidence_row_t row;
    civ_member_t member;
    apr_status_t status = civ_member_speaking(voting->operation.speaker, change, &member);

    voting->known = 0;
    if (status != APR_SUCCESS)
        return status;
    status =
        find_votable(voting->operation.federation, change->db, voting->evidence_id, 0, &row, change->pool);
    if (status == APR_NOTFOUND)
        return refuse(change, status, CIV_PROBLEM_NOT_FOUND, "/evidence_id",
                      "No evidence with this id was shared");
    if (status == APR_SUCCESS)
        status = check(voting, change, &row, &member);
    if (status == APR_SUCCESS)
        status = look_before(voting, change, row.shared.number, member.number);
    voting->known = status == APR_SUCCESS;
    if (status == APR_NOTFOUND)
        status = write_vote(voting, change, &row, &member);
    change->answer = "voted";
    return status;
}

apr_status_t civ_federation_vote(civ_federation_t *federation, const civ_speaker_t *speaker,
                                 const char *evidence_id, apr_int64_t version, int is_valid,
                                 apr_int64_t confidence, const civ_idempotency_t *idempotency, int *repeated,
                                 civ_problem_t *problem, apr_pool_t *pool)
{
    voting_t voting = {.operation = {.federation = federation, .speaker = speaker},
                       .evidence_id = evidence_id,
                       .version = version,
                       .is_valid = is_valid,
                       .confidence = confidence};
    civ_change_result_t result;
    apr_status_t status =
        civ_operation_run(&voting.operation, apply_vote, idempotency, &result, problem, pool);

    *repeated = result.repeated;
    return status;
}

/* --- consensus --- */

static apr_status_t read_votes(civ_db_t *db, apr_int64_t evidence, civ_evidence_consensus_t *consensus,
                               apr_pool_t *pool)
{
    const civ_argument_t arguments[] = {civ_int(evidence), civ_int(CIV_VOTES_SHOWN)};
    civ_validation_vote_t *votes = apr_pcalloc(pool, CIV_VOTES_SHOWN * sizeof(*votes));
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_evidence_sql[SQL_OPINIONS_OF], arguments, 2, &rows, pool);

    consensus->votes = votes;
    while (status == APR_SUCCESS && civ_rows_next(rows) == APR_SUCCESS) {
        civ_validation_vote_t *vote = &votes[consensus->count++];
        apr_int64_t is_valid;

        if (civ_rows_int(rows, 1, &is_valid) != APR_SUCCESS ||
            civ_rows_int(rows, 2, &vote->confidence) != APR_SUCCESS ||
            civ_rows_int(rows, 3, &vote->voted) != APR_SUCCESS)
            return CIV_EDATABASE;
        vote->is_valid = is_valid != 0;
        vote->voter = apr_pstrdup(pool, civ_rows_text(rows, 4));
    }
    return status;
}

static apr_status_t read_consensus(civ_federation_t *federation, civ_db_t *db, const char *evidence_id,
                                   apr_int64_t version, civ_evidence_consensus_t *consensus, apr_pool_t *pool)
{
    civ_evidence_row_t row;
    apr_status_t status = find_votable(federation, db, evidence_id, version, &row, pool);

    if (status != APR_SUCCESS)
        return status;
    consensus->evidence_id = row.shared.evidence_id;
    consensus->version = row.shared.version;
    consensus->tally = row.shared.tally;
    consensus->opinion = row.shared.opinion;
    return read_votes(db, row.shared.number, consensus, pool);
}

apr_status_t civ_federation_consensus(civ_federation_t *federation, const char *evidence_id,
                                      apr_int64_t version, civ_evidence_consensus_t *consensus,
                                      civ_problem_t *problem, apr_pool_t *pool)
{
    civ_store_t *store_of = federation->config->store;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(store_of, &db);

    memset(consensus, 0, sizeof(*consensus));
    consensus->min_votes = federation->config->min_votes;
    consensus->threshold = federation->config->threshold;
    if (status == APR_SUCCESS) {
        status = read_consensus(federation, db, evidence_id, version, consensus, pool);
        civ_store_release(store_of, db);
    }
    if (status == APR_NOTFOUND) {
        civ_problem_set(problem, CIV_PROBLEM_NOT_FOUND, pool, "No evidence with this id was shared");
        return status;
    }
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}
