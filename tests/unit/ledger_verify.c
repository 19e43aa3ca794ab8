/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_verify.c
 * Validation: what it says of a sound ledger, of parts of one, of one that grows meanwhile, and what it says
 * when something is wrong.
 */
#include "ledger_fixture.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>
#include <apr_thread_cond.h>

#include <string.h>

/* Genesis and @a count blocks of one to three entries. */
static fixture_t *blocks(int count)
{
    static const char *const texts[] = {"{\"a\":1,\"type\":\"x\"}", "{\"b\":[1,2]}", "{\"c\":\"\"}"};
    fixture_t *fixture = fixture_start();
    int i;

    for (i = 0; i < count; i++)
        fixture_append_many(fixture, texts, (apr_size_t)i % 3 + 1);
    return fixture;
}

static void sound_ledger_has_no_fault(void)
{
    int count;

    for (count = 0; count < 4; count++) {
        fixture_t *fixture = blocks(count);
        fixture_faults_t *faults = fixture_validate(fixture, 0, APR_UINT64_MAX);

        CU_ASSERT_EQUAL(faults->status, APR_SUCCESS);
        CU_ASSERT_EQUAL(faults->count, 0);
        CU_ASSERT_EQUAL(faults->validation.first, 0);
        CU_ASSERT_EQUAL(faults->validation.last, (apr_uint64_t)count);
        CU_ASSERT_EQUAL(faults->validation.blocks, (apr_uint64_t)count + 1);
        CU_ASSERT_EQUAL(faults->validation.faults, 0);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
        fixture_close(fixture);
    }
}

/* Longer than a page of blocks, a page of entries and a page of leaf hashes. */
static void pages_are_joined(void)
{
    fixture_t *fixture = fixture_start();
    const char **texts = apr_palloc(test_pool(), 700 * sizeof(*texts));
    fixture_job_t *jobs = apr_pcalloc(test_pool(), 140 * sizeof(*jobs));
    int i;

    for (i = 0; i < 700; i++)
        texts[i] = apr_psprintf(test_pool(), "{\"i\":%d}", i);
    fixture_append_many(fixture, texts, 700);
    for (i = 0; i < 140; i++)
        jobs[i].json = texts[i];
    fixture_batch(fixture, jobs, 140);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 142);
    CU_ASSERT(fixture_is_clean(fixture));
    CU_ASSERT_EQUAL(fixture_validate(fixture, 2, APR_UINT64_MAX)->count, 0);
    CU_ASSERT_EQUAL(fixture_validate(fixture, 129, 140)->count, 0);
    fixture_sql(fixture, "UPDATE civ_entries SET payload = '{}' WHERE leaf_index = 600");
    CU_ASSERT(fixture_finds(fixture, 1, "entry 599 does not hash to its stored leaf hash"));
    fixture_sql(fixture, "UPDATE civ_blocks SET hash = upper(hash) WHERE height = 135");
    CU_ASSERT(fixture_finds(fixture, 135, "the stored block hash is damaged"));
}

static void parts_are_validated_by_themselves(void)
{
    fixture_t *fixture = blocks(7);
    apr_uint64_t first, last;

    for (first = 0; first <= 7; first++) {
        for (last = first; last <= 9; last++) {
            fixture_faults_t *faults = fixture_validate(fixture, first, last);

            CU_ASSERT_EQUAL(faults->status, APR_SUCCESS);
            CU_ASSERT_EQUAL(faults->count, 0);
            CU_ASSERT_EQUAL(faults->validation.first, first);
            CU_ASSERT_EQUAL(faults->validation.last, last < 7 ? last : 7);
            CU_ASSERT_EQUAL(faults->validation.blocks, (last < 7 ? last : 7) - first + 1);
        }
    }
}

