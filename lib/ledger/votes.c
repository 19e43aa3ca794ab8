/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Casting votes and counting them. What does not change (the block, its validators, whether the signature is good) is looked
 * up before the writers' lock is taken; what does, within the transaction.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/timestamp.h"
#include "ledger/votes_private.h"
#include "ledger/votes.h"

/* The schema moved under a statement, or another writer was in the way: begin again, at most so often. */
#define ATTEMPTS 8

/** A block, and who may vote on it. */
typedef struct ground_t {
    civ_vote_subject_t subject;
    civ_validator_set_t validators;
} ground_t;

/* --- the ground --- */

static const char *check_header(ground_t *ground, civ_rows_t *rows)
{
    civ_digest_t hash;
    civ_header_t header;

    if (civ_header_from_hex(&header, &hash, civ_rows_text(rows, 1)) != APR_SUCCESS)
        return "the header is damaged";
    if (!civ_digest_equal(&hash, &ground->subject.block_hash) || header.height != ground->subject.height)
        return "the header does not hash to the stored hash";
    ground->subject.validator_set_hash = header.validator_set_hash;
    return NULL;
}

static apr_status_t read_header(civ_db_t *db, ground_t *ground, const char **fault, apr_pool_t *pool)
{
    char hex[CIV_DIGEST_HEX_SIZE];
    civ_argument_t argument = civ_text(civ_digest_hex(hex, &ground->subject.block_hash));
    apr_int64_t height;
    civ_rows_t *rows;
    const char *wrong;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_FIND], &argument, 1, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &height) != APR_SUCCESS || height < 0)
        return APR_NOTFOUND;
    ground->subject.height = (apr_uint64_t)height;
    argument = civ_int(height);
    status = civ_db_select(db, &civ_ledger_sql[SQL_BLOCK_READ], &argument, 1, &rows, pool);
    if (status != APR_SUCCESS)
        return status;
    wrong = civ_rows_next(rows) == APR_SUCCESS ? check_header(ground, rows) : "it is missing";
    if (wrong == NULL)
        return APR_SUCCESS;
    *fault = apr_psprintf(pool, "block %" APR_INT64_T_FMT ": %s", height, wrong);
    return CIV_EINTEGRITY;
}

static apr_status_t read_ground(civ_ledger_t *ledger, civ_db_t *db, const civ_digest_t *block_hash,
                                ground_t *ground, const char **fault, apr_pool_t *pool)
{
    civ_digest_t hash;
    apr_status_t status;

    memset(ground, 0, sizeof(*ground));
    ground->subject.ledger_name = ledger->config->name;
    ground->subject.block_hash = *block_hash;
    status = read_header(db, ground, fault, pool);
    if (status == APR_SUCCESS)
        status = civ_validators_at(db, ground->subject.height, &ground->validators, pool);
    if (status == APR_SUCCESS) {
        civ_validator_set_hash(&hash, &ground->validators, pool);
        if (!civ_digest_equal(&hash, &ground->subject.validator_set_hash))
            status = CIV_EINTEGRITY;
    }
    if (status == CIV_EINTEGRITY && *fault == NULL)
        *fault = apr_psprintf(pool, "the validators are not those that block %" APR_UINT64_T_FMT " names",
                              ground->subject.height);
    return status;
}

/* --- consensus --- */

static const char *reason_for(const civ_consensus_t *consensus, apr_pool_t *pool)
{
    const civ_quorum_t *quorum = &consensus->quorum;

    if (quorum->validators < consensus->min_validators)
        return apr_psprintf(pool,
                            "%" APR_SIZE_T_FMT " validators were registered when this block was sealed; "
                            "consensus needs at least %u",
                            quorum->validators, consensus->min_validators);
    switch (quorum->outcome) {
    case CIV_OUTCOME_ACCEPTED:
        return NULL;
    case CIV_OUTCOME_REJECTED:
        return "acceptance by two thirds is not possible any more";
    case CIV_OUTCOME_PENDING:
        break;
    }
    return quorum->by_stake ? "less than two thirds of all stake have accepted so far"
                            : "less than two thirds of all validators have accepted so far";
}

