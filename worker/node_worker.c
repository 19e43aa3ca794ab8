/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "node_worker.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <string.h>

#include "base/status.h"
#include "base/timestamp.h"
#include "speak.h"
#include "sync/connectors.h"
#include "sync/schedules.h"

/** How long to rest where there is nothing to do, and where the database does not answer. */
#define IDLE  apr_time_from_msec(1000)
#define AWAIT apr_time_from_msec(5000)

/** Between two signs of life. */
#define TENDING apr_time_from_sec(20)

static void rest(const civ_node_worker_t *worker, apr_interval_time_t time)
{
    apr_time_t until = civ_timestamp_steady() + time;

    while (civ_timestamp_steady() < until && !worker->stopping(NULL))
        apr_sleep(apr_time_from_msec(100));
}

/* The node, as soon as its database is there. */
static civ_node_t *bring_up(const civ_node_worker_t *worker, apr_pool_t *pool)
{
    civ_node_context_t context;
    int is_told = 0;

    memset(&context, 0, sizeof(context));
    context.interrupted = worker->stopping;
    context.log = &civ_worker_log;
    while (!worker->stopping(NULL)) {
        const char *error = NULL;
        civ_state_head_t head;
        civ_problem_t problem;
        civ_node_t *node;
        apr_pool_t *trial;
        apr_status_t status;

        apr_pool_create(&trial, pool);
        status = civ_node_open(&node, worker->config, &context, &error, trial);
        /* Only httpd begins a ledger, brings its tables up to date, or changes its policy. */
        if (status == APR_SUCCESS)
            status = civ_node_head(node, &head, &problem, trial);
        if (status == APR_SUCCESS)
            return node;
        if (!is_told)
            civ_log_write(&civ_worker_log, CIV_LOG_WARNING, status,
                          "CIV0730: the node in \"%s\" cannot be used yet: %s; the worker tries again",
                          worker->config->state_dir, error != NULL ? error : "its database is not ready");
        is_told = 1;
        apr_pool_destroy(trial);
        rest(worker, AWAIT);
    }
    return NULL;
}

static apr_status_t equip(const civ_node_worker_t *worker, civ_node_t *node, civ_runner_t *runner,
                          const char **error, apr_pool_t *pool)
{
    civ_egress_t *egress;
    civ_seal_key_t *key;
    apr_status_t status;

    status = civ_node_egress(&egress, worker->config, error, pool);
    if (status == APR_SUCCESS)
        status = civ_node_seal_key(node, &key, pool);
    if (status != APR_SUCCESS)
        return status;
    memset(runner, 0, sizeof(*runner));
    runner->engine = civ_node_engine(node);
    runner->connectors = civ_connectors;
    runner->key = key;
    runner->egress = egress;
    runner->limiter = worker->limiter;
    runner->worker = worker->name;
    runner->stopping = worker->stopping;
    runner->log = &civ_worker_log;
    return APR_SUCCESS;
}

static apr_status_t once(const civ_runner_t *runner, apr_time_t *tended, apr_pool_t *pool)
{
    apr_time_t now = civ_timestamp_steady();
    civ_problem_t problem;
    apr_status_t status = APR_SUCCESS;
    int count;

    if (*tended == 0 || now - *tended >= TENDING) {
        status = civ_runner_tend(runner, pool);
        *tended = now;
    }
    if (status == APR_SUCCESS)
        status = civ_schedules_run(runner->engine, &count, &problem, pool);
    return status == APR_SUCCESS ? civ_runner_work(runner, pool) : status;
}

/* What a key file with a wrong mode keeps from one node must not wait for a restart of all. @return 0: told to stop before */
static int equip_at_last(const civ_node_worker_t *worker, civ_node_t *node, civ_runner_t *runner,
                         apr_pool_t *pool)
{
    int is_told = 0;

    while (!worker->stopping(NULL)) {
        const char *error = NULL;
        apr_pool_t *trial;
        apr_status_t status;

        apr_pool_create(&trial, pool);
        status = equip(worker, node, runner, &error, trial);
        if (status == APR_SUCCESS)
            return 1;
        if (!is_told)
            civ_log_write(
                &civ_worker_log, CIV_LOG_ERROR, status,
                "CIV0731: nothing can be synchronised for the node in \"%s\": %s; the worker tries again",
                worker->config->state_dir,
                error != NULL ? error : "the key file of its secrets cannot be used");
        is_told = 1;
        apr_pool_destroy(trial);
        rest(worker, AWAIT);
    }
    return 0;
}

static void work(civ_node_worker_t *worker, apr_pool_t *pool)
{
    civ_node_t *node = bring_up(worker, pool);
    civ_runner_t runner;
    apr_time_t tended = 0;
    apr_pool_t *scratch;
    int failures = 0;
    apr_status_t status;

    if (node == NULL || !equip_at_last(worker, node, &runner, pool))
        return;
    civ_log_write(&civ_worker_log, CIV_LOG_NOTICE, APR_SUCCESS,
                  "CIV0732: the worker is ready for the node in \"%s\"", worker->config->state_dir);
    apr_pool_create(&scratch, pool);
    while (!worker->stopping(NULL)) {
        apr_pool_clear(scratch);
        status = once(&runner, &tended, scratch);
        if (status == APR_SUCCESS) {
            failures = 0;
        } else if (status == APR_NOTFOUND) {
            failures = 0;
            rest(worker, IDLE);
        } else {
            if (failures++ == 0)
                civ_log_write(
                    &civ_worker_log, CIV_LOG_WARNING, status,
                    "CIV0733: the worker cannot use the database of the node in \"%s\" at the moment",
                    worker->config->state_dir);
            tended = 0;
            rest(worker, AWAIT);
        }
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *baton)
{
    civ_node_worker_t *worker = baton;
    apr_pool_t *pool;

    apr_pool_create(&pool, NULL);
    work(worker, pool);
    /* Nothing is closed: the process ends with its threads, and the database is safe whenever it does. */
    apr_atomic_set32(&worker->is_done, 1);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

apr_status_t civ_node_worker_start(civ_node_worker_t *worker, apr_pool_t *pool)
{
    return apr_thread_create(&worker->thread, NULL, run, worker, pool);
}
