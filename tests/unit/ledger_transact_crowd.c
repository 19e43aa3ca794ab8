/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_transact_crowd.c
 * Changes of another area from many threads at once, and through two ledgers on one database.
 */
#include "ledger_changes.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define THREADS 8
#define EACH    50

typedef struct crowd_t {
    fixture_t *fixture;
    thing_t things[EACH];
    apr_thread_t *thread;
    apr_pool_t *pool;
} crowd_t;

static apr_status_t destroy_pool(void *baton)
{
    apr_pool_destroy(baton);
    return APR_SUCCESS;
}

static void *APR_THREAD_FUNC run_crowd(apr_thread_t *thread, void *data)
{
    crowd_t *crowd = data;
    int i;

    (void)thread;
    for (i = 0; i < EACH; i++)
        thing_run_on(crowd->fixture, &crowd->things[i], crowd->pool);
    return NULL;
}

/* Each tenth is refused, each tenth a repeat of the one before it. */
static void fill_crowd(crowd_t *crowd, fixture_t *fixture, int first)
{
    int i;

    memset(crowd, 0, sizeof(*crowd));
    crowd->fixture = fixture;
    apr_pool_create(&crowd->pool, NULL);
    apr_pool_cleanup_register(test_pool(), crowd->pool, destroy_pool, apr_pool_cleanup_null);
    for (i = 0; i < EACH; i++) {
        thing_t *thing = &crowd->things[i];

        thing->number = first + i;
        if (i % 10 == 5)
            thing->kind = THING_REFUSED;
        if (i % 10 == 7 || i % 10 == 8)
            thing->key = apr_psprintf(test_pool(), "key %d", (first + i - i % 10));
    }
}

/* What is told in the order of commits is in the order of the rows. */
static void expect_order(const crowd_t *crowds, int count)
{
    int last = 0, told = 0, place, i, k;

    for (i = 0; i < count; i++)
        for (k = 0; k < EACH; k++)
            told += crowds[i].things[k].commits;
    CU_ASSERT_EQUAL(things_count(crowds[0].fixture), told);
    for (place = 1; place <= told; place++) {
        int number = (int)apr_atoi64(
            fixture_value(crowds[0].fixture, "SELECT number FROM test_things WHERE place = %d", place));
        const thing_t *thing = &crowds[number / 1000].things[number % 1000];

        CU_ASSERT(thing->commit_order > last);
        last = thing->commit_order;
    }
}

static void expect_crowd(const crowd_t *crowd)
{
    int i;

    for (i = 0; i < EACH; i++) {
        const thing_t *thing = &crowd->things[i];

        if (thing->kind == THING_REFUSED) {
            CU_ASSERT(thing_is_refused(thing, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT));
            continue;
        }
        CU_ASSERT(thing_is_told(thing, apr_psprintf(test_pool(), "thing %d", thing->number - (i % 10 == 8)),
                                i % 10 == 8));
        CU_ASSERT_EQUAL(thing->commits, i % 10 != 8);
    }
}

static void run_crowds(crowd_t *crowds, int count)
{
    int i;

    for (i = 0; i < count; i++)
        CU_ASSERT_FATAL(apr_thread_create(&crowds[i].thread, NULL, run_crowd, &crowds[i], test_pool()) ==
                        APR_SUCCESS);
    for (i = 0; i < count; i++) {
        apr_status_t ended;

        apr_thread_join(&ended, crowds[i].thread);
        expect_crowd(&crowds[i]);
    }
}

static void many_threads(void)
{
    crowd_t *crowds = apr_palloc(test_pool(), THREADS * sizeof(*crowds));
    fixture_t *fixture = fixture_make();
    int i;

    fixture->config.seal_count = 30;
    things_start(fixture);
    for (i = 0; i < THREADS; i++)
        fill_crowd(&crowds[i], fixture, 1000 * i);
    run_crowds(crowds, THREADS);
    expect_order(crowds, THREADS);
    CU_ASSERT_EQUAL(things_count(fixture), THREADS * EACH * 8 / 10);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture,
                                         "SELECT (SELECT COUNT(*) FROM civ_pending) + "
                                         "(SELECT COUNT(*) FROM civ_entries WHERE type = 'civarcos.test')"),
                           apr_itoa(test_pool(), THREADS * EACH * 8 / 10));
    CU_ASSERT(fixture_head(fixture).height >= 5);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

/* Each numbers the things behind the other's: none is lost, none has the place of another. */
static void two_ledgers_on_one_database(void)
{
    fixture_t *one = things_start(NULL), *other = fixture_make_beside(one);
    int i;

    CU_ASSERT_EQUAL_FATAL(things_open(other), APR_SUCCESS);
    for (i = 0; i < 20; i++) {
        thing_t thing = {.number = i};

        CU_ASSERT_EQUAL(thing_run(i % 3 ? one : other, &thing), APR_SUCCESS);
        if (i % 5 == 0)
            fixture_append(i % 2 ? one : other, "{\"between\":true}");
    }
    CU_ASSERT_STRING_EQUAL(
        fixture_value(one, "SELECT COUNT(DISTINCT place) || ' ' || MAX(place) FROM test_things"), "20 20");
    CU_ASSERT_EQUAL(things_waiting(one), 20);
    CU_ASSERT_STRING_EQUAL(fixture_value(one, "SELECT COUNT(DISTINCT sequence) FROM civ_pending"), "20");
    CU_ASSERT_EQUAL(one->integrity_lost + other->integrity_lost, 0);
    CU_ASSERT(fixture_is_clean(other));
}

static const test_case_t cases[] = {
    {"many_threads", many_threads},
    {"two_ledgers_on_one_database", two_ledgers_on_one_database},
    {NULL, NULL},
};

const test_suite_t ledger_transact_crowd_suite = {"ledger_transact_crowd", NULL, NULL, cases};