static apr_status_t fill(civ_consensus_t *consensus, const civ_ledger_t *ledger, const ground_t *ground,
                         const civ_vote_list_t *list, const char **fault, apr_pool_t *pool)
{
    apr_size_t i;

    memset(consensus, 0, sizeof(*consensus));
    consensus->min_validators = ledger->config->min_validators;
    consensus->height = ground->subject.height;
    consensus->block_hash = ground->subject.block_hash;
    consensus->validator_set_hash = ground->subject.validator_set_hash;
    consensus->votes = apr_pcalloc(pool, (list->count + 1) * sizeof(*consensus->votes));
    for (i = 0; i < list->count; i++) {
        const civ_vote_row_t *row = &list->rows[i];
        civ_cast_vote_t *vote = &consensus->votes[consensus->count++];
        const char *wrong = civ_votes_check(row, &ground->validators, &ground->subject, pool);

        if (wrong != NULL) {
            *fault = apr_psprintf(pool, "block %" APR_UINT64_T_FMT ": %s", consensus->height, wrong);
            return CIV_EINTEGRITY;
        }
        vote->validator_id = ground->validators.members[row->at].id;
        vote->stake = ground->validators.members[row->at].stake;
        vote->ballot = list->seats[row->at].ballot;
        vote->accept = row->accept;
        vote->reject = row->reject;
    }
    civ_quorum_count(&consensus->quorum, list->seats, ground->validators.count, consensus->min_validators);
    consensus->reason = reason_for(consensus, pool);
    return APR_SUCCESS;
}

apr_status_t civ_ledger_consensus(civ_ledger_t *ledger, const civ_digest_t *block_hash,
                                  civ_consensus_t *consensus, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_vote_list_t list;
    ground_t ground;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status == APR_SUCCESS) {
        status = read_ground(ledger, db, block_hash, &ground, &fault, pool);
        if (status == APR_SUCCESS)
            status = civ_votes_read(db, ground.subject.height, &ground.validators, &list, pool);
        civ_store_release(ledger->config->store, db);
    }
    if (status == APR_SUCCESS)
        status = fill(consensus, ledger, &ground, &list, &fault, pool);
    return status == APR_SUCCESS ? status
                                 : civ_read_failed(ledger, status, fault, "This block", problem, pool);
}

/* --- casting --- */

typedef struct casting_t {
    civ_ledger_t *ledger;
    const civ_vote_t *vote;
    const civ_idempotency_t *idempotency;
    const ground_t *ground;
    const civ_validator_member_t *member;
    const char *signature; /**< in base64 */
    civ_db_t *db;
    civ_vote_list_t list;
    civ_vote_result_e result;
    int is_news; /**< it was not known before */
    int repeated;
    civ_problem_t *problem;
    apr_pool_t *pool;
} casting_t;

/** Where the validator's own row is in the list, or belongs. @param is_there whether it is */
static civ_vote_row_t *find_row(casting_t *casting, int *is_there)
{
    apr_int64_t registration = (apr_int64_t)casting->member->registration;
    civ_vote_list_t *list = &casting->list;
    civ_vote_row_t *row = list->rows;

    while (row < list->rows + list->count && row->registration < registration)
        row++;
    *is_there = row < list->rows + list->count && row->registration == registration;
    return row;
}

/** The validator's own row; a new one at its place in the list where it has none. */
static civ_vote_row_t *own_row(casting_t *casting, int *is_new)
{
    civ_vote_list_t *list = &casting->list;
    apr_size_t at = (apr_size_t)(casting->member - casting->ground->validators.members);
    int is_there;
    civ_vote_row_t *row = find_row(casting, &is_there);

    *is_new = !is_there;
    if (is_there)
        return row;
    memmove(row + 1, row, (apr_size_t)(list->rows + list->count - row) * sizeof(*row));
    list->count++;
    row->registration = (apr_int64_t)casting->member->registration;
    row->accept = row->reject = "";
    row->is_text = 1;
    row->verdict = CIV_VERDICT_NONE;
    row->at = at;
    return row;
}

static apr_status_t write_row(casting_t *casting, const civ_vote_row_t *row, int is_new)
{
    apr_uint64_t height = casting->ground->subject.height;
    const civ_argument_t made[] = {civ_int(height), civ_int(row->registration), civ_text(row->accept),
                                   civ_text(row->reject)};
    const civ_argument_t changed[] = {civ_text(row->accept), civ_text(row->reject), civ_int(height),
                                      civ_int(row->registration)};

    return is_new ? civ_db_execute(casting->db, &civ_ledger_sql[SQL_VOTE_INSERT], made, 4, NULL)
                  : civ_db_execute(casting->db, &civ_ledger_sql[SQL_VOTE_UPDATE], changed, 4, NULL);
}

