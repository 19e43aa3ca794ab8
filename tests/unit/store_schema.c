/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_schema.c
 * Numbered schema steps: once each, all or nothing, by any number of processes, never backwards.
 */
#include "support/runner.h"

#include "unit/store_fixture.h"

#include <apr_strings.h>

#include <unistd.h>

#define VERSION "SELECT version FROM civ_schema WHERE area = 'test'"
#define HAS_TABLES                                                                                           \
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('one', 'two', 'three')"
#define PROCESSES 3
#define ROUNDS    12

static const char *const make_one[] = {"CREATE TABLE one (CIV_KEY(id), a TEXT)",
                                       "INSERT INTO one (id, a) VALUES (1, 'x')", NULL};
static const char *const make_two[] = {"CREATE TABLE two (CIV_KEY(id))", NULL};
static const char *const fail_two[] = {"CREATE TABLE two (CIV_KEY(id))",
                                       "INSERT INTO one (id, a) VALUES (2, 'y')",
                                       "INSERT INTO nowhere (id) VALUES (1)", NULL};
static const char *const make_three[] = {"INSERT INTO one (id, a) VALUES (3, 'z')",
                                         "CREATE TABLE three (a TEXT)", NULL};

static const civ_schema_step_t good[] = {
    {1, "one", make_one}, {2, "two", make_two}, {3, "three", make_three}};
static const civ_schema_step_t bad[] = {{1, "one", make_one}, {2, "two", fail_two}, {3, "three", make_three}};

/* Steps that change no table, so that nothing but the version tells that they were done. */
static const char *const add_row[] = {
    "INSERT INTO one (id, a) SELECT COALESCE(MAX(id), 0) + 1, 'row' FROM one", NULL};
static const civ_schema_step_t rows[] = {{1, "r", add_row}, {2, "r", add_row}, {3, "r", add_row},
                                         {4, "r", add_row}, {5, "r", add_row}, {6, "r", add_row},
                                         {7, "r", add_row}, {8, "r", add_row}};

static const civ_schema_t add_rows = {"rows", rows, 8};
static const civ_schema_t first = {"test", good, 1};
static const civ_schema_t all = {"test", good, 3};
static const civ_schema_t failing = {"test", bad, 3};

static civ_db_t *connect_to(const char *name)
{
    civ_db_t *db = NULL;

    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, store_config(unit_path(name)), test_pool()), APR_SUCCESS);
    return db;
}

static apr_status_t upgrade(civ_db_t *db, const civ_schema_t *schema)
{
    return civ_schema_upgrade(db, schema, &unit_log, test_pool());
}

static void twice(void)
{
    civ_db_t *db = connect_to("twice.db");

    unit_log_reset();
    CU_ASSERT_EQUAL(upgrade(db, &all), APR_SUCCESS);
    CU_ASSERT(unit_log_has("CIV0106: database: test step 3: three"));
    CU_ASSERT_EQUAL(store_raw_int("twice.db", VERSION), 3);
    CU_ASSERT_EQUAL(store_raw_int("twice.db", HAS_TABLES), 3);
    unit_log_reset();
    CU_ASSERT_EQUAL(upgrade(db, &all), APR_SUCCESS);
    CU_ASSERT_EQUAL(upgrade(connect_to("twice.db"), &all), APR_SUCCESS);
    CU_ASSERT_FALSE(unit_log_has("CIV0106"));
    CU_ASSERT_EQUAL(store_raw_int("twice.db", "SELECT COUNT(*) FROM one"), 2);
    CU_ASSERT_EQUAL(store_raw_int("twice.db", "SELECT COUNT(*) FROM civ_schema"), 1);
}

