/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_fixture.h
 * Items for the tests of the timeline, and storing them.
 */
#ifndef CIV_TESTS_TIMELINE_FIXTURE_H
#define CIV_TESTS_TIMELINE_FIXTURE_H

#include "sync/conflicts.h"
#include "unit/sync_fixture.h"

/** A pipeline of GitHub: native_id, time of change, data. More can be set before timeline_finish. */
civ_sync_item_t timeline_item(const char *native_id, apr_int64_t updated, const char *data);

/** Make it fit to be stored. */
civ_sync_item_t *timeline_finish(civ_sync_item_t *item);

/** Store finished items in one change. @return of the last one */
civ_timeline_outcome_e timeline_store(const civ_engine_t *engine, const civ_sync_item_t *items, int count);

/** Finish one and store it. */
civ_timeline_outcome_e timeline_put(const civ_engine_t *engine, civ_sync_item_t item);

/** Notes of the last change. */
extern apr_array_header_t *timeline_notes;

/** The current version. */
civ_timeline_entry_t timeline_get(const civ_engine_t *engine, const civ_sync_item_t *item);

/** The platform has not got it any more. */
void timeline_gone(const civ_engine_t *engine, const civ_sync_item_t *item);

#endif
