/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file harness_private.h
 * What harness.c (the process), harness_setup.c (its folder and configuration), harness_log.c (what it wrote) and
 * harness_proc.c (what the system tells) share.
 */
#ifndef CIV_TESTS_HARNESS_PRIVATE_H
#define CIV_TESTS_HARNESS_PRIVATE_H

#include "integration/harness.h"

#include <apr_file_io.h>
#include <apr_pools.h>

struct harness_private_t {
    apr_pool_t *pool; /**< owns the server's object */
    char *mpm;
    char *config_file; /**< the extra directives */
    char *httpd_conf;
    char *console;           /**< file that takes what httpd prints itself */
    apr_off_t log_looked_at; /**< bytes of the error log that were judged already */
    apr_off_t console_looked_at;
    int keeps_state; /**< the folder is the caller's */
};

/** A server that does not run yet, with its folder and the directives that are asked for; NULL, with a note, where no folder
 *  can be made. harness_free() ends it. */
harness_t *harness_make(const harness_options_t *options);

/** Remove the folder, if it is ours and nobody wants to keep it, and give back the object. */
void harness_free(harness_t *server);

/** Write httpd's configuration for that port. @return 0, or -1 with a note */
int harness_write_httpd_conf(const harness_t *server, int port);

/** Make what a sanitizer in a child that has dropped its privileges must be able to write to. @return 0 or -1 */
int harness_make_report_folder(const harness_t *server);

/** Print a file as notes under a title; nothing when it is empty. */
void harness_note_file(const char *title, const char *path);

/** Lines of a file that hold a text. Called in loops, so it does not use the case's pool. */
int harness_count_lines(const char *path, const char *text);

/** Whether the line holds one of the words, which NULL ends. */
int harness_holds_any(const char *line, const char *const *words);

/** The parent of a living process, as the system tells it, or 0. */
pid_t harness_parent_of(pid_t pid);

#endif
