/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ledger_settle.c
 * Commits whose answer does not come: what was stored is acknowledged, what was not is refused, and where nobody can tell,
 * that is said.
 */
#include "ledger_changes.h"

#include "support/cluster.h"
#include "support/database.h"
#include "support/proxy.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>

#define WAIT_SECONDS 20

static proxy_t *proxy;

/* A ledger at the other end of the wire. */
static fixture_t *make_behind_wire(void)
{
    fixture_t *fixture = fixture_make();

    if (proxy == NULL)
        proxy = proxy_start(database_cluster()->port);
    CU_ASSERT_PTR_NOT_NULL_FATAL(proxy);
    proxy->on_cut = NULL;
    fixture->store_config.parameters =
        database_parameters_as(fixture->database, CLUSTER_ROLE, "127.0.0.1", proxy->port, test_pool());
    return fixture;
}

static fixture_t *start_behind_wire(void)
{
    fixture_t *fixture = make_behind_wire();

    CU_ASSERT_EQUAL_FATAL(fixture_open(fixture), APR_SUCCESS);
    return fixture;
}

static void cut_next(proxy_cut_e cut)
{
    apr_atomic_set32(&proxy->cuts, 0);
    apr_atomic_set32(&proxy->cut, cut);
}

typedef struct attempt_t {
    fixture_t *fixture;
    int pends;
    apr_status_t status;
    civ_append_result_t result;
    civ_problem_t problem;
} attempt_t;

static void *try_it(void *baton)
{
    attempt_t *attempt = baton;
    civ_problem_t problem;
    civ_entry_t entry;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    civ_entry_read(&entry, "{\"n\":1}", 7, &problem, pool);
    attempt->status = attempt->pends ? civ_ledger_pend(attempt->fixture->ledger, &entry, 1, NULL,
                                                       &attempt->result, &attempt->problem, pool)
                                     : civ_ledger_append(attempt->fixture->ledger, &entry, 1, NULL,
                                                         &attempt->result, &attempt->problem, pool);
    if (attempt->status != APR_SUCCESS)
        attempt->problem.detail = apr_pstrdup(test_pool(), attempt->problem.detail);
    apr_pool_destroy(pool);
    return NULL;
}

static attempt_t attempt_with(fixture_t *fixture, int pends, proxy_cut_e cut)
{
    attempt_t attempt = {.fixture = fixture, .pends = pends};

    cut_next(cut);
    try_it(&attempt);
    CU_ASSERT_EQUAL(apr_atomic_read32(&proxy->cuts), cut != PROXY_PASS);
    return attempt;
}

static const char *blocks_of(const fixture_t *fixture)
{
    return fixture_value(fixture, "SELECT COUNT(*) FROM civ_blocks");
}

static void lost_request_is_refused(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt = attempt_with(fixture, 0, PROXY_CUT_BEFORE);

    CU_ASSERT_EQUAL(attempt.status, CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(attempt.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT(attempt.problem.retry_after > 0);
    CU_ASSERT_STRING_EQUAL(blocks_of(fixture), "1");
    attempt = attempt_with(fixture, 0, PROXY_PASS);
    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(attempt.result.height, 1);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void lost_answer_is_read_back(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt = attempt_with(fixture, 0, PROXY_CUT_AFTER);

    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(attempt.result.height, 1);
    CU_ASSERT_STRING_EQUAL(blocks_of(fixture), "2");
    /* It is known as the head, here and in the file. */
    attempt = attempt_with(fixture, 0, PROXY_PASS);
    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(attempt.result.height, 2);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
    CU_ASSERT(fixture_is_clean(fixture));
}

static int becomes_true(const char *sql)
{
    apr_time_t deadline = apr_time_now() + apr_time_from_sec(WAIT_SECONDS);
    const char *value;

    while ((value = cluster_sql(database_cluster(), sql)) != NULL && strcmp(value, "t") != 0) {
        if (apr_time_now() > deadline)
            return 0;
        apr_sleep(10000);
    }
    return value != NULL;
}

static void set_standby(const char *setting)
{
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), setting));
    CU_ASSERT_PTR_NOT_NULL(cluster_sql(database_cluster(), "SELECT pg_reload_conf()"));
    CU_ASSERT(becomes_true(strstr(setting, "RESET") != NULL
                               ? "SELECT current_setting('synchronous_standby_names') = ''"
                               : "SELECT current_setting('synchronous_standby_names') <> ''"));
}

