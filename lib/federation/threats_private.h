/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file threats_private.h
 * Threats as rows.
 */
#ifndef CIV_FEDERATION_THREATS_PRIVATE_H
#define CIV_FEDERATION_THREATS_PRIVATE_H

#include "federation/federation_private.h"
#include "federation/threats.h"

/** Index into civ_threats_sql. The lists come four by four, in the order of THREATS_BY_... below. */
typedef enum civ_threats_sql_e {
    SQL_THREAT_BY_ID,
    SQL_THREAT_LAST,
    SQL_THREAT_SINCE,
    SQL_THREAT_INSERT,
    SQL_THREAT_SEEN,
    SQL_SIGHTING_OF,
    SQL_SIGHTING_INSERT,
    SQL_INDICATOR_FIND,
    SQL_INDICATOR_LAST,
    SQL_INDICATOR_INSERT,
    SQL_INDICATOR_COUNT,
    SQL_INDICATOR_LINK,
    SQL_THREATS,
    SQL_THREATS_OF_TYPE,
    SQL_THREATS_OF_SEVERITY,
    SQL_THREATS_OF_BOTH,
    SQL_THREATS_WITH,
    SQL_THREATS_WITH_OF_TYPE,
    SQL_THREATS_WITH_OF_SEVERITY,
    SQL_THREATS_WITH_OF_BOTH,
    SQL_THREATS_COUNT
} civ_threats_sql_e;

extern const civ_statement_t civ_threats_sql[SQL_THREATS_COUNT];

/** Read a row of a threat. */
apr_status_t civ_threat_from_row(civ_threat_t *threat, civ_rows_t *rows, apr_pool_t *pool);

/** Find a threat. @return APR_SUCCESS; APR_NOTFOUND; database errors */
apr_status_t civ_threat_find(civ_db_t *db, const char *id, civ_threat_t *threat, apr_pool_t *pool);

/** An indicator that has been shared before. */
typedef struct civ_known_indicator_t {
    apr_int64_t number;
    apr_int64_t threats; /**< in so many threats */
} civ_known_indicator_t;

/** Find an indicator. @return APR_SUCCESS; APR_NOTFOUND; database errors */
apr_status_t civ_indicator_find(civ_db_t *db, const civ_indicator_t *indicator, civ_known_indicator_t *known,
                                apr_pool_t *pool);

/** What an indicator is found by, in hex, on @a pool: SHA-256 of kind and value. */
const char *civ_indicator_key(const civ_indicator_t *indicator, apr_pool_t *pool);

#endif
