/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sync_ledger.c
 * What is synchronised, in the ledger: a real httpd, its worker, its ledger, and a small server in the place of a platform.
 */
#include "config.h"

#include "integration/scenario.h"
#include "integration/sync_scene.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>

#define PROGRAM CIVARCOS_BUILD_DIR "/worker/civarcos-worker"
#define CONFIG                                                                                               \
    "CivarcosWorker managed \"" PROGRAM "\"\nCivarcosDifficulty 4\nCivarcosEgressAllow 127.0.0.1\n"          \
    "CivarcosEgressPlainHttp On\nCivarcosSealCount 10\n"
#define PAGES 24

static sync_scene_t *scene;

/* --- the platform: a repository with a list of commits, one on each page --- */

static void row(apr_array_header_t *rows, const char *target, const char *headers, const char *body,
                mock_manner_e manner, unsigned times)
{
    const mock_answer_t answer = {target, 200, headers, body, 0, manner, times};

    APR_ARRAY_PUSH(rows, mock_answer_t) = answer;
}

/* @param stops pages that are not answered the first time, ended by 0 */
static const mock_answer_t *repository(const int *stops)
{
    static const char list[] = "/repos/octo/demo/commits?per_page=100";
    apr_array_header_t *rows = apr_array_make(test_pool(), 64, sizeof(mock_answer_t));
    int i;

    row(rows, "/repos/octo/demo", NULL,
        "{\"id\":7,\"full_name\":\"octo/demo\",\"created_at\":\"2026-01-02T03:04:05Z\","
        "\"updated_at\":\"2026-01-03T03:04:05Z\",\"owner\":{\"login\":\"octo\"},\"default_branch\":\"main\"}",
        MOCK_PLAIN, 100000);
    for (i = 1; i <= PAGES; i++) {
        const char *target = i == 1 ? list : apr_psprintf(test_pool(), "%s&page=%d", list, i);
        const char *link = apr_psprintf(test_pool(),
                                        "Content-Type: application/json\r\nLink: <http://{self}%s&page=%d>; "
                                        "rel=\"next\"\r\n",
                                        list, i + 1);
        const char *body =
            apr_psprintf(test_pool(),
                         "[{\"sha\":\"%040d\",\"commit\":{\"message\":\"Change %d, by "
                         "jo@example.org\",\"author\":{\"date\":\"2026-02-%02dT03:04:05Z\","
                         "\"email\":\"jo@example.org\"},\"committer\":{\"date\":\"2026-02-%02dT03:04:05Z\"}},"
                         "\"parents\":[]}]",
                         i, i, i, i);

        if (stops != NULL && *stops == i) {
            row(rows, target, NULL, "", MOCK_SILENT, 1);
            stops++;
        }
        row(rows, target, i < PAGES ? link : NULL, body, MOCK_PLAIN, 100000);
    }
    row(rows, "/repos/octo/demo/pulls?state=all&sort=updated&direction=desc&per_page=100", NULL, "[]",
        MOCK_PLAIN, 100000);
    row(rows, "/repos/octo/demo/releases?per_page=100", NULL, "[]", MOCK_PLAIN, 100000);
    row(rows, "/repos/octo/demo/stats/participation", NULL, "{\"all\":[1],\"owner\":[1]}", MOCK_PLAIN,
        100000);
    row(rows, "/repos/octo/demo/stats/code_frequency", NULL, "[[1,2,-3]]", MOCK_PLAIN, 100000);
    row(rows, "/repos/octo/demo/languages", NULL, "{\"C\":1}", MOCK_PLAIN, 100000);
    row(rows, NULL, NULL,
        "{\"total_count\":0,\"workflow_runs\":[],\"artifacts\":[],\"check_runs\":[],\"statuses\":[]}",
        MOCK_PLAIN, 100000);
    memset(apr_array_push(rows), 0, sizeof(mock_answer_t));
    return (const mock_answer_t *)rows->elts;
}

/* --- the server --- */

static void start(const char *config, const int *stops)
{
    scene = sync_scene_open(config, repository(stops));
    CU_ASSERT_EQUAL_FATAL(sync_scene_configure(scene)->status, 200);
}

static const char *ask(const char *prefer)
{
    const char *const headers[] = {"Content-Type: application/json",
                                   apr_pstrcat(test_pool(), "Prefer: ", prefer, NULL), NULL};
    static const char body[] = "{\"platform\":\"github\",\"project_id\":\"octo/demo\"}";
    http_response_t *answer = http_send(scene->web, "POST", "/api/sync/source", headers, body, strlen(body));

    CU_ASSERT_FATAL(answer->status == 200 || answer->status == 202);
    return apr_pstrcat(test_pool(), "/api/sync/jobs/",
                       http_json_text(answer, answer->status == 200 ? "/sync_status/job_id" : "/job/job_id"),
                       NULL);
}

