/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file timeline_fixture.c
 * Items for the tests of the timeline.
 */
#include "unit/timeline_fixture.h"

#include <apr_strings.h>
#include <string.h>

#include "support/runner.h"

apr_array_header_t *timeline_notes;

civ_sync_item_t timeline_item(const char *native_id, apr_int64_t updated, const char *data)
{
    civ_sync_item_t item;

    memset(&item, 0, sizeof(item));
    item.type = CIV_ITEM_PIPELINE;
    item.source = "github";
    item.instance = "api.github.com";
    item.project_id = "octo/hello";
    item.scope = "1296269";
    item.native_id = native_id;
    item.timestamp = SYNC_NOW;
    item.updated = updated;
    item.data = data;
    item.source_url = "https://api.github.com/runs";
    return item;
}

civ_sync_item_t *timeline_finish(civ_sync_item_t *item)
{
    civ_problem_t problem;

    CU_ASSERT_EQUAL_FATAL(civ_sync_item_finish(item, &problem, test_pool()), APR_SUCCESS);
    return item;
}

typedef struct storing_t {
    const civ_engine_t *engine;
    const civ_sync_item_t *items;
    int count;
    civ_timeline_outcome_e *outcomes;
    const civ_digest_t *gone;
} storing_t;

static apr_status_t apply(void *baton, civ_change_t *change)
{
    storing_t *storing = baton;
    const civ_timeline_writer_t *timeline = &storing->engine->timeline;
    apr_status_t status = storing->gone != NULL ? timeline->gone(timeline->baton, change, storing->gone)
                                                : timeline->store(timeline->baton, change, storing->items,
                                                                  storing->count, storing->outcomes);

    timeline_notes = change->notes;
    return status;
}

static void transact(storing_t *storing)
{
    const civ_transactor_t *transactor = &storing->engine->transactor;
    civ_change_steps_t steps = {.apply = apply, .baton = storing};
    civ_change_result_t result;
    civ_problem_t problem;
    apr_status_t status;

    /* SQLite gives its lock to anybody but who has waited longest. */
    do
        status = transactor->run(transactor->baton, &steps, &result, &problem, test_pool());
    while (status == CIV_EBUSY);
    CU_ASSERT_EQUAL_FATAL(status, APR_SUCCESS);
}

civ_timeline_outcome_e timeline_store(const civ_engine_t *engine, const civ_sync_item_t *items, int count)
{
    storing_t storing = {engine, items, count, NULL, NULL};

    storing.outcomes = apr_pcalloc(test_pool(), (apr_size_t)count * sizeof(*storing.outcomes));
    transact(&storing);
    return storing.outcomes[count - 1];
}

civ_timeline_outcome_e timeline_put(const civ_engine_t *engine, civ_sync_item_t item)
{
    return timeline_store(engine, timeline_finish(&item), 1);
}

civ_timeline_entry_t timeline_get(const civ_engine_t *engine, const civ_sync_item_t *item)
{
    civ_sync_item_t finished = *item;
    civ_timeline_entry_t entry;

    timeline_finish(&finished);
    memset(&entry, 0, sizeof(entry));
    CU_ASSERT_EQUAL_FATAL(
        civ_timeline_get(engine->store, civ_digest_hex_dup(&finished.key, test_pool()), &entry, test_pool()),
        APR_SUCCESS);
    return entry;
}

void timeline_gone(const civ_engine_t *engine, const civ_sync_item_t *item)
{
    civ_sync_item_t finished = *item;
    storing_t storing = {engine, NULL, 0, NULL, NULL};

    timeline_finish(&finished);
    storing.gone = &finished.key;
    transact(&storing);
}
