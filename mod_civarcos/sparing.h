/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file sparing.h
 * Lines about deliveries that anybody on the network can send are logged sparingly: in each process, the same words once a minute
 * (base/repetition.h).
 */
#ifndef CIV_SPARING_H
#define CIV_SPARING_H

#include <apr_pools.h>

typedef struct civ_sparing_t civ_sparing_t;

/** One that lives as long as @a pool. NULL where there is no memory or mutex for it. */
civ_sparing_t *civ_sparing_create(apr_pool_t *pool);

/**
 * Whether to log something now. Thread-safe; nobody logs under its lock.
 * @param sparing NULL: always
 * @param words of the message, without what differs each time
 * @param tail set when it does: what belongs behind the words, "" or how many were left out since they were logged last; on @a pool
 */
int civ_sparing_admits(civ_sparing_t *sparing, const char *words, const char **tail, apr_pool_t *pool);

#endif
