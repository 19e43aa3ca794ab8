/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_batch.c
 * Group commit: many requests in one transaction, each with its own answer; and Idempotency-Key, within a
 * batch and beyond it.
 */
#include "ledger_fixture.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static apr_status_t append_with(fixture_t *fixture, const char *json, const civ_idempotency_t *idempotency,
                                civ_append_result_t *result, civ_problem_t *problem)
{
    civ_entry_t entry = fixture_entry(json);

    memset(result, 0, sizeof(*result));
    memset(problem, 0, sizeof(*problem));
    return civ_ledger_append(fixture->ledger, &entry, 1, idempotency, result, problem, test_pool());
}

static void requests_are_grouped(void)
{
    fixture_t *fixture = fixture_start();
    fixture_job_t jobs[12];
    int i;

    memset(jobs, 0, sizeof(jobs));
    for (i = 0; i < 12; i++)
        jobs[i].json = apr_psprintf(test_pool(), "{\"job\":%d}", i);
    fixture_batch(fixture, jobs, 12);
    for (i = 0; i < 12; i++) {
        civ_block_t *block = fixture_block(fixture, (apr_uint64_t)i + 2);

        CU_ASSERT_EQUAL(jobs[i].status, APR_SUCCESS);
        CU_ASSERT_EQUAL(jobs[i].result.height, (apr_uint64_t)i + 2);
        CU_ASSERT_FATAL(block != NULL);
        CU_ASSERT_STRING_EQUAL(block->entries[0].data, jobs[i].json);
        CU_ASSERT(civ_digest_equal(&block->hash, &jobs[i].result.block_hash));
        CU_ASSERT(strstr(jobs[i].result.block_json, jobs[i].json) != NULL);
    }
    CU_ASSERT_EQUAL(fixture->batches, 2); /* the plug's, and theirs */
    CU_ASSERT_EQUAL(fixture->largest_batch, 12);
    CU_ASSERT_EQUAL(fixture->head_moves, 2);
    CU_ASSERT_EQUAL(fixture->sealed, 13);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

static void batch_is_bounded(void)
{
    enum { COUNT = 300 };
    fixture_t *fixture = fixture_start();
    fixture_job_t *jobs = apr_pcalloc(test_pool(), COUNT * sizeof(*jobs));
    int i, failed = 0;

    for (i = 0; i < COUNT; i++)
        jobs[i].json = apr_psprintf(test_pool(), "{\"job\":%d}", i);
    fixture_batch(fixture, jobs, COUNT);
    for (i = 0; i < COUNT; i++)
        failed += jobs[i].status != APR_SUCCESS || jobs[i].result.height != (apr_uint64_t)i + 2;
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT_EQUAL(fixture->largest_batch, 256);
    CU_ASSERT_EQUAL(fixture->batches, 3);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void full_queue_refuses(void)
{
    fixture_t *fixture = fixture_make();
    civ_append_result_t result;
    fixture_job_t plug, jobs[2];
    civ_problem_t problem;
    int i;

    memset(jobs, 0, sizeof(jobs));
    fixture->config.queue_limit = 2;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    fixture_gate_close(fixture, &plug);
    for (i = 0; i < 2; i++) {
        jobs[i].json = "{\"n\":1}";
        fixture_job_start(fixture, &jobs[i]);
        fixture_wait_queued(fixture, i + 1);
    }
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":2}", NULL, &result, &problem), CIV_EQUEUEFULL);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(civ_problem_status(problem.kind), 503);
    CU_ASSERT(problem.retry_after > 0);
    fixture_gate_open(fixture, &plug);
    for (i = 0; i < 2; i++) {
        fixture_job_join(&jobs[i]);
        CU_ASSERT_EQUAL(jobs[i].status, APR_SUCCESS);
    }
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":2}", NULL, &result, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 4);
}

/* --- Idempotency-Key --- */

static void repeat_gets_the_same_block(void)
{
    fixture_t *fixture = fixture_start();
    const civ_idempotency_t *key = fixture_idempotency("key", "body");
    civ_append_result_t first, again;
    civ_problem_t problem;
    int i;

    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &first, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(first.repeated, 0);
    fixture_append(fixture, "{\"n\":2}");
    for (i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &again, &problem), APR_SUCCESS);
        CU_ASSERT_EQUAL(again.repeated, 1);
        CU_ASSERT_EQUAL(again.height, first.height);
        CU_ASSERT(civ_digest_equal(&again.block_hash, &first.block_hash));
        CU_ASSERT_STRING_EQUAL(again.block_json, first.block_json);
        CU_ASSERT_EQUAL(again.block_json_length, first.block_json_length);
        /* Also after a restart. */
        fixture_close(fixture);
        CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    }
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 2);
}