static apr_status_t count(casting_t *casting, apr_int64_t registration, const apr_int64_t change[4])
{
    const civ_argument_t arguments[] = {civ_int(change[0]), civ_int(change[1]), civ_int(change[2]),
                                        civ_int(change[3]), civ_int(registration)};

    return civ_db_execute(casting->db, &civ_ledger_sql[SQL_VALIDATOR_COUNT], arguments, 5, NULL);
}

/** Move a vote from one verdict to another. The counts are votes, then one for each verdict. */
static apr_status_t judge(casting_t *casting, civ_vote_row_t *row, civ_vote_verdict_e verdict, int is_new)
{
    const civ_argument_t arguments[] = {civ_int(verdict), civ_int(casting->ground->subject.height),
                                        civ_int(row->registration)};
    apr_int64_t change[4] = {is_new != 0, 0, 0, 0};
    apr_status_t status = APR_SUCCESS;

    if (row->verdict == (apr_int64_t)verdict && !is_new)
        return APR_SUCCESS;
    if (row->verdict > CIV_VERDICT_NONE && row->verdict <= CIV_VERDICT_EQUIVOCATED)
        change[row->verdict]--;
    if (verdict != CIV_VERDICT_NONE)
        change[verdict]++;
    if (row->verdict != (apr_int64_t)verdict)
        status = civ_db_execute(casting->db, &civ_ledger_sql[SQL_VOTE_JUDGE], arguments, 3, NULL);
    row->verdict = verdict;
    return status == APR_SUCCESS ? count(casting, row->registration, change) : status;
}

/** The vote may have decided the block, or undone a decision: then all votes on it are judged anew. */
static apr_status_t judge_all(casting_t *casting, const civ_vote_row_t *own, int is_new)
{
    civ_vote_list_t *list = &casting->list;
    const civ_validator_set_t *set = &casting->ground->validators;
    civ_quorum_t quorum;
    apr_status_t status = APR_SUCCESS;
    apr_size_t i;

    civ_votes_seat(list, set);
    civ_quorum_count(&quorum, list->seats, set->count, 0);
    for (i = 0; i < list->count && status == APR_SUCCESS; i++)
        status = judge(casting, &list->rows[i], civ_votes_verdict(&list->rows[i], quorum.verdict),
                       is_new && &list->rows[i] == own);
    return status;
}

/** Put the vote into its row. @return non-zero when there is something to write */
static int enter(casting_t *casting, civ_vote_row_t *row)
{
    const char **same = casting->vote->accepts ? &row->accept : &row->reject;
    const char *other = casting->vote->accepts ? row->reject : row->accept;

    casting->result = (*same)[0] != '\0' ? CIV_VOTE_SAME : CIV_VOTE_COUNTED;
    if (other[0] != '\0')
        casting->result = CIV_VOTE_EQUIVOCATED;
    if ((*same)[0] != '\0')
        return 0;
    *same = casting->signature;
    casting->is_news = 1;
    return 1;
}

/** The votes on the block, and whether the Idempotency-Key was seen. @return APR_NOTFOUND when it was not */
static apr_status_t look(casting_t *casting)
{
    const char *answer;
    apr_status_t status = civ_votes_read(casting->db, casting->ground->subject.height,
                                         &casting->ground->validators, &casting->list, casting->pool);

    if (status != APR_SUCCESS)
        return status;
    if (casting->idempotency == NULL)
        return APR_NOTFOUND;
    status = civ_idempotency_find(casting->db, casting->idempotency, civ_timestamp_now(), &answer,
                                  casting->problem, casting->pool);
    casting->repeated = status == APR_SUCCESS;
    return status;
}

/** Within the transaction. @param wrote set to whether there is anything to commit */
static apr_status_t cast(casting_t *casting, int *wrote)
{
    civ_vote_row_t *row;
    int is_new;
    apr_status_t status = look(casting);

    if (status != APR_NOTFOUND)
        return status;
    status = APR_SUCCESS;
    row = own_row(casting, &is_new);
    *wrote = enter(casting, row);
    if (*wrote) {
        status = write_row(casting, row, is_new);
        if (status == APR_SUCCESS)
            status = judge_all(casting, row, is_new);
    }
    if (status == APR_SUCCESS && casting->result == CIV_VOTE_COUNTED && casting->idempotency != NULL)
        status = civ_idempotency_record(casting->db, casting->idempotency, civ_timestamp_now(), "vote");
    return status;
}

