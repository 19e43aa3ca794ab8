/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Joining, leaving, and going on under another key.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/timestamp.h"
#include "federation/members_private.h"

#define KIND "member"

/* Kept for Idempotency-Key. */
#define LEFT "left"

typedef struct join_t {
    civ_operation_t operation; /**< first, see civ_operation_run */
    const civ_joining_t *joining;
    const char *key_id; /**< of the key named; "": none */
    civ_member_t *member;
    int rotated;
} join_t;

typedef struct leave_t {
    civ_operation_t operation;
} leave_t;

static apr_status_t refuse(civ_change_t *change, apr_status_t status, civ_problem_kind_e kind,
                           const char *pointer, const char *detail)
{
    civ_problem_set_at(change->problem, kind, pointer, change->pool, "%s", detail);
    return status;
}

/* --- what must hold --- */

static apr_status_t check_policy(const join_t *join, civ_change_t *change)
{
    switch (join->operation.federation->config->join) {
    case CIV_JOIN_CLOSED:
        return refuse(change, APR_EACCES, CIV_PROBLEM_FORBIDDEN, NULL,
                      "This federation takes no new members at the moment");
    case CIV_JOIN_SIGNED:
        if (join->joining->key == NULL)
            return refuse(
                change, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key",
                "This federation takes only members with a key: name it, and sign the request with it");
        break;
    case CIV_JOIN_OPEN:
        break;
    }
    return APR_SUCCESS;
}

/** A key is one organisation's, and once given up it does not come back. */
static apr_status_t check_key(const join_t *join, civ_change_t *change, const civ_member_t *before)
{
    const civ_argument_t argument = civ_text(join->key_id);
    apr_int64_t owner, until;
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(change->db, &civ_members_sql[SQL_KEY_OWNER], &argument, 1, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_SUCCESS;
    if (civ_rows_int(rows, 0, &owner) != APR_SUCCESS || civ_rows_int(rows, 1, &until) != APR_SUCCESS)
        return CIV_EDATABASE;
    if (before == NULL || owner != before->number)
        return refuse(change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key",
                      "This key belongs to another organisation");
    if (until != 0 && strcmp(join->key_id, before->key_id) != 0)
        return refuse(change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key",
                      "This key was given up; a key that was given up is not taken again");
    return APR_SUCCESS;
}

static int rotation_is_good(const join_t *join, const civ_member_t *before, apr_pool_t *pool)
{
    const char *text = civ_rotation_text(before->organization_id, before->key_id, join->key_id, pool);
    civ_public_key_t *key;
    unsigned char *signature;
    apr_size_t length;

    return civ_base64_decode(&signature, &length, join->joining->rotation, pool) == APR_SUCCESS &&
           length == CIV_KEY_SIGNATURE_SIZE &&
           civ_public_key_from_raw(&key, before->key, pool) == APR_SUCCESS &&
           civ_public_key_verify(key, signature, text, strlen(text)) == APR_SUCCESS;
}

/** The history of keys is never cut off, so it has an end. */
static apr_status_t check_history(civ_change_t *change, const civ_member_t *before)
{
    const civ_argument_t argument = civ_int(before->number);
    civ_rows_t *rows;
    apr_int64_t count;
    apr_status_t status =
        civ_db_select(change->db, &civ_members_sql[SQL_KEY_COUNT], &argument, 1, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &count) != APR_SUCCESS)
        return CIV_EDATABASE;
    if (count < CIV_MEMBER_KEYS_MAX)
        return APR_SUCCESS;
    return refuse(
        change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/public_key",
        apr_psprintf(change->pool,
                     "This organisation has had %d keys, and no more are kept: it goes on with the last one",
                     CIV_MEMBER_KEYS_MAX));
}

/** The id had a key: it goes on under that one, or under another one that the old one has signed. */
static apr_status_t check_succession(join_t *join, civ_change_t *change, const civ_member_t *before)
{
    if (before->key_id[0] == '\0' || strcmp(before->key_id, join->key_id) == 0)
        return APR_SUCCESS;
    if (join->key_id[0] == '\0')
        return refuse(change, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/public_key",
                      "This organisation id is bound to a key: name that key, and sign the request with it");
    if (join->joining->rotation == NULL)
        return refuse(
            change, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/rotation",
            "This organisation id is bound to another key; a new one needs the signature of the old "
            "one in the member \"rotation\"");
    if (!rotation_is_good(join, before, change->pool))
        return refuse(change, APR_EACCES, CIV_PROBLEM_FORBIDDEN, "/rotation",
                      "This is not the signature of the organisation's key over the text of this rotation");
    join->rotated = 1;
    return check_history(change, before);
}

