/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_connection.c
 * Opening, settings, values in and out, the dialect's words, statements that are refused.
 */
#include "support/runner.h"

#include "unit/store_fixture.h"

#include <apr_strings.h>

#include <string.h>

static void driver_is_checked(void)
{
    civ_store_config_t *config = store_config(unit_path("none.db"));
    const char *error = NULL;
    civ_store_t *store;
    civ_db_t *db;

    CU_ASSERT_EQUAL(civ_store_initialize(test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_store_initialize(test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_store_check_driver("sqlite3", &error, test_pool()), APR_SUCCESS);
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_EQUAL(civ_store_check_driver("oracle", &error, test_pool()), APR_ENOTIMPL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "\"oracle\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "sqlite3"));
    config->driver = "oracle";
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_store_create(&store, config, test_pool()), APR_ENOTIMPL);
    CU_ASSERT(unit_log_has("CIV0104"));
    CU_ASSERT_EQUAL(civ_db_open(&db, config, test_pool()), APR_ENOTIMPL);
}

static void settings_are_made(void)
{
    civ_db_t *db = store_open("settings.db");

    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_JOURNAL), "wal");
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_SYNCHRONOUS), "2");
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_BUSY), "25");
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_CACHE), "-16384");
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_MAP), "67108864");
}

static void mapping_is_a_choice(void)
{
    civ_store_config_t *config = store_config(unit_path("mapping.db"));
    civ_db_t *db;

    config->map_size = 0;
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_MAP), "0");
}

/* A database in memory has no write-ahead log: what cannot be set must not be believed. */
static void settings_are_verified(void)
{
    civ_db_t *db;

    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_open(&db, store_config(":memory:"), test_pool()), CIV_EUNREACHABLE);
    CU_ASSERT(unit_log_has("CIV0101: PRAGMA journal_mode reads memory"));
}

static void integers_come_back(void)
{
    static const apr_int64_t values[] = {APR_INT64_MIN, APR_INT64_MIN + 1, -4294967297,  -1, 0, 1, 9,
                                         2147483648,    9007199254740993,  APR_INT64_MAX};
    civ_db_t *db = store_open("integers.db");
    apr_size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const civ_argument_t id[] = {civ_int(values[i])};
        apr_int64_t value = 0;
        civ_rows_t *rows;

        CU_ASSERT_EQUAL(store_insert(db, values[i], apr_psprintf(test_pool(), "%d", (int)i), values[i]),
                        APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_READ], id, 1, &rows, test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
        CU_ASSERT_EQUAL(civ_rows_int(rows, 1, &value), APR_SUCCESS);
        CU_ASSERT_EQUAL(value, values[i]);
        CU_ASSERT_EQUAL(civ_rows_next(rows), APR_EOF);
    }
}

static void texts_come_back(void)
{
    static const char *const texts[] = {"",
                                        " ",
                                        "'",
                                        "\"",
                                        "a'; DROP TABLE things; --",
                                        "%s %lld %%",
                                        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
                                        "\x01\t\r\n\x7f",
                                        "12",
                                        "NULL"};
    civ_db_t *db = store_open("texts.db");
    char *large = apr_palloc(test_pool(), 300001);
    apr_size_t i, count = sizeof(texts) / sizeof(texts[0]);

    memset(large, 'x', 300000);
    large[300000] = '\0';
    for (i = 0; i <= count; i++) {
        const char *text = i < count ? texts[i] : large;
        const civ_argument_t id[] = {civ_int(i)};
        civ_rows_t *rows;

        CU_ASSERT_EQUAL(store_insert(db, (apr_int64_t)i, text, 0), APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_READ], id, 1, &rows, test_pool()),
                              APR_SUCCESS);
        CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
        CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 0), text);
    }
    CU_ASSERT_EQUAL(store_count(db), (apr_int64_t)count + 1);
}

/* Bound as what they are, whatever the column: compared as text, 5 would be above 9. */
static void binds_keep_types(void)
{
    const civ_argument_t arguments[] = {civ_int(5), civ_text("5"), civ_int(-6), civ_text("seven"),
                                        civ_int(5)};
    civ_db_t *db = store_open("types.db");
    apr_int64_t value = 0;
    civ_rows_t *rows;

    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_TYPES], arguments, 5, &rows, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 0), "integer");
    CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 1), "text");
    CU_ASSERT_EQUAL(civ_rows_int(rows, 2, &value), APR_SUCCESS);
    CU_ASSERT_EQUAL(value, -6);
    CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 3), "seven");
    CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 4), "0");
}

