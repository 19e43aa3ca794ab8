/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file clock.c
 * A server whose clock is set back (by libfaketime): no block is older than the one before it, nothing that the clock says
 * raises an alarm, and what waits for a time does not wait for the clock to be there again.
 */
#include "config.h"

#include "integration/scenario.h"

#include "support/cluster.h"
#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static harness_t *server;
static http_client_t *web;
static char clock_file[64];

/* libfaketime reads it whenever somebody asks for the time. */
static void set_clock(const char *offset)
{
    char *other = apr_pstrcat(test_pool(), clock_file, ".new", NULL);

    CU_ASSERT_EQUAL(scenario_write_file(other, offset, strlen(offset)), 0);
    CU_ASSERT_EQUAL(chmod(other, 0644), 0);
    CU_ASSERT_EQUAL(rename(other, clock_file), 0);
}

static const char *find_library(void)
{
    static const char *const places[] = {"/usr/lib*/faketime/libfaketimeMT.so.1",
                                         "/usr/lib/*/faketime/libfaketimeMT.so.1",
                                         "/usr/local/lib*/faketime/libfaketimeMT.so.1", NULL};
    const char *const *place;
    const char *found = NULL;

    for (place = places; *place && !found; place++) {
        glob_t matches;

        if (glob(*place, 0, NULL, &matches) == 0) {
            found = apr_pstrdup(test_pool(), matches.gl_pathv[0]);
            globfree(&matches);
        }
    }
    return found;
}

/* The environment of httpd, for as long as it starts. */
static void set_environment(const char *library)
{
    static const char *const names[] = {"LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE", "FAKETIME_NO_CACHE",
                                        "FAKETIME_DONT_FAKE_MONOTONIC"};
    const char *values[] = {library, clock_file, "1", "1"};
    int i;

    for (i = 0; i < 4; i++) {
        if (library) {
            setenv(names[i], values[i], 1);
        } else {
            unsetenv(names[i]);
        }
    }
}

/* @return 0 when there is no such clock here */
static int begin_on(const char *mpm, const char *config)
{
    harness_options_t options = {mpm, config, NULL};
    const char *library = find_library();

    if (*CIVARCOS_PRELOAD || getenv("LD_PRELOAD")) {
        test_note("skipped: something else is loaded into httpd already");
        return 0;
    }
    if (!library) {
        test_note("skipped: libfaketime is not installed");
        return 0;
    }
    apr_snprintf(clock_file, sizeof(clock_file), "/tmp/civarcos-clock-%ld", (long)getpid());
    set_clock("+0");
    set_environment(library);
    server = harness_start(&options);
    set_environment(NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(server);
    web = http_client(server->url, test_pool());
    return 1;
}

static int begin(const char *config)
{
    return begin_on(NULL, config);
}

static void finish(void)
{
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    unlink(clock_file);
}

/* The block's time, which sorts as text does. */
static const char *add(int number)
{
    http_response_t *answer = scenario_add(web, number);

    CU_ASSERT_EQUAL(answer->status, 201);
    return http_json_text(answer, "/block/timestamp");
}

static void expect_order(void)
{
    scenario_chain_t *chain = scenario_export(web);
    int i;

    for (i = 1; i < chain->count; i++) {
        CU_ASSERT(strcmp(scenario_chain_text(chain, i - 1, "timestamp"),
                         scenario_chain_text(chain, i, "timestamp")) <= 0);
    }
}

/* One process, which all requests get. */
#define ONE_PROCESS                                                                                          \
    "<IfModule !mpm_prefork_module>\nStartServers 1\nServerLimit 1\nMaxRequestWorkers 25\n"                  \
    "MaxSpareThreads 25\n</IfModule>\n"

/* Within the ten minutes that a verifier allows for. */
static void test_set_back_a_little(void)
{
    const char *before;

    if (!begin("")) {
        return;
    }
    before = add(1);
    set_clock("-300s");
    CU_ASSERT_STRING_EQUAL(add(2), before);
    CU_ASSERT_STRING_EQUAL(add(3), before);
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(scenario_is_healthy(web));
    set_clock("+0");
    CU_ASSERT(strcmp(add(4), before) > 0);
    expect_order();
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    finish();
}

/* Blocks are from the future then: validation says so, and is the only one to be upset. A restart changes nothing. */
static void test_set_back_far(void)
{
    http_response_t *answer;
    const char *before;

    if (!begin("")) {
        return;
    }
    before = add(1);
    set_clock("-7200s");
    CU_ASSERT_STRING_EQUAL(add(2), before);
    answer = http_get(web, "/api/blockchain/validate");
    CU_ASSERT_EQUAL(http_json_bool(answer, "/validation/is_valid"), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer->body, "future"));
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    CU_ASSERT_STRING_EQUAL(add(3), before);
    CU_ASSERT(scenario_is_healthy(web));
    set_clock("+0");
    CU_ASSERT(strcmp(add(4), before) > 0);
    expect_order();
    CU_ASSERT(scenario_is_valid(web));
    CU_ASSERT(harness_log_is_clean(server, NULL));
    finish();
}

