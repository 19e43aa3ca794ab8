/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_queue.c
 * What is to be synchronised, over HTTP: jobs and schedules are made, listed and cancelled, and clients wait for jobs.
 */
#include "config.h"

#include "integration/scenario.h"
#include "integration/sync_scene.h"

#include "support/runner.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* One child of 16 threads (8 with prefork: processes), of which a quarter may wait. */
#define FEW_THREADS                                                                                          \
    "<IfModule !prefork.c>\nServerLimit 1\nThreadLimit 16\nThreadsPerChild 16\nMaxRequestWorkers 16\n"       \
    "StartServers 1\nMinSpareThreads 1\nMaxSpareThreads 16\n</IfModule>\n"

#define SCHEDULE(project) "{\"platform\":\"github\",\"project_id\":\"" project "\",\"interval\":\"15m\"}"

static const mock_answer_t silent[] = {{NULL, 200, NULL, "", 0, MOCK_SILENT, 100000}, MOCK_END};

static sync_scene_t *scene;

/* Nobody works: jobs wait, and can be listed and cancelled. */
static void jobs_are_listed_and_cancelled(void)
{
    http_response_t *answer;
    const char *place;
    int i;

    scene = sync_scene_open(SYNC_SCENE_OFF, NULL);
    sync_scene_configure(scene);
    /* One that was heard of a moment ago, and is switched off now. */
    CU_ASSERT_EQUAL(scenario_sql(scenario_file(scene->server, "ledger/civarcos.db"),
                                 apr_psprintf(test_pool(),
                                              "INSERT INTO civ_sync_workers (worker, seen) VALUES ('gone', "
                                              "%" APR_TIME_T_FMT ")",
                                              apr_time_now() / 1000)),
                    0);
    answer = sync_scene_ask(scene, "octo/demo", "wait=30"); /* nobody is there to wait for */
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT(answer->seconds < 20);
    CU_ASSERT(strstr(http_json_text(answer, "/message"), "CivarcosWorker off") != NULL);
    CU_ASSERT(strstr(http_json_text(answer, "/message"), "civarcosctl sync-once") != NULL);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "queued");
    place = apr_pstrdup(test_pool(), http_header(answer, "Location"));
    answer = sync_scene_ask(scene, "octo/demo", "wait=30"); /* the same is waiting already */
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"), place);
    for (i = 0; i < 3; i++) {
        answer = http_post(
            scene->web, "/api/sync/source",
            apr_psprintf(test_pool(), "{\"platform\":\"github\",\"project_id\":\"octo/other-%d\"}", i));
        CU_ASSERT_EQUAL(answer->status, 202);
    }
    answer = http_get(scene->web, "/api/sync/jobs?limit=3");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 3);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/jobs/0/project_id"), "octo/other-2");
    answer = http_get(scene->web, apr_pstrcat(test_pool(), "/api/sync/jobs?limit=3&cursor=",
                                              http_json_text(answer, "/next_cursor"), NULL));
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT(http_json(answer, "/next_cursor") == NULL);
    answer = http_send(scene->web, "DELETE", place, NULL, NULL, 0);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/job/state"), "cancelled");
    CU_ASSERT(http_is_problem(http_send(scene->web, "DELETE", place, NULL, NULL, 0), 409));
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/jobs/4711"), 404));
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/jobs/x"), 404));
    CU_ASSERT(http_is_problem(http_send(scene->web, "DELETE", "/api/sync/jobs/4711", NULL, NULL, 0), 404));
    CU_ASSERT(http_is_problem(
        http_post(scene->web, "/api/sync/source", "{\"platform\":\"github\",\"project_id\":\"no-slash\"}"),
        400));
    CU_ASSERT(
        http_is_problem(http_post(scene->web, "/api/sync/source",
                                  "{\"platform\":\"github\",\"project_id\":\"a/b\",\"since\":\"soon\"}"),
                        400));
    /* Jobs go with the connector. */
    http_send(scene->web, "DELETE", "/api/sync/connectors/github", NULL, NULL, 0);
    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(scene->web, "/api/sync/jobs"), "/jobs/0/state"),
                           "cancelled");
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

