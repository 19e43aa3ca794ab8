/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file members_private.h
 * Members as rows: what the other areas need of them within their own changes.
 */
#ifndef CIV_FEDERATION_MEMBERS_PRIVATE_H
#define CIV_FEDERATION_MEMBERS_PRIVATE_H

#include "federation/federation_private.h"
#include "federation/members.h"

/** Index into civ_members_sql. */
typedef enum civ_members_sql_e {
    SQL_MEMBER_BY_ID,
    SQL_MEMBER_BY_NUMBER,
    SQL_MEMBERS_PAGE,
    SQL_MEMBER_LAST,
    SQL_MEMBER_INSERT,
    SQL_MEMBER_UPDATE,
    SQL_MEMBER_LEAVE,
    SQL_MEMBER_OUTCOMES,
    SQL_KEY_OWNER,
    SQL_KEY_CURRENT,
    SQL_KEY_LAST,
    SQL_KEY_COUNT,
    SQL_KEY_INSERT,
    SQL_KEY_END,
    SQL_KEY_RESUME,
    SQL_KEYS_OF,
    SQL_MEMBERS_COUNT
} civ_members_sql_e;

extern const civ_statement_t civ_members_sql[SQL_MEMBERS_COUNT];

/** Columns of a member, in this order, behind SELECT. */
apr_status_t civ_member_read(civ_member_t *member, civ_rows_t *rows, apr_pool_t *pool);

/** A member by its id, on a connection. @return APR_SUCCESS; APR_NOTFOUND; database errors */
apr_status_t civ_member_find(civ_db_t *db, const char *organization_id, civ_member_t *member,
                             apr_pool_t *pool);

/**
 * Within a change: the member that the speaker is. It must be in, and a member with a key must have signed with that key.
 * @return APR_SUCCESS; APR_NOTFOUND (NOT_FOUND), APR_EACCES (UNAUTHORIZED or FORBIDDEN): a refusal; database errors
 */
apr_status_t civ_member_speaking(const civ_speaker_t *speaker, civ_change_t *change, civ_member_t *member);

/**
 * Within a change: whether the speaker may be told again what it was answered. Who has a key has to sign with it, and who
 * signs has to be in; one without a key may have left, or never have been in.
 * @return APR_SUCCESS; APR_EACCES (UNAUTHORIZED): a refusal; database errors
 */
apr_status_t civ_member_may_hear(const civ_speaker_t *speaker, civ_change_t *change);

/** Within a change: outcomes of a member changed by so much. Its reputation and the total of it follow. */
apr_status_t civ_member_outcomes(civ_operation_t *operation, civ_change_t *change, apr_int64_t number,
                                 const civ_outcomes_t *by);

#endif
