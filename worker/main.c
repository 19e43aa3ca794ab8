/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file main.c
 * civarcos-worker: does in the background what takes long or needs other servers. It is started by httpd, which tells it by a pipe
 * what there is to do, or by anybody else with --config FILE.
 */
#include <apr_atomic.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "input.h"
#include "node_worker.h"
#include "speak.h"

/** How long threads have to come to an end once they are told. */
#define ENDING apr_time_from_msec(1800)

static volatile sig_atomic_t signalled;
static apr_uint32_t stopping;
static apr_int64_t parent;

static void take_note(int signal_number)
{
    signalled = signal_number;
}

static int is_stopping(void *baton)
{
    (void)baton;
    return signalled != 0 || apr_atomic_read32(&stopping) != 0;
}

static void catch_signals(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = take_note;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
}

/* Whether the process that this one works for has gone, whichever way. */
static int is_orphan(void)
{
    return parent != 0 && getppid() != (pid_t)parent;
}

static void nap(void)
{
    if (is_orphan())
        apr_atomic_set32(&stopping, 1);
    apr_sleep(apr_time_from_msec(100));
}

static int all_done(civ_node_worker_t *workers, int count)
{
    int i;

    for (i = 0; i < count; i++)
        if (!civ_node_worker_is_done(&workers[i]))
            return 0;
    return 1;
}

static int run(const civ_worker_config_t *config, apr_pool_t *pool)
{
    const civ_node_config_t *nodes = (const civ_node_config_t *)config->nodes->elts;
    int count = config->nodes->nelts;
    civ_node_worker_t *workers = apr_pcalloc(pool, (apr_size_t)count * sizeof(*workers));
    civ_limiter_config_t limits;
    civ_limiter_t *limiter;
    char host[65] = "";
    apr_time_t until;
    int i;

    memset(&limits, 0, sizeof(limits));
    gethostname(host, sizeof(host) - 1);
    if (civ_store_initialize(pool) != APR_SUCCESS ||
        civ_limiter_create(&limiter, &limits, pool) != APR_SUCCESS)
        return EXIT_FAILURE;
    for (i = 0; i < count; i++) {
        workers[i].config = &nodes[i];
        workers[i].name = apr_psprintf(pool, "%s:%d:", host, (int)getpid());
        workers[i].limiter = limiter;
        workers[i].stopping = is_stopping;
        if (civ_node_worker_start(&workers[i], pool) != APR_SUCCESS)
            return EXIT_FAILURE;
    }
    while (!is_stopping(NULL) && !all_done(workers, count))
        nap();
    until = civ_timestamp_steady() + ENDING;
    while (!all_done(workers, count) && civ_timestamp_steady() < until)
        apr_sleep(apr_time_from_msec(20));
    civ_log_write(&civ_worker_log, CIV_LOG_NOTICE, APR_SUCCESS, "CIV0734: the worker ends%s",
                  all_done(workers, count) ? "" : " in the middle of its work, which another one takes over");
    return signalled != 0 || apr_atomic_read32(&stopping) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(const char *what)
{
    fprintf(stderr,
            "civarcos-worker: %s\n"
            "usage: civarcos-worker --config FILE\n"
            "       civarcos-worker --managed   (by httpd, with its configuration on "
            "standard input)\n",
            what);
    return 2;
}

int main(int argc, const char *const *argv, const char *const *environment)
{
    const char *path = NULL, *error = "";
    civ_worker_config_t config;
    int is_managed = 0, i;
    apr_status_t status;
    apr_pool_t *pool;

    if (apr_app_initialize(&argc, &argv, &environment) != APR_SUCCESS)
        return EXIT_FAILURE;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--managed") == 0)
            is_managed = 1;
        else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
            path = argv[++i];
        else
            return usage("what is this?");
    }
    if (is_managed == (path != NULL))
        return usage("either --managed or --config FILE is needed");
    catch_signals();
    apr_pool_create(&pool, NULL);
    status = is_managed ? civ_input_pipe(&config, &error, pool)
                        : civ_worker_config_load(&config, path, &error, pool);
    if (status != APR_SUCCESS) {
        civ_log_write(&civ_worker_log, CIV_LOG_ERROR, APR_SUCCESS, "CIV0735: %s", error);
        return EXIT_FAILURE;
    }
    civ_worker_log.level = config.log_level;
    parent = config.parent;
    i = run(&config, pool);
    fflush(NULL);
    _exit(i); /* threads may still be at work */
}