static void parts_see_only_their_own_faults(void)
{
    fixture_t *fixture = blocks(7);

    fixture_sql(fixture, "UPDATE civ_entries SET type = type || 'x' WHERE height = 3");
    CU_ASSERT_EQUAL(fixture_validate(fixture, 0, 2)->count, 0);
    CU_ASSERT_EQUAL(fixture_validate(fixture, 4, 6)->count, 0);
    CU_ASSERT_EQUAL(fixture_validate(fixture, 4, APR_UINT64_MAX)->count, 0);
    CU_ASSERT(fixture_names(fixture_validate(fixture, 3, 3), 3, "has another type"));
    CU_ASSERT(fixture_names(fixture_validate(fixture, 1, 3), 3, NULL));
    CU_ASSERT(fixture_names(fixture_validate(fixture, 3, APR_UINT64_MAX), 3, NULL));
    /* What surrounds the chain belongs to its end. */
    fixture_sql(fixture, "UPDATE civ_entries SET type = substr(type, 1, length(type) - 1) WHERE height = 3; "
                         "UPDATE civ_head SET difficulty = 5");
    CU_ASSERT_EQUAL(fixture_validate(fixture, 0, 6)->count, 0);
    CU_ASSERT(fixture_names(fixture_validate(fixture, 5, 7), 7, "the head row demands 5 bits"));
}

/* What a part rests on is examined as well, and said to be at fault itself. */
static void foundations_of_a_part_are_examined(void)
{
    static const struct {
        const char *sql;
        apr_int64_t block;
        const char *words;
    } rows[] = {
        {"UPDATE civ_entries SET leaf_hash = lower(hex(zeroblob(32))) WHERE leaf_index = 2", 4,
         "the leaf hashes stored so far do not hash to the log root"},
        {"DELETE FROM civ_entries WHERE leaf_index = 2", 4, "missing or damaged"},
        {"UPDATE civ_blocks SET header = replace(header, '43495641', '43495642') WHERE height = 4", 4,
         "damaged"},
        {"DELETE FROM civ_blocks WHERE height = 4", 4, "the block is missing"},
        {"DELETE FROM civ_blocks WHERE height = 0", 4, "validate from block 0"},
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture_t *fixture = blocks(7);

        fixture_sql(fixture, "%s", rows[i].sql);
        if (!fixture_names(fixture_validate(fixture, 5, 6), rows[i].block, rows[i].words))
            CU_FAIL(rows[i].sql);
        fixture_close(fixture);
    }
}

