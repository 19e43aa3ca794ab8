/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_fixture.c
 * What the tests of lib/store share.
 */
#include "unit/store_fixture.h"

#include "support/runner.h"

#include <apr_strings.h>

#define TWELVE "%lld + %lld + %lld + %lld + %lld + %lld + %lld + %lld + %lld + %lld + %lld + %lld"

civ_statement_t store_sql[STORE_COUNT_OF_STATEMENTS] = {
    [STORE_INSERT] = {"test_insert", "INSERT INTO things (id, name, value) VALUES (%lld, %s, %lld)"},
    [STORE_READ] = {"test_read", "SELECT name, value FROM things WHERE id = %lld LIMIT 1"},
    [STORE_COUNT] = {"test_count", "SELECT COUNT(*) FROM things"},
    [STORE_RAISE] = {"test_raise", "UPDATE things SET value = value + %lld"},
    [STORE_TYPES] = {"test_types", "SELECT typeof(%lld), typeof(%s), %lld, %s, %lld > 9"},
    [STORE_CONSTANTS] = {"test_constants",
                         "SELECT NULL, '', 'x', '12a', '-', '-7', 1.5, '9223372036854775807', "
                         "'9223372036854775808', '-9223372036854775808', '-9223372036854775809', ' 1'"},
    [STORE_OCTETS] = {"test_octets", "SELECT CIV_OCTETS(name), length(name) FROM things LIMIT 1"},
    [STORE_KINDS] = {"test_kinds",
                     "SELECT CIV_OCTETS('abc'), CIV_OCTETS(12), CIV_OCTETS(x'616263'), CIV_OCTETS(NULL), "
                     "CIV_INTEGER(12), CIV_INTEGER('12'), CIV_INTEGER(x'3132'), CIV_INTEGER(NULL), "
                     "CIV_INTEGER((1 + (2)))"},
    [STORE_LIKE] = {"test_like", "SELECT COUNT(*) FROM things WHERE name LIKE '%%b%%'"},
    [STORE_TWELVE] = {"test_twelve", "SELECT " TWELVE},
    [STORE_BROKEN] = {"test_broken", "SELEC 1"},
    [STORE_JOURNAL] = {"test_journal", "PRAGMA journal_mode"},
    [STORE_SYNCHRONOUS] = {"test_synchronous", "PRAGMA synchronous"},
    [STORE_BUSY] = {"test_busy", "PRAGMA busy_timeout"},
    [STORE_MAP] = {"test_map", "PRAGMA mmap_size"},
    [STORE_CACHE] = {"test_cache", "PRAGMA cache_size"},
    [STORE_MARK] = {"test_mark", "PRAGMA cache_size=777"},
    [STORE_FEW_PAGES] = {"test_few_pages", "PRAGMA max_page_count=16"},
    [STORE_FOREIGN] = {"test_foreign", "PRAGMA foreign_keys=ON"},
    [STORE_CHILD] = {"test_child", "INSERT INTO children (id, parent) VALUES (%lld, %lld)"},
};

/* A second set behind it: a statement must be found in any of them. */
static const civ_statement_set_t sets[2] = {
    {store_sql, STORE_RAISE}, {store_sql + STORE_RAISE, STORE_COUNT_OF_STATEMENTS - STORE_RAISE}};

/* An index of PostgreSQL takes no long texts. */
static const char *const pgsql_tables[] = {
    "CREATE TABLE IF NOT EXISTS things (CIV_KEY(id), name TEXT, value BIGINT)",
    "CREATE UNIQUE INDEX IF NOT EXISTS things_name ON things (md5(name))",
    "CREATE TABLE IF NOT EXISTS children (CIV_KEY(id), parent BIGINT REFERENCES things (id) "
    "DEFERRABLE INITIALLY DEFERRED)",
    NULL,
};

static const char *const tables[] = {
    "CREATE TABLE IF NOT EXISTS things (CIV_KEY(id), name TEXT UNIQUE, value BIGINT)",
    "CREATE TABLE IF NOT EXISTS children (CIV_KEY(id), parent BIGINT REFERENCES things (id) "
    "DEFERRABLE INITIALLY DEFERRED)",
    NULL,
};

/* What marks a connection. */
static void choose_words(void)
{
    if (!database_is_pgsql())
        return;
    store_sql[STORE_MARK].text = "SELECT set_config('application_name', '777', false)";
    store_sql[STORE_CACHE].text = "SELECT current_setting('application_name')";
}

civ_store_config_t *store_config(const char *path)
{
    civ_store_config_t *config = apr_pcalloc(test_pool(), sizeof(*config));

    choose_words();
    config->driver = database_driver();
    config->parameters = database_parameters(path, test_pool());
    config->sets = sets;
    config->set_count = 2;
    config->pool_min = 1;
    config->pool_max = 4;
    config->map_size = 67108864;
    config->log = &unit_log;
    return config;
}

civ_db_t *store_open(const char *name)
{
    const char *const *table;
    civ_db_t *db = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, store_config(unit_path(name)), test_pool()), APR_SUCCESS);
    for (table = database_is_pgsql() ? pgsql_tables : tables; *table != NULL; table++)
        CU_ASSERT_EQUAL_FATAL(civ_db_run(db, *table), APR_SUCCESS);
    return db;
}

apr_status_t store_insert(civ_db_t *db, apr_int64_t id, const char *name, apr_int64_t value)
{
    const civ_argument_t arguments[] = {civ_int(id), civ_text(name), civ_int(value)};

    return civ_db_execute(db, &store_sql[STORE_INSERT], arguments, 3, NULL);
}

const char *store_text(civ_db_t *db, int statement)
{
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(db, &store_sql[statement], NULL, 0, &rows, test_pool());

    if (status == APR_SUCCESS)
        status = civ_rows_next(rows);
    if (status != APR_SUCCESS)
        return apr_psprintf(test_pool(), "status %d", status);
    return apr_pstrdup(test_pool(), civ_rows_text(rows, 0));
}

apr_int64_t store_count(civ_db_t *db)
{
    apr_int64_t count = -1;
    civ_rows_t *rows;

    if (civ_db_select(db, &store_sql[STORE_COUNT], NULL, 0, &rows, test_pool()) != APR_SUCCESS ||
        civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &count) != APR_SUCCESS)
        return -1;
    return count;
}

database_t *store_raw(const char *name)
{
    database_t *raw = database_open(unit_path(name));

    CU_ASSERT_PTR_NOT_NULL_FATAL(raw);
    return raw;
}

void store_raw_run(const char *name, const char *sql)
{
    CU_ASSERT_EQUAL(database_do(unit_path(name), sql), 0);
}

apr_int64_t store_raw_int(const char *name, const char *sql)
{
    const char *text = database_ask(unit_path(name), sql, test_pool());

    return text != NULL ? apr_atoi64(text) : -1;
}