/* What was asked for is done once, whatever has been scheduled since. */
static void all_is_what_it_was_at_first(void)
{
    http_response_t *answer;

    scene = sync_scene_open(SYNC_SCENE_OFF, NULL);
    sync_scene_configure(scene);
    answer = scenario_post(scene->web, "/api/sync/all", "all-0", "{}");
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 0);
    http_post(scene->web, "/api/sync/schedules", SCHEDULE("octo/demo"));
    answer = scenario_post(scene->web, "/api/sync/all", "all-0", "{}");
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 0);
    answer = scenario_post(scene->web, "/api/sync/all", "all-1", "{}");
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 1);
    http_post(scene->web, "/api/sync/schedules", SCHEDULE("octo/other"));
    answer = scenario_post(scene->web, "/api/sync/all", "all-1", "{}");
    CU_ASSERT_EQUAL(answer->status, 202);
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 1);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/jobs/0/project_id"), "octo/demo");
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/jobs"), "/count"), 1);
    answer = scenario_post(scene->web, "/api/sync/all", "all-2", "{}");
    CU_ASSERT_EQUAL(http_json_int(answer, "/total"), 2);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static int have_been_put_off(void *baton)
{
    double count = scenario_metric(
        scene->web, "civarcos_requests_total{method=\"POST\",route=\"/sync/source\",status=\"2xx\"}");

    return count >= *(int *)baton;
}

/* While all that may wait do, others are answered; and who comes too late is told where to look. */
static void waiting_blocks_nobody(void)
{
    enum { CLIENTS = 12 };
    static const char body[] = "{\"platform\":\"github\",\"project_id\":\"octo/demo\"}";
    http_raw_t *clients[CLIENTS];
    http_response_t *answer;
    const char *mpm = getenv("CIVARCOS_MPM");
    int expected = mpm && strcmp(mpm, "prefork") == 0 ? 0 : CLIENTS - 4;
    int i, put_off = 0;

    scene = sync_scene_open(SYNC_SCENE_MANAGED FEW_THREADS, silent);
    sync_scene_configure(scene);
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = http_raw_connect(scene->server->port, test_pool());
        http_raw_text(clients[i], apr_psprintf(test_pool(),
                                               "POST /api/sync/source HTTP/1.1\r\nHost: localhost\r\n"
                                               "Prefer: wait=100\r\nContent-Type: application/json\r\n"
                                               "Content-Length: %d\r\n\r\n%s",
                                               (int)strlen(body), body));
    }
    /* Those that may not wait have their answer, while the others have none. */
    CU_ASSERT_EQUAL(harness_wait(have_been_put_off, &expected, 60), 0);
    CU_ASSERT_EQUAL(http_get(scene->web, "/api/health")->status, 200);
    /* With the connector its jobs are cancelled, so that those that wait are told as well; who comes now is refused. */
    CU_ASSERT_EQUAL(http_send(scene->web, "DELETE", "/api/sync/connectors/github", NULL, NULL, 0)->status,
                    200);
    for (i = 0; i < CLIENTS; i++) {
        answer = http_raw_answer(clients[i], 60);
        CU_ASSERT(answer->status == 200 || answer->status == 202 || answer->status == 409);
        put_off += answer->status == 202;
        http_raw_close(clients[i], 0);
    }
    CU_ASSERT(put_off >= expected);
    /* The worker may have taken the job just before its connector went. */
    CU_ASSERT(harness_log_is_clean(scene->server, "?CIV0721", NULL));
    sync_scene_close(scene);
}

static const char *schedule_of(http_response_t *answer, const char *member)
{
    return http_json_text(answer, apr_pstrcat(test_pool(), "/schedules/0/", member, NULL));
}

