/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_run.c
 * Runs from end to end: the real tool and the real worker, a real httpd, and a small server in the place of GitHub. What the tool says
 * and how it ends; that it and the worker keep out of each other's way; where tokens go.
 */
#include "config.h"

#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON   "Content-Type: application/json\r\n"
#define ALWAYS 1000000

static const char *job_state(const sync_scene_t *scene, int number)
{
    return http_json_text(http_get(scene->web, apr_psprintf(test_pool(), "/api/sync/jobs/%d", number)),
                          "/job/state");
}

/* --- the tool --- */

static void one_project_is_synchronised(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, NULL));
    const char *said, *before;
    int asked;

    CU_ASSERT(sync_scene_once(scene, 0, &said, "octo/demo"));
    CU_ASSERT(strstr(said, "job 1: github octo/demo: succeeded, 13 items in ") != NULL);
    CU_ASSERT(strstr(said, " pages, 13 of them new or changed\n") != NULL);
    CU_ASSERT(strstr(said, SYNC_SCENE_TOKEN) == NULL);
    CU_ASSERT(strchr(said, '\r') == NULL && strchr(said, '\033') == NULL);
    CU_ASSERT(mock_platform_has_seen(scene->platform, "Bearer " SYNC_SCENE_TOKEN));
    CU_ASSERT_STRING_EQUAL(sync_scene_state(scene), "ready");
    CU_ASSERT_STRING_EQUAL(job_state(scene, 1), "succeeded");
    before = sync_scene_timeline(scene, "octo/demo", 71);
    CU_ASSERT(strstr(before, "commit ") != NULL && strstr(before, "release ID1") != NULL);
    /* Nothing new: one request for each list at most, of which the project has eleven. */
    asked = mock_platform_count(scene->platform);
    CU_ASSERT(sync_scene_once(scene, 0, &said, "octo/demo"));
    CU_ASSERT(strstr(said, "job 2: ") != NULL);
    CU_ASSERT(mock_platform_count(scene->platform) - asked <= 11);
    CU_ASSERT_STRING_EQUAL(sync_scene_timeline(scene, "octo/demo", 71), before);
    /* With what a worker of one's own is told. */
    CU_ASSERT(tool_ends(0, &said, "sync-once", "--config", scene->config, "--platform", "github", "--project",
                        "octo/demo", NULL));
    CU_ASSERT(strstr(said, "job 3: github octo/demo: succeeded") != NULL);
    CU_ASSERT(scenario_is_valid(scene->web));
    sync_scene_stop(scene);
}

/* While a platform fails, its user is told why nothing gets on: once for each fault. */
static void fault_is_told_once(void)
{
    static const mock_answer_t broken[] = {
        {"/repos/octo/demo", 503, JSON "Retry-After: 1\r\n", "{}", 0, MOCK_PLAIN, 2}, MOCK_END};
    static const char fault[] = "job 1: tried again after a fault: the server failed (status 503)\n";
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, broken));
    const char *said, *told;

    CU_ASSERT(sync_scene_once(scene, 0, &said, "octo/demo"));
    told = strstr(said, fault);
    CU_ASSERT(told != NULL && strstr(told + strlen(fault), "503") == NULL);
    sync_scene_stop(scene);
}

