/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_changes.c
 * Things, and how they are changed.
 */
#include "ledger_changes.h"

#include "support/runner.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

enum { THING_INSERT, THING_NEXT, ADMITTED_INSERT };

static const civ_statement_t statements[] = {
    [THING_INSERT] = {"test_thing_insert", "INSERT INTO test_things (number, place) VALUES (%lld, %lld)"},
    [THING_NEXT] = {"test_thing_next", "SELECT COALESCE(MAX(place), 0) + 1 FROM test_things"},
    [ADMITTED_INSERT] = {"test_admitted_insert", "INSERT INTO test_admitted (number) VALUES (%lld)"},
};

static volatile apr_uint32_t commits;

/* --- the change --- */

static apr_status_t admit(void *baton, civ_change_t *change)
{
    const thing_t *thing = baton;
    const civ_argument_t row[] = {civ_int(thing->number)};

    if (thing->kind == THING_UNWANTED) {
        civ_problem_set(change->problem, CIV_PROBLEM_FORBIDDEN, change->pool, "Not you");
        return APR_EACCES;
    }
    return civ_db_execute(change->db, &statements[ADMITTED_INSERT], row, 1, NULL);
}

static apr_status_t insert(const thing_t *thing, civ_change_t *change)
{
    civ_argument_t row[] = {civ_int(thing->number), civ_int(0)};
    civ_rows_t *rows;
    apr_status_t status = civ_db_select(change->db, &statements[THING_NEXT], NULL, 0, &rows, change->pool);

    if (status != APR_SUCCESS)
        return status;
    if (civ_rows_next(rows) != APR_SUCCESS || civ_rows_int(rows, 0, &row[1].integer) != APR_SUCCESS)
        return CIV_EDATABASE;
    status = civ_db_execute(change->db, &statements[THING_INSERT], row, 2, NULL);
    if (status == APR_SUCCESS && thing->kind == THING_BROKEN)
        status = civ_db_execute(change->db, &statements[THING_INSERT], row, 2, NULL);
    return status;
}

static void put_notes(const thing_t *thing, civ_change_t *change)
{
    int i;

    for (i = 0; !thing->silent && i < (thing->notes > 0 ? thing->notes : 1); i++)
        APR_ARRAY_PUSH(change->notes, const char *) =
            thing->note != NULL
                ? thing->note
                : apr_psprintf(change->pool, "{\"note\":%d,\"thing\":%d,\"type\":\"civarcos.test\"}", i,
                               thing->number);
}

static apr_status_t apply(void *baton, civ_change_t *change)
{
    thing_t *thing = baton;
    apr_status_t status;

    thing->attempts++;
    if (thing->kind == THING_REFUSED) {
        civ_problem_set_at(change->problem, CIV_PROBLEM_CONFLICT, "/thing", change->pool,
                           "There is no room for thing %d", thing->number);
        return CIV_ECONFLICT;
    }
    status = insert(thing, change);
    if (status != APR_SUCCESS)
        return status;
    put_notes(thing, change);
    change->answer =
        thing->answer != NULL ? thing->answer : apr_psprintf(change->pool, "thing %d", thing->number);
    return thing->kind == THING_UNLUCKY && thing->attempts == 1 ? CIV_ECONFLICT : APR_SUCCESS;
}

static void committed(void *baton)
{
    thing_t *thing = baton;

    thing->commits++;
    thing->commit_order = (int)apr_atomic_inc32(&commits) + 1;
}

/* --- running it --- */

static civ_statement_set_t *all_sets(const fixture_t *fixture)
{
    civ_statement_set_t *sets = apr_palloc(test_pool(), 3 * sizeof(*sets));

    sets[0] = fixture->sets[0];
    sets[1] = fixture->sets[1];
    sets[2] = (civ_statement_set_t){statements, sizeof(statements) / sizeof(statements[0])};
    return sets;
}

apr_status_t things_open(fixture_t *fixture)
{
    fixture->store_config.sets = all_sets(fixture);
    fixture->store_config.set_count = 3;
    return fixture_open(fixture);
}

fixture_t *things_start(fixture_t *fixture)
{
    if (fixture == NULL)
        fixture = fixture_make();
    CU_ASSERT_EQUAL_FATAL(things_open(fixture), APR_SUCCESS);
    fixture_sql(fixture, "CREATE TABLE test_things (number BIGINT PRIMARY KEY, place BIGINT NOT NULL)");
    fixture_sql(fixture, "CREATE TABLE test_admitted (number BIGINT NOT NULL)");
    return fixture;
}

