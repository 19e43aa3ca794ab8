/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_processes.c
 * Several writers on one database: two ledgers of one process, and two processes that race, with and without
 * a mutex between them. There is one chain in the end.
 */
#include "ledger_changes.h"

#include "base/status.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void two_ledgers_take_turns(void)
{
    fixture_t *one = fixture_start(), *two = fixture_make_beside(one);
    int i;

    CU_ASSERT_EQUAL_FATAL(fixture_open(two), APR_SUCCESS);
    CU_ASSERT(civ_digest_equal(civ_ledger_id(one->ledger), civ_ledger_id(two->ledger)));
    for (i = 0; i < 10; i++) {
        CU_ASSERT_EQUAL(fixture_append(one, "{\"from\":1}").height, (apr_uint64_t)(3 * i) + 1);
        CU_ASSERT_EQUAL(fixture_append(two, "{\"from\":2}").height, (apr_uint64_t)(3 * i) + 2);
        CU_ASSERT_EQUAL(fixture_append(two, "{\"from\":3}").height, (apr_uint64_t)(3 * i) + 3);
    }
    CU_ASSERT_EQUAL(one->integrity_lost + two->integrity_lost, 0);
    CU_ASSERT(fixture_chain_is_sound(one));
    CU_ASSERT(fixture_is_clean(two));
}

