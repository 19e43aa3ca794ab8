/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file evidence_private.h
 * Shared evidence and votes as rows; shared by the files of this area only.
 */
#ifndef CIV_FEDERATION_EVIDENCE_PRIVATE_H
#define CIV_FEDERATION_EVIDENCE_PRIVATE_H

#include "federation/evidence.h"
#include "federation/federation_private.h"
#include "federation/members_private.h"

/** Index into civ_evidence_sql. */
typedef enum civ_evidence_sql_e {
    SQL_EVIDENCE_LAST,
    SQL_EVIDENCE_SINCE,
    SQL_EVIDENCE_INSERT,
    SQL_EVIDENCE_RECORDS,
    SQL_EVIDENCE_NEWEST,
    SQL_EVIDENCE_VERSION,
    SQL_EVIDENCE_VERSIONS,
    SQL_EVIDENCE_SUPERSEDE,
    SQL_EVIDENCE_WITHDRAW,
    SQL_EVIDENCE_TALLY,
    SQL_EVIDENCE_ALL,
    SQL_EVIDENCE_OF_TYPE,
    SQL_GROUP_MEMBER,
    SQL_GROUP_JOIN,
    SQL_OPINION_FIND,
    SQL_OPINION_INSERT,
    SQL_OPINIONS_OF,
    SQL_EVIDENCE_SQL_COUNT
} civ_evidence_sql_e;

extern const civ_statement_t civ_evidence_sql[SQL_EVIDENCE_SQL_COUNT];

/** A row, with what only the areas see of it. */
typedef struct civ_evidence_row_t {
    civ_shared_t shared; /**< record and signature are what may be shown now */
    apr_int64_t member;
    const char *content_hash; /**< tells whether the same is shared again */
} civ_evidence_row_t;

/** Read a row of a select of EVIDENCE_FROM. @param k members that must share a group before it is shown */
apr_status_t civ_evidence_read(civ_evidence_row_t *row, civ_rows_t *rows, apr_int64_t k, apr_pool_t *pool);

/** A version on a connection. @param version 0: the newest. @return APR_SUCCESS; APR_NOTFOUND; database errors */
apr_status_t civ_evidence_find(civ_federation_t *federation, civ_db_t *db, const char *evidence_id,
                               apr_int64_t version, civ_evidence_row_t *row, apr_pool_t *pool);

/** Whether @a id has the form of an evidence id. */
int civ_evidence_id_is_valid(const char *id);

#endif
