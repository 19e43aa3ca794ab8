/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl_tool.h
 * Running civarcosctl, the real program, on the files of servers under test.
 */
#ifndef CIV_TESTS_CTL_TOOL_H
#define CIV_TESTS_CTL_TOOL_H

#include "integration/scenario.h"

#include <sys/types.h>

/** Run it with these arguments, ended by NULL. @param output both its outputs, on test_pool(); may be NULL
 *  @return its exit status, 128 plus the signal that ended it */
int tool_run(const char **output, ...) __attribute__((sentinel));

/** As tool_run, and note the output when the exit status is another one than @a expected. @return whether it is the one */
int tool_ends(int expected, const char **output, ...) __attribute__((sentinel));

/** Start it and go on. @param input its standard input, -1: nothing. @param output both its outputs, -1: nowhere */
pid_t tool_start(int input, int output, ...) __attribute__((sentinel));

/** The same with its arguments in a list, the program itself first, ended by NULL. */
pid_t tool_start_argv(int input, int output, const char *const *argv);

/** Wait for what tool_start has started. @return as tool_run */
int tool_wait(pid_t pid);

/** The state folder of a server's ledger. */
const char *tool_state(const harness_t *server);

/** Make a folder in the server's, for its account. */
const char *tool_folder(const harness_t *server, const char *name);

/** Copy a file; what root copies is for the owner of the server's ledger. Mode 0600. @return 0 on success */
int tool_copy(const harness_t *server, const char *from, const char *to);

/** Whether there is something of that name; "%s/%s". */
int tool_exists(const char *folder, const char *name);

/** GET export, as a file. */
const char *tool_save_export(const harness_t *server, const char *name);

/** Add @a count blocks; @return 0 when all were taken */
int tool_add(const harness_t *server, int count);

/** A server on a state folder of its own below another server's folder, whose "ledger" may be there already. */
harness_t *tool_serve(const char *folder, const char *ledger_name);

#endif
