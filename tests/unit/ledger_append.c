/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_append.c
 * Appending: what a block then holds, who may not, and what happens when the database is not as it was.
 */
#include "ledger_fixture.h"

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

static apr_status_t try_append(fixture_t *fixture, const char *json, civ_problem_t *problem)
{
    civ_append_result_t result;
    civ_entry_t entry = fixture_entry(json);

    memset(problem, 0, sizeof(*problem));
    return civ_ledger_append(fixture->ledger, &entry, 1, NULL, &result, problem, test_pool());
}

static void blocks_follow_from_their_entries(void)
{
    static const char *const texts[] = {"{\"n\":1}", "{\"n\":2,\"type\":\"t\"}", "{}", "{\"n\":3}",
                                        "{\"n\":1}"};
    fixture_t *fixture = fixture_start();
    apr_size_t count;
    civ_block_t *block;

    for (count = 1; count <= 5; count++) {
        civ_append_result_t result = fixture_append_many(fixture, texts, count);

        CU_ASSERT_EQUAL(result.height, count);
        CU_ASSERT_EQUAL(result.repeated, 0);
    }
    block = fixture_block(fixture, 5);
    CU_ASSERT_FATAL(block != NULL && block->header.entry_count == 5);
    for (count = 0; count < 5; count++)
        CU_ASSERT_STRING_EQUAL(block->entries[count].data, fixture_entry(texts[count]).data);
    CU_ASSERT_EQUAL(block->header.first_leaf, 11);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
    CU_ASSERT_EQUAL(fixture->sealed, 5);
    CU_ASSERT_EQUAL(fixture->head_moves, 5);
}