static void how_it_ends_is_told(void)
{
    static const mock_answer_t troubles[] = {
        {"/repos/octo/missing", 404, JSON, "{\"message\":\"Not Found\"}", 0, MOCK_PLAIN, ALWAYS},
        {"/repos/octo/busy", 429, JSON "Retry-After: 7200\r\n", "{}", 0, MOCK_PLAIN, ALWAYS},
        {"/repos/octo/closed", 401, JSON, "{\"message\":\"Bad credentials\"}", 0, MOCK_PLAIN, ALWAYS},
        {"/repos/octo/demo/releases?per_page=100", 403, JSON, "{\"message\":\"Resource not accessible\"}", 0,
         MOCK_PLAIN, ALWAYS},
        MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, troubles));
    const char *said, *state = tool_state(scene->server);

    CU_ASSERT(sync_scene_once(scene, 5, &said, "octo/demo"));
    CU_ASSERT(strstr(said, ": partial, ") != NULL && strstr(said, "something is missing: ") != NULL);
    CU_ASSERT(sync_scene_once(scene, 3, &said, "octo/missing"));
    CU_ASSERT(strstr(said, ": failed, ") != NULL);
    CU_ASSERT(sync_scene_once(scene, 6, &said, "octo/closed"));
    CU_ASSERT(strstr(said, SYNC_SCENE_TOKEN) == NULL);
    CU_ASSERT(sync_scene_once(scene, 7, &said, "octo/busy"));
    CU_ASSERT(strstr(said, "put off until 20") != NULL);
    CU_ASSERT_STRING_EQUAL(job_state(scene, 4), "queued");
    /* It is not asked for a second time, and not before its time. */
    CU_ASSERT(sync_scene_once(scene, 7, &said, "octo/busy"));
    CU_ASSERT(strstr(said, "job 4: ") != NULL);
    CU_ASSERT(tool_ends(2, NULL, "sync-once", "--state", state, "--platform", "sourceforge", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sync-once", "--state", state, "--project", "octo/demo", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sync-once", "--state", state, "--platform", "github", "--project",
                        "no-slash", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sync-once", "--state", state, "--since", "soon", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sync-once", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sync-once", "--config", scene->config, "--egress-plain-http", NULL));
    CU_ASSERT(tool_ends(2, NULL, "sync-once", "--config", scene->config, "--state", "/nowhere", NULL));
    CU_ASSERT(tool_ends(3, NULL, "sync-once", "--config", "/nowhere", NULL));
    CU_ASSERT(sync_scene_once(scene, 3, &said, NULL));
    CU_ASSERT(strstr(said, "there is no schedule") != NULL);
    http_send(scene->web, "DELETE", "/api/sync/connectors/github", NULL, NULL, 0);
    CU_ASSERT(sync_scene_once(scene, 3, &said, "octo/demo"));
    CU_ASSERT(strstr(said, "github is not configured") != NULL);
    sync_scene_stop(scene);
}

static void all_that_have_a_schedule(void)
{
    static const mock_answer_t troubles[] = {{"/repos/octo/demo-1/releases?per_page=100", 403, JSON,
                                              "{\"message\":\"Resource not accessible\"}", 0, MOCK_PLAIN,
                                              ALWAYS},
                                             MOCK_END};
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 3, troubles));
    const char *said;
    int i;

    for (i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(
            http_post(scene->web, "/api/sync/schedules",
                      apr_psprintf(
                          test_pool(),
                          "{\"platform\":\"github\",\"project_id\":\"octo/demo-%d\",\"interval\":\"1d\"}", i))
                ->status,
            201);
    }
    CU_ASSERT(sync_scene_once(scene, 5, &said, NULL));
    CU_ASSERT(strstr(said, "octo/demo-0: succeeded") != NULL);
    CU_ASSERT(strstr(said, "octo/demo-1: partial") != NULL);
    CU_ASSERT(strstr(said, "octo/demo-2: succeeded") != NULL);
    CU_ASSERT_STRING_EQUAL(sync_scene_timeline(scene, "octo/demo-0", 71),
                           sync_scene_timeline(scene, "octo/demo-2", 73));
    sync_scene_stop(scene);
}

/* Reads what the tool says until it has said something; a minute at most. */
static int hear(int from, char *text, size_t size, const char *words)
{
    struct pollfd wait = {from, POLLIN, 0};
    apr_time_t until = apr_time_now() + apr_time_from_sec(60);
    size_t length = strlen(text);
    ssize_t got = 1;

    while (strstr(text, words) == NULL && got > 0 && length + 1 < size && apr_time_now() < until &&
           poll(&wait, 1, 60000) > 0) {
        got = read(from, text + length, size - 1 - length);
        length += got > 0 ? (size_t)got : 0;
        text[length] = '\0';
    }
    return strstr(text, words) != NULL;
}

static int make_terminal(int *slave)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    *slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CU_ASSERT_FATAL(*slave >= 0);
    return master;
}

/* What the first page of pull requests tells is in the job's progress, although the second one does not come. */
static int is_estimated(void *baton)
{
    const sync_scene_t *scene = baton;
    http_response_t *answer;

    http_forget(scene->web);
    answer = http_get(scene->web, "/api/sync/jobs/1");
    return http_json_int(answer, "/job/progress/items_remaining") == 2 &&
           http_json_int(answer, "/job/progress/seconds_remaining") >= 0 &&
           http_json_int(answer, "/job/progress/items") == 3 &&
           http_json_int(answer, "/job/progress/pages") == 2;
}

