/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file runner.c
 * CUnit runs the cases; its handlers print TAP as they go, so that a crash leaves everything before it on
 * record.
 */
#include "config.h"

#include "support/runner.h"

#include "support/cluster.h"
#include "support/database.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <apr_dbd.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include <sys/resource.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <setjmp.h>
#include <signal.h>

#ifndef CIVARCOS_SOURCE_DIR
#error "CIVARCOS_SOURCE_DIR must name the source root"
#endif

/** What a process of a case ends with when an assertion failed in it. */
#define CHILD_FAILED 125

/** Long enough for a case under valgrind on a busy machine, short enough to see that one hangs. */
#define CASE_SECONDS 600

/* CUnit's handlers take no baton. */
static struct {
    apr_pool_t *process; /**< lives as long as APR */
    apr_pool_t *suite;   /**< what test_pool() gives to set-up and tear-down */
    apr_pool_t *current; /**< what test_pool() gives to the running case, NULL between cases */
    unsigned number;     /**< of the last line printed */
    unsigned failed;
    const char *skipped; /**< why the running case skipped itself, or NULL */
    char where[256];     /**< "suite/case", for the alarm */
    apr_time_t began;    /**< when the running case did */
    double used;         /**< seconds of processor time that this process and its children had used by then */
} runner;

/** Cases that take no longer are not worth a line. */
#define WORTH_A_LINE 2.0

static void print_result(const char *verdict, const char *suite, const char *name, const char *skipped)
{
    printf("%s %u - %s/%s%s%s\n", verdict, ++runner.number, suite, name, skipped ? " # SKIP " : "",
           skipped ? skipped : "");
}

static double processor_seconds(void)
{
    static const int whose[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    double seconds = 0;
    size_t i;

    for (i = 0; i < sizeof(whose) / sizeof(*whose); i++) {
        struct rusage usage;

        if (getrusage(whose[i], &usage) == 0) {
            seconds += (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
        }
    }
    return seconds;
}

/* Where a suite's time goes, for whoever wants it shorter. */
static void print_duration(void)
{
    double seconds = (double)(apr_time_now() - runner.began) / APR_USEC_PER_SEC;

    if (seconds > WORTH_A_LINE) {
        printf("# took %.1f s, %.1f s of them on a processor\n", seconds, processor_seconds() - runner.used);
    }
}

/* Only async-signal-safe calls: the case is stuck anywhere. */
static void case_hangs(int signal_number)
{
    static const char text[] = "Bail out! a case does not end: ";
    ssize_t ignored = write(STDOUT_FILENO, text, sizeof(text) - 1);

    (void)signal_number;
    ignored = write(STDOUT_FILENO, runner.where, strlen(runner.where));
    ignored = write(STDOUT_FILENO, "\n", 1);
    (void)ignored;
    _exit(1);
}

static void case_starts(const CU_pTest test, const CU_pSuite suite)
{
    const char *seconds = getenv("CIVARCOS_CASE_SECONDS");

    apr_snprintf(runner.where, sizeof(runner.where), "%s/%s", suite->pName, test->pName);
    runner.skipped = NULL;
    apr_pool_create(&runner.current, runner.process);
    apr_pool_tag(runner.current, "test case");
    runner.began = apr_time_now();
    runner.used = processor_seconds();
    alarm(seconds ? (unsigned)strtoul(seconds, NULL, 10) : CASE_SECONDS);
}

static void print_failures(const CU_FailureRecord *failure)
{
    for (; failure; failure = failure->pNext) {
        printf("# %s:%u: %s\n", failure->strFileName ? failure->strFileName : "?", failure->uiLineNumber,
               failure->strCondition ? failure->strCondition : "?");
    }
}

static void case_ends(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failures)
{
    alarm(0);
    print_result(failures ? "not ok" : "ok", suite->pName, test->pName, failures ? NULL : runner.skipped);
    runner.failed += failures != NULL;
    print_failures(failures);
    print_duration();
    apr_pool_destroy(runner.current);
    runner.current = NULL;
    runner.skipped = NULL;
}

static void suite_ends(const CU_pSuite suite, const CU_pFailureRecord failures)
{
    (void)suite;
    (void)failures;
    apr_pool_clear(runner.suite);
}

static void suite_setup_failed(const CU_pSuite suite)
{
    const CU_Test *test;

    for (test = suite->pTest; test; test = test->pNext) {
        print_result("not ok", suite->pName, test->pName, NULL);
        printf("# the set-up of suite %s failed\n", suite->pName);
        runner.failed++;
    }
    apr_pool_clear(runner.suite);
}

static void suite_teardown_failed(const CU_pSuite suite)
{
    printf("# the tear-down of suite %s failed\n", suite->pName);
    runner.failed++;
}

/* Whether the words choose a name: it contains one of them, or there are none; and it contains none of those that begin
 * with an exclamation mark, for what follows it. */
static int is_chosen(const char *name, const char *words)
{
    int is_choice = 0;
    int is_found = 0;
    char word[128];

    for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
        size_t length = strcspn(words, " ");

        apr_cpystrn(word, words, length < sizeof(word) ? length + 1 : sizeof(word));
        if (*word == '!' && strstr(name, word + 1)) {
            return 0;
        }
        is_choice |= *word != '!';
        is_found |= *word != '!' && strstr(name, word) != NULL;
        words += length;
    }
    return is_found || !is_choice;
}

/* Words come from the command line or, where "make check" cannot give any, from the environment, separated by
 * blanks. No words: everything is wanted. */
static int is_wanted(const char *suite, const char *name, int argc, const char *const *argv)
{
    const char *words = getenv("CIVARCOS_CASES");
    char full[256];
    int i;

    apr_snprintf(full, sizeof(full), "%s/%s", suite, name);
    for (i = 1; i < argc; i++) {
        if (strstr(full, argv[i])) {
            return 1;
        }
    }
    return argc < 2 && (!words || is_chosen(full, words));
}

/* Register the wanted cases of one suite. Returns their number, or -1. */
static int add_suite(const test_suite_t *suite, int argc, const char *const *argv)
{
    const test_case_t *item;
    CU_pSuite registered = NULL;
    int count = 0;

    for (item = suite->cases; item->name; item++) {
        if (!is_wanted(suite->name, item->name, argc, argv) || database_limit(suite->name, item->name)) {
            continue;
        }
        if (!registered) {
            registered = CU_add_suite(suite->name, suite->setup, suite->teardown);
        }
        if (!registered || CU_get_error() != CUE_SUCCESS || !CU_add_test(registered, item->name, item->run) ||
            CU_get_error() != CUE_SUCCESS) {
            printf("Bail out! cannot register %s/%s: %s\n", suite->name, item->name, CU_get_error_msg());
            return -1;
        }
        count++;
    }
    return count;
}

static int add_suites(const test_suite_t *const *suites, int argc, const char *const *argv)
{
    int total = 0;

    for (; *suites; suites++) {
        int count = add_suite(*suites, argc, argv);

        if (count < 0) {
            return -1;
        }
        total += count;
    }
    return total;
}

/* APR once per process: apr_terminate() followed by a second apr_dbd_init() crashes in its drivers. */
static int start_apr(void)
{
    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&runner.process, NULL) != APR_SUCCESS ||
        apr_pool_create(&runner.suite, runner.process) != APR_SUCCESS ||
        apr_dbd_init(runner.process) != APR_SUCCESS) {
        printf("Bail out! APR does not start\n");
        return -1;
    }
    return 0;
}

