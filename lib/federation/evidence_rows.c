/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The tables of shared evidence and of the votes on it, all their SQL, and reading rows.
 */
#include <apr_strings.h>
#include <string.h>

#include "federation/evidence_private.h"

const char *const civ_evidence_tables[] = {
    "CREATE TABLE civ_fed_evidence (CIV_KEY(number), member BIGINT NOT NULL, evidence_id CHAR(32) NOT NULL, "
    "version BIGINT NOT NULL, privacy BIGINT NOT NULL, type VARCHAR(64) NOT NULL, shared BIGINT NOT NULL, "
    "withdrawn BIGINT NOT NULL, latest BIGINT NOT NULL, listed BIGINT NOT NULL, content_hash CHAR(64) NOT "
    "NULL, digest CHAR(64) NOT NULL, record TEXT NOT NULL, signature VARCHAR(88) NOT NULL, "
    "fuller TEXT NOT NULL, fuller_signature VARCHAR(88) NOT NULL, fuller_group VARCHAR(64) NOT NULL, "
    "fullest TEXT NOT NULL, fullest_signature VARCHAR(88) NOT NULL, fullest_group VARCHAR(64) NOT NULL, "
    "votes BIGINT NOT NULL, valid_weight BIGINT NOT NULL, invalid_weight BIGINT NOT NULL, "
    "opinion BIGINT NOT NULL, proof TEXT NOT NULL)",
    "CREATE UNIQUE INDEX civ_fed_evidence_by_id ON civ_fed_evidence (evidence_id, version)",
    "CREATE INDEX civ_fed_evidence_listed ON civ_fed_evidence (listed, number)",
    "CREATE INDEX civ_fed_evidence_by_time ON civ_fed_evidence (shared, number)",
    "CREATE INDEX civ_fed_evidence_by_type ON civ_fed_evidence (type, listed, number)",
    "CREATE TABLE civ_fed_groups (group_id CHAR(64) NOT NULL, member BIGINT NOT NULL, "
    "PRIMARY KEY (group_id, member))",
    "CREATE TABLE civ_fed_opinions (evidence BIGINT NOT NULL, member BIGINT NOT NULL, "
    "is_valid BIGINT NOT NULL, confidence BIGINT NOT NULL, voted BIGINT NOT NULL, voter CHAR(32) NOT NULL, "
    "proof TEXT NOT NULL, PRIMARY KEY (evidence, member))",
    NULL,
};

/* How many members a group has, counted no further than is asked for. */
#define MEMBERS_OF(group)                                                                                    \
    "(SELECT COUNT(*) FROM (SELECT 1 FROM civ_fed_groups g WHERE g.group_id = e." group " LIMIT %lld) AS m)"

/* The first two arguments are k. */
#define EVIDENCE_FROM                                                                                        \
    "SELECT e.number, e.member, e.evidence_id, e.version, e.privacy, e.type, e.shared, e.withdrawn, "        \
    "e.latest, e.digest, e.votes, e.valid_weight, e.invalid_weight, e.opinion, e.content_hash, e.record, "   \
    "e.signature, e.fuller, e.fuller_signature, e.fullest, e.fullest_signature, " MEMBERS_OF(                \
        "fuller_group") ", " MEMBERS_OF("fullest_group") " FROM civ_fed_evidence e "

