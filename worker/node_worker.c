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

/** Between two signs of life, and between two looks at the schedules. */
#define TENDING    apr_time_from_sec(20)
#define SCHEDULING apr_time_from_sec(1)

/** What a thread keeps of the memory that a job has needed. */
#define KEPT_MEMORY (4 * 1024 * 1024)

/** One of a node's threads. */
typedef struct job_thread_t {
    civ_node_worker_t *worker;
    civ_runner_t runner;
} job_thread_t;

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

static apr_status_t equip(civ_node_worker_t *worker, civ_node_t *node, const char **error, apr_pool_t *pool)
{
    civ_runner_t *runner = &worker->runner;
    civ_egress_t *egress;
    apr_pool_t *moment;
    apr_status_t status;

    status = civ_node_egress(&egress, worker->config, error, pool);
    if (status == APR_SUCCESS) {
        /* Each job reads the keys for itself. */
        apr_pool_create(&moment, pool);
        status = civ_node_ready_seal_key(node, moment);
        apr_pool_destroy(moment);
    }
    if (status == APR_SUCCESS)
        status = apr_thread_mutex_create(&worker->taking, APR_THREAD_MUTEX_DEFAULT, pool);
    if (status != APR_SUCCESS)
        return status;
    runner->engine = civ_node_engine(node);
    runner->connectors = civ_connectors;
    runner->egress = egress;
    runner->limiter = worker->limiter;
    runner->process = worker->name;
    runner->stopping = worker->stopping;
    runner->log = &civ_worker_log;
    return APR_SUCCESS;
}

/* The last one is kept for what is short. No platform has more than half of the others, so that one that is slow, or wants to be left
 * alone for a while, leaves some of them to the rest. */
static void assign(job_thread_t *thread, civ_node_worker_t *worker, int number, apr_pool_t *pool)
{
    int count = worker->config->worker_threads;
    int readers = count > 1 ? count - 1 : 1;

    thread->worker = worker;
    thread->runner = worker->runner;
    thread->runner.worker = apr_psprintf(pool, "%s%d", worker->name, number);
    thread->runner.takes_only_short = number > readers;
    thread->runner.platform_most = (readers + 1) / 2 + thread->runner.takes_only_short;
}

/* Whoever looks for a job does beforehand what is to be done every now and then: a thread with a job in hand has no time for it. */
static apr_status_t take(job_thread_t *thread, civ_job_t *job, apr_pool_t *pool)
{
    civ_node_worker_t *worker = thread->worker;
    apr_time_t now = civ_timestamp_steady();
    civ_problem_t problem;
    apr_status_t status = APR_SUCCESS;
    int count;

    if (worker->tended == 0 || now - worker->tended >= TENDING) {
        status = civ_runner_tend(&thread->runner, pool);
        worker->tended = now;
    }
    if (status == APR_SUCCESS && (worker->scheduled == 0 || now - worker->scheduled >= SCHEDULING)) {
        status = civ_schedules_run(thread->runner.engine, &count, &problem, pool);
        worker->scheduled = now;
    }
    return status == APR_SUCCESS ? civ_runner_claim(&thread->runner, job, pool) : status;
}

/* Said once, not by each thread. */
static void note_outcome(civ_node_worker_t *worker, apr_status_t status)
{
    int is_failing = status != APR_SUCCESS && status != APR_NOTFOUND;

    if (is_failing && !worker->is_failing)
        civ_log_write(&civ_worker_log, CIV_LOG_WARNING, status,
                      "CIV0733: the worker cannot use the database of the node in \"%s\" at the moment",
                      worker->config->state_dir);
    if (is_failing)
        worker->tended = 0;
    worker->is_failing = is_failing;
}

/* Jobs are looked for by one thread at a time: two would look at the same ones, and count what a platform has before the other has taken
 * more of it. */
static apr_status_t once(job_thread_t *thread, apr_pool_t *pool)
{
    civ_node_worker_t *worker = thread->worker;
    civ_job_t job;
    apr_status_t status;

    apr_thread_mutex_lock(worker->taking);
    status = worker->stopping(NULL) ? APR_NOTFOUND : take(thread, &job, pool);
    note_outcome(worker, status);
    apr_thread_mutex_unlock(worker->taking);
    if (status != APR_SUCCESS)
        return status;
    status = civ_runner_do(&thread->runner, &job, pool);
    if (status != APR_SUCCESS) {
        apr_thread_mutex_lock(worker->taking);
        note_outcome(worker, status);
        apr_thread_mutex_unlock(worker->taking);
    }
    return status;
}

