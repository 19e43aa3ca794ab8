/* Licensed under the Apache License, Version 2.0; see LICENSE. */
/**
 * @file schema.c
 * The tables of the engine, in the order in which they came to be.
 */
#include "sync/engine_private.h"
#include "sync/jobs.h"

/* How far a job is, and which run had use for a validator last. */
static const char *const progress_tables[] = {
    "ALTER TABLE civ_sync_jobs ADD COLUMN moved BIGINT NOT NULL DEFAULT 0",
    "ALTER TABLE civ_sync_jobs ADD COLUMN remaining BIGINT NOT NULL DEFAULT -1",
    "ALTER TABLE civ_sync_validators ADD COLUMN used BIGINT NOT NULL DEFAULT 0",
    "UPDATE civ_sync_validators SET used = run",
    /* Of those at work while httpd was replaced nothing is known: they move from now on. */
    "UPDATE civ_sync_jobs SET moved = lease_until",
    NULL,
};

/* What was asked and what it was answered with, until it is in the ledger. */
static const char *const record_tables[] = {
    "CREATE TABLE civ_sync_answers (project BIGINT NOT NULL, number BIGINT NOT NULL, answers TEXT NOT NULL, "
    "PRIMARY KEY (project, number))",
    NULL,
};

/* The last number that a schedule was given, also of those that are gone. */
static const char *const schedule_number_tables[] = {
    "CREATE TABLE civ_sync_schedule_numbers (given BIGINT PRIMARY KEY)",
    "INSERT INTO civ_sync_schedule_numbers (given) SELECT COALESCE(MAX(schedule), 0) FROM civ_sync_schedules",
    NULL,
};

static const civ_schema_step_t steps[] = {
    {1, "cursors and steps of synchronisation", civ_engine_tables},
    {2, "jobs, schedules and connectors", civ_jobs_tables},
    {3, "statuses to be set, deliveries of webhooks", civ_job_action_tables},
    {4, "progress of jobs", progress_tables},
    {5, "what runs have asked", record_tables},
    {6, "faults of jobs at work", civ_job_fault_tables},
    {7, "numbers of schedules", schedule_number_tables},
};

const civ_schema_t civ_engine_schema = {"sync_engine", steps, sizeof(steps) / sizeof(steps[0])};