static apr_status_t check(join_t *join, civ_change_t *change, const civ_member_t *before)
{
    apr_status_t status = APR_SUCCESS;
    int is_in = before != NULL && before->left == 0;
    int changes_key = is_in && join->key_id[0] != '\0' && before->key_id[0] != '\0' &&
                      strcmp(before->key_id, join->key_id) != 0;

    if (is_in && !changes_key)
        return refuse(change, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT, "/organization_id",
                      "This organisation is in the federation already");
    if (!is_in)
        status = check_policy(join, change);
    if (status == APR_SUCCESS && join->key_id[0] != '\0')
        status = check_key(join, change, before);
    if (status == APR_SUCCESS && before != NULL)
        status = check_succession(join, change, before);
    return status;
}

/* --- writing --- */

/** What the node signs, and what the ledger has the digest of. */
static apr_status_t seal(civ_record_t *record, const civ_federation_t *federation, const civ_member_t *member,
                         apr_pool_t *pool)
{
    char time[CIV_TIMESTAMP_SIZE];
    civ_json_writer_t writer;
    civ_buffer_t text;

    civ_buffer_init(&text, 1024, pool);
    civ_json_writer_init(&writer, &text);
    civ_json_begin_object(&writer);
    civ_json_member_text(&writer, "organization_id", member->organization_id);
    civ_json_member_text(&writer, "evidence_endpoint", member->endpoint);
    civ_json_member_text(&writer, "public_key", member->key_pem);
    civ_json_member_text(&writer, "joined_at", civ_timestamp_format(time, member->joined));
    if (member->left != 0)
        civ_json_member_text(&writer, "left_at", civ_timestamp_format(time, member->left));
    civ_json_name(&writer, "metadata");
    civ_json_raw(&writer, member->metadata, strlen(member->metadata));
    civ_json_end_object(&writer);
    return civ_record_seal(record, KIND, text.data, text.length, federation->config->key, pool);
}

static apr_status_t seal_member(civ_member_t *member, civ_digest_t *digest,
                                const civ_federation_t *federation, apr_pool_t *pool)
{
    civ_record_t record;
    apr_status_t status = seal(&record, federation, member, pool);

    if (status != APR_SUCCESS)
        return status;
    member->record = record.json;
    member->signature = record.signature;
    *digest = record.digest;
    return APR_SUCCESS;
}

static const char *key_text(const civ_member_t *member, apr_pool_t *pool)
{
    return member->key_id[0] != '\0' ? civ_base64_encode(member->key, CIV_KEY_PUBLIC_SIZE, pool) : "";
}

/** It is back under the key that it had. When it was away the ledger knows. */
static apr_status_t resume_key(civ_change_t *change, const civ_member_t *member)
{
    const civ_argument_t arguments[] = {civ_int(member->number), civ_text(member->key_id)};

    return civ_db_execute(change->db, &civ_members_sql[SQL_KEY_RESUME], arguments, 2, NULL);
}

/** The key that holds from now on; the one before it ends. */
static apr_status_t store_key(join_t *join, civ_change_t *change, const civ_member_t *member)
{
    const char *rotation = join->rotated ? join->joining->rotation : "";
    const civ_argument_t ended[] = {civ_int(change->now), civ_int(member->number)};
    apr_int64_t sequence;
    apr_status_t status = civ_db_execute(change->db, &civ_members_sql[SQL_KEY_END], ended, 2, NULL);

    if (status == APR_SUCCESS)
        status = civ_federation_last(change, &civ_members_sql[SQL_KEY_LAST], &sequence);
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(sequence + 1),   civ_text(member->key_id),
                                      civ_int(member->number), civ_text(key_text(member, change->pool)),
                                      civ_int(change->now),    civ_text(rotation)};

        status = civ_db_execute(change->db, &civ_members_sql[SQL_KEY_INSERT], row, 6, NULL);
    }
    return status;
}

