/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file folder.h
 * The one thing that root does for a node: its folder. Everything else is done with the rights of the account.
 */
#ifndef CIV_FOLDER_H
#define CIV_FOLDER_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_user.h>

/**
 * As root, make the folder @a path with its parents, and give it to the account when it belongs to root. Whatever
 * somebody else may put another thing in the place of is left alone: from there on the account itself has to make
 * what is missing. Does nothing for others than root.
 * @return APR_SUCCESS, or a status with @a error, a sentence for the administrator
 */
apr_status_t civ_folder_make(const char *path, apr_uid_t uid, apr_gid_t gid, const char **error,
                             apr_pool_t *pool);

#endif
