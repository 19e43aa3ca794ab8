/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * The folder of what is not finished.
 */
#include "incoming.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

static const char *const names[] = {"civarcos.db",         "civarcos.db-wal", "civarcos.db-shm",
                                    "civarcos.db-journal", "signed-head",     "ledger.pem",
                                    "pseudonym.key",       "pseudonym.id"};

static void empty(const ctl_incoming_t *incoming)
{
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlinkat(incoming->lock, names[i], 0);
}

ctl_exit_e ctl_incoming_open(ctl_incoming_t *incoming, const char *target, apr_pool_t *pool)
{
    const char *slash = strrchr(target, '/');

    memset(incoming, 0, sizeof(*incoming));
    incoming->pool = pool;
    incoming->target = target;
    incoming->lock = -1;
    if (slash == NULL) {
        ctl_complain("the path of the database must be absolute");
        return CTL_USAGE;
    }
    incoming->folder =
        apr_pstrcat(pool, apr_pstrmemdup(pool, target, (apr_size_t)(slash - target)), "/incoming", NULL);
    incoming->database = apr_pstrcat(pool, incoming->folder, "/civarcos.db", NULL);
    incoming->head = apr_pstrcat(pool, incoming->folder, "/signed-head", NULL);
    if (mkdir(incoming->folder, 0700) != 0 && errno != EEXIST)
        return ctl_failed(errno, "the folder \"%s\" cannot be made", incoming->folder);
    incoming->lock = open(incoming->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (incoming->lock < 0)
        return ctl_failed(errno, "the folder \"%s\" cannot be used", incoming->folder);
    if (flock(incoming->lock, LOCK_EX | LOCK_NB) != 0) {
        close(incoming->lock);
        incoming->lock = -1;
        ctl_complain("another import or restore is at work in \"%s\"", incoming->folder);
        return CTL_REFUSED;
    }
    empty(incoming);
    return CTL_DONE;
}

static apr_status_t sync_file(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    apr_status_t status;

    if (file < 0)
        return apr_get_os_error();
    status = ctl_output_sync(file);
    close(file);
    return status;
}

/** Unless it is to be replaced, a database that was made meanwhile is left alone; an empty file is none. */
static apr_status_t take_name(const char *from, const char *to, int replaces)
{
    struct stat info;

    if (replaces || (lstat(to, &info) == 0 && S_ISREG(info.st_mode) && info.st_size == 0))
        return rename(from, to) == 0 ? APR_SUCCESS : apr_get_os_error();
    if (link(from, to) != 0)
        return apr_get_os_error();
    unlink(from);
    return APR_SUCCESS;
}

apr_status_t ctl_incoming_place(ctl_incoming_t *incoming, int replaces)
{
    apr_status_t status = sync_file(incoming->database);

    if (status == APR_SUCCESS)
        status = take_name(incoming->database, incoming->target, replaces);
    return status == APR_SUCCESS ? ctl_output_sync_folder_of(incoming->target, incoming->pool) : status;
}

void ctl_incoming_close(ctl_incoming_t *incoming)
{
    if (incoming->lock < 0)
        return;
    empty(incoming);
    rmdir(incoming->folder);
    close(incoming->lock);
    incoming->lock = -1;
}