/* --- what is in the ledger --- */

static int count_of(const char *type)
{
    return (int)http_json_int(
        http_get(scene->web, apr_pstrcat(test_pool(), "/api/blockchain/search?limit=1000&type=", type, NULL)),
        "/count");
}

/* The entry, proved to be in the block that holds it. */
static http_response_t *look_up(const char *hash)
{
    http_response_t *answer =
        http_get(scene->web, apr_pstrcat(test_pool(), "/api/blockchain/evidence/", hash, NULL));
    http_response_t *block;

    CU_ASSERT_EQUAL_FATAL(answer->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(answer, "/result/evidence_hash"), hash);
    block = http_get(scene->web, apr_psprintf(test_pool(), "/api/blockchain/block/%" APR_INT64_T_FMT,
                                              http_json_int(answer, "/result/block_index")));
    CU_ASSERT_EQUAL_FATAL(block->status, 200);
    CU_ASSERT_STRING_EQUAL(http_json_text(block, "/block/hash"),
                           http_json_text(answer, "/result/block_hash"));
    CU_ASSERT_STRING_EQUAL(http_json_text(block, "/block/evidence_root"),
                           http_json_text(answer, "/result/proof/root"));
    return answer;
}

static void check_item(const http_response_t *timeline, int index)
{
    const char *at = apr_psprintf(test_pool(), "/timeline/%d", index);
    http_response_t *entry =
        look_up(http_json_text(timeline, apr_pstrcat(test_pool(), at, "/entry_hash", NULL)));

    CU_ASSERT_EQUAL(http_json_int(timeline, apr_pstrcat(test_pool(), at, "/block_index", NULL)),
                    http_json_int(entry, "/result/block_index"));
    CU_ASSERT_STRING_EQUAL(http_json_text(timeline, apr_pstrcat(test_pool(), at, "/id", NULL)),
                           http_json_text(entry, "/result/evidence/key"));
    CU_ASSERT_STRING_EQUAL(http_json_text(timeline, apr_pstrcat(test_pool(), at, "/content_hash", NULL)),
                           http_json_text(entry, "/result/evidence/content_hash"));
    CU_ASSERT(strstr(entry->body, "\"title\"") == NULL && strstr(entry->body, "\"author\"") == NULL);
    CU_ASSERT(strstr(entry->body, "jo@example.org") == NULL && strstr(entry->body, "ghp_") == NULL);
}

/* All that is in the timeline is in the ledger, each item once. @return how many items */
static int check_all(void)
{
    http_response_t *timeline;
    int i, count;

    /* What waits is sealed with it. */
    CU_ASSERT_EQUAL(http_post(scene->web, "/api/blockchain/add", "{\"evidence\":{\"last\":1}}")->status, 201);
    http_post(scene->web, "/api/blockchain/add", "{}");
    timeline = http_get(scene->web, "/api/sync/timeline?limit=1000");
    count = (int)http_json_int(timeline, "/count");
    for (i = 0; i < count; i++) {
        check_item(timeline, i);
    }
    CU_ASSERT_EQUAL(count_of("civarcos.sync.item"), count);
    CU_ASSERT(scenario_is_valid(scene->web));
    return count;
}

/* The entries of a run, from the last one back. @return how many answers are in them */
static int check_record(const char *job, int *stored, int *parts)
{
    const char *hash = http_json_text(http_get(scene->web, job), "/job/report/record");
    int i, answers = 0;

    for (*stored = *parts = 0; hash != NULL; (*parts)++) {
        http_response_t *entry = look_up(hash);
        int count = http_json_count(entry, "/result/evidence/answers");

        CU_ASSERT_STRING_EQUAL(http_json_text(entry, "/result/evidence/type"), "civarcos.sync.run");
        CU_ASSERT_STRING_EQUAL(http_json_text(entry, "/result/evidence/project_id"), "octo/demo");
        CU_ASSERT((http_json(entry, "/result/evidence/outcome") != NULL) == (*parts == 0));
        CU_ASSERT(strstr(entry->body, "ghp_") == NULL);
        for (i = 0; i < count; i++) {
            *stored +=
                http_json_int(entry, apr_psprintf(test_pool(), "/result/evidence/answers/%d/stored", i));
        }
        answers += count;
        hash = http_json(entry, "/result/evidence/previous") != NULL
                   ? http_json_text(entry, "/result/evidence/previous")
                   : NULL;
    }
    return answers;
}

