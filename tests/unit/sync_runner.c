/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_runner.c
 * Jobs from beginning to end, over HTTP, against a real server.
 */
#include <apr_strings.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/seal.h"
#include "support/database.h"
#include "support/mock_platform.h"
#include "support/runner.h"
#include "sync/connectors.h"
#include "unit/runner_fixture.h"
#include "unit/sync_fixture.h"

#define JSON NULL
#define LAST                                                                                                 \
    {                                                                                                        \
        NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0                                                                \
    }
#define ROW(target, headers, body)                                                                           \
    {                                                                                                        \
        target, 200, headers, body, 0, MOCK_PLAIN, 0                                                         \
    }
#define LINK(to) "Content-Type: application/json\r\nLink: <http://{self}" to ">; rel=\"next\"\r\n"
#define ITEM(id) "{\"id\":" id ",\"at\":\"2026-03-29T10:00:00Z\",\"state\":\"closed\"}"

static const mock_answer_t answers[] = {
    ROW("/project", JSON, "{\"id\":42}"),
    ROW("/issues", LINK("/issues?page=2"), "[" ITEM("1") "]"),
    ROW("/issues?page=2", LINK("/issues?page=3"), "[" ITEM("2") "]"),
    ROW("/issues?page=3", JSON, "[" ITEM("3") "]"),
    ROW("/metrics", JSON, "[]"),
    ROW("/folder", JSON, "[]"),
    ROW("/commits", JSON, "[]"),
    ROW(NULL, JSON, "{\"total\":0,\"runs\":[]}"),
    LAST,
};
#define REQUESTS 8

static civ_problem_t problem;

static int dying(void *baton)
{
    (void)baton;
    if (++runner_calls == runner_end_at)
        kill(getpid(), SIGKILL);
    return 0;
}

static void test_job_is_done(void)
{
    mock_platform_t *mock = mock_platform_start(answers);
    civ_engine_t *engine = sync_engine("done.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");

    unit_log_reset();
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(runner_work(runner), APR_NOTFOUND);
    job = job_now(engine, job.number);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(job.items, 3);
    CU_ASSERT_TRUE(job.run > 0);
    CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_READY);
    CU_ASSERT_EQUAL(mock_platform_count(mock), REQUESTS);
    CU_ASSERT_TRUE(mock_platform_has_seen(mock, "Authorization: " RUNNER_TOKEN));
    CU_ASSERT_FALSE(unit_log_has(RUNNER_TOKEN));
    CU_ASSERT_EQUAL(sync_int("done.db", "SELECT COUNT(*) FROM civ_timeline_items"), 3);
    CU_ASSERT_EQUAL(civ_runner_tend(runner, test_pool()), APR_SUCCESS);
    mock_platform_stop(mock);
}

static void test_refused_token_fails_the_job(void)
{
    static const mock_answer_t refusal[] = {
        {NULL, 401, NULL, "{\"message\":\"Bad credentials\"}", 0, MOCK_PLAIN, 0}, LAST};
    mock_platform_t *mock = mock_platform_start(refusal);
    civ_engine_t *engine = sync_engine("refused.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");

    unit_log_reset();
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    job = job_now(engine, job.number);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_FAILED);
    CU_ASSERT_TRUE(job.reason[0] != '\0');
    CU_ASSERT_PTR_NULL(strstr(job.reason, RUNNER_TOKEN));
    CU_ASSERT_TRUE(
        unit_log_has_at(CIV_LOG_WARNING, "CIV0720: synchronisation of example team/project: auth_failed"));
    CU_ASSERT_FALSE(unit_log_has(RUNNER_TOKEN));
    CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_AUTH_FAILED);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
    mock_platform_stop(mock);
}

static const char *reason_after(const mock_answer_t *table, const char *name, const char *project_id)
{
    mock_platform_t *platform = mock_platform_start(table);
    civ_engine_t *engine = sync_engine(name);
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(platform));
    civ_connector_row_t row;
    civ_job_t job;

    job = job_add(engine, project_id);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    mock_platform_stop(platform);
    CU_ASSERT_EQUAL(civ_connector_get(engine, "example", &row, test_pool()), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(job_now(engine, job.number).reason, row.reason);
    return row.reason;
}