static apr_status_t store_member(join_t *join, civ_change_t *change, const civ_member_t *member, int is_new)
{
    const char *key = key_text(member, change->pool), *proof = civ_operation_proof(&join->operation);
    const civ_argument_t made[] = {civ_int(member->number),
                                   civ_text(member->organization_id),
                                   civ_text(member->endpoint),
                                   civ_text(member->metadata),
                                   civ_int(member->joined),
                                   civ_text(member->key_id),
                                   civ_text(key),
                                   civ_text(member->record),
                                   civ_text(member->signature),
                                   civ_text(proof)};
    const civ_argument_t changed[] = {civ_text(member->endpoint),
                                      civ_text(member->metadata),
                                      civ_int(member->joined),
                                      civ_text(member->key_id),
                                      civ_text(key),
                                      civ_text(member->record),
                                      civ_text(member->signature),
                                      civ_text(proof),
                                      civ_int(member->number)};

    return is_new ? civ_db_execute(change->db, &civ_members_sql[SQL_MEMBER_INSERT], made, 10, NULL)
                  : civ_db_execute(change->db, &civ_members_sql[SQL_MEMBER_UPDATE], changed, 9, NULL);
}

static apr_status_t note(civ_change_t *change, const char *action, const civ_digest_t *digest,
                         const civ_member_t *member)
{
    const civ_fact_t facts[] = {{"key_id", member->key_id[0] != '\0' ? member->key_id : NULL}, {NULL, NULL}};

    return civ_record_note(change, KIND, action, digest, facts);
}

/* --- join --- */

/** The member as the request has it; the rest is known already. */
static void describe(const join_t *join)
{
    const civ_joining_t *joining = join->joining;
    civ_member_t *member = join->member;

    member->organization_id = join->operation.speaker->organization_id;
    member->endpoint = joining->endpoint;
    member->metadata = joining->metadata;
    member->left = 0;
    member->key_id = join->key_id;
    member->key_pem = joining->key != NULL ? civ_public_key_pem(joining->key) : NULL;
    if (joining->key != NULL)
        memcpy(member->key, civ_public_key_raw(joining->key), CIV_KEY_PUBLIC_SIZE);
}

static apr_status_t count_in(join_t *join, civ_change_t *change)
{
    civ_operation_t *operation = &join->operation;
    apr_status_t status = civ_operation_count(operation, change, CIV_TOTAL_MEMBERS, 1);

    if (status == APR_SUCCESS)
        status = civ_operation_count(operation, change, CIV_TOTAL_REPUTATION,
                                     civ_reputation(&join->member->outcomes));
    return status;
}

static apr_status_t write_join(join_t *join, civ_change_t *change, const civ_member_t *before)
{
    int is_in = before != NULL && before->left == 0;
    civ_digest_t digest;
    apr_status_t status = APR_SUCCESS;

    if (before != NULL)
        *join->member = *before;
    else
        memset(join->member, 0, sizeof(*join->member));
    if (!is_in)
        join->member->joined = change->now;
    describe(join);
    if (before == NULL)
        status = civ_federation_last(change, &civ_members_sql[SQL_MEMBER_LAST], &join->member->number);
    if (before == NULL)
        join->member->number++;
    if (status == APR_SUCCESS)
        status = seal_member(join->member, &digest, join->operation.federation, change->pool);
    if (status == APR_SUCCESS)
        status = store_member(join, change, join->member, before == NULL);
    if (status == APR_SUCCESS && join->key_id[0] != '\0')
        status = before != NULL && strcmp(before->key_id, join->key_id) == 0
                     ? resume_key(change, join->member)
                     : store_key(join, change, join->member);
    if (status == APR_SUCCESS && !is_in)
        status = count_in(join, change);
    if (status == APR_SUCCESS)
        status = note(change, is_in ? "rotate" : "join", &digest, join->member);
    return status;
}

/** What was told and does not stand in the request: it is told again to who repeats it, whatever has happened since. */
static const char *answer_of(const join_t *join, apr_pool_t *pool)
{
    const civ_member_t *member = join->member;
    const civ_outcomes_t *outcomes = &member->outcomes;

    return apr_psprintf(pool,
                        "%d %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
                        " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT,
                        join->rotated, member->number, member->joined, outcomes->evidence_accepted,
                        outcomes->evidence_rejected, outcomes->votes_agreed, outcomes->votes_disagreed);
}

static apr_status_t tell_again(join_t *join, const char *answer, civ_problem_t *problem, apr_pool_t *pool)
{
    civ_member_t *member = join->member;
    apr_int64_t rotated = 0;
    apr_int64_t *const numbers[] = {&rotated,
                                    &member->number,
                                    &member->joined,
                                    &member->outcomes.evidence_accepted,
                                    &member->outcomes.evidence_rejected,
                                    &member->outcomes.votes_agreed,
                                    &member->outcomes.votes_disagreed};
    civ_digest_t unused;
    apr_status_t status;
    char *end;
    int i;

    memset(member, 0, sizeof(*member));
    for (i = 0; i < (int)(sizeof(numbers) / sizeof(numbers[0])); i++, answer = end)
        *numbers[i] = apr_strtoi64(answer, &end, 10);
    join->rotated = rotated != 0;
    describe(join);
    status = seal_member(member, &unused, join->operation.federation, pool);
    return status == APR_SUCCESS ? status : civ_federation_failed(problem, status, pool);
}

