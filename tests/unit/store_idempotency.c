/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file store_idempotency.c
 * Answers kept for Idempotency-Key.
 */
#include "support/runner.h"

#include "store/idempotency.h"
#include "unit/store_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define NOW  APR_INT64_C(1795000000000)
#define KEPT "SELECT COUNT(*) FROM civ_idempotency"

static civ_db_t *open_answers(const char *name)
{
    civ_store_config_t *config = store_config(unit_path(name));
    civ_db_t *db = NULL;

    config->sets = &civ_store_statements;
    config->set_count = 1;
    CU_ASSERT_EQUAL_FATAL(civ_db_open(&db, config, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(civ_schema_upgrade(db, &civ_store_schema, &unit_log, test_pool()), APR_SUCCESS);
    return db;
}

static const civ_idempotency_t *make_key(const char *key, const char *request)
{
    civ_idempotency_t *made = apr_palloc(test_pool(), sizeof(*made));

    civ_digest_sha256(&made->key, key, strlen(key));
    civ_digest_sha256(&made->request, request, strlen(request));
    return made;
}

static apr_status_t find(civ_db_t *db, const char *key, const char *request, apr_int64_t now,
                         const char **answer, civ_problem_t *problem)
{
    *answer = NULL;
    memset(problem, 0, sizeof(*problem));
    return civ_idempotency_find(db, make_key(key, request), now, answer, problem, test_pool());
}

static void record_and_find(void)
{
    civ_db_t *db = open_answers("find.db");
    const char *answer;
    civ_problem_t problem;
    int unknown;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW, &answer, &problem), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_idempotency_record(db, make_key("k", "r"), NOW, "{\"\xc3\xa9\":'1'}"), APR_SUCCESS);
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW, &answer, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    civ_db_close(db);
    /* Also on another connection, as after a restart. */
    db = open_answers("find.db");
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW + 5, &answer, &problem), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(answer, "{\"\xc3\xa9\":'1'}");
    CU_ASSERT_EQUAL(find(db, "other", "r", NOW, &answer, &problem), APR_NOTFOUND);
}

static void rolled_back_is_unknown(void)
{
    civ_db_t *db = open_answers("rolled.db");
    const char *answer;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_idempotency_record(db, make_key("k", "r"), NOW, "a"), APR_SUCCESS);
    civ_db_rollback(db);
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW, &answer, &problem), APR_NOTFOUND);
}

static void another_request_conflicts(void)
{
    civ_db_t *db = open_answers("conflict.db");
    const char *answer;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(civ_idempotency_record(db, make_key("k", "r"), NOW, "a"), APR_SUCCESS);
    CU_ASSERT_EQUAL(find(db, "k", "other", NOW, &answer, &problem), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_KEY_REUSED);
    CU_ASSERT_PTR_NOT_NULL(problem.detail);
    CU_ASSERT_PTR_NULL(answer);
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW, &answer, &problem), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(answer, "a");
}

static void answers_live_for_a_day(void)
{
    civ_db_t *db = open_answers("day.db");
    const char *answer;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(CIV_IDEMPOTENCY_KEPT, 24 * 3600 * 1000);
    CU_ASSERT_EQUAL(civ_idempotency_record(db, make_key("k", "r"), NOW, "old"), APR_SUCCESS);
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW + CIV_IDEMPOTENCY_KEPT, &answer, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW + CIV_IDEMPOTENCY_KEPT + 1, &answer, &problem), APR_NOTFOUND);
    /* Once too old, the key is free for another request. */
    CU_ASSERT_EQUAL(find(db, "k", "other", NOW + CIV_IDEMPOTENCY_KEPT + 1, &answer, &problem), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_idempotency_record(db, make_key("k", "other"), NOW + CIV_IDEMPOTENCY_KEPT + 1, "new"),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(find(db, "k", "other", NOW + CIV_IDEMPOTENCY_KEPT + 1, &answer, &problem), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(answer, "new");
    /* A clock set back does not lose an answer. */
    CU_ASSERT_EQUAL(find(db, "k", "other", NOW, &answer, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("day.db", KEPT), 1);
}

/* @a count answers of the same age, in one transaction. */
static void record_many(civ_db_t *db, const char *prefix, int count, apr_int64_t created)
{
    int i, unknown;

    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    for (i = 0; i < count; i++)
        civ_idempotency_record(db, make_key(apr_psprintf(test_pool(), "%s%d", prefix, i), "r"), created, "a");
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
}

static void old_ones_are_forgotten(void)
{
    civ_db_t *db = open_answers("expire.db");
    int removed = -1;

    record_many(db, "old", 1500, NOW - CIV_IDEMPOTENCY_KEPT - 1);
    record_many(db, "edge", 3, NOW - CIV_IDEMPOTENCY_KEPT);
    record_many(db, "young", 2, NOW);
    CU_ASSERT_EQUAL(civ_idempotency_expire(db, NOW, &removed), APR_SUCCESS);
    CU_ASSERT_EQUAL(removed, 1000);
    CU_ASSERT_EQUAL(civ_idempotency_expire(db, NOW, &removed), APR_SUCCESS);
    CU_ASSERT_EQUAL(removed, 500);
    CU_ASSERT_EQUAL(civ_idempotency_expire(db, NOW, NULL), APR_SUCCESS);
    CU_ASSERT_EQUAL(store_raw_int("expire.db", KEPT), 5);
    CU_ASSERT_EQUAL(civ_idempotency_expire(db, NOW + 1, &removed), APR_SUCCESS);
    CU_ASSERT_EQUAL(removed, 3);
    CU_ASSERT_EQUAL(civ_idempotency_expire(db, NOW + 1, &removed), APR_SUCCESS);
    CU_ASSERT_EQUAL(removed, 0);
}

/* The table is gone: a failure of the database, told to the client as one. */
static void failures_are_told(void)
{
    civ_db_t *db = open_answers("fails.db");
    const char *answer;
    civ_problem_t problem;

    store_raw_run("fails.db", "DROP TABLE civ_idempotency");
    CU_ASSERT_EQUAL(find(db, "k", "r", NOW, &answer, &problem), CIV_EDATABASE);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_INTERNAL);
    CU_ASSERT_EQUAL(civ_idempotency_record(db, make_key("k", "r"), NOW, "a"), CIV_EDATABASE);
    CU_ASSERT_EQUAL(civ_idempotency_expire(db, NOW, NULL), CIV_EDATABASE);
}

static const test_case_t cases[] = {
    {"record_and_find", record_and_find},
    {"rolled_back_is_unknown", rolled_back_is_unknown},
    {"another_request_conflicts", another_request_conflicts},
    {"answers_live_for_a_day", answers_live_for_a_day},
    {"old_ones_are_forgotten", old_ones_are_forgotten},
    {"failures_are_told", failures_are_told},
    {NULL, NULL},
};

const test_suite_t store_idempotency_suite = {"store_idempotency", unit_folder_make, unit_folder_remove,
                                              cases};