/* Memory of its own, which it gives back to the system after a job that has needed much. */
static apr_status_t make_own_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_status_t status = apr_allocator_create(&allocator);

    if (status != APR_SUCCESS)
        return status;
    apr_allocator_max_free_set(allocator, KEPT_MEMORY);
    status = apr_pool_create_ex(pool, NULL, NULL, allocator);
    if (status == APR_SUCCESS)
        apr_allocator_owner_set(allocator, *pool);
    else
        apr_allocator_destroy(allocator);
    return status;
}

static void do_jobs(job_thread_t *thread)
{
    const civ_node_worker_t *worker = thread->worker;
    apr_pool_t *scratch;

    if (make_own_pool(&scratch) != APR_SUCCESS)
        return;
    while (!worker->stopping(NULL)) {
        apr_status_t status;

        apr_pool_clear(scratch);
        status = once(thread, scratch);
        if (status != APR_SUCCESS)
            rest(worker, status == APR_NOTFOUND ? IDLE : AWAIT);
    }
}

/* Nothing is closed: the process ends with its threads, and the database is safe whenever it does. Threads end by returning: AddressSanitizer
 * does not know apr_thread_exit for something that leaves all frames at once. */
static void *APR_THREAD_FUNC run_other(apr_thread_t *thread, void *baton)
{
    job_thread_t *own = baton;

    (void)thread;
    do_jobs(own);
    apr_atomic_dec32(&own->worker->at_work);
    return NULL;
}

static apr_status_t start_others(civ_node_worker_t *worker, job_thread_t *threads, apr_pool_t *pool)
{
    apr_status_t status = APR_SUCCESS;
    int i;

    for (i = 1; i < worker->config->worker_threads && status == APR_SUCCESS; i++) {
        apr_thread_t *thread;

        apr_atomic_inc32(&worker->at_work);
        status = apr_thread_create(&thread, NULL, run_other, &threads[i], pool);
        if (status != APR_SUCCESS)
            apr_atomic_dec32(&worker->at_work);
    }
    return status;
}

/* What a key file with a wrong mode keeps from one node must not wait for a restart of all. @return 0: told to stop before */
static int equip_at_last(civ_node_worker_t *worker, civ_node_t *node, apr_pool_t *pool)
{
    int is_told = 0;

    while (!worker->stopping(NULL)) {
        const char *error = NULL;
        apr_pool_t *trial;
        apr_status_t status;

        apr_pool_create(&trial, pool);
        status = equip(worker, node, &error, trial);
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

/* Everything that the threads share is there before the first of them. */
static void work(civ_node_worker_t *worker, apr_pool_t *pool)
{
    civ_node_t *node = bring_up(worker, pool);
    int count = worker->config->worker_threads, i;
    job_thread_t *threads = apr_pcalloc(pool, (apr_size_t)count * sizeof(*threads));
    apr_status_t status;

    if (node == NULL || !equip_at_last(worker, node, pool))
        return;
    for (i = 0; i < count; i++)
        assign(&threads[i], worker, i + 1, pool);
    status = start_others(worker, threads, pool);
    if (status != APR_SUCCESS)
        civ_log_write(
            &civ_worker_log, CIV_LOG_WARNING, status,
            "CIV0736: not all of the %d threads for the node in \"%s\" can be started; those that are "
            "there do its jobs",
            count, worker->config->state_dir);
    civ_log_write(&civ_worker_log, CIV_LOG_NOTICE, APR_SUCCESS,
                  "CIV0732: the worker is ready for the node in \"%s\"", worker->config->state_dir);
    do_jobs(&threads[0]);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *baton)
{
    civ_node_worker_t *worker = baton;
    apr_pool_t *pool;

    (void)thread;
    apr_pool_create(&pool, NULL);
    work(worker, pool);
    apr_atomic_dec32(&worker->at_work);
    return NULL;
}

apr_status_t civ_node_worker_start(civ_node_worker_t *worker, apr_pool_t *pool)
{
    apr_atomic_set32(&worker->at_work, 1);
    return apr_thread_create(&worker->thread, NULL, run, worker, pool);
}

int civ_node_worker_is_done(civ_node_worker_t *worker)
{
    return apr_atomic_read32(&worker->at_work) == 0;
}