static void answers_are_shared(void)
{
    fixture_t *one = fixture_start(), *two = fixture_make_beside(one);
    const civ_idempotency_t *key = fixture_idempotency("key", "body");
    civ_entry_t entry = fixture_entry("{\"n\":1}");
    civ_append_result_t first, again;
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(fixture_open(two), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_ledger_append(one->ledger, &entry, 1, key, &first, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_ledger_append(two->ledger, &entry, 1, key, &again, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(again.repeated, 1);
    CU_ASSERT(civ_digest_equal(&first.block_hash, &again.block_hash));
}

/* Policy that another process sealed binds this one as well. */
static void policy_is_shared(void)
{
    fixture_t *one = fixture_start(), *two = fixture_make_beside(one);

    fixture_append(one, "{\"n\":1}");
    two->config.difficulty = 7;
    CU_ASSERT_EQUAL_FATAL(fixture_open(two), APR_SUCCESS);
    fixture_append(one, "{\"n\":2}");
    CU_ASSERT_EQUAL(fixture_known_block(one, 3)->header.difficulty, 7);
    CU_ASSERT(fixture_is_clean(one));
}

/* --- processes --- */

#define EACH 40

/* Nothing stored is no failure when somebody else holds the database: once more. */
static apr_status_t append_until_stored(fixture_t *fixture, const char *json, apr_pool_t *pool)
{
    civ_append_result_t result;
    civ_problem_t problem;
    civ_entry_t entry;
    apr_status_t status = civ_entry_read(&entry, json, strlen(json), &problem, pool);

    if (status != APR_SUCCESS)
        return status;
    do {
        status = civ_ledger_append(fixture->ledger, &entry, 1, NULL, &result, &problem, pool);
    } while (status == CIV_EBUSY);
    return status;
}

/* What a child does. It must not come back: its parent's clean-ups are not its own. */
static int run_child(fixture_t *fixture, int number)
{
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    if (fixture->config.mutex != NULL &&
        apr_global_mutex_child_init(&fixture->config.mutex, apr_global_mutex_lockfile(fixture->config.mutex),
                                    pool) != APR_SUCCESS)
        return 2;
    if (fixture_open(fixture) != APR_SUCCESS)
        return 3;
    for (i = 0; i < EACH; i++)
        if (append_until_stored(fixture, apr_psprintf(pool, "{\"child\":%d,\"i\":%d}", number, i), pool) !=
            APR_SUCCESS)
            return 4;
    fixture_close(fixture);
    return fixture->integrity_lost ? 5 : 0;
}

static pid_t start_child(fixture_t *fixture, int number)
{
    pid_t child = fork();

    if (child == 0)
        _exit(run_child(fixture, number));
    CU_ASSERT_FATAL(child > 0);
    return child;
}

/* No connection is open while they fork. Genesis is theirs to make, too. */
static void race(fixture_t *fixture)
{
    pid_t children[2];
    int i;

    for (i = 0; i < 2; i++)
        children[i] = start_child(fixture, i);
    for (i = 0; i < 2; i++) {
        int status = -1;

        CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
        CU_ASSERT(WIFEXITED(status));
        CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    }
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture->head.height, 2 * EACH);
    CU_ASSERT_STRING_EQUAL(
        fixture_value(fixture, "SELECT COUNT(*) || ' ' || COUNT(DISTINCT payload) FROM civ_entries"),
        "81 81");
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

static void two_processes_make_one_chain(void)
{
    race(fixture_make());
}

static void two_processes_with_a_mutex_make_one_chain(void)
{
    fixture_t *fixture = fixture_make();

    CU_ASSERT_EQUAL_FATAL(apr_global_mutex_create(&fixture->config.mutex,
                                                  apr_pstrcat(test_pool(), fixture->folder, "/lock", NULL),
                                                  APR_LOCK_DEFAULT, test_pool()),
                          APR_SUCCESS);
    race(fixture);
}

/* --- validators and votes --- */

static void validators_are_shared(void)
{
    fixture_t *one = fixture_start(), *two = fixture_make_beside(one);
    apr_uint64_t block;

    CU_ASSERT_EQUAL_FATAL(fixture_open(two), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(one, 1, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(two, 1, 1), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(fixture_register(two, 2, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_register(one, 3, 1), APR_SUCCESS);
    block = fixture_append(two, "{}").height;
    CU_ASSERT_EQUAL(fixture_unregister(two, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_unregister(one, 1), APR_NOTFOUND);
    CU_ASSERT_EQUAL(fixture_vote(one, 1, block, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_vote(two, 1, block, 0), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(fixture_consensus(one, block).quorum.equivocations, 1);
    CU_ASSERT(fixture_is_clean(one));
    CU_ASSERT(fixture_is_clean(two));
}

#define VALIDATORS 12

/* Each process registers all validators, then lets them all vote, the one process so and the other so. */
static int run_election(fixture_t *fixture, int number)
{
    apr_status_t status;
    int i;

    if (fixture_open(fixture) != APR_SUCCESS)
        return 3;
    for (i = 1; i <= VALIDATORS; i++) {
        do {
            status = fixture_register(fixture, i, 1);
        } while (status == CIV_EBUSY);
        if (status != APR_SUCCESS && status != CIV_ECONFLICT)
            return 4;
    }
    for (i = 1; i <= VALIDATORS; i++) {
        do {
            status = fixture_vote(fixture, i, VALIDATORS, number);
        } while (status == CIV_EBUSY);
        if (status != APR_SUCCESS && status != CIV_ECONFLICT)
            return 5;
    }
    fixture_close(fixture);
    return fixture->integrity_lost ? 6 : 0;
}

static void no_registration_and_no_vote_is_lost(void)
{
    fixture_t *fixture = fixture_make();
    pid_t children[2];
    int i;

    for (i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(run_election(fixture, i));
        CU_ASSERT_FATAL(children[i] > 0);
    }
    for (i = 0; i < 2; i++) {
        int status = -1;

        CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture->head.height, VALIDATORS);
    CU_ASSERT_EQUAL(fixture->head.validators, VALIDATORS);
    /* The newest block registers the last of them, who is not of its own set. */
    CU_ASSERT_EQUAL(fixture_consensus(fixture, VALIDATORS).quorum.equivocations, VALIDATORS - 1);
    CU_ASSERT_STRING_EQUAL(
        fixture_value(fixture, "SELECT sum(votes) || ' ' || sum(equivocated) || ' ' || sum(agreed) || ' ' || "
                               "sum(disagreed) FROM civ_validators"),
        "11 11 0 0");
    CU_ASSERT(fixture_is_clean(fixture));
}

/* --- changes of other areas --- */

/* Every second number is one that the other process makes too, under the same key. */
static int run_changes(fixture_t *fixture, int number)
{
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    if (things_open(fixture) != APR_SUCCESS)
        return 3;
    for (i = 0; i < EACH; i++) {
        thing_t thing = {.number = i % 2 ? i : 1000 * (number + 1) + i,
                         .key = i % 2 ? apr_psprintf(pool, "key %d", i) : NULL};

        while (thing_run_on(fixture, &thing, pool) == CIV_EBUSY)
            continue;
        if (thing.status != APR_SUCCESS || thing.commits != !thing.result.repeated ||
            strcmp(thing.result.answer, apr_psprintf(pool, "thing %d", thing.number)) != 0)
            return 4;
    }
    fixture_close(fixture);
    return fixture->integrity_lost ? 5 : 0;
}

static void changes_of_two_processes(void)
{
    fixture_t *fixture = things_start(NULL);
    pid_t children[2];
    int i;

    fixture_close(fixture);
    for (i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(run_changes(fixture, i));
        CU_ASSERT_FATAL(children[i] > 0);
    }
    for (i = 0; i < 2; i++) {
        int status = -1;

        CU_ASSERT_EQUAL(waitpid(children[i], &status, 0), children[i]);
        CU_ASSERT(WIFEXITED(status));
        CU_ASSERT_EQUAL(WEXITSTATUS(status), 0);
    }
    CU_ASSERT_EQUAL_FATAL(things_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(things_count(fixture), EACH + EACH / 2);
    CU_ASSERT_EQUAL(things_waiting(fixture), EACH + EACH / 2);
    CU_ASSERT_EQUAL(things_admitted(fixture), 2 * EACH);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(DISTINCT place) FROM test_things"),
                           apr_itoa(test_pool(), EACH + EACH / 2));
    CU_ASSERT(fixture_is_clean(fixture));
}

static const test_case_t cases[] = {
    {"two_ledgers_take_turns", two_ledgers_take_turns},
    {"answers_are_shared", answers_are_shared},
    {"policy_is_shared", policy_is_shared},
    {"two_processes_make_one_chain", two_processes_make_one_chain},
    {"two_processes_with_a_mutex_make_one_chain", two_processes_with_a_mutex_make_one_chain},
    {"validators_are_shared", validators_are_shared},
    {"no_registration_and_no_vote_is_lost", no_registration_and_no_vote_is_lost},
    {"changes_of_two_processes", changes_of_two_processes},
    {NULL, NULL},
};

const test_suite_t ledger_processes_suite = {"ledger_processes", NULL, NULL, cases};
