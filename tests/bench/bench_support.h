/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file bench_support.h
 * What the benchmarks of the server share: baselines of the same run, and medians of their ratios.
 */
#ifndef CIV_TESTS_BENCH_SUPPORT_H
#define CIV_TESTS_BENCH_SUPPORT_H

#include "integration/harness.h"

#define BENCH_ROUNDS 5

/** CIVARCOS_BENCH_SECONDS, 5 by default. */
double bench_seconds(void);

/** The middle one; sorts them. */
double bench_median(double *values, int count);

/** Measure GETs of a path against those of a static file of the same size, and note the ratio. */
void bench_compare_get(harness_t *server, const char *path, const char *name, int connections);

/** fdatasync a second where the server's state is: 4 KiB appended and synced each time; or, overwritten in a file that does
 *  not grow. */
double bench_syncs(const harness_t *server, double seconds, int append);

#endif