static void later_steps_follow(void)
{
    civ_db_t *db = connect_to("later.db");

    CU_ASSERT_EQUAL(upgrade(db, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("later.db", VERSION), 1);
    CU_ASSERT_EQUAL(store_raw_int("later.db", HAS_TABLES), 1);
    CU_ASSERT_EQUAL(upgrade(db, &all), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("later.db", VERSION), 3);
    CU_ASSERT_EQUAL(store_raw_int("later.db", "SELECT COUNT(*) FROM one"), 2);
}

static void areas_are_apart(void)
{
    civ_db_t *db = connect_to("areas.db");

    CU_ASSERT_EQUAL(upgrade(db, &civ_store_schema), APR_SUCCESS);
    CU_ASSERT_EQUAL(upgrade(db, &all), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("areas.db", VERSION), 3);
    CU_ASSERT_EQUAL(store_raw_int("areas.db", "SELECT version FROM civ_schema WHERE area = 'store'"), 2);
}

static void newer_database_is_refused(void)
{
    civ_db_t *db = connect_to("newer.db");

    CU_ASSERT_EQUAL(upgrade(db, &all), APR_SUCCESS);
    unit_log_reset();
    CU_ASSERT_EQUAL(upgrade(db, &first), CIV_EINVALID);
    CU_ASSERT(
        unit_log_has("CIV0105: the tables of \"test\" have version 3, newer than the 1 this program knows"));
    CU_ASSERT_EQUAL(store_raw_int("newer.db", VERSION), 3);
}

static void failing_step_leaves_nothing(void)
{
    civ_db_t *db = connect_to("failing.db");
    int round;

    for (round = 0; round < 2; round++) {
        CU_ASSERT_EQUAL(upgrade(db, &failing), CIV_EDATABASE);
        CU_ASSERT_FALSE(civ_db_in_transaction(db));
        CU_ASSERT_EQUAL(store_raw_int("failing.db", VERSION), 1);
        CU_ASSERT_EQUAL(store_raw_int("failing.db", HAS_TABLES), 1);
        CU_ASSERT_EQUAL(store_raw_int("failing.db", "SELECT COUNT(*) FROM one"), 1);
    }
    CU_ASSERT_EQUAL(upgrade(db, &all), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("failing.db", VERSION), 3);
}

typedef struct race_t {
    const civ_store_config_t *config;
    int gate[2]; /**< closed by the parent: go */
} race_t;

/* In a child: upgrade as soon as all are there. */
static int upgrade_in_race(void *baton)
{
    race_t *race = baton;
    apr_status_t status;
    civ_db_t *db;
    char byte;

    close(race->gate[1]);
    if (civ_db_open(&db, race->config, test_pool()) != APR_SUCCESS)
        return 10;
    if (read(race->gate[0], &byte, 1) != 0)
        return 11;
    status = upgrade(db, &all);
    if (status == APR_SUCCESS)
        status = upgrade(db, &add_rows);
    civ_db_close(db);
    return status == APR_SUCCESS ? 0 : 12;
}

static void processes_at_once(void)
{
    int round, i, children[PROCESSES];

    for (round = 0; round < ROUNDS; round++) {
        const char *name = apr_psprintf(test_pool(), "race%d.db", round);
        race_t race = {store_config(unit_path(name)), {-1, -1}};

        civ_db_close(connect_to(name));
        CU_ASSERT_EQUAL_FATAL(pipe(race.gate), 0);
        for (i = 0; i < PROCESSES; i++)
            children[i] = unit_child_start(upgrade_in_race, &race);
        close(race.gate[0]);
        close(race.gate[1]);
        for (i = 0; i < PROCESSES; i++)
            CU_ASSERT_EQUAL(unit_child_wait(children[i]), 0);
        CU_ASSERT_EQUAL(store_raw_int(name, VERSION), 3);
        CU_ASSERT_EQUAL(store_raw_int(name, "SELECT COUNT(*) FROM one WHERE a <> 'row'"), 2);
        CU_ASSERT_EQUAL(store_raw_int(name, "SELECT COUNT(*) FROM one WHERE a = 'row'"), 8);
    }
}

/* What two processes at once may do to each other, made certain: the tables change between one process's
 * look and its step. */
static void schema_moves_meanwhile(void)
{
    civ_db_t *one = connect_to("moves.db"), *two = connect_to("moves.db");

    CU_ASSERT_EQUAL(upgrade(two, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(upgrade(one, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(upgrade(one, &all), APR_SUCCESS);
    CU_ASSERT_EQUAL(upgrade(two, &all), APR_SUCCESS);
    store_raw_run("moves.db",
                  "DROP TABLE three; UPDATE civ_schema SET version = 2; DELETE FROM one WHERE id = 3");
    CU_ASSERT_EQUAL(upgrade(two, &all), APR_SUCCESS);
    store_raw_run("moves.db", "VACUUM");
    CU_ASSERT_EQUAL(upgrade(one, &all), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("moves.db", HAS_TABLES), 3);
}

static const test_case_t cases[] = {
    {"twice", twice},
    {"later_steps_follow", later_steps_follow},
    {"areas_are_apart", areas_are_apart},
    {"newer_database_is_refused", newer_database_is_refused},
    {"failing_step_leaves_nothing", failing_step_leaves_nothing},
    {"processes_at_once", processes_at_once},
    {"schema_moves_meanwhile", schema_moves_meanwhile},
    {NULL, NULL},
};

const test_suite_t store_schema_suite = {"store_schema", unit_folder_make, unit_folder_remove, cases};
