/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_changes.h
 * An area of the tests' own, whose changes are made within the ledger's transactions: a table of things, and one of those who
 * were admitted.
 */
#ifndef CIV_TESTS_LEDGER_CHANGES_H
#define CIV_TESTS_LEDGER_CHANGES_H

#include "ledger_fixture.h"

/** What a change does besides. */
typedef enum thing_kind_e {
    THING_KEPT,     /**< nothing */
    THING_REFUSED,  /**< it is refused, before anything is written */
    THING_UNWANTED, /**< whoever asks for it is not admitted */
    THING_BROKEN,   /**< the database refuses a row of it */
    THING_UNLUCKY   /**< the database wants the transaction again, the first time */
} thing_kind_e;

/** A change: a row for the thing, and its note. */
typedef struct thing_t {
    int number; /**< of the row */
    thing_kind_e kind;
    const char *note;         /**< its text; NULL: {"thing":NUMBER,"type":"civarcos.test"} */
    int notes;                /**< how many; 0: one */
    int silent;               /**< no note at all */
    const char *key, *answer; /**< of the Idempotency-Key, NULL: none; NULL: "thing NUMBER" */
    const char *body;         /**< of the request; NULL: "body" */

    /* What came of it. */
    apr_status_t status;
    civ_problem_t problem; /**< on test_pool() */
    civ_change_result_t result;
    int attempts;     /**< how often the change was made */
    int commits;      /**< how often it was told that it is on disk */
    int commit_order; /**< among all of the program */

    /* While it runs. */
    civ_change_steps_t steps;
    civ_idempotency_t idempotency;
    fixture_t *fixture;
    apr_pool_t *pool;
    apr_thread_t *thread;
} thing_t;

/** A ledger with these tables; @a fixture is not opened yet, or NULL. */
fixture_t *things_start(fixture_t *fixture);

/** fixture_open of one whose tables are there already. */
apr_status_t things_open(fixture_t *fixture);

/** Make a change; on the calling thread. Asserts nothing. @return its status */
apr_status_t thing_run(fixture_t *fixture, thing_t *thing);

/** The same from any thread; what it is told lives on @a keep, the thread's own. */
apr_status_t thing_run_on(fixture_t *fixture, thing_t *thing, apr_pool_t *keep);

/** The same on a thread of its own; thing_join waits for it. */
void thing_start(fixture_t *fixture, thing_t *thing);
void thing_join(thing_t *thing);

/** All in one batch, in their order. */
void things_batch(fixture_t *fixture, thing_t *things, int count);

/** How many things there are, who were admitted, and entries that wait. */
int things_count(const fixture_t *fixture);
int things_admitted(const fixture_t *fixture);
int things_waiting(const fixture_t *fixture);

/** Whether a thing was told so. Notes what it was told instead. */
int thing_is_told(const thing_t *thing, const char *answer, int repeated);

/** Whether it was refused so, before anything of it was written. Notes what became of it instead. */
int thing_is_refused(const thing_t *thing, apr_status_t status, civ_problem_kind_e kind);

#endif
