/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_transact.c
 * Changes of another area within the ledger's transactions: with their notes they are on disk or nothing of them is, each
 * once, and none disturbs its neighbours.
 */
#include "ledger_changes.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <string.h>

#define NOTE(number) "{\"note\":0,\"thing\":" #number ",\"type\":\"civarcos.test\"}"

/* --- one commit --- */

static void row_and_note_are_one_commit(void)
{
    fixture_t *fixture = things_start(NULL);
    apr_int64_t generation = fixture_head(fixture).generation;
    thing_t thing = {.number = 7};
    int moves = fixture->head_moves;

    CU_ASSERT_EQUAL(thing_run(fixture, &thing), APR_SUCCESS);
    CU_ASSERT(thing_is_told(&thing, "thing 7", 0));
    CU_ASSERT_EQUAL(thing.commits, 1);
    CU_ASSERT_EQUAL(things_count(fixture), 1);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT payload FROM civ_pending"), NOTE(7));
    CU_ASSERT_EQUAL(fixture_head(fixture).generation, generation + 1);
    CU_ASSERT_EQUAL(fixture->head_moves, moves + 1);
    CU_ASSERT_EQUAL(fixture->moved_to.generation, generation + 1);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 1);
    CU_ASSERT_EQUAL(fixture->moved_to.oldest_pending, fixture_head(fixture).oldest_pending);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* From now on the database refuses each row of a table. */
static void refuse_rows(fixture_t *fixture, const char *table)
{
    if (!database_is_pgsql()) {
        fixture_sql(fixture,
                    "CREATE TRIGGER refuse BEFORE INSERT ON %s BEGIN SELECT RAISE(ABORT, 'refused'); END",
                    table);
        return;
    }
    fixture_sql(fixture, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                         "RAISE EXCEPTION 'refused'; END $$");
    fixture_sql(fixture, "CREATE TRIGGER refuse BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION refuse()",
                table);
}

static void allow_rows(fixture_t *fixture, const char *table)
{
    fixture_sql(fixture, database_is_pgsql() ? "DROP TRIGGER refuse ON %s" : "DROP TRIGGER refuse -- %s",
                table);
}

/* Without its note a change does not come into being, nor its answer. */
static void no_row_without_its_note(void)
{
    static const char *const tables[] = {"civ_pending", "civ_idempotency"};
    size_t i;

    for (i = 0; i < 2; i++) {
        fixture_t *fixture = things_start(NULL);
        thing_t thing = {.number = 1, .key = "key"}, again = {.number = 1, .key = "key"};

        refuse_rows(fixture, tables[i]);
        CU_ASSERT_NOT_EQUAL(thing_run(fixture, &thing), APR_SUCCESS);
        CU_ASSERT_EQUAL(thing.commits, 0);
        CU_ASSERT_EQUAL(things_count(fixture) + things_admitted(fixture) + things_waiting(fixture), 0);
        allow_rows(fixture, tables[i]);
        CU_ASSERT_EQUAL(thing_run(fixture, &again), APR_SUCCESS);
        CU_ASSERT(thing_is_told(&again, "thing 1", 0));
        CU_ASSERT_EQUAL(things_count(fixture) + things_admitted(fixture) + things_waiting(fixture), 3);
        fixture_close(fixture);
    }
}

static void change_without_note_is_stored(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t thing = {.number = 1, .silent = 1};

    CU_ASSERT_EQUAL(thing_run(fixture, &thing), APR_SUCCESS);
    CU_ASSERT_EQUAL(things_count(fixture), 1);
    CU_ASSERT_EQUAL(things_waiting(fixture), 0);
    CU_ASSERT_EQUAL(thing.commits, 1);
}

/* --- refusals --- */

static void refused_change_keeps_its_admission(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t refused = {.number = 1, .kind = THING_REFUSED}, unwanted = {.number = 2, .kind = THING_UNWANTED};

    thing_run(fixture, &refused);
    CU_ASSERT(thing_is_refused(&refused, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT));
    CU_ASSERT_STRING_EQUAL(refused.problem.pointer, "/thing");
    thing_run(fixture, &unwanted);
    CU_ASSERT(thing_is_refused(&unwanted, APR_EACCES, CIV_PROBLEM_FORBIDDEN));
    CU_ASSERT_EQUAL(unwanted.attempts, 0);
    CU_ASSERT_EQUAL(things_count(fixture), 0);
    CU_ASSERT_EQUAL(things_waiting(fixture), 0);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT number FROM test_admitted"), "1");
}

