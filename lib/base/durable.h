/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file durable.h
 * What a file's own sync leaves out.
 */
#ifndef CIV_BASE_DURABLE_H
#define CIV_BASE_DURABLE_H

#include <apr_errno.h>
#include <apr_pools.h>

/**
 * Make sure that a name survives a power cut: one that was just made, renamed or linked. A file's own sync makes what is in it
 * durable, and the name only by the kindness of some file systems.
 * @param path the name; the folder that it lies in is synced. Without a slash that is the current one
 * @param pool for a moment
 * @return APR_SUCCESS or why the folder cannot be opened or synced
 */
apr_status_t civ_sync_folder_of(const char *path, apr_pool_t *pool);

#endif
