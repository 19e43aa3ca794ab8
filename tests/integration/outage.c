/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file outage.c
 * The database locked, out of reach or read-only, a queue that is full, a key or a name that is not the ledger's: nothing
 * is stored, the client is told, and what can mend itself does. outage_disk.c is about disks that are full.
 */
#include "config.h"

#include "integration/scenario.h"

#include "base/keys.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG                                                                                               \
    "CivarcosStateDir \"${civ_state}/node\"\nCivarcosLedgerName outage.test/ledger\nCivarcosDifficulty 2\n"

static harness_t *server;
static http_client_t *web;

/* Each case has a server of its own, with four blocks. */
static int begin(const char *config)
{
    harness_options_t options = {NULL, apr_pstrcat(test_pool(), CONFIG, config, NULL), NULL};
    int i;

    server = harness_start(&options);
    if (!server) {
        return -1;
    }
    web = http_client(server->url, test_pool());
    for (i = 1; i <= 3; i++) {
        CU_ASSERT_EQUAL(scenario_add(web, i)->status, 201);
    }
    return 0;
}

static void finish(void)
{
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    server = NULL;
}

static int is_refused(const http_response_t *response)
{
    const char *retry = http_header(response, "Retry-After");

    return http_is_problem(response, 503) && retry && strtol(retry, NULL, 10) > 0;
}

static int takes_more(void *baton)
{
    int status = scenario_post(web, "/api/blockchain/add", baton, "{\"evidence\":{\"again\":1}}")->status;

    http_forget(web);
    return status == 201;
}

static int is_ill(void *baton)
{
    int status = http_get(web, "/api/health")->status;

    (void)baton;
    http_forget(web);
    return status == 503;
}

/* A child dies and takes its connections along: whoever comes next has to open the database anew. */
static void kill_children(void)
{
    pid_t children[64];
    int count = harness_children(server, children, 64);
    int i;

    for (i = 0; i < count; i++) {
        harness_kill_child(server, children[i]);
    }
}

static int is_well(void *baton)
{
    int status = http_get(web, "/api/health")->status;

    (void)baton;
    http_forget(web);
    return status == 200;
}

/* The chain has so many blocks, is sound, and all is well, at the latest when each process has opened the database anew. */
static void expect_well(int blocks)
{
    CU_ASSERT_EQUAL(harness_wait(is_well, NULL, 10), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT_EQUAL(scenario_blocks(web), blocks);
    CU_ASSERT(scenario_is_valid(web));
}

/* -- Locked by somebody else
 * ----------------------------------------------------------------------------------------- */

static database_t *lock_database(void)
{
    database_t *database = database_open(scenario_file(server, "node/civarcos.db"));

    CU_ASSERT_PTR_NOT_NULL_FATAL(database);
    CU_ASSERT_EQUAL(database_shut_out(database), 0);
    return database;
}

static void test_locked(void)
{
    database_t *database;
    http_response_t *response;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    database = lock_database();
    response = scenario_post(web, "/api/blockchain/add", "locked", "{\"evidence\":{\"again\":1}}");
    CU_ASSERT(is_refused(response));
    CU_ASSERT(response->seconds < 15);
    /* Reading goes on meanwhile, also of what is not in shared memory. */
    response = http_get(web, "/api/blockchain/block/2");
    CU_ASSERT_EQUAL(response->status, 200);
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/search?type=scenario")->status, 200);
    CU_ASSERT_EQUAL(http_get(web, "/api/health")->status, 503);
    database_close(database);
    CU_ASSERT(takes_more((void *)"locked"));
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    finish();
}

static void *add_one(void *baton)
{
    http_client_t *own = baton;

    return http_post(own, "/api/blockchain/add", "{\"evidence\":{\"waiting\":1}}");
}

static int is_waiting(void *baton)
{
    (void)baton;
    return harness_log_has(server, "database is locked", 0.1);
}

/* A lock that is not held for long is waited for. */
static void test_locked_for_a_moment(void)
{
    database_t *database;
    apr_pool_t *pool;
    pthread_t thread;
    void *answer = NULL;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    apr_pool_create(&pool, NULL);
    database = lock_database();
    pthread_create(&thread, NULL, add_one, http_client(server->url, pool));
    harness_wait(is_waiting, NULL, 0.3);
    database_close(database);
    pthread_join(thread, &answer);
    CU_ASSERT_EQUAL(((http_response_t *)answer)->status, 201);
    apr_pool_destroy(pool);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    finish();
}

/* -- Out of reach
 * --------------------------------------------------------------------------------------------------- */

/* The folder is gone, as when a disk is taken away; and comes back. */
static void test_folder_gone(void)
{
    const char *here;
    const char *there;
    scenario_load_t load;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    here = scenario_file(server, "node");
    there = scenario_file(server, "elsewhere");
    memset(&load, 0, sizeof(load));
    load.url = server->url;
    load.label = "gone";
    load.threads = 4;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 10), 0);
    CU_ASSERT_EQUAL(rename(here, there), 0);
    kill_children();
    CU_ASSERT_EQUAL(harness_wait(is_ill, NULL, 30), 0);
    CU_ASSERT_EQUAL(rename(there, here), 0);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 10), 0);
    scenario_load_stop(&load);
    CU_ASSERT(load.refused > 0);
    CU_ASSERT_EQUAL(harness_wait(is_well, NULL, 10), 0);
    CU_ASSERT(scenario_load_is_kept(&load, scenario_export(web)));
    scenario_load_free(&load);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "?CIV0102", "?CIV0103", "?CIV0212", "?CIV0255", "?CIV0313", NULL));
    finish();
}

