/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file account.h
 * Whose rights we work with. Root may do everything, also what somebody who owns the state folder would like him to do
 * (follow a link that was planted there, for one). So root becomes the owner of a folder, for good, before he touches
 * anything in it; what is made then belongs to that owner as well. For others than root nothing here does anything.
 */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include <sys/types.h>

#include "ctl.h"

/**
 * Become the owner of an existing folder. Root stays root only where the folder is root's and nobody else can have put
 * another one in its place. Complains. @return CTL_DONE or CTL_FAILED (no folder, a symbolic link, not safe)
 */
ctl_exit_e ctl_account_of_folder(const char *path, apr_pool_t *pool);

/** Become the owner of the folder in which @a path is or will be. */
ctl_exit_e ctl_account_of_parent(const char *path, apr_pool_t *pool);

/** Become that account. */
ctl_exit_e ctl_account_become(uid_t uid, gid_t gid);

#endif
