/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Files that only their owner may read.
 */
#include "base/private_file.h"

#include "base/durable.h"
#include "base/status.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not blocking, so that a FIFO in place of the file cannot hang us. */
apr_status_t civ_private_file_open(int *file, const char *path)
{
    struct stat info;

    *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*file < 0) {
        return errno;
    }
    if (fstat(*file, &info) != 0) {
        return errno;
    }
    if (!S_ISREG(info.st_mode)) {
        return CIV_EINVALID;
    }
    return info.st_mode & 077 ? APR_EACCES : APR_SUCCESS;
}

static apr_status_t write_all(int file, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, data, length);

        if (written < 0 && errno != EINTR) {
            return errno;
        }
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
    return fsync(file) == 0 ? APR_SUCCESS : errno;
}

/* mkostemp() makes the file with mode 0600 and O_EXCL; link(), unlike rename(), replaces nothing. */
static apr_status_t put(const char *path, const void *data, apr_size_t length, int replaces, apr_pool_t *pool)
{
    char *temporary = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    int file = mkostemp(temporary, O_CLOEXEC);
    apr_status_t status;

    if (file < 0) {
        return errno;
    }
    status = write_all(file, data, length);
    if (close(file) != 0 && status == APR_SUCCESS) {
        status = errno;
    }
    if (status == APR_SUCCESS && (replaces ? rename(temporary, path) : link(temporary, path)) != 0) {
        status = errno;
    }
    unlink(temporary);
    return status == APR_SUCCESS ? civ_sync_folder_of(path, pool) : status;
}

apr_status_t civ_private_file_put(const char *path, const void *data, apr_size_t length, apr_pool_t *pool)
{
    return put(path, data, length, 0, pool);
}

apr_status_t civ_private_file_replace(const char *path, const void *data, apr_size_t length, apr_pool_t *pool)
{
    return put(path, data, length, 1, pool);
}
