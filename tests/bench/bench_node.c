/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bench_node.c
 * Nodes in folders that are removed in the end.
 */
#include "bench/bench_node.h"

#include <apr_atomic.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 32

static apr_array_header_t *folders; /* const char * */

double bench_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

long bench_number(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtol(text, NULL, 10) : otherwise;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

void bench_sort(double *values, int count)
{
    qsort(values, (size_t)count, sizeof(values[0]), compare_doubles);
}

/* --- nodes --- */

static void log_line(void *baton, civ_log_level_e level, apr_status_t status, const char *message)
{
    (void)baton;
    (void)status;
    if (level <= CIV_LOG_WARNING)
        fprintf(stderr, "%s\n", message);
}

static void remove_folder(const char *folder, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_dir_t *dir;

    if (apr_dir_open(&dir, folder, pool) != APR_SUCCESS)
        return;
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        const char *path = apr_pstrcat(pool, folder, "/", info.name, NULL);

        if (strcmp(info.name, ".") == 0 || strcmp(info.name, "..") == 0)
            continue;
        if (info.filetype == APR_DIR)
            remove_folder(path, pool);
        else
            apr_file_remove(path, pool);
    }
    apr_dir_close(dir);
    apr_dir_remove(folder, pool);
}

int bench_node(civ_node_t **node, civ_node_config_t *config, apr_pool_t *pool)
{
    static const civ_log_t log = {log_line, NULL, CIV_LOG_WARNING};
    static const civ_node_context_t context = {.log = &log};
    const char *parent = getenv("CIVARCOS_BENCH_DIR");
    const char *error = "";
    char *folder;

    if (parent == NULL)
        parent = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    folder = apr_pstrcat(pool, parent, "/civarcos-bench-XXXXXX", NULL);
    if (mkdtemp(folder) == NULL)
        return fprintf(stderr, "no folder in %s\n", parent), 1;
    APR_ARRAY_PUSH(folders, const char *) = apr_pstrdup(folders->pool, folder);
    config->state_dir = folder;
    config->ledger_name = "bench.example.org/civarcos";
    config->database_map = APR_INT64_C(1) << 31; /* as in httpd */
    if (civ_node_prepare(config, 0, 0, &error, pool) != APR_SUCCESS ||
        civ_node_open(node, config, &context, &error, pool) != APR_SUCCESS ||
        civ_node_start(*node, pool) != APR_SUCCESS)
        return fprintf(stderr, "no node in %s: %s\n", folder, error), 1;
    return 0;
}

int bench_main(const char *name, int (*run)(apr_pool_t *pool))
{
    apr_pool_t *outer, *pool; /* connections go before what they were made with */
    int failed, i;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&outer, NULL) != APR_SUCCESS ||
        civ_store_initialize(outer) != APR_SUCCESS || apr_pool_create(&pool, outer) != APR_SUCCESS)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    folders = apr_array_make(outer, 2, sizeof(const char *));
    failed = run(pool);
    if (failed)
        fprintf(stderr, "%s: something failed\n", name);
    for (i = 0; i < folders->nelts; i++)
        remove_folder(APR_ARRAY_IDX(folders, i, const char *), outer);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}

/* --- filling --- */

typedef struct filling_t {
    apr_status_t (*step)(void *baton, apr_uint32_t number, apr_pool_t *pool);
    void *baton;
    apr_uint32_t steps;
    volatile apr_uint32_t next;
    volatile apr_uint32_t failed;
} filling_t;

static void *APR_THREAD_FUNC fill_some(apr_thread_t *thread, void *data)
{
    filling_t *filling = data;
    apr_pool_t *pool;
    apr_uint32_t number;

    (void)thread;
    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    while (!apr_atomic_read32(&filling->failed) &&
           (number = apr_atomic_inc32(&filling->next)) < filling->steps) {
        apr_pool_clear(pool);
        if (filling->step(filling->baton, number, pool) != APR_SUCCESS)
            apr_atomic_set32(&filling->failed, 1);
    }
    apr_pool_destroy(pool);
    return NULL;
}

int bench_fill(const char *what, apr_status_t (*step)(void *baton, apr_uint32_t number, apr_pool_t *pool),
               void *baton, apr_uint32_t steps, apr_pool_t *pool)
{
    filling_t filling = {.step = step, .baton = baton, .steps = steps};
    apr_thread_t *threads[THREADS];
    double began = bench_now();
    apr_status_t status;
    int i, made = 0;

    for (i = 0; i < THREADS; i++)
        if (apr_thread_create(&threads[made], NULL, fill_some, &filling, pool) == APR_SUCCESS)
            made++;
    for (i = 0; i < made; i++)
        apr_thread_join(&status, threads[i]);
    printf("# %u %s by %d threads, %.0f a second\n", steps, what, made,
           (double)steps / (bench_now() - began));
    return made == 0 || filling.failed;
}
