/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file output.h
 * Files that are there completely or not at all: written under another name, synced, and linked to their own, which
 * replaces nothing.
 */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <stdio.h>

#include "ctl.h"

typedef struct ctl_output_t {
    const char *path; /**< NULL: standard output */
    char *temporary;
    FILE *stream;
    apr_pool_t *pool;
} ctl_output_t;

/** Begin; "-" or NULL is standard output. @return APR_SUCCESS; APR_EEXIST when @a path is there; others */
apr_status_t ctl_output_open(ctl_output_t *output, const char *path, apr_pool_t *pool);

/** Write. */
apr_status_t ctl_output_write(ctl_output_t *output, const void *data, apr_size_t length);

/** The end: make it durable, and give it its name. @return as ctl_output_open; on failure nothing is left */
apr_status_t ctl_output_finish(ctl_output_t *output);

/** Give it up: nothing is left. May be called after ctl_output_finish. */
void ctl_output_abandon(ctl_output_t *output);

/** Make the entries of the folder in which @a path is durable. */
apr_status_t ctl_output_sync_folder_of(const char *path, apr_pool_t *pool);

/** Make an open file's content durable. */
apr_status_t ctl_output_sync(int file);

#endif
