/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_replay.c
 * Nonces of signed requests: each counts once.
 */
#include "support/runner.h"

#include "store/replay.h"
#include "unit/store_fixture.h"

#include <apr_strings.h>

#define NOW   APR_INT64_C(1795000000000)
#define UNTIL (NOW + 301000)
#define NONCE "QWxwaGEtbm9uY2UtMDAwMQ"
#define KEPT  "SELECT COUNT(*) FROM civ_replay"

static civ_db_t *open_nonces(const char *name)
{
    civ_store_config_t *config = store_config(unit_path(name));
    civ_db_t *db = NULL;

    config->sets = &civ_store_statements;
    config->set_count = 1;
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &civ_store_schema, &unit_log, test_pool()), APR_SUCCESS);
    return db;
}

/* In a transaction of its own. */
static apr_status_t insert(civ_db_t *db, const char *key_id, const char *nonce, apr_int64_t expires,
                           apr_int64_t now)
{
    apr_status_t status, committed;
    int unknown;

    CU_ASSERT_EQUAL_FATAL(civ_db_begin(db), APR_SUCCESS);
    status = civ_replay_insert(db, key_id, nonce, expires, now, test_pool());
    committed = civ_db_commit(db, &unknown);
    CU_ASSERT_EQUAL(committed, status == CIV_ECONFLICT ? APR_SUCCESS : status);
    return status;
}

static void each_nonce_counts_once(void)
{
    civ_db_t *db = open_nonces("once.db");

    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL, NOW), APR_SUCCESS);
    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL, NOW), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL + 5, NOW + 5), CIV_ECONFLICT);
    /* The same nonce of another key is another one. */
    CU_ASSERT_EQUAL(insert(db, "other", NONCE, UNTIL, NOW), APR_SUCCESS);
    CU_ASSERT_EQUAL(insert(db, "key", "another-nonce-of-it", UNTIL, NOW), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("once.db", KEPT), 3);
    civ_db_close(db);
    /* As after a restart. */
    CU_ASSERT_EQUAL(insert(open_nonces("once.db"), "key", NONCE, UNTIL, NOW), CIV_ECONFLICT);
}

/* Others' requests are in the same transaction: a replay must not fail it. */
static void a_replay_fails_nobody_else(void)
{
    civ_db_t *db = open_nonces("shared.db");
    int unknown;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_replay_insert(db, "key", NONCE, UNTIL, NOW, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_replay_insert(db, "key", NONCE, UNTIL, NOW, test_pool()), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(civ_replay_insert(db, "key", "a-second-nonce-1", UNTIL, NOW, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("shared.db", KEPT), 2);
}

/* What was not committed was not received. */
static void rolled_back_is_unknown(void)
{
    civ_db_t *db = open_nonces("rolled.db");

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_replay_insert(db, "key", NONCE, UNTIL, NOW, test_pool()), APR_SUCCESS);
    civ_db_rollback(db);
    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL, NOW), APR_SUCCESS);
}

static int take_the_nonce(void *baton)
{
    int i, taken = 0;
    apr_pool_t *pool;

    (void)baton;
    apr_pool_create(&pool, NULL);
    for (i = 0; i < 20; i++) {
        civ_db_t *db = open_nonces("race.db");

        taken += insert(db, "key", apr_psprintf(pool, "nonce-of-the-race-%d", i), UNTIL, NOW) == APR_SUCCESS;
        civ_db_close(db);
    }
    return taken;
}

/* Which process comes first does not matter; that there is a first one does. */
static void processes_share_what_they_have_seen(void)
{
    civ_db_t *db = open_nonces("race.db");
    int children[3], i, taken = 0;

    civ_db_close(db);
    for (i = 0; i < 3; i++)
        children[i] = unit_child_start(take_the_nonce, NULL);
    for (i = 0; i < 3; i++)
        taken += unit_child_wait(children[i]);
    CU_ASSERT_EQUAL(taken, 20);
    CU_ASSERT_EQUAL(store_raw_int("race.db", KEPT), 20);
}

/* Hosts whose clocks differ share a database. */
static void is_kept_beyond_its_time(void)
{
    civ_db_t *db = open_nonces("beyond.db");

    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL, NOW), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_replay_expire(db, UNTIL + CIV_REPLAY_KEPT_BEYOND - 1, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL, UNTIL + CIV_REPLAY_KEPT_BEYOND - 1), CIV_ECONFLICT);
    /* Then it is free, whether housekeeping has come by or not. */
    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL * 2, UNTIL + CIV_REPLAY_KEPT_BEYOND), APR_SUCCESS);
    CU_ASSERT_EQUAL(insert(db, "key", NONCE, UNTIL * 2, UNTIL + CIV_REPLAY_KEPT_BEYOND), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(store_raw_int("beyond.db", KEPT), 1);
}

static void insert_many(civ_db_t *db, const char *prefix, int count, apr_int64_t expires)
{
    int i, unknown;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    for (i = 0; i < count; i++)
        civ_replay_insert(db, "key", apr_psprintf(test_pool(), "%s-nonce-number-%d", prefix, i), expires, NOW,
                          test_pool());
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
}

static void old_ones_are_forgotten(void)
{
    civ_db_t *db = open_nonces("expire.db");
    apr_int64_t later = UNTIL + CIV_REPLAY_KEPT_BEYOND;
    int removed = -1, any = 7;

    CU_ASSERT_EQUAL(civ_replay_any_expired(db, later, &any, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(any, 0);
    insert_many(db, "old", 1100, UNTIL);
    insert_many(db, "young", 2, UNTIL + 1);
    CU_ASSERT_EQUAL(civ_replay_any_expired(db, later - 1, &any, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(any, 0);
    CU_ASSERT_EQUAL(civ_replay_any_expired(db, later, &any, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(any, 1);
    CU_ASSERT_EQUAL(civ_replay_expire(db, later, &removed), APR_SUCCESS);
    CU_ASSERT_EQUAL(removed, 1000);
    CU_ASSERT_EQUAL(civ_replay_expire(db, later, &removed), APR_SUCCESS);
    CU_ASSERT_EQUAL(removed, 100);
    CU_ASSERT_EQUAL(store_raw_int("expire.db", KEPT), 2);
}

static void failures_are_told(void)
{
    civ_db_t *db = open_nonces("fails.db");
    int any;

    store_raw_run("fails.db", "DROP TABLE civ_replay");
    CU_ASSERT_EQUAL(civ_replay_insert(db, "key", NONCE, UNTIL, NOW, test_pool()), CIV_EDATABASE);
    CU_ASSERT_EQUAL(civ_replay_any_expired(db, NOW, &any, test_pool()), CIV_EDATABASE);
    CU_ASSERT_EQUAL(civ_replay_expire(db, NOW, NULL), CIV_EDATABASE);
}

static const test_case_t cases[] = {
    {"each_nonce_counts_once", each_nonce_counts_once},
    {"a_replay_fails_nobody_else", a_replay_fails_nobody_else},
    {"rolled_back_is_unknown", rolled_back_is_unknown},
    {"processes_share_what_they_have_seen", processes_share_what_they_have_seen},
    {"is_kept_beyond_its_time", is_kept_beyond_its_time},
    {"old_ones_are_forgotten", old_ones_are_forgotten},
    {"failures_are_told", failures_are_told},
    {NULL, NULL},
};

const test_suite_t store_replay_suite = {"store_replay", unit_folder_make, unit_folder_remove, cases};