static void key_with_another_body_is_refused(void)
{
    fixture_t *fixture = fixture_start();
    civ_append_result_t result;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", fixture_idempotency("key", "one"), &result, &problem),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":2}", fixture_idempotency("key", "two"), &result, &problem),
                    CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_KEY_REUSED);
    CU_ASSERT_EQUAL(civ_problem_status(problem.kind), 422);
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":2}", fixture_idempotency("kez", "two"), &result, &problem),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 2);
}

static void expired_key_is_free_again(void)
{
    fixture_t *fixture = fixture_start();
    const civ_idempotency_t *key = fixture_idempotency("key", "body");
    civ_append_result_t result;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &result, &problem), APR_SUCCESS);
    /* A minute before the 24 hours are over it still counts. */
    fixture_sql(fixture, "UPDATE civ_idempotency SET created = created - 86340000");
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &result, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(result.repeated, 1);
    fixture_sql(fixture, "UPDATE civ_idempotency SET created = created - 60001");
    CU_ASSERT_EQUAL(
        append_with(fixture, "{\"n\":2}", fixture_idempotency("key", "another body"), &result, &problem),
        APR_SUCCESS);
    CU_ASSERT_EQUAL(result.repeated, 0);
    CU_ASSERT_EQUAL(result.height, 2);
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &result, &problem), CIV_ECONFLICT);
}

static void maintenance_forgets_old_answers(void)
{
    fixture_t *fixture = fixture_start();
    civ_append_result_t result;
    civ_problem_t problem;

    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", fixture_idempotency("old", "1"), &result, &problem),
                    APR_SUCCESS);
    fixture_sql(fixture, "UPDATE civ_idempotency SET created = created - 86400001");
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", fixture_idempotency("new", "1"), &result, &problem),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_idempotency"), "1");
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", fixture_idempotency("new", "1"), &result, &problem),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(result.repeated, 1);
}

static void maintenance_forgets_old_nonces(void)
{
    fixture_t *fixture = fixture_start();

    fixture_sql(fixture, "INSERT INTO civ_replay (key_id, nonce, expires) VALUES ('key', 'old', 1)");
    fixture_sql(fixture,
                "INSERT INTO civ_replay (key_id, nonce, expires) VALUES ('key', 'new', 4102444800000)");
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_replay WHERE nonce = 'new'"),
                           "1");
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_replay"), "1");
}

static void repeats_in_one_batch_make_one_block(void)
{
    fixture_t *fixture = fixture_start();
    fixture_job_t jobs[6];
    int i, first = 0;

    memset(jobs, 0, sizeof(jobs));
    for (i = 0; i < 6; i++) {
        jobs[i].json = "{\"n\":1}";
        jobs[i].idempotency = fixture_idempotency("key", "body");
    }
    fixture_batch(fixture, jobs, 6);
    for (i = 0; i < 6; i++) {
        CU_ASSERT_EQUAL(jobs[i].status, APR_SUCCESS);
        CU_ASSERT_EQUAL(jobs[i].result.height, 2);
        CU_ASSERT_STRING_EQUAL(jobs[i].result.block_json, jobs[0].result.block_json);
        first += !jobs[i].result.repeated;
    }
    CU_ASSERT_EQUAL(first, 1);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 2);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_idempotency"), "1");
}

/* Two that fail by themselves, between three that do not. */
static void failing_request_does_not_fail_its_neighbours(void)
{
    fixture_t *fixture = fixture_start();
    civ_append_result_t result;
    civ_problem_t problem;
    fixture_job_t jobs[5];
    int i;

    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":0}", fixture_idempotency("key", "zero"), &result, &problem),
                    APR_SUCCESS);
    memset(jobs, 0, sizeof(jobs));
    for (i = 0; i < 5; i++)
        jobs[i].json = apr_psprintf(test_pool(), "{\"job\":%d}", i);
    jobs[1].idempotency = fixture_idempotency("key", "another");
    jobs[3].kind = FIXTURE_SEAL;
    fixture_batch(fixture, jobs, 5);
    CU_ASSERT_EQUAL(jobs[0].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[1].status, CIV_ECONFLICT);
    CU_ASSERT_EQUAL(jobs[1].problem.kind, CIV_PROBLEM_KEY_REUSED);
    CU_ASSERT_EQUAL(jobs[2].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[3].status, CIV_ECONFLICT);
    CU_ASSERT_EQUAL(jobs[3].problem.kind, CIV_PROBLEM_CONFLICT);
    CU_ASSERT_EQUAL(jobs[4].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[0].result.height, 3);
    CU_ASSERT_EQUAL(jobs[2].result.height, 4);
    CU_ASSERT_EQUAL(jobs[4].result.height, 5);
    CU_ASSERT_EQUAL(fixture->largest_batch, 5);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* The key is taken by an earlier batch. Who uses it with another body is refused; who then repeats the first
 * request, in the same batch, gets its block all the same. */