/** Look whether this very vote is known already: signatures are public, and who repeats one must neither take a lock nor
 *  write a row. @param known set to whether there is nothing left to do */
static apr_status_t look_before(casting_t *casting, int *known)
{
    civ_store_t *store = casting->ledger->config->store;
    civ_vote_row_t *row;
    int is_there;
    apr_status_t status = civ_store_acquire(store, &casting->db);

    if (status != APR_SUCCESS)
        return status;
    status = look(casting);
    civ_store_release(store, casting->db);
    if (status != APR_SUCCESS && status != APR_NOTFOUND)
        return status;
    row = find_row(casting, &is_there);
    *known = is_there && strcmp(casting->vote->accepts ? row->accept : row->reject, casting->signature) == 0;
    /* Nothing is to be entered: this only says what it comes to. */
    if (*known)
        enter(casting, row);
    return APR_SUCCESS;
}

/** What shows that the vote was stored: its signature. */
static apr_status_t find_signature(const void *baton, civ_db_t *db, int *there)
{
    const casting_t *casting = baton;
    civ_vote_list_t list;
    apr_status_t status = civ_votes_read(db, casting->ground->subject.height, &casting->ground->validators,
                                         &list, casting->pool);
    apr_size_t i;

    for (i = 0; status == APR_SUCCESS && i < list.count; i++)
        *there |= strcmp(list.rows[i].accept, casting->signature) == 0 ||
                  strcmp(list.rows[i].reject, casting->signature) == 0;
    return status;
}

static apr_status_t attempt(casting_t *casting)
{
    civ_store_t *store = casting->ledger->config->store;
    int unknown = 0, wrote = 0;
    apr_status_t status = civ_store_acquire(store, &casting->db);

    if (status != APR_SUCCESS)
        return status;
    status = civ_ledger_check_space(casting->ledger, casting->db);
    if (status == APR_SUCCESS)
        status = civ_db_begin(casting->db);
    if (status == APR_SUCCESS)
        status = cast(casting, &wrote);
    if (status == APR_SUCCESS && wrote)
        status = civ_db_commit(casting->db, &unknown);
    civ_store_release(store, casting->db);
    return unknown ? civ_ledger_settle(casting->ledger, status, find_signature, casting) : status;
}

/** Whether the database wants it all once more. Where the problem is filled, the conflict is the request's own. */
static int is_to_repeat(const casting_t *casting, apr_status_t status)
{
    return status == CIV_ESCHEMA || (status == CIV_ECONFLICT && casting->problem->kind == CIV_PROBLEM_NONE);
}

/** One writer at a time on this host, as for blocks: else they would only wait for each other in the database. */
static apr_status_t cast_locked(casting_t *casting)
{
    apr_status_t status = civ_ledger_lock(casting->ledger);
    int tries = 0;

    if (status != APR_SUCCESS)
        return CIV_EUNREACHABLE;
    do
        status = attempt(casting);
    while (is_to_repeat(casting, status) && ++tries < ATTEMPTS);
    civ_ledger_unlock(casting->ledger);
    return status == CIV_ECONFLICT && is_to_repeat(casting, status) ? CIV_EBUSY : status;
}

/* --- before --- */

static apr_status_t refuse_stranger(civ_ledger_t *ledger, civ_db_t *db, const civ_vote_t *vote,
                                    const ground_t *ground, civ_problem_t *problem, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(vote->validator_id);
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_ledger_sql[SQL_VALIDATOR_KNOWN], &argument, 1, &rows, pool);

    if (status != APR_SUCCESS)
        return civ_read_failed(ledger, status, NULL, "This validator", problem, pool);
    if (civ_rows_next(rows) != APR_SUCCESS) {
        civ_problem_set_at(problem, CIV_PROBLEM_NOT_FOUND, "/validator_id", pool,
                           "There is no validator with this id");
        return APR_NOTFOUND;
    }
    civ_problem_set_at(problem, CIV_PROBLEM_CONFLICT, "/validator_id", pool,
                       "This validator may not vote on block %" APR_UINT64_T_FMT
                       ": only those may who were registered before it was sealed, and not yet removed",
                       ground->subject.height);
    return CIV_ECONFLICT;
}