static void neighbours_are_not_disturbed(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t things[] = {{.number = 1},
                        {.number = 2, .kind = THING_REFUSED},
                        {.number = 3},
                        {.number = 4, .kind = THING_UNWANTED},
                        {.number = 5}};
    fixture_job_t plug, jobs[3];
    int i;

    memset(jobs, 0, sizeof(jobs));
    jobs[0] = (fixture_job_t){.kind = FIXTURE_APPEND, .json = "{\"n\":1}"};
    jobs[1] = (fixture_job_t){.kind = FIXTURE_PEND, .json = "{\"n\":2}"};
    jobs[2] = (fixture_job_t){.kind = FIXTURE_APPEND, .json = "{\"n\":3}"};
    fixture_gate_close(fixture, &plug);
    for (i = 0; i < 8; i++) {
        if (i % 2 == 0 && i / 2 < 3)
            fixture_job_start(fixture, &jobs[i / 2]);
        else
            thing_start(fixture, &things[i < 6 ? i / 2 : i - 3]);
        fixture_wait_queued(fixture, i + 1);
    }
    fixture_gate_open(fixture, &plug);
    for (i = 0; i < 3; i++) {
        fixture_job_join(&jobs[i]);
        CU_ASSERT_EQUAL(jobs[i].status, APR_SUCCESS);
    }
    for (i = 0; i < 5; i++)
        thing_join(&things[i]);
    CU_ASSERT_EQUAL(fixture->largest_batch, 8);
    CU_ASSERT(thing_is_told(&things[0], "thing 1", 0));
    CU_ASSERT(thing_is_refused(&things[1], CIV_ECONFLICT, CIV_PROBLEM_CONFLICT));
    CU_ASSERT(thing_is_told(&things[2], "thing 3", 0));
    CU_ASSERT(thing_is_refused(&things[3], APR_EACCES, CIV_PROBLEM_FORBIDDEN));
    CU_ASSERT(thing_is_told(&things[4], "thing 5", 0));
    CU_ASSERT_EQUAL(things_count(fixture), 3);
    CU_ASSERT_EQUAL(things_admitted(fixture), 4);
    CU_ASSERT_EQUAL(things_waiting(fixture), 4);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 4);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 3);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

/* --- failures --- */

static void failure_fails_the_batch(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t things[] = {{.number = 1, .key = "key"}, {.number = 2, .kind = THING_BROKEN}, {.number = 3}};
    int i;

    things_batch(fixture, things, 3);
    CU_ASSERT_EQUAL(fixture->largest_batch, 3);
    CU_ASSERT_EQUAL(fixture->failed_batches, 1);
    for (i = 0; i < 3; i++)
        CU_ASSERT(thing_is_refused(&things[i], things[1].status, CIV_PROBLEM_INTERNAL));
    CU_ASSERT_EQUAL(things_count(fixture) + things_admitted(fixture) + things_waiting(fixture), 0);
    CU_ASSERT_EQUAL(thing_run(fixture, &things[0]), APR_SUCCESS);
    CU_ASSERT(thing_is_told(&things[0], "thing 1", 0));
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
}

/* The second attempt is made as if there had been none before. */
static void transaction_is_tried_again(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t things[] = {{.number = 1, .key = "key"}, {.number = 2, .kind = THING_UNLUCKY}, {.number = 3}};
    int i;

    things_batch(fixture, things, 3);
    for (i = 0; i < 3; i++) {
        CU_ASSERT(thing_is_told(&things[i], apr_psprintf(test_pool(), "thing %d", i + 1), 0));
        CU_ASSERT_EQUAL(things[i].commits, 1);
        CU_ASSERT_EQUAL(things[i].attempts, i < 2 ? 2 : 1);
    }
    CU_ASSERT_EQUAL(things_count(fixture), 3);
    CU_ASSERT_EQUAL(things_admitted(fixture), 3);
    CU_ASSERT_EQUAL(things_waiting(fixture), 3);
    CU_ASSERT_EQUAL(fixture->failed_batches, 0);
}

