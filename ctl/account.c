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

static ctl_exit_e become(uid_t uid, gid_t gid)
{
    const struct passwd *account = getpwuid(uid);
    int failed;

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

ctl_exit_e ctl_account_of_folder(const char *path, apr_pool_t *pool)
{
    struct stat info;

    (void)pool;
    if (lstat(path, &info) != 0)
        return ctl_failed(apr_get_os_error(), "the folder \"%s\" cannot be used", path);
    if (!S_ISDIR(info.st_mode)) {
        ctl_complain("\"%s\" is %s", path, S_ISLNK(info.st_mode) ? "a symbolic link" : "not a folder");
        return CTL_FAILED;
    }
    if (geteuid() != 0 || info.st_uid == 0)
        return CTL_DONE;
    return become(info.st_uid, info.st_gid);
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
    if (geteuid() != 0 || info.st_uid == 0)
        return CTL_DONE;
    return become(info.st_uid, info.st_gid);
}
