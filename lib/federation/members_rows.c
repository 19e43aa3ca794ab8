/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The tables of members and keys, all their SQL, and reading rows.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/encoding.h"
#include "base/request_signature.h"
#include "federation/members_private.h"

const char *const civ_members_tables[] = {
    "CREATE TABLE civ_fed_members (CIV_KEY(member), organization_id VARCHAR(128) NOT NULL, "
    "endpoint VARCHAR(2048) NOT NULL, metadata TEXT NOT NULL, joined BIGINT NOT NULL, "
    "left_at BIGINT NOT NULL, key_id VARCHAR(43) NOT NULL, public_key VARCHAR(44) NOT NULL, "
    "evidence_accepted BIGINT NOT NULL, evidence_rejected BIGINT NOT NULL, votes_agreed BIGINT NOT NULL, "
    "votes_disagreed BIGINT NOT NULL, record TEXT NOT NULL, signature CHAR(88) NOT NULL, "
    "proof TEXT NOT NULL)",
    "CREATE UNIQUE INDEX civ_fed_members_by_id ON civ_fed_members (organization_id)",
    "CREATE INDEX civ_fed_members_present ON civ_fed_members (left_at, member)",
    "CREATE TABLE civ_fed_keys (CIV_KEY(sequence), key_id VARCHAR(43) NOT NULL, member BIGINT NOT NULL, "
    "public_key CHAR(44) NOT NULL, valid_from BIGINT NOT NULL, valid_until BIGINT NOT NULL, "
    "rotation VARCHAR(88) NOT NULL)",
    "CREATE INDEX civ_fed_keys_by_id ON civ_fed_keys (key_id, sequence)",
    "CREATE INDEX civ_fed_keys_by_member ON civ_fed_keys (member, sequence)",
    "CREATE TABLE civ_fed_totals (CIV_KEY(total), value BIGINT NOT NULL)",
    "INSERT INTO civ_fed_totals (total, value) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0)",
    "CREATE TABLE civ_fed_network (CIV_KEY(id), key_id CHAR(16) NOT NULL)",
    NULL,
};

#define MEMBER_FROM                                                                                          \
    "SELECT member, organization_id, endpoint, metadata, joined, left_at, key_id, public_key, "              \
    "evidence_accepted, evidence_rejected, votes_agreed, votes_disagreed, record, signature "                \
    "FROM civ_fed_members "

