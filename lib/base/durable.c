/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "base/durable.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

apr_status_t civ_sync_folder_of(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash == NULL ? "." : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path) + 1);
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t status = APR_SUCCESS;

    if (file < 0)
        return apr_get_os_error();
    if (fsync(file) != 0)
        status = apr_get_os_error();
    close(file);
    return status;
}
