/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bench_platform.h
 * A repository of GitHub of any size, served on 127.0.0.1 as fast as can be: all answers are made beforehand. It has commits and
 * closed pull requests without reviews; its other lists are empty. All lists have ETags, and a request that names one gets a 304.
 */
#ifndef CIV_TESTS_BENCH_PLATFORM_H
#define CIV_TESTS_BENCH_PLATFORM_H

#include <apr_pools.h>

/** The repository's name. */
#define BENCH_PROJECT "octo/large"

typedef struct bench_platform_t bench_platform_t;

/** Make the answers and start. Lives as long as @a pool. @return NULL on failure */
bench_platform_t *bench_platform_start(int commits, int pulls, apr_pool_t *pool);

/** "http://127.0.0.1:PORT" */
const char *bench_platform_url(const bench_platform_t *platform);

/** Requests so far; those that were answered with 304; bytes of bodies that were sent; those that no row was there for. */
typedef struct bench_platform_counts_t {
    unsigned long requests, unchanged, bytes, unknown;
} bench_platform_counts_t;

bench_platform_counts_t bench_platform_counts(bench_platform_t *platform);

/** The targets of a whole run in their order, ended by NULL: one for each page, and one for the reviews of each pull request. */
const char *const *bench_platform_targets(const bench_platform_t *platform);

#endif
