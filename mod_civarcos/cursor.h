/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file cursor.h
 * Where a page of a list ended, as clients see it. Knows nothing of httpd.
 */
#ifndef CIV_CURSOR_H
#define CIV_CURSOR_H

#include <apr_errno.h>
#include <apr_pools.h>

/** A cursor for what comes next, from @a position on. base64url, on @a pool. */
char *civ_cursor_write(apr_uint64_t position, apr_pool_t *pool);

/** Read what civ_cursor_write has made; @a position is set on success. @return APR_SUCCESS or CIV_EINVALID */
apr_status_t civ_cursor_read(apr_uint64_t *position, const char *text, apr_pool_t *pool);

#endif
