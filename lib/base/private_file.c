/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Files that only their owner may read.
 */
#include "base/private_file.h"

#include "base/durable.h"
#include "base/status.h"

#include <apr_strings.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* No name that an administrator would give a copy: what has it may be removed. */
#define MARK   ".unfinished-"
#define RANDOM "XXXXXX"

/* mkostemp() makes the file with mode 0600 and O_EXCL; link(), unlike rename(), replaces nothing. */
static apr_status_t put(const char *path, const void *data, apr_size_t length, int replaces, apr_pool_t *pool)
{
    char *temporary = apr_pstrcat(pool, path, MARK RANDOM, NULL);
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
    struct stat info;

    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode))
        return ELOOP;
    return put(path, data, length, 1, pool);
}

static int is_temporary(const char *name, const char *base)
{
    size_t length = strlen(base);

    return strncmp(name, base, length) == 0 && strncmp(name + length, MARK, sizeof(MARK) - 1) == 0 &&
           strlen(name + length) == sizeof(MARK RANDOM) - 1;
}

void civ_private_file_sweep(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash != NULL ? apr_pstrmemdup(pool, path, (apr_size_t)(slash + 1 - path)) : "./";
    DIR *names = opendir(folder);
    const struct dirent *entry;

    if (names == NULL) {
        return;
    }
    while ((entry = readdir(names)) != NULL) {
        if (is_temporary(entry->d_name, slash != NULL ? slash + 1 : path)) {
            unlink(apr_pstrcat(pool, folder, entry->d_name, NULL));
        }
    }
    closedir(names);
}