/* --- tests --- */

static void items_name_their_block(void)
{
    const char *job;
    int items, stored, parts;

    start(CONFIG, NULL);
    job = ask("wait=60");
    items = check_all();
    CU_ASSERT(items > PAGES);
    CU_ASSERT_EQUAL(check_record(job, &stored, &parts), mock_platform_count(scene->platform));
    CU_ASSERT_EQUAL(stored, items);
    CU_ASSERT_EQUAL(parts, 1);
    CU_ASSERT_EQUAL(count_of("civarcos.sync.run"), 1);
    /* Nothing new: the record of the run, and nothing else. */
    job = ask("wait=60");
    CU_ASSERT_EQUAL(check_all(), items);
    check_record(job, &stored, &parts);
    CU_ASSERT_EQUAL(stored, 0);
    CU_ASSERT_EQUAL(count_of("civarcos.sync.run"), 2);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static void off_means_none(void)
{
    http_response_t *timeline;
    const char *job;

    start(CONFIG "CivarcosSyncLedger Off\n", NULL);
    job = ask("wait=60");
    CU_ASSERT_STRING_EQUAL(http_json_text(http_get(scene->web, job), "/job/state"), "succeeded");
    http_post(scene->web, "/api/blockchain/add", "{}");
    timeline = http_get(scene->web, "/api/sync/timeline?limit=1000");
    CU_ASSERT(http_json_int(timeline, "/count") > PAGES);
    CU_ASSERT(strstr(timeline->body, "\"block_index\":null,\"entry_hash\":null") != NULL);
    CU_ASSERT(strstr(timeline->body, "\"entry_hash\":\"") == NULL);
    CU_ASSERT_EQUAL(count_of("civarcos.sync.item"), 0);
    CU_ASSERT_EQUAL(count_of("civarcos.sync.run"), 0);
    CU_ASSERT_EQUAL(count_of("civarcos.sync.connector"), 1);
    CU_ASSERT(harness_log_is_clean(scene->server, NULL));
    sync_scene_close(scene);
}

static int has_asked(void *baton)
{
    return mock_platform_has_seen(scene->platform, baton);
}

static int is_replaced(void *baton)
{
    int count;
    pid_t now = scenario_worker(scene->server, &count);

    return now != 0 && now != *(pid_t *)baton;
}

static int is_over(void *baton)
{
    http_forget(scene->web);
    return strcmp(http_json_text(http_get(scene->web, baton), "/job/state"), "succeeded") == 0;
}

/* Killed while it waits for a page, three times: each item has its entry, and none has two. */
static void killed_between_pages(void)
{
    static const int stops[] = {4, 11, PAGES, 0};
    const char *job;
    int i, count, items, stored, parts;

    start(CONFIG, stops);
    job = ask("respond-async");
    for (i = 0; stops[i] != 0; i++) {
        pid_t worker;

        CU_ASSERT_EQUAL_FATAL(
            harness_wait(has_asked, apr_psprintf(test_pool(), "per_page=100&page=%d ", stops[i]), 30), 0);
        worker = scenario_worker(scene->server, &count);
        CU_ASSERT_EQUAL(kill(worker, SIGKILL), 0);
        CU_ASSERT_EQUAL_FATAL(harness_wait(is_replaced, &worker, 30), 0);
        /* As if its lease were over. */
        CU_ASSERT_EQUAL(
            database_do(apr_pstrcat(test_pool(), scene->server->state_dir, "/ledger/civarcos.db", NULL),
                        "UPDATE civ_sync_jobs SET lease_until = 1 WHERE state = 1"),
            0);
    }
    CU_ASSERT_EQUAL_FATAL(harness_wait(is_over, (void *)job, 60), 0);
    items = check_all();
    CU_ASSERT(items > PAGES);
    CU_ASSERT(check_record(job, &stored, &parts) >= PAGES);
    CU_ASSERT_EQUAL(stored, items);
    CU_ASSERT(harness_log_is_clean(scene->server, "CIV0740", NULL));
    sync_scene_close(scene);
}

static const test_case_t cases[] = {
    {"items_name_their_block", items_name_their_block},
    {"off_means_none", off_means_none},
    {"killed_between_pages", killed_between_pages},
    {NULL, NULL},
};
const test_suite_t sync_ledger_suite = {"sync_ledger", NULL, NULL, cases};
