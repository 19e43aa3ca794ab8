/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_webhook.c
 * What deliveries say, and what is done with them.
 */
#include <apr_strings.h>
#include <string.h>
#include <sys/resource.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "support/database.h"
#include "support/runner.h"
#include "sync/schedules.h"
#include "unit/runner_fixture.h"
#include "unit/sync_fixture.h"
#include "unit/sync_webhooks.h"

static civ_problem_t problem;

static const char *find_header(const void *baton, const char *name)
{
    const char *line = baton;
    apr_size_t length = strlen(name);

    while (*line != '\0') {
        apr_size_t whole = strcspn(line, "\n");

        if (strncasecmp(line, name, length) == 0 && line[length] == ':')
            return apr_pstrmemdup(test_pool(), line + length + 2, whole - length - 2);
        line += whole + (line[whole] == '\n');
    }
    return NULL;
}

civ_webhook_t sync_webhook(const char *headers, const char *body)
{
    civ_webhook_t webhook = {find_header, headers, body, strlen(body), SYNC_NOW};

    return webhook;
}

/* --- reading --- */

static civ_webhook_hint_t hint_of(const char *platform, const char *headers, const char *body)
{
    civ_webhook_t webhook = sync_webhook(headers, body);
    civ_webhook_hint_t hint;

    CU_ASSERT_EQUAL(civ_webhook_read(&hint, platform, &webhook, &problem, test_pool()), APR_SUCCESS);
    return hint;
}

static const char *names_of(const civ_webhook_hint_t *hint)
{
    const char *text = "";
    int i;

    for (i = 0; i < hint->name_count; i++)
        text = apr_pstrcat(test_pool(), text, i > 0 ? " " : "", hint->names[i], NULL);
    return text;
}

static void test_projects_are_found(void)
{
    static const struct {
        const char *platform, *headers, *body, *names;
        int is_relevant;
    } deliveries[] = {
        {"github", "X-GitHub-Event: push", "{\"repository\":{\"id\":7,\"full_name\":\"o/r\"}}", "o/r 7", 1},
        {"github", "X-GitHub-Event: pull_request_review", "{\"repository\":{\"id\":7,\"full_name\":\"o/r\"}}",
         "o/r 7", 1},
        {"github", "X-GitHub-Event: star", "{\"repository\":{\"id\":7,\"full_name\":\"o/r\"}}", "o/r 7", 0},
        {"github", "X-GitHub-Event: ping", "{\"repository\":{\"id\":7,\"full_name\":\"o/r\"}}", "o/r 7", 0},
        {"github", "", "{\"repository\":{\"id\":7}}", "7", 0},
        {"github", "X-GitHub-Event: push", "{\"repository\":[{\"id\":7}]}", "", 1},
        {"github", "X-GitHub-Event: push\nContent-Type: application/x-www-form-urlencoded",
         "a=b&payload=%7B%22repository%22%3A%7B%22full_name%22%3A%22o%2Fr%22%7D%7D&c", "o/r", 1},
        {"gitlab", "X-Gitlab-Event: Pipeline Hook",
         "{\"project\":{\"id\":15,\"path_with_namespace\":\"g/s/p\"}}", "g/s/p 15", 1},
        {"gitlab", "X-Gitlab-Event: Job Hook", "{\"project_id\":15}", "15", 1},
        {"gitlab", "X-Gitlab-Event: Wiki Page Hook", "{\"project_id\":15}", "15", 0},
        {"bitbucket", "X-Event-Key: repo:push", "{\"repository\":{\"uuid\":\"{ab}\",\"full_name\":\"w/r\"}}",
         "w/r {ab}", 1},
        {"bitbucket", "X-Event-Key: repo:fork", "{\"repository\":{\"full_name\":\"w/r\"}}", "w/r", 0},
        {"azure_devops", "",
         "{\"id\":\"x\",\"eventType\":\"build.complete\",\"resourceContainers\":{\"project\":{\"id\":\"G\"}},"
         "\"resource\":{\"project\":{\"name\":\"P\"}}}",
         "G P", 1},
        {"azure_devops", "",
         "{\"eventType\":\"workitem.created\",\"resource\":{\"fields\":{\"System.TeamProject\":\"P\"}}}", "P",
         1},
        {"azure_devops", "", "{\"eventType\":\"message.posted\"}", "", 0},
        {"jenkins", "", "{\"name\":\"b\",\"url\":\"job/a/job/b/\",\"build\":{\"number\":3}}", "a/b", 1},
        {"jenkins", "",
         "{\"build\":{\"full_url\":\"https://job/ci/job/a/job/feature%252Fx/18/\",\"number\":18}}",
         "a/feature%2Fx", 1},
        {"jenkins", "", "{\"project_id\":\"a/b\"}", "a/b", 1},
        {"jenkins", "", "{\"url\":\"https://job/\"}", "", 1},
        {"circle_ci", "circleci-event-type: workflow-completed",
         "{\"project\":{\"id\":\"u\",\"slug\":\"github/o/r\"}}", "github/o/r u gh/o/r", 1},
        {"circle_ci", "", "{\"type\":\"job-completed\",\"project\":{\"slug\":\"bb/o/r\"}}",
         "bb/o/r bitbucket/o/r", 1},
        {"circle_ci", "", "{\"type\":\"ping\"}", "", 0},
    };
    unsigned i;

    for (i = 0; i < sizeof(deliveries) / sizeof(deliveries[0]); i++) {
        civ_webhook_hint_t hint = hint_of(deliveries[i].platform, deliveries[i].headers, deliveries[i].body);

        CU_ASSERT_STRING_EQUAL(names_of(&hint), deliveries[i].names);
        if (strcmp(names_of(&hint), deliveries[i].names) != 0)
            test_note("%s: %s", deliveries[i].body, names_of(&hint));
        CU_ASSERT_EQUAL(hint.is_relevant, deliveries[i].is_relevant);
    }
}