const civ_statement_t civ_evidence_sql[SQL_EVIDENCE_SQL_COUNT] = {
    [SQL_EVIDENCE_LAST] = {"fed_evidence_last",
                           "SELECT number, shared FROM civ_fed_evidence ORDER BY number DESC LIMIT 1"},
    [SQL_EVIDENCE_SINCE] = {"fed_evidence_since", "SELECT number FROM civ_fed_evidence WHERE shared >= %lld "
                                                  "ORDER BY shared, number LIMIT 1"},
    [SQL_EVIDENCE_INSERT] = {"fed_evidence_insert",
                             "INSERT INTO civ_fed_evidence (number, member, evidence_id, version, privacy, "
                             "type, shared, withdrawn, latest, listed, content_hash, digest, record, "
                             "signature, fuller, fuller_signature, fuller_group, fullest, fullest_signature, "
                             "fullest_group, votes, valid_weight, invalid_weight, opinion, proof) VALUES "
                             "(%lld, %lld, %s, %lld, %lld, %s, %lld, 0, 1, %lld, %s, %s, '', '', '', '', '', "
                             "'', '', '', 0, 0, 0, 0, %s)"},
    [SQL_EVIDENCE_RECORDS] = {"fed_evidence_records",
                              "UPDATE civ_fed_evidence SET record = %s, signature = %s, fuller = %s, "
                              "fuller_signature = %s, fuller_group = %s, fullest = %s, fullest_signature = "
                              "%s, fullest_group = %s WHERE number = %lld"},
    [SQL_EVIDENCE_NEWEST] = {"fed_evidence_newest",
                             EVIDENCE_FROM "WHERE e.evidence_id = %s ORDER BY e.version DESC LIMIT 1"},
    [SQL_EVIDENCE_VERSION] = {"fed_evidence_version",
                              EVIDENCE_FROM "WHERE e.evidence_id = %s AND e.version = %lld"},
    [SQL_EVIDENCE_VERSIONS] = {"fed_evidence_versions",
                               EVIDENCE_FROM "WHERE e.evidence_id = %s ORDER BY e.version DESC LIMIT %lld"},
    [SQL_EVIDENCE_SUPERSEDE] = {"fed_evidence_supersede",
                                "UPDATE civ_fed_evidence SET latest = 0, listed = 0 WHERE evidence_id = %s "
                                "AND latest = 1"},
    [SQL_EVIDENCE_WITHDRAW] =
        {"fed_evidence_withdraw",
         "UPDATE civ_fed_evidence SET withdrawn = %lld, listed = 0, record = %s, "
         "signature = %s, fuller = '', fuller_signature = '', fuller_group = '', fullest = '', "
         "fullest_signature = '', fullest_group = '' WHERE evidence_id = %s"},
    [SQL_EVIDENCE_TALLY] = {"fed_evidence_tally",
                            "UPDATE civ_fed_evidence SET votes = %lld, valid_weight = %lld, "
                            "invalid_weight = %lld, opinion = %lld WHERE number = %lld"},
    [SQL_EVIDENCE_ALL] = {"fed_evidence_all",
                          EVIDENCE_FROM "WHERE e.listed = 1 AND e.number < %lld AND e.number >= %lld "
                                        "ORDER BY e.number DESC LIMIT %lld"},
    [SQL_EVIDENCE_OF_TYPE] = {"fed_evidence_of_type",
                              EVIDENCE_FROM "WHERE e.type = %s AND e.listed = 1 AND e.number < %lld AND "
                                            "e.number >= %lld ORDER BY e.number DESC LIMIT %lld"},
    [SQL_GROUP_MEMBER] = {"fed_group_member",
                          "SELECT member FROM civ_fed_groups WHERE group_id = %s AND member = %lld"},
    [SQL_GROUP_JOIN] = {"fed_group_join", "INSERT INTO civ_fed_groups (group_id, member) VALUES (%s, %lld)"},
    [SQL_OPINION_FIND] = {"fed_opinion_find",
                          "SELECT is_valid, confidence FROM civ_fed_opinions WHERE evidence = %lld AND "
                          "member = %lld"},
    [SQL_OPINION_INSERT] = {"fed_opinion_insert",
                            "INSERT INTO civ_fed_opinions (evidence, member, is_valid, confidence, voted, "
                            "voter, proof) VALUES (%lld, %lld, %lld, %lld, %lld, %s, %s)"},
    [SQL_OPINIONS_OF] = {"fed_opinions_of",
                         "SELECT member, is_valid, confidence, voted, voter FROM civ_fed_opinions WHERE "
                         "evidence = %lld ORDER BY voted, member LIMIT %lld"},
};

const civ_statement_set_t civ_evidence_statements = {civ_evidence_sql, SQL_EVIDENCE_SQL_COUNT};

static const char *const privacy_names[CIV_PRIVACY_COUNT] = {"private", "aggregated", "anonymized"};

const char *civ_privacy_name(civ_privacy_e privacy)
{
    return privacy_names[privacy];
}

civ_privacy_e civ_privacy_from_name(const char *name)
{
    civ_privacy_e privacy;

    for (privacy = 0; privacy < CIV_PRIVACY_COUNT; privacy++)
        if (strcmp(name, privacy_names[privacy]) == 0)
            break;
    return privacy;
}

int civ_evidence_id_is_valid(const char *id)
{
    return strlen(id) == CIV_EVIDENCE_ID_SIZE - 1 &&
           strspn(id, "0123456789abcdef") == CIV_EVIDENCE_ID_SIZE - 1;
}

