/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file private_file.h
 * Files of keys: mode 0600, and never replaced by accident.
 */
#ifndef CIV_BASE_PRIVATE_FILE_H
#define CIV_BASE_PRIVATE_FILE_H

#include <apr_errno.h>
#include <apr_pools.h>

/**
 * Open a regular file to read it.
 * @param file set where opening went well, even when a status is returned; the caller closes what is not negative
 * @return APR_SUCCESS; APR_ENOENT; CIV_EINVALID when it is no regular file; APR_EACCES when others than the owner may read or
 *         write it (mode & 077); other errors of opening
 */
apr_status_t civ_private_file_open(int *file, const char *path);

/**
 * Make a file with mode 0600, whole or not at all, on disk with its name when this returns.
 * @param pool for a moment
 * @return APR_SUCCESS; APR_EEXIST when there is one already, which stays as it is; other errors of writing
 */
apr_status_t civ_private_file_put(const char *path, const void *data, apr_size_t length, apr_pool_t *pool);

/** The same in the place of the file that is there, if there is one: at each moment either the old or the new one is there.
 *  @return ELOOP for a symbolic link, which stays: what it leads to would go on as before, for whoever else uses that */
apr_status_t civ_private_file_replace(const char *path, const void *data, apr_size_t length,
                                      apr_pool_t *pool);

/** Remove what a process that was killed while it made such a file has left beside it: it may hold a key. Not while another one may be
 *  making it. What cannot be removed stays. */
void civ_private_file_sweep(const char *path, apr_pool_t *pool);

#endif