static void refused_reuse_does_not_hide_the_repeat(void)
{
    fixture_t *fixture = fixture_start();
    civ_append_result_t result;
    civ_problem_t problem;
    fixture_job_t jobs[3];

    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", fixture_idempotency("key", "one"), &result, &problem),
                    APR_SUCCESS);
    memset(jobs, 0, sizeof(jobs));
    jobs[0].json = jobs[2].json = "{\"n\":2}";
    jobs[0].idempotency = jobs[2].idempotency = fixture_idempotency("key", "two");
    jobs[1].json = "{\"n\":1}";
    jobs[1].idempotency = fixture_idempotency("key", "one");
    fixture_batch(fixture, jobs, 3);
    CU_ASSERT_EQUAL(jobs[0].status, CIV_ECONFLICT);
    CU_ASSERT_EQUAL(jobs[1].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[1].result.height, result.height);
    CU_ASSERT_EQUAL(jobs[1].result.repeated, 1);
    CU_ASSERT_EQUAL(jobs[2].status, CIV_ECONFLICT);
    CU_ASSERT_EQUAL(jobs[2].problem.kind, CIV_PROBLEM_KEY_REUSED);
}

/* Both come at once, and the key is new: the first one has it. */
static void other_body_in_one_batch_is_refused(void)
{
    fixture_t *fixture = fixture_start();
    fixture_job_t jobs[2];

    memset(jobs, 0, sizeof(jobs));
    jobs[0].json = "{\"n\":1}";
    jobs[0].idempotency = fixture_idempotency("key", "one");
    jobs[1].json = "{\"n\":2}";
    jobs[1].idempotency = fixture_idempotency("key", "two");
    fixture_batch(fixture, jobs, 2);
    CU_ASSERT_EQUAL(jobs[0].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[1].status, CIV_ECONFLICT);
    CU_ASSERT_EQUAL(jobs[1].problem.kind, CIV_PROBLEM_KEY_REUSED);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 2);
}

/* What failed has taken no key: a repeat is a first try. */
static void failure_keeps_no_key(void)
{
    fixture_t *fixture = fixture_start();
    const civ_idempotency_t *key = fixture_idempotency("key", "body");
    civ_append_result_t result;
    civ_problem_t problem;

    fixture->config.min_free = APR_INT64_MAX;
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &result, &problem), CIV_EFULL);
    fixture->config.min_free = 0;
    CU_ASSERT_EQUAL(append_with(fixture, "{\"n\":1}", key, &result, &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(result.repeated, 0);
    CU_ASSERT_EQUAL(result.height, 1);
}

static void lost_integrity_fails_the_whole_batch(void)
{
    fixture_t *fixture = fixture_start();
    fixture_job_t plug, jobs[3];
    int i;

    memset(jobs, 0, sizeof(jobs));
    fixture_gate_close(fixture, &plug);
    for (i = 0; i < 3; i++) {
        jobs[i].json = "{\"n\":1}";
        fixture_job_start(fixture, &jobs[i]);
        fixture_wait_queued(fixture, i + 1);
    }
    fixture_sql(fixture, "UPDATE civ_head SET leaf_count = 7, generation = generation + 1");
    fixture_gate_open(fixture, &plug);
    for (i = 0; i < 3; i++) {
        fixture_job_join(&jobs[i]);
        CU_ASSERT_EQUAL(jobs[i].status, CIV_EINTEGRITY);
        CU_ASSERT_EQUAL(jobs[i].problem.kind, CIV_PROBLEM_READ_ONLY);
    }
    CU_ASSERT_EQUAL(fixture->failed_batches, 1);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "2");
}

static const test_case_t cases[] = {
    {"requests_are_grouped", requests_are_grouped},
    {"batch_is_bounded", batch_is_bounded},
    {"full_queue_refuses", full_queue_refuses},
    {"repeat_gets_the_same_block", repeat_gets_the_same_block},
    {"key_with_another_body_is_refused", key_with_another_body_is_refused},
    {"expired_key_is_free_again", expired_key_is_free_again},
    {"maintenance_forgets_old_answers", maintenance_forgets_old_answers},
    {"maintenance_forgets_old_nonces", maintenance_forgets_old_nonces},
    {"repeats_in_one_batch_make_one_block", repeats_in_one_batch_make_one_block},
    {"failing_request_does_not_fail_its_neighbours", failing_request_does_not_fail_its_neighbours},
    {"refused_reuse_does_not_hide_the_repeat", refused_reuse_does_not_hide_the_repeat},
    {"other_body_in_one_batch_is_refused", other_body_in_one_batch_is_refused},
    {"failure_keeps_no_key", failure_keeps_no_key},
    {"lost_integrity_fails_the_whole_batch", lost_integrity_fails_the_whole_batch},
    {NULL, NULL},
};

const test_suite_t ledger_batch_suite = {"ledger_batch", NULL, NULL, cases};