static apr_status_t check_signature(const civ_vote_t *vote, const ground_t *ground,
                                    const civ_validator_member_t *member, civ_problem_t *problem,
                                    apr_pool_t *pool)
{
    if (civ_vote_verify(&ground->subject, vote->accepts, member->key, vote->signature, pool) == APR_SUCCESS)
        return APR_SUCCESS;
    civ_problem_set_at(problem, CIV_PROBLEM_INVALID_MEMBER, "/signature", pool,
                       "The signature is not this validator's over this vote: ledger, height, block hash, "
                       "validator set hash and decision must be those of the block");
    return CIV_EINVALID;
}

/** Block, validator and signature. */
static apr_status_t prepare(civ_ledger_t *ledger, const civ_vote_t *vote, ground_t *ground,
                            const civ_validator_member_t **member, civ_problem_t *problem, apr_pool_t *pool)
{
    const char *fault = NULL;
    civ_db_t *db;
    apr_status_t status = civ_store_acquire(ledger->config->store, &db);

    if (status != APR_SUCCESS)
        return civ_read_failed(ledger, status, NULL, "This block", problem, pool);
    status = read_ground(ledger, db, &vote->block_hash, ground, &fault, pool);
    if (status != APR_SUCCESS) {
        civ_read_failed(ledger, status, fault, "This block", problem, pool);
    } else {
        *member = civ_validator_set_find(&ground->validators, vote->validator_id);
        status = *member == NULL ? refuse_stranger(ledger, db, vote, ground, problem, pool)
                                 : check_signature(vote, ground, *member, problem, pool);
    }
    civ_store_release(ledger->config->store, db);
    return status;
}

static apr_status_t tell_equivocation(const casting_t *casting)
{
    const civ_vote_subject_t *subject = &casting->ground->subject;

    if (casting->is_news)
        civ_log_write(casting->ledger->config->log, CIV_LOG_WARNING, APR_SUCCESS,
                      "CIV0220: ledger \"%s\": the validator %s has signed both accept and reject for block "
                      "%" APR_UINT64_T_FMT "; both signatures are kept, and its vote counts for nothing",
                      subject->ledger_name, casting->member->id, subject->height);
    civ_problem_set(casting->problem, CIV_PROBLEM_CONFLICT, casting->pool,
                    "This validator has signed both accept and reject for block %" APR_UINT64_T_FMT
                    ": both signatures are kept, and its vote counts for nothing",
                    subject->height);
    return CIV_ECONFLICT;
}

apr_status_t civ_ledger_vote(civ_ledger_t *ledger, const civ_vote_t *vote,
                             const civ_idempotency_t *idempotency, civ_consensus_t *consensus,
                             civ_vote_result_e *result, int *repeated, civ_problem_t *problem,
                             apr_pool_t *pool)
{
    const char *fault = NULL;
    ground_t ground;
    casting_t casting = {.ledger = ledger,
                         .vote = vote,
                         .idempotency = idempotency,
                         .ground = &ground,
                         .problem = problem,
                         .pool = pool};
    int known = 0;
    apr_status_t status = civ_append_allowed(ledger, problem, pool);

    *result = CIV_VOTE_SAME;
    *repeated = 0;
    if (status == APR_SUCCESS)
        problem->kind = CIV_PROBLEM_NONE;
    if (status == APR_SUCCESS)
        status = prepare(ledger, vote, &ground, &casting.member, problem, pool);
    if (status != APR_SUCCESS)
        return status;
    casting.signature = civ_base64_encode(vote->signature, CIV_KEY_SIGNATURE_SIZE, pool);
    status = look_before(&casting, &known);
    if (status == APR_SUCCESS && !known)
        status = cast_locked(&casting);
    if (status == APR_SUCCESS) {
        *repeated = casting.repeated;
        if (casting.result != CIV_VOTE_EQUIVOCATED || casting.is_news)
            *result = casting.result;
        if (casting.result == CIV_VOTE_EQUIVOCATED)
            return tell_equivocation(&casting);
        status = fill(consensus, ledger, &ground, &casting.list, &fault, pool);
        return status == APR_SUCCESS ? status
                                     : civ_read_failed(ledger, status, fault, "This vote", problem, pool);
    }
    /* Another request with the same Idempotency-Key: the problem is filled. */
    if (status == CIV_EINTEGRITY)
        return civ_read_failed(ledger, status, "the votes on a block are not one for each validator",
                               "This vote", problem, pool);
    if (status != CIV_ECONFLICT)
        civ_store_problem(problem, status, pool);
    return status;
}