/* The most memory that there was so far, in KiB. */
static long memory_peak(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* What a delivery costs grows no faster than the delivery. */
static void test_long_paths_of_jobs(void)
{
    char *path = apr_palloc(test_pool(), 6 * 12000 + 1);
    const char *body;
    long before;
    int i;

    for (i = 0; i < 12000; i++)
        memcpy(path + (apr_size_t)i * 6, "job/a/", 6);
    path[(apr_size_t)i * 6] = '\0';
    body = apr_pstrcat(test_pool(), "{\"url\":\"", path, "\"}", NULL);
    before = memory_peak();
    CU_ASSERT_EQUAL(hint_of("jenkins", "", body).name_count, 0);
    CU_ASSERT(memory_peak() - before < 32768);
}

static void test_what_is_no_delivery_is_refused(void)
{
    static const char *const bodies[] = {"", "{", "[]", "7", "{\"a\":1}x", "payload=%7B%7D"};
    static const char *const forms[] = {"",         "payload",   "payload=", "payload=%", "payload=%00",
                                        "a=%7B%7D", "payload=[]"};
    civ_webhook_hint_t hint;
    unsigned i;

    for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        civ_webhook_t webhook = sync_webhook("Content-Type: application/json", bodies[i]);

        CU_ASSERT_EQUAL(civ_webhook_read(&hint, "github", &webhook, &problem, test_pool()), CIV_EINVALID);
    }
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        civ_webhook_t webhook = sync_webhook("Content-Type: application/x-www-form-urlencoded", forms[i]);

        CU_ASSERT_EQUAL(civ_webhook_read(&hint, "github", &webhook, &problem, test_pool()), CIV_EINVALID);
    }
}

/* --- taking --- */

static civ_webhook_outcome_t take(const civ_engine_t *engine, const char *platform, const char *headers,
                                  const char *body)
{
    civ_webhook_hint_t hint = hint_of(platform, headers, body);
    civ_webhook_outcome_t outcome;

    memset(&outcome, 0, sizeof(outcome));
    CU_ASSERT_EQUAL(civ_webhook_take(engine, &hint, &outcome, &problem, test_pool()), APR_SUCCESS);
    return outcome;
}

