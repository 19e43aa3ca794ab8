/* Licensed under the Apache License, Version 2.0; see LICENSE. */
#include "sparing.h"

#include "base/repetition.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>

/* Different words that are remembered: more than there are platforms and reasons. */
#define ROOM 32

struct civ_sparing_t {
    apr_thread_mutex_t *lock;
    civ_repetition_t told[ROOM];
};

civ_sparing_t *civ_sparing_create(apr_pool_t *pool)
{
    civ_sparing_t *sparing = apr_pcalloc(pool, sizeof(*sparing));

    return apr_thread_mutex_create(&sparing->lock, APR_THREAD_MUTEX_DEFAULT, pool) == APR_SUCCESS ? sparing
                                                                                                  : NULL;
}

int civ_sparing_admits(civ_sparing_t *sparing, const char *words, const char **tail, apr_pool_t *pool)
{
    unsigned left_out = 0;
    int is_repetition = 0;

    if (sparing) {
        apr_time_t now = apr_time_now();

        apr_thread_mutex_lock(sparing->lock);
        is_repetition = civ_repetition(sparing->told, ROOM, words, now, &left_out);
        apr_thread_mutex_unlock(sparing->lock);
    }
    *tail = left_out ? apr_psprintf(pool, " (%u more were not logged)", left_out) : "";
    return !is_repetition;
}
