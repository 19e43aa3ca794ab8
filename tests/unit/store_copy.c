/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_copy.c
 * Copies of one moment, connections that only read, and who is alone with a database.
 */
#include "store_fixture.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static int go_on(void *baton)
{
    (*(int *)baton)++;
    return 0;
}

static int give_up(void *baton)
{
    (void)baton;
    return 1;
}

static civ_db_t *open_for_reading(const char *name)
{
    civ_store_config_t *config = store_config(unit_path(name));
    civ_db_t *db;

    config->read_only = 1;
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    return db;
}

static void insert_many(civ_db_t *db, int count)
{
    int unknown;
    int i;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    for (i = 0; i < count; i++) {
        CU_ASSERT_EQUAL(store_insert(db, i, apr_psprintf(test_pool(), "thing number %d", i), i), APR_SUCCESS);
    }
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
}

/* Another connection has a transaction open, and what it has not committed is not in the copy. */
static void copy_of_one_moment(void)
{
    civ_db_t *db = store_open("copied.db");
    civ_db_t *writer = store_open("copied.db");
    civ_db_t *reader;
    unsigned long before = 0;
    unsigned long after = 0;
    char *bytes;

    insert_many(db, 1000);
    CU_ASSERT_EQUAL(civ_db_begin(writer), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(writer, 5000, "not yet", 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_copy(db, unit_path("copy.db"), NULL, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("copy.db", "SELECT count(*) FROM things"), 1000);
    CU_ASSERT_EQUAL(store_insert(writer, 5001, "goes on", 0), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_copy(db, unit_path("copy.db"), NULL, NULL) != APR_SUCCESS, 1);
    /* It stands alone: reading leaves nothing beside it, and changes nothing in it. */
    bytes = test_read_file(unit_path("copy.db"), &before);
    reader = open_for_reading("copy.db");
    CU_ASSERT_EQUAL(store_count(reader), 1000);
    CU_ASSERT(store_insert(reader, 7000, "never", 0) != APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(store_text(reader, STORE_JOURNAL), "delete");
    civ_db_close(reader);
    CU_ASSERT(memcmp(bytes, test_read_file(unit_path("copy.db"), &after), before) == 0 && before == after);
    CU_ASSERT_PTR_NULL(test_read_file(unit_path("copy.db-wal"), &after));
}

static void copy_by_reader(void)
{
    civ_db_t *db = store_open("read.db");
    civ_db_t *reader = open_for_reading("read.db");

    CU_ASSERT_EQUAL(store_insert(db, 1, "one", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_copy(reader, unit_path("read-copy.db"), NULL, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("read-copy.db", "SELECT count(*) FROM things"), 1);
    /* It still only reads. */
    CU_ASSERT(store_insert(reader, 2, "two", 2) != APR_SUCCESS);
    CU_ASSERT_EQUAL(store_count(db), 1);
}

static void copy_given_up(void)
{
    civ_db_t *db = store_open("given-up.db");
    int asked = 0;

    insert_many(db, 20000);
    CU_ASSERT_EQUAL(civ_db_copy(db, unit_path("whole.db"), go_on, &asked), APR_SUCCESS);
    CU_ASSERT(asked > 0);
    CU_ASSERT_EQUAL(civ_db_copy(db, unit_path("part.db"), give_up, NULL), CIV_EINTERRUPTED);
    CU_ASSERT_EQUAL(store_insert(db, 20000, "goes on", 0), APR_SUCCESS);
}

static void seclusion(void)
{
    civ_db_t *db = store_open("secluded.db");
    civ_db_t *other = store_open("secluded.db");
    unsigned long length = 0;

    CU_ASSERT_EQUAL(store_insert(db, 1, "one", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_count(other), 1);
    CU_ASSERT_EQUAL(civ_db_seclude(db), CIV_EBUSY);
    civ_db_close(other);
    CU_ASSERT_EQUAL(civ_db_seclude(db), APR_SUCCESS);
    civ_db_close(db);
    CU_ASSERT_PTR_NULL(test_read_file(unit_path("secluded.db-wal"), &length));
    CU_ASSERT_EQUAL(store_raw_int("secluded.db", "SELECT count(*) FROM things"), 1);
}

static const test_case_t cases[] = {
    {"copy_of_one_moment", copy_of_one_moment},
    {"copy_by_reader", copy_by_reader},
    {"copy_given_up", copy_given_up},
    {"seclusion", seclusion},
    {NULL, NULL},
};

extern const test_suite_t store_copy_suite;
const test_suite_t store_copy_suite = {"store_copy", unit_folder_make, unit_folder_remove, cases};