static void schedule(const civ_engine_t *engine, const char *platform, const char *project)
{
    const civ_schedule_order_t order = {platform, project, SYNC_HOUR};
    civ_schedule_t set;
    int repeated;

    CU_ASSERT_EQUAL(civ_schedule_order(engine, &order, NULL, &set, &repeated, &problem, test_pool()),
                    APR_SUCCESS);
}

#define GITHUB(id, number)                                                                                   \
    "X-GitHub-Event: push\nX-GitHub-Delivery: " id,                                                          \
        "{\"n\":" number ",\"repository\":{\"id\":7,\"full_name\":\"O/R\"}}"

static void test_delivery_wakes_its_project(void)
{
    civ_engine_t *engine = sync_engine("wakes.db");
    civ_webhook_outcome_t first, second;
    civ_job_t job;

    schedule(engine, "github", "o/r");
    schedule(engine, "github", "o/rr");
    schedule(engine, "gitlab", "o/r");
    first = take(engine, "github", GITHUB("a", "1"));
    CU_ASSERT_EQUAL(first.result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(first.job_count, 1);
    CU_ASSERT_STRING_EQUAL(first.jobs[0].platform, "github");
    CU_ASSERT_STRING_EQUAL(first.jobs[0].project_id, "o/r");
    CU_ASSERT_EQUAL(first.jobs[0].since, 0);
    /* What waits already is it. */
    second = take(engine, "github", GITHUB("b", "2"));
    CU_ASSERT_EQUAL(second.result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(second.jobs[0].number, first.jobs[0].number);
    /* While it runs there may be something new that it has not seen. */
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_SUCCESS);
    second = take(engine, "github", GITHUB("c", "3"));
    CU_ASSERT_NOT_EQUAL(second.jobs[0].number, first.jobs[0].number);
    CU_ASSERT_EQUAL(
        take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"id\":9,\"full_name\":\"o/x\"}}")
            .result,
        CIV_WEBHOOK_IGNORED);
    CU_ASSERT_EQUAL(
        take(engine, "github", "X-GitHub-Event: star", "{\"repository\":{\"id\":7,\"full_name\":\"o/r\"}}")
            .result,
        CIV_WEBHOOK_IGNORED);
    CU_ASSERT_EQUAL(sync_int("wakes.db", "SELECT COUNT(*) FROM civ_sync_jobs"), 2);
    /* What was ignored has left nothing behind. */
    CU_ASSERT_EQUAL(sync_int("wakes.db", "SELECT COUNT(*) FROM civ_sync_deliveries"), 6);
}