static void part_beyond_the_end_is_refused(void)
{
    fixture_t *fixture = blocks(2);
    fixture_faults_t *faults = fixture_validate(fixture, 3, 5);

    CU_ASSERT_EQUAL(faults->status, APR_NOTFOUND);
    CU_ASSERT_EQUAL(faults->problem.kind, CIV_PROBLEM_INVALID_PARAMETER);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

/* A fault comes with the hashes, stops the ledger, and does not drag the blocks behind it along. */
static void fault_is_told_in_full(void)
{
    fixture_t *fixture = blocks(6);
    civ_block_t *block = fixture_block(fixture, 3);
    fixture_faults_t *faults;
    int i;

    CU_ASSERT_FATAL(block != NULL);
    fixture_sql(fixture, "UPDATE civ_entries SET payload = replace(payload, 'a', 'A') WHERE leaf_index = 4");
    faults = fixture_validate(fixture, 0, APR_UINT64_MAX);
    CU_ASSERT_FATAL(faults->status == APR_SUCCESS && faults->count > 0 && faults->count < 64);
    for (i = 0; i < faults->count; i++) {
        CU_ASSERT_EQUAL(faults->faults[i].block, 3);
        CU_ASSERT_STRING_EQUAL(faults->faults[i].stored_hash, civ_digest_hex_dup(&block->hash, test_pool()));
        CU_ASSERT_STRING_EQUAL(faults->faults[i].calculated_hash,
                               civ_digest_hex_dup(&block->hash, test_pool()));
    }
    CU_ASSERT(fixture_names(faults, 3, "does not hash to its stored leaf hash"));
    CU_ASSERT(fixture_names(faults, 3, "the entries do not hash to the evidence root"));
    CU_ASSERT_EQUAL(faults->validation.faults, (apr_uint64_t)faults->count);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
    CU_ASSERT(strstr(fixture->reason, "validation found block 3") != NULL);
}

static void changed_header_is_told_with_both_hashes(void)
{
    fixture_t *fixture = blocks(4);
    civ_block_t *block = fixture_block(fixture, 2);
    fixture_faults_t *faults;

    CU_ASSERT_FATAL(block != NULL);
    fixture_sql(fixture, "UPDATE civ_blocks SET header = substr(header, 1, 431) || "
                         "CASE substr(header, 432) WHEN '0' THEN '1' ELSE '0' END WHERE height = 2");
    faults = fixture_validate(fixture, 0, APR_UINT64_MAX);
    CU_ASSERT(fixture_names(faults, 2, "the header does not hash to the stored block hash"));
    CU_ASSERT(fixture_names(faults, 3, "the previous hash is not the hash of block 2"));
    CU_ASSERT_STRING_EQUAL(faults->faults[0].stored_hash, civ_digest_hex_dup(&block->hash, test_pool()));
    CU_ASSERT_STRING_NOT_EQUAL(faults->faults[0].calculated_hash, faults->faults[0].stored_hash);
}

static void gaps_are_told(void)
{
    fixture_t *fixture = blocks(7);

    fixture_sql(fixture, "DELETE FROM civ_blocks WHERE height = 5");
    CU_ASSERT(fixture_finds(fixture, 5, "the block is missing"));
    fixture_sql(fixture, "DELETE FROM civ_blocks WHERE height IN (2, 3)");
    CU_ASSERT(fixture_finds(fixture, 2, "blocks 2 to 3 are missing"));
    CU_ASSERT(fixture_finds(fixture, 5, "the block is missing"));
    /* The tree goes on behind a gap: a fault there is found, and nothing else. */
    CU_ASSERT_EQUAL(fixture_validate(fixture, 0, APR_UINT64_MAX)->count, 2);
    fixture_sql(fixture, "DELETE FROM civ_blocks WHERE height = 0");
    CU_ASSERT(fixture_finds(fixture, 0, "the block is missing"));
    fixture_sql(fixture, "DELETE FROM civ_blocks");
    CU_ASSERT(fixture_finds(fixture, 0, NULL));
}

static apr_status_t stop_at_once(void *baton, const civ_fault_t *fault)
{
    int *calls = baton;

    (void)fault;
    ++*calls;
    return APR_INCOMPLETE;
}

static void callback_ends_the_validation(void)
{
    fixture_t *fixture = blocks(3);
    civ_validation_t validation;
    civ_problem_t problem;
    int calls = 0;

    fixture_sql(fixture, "UPDATE civ_entries SET height = height + 1");
    CU_ASSERT_EQUAL(civ_ledger_validate(fixture->ledger, 0, APR_UINT64_MAX, stop_at_once, NULL, &calls,
                                        &validation, &problem, test_pool()),
                    APR_INCOMPLETE);
    CU_ASSERT_EQUAL(calls, 1);
    CU_ASSERT_EQUAL(validation.faults, 1);
}

typedef struct progress_t {
    int calls;
    apr_uint64_t done, total;
} progress_t;

static apr_status_t take_progress(void *baton, apr_uint64_t done, apr_uint64_t total)
{
    progress_t *progress = baton;

    progress->calls++;
    progress->done = done;
    progress->total = total;
    return APR_INCOMPLETE;
}

static apr_status_t ignore_fault(void *baton, const civ_fault_t *fault)
{
    (void)baton;
    (void)fault;
    return APR_SUCCESS;
}

/* Rows without sense are quick to make, and blocks they are for counting. */
static void progress_is_told(void)
{
    fixture_t *fixture = blocks(1);
    progress_t progress = {0};
    civ_validation_t validation;
    civ_problem_t problem;

    fixture_sql(fixture, "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2999) "
                         "INSERT INTO civ_blocks SELECT i, printf('%%064d', i), '', '' FROM n; "
                         "UPDATE civ_head SET height = 2999");
    CU_ASSERT_EQUAL(civ_ledger_validate(fixture->ledger, 0, APR_UINT64_MAX, ignore_fault, take_progress,
                                        &progress, &validation, &problem, test_pool()),
                    APR_INCOMPLETE);
    CU_ASSERT_EQUAL(progress.calls, 1);
    CU_ASSERT_EQUAL(progress.done, 2048);
    CU_ASSERT_EQUAL(progress.total, 3000);
}

/* --- while others append --- */

/** Blocks that the appender may add under each validation: else a slow machine validates a ledger that outgrows it. */
#define BLOCKS_EACH 12

typedef struct appender_t {
    fixture_t *fixture;
    int failed;
    int allowed; /**< blocks in all, under the fixture's lock; -1: no more */
    apr_thread_cond_t *change;
    apr_thread_t *thread;
} appender_t;

static void allow(appender_t *appender, int blocks)
{
    apr_thread_mutex_lock(appender->fixture->lock);
    appender->allowed = blocks;
    apr_thread_cond_signal(appender->change);
    apr_thread_mutex_unlock(appender->fixture->lock);
}

/* Waits for leave to add block number @a number. Returns 0 when there is to be none. */
static int may_append(appender_t *appender, int number)
{
    int allowed;

    apr_thread_mutex_lock(appender->fixture->lock);
    while (appender->allowed >= 0 && number >= appender->allowed)
        apr_thread_cond_wait(appender->change, appender->fixture->lock);
    allowed = appender->allowed;
    apr_thread_mutex_unlock(appender->fixture->lock);
    return allowed >= 0;
}

static void *APR_THREAD_FUNC append_on(apr_thread_t *thread, void *data)
{
    static const char *const texts[] = {"{\"a\":1}", "{\"b\":2}", "{\"c\":3}"};
    appender_t *appender = data;
    int i;

    (void)thread;
    for (i = 0; may_append(appender, i); i++) {
        civ_append_result_t result;
        civ_problem_t problem;
        civ_entry_t entries[3];
        apr_pool_t *pool;
        apr_size_t j, count = (apr_size_t)i % 3 + 1;

        apr_pool_create(&pool, NULL);
        for (j = 0; j < count; j++)
            civ_entry_read(&entries[j], texts[j], strlen(texts[j]), &problem, pool);
        if (civ_ledger_append(appender->fixture->ledger, entries, count, NULL, &result, &problem, pool) !=
            APR_SUCCESS)
            appender->failed++;
        apr_pool_destroy(pool);
    }
    return NULL;
}

static void growing_ledger_has_no_fault(void)
{
    fixture_t *fixture = blocks(3);
    appender_t appender = {.fixture = fixture};
    apr_uint64_t last = 0;
    apr_status_t ended;
    int i;

    CU_ASSERT_FATAL(apr_thread_cond_create(&appender.change, test_pool()) == APR_SUCCESS);
    CU_ASSERT_FATAL(apr_thread_create(&appender.thread, NULL, append_on, &appender, test_pool()) ==
                    APR_SUCCESS);
    /* Until it has grown under at least so many validations. */
    for (i = 0; i < (test_is_slow() ? 5 : 25) || last < 40; i++) {
        fixture_faults_t *faults;

        allow(&appender, (i + 1) * BLOCKS_EACH);
        faults = fixture_validate(fixture, i % 2 ? last / 2 : 0, APR_UINT64_MAX);
        CU_ASSERT_EQUAL(faults->status, APR_SUCCESS);
        if (faults->count > 0)
            CU_FAIL(faults->faults[0].text);
        last = faults->validation.last;
    }
    allow(&appender, -1);
    apr_thread_join(&ended, appender.thread);
    CU_ASSERT_EQUAL(appender.failed, 0);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
    CU_ASSERT(fixture_is_clean(fixture));
}

static const test_case_t cases[] = {
    {"sound_ledger_has_no_fault", sound_ledger_has_no_fault},
    {"pages_are_joined", pages_are_joined},
    {"parts_are_validated_by_themselves", parts_are_validated_by_themselves},
    {"parts_see_only_their_own_faults", parts_see_only_their_own_faults},
    {"foundations_of_a_part_are_examined", foundations_of_a_part_are_examined},
    {"part_beyond_the_end_is_refused", part_beyond_the_end_is_refused},
    {"fault_is_told_in_full", fault_is_told_in_full},
    {"changed_header_is_told_with_both_hashes", changed_header_is_told_with_both_hashes},
    {"gaps_are_told", gaps_are_told},
    {"callback_ends_the_validation", callback_ends_the_validation},
    {"progress_is_told", progress_is_told},
    {"growing_ledger_has_no_fault", growing_ledger_has_no_fault},
    {NULL, NULL},
};

const test_suite_t ledger_verify_suite = {"ledger_verify", NULL, NULL, cases};
