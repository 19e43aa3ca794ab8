/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runner.h
 * One main() for every CUnit program here: it initialises APR once, registers the suites from their tables, runs
 * them (or only those whose "suite/case" contains one of the command-line words) and prints TAP 13 on standard output.
 */
#ifndef CIV_TESTS_RUNNER_H
#define CIV_TESTS_RUNNER_H

#include <CUnit/CUnit.h>

typedef struct test_case_t {
    const char *name;
    void (*run)(void);
} test_case_t;

typedef struct test_suite_t {
    const char *name;
    int (*setup)(void);       /**< NULL, or 0 on success */
    int (*teardown)(void);    /**< NULL, or 0 on success */
    const test_case_t *cases; /**< ended by {NULL, NULL} */
} test_suite_t;

/** Run @a suites (ended by NULL). @return 0 when all passed; failed assertions are printed as TAP diagnostics */
int test_main(int argc, const char *const *argv, const test_suite_t *const *suites);

/** A root pool for the running case; destroyed when the case ends. */
struct apr_pool_t *test_pool(void);

/** Whether this runs under valgrind, where what is said by repetition may be said with less of it. */
int test_is_slow(void);

/** The folder of test data that may lie beside the project (../shared from the source root, or CIVARCOS_SHARED), or
 *  NULL. Cases that use it print "# skipped: no shared data" and return where it is absent. */
const char *test_shared_dir(void);

/** The project's source root (compiled in, or CIVARCOS_SOURCE). */
const char *test_source_dir(void);

/** Print a TAP diagnostic line ("# ..."). */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** In a process that a case forked: run @a run. An assertion that fails ends this process alone, where CUnit would go on
 *  with the rest of the suite in it, and take down what the case still uses.
 *  @return what @a run returned; 125 when an assertion failed, which is printed */
int test_child(int (*run)(void *baton), void *baton);

/** Whole file into test_pool(); NULL when unreadable. */
char *test_read_file(const char *path, unsigned long *length);

#endif