static int is_sealed(void *baton)
{
    int blocks = scenario_blocks(web);

    (void)baton;
    http_forget(web);
    return blocks == 2;
}

static void test_pending_does_not_wait(void)
{
    if (!begin("CivarcosSealInterval 2s\n")) {
        return;
    }
    CU_ASSERT_EQUAL(http_post(web, "/api/blockchain/pending", "{\"evidence\":{}}")->status, 202);
    set_clock("-7200s");
    CU_ASSERT_EQUAL(harness_wait(is_sealed, NULL, 30), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    finish();
}

static int is_taken(void *baton)
{
    int status = scenario_add(web, 9)->status;

    (void)baton;
    http_forget(web);
    return status == 201;
}

/* A server that tries every second to reach its database does so as well when the last time was in two hours. */
static void test_trying_again_does_not_wait(void)
{
    const char *here;
    const char *there;
    int i;

    if (!begin(ONE_PROCESS)) {
        return;
    }
    here = scenario_file(server, "ledger/civarcos.db");
    there = scenario_file(server, "aside.db");
    add(1);
    CU_ASSERT_EQUAL(rename(here, there), 0);
    CU_ASSERT_EQUAL_FATAL(harness_graceful(server), 0);
    /* Whichever process gets them. */
    for (i = 0; i < 30; i++) {
        CU_ASSERT_EQUAL(scenario_add(http_client(server->url, test_pool()), 2)->status, 503);
    }
    set_clock("-7200s");
    CU_ASSERT_EQUAL(rename(there, here), 0);
    CU_ASSERT_EQUAL(harness_wait(is_taken, NULL, 30), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "CIV0314", "?CIV0255", "?AH00287", "?AH00484",
                                   "?AH10159", "?AH03490", NULL));
    finish();
}

/* So does one whose database server was away when the clock was set back. */
static void test_server_comes_back(void)
{
    int i;

    if (!begin(ONE_PROCESS)) {
        return;
    }
    add(1);
    cluster_stop(database_cluster(), SIGQUIT);
    for (i = 0; i < 30; i++) {
        CU_ASSERT_EQUAL(scenario_add(http_client(server->url, test_pool()), 2)->status, 503);
    }
    set_clock("-7200s");
    CU_ASSERT_EQUAL_FATAL(cluster_start(database_cluster()), 0);
    CU_ASSERT_EQUAL(harness_wait(is_taken, NULL, 30), 0);
    CU_ASSERT(scenario_is_healthy(web));
    CU_ASSERT(harness_log_is_clean(server, "CIV0103", "?CIV0102", "?CIV0255", "?CIV0333", "?AH00287",
                                   "?AH00484", "?AH10159", "?AH03490", NULL));
    finish();
}

/* One that proves nothing. */
static int deliver(const char *platform)
{
    return http_post(web, apr_pstrcat(test_pool(), "/api/sync/webhook/", platform, NULL), "{}")->status;
}

