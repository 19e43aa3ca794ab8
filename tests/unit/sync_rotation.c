/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_rotation.c
 * The key of connectors' secrets is changed by one who is killed at any moment, and beside those who use it.
 */
#include <apr_strings.h>
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "support/database.h"
#include "support/runner.h"
#include "unit/sealing_fixture.h"
#include "unit/unit_trace.h"

/* --- killed --- */

typedef struct victim_t {
    const char *name;
    civ_transactor_t inner;
    const civ_change_steps_t *steps;
    int mark;   /**< say so at each point; -1: do not */
    int points; /**< passed so far */
    int die_at; /**< at this one; 0: never */
} victim_t;

static void point(victim_t *victim)
{
    if (victim->mark >= 0 && write(victim->mark, ".", 1) != 1)
        _exit(99);
    if (++victim->points == victim->die_at)
        kill(getpid(), SIGKILL);
}

static apr_status_t apply_and_tell(void *baton, civ_change_t *change)
{
    victim_t *victim = baton;
    apr_status_t status;

    point(victim);
    status = victim->steps->apply(victim->steps->baton, change);
    point(victim);
    return status;
}

/* Around each transaction, and around what is done within it. */
static apr_status_t transact(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                             civ_problem_t *complaint, apr_pool_t *pool)
{
    victim_t *victim = baton;
    civ_change_steps_t own = *steps;
    apr_status_t status;

    victim->steps = steps;
    own.apply = apply_and_tell;
    own.baton = victim;
    point(victim);
    status = victim->inner.run(victim->inner.baton, &own, result, complaint, pool);
    point(victim);
    return status;
}

static int rotate_watched(victim_t *victim, int mark)
{
    civ_engine_t *engine = sync_engine(victim->name);
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    victim->inner = engine->transactor;
    victim->mark = mark;
    engine->transactor.run = transact;
    engine->transactor.baton = victim;
    return sealing_finish(engine, &rotation) == APR_SUCCESS && rotation.is_done ? 0 : 1;
}

static int rotate_traced(void *baton, int mark)
{
    return rotate_watched(baton, mark);
}

static int rotate_or_die(void *baton)
{
    return rotate_watched(baton, -1);
}