/* NULL reads as ""; what is no integer of 64 bits is refused as one. */
static void odd_values_are_told(void)
{
    static const struct {
        const char *text;
        apr_status_t status;
        apr_int64_t value;
    } columns[] = {
        {"", CIV_EINVALID, 0},
        {"", CIV_EINVALID, 0},
        {"x", CIV_EINVALID, 0},
        {"12a", CIV_EINVALID, 0},
        {"-", CIV_EINVALID, 0},
        {"-7", APR_SUCCESS, -7},
        {"1.5", CIV_EINVALID, 0},
        {"9223372036854775807", APR_SUCCESS, APR_INT64_MAX},
        {"9223372036854775808", CIV_EINVALID, 0},
        {"-9223372036854775808", APR_SUCCESS, APR_INT64_MIN},
        {"-9223372036854775809", CIV_EINVALID, 0},
        {" 1", CIV_EINVALID, 0},
    };
    civ_db_t *db = store_open("odd.db");
    civ_rows_t *rows;
    int i;

    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_CONSTANTS], NULL, 0, &rows, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
    for (i = 0; i < (int)(sizeof(columns) / sizeof(columns[0])); i++) {
        apr_int64_t value = 0;

        CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, i), columns[i].text);
        CU_ASSERT_EQUAL(civ_rows_int(rows, i, &value), columns[i].status);
        if (columns[i].status == APR_SUCCESS)
            CU_ASSERT_EQUAL(value, columns[i].value);
    }
}

static void words_are_rewritten(void)
{
    civ_db_t *db = store_open("words.db");
    civ_rows_t *rows;

    CU_ASSERT_EQUAL(store_insert(db, 1,
                                 "a\xe2\x82\xac"
                                 "b",
                                 0),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_OCTETS], NULL, 0, &rows, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 0), "5");
    CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, 1), "3");
    CU_ASSERT_STRING_EQUAL(store_text(db, STORE_LIKE), "1");
    /* CIV_KEY made the row id itself, so that an integer of 64 bits is the key. */
    CU_ASSERT_EQUAL(store_raw_int("words.db", "SELECT rowid FROM things WHERE id = 1"), 1);
    CU_ASSERT_EQUAL(store_raw_int("words.db", "SELECT COUNT(*) FROM sqlite_master WHERE sql LIKE '%CIV_%'"),
                    0);
}

/* SQLite keeps any type in any column; the words tell what stands there. */
static void words_know_types(void)
{
    static const char *const wanted[] = {"3", "-1", "-1", "-1", "12", "", "", "", "3"};
    civ_db_t *db = store_open("kinds.db");
    civ_rows_t *rows;
    int i;

    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_KINDS], NULL, 0, &rows, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
    for (i = 0; i < (int)(sizeof(wanted) / sizeof(wanted[0])); i++)
        CU_ASSERT_STRING_EQUAL(civ_rows_text(rows, i), wanted[i]);
}

static void statements_are_counted(void)
{
    static const civ_statement_t stranger = {"test_stranger", "SELECT 1"};
    civ_argument_t many[CIV_STORE_MAX_ARGUMENTS + 1];
    civ_db_t *db = store_open("counted.db");
    apr_int64_t sum = 0;
    civ_rows_t *rows;
    int i;

    for (i = 0; i <= CIV_STORE_MAX_ARGUMENTS; i++)
        many[i] = civ_int(1 << i);
    CU_ASSERT_EQUAL(civ_db_select(db, &stranger, NULL, 0, &rows, test_pool()), APR_EINVAL);
    CU_ASSERT_EQUAL(civ_db_execute(db, &stranger, NULL, 0, NULL), APR_EINVAL);
    CU_ASSERT_EQUAL(
        civ_db_select(db, &store_sql[STORE_TWELVE], many, CIV_STORE_MAX_ARGUMENTS + 1, &rows, test_pool()),
        APR_EINVAL);
    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_TWELVE], many, 12, &rows, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_rows_int(rows, 0, &sum), APR_SUCCESS);
    CU_ASSERT_EQUAL(sum, 4095);
    unit_log_reset();
    CU_ASSERT_EQUAL(civ_db_select(db, &store_sql[STORE_BROKEN], NULL, 0, &rows, test_pool()), CIV_EDATABASE);
    CU_ASSERT(unit_log_has("CIV0102: database: test_broken failed"));
    CU_ASSERT_EQUAL(store_count(db), 0);
}

