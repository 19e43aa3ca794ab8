/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file unit_support.h
 * What several unit test programs need: a folder that goes away, a log that can be asked, child processes.
 */
#ifndef CIV_TESTS_UNIT_SUPPORT_H
#define CIV_TESTS_UNIT_SUPPORT_H

#include <apr_pools.h>

#include "base/log.h"

/** The account that tests of permissions change to when they run as root. */
#define UNIT_NOBODY 65534

/** Set-up and tear-down of a suite: a fresh folder below /tmp, removed with all that is in it. */
int unit_folder_make(void);
int unit_folder_remove(void);

/** The folder itself. */
const char *unit_folder(void);

/** A path in that folder, on test_pool(). */
const char *unit_path(const char *name);

/** A log whose lines are kept; from any thread. */
extern const civ_log_t unit_log;

/** Forget what was logged. */
void unit_log_reset(void);

/** Non-zero when a line since the last reset contains @a words. */
int unit_log_has(const char *words);

/** Non-zero when a line since the last reset was of this level and begins so, with its number. */
int unit_log_has_at(civ_log_level_e level, const char *beginning);

/** Run @a run in a forked process. @return what it returned (0 to 127), or -1 when it was killed */
int unit_in_child(int (*run)(void *baton), void *baton);

/** Start the same without waiting. @return the process id */
int unit_child_start(int (*run)(void *baton), void *baton);

/** Wait for it. @return as unit_in_child */
int unit_child_wait(int pid);

/** Give up root's rights, if we have them. @return 0 on success */
int unit_become_nobody(void);

/** Write a whole file with this mode, replacing what was there. @return 0 on success */
int unit_write_file(const char *path, const char *text, unsigned mode);

#endif
