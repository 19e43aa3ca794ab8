/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file worker.c
 * The worker and who looks after it: started with httpd, there again when it was killed, replaced with the configuration, gone with
 * httpd, and left in peace where it ends again and again.
 */
#include "integration/scenario.h"

#include "support/database.h"
#include "support/runner.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM CIVARCOS_BUILD_DIR "/worker/civarcos-worker"
#define MANAGED "CivarcosWorker managed \"" PROGRAM "\"\n"

static harness_t *server;

static int start(const char *config)
{
    harness_options_t options = {NULL, config, NULL};

    server = harness_start(&options);
    return server == NULL;
}

static pid_t worker_now(void)
{
    int count;

    return scenario_worker(server, &count);
}

static int worker_is(void *baton)
{
    pid_t other = *(pid_t *)baton;
    pid_t now = worker_now();

    return now != 0 && now != other;
}

static int is_gone(void *baton)
{
    return kill(*(pid_t *)baton, 0) != 0;
}

static const char *health(void)
{
    http_client_t *client = http_client(server->url, test_pool());
    const char *word = http_json_text(http_get(client, "/api/health"), "/worker");

    http_forget(client);
    return word ? word : "";
}

static int is_well(void *baton)
{
    (void)baton;
    return strcmp(health(), "ok") == 0;
}