const civ_statement_t civ_members_sql[SQL_MEMBERS_COUNT] = {
    [SQL_MEMBER_BY_ID] = {"fed_member_by_id", MEMBER_FROM "WHERE organization_id = %s"},
    [SQL_MEMBER_BY_NUMBER] = {"fed_member_by_number", MEMBER_FROM "WHERE member = %lld"},
    [SQL_MEMBERS_PAGE] = {"fed_members_page",
                          MEMBER_FROM "WHERE left_at = 0 AND member > %lld ORDER BY member LIMIT %lld"},
    [SQL_MEMBER_LAST] = {"fed_member_last", "SELECT COALESCE(MAX(member), 0) FROM civ_fed_members"},
    [SQL_MEMBER_INSERT] = {"fed_member_insert",
                           "INSERT INTO civ_fed_members (member, organization_id, endpoint, metadata, "
                           "joined, left_at, key_id, public_key, evidence_accepted, evidence_rejected, "
                           "votes_agreed, votes_disagreed, record, signature, proof) VALUES (%lld, %s, %s, "
                           "%s, %lld, 0, %s, %s, 0, 0, 0, 0, %s, %s, %s)"},
    [SQL_MEMBER_UPDATE] = {"fed_member_update",
                           "UPDATE civ_fed_members SET endpoint = %s, metadata = %s, joined = %lld, "
                           "left_at = 0, key_id = %s, public_key = %s, record = %s, signature = %s, "
                           "proof = %s WHERE member = %lld"},
    [SQL_MEMBER_LEAVE] = {"fed_member_leave",
                          "UPDATE civ_fed_members SET left_at = %lld, record = %s, signature = %s, "
                          "proof = %s WHERE member = %lld"},
    [SQL_MEMBER_OUTCOMES] =
        {"fed_member_outcomes",
         "UPDATE civ_fed_members SET evidence_accepted = evidence_accepted + %lld, "
         "evidence_rejected = evidence_rejected + %lld, votes_agreed = votes_agreed + %lld, "
         "votes_disagreed = votes_disagreed + %lld WHERE member = %lld"},
    [SQL_KEY_OWNER] = {"fed_key_owner", "SELECT member, valid_until FROM civ_fed_keys WHERE key_id = %s "
                                        "ORDER BY sequence DESC LIMIT 1"},
    [SQL_KEY_CURRENT] = {"fed_key_current",
                         "SELECT k.public_key, m.organization_id FROM civ_fed_keys k JOIN civ_fed_members m "
                         "ON m.member = k.member WHERE k.key_id = %s AND k.valid_until = 0 AND "
                         "m.left_at = 0 LIMIT 1"},
    [SQL_KEY_LAST] = {"fed_key_last", "SELECT COALESCE(MAX(sequence), 0) FROM civ_fed_keys"},
    [SQL_KEY_COUNT] = {"fed_key_count", "SELECT COUNT(*) FROM civ_fed_keys WHERE member = %lld"},
    [SQL_KEY_INSERT] = {"fed_key_insert",
                        "INSERT INTO civ_fed_keys (sequence, key_id, member, public_key, valid_from, "
                        "valid_until, rotation) VALUES (%lld, %s, %lld, %s, %lld, 0, %s)"},
    [SQL_KEY_END] = {"fed_key_end",
                     "UPDATE civ_fed_keys SET valid_until = %lld WHERE member = %lld AND valid_until = 0"},
    [SQL_KEY_RESUME] = {"fed_key_resume",
                        "UPDATE civ_fed_keys SET valid_until = 0 WHERE member = %lld AND key_id = %s"},
    [SQL_KEYS_OF] = {"fed_keys_of",
                     "SELECT key_id, public_key, valid_from, valid_until, rotation FROM civ_fed_keys "
                     "WHERE member = %lld ORDER BY sequence DESC LIMIT %lld"},
};

const civ_statement_set_t civ_members_statements = {civ_members_sql, SQL_MEMBERS_COUNT};

static apr_status_t read_key(civ_member_t *member, const char *text, apr_pool_t *pool)
{
    civ_public_key_t *key;
    unsigned char *raw;
    apr_size_t length;

    if (civ_base64_decode(&raw, &length, text, pool) != APR_SUCCESS || length != CIV_KEY_PUBLIC_SIZE ||
        civ_public_key_from_raw(&key, raw, pool) != APR_SUCCESS)
        return CIV_EDATABASE;
    memcpy(member->key, raw, CIV_KEY_PUBLIC_SIZE);
    member->key_pem = civ_public_key_pem(key);
    return APR_SUCCESS;
}

apr_status_t civ_member_read(civ_member_t *member, civ_rows_t *rows, apr_pool_t *pool)
{
    civ_outcomes_t *outcomes = &member->outcomes;

    memset(member, 0, sizeof(*member));
    if (civ_rows_int(rows, 0, &member->number) != APR_SUCCESS ||
        civ_rows_int(rows, 4, &member->joined) != APR_SUCCESS ||
        civ_rows_int(rows, 5, &member->left) != APR_SUCCESS ||
        civ_rows_int(rows, 8, &outcomes->evidence_accepted) != APR_SUCCESS ||
        civ_rows_int(rows, 9, &outcomes->evidence_rejected) != APR_SUCCESS ||
        civ_rows_int(rows, 10, &outcomes->votes_agreed) != APR_SUCCESS ||
        civ_rows_int(rows, 11, &outcomes->votes_disagreed) != APR_SUCCESS)
        return CIV_EDATABASE;
    member->organization_id = apr_pstrdup(pool, civ_rows_text(rows, 1));
    member->endpoint = apr_pstrdup(pool, civ_rows_text(rows, 2));
    member->metadata = apr_pstrdup(pool, civ_rows_text(rows, 3));
    member->key_id = apr_pstrdup(pool, civ_rows_text(rows, 6));
    member->record = apr_pstrdup(pool, civ_rows_text(rows, 12));
    member->signature = apr_pstrdup(pool, civ_rows_text(rows, 13));
    return member->key_id[0] != '\0' ? read_key(member, civ_rows_text(rows, 7), pool) : APR_SUCCESS;
}

