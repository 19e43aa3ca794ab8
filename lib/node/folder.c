/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "node/folder.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Can nobody but root exchange the entries of this folder? In one like /tmp only what root owns is safe. */
static int is_safe(const struct stat *folder)
{
    if (folder->st_uid != 0) {
        return 0;
    }
    return folder->st_mode & S_ISVTX || !(folder->st_mode & (S_IWOTH | S_IWGRP));
}

/* Open an entry of a folder, made where there is none. A symbolic link is followed only where root has put it, and never
 * at the end of the path. */
static int enter(int folder, const char *name, int may_follow, mode_t mode)
{
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (may_follow ? 0 : O_NOFOLLOW);
    int next = openat(folder, name, flags);

    if (next < 0 && errno == ENOENT && (mkdirat(folder, name, mode) == 0 || errno == EEXIST)) {
        next = openat(folder, name, flags);
        /* Its name, against a power cut. */
        if (next >= 0 && fsync(folder) != 0) {
            close(next);
            next = -1;
        }
    }
    return next;
}

/* Descend to @a path, which begins with a slash, and make what is missing. @return 0, or errno. *folder stays open; it is
 * -1 where the way leads through what is not root's. */
static int descend(int *folder, char *path)
{
    char *rest = path;
    char *name;

    *folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (*folder >= 0 && (name = apr_strtok(rest, "/", &rest)) != NULL) {
        struct stat info;
        int is_last = !rest || !rest[strspn(rest, "/")];
        int result = fstat(*folder, &info) == 0 ? 0 : errno;
        int next = -1;

        if (result == 0 && is_safe(&info)) {
            int is_shared = (info.st_mode & (S_IWOTH | S_IWGRP)) != 0;

            next = enter(*folder, name, !is_last && !is_shared, is_last ? 0700 : 0755);
            result = next < 0 ? errno : 0;
        }
        close(*folder);
        *folder = next;
        rest = is_last ? NULL : rest;
        if (result != 0 || is_last) {
            return result;
        }
    }
    return 0;
}

apr_status_t civ_folder_make(const char *path, apr_uid_t uid, apr_gid_t gid, const char **error,
                             apr_pool_t *pool)
{
    struct stat info;
    char reason[160];
    int folder = -1;
    int result;

    if (geteuid() != 0 || uid == 0 || path[0] != '/') {
        return APR_SUCCESS;
    }
    result = descend(&folder, apr_pstrdup(pool, path));
    if (result == 0 && folder >= 0 && fstat(folder, &info) == 0 && info.st_uid == 0 &&
        fchown(folder, uid, gid) != 0) {
        result = errno;
    }
    if (folder >= 0) {
        close(folder);
    }
    if (result == ENOTDIR || result == ELOOP) {
        *error =
            apr_psprintf(pool, "\"%s\" is a symbolic link, or something in this path is no folder", path);
    } else if (result != 0) {
        *error = apr_psprintf(pool, "cannot make the folder \"%s\": %s", path,
                              apr_strerror(result, reason, sizeof(reason)));
    }
    return result;
}
