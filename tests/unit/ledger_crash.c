/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_crash.c
 * A writer that ends in the middle: killed before each single change of a file, or losing with the power any of what was not
 * synced. Whatever it had acknowledged is there afterwards, nothing raises an alarm, and opening again changes nothing.
 *
 * CIVARCOS_ROUNDS ("make check-soak") examines every state; otherwise some of them are, begun at a place that
 * CIVARCOS_SEED says.
 */
#include "ledger_fixture.h"

#include "ledger/head_file.h"
#include "support/runner.h"
#include "unit/unit_trace.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEFORE      3 /* blocks that are there before */
#define ACKNOWLEDGE 4 /* blocks that the writer appends */
#define SOME        9 /* of so many states one is examined */

/* What the writer says when an append has succeeded. */
typedef struct receipt_t {
    apr_uint64_t height;
    civ_digest_t hash;
} receipt_t;

static const char *const names[] = {"civarcos.db", "civarcos.db-wal", "civarcos.db-shm", "head"};

typedef struct state_t {
    fixture_t *fixture;
    char *before[4]; /* the files before the writer began; NULL: none */
    unsigned long lengths[4];
    trace_t *trace; /* of a writer that came to its end */
    unsigned step;  /* of so many states one is examined */
    unsigned first;
    apr_uint64_t seed;
    int examined;
} state_t;

/* -- The writer -------------------------------------------------------------------------------------------------------- */

static int append_one(fixture_t *fixture, int number, int mark)
{
    const char *json = apr_psprintf(test_pool(), "{\"number\":%d,\"text\":\"%0300d\"}", number, number);
    civ_entry_t entry = fixture_entry(json);
    civ_append_result_t result;
    civ_problem_t problem;
    receipt_t receipt;

    if (civ_ledger_append(fixture->ledger, &entry, 1, NULL, &result, &problem, test_pool()) != APR_SUCCESS)
        return 4;
    memset(&receipt, 0, sizeof(receipt));
    receipt.height = result.height;
    receipt.hash = result.block_hash;
    return write(mark, &receipt, sizeof(receipt)) == (ssize_t)sizeof(receipt) ? 0 : 5;
}

static int write_blocks(void *baton, int mark)
{
    fixture_t *fixture = baton;
    int i, code = fixture_open(fixture) == APR_SUCCESS ? 0 : 3;

    for (i = 0; i < ACKNOWLEDGE && code == 0; i++) {
        code = append_one(fixture, i, mark);
        /* As housekeeping does from time to time. */
        if (code == 0 && i == 1 && civ_ledger_maintain(fixture->ledger, test_pool()) != APR_SUCCESS)
            code = 6;
    }
    fixture_close(fixture);
    return code;
}

/* -- The files --------------------------------------------------------------------------------------------------------- */

static const char *path_of(const fixture_t *fixture, int i)
{
    return apr_pstrcat(test_pool(), fixture->folder, "/", names[i], NULL);
}

static void put_back(const state_t *state)
{
    int i;

    for (i = 0; i < 4; i++) {
        const char *path = path_of(state->fixture, i);

        unlink(path);
        if (state->before[i] != NULL) {
            apr_file_t *file;

            CU_ASSERT_EQUAL_FATAL(apr_file_open(&file, path,
                                                APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY,
                                                APR_FPROT_UREAD | APR_FPROT_UWRITE, test_pool()),
                                  APR_SUCCESS);
            CU_ASSERT_EQUAL(apr_file_write_full(file, state->before[i], state->lengths[i], NULL),
                            APR_SUCCESS);
            apr_file_close(file);
        }
    }
}

/* A ledger of some blocks, as a writer finds it, and what one does to it. @return 0 when that cannot be watched */
static int prepare(state_t *state)
{
    const char *given = getenv("CIVARCOS_SEED");
    int i;

    memset(state, 0, sizeof(*state));
    if (!unit_trace_possible())
        return 0;
    state->seed = given != NULL ? strtoull(given, NULL, 10) : (apr_uint64_t)apr_time_now();
    test_note("CIVARCOS_SEED=%" APR_UINT64_T_FMT, state->seed);
    state->step = getenv("CIVARCOS_ROUNDS") != NULL ? 1 : SOME;
    state->first = (unsigned)(state->seed % state->step);
    state->fixture = fixture_start();
    for (i = 0; i < BEFORE; i++)
        fixture_append(state->fixture, apr_psprintf(test_pool(), "{\"before\":%d}", i));
    fixture_close(state->fixture);
    for (i = 0; i < 4; i++)
        state->before[i] = test_read_file(path_of(state->fixture, i), &state->lengths[i]);
    state->trace = unit_trace(write_blocks, state->fixture, state->fixture->folder, -1, test_pool());
    CU_ASSERT_PTR_NOT_NULL_FATAL(state->trace);
    CU_ASSERT_EQUAL_FATAL(state->trace->code, 0);
    return 1;
}

