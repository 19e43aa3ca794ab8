/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The tables of benchmarks and all their SQL.
 */
#include <apr_strings.h>
#include <string.h>

#include "federation/benchmarks_private.h"

const char *const civ_benchmarks_tables[] = {
    "CREATE TABLE civ_fed_metrics (CIV_KEY(metric), name VARCHAR(64) NOT NULL, epoch BIGINT NOT NULL, "
    "contributors BIGINT NOT NULL, waiting BIGINT NOT NULL, released BIGINT NOT NULL, "
    "rules VARCHAR(128) NOT NULL, statistics TEXT NOT NULL)",
    "CREATE UNIQUE INDEX civ_fed_metrics_by_name ON civ_fed_metrics (name)",
    "CREATE TABLE civ_fed_metric_values (CIV_KEY(sequence), metric BIGINT NOT NULL, epoch BIGINT NOT NULL, "
    "member BIGINT NOT NULL, value VARCHAR(32) NOT NULL, settled BIGINT NOT NULL, "
    "contributed BIGINT NOT NULL)",
    "CREATE UNIQUE INDEX civ_fed_metric_values_by_member ON civ_fed_metric_values (metric, epoch, member)",
    "CREATE TABLE civ_fed_contributions (CIV_KEY(contribution), member BIGINT NOT NULL, "
    "contributed BIGINT NOT NULL, record TEXT NOT NULL, salt CHAR(64) NOT NULL, proof TEXT NOT NULL)",
    "CREATE TABLE civ_fed_releases (CIV_KEY(released), metric BIGINT NOT NULL, epoch BIGINT NOT NULL, "
    "made BIGINT NOT NULL, statistics TEXT NOT NULL, contributions TEXT NOT NULL)",
    "CREATE INDEX civ_fed_releases_by_metric ON civ_fed_releases (metric, released)",
    NULL,
};

const civ_statement_t civ_benchmarks_sql[SQL_BENCHMARKS_COUNT] = {
    [SQL_METRIC_BY_NAME] = {"fed_metric_by_name",
                            "SELECT metric, name, epoch, contributors, waiting, released, rules, statistics "
                            "FROM civ_fed_metrics WHERE name = %s"},
    [SQL_METRIC_LAST] = {"fed_metric_last", "SELECT COALESCE(MAX(metric), 0) FROM civ_fed_metrics"},
    [SQL_METRIC_INSERT] =
        {"fed_metric_insert",
         "INSERT INTO civ_fed_metrics (metric, name, epoch, contributors, waiting, released, "
         "rules, statistics) VALUES (%lld, %s, %lld, 0, 0, 0, '', '')"},
    [SQL_METRIC_UPDATE] = {"fed_metric_update",
                           "UPDATE civ_fed_metrics SET epoch = %lld, contributors = %lld, waiting = %lld "
                           "WHERE metric = %lld"},
    [SQL_METRIC_RELEASED] = {"fed_metric_released",
                             "UPDATE civ_fed_metrics SET released = %lld, rules = %s, statistics = %s "
                             "WHERE metric = %lld"},
    [SQL_METRICS_PAGE] = {"fed_metrics_page",
                          "SELECT metric, name, epoch, contributors, waiting, released, "
                          "rules, statistics FROM civ_fed_metrics "
                          "WHERE released > 0 AND metric > %lld ORDER BY metric LIMIT %lld"},
    [SQL_VALUE_OF_MEMBER] = {"fed_value_of_member",
                             "SELECT sequence, value, settled FROM civ_fed_metric_values "
                             "WHERE metric = %lld AND epoch = %lld AND member = %lld"},
    [SQL_VALUE_LAST] = {"fed_value_last", "SELECT COALESCE(MAX(sequence), 0) FROM civ_fed_metric_values"},
    [SQL_VALUE_INSERT] =
        {"fed_value_insert",
         "INSERT INTO civ_fed_metric_values (sequence, metric, epoch, member, value, settled, "
         "contributed) VALUES (%lld, %lld, %lld, %lld, %s, 0, %lld)"},
    [SQL_VALUE_UPDATE] = {"fed_value_update",
                          "UPDATE civ_fed_metric_values SET value = %s, settled = 0, contributed = %lld "
                          "WHERE sequence = %lld"},
    [SQL_VALUES_OF_EPOCH] = {"fed_values_of_epoch",
                             "SELECT member, value FROM civ_fed_metric_values "
                             "WHERE metric = %lld AND epoch = %lld ORDER BY member LIMIT %lld"},
    [SQL_VALUES_SETTLE] =
        {"fed_values_settle",
         "UPDATE civ_fed_metric_values SET settled = 1 WHERE metric = %lld AND epoch = %lld "
         "AND settled = 0"},
    [SQL_CONTRIBUTION_LAST] = {"fed_contribution_last",
                               "SELECT COALESCE(MAX(contribution), 0) FROM civ_fed_contributions"},
    [SQL_CONTRIBUTION_INSERT] =
        {"fed_contribution_insert",
         "INSERT INTO civ_fed_contributions (contribution, member, contributed, record, "
         "salt, proof) VALUES (%lld, %lld, %lld, %s, %s, %s)"},
    [SQL_RELEASE_LAST] = {"fed_release_last", "SELECT COALESCE(MAX(released), 0) FROM civ_fed_releases"},
    [SQL_RELEASE_INSERT] = {"fed_release_insert",
                            "INSERT INTO civ_fed_releases (released, metric, epoch, made, statistics, "
                            "contributions) VALUES (%lld, %lld, %lld, %lld, %s, %s)"},
    [SQL_RELEASES_OF] = {"fed_releases_of", "SELECT contributions, epoch, made FROM civ_fed_releases "
                                            "WHERE metric = %lld ORDER BY released DESC LIMIT %lld"},
    [SQL_RELEASE_BY_NUMBER] =
        {"fed_release_by_number",
         "SELECT contributions, epoch, made FROM civ_fed_releases WHERE released = %lld"},
};