static int count_unfinished(void)
{
    DIR *folder = opendir(unit_folder());
    const struct dirent *entry;
    int count = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        count += strstr(entry->d_name, ".unfinished-") != NULL;
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* In a process of its own, as all that use the database here. @return 0: all is well, before and after it is finished */
static int look_and_finish(void *baton)
{
    civ_engine_t *engine = sync_engine(baton);
    civ_rotation_t rotation;

    memset(&rotation, 0, sizeof(rotation));
    if (!sealing_is_well(engine))
        return 2;
    if (sealing_configure(engine, "example", "tOkEn-1") != APR_SUCCESS || !sealing_is_well(engine))
        return 3;
    if (sealing_finish(engine, &rotation) != APR_SUCCESS || !rotation.is_done)
        return 4;
    if (!sealing_is_well(engine))
        return 5;
    return civ_seal_key_count(sealing_keys(engine)) == 1 && count_unfinished() == 0 ? 0 : 6;
}

static int make_configured(void *baton)
{
    return sealing_is_well(sealing_engine(baton)) ? 0 : 1;
}

static void test_killed_around_transactions(void)
{
    static char name[] = "killed.db";
    int at, result = -1;

    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    for (at = 1; at < 100 && result != 0; at += test_is_slow() ? 5 : 1) {
        victim_t victim = {.name = name, .die_at = at};

        result = unit_in_child(rotate_or_die, &victim);
        CU_ASSERT_FATAL(result == -1 || result == 0);
        CU_ASSERT_EQUAL_FATAL(unit_in_child(look_and_finish, name), 0);
    }
    /* Three transactions, each tried twice. */
    CU_ASSERT_EQUAL(result, 0);
    CU_ASSERT(test_is_slow() || at == 3 * 6 + 2);
}

static void test_killed_at_any_change(void)
{
    static char name[] = "traced.db";
    victim_t victim = {.name = name};
    const trace_t *trace;
    int at = 0;

    if (!unit_trace_possible())
        return;
    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    do {
        trace = unit_trace(rotate_traced, &victim, unit_folder(), at++, test_pool());
        CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
        CU_ASSERT_FATAL(trace->code == -1 || trace->code == 0);
        CU_ASSERT_EQUAL_FATAL(unit_in_child(look_and_finish, name), 0);
    } while (trace->code != 0 && at < 2000);
    CU_ASSERT_EQUAL(trace->code, 0);
    test_note("killed at %d moments", at - 1);
}

/* --- beside others --- */

#define USES 100

typedef struct user_t {
    const char *name, *platform;
} user_t;

/* What was configured last can be opened at any time. */
static int use(void *baton)
{
    const user_t *user = baton;
    civ_engine_t *engine = sync_engine(user->name);
    char token[32] = "";
    int i;

    apr_pool_create(&sealing_moment, test_pool());
    for (i = 0; i < (test_is_slow() ? USES / 10 : USES); i++) {
        const char *found;

        apr_pool_clear(sealing_moment);
        if (i % 8 == 0) {
            apr_status_t status;

            apr_snprintf(token, sizeof(token), "tOkEn-%d", i);
            while ((status = sealing_configure(engine, user->platform, token)) == CIV_EBUSY)
                apr_pool_clear(sealing_moment);
            if (status != APR_SUCCESS) {
                test_note("%s: %d, %s", user->platform, status, sealing_problem.detail);
                return 2;
            }
        }
        found = sealing_token(engine, user->platform);
        if (found == NULL || strcmp(found, token) != 0) {
            test_note("%s: %s, not %s: %s", user->platform, found, token, sealing_problem.detail);
            return 3;
        }
    }
    return 0;
}

/* Until it is told to end. */
static int rotate_often(void *baton)
{
    civ_engine_t *engine = sync_engine(baton);

    apr_pool_create(&sealing_moment, test_pool());
    do {
        civ_rotation_t rotation;
        apr_status_t status;

        apr_pool_clear(sealing_moment);
        memset(&rotation, 0, sizeof(rotation));
        status = sealing_finish(engine, &rotation);
        /* SQLite gives its lock to anybody but who has waited longest. */
        if (status != CIV_EBUSY && (status != APR_SUCCESS || !rotation.is_done)) {
            test_note("%d: %s", status, sealing_problem.detail);
            return 1;
        }
    } while (access(unit_path("enough"), F_OK) != 0);
    return 0;
}

/* Two who rotate at the same time, too. */
static void test_beside_those_who_use_it(void)
{
    static char name[] = "beside.db";
    user_t users[2] = {{name, sealing_platforms[0]}, {name, sealing_platforms[1]}};
    int using[2], rotating[2], i;

    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    for (i = 0; i < 2; i++)
        using[i] = unit_child_start(use, &users[i]);
    for (i = 0; i < 2; i++)
        rotating[i] = unit_child_start(rotate_often, name);
    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(unit_child_wait(using[i]), 0);
    CU_ASSERT_EQUAL(unit_write_file(unit_path("enough"), "", 0600), 0);
    for (i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(unit_child_wait(rotating[i]), 0);
    CU_ASSERT_EQUAL(count_unfinished(), 0);
}

/* Reads as fast as it can. */
static int open_often(void *baton)
{
    civ_engine_t *engine = sync_engine(baton);
    int i;

    apr_pool_create(&sealing_moment, test_pool());
    for (i = 0; access(unit_path("read-enough"), F_OK) != 0; i++) {
        apr_pool_clear(sealing_moment);
        if (sealing_token(engine, "example") == NULL) {
            test_note("%s", sealing_problem.detail);
            return 3;
        }
    }
    return i > 0 ? 0 : 4;
}

typedef struct stopper_t {
    const char *name;
    int reader;
} stopper_t;

static int stop_and_rotate(void *baton)
{
    const stopper_t *stopper = baton;
    civ_engine_t *engine = sync_engine(stopper->name);
    unsigned seed = (unsigned)apr_time_now();
    int i, code = 0;

    test_note("seed %u", seed);
    apr_pool_create(&sealing_moment, test_pool());
    for (i = 0; i < (test_is_slow() ? 5 : 150) && code == 0; i++) {
        civ_rotation_t rotation;

        apr_pool_clear(sealing_moment);
        apr_sleep(rand_r(&seed) % 1000);
        kill(stopper->reader, SIGSTOP);
        memset(&rotation, 0, sizeof(rotation));
        code = sealing_finish(engine, &rotation) == APR_SUCCESS && rotation.is_done ? 0 : 1;
        kill(stopper->reader, SIGCONT);
    }
    return code;
}

/* A whole rotation goes by between any two of a reader's steps: after it has read a secret, the key is gone. */
static void test_reader_that_is_overtaken(void)
{
    static char name[] = "overtaken.db";
    stopper_t stopper = {name, 0};

    database_parameters(unit_path(name), test_pool());
    CU_ASSERT_EQUAL_FATAL(unit_in_child(make_configured, name), 0);
    stopper.reader = unit_child_start(open_often, name);
    CU_ASSERT_EQUAL(unit_in_child(stop_and_rotate, &stopper), 0);
    CU_ASSERT_EQUAL(unit_write_file(unit_path("read-enough"), "", 0600), 0);
    CU_ASSERT_EQUAL(unit_child_wait(stopper.reader), 0);
}

static const test_case_t cases[] = {
    {"killed_around_transactions", test_killed_around_transactions},
    {"killed_at_any_change", test_killed_at_any_change},
    {"beside_those_who_use_it", test_beside_those_who_use_it},
    {"reader_that_is_overtaken", test_reader_that_is_overtaken},
    {NULL, NULL},
};
const test_suite_t sync_rotation_suite = {"rotation", unit_folder_make, unit_folder_remove, cases};
