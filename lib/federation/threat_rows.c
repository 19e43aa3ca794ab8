/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The tables of threats, their indicators and sightings, and all their SQL.
 *
 * Indicators are found by a digest, because their values are longer than what every database can have in an index.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/digest.h"
#include "federation/threats_private.h"

const char *const civ_threats_tables[] = {
    "CREATE TABLE civ_fed_threats (CIV_KEY(threat), id CHAR(32) NOT NULL, type VARCHAR(64) NOT NULL, "
    "severity BIGINT NOT NULL, indicators TEXT NOT NULL, details TEXT NOT NULL, description TEXT NOT NULL, "
    "source_hash CHAR(32) NOT NULL, member BIGINT NOT NULL, created BIGINT NOT NULL, "
    "last_seen BIGINT NOT NULL, valid_until BIGINT NOT NULL, sightings BIGINT NOT NULL, "
    "record TEXT NOT NULL, signature CHAR(88) NOT NULL, proof TEXT NOT NULL)",
    "CREATE UNIQUE INDEX civ_fed_threats_by_id ON civ_fed_threats (id)",
    "CREATE INDEX civ_fed_threats_by_time ON civ_fed_threats (created, threat)",
    "CREATE INDEX civ_fed_threats_by_type ON civ_fed_threats (type, threat)",
    "CREATE INDEX civ_fed_threats_by_severity ON civ_fed_threats (severity, threat)",
    "CREATE INDEX civ_fed_threats_by_both ON civ_fed_threats (type, severity, threat)",
    "CREATE TABLE civ_fed_indicators (CIV_KEY(indicator), found_by CHAR(64) NOT NULL, kind BIGINT NOT NULL, "
    "value VARCHAR(2048) NOT NULL, threats BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX civ_fed_indicators_by_value ON civ_fed_indicators (found_by)",
    "CREATE TABLE civ_fed_threat_indicators (indicator BIGINT NOT NULL, threat BIGINT NOT NULL, "
    "PRIMARY KEY (indicator, threat))",
    "CREATE TABLE civ_fed_sightings (threat BIGINT NOT NULL, member BIGINT NOT NULL, day BIGINT NOT NULL, "
    "seen BIGINT NOT NULL, proof TEXT NOT NULL, PRIMARY KEY (threat, member, day))",
    NULL,
};

#define COLUMNS                                                                                              \
    "t.threat, t.id, t.type, t.severity, t.indicators, t.details, t.description, t.source_hash, t.created, " \
    "t.last_seen, t.valid_until, t.sightings, "
#define RECORD    "t.record, t.signature "
#define NO_RECORD "'', '' "

/* Newest first, below one number and from another one on. */
#define PAGE(condition)                                                                                      \
    "SELECT " COLUMNS NO_RECORD "FROM civ_fed_threats t WHERE " condition                                    \
    "t.threat < %lld AND t.threat >= %lld ORDER BY t.threat DESC LIMIT %lld"
#define PAGE_WITH(condition)                                                                                 \
    "SELECT " COLUMNS NO_RECORD                                                                              \
    "FROM civ_fed_threat_indicators i JOIN civ_fed_threats t ON t.threat = i.threat "                        \
    "WHERE i.indicator = %lld AND " condition                                                                \
    "i.threat < %lld AND i.threat >= %lld ORDER BY i.threat DESC LIMIT %lld"
#define TYPE     "t.type = %s AND "
#define SEVERITY "t.severity = %lld AND "