/* -- What must be well ------------------------------------------------------------------------------------------------- */

/* All blocks that were acknowledged within so many steps. */
static int are_kept(state_t *state, const trace_t *trace, int count)
{
    int i, acknowledged = 0;

    for (i = 0; i < count; i++) {
        const trace_step_t *step = &APR_ARRAY_IDX(trace->steps, i, trace_step_t);
        const civ_block_t *block;
        receipt_t receipt;

        if (step->kind != TRACE_MARK)
            continue;
        memcpy(&receipt, step->data, sizeof(receipt));
        block = fixture_block(state->fixture, receipt.height);
        if (block == NULL || !civ_digest_equal(&block->hash, &receipt.hash)) {
            test_note("block %" APR_UINT64_T_FMT " is lost", receipt.height);
            return 0;
        }
        acknowledged++;
    }
    return state->fixture->head.height >= (apr_uint64_t)(BEFORE + acknowledged);
}

static int opens_without_alarm(fixture_t *fixture)
{
    apr_status_t status = fixture_open(fixture);

    if (status == APR_SUCCESS && fixture->integrity_lost == 0)
        return 1;
    test_note("not opened (%d): %s", status, fixture->reason);
    return 0;
}

/* @param what for the notes */
static void examine(state_t *state, const trace_t *trace, int count, const char *what)
{
    fixture_t *fixture = state->fixture;
    apr_uint64_t height;
    int good = opens_without_alarm(fixture);

    good = good && are_kept(state, trace, count) && fixture_is_clean(fixture);
    height = fixture->head.height;
    fixture_close(fixture);
    /* Once more: what was recovered is what is there. */
    good = good && opens_without_alarm(fixture) && fixture->head.height == height &&
           fixture_append(fixture, "{\"after\":1}").height == height + 1 && fixture_is_clean(fixture);
    fixture_close(fixture);
    if (!good)
        test_note("%s, at step %d of %d", what, count, state->trace->steps->nelts);
    CU_ASSERT(good);
    state->examined++;
}

/* -- Cases ------------------------------------------------------------------------------------------------------------- */

static void killed_before_each_step(void)
{
    state_t state;
    int i;

    if (!prepare(&state))
        return;
    for (i = (int)state.first; i < state.trace->steps->nelts && CU_get_number_of_failures() == 0;
         i += (int)state.step) {
        const trace_t *trace;
        apr_pool_t *pool;

        apr_pool_create(&pool, test_pool());
        put_back(&state);
        trace = unit_trace(write_blocks, state.fixture, state.fixture->folder, i, pool);
        CU_ASSERT_PTR_NOT_NULL_FATAL(trace);
        CU_ASSERT_EQUAL(trace->code, -1);
        CU_ASSERT_EQUAL(trace->steps->nelts, i);
        examine(&state, trace, i, "killed");
        apr_pool_destroy(pool);
    }
    test_note("%d of %d moments examined", state.examined, state.trace->steps->nelts);
}

/* The power goes: of what was not synced nothing is on the disk, or all of it, or that of one file, or some sectors. */
static void power_lost_at_each_step(void)
{
    state_t state;
    int i, k;

    if (!prepare(&state))
        return;
    for (i = (int)state.first; i <= state.trace->steps->nelts && CU_get_number_of_failures() == 0;
         i += (int)state.step) {
        const trace_luck_t lucks[] = {{NULL, 0},
                                      {state.fixture->database, 0},
                                      {path_of(state.fixture, 1), 0},
                                      {state.fixture->head_file, 0},
                                      {NULL, state.seed + (apr_uint64_t)i},
                                      {NULL, state.seed + (apr_uint64_t)i + 1000000}};

        put_back(&state);
        unit_trace_replay(state.trace, i, NULL);
        examine(&state, state.trace, i, "nothing that was not synced");
        for (k = 0; k < 6; k++) {
            put_back(&state);
            unit_trace_replay(state.trace, i, &lucks[k]);
            examine(&state, state.trace, i, apr_psprintf(test_pool(), "luck %d", k));
        }
    }
    test_note("%d states of the disk examined", state.examined);
}

static const test_case_t cases[] = {
    {"killed_before_each_step", killed_before_each_step},
    {"power_lost_at_each_step", power_lost_at_each_step},
    {NULL, NULL},
};

const test_suite_t ledger_crash_suite = {"ledger_crash", NULL, NULL, cases};
