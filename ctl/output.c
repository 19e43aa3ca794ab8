/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Writing files.
 */
#include "output.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (256 * 1024)

apr_status_t ctl_output_open(ctl_output_t *output, const char *path, apr_pool_t *pool)
{
    struct stat info;
    int file;

    memset(output, 0, sizeof(*output));
    output->pool = pool;
    if (path == NULL || strcmp(path, "-") == 0) {
        output->stream = stdout;
        return APR_SUCCESS;
    }
    if (lstat(path, &info) == 0)
        return APR_EEXIST;
    output->path = path;
    output->temporary = apr_pstrcat(pool, path, ".XXXXXX", NULL);
    file = mkostemp(output->temporary, O_CLOEXEC);
    if (file < 0)
        return apr_get_os_error();
    output->stream = fdopen(file, "w");
    if (output->stream == NULL) {
        close(file);
        unlink(output->temporary);
        return APR_ENOMEM;
    }
    setvbuf(output->stream, NULL, _IOFBF, BUFFER_SIZE);
    return APR_SUCCESS;
}

apr_status_t ctl_output_write(ctl_output_t *output, const void *data, apr_size_t length)
{
    errno = 0;
    if (fwrite(data, 1, length, output->stream) == length)
        return APR_SUCCESS;
    return errno != 0 ? errno : EIO;
}

apr_status_t ctl_output_sync(int file)
{
    return fsync(file) == 0 ? APR_SUCCESS : apr_get_os_error();
}

apr_status_t ctl_output_sync_folder_of(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash == NULL   ? "."
                         : slash == path ? "/"
                                         : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t status;

    if (file < 0)
        return apr_get_os_error();
    status = ctl_output_sync(file);
    close(file);
    return status;
}

/* link(2), unlike rename(2), replaces nothing; some file systems do not have it. */
static apr_status_t give_name(const ctl_output_t *output)
{
    if (link(output->temporary, output->path) == 0) {
        unlink(output->temporary);
        return APR_SUCCESS;
    }
    if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS)
        return apr_get_os_error();
    return rename(output->temporary, output->path) == 0 ? APR_SUCCESS : apr_get_os_error();
}

apr_status_t ctl_output_finish(ctl_output_t *output)
{
    apr_status_t status = fflush(output->stream) == 0 ? APR_SUCCESS : apr_get_os_error();

    if (output->path == NULL)
        return status;
    if (status == APR_SUCCESS)
        status = ctl_output_sync(fileno(output->stream));
    if (fclose(output->stream) != 0 && status == APR_SUCCESS)
        status = apr_get_os_error();
    output->stream = NULL;
    if (status == APR_SUCCESS)
        status = give_name(output);
    if (status != APR_SUCCESS) {
        ctl_output_abandon(output);
        return status;
    }
    output->temporary = NULL;
    return ctl_output_sync_folder_of(output->path, output->pool);
}

void ctl_output_abandon(ctl_output_t *output)
{
    if (output->path == NULL)
        return;
    if (output->stream != NULL)
        fclose(output->stream);
    output->stream = NULL;
    if (output->temporary != NULL)
        unlink(output->temporary);
    output->temporary = NULL;
}