/* A bar while it works; interrupted, it gives the job back, and is gone on with to the same end. */
static void interrupted_on_a_terminal(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 2, NULL));
    char *said = apr_pcalloc(test_pool(), 1 << 20);
    http_response_t *answer;
    int master, slave;
    pid_t pid;

    setenv("TERM", "xterm", 1);
    mock_platform_hold(scene->platform, 2);
    master = make_terminal(&slave);
    pid = sync_scene_begin(scene, slave, "octo/demo-0");
    close(slave);
    /* The first page of pull requests says that there is one more of them. */
    CU_ASSERT(hear(master, said, 1 << 20, "3 of 5 items"));
    CU_ASSERT(strstr(said, "\rocto/demo-0 [") != NULL && strstr(said, "3 of 5 items, 2 pages, ") != NULL);
    answer = http_get(scene->web, "/api/sync/jobs/1");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "running");
    CU_ASSERT_EQUAL(harness_wait(is_estimated, scene, 15), 0);
    CU_ASSERT_EQUAL(kill(pid, SIGINT), 0);
    CU_ASSERT(hear(master, said, 1 << 20, "job 1 is given back"));
    CU_ASSERT(hear(master, said, 1 << 20, "interrupted"));
    close(master);
    CU_ASSERT_EQUAL(tool_wait(pid), 128 + SIGINT);
    unsetenv("TERM");
    answer = http_get(scene->web, "/api/sync/jobs/1");
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "queued");
    CU_ASSERT_EQUAL(http_json_int(answer, "/job/progress/pages"), 2);
    CU_ASSERT_EQUAL(http_json(answer, "/job/progress/items_remaining")->type, CIV_JSON_NULL);
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo-0"));
    CU_ASSERT(sync_scene_once(scene, 0, NULL, "octo/demo-1"));
    CU_ASSERT_STRING_EQUAL(job_state(scene, 1), "succeeded");
    CU_ASSERT_STRING_EQUAL(sync_scene_timeline(scene, "octo/demo-0", 71),
                           sync_scene_timeline(scene, "octo/demo-1", 72));
    sync_scene_stop(scene);
}

static void plain_lines_elsewhere(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, NULL));
    char *said = apr_pcalloc(test_pool(), 1 << 20);
    int ends[2];
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    mock_platform_hold(scene->platform, 2);
    pid = sync_scene_begin(scene, ends[1], "octo/demo");
    close(ends[1]);
    CU_ASSERT(hear(ends[0], said, 1 << 20, "octo/demo:  60 %, 3 of 5 items, "));
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT(hear(ends[0], said, 1 << 20, "octo/demo: succeeded, 13 items in "));
    CU_ASSERT(strchr(said, '\r') == NULL && strchr(said, '\033') == NULL);
    close(ends[0]);
    CU_ASSERT_EQUAL(tool_wait(pid), 0);
    sync_scene_stop(scene);
}

/* --- tool and worker --- */

static void worker_and_tool_do_not_meet(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("octo/demo", 71, 1, NULL));
    char *said = apr_pcalloc(test_pool(), 1 << 20);
    int ends[2];
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    mock_platform_hold(scene->platform, 2);
    CU_ASSERT_EQUAL(sync_scene_ask(scene, "octo/demo", "respond-async")->status, 202);
    CU_ASSERT_EQUAL(sync_scene_wait_asked(scene, 3), 0);
    pid = sync_scene_begin(scene, ends[1], "octo/demo");
    close(ends[1]);
    CU_ASSERT(hear(ends[0], said, 1 << 20, "job 2: the project is in the hands of a worker already"));
    CU_ASSERT_EQUAL(mock_platform_count(scene->platform), 3);
    CU_ASSERT_STRING_EQUAL(job_state(scene, 1), "running");
    CU_ASSERT_STRING_EQUAL(job_state(scene, 2), "queued");
    mock_platform_hold(scene->platform, -1);
    CU_ASSERT(hear(ends[0], said, 1 << 20, "job 2: github octo/demo: succeeded"));
    close(ends[0]);
    CU_ASSERT_EQUAL(tool_wait(pid), 0);
    CU_ASSERT_STRING_EQUAL(job_state(scene, 1), "succeeded");
    sync_scene_stop(scene);
}