static void prepare(fixture_t *fixture, thing_t *thing)
{
    const char *body = thing->body != NULL ? thing->body : "body";

    thing->fixture = fixture;
    thing->steps =
        (civ_change_steps_t){.admit = admit, .apply = apply, .committed = committed, .baton = thing};
    if (thing->key == NULL)
        return;
    civ_digest_sha256(&thing->idempotency.key, thing->key, strlen(thing->key));
    civ_digest_sha256(&thing->idempotency.request, body, strlen(body));
    thing->steps.idempotency = &thing->idempotency;
}

/* What it got may only be on its own pool: that goes at once. */
static void run(thing_t *thing, apr_pool_t *keep)
{
    apr_pool_t *own;

    apr_pool_create(&own, NULL);
    thing->status =
        civ_ledger_transact(thing->fixture->ledger, &thing->steps, &thing->result, &thing->problem, own);
    if (thing->status != APR_SUCCESS) {
        thing->problem.detail = apr_pstrdup(keep, thing->problem.detail);
        thing->problem.pointer = apr_pstrdup(keep, thing->problem.pointer);
    } else {
        thing->result.answer = apr_pstrdup(keep, thing->result.answer);
    }
    apr_pool_destroy(own);
}

apr_status_t thing_run_on(fixture_t *fixture, thing_t *thing, apr_pool_t *keep)
{
    prepare(fixture, thing);
    run(thing, keep);
    return thing->status;
}

apr_status_t thing_run(fixture_t *fixture, thing_t *thing)
{
    return thing_run_on(fixture, thing, test_pool());
}

static void *APR_THREAD_FUNC run_thread(apr_thread_t *thread, void *data)
{
    thing_t *thing = data;

    (void)thread;
    run(thing, thing->pool);
    return NULL;
}

static apr_status_t destroy_pool(void *baton)
{
    apr_pool_destroy(baton);
    return APR_SUCCESS;
}

void thing_start(fixture_t *fixture, thing_t *thing)
{
    prepare(fixture, thing);
    apr_pool_create(&thing->pool, NULL);
    apr_pool_cleanup_register(test_pool(), thing->pool, destroy_pool, apr_pool_cleanup_null);
    CU_ASSERT_FATAL(apr_thread_create(&thing->thread, NULL, run_thread, thing, test_pool()) == APR_SUCCESS);
}

void thing_join(thing_t *thing)
{
    apr_status_t ended;

    apr_thread_join(&ended, thing->thread);
}

void things_batch(fixture_t *fixture, thing_t *things, int count)
{
    fixture_job_t plug;
    int i;

    fixture_gate_close(fixture, &plug);
    for (i = 0; i < count; i++) {
        thing_start(fixture, &things[i]);
        fixture_wait_queued(fixture, i + 1);
    }
    fixture_gate_open(fixture, &plug);
    for (i = 0; i < count; i++)
        thing_join(&things[i]);
}

/* --- looking at it --- */

static int count_of(const fixture_t *fixture, const char *table)
{
    return (int)apr_atoi64(fixture_value(fixture, "SELECT COUNT(*) FROM %s", table));
}

int things_count(const fixture_t *fixture)
{
    return count_of(fixture, "test_things");
}

int things_admitted(const fixture_t *fixture)
{
    return count_of(fixture, "test_admitted");
}

int things_waiting(const fixture_t *fixture)
{
    return count_of(fixture, "civ_pending");
}

int thing_is_told(const thing_t *thing, const char *answer, int repeated)
{
    if (thing->status == APR_SUCCESS && strcmp(thing->result.answer, answer) == 0 &&
        thing->result.repeated == repeated)
        return 1;
    test_note("thing %d: status %d, answer \"%s\", repeated %d", thing->number, thing->status,
              thing->result.answer != NULL ? thing->result.answer : "(none)", thing->result.repeated);
    return 0;
}

int thing_is_refused(const thing_t *thing, apr_status_t status, civ_problem_kind_e kind)
{
    if (thing->status == status && thing->problem.kind == kind && thing->problem.detail != NULL &&
        thing->commits == 0)
        return 1;
    test_note("thing %d: status %d, kind %d, \"%s\", told of %d commits", thing->number, thing->status,
              thing->problem.kind, thing->problem.detail != NULL ? thing->problem.detail : "(none)",
              thing->commits);
    return 0;
}