static void affected_rows_are_told(void)
{
    const civ_argument_t amount[] = {civ_int(5)}, id[] = {civ_int(2)};
    civ_db_t *db = store_open("affected.db");
    apr_int64_t value = 0;
    civ_rows_t *rows;
    int i, affected = -1;

    CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_RAISE], amount, 1, &affected), APR_SUCCESS);
    CU_ASSERT_EQUAL(affected, 0);
    for (i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(store_insert(db, i, apr_itoa(test_pool(), i), i), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_RAISE], amount, 1, &affected), APR_SUCCESS);
    CU_ASSERT_EQUAL(affected, 3);
    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_READ], id, 1, &rows, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(rows), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_rows_int(rows, 1, &value), APR_SUCCESS);
    CU_ASSERT_EQUAL(value, 7);
}

/* The rows are in memory: their statement may run again, and the table may change, while they are read. */
static void rows_stay(void)
{
    const civ_argument_t first[] = {civ_int(1)}, second[] = {civ_int(2)};
    civ_db_t *db = store_open("rows.db");
    civ_rows_t *one, *two;

    CU_ASSERT_EQUAL(store_insert(db, 1, "one", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 2, "two", 2), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_READ], first, 1, &one, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_db_select(db, &store_sql[STORE_READ], second, 1, &two, test_pool()),
                          APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_run(db, "DELETE FROM things"), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(one), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_rows_next(two), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(civ_rows_text(one, 0), "one");
    CU_ASSERT_STRING_EQUAL(civ_rows_text(two, 0), "two");
    CU_ASSERT_EQUAL(store_count(db), 0);
}

static void free_space_is_told(void)
{
    civ_db_t *db = store_open("space.db");
    apr_int64_t bytes = -1;

    CU_ASSERT_EQUAL(civ_db_free_space(db, &bytes), APR_SUCCESS);
    CU_ASSERT(bytes > 0);
}

static void problems_are_fit_for_clients(void)
{
    static const struct {
        apr_status_t status;
        civ_problem_kind_e kind;
        const char *words;
    } rows[] = {
        {CIV_EFULL, CIV_PROBLEM_UNAVAILABLE, "no room"},
        {CIV_EREADONLY, CIV_PROBLEM_UNAVAILABLE, "cannot be written"},
        {CIV_EINTERRUPTED, CIV_PROBLEM_UNAVAILABLE, "stopping"},
        {CIV_EBUSY, CIV_PROBLEM_UNAVAILABLE, "cannot be reached"},
        {CIV_EUNREACHABLE, CIV_PROBLEM_UNAVAILABLE, "cannot be reached"},
        {CIV_ESCHEMA, CIV_PROBLEM_UNAVAILABLE, "cannot be reached"},
        {APR_TIMEUP, CIV_PROBLEM_UNAVAILABLE, "busy"},
        {CIV_ECORRUPT, CIV_PROBLEM_UNAVAILABLE, "damaged"},
        {CIV_ECONSTRAINT, CIV_PROBLEM_INTERNAL, "log"},
        {CIV_EDATABASE, CIV_PROBLEM_INTERNAL, "log"},
        {APR_EGENERAL, CIV_PROBLEM_INTERNAL, "log"},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        civ_problem_t problem;

        civ_store_problem(&problem, rows[i].status, test_pool());
        CU_ASSERT_EQUAL(problem.kind, rows[i].kind);
        CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, rows[i].words));
        CU_ASSERT_EQUAL(problem.retry_after > 0, rows[i].kind == CIV_PROBLEM_UNAVAILABLE);
        civ_store_problem_reading(&problem, rows[i].status, test_pool());
        CU_ASSERT_EQUAL(problem.kind, rows[i].kind);
        CU_ASSERT_PTR_NOT_NULL(strstr(problem.detail, rows[i].words));
        CU_ASSERT_PTR_NULL(strstr(problem.detail, "stored"));
    }
}

static const test_case_t cases[] = {
    {"driver_is_checked", driver_is_checked},
    {"settings_are_made", settings_are_made},
    {"mapping_is_a_choice", mapping_is_a_choice},
    {"settings_are_verified", settings_are_verified},
    {"integers_come_back", integers_come_back},
    {"texts_come_back", texts_come_back},
    {"binds_keep_types", binds_keep_types},
    {"odd_values_are_told", odd_values_are_told},
    {"words_are_rewritten", words_are_rewritten},
    {"words_know_types", words_know_types},
    {"statements_are_counted", statements_are_counted},
    {"affected_rows_are_told", affected_rows_are_told},
    {"rows_stay", rows_stay},
    {"free_space_is_told", free_space_is_told},
    {"problems_are_fit_for_clients", problems_are_fit_for_clients},
    {NULL, NULL},
};

const test_suite_t store_connection_suite = {"store_connection", unit_folder_make, unit_folder_remove, cases};