/* What is not there, and what is missing, is called by its name. */
static void test_reasons_name_what_they_are_about(void)
{
    static const mock_answer_t nothing[] = {{NULL, 404, NULL, "{}", 0, MOCK_PLAIN, 0}, LAST};
    static const mock_answer_t two_missing[] = {
        ROW("/project", JSON, "{\"id\":42}"),
        {"/issues", 403, NULL, "{}", 0, MOCK_PLAIN, 0},
        {"/metrics", 403, NULL, "{}", 0, MOCK_PLAIN, 0},
        ROW("/folder", JSON, "[]"),
        ROW("/commits", JSON, "[]"),
        ROW(NULL, JSON, "{\"total\":0,\"runs\":[]}"),
        LAST,
    };
    const char *reason = reason_after(nothing, "no-project.db", "team/project");

    CU_ASSERT_STRING_EQUAL(
        reason, "project \"team/project\" is not there, or hidden from this credential (status 404)");
    reason = reason_after(nothing, "no-root.db", "");
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "/project is not there (status 404): is base_url right?"));
    reason = reason_after(two_missing, "two-missing.db", "team/project");
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "issue: the credential does not permit this (status 403)"));
    CU_ASSERT_PTR_NOT_NULL(strstr(reason, "; incomplete as well: metric"));
}

/* What was put off for one token's sake need not wait with another one; with the same it waits, and asks nothing. */
static void test_other_token_is_not_held_back(void)
{
    static const mock_answer_t busy[] = {{NULL, 429, "Retry-After: 3600\r\n", "{}", 0, MOCK_PLAIN, 0}, LAST};
    mock_platform_t *mock = mock_platform_start(busy);
    civ_engine_t *engine = sync_engine("token.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");

    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_QUEUED);
    CU_ASSERT_EQUAL(runner_work(runner), APR_NOTFOUND);
    runner_configure(runner, mock_platform_url(mock), RUNNER_TOKEN);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_QUEUED);
    CU_ASSERT_EQUAL(runner_work(runner), APR_NOTFOUND);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
    mock_platform_set_answers(mock, answers);
    runner_configure(runner, mock_platform_url(mock), "tkn-another");
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_READY);
    mock_platform_stop(mock);
}

/* What the tool itself was not allowed says nothing of the connector, and the tool's user is told what to do. */
static void test_guests_rules_are_its_own(void)
{
    static const char *const names[] = {"http://127.0.0.1:9", "https://127.0.0.1", "https://localhost"};
    civ_engine_t *engine = sync_engine("guest.db");
    civ_egress_config_t rules = {0};
    const char *error = NULL;
    civ_runner_t *runner;
    civ_egress_t *egress;
    unsigned i;

    CU_ASSERT_EQUAL_FATAL(civ_egress_create(&egress, &rules, &error, test_pool()), APR_SUCCESS);
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        civ_job_t job;

        runner = runner_make(engine, &sync_connector, names[i]);
        runner->is_guest = 1;
        runner->egress = egress;
        job = job_add(engine, "team/project");
        unit_log_reset();
        CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
        /* It is the tool that tells its user, once. */
        CU_ASSERT_FALSE(unit_log_has("CIV0721"));
        job = job_now(engine, job.number);
        CU_ASSERT_EQUAL(job.state, CIV_JOB_FAILED);
        CU_ASSERT_PTR_NOT_NULL(strstr(job.reason, "--egress-allow"));
        CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_UNTRIED);
        /* A worker's rules are the server's. */
        runner->is_guest = 0;
        job = job_add(engine, "team/project");
        CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
        CU_ASSERT_PTR_NULL(strstr(job_now(engine, job.number).reason, "--egress-allow"));
        CU_ASSERT_TRUE(unit_log_has(" (example team/project) cannot be done: "));
        CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_FAILED);
    }
}

static void test_impossible_job_is_refused(void)
{
    civ_engine_t *engine = sync_engine("impossible.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, "http://127.0.0.1:9");
    civ_seal_key_t *key;
    civ_job_t job;

    CU_ASSERT_EQUAL(civ_job_add(engine, "nowhere", "x", 0, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_FAILED);
    CU_ASSERT_EQUAL(civ_connector_remove(engine, "example", &problem, test_pool()), APR_SUCCESS);
    job = job_add(engine, "team/project");
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_STRING_EQUAL(job_now(engine, job.number).reason, "This platform is not configured");
    job = job_add(engine, "");
    unit_log_reset();
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_TRUE(unit_log_has(" (example, test of the connection) cannot be done: This platform"));
    /* Its credentials were sealed with a key that is not there any more. */
    runner = runner_make(engine, &sync_connector, "http://127.0.0.1:9");
    CU_ASSERT_EQUAL(civ_seal_key_make(&key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_seal_key_replace(key, engine->key_file, test_pool()), APR_SUCCESS);
    job = job_add(engine, "team/project");
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_FAILED);
    CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_FAILED);
}

/* Told to end between two pages, it gives the job back; the next worker does the rest and nothing twice. */
static void test_stopped_job_is_given_back(void)
{
    mock_platform_t *mock = mock_platform_start(answers);
    civ_engine_t *engine = sync_engine("back.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");
    int asked;

    do {
        runner_calls = 0;
        runner_end_at++;
        CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
        asked = mock_platform_count(mock);
        CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_QUEUED);
    } while (asked < 3 && runner_end_at < 1000);
    CU_ASSERT_STRING_EQUAL(job_now(engine, job.number).worker, "test");
    runner_end_at = 0;
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(sync_int("back.db", "SELECT COUNT(*) FROM civ_timeline_items"), 3);
    mock_platform_stop(mock);
}