static void read_only_refuses(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t thing = {.number = 1};

    fixture->read_only = "not now";
    thing_run(fixture, &thing);
    CU_ASSERT(thing_is_refused(&thing, CIV_EREADONLY, CIV_PROBLEM_READ_ONLY));
    CU_ASSERT_EQUAL(thing.attempts, 0);
    CU_ASSERT_EQUAL(things_admitted(fixture), 0);
    fixture->read_only = NULL;
    CU_ASSERT_EQUAL(thing_run(fixture, &thing), APR_SUCCESS);
}

/* --- repeats --- */

static void repeats_in_one_batch(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t things[] = {
        {.number = 1, .key = "key"}, {.number = 2, .key = "key"}, {.number = 3, .key = "key"}};
    int i;

    things_batch(fixture, things, 3);
    CU_ASSERT_EQUAL(fixture->largest_batch, 3);
    for (i = 0; i < 3; i++) {
        CU_ASSERT(thing_is_told(&things[i], "thing 1", i > 0));
        CU_ASSERT_EQUAL(things[i].commits, i == 0);
        CU_ASSERT_EQUAL(things[i].attempts, i == 0);
    }
    CU_ASSERT_EQUAL(things_count(fixture), 1);
    CU_ASSERT_EQUAL(things_waiting(fixture), 1);
    CU_ASSERT_EQUAL(things_admitted(fixture), 3);
}

