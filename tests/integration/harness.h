/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file harness.h
 * A real httpd for a suite or a case: own port, own state folder, the configuration that "bootstrap run"
 * uses, and an error log that is looked at afterwards. Several may run at once. Main thread only, but for
 * what says otherwise.
 *
 *     static harness_t *server;
 *     static int setup(void) { return (server = harness_start(NULL)) == NULL; }
 *     static int teardown(void) { return harness_stop(server); }
 *     static void test_x(void) { ...; CU_ASSERT(harness_log_is_clean(server, "CIV0042", NULL)); }
 */
#ifndef CIV_TESTS_HARNESS_H
#define CIV_TESTS_HARNESS_H

#include <sys/types.h>

typedef struct harness_options_t {
    const char *mpm; /**< "event", "worker", "prefork"; NULL: CIVARCOS_MPM, else event */
    const char
        *config; /**< directives that come last; may use ${civ_state}, ${civ_port} and ${civ_modules} */
    const char *state_dir; /**< an existing folder to use, left alone at the end; NULL: a fresh one */
} harness_options_t;

typedef struct harness_t {
    int port;
    const char *url;       /**< "http://127.0.0.1:PORT" */
    const char *state_dir; /**< absolute; civarcos.db, keys/, logs/, run/ and htdocs/ are in it */
    const char *error_log; /**< absolute path */
    pid_t pid;             /**< httpd's parent process, 0 while stopped */
    struct harness_private_t *internal;
} harness_t;

/** Start httpd and wait until it answers. @a options may be NULL. @return NULL (with notes) when it does not
 * start */
harness_t *harness_start(const harness_options_t *options);

/** Stop httpd (after harness_settle), look at the rest of its log, remove the folder (unless CIVARCOS_KEEP is set) and free @a
 * server (NULL is fine). @return 0 when it ended as told, in time, and the rest of the log is clean */
int harness_stop(harness_t *server);

/** Replace the extra directives; they take effect at the next harness_graceful, _reload or _restart. */
void harness_configure(harness_t *server, const char *config);

/** Graceful restart (SIGUSR1), complete when the new generation answers and the old one is gone (or has been
 * busy for 10 s). @return 0 on success */
int harness_graceful(harness_t *server);

/** Hard restart of the same parent process (SIGHUP), after harness_settle. @return 0 on success */
int harness_reload(harness_t *server);

/** The same in the middle of requests, which only prefork takes in peace. @return 0 on success */
int harness_reload_at_once(harness_t *server);

/**
 * Wait (a moment at most) until every connection that a client has closed is closed by httpd as well, and all threads of
 * all children are asleep. Whatever ends httpd's children hard does so first: its threaded MPMs close the connections
 * that their threads are busy with, and may crash where one of them is just freeing what it had, which can be after the
 * answer was received.
 */
void harness_settle(const harness_t *server);

/** End httpd (SIGTERM), after harness_settle, and start it anew on the same port and state. @return 0 on success */
int harness_restart(harness_t *server);

/** End httpd (SIGTERM), after harness_settle, and keep the folder; harness_resume() starts it again. @return 0 when it
 * ended in time */
int harness_halt(harness_t *server);

/** End all of httpd's processes at once (SIGKILL), as a power cut would; harness_resume() starts it again. */
void harness_crash(harness_t *server);

/** Start a halted or crashed server again, on the same port and state. @return 0 on success */
int harness_resume(harness_t *server);

/** The process ids of httpd's children, up to @a size. @return their number */
int harness_children(const harness_t *server, pid_t *pids, int size);

/** What httpd's parent process holds. */
typedef struct harness_belongings_t {
    int files;    /**< open descriptors */
    int mappings; /**< of memory of its own, files among them */
    int shared;   /**< mappings that are shared with the children */
    int segments; /**< of System V shared memory */
    int children;
    long anonymous; /**< kB of memory that are no file's */
} harness_belongings_t;

/** What it holds now. */
harness_belongings_t harness_belongings(const harness_t *server);

/** Kill one child (SIGKILL) and wait until it is gone; httpd does not log it. @return 0 on success
 */
int harness_kill_child(harness_t *server, pid_t pid);

/**
 * Look at what was logged since the last look. Lines of level warn and worse, lines that no logger wrote, and
 * reports of crashes or sanitizers are unexpected, unless they hold one of the declared texts (end them with
 * NULL), such as "CIV0042" or "AH00052". Each declared text must occur, but for those declared with a
 * question mark before them
 * ("?AH00045"), which may. Segmentation faults, failed assertions and sanitizer reports cannot be declared.
 * @return 1 when clean; else 0, with the lines as notes
 */
int harness_log_is_clean(harness_t *server, ...) __attribute__((sentinel));

/** Whether the whole error log holds @a text, waiting up to @a seconds for it. */
int harness_log_has(harness_t *server, const char *text, double seconds);

/**
 * httpd -t with @a config as the last directives. Starts nothing.
 * @param output what httpd said, on test_pool()
 * @return its exit status, -1 when it could not be run
 */
int harness_config_test(const char *config, const char **output);

/** Run a program and wait for it. @param output its standard output and error output together, on
 * test_pool(); may be NULL. @return its exit status, 128 plus the signal that ended it, or -1 when it could
 * not be started */
int harness_run(const char *const *argv, const char **output);

/** Call @a condition until it is true. @return 0 as soon as it is, 1 when @a seconds are over */
int harness_wait(int (*condition)(void *baton), void *baton, double seconds);

#endif
