/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file lines.h
 * Reading a file of lines, however long it is, in the memory of its longest line.
 */
#ifndef CTL_LINES_H
#define CTL_LINES_H

#include <apr_errno.h>
#include <apr_pools.h>

typedef struct ctl_lines_t {
    const char *name; /**< for complaints */
    int file, owned;
    apr_uint64_t size; /**< of a regular file, else 0 */
    apr_uint64_t read; /**< bytes handed out so far */
    char *buffer;
    apr_size_t room, begin, end;
    int ended;
} ctl_lines_t;

/** Open @a path; "-" is standard input. On @a pool, and closed with it. */
apr_status_t ctl_lines_open(ctl_lines_t **lines, const char *path, apr_pool_t *pool);

/**
 * The next line, its line feed not counted; it lives until the next call.
 * @param most bytes of a line
 * @param whole set to whether it ended with a line feed
 * @return APR_SUCCESS; APR_EOF after the last; APR_ENOSPC when a line is longer than @a most; errors of reading
 */
apr_status_t ctl_lines_next(ctl_lines_t *lines, const char **line, apr_size_t *length, apr_size_t most,
                            int *whole);

#endif