static apr_status_t apply_join(void *baton, civ_change_t *change)
{
    join_t *join = baton;
    civ_member_t before;
    apr_status_t status =
        civ_member_find(change->db, join->operation.speaker->organization_id, &before, change->pool);
    int is_known = status == APR_SUCCESS;

    join->rotated = 0;
    if (status != APR_SUCCESS && status != APR_NOTFOUND)
        return status;
    status = check(join, change, is_known ? &before : NULL);
    if (status != APR_SUCCESS)
        return status;
    status = write_join(join, change, is_known ? &before : NULL);
    change->answer = answer_of(join, change->pool);
    return status;
}

apr_status_t civ_federation_join(civ_federation_t *federation, const civ_speaker_t *speaker,
                                 const civ_joining_t *joining, const civ_idempotency_t *idempotency,
                                 civ_member_t *member, int *rotated, int *repeated, civ_problem_t *problem,
                                 apr_pool_t *pool)
{
    join_t join = {
        .operation = {.federation = federation, .speaker = speaker, .is_join = 1, .is_of_members = 1},
        .joining = joining,
        .member = member};
    civ_change_result_t result;
    apr_status_t status;

    join.key_id = joining->key != NULL ? civ_key_thumbprint(civ_public_key_raw(joining->key), pool) : "";
    if (strcmp(join.key_id, speaker->key_id != NULL ? speaker->key_id : "") != 0) {
        civ_problem_set_at(problem, CIV_PROBLEM_FORBIDDEN, "/public_key", pool,
                           "The request must be signed with the key that it names");
        return APR_EACCES;
    }
    status = civ_operation_run(&join.operation, apply_join, idempotency, &result, problem, pool);
    if (status == APR_SUCCESS && result.repeated)
        status = tell_again(&join, result.answer, problem, pool);
    *rotated = join.rotated;
    *repeated = result.repeated;
    return status;
}

/* --- leave --- */

static apr_status_t write_leave(leave_t *leave, civ_change_t *change, civ_member_t *member)
{
    const civ_argument_t ended[] = {civ_int(change->now), civ_int(member->number)};
    civ_operation_t *operation = &leave->operation;
    civ_digest_t digest;
    apr_status_t status;

    member->left = change->now;
    status = seal_member(member, &digest, operation->federation, change->pool);
    if (status == APR_SUCCESS) {
        const civ_argument_t row[] = {civ_int(change->now), civ_text(member->record),
                                      civ_text(member->signature), civ_text(civ_operation_proof(operation)),
                                      civ_int(member->number)};

        status = civ_db_execute(change->db, &civ_members_sql[SQL_MEMBER_LEAVE], row, 5, NULL);
    }
    if (status == APR_SUCCESS)
        status = civ_db_execute(change->db, &civ_members_sql[SQL_KEY_END], ended, 2, NULL);
    if (status == APR_SUCCESS)
        status = civ_operation_count(operation, change, CIV_TOTAL_MEMBERS, -1);
    if (status == APR_SUCCESS)
        status =
            civ_operation_count(operation, change, CIV_TOTAL_REPUTATION, -civ_reputation(&member->outcomes));
    return status == APR_SUCCESS ? note(change, "leave", &digest, member) : status;
}

static apr_status_t apply_leave(void *baton, civ_change_t *change)
{
    leave_t *leave = baton;
    civ_member_t member;
    apr_status_t status = civ_member_speaking(leave->operation.speaker, change, &member);

    if (status != APR_SUCCESS)
        return status;
    change->answer = LEFT;
    return write_leave(leave, change, &member);
}

apr_status_t civ_federation_leave(civ_federation_t *federation, const civ_speaker_t *speaker,
                                  const civ_idempotency_t *idempotency, int *repeated, civ_problem_t *problem,
                                  apr_pool_t *pool)
{
    leave_t leave = {.operation = {.federation = federation, .speaker = speaker, .is_of_members = 1}};
    civ_change_result_t result;
    apr_status_t status =
        civ_operation_run(&leave.operation, apply_leave, idempotency, &result, problem, pool);

    *repeated = result.repeated;
    return status;
}