static void test_replays_are_ignored(void)
{
    civ_engine_t *engine = sync_engine("replays.db");

    schedule(engine, "github", "o/r");
    schedule(engine, "gitlab", "15");
    schedule(engine, "azure_devops", "P");
    schedule(engine, "jenkins", "a");
    schedule(engine, "circle_ci", "gh/o/r");
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("a", "1")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("a", "1")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("a", "2")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("b", "1")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("b", "2")).result, CIV_WEBHOOK_QUEUED);
#define GITLAB(headers, n) "gitlab", "X-Gitlab-Event: Push Hook\n" headers, "{\"project_id\":15,\"n\":" n "}"
    CU_ASSERT_EQUAL(take(engine, GITLAB("Idempotency-Key: a", "1")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, GITLAB("Idempotency-Key: a", "1")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(take(engine, GITLAB("Idempotency-Key: b", "1")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, GITLAB("", "7")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, GITLAB("", "7")).result, CIV_WEBHOOK_REPEATED);
#define AZURE(id)                                                                                            \
    "azure_devops", "",                                                                                      \
        "{\"id\":\"" id "\",\"eventType\":\"git.push\",\"resource\":{\"project\":{\"name\":\"p\"}}}"
    CU_ASSERT_EQUAL(take(engine, AZURE("a")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, AZURE("a")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(take(engine, AZURE("b")).result, CIV_WEBHOOK_QUEUED);
#define JENKINS(number, phase)                                                                               \
    "jenkins", "", "{\"url\":\"job/a/\",\"build\":{\"number\":" number ",\"phase\":\"" phase "\"}}"
    CU_ASSERT_EQUAL(take(engine, JENKINS("1", "STARTED")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, JENKINS("1", "COMPLETED")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, JENKINS("1", "COMPLETED")).result, CIV_WEBHOOK_REPEATED);
    /* Nothing tells one such from the next. */
    CU_ASSERT_EQUAL(take(engine, "jenkins", "", "{\"project_id\":\"a\"}").result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, "jenkins", "", "{\"project_id\":\"a\"}").result, CIV_WEBHOOK_QUEUED);
#define CIRCLE(id)                                                                                           \
    "circle_ci", "circleci-event-type: job-completed",                                                       \
        "{\"id\":\"" id "\",\"project\":{\"slug\":\"github/o/r\"}}"
    CU_ASSERT_EQUAL(take(engine, CIRCLE("a")).result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(take(engine, CIRCLE("a")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(sync_int("replays.db", "SELECT COUNT(*) FROM civ_sync_jobs"), 5);
}

/* By the id that the platform gave it, and by the name that it has now. */
static void test_renamed_projects_are_known(void)
{
    civ_engine_t *engine = sync_engine("renamed.db");
    civ_webhook_outcome_t outcome;

    CU_ASSERT_EQUAL(database_do(unit_path("renamed.db"),
                                "INSERT INTO civ_sync_projects (project, platform, project_id, facts, run) "
                                "VALUES (1, 'github', 'old/name', '{\"scope\":\"7\",\"name\":\"new/name\"}', "
                                "0), (2, 'github', 'other/name', '{\"scope\":\"8\"}', 0), (3, 'gitlab', "
                                "'g/p', '{\"scope\":\"7\"}', 0), (4, 'github', 'broken', '{', 0)"),
                    0);
    outcome = take(engine, "github", "X-GitHub-Event: push",
                   "{\"repository\":{\"id\":7,\"full_name\":\"newest/name\"}}");
    CU_ASSERT_EQUAL(outcome.job_count, 1);
    CU_ASSERT_STRING_EQUAL(outcome.jobs[0].project_id, "old/name");
    outcome = take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"full_name\":\"New/Name\"}}");
    CU_ASSERT_EQUAL(outcome.job_count, 1);
    outcome = take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"full_name\":\"name\"}}");
    CU_ASSERT_EQUAL(outcome.result, CIV_WEBHOOK_IGNORED);
}

/* What nobody has a schedule for and what was never there, as a name that was misspelt once, is not known. */
static void test_misspelt_projects_are_unknown(void)
{
    civ_engine_t *engine = sync_engine("misspelt.db");

    CU_ASSERT_EQUAL(database_do(unit_path("misspelt.db"),
                                "INSERT INTO civ_sync_projects (project, platform, project_id, facts, run) "
                                "VALUES (1, 'github', 'o/r', '{}', 0)"),
                    0);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("a", "1")).result, CIV_WEBHOOK_IGNORED);
    schedule(engine, "github", "o/r");
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("b", "2")).result, CIV_WEBHOOK_QUEUED);
}

/* Without a word of what has happened, whoever has set the webhook up has to know what is missing. */
static void test_missing_events_are_named(void)
{
    civ_engine_t *engine = sync_engine("event.db");
    civ_webhook_outcome_t outcome = take(engine, "gitlab", "", "{\"project_id\":15}");

    CU_ASSERT_EQUAL(outcome.result, CIV_WEBHOOK_IGNORED);
    CU_ASSERT_PTR_NOT_NULL(strstr(outcome.reason, "X-Gitlab-Event"));
    outcome = take(engine, "gitlab", "X-Gitlab-Event: Wiki Page Hook", "{\"project_id\":15}");
    CU_ASSERT_PTR_NULL(strstr(outcome.reason, "X-Gitlab-Event"));
    outcome = take(engine, "circle_ci", "", "{\"type\":\"ping\"}");
    CU_ASSERT_PTR_NULL(strstr(outcome.reason, "circleci-event-type"));
}

