/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_transaction.c
 * Transactions know when they failed; a schema that changes under them is met.
 */
#include "support/runner.h"

#include "unit/store_fixture.h"

#include <apr_strings.h>

#define COUNT "SELECT COUNT(*) FROM things"

static void commit_stores(void)
{
    civ_db_t *db = store_open("commit.db");
    int unknown = 7;

    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_TRUE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("commit.db", COUNT), 0);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    CU_ASSERT_EQUAL(unknown, 0);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(store_raw_int("commit.db", COUNT), 1);
}

static void rollback_forgets(void)
{
    civ_db_t *db = store_open("rollback.db");

    civ_db_rollback(db);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_EINVAL);
    CU_ASSERT_TRUE(civ_db_in_transaction(db));
    civ_db_rollback(db);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(store_count(db), 0);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    civ_db_rollback(db);
}

static void commit_needs_begin(void)
{
    civ_db_t *db = store_open("nobegin.db");
    int unknown = 7;

    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_EINVAL);
    CU_ASSERT_EQUAL(unknown, 0);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
}

/* The first failure is what the commit reports; nothing of the transaction is kept, whatever came after. */
static void failed_statement_fails_commit(void)
{
    civ_db_t *db = store_open("failed.db");
    civ_rows_t *rows;
    int unknown = 7;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    unit_log_reset();
    CU_ASSERT_EQUAL(store_insert(db, 2, "a", 1), CIV_ECONSTRAINT);
    CU_ASSERT(unit_log_has(database_is_pgsql()
                               ? "CIV0102: database: test_insert failed (code 7): ERROR:  duplicate key"
                               : "CIV0102: database: test_insert failed (code 1): UNIQUE"));
    CU_ASSERT_EQUAL(store_insert(db, 3, "c", 1), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(civ_db_select(db, &store_sql[STORE_COUNT], NULL, 0, &rows, test_pool()), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(civ_db_run(db, "DELETE FROM things"), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(unknown, 0);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(store_raw_int("failed.db", COUNT), 0);
    /* The failure belongs to that transaction alone. */
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 2, "b", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("failed.db", COUNT), 1);
}

/* A statement that does not even compile, a select, and a schema step count as well. */
static void every_kind_of_failure_counts(void)
{
    civ_db_t *db = store_open("kinds.db");
    civ_rows_t *rows;
    int unknown, kind;

    for (kind = 0; kind < 3; kind++) {
        CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
        CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
        if (kind == 0)
            CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_BROKEN], NULL, 0, NULL), CIV_EDATABASE);
        if (kind == 1)
            CU_ASSERT_EQUAL(civ_db_select(db, &store_sql[STORE_BROKEN], NULL, 0, &rows, test_pool()),
                            CIV_EDATABASE);
        if (kind == 2)
            CU_ASSERT_EQUAL(civ_db_run(db, "INSERT INTO nowhere VALUES (1)"), CIV_EDATABASE);
        CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_EDATABASE);
        CU_ASSERT_EQUAL(store_count(db), 0);
    }
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "b", 1), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(store_count(db), 1);
}

/* COMMIT itself is refused: a parent that is only looked for then. The connection must be out of it. */
static void commit_fails(void)
{
    const civ_argument_t orphan[] = {civ_int(1), civ_int(99)};
    civ_db_t *db = store_open("commitfails.db");
    int unknown = 0;

    CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_FOREIGN], NULL, 0, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_execute(db, &store_sql[STORE_CHILD], orphan, 2, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(unknown, 1);
    CU_ASSERT_FALSE(civ_db_in_transaction(db));
    CU_ASSERT_EQUAL(store_raw_int("commitfails.db", COUNT), 0);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("commitfails.db", COUNT), 1);
}

static void close_gives_up(void)
{
    database_t *raw;
    apr_pool_t *pool;
    civ_db_t *db;

    store_open("close.db");
    apr_pool_create(&pool, test_pool());
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, store_config(unit_path("close.db")), pool), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    apr_pool_destroy(pool);
    /* The lock is gone with it. */
    raw = store_raw("close.db");
    CU_ASSERT_EQUAL(database_shut_out(raw), 0);
    database_close(raw);
    CU_ASSERT_EQUAL(store_raw_int("close.db", COUNT), 0);
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, store_config(unit_path("close.db")), test_pool()), APR_SUCCESS);
    civ_db_close(db);
}

