/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_push.c
 * Statuses that are set on commits: from the job to a real server and back.
 */
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "support/database.h"
#include "support/mock_platform.h"
#include "support/runner.h"
#include "sync/connectors.h"
#include "sync/fields.h"
#include "sync/push.h"
#include "unit/runner_fixture.h"
#include "unit/sync_fixture.h"

#define SHA "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"
#define LAST                                                                                                 \
    {                                                                                                        \
        NULL, 0, NULL, NULL, 0, MOCK_PLAIN, 0                                                                \
    }

static civ_problem_t problem;

/* --- a platform that takes statuses --- */

static apr_status_t push_status(const civ_sync_context_t *context, const civ_sync_push_t *push,
                                civ_sync_request_t *request, civ_problem_t *fault)
{
    const char *scope = civ_sync_fact(context, CIV_FACT_SCOPE);

    if (strcmp(push->state, "success") != 0) {
        civ_problem_set_at(fault, CIV_PROBLEM_INVALID_MEMBER, "/state", context->pool, "state is success");
        return CIV_EINVALID;
    }
    request->url = apr_pstrcat(context->pool, context->base, "/statuses/", push->sha, NULL);
    request->body = apr_psprintf(context->pool, "{\"context\":\"%s\",\"scope\":\"%s\"}", push->context,
                                 scope != NULL ? scope : "");
    return APR_SUCCESS;
}

static int is_there(const civ_sync_push_t *push, const civ_json_t *refusal)
{
    const char *message = civ_field_text(refusal, "message");

    (void)push;
    return message != NULL && strcmp(message, "It is there already") == 0;
}

static civ_connector_t pushing;

static civ_runner_t *make_runner(const civ_engine_t *engine, const char *url)
{
    pushing = sync_connector;
    pushing.push = push_status;
    pushing.is_pushed = is_there;
    return runner_make(engine, &pushing, url);
}