static int is_taken(void *baton)
{
    int status = scenario_add(web, 9)->status;

    (void)baton;
    http_forget(web);
    return status == 201;
}

/* Only the file is moved, and its log stays behind. The processes have it open still: what they wrote there would be gone
 * with it. */
static void test_file_moved(void)
{
    const char *here;
    const char *there;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    here = scenario_file(server, "node/civarcos.db");
    there = scenario_file(server, "aside.db");
    CU_ASSERT_EQUAL(rename(here, there), 0);
    CU_ASSERT(is_refused(scenario_add(web, 1)));
    CU_ASSERT(is_ill(NULL));
    CU_ASSERT(access(here, F_OK) != 0);
    CU_ASSERT_EQUAL(rename(there, here), 0);
    CU_ASSERT_EQUAL(harness_wait(takes_more, (void *)"moved", 15), 0);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "?CIV0102", "?CIV0255", NULL));
    finish();
}

/* Nobody makes a new file in its place, not new processes and not a restart: SQLite would throw away the log of the old
 * one then, with what was acknowledged in it. */
static void test_file_moved_at_restart(void)
{
    const char *here;
    const char *there;
    scenario_load_t load;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    here = scenario_file(server, "node/civarcos.db");
    there = scenario_file(server, "aside.db");
    memset(&load, 0, sizeof(load));
    load.url = server->url;
    load.label = "moved";
    load.threads = 4;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 10), 0);
    CU_ASSERT_EQUAL(rename(here, there), 0);
    kill_children();
    CU_ASSERT_EQUAL(harness_wait(is_ill, NULL, 30), 0);
    CU_ASSERT(access(here, F_OK) != 0);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(harness_wait(is_ill, NULL, 30), 0);
    CU_ASSERT(access(here, F_OK) != 0);
    CU_ASSERT_EQUAL(http_get(web, "/api")->status, 200);
    CU_ASSERT_EQUAL(rename(there, here), 0);
    CU_ASSERT_EQUAL(harness_wait(is_taken, NULL, 30), 0);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 10), 0);
    scenario_load_stop(&load);
    CU_ASSERT_EQUAL(harness_wait(is_well, NULL, 10), 0);
    CU_ASSERT(scenario_load_is_kept(&load, scenario_export(web)));
    scenario_load_free(&load);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "?CIV0102", "?CIV0255", "?CIV0314", "?AH10392", NULL));
    finish();
}