/* How many deliveries the log tells of in messages that start so: those that have a line, and those that were left out before it. */
static int count_told(const char *start, int *lines)
{
    unsigned long length;
    const char *line = test_read_file(server->error_log, &length);
    int told = 0;

    for (*lines = 0; line && (line = strstr(line, start)) != NULL; line += strlen(start)) {
        const char *more = strstr(line, " more were not logged)");

        *lines += 1;
        told++;
        if (more && more < strchr(line, '\n')) {
            while (more[-1] != '(') {
                more--;
            }
            told += (int)strtol(more, NULL, 10);
        }
    }
    return told;
}

/* Whoever sends what proves nothing does not fill the log, however often he does; and all of it is counted. */
static void test_unproven_deliveries_are_logged_sparingly(void)
{
    static const char github[] = "CIV0800: a delivery of github is not accepted";
    static const char gitlab[] = "CIV0800: a delivery of gitlab is not accepted";
    int i, lines;

    if (!begin_on("event", ONE_PROCESS "CivarcosWorker off\n")) {
        return;
    }
    for (i = 0; i < 30; i++) {
        CU_ASSERT_EQUAL(deliver("github"), 403);
        CU_ASSERT_EQUAL(deliver("gitlab"), 403);
    }
    CU_ASSERT(count_told(github, &lines) >= 1);
    CU_ASSERT(lines < 30);
    CU_ASSERT(count_told(gitlab, &lines) >= 1);
    CU_ASSERT(lines < 30);
    set_clock("+61s");
    CU_ASSERT_EQUAL(deliver("github"), 403);
    CU_ASSERT_EQUAL(count_told(github, &lines), 31);
    CU_ASSERT_EQUAL((int)scenario_metric(web, "civarcos_webhooks_refused_total"), 61);
    CU_ASSERT(harness_log_is_clean(server, "CIV0800", NULL));
    finish();
}

/* Nor does it do so where they could not be proven if they were good. */
static void test_unopened_secrets_are_logged_sparingly(void)
{
    static const char gitlab[] = "CIV0801: a delivery of gitlab cannot be verified";
    const char *key;
    int i, lines;

    if (!begin_on("event", ONE_PROCESS "CivarcosWorker off\n")) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(http_post(web, "/api/sync/configure",
                                    "{\"platform\":\"gitlab\",\"config\":{\"api_token\":\"glpat-x\","
                                    "\"webhook_secret\":\"the secret of the webhook\"}}")
                              ->status,
                          200);
    key = scenario_file(server, "ledger/keys/secrets.key");
    CU_ASSERT_EQUAL(chmod(key, 0640), 0);
    for (i = 0; i < 30; i++) {
        CU_ASSERT_EQUAL(deliver("gitlab"), 503);
    }
    CU_ASSERT(count_told(gitlab, &lines) >= 1);
    CU_ASSERT(lines < 30);
    set_clock("+61s");
    CU_ASSERT_EQUAL(deliver("gitlab"), 503);
    CU_ASSERT_EQUAL(count_told(gitlab, &lines), 31);
    /* None of them was refused. */
    CU_ASSERT_EQUAL((int)scenario_metric(web, "civarcos_webhooks_refused_total"), 0);
    CU_ASSERT(harness_log_is_clean(server, "CIV0801", "?AH01387", NULL));
    finish();
}

static const test_case_t cases[] = {
    {"set_back_a_little", test_set_back_a_little},
    {"set_back_far", test_set_back_far},
    {"pending_does_not_wait", test_pending_does_not_wait},
    {"server_comes_back", test_server_comes_back},
    {"unproven_deliveries_are_logged_sparingly", test_unproven_deliveries_are_logged_sparingly},
    {"unopened_secrets_are_logged_sparingly", test_unopened_secrets_are_logged_sparingly},
    {"trying_again_does_not_wait", test_trying_again_does_not_wait},
    {NULL, NULL}};

const test_suite_t clock_suite = {"clock", NULL, NULL, cases};