static void count_is_limited(void)
{
    fixture_t *fixture = fixture_start();
    civ_entry_t *entries = apr_palloc(test_pool(), 10001 * sizeof(*entries)),
                one = fixture_entry("{\"n\":1}");
    civ_append_result_t result;
    civ_problem_t problem = {0};
    int i;

    for (i = 0; i < 10001; i++)
        entries[i] = one;
    CU_ASSERT_EQUAL(civ_ledger_append(fixture->ledger, entries, 0, NULL, &result, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_LIMIT_EXCEEDED);
    CU_ASSERT_EQUAL(civ_ledger_append(fixture->ledger, entries, 10001, NULL, &result, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_ledger_pend(fixture->ledger, entries, 10001, NULL, &result, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(civ_ledger_pend(fixture->ledger, entries, 0, NULL, &result, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    CU_ASSERT_EQUAL(civ_ledger_append(fixture->ledger, entries, 10000, NULL, &result, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void largest_entry_is_kept(void)
{
    fixture_t *fixture = fixture_start();
    char *filler = apr_palloc(test_pool(), 65536);
    civ_block_t *block;

    memset(filler, 'x', 65535 - 8);
    filler[65535 - 8] = '\0';
    fixture_append(fixture, apr_pstrcat(test_pool(), "{\"a\":\"", filler, "\"}", NULL));
    block = fixture_block(fixture, 1);
    CU_ASSERT_FATAL(block != NULL);
    CU_ASSERT_EQUAL(block->entries[0].length, 65535);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void read_only_refuses(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture->read_only = "the cat is on the keyboard";
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), CIV_EREADONLY);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_READ_ONLY);
    CU_ASSERT(strstr(problem.detail, "the cat is on the keyboard") != NULL);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    fixture->read_only = NULL;
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), APR_SUCCESS);
}

static void little_space_refuses(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture->config.min_free = APR_INT64_MAX;
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), CIV_EFULL);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT(problem.retry_after > 0);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    CU_ASSERT_EQUAL(fixture->failed_batches, 1);
    fixture->config.min_free = 0;
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), APR_SUCCESS);
}

static void count_refusals(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    (void)level;
    (void)status;
    *(int *)baton += strncmp(message, "CIV0211", 7) == 0;
}

static void little_space_refuses_votes(void)
{
    fixture_t *fixture = fixture_make();
    int refusals = 0;
    const civ_log_t log = {count_refusals, &refusals, CIV_LOG_ERROR};

    fixture->config.log = &log;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(fixture, 1, 1), APR_SUCCESS);
    fixture_append(fixture, "{\"n\":1}");
    fixture->config.min_free = APR_INT64_MAX;
    CU_ASSERT_EQUAL(fixture_vote(fixture, 1, 2, 1), CIV_EFULL);
    CU_ASSERT_EQUAL(refusals, 1);
    CU_ASSERT_EQUAL(fixture_consensus(fixture, 2).count, 0);
    fixture->config.min_free = 0;
    CU_ASSERT_EQUAL(fixture_vote(fixture, 1, 2, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(refusals, 1);
    fixture_close(fixture);
}

static void stopping_server_stores_nothing(void)
{
    fixture_t *fixture = fixture_make();
    civ_problem_t problem;

    fixture->config.difficulty = 0;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    /* Of this block nobody could do the work in time. */
    fixture_forge(fixture,
                  &(forgery_t){.json = "{\"type\":\"civarcos.policy\",\"difficulty\":32}", .difficulty = -1});
    fixture->interrupted = 1;
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), CIV_EINTERRUPTED);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void busy_database_is_unavailable(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;
    database_t *other = database_open(fixture->database);

    CU_ASSERT_FATAL(other != NULL && database_shut_out(other) == 0);
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), CIV_EBUSY);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT(problem.retry_after > 0);
    CU_ASSERT_EQUAL(database_run(other, "ROLLBACK"), 0);
    database_close(other);
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":1}", &problem), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* The parent lies in our future: a clock that was set back must not make a block older than its parent. */
static void time_never_goes_back(void)
{
    fixture_t *fixture = fixture_start();
    civ_block_t *parent, *block;

    fixture_forge(fixture, &(forgery_t){.json = "{\"n\":1}", .difficulty = -1, .later = 300000});
    fixture_append(fixture, "{\"n\":2}");
    fixture_append(fixture, "{\"n\":3}");
    parent = fixture_block(fixture, 1);
    block = fixture_block(fixture, 2);
    CU_ASSERT_FATAL(parent != NULL && block != NULL);
    CU_ASSERT_EQUAL(block->header.timestamp, parent->header.timestamp);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

static void head_that_fell_back_is_noticed(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture_append(fixture, "{\"n\":1}");
    fixture_append(fixture, "{\"n\":2}");
    fixture_rewind(fixture);
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":3}", &problem), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_READ_ONLY);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
    CU_ASSERT(strstr(fixture->reason, "fell back behind block 2") != NULL);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "2");
}

static void missing_head_row_is_noticed(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture_append(fixture, "{\"n\":1}");
    fixture_sql(fixture, "DELETE FROM civ_head");
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":2}", &problem), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_READ_ONLY);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "2");
}

/* Nobody has counted this change: it shows when the head is to be moved. */
static void head_that_fell_back_silently_is_noticed(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture_append(fixture, "{\"n\":1}");
    fixture_append(fixture, "{\"n\":2}");
    fixture_rewind(fixture);
    fixture_sql(fixture, "UPDATE civ_head SET generation = generation - 1");
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":3}", &problem), CIV_EINTEGRITY);
    CU_ASSERT(strstr(fixture->reason, "fell back behind block 2") != NULL);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "2");
}

/* The chain grew, but without the block that was acknowledged here. */
static void rewritten_chain_is_noticed(void)
{
    fixture_t *fixture = fixture_start(), *forger = fixture_make_beside(fixture);
    civ_problem_t problem;

    fixture_append(fixture, "{\"n\":1}");
    fixture_append(fixture, "{\"n\":2}");
    fixture_rewind(fixture);
    forger->config.head_file = NULL;
    CU_ASSERT_EQUAL_FATAL(fixture_open(forger), APR_SUCCESS);
    fixture_append(forger, "{\"n\":3}");
    fixture_append(forger, "{\"n\":4}");
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":5}", &problem), CIV_EINTEGRITY);
    CU_ASSERT(strstr(fixture->reason, "block 2") != NULL &&
              strstr(fixture->reason, "not in the chain") != NULL);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 3);
}