/* The same for a server that starts. */
static void test_file_missing_at_start(void)
{
    const char *here;
    const char *there;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    here = scenario_file(server, "node/civarcos.db");
    there = scenario_file(server, "aside.db");
    harness_crash(server);
    CU_ASSERT_EQUAL(rename(here, there), 0);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    CU_ASSERT(is_refused(scenario_add(web, 1)));
    CU_ASSERT(access(here, F_OK) != 0);
    CU_ASSERT_EQUAL(rename(there, here), 0);
    CU_ASSERT_EQUAL(harness_wait(takes_more, (void *)"missing", 15), 0);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "CIV0314", NULL));
    finish();
}

static void test_folder_without_rights(void)
{
    const char *folder;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    folder = scenario_file(server, "node");
    CU_ASSERT_EQUAL(chmod(folder, 0), 0);
    kill_children();
    CU_ASSERT_EQUAL(harness_wait(is_ill, NULL, 30), 0);
    CU_ASSERT(is_refused(scenario_add(web, 1)));
    CU_ASSERT_EQUAL(http_get(web, "/api")->status, 200);
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    CU_ASSERT_EQUAL(harness_wait(takes_more, (void *)"folder", 15), 0);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "?CIV0102", "?CIV0103", "?CIV0212", "?CIV0255", "?CIV0313", NULL));
    finish();
}

static void test_file_without_rights(void)
{
    const char *database;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    database = scenario_file(server, "node/civarcos.db");
    CU_ASSERT_EQUAL(chmod(database, 0), 0);
    kill_children();
    CU_ASSERT_EQUAL(harness_wait(is_ill, NULL, 30), 0);
    CU_ASSERT(is_refused(scenario_add(web, 1)));
    /* The newest blocks are in shared memory, and the rest of the server is well. */
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/block/2")->status, 200);
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/info")->status, 200);
    CU_ASSERT(is_refused(http_get(web, "/api/blockchain/export")));
    CU_ASSERT_EQUAL(http_get(web, "/api")->status, 200);
    CU_ASSERT_EQUAL(chmod(database, 0600), 0);
    CU_ASSERT_EQUAL(harness_wait(takes_more, (void *)"rights", 15), 0);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "?CIV0102", "?CIV0103", "?CIV0333", NULL));
    finish();
}

static void test_file_read_only(void)
{
    const char *database;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    database = scenario_file(server, "node/civarcos.db");
    CU_ASSERT_EQUAL(chmod(database, 0444), 0);
    kill_children();
    CU_ASSERT_EQUAL(harness_wait(is_ill, NULL, 30), 0);
    CU_ASSERT(is_refused(scenario_add(web, 1)));
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/block/2")->status, 200);
    CU_ASSERT_EQUAL(chmod(database, 0600), 0);
    CU_ASSERT_EQUAL(harness_wait(takes_more, (void *)"read-only", 15), 0);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "?CIV0102", "?CIV0103", NULL));
    finish();
}

/* The server comes up without its database, serves what it can, and takes it when it is there. */
static void test_absent_at_start(void)
{
    const char *database;
    const char *aside;
    const char *mark;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    database = scenario_file(server, "node/civarcos.db");
    aside = scenario_file(server, "aside.db");
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    CU_ASSERT_EQUAL(rename(database, aside), 0);
    /* No database, and nothing that one could be made of. */
    mark = apr_psprintf(test_pool(), "%1000d", 1);
    CU_ASSERT_EQUAL(scenario_write_file(database, mark, strlen(mark)), 0);
    CU_ASSERT_EQUAL_FATAL(harness_resume(server), 0);
    CU_ASSERT_EQUAL(http_get(web, "/index.html")->status, 200);
    CU_ASSERT_EQUAL(http_get(web, "/api")->status, 200);
    CU_ASSERT(is_refused(http_get(web, "/api/blockchain/info")));
    CU_ASSERT(is_refused(scenario_add(web, 1)));
    CU_ASSERT(is_ill(NULL));
    CU_ASSERT_STRING_EQUAL(test_read_file(database, NULL), mark);
    CU_ASSERT_EQUAL(rename(aside, database), 0);
    CU_ASSERT_EQUAL(harness_wait(takes_more, (void *)"absent", 15), 0);
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "CIV0102", "CIV0314", NULL));
    finish();
}