/** Columns of EVIDENCE_FROM that are not read in a row. */
enum {
    COLUMN_EVIDENCE_ID = 2,
    COLUMN_TYPE = 5,
    COLUMN_DIGEST = 9,
    COLUMN_CONTENT_HASH = 14,
    COLUMN_RECORD = 15, /**< from the barest variant on, each with its signature */
    COLUMN_FULLER_MEMBERS = 21,
    COLUMN_FULLEST_MEMBERS = 22
};

static apr_status_t read_numbers(civ_evidence_row_t *row, civ_rows_t *rows)
{
    apr_int64_t numbers[11];
    static const int columns[11] = {0, 1, 3, 4, 6, 7, 8, 10, 11, 12, 13};
    civ_shared_t *shared = &row->shared;
    int i;

    for (i = 0; i < 11; i++)
        if (civ_rows_int(rows, columns[i], &numbers[i]) != APR_SUCCESS)
            return CIV_EDATABASE;
    shared->number = numbers[0];
    row->member = numbers[1];
    shared->version = numbers[2];
    if (numbers[3] < 0 || numbers[3] >= CIV_PRIVACY_COUNT || numbers[10] < 0 ||
        numbers[10] > CIV_OPINION_CONTESTED)
        return CIV_EDATABASE;
    shared->privacy = (civ_privacy_e)numbers[3];
    shared->shared = numbers[4];
    shared->withdrawn = numbers[5];
    shared->is_latest = numbers[6] != 0;
    shared->tally.votes = numbers[7];
    shared->tally.valid = numbers[8];
    shared->tally.invalid = numbers[9];
    shared->opinion = (civ_opinion_e)numbers[10];
    return APR_SUCCESS;
}

/** The column of the fullest variant that may be shown. What was withdrawn has one only. */
static apr_status_t choose_variant(civ_rows_t *rows, apr_int64_t k, int *column)
{
    apr_int64_t fuller, fullest;

    if (civ_rows_int(rows, COLUMN_FULLER_MEMBERS, &fuller) != APR_SUCCESS ||
        civ_rows_int(rows, COLUMN_FULLEST_MEMBERS, &fullest) != APR_SUCCESS)
        return CIV_EDATABASE;
    *column = COLUMN_RECORD;
    if (fullest >= k)
        *column += 4;
    else if (fuller >= k)
        *column += 2;
    return APR_SUCCESS;
}

apr_status_t civ_evidence_read(civ_evidence_row_t *row, civ_rows_t *rows, apr_int64_t k, apr_pool_t *pool)
{
    apr_status_t status;
    int column;

    memset(row, 0, sizeof(*row));
    status = read_numbers(row, rows);
    if (status == APR_SUCCESS)
        status = choose_variant(rows, k, &column);
    if (status != APR_SUCCESS)
        return status;
    row->shared.evidence_id = apr_pstrdup(pool, civ_rows_text(rows, COLUMN_EVIDENCE_ID));
    row->shared.type = apr_pstrdup(pool, civ_rows_text(rows, COLUMN_TYPE));
    row->shared.digest = apr_pstrdup(pool, civ_rows_text(rows, COLUMN_DIGEST));
    row->content_hash = apr_pstrdup(pool, civ_rows_text(rows, COLUMN_CONTENT_HASH));
    row->shared.record = apr_pstrdup(pool, civ_rows_text(rows, column));
    row->shared.signature = apr_pstrdup(pool, civ_rows_text(rows, column + 1));
    return APR_SUCCESS;
}

apr_status_t civ_evidence_find(civ_federation_t *federation, civ_db_t *db, const char *evidence_id,
                               apr_int64_t version, civ_evidence_row_t *row, apr_pool_t *pool)
{
    apr_int64_t k = federation->config->min_contributors;
    const civ_argument_t arguments[] = {civ_int(k), civ_int(k), civ_text(evidence_id), civ_int(version)};
    civ_evidence_sql_e sql = version > 0 ? SQL_EVIDENCE_VERSION : SQL_EVIDENCE_NEWEST;
    civ_rows_t *rows;
    apr_status_t status;

    /* Not every database takes what is no text. */
    if (!civ_evidence_id_is_valid(evidence_id))
        return APR_NOTFOUND;
    status = civ_db_select(db, &civ_evidence_sql[sql], arguments, version > 0 ? 4 : 3, &rows, pool);
    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_evidence_read(row, rows, k, pool) : APR_NOTFOUND;
}
