/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline.h
 * Where items go: the timeline, a history of versions by natural key. This part is what the engine asks of it.
 */
#ifndef CIV_SYNC_TIMELINE_H
#define CIV_SYNC_TIMELINE_H

#include "store/change.h"
#include "sync/item.h"

/** What became of an item. */
typedef enum civ_timeline_outcome_e {
    CIV_TIMELINE_NEW,       /**< its key was not there */
    CIV_TIMELINE_CHANGED,   /**< a new version, which is current now */
    CIV_TIMELINE_DUPLICATE, /**< the same content as the current version: only seen again */
    CIV_TIMELINE_STALE,     /**< older than the current version: kept in the history */
    CIV_TIMELINE_CONFLICT   /**< another content of the same instant: kept, and on the list of conflicts */
} civ_timeline_outcome_e;

/**
 * Within a change, store items in their order. Called again with the same items when a transaction is repeated.
 * @param outcomes room for @a count
 * @return APR_SUCCESS, or a failure of the database as it came
 */
typedef apr_status_t (*civ_timeline_store_fn)(void *baton, civ_change_t *change, const civ_sync_item_t *items,
                                              int count, civ_timeline_outcome_e *outcomes);

/** Within a change: the platform no longer has the item with this key. What is known of it stays. Unknown keys are no fault. */
typedef apr_status_t (*civ_timeline_gone_fn)(void *baton, civ_change_t *change, const civ_digest_t *key);

/** Who stores. */
typedef struct civ_timeline_writer_t {
    void *baton;
    civ_timeline_store_fn store;
    civ_timeline_gone_fn gone;
} civ_timeline_writer_t;

#endif