static void repeats_later_elsewhere_and_after_a_restart(void)
{
    fixture_t *fixture = things_start(NULL), *beside = fixture_make_beside(fixture);
    thing_t first = {.number = 1, .key = "key"}, things[4];
    int i;

    CU_ASSERT_EQUAL_FATAL(things_open(beside), APR_SUCCESS);
    CU_ASSERT_EQUAL(thing_run(fixture, &first), APR_SUCCESS);
    for (i = 0; i < 4; i++) {
        things[i] = (thing_t){.number = 10 + i, .key = "key"};
        if (i == 3) {
            fixture_close(fixture);
            CU_ASSERT_EQUAL_FATAL(things_open(fixture), APR_SUCCESS);
        }
        thing_run(i == 1 ? beside : fixture, &things[i]);
        CU_ASSERT(thing_is_told(&things[i], "thing 1", 1));
        CU_ASSERT_EQUAL(things[i].attempts + things[i].commits, 0);
    }
    CU_ASSERT_EQUAL(things_count(fixture), 1);
    CU_ASSERT_EQUAL(things_waiting(fixture), 1);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* In one batch with the first one's repeat from the database. */
static void repeats_of_a_repeat(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t first = {.number = 1, .key = "key"};
    thing_t things[] = {{.number = 2, .key = "key"}, {.number = 3, .key = "key"}};

    CU_ASSERT_EQUAL(thing_run(fixture, &first), APR_SUCCESS);
    things_batch(fixture, things, 2);
    CU_ASSERT(thing_is_told(&things[0], "thing 1", 1));
    CU_ASSERT(thing_is_told(&things[1], "thing 1", 1));
    CU_ASSERT_EQUAL(things_count(fixture), 1);
}

static void empty_answer_is_repeated(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t first = {.number = 1, .key = "key", .answer = ""}, again = {.number = 2, .key = "key"};

    CU_ASSERT_EQUAL(thing_run(fixture, &first), APR_SUCCESS);
    CU_ASSERT_EQUAL(thing_run(fixture, &again), APR_SUCCESS);
    CU_ASSERT(thing_is_told(&again, "", 1));
    CU_ASSERT_EQUAL(things_count(fixture), 1);
}

static void key_with_another_body_is_refused(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t things[] = {{.number = 1, .key = "key"}, {.number = 2, .key = "key", .body = "another"}};
    thing_t later = {.number = 3, .key = "key", .body = "third"}, same = {.number = 4, .key = "key"};

    things_batch(fixture, things, 2);
    CU_ASSERT(thing_is_told(&things[0], "thing 1", 0));
    CU_ASSERT(thing_is_refused(&things[1], CIV_ECONFLICT, CIV_PROBLEM_KEY_REUSED));
    thing_run(fixture, &later);
    CU_ASSERT(thing_is_refused(&later, CIV_ECONFLICT, CIV_PROBLEM_KEY_REUSED));
    thing_run(fixture, &same);
    CU_ASSERT(thing_is_told(&same, "thing 1", 1));
    CU_ASSERT_EQUAL(things_count(fixture), 1);
}

/* Whoever is refused has not had the key: who comes after with it is heard, in the same batch and later. */
static void refused_change_does_not_take_the_key(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t things[] = {{.number = 1, .key = "key", .kind = THING_UNWANTED},
                        {.number = 2, .key = "key", .kind = THING_REFUSED},
                        {.number = 3, .key = "key"},
                        {.number = 4, .key = "key"}};
    thing_t refused = {.number = 5, .key = "other", .kind = THING_REFUSED},
            later = {.number = 6, .key = "other", .body = "another"};

    things_batch(fixture, things, 4);
    CU_ASSERT_EQUAL(fixture->largest_batch, 4);
    CU_ASSERT(thing_is_refused(&things[0], APR_EACCES, CIV_PROBLEM_FORBIDDEN));
    CU_ASSERT(thing_is_refused(&things[1], CIV_ECONFLICT, CIV_PROBLEM_CONFLICT));
    CU_ASSERT(thing_is_told(&things[2], "thing 3", 0));
    CU_ASSERT(thing_is_told(&things[3], "thing 3", 1));
    thing_run(fixture, &refused);
    CU_ASSERT(thing_is_refused(&refused, CIV_ECONFLICT, CIV_PROBLEM_CONFLICT));
    CU_ASSERT_EQUAL(thing_run(fixture, &later), APR_SUCCESS);
    CU_ASSERT_EQUAL(things_count(fixture), 2);
}

/* A key is never of two kinds of requests; if it were, neither would get the other's answer. */
static void key_of_another_kind_is_refused(void)
{
    fixture_t *fixture = things_start(NULL);
    thing_t thing = {.number = 1, .key = "key"};
    fixture_job_t plug, job = {.kind = FIXTURE_APPEND, .json = "{\"n\":1}"};
    int i;

    job.idempotency = fixture_idempotency("key", "body");
    for (i = 0; i < 2; i++) {
        thing.commits = 0;
        fixture_gate_close(fixture, &plug);
        if (i == 0)
            thing_start(fixture, &thing);
        else
            fixture_job_start(fixture, &job);
        fixture_wait_queued(fixture, 1);
        if (i == 0)
            fixture_job_start(fixture, &job);
        else
            thing_start(fixture, &thing);
        fixture_wait_queued(fixture, 2);
        fixture_gate_open(fixture, &plug);
        fixture_job_join(&job);
        thing_join(&thing);
        CU_ASSERT_EQUAL((thing.status == APR_SUCCESS) + (job.status == APR_SUCCESS), 1);
        CU_ASSERT(thing.status == APR_SUCCESS ||
                  thing_is_refused(&thing, CIV_ECONFLICT, CIV_PROBLEM_KEY_REUSED));
        CU_ASSERT(job.status == APR_SUCCESS ||
                  (job.status == CIV_ECONFLICT && job.problem.kind == CIV_PROBLEM_KEY_REUSED));
        fixture_sql(fixture, "DELETE FROM civ_idempotency");
        fixture_sql(fixture, "DELETE FROM test_things");
    }
}

/* --- sealing of notes --- */

static void full_count_seals_notes(void)
{
    fixture_t *fixture = fixture_make();
    thing_t one = {.number = 1, .notes = 2}, other = {.number = 2};
    const civ_block_t *block;

    fixture->config.seal_count = 3;
    things_start(fixture);
    CU_ASSERT_EQUAL(thing_run(fixture, &one), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    CU_ASSERT_EQUAL(thing_run(fixture, &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT_EQUAL(things_waiting(fixture), 0);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 0);
    CU_ASSERT_EQUAL(fixture->moved_to.oldest_pending, 0);
    block = fixture_known_block(fixture, 1);
    CU_ASSERT_EQUAL_FATAL(block->header.entry_count, 3);
    CU_ASSERT_STRING_EQUAL(block->entries[0].data, NOTE(1));
    CU_ASSERT_STRING_EQUAL(block->entries[2].data, NOTE(2));
    CU_ASSERT(fixture_is_clean(fixture));
}

/* Many notes at once are not written twice; what waited before them comes with them. */
static void many_notes_are_sealed_at_once(void)
{
    fixture_t *fixture = fixture_make();
    thing_t few = {.number = 1, .notes = 31}, many = {.number = 2, .notes = 32};
    const civ_block_t *block;

    fixture->config.seal_count = 10000;
    things_start(fixture);
    CU_ASSERT_EQUAL(thing_run(fixture, &few), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    CU_ASSERT_EQUAL(things_waiting(fixture), 31);
    CU_ASSERT_EQUAL(thing_run(fixture, &many), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT_EQUAL(things_waiting(fixture), 0);
    block = fixture_known_block(fixture, 1);
    CU_ASSERT_EQUAL_FATAL(block->header.entry_count, 63);
    CU_ASSERT_STRING_EQUAL(block->entries[0].data, NOTE(1));
    CU_ASSERT(strstr(block->entries[62].data, "\"thing\":2,") != NULL);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* What was posted and what is noted are sealed together, in order; what is drained once is not sealed twice. */
static void notes_join_what_waits(void)
{
    fixture_t *fixture = fixture_make();
    thing_t things[] = {{.number = 1}, {.number = 2}, {.number = 3, .notes = 2}};
    fixture_job_t plug, jobs[2];
    int i;

    fixture->config.seal_count = 4;
    things_start(fixture);
    fixture_pend(fixture, "{\"n\":1}");
    memset(jobs, 0, sizeof(jobs));
    jobs[0] = (fixture_job_t){.kind = FIXTURE_SEAL};
    jobs[1] = (fixture_job_t){.kind = FIXTURE_PEND, .json = "{\"n\":2}"};
    fixture_gate_close(fixture, &plug);
    for (i = 0; i < 5; i++) {
        if (i < 2)
            thing_start(fixture, &things[i]);
        else if (i < 4)
            fixture_job_start(fixture, &jobs[i - 2]);
        else
            thing_start(fixture, &things[2]);
        fixture_wait_queued(fixture, i + 1);
    }
    fixture_gate_open(fixture, &plug);
    for (i = 0; i < 2; i++)
        fixture_job_join(&jobs[i]);
    for (i = 0; i < 3; i++)
        thing_join(&things[i]);
    /* Block 1 is the plug's, block 2 what was asked to be sealed; then come the five that wait, as one. */
    CU_ASSERT_EQUAL(jobs[0].status, APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[0].result.height, 2);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 3);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 2)->header.entry_count, 1);
    CU_ASSERT_EQUAL_FATAL(fixture_known_block(fixture, 3)->header.entry_count, 5);
    CU_ASSERT_STRING_EQUAL(fixture_known_block(fixture, 3)->entries[0].data, "{\"n\":2}");
    CU_ASSERT_STRING_EQUAL(fixture_known_block(fixture, 3)->entries[1].data, NOTE(1));
    CU_ASSERT_EQUAL(things_waiting(fixture), 0);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 0);
    CU_ASSERT(fixture_chain_is_sound(fixture));
    CU_ASSERT(fixture_is_clean(fixture));
}

static void time_seals_notes(void)
{
    fixture_t *fixture = fixture_make();
    thing_t thing = {.number = 1};

    fixture->config.seal_interval = 3600 * APR_USEC_PER_SEC;
    things_start(fixture);
    CU_ASSERT_EQUAL(thing_run(fixture, &thing), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
    fixture_sql(fixture, "UPDATE civ_pending SET received = received - 3600001");
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1);
    CU_ASSERT_STRING_EQUAL(fixture_known_block(fixture, 1)->entries[0].data, NOTE(1));
}

/* Mining for long does not happen while the change keeps others out: the housekeeper does it. */
static void hard_work_is_left_to_the_housekeeper(void)
{
    fixture_t *fixture = fixture_make();
    thing_t things[] = {{.number = 1}, {.number = 2, .key = "key"}, {.number = 3, .key = "key"}};

    fixture->config.seal_count = 2;
    things_start(fixture);
    fixture_close(fixture);
    fixture->config.difficulty = 17;
    CU_ASSERT_EQUAL_FATAL(things_open(fixture), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 1); /* the policy */
    things_batch(fixture, things, 3);
    CU_ASSERT(thing_is_told(&things[0], "thing 1", 0));
    CU_ASSERT(thing_is_told(&things[1], "thing 2", 0));
    CU_ASSERT(thing_is_told(&things[2], "thing 2", 1));
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 2); /* the plug's */
    CU_ASSERT_EQUAL(things_waiting(fixture), 2);
    CU_ASSERT_EQUAL(fixture->moved_to.pending, 2);
    CU_ASSERT_EQUAL(civ_ledger_maintain(fixture->ledger, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(fixture_head(fixture).height, 3);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 3)->header.entry_count, 2);
    CU_ASSERT_EQUAL(fixture_known_block(fixture, 3)->header.difficulty, 17);
    CU_ASSERT_EQUAL(things_waiting(fixture), 0);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* --- notes that cannot be entries --- */

static void bad_notes_are_refused(void)
{
    const char *const notes[] = {
        "",
        "[]",
        "{\"a\":1",
        "{\"a\": 1}",
        "{\"b\":1,\"a\":2}",
        "{\"type\":7}",
        "{\"difficulty\":0,\"type\":\"civarcos.policy\"}",
        "{\"action\":\"register\",\"type\":\"civarcos.validator\"}",
        "{\"type\":\"civarcos.genesis\"}",
        apr_pstrcat(test_pool(), "{\"a\":\"", apr_psprintf(test_pool(), "%065535d", 0), "\"}", NULL),
    };
    size_t i;

    for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        fixture_t *fixture = fixture_make();
        thing_t thing = {.number = 1, .note = notes[i]}, good = {.number = 2};

        fixture->config.seal_count = i % 2 + 1;
        things_start(fixture);
        thing_run(fixture, &thing);
        CU_ASSERT(thing_is_refused(&thing, CIV_EINVALID, CIV_PROBLEM_INTERNAL));
        CU_ASSERT_EQUAL(things_count(fixture) + things_admitted(fixture) + things_waiting(fixture), 0);
        CU_ASSERT_EQUAL(fixture_head(fixture).height, 0);
        CU_ASSERT_EQUAL(fixture_head(fixture).difficulty, 4);
        CU_ASSERT_EQUAL(thing_run(fixture, &good), APR_SUCCESS);
        CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
        CU_ASSERT(fixture_is_clean(fixture));
        fixture_close(fixture);
    }
}

static const test_case_t cases[] = {
    {"row_and_note_are_one_commit", row_and_note_are_one_commit},
    {"no_row_without_its_note", no_row_without_its_note},
    {"change_without_note_is_stored", change_without_note_is_stored},
    {"refused_change_keeps_its_admission", refused_change_keeps_its_admission},
    {"neighbours_are_not_disturbed", neighbours_are_not_disturbed},
    {"failure_fails_the_batch", failure_fails_the_batch},
    {"transaction_is_tried_again", transaction_is_tried_again},
    {"read_only_refuses", read_only_refuses},
    {"repeats_in_one_batch", repeats_in_one_batch},
    {"repeats_later_elsewhere_and_after_a_restart", repeats_later_elsewhere_and_after_a_restart},
    {"repeats_of_a_repeat", repeats_of_a_repeat},
    {"empty_answer_is_repeated", empty_answer_is_repeated},
    {"key_with_another_body_is_refused", key_with_another_body_is_refused},
    {"refused_change_does_not_take_the_key", refused_change_does_not_take_the_key},
    {"key_of_another_kind_is_refused", key_of_another_kind_is_refused},
    {"full_count_seals_notes", full_count_seals_notes},
    {"many_notes_are_sealed_at_once", many_notes_are_sealed_at_once},
    {"notes_join_what_waits", notes_join_what_waits},
    {"time_seals_notes", time_seals_notes},
    {"hard_work_is_left_to_the_housekeeper", hard_work_is_left_to_the_housekeeper},
    {"bad_notes_are_refused", bad_notes_are_refused},
    {NULL, NULL},
};

const test_suite_t ledger_transact_suite = {"ledger_transact", NULL, NULL, cases};