static void test_lives_with_httpd(void)
{
    pid_t first, second, third, none = 0;
    int count;

    CU_ASSERT_EQUAL_FATAL(start(MANAGED), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &none, 10), 0);
    first = worker_now();
    CU_ASSERT(harness_log_has(server, "CIV0732", 20));
    CU_ASSERT_EQUAL(harness_wait(is_well, NULL, 20), 0);
    /* Killed, it is there again. */
    CU_ASSERT_EQUAL(kill(first, SIGKILL), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &first, 10), 0);
    second = worker_now();
    CU_ASSERT(harness_log_is_clean(server, "CIV0740: the worker has ended by signal 9 (Killed)", NULL));
    /* A new configuration has a new worker, and the old one is gone before. */
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT_NOT_EQUAL(kill(second, 0), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &second, 10), 0);
    third = scenario_worker(server, &count);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(harness_reload(server), 0);
    CU_ASSERT_NOT_EQUAL(kill(third, 0), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &third, 10), 0);
    third = scenario_worker(server, &count);
    CU_ASSERT_EQUAL(count, 1);
    /* It ends with httpd. */
    CU_ASSERT_EQUAL(harness_halt(server), 0);
    CU_ASSERT_EQUAL(harness_wait(is_gone, &third, 10), 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* The parent process gone without a word: nobody is left to end its worker, so it does by itself. */
static void test_orphan_ends(void)
{
    pid_t worker, none = 0;

    CU_ASSERT_EQUAL_FATAL(start(MANAGED), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &none, 10), 0);
    CU_ASSERT(harness_log_has(server, "CIV0732", 20));
    worker = worker_now();
    setpgid(worker, worker); /* so that the next line does not end it */
    CU_ASSERT_EQUAL(kill(server->pid, SIGKILL), 0);
    CU_ASSERT_EQUAL(harness_wait(is_gone, &worker, 10), 0);
    harness_crash(server);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_crash_loop_slows_down(void)
{
    CU_ASSERT_EQUAL_FATAL(start("CivarcosWorker managed /bin/false\n"), 0);
    CU_ASSERT(harness_log_has(server, "the next one starts in 0 seconds", 10));
    CU_ASSERT(harness_log_has(server, "the next one starts in 1 seconds", 10));
    CU_ASSERT(harness_log_has(server, "the next one starts in 2 seconds", 10));
    CU_ASSERT(harness_log_has(server, "the next one starts in 4 seconds", 10));
    CU_ASSERT(harness_log_has(server, "the next one starts in 8 seconds", 10));
    CU_ASSERT(harness_log_has(server, "the worker has ended with exit status 1; see", 0));
    /* The one after that is waiting still. */
    CU_ASSERT(!harness_log_has(server, "the next one starts in 16 seconds", 0));
    CU_ASSERT(harness_log_is_clean(server, "CIV0740", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_missing_program_is_told(void)
{
    CU_ASSERT_EQUAL_FATAL(start("CivarcosWorker managed /nowhere/civarcos-worker\n"), 0);
    CU_ASSERT_STRING_EQUAL(health(), "starting");
    CU_ASSERT(harness_log_is_clean(server, "CIV0743", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* A program that root may run and the account of httpd may not: what the parent can see is no fault. */
static void test_closed_program_is_told(void)
{
    const char *folder, *path;

    if (geteuid() != 0) {
        return;
    }
    folder = apr_psprintf(test_pool(), "/tmp/civarcos-closed.%d", (int)getpid());
    path = apr_pstrcat(test_pool(), folder, "/civarcos-worker", NULL);
    CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0700), 0);
    CU_ASSERT_EQUAL(symlink(PROGRAM, path), 0);
    CU_ASSERT_EQUAL_FATAL(start(apr_psprintf(test_pool(), "CivarcosWorker managed %s\n", path)), 0);
    CU_ASSERT(harness_log_has(
        server, "CIV0740: the worker has ended with exit status 127: its program cannot be run", 10));
    CU_ASSERT(harness_log_is_clean(server, "CIV0740", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
    unlink(path);
    rmdir(folder);
}

/* The only node is left out by a restart: a worker would have nothing to do, and would end again and again. */
static void test_none_without_a_node(void)
{
    const char *folder, *away;
    pid_t none = 0;
    int count;

    CU_ASSERT_EQUAL_FATAL(start(MANAGED), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &none, 10), 0);
    folder = apr_pstrcat(test_pool(), server->state_dir, "/ledger", NULL);
    away = apr_pstrcat(test_pool(), server->state_dir, "/away", NULL);
    CU_ASSERT_EQUAL_FATAL(rename(folder, away), 0);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    scenario_worker(server, &count);
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL_FATAL(rename(away, folder), 0);
    CU_ASSERT_EQUAL(harness_graceful(server), 0);
    CU_ASSERT_EQUAL(harness_wait(worker_is, &none, 10), 0);
    CU_ASSERT_EQUAL(harness_wait(is_well, NULL, 20), 0);
    CU_ASSERT(harness_log_is_clean(server, "CIV0310", "?CIV0102", "?CIV0103", "?CIV0255", "?CIV0313",
                                   "?CIV0730", "?CIV0731", "?CIV0733", NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_last_directive_holds(void)
{
    CU_ASSERT_EQUAL_FATAL(start("CivarcosWorker managed /nowhere/civarcos-worker\nCivarcosWorker managed\n"),
                          0);
    CU_ASSERT(!harness_log_has(server, "/nowhere/", 0));
    CU_ASSERT(harness_log_is_clean(server, "?CIV0743", NULL)); /* it need not be installed */
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* As a service manager would: with the account of httpd, and a file that only this account can read. */
static pid_t start_external(const char *path)
{
    struct stat ledger;
    pid_t pid;

    CU_ASSERT_EQUAL(stat(apr_pstrcat(test_pool(), server->state_dir, "/ledger", NULL), &ledger), 0);
    CU_ASSERT_EQUAL(chown(path, ledger.st_uid, ledger.st_gid), 0);
    pid = fork();
    if (pid == 0) {
        int log = open(apr_pstrcat(test_pool(), path, ".log", NULL), O_WRONLY | O_CREAT, 0644);

        dup2(log, STDERR_FILENO);
        if (geteuid() == 0 &&
            (setgroups(0, NULL) != 0 || setgid(ledger.st_gid) != 0 || setuid(ledger.st_uid) != 0))
            _exit(126);
        execl(PROGRAM, PROGRAM, "--config", path, (char *)NULL);
        _exit(127);
    }
    return pid;
}

/** A file, and what is to come up in it. */
typedef struct expected_t {
    const char *path, *text;
} expected_t;

static int is_written(void *baton)
{
    const expected_t *expected = baton;

    return access(expected->path, R_OK) == 0 &&
           strstr(test_read_file(expected->path, NULL), expected->text) != NULL;
}

/* What is put right is taken without a restart. */
static void test_key_is_awaited(void)
{
    const char *folder, *path, *key, *config;
    expected_t expected;
    int status = -1;
    pid_t pid;

    if (database_is_pgsql()) {
        return;
    }
    CU_ASSERT_EQUAL_FATAL(start("CivarcosWorker external\n"), 0);
    folder = apr_pstrcat(test_pool(), server->state_dir, "/ledger", NULL);
    key = apr_pstrcat(test_pool(), folder, "/keys/secrets.key", NULL);
    path = apr_pstrcat(test_pool(), folder, "/worker.json", NULL);
    expected.path = apr_pstrcat(test_pool(), path, ".log", NULL);
    config = apr_psprintf(
        test_pool(),
        "{\"version\":1,\"nodes\":[{\"state_dir\":\"%s\",\"ledger_name\":\"localhost/civarcos\"}]}", folder);
    CU_ASSERT_EQUAL(scenario_write_file(path, config, strlen(config)), 0);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    CU_ASSERT_EQUAL(chmod(key, 0644), 0);
    pid = start_external(path);
    expected.text = "CIV0731";
    CU_ASSERT_EQUAL(harness_wait(is_written, &expected, 20), 0);
    CU_ASSERT_EQUAL(chmod(key, 0600), 0);
    expected.text = "CIV0732";
    CU_ASSERT_EQUAL(harness_wait(is_written, &expected, 20), 0);
    CU_ASSERT_EQUAL(kill(pid, SIGTERM), 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

/* In words, not as a number that is none of the system's. */
static void test_database_is_awaited(void)
{
    const char *folder, *path, *config;
    expected_t expected;
    char *log;
    int status = -1;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(start("CivarcosWorker external\n"), 0);
    folder = apr_pstrcat(test_pool(), server->state_dir, "/ledger", NULL);
    path = apr_pstrcat(test_pool(), folder, "/worker.json", NULL);
    log = apr_pstrcat(test_pool(), path, ".log", NULL);
    config =
        apr_psprintf(test_pool(),
                     "{\"version\":1,\"nodes\":[{\"state_dir\":\"%s\",\"ledger_name\":\"localhost/civarcos\","
                     "\"database_driver\":\"sqlite3\",\"database_parameters\":\"%s/nowhere.db\"}]}",
                     folder, folder);
    CU_ASSERT_EQUAL(scenario_write_file(path, config, strlen(config)), 0);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    pid = start_external(path);
    expected.path = log;
    expected.text = "CIV0730";
    CU_ASSERT_EQUAL(harness_wait(is_written, &expected, 20), 0);
    CU_ASSERT(strstr(test_read_file(log, NULL), "APR does not understand") == NULL);
    CU_ASSERT_EQUAL(kill(pid, SIGTERM), 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static void test_external_worker(void)
{
    const char *folder, *path, *database = "";
    const char *config;
    int status = -1;
    pid_t pid;

    CU_ASSERT_EQUAL_FATAL(start("CivarcosWorker external\n"), 0);
    CU_ASSERT_EQUAL(worker_now(), 0);
    CU_ASSERT_STRING_EQUAL(health(), "starting");
    folder = apr_pstrcat(test_pool(), server->state_dir, "/ledger", NULL);
    path = apr_pstrcat(test_pool(), folder, "/worker.json", NULL);
    if (database_is_pgsql())
        database = apr_psprintf(
            test_pool(), ",\"database_driver\":\"pgsql\",\"database_parameters\":\"%s\"",
            database_parameters(apr_pstrcat(test_pool(), folder, "/civarcos.db", NULL), test_pool()));
    config = apr_psprintf(
        test_pool(),
        "{\"version\":1,\"nodes\":[{\"state_dir\":\"%s\",\"ledger_name\":\"localhost/civarcos\"%s}]}", folder,
        database);
    CU_ASSERT_EQUAL(scenario_write_file(path, config, strlen(config)), 0);
    /* Others could read it: it may hold passwords. */
    CU_ASSERT_EQUAL(chmod(path, 0644), 0);
    pid = start_external(path);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    pid = start_external(path);
    CU_ASSERT_EQUAL(harness_wait(is_well, NULL, 20), 0);
    CU_ASSERT_EQUAL(kill(pid, SIGTERM), 0);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT(harness_log_is_clean(server, NULL));
    CU_ASSERT_EQUAL(harness_stop(server), 0);
}

static const test_case_t cases[] = {
    {"lives_with_httpd", test_lives_with_httpd},
    {"orphan_ends", test_orphan_ends},
    {"crash_loop_slows_down", test_crash_loop_slows_down},
    {"missing_program_is_told", test_missing_program_is_told},
    {"closed_program_is_told", test_closed_program_is_told},
    {"none_without_a_node", test_none_without_a_node},
    {"database_is_awaited", test_database_is_awaited},
    {"key_is_awaited", test_key_is_awaited},
    {"last_directive_holds", test_last_directive_holds},
    {"external_worker", test_external_worker},
    {NULL, NULL},
};
const test_suite_t worker_suite = {"worker", NULL, NULL, cases};
