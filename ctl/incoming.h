/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file incoming.h
 * A folder "incoming" beside the place of a database, in which a ledger is built and examined before it gets its name. What
 * a killed program leaves there is no ledger to any server, and is cleared away by the next one.
 */
#ifndef CTL_INCOMING_H
#define CTL_INCOMING_H

#include "ctl.h"

typedef struct ctl_incoming_t {
    const char *target;   /**< where the database is going to be */
    const char *folder;   /**< ".../incoming" */
    const char *database; /**< in it */
    const char *head;     /**< in it */
    int lock;             /**< the folder, opened and locked; -1 when it is not */
    apr_pool_t *pool;
} ctl_incoming_t;

/** Make and lock the folder, and empty it. Complains. @return CTL_DONE, CTL_REFUSED when another program is at work in
 *  it, CTL_FAILED */
ctl_exit_e ctl_incoming_open(ctl_incoming_t *incoming, const char *target, apr_pool_t *pool);

/** Make the database durable and give it its name. The database must be closed.
 *  @param replaces non-zero: whatever file has that name is replaced in that moment; else only an empty one */
apr_status_t ctl_incoming_place(ctl_incoming_t *incoming, int replaces);

/** Take the folder away, with all that is in it. */
void ctl_incoming_close(ctl_incoming_t *incoming);

#endif
