/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bench_node.h
 * What the benchmarks without a server share: nodes of their own, filled by many threads, and clocks.
 */
#ifndef CIV_TESTS_BENCH_NODE_H
#define CIV_TESTS_BENCH_NODE_H

#include "node/node.h"

/** Seconds of a clock that only goes on. */
double bench_now(void);

/** The number in an environment variable. */
long bench_number(const char *name, long otherwise);

/** Smallest first. */
void bench_sort(double *values, int count);

/** What a program measures, @a run, with everything that it needs begun before and ended after it; folders of nodes are removed.
 *  @return the status to exit with */
int bench_main(const char *name, int (*run)(apr_pool_t *pool));

/**
 * A node with a state folder of its own, in CIVARCOS_BENCH_DIR (default: TMPDIR or /tmp). Only within bench_main.
 * @param config what differs from civ_node_defaults; folder and name are filled in
 * @return 0; else it has been said why not
 */
int bench_node(civ_node_t **node, civ_node_config_t *config, apr_pool_t *pool);

/** Do step 0 to @a steps - 1, by 32 threads, and print how fast that went. @return 0 when all have succeeded */
int bench_fill(const char *what, apr_status_t (*step)(void *baton, apr_uint32_t number, apr_pool_t *pool),
               void *baton, apr_uint32_t steps, apr_pool_t *pool);

#endif
