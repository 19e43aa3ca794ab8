/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file ctl.h
 * What the files of civarcosctl share: exit statuses, the table of commands, and how it speaks.
 *
 * Results go to standard output, everything else to standard error. Single-threaded.
 */
#ifndef CTL_H
#define CTL_H

#include <apr_pools.h>

#include "base/log.h"
#include "base/status.h"

/** Exit statuses; scripts rely on them. Ended by a signal, the program dies of that signal, after tidying up. */
typedef enum ctl_exit_e {
    CTL_DONE = 0,         /**< done; verified: intact */
    CTL_FAULTS = 1,       /**< what was read contradicts itself, or what it should be */
    CTL_USAGE = 2,        /**< the command line cannot be understood */
    CTL_FAILED = 3,       /**< something could not be opened, read or written */
    CTL_REFUSED = 4,      /**< it would destroy something; nothing was changed */
    CTL_DEGRADED = 5,     /**< done, but something is missing: what is said names it */
    CTL_SIGNED_OUT = 6,   /**< a platform does not take the credentials */
    CTL_PUT_OFF = 7,      /**< not done now: a platform's limits; it goes on later */
    CTL_INTERRUPTED = 128 /**< for main only: a signal came */
} ctl_exit_e;

typedef struct ctl_options_t ctl_options_t;

typedef struct ctl_t {
    apr_pool_t *pool;
    const ctl_options_t *options;
    civ_log_t log; /**< to standard error */
} ctl_t;

/** One command: a row of the table in main.c. */
typedef struct ctl_command_t {
    const char *name;
    const char *arguments;      /**< for --help: "[FILE]" */
    int least, most;            /**< how many arguments */
    const char *summary;        /**< one line */
    const char *const *options; /**< names of those it takes, ended by NULL */
    const char *details;        /**< for --help, some lines */
    ctl_exit_e (*run)(ctl_t *ctl);
} ctl_command_t;

extern const ctl_command_t ctl_command_backup;
extern const ctl_command_t ctl_command_export;
extern const ctl_command_t ctl_command_import;
extern const ctl_command_t ctl_command_init;
extern const ctl_command_t ctl_command_keygen;
extern const ctl_command_t ctl_command_restore;
extern const ctl_command_t ctl_command_rotate_secrets;
extern const ctl_command_t ctl_command_sign;
extern const ctl_command_t ctl_command_sign_rotation;
extern const ctl_command_t ctl_command_sign_vote;
extern const ctl_command_t ctl_command_sync_once;
extern const ctl_command_t ctl_command_verify;

/** Say what is wrong on standard error: "civarcosctl: ..." and a line feed, control characters escaped. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** ctl_complain with the reason of a status behind it. @return CTL_FAILED, for "return ctl_failed(...)" */
ctl_exit_e ctl_failed(apr_status_t status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Say something of use on standard error, unless --quiet was given. */
void ctl_note(const ctl_t *ctl, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A text that came from elsewhere, fit for a terminal: control characters as \xHH, on @a pool. */
const char *ctl_printable(const char *text, apr_pool_t *pool);

/** Words for a status, those of this library included, on @a pool. */
const char *ctl_reason(apr_status_t status, apr_pool_t *pool);

/* --- interrupt.c --- */

/** Take notes of SIGINT, SIGTERM and SIGHUP; writing to a closed pipe becomes an error. */
void ctl_interrupt_listen(void);

/** The signal that came, or 0. Long work asks often, tidies up and returns CIV_EINTERRUPTED. */
int ctl_interrupt_signal(void);

/** Wait until @a file can be read. @return APR_SUCCESS; CIV_EINTERRUPTED once a signal has come, however late before the wait */
apr_status_t ctl_interrupt_await(int file);

/** Die of the signal that came, as if nobody had listened. */
void ctl_interrupt_die(void);

/* --- version.c --- */

extern const char ctl_version[];

#endif
