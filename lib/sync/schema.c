/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schema.c
 * The tables of the engine, in the order in which they came to be.
 */
#include "sync/engine_private.h"
#include "sync/jobs.h"

static const civ_schema_step_t steps[] = {
    {1, "cursors and steps of synchronisation", civ_engine_tables},
    {2, "jobs, schedules and connectors", civ_jobs_tables},
    {3, "statuses to be set, deliveries of webhooks", civ_job_action_tables},
};

const civ_schema_t civ_engine_schema = {"sync_engine", steps, sizeof(steps) / sizeof(steps[0])};
