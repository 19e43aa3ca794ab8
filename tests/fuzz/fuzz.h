/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file fuzz.h
 * What fuzz targets are made of. A target is a file fuzz_NAME.c with a function fuzz_NAME, and a line in fuzz_targets of
 * tests/files.am; its corpus is tests/fuzz/corpus/NAME. The function has any bytes at all checked for everything that must
 * hold of them, and is run by libFuzzer ("make fuzz") and over its corpus ("make check").
 */
#ifndef CIV_TESTS_FUZZ_H
#define CIV_TESTS_FUZZ_H

#include <apr_pools.h>

#include <stddef.h>
#include <stdint.h>

/** Check one input. @a pool is for this input alone. */
typedef void fuzz_target_fn(const uint8_t *data, size_t size, apr_pool_t *pool);

/** Name and function of each target; ends with a NULL name. */
extern const struct fuzz_target_t {
    const char *name;
    fuzz_target_fn *run;
} fuzz_targets[];

/** Initialise APR, give the target a pool, and run it. */
void fuzz_run(const struct fuzz_target_t *target, const uint8_t *data, size_t size);

/** A pool for what a target makes once; destroyed when the process ends. */
apr_pool_t *fuzz_lasting_pool(void);

/** End the process, as a finding, unless @a holds. */
#define FUZZ_DEMAND(holds) ((holds) ? (void)0 : fuzz_finding(__FILE__, __LINE__, #holds))

void fuzz_finding(const char *file, int line, const char *text) __attribute__((noreturn));

/** The bytes up to the first NUL as a text, in memory of just that size, so that a step beyond its end is noticed. Freed with
 *  @a pool. */
char *fuzz_text(const uint8_t *data, size_t size, apr_pool_t *pool);

/** Cut the next line (without its line feed) off the input, as fuzz_text does; the last one need not be ended. */
char *fuzz_line(const uint8_t **data, size_t *size, apr_pool_t *pool);

#endif
