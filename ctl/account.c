/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * Giving up root's rights.
 */
#include "account.h"

#include <apr_strings.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

ctl_exit_e ctl_account_become(uid_t uid, gid_t gid)
{
    const struct passwd *account = getpwuid(uid);
    int failed;

    if (geteuid() != 0 || uid == 0)
        return CTL_DONE;
    /* An account that the system does not know any more has no further groups. */
    if (account != NULL)
        failed = initgroups(account->pw_name, gid);
    else
        failed = setgroups(1, &gid);
    if (failed != 0 || setgid(gid) != 0 || setuid(uid) != 0)
        return ctl_failed(apr_get_os_error(), "cannot become the account with number %ld", (long)uid);
    if (setuid(0) == 0) {
        ctl_complain("the rights of root could not be given up");
        return CTL_FAILED;
    }
    return CTL_DONE;
}

/** Can nobody but root exchange an entry of this folder? In one like /tmp what root owns is safe. */
static int is_safe(const char *folder)
{
    struct stat info;

    return stat(folder, &info) == 0 && info.st_uid == 0 &&
           (!(info.st_mode & (S_IWGRP | S_IWOTH)) || info.st_mode & S_ISVTX);
}

/** Whether all folders above @a path are safe. A link among them counts by where it leads: it lies in a safe one itself. */
static int is_reached_safely(const char *path, apr_pool_t *pool)
{
    const char *at;

    if (!is_safe("/"))
        return 0;
    for (at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/'))
        if (!is_safe(apr_pstrmemdup(pool, path, (apr_size_t)(at - path))))
            return 0;
    return 1;
}

static ctl_exit_e become_owner(const char *folder, const struct stat *info, apr_pool_t *pool)
{
    if (geteuid() != 0 || info->st_uid != 0)
        return ctl_account_become(info->st_uid, info->st_gid);
    if (folder[0] == '/' && is_reached_safely(folder, pool))
        return CTL_DONE;
    ctl_complain("\"%s\" belongs to root, but somebody else could put another folder in its place", folder);
    return CTL_FAILED;
}

ctl_exit_e ctl_account_of_folder(const char *path, apr_pool_t *pool)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return ctl_failed(apr_get_os_error(), "the folder \"%s\" cannot be used", path);
    if (!S_ISDIR(info.st_mode)) {
        ctl_complain("\"%s\" is %s", path, S_ISLNK(info.st_mode) ? "a symbolic link" : "not a folder");
        return CTL_FAILED;
    }
    return become_owner(path, &info, pool);
}

ctl_exit_e ctl_account_of_parent(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');
    const char *folder = slash == NULL   ? "."
                         : slash == path ? "/"
                                         : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
    struct stat info;

    if (stat(folder, &info) != 0)
        return ctl_failed(apr_get_os_error(), "the folder \"%s\" cannot be used", folder);
    return become_owner(folder, &info, pool);
}