const civ_statement_t civ_threats_sql[SQL_THREATS_COUNT] = {
    [SQL_THREAT_BY_ID] = {"fed_threat_by_id",
                          "SELECT " COLUMNS RECORD "FROM civ_fed_threats t WHERE t.id = %s"},
    [SQL_THREAT_LAST] = {"fed_threat_last",
                         "SELECT threat, created FROM civ_fed_threats ORDER BY threat DESC LIMIT 1"},
    [SQL_THREAT_SINCE] = {"fed_threat_since", "SELECT threat FROM civ_fed_threats WHERE created >= %lld "
                                              "ORDER BY created, threat LIMIT 1"},
    [SQL_THREAT_INSERT] =
        {"fed_threat_insert",
         "INSERT INTO civ_fed_threats (threat, id, type, severity, indicators, details, "
         "description, source_hash, member, created, last_seen, valid_until, sightings, "
         "record, signature, proof) VALUES (%lld, %s, %s, %lld, %s, %s, %s, %s, %lld, %lld, "
         "%lld, %lld, 1, %s, %s, %s)"},
    [SQL_THREAT_SEEN] = {"fed_threat_seen",
                         "UPDATE civ_fed_threats SET last_seen = %lld, valid_until = %lld, "
                         "sightings = sightings + 1 WHERE threat = %lld"},
    [SQL_SIGHTING_OF] = {"fed_sighting_of", "SELECT seen FROM civ_fed_sightings WHERE threat = %lld AND "
                                            "member = %lld AND day = %lld"},
    [SQL_SIGHTING_INSERT] = {"fed_sighting_insert",
                             "INSERT INTO civ_fed_sightings (threat, member, day, seen, proof) "
                             "VALUES (%lld, %lld, %lld, %lld, %s)"},
    [SQL_INDICATOR_FIND] = {"fed_indicator_find",
                            "SELECT indicator, threats FROM civ_fed_indicators WHERE found_by = %s"},
    [SQL_INDICATOR_LAST] = {"fed_indicator_last",
                            "SELECT COALESCE(MAX(indicator), 0) FROM civ_fed_indicators"},
    [SQL_INDICATOR_INSERT] = {"fed_indicator_insert",
                              "INSERT INTO civ_fed_indicators (indicator, found_by, kind, value, threats) "
                              "VALUES (%lld, %s, %lld, %s, 1)"},
    [SQL_INDICATOR_COUNT] = {"fed_indicator_count",
                             "UPDATE civ_fed_indicators SET threats = threats + 1 WHERE indicator = %lld"},
    [SQL_INDICATOR_LINK] = {"fed_indicator_link",
                            "INSERT INTO civ_fed_threat_indicators (indicator, threat) VALUES (%lld, %lld)"},
    [SQL_THREATS] = {"fed_threats", PAGE("")},
    [SQL_THREATS_OF_TYPE] = {"fed_threats_of_type", PAGE(TYPE)},
    [SQL_THREATS_OF_SEVERITY] = {"fed_threats_of_severity", PAGE(SEVERITY)},
    [SQL_THREATS_OF_BOTH] = {"fed_threats_of_both", PAGE(TYPE SEVERITY)},
    [SQL_THREATS_WITH] = {"fed_threats_with", PAGE_WITH("")},
    [SQL_THREATS_WITH_OF_TYPE] = {"fed_threats_with_of_type", PAGE_WITH(TYPE)},
    [SQL_THREATS_WITH_OF_SEVERITY] = {"fed_threats_with_of_severity", PAGE_WITH(SEVERITY)},
    [SQL_THREATS_WITH_OF_BOTH] = {"fed_threats_with_of_both", PAGE_WITH(TYPE SEVERITY)},
};

const civ_statement_set_t civ_threats_statements = {civ_threats_sql, SQL_THREATS_COUNT};

apr_status_t civ_threat_from_row(civ_threat_t *threat, civ_rows_t *rows, apr_pool_t *pool)
{
    apr_int64_t severity;

    memset(threat, 0, sizeof(*threat));
    if (civ_rows_int(rows, 0, &threat->number) != APR_SUCCESS ||
        civ_rows_int(rows, 3, &severity) != APR_SUCCESS || severity < 0 || severity >= CIV_SEVERITIES ||
        civ_rows_int(rows, 8, &threat->created) != APR_SUCCESS ||
        civ_rows_int(rows, 9, &threat->last_seen) != APR_SUCCESS ||
        civ_rows_int(rows, 10, &threat->valid_until) != APR_SUCCESS ||
        civ_rows_int(rows, 11, &threat->sightings) != APR_SUCCESS)
        return CIV_EDATABASE;
    threat->severity = (civ_severity_e)severity;
    threat->id = apr_pstrdup(pool, civ_rows_text(rows, 1));
    threat->type = apr_pstrdup(pool, civ_rows_text(rows, 2));
    threat->indicators = apr_pstrdup(pool, civ_rows_text(rows, 4));
    threat->details = apr_pstrdup(pool, civ_rows_text(rows, 5));
    threat->description = apr_pstrdup(pool, civ_rows_text(rows, 6));
    threat->source_hash = apr_pstrdup(pool, civ_rows_text(rows, 7));
    threat->record = apr_pstrdup(pool, civ_rows_text(rows, 12));
    threat->signature = apr_pstrdup(pool, civ_rows_text(rows, 13));
    return APR_SUCCESS;
}

apr_status_t civ_threat_find(civ_db_t *db, const char *id, civ_threat_t *threat, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(id);
    civ_rows_t *rows;
    apr_status_t status;

    /* Not every database takes what is no text. */
    if (id[strspn(id, "0123456789abcdef")] != '\0')
        return APR_NOTFOUND;
    status = civ_db_select(db, &civ_threats_sql[SQL_THREAT_BY_ID], &argument, 1, &rows, pool);
    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_threat_from_row(threat, rows, pool) : APR_NOTFOUND;
}

const char *civ_indicator_key(const civ_indicator_t *indicator, apr_pool_t *pool)
{
    const char *kind = apr_pstrcat(pool, civ_indicator_kind_name(indicator->kind), "\n", NULL);
    civ_digest_t digest;

    civ_digest_sha256_two(&digest, kind, strlen(kind), indicator->value, strlen(indicator->value));
    return civ_digest_hex_dup(&digest, pool);
}

apr_status_t civ_indicator_find(civ_db_t *db, const civ_indicator_t *indicator, civ_known_indicator_t *known,
                                apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(civ_indicator_key(indicator, pool));
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &civ_threats_sql[SQL_INDICATOR_FIND], &argument, 1, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS)
        return APR_NOTFOUND;
    return civ_rows_int(rows, 0, &known->number) == APR_SUCCESS &&
                   civ_rows_int(rows, 1, &known->threats) == APR_SUCCESS
               ? APR_SUCCESS
               : CIV_EDATABASE;
}