/* However many there are. */
static void test_one_of_many_projects(void)
{
    civ_engine_t *engine = sync_engine("many.db");

    CU_ASSERT_EQUAL(database_do(unit_path("many.db"),
                                "INSERT INTO civ_sync_projects (project, platform, project_id, facts, run) "
                                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                                "2000) SELECT i, 'github', 'o/r' || i, '{\"scope\":\"' || (i + 7000) || "
                                "'\"}', 0 FROM n"),
                    0);
    CU_ASSERT_STRING_EQUAL(
        take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"id\":7001}}").jobs[0].project_id,
        "o/r1");
    CU_ASSERT_STRING_EQUAL(
        take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"id\":8999}}").jobs[0].project_id,
        "o/r1999");
    CU_ASSERT_STRING_EQUAL(
        take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"full_name\":\"o/r1234\"}}")
            .jobs[0]
            .project_id,
        "o/r1234");
    CU_ASSERT_EQUAL(take(engine, "github", "X-GitHub-Event: push", "{\"repository\":{\"id\":7}}").result,
                    CIV_WEBHOOK_IGNORED);
}

/* What is a part of what here, and there. */
static void test_folders_and_repositories(void)
{
    civ_engine_t *engine = sync_engine("folders.db");
    civ_webhook_outcome_t outcome;

    schedule(engine, "azure_devops", "P");
    schedule(engine, "azure_devops", "P/r1");
    schedule(engine, "azure_devops", "P2/r1");
    schedule(engine, "jenkins", "a");
    schedule(engine, "jenkins", "a/b");
    schedule(engine, "jenkins", "a/bc");
    schedule(engine, "jenkins", "a/b/main");
    outcome = take(engine, "azure_devops", "",
                   "{\"id\":\"1\",\"eventType\":\"git.push\",\"resource\":{\"project\":{\"name\":\"p\"}}}");
    CU_ASSERT_EQUAL(outcome.job_count, 2);
    outcome = take(engine, "jenkins", "", "{\"url\":\"job/a/job/b/\"}");
    CU_ASSERT_EQUAL(outcome.job_count, 2);
    /* A project of GitLab with a longer name is another one. */
    schedule(engine, "gitlab", "g/p/q");
    CU_ASSERT_EQUAL(
        take(engine, "gitlab", "X-Gitlab-Event: Push Hook", "{\"project\":{\"path_with_namespace\":\"g/p\"}}")
            .result,
        CIV_WEBHOOK_IGNORED);
}

static void test_flocks_are_one_run(void)
{
    civ_engine_t *engine = sync_engine("flocks.db");
    civ_webhook_outcome_t outcome;
    civ_job_t job;
    apr_int64_t ended;

    schedule(engine, "github", "o/r");
    outcome = take(engine, "github", GITHUB("a", "1"));
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    APR_SUCCESS);
    ended = sync_int("flocks.db", "SELECT ended FROM civ_sync_jobs");
    outcome = take(engine, "github", GITHUB("b", "2"));
    CU_ASSERT_EQUAL(outcome.result, CIV_WEBHOOK_QUEUED);
    CU_ASSERT_EQUAL(sync_int("flocks.db", "SELECT not_before FROM civ_sync_jobs WHERE job = 2"),
                    ended + CIV_WEBHOOK_REST);
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_NOTFOUND);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("c", "3")).jobs[0].number, outcome.jobs[0].number);
    /* One that waits for something else goes on waiting for that. */
    CU_ASSERT_EQUAL(database_do(unit_path("flocks.db"), "UPDATE civ_sync_jobs SET asked = 1, not_before = 1"),
                    0);
    take(engine, "github", GITHUB("d", "4"));
    CU_ASSERT_EQUAL(sync_int("flocks.db", "SELECT not_before FROM civ_sync_jobs WHERE job = 2"), 1);
}