/* -- Not this ledger's
 * ---------------------------------------------------------------------------------------------- */

static int is_read_only(const char *reason)
{
    http_response_t *health = http_get(web, "/api/health");
    http_response_t *added = scenario_add(web, 1);

    if (health->status == 503 && strstr(http_json_text(health, "/read_only"), reason) &&
        http_is_problem(added, 503) &&
        strcmp(http_json_text(added, "/type"), "urn:civarcos:problem:read-only") == 0) {
        return 1;
    }
    test_note("not read-only because of \"%s\": %s; %s", reason, health->body, added->body);
    return 0;
}

static void test_another_key(void)
{
    const char *path;
    const char *aside;
    civ_key_t *key;
    struct stat info;

    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    path = scenario_file(server, "node/keys/ledger.pem");
    aside = scenario_file(server, "node/keys/aside.pem");
    CU_ASSERT_EQUAL(stat(path, &info), 0);
    CU_ASSERT_EQUAL(rename(path, aside), 0);
    CU_ASSERT_EQUAL(civ_key_generate(&key, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(civ_key_save(key, path, test_pool()), APR_SUCCESS);
    CU_ASSERT_EQUAL(chown(path, info.st_uid, info.st_gid), 0);
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT(is_read_only("this host's key is not the ledger's key"));
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/block/2")->status, 200);
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/export")->status, 200);
    CU_ASSERT_EQUAL(rename(aside, path), 0);
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT(takes_more((void *)"key"));
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "CIV0207", "CIV0317", NULL));
    finish();
}

static void test_another_name(void)
{
    CU_ASSERT_EQUAL_FATAL(begin(""), 0);
    harness_configure(server, CONFIG "CivarcosLedgerName other.test/ledger\n");
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT(is_read_only("\"outage.test/ledger\", but \"other.test/ledger\" is configured"));
    CU_ASSERT_EQUAL(http_get(web, "/api/blockchain/block/2")->status, 200);
    harness_configure(server, CONFIG);
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT(takes_more((void *)"name"));
    expect_well(5);
    CU_ASSERT(harness_log_is_clean(server, "CIV0207", "CIV0317", NULL));
    finish();
}

/* -- Too much at once
 * ----------------------------------------------------------------------------------------------- */

static void test_queue_full(void)
{
    scenario_load_t load;

    const char *mpm = getenv("CIVARCOS_MPM");

    if (mpm && strcmp(mpm, "prefork") == 0) {
        test_note("skipped: a process of prefork serves one request at a time, so that nothing queues");
        return;
    }
    CU_ASSERT_EQUAL_FATAL(begin("CivarcosQueueLimit 1\nCivarcosDifficulty 15\n"
                                "StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\n"
                                "MinSpareThreads 1\nMaxSpareThreads 16\n"),
                          0);
    memset(&load, 0, sizeof(load));
    load.url = server->url;
    load.label = "queue";
    load.threads = 8;
    scenario_load_start(&load);
    CU_ASSERT_EQUAL(scenario_load_wait(&load, 30), 0);
    scenario_load_stop(&load);
    CU_ASSERT(load.refused > 0);
    CU_ASSERT(scenario_load_is_kept(&load, scenario_export(web)));
    scenario_load_free(&load);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(harness_log_is_clean(server, "?AH10159", "?AH00484", "?AH00286", NULL));
    finish();
}

static const test_case_t cases[] = {{"locked", test_locked},
                                    {"locked_for_a_moment", test_locked_for_a_moment},
                                    {"folder_gone", test_folder_gone},
                                    {"folder_without_rights", test_folder_without_rights},
                                    {"file_moved", test_file_moved},
                                    {"file_moved_at_restart", test_file_moved_at_restart},
                                    {"file_missing_at_start", test_file_missing_at_start},
                                    {"file_without_rights", test_file_without_rights},
                                    {"file_read_only", test_file_read_only},
                                    {"absent_at_start", test_absent_at_start},
                                    {"another_key", test_another_key},
                                    {"another_name", test_another_name},
                                    {"queue_full", test_queue_full},
                                    {NULL, NULL}};

const test_suite_t outage_suite = {"outage", NULL, NULL, cases};
