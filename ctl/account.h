/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file account.h
 * Whose rights we work with. Root may do everything, also what somebody who owns the state folder would like him to do
 * (follow a link that was planted there, for one). So root becomes the owner of a folder, for good, before he touches
 * anything in it; what is made then belongs to that owner as well. For others than root nothing here does anything.
 */
#ifndef CTL_ACCOUNT_H
#define CTL_ACCOUNT_H

#include "ctl.h"

/** Become the owner of an existing folder. Complains. @return CTL_DONE or CTL_FAILED (no folder, a symbolic link) */
ctl_exit_e ctl_account_of_folder(const char *path, apr_pool_t *pool);

/** Become the owner of the folder in which @a path is or will be. */
ctl_exit_e ctl_account_of_parent(const char *path, apr_pool_t *pool);

#endif
