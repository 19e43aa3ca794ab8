/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file secret.h
 * Memory for what nobody may see: kept out of core dumps and swap where the system lets us, and wiped when it is given back.
 */
#ifndef CIV_BASE_SECRET_H
#define CIV_BASE_SECRET_H

#include <apr_pools.h>

/** @a length bytes of zeros in such memory, aligned to nothing; wiped and freed with @a pool. NULL where there is no memory. */
void *civ_secret_alloc(apr_size_t length, apr_pool_t *pool);

/** A copy of a text in such memory. NULL where there is none. */
char *civ_secret_dup(const char *text, apr_pool_t *pool);

/** Overwrite, in a way that no compiler leaves out. */
void civ_secret_wipe(void *memory, apr_size_t length);

/** Whether @a length bytes are the same, in a time that does not depend on where they differ. */
int civ_secret_equal(const void *left, const void *right, apr_size_t length);

#endif