static civ_job_t ask(const civ_engine_t *engine, const char *context)
{
    civ_sync_push_t push = {SHA, "success", context, "a \"description\"", "https://ledger.example/x"};
    civ_job_wish_t wish = {"example", "team/project", 0, &push};
    civ_job_t *jobs;
    int total, repeated;

    CU_ASSERT_EQUAL(civ_jobs_ask(engine, &wish, 1, NULL, &jobs, &total, &repeated, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL_FATAL(total, 1);
    CU_ASSERT_EQUAL(jobs[0].action, CIV_JOB_PUSH);
    return jobs[0];
}

/* --- the cases --- */

static void test_status_is_set(void)
{
    static const mock_answer_t answers[] = {{"/statuses/" SHA, 201, NULL, "{\"id\":1}", 0, MOCK_PLAIN, 1},
                                            {"/statuses/" SHA, 200, NULL, "", 0, MOCK_PLAIN, 1},
                                            LAST};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_engine_t *engine = sync_engine("set.db");
    civ_runner_t *runner = make_runner(engine, mock_platform_url(mock));
    civ_job_t first = ask(engine, "one"), second = ask(engine, "one");
    int count;

    CU_ASSERT_NOT_EQUAL(first.number, second.number); /* the last one counts, but each is set */
    CU_ASSERT_EQUAL(database_do(unit_path("set.db"),
                                "INSERT INTO civ_sync_projects (project, platform, project_id, facts, run) "
                                "VALUES (1, 'example', 'team/project', '{\"scope\":\"42\"}', 0)"),
                    0);
    unit_log_reset();
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(runner_work(runner), APR_NOTFOUND);
    CU_ASSERT_EQUAL(job_now(engine, first.number).state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(job_now(engine, second.number).state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 2);
    CU_ASSERT_TRUE(mock_platform_has_seen(mock, "POST /statuses/" SHA " HTTP/1.1"));
    CU_ASSERT_TRUE(mock_platform_has_seen(mock, "{\"context\":\"one\",\"scope\":\"42\"}"));
    CU_ASSERT_TRUE(mock_platform_has_seen(mock, "Authorization: " RUNNER_TOKEN));
    CU_ASSERT_FALSE(unit_log_has(RUNNER_TOKEN));
    CU_ASSERT_STRING_EQUAL(connector_state(engine), CIV_CONNECTOR_UNTRIED);
    /* It goes with its job. */
    CU_ASSERT_EQUAL(sync_int("set.db", "SELECT COUNT(*) FROM civ_sync_pushes"), 2);
    CU_ASSERT_EQUAL(civ_jobs_forget(engine, -1000, &count, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(count, 2);
    CU_ASSERT_EQUAL(sync_int("set.db", "SELECT COUNT(*) FROM civ_sync_pushes"), 0);
    mock_platform_stop(mock);
}

/* What the platform says to it, and what becomes of the job and of the connector. */
static void test_refusals_are_told(void)
{
    static const struct {
        int status;
        const char *body;
        civ_job_state_e job;
        const char *connector;
    } refusals[] = {
        {422, "{\"message\":\"No commit found\"}", CIV_JOB_FAILED, CIV_CONNECTOR_UNTRIED},
        {400, "{\"message\":\"It is there already\"}", CIV_JOB_SUCCEEDED, CIV_CONNECTOR_UNTRIED},
        {409, "{\"message\":\"It is there already\"}", CIV_JOB_SUCCEEDED, CIV_CONNECTOR_UNTRIED},
        {409, "{\"message\":\"Conflict\"}", CIV_JOB_FAILED, CIV_CONNECTOR_UNTRIED},
        {400, "It is there already", CIV_JOB_FAILED, CIV_CONNECTOR_UNTRIED},
        {403, "{\"message\":\"Resource not accessible\"}", CIV_JOB_FAILED, CIV_CONNECTOR_UNTRIED},
        {404, "{\"message\":\"It is there already\"}", CIV_JOB_FAILED, CIV_CONNECTOR_UNTRIED},
        {401, "{\"message\":\"Bad credentials\"}", CIV_JOB_FAILED, CIV_CONNECTOR_AUTH_FAILED},
    };
    unsigned i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const mock_answer_t answers[] = {{NULL, refusals[i].status, NULL, refusals[i].body, 0, MOCK_PLAIN, 0},
                                         LAST};
        mock_platform_t *mock = mock_platform_start(answers);
        civ_engine_t *engine = sync_engine(apr_psprintf(test_pool(), "refused-%u.db", i));
        civ_runner_t *runner = make_runner(engine, mock_platform_url(mock));
        civ_job_t job = ask(engine, "one");

        unit_log_reset();
        CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
        job = job_now(engine, job.number);
        CU_ASSERT_EQUAL(job.state, refusals[i].job);
        CU_ASSERT_EQUAL(unit_log_has_at(CIV_LOG_WARNING, "CIV0723"), job.state == CIV_JOB_FAILED);
        CU_ASSERT_FALSE(unit_log_has("the platform says"));
        CU_ASSERT_EQUAL(job.reason[0] != '\0', job.state == CIV_JOB_FAILED);
        CU_ASSERT_PTR_NULL(strstr(job.reason, RUNNER_TOKEN));
        CU_ASSERT_STRING_EQUAL(connector_state(engine), refusals[i].connector);
        CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
        mock_platform_stop(mock);
    }
}

/* What is wrong only the platform knows. What it says is shown, but not whatever it says. */
static void test_platforms_words_are_shown(void)
{
    static const struct {
        int status;
        const char *body;
        const char *words; /* NULL: none */
    } answers[] = {
        {422,
         "{\"message\":\"No commit found for SHA: x\",\"documentation_url\":\"https://docs.example/rest\"}",
         "No commit found for SHA: x"},
        {422,
         "{\"message\":\"Validation "
         "Failed\",\"errors\":[{\"resource\":\"Status\",\"code\":\"custom\",\"message\":"
         "\"This SHA and context has reached the maximum number of statuses.\"}],\"status\":\"422\"}",
         "Validation Failed; This SHA and context has reached the maximum number of statuses."},
        {422, "{\"message\":\"Validation Failed\",\"errors\":[{\"field\":\"state\",\"code\":\"invalid\"}]}",
         "Validation Failed; code: invalid; field: state"},
        {400, "{\"message\":{\"name\":[\"is too long\"]}}", "name: is too long"},
        {400, "{\"error\":\"state does not have a valid value\"}", "state does not have a valid value"},
        {400,
         "{\"type\":\"error\",\"error\":{\"fields\":{\"key\":[\"Required.\"]},\"message\":\"Bad request\"}}",
         "Bad request; key: Required."},
        {403, "{\"message\":\"Resource not accessible by personal access token\"}",
         "Resource not accessible by personal access token"},
        {422, "{\"message\":\"bad\\u0000 \\u001b[31mred\\n\\ttext\\u0085\\u202e.\"}", "bad [31mred text."},
        {422, "{\"message\":\"by " RUNNER_TOKEN ", and again: " RUNNER_TOKEN RUNNER_TOKEN "\"}",
         "by [redacted], and again: [redacted][redacted]"},
        {422, "{\"message\":\"by tkn-81c0... who is jo@octo.example\"}", "by [redacted]... who is [e-mail]"},
        {422, "{\"message\":\"by tkn-81\\u0007c0ffee\"}", "by [redacted]"},
        {422, "no JSON, " RUNNER_TOKEN, NULL},
        {422, "[\"a list\"]", NULL},
        {422, "{\"message\":7}", NULL},
        {422, "", NULL},
        {401, "{\"message\":\"Bad credentials\"}", NULL},
    };
    unsigned i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        const mock_answer_t table[] = {{NULL, answers[i].status, NULL, answers[i].body, 0, MOCK_PLAIN, 0},
                                       LAST};
        const char *wanted = answers[i].words != NULL
                                 ? apr_pstrcat(test_pool(), "; the platform says: ", answers[i].words, NULL)
                                 : NULL;
        mock_platform_t *mock = mock_platform_start(table);
        civ_engine_t *engine = sync_engine(apr_psprintf(test_pool(), "words-%u.db", i));
        civ_runner_t *runner = make_runner(engine, mock_platform_url(mock));
        civ_job_t job = ask(engine, "one");
        const char *said;

        CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
        job = job_now(engine, job.number);
        said = strstr(job.reason, "; the platform says: ");
        CU_ASSERT_EQUAL(job.state, CIV_JOB_FAILED);
        CU_ASSERT_EQUAL(said != NULL, wanted != NULL);
        if (said != NULL && wanted != NULL && strcmp(said, wanted) != 0)
            test_note("%u: %s", i, said);
        if (said != NULL && wanted != NULL)
            CU_ASSERT_STRING_EQUAL(said, wanted);
        CU_ASSERT_PTR_NULL(strstr(job.reason, RUNNER_TOKEN));
        mock_platform_stop(mock);
    }
}

/* Three hundred characters, whole ones, and not more. */
static void test_platforms_words_are_bounded(void)
{
    char *text = apr_palloc(test_pool(), 200000);
    mock_answer_t table[] = {{NULL, 422, NULL, NULL, 0, MOCK_PLAIN, 0}, LAST};
    civ_engine_t *engine = sync_engine("bounded.db");
    mock_platform_t *mock;
    const char *said;
    civ_job_t job;
    int i;

    memcpy(text, "{\"message\":\"", 12);
    for (i = 12; i < 199990; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    memcpy(text + i, "\"}", 3);
    table[0].body = text;
    mock = mock_platform_start(table);
    job = ask(engine, "one");
    CU_ASSERT_EQUAL(runner_work(make_runner(engine, mock_platform_url(mock))), APR_SUCCESS);
    said = strstr(job_now(engine, job.number).reason, "says: ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(said);
    CU_ASSERT_EQUAL(strlen(said), 6 + 600 + 3);
    CU_ASSERT_STRING_EQUAL(said + strlen(said) - 5, "\xc3\xa9...");
    mock_platform_stop(mock);
}

/* A limit that is far off: the job waits for it, and not the worker. */
static void test_limits_are_waited_for(void)
{
    static const mock_answer_t limited[] = {
        {NULL, 429, "Content-Type: application/json\r\nRetry-After: 7200\r\n", "{}", 0, MOCK_PLAIN, 0}, LAST};
    static const mock_answer_t open[] = {{NULL, 201, NULL, "{}", 0, MOCK_PLAIN, 0}, LAST};
    mock_platform_t *mock = mock_platform_start(limited);
    civ_engine_t *engine = sync_engine("limits.db");
    civ_runner_t *runner = make_runner(engine, mock_platform_url(mock));
    civ_job_t first = ask(engine, "one"), second = ask(engine, "two");
    apr_int64_t now = civ_timestamp_now();

    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    first = job_now(engine, first.number);
    CU_ASSERT_EQUAL(first.state, CIV_JOB_QUEUED);
    CU_ASSERT_TRUE(first.not_before > now + 1000000);
    /* The one behind it does not overtake it. */
    CU_ASSERT_EQUAL(runner_work(runner), APR_NOTFOUND);
    CU_ASSERT_EQUAL(job_now(engine, second.number).state, CIV_JOB_QUEUED);
    mock_platform_set_answers(mock, open);
    runner = make_runner(engine, mock_platform_url(mock));
    CU_ASSERT_EQUAL(database_do(unit_path("limits.db"), "UPDATE civ_sync_jobs SET not_before = 1"), 0);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, first.number).state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, second.number).state, CIV_JOB_SUCCEEDED);
    mock_platform_stop(mock);
}

/* Of one project they are set one after the other; nothing else waits for them, nor they for anything else. */
static void test_order_is_kept(void)
{
    civ_engine_t *engine = sync_engine("order.db");
    civ_job_t read, first, second, job, other;

    first = ask(engine, "one");
    second = ask(engine, "two");
    /* What waits to be pushed is no synchronisation. */
    CU_ASSERT_EQUAL(civ_job_add(engine, "example", "team/project", 0, &read, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(read.action, CIV_JOB_SYNC);
    CU_ASSERT_EQUAL(job_claim(engine, "w1", &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.number, first.number);
    CU_ASSERT_EQUAL(job.action, CIV_JOB_PUSH);
    CU_ASSERT_EQUAL(job_claim(engine, "w2", &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(other.number, read.number);
    CU_ASSERT_EQUAL(job_claim(engine, "w3", &other), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_push_end(engine, &job, CIV_JOB_FAILED, 0, "no", &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_claim(engine, "w3", &other), APR_SUCCESS);
    CU_ASSERT_EQUAL(other.number, second.number);
}

/* A worker that died after the platform had it: the next one sets it again. */
static void test_dead_worker_is_succeeded(void)
{
    static const mock_answer_t answers[] = {{NULL, 201, NULL, "{}", 0, MOCK_PLAIN, 0}, LAST};
    mock_platform_t *mock = mock_platform_start(answers);
    civ_engine_t *engine = sync_engine("dead-push.db");
    civ_runner_t *runner = make_runner(engine, mock_platform_url(mock));
    civ_job_t job, dead = ask(engine, "one");

    CU_ASSERT_EQUAL(job_claim(engine, "dead", &dead), APR_SUCCESS);
    CU_ASSERT_EQUAL(runner_work(runner), APR_NOTFOUND);
    CU_ASSERT_EQUAL(database_do(unit_path("dead-push.db"), "UPDATE civ_sync_jobs SET lease_until = 1"), 0);
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    job = job_now(engine, dead.number);
    CU_ASSERT_EQUAL(job.state, CIV_JOB_SUCCEEDED);
    CU_ASSERT_EQUAL(civ_push_end(engine, &dead, CIV_JOB_FAILED, 0, "late", &problem, test_pool()),
                    CIV_ECONFLICT);
    CU_ASSERT_EQUAL(mock_platform_count(mock), 1);
    mock_platform_stop(mock);
}

static void test_stopped_job_is_given_back(void)
{
    static const mock_answer_t silent[] = {{NULL, 200, NULL, "", 0, MOCK_SILENT, 0}, LAST};
    mock_platform_t *mock = mock_platform_start(silent);
    civ_engine_t *engine = sync_engine("stopped-push.db");
    civ_runner_t *runner = make_runner(engine, mock_platform_url(mock));
    civ_job_t job = ask(engine, "one");

    runner_end_at = 4;
    CU_ASSERT_EQUAL(runner_work(runner), APR_SUCCESS);
    CU_ASSERT_EQUAL(job_now(engine, job.number).state, CIV_JOB_QUEUED);
    CU_ASSERT_EQUAL(job_now(engine, job.number).not_before, 0);
    mock_platform_stop(mock);
}

/* Before there is a job. */
static void test_impossible_ones_are_refused(void)
{
    static const struct {
        civ_sync_push_t push;
        const char *pointer;
    } bad[] = {
        {{"main", "success", "c", NULL, NULL}, "/sha"},
        {{"0D1A26E67D8F5EAF1F6BA5C57FC3C7D91AC0FD1C", "success", "c", NULL, NULL}, "/sha"},
        {{SHA, "sucess", "c", NULL, NULL}, "/state"},
        {{SHA, "success", "", NULL, NULL}, "/context"},
        {{SHA, "success", "a\nb", NULL, NULL}, "/context"},
        {{SHA, "success", "c", "a\nb", NULL}, "/description"},
        {{SHA, "success", "c", NULL, ""}, "/target_url"},
        {{SHA, "success", "c", NULL, "/x"}, "/target_url"},
        {{SHA, "success", "c", NULL, "https://user:secret@x.example/"}, "/target_url"},
    };
    civ_sync_push_t good = {SHA, "success", "c", "", "https://x.example/?a=b"};
    civ_engine_t *engine = sync_engine("impossible-push.db");
    unsigned i;

    make_runner(engine, "http://127.0.0.1:9");
    CU_ASSERT_EQUAL(civ_push_check(engine, &pushing, "Example", "p", &good, &problem, test_pool()),
                    APR_SUCCESS);
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        memset(&problem, 0, sizeof(problem));
        CU_ASSERT_EQUAL(civ_push_check(engine, &pushing, "Example", "p", &bad[i].push, &problem, test_pool()),
                        CIV_EINVALID);
        CU_ASSERT_STRING_EQUAL(problem.pointer, bad[i].pointer);
    }
    CU_ASSERT_EQUAL(civ_push_check(engine, &sync_connector, "Example", "p", &good, &problem, test_pool()),
                    CIV_EINVALID);
    CU_ASSERT_STRING_EQUAL(problem.pointer, "/platform");
}

static const test_case_t cases[] = {
    {"status_is_set", test_status_is_set},
    {"refusals_are_told", test_refusals_are_told},
    {"platforms_words_are_shown", test_platforms_words_are_shown},
    {"platforms_words_are_bounded", test_platforms_words_are_bounded},
    {"limits_are_waited_for", test_limits_are_waited_for},
    {"order_is_kept", test_order_is_kept},
    {"dead_worker_is_succeeded", test_dead_worker_is_succeeded},
    {"stopped_job_is_given_back", test_stopped_job_is_given_back},
    {"impossible_ones_are_refused", test_impossible_ones_are_refused},
    {NULL, NULL},
};
const test_suite_t sync_push_suite = {"push", unit_folder_make, unit_folder_remove, cases};