typedef struct victim_t {
    const char *name;
    const mock_platform_t *mock; /**< here so that valgrind finds it in the child's memory, too */
    int at;
} victim_t;

static int work_and_die(void *baton)
{
    const victim_t *victim = baton;
    civ_runner_t *runner =
        runner_make(sync_engine(victim->name), &sync_connector, mock_platform_url(victim->mock));

    runner->stopping = dying;
    runner_end_at = victim->at;
    return runner_work(runner) == APR_SUCCESS ? 0 : 1;
}

/* Killed wherever it may be asked whether it is to end: between pages, in the middle of an answer. */
static void test_killed_job_is_taken_over(void)
{
    mock_platform_t *mock = mock_platform_start(answers);
    int at, result = -1;

    for (at = 1; at < 400 && result != 0; at += test_is_slow() ? 30 : at < 12 ? 1 : 9) {
        victim_t victim = {apr_psprintf(test_pool(), "victim-%d.db", at), mock, at};
        civ_engine_t *engine = sync_engine(victim.name);
        civ_job_t job = job_add(engine, "team/project");

        result = unit_in_child(work_and_die, &victim);
        CU_ASSERT_EQUAL(
            database_do(unit_path(victim.name), "UPDATE civ_sync_jobs SET lease_until = 1 WHERE state = 1"),
            0);
        CU_ASSERT_EQUAL(runner_work(runner_make(engine, &sync_connector, mock_platform_url(mock))),
                        result == 0 ? APR_NOTFOUND : APR_SUCCESS);
        CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_SUCCEEDED);
        CU_ASSERT_EQUAL(sync_int(victim.name, "SELECT COUNT(*) FROM civ_timeline_items"), 3);
        CU_ASSERT_EQUAL(sync_int(victim.name, "SELECT COUNT(*) FROM civ_sync_runs WHERE outcome = 'ok'"), 1);
    }
    CU_ASSERT_EQUAL(result, 0);
    mock_platform_stop(mock);
}

static const civ_engine_t *cancelling;
static apr_int64_t cancelled;

static int cancel_once(void *baton)
{
    civ_job_t job;

    (void)baton;
    if (runner_calls++ == 3)
        CU_ASSERT_EQUAL(civ_job_cancel(cancelling, cancelled, &job, &problem, test_pool()), APR_SUCCESS);
    return 0;
}

/* Also in the middle of a request that is never answered. */
static void test_cancelled_job_ends(void)
{
    static const mock_answer_t silent[] = {{NULL, 200, NULL, "", 0, MOCK_SILENT, 0}, LAST};
    mock_platform_t *mock = mock_platform_start(silent);
    civ_engine_t *engine = sync_engine("cancelled.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");

    cancelling = engine;
    cancelled = job.number;
    runner->stopping = cancel_once;
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_CANCELLED);
    mock_platform_stop(mock);
}

static int steal_once(void *baton)
{
    const char *name = baton;

    if (runner_calls++ == 8)
        CU_ASSERT_EQUAL(
            database_do(unit_path(name), "UPDATE civ_sync_jobs SET lease = lease + 1, worker = 'thief'"), 0);
    return 0;
}

/* Whoever has lost its job to another writes nothing more, and does not say that it is done. */
static void test_stolen_job_is_left_alone(void)
{
    static char name[] = "stolen.db";
    mock_platform_t *mock = mock_platform_start(answers);
    civ_engine_t *engine = sync_engine(name);
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");

    runner->stopping = steal_once;
    runner->baton = name;
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_TRUE(runner_calls > 8);
    job = job_now(engine, job.number);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_RUNNING);
    CU_ASSERT_STRING_EQUAL(job.worker, "thief");
    CU_ASSERT_EQUAL(sync_int("stolen.db", "SELECT COUNT(*) FROM civ_sync_runs WHERE outcome = 'running'"), 1);
    CU_ASSERT_TRUE(unit_log_has("CIV0722"));
    mock_platform_stop(mock);
}