static void schedules_are_kept(void)
{
    static const char body[] = "{\"platform\":\"github\",\"project_id\":\"octo/demo\",\"interval\":\"15m\"}";
    static const char hourly[] = "{\"platform\":\"github\",\"project_id\":\"octo/demo\",\"interval\":\"1h\"}";
    http_response_t *answer;
    const char *place;

    scene = sync_scene_open(SYNC_SCENE_OFF, NULL);
    answer = scenario_post(scene->web, "/api/sync/schedules", "schedule-1", body);
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/schedule/interval"), "15m");
    place = apr_pstrdup(test_pool(), http_header(answer, "Location"));
    answer = scenario_post(scene->web, "/api/sync/schedules", "schedule-1", body);
    CU_ASSERT_EQUAL(answer->status, 201);
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"), place);
    /* Another interval makes nothing, the second time as the first. */
    answer = scenario_post(scene->web, "/api/sync/schedules", "schedule-2", hourly);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/schedule/interval"), "1h");
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"), place);
    answer = scenario_post(scene->web, "/api/sync/schedules", "schedule-2", hourly);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_header(answer, "Location"), place);
    answer = http_get(scene->web, "/api/sync/schedules");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(schedule_of(answer, "origin"), "api");
    CU_ASSERT_EQUAL(strlen(schedule_of(answer, "next_run")), 24);
    /* What was made is where it was said to be. */
    answer = http_get(scene->web, place);
    CU_ASSERT_EQUAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/schedule/project_id"), "octo/demo");
    CU_ASSERT(http_is_problem(http_get(scene->web, apr_pstrcat(test_pool(), place, "0", NULL)), 404));
    CU_ASSERT(http_is_problem(http_get(scene->web, "/api/sync/schedules/0"), 404));
    CU_ASSERT(
        http_is_problem(http_post(scene->web, "/api/sync/schedules",
                                  "{\"platform\":\"github\",\"project_id\":\"a/b\",\"interval\":\"5s\"}"),
                        400));
    CU_ASSERT(http_is_problem(http_post(scene->web, "/api/sync/schedules",
                                        "{\"platform\":\"github\",\"project_id\":7,\"interval\":\"5m\"}"),
                              400));
    CU_ASSERT_EQUAL(http_send(scene->web, "DELETE", place, NULL, NULL, 0)->status, 200);
    CU_ASSERT(http_is_problem(http_send(scene->web, "DELETE", place, NULL, NULL, 0), 404));
    CU_ASSERT(http_is_problem(http_get(scene->web, place), 404));
    CU_ASSERT(http_is_problem(http_send(scene->web, "DELETE", "/api/sync/schedules/x", NULL, NULL, 0), 404));
    /* The configuration goes before. */
    harness_configure(scene->server, SYNC_SCENE_OFF "CivarcosSyncSchedule github octo/demo 1h\n");
    CU_ASSERT_EQUAL(harness_restart(scene->server), 0);
    answer = http_get(scene->web, "/api/sync/schedules");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 1);
    CU_ASSERT_STRING_EQUAL(schedule_of(answer, "origin"), "directive");
    CU_ASSERT_STRING_EQUAL(schedule_of(answer, "interval"), "1h");
    place = apr_pstrcat(test_pool(), "/api/sync/schedules/", schedule_of(answer, "schedule_id"), NULL);
    CU_ASSERT(http_is_problem(http_send(scene->web, "DELETE", place, NULL, NULL, 0), 409));
    CU_ASSERT(http_is_problem(http_post(scene->web, "/api/sync/schedules", body), 409));
    harness_configure(scene->server, SYNC_SCENE_OFF);
    CU_ASSERT_EQUAL(harness_graceful(scene->server), 0);
    CU_ASSERT_EQUAL(http_json_int(http_get(scene->web, "/api/sync/schedules"), "/count"), 0);
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/blockchain/add", "{}")->status, 201);
    answer = http_get(scene->web, "/api/blockchain/search?type=civarcos.sync.schedule");
    CU_ASSERT_EQUAL(http_json_int(answer, "/count"), 5);
    CU_ASSERT(strstr(answer->body, "octo") == NULL);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static const test_case_t cases[] = {
    {"jobs_are_listed_and_cancelled", jobs_are_listed_and_cancelled},
    {"all_is_what_it_was_at_first", all_is_what_it_was_at_first},
    {"waiting_blocks_nobody", waiting_blocks_nobody},
    {"schedules_are_kept", schedules_are_kept},
    {NULL, NULL},
};

const test_suite_t sync_queue_suite = {"sync_queue", NULL, NULL, cases};