/* Whoever asks himself does not wait for a rest that is there for flocks; for everything else he does. */
static void test_explicit_request_ends_the_rest(void)
{
    const civ_job_wish_t wish = {"github", "o/r", 0, NULL};
    civ_engine_t *engine = sync_engine("rest.db");
    apr_int64_t later = civ_timestamp_now() + SYNC_HOUR;
    civ_webhook_outcome_t outcome;
    int total, repeated;
    civ_job_t job, *jobs;

    schedule(engine, "github", "o/r");
    take(engine, "github", GITHUB("a", "1"));
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_SUCCEEDED, 0, NULL, &problem, test_pool()),
                    APR_SUCCESS);
    outcome = take(engine, "github", GITHUB("b", "2"));
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_NOTFOUND);
    CU_ASSERT_EQUAL(civ_jobs_ask(engine, &wish, 1, NULL, &jobs, &total, &repeated, &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(jobs[0].number, outcome.jobs[0].number);
    CU_ASSERT(jobs[0].not_before <= civ_timestamp_now());
    /* The next delivery does not put it back to rest. */
    take(engine, "github", GITHUB("c", "3"));
    CU_ASSERT_EQUAL(job_claim(engine, "w", &job), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.number, outcome.jobs[0].number);
    /* What waits for the platform's limits, or after a fault, keeps its time. */
    CU_ASSERT_EQUAL(civ_job_end(engine, &job, CIV_JOB_QUEUED, later, "limits", &problem, test_pool()),
                    APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_job_add(engine, "github", "o/r", 0, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.not_before, later);
    CU_ASSERT_EQUAL(database_do(unit_path("rest.db"),
                                "UPDATE civ_sync_jobs SET started = 0, fault = 'x' WHERE state = 0"),
                    0);
    CU_ASSERT_EQUAL(civ_job_add(engine, "github", "o/r", 0, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(job.not_before, later);
    CU_ASSERT_EQUAL(database_do(unit_path("rest.db"), "UPDATE civ_sync_jobs SET fault = '' WHERE state = 0"),
                    0);
    CU_ASSERT_EQUAL(civ_job_add(engine, "github", "o/r", 0, &job, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT(job.not_before <= civ_timestamp_now());
}

static void test_memory_is_bounded(void)
{
    civ_engine_t *engine = sync_engine("memory.db");

    schedule(engine, "github", "o/r");
    take(engine, "github", GITHUB("old", "1"));
    CU_ASSERT_EQUAL(sync_int("memory.db", "SELECT COUNT(*) FROM civ_sync_deliveries"), 2);
    /* After a week. */
    CU_ASSERT_EQUAL(database_do(unit_path("memory.db"), "UPDATE civ_sync_deliveries SET seen = seen - "
                                                        "604800001"),
                    0);
    take(engine, "github", GITHUB("new", "2"));
    CU_ASSERT_EQUAL(sync_int("memory.db", "SELECT COUNT(*) FROM civ_sync_deliveries"), 2);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("new", "2")).result, CIV_WEBHOOK_REPEATED);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("old", "1")).result, CIV_WEBHOOK_QUEUED);
    /* By their number: the oldest go. */
    CU_ASSERT_EQUAL(database_do(unit_path("memory.db"),
                                "UPDATE civ_sync_deliveries SET delivery = delivery + 99998 WHERE delivery > "
                                "(SELECT MIN(delivery) + 1 FROM civ_sync_deliveries)"),
                    0);
    take(engine, "github", GITHUB("newest", "3"));
    CU_ASSERT_EQUAL(sync_int("memory.db", "SELECT COUNT(*) FROM civ_sync_deliveries"), 4);
    CU_ASSERT_EQUAL(take(engine, "github", GITHUB("old", "1")).result, CIV_WEBHOOK_REPEATED);
}

/* A transaction that it shares with others: it is committed whatever becomes of the change, so a refusal must have written nothing. */
static apr_status_t run_shared(void *baton, const civ_change_steps_t *steps, civ_change_result_t *result,
                               civ_problem_t *fault, apr_pool_t *pool)
{
    civ_store_t *store = baton;
    civ_change_t change;
    civ_db_t *db;
    int unknown;
    apr_status_t status;

    (void)result;
    memset(&change, 0, sizeof(change));
    CU_ASSERT_EQUAL_FATAL(civ_store_acquire(store, &db), APR_SUCCESS);
    change.db = db;
    change.now = SYNC_NOW;
    change.problem = fault;
    change.pool = pool;
    change.notes = apr_array_make(pool, 1, sizeof(const char *));
    CU_ASSERT_EQUAL(civ_db_begin(db), APR_SUCCESS);
    status = steps->apply(steps->baton, &change);
    CU_ASSERT_EQUAL(civ_db_commit(db, &unknown), APR_SUCCESS);
    civ_store_release(store, db);
    return status;
}

/* Refused, it may come again: then it is not taken for a repetition. */
static void test_full_queue_loses_nothing(void)
{
    civ_engine_t *engine = sync_engine("full.db");
    civ_webhook_hint_t hint = hint_of("github", GITHUB("a", "1"));
    civ_webhook_outcome_t outcome;

    schedule(engine, "github", "o/r");
    engine->transactor.run = run_shared;
    engine->transactor.baton = engine->store;
    CU_ASSERT_EQUAL(
        database_do(unit_path("full.db"),
                    "INSERT INTO civ_sync_jobs (job, platform, project_id, since, state, asked, not_before, "
                    "started, ended, worker, lease, lease_until, cancelled, tries, pages, items, wait_until, "
                    "run, reason) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                    "10000) SELECT i, 'x', 'p', 0, 0, 0, 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, '' FROM n"),
        0);
    CU_ASSERT_EQUAL(civ_webhook_take(engine, &hint, &outcome, &problem, test_pool()), CIV_ECONFLICT);
    CU_ASSERT_EQUAL(problem.kind, CIV_PROBLEM_UNAVAILABLE);
    CU_ASSERT_EQUAL(sync_int("full.db", "SELECT COUNT(*) FROM civ_sync_deliveries"), 0);
    CU_ASSERT_EQUAL(database_do(unit_path("full.db"), "DELETE FROM civ_sync_jobs WHERE platform = 'x'"), 0);
    CU_ASSERT_EQUAL(civ_webhook_take(engine, &hint, &outcome, &problem, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(outcome.result, CIV_WEBHOOK_QUEUED);
}

static const test_case_t cases[] = {
    {"projects_are_found", test_projects_are_found},
    {"long_paths_of_jobs", test_long_paths_of_jobs},
    {"what_is_no_delivery_is_refused", test_what_is_no_delivery_is_refused},
    {"delivery_wakes_its_project", test_delivery_wakes_its_project},
    {"replays_are_ignored", test_replays_are_ignored},
    {"renamed_projects_are_known", test_renamed_projects_are_known},
    {"misspelt_projects_are_unknown", test_misspelt_projects_are_unknown},
    {"missing_events_are_named", test_missing_events_are_named},
    {"one_of_many_projects", test_one_of_many_projects},
    {"folders_and_repositories", test_folders_and_repositories},
    {"flocks_are_one_run", test_flocks_are_one_run},
    {"explicit_request_ends_the_rest", test_explicit_request_ends_the_rest},
    {"memory_is_bounded", test_memory_is_bounded},
    {"full_queue_loses_nothing", test_full_queue_loses_nothing},
    {NULL, NULL},
};
const test_suite_t sync_webhook_suite = {"webhook", unit_folder_make, unit_folder_remove, cases};