/* --- tokens --- */

/* By redirects and by links: what the platform's answers say leads elsewhere. */
static void tokens_stay_with_their_host(void)
{
    static const mock_answer_t elsewhere[] = {
        {"/repos/octo/demo/releases?per_page=100", 302, JSON "Location: http://{other}/stolen\r\n", "", 0,
         MOCK_PLAIN, ALWAYS},
        {"/repos/octo/demo/languages", 307, JSON "Location: http://{other}/stolen\r\n", "", 0, MOCK_PLAIN,
         ALWAYS},
        {"/repos/octo/demo/commits?per_page=100", 200,
         JSON "Link: <http://{other}/repositories/71/commits?page=2>; rel=\"next\"\r\n", "[]", 0, MOCK_PLAIN,
         ALWAYS},
        MOCK_END};
    static const mock_answer_t thief[] = {{NULL, 200, JSON, "[]", 0, MOCK_PLAIN, ALWAYS}, MOCK_END};
    mock_platform_t *other = mock_platform_start(thief);
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_ALONE, sync_scene_repositories("octo/demo", 71, 1, elsewhere));

    mock_platform_set_other(scene->platform, other);
    CU_ASSERT(sync_scene_once(scene, 5, NULL, "octo/demo"));
    CU_ASSERT(mock_platform_has_seen(scene->platform, SYNC_SCENE_TOKEN));
    CU_ASSERT(!mock_platform_has_seen(other, SYNC_SCENE_TOKEN));
    /* It is not even asked without one. */
    CU_ASSERT_EQUAL(mock_platform_count(other), 0);
    CU_ASSERT(strstr(sync_scene_member(scene, "reason"), "credentials must not go") != NULL);
    CU_ASSERT(!harness_log_has(scene->server, SYNC_SCENE_TOKEN, 0));
    mock_platform_stop(other);
    sync_scene_stop(scene);
}

/* --- as the interface was described first --- */

static void examples_work_as_printed(void)
{
    sync_scene_t *scene =
        sync_scene_start(SYNC_SCENE_MANAGED, sync_scene_repositories("owner/repo", 71, 1, NULL));
    http_response_t *answer;

    answer = http_post(
        scene->web, "/api/sync/configure",
        apr_psprintf(test_pool(),
                     "{\"platform\": \"github\", \"config\": {\"api_token\": \"...\", \"base_url\": \"%s\"}}",
                     mock_platform_url(scene->platform)));
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    answer = http_post(scene->web, "/api/sync/source",
                       "{\"platform\": \"github\", \"project_id\": \"owner/repo\"}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_bool(answer, "/success"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/sync_status/connector_name"), "github");
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/evidence_count"), SYNC_SCENE_ITEMS);
    answer = http_get(scene->web, "/api/sync/timeline");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), SYNC_SCENE_ITEMS);
    CU_ASSERT_EQUAL(
        http_post(scene->web, "/api/sync/all", "{\"project_config\":{\"github\":\"owner/repo\"}}")->status,
        200);
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/sync/deduplicate", "{}")->status, 200);
    answer = http_get(scene->web, "/api/sync/status");
    CU_ASSERT_EQUAL(http_json_int(answer, "/sync_status/unique_evidence"), SYNC_SCENE_ITEMS);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/sync_status/connectors/github/state"), "ready");
    sync_scene_stop(scene);
}

static const test_case_t cases[] = {
    {"one_project_is_synchronised", one_project_is_synchronised},
    {"fault_is_told_once", fault_is_told_once},
    {"how_it_ends_is_told", how_it_ends_is_told},
    {"all_that_have_a_schedule", all_that_have_a_schedule},
    {"interrupted_on_a_terminal", interrupted_on_a_terminal},
    {"plain_lines_elsewhere", plain_lines_elsewhere},
    {"worker_and_tool_do_not_meet", worker_and_tool_do_not_meet},
    {"tokens_stay_with_their_host", tokens_stay_with_their_host},
    {"examples_work_as_printed", examples_work_as_printed},
    {NULL, NULL},
};
const test_suite_t sync_run_suite = {"sync_run", NULL, NULL, cases};