static void damaged_head_stops_appending(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture_append(fixture, "{\"n\":1}");
    fixture_sql(fixture, "UPDATE civ_head SET frontier = lower(hex(zeroblob(32))); "
                         "UPDATE civ_head SET generation = generation + 1");
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":2}", &problem), CIV_EINTEGRITY);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 1);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "2");
}

/* Well made and well mined, but by somebody without the ledger's key: nothing is put on top of it. */
static void block_of_another_hand_is_not_built_on(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;
    civ_key_t *key;

    fixture_append(fixture, "{\"n\":1}");
    CU_ASSERT_EQUAL_FATAL(civ_key_generate(&key, test_pool()), APR_SUCCESS);
    fixture_forge(fixture, &(forgery_t){.json = "{\"n\":2}", .difficulty = -1, .key = key});
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":3}", &problem), CIV_EINTEGRITY);
    CU_ASSERT(strstr(fixture->reason, "the ledger's signature") != NULL);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "3");
}

static void work_that_policy_does_not_demand(void)
{
    fixture_t *fixture = fixture_start();
    civ_problem_t problem;

    fixture_append(fixture, "{\"n\":1}");
    fixture_sql(fixture, "UPDATE civ_head SET difficulty = difficulty - 1, generation = generation + 1");
    CU_ASSERT_EQUAL(try_append(fixture, "{\"n\":2}", &problem), CIV_EINTEGRITY);
    CU_ASSERT(strstr(fixture->reason, "the policy in force") != NULL);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks"), "2");
}

/* --- many threads --- */

#define THREADS 8
#define EACH    25

typedef struct worker_t {
    fixture_t *fixture;
    int number, failed;
    apr_uint64_t heights[EACH];
    apr_thread_t *thread;
} worker_t;

static void *APR_THREAD_FUNC append_many(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    int i;

    (void)thread;
    for (i = 0; i < EACH; i++) {
        civ_append_result_t result = {0};
        civ_problem_t problem;
        civ_entry_t entry;
        apr_pool_t *pool;
        const char *json;

        apr_pool_create(&pool, NULL);
        json = apr_psprintf(pool, "{\"i\":%d,\"thread\":%d}", i, worker->number);
        if (civ_entry_read(&entry, json, strlen(json), &problem, pool) != APR_SUCCESS ||
            civ_ledger_append(worker->fixture->ledger, &entry, 1, NULL, &result, &problem, pool) !=
                APR_SUCCESS)
            worker->failed++;
        worker->heights[i] = result.height;
        apr_pool_destroy(pool);
    }
    return NULL;
}

static void many_threads_leave_no_gap(void)
{
    fixture_t *fixture = fixture_start();
    worker_t workers[THREADS];
    char seen[THREADS * EACH + 1] = {0};
    apr_status_t ended;
    int i, j, failed = 0, wrong = 0;

    for (i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){.fixture = fixture, .number = i};
        CU_ASSERT_FATAL(apr_thread_create(&workers[i].thread, NULL, append_many, &workers[i], test_pool()) ==
                        APR_SUCCESS);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&ended, workers[i].thread);
        failed += workers[i].failed;
        for (j = 0; j < EACH; j++) {
            apr_uint64_t height = workers[i].heights[j];

            wrong += height == 0 || height > THREADS * EACH || seen[height]++ != 0;
            wrong += j > 0 && height <= workers[i].heights[j - 1];
        }
    }
    CU_ASSERT_EQUAL(failed, 0);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, THREADS * EACH);
    CU_ASSERT_EQUAL(fixture->sealed, THREADS * EACH);
    CU_ASSERT_EQUAL(fixture->moved_to.height, THREADS * EACH);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