/* Somebody waits for a test: ten seconds, and not as long as a run would. */
static void test_connection_test_is_short(void)
{
    static const mock_answer_t slow[] = {
        {NULL, 503, "Content-Type: application/json\r\nRetry-After: 11\r\n", "{}", 0, MOCK_PLAIN, 1},
        ROW(NULL, JSON, "{}"),
        LAST,
    };
    const char *reason;

    unit_log_reset();
    reason = reason_after(slow, "short.db", "");
    CU_ASSERT_TRUE(unit_log_has_at(CIV_LOG_WARNING, "CIV0724"));
    CU_ASSERT_FALSE(unit_log_has("CIV0723"));
    CU_ASSERT_STRING_EQUAL(reason, "the server failed (status 503)");
}

typedef struct listener_t {
    const civ_engine_t *engine;
    apr_int64_t number;
    civ_job_t heard; /* as it was with a fault */
    int is_over;     /* and it has been at work without one since */
} listener_t;

static int listen_for_fault(void *baton)
{
    listener_t *listener = baton;
    civ_job_t job = job_now(listener->engine, listener->number);

    if (job.state == CIV_JOB_RUNNING && job.fault[0] != '\0')
        listener->heard = job;
    else if (job.state == CIV_JOB_RUNNING && listener->heard.fault != NULL)
        listener->is_over = 1;
    return 0;
}

/* While a request is repeated its job says why; after the next success no more. */
static void test_fault_is_told_while_it_is_tried_again(void)
{
    static const mock_answer_t troubled[] = {
        ROW("/project", JSON, "{\"id\":42}"),
        {"/issues", 503, "Content-Type: application/json\r\nRetry-After: 2\r\n", "{}", 0, MOCK_PLAIN, 1},
        ROW("/issues", LINK("/issues?page=2"), "[" ITEM("1") "]"),
        ROW("/issues?page=2", JSON, "[" ITEM("2") "]"),
        ROW("/metrics", JSON, "[]"),
        ROW("/folder", JSON, "[]"),
        ROW("/commits", JSON, "[]"),
        ROW(NULL, JSON, "{\"total\":0,\"runs\":[]}"),
        LAST,
    };
    mock_platform_t *mock = mock_platform_start(troubled);
    civ_engine_t *engine = sync_engine("fault.db");
    civ_runner_t *runner = runner_make(engine, &sync_connector, mock_platform_url(mock));
    civ_job_t job = job_add(engine, "team/project");
    listener_t listener = {engine, job.number, {0}, 0};

    CU_ASSERT_STRING_EQUAL(job.fault, "");
    runner->stopping = listen_for_fault;
    runner->baton = &listener;
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(listener.heard.fault);
    CU_ASSERT_STRING_EQUAL(listener.heard.fault, "the server failed (status 503)");
    CU_ASSERT_TRUE(listener.heard.faulted >= job.asked);
    CU_ASSERT_TRUE(listener.is_over);
    job = job_now(engine, job.number);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_STRING_EQUAL(job.fault, "");
    CU_ASSERT_EQUAL(job.faulted, 0);
    mock_platform_stop(mock);
}

static const test_case_t cases[] = {
    {"job_is_done", test_job_is_done},
    {"refused_token_fails_the_job", test_refused_token_fails_the_job},
    {"reasons_name_what_they_are_about", test_reasons_name_what_they_are_about},
    {"other_token_is_not_held_back", test_other_token_is_not_held_back},
    {"guests_rules_are_its_own", test_guests_rules_are_its_own},
    {"impossible_job_is_refused", test_impossible_job_is_refused},
    {"stopped_job_is_given_back", test_stopped_job_is_given_back},
    {"killed_job_is_taken_over", test_killed_job_is_taken_over},
    {"stolen_job_is_left_alone", test_stolen_job_is_left_alone},
    {"cancelled_job_ends", test_cancelled_job_ends},
    {"connection_test_is_short", test_connection_test_is_short},
    {"fault_is_told_while_it_is_tried_again", test_fault_is_told_while_it_is_tried_again},
    {NULL, NULL},
};
const test_suite_t sync_runner_suite = {"runner", unit_folder_make, unit_folder_remove, cases};