const civ_statement_set_t civ_benchmarks_statements = {civ_benchmarks_sql, SQL_BENCHMARKS_COUNT};

apr_status_t civ_metric_row_read(civ_metric_row_t *metric, civ_rows_t *rows, apr_pool_t *pool)
{
    if (civ_rows_int(rows, 0, &metric->number) != APR_SUCCESS ||
        civ_rows_int(rows, 2, &metric->epoch) != APR_SUCCESS ||
        civ_rows_int(rows, 3, &metric->contributors) != APR_SUCCESS ||
        civ_rows_int(rows, 4, &metric->waiting) != APR_SUCCESS ||
        civ_rows_int(rows, 5, &metric->release) != APR_SUCCESS)
        return CIV_EDATABASE;
    metric->name = apr_pstrdup(pool, civ_rows_text(rows, 1));
    metric->rules = apr_pstrdup(pool, civ_rows_text(rows, 6));
    metric->statistics = apr_pstrdup(pool, civ_rows_text(rows, 7));
    return APR_SUCCESS;
}

apr_status_t civ_metric_row_find(civ_db_t *db, const char *name, civ_metric_row_t *metric, apr_pool_t *pool)
{
    const civ_argument_t argument = civ_text(name);
    civ_rows_t *rows;
    apr_status_t status =
        civ_db_select(db, &civ_benchmarks_sql[SQL_METRIC_BY_NAME], &argument, 1, &rows, pool);

    if (status != APR_SUCCESS)
        return status;
    return civ_rows_next(rows) == APR_SUCCESS ? civ_metric_row_read(metric, rows, pool) : APR_NOTFOUND;
}

apr_status_t civ_benchmark_next(civ_change_t *change, civ_benchmarks_sql_e last, apr_int64_t *next)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &civ_benchmarks_sql[last], NULL, 0, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, next) != APR_SUCCESS)
        return CIV_EDATABASE;
    ++*next;
    return APR_SUCCESS;
}