/* --- long mining --- */

typedef struct rival_t {
    fixture_t *fixture; /**< appends once, in the midst of the other's mining */
    int wanted, done;
} rival_t;

static rival_t rival;

/* Asked on any of the miner's threads. */
static int append_meanwhile(void *baton)
{
    fixture_t *own = baton;
    int mine;

    apr_thread_mutex_lock(own->lock);
    mine = rival.wanted;
    rival.wanted = 0;
    apr_thread_mutex_unlock(own->lock);
    if (mine) {
        static const char json[] = "{\"rival\":true}";
        civ_append_result_t result;
        civ_problem_t problem;
        civ_entry_t entry;
        apr_pool_t *pool;

        apr_pool_create(&pool, NULL);
        if (civ_entry_read(&entry, json, sizeof(json) - 1, &problem, pool) == APR_SUCCESS &&
            civ_ledger_append(rival.fixture->ledger, &entry, 1, NULL, &result, &problem, pool) == APR_SUCCESS)
            rival.done++;
        apr_pool_destroy(pool);
    }
    return 0;
}

/* Above 16 bits mining holds no lock: another writer gets in between, and the block is mined anew on top. */
static void long_mining_lets_others_in(void)
{
    fixture_t *fixture = fixture_make();
    apr_uint64_t before = 0;
    int tries;

    fixture->config.difficulty = 18;
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    rival = (rival_t){.fixture = fixture_make_beside(fixture)};
    rival.fixture->config.difficulty = 18;
    CU_ASSERT_EQUAL_FATAL(fixture_open(rival.fixture), APR_SUCCESS);
    fixture->observer.interrupted = append_meanwhile;
    /* Nobody is asked when a nonce is found soon. */
    for (tries = 0; tries < 60 && rival.done == 0; tries++) {
        before = fixture_head(fixture).height;
        rival.wanted = 1;
        fixture_append(fixture, "{\"rival\":false}");
    }
    CU_ASSERT_EQUAL(rival.done, 1);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, before + 2);
    CU_ASSERT_STRING_EQUAL(fixture_known_block(fixture, before + 1)->entries[0].data, "{\"rival\":true}");
    CU_ASSERT_STRING_EQUAL(fixture_known_block(fixture, before + 2)->entries[0].data, "{\"rival\":false}");
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

static const test_case_t cases[] = {
    {"blocks_follow_from_their_entries", blocks_follow_from_their_entries},
    {"count_is_limited", count_is_limited},
    {"largest_entry_is_kept", largest_entry_is_kept},
    {"read_only_refuses", read_only_refuses},
    {"little_space_refuses", little_space_refuses},
    {"little_space_refuses_votes", little_space_refuses_votes},
    {"stopping_server_stores_nothing", stopping_server_stores_nothing},
    {"busy_database_is_unavailable", busy_database_is_unavailable},
    {"time_never_goes_back", time_never_goes_back},
    {"head_that_fell_back_is_noticed", head_that_fell_back_is_noticed},
    {"missing_head_row_is_noticed", missing_head_row_is_noticed},
    {"head_that_fell_back_silently_is_noticed", head_that_fell_back_silently_is_noticed},
    {"rewritten_chain_is_noticed", rewritten_chain_is_noticed},
    {"damaged_head_stops_appending", damaged_head_stops_appending},
    {"block_of_another_hand_is_not_built_on", block_of_another_hand_is_not_built_on},
    {"work_that_policy_does_not_demand", work_that_policy_does_not_demand},
    {"many_threads_leave_no_gap", many_threads_leave_no_gap},
    {"long_mining_lets_others_in", long_mining_lets_others_in},
    {NULL, NULL},
};

const test_suite_t ledger_append_suite = {"ledger_append", NULL, NULL, cases};