int test_main(int argc, const char *const *argv, const test_suite_t *const *suites)
{
    int total;

    setvbuf(stdout, NULL, _IOLBF, 0);
    /* A shell without job control ignores it for what it starts with "&", and programs under test heed that. */
    signal(SIGINT, SIG_DFL);
    printf("TAP version 13\n");
    if (database_absence()) {
        printf("1..0 # SKIP %s\n", database_absence());
        return 0;
    }
    if (start_apr() || CU_initialize_registry() != CUE_SUCCESS) {
        return 1;
    }
    total = add_suites(suites, argc, argv);
    if (total > 0) {
        printf("1..%d\n", total);
        signal(SIGALRM, case_hangs);
        CU_set_test_start_handler(case_starts);
        CU_set_test_complete_handler(case_ends);
        CU_set_suite_complete_handler(suite_ends);
        CU_set_suite_init_failure_handler(suite_setup_failed);
        CU_set_suite_cleanup_failure_handler(suite_teardown_failed);
        CU_run_all_tests();
    } else if (total == 0) {
        printf("Bail out! no case matches\n");
    }
    CU_cleanup_registry();
    cluster_end_all();
    apr_terminate();
    return total > 0 && runner.number == (unsigned)total && runner.failed == 0 ? 0 : 1;
}

apr_pool_t *test_pool(void)
{
    return runner.current ? runner.current : runner.suite;
}

int test_is_slow(void)
{
    return getenv("CIVARCOS_VALGRIND") != NULL;
}

const char *test_source_dir(void)
{
    const char *given = getenv("CIVARCOS_SOURCE");

    return given && *given ? given : CIVARCOS_SOURCE_DIR;
}

const char *test_shared_dir(void)
{
    const char *given = getenv("CIVARCOS_SHARED");
    const char *path =
        given && *given ? given : apr_pstrcat(test_pool(), test_source_dir(), "/../shared", NULL);
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_TYPE, test_pool()) != APR_SUCCESS || info.filetype != APR_DIR) {
        return NULL;
    }
    return path;
}

void test_note(const char *format, ...)
{
    va_list arguments;
    char *text;
    char *line;
    char *state;

    va_start(arguments, format);
    text = apr_pvsprintf(test_pool(), format, arguments);
    va_end(arguments);
    if (strncmp(text, "skipped:", 8) == 0 && runner.current) {
        runner.skipped = apr_pstrdup(test_pool(), text + 8 + strspn(text + 8, " "));
    }
    for (line = apr_strtok(text, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        printf("# %s\n", line);
    }
}

char *test_read_file(const char *path, unsigned long *length)
{
    apr_pool_t *pool = test_pool();
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t size;
    char *data;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT, pool) !=
        APR_SUCCESS) {
        return NULL;
    }
    if (apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        apr_file_close(file);
        return NULL;
    }
    size = (apr_size_t)info.size;
    data = apr_palloc(pool, size + 1);
    if (size && apr_file_read_full(file, data, size, &size) != APR_SUCCESS) {
        data = NULL;
    } else {
        data[size] = '\0';
        if (length) {
            *length = (unsigned long)size;
        }
    }
    apr_file_close(file);
    return data;
}

int test_child(int (*run)(void *baton), void *baton)
{
    const unsigned int before = CU_get_number_of_failure_records();
    const CU_FailureRecord *failure;
    volatile int code = CHILD_FAILED;
    jmp_buf end;
    unsigned int i;

    CU_get_current_test()->pJumpBuf = &end;
    if (setjmp(end) == 0)
        code = run(baton);
    if (CU_get_number_of_failure_records() == before)
        return code;
    failure = CU_get_failure_list();
    for (i = 0; i < before; i++)
        failure = failure->pNext;
    print_failures(failure);
    fflush(stdout);
    return CHILD_FAILED;
}