static void change_schema(const char *name, int round)
{
    if (round % 2 == 0)
        store_raw_run(name, "CREATE TABLE IF NOT EXISTS other (a); DROP TABLE other");
    else
        store_raw_run(name, "VACUUM");
}

/* Another connection's change makes every prepared statement stale; outside a transaction nobody notices. */
static void schema_change_is_survived(void)
{
    civ_db_t *db = store_open("stale.db");
    int round;

    CU_ASSERT_EQUAL(store_insert(db, -1, "first", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_count(db), 1);
    for (round = 0; round < 6; round++) {
        change_schema("stale.db", round);
        if (round % 3 == 0)
            CU_ASSERT_EQUAL(store_count(db), 1 + round);
        CU_ASSERT_EQUAL(store_insert(db, round, apr_itoa(test_pool(), round), 1), APR_SUCCESS);
        CU_ASSERT_EQUAL(store_count(db), 2 + round);
    }
    unit_log_reset();
    CU_ASSERT_EQUAL(store_count(db), 7);
    CU_ASSERT_FALSE(unit_log_has("CIV0102"));
}

/* A text that is run as it stands may be told about it, once. */
static void schema_change_before_run(void)
{
    civ_db_t *db = store_open("stalerun.db");
    int round;

    for (round = 0; round < 4; round++) {
        apr_status_t status;

        change_schema("stalerun.db", round);
        status = civ_db_run(db, "INSERT INTO things (name, value) VALUES (NULL, 1)");
        if (status == CIV_ESCHEMA)
            status = civ_db_run(db, "INSERT INTO things (name, value) VALUES (NULL, 1)");
        CU_ASSERT_EQUAL(status, APR_SUCCESS);
    }
    CU_ASSERT_EQUAL(store_count(db), 4);
}

/* A change by the same connection makes statements fail without a word of their own: the words of an earlier
 * failure must not be taken for theirs. */
static void schema_change_after_failure(void)
{
    civ_db_t *db = store_open("words.db");

    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_count(db), 1);
    CU_ASSERT_EQUAL(civ_db_run(db, "CREATE TABLE other (a)"), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "b", 1), CIV_ECONSTRAINT);
    CU_ASSERT_EQUAL(store_count(db), 1);
}

/* Inside one it is the first failure, and the next transaction works. */
static void schema_change_fails_transaction(void)
{
    civ_db_t *db = store_open("stalein.db");
    int unknown, round;

    for (round = 0; round < 4; round++) {
        CU_ASSERT_EQUAL(store_insert(db, 10 + round, apr_itoa(test_pool(), round), 1), APR_SUCCESS);
        change_schema("stalein.db", round);
        CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
        CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), CIV_ESCHEMA);
        CU_ASSERT_EQUAL(store_insert(db, 2, "b", 1), CIV_ESCHEMA);
        CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), CIV_ESCHEMA);
        CU_ASSERT_EQUAL(unknown, 0);
        CU_ASSERT_EQUAL(store_raw_int("stalein.db", COUNT), round + 1);
    }
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_insert(db, 1, "a", 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
}

static const test_case_t cases[] = {
    {"commit_stores", commit_stores},
    {"rollback_forgets", rollback_forgets},
    {"commit_needs_begin", commit_needs_begin},
    {"failed_statement_fails_commit", failed_statement_fails_commit},
    {"every_kind_of_failure_counts", every_kind_of_failure_counts},
    {"commit_fails", commit_fails},
    {"close_gives_up", close_gives_up},
    {"schema_change_is_survived", schema_change_is_survived},
    {"schema_change_before_run", schema_change_before_run},
    {"schema_change_after_failure", schema_change_after_failure},
    {"schema_change_fails_transaction", schema_change_fails_transaction},
    {NULL, NULL},
};

const test_suite_t store_transaction_suite = {"store_transaction", unit_folder_make, unit_folder_remove,
                                              cases};