static apr_status_t find(civ_db_t *db, civ_members_sql_e statement, civ_argument_t argument,
                         civ_member_t *member, apr_pool_t *pool)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_members_sql[statement], &argument, 1, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_member_read(member, rows, pool) : APR_NOTFOUND;
}

apr_status_t civ_member_find(civ_db_t *db, const char *organization_id, civ_member_t *member,
                             apr_pool_t *pool)
{
    return find(db, SQL_MEMBER_BY_ID, civ_text(organization_id), member, pool);
}

/* A key that was given up says no more than one that nobody has. */
static apr_status_t refuse_speaker(const civ_speaker_t *speaker, civ_change_t *change)
{
    civ_problem_set(change->problem, CIV_PROBLEM_UNAUTHORIZED, change->pool, "%s",
                    speaker->key_id != NULL
                        ? civ_signature_advice(CIV_SIGNATURE_INVALID)
                        : "This organisation speaks with a key: sign the request with it");
    return APR_EACCES;
}

apr_status_t civ_member_may_hear(const civ_speaker_t *speaker, civ_change_t *change)
{
    const char *key_id = speaker->key_id != NULL ? speaker->key_id : "";
    civ_member_t member;
    apr_status_t status = civ_member_find(change->db, speaker->organization_id, &member, change->pool);

    if (status == APR_NOTFOUND && speaker->key_id == NULL)
        return APR_SUCCESS;
    if (status != APR_SUCCESS && status != APR_NOTFOUND)
        return status;
    if (status == APR_NOTFOUND || strcmp(member.key_id, key_id) != 0 ||
        (speaker->key_id != NULL && member.left != 0))
        return refuse_speaker(speaker, change);
    return APR_SUCCESS;
}

apr_status_t civ_member_speaking(const civ_speaker_t *speaker, civ_change_t *change, civ_member_t *member)
{
    apr_status_t status = civ_member_find(change->db, speaker->organization_id, member, change->pool);

    if (status == APR_NOTFOUND || (status == APR_SUCCESS && member->left != 0)) {
        civ_problem_set_at(change->problem, CIV_PROBLEM_NOT_FOUND, "/organization_id", change->pool,
                           "No organisation with this id is in the federation: join first");
        return APR_NOTFOUND;
    }
    if (status != APR_SUCCESS)
        return status;
    /* The face has verified the signature; meanwhile the key may have been given up, or one been taken. */
    if (strcmp(member->key_id, speaker->key_id != NULL ? speaker->key_id : "") == 0)
        return APR_SUCCESS;
    if (member->key_id[0] != '\0')
        return refuse_speaker(speaker, change);
    civ_problem_set(change->problem, CIV_PROBLEM_FORBIDDEN, change->pool,
                    "This organisation has joined without a key, so nothing can be signed for it");
    return APR_EACCES;
}

apr_status_t civ_member_outcomes(civ_operation_t *operation, civ_change_t *change, apr_int64_t number,
                                 const civ_outcomes_t *by)
{
    const civ_argument_t arguments[] = {civ_int(by->evidence_accepted), civ_int(by->evidence_rejected),
                                        civ_int(by->votes_agreed), civ_int(by->votes_disagreed),
                                        civ_int(number)};
    civ_member_t member;
    civ_outcomes_t after;
    apr_status_t status = find(change->db, SQL_MEMBER_BY_NUMBER, civ_int(number), &member, change->pool);

    if (status != APR_SUCCESS)
        return status == APR_NOTFOUND ? CIV_EDATABASE : status;
    status = civ_db_execute(change->db, &civ_members_sql[SQL_MEMBER_OUTCOMES], arguments, 5, NULL);
    after = member.outcomes;
    after.evidence_accepted += by->evidence_accepted;
    after.evidence_rejected += by->evidence_rejected;
    after.votes_agreed += by->votes_agreed;
    after.votes_disagreed += by->votes_disagreed;
    if (status == APR_SUCCESS && member.left == 0)
        status = civ_operation_count(operation, change, CIV_TOTAL_REPUTATION,
                                     civ_reputation(&after) - civ_reputation(&member.outcomes));
    return status;
}