/* The server has the order, works on it for long, and knows nothing of the client's fate. What cannot be seen yet is not
 * absent. */
static void commit_under_way_is_waited_for(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt = {.fixture = fixture};
    pthread_t thread;

    set_standby("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    cut_next(PROXY_CUT_DURING);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, try_it, &attempt), 0);
    CU_ASSERT(becomes_true("SELECT COUNT(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"));
    CU_ASSERT(becomes_true("SELECT COUNT(*) >= 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"));
    CU_ASSERT_STRING_EQUAL(blocks_of(fixture), "1");
    set_standby("ALTER SYSTEM RESET synchronous_standby_names");
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(attempt.result.height, 1);
    CU_ASSERT_STRING_EQUAL(blocks_of(fixture), "2");
    CU_ASSERT(fixture_is_clean(fixture));
}

/* As long as no standby confirms it the server waits, for ever; a client must not, nor all those behind it. */
static void commit_without_answer_is_given_up(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt;

    set_standby("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    attempt = attempt_with(fixture, 0, PROXY_PASS);
    set_standby("ALTER SYSTEM RESET synchronous_standby_names");
    CU_ASSERT_EQUAL(attempt.status, CIV_EUNSETTLED);
    CU_ASSERT_EQUAL(attempt.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    /* It was stored in the end, and that is no contradiction. */
    attempt = attempt_with(fixture, 0, PROXY_PASS);
    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(attempt.result.height, 2);
    CU_ASSERT(fixture_is_clean(fixture));
}

static void pending_is_read_back(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt = attempt_with(fixture, 1, PROXY_CUT_AFTER);

    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT_EQUAL(attempt.result.pending, 1);
    attempt = attempt_with(fixture, 1, PROXY_CUT_BEFORE);
    CU_ASSERT_EQUAL(attempt.status, CIV_EUNREACHABLE);
    CU_ASSERT_STRING_EQUAL(fixture_value(fixture, "SELECT COUNT(*) FROM civ_pending"), "1");
}

/* Waits for the end of the transaction that was cut, since that has changed the row. */
static void commit_as_another_host(void *baton)
{
    fixture_sql(baton, "UPDATE civ_head SET generation = generation + 1");
}

/* Another host was at work meanwhile: it may have sealed what waited, or there was nothing. */
static void undecidable_is_said(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt;

    proxy->on_cut = commit_as_another_host;
    proxy->baton = fixture;
    attempt = attempt_with(fixture, 1, PROXY_CUT_BEFORE);
    CU_ASSERT_EQUAL(attempt.status, CIV_EUNSETTLED);
    CU_ASSERT_EQUAL(attempt.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT(attempt.problem.retry_after > 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(attempt.problem.detail, "not known"));
}

static void crash_server(void *baton)
{
    cluster_stop(baton, SIGQUIT);
}

static void server_that_stays_away_is_said(void)
{
    fixture_t *fixture = start_behind_wire();
    attempt_t attempt;

    proxy->on_cut = crash_server;
    proxy->baton = database_cluster();
    attempt = attempt_with(fixture, 0, PROXY_CUT_DURING);
    CU_ASSERT_EQUAL(attempt.status, CIV_EUNSETTLED);
    CU_ASSERT_PTR_NOT_NULL(strstr(attempt.problem.detail, "not known"));
    CU_ASSERT_EQUAL_FATAL(cluster_start(database_cluster()), 0);
    attempt = attempt_with(fixture, 0, PROXY_PASS);
    CU_ASSERT_EQUAL(attempt.status, APR_SUCCESS);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* --- votes --- */

/* A validator, and block 2 for it to vote on. */
static fixture_t *start_with_voter(void)
{
    fixture_t *fixture = start_behind_wire();

    CU_ASSERT_EQUAL_FATAL(fixture_register(fixture, 1, 1), APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(fixture_append(fixture, "{\"n\":1}").height, 2);
    return fixture;
}

static apr_status_t vote_with(fixture_t *fixture, proxy_cut_e cut)
{
    apr_status_t status;

    cut_next(cut);
    status = fixture_vote(fixture, 1, 2, 1);
    CU_ASSERT_EQUAL(apr_atomic_read32(&proxy->cuts), cut != PROXY_PASS);
    return status;
}

static const char *votes_of(const fixture_t *fixture)
{
    return fixture_value(fixture, "SELECT COUNT(*) FROM civ_votes");
}

static void vote_is_read_back(void)
{
    fixture_t *fixture = start_with_voter();

    CU_ASSERT_EQUAL(vote_with(fixture, PROXY_CUT_BEFORE), CIV_EUNREACHABLE);
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "0");
    CU_ASSERT_EQUAL(vote_with(fixture, PROXY_CUT_AFTER), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "1");
    CU_ASSERT(fixture_is_clean(fixture));
}

typedef struct ballot_t {
    fixture_t *fixture;
    civ_vote_t vote;
    apr_status_t status;
    civ_problem_t problem;
} ballot_t;

static void *vote_it(void *baton)
{
    ballot_t *ballot = baton;
    civ_consensus_t consensus;
    civ_vote_result_e result;
    apr_pool_t *pool;
    int repeated;

    apr_pool_create(&pool, NULL);
    ballot->status = civ_ledger_vote(ballot->fixture->ledger, &ballot->vote, NULL, &consensus, &result,
                                     &repeated, &ballot->problem, pool);
    apr_pool_destroy(pool);
    return NULL;
}

/* What the server is still about to store must not be called refused. */
static void vote_under_way_is_waited_for(void)
{
    fixture_t *fixture = start_with_voter();
    ballot_t ballot = {.fixture = fixture};
    pthread_t thread;

    ballot.vote = fixture_signed_vote(fixture, 1, 2, 1);
    set_standby("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    cut_next(PROXY_CUT_DURING);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, vote_it, &ballot), 0);
    CU_ASSERT(becomes_true("SELECT COUNT(*) = 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"));
    CU_ASSERT(becomes_true("SELECT COUNT(*) >= 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"));
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "0");
    set_standby("ALTER SYSTEM RESET synchronous_standby_names");
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(ballot.status, APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "1");
    CU_ASSERT(fixture_is_clean(fixture));
}

static void vote_that_nobody_knows_of_is_said(void)
{
    fixture_t *fixture = start_with_voter();

    proxy->on_cut = crash_server;
    proxy->baton = database_cluster();
    CU_ASSERT_EQUAL(vote_with(fixture, PROXY_CUT_DURING), CIV_EUNSETTLED);
    CU_ASSERT_EQUAL_FATAL(cluster_start(database_cluster()), 0);
    CU_ASSERT_EQUAL(vote_with(fixture, PROXY_PASS), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "1");
    CU_ASSERT(fixture_is_clean(fixture));
}

/* The server gives up so many transactions with a vote, as it does where two wait for each other. */
static void give_up_votes(const fixture_t *fixture, int count)
{
    fixture_sql(fixture, "CREATE SEQUENCE given_up");
    fixture_sql(
        fixture,
        "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF nextval('given_up') <= %d THEN RAISE EXCEPTION 'given up' USING ERRCODE = '40P01'; END IF; "
        "RETURN NEW; END $$",
        count);
    fixture_sql(fixture,
                "CREATE TRIGGER give_up BEFORE INSERT ON civ_votes FOR EACH ROW EXECUTE FUNCTION give_up()");
}

static void vote_in_conflict_is_repeated(void)
{
    fixture_t *fixture = start_with_voter();

    give_up_votes(fixture, 3);
    CU_ASSERT_EQUAL(vote_with(fixture, PROXY_PASS), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "1");
}

static void vote_in_conflict_for_ever_is_refused(void)
{
    fixture_t *fixture = start_with_voter();
    ballot_t ballot = {.fixture = fixture};

    ballot.vote = fixture_signed_vote(fixture, 1, 2, 1);
    give_up_votes(fixture, 1000);
    vote_it(&ballot);
    CU_ASSERT_EQUAL(ballot.status, CIV_EBUSY);
    CU_ASSERT_EQUAL(ballot.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_STRING_EQUAL(votes_of(fixture), "0");
}

/* --- changes of other areas --- */

static apr_status_t change_with(fixture_t *fixture, thing_t *thing, proxy_cut_e cut)
{
    cut_next(cut);
    thing_run(fixture, thing);
    CU_ASSERT_EQUAL(apr_atomic_read32(&proxy->cuts), cut != PROXY_PASS);
    return thing->status;
}

static void change_is_read_back(void)
{
    fixture_t *fixture = things_start(make_behind_wire());
    thing_t lost = {.number = 1, .key = "key"}, stored = lost, again = lost;

    CU_ASSERT_EQUAL(change_with(fixture, &lost, PROXY_CUT_BEFORE), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(lost.problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(lost.commits, 0);
    CU_ASSERT_EQUAL(things_count(fixture) + things_waiting(fixture) + things_admitted(fixture), 0);
    CU_ASSERT_EQUAL(change_with(fixture, &stored, PROXY_CUT_AFTER), APR_SUCCESS);
    CU_ASSERT_EQUAL(stored.commits, 1);
    CU_ASSERT_STRING_EQUAL(stored.result.answer, "thing 1");
    CU_ASSERT_EQUAL(things_count(fixture), 1);
    CU_ASSERT_EQUAL(things_waiting(fixture), 1);
    CU_ASSERT_EQUAL(change_with(fixture, &again, PROXY_PASS), APR_SUCCESS);
    CU_ASSERT_EQUAL(again.result.repeated, 1);
    CU_ASSERT_EQUAL(fixture->integrity_lost, 0);
    CU_ASSERT(fixture_is_clean(fixture));
}

/* Where nobody at all has committed, it was not stored; else there is no telling, and a repeat finds out. */
static void change_without_note_is_told_by_commits(void)
{
    fixture_t *fixture = things_start(make_behind_wire());
    thing_t lost = {.number = 1, .key = "key", .silent = 1}, unsettled = lost, again = lost;

    CU_ASSERT_EQUAL(change_with(fixture, &lost, PROXY_CUT_BEFORE), CIV_EUNREACHABLE);
    CU_ASSERT_EQUAL(things_count(fixture), 0);
    CU_ASSERT_EQUAL(change_with(fixture, &unsettled, PROXY_CUT_AFTER), CIV_EUNSETTLED);
    CU_ASSERT_PTR_NOT_NULL(strstr(unsettled.problem.detail, "not known"));
    CU_ASSERT_EQUAL(unsettled.commits, 0);
    CU_ASSERT_EQUAL(things_count(fixture), 1);
    CU_ASSERT_EQUAL(change_with(fixture, &again, PROXY_PASS), APR_SUCCESS);
    CU_ASSERT_EQUAL(again.result.repeated, 1);
    CU_ASSERT_EQUAL(again.attempts, 0);
    CU_ASSERT_EQUAL(things_count(fixture), 1);
}

static const test_case_t cases[] = {
    {"lost_request_is_refused", lost_request_is_refused},
    {"lost_answer_is_read_back", lost_answer_is_read_back},
    {"commit_under_way_is_waited_for", commit_under_way_is_waited_for},
    {"commit_without_answer_is_given_up", commit_without_answer_is_given_up},
    {"pending_is_read_back", pending_is_read_back},
    {"undecidable_is_said", undecidable_is_said},
    {"server_that_stays_away_is_said", server_that_stays_away_is_said},
    {"vote_is_read_back", vote_is_read_back},
    {"vote_under_way_is_waited_for", vote_under_way_is_waited_for},
    {"vote_that_nobody_knows_of_is_said", vote_that_nobody_knows_of_is_said},
    {"vote_in_conflict_is_repeated", vote_in_conflict_is_repeated},
    {"vote_in_conflict_for_ever_is_refused", vote_in_conflict_for_ever_is_refused},
    {"change_is_read_back", change_is_read_back},
    {"change_without_note_is_told_by_commits", change_without_note_is_told_by_commits},
    {NULL, NULL},
};

const test_suite_t ledger_settle_suite = {"ledger_settle", NULL, NULL, cases};
